//! Why a document has no text, or no transcript.

/// What is wrong with a document, as a clause; the caller says which document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Its name says nothing that is known here.
    #[error("this kind of document is not read: .{0}")]
    UnknownKind(String),
    /// It is larger than anything that a person wrote.
    #[error("it is {0} MB long, and at most {1} MB are read")]
    TooLong(usize, usize),
    /// A place in it is not as its kind has it.
    #[error("line {line}: {what}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong there, as a clause.
        what: String,
    },
    /// All of it is not as its kind has it.
    #[error("{0}")]
    Broken(String),
    /// It can be opened with a password only.
    #[error("it is protected by a password")]
    Locked,
    /// There is not one word in it.
    #[error("there is no word in it")]
    Empty,
}

impl Error {
    pub(crate) fn line(line: usize, what: impl Into<String>) -> Self {
        Self::Line { line, what: what.into() }
    }
}
