//! What is said, for people, for programs and for the page: utterances with their words, who heard them, and what
//! there is to say against them. Times are seconds of case time.

use std::fmt::Write as _;

use evidence::{Island, SourceId, Stenographer};
use publish::{Labels, times};
use serde::Serialize;
use speech::shared::{Heard, Told, ToldWord};

use super::names::shown_text;
use crate::steps::said::{SURE, Said, Speaker};

/// What one voice says in one go, told once.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct UtteranceView {
    /// Case time.
    pub start: f64,
    /// Case time.
    pub end: f64,
    /// The recording that understood it best.
    #[cfg_attr(test, ts(type = "string"))]
    pub best: SourceId,
    /// The others that wrote some of it down.
    #[cfg_attr(test, ts(type = "string[]"))]
    pub witnesses: Vec<SourceId>,
    /// Who speaks, where a person or a document says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub speaker: Option<String>,
    /// Which voice it is, as `recount voices` numbers them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub voice: Option<u32>,
    /// Whether a machine wrote it down.
    pub machine: bool,
    /// In order.
    pub words: Vec<SpokenView>,
}

/// A word.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SpokenView {
    /// As written.
    pub text: String,
    /// Case time.
    pub start: f64,
    /// Case time.
    pub end: f64,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// The recording it was taken from, where that is not the best of the utterance.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional, type = "string"))]
    pub from: Option<SourceId>,
    /// What others have in its place, where that is another word or none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<OtherView>>"))]
    pub others: Vec<OtherView>,
}

/// What another recording has in the place of a word.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OtherView {
    /// The recording.
    #[cfg_attr(test, ts(type = "string"))]
    pub id: SourceId,
    /// Its word; nothing if it wrote none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub text: Option<String>,
}

/// An utterance as the page and programs are told of it.
pub fn utterance(said: &Said, told: &Told) -> UtteranceView {
    let mut witnesses: Vec<SourceId> = told
        .from
        .iter()
        .filter(|(track, _)| *track != told.best)
        .map(|(track, _)| said.sources[*track])
        .collect();
    witnesses.sort_unstable();
    witnesses.dedup();
    let of_best = told.from.iter().find(|(track, _)| *track == told.best);
    let speaker = of_best.map(|&(track, number)| said.speakers[track][number].clone());
    let Speaker { name, voice } = speaker.unwrap_or_default();
    UtteranceView {
        start: told.words[0].word.start.seconds(),
        end: told.words.iter().map(|w| w.word.end.seconds()).fold(f64::NEG_INFINITY, f64::max),
        best: said.sources[told.best],
        witnesses,
        speaker: name,
        voice: voice.map(|voice| voice.saturating_add(1)),
        machine: matches!(said.by[told.best], Stenographer::Recogniser { .. }),
        words: told.words.iter().map(|word| spoken(said, told.best, word)).collect(),
    }
}

fn spoken(said: &Said, best: usize, told: &ToldWord) -> SpokenView {
    let others = told.others.iter().filter_map(|(track, heard)| {
        let text = match heard {
            Heard::Same => return None,
            Heard::Other(text) => Some(text.clone()),
            Heard::Nothing => None,
        };
        Some(OtherView { id: said.sources[*track], text })
    });
    SpokenView {
        text: told.word.text.clone(),
        start: told.word.start.seconds(),
        end: told.word.end.seconds(),
        confidence: told.word.confidence,
        from: (told.track != best).then(|| said.sources[told.track]),
        others: others.collect(),
    }
}

/// All that is said on one clock, a line an utterance; words that nobody is sure of end in `(?)`.
pub fn text(said: &Said, labels: &Labels) -> String {
    let clock = if let Some(Island(number)) = said.island {
        format!("island {number}")
    } else {
        let names: Vec<String> = said.sources.iter().map(|id| labels.name(*id)).collect();
        format!("on no clock, in its own time: {}", shown_text(&names.join(", ")))
    };
    let mut text = format!("{clock}\n");
    for told in &said.told {
        let words: Vec<String> = told.words.iter().map(written).collect();
        let at = times::clock(told.words[0].word.start.0, 1);
        let one = utterance(said, told);
        let name = shown_text(&labels.name(said.sources[told.best]));
        let more = match one.witnesses.len() {
            0 => String::new(),
            more => format!(" +{more}"),
        };
        let voice = || one.voice.map(|number| format!("Voice {number}"));
        let speaker = one.speaker.as_deref().map(shown_text).or_else(voice);
        let speaker = speaker.map(|name| format!("{name}: "));
        let speaker = speaker.unwrap_or_default();
        let _ = writeln!(text, "{at:>10}  {speaker}{}  [{name}{more}]", words.join(" "));
    }
    text
}

fn written(told: &ToldWord) -> String {
    let text = shown_text(&told.word.text);
    if told.word.confidence < SURE { format!("{text}(?)") } else { text }
}
