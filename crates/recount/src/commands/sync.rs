//! `recount sync`, of a case or of loose files.

use std::path::Path;

use super::status::print_case;
use super::{open_door, open_locked, synchronise, use_threads};
use crate::args::Sync;
use crate::desk::Desk;
use crate::error::Error;
use crate::report::{output, status};
use crate::snapshot;
use crate::steps::gather::is_case;
use crate::steps::{clocks, loose};

pub(super) fn run(desk: &Desk, asked: &Sync) -> Result<(), Error> {
    use_threads(asked.work);
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

fn sync_case(desk: &Desk, dir: &Path, asked: &Sync) -> Result<(), Error> {
    let (mut case, _lock) = open_locked(desk, dir)?;
    let door = open_door(desk)?;
    clocks::choose(&mut case, asked.belief.asked())?;
    synchronise(desk, &mut case, &door, asked.work, asked.rest.missing())?;
    if desk.json {
        return output::print_bytes(&alignment_json(&snapshot::of_case(&case)?)?);
    }
    if desk.quiet { Ok(()) } else { print_case(desk, &case) }
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
