//! How a file looked when it was hashed, so that a later step knows without reading it again
//! that it holds the same bytes.
//!
//! Size, modification time, inode and, above all, change time, which no ordinary program can set
//! back. If any differs the file is hashed again before anything is believed about it. Kept in
//! the cache: without it everything still works and is only slower.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use case::Cache;
use evidence::SourceId;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::sound::{open_sealed, write_sealed};

/// Which file of a source is meant: where it is read, or, for a copy, where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file that is read.
    Evidence,
    /// The original of a copy in the case.
    Original,
}

impl Place {
    /// Name of the cache file.
    fn cached(self) -> &'static str {
        match self {
            Self::Evidence => "look-v1",
            Self::Original => "look-original-v1",
        }
    }
}

/// Changes with the form of the file.
const TAG: u64 = 1;

/// How a file looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    size_bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    device: u64,
    inode: u64,
}

impl Look {
    /// How the file looks now.
    ///
    /// # Errors
    /// If the system will not tell.
    pub fn at(path: &Path) -> io::Result<Self> {
        Ok(Self::of(&path.metadata()?))
    }

    /// From what the system told.
    pub fn of(status: &Metadata) -> Self {
        Self {
            size_bytes: status.size(),
            modified: (status.mtime(), status.mtime_nsec()),
            changed: (status.ctime(), status.ctime_nsec()),
            device: status.dev(),
            inode: status.ino(),
        }
    }

    /// What was remembered of a source, if it is whole.
    pub fn remembered(cache: &Cache, source: &SourceId, place: Place) -> Option<Self> {
        serde_json::from_slice(&open_sealed(&cache.file(source, place.cached()), TAG).ok()?).ok()
    }

    /// Remembers it.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn remember(&self, cache: &Cache, source: &SourceId, place: Place) -> Result<(), Error> {
        let bytes = serde_json::to_vec(self).map_err(io::Error::from);
        let bytes = bytes.map_err(Error::file("describe", Path::new(place.cached())))?;
        write_sealed(cache, (source, place.cached()), TAG, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_same_length_written_again_looks_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "one").unwrap();
        let before = Look::at(&file).unwrap();
        assert_eq!(Look::at(&file).unwrap(), before);
        // A file system's clock ticks every few milliseconds.
        std::thread::sleep(std::time::Duration::from_millis(30));
        fs::write(&file, "two").unwrap();
        assert_ne!(Look::at(&file).unwrap(), before);
    }
}
