//! Why a command could not do what was asked, told once, at the edge, with the next action.

use std::io;
use std::path::{Path, PathBuf};

use crate::report::names::shown;

/// Why a command ends without having done what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The door to media would not open, or failed for all files alike.
    #[error(transparent)]
    Media(#[from] media::Error),
    /// The case file.
    #[error(transparent)]
    Case(#[from] case::Error),
    /// The alignment.
    #[error(transparent)]
    Align(#[from] align::Error),
    /// The export.
    #[error(transparent)]
    Publish(#[from] publish::Error),
    /// The recogniser of speech, or its model.
    #[error(transparent)]
    Speech(speech::Error),
    /// There is no model to write down speech by.
    #[error("there is no model{}", asked.as_deref().map_or(" to write down speech by".to_owned(), |asked| format!(" `{}` here", shown(asked))))]
    NoModel {
        /// The one that was asked for, if one was.
        asked: Option<String>,
    },
    /// A model did not come.
    #[error("the model `{name}` could not be fetched: {why}")]
    NotFetched {
        /// Its name.
        name: &'static str,
        /// What went wrong.
        why: String,
    },
    /// The system refused a file of ours.
    #[error("could not {doing} ({source}): {}", shown(path))]
    File {
        /// The attempt, as a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk (or a quota, or a limit on file size) has no room left.
    #[error(
        "the disk is full; nothing stored before is lost, make room and run the same again: {}",
        shown(path)
    )]
    Full {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// There is nothing to work on.
    #[error("there is no recording here: {}", shown(path))]
    NoRecording {
        /// Where was looked.
        path: PathBuf,
    },
    /// What was asked for cannot be, whatever the files hold.
    #[error("{what}")]
    Asked {
        /// What is wrong with it.
        what: String,
        /// What to do instead.
        hint: &'static str,
    },
    /// A file is no transcript, or not a whole one.
    #[error("the transcript was not imported: {why}: {}", shown(path))]
    Transcript {
        /// What is wrong with it, with the line where there is one.
        why: String,
        /// The file.
        path: PathBuf,
    },
    /// An output file exists.
    #[error("the file exists already: {}", shown(path))]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// An output would go where evidence is.
    #[error("this is evidence and is never written to: {}", shown(path))]
    Evidence {
        /// The file or folder.
        path: PathBuf,
    },
    /// Kept sound broke again right after it was made again.
    #[error("the cache of the case does not hold what was written to it: {}", shown(path))]
    CacheUnreliable {
        /// The folder.
        path: PathBuf,
    },
    /// Somebody asked to stop.
    #[error("stopped; nothing that was finished is lost")]
    Stopped,
    /// Nobody reads standard output any more.
    #[error("nobody reads the output")]
    NoReader,
    /// Standard output failed.
    #[error("could not write the output ({0})")]
    Output(#[source] io::Error),
}

impl Error {
    /// For `map_err` after an operation on a file of ours.
    pub fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full { path },
            _ => Self::File { doing, path, source: plain(source) },
        }
    }

    /// What to do next, where the sentence itself does not say it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoRecording { .. } => {
                "name files or folders that hold video or sound recordings".into()
            }
            Self::Asked { hint, .. } => (*hint).into(),
            Self::Transcript { .. } => "mend a copy of it, or export it in another format".into(),
            Self::Exists { .. } => "choose another name, or replace it with --force".into(),
            Self::Evidence { .. } => "choose a place outside the evidence".into(),
            Self::Case(case::Error::CannotMake { .. }) => {
                "choose another place; for `reconstruct` that is --case CASE".into()
            }
            Self::NoModel { .. } => {
                "`recount model get base` fetches one, `recount model add FILE` takes one that you have"
                    .into()
            }
            Self::NotFetched { name, .. } => format!(
                "without a network, bring the file ggml-{name}.bin and run `recount model add FILE`"
            ),
            Self::Speech(
                speech::Error::Truncated { .. }
                | speech::Error::NotAModel { .. }
                | speech::Error::Refused { .. },
            ) => "`recount model list` names models that are published; fetch or add one anew".into(),
            Self::Speech(speech::Error::EnglishOnly { .. }) => {
                "take a model whose name does not end in .en".into()
            }
            Self::CacheUnreliable { .. } => "check the disk that the case lies on".into(),
            _ if self.is_stop() => "run the same command again to continue".into(),
            _ => return None,
        })
    }

    /// Whether it only says that somebody asked to stop.
    fn is_stop(&self) -> bool {
        matches!(
            self,
            Self::Stopped
                | Self::Speech(speech::Error::Stopped)
                | Self::Align(align::Error::Stopped)
                | Self::Media(media::Error::Stopped)
        )
    }

    /// The exit code that the help promises.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoReader => 0,
            Self::Asked { .. }
            | Self::Speech(
                speech::Error::UnknownLanguage { .. } | speech::Error::EnglishOnly { .. },
            ) => 2,
            _ if self.is_stop() => 3,
            _ => 4,
        }
    }
}

impl From<speech::Error> for Error {
    fn from(error: speech::Error) -> Self {
        match error {
            speech::Error::Stopped => Self::Stopped,
            other => Self::Speech(other),
        }
    }
}

/// Without the name of a temporary file that nobody asked for.
fn plain(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::Other | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => error,
        kind if error.get_ref().is_some() => io::Error::from(kind),
        _ => error,
    }
}
