//! What a person says of time: which moments of two recordings are one (`place`), which moment of
//! a recording was which moment of UTC (`clock`), what a clock showed (`reading`), where a recorder
//! stood (`stood`); whose voice is heard (`named`); what is said (`corrected`); and what the case is asked to do from now on
//! (`choice`).
//!
//! A person's word is a row of its own, with who said it, when and in which words; the alignment
//! reads it and never writes it. What is taken back stays in the case, marked with the custody
//! record under which it was taken back. Custody keeps the SHA-256 of each.

use evidence::{Anchor, ClockReading, Corrected, Named, SourceId, Stood, UtcAnchor};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::canonical::{canonical, sha256};
use crate::custody::Record;
use crate::error::Error;
use crate::ledger::from_json;
use crate::{Case, Stamp, custody};

/// What a person said, and who that was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told<T> {
    /// Its number; a later one has a higher number.
    pub id: i64,
    /// What was said.
    pub anchor: T,
    /// In the person's own words: what was typed.
    pub said: String,
    /// When, RFC 3339.
    pub at_utc: String,
    /// By whom.
    pub actor: String,
}

/// What a case is asked to do from now on, until it is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// To believe the clocks of devices where sound, light and hand place nothing.
    ByClock,
    /// Not to say of voices in two recordings that they are one person's.
    VoicesApart,
}

/// The kinds of a person's word, as rows and records name them.
const PLACE: &str = "place";
const CLOCK: &str = "clock";
const READING: &str = "reading";
const CHOICE: &str = "choice";
const STOOD: &str = "stood";
const NAMED: &str = "named";
const CORRECTED: &str = "corrected";
/// The record under which a word is taken back.
const UNDO: &str = "undo";
/// Records that tell of a word.
const KINDS: [&str; 8] = [PLACE, CLOCK, READING, CHOICE, STOOD, NAMED, CORRECTED, UNDO];

impl Case {
    /// Stores that two moments of two recordings are one; returns its number.
    ///
    /// # Errors
    /// [`Error::UnknownSource`], [`Error::Full`], [`Error::ReadOnly`], [`Error::Busy`].
    pub fn put_anchor(&mut self, stamp: &Stamp, anchor: &Anchor, said: &str) -> Result<i64, Error> {
        let of = (Some(anchor.source), Some(anchor.other));
        self.tell(stamp, PLACE, of, &json!(anchor), said)
    }

    /// Stores that a moment of a recording was a moment of UTC; returns its number.
    ///
    /// # Errors
    /// [`Error::UnknownSource`], [`Error::Full`], [`Error::ReadOnly`], [`Error::Busy`].
    pub fn put_utc_anchor(
        &mut self,
        stamp: &Stamp,
        anchor: &UtcAnchor,
        said: &str,
    ) -> Result<i64, Error> {
        self.tell(stamp, CLOCK, (Some(anchor.source), None), &json!(anchor), said)
    }

    /// Stores what a clock showed; returns its number.
    ///
    /// # Errors
    /// [`Error::UnknownSource`], [`Error::Full`], [`Error::ReadOnly`], [`Error::Busy`].
    pub fn put_reading(
        &mut self,
        stamp: &Stamp,
        reading: &ClockReading,
        said: &str,
    ) -> Result<i64, Error> {
        self.tell(stamp, READING, (Some(reading.source), None), &json!(reading), said)
    }

    /// Stores where a recorder stood; returns its number.
    ///
    /// # Errors
    /// [`Error::UnknownSource`], [`Error::Full`], [`Error::ReadOnly`], [`Error::Busy`].
    pub fn put_stood(&mut self, stamp: &Stamp, stood: &Stood, said: &str) -> Result<i64, Error> {
        self.tell(stamp, STOOD, (Some(stood.source), None), &json!(stood), said)
    }

    /// Stores whose voice is heard at a moment; returns its number.
    ///
    /// # Errors
    /// [`Error::UnknownSource`], [`Error::Full`], [`Error::ReadOnly`], [`Error::Busy`].
    pub fn put_named(&mut self, stamp: &Stamp, named: &Named, said: &str) -> Result<i64, Error> {
        self.tell(stamp, NAMED, (Some(named.source), None), &json!(named), said)
    }

    /// Stores what a person says is said in a stretch; returns its number.
    ///
    /// # Errors
    /// [`Error::UnknownSource`], [`Error::Full`], [`Error::ReadOnly`], [`Error::Busy`].
    pub fn put_corrected(
        &mut self,
        stamp: &Stamp,
        corrected: &Corrected,
        said: &str,
    ) -> Result<i64, Error> {
        self.tell(stamp, CORRECTED, (Some(corrected.source), None), &json!(corrected), said)
    }

    /// Stores what the case is asked to do from now on; returns its number.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::ReadOnly`], [`Error::Busy`].
    pub fn put_choice(&mut self, stamp: &Stamp, choice: Choice, said: &str) -> Result<i64, Error> {
        self.tell(stamp, CHOICE, (None, None), &json!(choice), said)
    }

    /// Where a person placed recordings, in the order in which it was said; without what was
    /// taken back.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn anchors(&self) -> Result<Vec<Told<Anchor>>, Error> {
        self.told(PLACE)
    }

    /// Which moments a person holds to be which moments of UTC, in the order in which it was
    /// said; without what was taken back.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn utc_anchors(&self) -> Result<Vec<Told<UtcAnchor>>, Error> {
        self.told(CLOCK)
    }

    /// What persons read from clocks, in the order in which it was said; without what was taken
    /// back.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn readings(&self) -> Result<Vec<Told<ClockReading>>, Error> {
        self.told(READING)
    }

    /// Where persons say that recorders stood, in the order in which it was said; without what was
    /// taken back.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn stood(&self) -> Result<Vec<Told<Stood>>, Error> {
        self.told(STOOD)
    }

    /// Whose voices persons know, in the order in which it was said; without what was taken back.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn named(&self) -> Result<Vec<Told<Named>>, Error> {
        self.told(NAMED)
    }

    /// What persons say is said, in the order in which it was said: a later one wins; without what
    /// was taken back.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn corrected(&self) -> Result<Vec<Told<Corrected>>, Error> {
        self.told(CORRECTED)
    }

    /// What the case is asked to do, in the order in which it was said; without what was taken
    /// back.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn choices(&self) -> Result<Vec<Told<Choice>>, Error> {
        self.told(CHOICE)
    }

    /// Takes back what a person said; `id` is the number of a word of any kind. Taken back
    /// twice, it changes nothing.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::ReadOnly`], [`Error::Busy`].
    pub fn undo_anchor(&mut self, stamp: &Stamp, id: i64) -> Result<(), Error> {
        let stands = "SELECT 1 FROM anchor WHERE id = ?1 AND undone IS NULL";
        if !self.db.prepare_cached(stands)?.exists([id])? {
            return Ok(());
        }
        self.change(stamp, UNDO, &json!({ "anchor": id }), |db| {
            let (seq, _) = custody::head(db)?;
            db.prepare_cached("UPDATE anchor SET undone = ?2 WHERE id = ?1 AND undone IS NULL")?
                .execute((id, seq as i64))?;
            Ok(())
        })
    }

    fn tell(
        &self,
        stamp: &Stamp,
        kind: &str,
        (source, other): (Option<SourceId>, Option<SourceId>),
        anchor: &Value,
        said: &str,
    ) -> Result<i64, Error> {
        for id in source.iter().chain(&other) {
            self.must_hold(id)?;
        }
        let next = "SELECT coalesce(max(id), 0) + 1 FROM anchor";
        let id: i64 = self.db.query_row(next, [], |row| row.get(0))?;
        let detail = json!({
            "anchor": id, "source": source, "said": said, "sha256": digest(anchor, said),
        });
        self.change(stamp, kind, &detail, |db| {
            let (seq, _) = custody::head(db)?;
            db.prepare_cached(
                "INSERT INTO anchor (id, kind, source, other, anchor, said, at_utc, actor, \
                 custody) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute((
                id,
                kind,
                source.map(|source| source.to_string()),
                other.map(|other| other.to_string()),
                canonical(anchor),
                said,
                &stamp.at_utc,
                &stamp.actor,
                seq as i64,
            ))?;
            Ok(())
        })?;
        Ok(id)
    }

    fn told<T: DeserializeOwned>(&self, kind: &str) -> Result<Vec<Told<T>>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT id, anchor, said, at_utc, actor FROM anchor \
             WHERE kind = ?1 AND undone IS NULL ORDER BY id",
        )?;
        let rows = query.query_map([kind], |row| {
            Ok(Told {
                id: row.get(0)?,
                anchor: from_json(row, 1)?,
                said: row.get(2)?,
                at_utc: row.get(3)?,
                actor: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The records that tell of a person's word otherwise than the case has it: altered, slipped
    /// in, removed, or taken back or not against the record.
    pub(crate) fn wrong_anchors<'a>(
        &self,
        records: impl Iterator<Item = &'a Record>,
    ) -> Result<Vec<u64>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT id, kind, anchor, said, at_utc, actor, custody, undone FROM anchor",
        )?;
        let rows = query.query_map([], |row| {
            let (kind, said): (String, String) = (row.get(1)?, row.get(3)?);
            let told = json!({
                "anchor": row.get::<_, i64>(0)?, "kind": kind, "at_utc": row.get::<_, String>(4)?,
                "actor": row.get::<_, String>(5)?,
                "sha256": digest(&from_json::<Value>(row, 2)?, &said),
            });
            let told = ((row.get::<_, i64>(6)? as u64), told);
            let undone = (row.get::<_, Option<i64>>(7)?, json!(row.get::<_, i64>(0)?));
            Ok((told, undone))
        })?;
        let (mut told, mut undone) = (Vec::new(), Vec::new());
        for row in rows {
            let (word, (taken_back, id)) = row?;
            told.push(word);
            undone
                .extend(taken_back.map(|seq| (seq as u64, json!({ "anchor": id, "kind": UNDO }))));
        }
        let mut rows: Vec<(u64, Value)> = told.into_iter().chain(undone).collect();
        let mut wrong = Vec::new();
        for record in records.filter(|r| KINDS.contains(&r.action.as_str())) {
            let Some(at) = rows.iter().position(|(seq, _)| *seq == record.seq) else {
                wrong.push(record.seq);
                continue;
            };
            let (_, row) = rows.swap_remove(at);
            let said = |name: &str| match name {
                "kind" => json!(record.action),
                "at_utc" => json!(record.at),
                "actor" => json!(record.actor),
                _ => record.detail[name].clone(),
            };
            let agrees = row.as_object().is_some_and(|row| row.iter().all(|(k, v)| said(k) == *v));
            if !agrees {
                wrong.push(record.seq);
            }
        }
        wrong.extend(rows.into_iter().map(|(seq, _)| seq));
        Ok(wrong)
    }
}

fn digest(anchor: &Value, said: &str) -> String {
    sha256(&canonical(&json!([anchor, said])))
}
