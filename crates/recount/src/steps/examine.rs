//! Examines one file: is it a recording or a document, what is its hash, what does it say of
//! itself. Every file that is added or synchronised goes through here.

use std::path::Path;

use evidence::{Recording, Source, SourceKind};
use media::Door;

use super::gather::plain_reason;
use super::look::Look;
use super::sniff::{Sniffed, sniff};
use crate::error::Error;
use crate::report::names::shown;

/// A file that can be evidence.
#[derive(Debug)]
pub struct Examined {
    /// Its hash, kind, path and size.
    pub source: Source,
    /// What a probe told, if it has time.
    pub recording: Option<Recording>,
    /// How it looked while it was hashed.
    pub look: Look,
}

/// Why a file is left out.
#[derive(Debug)]
pub enum Unfit {
    /// The file itself: a sentence's end. The run goes on.
    File(String),
    /// Somebody asked to stop.
    Stopped,
    /// Something that no other file would escape either: no ffmpeg, a full disk.
    All(Box<Error>),
}

/// Probes and hashes one file.
///
/// # Errors
/// [`Unfit`].
pub fn examine(door: &Door, path: &Path, stop: &dyn Fn() -> bool) -> Result<Examined, Unfit> {
    let unreadable = |error: std::io::Error| Unfit::File(plain_reason(&error));
    let look = Look::at(path).map_err(unreadable)?;
    let sniffed = sniff(path).map_err(unreadable)?;
    let (kind, recording) = match sniffed {
        Sniffed::Document => (SourceKind::Document, None),
        Sniffed::Text => {
            let ending = path.extension().unwrap_or_default();
            let reason = format!("it is plain text, though its name ends in .{}", shown(ending));
            return Err(Unfit::File(reason));
        }
        Sniffed::Other => {
            let recording = door.probe(path, stop).map_err(|error| unfit(error, path))?;
            (SourceKind::Recording, Some(recording))
        }
    };
    let (id, size_bytes) = media::hash(path, stop).map_err(|error| unfit(error, path))?;
    // Between the first look and the last byte hashed nobody may have written to it.
    if Look::at(path).map_err(unreadable)? != look {
        return Err(Unfit::File(
            "it changed while it was being read; wait until it is complete".into(),
        ));
    }
    let source = Source { id, kind, path: path.to_owned(), size_bytes };
    Ok(Examined { source, recording, look })
}

/// Sorts an error of the door into what concerns this file and what concerns all.
pub fn unfit(error: media::Error, path: &Path) -> Unfit {
    match error {
        media::Error::Stopped => Unfit::Stopped,
        media::Error::NoFfmpeg { .. } | media::Error::NoKeeper { .. } => {
            Unfit::All(Box::new(Error::Media(error)))
        }
        _ => Unfit::File(reason(&error, path)),
    }
}

/// The sentence of an error without the path at its end, which the caller shows in its own way.
pub fn reason(error: &media::Error, path: &Path) -> String {
    let sentence = error.to_string();
    let with_path = format!(": {}", path.display());
    sentence.strip_suffix(&with_path).unwrap_or(&sentence).to_owned()
}
