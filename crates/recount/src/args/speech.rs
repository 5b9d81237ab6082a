//! What can be asked of the recogniser of speech: writing down, and its models.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Work, examples, time};

/// `recount transcribe`; see [`Command::Transcribe`](super::Command::Transcribe).
#[derive(Args, Debug)]
#[command(after_help = examples::TRANSCRIBE)]
pub struct Transcribe {
    /// The case
    pub case: PathBuf,
    /// By what, and what to expect.
    #[command(flatten)]
    pub hearing: Hearing,
    /// How hard to work.
    #[command(flatten)]
    pub work: Work,
}

/// By which model to write down, and what to expect of the recordings.
#[derive(Args, Clone, Debug)]
pub struct Hearing {
    /// The model: its name in `recount model list`, or a file [default: the best that is here]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// The language that is spoken, as `en` or `english` [default: told from each recording]
    #[arg(long, value_name = "LANGUAGE")]
    pub language: Option<String>,
    /// Names and jargon of the case, which then have a better chance to be understood
    #[arg(long, value_name = "TEXT")]
    pub prompt: Option<String>,
}

/// `recount words`; see [`Command::Words`](super::Command::Words).
#[derive(Args, Debug)]
#[command(after_help = examples::WORDS)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that a person types")]
pub struct Words {
    /// The case
    pub case: PathBuf,
    /// A recording in which the utterance is heard that is corrected
    pub who: Option<String>,
    /// List what a person should listen to instead: speech that nobody wrote down for certain
    #[arg(long, conflicts_with_all = ["at", "undo", "corrected", "who"])]
    pub unclear: bool,
    /// When it is said: a time of the recording, or of the case where no recording is named
    #[arg(long, value_name = "TIME", value_parser = time::moment)]
    pub at: Option<i64>,
    /// What is said there; of words that stay the times stay too
    #[arg(long, value_name = "TEXT", requires = "at")]
    pub text: Option<String>,
    /// Say that what is written is right, as it stands
    #[arg(long, requires = "at", conflicts_with = "text")]
    pub confirm: bool,
    /// Take back the last correction, or all that were made in the recording WHO
    #[arg(long, conflicts_with = "at")]
    pub undo: bool,
    /// List what persons corrected and confirmed instead: who, when, and what it was before
    #[arg(long, conflicts_with_all = ["at", "undo"])]
    pub corrected: bool,
}

/// `recount voices`; see [`Command::Voices`](super::Command::Voices).
#[derive(Args, Debug)]
#[command(after_help = examples::VOICES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that a person types")]
pub struct Voices {
    /// The case
    pub case: PathBuf,
    /// The voice that is named: its number in the list, or a recording in which it is heard
    pub who: Option<String>,
    /// When it is heard there: a time of the recording, in seconds or as h:mm:ss.mmm
    #[arg(long, value_name = "TIME", value_parser = time::moment, requires = "who")]
    pub at: Option<i64>,
    /// Who it is; two voices with one name are one person, two names never are
    #[arg(long = "is", value_name = "NAME", requires = "who")]
    pub name: Option<String>,
    /// Say this of what is said at that moment alone, not of the voice wherever it is heard
    #[arg(long, requires = "at")]
    pub only: bool,
    /// Take back the last name, or all that were given in the recording WHO
    #[arg(long, conflicts_with_all = ["name", "at"])]
    pub undo: bool,
    /// Do not take voices of different recordings for one person's unless their name is
    #[arg(long, overrides_with = "matching")]
    pub no_matching: bool,
    /// Take voices of different recordings that are alike for one person's, which is the default
    #[arg(long, overrides_with = "no_matching")]
    pub matching: bool,
}

/// `recount model`; see [`Command::Model`](super::Command::Model).
#[derive(Args, Debug)]
#[command(after_help = examples::MODEL)]
pub struct Model {
    /// What to do.
    #[command(subcommand)]
    pub command: ModelCommand,
}

/// What can be done with models.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Show the models that are published, and those that are here
    List,
    /// Fetch a published model from its own home
    Get {
        /// Its name
        name: String,
    },
    /// Take a model file that you have
    Add {
        /// The file, in ggml's form
        file: PathBuf,
        /// What to call it [default: as it was published, or as the file]
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
}
