//! Brings the index that `search` asks level with the case: reads the text of the documents that are
//! not in it yet. Changes nothing of the case but its cache.
//!
//! A document is read only while it holds the bytes that were added. Text, Markdown, tables, pages,
//! e-mail and Word are read by `documents`, which is safe code and does nothing else; PDF by
//! `pdftotext` in the sandbox of `media`.

use std::path::Path;

use case::Case;
use case::search::{Index, Paragraph};
use evidence::Source;
use media::{Limits, Papers};

use super::paths::locate;
use super::voices::People;
use crate::error::Error;

/// Counted up when the same document would give another text.
const READER_VERSION: u32 = 1;

/// Documents that cannot be read now, with the reason.
pub type Away = Vec<(Source, String)>;

/// Why a document has no text, for now or for ever.
enum NoText {
    Now(String),
    Ever(String),
}

/// Opens the index and brings it up to date, speakers named as in `people`. Returns it, and which documents could not
/// be read now, with the reason.
///
/// # Errors
/// If the case or the index cannot be read, or somebody asked to stop; what was read until then
/// stays.
pub fn run(stop: &dyn Fn() -> bool, case: &Case, people: &People) -> Result<(Index, Away), Error> {
    let mut index = Index::open(case)?;
    let away = level(stop, case, people, &mut index)?;
    Ok((index, away))
}

/// Brings an open index up to date. Returns which documents could not be read now, with the reason.
///
/// # Errors
/// Those of [`run`].
pub fn level(
    stop: &dyn Fn() -> bool,
    case: &Case,
    people: &People,
    index: &mut Index,
) -> Result<Away, Error> {
    let papers = Papers::open(Limits::default())?;
    let with = if papers.is_some() { "with pdftotext" } else { "without pdftotext" };
    let read_by = format!("documents {READER_VERSION} {with}");
    let mut away = Away::new();
    let mut reader = |source: &Source| match text(stop, case, source, papers.as_ref()) {
        Ok(paragraphs) => Some(Ok(paragraphs)),
        Err(NoText::Ever(why)) => Some(Err(why)),
        Err(NoText::Now(why)) => {
            away.push((source.clone(), why));
            None
        }
    };
    index.update(case, people, (&read_by, &mut reader), stop)?;
    if stop() {
        return Err(Error::Stopped);
    }
    Ok(away)
}

fn text(
    stop: &dyn Fn() -> bool,
    case: &Case,
    source: &Source,
    papers: Option<&Papers>,
) -> Result<Vec<Paragraph>, NoText> {
    let path = locate(case, source).map_err(|error| NoText::Now(error.to_string()))?;
    let ending = source.path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let is_same = |path: &Path| match media::hash(path, stop) {
        Ok((id, _)) if id == source.id => Ok(()),
        Ok(_) => Err(NoText::Now("the file is not what was added".to_owned())),
        Err(media::Error::Vanished { .. }) => Err(NoText::Now("the file is not there".to_owned())),
        Err(error) => Err(NoText::Now(error.to_string())),
    };
    is_same(&path)?;
    let paragraphs = if ending == "pdf" {
        let papers = papers.ok_or_else(|| {
            NoText::Ever("reading PDF takes pdftotext (poppler-utils)".to_owned())
        })?;
        let text = papers.text(&path, stop).map_err(|error| match error {
            media::Error::Undecodable { why, .. } => NoText::Ever(why),
            error => NoText::Now(error.to_string()),
        })?;
        documents::text::of_pages(&text).map_err(|error| match error {
            documents::Error::Empty => NoText::Ever("its pages are pictures without text".into()),
            error => NoText::Ever(error.to_string()),
        })?
    } else {
        let bytes = std::fs::read(&path).map_err(|error| NoText::Now(error.to_string()))?;
        // It may have changed between the two readings.
        is_same(&path)?;
        documents::text::read(&ending, &bytes).map_err(|error| NoText::Ever(error.to_string()))?
    };
    let paragraph = |p: documents::text::Paragraph| Paragraph { page: p.page, text: p.text };
    Ok(paragraphs.into_iter().map(paragraph).collect())
}
