//! `WebVTT` (W3C), a file for each transcript: voices, and the time of each word within its cue. The
//! time before a word is when it begins; one with only a blank behind it is when the word before ended.

use std::fmt::Write as _;

use evidence::Word;

use super::{Told, by, clock, cues, each, ms, one_line, span_ms, speaker};
use crate::{Error, Named, Snapshot};

/// Writes a file for each transcript.
///
/// # Errors
/// [`Error::NothingSaid`].
pub fn write(snapshot: &Snapshot) -> Result<Vec<Named>, Error> {
    each(snapshot, "vtt", "vtt", text)
}

fn text(told: &Told) -> String {
    let mut text = format!(
        "WEBVTT\n\nNOTE {}: {}\n",
        escaped(&one_line(&told.recording)),
        escaped(&by(told.transcript))
    );
    for said in &told.transcript.utterances {
        let speaker = escaped(&speaker(said));
        for cue in cues(said) {
            let (start, end) = span_ms(cue);
            let _ = write!(text, "\n{} --> {}\n", clock(start, '.'), clock(end, '.'));
            if !speaker.is_empty() {
                let _ = write!(text, "<v {speaker}>");
            }
            text.push_str(&timed(cue, start, end));
            text.push('\n');
        }
    }
    text
}

/// The words of a cue with their times, as far as those lie within it and go forward.
fn timed(cue: &[Word], start: i64, end: i64) -> String {
    let mut text = String::new();
    let mut now = start;
    for (n, word) in cue.iter().enumerate() {
        if n > 0 {
            text.push(' ');
        }
        let (from, to) = (ms(word.start.0), ms(word.end.0));
        if from > now && from < end {
            let _ = write!(text, "<{}>", clock(from, '.'));
            now = from;
        }
        text.push_str(&escaped(&one_line(&word.text)));
        let next = cue.get(n + 1).map_or(end, |next| ms(next.start.0));
        if to > now && to < next && to < end {
            let _ = write!(text, "<{}>", clock(to, '.'));
            now = to;
        }
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
