//! What a person does in the page that changes the case: placing recordings, naming voices, taking
//! that back, adding files. Done one after the other by one thread, with the functions of the command line;
//! the case is locked from the first change to the end of the solution, and by nobody otherwise.
//!
//! What is asked for while a solution is being found waits and is then solved all at once.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path as UrlPath, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use case::{Case, CaseLock};
use evidence::{Anchor, AnchoredBy, MediaTime, Named, Placement, SourceId};
use futures_util::StreamExt as _;
use publish::Labels;
use serde::Deserialize;
use serde_json::json;

use super::Server;
use super::answer::Failed;
use super::jobs::Ticket;
use super::routes::{aside, no_such_recording};
use crate::args::Work;
use crate::commands::{contradicted, open_locked, synchronise};
use crate::desk::{Desk, stamp};
use crate::error::Error;
use crate::report::moved;
use crate::report::names::shown_text;
use crate::snapshot;
use crate::steps::add::{self, Keeping, Request};
use crate::steps::align::Missing;
use crate::steps::paths::EVIDENCE;
use crate::steps::{correct as steps_correct, given, voices};

/// Between two looks for something to do, and two tries for a case that another process works on.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How long an upload may pause.
const CHUNK_PATIENCE: Duration = Duration::from_secs(60);

/// One standard deviation that a person may state, seconds; as on the command line.
const SIGMA_S: std::ops::RangeInclusive<f64> = 0.0001..=31_557_600.0;

/// A century, seconds: no recording has such times.
const TIME_S_MAX: f64 = 3.2e9;

/// Letters of a person's name, at most.
const NAME_MAX: usize = 200;

/// Files that arrive lie in a folder whose name begins so, in the case's evidence, until they are
/// added.
const ARRIVING: &str = ".arriving-";

/// Nobody's any more, if nothing was written to it for so long.
const LEFT_AFTER: Duration = Duration::from_secs(3600);

/// `POST /api/place`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Placing {
    /// The recording that is placed.
    #[cfg_attr(test, ts(type = "string"))]
    source: SourceId,
    /// A moment of it, media time.
    media: f64,
    /// The recording that it is placed by.
    #[cfg_attr(test, ts(type = "string"))]
    other: SourceId,
    /// The same moment there, media time.
    other_media: f64,
    /// One standard deviation, seconds.
    sigma: f64,
    /// Whether nothing else may move it.
    lock: bool,
}

/// `POST /api/name`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Naming {
    /// The recording in which somebody is heard.
    #[cfg_attr(test, ts(type = "string"))]
    source: SourceId,
    /// A moment at which this voice speaks, media time.
    media: f64,
    /// Who it is.
    person: String,
    /// Whether this is said of what is said there alone, and not of the voice wherever it is heard.
    only: bool,
}

/// `POST /api/correct`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Correcting {
    /// The recording that understood the utterance best.
    #[cfg_attr(test, ts(type = "string"))]
    source: SourceId,
    /// When it begins there, media time.
    media: f64,
    /// What the person saw.
    before: String,
    /// What is said; the same if that is right.
    text: String,
}

/// What is to be done.
#[derive(Debug)]
enum Wish {
    Place(Anchor),
    Undo(i64),
    Name(Named),
    Correct(Correcting),
    /// Takes back a name or a correction: nothing is to be solved for that.
    Unname(i64),
    /// A file that has arrived, alone in its folder.
    Add(PathBuf),
}

impl Wish {
    /// Whether recordings may lie elsewhere afterwards.
    fn moves(&self) -> bool {
        matches!(self, Wish::Place(_) | Wish::Undo(_) | Wish::Add(_))
    }
}

/// What waits to be done.
#[derive(Debug, Default)]
pub struct Wishes {
    waiting: Mutex<VecDeque<(Arc<Ticket>, Wish)>>,
}

/// `POST /api/place`: keeps what a person says, and solves again.
///
/// # Errors
/// If it makes no sense.
pub async fn place(
    State(server): State<Arc<Server>>,
    Json(asked): Json<Placing>,
) -> Result<Response, Failed> {
    let anchor = anchor(&asked)?;
    let named = aside(&server, move |server| {
        for id in [anchor.source, anchor.other] {
            server.recording(&id)?.ok_or_else(no_such_recording)?;
        }
        Ok(server.name_of(&anchor.source))
    });
    let what = format!("placing {}", named.await?);
    Ok(accepted(server.wish(what, Wish::Place(anchor))))
}

/// `POST /api/name`: keeps who a person says is heard.
///
/// # Errors
/// If it makes no sense.
pub async fn name(
    State(server): State<Arc<Server>>,
    Json(asked): Json<Naming>,
) -> Result<Response, Failed> {
    let named = named(&asked)?;
    let known = aside(&server, move |server| {
        server.recording(&named.source)?.ok_or_else(no_such_recording)?;
        Ok(named)
    });
    let named = known.await?;
    let what = format!("naming {}", shown_text(&named.person));
    Ok(accepted(server.wish(what, Wish::Name(named))))
}

/// `POST /api/correct`: keeps what a person says is said.
///
/// # Errors
/// If it makes no sense; with 409 and both texts if somebody else corrected it meanwhile.
pub async fn correct(
    State(server): State<Arc<Server>>,
    Json(asked): Json<Correcting>,
) -> Result<Response, Failed> {
    if !asked.media.is_finite() || asked.media.abs() > TIME_S_MAX {
        return Err(Failed::asked("a time is a number of seconds"));
    }
    let seen = asked.clone();
    let now = aside(&server, move |server| {
        server.recording(&seen.source)?.ok_or_else(no_such_recording)?;
        let case = server.case().beside()?;
        let at_ns = MediaTime::from_seconds(seen.media).0;
        Ok(steps_correct::shown(&case, Some(seen.source), at_ns)?.text())
    });
    let now = now.await?;
    if now != asked.before {
        let sentence =
            format!("somebody corrected this meanwhile; it is now “{}”", shown_text(&now));
        return Err(Failed::new(StatusCode::CONFLICT, sentence));
    }
    let what = format!("correcting “{}”", shown_text(&asked.before));
    Ok(accepted(server.wish(what, Wish::Correct(asked))))
}

/// `POST /api/undo/{id}`: takes back what a person said; where that placed something, all is solved again.
///
/// # Errors
/// If nothing of that number was said, or it was taken back.
pub async fn undo(
    State(server): State<Arc<Server>>,
    UrlPath(id): UrlPath<i64>,
) -> Result<Response, Failed> {
    let known = aside(&server, move |server| {
        let case = server.case();
        if case.corrected()?.iter().any(|told| told.id == id) {
            return Ok((Some("taking back a correction"), false));
        }
        let is_named = case.named()?.iter().any(|told| told.id == id);
        Ok((
            is_named.then_some("taking back a name"),
            case.anchors()?.iter().any(|told| told.id == id),
        ))
    });
    let (what, wish) = match known.await? {
        (Some(what), _) => (what, Wish::Unname(id)),
        (_, true) => ("taking back a placement", Wish::Undo(id)),
        _ => return Err(Failed::missing("nothing of this number was said, or it was taken back")),
    };
    Ok(accepted(server.wish(what.to_owned(), wish)))
}

/// The name under which a file arrives.
#[derive(Debug, Deserialize)]
pub struct Arriving {
    name: String,
}

/// `POST /api/add?name=FILE`: the body is a file; it is copied into the case and all is solved again.
///
/// # Errors
/// If the name is none for a file, or the file cannot be stored.
pub async fn add(
    State(server): State<Arc<Server>>,
    Query(asked): Query<Arriving>,
    body: Body,
) -> Result<Response, Failed> {
    if !is_file_name(&asked.name) {
        return Err(Failed::asked("a file is added under its own name, without folders"));
    }
    let evidence = server.dir.join(EVIDENCE);
    let arrival = Arrival::open(&evidence, &asked.name)?;
    let path = arrival.receive(body).await?;
    let what = format!("adding {}", asked.name);
    Ok(accepted(server.wish(what, Wish::Add(path))))
}

fn accepted(job: u32) -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "job": job }))).into_response()
}

fn anchor(asked: &Placing) -> Result<Anchor, Failed> {
    let is_time = |seconds: f64| seconds.is_finite() && seconds.abs() <= TIME_S_MAX;
    if !is_time(asked.media) || !is_time(asked.other_media) {
        return Err(Failed::asked("a time is a number of seconds"));
    }
    if !SIGMA_S.contains(&asked.sigma) {
        return Err(Failed::asked(
            "a doubt is 0.0001 seconds or more: nobody knows a time exactly",
        ));
    }
    if asked.source == asked.other {
        return Err(Failed::asked("a recording cannot be placed by itself"));
    }
    Ok(Anchor {
        source: asked.source,
        time: MediaTime::from_seconds(asked.media),
        other: asked.other,
        other_time: MediaTime::from_seconds(asked.other_media),
        sigma_ns: MediaTime::from_seconds(asked.sigma).0,
        is_locked: asked.lock,
        by: AnchoredBy::Hand,
    })
}

fn named(asked: &Naming) -> Result<Named, Failed> {
    if !asked.media.is_finite() || asked.media.abs() > TIME_S_MAX {
        return Err(Failed::asked("a time is a number of seconds"));
    }
    let person = asked.person.trim();
    if person.is_empty() || person.chars().count() > NAME_MAX {
        return Err(Failed::asked("a name has letters, and no more than two hundred"));
    }
    Ok(Named {
        source: asked.source,
        at: MediaTime::from_seconds(asked.media),
        person: person.to_owned(),
        is_alone: asked.only,
    })
}

/// A plain name, not hidden, that means the same to every program.
fn is_file_name(name: &str) -> bool {
    let fits = (1..=200).contains(&name.len()) && !name.starts_with('.');
    fits && !name.chars().any(|c| c == '/' || c == '\\' || c.is_control())
}

/// A file that arrives; gone, with its folder, when it is dropped before all of it is there.
#[derive(Debug)]
struct Arrival {
    folder: tempfile::TempDir,
    path: PathBuf,
    file: Option<File>,
}

impl Arrival {
    fn open(evidence: &Path, name: &str) -> Result<Self, Failed> {
        let stored = |error| Failed::from(Error::file("store the file in", evidence)(error));
        fs::create_dir_all(evidence).map_err(stored)?;
        let folder = tempfile::Builder::new().prefix(ARRIVING).tempdir_in(evidence);
        let folder = folder.map_err(stored)?;
        let path = folder.path().join(name);
        let file = File::create_new(&path).map_err(stored)?;
        Ok(Self { folder, path, file: Some(file) })
    }

    /// Writes the body down as it comes.
    async fn receive(mut self, body: Body) -> Result<PathBuf, Failed> {
        let mut chunks = body.into_data_stream();
        let broken =
            || Failed::new(StatusCode::BAD_REQUEST, "the file broke off while it was sent");
        loop {
            let next = tokio::time::timeout(CHUNK_PATIENCE, chunks.next()).await;
            let Some(bytes) = next.map_err(|_| broken())? else { break };
            let bytes = bytes.map_err(|_| broken())?;
            let mut file = self.file.take().ok_or_else(broken)?;
            let written =
                tokio::task::spawn_blocking(move || file.write_all(&bytes).map(|()| file));
            let written = written.await.map_err(|_| broken())?;
            let file = written.map_err(Error::file("store the file", &self.path));
            self.file = Some(file.map_err(Failed::from)?);
        }
        drop(self.file.take());
        // Its folder stays until the file is added.
        let _ = self.folder.keep();
        Ok(self.path)
    }
}

impl Server {
    /// Has something done when its turn comes; returns the number of its job.
    fn wish(&self, what: String, wish: Wish) -> u32 {
        let ticket = Arc::new(self.jobs.begin(what));
        let id = ticket.id();
        let mut waiting = self.wishes.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back((ticket, wish));
        id
    }

    /// Does what is wished for until the server stops.
    pub(super) fn fulfil(&self) {
        clear_away(&self.dir.join(EVIDENCE));
        while !self.stop.asked() {
            let waiting = self.wishes.waiting.lock();
            let together = std::mem::take(&mut *waiting.unwrap_or_else(PoisonError::into_inner));
            if together.is_empty() {
                std::thread::sleep(LOOK_EVERY);
                continue;
            }
            self.fulfil_all(together.into());
            // The windows hear of it now, not with the next look.
            let _ = self.look();
        }
    }

    /// Changes the case as wished, then solves once for all.
    fn fulfil_all(&self, wishes: Vec<(Arc<Ticket>, Wish)>) {
        let Some((first, _)) = wishes.first() else { return };
        let desk = first.desk();
        let (mut case, _lock) = match self.locked(&desk, first) {
            Ok(locked) => locked,
            Err(error) => return self.give_up(wishes, error),
        };
        let mut done = Vec::new();
        for (ticket, wish) in wishes {
            let changed = self.change(&mut case, &ticket, &wish);
            forget(&wish);
            match changed {
                // The windows hear of it with the look that follows.
                Ok(_) if !wish.moves() => ticket.end(Ok(None)),
                Ok(before) => done.push((ticket, wish, before)),
                Err(error) => ticket.end(Err(error)),
            }
        }
        if done.is_empty() {
            return;
        }
        let _ = self.look();
        let solver = Arc::clone(&done[0].0);
        for (ticket, ..) in done.iter().skip(1) {
            ticket.say(&format!("solved together with job {}", solver.id()));
        }
        let solved = self.solve(&mut case, &solver.desk());
        for (ticket, wish, before) in done {
            let ended = match &solved {
                Ok(after) => Ok(Some(told(&wish, &before, after))),
                Err(error) => Err(Error::Asked { what: error.to_string(), hint: "" }),
            };
            ticket.end(match (&solved, ended) {
                (Err(error), _) if error.exit_code() == 3 => Err(Error::Stopped),
                (_, ended) => ended,
            });
        }
    }

    /// Ends the first of some wishes; the others have their turn later.
    fn give_up(&self, mut wishes: Vec<(Arc<Ticket>, Wish)>, error: Error) {
        let (ticket, wish) = wishes.remove(0);
        forget(&wish);
        ticket.end(Err(error));
        let mut waiting = self.wishes.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for wish in wishes.into_iter().rev() {
            waiting.push_front(wish);
        }
    }

    /// The case, locked; waits while another process works on it.
    fn locked(&self, desk: &Desk, ticket: &Ticket) -> Result<(Case, CaseLock), Error> {
        loop {
            match open_locked(desk, &self.dir) {
                Err(Error::Case(error @ case::Error::Busy { .. })) => {
                    ticket.say(&error.to_string());
                }
                other => return other,
            }
            desk.stop_if_asked()?;
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Writes one wish into the case; returns what was placed before.
    fn change(
        &self,
        case: &mut Case,
        ticket: &Arc<Ticket>,
        wish: &Wish,
    ) -> Result<Vec<Placement>, Error> {
        if ticket.stopped() {
            return Err(Error::Stopped);
        }
        let before = case.placements()?;
        match wish {
            Wish::Place(anchor) => {
                let sentence = moved::sentence(anchor, &Labels::of(&snapshot::without_ties(case)?));
                for said in given::say(case, anchor, &sentence)? {
                    ticket.say(&format!("this takes the place of: {}", shown_text(&said)));
                }
            }
            Wish::Undo(id) | Wish::Unname(id) => case.undo_anchor(&stamp(), *id)?,
            Wish::Name(named) => {
                let labels = Labels::of(&snapshot::without_ties(case)?);
                voices::say(case, named, &labels)?;
            }
            Wish::Correct(asked) => {
                let labels = Labels::of(&snapshot::without_ties(case)?);
                let at = (asked.source, MediaTime::from_seconds(asked.media));
                let texts = (asked.before.as_str(), asked.text.as_str());
                steps_correct::say_having_seen(case, at, texts, &labels)?;
            }
            Wish::Add(path) => {
                let door = self.door.as_ref().ok_or_else(no_ffmpeg)?;
                let paths = [path.clone()];
                let request = Request { paths: &paths, keeping: Keeping::Copied, jobs: 1 };
                let counts = add::run(&ticket.desk(), case, door, &request)?;
                if counts.get("skipped").is_some_and(|skipped| *skipped > 0) {
                    let why = ticket.said().unwrap_or_else(|| "it cannot be used".to_owned());
                    return Err(Error::Asked { what: why, hint: "" });
                }
            }
        }
        Ok(before)
    }

    fn solve(&self, case: &mut Case, desk: &Desk) -> Result<publish::Snapshot, Error> {
        let door = self.door.as_ref().ok_or_else(no_ffmpeg)?;
        if !case.recordings()?.is_empty() {
            synchronise(desk, case, door, Work { jobs: None }, Missing::KeepsPlacements)?;
        }
        snapshot::of_case(case)
    }
}

fn no_ffmpeg() -> Error {
    Error::Asked {
        what: "ffmpeg is not here, and nothing can be read without it".to_owned(),
        hint: "",
    }
}

/// Takes away what arrived, which is in the case by now or never will be.
fn forget(wish: &Wish) {
    if let Wish::Add(path) = wish
        && let Some(folder) = path.parent()
        && folder.file_name().is_some_and(is_arriving)
    {
        // What cannot be removed only takes up room.
        let _ = fs::remove_dir_all(folder);
    }
}

/// Takes away what a server that was killed left of files that were arriving. What was written to
/// within the hour may be arriving at another server.
fn clear_away(evidence: &Path) {
    let folders = fs::read_dir(evidence).into_iter().flatten().flatten();
    for folder in folders.map(|folder| folder.path()) {
        let is_ours = folder.file_name().is_some_and(is_arriving);
        let files = fs::read_dir(&folder).into_iter().flatten().flatten();
        let ages = files.filter_map(|file| file.metadata().ok()?.modified().ok()?.elapsed().ok());
        if is_ours && ages.min().is_none_or(|youngest| youngest > LEFT_AFTER) {
            // What cannot be removed only takes up room.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

fn is_arriving(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().starts_with(ARRIVING.as_bytes())
}

/// What came of a wish, for a person.
fn told(wish: &Wish, before: &[Placement], after: &publish::Snapshot) -> String {
    if let Wish::Place(anchor) = wish
        && let Some(sentence) = contradicted(after, anchor)
    {
        return sentence;
    }
    let moved = moved::text(&moved::changes(before, after)).trim_end().to_owned();
    if matches!(wish, Wish::Undo(_)) { format!("taken back\n{moved}") } else { moved }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_server_left_is_taken_away_and_what_arrives_now_is_not() {
        let evidence = tempfile::tempdir().unwrap();
        for name in [".arriving-old", ".arriving-new", "0123456789ab"] {
            fs::create_dir(evidence.path().join(name)).unwrap();
        }
        let made = |name: &str, age: Duration| {
            let file = File::create(evidence.path().join(name).join("a.wav")).unwrap();
            file.set_modified(std::time::SystemTime::now() - age).unwrap();
        };
        made(".arriving-old", 2 * LEFT_AFTER);
        made(".arriving-new", Duration::ZERO);
        made("0123456789ab", 2 * LEFT_AFTER);
        clear_away(evidence.path());
        let left = |name: &str| evidence.path().join(name).join("a.wav").exists();
        assert!(!left(".arriving-old") && left(".arriving-new") && left("0123456789ab"));
    }

    #[test]
    fn a_file_name_leads_nowhere_else() {
        for name in ["a.mp4", "voice note.m4a", "日本.mov", "a..b"] {
            assert!(is_file_name(name), "{name}");
        }
        let long = "a".repeat(201);
        for name in ["", ".", "..", "../a", "a/b", "a\\b", ".hidden", "a\n.mp4", "a\0b", &long] {
            assert!(!is_file_name(name), "{name}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_not_kept() {
        let asked = Placing {
            source: SourceId([1; 32]),
            media: 1.0,
            other: SourceId([2; 32]),
            other_media: 2.0,
            sigma: 0.1,
            lock: false,
        };
        assert!(anchor(&asked).is_ok());
        for wrong in [
            Placing { media: f64::NAN, ..asked.clone() },
            Placing { other_media: 1e300, ..asked.clone() },
            Placing { sigma: 0.0, ..asked.clone() },
            Placing { sigma: f64::INFINITY, ..asked.clone() },
            Placing { other: asked.source, ..asked.clone() },
        ] {
            assert!(anchor(&wrong).is_err(), "{wrong:?}");
        }
    }
}
