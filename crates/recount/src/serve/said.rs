//! What is said, for the page: a stretch of one clock, each utterance once.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use evidence::Island;
use serde::{Deserialize, Serialize};

use super::Server;
use super::answer::Failed;
use super::routes::aside;
use crate::report::said::{UtteranceView, utterance};
use crate::steps::said::Said;

/// Utterances in one answer, at most: some ten minutes of talk.
const AT_ONCE: usize = 400;

/// What is said in a stretch of a clock.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SaidView {
    /// In order; those that reach into the stretch.
    pub utterances: Vec<UtteranceView>,
    /// How many there are on the clock in all.
    pub count: u32,
    /// Number of the first of these among them, from 0.
    pub first: u32,
}

/// Which stretch.
#[derive(Debug, Deserialize)]
pub struct Asked {
    island: u32,
    /// Case time; from the beginning without it.
    #[serde(default)]
    from: Option<f64>,
}

/// `GET /api/said?island=0&from=12.5`: the utterances from a moment on, some before it too.
///
/// # Errors
/// If the case cannot be read.
pub async fn said(
    State(server): State<Arc<Server>>,
    Query(asked): Query<Asked>,
) -> Result<Json<SaidView>, Failed> {
    let found = aside(&server, move |server| {
        let all = server.said()?;
        let one = all.iter().find(|said| said.island == Some(Island(asked.island)));
        Ok(one.map_or_else(SaidView::nothing, |one| stretch(one, asked.from)))
    });
    Ok(Json(found.await?))
}

fn stretch(said: &Said, from: Option<f64>) -> SaidView {
    let from_ns = from.map_or(i64::MIN, |s| (s * 1e9) as i64);
    let at = said.told.partition_point(|told| told.words[0].word.start.0 < from_ns);
    // Who comes to a moment wants to read how it came about.
    let first = at.saturating_sub(AT_ONCE / 4);
    let utterances = said.told[first..].iter().take(AT_ONCE).map(|told| utterance(said, told));
    SaidView {
        utterances: utterances.collect(),
        count: said.told.len() as u32,
        first: first as u32,
    }
}

impl SaidView {
    fn nothing() -> Self {
        Self { utterances: Vec::new(), count: 0, first: 0 }
    }
}
