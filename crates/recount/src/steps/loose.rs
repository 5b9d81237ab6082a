//! Synchronises files without a case: examine, hear and align them, and keep nothing.
//!
//! In: files and folders. Out: a snapshot. Each file is examined and heard by one thread in one
//! go, so no core waits for the slowest probe. Sound stays in memory while it is small and goes
//! to nameless temporary files beyond that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use align::{Findings, Heard};
use evidence::{Recording, Refusal, Source, SourceId, SourceKind, Stretch};
use media::Door;
use publish::{Shown, Snapshot};

use super::align::{Ready, place};
use super::examine::{Examined, Unfit, examine, unfit};
use super::gather::gather;
use super::given::Word;
use super::hear::{Hearing, NotHeard, hear, hear_at_once, sound_tag};
use super::look::Look;
use super::sniff::{Sniffed, sniff};
use super::watch::{Candidate, Todo, is_worth_it, watch_all};
use crate::desk::{Counter, Desk, TOOL};
use crate::error::Error;
use crate::event::{Event, Step, Unit};
use crate::pool::each;
use crate::report::names::shown;
use crate::snapshot::waveform;
use crate::sound::{MemoryBudget, Spool};

/// Sound that may stay in memory over all files: almost three hours of it. What was heard of a
/// hundred hours takes some 450 MB more, and all together is to stay below 1 GiB.
const MEMORY_BYTES: u64 = 160 << 20;

/// Synchronises what lies below the paths.
///
/// # Errors
/// If there is no recording, ffmpeg cannot be used, the disk is full, or somebody asked to stop.
pub fn run(desk: &Desk, door: &Door, paths: &[PathBuf], jobs: usize) -> Result<Snapshot, Error> {
    let mut taken = take_all(desk, door, paths, jobs)?;
    // Which of several files with the same bytes gives its name must not depend on threads.
    taken.ready.sort_by_key(|ready| ready.id);
    for ready in &mut taken.ready {
        let named = taken.files.iter().find(|file| file.source.id == ready.id);
        ready.name = named.map(|file| file.source.name()).unwrap_or_default();
    }
    taken.watch(desk, door, jobs)?;
    let alignment = place(desk, &taken.ready, &[], &Word::default(), &Findings::new())?;
    desk.stop_if_asked()?;
    let placements: BTreeMap<_, _> =
        alignment.placements.into_iter().map(|placement| (placement.source, placement)).collect();
    // A recording without sound may have been placed by its light.
    let mut refusals = taken.refusals;
    refusals.retain(|id, _| !placements.contains_key(id));
    refusals.extend(alignment.refusals);
    let recordings = taken.files.into_iter().map(|file| Shown {
        placement: placements.get(&file.source.id).cloned(),
        stretches: taken.stretches.get(&file.source.id).cloned().unwrap_or_default(),
        refusal: refusals.get(&file.source.id).cloned(),
        waveform: taken.outlines.get(&file.source.id).cloned().and_then(waveform),
        source: file.source,
        recording: file.recording,
    });
    Ok(Snapshot {
        title: "these files".to_owned(),
        recordings: recordings.collect(),
        ties: alignment.ties,
        excerpts: alignment.excerpts,
        documents: Vec::new(),
        words: Vec::new(),
        stood: Vec::new(),
        utc: Vec::new(),
        transcripts: Vec::new(),
        tool: TOOL.to_owned(),
    })
}

/// A clip that belongs to no case.
#[derive(Debug)]
pub struct Clip {
    /// Its file.
    pub source: Source,
    /// What was heard, or why nothing was.
    pub heard: Result<Ready, Refusal>,
}

/// Hears what lies below the paths, in the order in which it lies there; of files with the same
/// bytes the first.
///
/// # Errors
/// Those of [`run`].
pub fn clips(desk: &Desk, door: &Door, paths: &[PathBuf], jobs: usize) -> Result<Vec<Clip>, Error> {
    let taken = take_all(desk, door, paths, jobs)?;
    let mut ready: BTreeMap<SourceId, Ready> =
        taken.ready.into_iter().map(|ready| (ready.id, ready)).collect();
    let mut refusals = taken.refusals;
    let clips = taken.files.into_iter().filter_map(|file| {
        let id = file.source.id;
        let heard = ready.remove(&id).map(Ok).or_else(|| refusals.remove(&id).map(Err))?;
        Some(Clip { source: file.source, heard })
    });
    Ok(clips.collect())
}

/// A recording among the files.
#[derive(Debug)]
struct File {
    position: usize,
    source: Source,
    recording: Recording,
    /// How it looked when it was hashed.
    look: Look,
}

/// What was taken in from all files.
#[derive(Debug, Default)]
struct Taken {
    files: Vec<File>,
    ready: Vec<Ready>,
    refusals: BTreeMap<SourceId, Refusal>,
    stretches: BTreeMap<SourceId, Vec<Stretch>>,
    outlines: BTreeMap<SourceId, Vec<u8>>,
}

/// One file taken in.
#[derive(Debug)]
enum TakenIn {
    Heard(Box<Hearing>),
    /// It has no sound, or it could not be heard.
    NotHeard(Refusal),
    /// Another file with the same bytes is being heard.
    Twin,
}

/// Takes in what lies below the paths.
fn take_all(desk: &Desk, door: &Door, paths: &[PathBuf], jobs: usize) -> Result<Taken, Error> {
    let gathered = gather(paths);
    for skipped in &gathered.skipped {
        desk.tell(&Event::refused(Step::Listen, &skipped.path, &skipped.reason));
    }
    let mut taken = hear_all(desk, door, gathered.files, jobs)?;
    if taken.files.is_empty() {
        let path = paths.first().cloned().unwrap_or_default();
        return Err(Error::NoRecording { path });
    }
    taken.files.sort_by_key(|file| file.position);
    Ok(taken)
}

fn hear_all(desk: &Desk, door: &Door, files: Vec<PathBuf>, jobs: usize) -> Result<Taken, Error> {
    desk.tell(&Event::Started { step: Step::Listen, files: files.len() });
    let size = |path: &PathBuf| path.symlink_metadata().map_or(0, |status| status.len());
    let mut files: Vec<_> =
        files.into_iter().enumerate().map(|(n, path)| (size(&path), n, path)).collect();
    let counter = Counter::new(desk, Step::Listen, Unit::Files, files.len() as u64);
    // The longest first, so that no thread is left with a long one at the end.
    files.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let budget = MemoryBudget::of_bytes(MEMORY_BYTES);
    let claimed = Mutex::new(BTreeSet::new());
    let mut taken = Taken::default();
    let mut skipped = 0_u64;
    each(
        &files,
        jobs,
        &|| desk.stopped(),
        |(_, _, path), stop| {
            let result = take_in(door, path, &budget, &claimed, stop);
            counter.add(1);
            result
        },
        |index, result| {
            let (_, position, path) = &files[index];
            match result {
                Ok((Examined { source, recording: Some(recording), look }, taken_in)) => {
                    let file = File { position: *position, source, recording, look };
                    taken.put(desk, file, taken_in);
                }
                Ok(_) => {
                    let note = format!("passed over a document: {}", shown(path));
                    desk.tell(&Event::Noted { step: Step::Listen, note });
                }
                Err(Unfit::Stopped) => return Err(Error::Stopped),
                Err(Unfit::All(error)) => return Err(*error),
                Err(Unfit::File(reason)) => {
                    skipped += 1;
                    desk.tell(&Event::refused(Step::Listen, path, reason));
                }
            }
            Ok(())
        },
    )?;
    desk.stop_if_asked()?;
    taken.refuse_unheard(desk);
    let counts = [("heard", taken.ready.len() as u64), ("skipped", skipped)];
    desk.tell(&Event::Finished { step: Step::Listen, counts: counts.into() });
    Ok(taken)
}

fn take_in(
    door: &Door,
    path: &Path,
    budget: &MemoryBudget,
    claimed: &Mutex<BTreeSet<SourceId>>,
    stop: &dyn Fn() -> bool,
) -> Result<(Examined, TakenIn), Unfit> {
    if let Some((examined, hearing)) = take_in_at_once(door, path, budget, claimed, stop)? {
        return Ok((examined, TakenIn::Heard(Box::new(hearing))));
    }
    let examined = examine(door, path, stop)?;
    let Some(recording) = &examined.recording else { return Ok((examined, TakenIn::Twin)) };
    if recording.audio.is_empty() {
        return Ok((examined, TakenIn::NotHeard(Refusal::NoAudio)));
    }
    if !claims(claimed).insert(examined.source.id) {
        return Ok((examined, TakenIn::Twin));
    }
    debug_assert_eq!(examined.source.kind, SourceKind::Recording);
    let spool = Spool::loose(budget, sound_tag(door.ffmpeg_version()));
    let heard = hear(door, path, recording, spool, stop, None);
    let why = match heard {
        Ok(hearing) if Look::at(path).ok().as_ref() == Some(&examined.look) => {
            return Ok((examined, TakenIn::Heard(Box::new(hearing))));
        }
        Ok(_) => "it changed while it was being read; wait until it is complete".to_owned(),
        Err(NotHeard::Kept(error)) => return Err(Unfit::All(Box::new(error))),
        Err(NotHeard::Media(error)) => match unfit(error, path) {
            Unfit::File(why) => why,
            other => return Err(other),
        },
    };
    Ok((examined, TakenIn::NotHeard(Refusal::Unreadable { why })))
}

/// The shorter way, for recordings with nothing odd about them; `None` when the longer must be
/// taken, which then also says what is wrong with the file.
fn take_in_at_once(
    door: &Door,
    path: &Path,
    budget: &MemoryBudget,
    claimed: &Mutex<BTreeSet<SourceId>>,
    stop: &dyn Fn() -> bool,
) -> Result<Option<(Examined, Hearing)>, Unfit> {
    let Ok(look) = Look::at(path) else { return Ok(None) };
    if !Door::may_listen_at_once(path) || !matches!(sniff(path), Ok(Sniffed::Other)) {
        return Ok(None);
    }
    let Ok((id, size_bytes)) = media::hash(path, stop) else { return Ok(None) };
    // Of twins one is heard; the others are only described.
    if !claims(claimed).insert(id) {
        return Ok(None);
    }
    let spool = Spool::loose(budget, sound_tag(door.ffmpeg_version()));
    let heard = hear_at_once(door, path, spool, stop);
    match heard {
        Ok(Some((recording, hearing))) if Look::at(path).ok().as_ref() == Some(&look) => {
            let kind = SourceKind::Recording;
            let source = Source { id, kind, path: path.to_owned(), size_bytes };
            return Ok(Some((Examined { source, recording: Some(recording), look }, hearing)));
        }
        Err(NotHeard::Kept(error)) => return Err(Unfit::All(Box::new(error))),
        Err(NotHeard::Media(error)) => {
            if let error @ (Unfit::Stopped | Unfit::All(_)) = unfit(error, path) {
                return Err(error);
            }
        }
        Ok(_) => {}
    }
    // Given back, so that the longer way, or a twin, may take it.
    claims(claimed).remove(&id);
    Ok(None)
}

/// The recordings that some thread hears or has heard.
fn claims(claimed: &Mutex<BTreeSet<SourceId>>) -> MutexGuard<'_, BTreeSet<SourceId>> {
    claimed.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Taken {
    /// Refuses twins of a file that changed before it was heard, so that nothing is left without
    /// an answer.
    fn refuse_unheard(&mut self, desk: &Desk) {
        let heard: BTreeSet<_> = self.ready.iter().map(|ready| ready.id).collect();
        for file in &self.files {
            let id = file.source.id;
            if heard.contains(&id) || self.refusals.contains_key(&id) {
                continue;
            }
            let why = "another file with the same bytes changed while it was being read; run again";
            desk.tell(&Event::refused(Step::Listen, &file.source.path, why));
            self.refusals.insert(id, Refusal::Unreadable { why: why.to_owned() });
        }
    }

    /// Looks at the pictures, if there is a recording that only light may place.
    fn watch(&mut self, desk: &Desk, door: &Door, jobs: usize) -> Result<(), Error> {
        let is_silent = |id: &SourceId| match self.refusals.get(id) {
            Some(Refusal::NoAudio) => Some(true),
            Some(_) => None,
            None => Some(self.ready.iter().any(|r| r.id == *id && !r.heard.is_enough())),
        };
        let mut seen = BTreeSet::new();
        let (mut todo, mut candidates) = (Vec::new(), Vec::new());
        for file in self.files.iter().filter(|file| !file.recording.video.is_empty()) {
            let id = file.source.id;
            let Some(is_silent) = is_silent(&id).filter(|_| seen.insert(id)) else { continue };
            candidates.push(Candidate { has_pictures: true, has_sound: !is_silent });
            let (path, recording) = (file.source.path.clone(), file.recording.clone());
            todo.push(Todo { id, path, recording, look: Some(file.look.clone()) });
        }
        if !is_worth_it(&candidates) {
            return Ok(());
        }
        let mut lights = watch_all(desk, door, jobs, &mut todo, None)?.lights;
        for ready in &mut self.ready {
            ready.light = lights.remove(&ready.id);
        }
        for (id, light) in lights {
            let Some(file) = self.files.iter().find(|file| file.source.id == id) else { continue };
            let heard = Heard::nothing(file.recording.duration.seconds());
            let (name, light) = (file.source.name(), Some(light));
            self.ready.push(Ready { id, name, heard, sound: None, light });
        }
        Ok(())
    }

    fn put(&mut self, desk: &Desk, file: File, taken_in: TakenIn) {
        let id = file.source.id;
        match taken_in {
            TakenIn::Heard(hearing) => {
                let Hearing { listened, heard, sound, outline } = *hearing;
                for warning in listened.warnings {
                    let path = shown(&file.source.path);
                    desk.tell(&Event::warned(format!("{warning}: {path}")));
                }
                self.stretches.insert(id, listened.stretches);
                self.outlines.insert(id, outline);
                let (name, sound) = (String::new(), Some(sound));
                self.ready.push(Ready { id, name, heard, sound, light: None });
            }
            TakenIn::NotHeard(refusal) => {
                if let Refusal::Unreadable { why } = &refusal {
                    desk.tell(&Event::refused(Step::Listen, &file.source.path, why));
                }
                self.refusals.insert(id, refusal);
            }
            TakenIn::Twin => {}
        }
        let note = format!("heard {} {}", id.short(), shown(&file.source.path));
        desk.tell(&Event::Noted { step: Step::Listen, note });
        self.files.push(file);
    }
}
