//! Finding words, for the page: what `recount search` finds, with where each is on which clock.
//!
//! It is asked at every keystroke, so the index stays open, and it reads the case on a connection of
//! its own: whoever types waits for no other request, and nobody who plays waits for a search, not
//! even while the index is made for the first time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Query as UrlQuery, State};
use axum::http::StatusCode;
use case::Case;
use case::search::{Found, Ground, Hit, Index, Place, Query};
use evidence::{CaseTime, SourceId};
use serde::{Deserialize, Serialize};

use super::Server;
use super::answer::Failed;
use super::routes::aside;
use crate::error::Error;
use crate::report::search::{Told, citation};
use crate::snapshot;
use crate::steps::index;
use crate::steps::voices::{self, People};

/// Results in one answer, at most: more are narrowed down, not read.
const AT_ONCE: usize = 60;

/// A case that did not change is looked at anew after so long: a document that was away may be back,
/// or `pdftotext` have come. Longer than a word takes to type, and short beside what installing takes.
const LEVEL_EVERY: Duration = Duration::from_secs(10);

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FoundView {
    /// The best first.
    pub hits: Vec<HitView>,
    /// Passages that hold what was asked for, at least.
    pub passages: u32,
    /// Whether there are no more.
    pub is_all: bool,
    /// Documents that could not be searched.
    pub unread: u32,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HitView {
    /// The recording or document.
    #[cfg_attr(test, ts(type = "string"))]
    pub id: SourceId,
    /// What it is called.
    pub name: String,
    /// Media time at which the first of the words begins; of a document nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub start: Option<f64>,
    /// The same on the clock of its island, where it is on one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub case: Option<f64>,
    /// Which clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub island: Option<u32>,
    /// Page of a document, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub page: Option<u32>,
    /// Who speaks; empty where nobody says.
    pub speaker: String,
    /// Words before.
    pub before: String,
    /// What was meant.
    pub quoted: String,
    /// Words after.
    pub after: String,
    /// What else holds the same words of the same moment.
    pub also: Vec<String>,
    /// As a citation for the account.
    pub citation: String,
}

/// What is looked for.
#[derive(Debug, Deserialize)]
pub struct Asked {
    q: String,
}

/// `GET /api/search?q=words`.
///
/// # Errors
/// If the query cannot be understood, in a sentence that says where; if the case cannot be read.
pub async fn search(
    State(server): State<Arc<Server>>,
    UrlQuery(asked): UrlQuery<Asked>,
) -> Result<Json<FoundView>, Failed> {
    Ok(Json(aside(&server, move |server| server.finder.found(server, &asked.q)).await?))
}

/// What answers queries, one at a time; opened by the first of them.
#[derive(Debug, Default)]
pub struct Finder(Mutex<Option<Open>>);

/// The index of the case as it was after so many changes.
#[derive(Debug)]
struct Open {
    case: Case,
    index: Index,
    ground: Ground,
    /// Who speaks: found out from all that is said, so only when the case changed.
    people: People,
    changes: u64,
    /// Documents that could not be read.
    unread: u32,
    levelled: Instant,
}

impl Finder {
    fn found(&self, server: &Server, text: &str) -> Result<FoundView, Failed> {
        let odd = |odd: case::search::Odd| Failed::new(StatusCode::BAD_REQUEST, odd.to_string());
        let query = Query::parse(text).map_err(odd)?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out meanwhile: after an error all of it is opened anew.
        let open = match kept.take() {
            Some(open) => open.level(server)?,
            None => Open::new(server)?,
        };
        let answer = match open.index.search(&open.case, &open.ground, &query, AT_ONCE) {
            Err(case::Error::Query(wrong)) => Err(odd(wrong)),
            found => Ok(open.told(text, &found.map_err(Error::from)?)),
        };
        *kept = Some(open);
        answer
    }
}

impl Open {
    fn new(server: &Server) -> Result<Self, Error> {
        let case = server.case().beside()?;
        let changes = case.changes()?;
        let people = voices::of_case(&case)?;
        let (index, away) = index::run(&|| server.stop.asked(), &case, &people)?;
        let ground = Ground::of(&case, snapshot::names(&case)?)?;
        let unread = (index.unread()?.len() + away.len()) as u32;
        Ok(Self { case, index, ground, people, changes, unread, levelled: Instant::now() })
    }

    fn level(mut self, server: &Server) -> Result<Self, Error> {
        // Read first: what changes from here on is seen by the next query.
        let changes = self.case.changes()?;
        if changes == self.changes && self.levelled.elapsed() < LEVEL_EVERY {
            return Ok(self);
        }
        if changes != self.changes {
            self.people = voices::of_case(&self.case)?;
        }
        let stop = || server.stop.asked();
        let away = index::level(&stop, &self.case, &self.people, &mut self.index)?;
        if changes != self.changes {
            self.ground = Ground::of(&self.case, snapshot::names(&self.case)?)?;
        }
        let unread = (self.index.unread()?.len() + away.len()) as u32;
        Ok(Self { changes, unread, levelled: Instant::now(), ..self })
    }

    fn told(&self, text: &str, found: &Found) -> FoundView {
        let told = Told { query: text, found, ground: &self.ground, unread: &[] };
        FoundView {
            hits: found.hits.iter().map(|hit| view(&told, hit)).collect(),
            passages: found.passages as u32,
            is_all: found.is_all,
            unread: self.unread,
        }
    }
}

fn view(told: &Told, hit: &Hit) -> HitView {
    let (mut start, mut on, mut island, mut page) = (None, None, None, None);
    let mut speaker = String::new();
    match &hit.place {
        Place::Speech { start: at, case, island: clock, speaker: who, .. } => {
            start = Some(at.seconds());
            on = case.map(CaseTime::seconds);
            island = clock.map(|clock| clock.0);
            speaker.clone_from(who);
        }
        Place::Text { page: of, .. } => page = *of,
    }
    HitView {
        id: hit.source,
        name: told.name(hit.source),
        start,
        case: on,
        island,
        page,
        speaker,
        before: hit.context.before.clone(),
        quoted: hit.context.quoted.clone(),
        after: hit.context.after.clone(),
        also: hit.also.iter().map(|also| told.name(also.source)).collect(),
        citation: citation(told, hit.source, &hit.place, &hit.context.quoted),
    }
}
