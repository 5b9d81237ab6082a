//! Plain text, all recordings in one file: what is said, with the media time at which it begins.

use std::fmt::Write as _;

use super::{by, clock, ms, one_line, speaker, told};
use crate::{Error, Named, Snapshot};

/// Writes `transcripts.txt`.
///
/// # Errors
/// [`Error::NothingSaid`].
pub fn write(snapshot: &Snapshot) -> Result<Vec<Named>, Error> {
    let mut text = String::new();
    for (n, told) in told(snapshot, "txt")?.iter().enumerate() {
        if n > 0 {
            text.push('\n');
        }
        let _ = writeln!(text, "{}\n{}\n", one_line(&told.recording), by(told.transcript));
        for said in &told.transcript.utterances {
            let speaker = speaker(said);
            let colon = if speaker.is_empty() { "" } else { ": " };
            let start = clock(ms(said.start().0), '.');
            let _ = writeln!(text, "[{start}] {speaker}{colon}{}", one_line(&said.text()));
        }
    }
    Ok(vec![Named { name: "transcripts.txt".to_owned(), bytes: text.into_bytes() }])
}
