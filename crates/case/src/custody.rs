//! The custody log: who did what to the case, when, with which program.
//!
//! In: every change (`Case::change`). Out: a row of table `custody` in the same transaction as
//! what it tells of, and after the commit the same line at the end of `custody.jsonl`.
//!
//! # Format
//!
//! One record a line, UTF-8, each line ended by one line feed:
//!
//! ```json
//! {"action":"add","actor":"ana","at":"2026-03-01T09:30:00Z","detail":{},"prev":"…","seq":2,"tool":"recount 0.1.0","hash":"…"}
//! ```
//!
//! The record without `hash` is canonical JSON: members sorted by name at every depth, no white
//! space, nothing escaped that need not be. `hash` is the SHA-256 of exactly these bytes, in 64
//! lower-case hexadecimal digits, and stands last on the line. `seq` counts from 1; `prev` is
//! the `hash` of the line before, 64 zeros on the first. So the log can be checked without
//! Recount, with a POSIX shell, `sha256sum` and `jq`:
//!
//! ```sh
#![doc = include_str!("custody/check.sh")]
//! ```
//!
//! # What it proves and what not
//!
//! The chain shows any edit, removal, insertion or change of order within the log, and the
//! table in `case.db` is a second copy that shows a log cut short. Whoever can rewrite both
//! files and every hash in them leaves no trace in them: write the last hash
//! ([`Report::head`]) where they cannot reach, on paper or in a report, to close that door.
//!
//! # After a crash
//!
//! The row is committed before the line is written, so the file may be one line behind, or its
//! last line may be cut short; nothing else can come of a crash. Exactly that is completed when
//! the case is next opened, by appending what is missing. Any other difference is reported and
//! left as it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::{canonical, sha256};
use crate::error::Error;
use crate::{CUSTODY, Stamp};

mod verify;

pub(crate) use verify::verify;
pub use verify::{Fault, Report, check_chain};

/// The `prev` of the first record.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Number, counted from 1.
    pub seq: u64,
    /// When, RFC 3339.
    pub at: String,
    /// Who.
    pub actor: String,
    /// With which program and version.
    pub tool: String,
    /// What was done, as a verb.
    pub action: String,
    /// To what.
    pub detail: Value,
    /// Hash of the record before.
    pub prev: String,
}

/// A record with its hash, as it stands on a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What it says.
    pub record: Record,
    /// SHA-256 of its canonical JSON.
    pub hash: String,
}

/// How `custody.jsonl` stood to the case when it was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "custody", rename_all = "kebab-case")]
pub enum Standing {
    /// Line for line the same.
    Whole,
    /// The last line was missing or cut short, as a crash leaves it, and was completed.
    Completed {
        /// Which line.
        line: u64,
    },
    /// Different in a way no crash explains; nothing was changed, `verify` says what it is.
    Differs,
}

impl Record {
    /// The record as a line of the log (without line feed), and its hash.
    pub(crate) fn to_line(&self) -> (String, String) {
        let body = canonical(&serde_json::json!({
            "seq": self.seq, "at": self.at, "actor": self.actor, "tool": self.tool,
            "action": self.action, "detail": self.detail, "prev": self.prev,
        }));
        let hash = sha256(&body);
        let open = body.strip_suffix('}').expect("an object ends with a brace");
        (format!("{open},\"hash\":\"{hash}\"}}"), hash)
    }
}

impl Entry {
    /// Reads a line; `None` if it is not byte for byte what the case writes.
    pub fn from_line(line: &str) -> Option<Self> {
        let (open, hash) = line.strip_suffix("\"}")?.rsplit_once(",\"hash\":\"")?;
        let body = format!("{open}}}");
        let record: Record = serde_json::from_str(&body).ok()?;
        let (written, written_hash) = record.to_line();
        (written == line && written_hash == hash).then(|| Self { record, hash: hash.to_owned() })
    }
}

/// Writes the next record into the open transaction and returns its line.
pub(crate) fn record(
    db: &Connection,
    stamp: &Stamp,
    action: &str,
    detail: &Value,
) -> Result<String, Error> {
    let (seq, prev) = head(db)?;
    let record = Record {
        seq: seq + 1,
        at: stamp.at_utc.clone(),
        actor: stamp.actor.clone(),
        tool: stamp.tool.clone(),
        action: action.to_owned(),
        detail: detail.clone(),
        prev,
    };
    let (line, hash) = record.to_line();
    db.prepare_cached("INSERT INTO custody (seq, prev, hash, line) VALUES (?1, ?2, ?3, ?4)")?
        .execute((record.seq as i64, &record.prev, hash, &line))?;
    Ok(line)
}

/// Number and hash of the last record.
pub(crate) fn head(db: &Connection) -> Result<(u64, String), Error> {
    let last = db
        .prepare_cached("SELECT seq, hash FROM custody ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)))
        .optional()?;
    Ok(last.unwrap_or_else(|| (0, GENESIS.to_owned())))
}

/// Every line of the table, in order.
pub(crate) fn lines(db: &Connection) -> Result<Vec<String>, Error> {
    let mut query = db.prepare_cached("SELECT line FROM custody ORDER BY seq")?;
    let lines = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(lines)
}

/// The bytes of `custody.jsonl`; none if there is no such file.
pub(crate) fn read_file(dir: &Path) -> Result<Vec<u8>, Error> {
    let path = dir.join(CUSTODY);
    crate::must_be_plain(&path)?;
    match fs::read(&path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::io("read the custody log", &path)(error)),
    }
}

/// Compares the file with the table and appends what a crash can have left out, nothing else.
/// The case must be locked.
pub(crate) fn complete(dir: &Path, db: &Connection) -> Result<Standing, Error> {
    let (standing, missing) = compare(&read_file(dir)?, &lines(db)?);
    if !missing.is_empty() {
        append(dir, &missing)?;
    }
    Ok(standing)
}

/// How `file` stands to the table's `lines`, and the bytes that complete it.
pub(crate) fn compare(file: &[u8], lines: &[String]) -> (Standing, Vec<u8>) {
    let mut rest = file;
    let mut same = 0;
    for line in lines {
        match rest.strip_prefix(line.as_bytes()).and_then(|rest| rest.strip_prefix(b"\n")) {
            Some(after) => rest = after,
            None => break,
        }
        same += 1;
    }
    if same == lines.len() && rest.is_empty() {
        return (Standing::Whole, Vec::new());
    }
    if same + 1 == lines.len() {
        let last = format!("{}\n", lines[same]);
        if let Some(missing) = last.as_bytes().strip_prefix(rest) {
            return (Standing::Completed { line: lines.len() as u64 }, missing.to_vec());
        }
    }
    (Standing::Differs, Vec::new())
}

/// Appends `line` as a line of its own and returns the file's new length in bytes.
pub(crate) fn append_line(dir: &Path, line: &str) -> Result<u64, Error> {
    let mut bytes = Vec::with_capacity(line.len() + 2);
    if ends_within_a_line(dir)? {
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(line.as_bytes());
    bytes.push(b'\n');
    append(dir, &bytes)
}

/// Length of the file in bytes.
pub(crate) fn file_length(dir: &Path) -> Option<u64> {
    fs::symlink_metadata(dir.join(CUSTODY)).ok().map(|metadata| metadata.len())
}

/// Whether someone left the last line without its end: ours must not be glued to it.
fn ends_within_a_line(dir: &Path) -> Result<bool, Error> {
    let path = dir.join(CUSTODY);
    let last = || -> io::Result<bool> {
        let mut file = File::open(&path)?;
        if file.metadata()?.len() == 0 {
            return Ok(false);
        }
        file.seek(SeekFrom::End(-1))?;
        let mut byte = [0];
        file.read_exact(&mut byte)?;
        Ok(byte != *b"\n")
    };
    match last() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        other => other.map_err(Error::io("read the custody log", &path)),
    }
}

fn append(dir: &Path, bytes: &[u8]) -> Result<u64, Error> {
    let path = dir.join(CUSTODY);
    crate::must_be_plain(&path)?;
    let write = || -> io::Result<u64> {
        let mut file = OpenOptions::new().append(true).create(true).open(&path)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        Ok(file.metadata()?.len())
    };
    write().map_err(Error::writing("write the custody log", &path))
}
