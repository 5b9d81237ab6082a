//! One file for each command: it opens what is needed, lets the steps work, and prints the
//! result. No command computes anything itself.

mod add;
mod clock;
mod export;
mod find;
mod import;
mod model;
mod new;
mod place;
mod reconstruct;
mod search;
mod serve;
mod shell;
mod status;
mod sync;
mod transcribe;
mod verify;
mod voices;
mod why;
mod words;

use export::write_whole;
pub(crate) use place::contradicted;

use std::path::{Path, PathBuf};

use case::{Case, CaseLock};
use evidence::SourceId;
use media::{Door, Limits};

use crate::args::{Command, Work};
use crate::desk::{Desk, stamp};
use crate::error::Error;
use crate::event::{Event, Step};
use crate::report::moved::{self, Change};
use crate::report::names::shown_text;
use crate::report::output;
use crate::snapshot;
use crate::steps::align::{Missing, Taken};
use crate::steps::{align, listen, watch};

/// Does what was asked.
///
/// # Errors
/// If it could not be done; what was finished before is kept.
pub fn run(desk: &Desk, command: &Command) -> Result<(), Error> {
    match command {
        Command::Reconstruct(asked) => reconstruct::run(desk, asked),
        Command::New(asked) => new::run(desk, asked),
        Command::Add(asked) => add::run(desk, asked),
        Command::Sync(asked) => sync::run(desk, asked),
        Command::Transcribe(asked) => transcribe::run(desk, asked),
        Command::Words(asked) => words::run(desk, asked),
        Command::Voices(asked) => voices::run(desk, asked),
        Command::Model(asked) => model::run(desk, asked),
        Command::Place(asked) => place::run(desk, asked),
        Command::Clock(asked) => clock::run(desk, asked),
        Command::Status(asked) => status::run(desk, asked),
        Command::Why(asked) => why::run(desk, asked),
        Command::Find(asked) => find::run(desk, asked),
        Command::Import(asked) => import::run(desk, asked),
        Command::Search(asked) => search::run(desk, asked),
        Command::Serve(asked) => serve::run(desk, asked),
        Command::Export(asked) => export::run(desk, asked),
        Command::Verify(asked) => verify::run(desk, asked),
        Command::Completions(asked) => shell::completions(asked),
        Command::Man(asked) => shell::man(asked),
    }
}

/// Opens a case and takes it for this process.
///
/// # Errors
/// If it cannot be opened, or another process works on it.
pub(crate) fn open_locked(desk: &Desk, dir: &Path) -> Result<(Case, CaseLock), Error> {
    let case = open(desk, dir)?;
    let lock = case.lock(&stamp())?;
    Ok((case, lock))
}

/// Opens a case, and tells if its custody log is not as it was left.
fn open(desk: &Desk, dir: &Path) -> Result<Case, Error> {
    // Paths of copies are told apart from others by where they are, so it must be told one way.
    let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let case = Case::open(&dir, &stamp())?;
    if case.custody_standing() == case::custody::Standing::Differs {
        desk.needs_attention();
        desk.tell(&Event::warned("the custody log is not what was written; see `recount verify`"));
    }
    Ok(case)
}

/// Opens the door to media, and tells which protections this machine lacks.
fn open_door(desk: &Desk) -> Result<Door, Error> {
    let door = Door::open(Limits::default())?;
    for warning in door.warnings() {
        desk.tell(&Event::Warned { warning });
    }
    Ok(door)
}

/// Takes back what a person said last, or all that was said of one recording. `told` is what was
/// said and can be taken back, by its number, in order.
///
/// # Errors
/// If there is nothing to take back, or the case cannot be written.
fn take_back(
    desk: &Desk,
    case: &mut Case,
    told: &[Said],
    of: Option<SourceId>,
    hint: &'static str,
) -> Result<(), Error> {
    let gone: Vec<&Said> = match of {
        Some(source) => told.iter().filter(|told| told.of == source).collect(),
        None => told.last().into_iter().collect(),
    };
    if gone.is_empty() {
        let what = "nothing was said that could be taken back".to_owned();
        return Err(Error::Asked { what, hint });
    }
    for told in gone {
        case.undo_anchor(&stamp(), told.id)?;
        if !desk.json && !desk.quiet {
            output::print(&format!("took back: {}\n", shown_text(&told.sentence)))?;
        }
    }
    Ok(())
}

/// What a person said that can be taken back.
struct Said {
    id: i64,
    of: SourceId,
    sentence: String,
}

impl Said {
    fn of<T>(told: Vec<case::Told<T>>, source: impl Fn(&T) -> SourceId) -> Vec<Self> {
        let said = |told: case::Told<T>| Self {
            id: told.id,
            of: source(&told.anchor),
            sentence: told.said,
        };
        told.into_iter().map(said).collect()
    }
}

/// Uses so many threads for computing.
fn use_threads(work: Work) {
    // Fails only if somebody has set it before, which nobody does.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(work.jobs()).build_global();
}

/// Listens and aligns; returns what was placed before and moved by more than its doubt.
///
/// # Errors
/// If there is nothing to work on, the case cannot be written or somebody asked to stop.
pub(crate) fn synchronise(
    desk: &Desk,
    case: &mut Case,
    door: &Door,
    work: Work,
    missing: Missing,
) -> Result<Vec<Change>, Error> {
    let before = case.placements()?;
    listen_and_align(desk, case, door, work, missing)?;
    if case.placements()? == before {
        return Ok(Vec::new());
    }
    let after = snapshot::of_case(case)?;
    // A picture that was drawn would show what is no longer so.
    if case.dir().join(PICTURE).exists() {
        draw(case, &after)?;
    }
    let moved = moved::beyond_doubt(&before, &after);
    for change in &moved {
        let note = format!("{} {}", change.what.word(), shown_text(&change.file));
        desk.tell(&Event::Noted { step: Step::Align, note });
    }
    Ok(moved)
}

/// The picture of a case, in its folder.
const PICTURE: &str = "timeline.svg";

/// Draws the timeline into the case folder.
///
/// # Errors
/// If it cannot be written.
fn draw(case: &Case, snapshot: &publish::Snapshot) -> Result<PathBuf, Error> {
    let path = case.dir().join(PICTURE);
    let files = publish::svg::write(snapshot)?;
    for file in files.iter().take(1) {
        write_whole(&path, &file.bytes, true)?;
    }
    Ok(path)
}

/// Kept sound that turns out to be damaged is made again, once.
fn listen_and_align(
    desk: &Desk,
    case: &mut Case,
    door: &Door,
    work: Work,
    missing: Missing,
) -> Result<(), Error> {
    if case.recordings()?.is_empty() {
        return Err(Error::NoRecording { path: case.dir().to_owned() });
    }
    for _ in 0..2 {
        let unheard = listen::run(desk, case, door, work.jobs())?;
        let watched = watch::run(desk, case, door, work.jobs(), &unheard)?;
        let taken = Taken { unheard: &unheard, watched: &watched };
        if let align::Outcome::Done = align::run(desk, case, door, taken, missing)? {
            return Ok(());
        }
        desk.tell(&Event::warned("kept sound was damaged on disk; it is made again"));
    }
    Err(Error::CacheUnreliable { path: case.dir().join(case::CACHE) })
}
