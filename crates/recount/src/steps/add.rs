//! Step `add`: remembers every recording and document below some paths.
//!
//! Reads the evidence once, to hash and probe it, several files side by side; writes one row for
//! each source, in the order in which the files were gathered, whatever finished first. A file
//! that looks exactly as it did when it was added is not read again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use case::{Added, Cache, Case};
use evidence::SourceKind;
use media::Door;
use serde_json::json;

use super::copy::{Kept, clear_away, keep};
use super::examine::{Examined, Unfit, examine};
use super::gather::{Gathered, gather};
use super::look::{Look, Place};
use super::paths;
use crate::desk::{Counter, Desk, stamp};
use crate::error::Error;
use crate::event::{Event, Step, Unit};
use crate::pool::{InOrder, each};
use crate::report::names::shown;

/// What is to be added.
#[derive(Debug)]
pub struct Request<'a> {
    /// Files and folders.
    pub paths: &'a [PathBuf],
    /// Where the evidence is to stay.
    pub keeping: Keeping,
    /// Files worked on side by side.
    pub jobs: usize,
}

/// Where evidence stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// Where it is.
    InPlace,
    /// Copied into the case.
    Copied,
}

/// What came of adding, by name.
pub type Counts = BTreeMap<&'static str, u64>;

/// Adds what lies below the paths.
///
/// # Errors
/// If the case cannot be written, ffmpeg cannot be used, or somebody asked to stop; what was
/// added until then stays.
pub fn run(desk: &Desk, case: &mut Case, door: &Door, request: &Request) -> Result<Counts, Error> {
    let gathered = gather(request.paths);
    for skipped in &gathered.skipped {
        desk.tell(&Event::refused(Step::Add, &skipped.path, &skipped.reason));
    }
    let mut desk_work = Adding {
        desk,
        cache: case.cache(),
        counts: Counts::from([
            ("skipped", gathered.skipped.len() as u64),
            ("hidden_passed_over", gathered.hidden),
        ]),
        left_out: Vec::new(),
        left_out_before: left_out(case)?.into_iter().collect(),
        run: None,
        folders: new_folders(case, &gathered)?,
    };
    let files = desk_work.unknown(case, &gathered.files)?;
    desk.tell(&Event::Started { step: Step::Add, files: files.len() });
    let size = |path: &PathBuf| path.symlink_metadata().map_or(0, |status| status.len());
    let counter = Counter::new(desk, Step::Add, Unit::Bytes, files.iter().map(size).sum());
    let copies = match request.keeping {
        Keeping::Copied => Some(case.dir().to_owned()),
        Keeping::InPlace => None,
    };
    if let Some(dir) = &copies {
        clear_away(dir);
    }
    let mut in_order = InOrder::new();
    each(
        &files,
        request.jobs,
        &|| desk.stopped(),
        |path, stop| {
            let examined = examine(door, path, stop);
            let kept = examined.and_then(|examined| keep(examined, copies.as_deref(), stop));
            counter.add(size(path));
            kept
        },
        |index, kept| {
            in_order.put(index, kept, |index, kept| desk_work.take(case, &files[index], kept))
        },
    )?;
    desk.stop_if_asked()?;
    desk_work.end(case)
}

struct Adding<'a> {
    desk: &'a Desk,
    cache: Cache,
    counts: Counts,
    left_out: Vec<PathBuf>,
    /// Left out by an earlier run that has told so in the ledger.
    left_out_before: BTreeSet<PathBuf>,
    run: Option<case::Run>,
    /// Folders that were not added before.
    folders: Vec<PathBuf>,
}

impl Adding<'_> {
    /// The files that are not known to be in the case as they are.
    fn unknown(&mut self, case: &Case, files: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
        let mut unknown = Vec::new();
        for path in files {
            let looks_known = case.source_at(path)?.is_some_and(|id| {
                let now = Look::at(path).ok();
                let seen = |place| Look::remembered(&self.cache, &id, place);
                now.is_some() && (now == seen(Place::Evidence) || now == seen(Place::Original))
            });
            if looks_known {
                self.count("known_already");
            } else {
                unknown.push(path.clone());
            }
        }
        Ok(unknown)
    }

    fn take(
        &mut self,
        case: &mut Case,
        path: &Path,
        kept: Result<Kept, Unfit>,
    ) -> Result<(), Error> {
        match kept {
            Ok(kept) => self.add(case, path, kept),
            Err(Unfit::File(reason)) => {
                self.count("skipped");
                if !self.left_out_before.contains(path) {
                    self.begin(case)?;
                }
                self.left_out.push(path.to_owned());
                self.desk.tell(&Event::refused(Step::Add, path, reason));
                Ok(())
            }
            Err(Unfit::Stopped) => Err(Error::Stopped),
            Err(Unfit::All(error)) => Err(*error),
        }
    }

    fn add(&mut self, case: &mut Case, path: &Path, kept: Kept) -> Result<(), Error> {
        if case.source_at(path)? != Some(kept.examined.source.id) {
            self.begin(case)?;
        }
        let Kept { examined: Examined { source, recording, look }, original } = kept;
        let stamp = stamp();
        let added = match &original {
            None => case.add_source(&stamp, &source, recording.as_ref())?,
            Some((original, _)) => case.add_copy(&stamp, &source, original, recording.as_ref())?,
        };
        if let Some((_, original)) = &original {
            original.remember(&self.cache, &source.id, Place::Original)?;
        }
        let kind = match source.kind {
            SourceKind::Recording => "recordings",
            SourceKind::Document => "documents",
        };
        match added {
            Added::New => self.count(kind),
            Added::Unchanged => self.count("known_already"),
            Added::AlreadyThere { first_path } => {
                self.count("duplicates");
                self.warn(format!(
                    "the same bytes are in the case already, from {}: {}",
                    shown(first_path),
                    shown(path)
                ));
                return Ok(());
            }
            Added::PathChanged { .. } => {
                self.count(kind);
                self.desk.needs_attention();
                self.warn(format!(
                    "this file is not what it was when it was added; both contents are in the \
                     case now: {}",
                    shown(path)
                ));
            }
        }
        look.remember(&self.cache, &source.id, Place::Evidence)?;
        let note = format!("added {} {}", source.id.short(), shown(path));
        self.desk.tell(&Event::Noted { step: Step::Add, note });
        Ok(())
    }

    fn warn(&self, warning: String) {
        self.desk.tell(&Event::Warned { warning });
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// Opens a run in the ledger when there is something to tell there.
    fn begin(&mut self, case: &mut Case) -> Result<(), Error> {
        if self.run.is_some() {
            return Ok(());
        }
        let folders: Vec<_> = self.folders.iter().map(|folder| paths::to_json(folder)).collect();
        let step = case::Step {
            name: "add".to_owned(),
            version: 1,
            params: json!({ "folders": folders }),
            inputs: Vec::new(),
        };
        self.run = Some(case.begin(&stamp(), &step)?);
        Ok(())
    }

    fn end(mut self, case: &mut Case) -> Result<Counts, Error> {
        if !self.folders.is_empty() {
            self.begin(case)?;
        }
        if let Some(run) = self.run.take() {
            let left_out: Vec<_> = self.left_out.iter().map(|path| paths::to_json(path)).collect();
            let counts = json!({ "counts": self.counts, "left_out": left_out });
            case.finish(&stamp(), &run, &counts)?;
        }
        self.desk.tell(&Event::Finished { step: Step::Add, counts: self.counts.clone() });
        Ok(self.counts)
    }
}

/// The folders asked for that no earlier run added.
fn new_folders(case: &Case, gathered: &Gathered) -> Result<Vec<PathBuf>, Error> {
    let known = added_folders(case)?;
    Ok(gathered.folders.iter().filter(|folder| !known.contains(folder)).cloned().collect())
}

/// Every folder that was ever added.
///
/// # Errors
/// If the case cannot be read.
pub fn added_folders(case: &Case) -> Result<Vec<PathBuf>, Error> {
    let runs = case.runs()?;
    let added = runs.iter().filter(|run| run.step.name == "add");
    let folders = added.filter_map(|run| run.step.params["folders"].as_array()).flatten();
    Ok(folders.filter_map(paths::from_json).collect())
}

/// Every file that adding left out, with the reason told then.
///
/// # Errors
/// If the case cannot be read.
pub fn left_out(case: &Case) -> Result<Vec<PathBuf>, Error> {
    let runs = case.runs()?;
    let counts = runs.iter().filter(|run| run.step.name == "add").filter_map(|r| r.counts.as_ref());
    let files = counts.filter_map(|counts| counts["left_out"].as_array()).flatten();
    Ok(files.filter_map(paths::from_json).collect())
}
