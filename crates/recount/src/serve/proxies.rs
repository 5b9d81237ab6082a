//! Copies that every browser plays, of recordings that some do not: made one at a time when a
//! window asks, kept in the cache, and given out like originals.
//!
//! Beside each copy lies what it was when it was made (length, SHA-256, how it looked), so that a
//! copy that was damaged since is noticed and made again, never shown.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use case::Cache;
use evidence::{Recording, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Server;
use super::answer::Failed;
use super::files::{open, send};
use super::jobs::Ticket;
use super::routes::{aside, no_such_recording, source};
use super::view::{Plays, ProxyState, RecordingView, plays};
use crate::error::Error;
use crate::sound::{open_sealed, write_sealed};
use crate::steps::look::Look;

/// In the cache; the number in the names changes when other copies are made.
const PROXY: &str = "proxy-v1.mp4";
const MADE: &str = "proxy-v1";
const TAG: u64 = 1;

/// Between two looks for something to make.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Copies that are waited for and made, and what came of them.
#[derive(Debug, Default)]
pub struct Proxies {
    listed: Mutex<Listed>,
}

#[derive(Debug, Default)]
struct Listed {
    waiting: VecDeque<SourceId>,
    making: BTreeMap<SourceId, Making>,
    failed: BTreeMap<SourceId, String>,
}

#[derive(Debug)]
struct Making {
    ticket: Arc<Ticket>,
    progress: f64,
}

/// What a copy was when it was made.
#[derive(Debug, Serialize, Deserialize)]
struct Made {
    sha256: SourceId,
    bytes: u64,
    look: Look,
}

/// `GET /proxy/{id}`.
///
/// # Errors
/// If there is none.
pub async fn get(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let id = source(&id)?;
    let opened = aside(&server, move |server| {
        let (_, recording, _) = server.recording(&id)?.ok_or_else(no_such_recording)?;
        let none = || Failed::missing("no copy for browsers was made; ask for one");
        let (path, sha256) = whole(&server.cache, &id).ok_or_else(none)?;
        let kind = if recording.video.is_empty() { "audio/mp4" } else { "video/mp4" };
        Ok((open(&path)?, kind, sha256))
    });
    let (file, kind, sha256) = opened.await?;
    send(file, kind, &format!("\"{sha256}\""), &headers).await
}

/// `POST /api/proxy/{id}`: begins making one, unless it is there or being made.
///
/// # Errors
/// If there is no such recording, or nothing in it can be decoded.
pub async fn ask(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
) -> Result<Response, Failed> {
    let id = source(&id)?;
    let state = aside(&server, move |server| {
        let (source, recording, _) = server.recording(&id)?.ok_or_else(no_such_recording)?;
        server.door()?;
        if plays(&recording) == Plays::No {
            return Err(Failed::asked("nothing in it can be decoded by the ffmpeg that is here"));
        }
        if whole(&server.cache, &id).is_some() {
            return Ok(ProxyState::Ready);
        }
        let mut listed = server.proxies.listed();
        if !listed.making.contains_key(&id) {
            let ticket = Arc::new(server.jobs.begin(format!("a copy of {}", source.name())));
            listed.failed.remove(&id);
            listed.making.insert(id, Making { ticket, progress: 0.0 });
            listed.waiting.push_back(id);
        }
        server.made.store(true, Ordering::Release);
        Ok(ProxyState::Making)
    });
    let state = state.await?;
    let status = if state == ProxyState::Ready { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(json!({ "proxy": state }))).into_response())
}

/// The copy, if it is what was made.
fn whole(cache: &Cache, id: &SourceId) -> Option<(PathBuf, SourceId)> {
    let made = made(cache, id)?;
    let path = cache.file(id, PROXY);
    let look = Look::at(&path).ok()?;
    if look == made.look {
        return Some((path, made.sha256));
    }
    // Copied with its case, or touched: its bytes decide.
    let found = media::hash(&path, &|| false).ok();
    if found != Some((made.sha256, made.bytes)) {
        let _ = std::fs::remove_file(path);
        return None;
    }
    remember(cache, id, &Made { look, ..made }).ok()?;
    Some((path, made.sha256))
}

fn made(cache: &Cache, id: &SourceId) -> Option<Made> {
    serde_json::from_slice(&open_sealed(&cache.file(id, MADE), TAG).ok()?).ok()
}

fn remember(cache: &Cache, id: &SourceId, made: &Made) -> Result<(), Error> {
    let bytes = serde_json::to_vec(made).map_err(std::io::Error::from);
    let bytes = bytes.map_err(Error::file("describe the copy", &cache.file(id, MADE)))?;
    write_sealed(cache, (id, MADE), TAG, &bytes)
}

impl Proxies {
    /// Fills in what the page is told of a recording's copy.
    pub fn tell(&self, cache: &Cache, view: &mut RecordingView) {
        let listed = self.listed();
        if let Some(making) = listed.making.get(&view.id) {
            (view.proxy, view.proxy_progress) = (ProxyState::Making, Some(making.progress));
        } else if listed.failed.contains_key(&view.id) {
            view.proxy = ProxyState::Failed;
        } else if cache.has(&view.id, MADE) && cache.has(&view.id, PROXY) {
            view.proxy = ProxyState::Ready;
        }
    }

    fn listed(&self) -> MutexGuard<'_, Listed> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<(SourceId, Arc<Ticket>)> {
        let mut listed = self.listed();
        let id = listed.waiting.pop_front()?;
        let ticket = Arc::clone(&listed.making.get(&id)?.ticket);
        Some((id, ticket))
    }

    fn advance(&self, id: &SourceId, progress: f64) {
        if let Some(making) = self.listed().making.get_mut(id) {
            making.progress = progress;
        }
    }
}

impl Server {
    /// Makes the copies that windows ask for, until the server stops.
    pub(super) fn make_proxies(&self) {
        while !self.stop.asked() {
            let Some((id, ticket)) = self.proxies.next() else {
                std::thread::sleep(LOOK_EVERY);
                continue;
            };
            let ended = self.make_proxy(&id, &ticket);
            let mut listed = self.proxies.listed();
            listed.making.remove(&id);
            match &ended {
                Err(error) if error.exit_code() != 3 => {
                    listed.failed.insert(id, error.to_string());
                }
                _ => {}
            }
            drop(listed);
            ticket.end(ended);
            self.made.store(true, Ordering::Release);
        }
    }

    fn make_proxy(&self, id: &SourceId, ticket: &Ticket) -> Result<Option<String>, Error> {
        let stop = || ticket.stopped();
        if stop() {
            return Err(Error::Stopped);
        }
        let Some((source, recording, path)) = self.recording(id)? else { return Ok(None) };
        let Some(door) = &self.door else { return Ok(None) };
        if !self.still_holds(id, &path) {
            return Err(Error::Asked {
                what: format!("{} is gone or no longer holds what was added", source.name()),
                hint: "see `recount verify`",
            });
        }
        let writer = self.cache.writer(id, PROXY)?;
        let into = writer.handle().map_err(Error::file("write the cache", writer.path()))?;
        let total_s = length_s(&recording);
        let proxied = door.proxy(&path, &recording, &into, &stop, &mut |done_s| {
            ticket.advance(done_s as u64, total_s as u64, "seconds");
            self.proxies.advance(id, (done_s / total_s).clamp(0.0, 1.0));
        })?;
        drop(into);
        ticket.say("checking");
        let path = writer.commit()?;
        let (sha256, bytes) = media::hash(&path, &stop)?;
        let look = Look::at(&path).map_err(Error::file("look at", &path))?;
        remember(&self.cache, id, &Made { sha256, bytes, look })?;
        ticket.say("");
        Ok(proxied.warnings.into_iter().next())
    }
}

fn length_s(recording: &Recording) -> f64 {
    recording.duration.seconds().max(0.1)
}
