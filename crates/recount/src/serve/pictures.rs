//! What is made of recordings for the page: thumbnails in the background, frame tables when they
//! are asked for. Both are kept in the cache and made again if they are gone or damaged.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use case::Cache;
use evidence::{Recording, SourceId};
use media::{Door, FrameTable, SHEET_THUMBNAILS, Thumbnails};

use super::Server;
use super::answer::Failed;
use super::routes::{aside, no_such_recording, source};
use super::view::ThumbsView;
use crate::error::Error;
use crate::sound::{open_sealed, write_sealed};

/// In the cache; the number in the names changes with the form.
const FRAMES: &str = "frames-v1";
const THUMBS: &str = "thumbs-v1";
const TAG: u64 = 1;

const FRAMES_MAGIC: &[u8; 4] = b"RFT1";

/// Thumbnails of one recording: fifteen sheets, some 400 kB.
const THUMBS_MAX: f64 = 240.0;

/// Pixels of a thumbnail: as high as a lane, and twice as fine as one needs on an old screen.
const THUMB_WIDTH: u32 = 96;
const THUMB_HEIGHT: u32 = 54;

/// Decoding only frames that stand by themselves is enough where they are no farther apart than
/// this many thumbnails, or this long; nanoseconds.
const KEY_GAP_THUMBS: f64 = 2.0;
const KEY_GAP_NS: f64 = 5e9;

/// Between two looks for something to make.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// `GET /frames/{id}`: `RFT1`, the number of frames (u32), then the nanoseconds of each (i64),
/// little-endian, ascending: when it is shown, media time.
///
/// # Errors
/// If there is no such recording or its frames carry no times.
pub async fn frames(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
) -> Result<Response, Failed> {
    let id = source(&id)?;
    let found = aside(&server, move |server| {
        let (_, recording, path) = server.recording(&id)?.ok_or_else(no_such_recording)?;
        if recording.video.is_empty() {
            return Err(Failed::missing("it has no pictures"));
        }
        if let Ok(kept) = open_sealed(&server.cache.file(&id, FRAMES), TAG) {
            return Ok(kept);
        }
        // One at a time, since it is the disk that takes the time; thumbnails wait for nobody.
        let _turn = server.reading();
        if !server.still_holds(&id, &path) {
            return Err(Failed::missing("the file is gone or no longer holds what was added"));
        }
        let stop = || server.stop.asked();
        let table = server.door()?.frame_table(&path, &recording, &stop).map_err(Error::Media)?;
        Ok(kept_frames(&server.cache, &id, &table))
    });
    Ok((lasting("application/octet-stream"), found.await?).into_response())
}

/// `GET /thumbs/{id}/{sheet}.jpg`.
///
/// # Errors
/// If there is no such sheet (yet), or the recording is veiled.
pub async fn thumbs(
    State(server): State<Arc<Server>>,
    Path((id, sheet)): Path<(String, String)>,
) -> Result<Response, Failed> {
    let id = source(&id)?;
    let number: Option<u32> = sheet.strip_suffix(".jpg").and_then(|n| n.parse().ok());
    let found = aside(&server, move |server| {
        let none = || Failed::missing("there is no such sheet of thumbnails");
        let number = number.ok_or_else(none)?;
        if server.veils().is_veiled(&id) {
            return Err(Failed::missing("it is veiled"));
        }
        let view = thumbs_of(&server.cache, &id).ok_or_else(none)?;
        if number >= view.count.div_ceil(SHEET_THUMBNAILS) {
            return Err(none());
        }
        open_sealed(&server.cache.file(&id, &sheet_name(number)), TAG).map_err(|_| none())
    });
    // Not kept by the browser: it may be veiled later.
    let head = [(CONTENT_TYPE, HeaderValue::from_static("image/jpeg"))];
    Ok((head, found.await?).into_response())
}

/// What is made of a source stays the same, since the source does.
fn lasting(kind: &'static str) -> [(axum::http::HeaderName, HeaderValue); 2] {
    [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, HeaderValue::from_static("private, max-age=86400, immutable")),
    ]
}

/// The thumbnails of a recording, if they are made.
pub fn thumbs_of(cache: &Cache, id: &SourceId) -> Option<ThumbsView> {
    serde_json::from_slice(&open_sealed(&cache.file(id, THUMBS), TAG).ok()?).ok()
}

fn sheet_name(number: u32) -> String {
    format!("{THUMBS}-{number}.jpg")
}

fn kept_frames(cache: &Cache, id: &SourceId, table: &FrameTable) -> Vec<u8> {
    let mut bytes = FRAMES_MAGIC.to_vec();
    bytes.extend((table.times.len() as u32).to_le_bytes());
    for time in &table.times {
        bytes.extend(time.0.to_le_bytes());
    }
    // Made again the next time, if it cannot be kept.
    let _ = write_sealed(cache, (id, FRAMES), TAG, &bytes);
    bytes
}

impl Server {
    /// Makes thumbnails of whatever has none yet, once a window is open, until the server stops.
    pub(super) fn make_pictures(&self) {
        let mut given_up = BTreeSet::new();
        let mut looked_at = 0;
        while !self.stop.asked() {
            let revision = self.revision.load(Ordering::Acquire);
            if self.watched.load(Ordering::Acquire) && revision != looked_at {
                looked_at = revision;
                self.make_missing(&mut given_up);
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn make_missing(&self, given_up: &mut BTreeSet<SourceId>) {
        let Ok(door) = self.door() else { return };
        let Ok(recordings) = self.case().recordings() else { return };
        let veils = self.veils();
        let todo: Vec<SourceId> = recordings
            .iter()
            .filter(|(source, recording)| {
                !recording.video.is_empty()
                    && !veils.is_veiled(&source.id)
                    && !given_up.contains(&source.id)
                    && thumbs_of(&self.cache, &source.id).is_none()
            })
            .map(|(source, _)| source.id)
            .collect();
        if todo.is_empty() {
            return;
        }
        let ticket = self.jobs.begin("thumbnails");
        for (done, id) in todo.iter().enumerate() {
            ticket.advance(done as u64, todo.len() as u64, "recordings");
            match self.make_thumbs(door, id, &|| ticket.stopped()) {
                Ok(()) => self.made.store(true, Ordering::Release),
                Err(error) if error.exit_code() == 3 => {
                    // Nobody wants them now; they are not begun again by themselves.
                    given_up.extend(&todo[done..]);
                    return ticket.end(Err(Error::Stopped));
                }
                Err(error) => {
                    given_up.insert(*id);
                    ticket.say(&error.to_string());
                }
            }
        }
        ticket.advance(todo.len() as u64, todo.len() as u64, "recordings");
        ticket.end(Ok(None));
    }

    fn make_thumbs(
        &self,
        door: &Door,
        id: &SourceId,
        stop: &dyn Fn() -> bool,
    ) -> Result<(), Error> {
        let Some((_, recording, path)) = self.recording(id)? else { return Ok(()) };
        if !self.still_holds(id, &path) {
            return Err(Error::Asked {
                what: format!("it is gone or changed: {}", path.display()),
                hint: "see `recount verify`",
            });
        }
        let table = door.frame_table(&path, &recording, stop);
        let key_gap_ns = match &table {
            Ok(table) => {
                kept_frames(&self.cache, id, table);
                table.key_gap_max_ns as f64
            }
            Err(media::Error::Stopped) => return Err(Error::Stopped),
            Err(_) => f64::INFINITY,
        };
        let view = wanted(&recording);
        let keys_only = key_gap_ns <= KEY_GAP_NS.max(view.every * 1e9 * KEY_GAP_THUMBS);
        let ThumbsView { every, width, height, count } = view;
        let wanted = Thumbnails { every_s: every, count, width, height, keys_only };
        let mut sheets = Vec::new();
        door.thumbnails(&path, &recording, wanted, stop, &mut |sheet| sheets.push(sheet))?;
        for (number, sheet) in (0..).zip(&sheets) {
            write_sealed(&self.cache, (id, &sheet_name(number)), TAG, sheet)?;
        }
        // Last: it says that the others are there.
        let view = serde_json::to_vec(&view).map_err(std::io::Error::from);
        let view = view.map_err(Error::file("describe the thumbnails of", &path))?;
        write_sealed(&self.cache, (id, THUMBS), TAG, &view)
    }
}

/// One a second, or as many as there may be.
fn wanted(recording: &Recording) -> ThumbsView {
    let duration_s = recording.duration.seconds().max(0.0);
    let every = (duration_s / THUMBS_MAX).ceil().max(1.0);
    let count = (duration_s / every).ceil().clamp(1.0, THUMBS_MAX) as u32;
    ThumbsView { every, width: THUMB_WIDTH, height: THUMB_HEIGHT, count }
}

#[cfg(test)]
mod tests {
    use evidence::MediaTime;

    use super::*;

    #[test]
    fn an_hour_has_no_more_thumbnails_than_four_minutes() {
        let of = |seconds: f64| {
            let duration = MediaTime::from_seconds(seconds);
            let view = wanted(&Recording { duration, ..Recording::default() });
            (view.every, view.count)
        };
        assert_eq!(of(0.0), (1.0, 1));
        assert_eq!(of(59.2), (1.0, 60));
        assert_eq!(of(240.0), (1.0, 240));
        assert_eq!(of(3600.0), (15.0, 240));
        assert_eq!(of(3601.0), (16.0, 226));
    }
}
