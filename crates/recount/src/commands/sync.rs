//! `recount sync`, of a case or of loose files.

use std::path::Path;

use super::status::print_case;
use super::{open_door, open_locked, synchronise, use_threads};
use crate::args::Sync;
use crate::desk::Desk;
use crate::error::Error;
use crate::report::moved::{self, Change};
use crate::report::names::shown;
use crate::report::{output, status};
use crate::snapshot;
use crate::steps::gather::is_case;
use crate::steps::{clocks, loose};

pub(super) fn run(desk: &Desk, asked: &Sync) -> Result<(), Error> {
    use_threads(asked.work);
    let half = asked.targets.iter().find(|target| is_half_a_case(target));
    if let Some(dir) = half {
        return Err(Error::Asked {
            what: format!("case.db is missing from this case: {}", shown(dir)),
            hint: "bring it back from a copy, or make the case anew from the evidence with \
                   `recount reconstruct FOLDER --case CASE`",
        });
    }
    let cases = asked.targets.iter().filter(|target| is_case(target)).count();
    match (&asked.targets[..], cases) {
        ([case], 1) => sync_case(desk, case, asked),
        (_, 0) => sync_files(desk, asked),
        _ => Err(Error::Asked {
            what: "a case cannot be synchronised together with anything else".to_owned(),
            hint: "name one case, or only files and folders",
        }),
    }
}

/// Whether a case was here, and its findings are gone.
fn is_half_a_case(dir: &Path) -> bool {
    !is_case(dir) && dir.join(case::CUSTODY).is_file()
}

fn sync_case(desk: &Desk, dir: &Path, asked: &Sync) -> Result<(), Error> {
    let (mut case, _lock) = open_locked(desk, dir)?;
    let door = open_door(desk)?;
    clocks::choose(&mut case, asked.belief.asked())?;
    let moved = synchronise(desk, &mut case, &door, asked.work, asked.rest.missing())?;
    if desk.json {
        let alignment = alignment_json(&snapshot::of_case(&case)?)?;
        return output::print_bytes(&with_moved(alignment, &moved));
    }
    if desk.quiet {
        return Ok(());
    }
    print_case(desk, &case)?;
    output::print(&moved_text(&moved))
}

/// The alignment with one entry more, `moved`, where anything did.
fn with_moved(mut alignment: Vec<u8>, moved: &[Change]) -> Vec<u8> {
    let end = alignment.iter().rposition(|byte| *byte == b'}');
    if let (Some(end), false, Ok(moved)) = (end, moved.is_empty(), serde_json::to_vec(moved)) {
        let before = alignment[..end].trim_ascii_end().len();
        alignment.truncate(before);
        alignment.extend([b",\n  \"moved\": ", &moved[..], b"\n}\n"].concat());
    }
    alignment
}

/// What moved, under a title; nothing where nothing did.
pub(super) fn moved_text(changes: &[Change]) -> String {
    if changes.is_empty() {
        return String::new();
    }
    format!("\nMoved by more than its doubt since the last time\n{}", moved::text(changes))
}

fn sync_files(desk: &Desk, asked: &Sync) -> Result<(), Error> {
    if asked.belief.asked() == Some(true) {
        return Err(Error::Asked {
            what: "clocks are believed only in a case, where that is remembered".to_owned(),
            hint: "make one with `recount reconstruct FOLDER --by-clock`",
        });
    }
    let door = open_door(desk)?;
    let snapshot = loose::run(desk, &door, &asked.targets, asked.work.jobs())?;
    if desk.json {
        return output::print_bytes(&alignment_json(&snapshot)?);
    }
    output::print(&status::text(&snapshot, &[], &[]))
}

/// The alignment as JSON, as `export --to json` writes it.
pub(super) fn alignment_json(snapshot: &publish::Snapshot) -> Result<Vec<u8>, Error> {
    let mut files = publish::json::write(snapshot)?.into_iter();
    Ok(files.next().map(|file| file.bytes).unwrap_or_default())
}
