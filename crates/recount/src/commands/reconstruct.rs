//! `recount reconstruct`: the main job, from a folder to a synchronised case and a picture.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use case::{Case, CaseLock};
use serde_json::{Value, json};

use super::status::{print_case, summary};
use super::sync::moved_text;
use super::{draw, open_door, open_locked, synchronise, use_threads};
use crate::args::Reconstruct;
use crate::desk::{Desk, stamp};
use crate::error::Error;
use crate::report::names::shown;
use crate::report::output;
use crate::snapshot;
use crate::steps::add::{self, Keeping, Request};
use crate::steps::clocks;
use crate::steps::gather::{gather, is_case};
use crate::steps::paths::absolute;

pub(super) fn run(desk: &Desk, asked: &Reconstruct) -> Result<(), Error> {
    use_threads(asked.work);
    let folder = asked.folder.canonicalize();
    let folder = folder.map_err(Error::file("find the folder", &asked.folder))?;
    let dir = case_dir(&folder, asked.case.as_deref())?;
    let door = open_door(desk)?;
    let (mut case, _lock) = open_or_make(desk, &dir, &folder)?;
    let keeping = if asked.copy { Keeping::Copied } else { Keeping::InPlace };
    let paths = [folder.clone()];
    let request = Request { paths: &paths, keeping, jobs: asked.work.jobs() };
    add::run(desk, &mut case, &door, &request)?;
    clocks::choose(&mut case, asked.belief.asked())?;
    let moved = synchronise(desk, &mut case, &door, asked.work, asked.rest.missing())
        // What was named is the folder.
        .map_err(|error| match error {
            Error::NoRecording { .. } => Error::NoRecording { path: folder.clone() },
            other => other,
        })?;
    let picture = draw(&case, &snapshot::of_case(&case)?)?;
    if desk.json {
        let mut result = serde_json::to_value(summary(&case)?).unwrap_or(Value::Null);
        result["case"] = json!(shown(&dir));
        result["picture"] = json!(shown(&picture));
        if !moved.is_empty() {
            result["moved"] = json!(moved);
        }
        return output::print_json(&result);
    }
    if desk.quiet {
        return Ok(());
    }
    print_case(desk, &case)?;
    output::print(&moved_text(&moved))?;
    let (case, picture) = (shown(&dir), shown(&picture));
    output::print(&format!(
        "\ncase     {case}\npicture  {picture}\npage     recount serve {case}\n"
    ))
}

/// Where the case goes: beside the folder, or where it was asked for, but never among evidence.
fn case_dir(folder: &Path, asked: Option<&Path>) -> Result<PathBuf, Error> {
    if !folder.is_dir() {
        return Err(Error::Asked {
            what: format!("this is a file, not a folder: {}", shown(folder)),
            hint: "name the folder that holds the recordings",
        });
    }
    if is_case(folder) {
        return Err(Error::Asked {
            what: format!("this is a case, not a folder of evidence: {}", shown(folder)),
            hint: "`recount sync CASE` continues a case",
        });
    }
    let dir = match (asked, folder.parent(), folder.file_name()) {
        (Some(asked), ..) => absolute(asked)?,
        (None, Some(parent), Some(name)) => {
            let mut name = OsString::from(name);
            name.push(".recount");
            parent.join(name)
        }
        (None, ..) => {
            return Err(Error::Asked {
                what: "there is no place beside the root folder".to_owned(),
                hint: "say where the case is to go, with --case",
            });
        }
    };
    if dir.starts_with(folder) {
        return Err(Error::Evidence { path: dir });
    }
    Ok(dir)
}

/// Continues the case, or makes it if there is anything to put into it.
fn open_or_make(desk: &Desk, dir: &Path, folder: &Path) -> Result<(Case, CaseLock), Error> {
    if !is_case(dir) {
        if gather(&[folder.to_owned()]).files.is_empty() {
            return Err(Error::NoRecording { path: folder.to_owned() });
        }
        Case::create(dir, &stamp())?;
    }
    open_locked(desk, dir)
}
