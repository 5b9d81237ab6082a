//! `recount import`.

use std::slice;

use serde_json::json;

use super::{open_door, open_locked};
use crate::args::Import;
use crate::desk::Desk;
use crate::error::Error;
use crate::report::names::{shown, shown_text};
use crate::report::output;
use crate::steps::add::{self, Keeping, Request};
use crate::steps::import::{self, Times};
use crate::{named, snapshot};

pub(super) fn run(desk: &Desk, asked: &Import) -> Result<(), Error> {
    let (mut case, _lock) = open_locked(desk, &asked.case)?;
    let recording = named::recording(&case, &snapshot::without_ties(&case)?, &asked.of)?;
    // Before anything is added: a file that is no transcript leaves the case as it was.
    let brought = import::read(&asked.transcript)?;
    let door = open_door(desk)?;
    let paths = slice::from_ref(&asked.transcript);
    add::run(desk, &mut case, &door, &Request { paths, keeping: Keeping::InPlace, jobs: 1 })?;
    let imported = import::run(desk, &mut case, &asked.transcript, recording, &brought)?;
    let name = snapshot::names(&case)?.remove(&recording).unwrap_or_else(|| recording.short());
    if desk.json {
        return output::print_json(&json!({
            "transcript": shown(&asked.transcript), "document": imported.document,
            "recording": name, "sha256": recording, "format": brought.format,
            "utterances": imported.utterances, "words": imported.words,
            "times": imported.times.word(), "is_new": imported.is_new,
        }));
    }
    if desk.quiet {
        return Ok(());
    }
    let times = match imported.times {
        Times::Own => "with the times of the file",
        Times::Heard => "with the times at which a recogniser heard them",
        Times::Spread => "spread over the times of their lines",
    };
    let (words, name) = (publish::times::count(imported.words, "word"), shown_text(&name));
    let is_new = if imported.is_new { "" } else { "in the case already: " };
    output::print(&format!("{is_new}{words} of {name}, {times} ({})\n", brought.format))
}
