//! Opens one source for reading and notices when it changes meanwhile.
//!
//! Nothing here writes. A pipe or device is refused before it is opened, since opening one can
//! block for ever or move a tape.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::Error;

/// A source held open, with what the file system said of it at that moment.
pub(crate) struct SourceFile {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
    pub(crate) size_bytes: u64,
    before: Identity,
}

/// What stays the same while nobody touches a file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    size_bytes: u64,
    modified_s: i64,
    modified_ns: i64,
}

impl SourceFile {
    /// That its media could not be decoded, and what was said of why.
    pub(crate) fn undecodable(&self, why: impl Into<String>) -> Error {
        Error::Undecodable { path: self.path.clone(), why: why.into() }
    }

    /// Opens a regular file that is not empty.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => Error::Vanished { path: path.to_owned() },
            _ => Error::Unreadable { path: path.to_owned(), source },
        };
        refuse_all_but_files(path, &fs::metadata(path).map_err(failed)?)?;
        // Non-blocking, for the case that a pipe took the file's place since the line above.
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC)
            .open(path)
            .map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        refuse_all_but_files(path, &metadata)?;
        if metadata.len() == 0 {
            return Err(Error::Empty { path: path.to_owned() });
        }
        let before = Identity::of(&metadata);
        Ok(Self { file, path: path.to_owned(), size_bytes: metadata.len(), before })
    }

    /// Whether the path still leads to the same file, unchanged since it was opened.
    pub(crate) fn still_the_same(&self) -> Result<(), Error> {
        match fs::metadata(&self.path) {
            Ok(now) if Identity::of(&now) == self.before => Ok(()),
            Ok(_) => Err(Error::Changed { path: self.path.clone() }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                Err(Error::Vanished { path: self.path.clone() })
            }
            Err(source) => Err(Error::Unreadable { path: self.path.clone(), source }),
        }
    }
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size_bytes: metadata.len(),
            modified_s: metadata.mtime(),
            modified_ns: metadata.mtime_nsec(),
        }
    }
}

fn refuse_all_but_files(path: &Path, metadata: &Metadata) -> Result<(), Error> {
    let kind = metadata.file_type();
    let what = if kind.is_file() {
        return Ok(());
    } else if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    Err(Error::NotAFile { path: path.to_owned(), what })
}
