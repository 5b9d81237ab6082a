//! What the clock of a device showed: never truth, and kept as it was read.

use serde::{Deserialize, Serialize};

use crate::{MediaTime, SourceId};

/// What a clock showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shown {
    /// Nanoseconds after 1970-01-01T00:00:00 as the clock counts; of a time of day alone, after
    /// midnight.
    pub ns: i64,
    /// Which time it claims to show.
    pub basis: Basis,
}

/// Which time a clock claims to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// UTC, or a local time whose distance from UTC it states.
    Utc,
    /// The time of some place; nobody says how far ahead of UTC.
    Local,
    /// The same, and nobody says on which day.
    TimeOfDay,
}

/// A clock that a person read: burned into the picture, on a wall, spoken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockReading {
    /// The recording in which it is to be seen or heard.
    pub source: SourceId,
    /// When.
    pub time: MediaTime,
    /// What it showed then.
    pub shows: Shown,
    /// One standard deviation, nanoseconds; more than zero.
    pub sigma_ns: i64,
    /// Which clock it is, where the person says so: readings of one name are of one clock,
    /// whatever files they are in. Else it is a clock of the device that made the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
}
