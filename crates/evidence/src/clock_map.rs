//! Moments, and the map from one recording's clock to the case clock.
//!
//! The sign of every offset and drift in Recount is defined here and nowhere else:
//! `case = offset + media × (1 + drift)`.

use serde::{Deserialize, Serialize};

const NS_PER_S: f64 = 1e9;
const PPB: i128 = 1_000_000_000;

/// A moment on one source's own clock: nanoseconds after the container's start time, which is
/// what a player shows as 0:00.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct MediaTime(pub i64);

/// A moment on the clock of the case: nanoseconds after case zero, which is arbitrary and is
/// another one for each island.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct CaseTime(pub i64);

impl MediaTime {
    /// The first moment of a source.
    pub const ZERO: Self = Self(0);

    /// The nearest nanosecond to `seconds`; what is not a number becomes zero, what does not
    /// fit becomes the nearest end of the range (292 years).
    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds * NS_PER_S).round() as i64)
    }

    /// Seconds, exact to a nanosecond for recordings shorter than 104 days.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / NS_PER_S
    }
}

impl CaseTime {
    /// The nearest nanosecond to `seconds`; see [`MediaTime::from_seconds`].
    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds * NS_PER_S).round() as i64)
    }

    /// Seconds after case zero.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / NS_PER_S
    }
}

/// Where a stretch of one recording lies on the case clock.
///
/// `case = offset + media × (1 + drift)`. With a positive offset the recording began after
/// case zero; with a positive drift its clock ran slow. All arithmetic is on integers, so a
/// stored map names the same nanosecond on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockMap {
    /// Case time of the recording's first moment, nanoseconds.
    pub offset_ns: i64,
    /// Parts per billion; real recorders lie within ±300 000.
    pub drift_ppb: i64,
}

impl ClockMap {
    /// From the alignment's floating-point seconds and parts per million.
    pub fn from_seconds(offset_s: f64, drift_ppm: f64) -> Self {
        Self {
            offset_ns: (offset_s * NS_PER_S).round() as i64,
            drift_ppb: (drift_ppm * 1e3).round() as i64,
        }
    }

    /// Offset in seconds.
    pub fn offset_s(self) -> f64 {
        self.offset_ns as f64 / NS_PER_S
    }

    /// Drift in parts per million.
    pub fn drift_ppm(self) -> f64 {
        self.drift_ppb as f64 / 1e3
    }

    /// The case time of a media time.
    pub fn to_case(self, media: MediaTime) -> CaseTime {
        let stretch_ns = nearest(i128::from(media.0) * i128::from(self.drift_ppb), PPB);
        CaseTime(self.offset_ns.saturating_add(media.0).saturating_add(stretch_ns))
    }

    /// The media time of a case time: the inverse of [`to_case`](Self::to_case) to within one
    /// nanosecond.
    pub fn to_media(self, case: CaseTime) -> MediaTime {
        let since_start_ns = i128::from(case.0) - i128::from(self.offset_ns);
        MediaTime(nearest(since_start_ns * PPB, PPB + i128::from(self.drift_ppb)))
    }
}

/// The integer nearest to the quotient, halves upward.
fn nearest(numerator: i128, divisor: i128) -> i64 {
    let quotient = (2 * numerator + divisor).div_euclid(2 * divisor);
    quotient.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn there_and_back_is_the_same_nanosecond(
            offset_ns in -1_000_000_000_000_000i64..1_000_000_000_000_000,
            drift_ppb in -500_000i64..500_000,
            media_ns in -100_000_000_000_000i64..100_000_000_000_000,
        ) {
            let map = ClockMap { offset_ns, drift_ppb };
            let back = map.to_media(map.to_case(MediaTime(media_ns)));
            prop_assert!((back.0 - media_ns).abs() <= 1);
        }

        #[test]
        fn later_on_the_recording_is_later_in_the_case(
            drift_ppb in -500_000i64..500_000,
            media_ns in 0i64..100_000_000_000_000,
            step_ns in 2i64..1_000_000_000,
        ) {
            let map = ClockMap { offset_ns: 7, drift_ppb };
            prop_assert!(map.to_case(MediaTime(media_ns)) < map.to_case(MediaTime(media_ns + step_ns)));
        }
    }

    #[test]
    fn a_clock_that_runs_slow_has_positive_drift() {
        // 20 ppm over an hour is 72 ms that the recording did not count.
        let map = ClockMap { offset_ns: 0, drift_ppb: 20_000 };
        let hour = MediaTime::from_seconds(3600.0);
        assert_eq!(map.to_case(hour), CaseTime::from_seconds(3600.072));
    }

    #[test]
    fn seconds_survive_the_integers() {
        let map = ClockMap::from_seconds(-4.211_000_003, 37.512);
        assert_eq!(map, ClockMap { offset_ns: -4_211_000_003, drift_ppb: 37_512 });
        assert!((map.offset_s() + 4.211_000_003).abs() < 1e-12);
        assert!((map.drift_ppm() - 37.512).abs() < 1e-12);
    }

    #[test]
    fn hostile_times_saturate_and_do_not_panic() {
        let map = ClockMap { offset_ns: i64::MAX, drift_ppb: 500_000 };
        assert_eq!(map.to_case(MediaTime(i64::MAX)), CaseTime(i64::MAX));
        assert_eq!(MediaTime::from_seconds(f64::NAN), MediaTime::ZERO);
    }
}
