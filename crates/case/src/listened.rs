//! What was heard in each recording: the stretches with sound, and what went wrong on the way.
//! The features themselves are in the cache.

use evidence::{MediaTime, SourceId, Stretch};
use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::canonical::{canonical, sha256};
use crate::error::Error;
use crate::ledger::{Run, from_json, from_text, must_be_open, supersede};
use crate::{Case, Stamp, custody};

/// What listening to one recording found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listened {
    /// The run in the ledger.
    pub run: i64,
    /// Where sound really was recorded, in media time.
    pub stretches: Vec<Stretch>,
    /// Sentences for the person.
    pub warnings: Vec<String>,
}

impl Case {
    /// Stores what was heard in one recording, in place of what an earlier run heard. A step
    /// that stores this is begun for each recording by itself, so that one can be done again
    /// without the others.
    ///
    /// # Errors
    /// [`Error::UnknownSource`], [`Error::RunNotOpen`], [`Error::Full`], [`Error::ReadOnly`].
    pub fn put_listened(
        &mut self,
        stamp: &Stamp,
        run: &Run,
        source: &SourceId,
        stretches: &[Stretch],
        warnings: &[String],
    ) -> Result<(), Error> {
        self.must_hold(source)?;
        let id = source.to_string();
        let old = self.listened(source)?.map(|listened| listened.run);
        let detail = json!({
            "run": run.id, "source": source, "stretches": stretches.len(), "warnings": warnings,
            "sha256": digest(stretches),
        });
        self.change(stamp, "listen", &detail, |db| {
            must_be_open(db, run)?;
            supersede(db, old, run)?;
            db.prepare_cached("DELETE FROM listened WHERE source = ?1")?.execute([&id])?;
            let (custody, _) = custody::head(db)?;
            db.prepare_cached(
                "INSERT INTO listened (source, run, warnings, custody) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((&id, run.id, json!(warnings).to_string(), custody as i64))?;
            let mut insert = db.prepare_cached(
                "INSERT INTO stretch (source, n, start_ns, end_ns) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for (n, stretch) in stretches.iter().enumerate() {
                insert.execute((&id, n as i64, stretch.start.0, stretch.end.0))?;
            }
            Ok(())
        })
    }

    /// What was heard in a recording; none if it has not been listened to.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn listened(&self, source: &SourceId) -> Result<Option<Listened>, Error> {
        self.at_one_moment(|case| {
            let id = source.to_string();
            let row = case
                .db
                .prepare_cached("SELECT run, warnings FROM listened WHERE source = ?1")?
                .query_row([&id], |row| Ok((row.get(0)?, from_json(row, 1)?)))
                .optional()?;
            let Some((run, warnings)) = row else { return Ok(None) };
            let mut query = case.db.prepare_cached(
                "SELECT start_ns, end_ns FROM stretch WHERE source = ?1 ORDER BY n",
            )?;
            let stretches = query.query_map([&id], |row| {
                Ok(Stretch { start: MediaTime(row.get(0)?), end: MediaTime(row.get(1)?) })
            })?;
            let stretches = stretches.collect::<Result<_, _>>()?;
            Ok(Some(Listened { run, stretches, warnings }))
        })
    }

    /// What was heard in every recording that has been listened to, in order of source id.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn all_listened(&self) -> Result<Vec<(SourceId, Listened)>, Error> {
        self.at_one_moment(|case| {
            let mut query =
                case.db.prepare_cached("SELECT source FROM listened ORDER BY source")?;
            let sources: Vec<SourceId> =
                query.query_map([], |row| from_text(row, 0))?.collect::<Result<_, _>>()?;
            let mut all = Vec::with_capacity(sources.len());
            for source in sources {
                all.extend(case.listened(&source)?.map(|listened| (source, listened)));
            }
            Ok(all)
        })
    }
}

/// SHA-256 of the canonical JSON of the stretches.
pub(crate) fn digest(stretches: &[Stretch]) -> String {
    sha256(&canonical(&json!(stretches)))
}
