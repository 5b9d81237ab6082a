//! What a person says is said, in the place of what a machine or a document wrote down.
//!
//! An utterance is corrected as it is shown: its words may come from several recordings, and what the
//! person writes is kept as a word about the one that understood it best. Words that stay keep their
//! times; who writes an utterance anew, or lets it stand, answers for all of it.

use std::ops::Range;

use case::Case;
use evidence::{CaseTime, Corrected, MediaTime, Placement, SourceId, Utterance, Word};
use publish::{Labels, times};
use speech::retime::retime;
use speech::shared::{Told, ToldWord};

use super::said::{Said, of_case};
use super::unclear::media_of;
use crate::desk::stamp;
use crate::error::Error;
use crate::report::names::shown_text;

/// An utterance is meant by a moment within this of it.
const NEAR_NS: i64 = 1_000_000_000;

/// Letters of an utterance, at most: an hour of talk.
const LETTERS_MAX: usize = 50_000;

/// An utterance that a person is about to correct.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The recording that understood it best.
    source: SourceId,
    document: Option<SourceId>,
    /// As it is shown, on the recording's clock.
    words: Vec<Word>,
    /// What the recording itself has there.
    replaced: String,
    /// From the end of what is said before to the beginning of what is said after.
    room: Range<MediaTime>,
}

/// The utterance that is said at a moment: of a recording, or of the only clock that there is.
///
/// # Errors
/// If nobody is known to speak then, or there are several clocks; if the case cannot be read.
pub fn shown(case: &Case, source: Option<SourceId>, at_ns: i64) -> Result<Shown, Error> {
    let all = of_case(case)?;
    let placements = case.placements()?;
    let (said, track, at) = if let Some(source) = source {
        let is_it = |one: &SourceId| *one == source;
        let found = all.iter().find_map(|s| Some((s, s.sources.iter().position(is_it)?)));
        let (said, track) = found.ok_or_else(nobody)?;
        let place = placements.iter().find(|place| place.source == source);
        let place = place.filter(|_| said.island.is_some());
        let at = place.and_then(|place| place.near(MediaTime(at_ns)));
        (said, Some(track), at.map_or(at_ns, |(at, _)| at.0))
    } else {
        (only_clock(&all)?, None, at_ns)
    };
    let heard = said.told.iter().filter(|told| {
        track.is_none_or(|track| told.best == track || told.from.iter().any(|f| f.0 == track))
    });
    let off_ns = |told: &&Told| {
        let end = told.words.iter().map(|word| word.word.end.0).max().unwrap_or(at);
        (told.words[0].word.start.0 - at).max(at - end).max(0)
    };
    let begun = |told: &&Told| told.words[0].word.start.0.abs_diff(at);
    let nearest = heard.min_by_key(|told| (off_ns(told), begun(told)));
    let told = nearest.filter(|told| off_ns(told) <= NEAR_NS).ok_or_else(nobody)?;
    of_told(case, said, told, &placements)?.ok_or_else(nobody)
}

fn only_clock(all: &[Said]) -> Result<&Said, Error> {
    let clocks: Vec<&Said> = all.iter().filter(|said| said.island.is_some()).collect();
    match clocks[..] {
        [one] => Ok(one),
        [] => Err(nobody()),
        _ => Err(Error::Asked {
            what: "this case has several clocks, and a time is of one".to_owned(),
            hint: "name the recording too, and give a time of the recording",
        }),
    }
}

fn nobody() -> Error {
    Error::Asked {
        what: "nobody is known to speak at that moment".to_owned(),
        hint: "`recount words CASE` shows when each utterance is said",
    }
}

fn of_told(
    case: &Case,
    said: &Said,
    told: &Told,
    placements: &[Placement],
) -> Result<Option<Shown>, Error> {
    let source = said.sources[told.best];
    let place = placements.iter().find(|place| place.source == source);
    let place = place.filter(|_| said.island.is_some());
    let Some(transcript) = case.transcripts(&source)?.pop() else { return Ok(None) };
    let own: Vec<&Utterance> = told
        .from
        .iter()
        .filter(|(track, _)| *track == told.best)
        .filter_map(|(_, number)| transcript.utterances.get(*number))
        .collect();
    let words: Option<Vec<Word>> =
        told.words.iter().map(|word| on_recording(word, told.best, &own, place)).collect();
    let Some(words) = words.filter(|words| !words.is_empty()) else { return Ok(None) };
    let (start, end) = span(&words);
    let middle = |word: &Word| MediaTime(word.start.0 / 2 + word.end.0 / 2);
    let replaced: Vec<&str> = own
        .iter()
        .flat_map(|said| &said.words)
        .filter(|word| (start..=end).contains(&middle(word)))
        .map(|word| word.text.as_str())
        .collect();
    let all = || transcript.utterances.iter().flat_map(|said| &said.words);
    let before = all().map(|word| word.end).filter(|at| *at <= start).max();
    let after = all().map(|word| word.start).filter(|at| *at >= end).min();
    let long = case.recording(&source)?.map_or(end, |recording| MediaTime(recording.duration.0));
    Ok(Some(Shown {
        source,
        document: transcript.by.document(),
        replaced: replaced.join(" "),
        room: before.unwrap_or(MediaTime(0)).min(start)..after.unwrap_or(long).max(end),
        words,
    }))
}

/// A word as it is shown, on the clock of the best recording: to the nanosecond if it is its own.
fn on_recording(
    told: &ToldWord,
    best: usize,
    own: &[&Utterance],
    place: Option<&Placement>,
) -> Option<Word> {
    let word = &told.word;
    let to_case = |at: MediaTime| match place {
        Some(place) => place.to_case(at),
        None => Some(CaseTime(at.0)),
    };
    let mut all = own.iter().flat_map(|said| &said.words);
    let is_it = |one: &&Word| one.text == word.text && to_case(one.start) == Some(word.start);
    if let Some(one) = all.find(is_it).filter(|_| told.track == best) {
        return Some(one.clone());
    }
    let to_media = |at: CaseTime| match place {
        Some(place) => media_of(place, at),
        None => Some(MediaTime(at.0)),
    };
    let (start, end) = (to_media(word.start)?, to_media(word.end)?);
    Some(Word { text: word.text.clone(), start, end: end.max(start), confidence: None })
}

fn span(words: &[Word]) -> (MediaTime, MediaTime) {
    let start = words.iter().map(|word| word.start).min();
    let end = words.iter().map(|word| word.end).max();
    (start.unwrap_or(MediaTime(0)), end.unwrap_or(MediaTime(0)))
}

impl Shown {
    /// Its words with a space between each two.
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
        words.join(" ")
    }
}

/// As [`say`], of somebody who saw `before` and wrote `text`; what others say since then stays.
///
/// # Errors
/// [`Error::Asked`] with both texts if it is another by now; those of [`shown`] and [`say`].
pub fn say_having_seen(
    case: &mut Case,
    at: (SourceId, MediaTime),
    (before, text): (&str, &str),
    labels: &Labels,
) -> Result<(), Error> {
    let shown = shown(case, Some(at.0), at.1.0)?;
    if shown.text() != before {
        return Err(Error::Asked {
            what: format!(
                "somebody corrected this meanwhile; it is now “{}”, and you wrote “{}”",
                shown_text(&shown.text()),
                shown_text(text)
            ),
            hint: "",
        });
    }
    say(case, &shown, text, labels)
}

/// Keeps what a person says is said; the same text as is shown confirms it.
///
/// # Errors
/// If the text is too long or holds what nobody says; if the case cannot be written.
pub fn say(case: &mut Case, shown: &Shown, text: &str, labels: &Labels) -> Result<(), Error> {
    let is_odd = |c: char| c.is_control() && !c.is_whitespace();
    if text.chars().count() > LETTERS_MAX || text.contains(is_odd) {
        return Err(Error::Asked {
            what: "an utterance has fifty thousand letters at most, and no control characters"
                .to_owned(),
            hint: "write what is said there, and no more",
        });
    }
    let mut words = retime(&shown.words, text, shown.room.clone());
    for word in &mut words {
        word.confidence = None;
    }
    let (start, end) = span(&shown.words);
    let corrected = Corrected {
        source: shown.source,
        document: shown.document,
        start,
        end,
        replaced: shown.replaced.clone(),
        before: shown.text(),
        words,
    };
    case.put_corrected(&stamp(), &corrected, &sentence(&corrected, labels))?;
    Ok(())
}

/// What a person said of an utterance, in a sentence.
fn sentence(told: &Corrected, labels: &Labels) -> String {
    let (name, at) = (labels.name(told.source), times::clock(told.start.0, 1));
    if told.is_confirmed() {
        return format!("{name}, {at}: “{}” is right", told.before);
    }
    format!("{name}, {at}: “{}” is “{}”", told.before, told.text())
}
