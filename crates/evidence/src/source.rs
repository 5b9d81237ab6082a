//! A source: one piece of evidence, known by what it contains and never by its name.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The SHA-256 of a source's bytes; 64 lower-case hexadecimal digits when written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SourceId(pub [u8; 32]);

/// Text that is not 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a SHA-256 (64 hexadecimal digits)")]
pub struct NotASourceId(pub String);

/// What a source is to an investigator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// It has time: sound, pictures or both.
    Recording,
    /// It has pages or lines.
    Document,
}

/// One piece of evidence and where it was when it was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// What it contains.
    pub id: SourceId,
    /// Whether it has time.
    pub kind: SourceKind,
    /// The original, absolute; or, when it was copied in, the copy, relative to the case.
    pub path: PathBuf,
    /// Length in bytes.
    pub size_bytes: u64,
}

impl SourceId {
    /// The first twelve digits: enough to tell the sources of one case apart on a screen.
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl Source {
    /// The file's own name, with what is not Unicode replaced.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceId({})", self.short())
    }
}

impl FromStr for SourceId {
    type Err = NotASourceId;

    fn from_str(text: &str) -> Result<Self, NotASourceId> {
        let wrong = || NotASourceId(text.to_owned());
        if text.len() != 64 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let high = char::from(digits[0]).to_digit(16).ok_or_else(wrong)?;
            let low = char::from(digits[1]).to_digit(16).ok_or_else(wrong)?;
            *byte = (high * 16 + low) as u8;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for SourceId {
    type Error = NotASourceId;

    fn try_from(text: String) -> Result<Self, NotASourceId> {
        text.parse()
    }
}

impl From<SourceId> for String {
    fn from(id: SourceId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_written_id_reads_back(bytes: [u8; 32]) {
            let id = SourceId(bytes);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn any_other_text_is_refused_without_panic(text in "\\PC{0,80}") {
            let parsed: Result<SourceId, _> = text.parse();
            prop_assert_eq!(parsed.is_ok(), text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()));
        }
    }
}
