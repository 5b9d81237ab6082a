//! The shape of `case.db`: who may open it, and how an older one becomes a newer one.
//!
//! Each file in `migrations/` is one step; its number is the format (`user_version`) it leads
//! to. A step is applied in one transaction, together with its custody record. Whether a file
//! is a case of a format we know is read from its first hundred bytes, before `SQLite` opens it,
//! so that a case of a newer version is left without so much as a journal beside it.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::Error;

/// `RcNt`: marks the file as ours (`PRAGMA application_id`).
pub(crate) const APPLICATION_ID: u32 = 0x5263_4e74;

/// Step n leads from format n to format n + 1.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_case.sql"),
    include_str!("../migrations/0002_hand.sql"),
    include_str!("../migrations/0003_why.sql"),
    include_str!("../migrations/0004_excerpt_speed.sql"),
    include_str!("../migrations/0005_clock.sql"),
    include_str!("../migrations/0006_stood.sql"),
    include_str!("../migrations/0007_speech.sql"),
    include_str!("../migrations/0008_voice.sql"),
    include_str!("../migrations/0009_corrected.sql"),
];

/// The format this program writes.
pub(crate) const FORMAT: u32 = MIGRATIONS.len() as u32;

/// How long a reader waits for another process that is just recovering the journal.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// Reads the format of the case database at `path` without touching it, or says why it is not
/// one that this program may open.
pub(crate) fn format_of(dir: &Path, path: &Path) -> Result<u32, Error> {
    let mut head = Vec::with_capacity(100);
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(Error::NotACase { dir: dir.to_owned() });
        }
        Err(error) => return Err(Error::io("read the case", path)(error)),
    };
    crate::must_be_plain(path)?;
    (&mut file).take(100).read_to_end(&mut head).map_err(Error::io("read the case", path))?;
    if head.len() < 100 || !head.starts_with(b"SQLite format 3\0") {
        return Err(Error::damaged("it does not begin as a database does", path));
    }
    let number =
        |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    if number(68) != APPLICATION_ID {
        return Err(Error::NotACase { dir: dir.to_owned() });
    }
    known(number(60), dir)
}

/// Lets through the formats that this program knows.
pub(crate) fn known(format: u32, dir: &Path) -> Result<u32, Error> {
    if format > FORMAT {
        return Err(Error::NewerVersion { found: format, supported: FORMAT, dir: dir.to_owned() });
    }
    Ok(format)
}

/// How a database is to be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Read and, inside a change, written.
    Write,
    /// Read while another process may write.
    Read,
    /// Read from a folder in which nothing can be written, not even a lock.
    Frozen,
}

/// Opens the database at `path` (made first if it is new and `access` allows) and sets it so
/// that nothing can be written outside a change.
pub(crate) fn open(path: &Path, access: Access) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = match access {
        Access::Write => Connection::open_with_flags(
            path,
            flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        )?,
        Access::Read => {
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_ONLY)?
        }
        Access::Frozen => Connection::open_with_flags(
            immutable_uri(path)?,
            flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
        )?,
    };
    db.busy_timeout(BUSY_WAIT)?;
    // The database may come from someone else: nothing in its schema is to be trusted.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    db.pragma_update(None, "foreign_keys", true)?;
    // FULL: what a change has promised survives a power cut, and the custody file, which is
    // written after it, is never ahead of it.
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "query_only", true)?;
    Ok(db)
}

/// A URI that makes `SQLite` read the file without looking for a journal or a lock.
fn immutable_uri(path: &Path) -> Result<String, Error> {
    use std::fmt::Write;
    use std::os::unix::ffi::OsStrExt;
    let path = std::path::absolute(path).map_err(Error::io("find the case", path))?;
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02x}");
        }
    }
    uri.push_str("?immutable=1");
    Ok(uri)
}

/// The format that the open database says it has, journal included.
pub(crate) fn format(db: &Connection) -> Result<u32, Error> {
    Ok(db.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Applies the step that leads to format `to`; runs inside a change.
pub(crate) fn apply(db: &Connection, sql: &str, to: u32) -> Result<(), Error> {
    db.execute_batch(sql)?;
    db.pragma_update(None, "user_version", to)?;
    Ok(())
}

/// Looks for damage in pages, indexes, references and schema; returns sentences.
pub(crate) fn check(db: &Connection) -> Result<Vec<String>, Error> {
    let mut faults = Vec::new();
    for said in column(db, "PRAGMA integrity_check")? {
        if said != "ok" {
            faults.push(format!("the database is damaged: {said}"));
        }
    }
    for said in column(db, "SELECT \"table\" FROM pragma_foreign_key_check")? {
        faults.push(format!("a row of table {said} refers to one that is not there"));
    }
    let fresh = Connection::open_in_memory()?;
    for (to, sql) in (1..).zip(MIGRATIONS) {
        apply(&fresh, sql, to)?;
    }
    let parts = "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema \
                 WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\' ORDER BY type, name";
    let (ours, theirs) = (column(&fresh, parts)?, column(db, parts)?);
    let name = |part: &String| part.split(':').next().unwrap_or_default().to_owned();
    for part in ours.iter().filter(|part| !theirs.contains(part)) {
        faults.push(format!("the database does not have its {} as this format has it", name(part)));
    }
    for part in theirs.iter().filter(|part| !ours.contains(part)) {
        faults.push(format!("the database has a {} that this format does not know", name(part)));
    }
    Ok(faults)
}

/// The first column of a query, as text.
fn column(db: &Connection, sql: &str) -> Result<Vec<String>, Error> {
    let mut query = db.prepare(sql)?;
    let values = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(values)
}
