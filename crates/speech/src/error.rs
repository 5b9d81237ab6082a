//! What can go wrong in writing down speech. Said once, with what to do about it.

use std::io;
use std::path::PathBuf;

/// Why speech could not be written down.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such model file.
    #[error("there is no model at {}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The model file cannot be read.
    #[error("the model cannot be read ({source}): {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is something else than a Whisper model in ggml's form.
    #[error("this is not a Whisper model in ggml's form ({why}): {}", path.display())]
    NotAModel {
        /// The file.
        path: PathBuf,
        /// What gives it away.
        why: &'static str,
    },
    /// The model file ends too early, as after a transfer that broke off.
    #[error("the model is cut short at {has_bytes} bytes, in the middle of {within}: {}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// How long it is.
        has_bytes: u64,
        /// What it should go on with.
        within: String,
    },
    /// The recogniser would not take the model, though its outline is right.
    #[error("the recogniser refuses the model; it may be damaged: {}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
    },
    /// Nobody knows this language.
    #[error("`{asked}` is no language that Whisper knows; write it as `en`, `nl` or `dutch`")]
    UnknownLanguage {
        /// As it was asked for.
        asked: String,
    },
    /// The model knows English only.
    #[error("the model knows English only, not `{asked}`")]
    EnglishOnly {
        /// As it was asked for.
        asked: String,
    },
    /// The processor is older than the recogniser was built for.
    #[error("this processor lacks {lacks}, which recognising speech needs")]
    OldProcessor {
        /// The instructions that are missing.
        lacks: &'static str,
    },
    /// The recogniser gave up.
    #[error("the recogniser failed {what}")]
    Failed {
        /// At what.
        what: &'static str,
    },
    /// It was asked to stop.
    #[error("stopped")]
    Stopped,
}
