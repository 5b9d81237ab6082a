//! The one door through which a case is changed, and what keeps it the only one.
//!
//! In: what is to be done, and its custody record. Out: both in one committed transaction, then
//! the record's line in `custody.jsonl`. Outside of a change the connection refuses to write
//! (`PRAGMA query_only`), so a statement that forgets this door fails.
//! Cost: two flushes to the disk a change.

use std::sync::Arc;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde_json::{Value, json};

use crate::error::Error;
use crate::lock::Held;
use crate::schema::Access;
use crate::{Case, Stamp, custody, schema};

impl Case {
    /// The one door through which the case is changed.
    ///
    /// `work` and the custody record are committed together or not at all; then the record is
    /// appended to `custody.jsonl`. If that last step fails the change stands, the error says
    /// so, and the file is completed before the next change.
    pub(crate) fn change<T>(
        &self,
        stamp: &Stamp,
        action: &str,
        detail: &Value,
        work: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let _held = self.hold(stamp)?;
        if custody::file_length(&self.dir) != self.custody_length.get() {
            self.level_custody()?;
        }
        let writable = Writable::new(&self.db)?;
        let transaction = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let line = custody::record(&transaction, stamp, action, detail)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        drop(writable);
        self.custody_length.set(None);
        let length = custody::append_line(&self.dir, &line)?;
        self.custody_length.set(Some(length));
        Ok(result)
    }

    /// The lock, for as long as the result lives; taken now if this process has it not yet.
    pub(crate) fn hold(&self, stamp: &Stamp) -> Result<Arc<Held>, Error> {
        if let Some(held) = self.held.borrow().upgrade() {
            return Ok(held);
        }
        self.take_lock(stamp)
    }

    pub(crate) fn take_lock(&self, stamp: &Stamp) -> Result<Arc<Held>, Error> {
        if self.access != Access::Write {
            return Err(Error::ReadOnly { path: self.dir.clone() });
        }
        let held = Arc::new(Held::take(&self.dir, stamp)?);
        *self.held.borrow_mut() = Arc::downgrade(&held);
        self.level_custody()?;
        Ok(held)
    }

    /// Completes the custody file after a crash; the case must be locked.
    pub(crate) fn level_custody(&self) -> Result<(), Error> {
        let standing = custody::complete(&self.dir, &self.db)?;
        // What was completed once stays said for as long as the case is open.
        if standing != custody::Standing::Whole {
            *self.standing.borrow_mut() = standing;
        }
        self.custody_length.set(custody::file_length(&self.dir));
        Ok(())
    }

    /// Compares the custody file with the case without completing it.
    pub(crate) fn look_at_custody(&self) -> Result<(), Error> {
        // Another process may be writing: the file is level with some record of this moment.
        let known = custody::lines(&self.db)?.len();
        let file = custody::read_file(&self.dir)?;
        let lines = custody::lines(&self.db)?;
        let differs = |count| {
            let (standing, _) = custody::compare(&file, &lines[..count]);
            standing == custody::Standing::Differs
        };
        if (known..=lines.len()).all(differs) {
            *self.standing.borrow_mut() = custody::Standing::Differs;
        }
        Ok(())
    }

    pub(crate) fn migrate(&self, stamp: &Stamp, from: u32, steps: &[&str]) -> Result<(), Error> {
        for (to, sql) in (1..).zip(steps).filter(|(to, _)| *to > from) {
            let detail = json!({ "from": to - 1, "to": to });
            self.change(stamp, "migrate", &detail, |db| schema::apply(db, sql, to))?;
        }
        Ok(())
    }
}

/// While it lives, the connection may write.
struct Writable<'a>(&'a Connection);

impl<'a> Writable<'a> {
    fn new(db: &'a Connection) -> Result<Self, Error> {
        db.pragma_update(None, "query_only", false)?;
        Ok(Self(db))
    }
}

impl Drop for Writable<'_> {
    fn drop(&mut self) {
        // A refusal here leaves the connection able to write, which only this crate could use.
        let _ = self.0.pragma_update(None, "query_only", true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp() -> Stamp {
        Stamp { at_utc: "2026-03-01T09:30:00Z".into(), actor: "ana".into(), tool: "test".into() }
    }

    fn new_case() -> (tempfile::TempDir, Case) {
        let folder = tempfile::tempdir().unwrap();
        let case = Case::create(&folder.path().join("quay"), &stamp()).unwrap();
        (folder, case)
    }

    #[test]
    fn nothing_can_be_written_past_the_door() {
        let (_folder, case) = new_case();
        let write = "INSERT INTO claim VALUES ('x', 1, 'x', 'x', 'x')";
        case.db.execute(write, []).unwrap_err();
        case.change(&stamp(), "try", &json!({}), |_| Ok(())).unwrap();
        case.db.execute(write, []).unwrap_err();
        let failed = case.change(&stamp(), "try", &json!({}), |db| Ok(db.execute(write, [])?));
        failed.unwrap_err();
        case.db.execute("CREATE TABLE x (y)", []).unwrap_err();
    }

    #[test]
    fn a_change_that_fails_half_way_leaves_neither_rows_nor_record() {
        let (_folder, case) = new_case();
        let failed: Result<(), _> = case.change(&stamp(), "half", &json!({}), |db| {
            db.execute("CREATE TABLE half (x)", [])?;
            Err(Error::RunNotOpen { run: 1 })
        });
        failed.unwrap_err();
        assert_eq!(custody::lines(&case.db).unwrap().len(), 1);
        case.db.prepare("SELECT * FROM half").unwrap_err();
        assert!(case.verify_custody().unwrap().is_whole());
    }

    #[test]
    fn a_custody_record_is_neither_altered_nor_removed_even_inside_a_change() {
        let (_folder, case) = new_case();
        for sql in ["UPDATE custody SET line = ''", "DELETE FROM custody"] {
            let refused = case.change(&stamp(), "try", &json!({}), |db| Ok(db.execute(sql, [])?));
            assert!(refused.unwrap_err().to_string().contains("never"), "{sql}");
        }
    }

    #[test]
    fn an_older_case_is_brought_up_to_date_step_by_step() {
        let (_folder, case) = new_case();
        let mut steps = schema::MIGRATIONS.to_vec();
        let from = schema::FORMAT;
        steps.push("CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1)");
        steps.push("ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1");
        steps.push("CREATE TABLE b (x INTEGER) STRICT; INSERT INTO missing VALUES (1)");
        case.migrate(&stamp(), from, &steps).unwrap_err();

        // The two good steps stand; of the bad one nothing does.
        assert_eq!(schema::format(&case.db).unwrap(), from + 2);
        let y: i64 = case.db.query_row("SELECT y FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!(y, 2);
        case.db.prepare("SELECT * FROM b").unwrap_err();
        let entries = case.custody().unwrap();
        assert_eq!(entries.len(), 3);
        assert_eq!(entries[2].record.detail, json!({ "from": from + 1, "to": from + 2 }));
        assert!(case.verify_custody().unwrap().is_whole());

        // And this program now refuses the case as one of a newer version.
        let dir = case.dir().to_owned();
        drop(case);
        let error = Case::open(&dir, &stamp()).unwrap_err();
        assert!(matches!(error, Error::NewerVersion { .. }), "{error}");
    }

    #[test]
    fn a_database_that_may_not_grow_loses_nothing() {
        let (_folder, case) = new_case();
        case.change(&stamp(), "fill", &json!({}), |db| {
            Ok(db.execute_batch("CREATE TABLE fill (x BLOB); INSERT INTO fill VALUES (x'01')")?)
        })
        .unwrap();
        let pages: i64 = case.db.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        let limit = |pages: i64| {
            let sql = format!("PRAGMA max_page_count = {pages}");
            case.db.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap();
        };
        limit(pages + 10);
        let fill = "INSERT INTO fill VALUES (zeroblob(1000000))";
        let full = case.change(&stamp(), "fill", &json!({}), |db| Ok(db.execute(fill, [])?));
        let error = full.unwrap_err();
        assert!(matches!(error, Error::Full { .. }), "{error}");
        assert!(case.verify_custody().unwrap().is_whole());
        limit(1_000_000);
        case.change(&stamp(), "fill", &json!({}), |db| Ok(db.execute(fill, [])?)).unwrap();
        assert_eq!(custody::lines(&case.db).unwrap().len(), 3);
        assert!(case.verify_custody().unwrap().is_whole());
    }
}
