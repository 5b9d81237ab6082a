//! What is said in a case, each utterance once: the transcripts of all recordings on one clock, told together.
//!
//! Reads the case and changes nothing. What a person wrote down goes before what a recogniser did. A recording that is a copy of
//! another from end to end is no second witness, so it has no say.

use std::collections::BTreeMap;

use case::Case;
use case::search::Speakers as _;
use evidence::{
    CaseTime, Excerpt, Island, MediaTime, Placement, SourceId, Stenographer, Transcript,
};
use speech::shared::{TimedWord, Told, Track, share};

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
        let mut islands: BTreeMap<Island, Vec<&Placement>> = BTreeMap::new();
        for placement in placements.iter().filter(|placement| !is_copy(placement, &excerpts)) {
            islands.entry(placement.island).or_default().push(placement);
        }
        let mut all = Vec::new();
        for (island, here) in islands {
            let on_it = here.into_iter().map(|placement| (placement.source, Some(placement)));
            all.push(told(case, &people, Some(island), on_it)?);
        }
        for (source, _) in case.recordings()? {
            if placements.iter().all(|placement| placement.source != source.id) {
                all.push(told(case, &people, None, [(source.id, None)].into_iter())?);
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
    people: &People,
    island: Option<Island>,
    of: impl Iterator<Item = (SourceId, Option<&'a Placement>)>,
) -> Result<Said, case::Error> {
    let (sources, by, speakers, told) = Default::default();
    let mut said = Said { island, sources, by, speakers, told };
    let mut tracks = Vec::new();
    for (source, placement) in of {
        // The last is a document, if there is any.
        let Some(mut transcript) = case.transcripts(&source)?.pop() else { continue };
        people.apply(&mut transcript);
        let (track, speakers) = on_clock(&transcript, placement);
        tracks.push(track);
        said.sources.push(source);
        said.speakers.push(speakers);
        said.by.push(transcript.by);
    }
    said.told = share(&tracks);
    Ok(said)
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

/// The words that are on the clock, and who speaks them as the transcript says it.
fn on_clock(transcript: &Transcript, placement: Option<&Placement>) -> (Track, Vec<Speaker>) {
    let to_case = |at: MediaTime| match placement {
        Some(placement) => placement.to_case(at),
        None => Some(CaseTime(at.0)),
    };
    let (mut track, mut speakers) = (Track::default(), Vec::new());
    for utterance in &transcript.utterances {
        let timed = utterance.words.iter().filter_map(|word| {
            let start = to_case(word.start)?;
            // A word that reaches over a cut ends with it.
            let end = to_case(word.end).unwrap_or(start);
            let confidence = word.confidence.unwrap_or(BY_HAND);
            Some(TimedWord { text: word.text.clone(), start, end, confidence })
        });
        let timed: Vec<TimedWord> = timed.collect();
        if !timed.is_empty() {
            track.utterances.push(timed);
            speakers.push(Speaker { name: utterance.speaker.clone(), voice: utterance.voice });
        }
    }
    (track, speakers)
}
