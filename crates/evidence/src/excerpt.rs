//! An excerpt: a stretch of one recording that was copied out of another.

use serde::{Deserialize, Serialize};

use crate::{MediaTime, SourceId};

/// `copy` from `start` to `end` is `source` from `source_start` on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Excerpt {
    /// The recording that holds the copy.
    pub copy: SourceId,
    /// First copied moment, on the copy's clock.
    pub start: MediaTime,
    /// Moment after the last, on the copy's clock.
    pub end: MediaTime,
    /// The recording it was copied from.
    pub source: SourceId,
    /// Where the copied stretch begins on the source's clock.
    pub source_start: MediaTime,
}
