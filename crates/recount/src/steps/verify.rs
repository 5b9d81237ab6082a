//! Whether everything is still what it was: every source hashed again, the added folders looked
//! through, the custody log followed line by line. Reads only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use case::{Case, custody};
use evidence::{Source, SourceId};
use serde::Serialize;

use super::add::{added_folders, left_out};
use super::examine::reason;
use super::gather::gather;
use super::paths::{EVIDENCE, places};
use crate::desk::{Counter, Desk};
use crate::error::Error;
use crate::event::{Event, Step, Unit};
use crate::pool::each;
use crate::report::names::shown;

/// What was found. Paths are written so that they can be printed.
#[derive(Debug, Serialize)]
pub struct Verified {
    /// Whether nothing differs.
    pub whole: bool,
    /// Sources in the case.
    pub sources: usize,
    /// Files that still hold what was added.
    pub unchanged: usize,
    /// Files that are not there any more.
    pub missing: Vec<Difference>,
    /// Files that are not there any more, and what they held is elsewhere.
    pub moved: Vec<Moved>,
    /// Files that hold something else now.
    pub changed: Vec<Difference>,
    /// Files that are there and could not be read.
    pub unreadable: Vec<Difference>,
    /// Files that lie where evidence was added and are not in the case.
    pub added: Vec<String>,
    /// The log of changes.
    pub custody: custody::Report,
    /// What is wrong with the database, one sentence each.
    pub database: Vec<String>,
}

/// A file whose bytes are elsewhere now.
#[derive(Debug, Serialize)]
pub struct Moved {
    /// Where it was.
    pub path: String,
    /// What it held.
    pub source: SourceId,
    /// Where that is now.
    pub now_at: String,
    /// Whether the case knows that place.
    pub known: bool,
}

/// One file that differs.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// Where it is or was.
    pub path: String,
    /// What it held when it was added.
    pub source: SourceId,
    /// What it holds now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<SourceId>,
    /// What the reader said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Checks the whole case, hashing `jobs` files side by side.
///
/// # Errors
/// If the case cannot be read or somebody asked to stop.
pub fn run(desk: &Desk, case: &Case, jobs: usize) -> Result<Verified, Error> {
    let sources = case.sources()?;
    let mut files: Vec<(PathBuf, SourceId)> = Vec::new();
    let mut known = BTreeSet::new();
    for source in &sources {
        known.extend(places(case, &source.id)?);
        let standing =
            case.whereabouts(&source.id)?.into_iter().filter(|w| w.replaced_by.is_none());
        files.extend(standing.map(|w| (case.dir().join(w.path), source.id)));
    }
    files.sort();
    desk.tell(&Event::Started { step: Step::Verify, files: files.len() });
    let mut verified = Verified {
        whole: false,
        sources: sources.len(),
        unchanged: 0,
        missing: Vec::new(),
        moved: Vec::new(),
        changed: Vec::new(),
        unreadable: Vec::new(),
        added: Vec::new(),
        custody: case.verify_custody()?,
        database: case.check_database()?,
    };
    let held = hash_all(desk, &files, jobs, &mut verified)?;
    let mut added = added(case, &known)?;
    find_again(desk, &sources, &held, &mut added, &mut verified)?;
    verified.added = added.iter().map(shown).collect();
    verified.sort();
    let counts = [("unchanged", verified.unchanged), ("different", verified.differences())];
    let counts = counts.map(|(name, count)| (name, count as u64));
    desk.tell(&Event::Finished { step: Step::Verify, counts: BTreeMap::from(counts) });
    verified.whole =
        verified.differences() == 0 && verified.custody.is_whole() && verified.database.is_empty();
    Ok(verified)
}

fn hash_all(
    desk: &Desk,
    files: &[(PathBuf, SourceId)],
    jobs: usize,
    verified: &mut Verified,
) -> Result<BTreeMap<SourceId, String>, Error> {
    let mut held = BTreeMap::new();
    let size = |path: &PathBuf| path.metadata().map_or(0, |status| status.len());
    let total = files.iter().map(|(path, _)| size(path)).sum();
    let counter = Counter::new(desk, Step::Verify, Unit::Bytes, total);
    each(
        files,
        jobs,
        &|| desk.stopped(),
        |(path, _), stop| {
            let hashed = media::hash(path, stop);
            counter.add(size(path));
            hashed
        },
        |index, hashed| {
            let (path, source) = &files[index];
            let difference = |now, why| Difference { path: shown(path), source: *source, now, why };
            match hashed {
                Ok((now, _)) if now == *source => {
                    verified.unchanged += 1;
                    held.insert(*source, shown(path));
                }
                Ok((now, _)) => verified.changed.push(difference(Some(now), None)),
                Err(media::Error::Stopped) => return Err(Error::Stopped),
                Err(media::Error::Vanished { .. }) => {
                    verified.missing.push(difference(None, None));
                }
                Err(media::Error::Empty { .. }) => {
                    let why = Some("it is empty (0 bytes)".to_owned());
                    verified.changed.push(difference(None, why));
                }
                Err(error) => {
                    let why = Some(reason(&error, path));
                    verified.unreadable.push(difference(None, why));
                }
            }
            Ok(())
        },
    )?;
    desk.stop_if_asked()?;
    Ok(held)
}

/// What is missing may only lie elsewhere: where the case knows that it does, or under another name
/// among the evidence.
fn find_again(
    desk: &Desk,
    sources: &[Source],
    held: &BTreeMap<SourceId, String>,
    added: &mut Vec<PathBuf>,
    verified: &mut Verified,
) -> Result<(), Error> {
    let lost: BTreeSet<u64> = sources
        .iter()
        .filter(|source| verified.missing.iter().any(|missing| missing.source == source.id))
        .map(|source| source.size_bytes)
        .collect();
    let mut unknown = BTreeMap::new();
    for path in &*added {
        if path.metadata().is_ok_and(|status| lost.contains(&status.len()))
            && let Ok((id, _)) = media::hash(path, &|| desk.stopped())
        {
            unknown.insert(id, shown(path));
        }
    }
    desk.stop_if_asked()?;
    let mut moved = Vec::new();
    verified.missing.retain(|missing| {
        let known = held.contains_key(&missing.source);
        let Some(now_at) = held.get(&missing.source).or_else(|| unknown.get(&missing.source))
        else {
            return true;
        };
        let (path, now_at) = (missing.path.clone(), now_at.clone());
        moved.push(Moved { path, source: missing.source, now_at, known });
        false
    });
    added.retain(|path| moved.iter().all(|moved| moved.now_at != shown(path)));
    verified.moved = moved;
    Ok(())
}

/// Files in the folders that were added, and among the copies, that the case does not know. What
/// adding left out by name then is not new now.
fn added(case: &Case, known: &BTreeSet<PathBuf>) -> Result<Vec<PathBuf>, Error> {
    let mut folders = added_folders(case)?;
    let copies = case.dir().join(EVIDENCE);
    if copies.is_dir() {
        folders.push(copies);
    }
    folders.retain(|folder| folder.is_dir());
    let mut originals = BTreeSet::new();
    for source in case.sources()? {
        originals.extend(case.whereabouts(&source.id)?.into_iter().filter_map(|w| w.copied_from));
    }
    let left_out: BTreeSet<PathBuf> = left_out(case)?.into_iter().collect();
    let mut files = gather(&folders).files;
    files.retain(|file| {
        !known.contains(file) && !originals.contains(file) && !left_out.contains(file)
    });
    Ok(files)
}

impl Verified {
    /// Files that differ in any way.
    pub fn differences(&self) -> usize {
        let strayed = self.moved.iter().filter(|moved| !moved.known).count();
        let lost = self.missing.len() + self.changed.len() + self.unreadable.len();
        lost + self.added.len() + strayed
    }

    fn sort(&mut self) {
        for list in [&mut self.missing, &mut self.changed, &mut self.unreadable] {
            list.sort_by(|a, b| a.path.cmp(&b.path));
        }
    }
}
