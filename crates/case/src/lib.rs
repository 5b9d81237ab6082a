//! The file: what a case holds on disk, and the only SQL in Recount.
//!
//! A case is a folder. `case.db` holds what was found out (SQLite), `custody.jsonl` who changed
//! what and when, `cache/` what can be computed again, `account.md` the person's own text. This
//! crate touches that folder and nothing else: it never opens a source, never reads the clock
//! or the environment (a [`Stamp`] tells it who and when), never prints.
//!
//! Every change goes through one function (`Case::change`), which commits the rows and their
//! custody record in one transaction and then brings the custody file level. Everywhere else
//! the database refuses to be written. One process at a time may change a case
//! ([`Case::lock`]); any number may read it meanwhile.
//!
//! Cannot: show that someone with full access to the folder rewrote all of it (see
//! [`custody`]); work on a file system without locks or shared memory (some network drives).

#[cfg(not(unix))]
compile_error!("a path is stored as the bytes that Unix gives; another system needs its own form");

mod alignment;
mod cache;
mod canonical;
pub mod custody;
mod error;
mod ledger;
mod listened;
mod lock;
mod schema;
mod sources;

use std::cell::{Cell, RefCell};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use cache::{Cache, CacheWriter};
pub use error::Error;
pub use ledger::{Outcome, Run, RunRecord, Step};
pub use listened::Listened;
pub use lock::{CaseLock, Holder};
pub use sources::{Added, Whereabouts};

use lock::Held;
use schema::Access;

/// The findings.
pub const DATABASE: &str = "case.db";
/// The log of changes.
pub const CUSTODY: &str = "custody.jsonl";
/// The person's text.
pub const ACCOUNT: &str = "account.md";
/// What can be computed again.
pub const CACHE: &str = "cache";
/// The file on which the lock lies.
pub const LOCK: &str = "case.lock";
/// A database that is still being made.
const UNFINISHED: &str = "case.db.new";

/// Who changes the case, when and with what; given by the program, for custody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// RFC 3339, in UTC.
    pub at_utc: String,
    /// The person, as the system knows them.
    pub actor: String,
    /// The program and its version.
    pub tool: String,
}

/// An open case.
#[derive(Debug)]
pub struct Case {
    dir: PathBuf,
    db: Connection,
    access: Access,
    held: RefCell<Weak<Held>>,
    /// Kept until the case is closed, for runs begun without a lock.
    kept: Option<CaseLock>,
    /// Runs begun here and not ended yet.
    open_runs: Vec<i64>,
    standing: RefCell<custody::Standing>,
    /// Length of custody.jsonl when it was last known to be level with the database.
    custody_length: Cell<Option<u64>>,
}

impl Case {
    /// Makes a case in `dir`, which must not exist yet or be empty (an `account.md` may be
    /// there already and is left alone).
    ///
    /// # Errors
    /// [`Error::NotEmpty`], [`Error::Full`], [`Error::ReadOnly`], [`Error::Busy`] if another
    /// process is making it. What an interrupted attempt left is no obstacle.
    pub fn create(dir: &Path, stamp: &Stamp) -> Result<Self, Error> {
        fs::create_dir_all(dir).map_err(Error::io("make the case folder", dir))?;
        must_be_free(dir)?;
        let lock = Held::take(dir, stamp)?;
        must_be_free(dir)?;
        write_account(dir)?;
        let cache = dir.join(CACHE);
        fs::create_dir_all(&cache).map_err(Error::io("make the cache", &cache))?;
        write_database(dir, stamp)?;
        drop(lock);
        Self::open(dir, stamp)
    }

    /// Opens the case in `dir`. An older format is brought up to date, which custody records
    /// with `stamp`; a log that a crash left one line behind is completed (see
    /// [`custody_standing`](Self::custody_standing)). Nothing else is changed, and neither is
    /// done while another process holds the case. A case in a place that cannot be written can
    /// still be read.
    ///
    /// # Errors
    /// [`Error::NotACase`], [`Error::NewerVersion`], [`Error::Damaged`]; [`Error::ReadOnly`] if
    /// an older format cannot be brought up to date, or a journal not be read, where it is.
    pub fn open(dir: &Path, stamp: &Stamp) -> Result<Self, Error> {
        let path = dir.join(DATABASE);
        schema::format_of(dir, &path)?;
        refuse_newer_in_journal(dir)?;
        let held = match Held::take(dir, stamp) {
            Ok(held) => Some(Arc::new(held)),
            Err(Error::Busy { .. } | Error::ReadOnly { .. }) => None,
            Err(error) => return Err(error),
        };
        let access = if held.is_some() || can_write(&dir.join(LOCK)) && can_write(&path) {
            Access::Write
        } else if has_journal(dir) {
            Access::Read
        } else {
            Access::Frozen
        };
        let case = Self {
            dir: dir.to_owned(),
            db: schema::open(&path, access)?,
            access,
            held: RefCell::new(held.as_ref().map_or_else(Weak::new, Arc::downgrade)),
            kept: None,
            open_runs: Vec::new(),
            standing: RefCell::new(custody::Standing::Whole),
            custody_length: Cell::new(None),
        };
        let format = schema::known(schema::format(&case.db)?, dir)?;
        if held.is_some() {
            case.level_custody()?;
            case.migrate(stamp, format, schema::MIGRATIONS)?;
        } else {
            case.look_at_custody()?;
            if format < schema::FORMAT {
                return Err(Error::ReadOnly { path: dir.to_owned() });
            }
        }
        Ok(case)
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The person's text, which is never written here after the case was made.
    pub fn account_path(&self) -> PathBuf {
        self.dir.join(ACCOUNT)
    }

    /// Takes the case for this process until the lock is dropped. Whoever does a longer piece of
    /// work takes it first; a single change made without it takes it for itself.
    ///
    /// # Errors
    /// [`Error::Busy`] if another process has it; [`Error::ReadOnly`].
    pub fn lock(&self, stamp: &Stamp) -> Result<CaseLock, Error> {
        if let Some(held) = self.held.borrow().upgrade() {
            return Ok(CaseLock::of(&held));
        }
        let held = self.take_lock(stamp)?;
        self.cache().sweep();
        Ok(CaseLock::of(&held))
    }

    /// How `custody.jsonl` stood to the case when it was last compared.
    pub fn custody_standing(&self) -> custody::Standing {
        self.standing.borrow().clone()
    }

    /// The custody log, in order, as the case database holds it.
    ///
    /// # Errors
    /// [`Error::Damaged`] if a record cannot be read; see [`verify_custody`](Self::verify_custody).
    pub fn custody(&self) -> Result<Vec<custody::Entry>, Error> {
        let lines = custody::lines(&self.db)?;
        let entries = (1..).zip(&lines).map(|(n, line)| {
            custody::Entry::from_line(line).ok_or_else(|| {
                Error::damaged(format!("custody record {n} was altered"), &self.path())
            })
        });
        entries.collect()
    }

    /// Compares `custody.jsonl`, the case's own copy of it and the chain of hashes.
    ///
    /// # Errors
    /// Only if one of the two cannot be read; differences are in the report.
    pub fn verify_custody(&self) -> Result<custody::Report, Error> {
        // The file first: what another process writes in between is then not missed in it,
        // only ahead of it, and is looked for again.
        let file = custody::read_file(&self.dir)?;
        let mut lines = custody::lines(&self.db)?;
        let behind = lines.len().saturating_sub(file.iter().filter(|b| **b == b'\n').count());
        if behind == 1 && self.held.borrow().upgrade().is_none() && self.is_busy() {
            lines.pop();
        }
        Ok(custody::verify(&file, &lines, self.custody_standing()))
    }

    /// Looks through the whole database for damage: pages, indexes, references, schema. Takes
    /// seconds for gigabytes. Returns what is wrong, one sentence each; nothing: it is sound.
    ///
    /// # Errors
    /// If the file cannot be read at all.
    pub fn check_database(&self) -> Result<Vec<String>, Error> {
        schema::check(&self.db)
    }

    /// What `read` reads is all from one moment, whatever another process writes meanwhile.
    ///
    /// # Errors
    /// Those of `read`, and if the database cannot be read.
    pub fn at_one_moment<T>(
        &self,
        read: impl FnOnce(&Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if !self.db.is_autocommit() {
            return read(self);
        }
        let moment = self.db.unchecked_transaction()?;
        let result = read(self);
        moment.finish()?;
        result
    }

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
        let transaction = rusqlite::Transaction::new_unchecked(
            &self.db,
            rusqlite::TransactionBehavior::Immediate,
        )?;
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

    fn take_lock(&self, stamp: &Stamp) -> Result<Arc<Held>, Error> {
        if self.access != Access::Write {
            return Err(Error::ReadOnly { path: self.dir.clone() });
        }
        let held = Arc::new(Held::take(&self.dir, stamp)?);
        *self.held.borrow_mut() = Arc::downgrade(&held);
        self.level_custody()?;
        Ok(held)
    }

    /// Whether another process holds the case at this moment.
    fn is_busy(&self) -> bool {
        lock::is_held(&self.dir)
    }

    /// Completes the custody file after a crash; the case must be locked.
    fn level_custody(&self) -> Result<(), Error> {
        let standing = custody::complete(&self.dir, &self.db)?;
        // What was completed once stays said for as long as the case is open.
        if standing != custody::Standing::Whole {
            *self.standing.borrow_mut() = standing;
        }
        self.custody_length.set(custody::file_length(&self.dir));
        Ok(())
    }

    /// Compares the custody file with the case without completing it.
    fn look_at_custody(&self) -> Result<(), Error> {
        let file = custody::read_file(&self.dir)?;
        let (standing, _) = custody::compare(&file, &custody::lines(&self.db)?);
        if standing == custody::Standing::Differs {
            *self.standing.borrow_mut() = standing;
        }
        Ok(())
    }

    fn migrate(&self, stamp: &Stamp, from: u32, steps: &[&str]) -> Result<(), Error> {
        for (to, sql) in (1..).zip(steps).filter(|(to, _)| *to > from) {
            let detail = json!({ "from": to - 1, "to": to });
            self.change(stamp, "migrate", &detail, |db| schema::apply(db, sql, to))?;
        }
        Ok(())
    }

    fn path(&self) -> PathBuf {
        self.dir.join(DATABASE)
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

/// Refuses a link or a device where the case keeps a file: a case may come from someone else,
/// and what it names must not be written to elsewhere.
pub(crate) fn must_be_plain(path: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            Err(Error::damaged("a file of the case is a link or no plain file", path))
        }
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::io("look at a file of the case", path)(error))
        }
        _ => Ok(()),
    }
}

/// Lets through a folder that holds nothing but what an interrupted `create` can have left.
fn must_be_free(dir: &Path) -> Result<(), Error> {
    let ours = |name: &str| [ACCOUNT, CACHE, LOCK].contains(&name) || name.starts_with(UNFINISHED);
    for entry in fs::read_dir(dir).map_err(Error::io("read the folder", dir))? {
        let name = entry.map_err(Error::io("read the folder", dir))?.file_name();
        if !name.to_str().is_some_and(ours) {
            return Err(Error::NotEmpty { dir: dir.to_owned() });
        }
    }
    Ok(())
}

fn write_account(dir: &Path) -> Result<(), Error> {
    let path = dir.join(ACCOUNT);
    let name = std::path::absolute(dir).ok();
    let title = name.as_ref().and_then(|dir| dir.file_stem());
    let title = title.map_or_else(|| "Account".into(), |title| title.to_string_lossy());
    match File::create_new(&path) {
        Ok(mut file) => writeln!(file, "# {title}")
            .and_then(|()| file.sync_all())
            .map_err(Error::io("write the account", &path)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::io("write the account", &path)(error)),
    }
}

/// Makes the database under another name and gives it its own when it is whole, so that a
/// folder with a `case.db` is always a case.
fn write_database(dir: &Path, stamp: &Stamp) -> Result<(), Error> {
    let unfinished = dir.join(UNFINISHED);
    for tail in ["", "-journal", "-wal", "-shm"] {
        let left = dir.join(format!("{UNFINISHED}{tail}"));
        match fs::remove_file(&left) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::io("remove an unfinished case", &left)(error));
            }
            _ => {}
        }
    }
    let db = schema::open(&unfinished, Access::Write)?;
    db.pragma_update(None, "query_only", false)?;
    let transaction = db.unchecked_transaction()?;
    transaction.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
    for (to, sql) in (1..).zip(schema::MIGRATIONS) {
        schema::apply(&transaction, sql, to)?;
    }
    custody::record(&transaction, stamp, "create", &json!({ "format": schema::FORMAT }))?;
    transaction.commit()?;
    db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
    db.close().map_err(|(_, error)| error)?;
    let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
    sync(&unfinished).map_err(Error::io("write the case", &unfinished))?;
    fs::rename(&unfinished, dir.join(DATABASE)).map_err(Error::io("name the case", dir))?;
    sync(dir).map_err(Error::io("write the case folder", dir))
}

fn has_journal(dir: &Path) -> bool {
    fs::metadata(dir.join(format!("{DATABASE}-wal"))).is_ok_and(|journal| journal.len() > 0)
}

/// A newer version that was killed just after its migration left the new format only in the
/// journal; a connection that cannot write looks there and changes nothing.
fn refuse_newer_in_journal(dir: &Path) -> Result<(), Error> {
    if has_journal(dir) {
        let db = schema::open(&dir.join(DATABASE), Access::Read)?;
        schema::known(schema::format(&db)?, dir)?;
    }
    Ok(())
}

fn can_write(path: &Path) -> bool {
    File::options().append(true).open(path).is_ok()
}
