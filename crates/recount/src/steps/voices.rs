//! Who speaks in a case: the voices of all recordings, and the persons behind them.
//!
//! Reads the case and changes nothing, but for what a person says of voices. Which voices are one
//! person's is computed anew each time (`speech::persons`), so persons have no number that lasts:
//! a name holds on to a moment of a recording, and so to whoever speaks there.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use case::search::Speakers;
use case::{Case, Choice, Span, Told};
use evidence::{
    Island, MediaTime, Named, Placement, SourceId, Stenographer, Transcript, Voiceprint,
};
use publish::{Labels, times};
use speech::persons::{Voice, persons};

use crate::desk::stamp;
use crate::error::Error;

/// Words of an example: so many and no more are shown, and an utterance of so many is preferred.
const EXAMPLE_WORDS: usize = 9;

/// A name given to a moment holds for who speaks within this of it.
const NEAR_NS: i64 = 1_000_000_000;

/// Who speaks in a case.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// Those who speak longest first.
    pub persons: Vec<Person>,
    /// Which of them is behind each voice of a recording.
    behind: BTreeMap<(SourceId, u32), usize>,
    /// What a person said of one utterance alone, by its number in the transcript.
    alone: BTreeMap<(SourceId, usize), String>,
}

/// Somebody who speaks.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who it is, where a person said so.
    pub name: Option<String>,
    /// How long this person speaks, seconds: in the recording that has most of it, so that what
    /// several heard does not count several times.
    pub speaks_s: f64,
    /// The recordings in which this voice is, by how long it is heard there, the longest first.
    pub heard_in: Vec<SourceId>,
    /// Something this person says.
    pub example: Example,
}

/// Where somebody is to be heard.
#[derive(Clone, Debug)]
pub struct Example {
    /// The recording.
    pub source: SourceId,
    /// When it begins there.
    pub at: MediaTime,
    /// The first words.
    pub text: String,
}

/// A voice of one recording while it is put together.
struct Heard {
    source: SourceId,
    /// Under which the transcript is kept.
    record: u64,
    number: u32,
    print: Voiceprint,
    /// Which utterances of the transcript it says, and when.
    says: Vec<(usize, Span)>,
    name: Option<String>,
}

/// What of a transcript tells who speaks: no text, so that asking costs little in a long case.
struct Spoken {
    source: SourceId,
    record: u64,
    spans: Vec<(Span, Option<u32>)>,
    prints: Vec<Voiceprint>,
}

impl Speakers for People {
    fn mark(&self, source: &SourceId) -> String {
        let mut mark = String::new();
        for ((_, voice), person) in self.behind.range((*source, 0)..=(*source, u32::MAX)) {
            let name = self.persons[*person].name.as_deref().unwrap_or_default();
            let _ = write!(mark, "{voice}={person}:{name:?},");
        }
        for ((_, number), name) in self.alone.range((*source, 0)..=(*source, usize::MAX)) {
            let _ = write!(mark, "{number}:{name:?},");
        }
        mark
    }

    /// Puts the persons in the place of the voices of a transcript: `voice` then counts [`persons`](Self::persons), and
    /// `speaker` is who a person says it is. What documents say of speakers stays.
    fn apply(&self, transcript: &mut Transcript) {
        if matches!(transcript.by, Stenographer::Document { .. }) {
            return;
        }
        for (number, said) in transcript.utterances.iter_mut().enumerate() {
            let alone = self.alone.get(&(transcript.source, number)).cloned();
            let voice = said.voice.and_then(|voice| self.behind.get(&(transcript.source, voice)));
            said.voice = voice.filter(|_| alone.is_none()).map(|person| *person as u32);
            said.speaker = alone.or_else(|| voice.and_then(|v| self.persons[*v].name.clone()));
        }
        transcript.voices.clear();
    }
}

/// Who speaks.
///
/// # Errors
/// If the case cannot be read.
pub fn of_case(case: &Case) -> Result<People, case::Error> {
    case.at_one_moment(|case| {
        let mut spoken = Vec::new();
        for kept in case.kept_transcripts()? {
            if matches!(kept.by, Stenographer::Recogniser { .. }) {
                let (source, record) = (kept.source, kept.record);
                let (spans, prints) = (case.spans(record)?, case.voices(record)?);
                spoken.push(Spoken { source, record, spans, prints });
            }
        }
        let names = case.named()?;
        let are_matched = case.choices()?.iter().all(|told| told.anchor != Choice::VoicesApart);
        people(case, &spoken, &case.placements()?, &names, are_matched)
    })
}

fn people(
    case: &Case,
    spoken: &[Spoken],
    placements: &[Placement],
    names: &[Told<Named>],
    are_matched: bool,
) -> Result<People, case::Error> {
    let mut people = People::default();
    let mut heard: Vec<Heard> = Vec::new();
    for Spoken { source, record, spans, prints } in spoken {
        let first = heard.len();
        heard.extend(prints.iter().zip(0..).map(|(print, number)| Heard {
            source: *source,
            record: *record,
            number,
            print: *print,
            says: Vec::new(),
            name: None,
        }));
        for (n, (span, voice)) in spans.iter().enumerate() {
            if let Some(voice) = voice.and_then(|voice| heard.get_mut(first + voice as usize)) {
                voice.says.push((n, *span));
            }
        }
        for told in names.iter().filter(|told| told.anchor.source == *source) {
            let Some((number, (_, voice))) = nearest(spans, told.anchor.at) else { continue };
            let person = &told.anchor.person;
            if told.anchor.is_alone {
                people.alone.insert((*source, number), person.clone());
            } else if let Some(v) = voice.and_then(|v| heard.get_mut(first + v as usize)) {
                // What was said last holds.
                v.name = Some(person.clone());
            }
        }
    }
    heard.retain(|voice| !voice.says.is_empty());
    let voices: Vec<Voice> = heard.iter().map(|voice| on_clock(voice, placements)).collect();
    let numbers = persons(&voices, are_matched);
    let mut groups: BTreeMap<usize, Vec<&Heard>> = BTreeMap::new();
    for (voice, number) in heard.iter().zip(numbers) {
        groups.entry(number).or_default().push(voice);
    }
    let mut found: Vec<(Person, Vec<&Heard>)> = Vec::new();
    for group in groups.into_values() {
        if let Some(person) = person(case, &group)? {
            found.push((person, group));
        }
    }
    found.sort_by(|a, b| b.0.speaks_s.total_cmp(&a.0.speaks_s));
    for (number, (person, group)) in found.into_iter().enumerate() {
        people.behind.extend(group.iter().map(|voice| ((voice.source, voice.number), number)));
        people.persons.push(person);
    }
    Ok(people)
}

/// The utterance that a moment lies in, or nearly so, with its number.
fn nearest(spans: &[(Span, Option<u32>)], at: MediaTime) -> Option<(usize, &(Span, Option<u32>))> {
    let off_ns = |span: &Span| (span.start.0 - at.0).max(at.0 - span.end.0).max(0);
    // Where several speak at once, the one that began at that moment is meant.
    let all = spans.iter().enumerate();
    let found = all.min_by_key(|(_, (span, _))| (off_ns(span), span.start.0.abs_diff(at.0)));
    found.filter(|(_, (span, _))| off_ns(span) <= NEAR_NS)
}

fn on_clock(voice: &Heard, placements: &[Placement]) -> Voice {
    let placement = placements.iter().find(|placement| placement.source == voice.source);
    let speaks = voice.says.iter().filter_map(|(_, span)| {
        let place = placement?;
        let (start, end) = (place.to_case(span.start)?, place.to_case(span.end)?);
        (end > start).then_some((start.seconds(), end.seconds()))
    });
    let mut speaks: Vec<(f64, f64)> = speaks.collect();
    speaks.sort_by(|a, b| a.0.total_cmp(&b.0));
    Voice {
        print: voice.print,
        clock: placement.map(|placement| placement.island).map(|Island(number)| number),
        speaks,
        name: voice.name.clone(),
    }
}

fn person(case: &Case, voices: &[&Heard]) -> Result<Option<Person>, case::Error> {
    let mut long_s: BTreeMap<SourceId, f64> = BTreeMap::new();
    for voice in voices {
        let spoken = voice.says.iter().map(|(_, span)| span.end.seconds() - span.start.seconds());
        *long_s.entry(voice.source).or_default() += spoken.sum::<f64>();
    }
    let mut heard_in: Vec<(SourceId, f64)> = long_s.into_iter().collect();
    heard_in.sort_by(|a, b| b.1.total_cmp(&a.1));
    let all = voices.iter().flat_map(|v| v.says.iter().map(move |(n, span)| (*v, *n, span)));
    let clear = |span: &Span| span.sure / span.words as f32 + span.words.min(EXAMPLE_WORDS) as f32;
    let (Some((voice, n, span)), Some((_, speaks_s))) =
        (all.max_by(|a, b| clear(a.2).total_cmp(&clear(b.2))), heard_in.first().copied())
    else {
        return Ok(None);
    };
    let said = case.utterances(voice.record, n, n)?;
    let words: Vec<&str> =
        said.iter().flat_map(|said| &said.words).map(|word| word.text.as_str()).collect();
    let (source, at) = (voice.source, span.start);
    let text = words[..words.len().min(EXAMPLE_WORDS)].join(" ");
    let more = if words.len() > EXAMPLE_WORDS { " …" } else { "" };
    Ok(Some(Person {
        name: voices.iter().find_map(|voice| voice.name.clone()),
        speaks_s,
        heard_in: heard_in.into_iter().map(|(source, _)| source).collect(),
        example: Example { source, at, text: format!("{text}{more}") },
    }))
}

/// Keeps whose voice a person says is heard; what a name is, is the same for whoever says it.
///
/// # Errors
/// If the name has no letters, nobody is known to speak then, or the case cannot be written.
pub fn say(case: &mut Case, named: &Named, labels: &Labels) -> Result<(), Error> {
    let person = named.person.trim().to_owned();
    if person.is_empty() {
        return Err(Error::Asked {
            what: "a name has letters".to_owned(),
            hint: "write --is NAME",
        });
    }
    let mut is_there = false;
    for kept in case.kept_transcripts()?.iter().filter(|kept| kept.source == named.source) {
        is_there |= nearest(&case.spans(kept.record)?, named.at).is_some();
    }
    if !is_there {
        return Err(Error::Asked {
            what: "nobody is known to speak at that moment of the recording".to_owned(),
            hint: "`recount voices CASE` shows where each voice is heard",
        });
    }
    let at = times::clock(named.at.0, 1);
    let sentence = format!("{}, {at}: {person}", labels.name(named.source));
    case.put_named(&stamp(), &Named { person, ..named.clone() }, &sentence)?;
    Ok(())
}

/// Remembers in the case whether voices of different recordings are compared; `None` leaves it as it is.
///
/// # Errors
/// If the case cannot be written.
pub fn choose(case: &mut Case, are_matched: Option<bool>) -> Result<(), Error> {
    let choices = case.choices()?;
    let apart: Vec<i64> = choices
        .iter()
        .filter(|told| told.anchor == Choice::VoicesApart)
        .map(|told| told.id)
        .collect();
    match are_matched {
        Some(false) if apart.is_empty() => {
            case.put_choice(&stamp(), Choice::VoicesApart, "--no-matching")?;
        }
        Some(true) => {
            for id in apart {
                case.undo_anchor(&stamp(), id)?;
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(start_s: f64, end_s: f64) -> (Span, Option<u32>) {
        let (start, end) = (MediaTime::from_seconds(start_s), MediaTime::from_seconds(end_s));
        (Span { start, end, words: 1, sure: 0.0 }, None)
    }

    #[test]
    fn who_breaks_in_is_named_and_not_who_speaks_on() {
        let both = [said(10.0, 20.0), said(14.0, 16.0)];
        let at =
            |s| nearest(&both, MediaTime::from_seconds(s)).map(|(_, said)| said.0.start.seconds());
        assert_eq!(at(14.0), Some(14.0));
        assert_eq!(at(10.0), Some(10.0));
        assert_eq!(at(18.0), Some(10.0));
        assert_eq!(at(20.5), Some(10.0));
        assert_eq!(at(21.5), None);
    }
}
