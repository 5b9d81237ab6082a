//! The ledger of runs: what was computed from what, with which version, and how it ended.
//!
//! A step is known by its key, the SHA-256 of the canonical JSON of its name, version,
//! parameters and inputs; a step whose key is done and whose rows still stand need not run
//! again. A run that was begun and never ended was killed: the next `begin` says so in the
//! ledger. When a run replaces another's rows, the other is superseded and so no longer done.

use std::fmt;

use evidence::SourceId;
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::canonical::{canonical, sha256};
use crate::error::Error;
use crate::{Case, Stamp};

/// One computation: the same step gives the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its name (`listen`).
    pub name: String,
    /// Counted up whenever the same inputs give other rows.
    pub version: u32,
    /// Everything else that the rows depend on.
    pub params: Value,
    /// What it reads; the order does not matter.
    pub inputs: Vec<SourceId>,
}

/// A step in progress; every row that it stores names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub(crate) id: i64,
    pub(crate) step: String,
}

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Number in the ledger.
    pub id: i64,
    /// See [`Step::key`].
    pub key: String,
    /// What was run.
    pub step: Step,
    /// With which program and version.
    pub tool: String,
    /// By whom.
    pub actor: String,
    /// RFC 3339.
    pub started: String,
    /// RFC 3339; none for a run that is going on or was killed.
    pub finished: Option<String>,
    /// What it counted.
    pub counts: Option<Value>,
    /// Why it was abandoned.
    pub why: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It has not.
    Running,
    /// Its rows are in the case.
    Done,
    /// Its process was killed.
    Interrupted,
    /// It was stopped or could not go on; `why` says.
    Abandoned,
    /// It was done, and a later run has replaced its rows.
    Superseded,
}

impl Step {
    /// 64 hexadecimal digits that only the same step has.
    pub fn key(&self) -> String {
        let value = json!({
            "inputs": self.sorted_inputs(),
            "name": self.name,
            "params": self.params,
            "version": self.version,
        });
        sha256(&canonical(&value))
    }

    fn sorted_inputs(&self) -> Vec<SourceId> {
        let mut inputs = self.inputs.clone();
        inputs.sort_unstable();
        inputs.dedup();
        inputs
    }
}

impl Run {
    /// Number in the ledger.
    pub fn id(&self) -> i64 {
        self.id
    }
}

impl Case {
    /// Whether this very step was finished and its rows still stand.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn is_done(&self, step: &Step) -> Result<bool, Error> {
        let mut query =
            self.db.prepare_cached("SELECT 1 FROM run WHERE key = ?1 AND outcome = 'done'")?;
        Ok(query.exists([step.key()])?)
    }

    /// Begins a step. Runs left over from a killed process are marked as interrupted. If the
    /// case is not locked yet, it is from now on until it is closed.
    ///
    /// # Errors
    /// [`Error::UnknownSource`] if an input is not in the case; [`Error::Busy`],
    /// [`Error::Full`], [`Error::ReadOnly`].
    pub fn begin(&mut self, stamp: &Stamp, step: &Step) -> Result<Run, Error> {
        let lock = self.lock(stamp)?;
        self.kept.get_or_insert(lock);
        for input in &step.inputs {
            self.must_hold(input)?;
        }
        let id = self.db.query_row("SELECT coalesce(max(id), 0) + 1 FROM run", [], |row| {
            row.get::<_, i64>(0)
        })?;
        let interrupted = self.interrupted_runs()?;
        let key = step.key();
        let mut detail = json!({
            "run": id, "step": step.name, "version": step.version, "params": step.params,
            "inputs": step.sorted_inputs().len(), "key": key,
        });
        if let [input] = step.inputs[..] {
            detail["input"] = json!(input);
        }
        if !interrupted.is_empty() {
            detail["interrupted"] = json!(interrupted);
        }
        self.change(stamp, "begin", &detail, |db| {
            for run in &interrupted {
                db.prepare_cached("UPDATE run SET outcome = 'interrupted' WHERE id = ?1")?
                    .execute([run])?;
            }
            db.prepare_cached(
                "INSERT INTO run (id, key, step, version, params, inputs, tool, actor, started, \
                 outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'running')",
            )?
            .execute((
                id,
                &key,
                &step.name,
                step.version,
                canonical(&step.params),
                json!(step.sorted_inputs()).to_string(),
                &stamp.tool,
                &stamp.actor,
                &stamp.at_utc,
            ))?;
            Ok(())
        })?;
        self.open_runs.push(id);
        Ok(Run { id, step: step.name.clone() })
    }

    /// Ends a run whose rows are stored: the step is done.
    ///
    /// # Errors
    /// [`Error::RunNotOpen`], [`Error::Full`], [`Error::ReadOnly`].
    pub fn finish(&mut self, stamp: &Stamp, run: &Run, counts: &Value) -> Result<(), Error> {
        let detail = json!({ "run": run.id, "step": run.step, "counts": counts });
        self.end(stamp, run, "finish", &detail, (Outcome::Done, Some(counts), None))
    }

    /// Ends a run that cannot be finished, and says why: stopped, the file vanished, …
    ///
    /// # Errors
    /// [`Error::RunNotOpen`], [`Error::Full`], [`Error::ReadOnly`].
    pub fn abandon(&mut self, stamp: &Stamp, run: &Run, why: &str) -> Result<(), Error> {
        let detail = json!({ "run": run.id, "step": run.step, "why": why });
        self.end(stamp, run, "abandon", &detail, (Outcome::Abandoned, None, Some(why)))
    }

    /// The ledger, oldest first.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn runs(&self) -> Result<Vec<RunRecord>, Error> {
        let mut query = self.db.prepare_cached(&format!("{SELECT_RUN} ORDER BY id"))?;
        let runs = query.query_map([], read_run)?.collect::<Result<_, _>>()?;
        Ok(runs)
    }

    /// One run.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn run(&self, id: i64) -> Result<Option<RunRecord>, Error> {
        let mut query = self.db.prepare_cached(&format!("{SELECT_RUN} WHERE id = ?1"))?;
        Ok(query.query_row([id], read_run).optional()?)
    }

    /// Runs that are open in the ledger, but not here: we hold the lock, so their process is
    /// gone.
    fn interrupted_runs(&self) -> Result<Vec<i64>, Error> {
        let mut query =
            self.db.prepare_cached("SELECT id FROM run WHERE outcome = 'running' ORDER BY id")?;
        let open = query.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        Ok(open.into_iter().filter(|id| !self.open_runs.contains(id)).collect())
    }

    fn end(
        &mut self,
        stamp: &Stamp,
        run: &Run,
        action: &str,
        detail: &Value,
        (outcome, counts, why): (Outcome, Option<&Value>, Option<&str>),
    ) -> Result<(), Error> {
        self.change(stamp, action, detail, |db| {
            must_be_open(db, run)?;
            db.prepare_cached(
                "UPDATE run SET outcome = ?2, finished = ?3, counts = ?4, why = ?5 WHERE id = ?1",
            )?
            .execute((
                run.id,
                outcome.to_string(),
                &stamp.at_utc,
                counts.map(canonical),
                why,
            ))?;
            Ok(())
        })?;
        self.open_runs.retain(|id| *id != run.id);
        Ok(())
    }
}

/// Findings are only taken from a run that is going on.
pub(crate) fn must_be_open(db: &Connection, run: &Run) -> Result<(), Error> {
    let open = db
        .prepare_cached("SELECT 1 FROM run WHERE id = ?1 AND step = ?2 AND outcome = 'running'")?
        .exists((run.id, &run.step))?;
    if open { Ok(()) } else { Err(Error::RunNotOpen { run: run.id }) }
}

/// Marks `old` as replaced by `new`; done inside the change that replaces its rows.
pub(crate) fn supersede(db: &Connection, old: Option<i64>, new: &Run) -> Result<(), Error> {
    if let Some(old) = old.filter(|old| *old != new.id) {
        db.prepare_cached(
            "UPDATE run SET outcome = 'superseded' WHERE id = ?1 AND outcome = 'done'",
        )?
        .execute([old])?;
    }
    Ok(())
}

const SELECT_RUN: &str = "SELECT id, key, step, version, params, inputs, tool, actor, started, \
                          finished, counts, why, outcome FROM run";

fn read_run(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    Ok(RunRecord {
        id: row.get(0)?,
        key: row.get(1)?,
        step: Step {
            name: row.get(2)?,
            version: row.get(3)?,
            params: from_json(row, 4)?,
            inputs: from_json(row, 5)?,
        },
        tool: row.get(6)?,
        actor: row.get(7)?,
        started: row.get(8)?,
        finished: row.get(9)?,
        counts: match row.get_ref(10)? {
            rusqlite::types::ValueRef::Null => None,
            _ => Some(from_json(row, 10)?),
        },
        why: row.get(11)?,
        outcome: from_text(row, 12)?,
    })
}

/// A column that holds JSON.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| unreadable(column, error))
}

/// A column that holds one of a few words.
pub(crate) fn from_text<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_value(Value::from(text)).map_err(|error| unreadable(column, error))
}

fn unreadable(column: usize, error: serde_json::Error) -> rusqlite::Error {
    let kind = rusqlite::types::Type::Text;
    rusqlite::Error::FromSqlConversionFailure(column, kind, Box::new(error))
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Interrupted => "interrupted",
            Self::Abandoned => "abandoned",
            Self::Superseded => "superseded",
        })
    }
}
