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

/// Where a person says that a recorder was: how far apart two were bounds how much sooner one of them
/// can have heard a sound.
///
/// All positions of a case are in one system of the person's own, which nothing else needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stood {
    /// The recorder, by its recording.
    pub source: SourceId,
    /// Where, in millimetres along three axes at right angles.
    pub at_mm: [i64; 3],
    /// It was never farther from there than this, millimetres; 0 or more.
    pub within_mm: i64,
}

/// Metres that sound goes in a second, at 20 °C (Cramer 1993).
pub const SOUND_M_PER_S: f64 = 343.2;

impl Stood {
    /// How far apart two recorders were at most, metres.
    pub fn apart_m(&self, other: &Self) -> f64 {
        let along = |axis: usize| self.at_mm[axis] as f64 - other.at_mm[axis] as f64;
        let apart_mm = along(0).hypot(along(1)).hypot(along(2));
        (apart_mm + self.within_mm as f64 + other.within_mm as f64) / 1e3
    }

    /// By how many seconds one of two recorders can have heard a sound before the other, at most:
    /// no way from a source is longer than the other by more than the two are apart.
    pub fn sooner_s(&self, other: &Self) -> f64 {
        self.apart_m(other) / SOUND_M_PER_S
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorders_five_metres_apart_hear_a_sound_fifteen_milliseconds_apart_at_most() {
        let stood = |x: i64, y: i64, within_mm: i64| Stood {
            source: SourceId([1; 32]),
            at_mm: [x, y, 0],
            within_mm,
        };
        let still = stood(1_000, 1_000, 0).sooner_s(&stood(4_000, 5_000, 0));
        assert!((still - 0.014_57).abs() < 1e-5, "{still}");
        let walked = stood(1_000, 1_000, 1_500).apart_m(&stood(4_000, 5_000, 500));
        assert!((walked - 7.0).abs() < 1e-9, "{walked}");
    }
}
