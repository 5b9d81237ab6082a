//! The alignment: placements, ties, refusals, excerpts; one solution of the whole case.
//!
//! It is replaced as a whole, in one transaction, so a case never holds half a solution. Rows
//! hold integers in nanoseconds and parts per billion, and floating-point numbers bit for bit;
//! they come back in the order in which they were given, placements in order of source id.
//! Custody keeps the SHA-256 of the solution's canonical JSON: the same inputs give the same
//! one.

use evidence::{
    ClockMap, CopyReason, Doubt, Excerpt, Island, MediaTime, Piece, Placement, Refusal, RunnerUp,
    SourceId, Tie, TieKind, Window,
};
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::json;

use crate::canonical::{canonical, sha256};
use crate::error::Error;
use crate::ledger::{Run, from_json, from_text, must_be_open, supersede};
use crate::{Case, RunRecord, Stamp, custody};

impl Case {
    /// Stores a solution in place of the one before.
    ///
    /// # Errors
    /// [`Error::UnknownSource`], [`Error::NotFinite`], [`Error::RunNotOpen`], [`Error::Full`],
    /// [`Error::ReadOnly`]; the solution before stands then.
    pub fn replace_alignment(
        &mut self,
        stamp: &Stamp,
        run: &Run,
        placements: &[Placement],
        ties: &[Tie],
        refusals: &[(SourceId, Refusal)],
        excerpts: &[Excerpt],
    ) -> Result<(), Error> {
        must_be_finite(ties, refusals, excerpts)?;
        let named = placements.iter().map(|placement| placement.source);
        let named = named.chain(ties.iter().flat_map(|tie| [tie.left, tie.right]));
        let named = named.chain(refusals.iter().map(|(source, _)| *source));
        let named = named.chain(excerpts.iter().flat_map(|e| [e.copy, e.source]));
        for source in named {
            self.must_hold(&source)?;
        }
        let detail = json!({
            "run": run.id, "placements": placements.len(), "ties": ties.len(),
            "refusals": refusals.len(), "excerpts": excerpts.len(),
            "sha256": digest(placements, ties, refusals, excerpts),
        });
        self.change(stamp, "align", &detail, |db| {
            must_be_open(db, run)?;
            supersede(db, current_run(db)?, run)?;
            clear(db)?;
            let (custody, _) = custody::head(db)?;
            db.execute(
                "INSERT INTO alignment (one, run, custody) VALUES (1, ?1, ?2)",
                (run.id, custody as i64),
            )?;
            write_placements(db, run, placements)?;
            write_ties(db, run, ties)?;
            write_refusals(db, run, refusals)?;
            write_excerpts(db, run, excerpts)
        })
    }

    /// The run that the present solution is from; none before the first.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn alignment_run(&self) -> Result<Option<RunRecord>, Error> {
        match current_run(&self.db)? {
            Some(id) => self.run(id),
            None => Ok(None),
        }
    }

    /// Where recordings lie on the case clock, in order of source id.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn placements(&self) -> Result<Vec<Placement>, Error> {
        self.at_one_moment(|case| {
            let mut query = case.db.prepare_cached(
                "SELECT source, island, contradiction_ns, floor_ns FROM placement ORDER BY source",
            )?;
            let rows = query.query_map([], |row| {
                let doubt = match (row.get(2)?, row.get(3)?) {
                    (Some(contradiction_ns), Some(floor_ns)) => {
                        Some(Doubt { contradiction_ns, floor_ns })
                    }
                    _ => None,
                };
                let (source, island) = (from_text(row, 0)?, Island(row.get(1)?));
                let pieces = Vec::new();
                let placement = Placement { source, island, pieces, doubt };
                Ok((row.get::<_, String>(0)?, placement))
            })?;
            let mut placements = Vec::new();
            for row in rows {
                let (key, mut placement) = row?;
                placement.pieces = pieces(&case.db, SELECT_PLACEMENT_PIECES, key)?;
                placements.push(placement);
            }
            Ok(placements)
        })
    }

    /// What pairs of recordings heard in common, in the order of the solution.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn ties(&self) -> Result<Vec<Tie>, Error> {
        self.at_one_moment(|case| {
            let mut query = case.db.prepare_cached(
                "SELECT id, left, right, score, windows_agree, windows_disagree, \
                 runner_up_offset_ns, runner_up_share, accepted, kind, residual_ns \
                 FROM tie ORDER BY id",
            )?;
            let rows = query.query_map([], |row| Ok((row.get::<_, i64>(0)?, read_tie(row)?)))?;
            let mut ties = Vec::new();
            for row in rows {
                let (id, mut tie) = row?;
                tie.pieces = pieces(&case.db, SELECT_TIE_PIECES, id)?;
                tie.windows = windows(&case.db, id)?;
                ties.push(tie);
            }
            Ok(ties)
        })
    }

    /// Which pairs the solution rests on, and by what: the ties in use without what each window
    /// said, which is most of what is kept of them.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn tie_kinds(&self) -> Result<Vec<(SourceId, SourceId, TieKind)>, Error> {
        let mut query = self
            .db
            .prepare_cached("SELECT left, right, kind FROM tie WHERE accepted ORDER BY id")?;
        let rows = query.query_map([], |row| {
            Ok((from_text(row, 0)?, from_text(row, 1)?, from_text(row, 2)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What could not be told of which recording, in the order of the solution.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn refusals(&self) -> Result<Vec<(SourceId, Refusal)>, Error> {
        let mut query =
            self.db.prepare_cached("SELECT source, refusal FROM refusal ORDER BY id")?;
        let rows = query.query_map([], |row| Ok((from_text(row, 0)?, from_json(row, 1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Which stretches were copied out of which recording, in the order of the solution.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn excerpts(&self) -> Result<Vec<Excerpt>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT copy, start_ns, end_ns, source, source_start_ns, speed, reason \
             FROM excerpt ORDER BY id",
        )?;
        let rows = query.query_map([], |row| {
            Ok(Excerpt {
                copy: from_text(row, 0)?,
                start: MediaTime(row.get(1)?),
                end: MediaTime(row.get(2)?),
                source: from_text(row, 3)?,
                source_start: MediaTime(row.get(4)?),
                speed: row.get(5)?,
                reason: reason(row)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// What tells that a copy is one, if it was kept; in the column after its speed.
fn reason(row: &Row<'_>) -> rusqlite::Result<Option<CopyReason>> {
    const COLUMN: usize = 6;
    let word: Option<String> = row.get(COLUMN)?;
    word.map(|_| from_text(row, COLUMN)).transpose()
}

/// SHA-256 of a solution's canonical JSON: `[placements, ties, refusals, excerpts]`, placements
/// in order of source id.
pub(crate) fn digest(
    placements: &[Placement],
    ties: &[Tie],
    refusals: &[(SourceId, Refusal)],
    excerpts: &[Excerpt],
) -> String {
    let mut placements: Vec<_> = placements.iter().collect();
    placements.sort_by_key(|placement| placement.source);
    let mut ties = ties.to_vec();
    for tie in &mut ties {
        // The database knows one zero only: -0 + 0 is 0.
        tie.score += 0.0;
        if let Some(runner_up) = &mut tie.runner_up {
            runner_up.share += 0.0;
        }
    }
    let mut excerpts = excerpts.to_vec();
    for excerpt in &mut excerpts {
        excerpt.speed += 0.0;
    }
    sha256(&canonical(&json!([placements, ties, refusals, excerpts])))
}

/// JSON has no infinity and the database no NaN: neither could be read back.
fn must_be_finite(
    ties: &[Tie],
    refusals: &[(SourceId, Refusal)],
    excerpts: &[Excerpt],
) -> Result<(), Error> {
    let finite = |value: f64, what: String| {
        if value.is_finite() { Ok(()) } else { Err(Error::NotFinite { what }) }
    };
    for tie in ties {
        let pair = || format!("of the tie {}–{}", tie.left.short(), tie.right.short());
        finite(tie.score, format!("the score {}", pair()))?;
        if let Some(runner_up) = tie.runner_up {
            finite(runner_up.share, format!("the runner-up's share {}", pair()))?;
        }
    }
    for excerpt in excerpts {
        finite(excerpt.speed, format!("the speed of a copy in {}", excerpt.copy.short()))?;
    }
    for (source, refusal) in refusals {
        let what = || format!("a number in the refusal of {}", source.short());
        match refusal {
            Refusal::TooShort { heard_s } => finite(*heard_s, what())?,
            Refusal::Ambiguous { offsets_s, shares, .. } => {
                let mut numbers = offsets_s.iter().chain(shares);
                numbers.try_for_each(|number| finite(*number, what()))?;
            }
            Refusal::OneStretch { start_s, end_s, .. } => {
                finite(*start_s, what())?;
                finite(*end_s, what())?;
            }
            Refusal::NoAudio
            | Refusal::Silent
            | Refusal::SharesNothing
            | Refusal::Unreadable { .. } => {}
        }
    }
    Ok(())
}

fn current_run(db: &Connection) -> Result<Option<i64>, Error> {
    Ok(db.query_row("SELECT run FROM alignment", [], |row| row.get(0)).optional()?)
}

/// Removes the solution; pieces go with what they are pieces of.
fn clear(db: &Connection) -> Result<(), Error> {
    for table in ["alignment", "placement", "tie", "refusal", "excerpt"] {
        db.execute(&format!("DELETE FROM {table}"), [])?;
    }
    Ok(())
}

fn write_placements(db: &Connection, run: &Run, placements: &[Placement]) -> Result<(), Error> {
    let mut insert = db.prepare_cached(
        "INSERT INTO placement (source, run, island, contradiction_ns, floor_ns) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut insert_piece = db.prepare_cached(
        "INSERT INTO placement_piece (source, n, start_ns, end_ns, offset_ns, drift_ppb, \
         sigma_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for placement in placements {
        let id = placement.source.to_string();
        let doubt = placement.doubt;
        insert.execute((
            &id,
            run.id,
            placement.island.0,
            doubt.map(|doubt| doubt.contradiction_ns),
            doubt.map(|doubt| doubt.floor_ns),
        ))?;
        for (n, piece) in placement.pieces.iter().enumerate() {
            let [start, end, offset, drift, sigma] = columns(piece);
            insert_piece.execute((&id, n as i64, start, end, offset, drift, sigma))?;
        }
    }
    Ok(())
}

fn write_ties(db: &Connection, run: &Run, ties: &[Tie]) -> Result<(), Error> {
    let mut insert = db.prepare_cached(
        "INSERT INTO tie (id, run, left, right, score, windows_agree, windows_disagree, \
         runner_up_offset_ns, runner_up_share, accepted, kind, residual_ns) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    let mut insert_window = db.prepare_cached(
        "INSERT INTO tie_window (tie, n, at_ns, lag_ns, agrees) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut insert_piece = db.prepare_cached(
        "INSERT INTO tie_piece (tie, n, start_ns, end_ns, offset_ns, drift_ppb, sigma_ns) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (id, tie) in (1_i64..).zip(ties) {
        insert.execute((
            id,
            run.id,
            tie.left.to_string(),
            tie.right.to_string(),
            tie.score,
            tie.windows_agree,
            tie.windows_disagree,
            tie.runner_up.map(|runner_up| runner_up.offset_ns),
            tie.runner_up.map(|runner_up| runner_up.share),
            tie.accepted,
            tie.kind.word(),
            tie.residual_ns,
        ))?;
        for (n, window) in tie.windows.iter().enumerate() {
            insert_window.execute((id, n as i64, window.at.0, window.lag_ns, window.agrees))?;
        }
        for (n, piece) in tie.pieces.iter().enumerate() {
            let [start, end, offset, drift, sigma] = columns(piece);
            insert_piece.execute((id, n as i64, start, end, offset, drift, sigma))?;
        }
    }
    Ok(())
}

fn write_refusals(
    db: &Connection,
    run: &Run,
    refusals: &[(SourceId, Refusal)],
) -> Result<(), Error> {
    let mut insert = db
        .prepare_cached("INSERT INTO refusal (id, run, source, refusal) VALUES (?1, ?2, ?3, ?4)")?;
    for (id, (source, refusal)) in (1_i64..).zip(refusals) {
        insert.execute((id, run.id, source.to_string(), canonical(&json!(refusal))))?;
    }
    Ok(())
}

fn write_excerpts(db: &Connection, run: &Run, excerpts: &[Excerpt]) -> Result<(), Error> {
    let mut insert = db.prepare_cached(
        "INSERT INTO excerpt \
         (id, run, copy, start_ns, end_ns, source, source_start_ns, speed, reason) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for (id, excerpt) in (1_i64..).zip(excerpts) {
        insert.execute((
            id,
            run.id,
            excerpt.copy.to_string(),
            excerpt.start.0,
            excerpt.end.0,
            excerpt.source.to_string(),
            excerpt.source_start.0,
            excerpt.speed,
            excerpt.reason.map(CopyReason::word),
        ))?;
    }
    Ok(())
}

/// The columns of a piece, in the order of the tables.
fn columns(piece: &Piece) -> [i64; 5] {
    [piece.start.0, piece.end.0, piece.map.offset_ns, piece.map.drift_ppb, piece.sigma_ns]
}

const SELECT_PLACEMENT_PIECES: &str = "SELECT start_ns, end_ns, offset_ns, drift_ppb, sigma_ns \
                                       FROM placement_piece WHERE source = ?1 ORDER BY n";
const SELECT_TIE_PIECES: &str = "SELECT start_ns, end_ns, offset_ns, drift_ppb, sigma_ns \
                                 FROM tie_piece WHERE tie = ?1 ORDER BY n";

fn pieces(db: &Connection, sql: &str, of: impl rusqlite::ToSql) -> Result<Vec<Piece>, Error> {
    let mut query = db.prepare_cached(sql)?;
    let pieces = query.query_map([of], |row| {
        Ok(Piece {
            start: MediaTime(row.get(0)?),
            end: MediaTime(row.get(1)?),
            map: ClockMap { offset_ns: row.get(2)?, drift_ppb: row.get(3)? },
            sigma_ns: row.get(4)?,
        })
    })?;
    Ok(pieces.collect::<Result<_, _>>()?)
}

fn windows(db: &Connection, tie: i64) -> Result<Vec<Window>, Error> {
    let mut query = db
        .prepare_cached("SELECT at_ns, lag_ns, agrees FROM tie_window WHERE tie = ?1 ORDER BY n")?;
    let windows = query.query_map([tie], |row| {
        Ok(Window { at: MediaTime(row.get(0)?), lag_ns: row.get(1)?, agrees: row.get(2)? })
    })?;
    Ok(windows.collect::<Result<_, _>>()?)
}

fn read_tie(row: &Row<'_>) -> rusqlite::Result<Tie> {
    let runner_up = match (row.get(6)?, row.get(7)?) {
        (Some(offset_ns), Some(share)) => Some(RunnerUp { offset_ns, share }),
        _ => None,
    };
    Ok(Tie {
        left: from_text(row, 1)?,
        right: from_text(row, 2)?,
        pieces: Vec::new(),
        score: row.get(3)?,
        windows_agree: row.get(4)?,
        windows_disagree: row.get(5)?,
        runner_up,
        accepted: row.get(8)?,
        kind: from_text(row, 9)?,
        windows: Vec::new(),
        residual_ns: row.get(10)?,
    })
}
