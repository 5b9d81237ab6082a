//! What a person keeps in the case as text by way of the page: markers and veils.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use evidence::SourceId;
use serde::Deserialize;

use super::Server;
use super::answer::Failed;
use super::markers::{MARKERS, Markers, NOTE_CHARS_MAX, Names, write_text};
use super::routes::aside;
use super::veils::{VEILED, Veils};
use super::view::{At, CaseView, Marker};
use crate::desk::stamp;
use crate::error::Error;

/// `POST /api/markers`, `PUT /api/markers/{id}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Noting {
    /// When.
    at: At,
    /// What.
    note: String,
}

/// `PUT /api/veil`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Veiling {
    /// The source; none: everything of which nothing else is said.
    #[cfg_attr(test, ts(type = "string | null"))]
    id: Option<SourceId>,
    /// Whether it is to be veiled.
    veiled: bool,
}

/// The recordings as the page is told of them.
#[derive(Debug)]
pub struct Known<'a>(pub &'a CaseView);

impl Names for Known<'_> {
    fn source(&self, name: &str) -> Option<SourceId> {
        self.0.recordings.iter().find(|recording| recording.name == name).map(|found| found.id)
    }

    fn name(&self, id: &SourceId) -> String {
        let found = self.0.recordings.iter().find(|recording| recording.id == *id);
        found.map_or_else(|| id.short(), |recording| recording.name.clone())
    }
}

/// Adds a marker.
///
/// # Errors
/// If it makes no sense or cannot be written.
pub async fn add(
    State(server): State<Arc<Server>>,
    Json(asked): Json<Noting>,
) -> Result<Response, Failed> {
    let marker = change(&server, asked, |markers, marker, names| Some(markers.add(marker, names)));
    Ok((StatusCode::CREATED, Json(marker.await?)).into_response())
}

/// Changes a marker.
///
/// # Errors
/// If there is none of this id, it makes no sense or cannot be written.
pub async fn put(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    Json(asked): Json<Noting>,
) -> Result<Response, Failed> {
    let marker = change(&server, asked, move |markers, mut marker, names| {
        marker.id.clone_from(&id);
        markers.replace(&id, Some(&marker), names).then_some(marker)
    });
    Ok(Json(marker.await?).into_response())
}

/// Takes a marker away.
///
/// # Errors
/// If there is none of this id, or the file cannot be written.
pub async fn delete(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
) -> Result<Response, Failed> {
    aside(&server, move |server| {
        let view = server.view()?;
        let _turn = server.writing();
        let mut markers = server.markers()?;
        if !markers.replace(&id, None, &Known(&view)) {
            return Err(none());
        }
        server.keep_markers(&markers)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Veils or shows.
///
/// # Errors
/// If there is no such source, or it cannot be written.
pub async fn veil(
    State(server): State<Arc<Server>>,
    Json(asked): Json<Veiling>,
) -> Result<Response, Failed> {
    aside(&server, move |server| {
        let view = server.view()?;
        let _turn = server.writing();
        let unread = |error| Failed::from(Error::file("read", &server.dir.join(VEILED))(error));
        let mut veils = Veils::read(&server.dir).map_err(unread)?;
        match asked.id {
            None => veils.set_all(asked.veiled),
            Some(id) => {
                let known = view.recordings.iter().find(|recording| recording.id == id);
                let known = known.ok_or_else(super::routes::no_such_recording)?;
                veils.set(&id, &known.name, asked.veiled);
            }
        }
        let written = write_text(&server.dir, VEILED, &veils.text());
        written.map_err(Error::file("write", &server.dir.join(VEILED)))?;
        Ok(server.look()?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn change(
    server: &Arc<Server>,
    asked: Noting,
    change: impl FnOnce(&mut Markers, Marker, &dyn Names) -> Option<Marker> + Send + 'static,
) -> Result<Marker, Failed> {
    let note = asked.note.trim();
    if note.is_empty() || note.chars().count() > NOTE_CHARS_MAX {
        return Err(Failed::asked("a note has from one to two thousand characters"));
    }
    let seconds = match asked.at {
        At::Case { case, .. } => case,
        At::Source { media, .. } => media,
    };
    if !seconds.is_finite() || seconds.abs() > 3.2e9 {
        return Err(Failed::asked("a time is a number of seconds"));
    }
    aside(server, move |server| {
        let view = server.view()?;
        let is_known = match asked.at {
            At::Case { island, .. } => view.islands.iter().any(|known| known.number == island),
            At::Source { source, .. } => view.recordings.iter().any(|known| known.id == source),
        };
        if !is_known {
            return Err(Failed::asked("the case has no such clock or recording"));
        }
        let case::Stamp { at_utc, actor, .. } = stamp();
        let marker =
            Marker { id: String::new(), at: asked.at, note: asked.note, by: actor, at_utc };
        let _turn = server.writing();
        let mut markers = server.markers()?;
        let changed = change(&mut markers, marker, &Known(&view)).ok_or_else(none)?;
        server.keep_markers(&markers)?;
        Ok(changed)
    })
    .await
}

fn none() -> Failed {
    Failed::missing("there is no such marker; it may have been changed elsewhere")
}

impl Server {
    fn markers(&self) -> Result<Markers, Failed> {
        let read = Markers::read(&self.dir);
        Ok(read.map_err(Error::file("read", &self.dir.join(MARKERS)))?)
    }

    fn keep_markers(&self, markers: &Markers) -> Result<(), Failed> {
        let written = markers.write(&self.dir);
        written.map_err(Error::file("write", &self.dir.join(MARKERS)))?;
        Ok(self.look()?)
    }
}
