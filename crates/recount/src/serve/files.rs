//! Files by stretches: originals that a browser plays, and what was made of the others.
//!
//! In: an open file and a `Range` header. Out: its bytes, a block at a time, never a whole file in
//! memory. Nothing looks into them here. An original is given only while it holds what was added.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path as FilePath;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use evidence::{Recording, SourceId};
use futures_util::stream;

use super::answer::Failed;
use super::range::{self, Asked};
use super::routes::{aside, no_such_recording, source};
use super::{Server, look_at};

/// Bytes read and sent at a time.
const BLOCK_BYTES: u64 = 128 << 10;

/// `GET /media/{id}`.
///
/// # Errors
/// If there is no such recording, a browser cannot play it, or its file is not what was added.
pub async fn media(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let id = source(&id)?;
    let opened = aside(&server, move |server| {
        let (_, recording, path) = server.recording(&id)?.ok_or_else(no_such_recording)?;
        if !look_at::is_direct(&recording) {
            let sentence = "browsers do not play this file; ask for /proxy instead";
            return Err(Failed::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence));
        }
        if !server.still_holds(&id, &path) {
            let sentence =
                "the file is gone or no longer holds what was added; see `recount verify`";
            return Err(Failed::new(StatusCode::GONE, sentence));
        }
        Ok((open(&path)?, kind(&recording)))
    });
    let (file, kind) = opened.await?;
    send(file, kind, &tag(&id), &headers).await
}

/// Opens a file of the case or its evidence for reading.
///
/// # Errors
/// If it is not there.
pub fn open(path: &FilePath) -> Result<File, Failed> {
    let failed = |error: std::io::Error| Failed::missing(format!("it cannot be read ({error})"));
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_file() {
        Ok(file)
    } else {
        Err(Failed::missing("it is no file"))
    }
}

/// What names the bytes of a source: a player that comes back with it has the same file before it.
pub fn tag(id: &SourceId) -> String {
    format!("\"{id}\"")
}

/// Sends a file, or the stretch of it that was asked for.
///
/// # Errors
/// If it cannot be read.
pub async fn send(
    file: File,
    kind: &'static str,
    tag: &str,
    headers: &HeaderMap,
) -> Result<Response, Failed> {
    let unread = |error: std::io::Error| {
        Failed::new(StatusCode::INTERNAL_SERVER_ERROR, format!("it cannot be read ({error})"))
    };
    let length = file.metadata().map_err(unread)?.len();
    let is_same = headers.get(IF_RANGE).is_none_or(|known| known.as_bytes() == tag.as_bytes());
    let range = headers.get(RANGE).filter(|_| is_same);
    // A header that is no text asks for nothing that could be sent.
    let range = range.map(|value| value.to_str().unwrap_or("bytes"));
    let mut response = Response::builder()
        .header(CONTENT_TYPE, HeaderValue::from_static(kind))
        .header(ACCEPT_RANGES, "bytes")
        .header(ETAG, tag);
    let (start, end) = match range::asked(range, length) {
        Asked::All => (0, length),
        Asked::Part(start, end) => {
            let part = format!("bytes {start}-{}/{length}", end - 1);
            response = response.status(StatusCode::PARTIAL_CONTENT).header(CONTENT_RANGE, part);
            (start, end)
        }
        Asked::Nothing => {
            let whole = format!("bytes */{length}");
            response =
                response.status(StatusCode::RANGE_NOT_SATISFIABLE).header(CONTENT_RANGE, whole);
            (0, 0)
        }
    };
    response = response.header(CONTENT_LENGTH, end - start);
    let body = if start < end { blocks(file, start, end) } else { Body::empty() };
    response.body(body).map_err(|_| {
        Failed::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be put together")
    })
}

/// The bytes from `start` to `end`, read as the client takes them.
fn blocks(file: File, start: u64, end: u64) -> Body {
    Body::from_stream(stream::try_unfold((file, start), move |(file, at)| async move {
        if at >= end {
            return Ok(None);
        }
        let read = tokio::task::spawn_blocking(move || block(file, at, end)).await;
        let (file, bytes) = read.map_err(std::io::Error::other)??;
        let next = at + bytes.len() as u64;
        Ok::<_, std::io::Error>(Some((bytes, (file, next))))
    }))
}

fn block(mut file: File, at: u64, end: u64) -> std::io::Result<(File, Bytes)> {
    let mut bytes = vec![0; BLOCK_BYTES.min(end - at) as usize];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut bytes)?;
    Ok((file, bytes.into()))
}

/// What a browser is told that an original is, by what a probe found, never by its name.
fn kind(recording: &Recording) -> &'static str {
    let of = |container: &str| recording.container.split(',').any(|name| name == container);
    let has_pictures = !recording.video.is_empty();
    if of("mov") || of("mp4") {
        if has_pictures { "video/mp4" } else { "audio/mp4" }
    } else if of("webm") || of("matroska") {
        if has_pictures { "video/webm" } else { "audio/webm" }
    } else if of("wav") {
        "audio/wav"
    } else if of("flac") {
        "audio/flac"
    } else if of("ogg") {
        "audio/ogg"
    } else {
        "application/octet-stream"
    }
}
