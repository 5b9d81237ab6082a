//! What a step tells while it works. Bars, JSON lines and plain sentences are three drawings of
//! the same values; no step knows which of them is looking.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::report::names::shown;

/// The steps that take time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Hashing and probing what is added.
    Add,
    /// Decoding each recording once and remembering what was heard.
    Listen,
    /// Looking at the brightness of pictures, where sound is not enough.
    Watch,
    /// Placing the recordings on the case clock.
    Align,
    /// Writing down what is said.
    Transcribe,
    /// Fetching or hashing a model of the recogniser.
    Model,
    /// Hashing every source again.
    Verify,
}

/// What `done` and `total` count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Files.
    Files,
    /// Bytes read.
    Bytes,
    /// Whole seconds of recording.
    Seconds,
    /// Comparisons of two recordings, or whatever else the alignment counts.
    Comparisons,
}

/// One thing told.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A step begins.
    Started {
        /// Which.
        step: Step,
        /// How many files it concerns.
        files: usize,
    },
    /// So much is done.
    Advanced {
        /// Which step.
        step: Step,
        /// What is counted.
        unit: Unit,
        /// How many are done.
        done: u64,
        /// Of how many.
        total: u64,
    },
    /// One file is done; told only to those who want to hear more.
    Noted {
        /// Which step.
        step: Step,
        /// What happened, with the file last.
        note: String,
    },
    /// A file was left out, and why; the run goes on and ends with exit code 1.
    Refused {
        /// Which step.
        step: Step,
        /// Which file.
        file: String,
        /// Why.
        reason: String,
    },
    /// Something that a person should know and that changes no result.
    Warned {
        /// A sentence.
        warning: String,
    },
    /// A step is done.
    Finished {
        /// Which.
        step: Step,
        /// What came of it, by name.
        counts: BTreeMap<&'static str, u64>,
    },
}

impl Event {
    /// A file that was left out.
    pub fn refused(step: Step, file: &Path, reason: impl Into<String>) -> Self {
        Self::Refused { step, file: shown(file), reason: reason.into() }
    }

    /// A warning.
    pub fn warned(warning: impl Into<String>) -> Self {
        Self::Warned { warning: warning.into() }
    }
}

impl Step {
    /// What the step is doing, for a person.
    pub fn doing(self) -> &'static str {
        match self {
            Self::Add => "adding",
            Self::Listen => "listening",
            Self::Watch => "watching",
            Self::Align => "aligning",
            Self::Transcribe => "writing",
            Self::Model => "model",
            Self::Verify => "verifying",
        }
    }
}
