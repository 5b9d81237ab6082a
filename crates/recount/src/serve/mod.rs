//! The page's server: the case over HTTP, to the person at this machine, and to nobody else unless
//! that person wants it.
//!
//! In: a case and requests. Out: the built page, the case as JSON, media by stretches, what is
//! made for the page in the background. Every request passes `guard` before anything looks at it;
//! paths come from the case by source id, never from a request. It holds no fact: all is read from
//! the case, and what a person says there is written by the same functions as on the command
//! line. Changes made by other processes show within a second.
//!
//! The case is locked only while something is written to it, so every `recount` command works
//! beside an open page. Beyond this machine it answers only with a password and over TLS.

mod answer;
mod door;
mod events;
mod faces;
mod files;
mod guard;
mod jobs;
mod kinds;
mod look_at;
mod markers;
mod net;
mod network;
mod notes;
mod opener;
mod page;
mod peaks;
mod pictures;
mod proxies;
mod range;
mod routes;
mod said;
mod search;
mod sound;
#[cfg(test)]
mod types;
mod veils;
mod view;
mod writes;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use case::{Cache, Case};
use evidence::{Recording, Source, SourceId};
use media::Door;
use publish::{Labels, Snapshot};
use tokio::sync::broadcast;

use crate::desk::state_folder;
use crate::error::Error;
use crate::steps::look::Look;
use crate::steps::said::Said;
use crate::stop::Stop;

use answer::Failed;
use guard::Guard;
use jobs::{Job, Jobs};
use markers::{MARKERS, Markers, Names as _};
use notes::Known;
use page::Page;
use proxies::Proxies;
use search::Finder;
use veils::{VEILED, Veils};
use view::CaseView;
use writes::Wishes;

pub use net::bind;
pub use network::Wanted;
pub use opener::open as open_browser;

/// What a window is told without asking.
#[derive(Clone, Debug)]
pub enum News {
    /// The case is another; its revision.
    Case(u64),
    /// How a job stands.
    Job(Job),
}

/// News that a slow window may be behind before it is told to look at everything anew.
const NEWS_KEPT: usize = 256;

/// Between two looks for changes made by other processes.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What all requests share.
#[derive(Debug)]
pub struct Server {
    dir: PathBuf,
    cache: Cache,
    case: Mutex<Case>,
    /// Nothing where ffmpeg is missing: then everything works that needs no media read anew.
    door: Option<Door>,
    guard: Guard,
    page: Page,
    jobs: Arc<Jobs>,
    news: broadcast::Sender<News>,
    revision: AtomicU64,
    /// Something was made for the page: the next look tells of it.
    made: AtomicBool,
    /// A window has been open: what it shows is worth making.
    watched: AtomicBool,
    kept: Mutex<Kept>,
    /// What is said on each clock, of the case after so many changes; held by whoever reads it anew.
    said: Mutex<Option<(u64, Arc<Vec<Said>>)>>,
    finder: Finder,
    proxies: Proxies,
    wishes: Wishes,
    /// Held by whoever reads a whole file of evidence for the page.
    reading: Mutex<()>,
    /// Held by whoever changes a text of the case.
    writing: Mutex<()>,
    /// Held by whoever tries a password.
    trying: tokio::sync::Mutex<()>,
    stop: Stop,
}

/// What was read and holds as long as nothing changes.
#[derive(Debug, Default)]
struct Kept {
    /// How the case was when it was last looked at.
    sign: Option<Sign>,
    view: Option<(u64, Arc<CaseView>)>,
    /// For whoever asks why something lies where it does: with every tie.
    snapshot: Option<(u64, Arc<(Snapshot, Labels)>)>,
    /// Files that were found to hold what was added, and how they looked then.
    confirmed: std::collections::BTreeMap<SourceId, Look>,
}

/// Differs whenever something that the page shows was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sign {
    changes: u64,
    markers: Option<Look>,
    veiled: Option<Look>,
}

/// What a server needs to begin.
#[derive(Debug)]
pub struct Plan {
    /// An open case.
    pub case: Case,
    /// The way to media, if there is one.
    pub door: Option<Door>,
    /// Where a page in the making lies, instead of the one that is built in.
    pub page: Option<PathBuf>,
    /// Whom to ask whether to stop.
    pub stop: Stop,
}

impl Server {
    /// Ready to answer on `port`, whoever has the password, if there is one.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn new(plan: Plan, port: u16, password: Option<&str>) -> Result<Arc<Self>, Error> {
        let dir = plan.case.dir().to_owned();
        let state = state_folder();
        let guard = Guard::new(&dir, port, state.as_deref(), password);
        let guard = guard.map_err(Error::file("read random numbers for", &dir))?;
        let (news, _) = broadcast::channel(NEWS_KEPT);
        // Another number after each start, so that no window takes one state for another.
        let since = jiff::Timestamp::now().as_millisecond().max(0) as u64;
        Ok(Arc::new(Self {
            dir,
            cache: plan.case.cache(),
            case: Mutex::new(plan.case),
            door: plan.door,
            guard,
            page: Page::new(plan.page),
            jobs: Jobs::new(news.clone()),
            news,
            revision: AtomicU64::new(since),
            made: AtomicBool::new(false),
            watched: AtomicBool::new(false),
            kept: Mutex::default(),
            said: Mutex::default(),
            finder: Finder::default(),
            proxies: Proxies::default(),
            wishes: Wishes::default(),
            reading: Mutex::default(),
            writing: Mutex::default(),
            trying: tokio::sync::Mutex::default(),
            stop: plan.stop,
        }))
    }

    /// The case as the page is told of it.
    ///
    /// # Errors
    /// If the case cannot be read.
    pub fn view(&self) -> Result<CaseView, Error> {
        self.look()?;
        let revision = self.revision.load(Ordering::Acquire);
        let known = self.kept().view.clone().filter(|(of, _)| *of == revision);
        let view = if let Some((_, view)) = known {
            view
        } else {
            let view = Arc::new(self.read(revision)?);
            self.kept().view = Some((revision, Arc::clone(&view)));
            view
        };
        let mut view = CaseView::clone(&view);
        for recording in &mut view.recordings {
            self.proxies.tell(&self.cache, recording);
        }
        view.jobs = self.jobs.list();
        Ok(view)
    }

    /// The case with every tie, and the names of its recordings.
    ///
    /// # Errors
    /// If the case cannot be read.
    fn snapshot(&self) -> Result<Arc<(Snapshot, Labels)>, Error> {
        self.look()?;
        let revision = self.revision.load(Ordering::Acquire);
        if let Some((_, known)) = self.kept().snapshot.as_ref().filter(|(of, _)| *of == revision) {
            return Ok(Arc::clone(known));
        }
        let snapshot = crate::snapshot::of_case(&self.case())?;
        let labels = Labels::of(&snapshot);
        let known = Arc::new((snapshot, labels));
        self.kept().snapshot = Some((revision, Arc::clone(&known)));
        Ok(known)
    }

    /// What is said on each clock.
    ///
    /// # Errors
    /// If the case cannot be read.
    fn said(&self) -> Result<Arc<Vec<Said>>, Error> {
        let mut known = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        // Read first: what changes from here on is seen by the next request.
        let changes = self.case().changes()?;
        if let Some((_, said)) = known.as_ref().filter(|(of, _)| *of == changes) {
            return Ok(Arc::clone(said));
        }
        // Telling apart what hundreds of hours say takes seconds: no other request waits for that.
        let case = self.case().beside()?;
        let said = Arc::new(crate::steps::said::of_case(&case)?);
        *known = Some((changes, Arc::clone(&said)));
        Ok(said)
    }

    /// All that holds until something changes.
    fn read(&self, revision: u64) -> Result<CaseView, Error> {
        let mut view = look_at::case(&self.case())?;
        view.revision = revision;
        let veils = self.veils();
        view.veil_all = veils.all();
        for recording in &mut view.recordings {
            recording.veiled = veils.is_veiled(&recording.id);
            if !recording.veiled && recording.video.is_some() {
                recording.thumbs = pictures::thumbs_of(&self.cache, &recording.id);
            }
        }
        // A text that cannot be read is told of when somebody wants to change it.
        let markers = Markers::read(&self.dir).unwrap_or_default();
        view.markers = markers.list(&Known(&view));
        Ok(view)
    }

    /// What is veiled; everything, if that cannot be told.
    fn veils(&self) -> Veils {
        Veils::read(&self.dir).unwrap_or_else(|_| {
            let mut veils = Veils::default();
            veils.set_all(true);
            veils
        })
    }

    /// What lists call a recording.
    fn name_of(&self, id: &SourceId) -> String {
        let known = self.kept().view.clone();
        let known = known.map(|(_, view)| notes::Known(&view).name(id));
        known.unwrap_or_else(|| id.short())
    }

    /// The way to media.
    ///
    /// # Errors
    /// If ffmpeg is not here.
    fn door(&self) -> Result<&Door, Failed> {
        self.door.as_ref().ok_or_else(|| {
            let sentence = "this needs ffmpeg, which is not here; install it and serve again";
            Failed::new(StatusCode::SERVICE_UNAVAILABLE, sentence)
        })
    }

    /// Looks whether anything has changed, and tells the windows if so.
    fn look(&self) -> Result<(), Error> {
        let sign = Sign {
            changes: self.case().changes()?,
            markers: Look::at(&self.dir.join(MARKERS)).ok(),
            veiled: Look::at(&self.dir.join(VEILED)).ok(),
        };
        let mut kept = self.kept();
        let made = self.made.swap(false, Ordering::AcqRel);
        let before = kept.sign.replace(sign.clone());
        if made || before.is_some_and(|before| before != sign) {
            let revision = self.revision.fetch_add(1, Ordering::AcqRel) + 1;
            // Nobody may be looking.
            let _ = self.news.send(News::Case(revision));
        }
        Ok(())
    }

    /// Looks for changes until the server stops.
    fn watch(&self) {
        while !self.stop.asked() {
            // A case that cannot be read now is told of by whoever asks for it.
            let _ = self.look();
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// A recording of the case and where its file lies.
    ///
    /// # Errors
    /// If the case cannot be read; `None` if it holds no such recording.
    fn recording(&self, id: &SourceId) -> Result<Option<(Source, Recording, PathBuf)>, Error> {
        let case = self.case();
        let (Some(source), Some(recording)) = (case.source(id)?, case.recording(id)?) else {
            return Ok(None);
        };
        let path = crate::steps::paths::locate(&case, &source)?;
        Ok(Some((source, recording, path)))
    }

    /// Whether a file still holds what was added; hashed once, and again when it looks otherwise.
    fn still_holds(&self, id: &SourceId, path: &Path) -> bool {
        let now = Look::at(path).ok();
        if now.is_some() && self.kept().confirmed.get(id) == now.as_ref() {
            return true;
        }
        let stop = || self.stop.asked();
        let confirmed = crate::steps::listen::confirm(&self.cache, id, path, &stop);
        let Ok(look) = confirmed else { return false };
        self.kept().confirmed.insert(*id, look);
        true
    }

    fn case(&self) -> std::sync::MutexGuard<'_, Case> {
        self.case.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reading(&self) -> std::sync::MutexGuard<'_, ()> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self) -> std::sync::MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
