//! A table of every word: in which recording, from when to when, by whom, how sure.

use evidence::Stenographer;

use super::{speaker, told};
use crate::csv::{Cell, Table, seconds};
use crate::{Error, Named, Snapshot};

/// Writes `words.csv`.
///
/// # Errors
/// [`Error::NothingSaid`].
pub fn write(snapshot: &Snapshot) -> Result<Vec<Named>, Error> {
    let mut table = Table::with_columns(&[
        "file",
        "sha256",
        "written_by",
        "times",
        "utterance",
        "speaker",
        "word",
        "start_s",
        "end_s",
        "confidence",
    ]);
    for told in told(snapshot, "words-csv")? {
        let (by, times) = match &told.transcript.by {
            Stenographer::Recogniser { model, .. } => (format!("recogniser {model}"), "heard"),
            Stenographer::Document { document, is_aligned, .. } => {
                let times = if *is_aligned { "heard" } else { "spread" };
                (format!("document {document}"), times)
            }
        };
        for (n, said) in (1..).zip(&told.transcript.utterances) {
            let speaker = speaker(said);
            for word in &said.words {
                table.row(&[
                    Cell::Text(&told.recording),
                    Cell::Own(told.transcript.source.to_string()),
                    Cell::Text(&by),
                    Cell::Own(times.to_owned()),
                    Cell::Own(format!("{n}")),
                    Cell::Text(&speaker),
                    Cell::Text(&word.text),
                    Cell::Own(seconds(word.start.0)),
                    Cell::Own(seconds(word.end.0)),
                    word.confidence.map_or(Cell::Empty, |sure| Cell::Own(format!("{sure:.3}"))),
                ]);
            }
        }
    }
    Ok(vec![Named { name: "words.csv".to_owned(), bytes: table.into_bytes() }])
}
