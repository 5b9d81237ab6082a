//! The file: what a case holds on disk, and the only SQL in Recount.
//!
//! A case is a folder. `case.db` holds what was found out (`SQLite`), `custody.jsonl` who changed
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
mod anchors;
mod cache;
mod canonical;
mod change;
mod create;
pub mod custody;
mod error;
mod ledger;
mod listened;
mod lock;
mod reconcile;
mod schema;
pub mod search;
mod sources;
mod speech;

use std::cell::{Cell, RefCell};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use rusqlite::{Connection, ErrorCode};
use serde::{Deserialize, Serialize};

pub use anchors::{Choice, Told};
pub use cache::{Cache, CacheWriter};
pub use error::Error;
pub use ledger::{Outcome, Run, RunRecord, Step};
pub use listened::Listened;
pub use lock::{CaseLock, Holder};
pub use sources::{Added, Whereabouts};
pub use speech::{Kept, Span, correct, is_of};

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
    /// Opens the case in `dir`. An older format is brought up to date, which custody records
    /// with `stamp`; a log that a crash left one line behind is completed (see
    /// [`custody_standing`](Self::custody_standing)). Nothing else is changed, and neither is
    /// done while another process holds the case. A case in a place that cannot be written can
    /// still be read.
    ///
    /// # Errors
    /// [`Error::NotACase`], [`Error::NewerVersion`], [`Error::Damaged`]; [`Error::ReadOnly`] if
    /// an older format cannot be brought up to date, or a journal not be read, where it is;
    /// [`Error::Busy`] if an older format cannot be brought up to date now.
    pub fn open(dir: &Path, stamp: &Stamp) -> Result<Self, Error> {
        let path = dir.join(DATABASE);
        schema::format_of(dir, &path)?;
        for beside in ["wal", "shm", "journal"] {
            must_be_plain(&dir.join(format!("{DATABASE}-{beside}")))?;
        }
        refuse_newer_in_journal(dir)?;
        let (held, refused) = match Held::take_nameless(dir) {
            Ok(held) => (Some(Arc::new(held)), None),
            Err(refused @ (Error::Busy { .. } | Error::ReadOnly { .. })) => (None, Some(refused)),
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
            // It would have to be brought up to date, and cannot be now.
            if let Some(refused) = refused.filter(|_| format < schema::FORMAT) {
                return Err(refused);
            }
        }
        Ok(case)
    }

    /// The same case once more, for reading only and on a connection of its own: for a thread that
    /// nobody is to wait for.
    ///
    /// # Errors
    /// If the database cannot be opened again.
    pub fn beside(&self) -> Result<Self, Error> {
        let access = if self.access == Access::Frozen { Access::Frozen } else { Access::Read };
        Ok(Self {
            dir: self.dir.clone(),
            db: schema::open(&self.path(), access)?,
            access,
            held: RefCell::new(Weak::new()),
            kept: None,
            open_runs: Vec::new(),
            standing: RefCell::new(self.custody_standing()),
            custody_length: Cell::new(None),
        })
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

    /// How many changes the case has seen, by whomever: after any further one it is a larger number.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn changes(&self) -> Result<u64, Error> {
        Ok(custody::head(&self.db)?.0)
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

    fn path(&self) -> PathBuf {
        self.dir.join(DATABASE)
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

fn has_journal(dir: &Path) -> bool {
    fs::metadata(dir.join(format!("{DATABASE}-wal"))).is_ok_and(|journal| journal.len() > 0)
}

/// A newer version that was killed just after its migration left the new format only in the
/// journal; a connection that cannot write looks there and changes nothing.
fn refuse_newer_in_journal(dir: &Path) -> Result<(), Error> {
    if has_journal(dir) {
        let format = schema::open(&dir.join(DATABASE), Access::Read)
            .and_then(|db| schema::format(&db))
            .map_err(|error| match error {
                // The journal needs an index beside it, and there is no place for one.
                Error::Database(cause)
                    if cause.sqlite_error_code() == Some(ErrorCode::CannotOpen) =>
                {
                    Error::ReadOnly { path: dir.to_owned() }
                }
                error => error,
            })?;
        schema::known(format, dir)?;
    }
    Ok(())
}

fn can_write(path: &Path) -> bool {
    File::options().append(true).open(path).is_ok()
}
