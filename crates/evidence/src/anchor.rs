//! A person's word on when something was: never the machine's, and marked as theirs everywhere.

use serde::{Deserialize, Serialize};

use crate::{CaseTime, MediaTime, SourceId};

/// Two moments that a person holds to be one: `time` of `source` is `other_time` of `other`.
///
/// It ties two recordings and names no case time, so that it means the same when the zero of
/// the case moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The recording that the person placed.
    pub source: SourceId,
    /// The moment on its clock.
    pub time: MediaTime,
    /// The recording it was placed by.
    pub other: SourceId,
    /// The same moment on that one's clock.
    pub other_time: MediaTime,
    /// One standard deviation of what the person says, nanoseconds; more than zero.
    pub sigma_ns: i64,
    /// Whether nothing else may move the one against the other.
    pub is_locked: bool,
    /// Who or what says so.
    pub by: AnchoredBy,
}

/// Who or what says where a recording lies, where sound does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnchoredBy {
    /// A person.
    #[default]
    Hand,
    /// The clocks of the two recordings, which a person asked to be believed.
    Clock,
}

/// What a person holds to be known of true time: a moment of a recording was a moment of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UtcAnchor {
    /// A recording of the island whose clock is anchored.
    pub source: SourceId,
    /// The moment on its clock.
    pub time: MediaTime,
    /// The same moment, nanoseconds after 1970-01-01T00:00:00Z without leap seconds.
    pub utc: UtcTime,
    /// One standard deviation of it, nanoseconds; more than zero.
    pub sigma_ns: i64,
}

/// A moment of true time: nanoseconds after 1970-01-01T00:00:00Z, leap seconds not counted;
/// from the year 1677 to 2262.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UtcTime(pub i64);

impl UtcTime {
    /// `self − zero` as the case time of a clock whose zero was at `zero`.
    pub fn since(self, zero: Self) -> CaseTime {
        CaseTime(self.0.saturating_sub(zero.0))
    }
}
