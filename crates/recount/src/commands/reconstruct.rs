//! `recount reconstruct`: the main job, from a folder to a synchronised case and a picture.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use case::{Case, CaseLock};
use serde_json::{Value, json};

use super::status::{print_case, summary};
use super::sync::moved_text;
use super::transcribe::{Words, write_down};
use super::{draw, open_door, open_locked, synchronise, use_threads};
use crate::args::Reconstruct;
use crate::desk::{Desk, stamp};
use crate::error::Error;
use crate::models::{self, Model};
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
    // Before all work: a model that was asked for by name and is not here is no small matter.
    let model = if asked.no_words { None } else { wanted(desk, asked)? };
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
    let words = model
        .map(|model| write_down(desk, &mut case, &door, &asked.hearing, &model, asked.work.jobs()));
    let words = words.transpose()?;
    if desk.json {
        let mut result = serde_json::to_value(summary(&case)?).unwrap_or(Value::Null);
        result["case"] = json!(shown(&dir));
        result["picture"] = json!(shown(&picture));
        if !moved.is_empty() {
            result["moved"] = json!(moved);
        }
        if let Some(Words { model, outcome }) = words {
            result["model"] = model;
            result["transcribed"] = json!(outcome);
        }
        return output::print_json(&result);
    }
    if desk.quiet {
        return Ok(());
    }
    print_case(desk, &case)?;
    output::print(&moved_text(&moved))?;
    let (case, picture) = (shown(&dir), shown(&picture));
    let words = match words {
        Some(words) => words.outcome.sentence(),
        None if asked.no_words => "not asked for".to_owned(),
        None => format!(
            "no model to write them down by: `recount model get base`, then `recount transcribe {case}`"
        ),
    };
    output::print(&format!(
        "\ncase     {case}\nwords    {words}\npicture  {picture}\npage     recount serve {case}\n"
    ))
}

/// The model to write down speech by; none where none was asked for and none is here.
fn wanted(desk: &Desk, asked: &Reconstruct) -> Result<Option<Model>, Error> {
    match models::choose(desk, asked.hearing.model.as_deref()) {
        Ok(model) => Ok(Some(model)),
        Err(Error::NoModel { asked: None }) => Ok(None),
        Err(error) => Err(error),
    }
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
