//! One writer at a time: a lock that the operating system keeps on `case.lock`.
//!
//! The lock lies on the open file, not in its text, so it ends with the process that holds it,
//! however that ends; a file left behind by a killed process locks nothing. The text only
//! tells the one who has to wait whom it waits for.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::{LOCK, Stamp};

/// Who holds a case, as far as it said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Process number.
    pub pid: Option<u32>,
    /// When it took the case, RFC 3339.
    pub since: Option<String>,
    /// The program and its version.
    pub tool: Option<String>,
}

/// The right to change a case; given back when dropped.
#[derive(Debug)]
pub struct CaseLock {
    _held: Arc<Held>,
}

/// The open, locked file.
#[derive(Debug)]
pub(crate) struct Held {
    file: File,
}

impl CaseLock {
    pub(crate) fn of(held: &Arc<Held>) -> Self {
        Self { _held: Arc::clone(held) }
    }
}

impl Held {
    /// Takes the lock of the case in `dir`, without waiting.
    pub(crate) fn take(dir: &Path, stamp: &Stamp) -> Result<Self, Error> {
        let path = dir.join(LOCK);
        crate::must_be_plain(&path)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::PermissionDenied => Error::ReadOnly { path: dir.to_owned() },
                _ => Error::io("open the lock of the case", &path)(error),
            })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Busy { holder: read_holder(&mut file), path: dir.to_owned() });
            }
            Err(TryLockError::Error(error)) => {
                return Err(Error::io("lock the case", &path)(error));
            }
        }
        let holder = Holder {
            pid: Some(std::process::id()),
            since: Some(stamp.at_utc.clone()),
            tool: Some(stamp.tool.clone()),
        };
        // Only a courtesy: on a full disk the lock holds as well without a text.
        let _ = write_holder(&mut file, &holder);
        Ok(Self { file })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

/// Whether some process (this one counts) holds the case in `dir` at this moment.
pub(crate) fn is_held(dir: &Path) -> bool {
    let file = File::open(dir.join(LOCK));
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn write_holder(file: &mut File, holder: &Holder) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", serde_json::to_string(holder)?)
}

/// What the holder wrote; nothing if it has not yet, or if it is not ours to read.
fn read_holder(file: &mut File) -> Holder {
    let mut text = String::new();
    let read = file.take(4096).read_to_string(&mut text);
    read.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_default()
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = Vec::new();
        said.extend(self.tool.clone());
        said.extend(self.pid.map(|pid| format!("process {pid}")));
        said.extend(self.since.as_ref().map(|since| format!("since {since}")));
        if said.is_empty() { Ok(()) } else { write!(f, " ({})", said.join(", ")) }
    }
}
