//! `recount transcribe`: writes down what is said in the recordings of a case.

use case::Case;
use media::Door;
use serde_json::{Value, json};
use speech::Expected;

use super::{open_door, open_locked, use_threads};
use crate::args::{Hearing, Transcribe as Asked};
use crate::desk::Desk;
use crate::error::Error;
use crate::models::{self, Model};
use crate::report::names::shown;
use crate::report::output;
use crate::steps::transcribe::{self, Outcome, Request};

pub(super) fn run(desk: &Desk, asked: &Asked) -> Result<(), Error> {
    use_threads(asked.work);
    let (mut case, _lock) = open_locked(desk, &asked.case)?;
    if case.recordings()?.is_empty() {
        return Err(Error::NoRecording { path: asked.case.clone() });
    }
    let door = open_door(desk)?;
    let model = models::choose(desk, asked.hearing.model.as_deref())?;
    let jobs = asked.work.jobs();
    let Words { model, outcome } =
        write_down(desk, &mut case, &door, &asked.hearing, &model, jobs)?;
    if desk.json {
        return output::print_json(&json!({
            "case": shown(&asked.case), "model": model, "transcribed": outcome,
        }));
    }
    if desk.quiet {
        return Ok(());
    }
    let mut text = String::new();
    for written in &outcome.written {
        text.push_str(&written.sentence());
        text.push('\n');
    }
    output::print(&text)
}

/// What was written down, and by what.
pub(super) struct Words {
    /// The model, as JSON.
    pub model: Value,
    /// What came of it.
    pub outcome: Outcome,
}

/// Writes down what is said in a case.
pub(super) fn write_down(
    desk: &Desk,
    case: &mut Case,
    door: &Door,
    asked: &Hearing,
    model: &Model,
    jobs: usize,
) -> Result<Words, Error> {
    let prompt = asked.prompt.clone().unwrap_or_default();
    let expected = Expected { language: asked.language.clone(), prompt };
    let outcome = transcribe::run(desk, case, door, &Request { model, expected, jobs })?;
    Ok(Words { model: serde_json::to_value(model).unwrap_or(Value::Null), outcome })
}
