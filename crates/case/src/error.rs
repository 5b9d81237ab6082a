//! What can go wrong with a case file, by what the reader of the message will do about it.

use std::io;
use std::path::{Path, PathBuf};

use evidence::SourceId;
use rusqlite::ErrorCode;

use crate::lock::Holder;

/// Why the case could not do what was asked. Nothing already stored is lost by any of them.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder holds no case.
    #[error("there is no case here; `recount new` makes one: {}", dir.display())]
    NotACase {
        /// The folder.
        dir: PathBuf,
    },
    /// A case may only be made where there is nothing else.
    #[error("a case is made in a new or empty folder; this one holds other files: {}", dir.display())]
    NotEmpty {
        /// The folder.
        dir: PathBuf,
    },
    /// There is a case already where one was to be made.
    #[error("there is a case here already; `recount status` shows it: {}", dir.display())]
    AlreadyACase {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder for a case cannot be made or written to.
    #[error("no case can be made here, the place may only be read: {}", dir.display())]
    CannotMake {
        /// The folder.
        dir: PathBuf,
    },
    /// A later version of Recount made it; not a byte of it was touched.
    #[error(
        "this case was made by a newer Recount (format {found}, and this one knows up to \
         {supported}); open it with that version, nothing was touched: {}", dir.display()
    )]
    NewerVersion {
        /// Format of the case.
        found: u32,
        /// Newest format this program knows.
        supported: u32,
        /// The folder.
        dir: PathBuf,
    },
    /// A file of the case does not hold what it must.
    #[error("the case is damaged ({what}); keep it as it is and work on a copy: {}", path.display())]
    Damaged {
        /// What is wrong with it.
        what: String,
        /// The file.
        path: PathBuf,
    },
    /// Another process holds the case.
    #[error("another run is working on this case{holder}; wait until it ends: {}", path.display())]
    Busy {
        /// Who.
        holder: Holder,
        /// The case or its file.
        path: PathBuf,
    },
    /// The disk (or a quota, or a limit on file size) has no room left.
    #[error(
        "the disk is full; nothing stored before is lost, make room and run the same again: {}",
        path.display()
    )]
    Full {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// The case may be read but not written.
    #[error("the case cannot be written, only read; copy it to where it can: {}", path.display())]
    ReadOnly {
        /// The file or folder.
        path: PathBuf,
    },
    /// A finding about a source that the case does not hold.
    #[error("the case holds no source {0}; add it first")]
    UnknownSource(SourceId),
    /// A finding from a run that is not open (any more).
    #[error("run {run} is not open; begin the step again")]
    RunNotOpen {
        /// Number in the ledger.
        run: i64,
    },
    /// A number that no file can hold truly.
    #[error("{what} is not a finite number, so it cannot be stored")]
    NotFinite {
        /// Which number.
        what: String,
    },
    /// A query that cannot be meant.
    #[error("{0}")]
    Query(crate::search::Odd),
    /// The disk refused to write for a reason that the database does not pass on: a quota, a
    /// limit, a fault.
    #[error(
        "the disk refused to write (a quota, a limit or a fault; {source}); nothing stored before \
         is lost, see to the disk and run the same again: {}", path.display()
    )]
    DiskRefused {
        /// The file.
        path: PathBuf,
        /// What the database said.
        source: rusqlite::Error,
    },
    /// The operating system refused.
    #[error("could not {doing}: {source}: {}", path.display())]
    Io {
        /// The attempt, as a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database refused.
    #[error("the case database failed: {0}")]
    Database(#[source] rusqlite::Error),
}

impl Error {
    /// For `map_err` after an attempt to write a file or folder.
    pub(crate) fn writing(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::PermissionDenied => Self::ReadOnly { path: path.to_owned() },
            _ => Self::io(doing, path)(source),
        }
    }

    /// For `map_err` after any other operation on a file.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| {
            let path = path.to_owned();
            match source.kind() {
                io::ErrorKind::StorageFull
                | io::ErrorKind::QuotaExceeded
                | io::ErrorKind::FileTooLarge => Self::Full { path },
                io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
                _ => Self::Io { doing, path, source },
            }
        }
    }

    pub(crate) fn damaged(what: impl Into<String>, path: &Path) -> Self {
        Self::Damaged { what: what.into(), path: path.to_owned() }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let path = PathBuf::from(crate::DATABASE);
        if matches!(
            error,
            rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..)
        ) {
            return Self::Damaged { what: error.to_string(), path };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::SystemIoFailure) => Self::DiskRefused { path, source: error },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Busy { holder: Holder::default(), path }
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { what: error.to_string(), path }
            }
            _ => Self::Database(error),
        }
    }
}
