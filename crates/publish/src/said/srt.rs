//! `SubRip`, a file for each transcript: subtitles of at most two lines, who speaks before a colon where
//! somebody begins.

use std::fmt::Write as _;

use super::{Told, clock, cues, each, one_line, span_ms, speaker};
use crate::{Error, Named, Snapshot};

/// Letters in a line of a subtitle.
const LINE_LETTERS_MAX: usize = 42;

/// Writes a file for each transcript.
///
/// # Errors
/// [`Error::NothingSaid`].
pub fn write(snapshot: &Snapshot) -> Result<Vec<Named>, Error> {
    each(snapshot, "srt", "srt", text)
}

fn text(told: &Told) -> String {
    let mut text = String::new();
    let mut number = 0;
    for said in &told.transcript.utterances {
        let mut speaker = speaker(said);
        for cue in cues(said) {
            number += 1;
            let (start, end) = span_ms(cue);
            let _ = write!(text, "{number}\n{} --> {}\n", clock(start, ','), clock(end, ','));
            if !speaker.is_empty() {
                let _ = write!(text, "{speaker}: ");
                speaker.clear();
            }
            let mut letters = 0;
            for (n, word) in cue.iter().enumerate() {
                let word = one_line(&word.text);
                let more = word.chars().count() + 1;
                if n > 0 {
                    let is_full = letters <= LINE_LETTERS_MAX && letters + more > LINE_LETTERS_MAX;
                    text.push(if is_full { '\n' } else { ' ' });
                }
                letters += more;
                text.push_str(&word);
            }
            text.push_str("\n\n");
        }
    }
    text
}
