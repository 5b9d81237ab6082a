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
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::{LOCK, Stamp};

/// Between two attempts at a lock. Opening a case holds it for about 1 ms.
const PAUSE: Duration = Duration::from_millis(20);

/// Attempts at a lock whose holder says nothing: it is opening the case and soon done, unless it
/// brings an old format up to date. Together 2 s.
const NAMELESS: u32 = 100;

/// Attempts at a lock whose holder gives a name: it works, perhaps for hours. More than one
/// only because the name may be one that a killed process left.
const NAMED: u32 = 3;

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
    /// Takes the lock of the case in `dir` for work; does not wait for another's work.
    pub(crate) fn take(dir: &Path, stamp: &Stamp) -> Result<Self, Error> {
        let holder = Holder {
            pid: Some(std::process::id()),
            since: Some(stamp.at_utc.clone()),
            tool: Some(stamp.tool.clone()),
        };
        let mut held = Self::take_nameless(dir)?;
        // Only a courtesy: on a full disk the lock holds as well without a text.
        let _ = write_holder(&mut held.file, &holder);
        Ok(held)
    }

    /// Takes the lock for a moment, as opening a case does, and leaves no name in it, so that
    /// others wait for it instead of giving up.
    pub(crate) fn take_nameless(dir: &Path) -> Result<Self, Error> {
        let path = dir.join(LOCK);
        crate::must_be_plain(&path)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(Error::writing("open the lock of the case", &path))?;
        for attempt in 1.. {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    let holder = read_holder(&mut file);
                    let patience = if holder == Holder::default() { NAMELESS } else { NAMED };
                    if attempt >= patience {
                        return Err(Error::Busy { holder, path: dir.to_owned() });
                    }
                    thread::sleep(PAUSE);
                }
                Err(TryLockError::Error(error)) => {
                    return Err(Error::io("lock the case", &path)(error));
                }
            }
        }
        // A killed process may have left its name.
        let _ = file.set_len(0);
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
    matches!(Held::take_nameless(dir), Err(Error::Busy { .. }))
}

fn write_holder(file: &mut File, holder: &Holder) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", serde_json::to_string(holder)?)
}

/// What the holder wrote; nothing if it has not yet, or if it is not ours to read.
fn read_holder(file: &mut File) -> Holder {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(4096).read_to_string(&mut text));
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
