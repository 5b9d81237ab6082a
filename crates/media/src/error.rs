//! Why a file could not be read: one variant for each thing a caller would do differently.

use std::io;
use std::path::PathBuf;

/// What stopped the door from reading a file. Each prints as one sentence: the fact, what to do,
/// and last the path.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// ffmpeg or ffprobe was not found, or does not start.
    #[error("{program} {why}; install it with `apt install ffmpeg` or put it on PATH")]
    NoFfmpeg {
        /// `ffmpeg` or `ffprobe`.
        program: &'static str,
        /// What was tried, as the end of a sentence.
        why: String,
    },
    /// The keeper, our own executable started again, did not start.
    #[error("the sandboxed reader did not start ({source}); check that this program may run itself: {}", keeper.display())]
    NoKeeper {
        /// The executable that was to be the keeper.
        keeper: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not sound or moving pictures, or is of a kind that is not opened (a playlist).
    #[error("it is not a recording ({why}); keep it as a document or leave it out: {}", path.display())]
    NotMedia {
        /// Which file.
        path: PathBuf,
        /// What was found instead.
        why: String,
    },
    /// The file breaks off before what is needed to read any of it.
    #[error("it breaks off before it can be read ({why}); copy it again from the device: {}", path.display())]
    Truncated {
        /// Which file.
        path: PathBuf,
        /// What is missing.
        why: String,
    },
    /// There are no bytes in it.
    #[error("it is empty (0 bytes); copy it again from the device: {}", path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// It is a folder, pipe, socket or device.
    #[error("it is {what}, not a file; give the files themselves: {}", path.display())]
    NotAFile {
        /// Which path.
        path: PathBuf,
        /// What it is, with its article.
        what: &'static str,
    },
    /// The system would not let it be opened or read.
    #[error("it could not be read ({source}); check its permissions and the disk: {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not there, or no longer.
    #[error("it is not there any more; check that its disk is connected: {}", path.display())]
    Vanished {
        /// Which file.
        path: PathBuf,
    },
    /// It was written to while it was being read; nothing read from it may be used.
    #[error("it changed while it was being read; wait until it is complete and try again: {}", path.display())]
    Changed {
        /// Which file.
        path: PathBuf,
    },
    /// ffmpeg opened the file but delivered no usable sound.
    #[error("it could not be decoded ({why}); try a newer ffmpeg or the original file: {}", path.display())]
    Undecodable {
        /// Which file.
        path: PathBuf,
        /// What ffmpeg said.
        why: String,
    },
    /// A limit of [`Limits`](crate::Limits) was reached and the reader was ended.
    #[error("reading it went over the limit on {what}; if it is trustworthy, raise the limit: {}", path.display())]
    LimitReached {
        /// Which file.
        path: PathBuf,
        /// Which limit.
        what: &'static str,
    },
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
}
