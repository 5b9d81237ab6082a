//! The list of formats. A new one is a file with a `write` function and an entry here.

use crate::said::{docx, srt, txt, vtt, words};
use crate::{Error, Snapshot, csv, json, otio, svg};

/// One file to be written; the caller decides where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// File name without folders, safe on every system.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A form in which a case can leave.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// What a user calls it (`--to name`).
    pub name: &'static str,
    /// Of the first file it writes.
    pub extension: &'static str,
    /// One line for `--help`.
    pub about: &'static str,
    /// Writes it: at least one file, the main one first.
    pub write: fn(&Snapshot) -> Result<Vec<Named>, Error>,
}

const FORMATS: &[Format] = &[
    Format {
        name: "json",
        extension: "json",
        about: "the alignment for programs: pieces, ties, excerpts and refusals",
        write: json::write,
    },
    Format {
        name: "otio",
        extension: "otio",
        about: "OpenTimelineIO for editing programs: one timeline for each island",
        write: otio::write,
    },
    Format {
        name: "csv",
        extension: "csv",
        about: "tables for a spreadsheet: placements, ties, and what could not be placed",
        write: csv::write,
    },
    Format {
        name: "svg",
        extension: "svg",
        about: "a picture of the synchronised timeline, for a report",
        write: svg::write,
    },
    Format {
        name: "vtt",
        extension: "vtt",
        about: "what is said, as WebVTT with voices and word times: a file for each transcript",
        write: vtt::write,
    },
    Format {
        name: "srt",
        extension: "srt",
        about: "what is said, as SubRip subtitles: a file for each transcript",
        write: srt::write,
    },
    Format {
        name: "txt",
        extension: "txt",
        about: "what is said, as plain text with times",
        write: txt::write,
    },
    Format {
        name: "words-csv",
        extension: "csv",
        about: "a table of every word with its times, for a spreadsheet",
        write: words::write,
    },
    Format {
        name: "docx",
        extension: "docx",
        about: "what is said, for a word processor",
        write: docx::write,
    },
];

/// Every format, in the order in which help should list them.
pub fn formats() -> &'static [Format] {
    FORMATS
}

/// The format a user named, in any case of letters.
pub fn format_named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name.eq_ignore_ascii_case(name))
}
