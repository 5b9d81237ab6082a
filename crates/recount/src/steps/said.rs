//! What is said in a case, each utterance once: the transcripts of all recordings on one clock, told together.
//!
//! Reads the case and changes nothing. What a person wrote down goes before what a recogniser did. A recording that is a copy of
//! another from end to end is no second witness, so it has no say. Which utterances are one is told from what was written
//! down; what persons corrected then stands in the place of the words that were shown to them.

use std::collections::BTreeMap;

use case::search::Speakers as _;
use case::{Case, correct, is_of};
use evidence::{
    CaseTime, Corrected, Excerpt, Island, MediaTime, Placement, SourceId, Stenographer, Transcript,
    Word,
};
use speech::shared::{TimedWord, Told, ToldWord, Track, share};

use super::voices::{self, People};
use crate::error::Error;

/// A recogniser that is less sure of a word is wrong about it often enough to look.
pub const SURE: f32 = 0.6;

/// A person that writes words down seldom errs; what does not say how sure it is was told by a person.
const BY_HAND: f32 = 0.95;

/// So much of a recording must be a copy for it to be no witness of its own.
const COPIED_SHARE: f64 = 0.9;

/// All that is said on one clock, or in one recording that is on none.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Which clock; without one, times are those of the recording.
    pub island: Option<Island>,
    /// The recordings that have words on it, as tracks of `told` count them.
    pub sources: Vec<SourceId>,
    /// Who or what wrote down the words of each.
    pub by: Vec<Stenographer>,
    /// Who speaks, by track and utterance.
    pub speakers: Vec<Vec<Speaker>>,
    /// In order.
    pub told: Vec<Told>,
}

/// Who speaks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Speaker {
    /// As a person, or a document, says it.
    pub name: Option<String>,
    /// Which of the voices of the case, from 0.
    pub voice: Option<u32>,
}

/// All that is said, one clock after the other, then what is said in recordings on none.
///
/// # Errors
/// If the case cannot be read.
pub fn of_case(case: &Case) -> Result<Vec<Said>, Error> {
    let all = case.at_one_moment(|case| {
        let (placements, excerpts) = (case.placements()?, case.excerpts()?);
        let people = voices::of_case(case)?;
        let corrected: Vec<Corrected> =
            case.corrected()?.into_iter().map(|told| told.anchor).collect();
        let mut islands: BTreeMap<Island, Vec<&Placement>> = BTreeMap::new();
        for placement in placements.iter().filter(|placement| !is_copy(placement, &excerpts)) {
            islands.entry(placement.island).or_default().push(placement);
        }
        let mut all = Vec::new();
        for (island, here) in islands {
            let on_it = here.into_iter().map(|placement| (placement.source, Some(placement)));
            all.push(told(case, (&people, &corrected), Some(island), on_it)?);
        }
        for (source, _) in case.recordings()? {
            if placements.iter().all(|placement| placement.source != source.id) {
                all.push(told(case, (&people, &corrected), None, [(source.id, None)].into_iter())?);
            }
        }
        all.retain(|said| !said.told.is_empty());
        Ok(all)
    })?;
    Ok(all)
}

/// What these recordings have, told together.
fn told<'a>(
    case: &Case,
    (people, corrected): (&People, &[Corrected]),
    island: Option<Island>,
    of: impl Iterator<Item = (SourceId, Option<&'a Placement>)>,
) -> Result<Said, case::Error> {
    let (sources, by, speakers, told) = Default::default();
    let mut said = Said { island, sources, by, speakers, told };
    let mut tracks = Vec::new();
    let mut answers = Vec::new();
    for (source, placement) in of {
        // The last is a document, if there is any.
        let Some(kept) = case.kept_of(&source)?.pop() else { continue };
        let mut transcript = case.written(&kept)?;
        let here = on_clock(&transcript, placement);
        for one in corrected {
            if !is_of(one, &transcript) {
                continue;
            }
            let place = |at: MediaTime| match placement {
                Some(placement) => placement.near(at).map(|(at, _)| at),
                None => Some(CaseTime(at.0)),
            };
            let of = correct(&mut transcript, one);
            if let (Some(start), Some(end)) = (place(one.start), place(one.end)) {
                let words = timed(&one.words, placement);
                answers.push(Answer { track: tracks.len(), of, start, end, words });
            }
        }
        people.apply(&mut transcript);
        let speakers = transcript.utterances.into_iter();
        said.speakers
            .push(speakers.map(|one| Speaker { name: one.speaker, voice: one.voice }).collect());
        tracks.push(here);
        said.sources.push(source);
        said.by.push(transcript.by);
    }
    said.told = share(&tracks);
    for answer in &answers {
        answer.put(&mut said.told);
    }
    if !answers.is_empty() {
        said.told.sort_by_key(|told| (told.words[0].word.start.0, told.best));
    }
    Ok(said)
}

/// What a person says is said, on the clock.
struct Answer {
    track: usize,
    /// The utterances of the track that it is about.
    of: Vec<usize>,
    start: CaseTime,
    end: CaseTime,
    words: Vec<TimedWord>,
}

impl Answer {
    /// Puts it in the place of what is told there of these utterances, whichever recording that was taken from.
    fn put(&self, told: &mut Vec<Told>) {
        let is_here = |word: &ToldWord| {
            let middle = CaseTime(word.word.start.0 / 2 + word.word.end.0 / 2);
            (self.start..=self.end).contains(&middle)
        };
        let track = self.track;
        let word = |word: &TimedWord| ToldWord { word: word.clone(), track, others: Vec::new() };
        let mut words: Vec<ToldWord> = self.words.iter().map(word).collect();
        for one in told.iter_mut() {
            let is_of_it =
                one.from.iter().any(|(t, number)| *t == track && self.of.contains(number));
            let Some(at) = one.words.iter().position(is_here).filter(|_| is_of_it) else {
                continue;
            };
            one.words.retain(|word| !is_here(word));
            one.words.splice(at..at, std::mem::take(&mut words));
        }
        if let (false, Some(number)) = (words.is_empty(), self.of.first()) {
            told.push(Told { best: track, from: vec![(track, *number)], words });
        }
        told.retain(|one| !one.words.is_empty());
    }
}

/// Whether nearly all of a recording is the sound of another file.
pub(super) fn is_copy(placement: &Placement, excerpts: &[Excerpt]) -> bool {
    let of_it = excerpts.iter().filter(|excerpt| excerpt.copy == placement.source);
    let copied: i64 = of_it
        .filter(|excerpt| excerpt.is_of_the_file())
        .map(|excerpt| excerpt.end.0.saturating_sub(excerpt.start.0))
        .sum();
    let placed: i64 =
        placement.pieces.iter().map(|piece| piece.end.0.saturating_sub(piece.start.0)).sum();
    copied as f64 >= COPIED_SHARE * placed as f64
}

/// The words that are on the clock; an utterance of which none is stays, without words.
fn on_clock(transcript: &Transcript, placement: Option<&Placement>) -> Track {
    let utterances = transcript.utterances.iter().map(|said| timed(&said.words, placement));
    Track { utterances: utterances.collect() }
}

fn timed(words: &[Word], placement: Option<&Placement>) -> Vec<TimedWord> {
    let to_case = |at: MediaTime| match placement {
        Some(placement) => placement.to_case(at),
        None => Some(CaseTime(at.0)),
    };
    let timed = words.iter().filter_map(|word| {
        let start = to_case(word.start)?;
        // A word that reaches over a cut ends with it.
        let end = to_case(word.end).unwrap_or(start);
        let confidence = word.confidence.unwrap_or(BY_HAND);
        Some(TimedWord { text: word.text.clone(), start, end, confidence })
    });
    timed.collect()
}
