//! What a person should listen to, as lines and for programs.

use std::fmt::Write as _;

use evidence::{Island, SourceId, UnclearReason};
use publish::{Labels, times};
use serde::Serialize;

use super::names::shown_text;
use crate::steps::said::SURE;
use crate::steps::unclear::{Doubt, Stretch};

/// A stretch of speech to listen to. Times are seconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StretchView {
    /// On which clock; without one, case times are those of the recording.
    pub island: Option<u32>,
    /// The recording to listen to.
    pub recording: SourceId,
    /// Its name.
    pub name: String,
    /// Case time.
    pub start: f64,
    /// Case time.
    pub end: f64,
    /// Where it begins in the recording.
    pub media: f64,
    /// `unsure`, `not-recognised` or `likely-invented`.
    pub reason: &'static str,
    /// What was written down, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A stretch as programs are told of it.
pub fn view(stretch: &Stretch, labels: &Labels) -> StretchView {
    StretchView {
        island: stretch.island.map(|Island(number)| number),
        recording: stretch.source,
        name: shown_text(&labels.name(stretch.source)),
        start: stretch.start.seconds(),
        end: stretch.end.seconds(),
        media: stretch.media.seconds(),
        reason: match &stretch.doubt {
            Doubt::Unsure(_) => "unsure",
            Doubt::NotUnderstood(UnclearReason::LikelyInvented) => "likely-invented",
            Doubt::NotUnderstood(_) => "not-recognised",
        },
        text: written(stretch),
    }
}

/// The words; those that nobody is sure of end in `(?)`.
fn written(stretch: &Stretch) -> Option<String> {
    let Doubt::Unsure(words) = &stretch.doubt else { return None };
    let mark = |(text, sure): &(String, f32)| {
        let text = shown_text(text);
        if *sure < SURE { format!("{text}(?)") } else { text }
    };
    Some(words.iter().map(mark).collect::<Vec<_>>().join(" "))
}

/// All of them, a line each under their clock, and how much it is.
pub fn list(left: &[Stretch], labels: &Labels) -> String {
    let (mut text, mut clock) = (String::new(), None);
    for stretch in left {
        let here = match stretch.island {
            Some(Island(number)) => format!("island {number}"),
            None => "on no clock, in its own time".to_owned(),
        };
        if clock.as_ref() != Some(&here) {
            let _ = writeln!(text, "{here}");
            clock = Some(here);
        }
        let what = match (&stretch.doubt, written(stretch)) {
            (Doubt::NotUnderstood(UnclearReason::LikelyInvented), _) => {
                "somebody may speak; what was made of it was left out".to_owned()
            }
            (_, Some(words)) => words,
            (_, None) => "somebody speaks; nothing was understood".to_owned(),
        };
        let name = shown_text(&labels.name(stretch.source));
        let long_s = stretch.end.seconds() - stretch.start.seconds();
        let (at, media) = (times::clock(stretch.start.0, 1), times::clock(stretch.media.0, 1));
        let _ = writeln!(text, "{at:>10} {long_s:>5.1} s  {what}  [{name} at {media}]");
    }
    let all_s: f64 = left.iter().map(|s| s.end.seconds() - s.start.seconds()).sum();
    let _ = match left.len() {
        0 => writeln!(text, "nothing is left that nobody is sure of"),
        1 => writeln!(text, "1 stretch to listen to, {all_s:.0} s"),
        many => writeln!(text, "{many} stretches to listen to, {all_s:.0} s"),
    };
    text
}
