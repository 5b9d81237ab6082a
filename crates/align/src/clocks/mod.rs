//! The clocks of files: what they showed, how wrong they are, and what they may place.
//!
//! In: recordings with their claims and names, where they lie, and clocks that persons read.
//! Out: the clocks, each with its readings, its error beside the others (or beside UTC, where
//! that is known) and what may explain the error; and for recordings on no clock of the case,
//! where their device's clock would put them.
//! Method, a file each: `names` and `read` make readings of claims and names; `devices` says
//! which recordings share a clock; `survey` compares the clocks of an island by what most of
//! them agree on; `reasons` names what is known to make clocks wrong; `places` puts what sound,
//! light and hand left off where its device's other recordings say.
//! Cost: the square of the number of clocks on an island; nothing is decoded.
//! Cannot: know which clock is right. Most clocks may be wrong alike; only an anchor in UTC says.

mod devices;
mod gather;
mod names;
mod places;
mod read;
mod reasons;
mod survey;
mod timecodes;

use evidence::{ClockReading, MediaTime, Placement, Shown, SourceId};

pub use gather::Convention;
pub use places::{Joined, Put, Puts, apply, puts};
pub use read::readings_of;
pub use reasons::{Reason, length, zone_text};
pub use survey::{Clock, Error, Judged, OnIsland, Reference, Survey, survey};

/// Counted up when the same claims would be read or heeded otherwise.
pub const CLOCKS_VERSION: u32 = 1;

/// A recording, as far as its clocks are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// Which.
    pub id: SourceId,
    /// The name of its file.
    pub name: &'a str,
    /// What the file says of itself.
    pub recording: &'a evidence::Recording,
    /// Where it lies.
    pub placement: Option<&'a Placement>,
}

/// Where a device wrote down what its clock showed. In order: what is believed first when a
/// recording has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Series {
    /// A person read it.
    Hand,
    /// A time from satellites.
    Gps,
    /// A date that states its distance from UTC.
    Zoned,
    /// Samples since midnight, with the date where one is told (BWF).
    TimeReference,
    /// The container's own time of making, which should be UTC.
    Creation,
    /// Any other date with a time of day.
    Date,
    /// The name of the file.
    Name,
    /// A timecode of the first frame.
    Timecode,
}

impl Series {
    /// In a word or two.
    pub fn words(self) -> &'static str {
        match self {
            Self::Hand => "read by hand",
            Self::Gps => "GPS time",
            Self::Zoned => "date with zone",
            Self::TimeReference => "time reference",
            Self::Creation => "creation time",
            Self::Date => "date tag",
            Self::Name => "file name",
            Self::Timecode => "timecode",
        }
    }
}

/// Which moment of a recording a reading is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Marks {
    /// A certain one.
    At(MediaTime),
    /// Its beginning or its end: devices do either.
    StartOrEnd,
}

/// What a device's clock showed at one moment of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Which recording.
    pub source: SourceId,
    /// Where it was written down.
    pub series: Series,
    /// When.
    pub marks: Marks,
    /// What it showed.
    pub shows: Shown,
    /// The distance from UTC it states, seconds.
    pub zone_s: Option<i32>,
    /// What its last digit is worth, nanoseconds.
    pub resolution_ns: i64,
    /// One standard deviation of it against the device's clock, nanoseconds.
    pub sigma_ns: i64,
    /// The words of the file or the person.
    pub text: String,
    /// Where they stand.
    pub found_in: String,
    /// The clock a person named.
    pub clock: Option<String>,
}

/// What no clock that counts whole seconds is better than, nanoseconds: it is written down when
/// the file is opened or closed, and that is up to a second from the first or last sample.
pub(crate) const SIGMA_NS_MIN: i64 = 1_000_000_000;

/// What no written clock is better than, nanoseconds: a frame of picture.
pub(crate) const FRAME_NS: i64 = 40_000_000;

impl From<&ClockReading> for Reading {
    fn from(told: &ClockReading) -> Self {
        Self {
            source: told.source,
            series: Series::Hand,
            marks: Marks::At(told.time),
            shows: told.shows,
            zone_s: None,
            resolution_ns: told.sigma_ns,
            sigma_ns: told.sigma_ns,
            text: read::text_of(told.shows),
            found_in: "read by a person".to_owned(),
            clock: told.clock.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
