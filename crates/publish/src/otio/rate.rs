//! Frames: a recording's nominal rate, and the timecode it claims for its first frame.

use evidence::{ClaimKind, Recording};
use serde_json::{Value, json};

/// Frames a second as an exact fraction; for sound alone, samples a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    numerator: u32,
    denominator: u32,
}

/// A claim of the file about its first frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// In frames of the recording's rate.
    pub frame: i64,
    /// Where in the file it stands.
    pub found_in: String,
}

impl Rate {
    /// 25 frames a second, for want of any better.
    pub const PAL: Self = Self { numerator: 25, denominator: 1 };

    /// The rate of the first picture track, or of the first sound track where there are no
    /// pictures. Rates that no editing program knows (some files say 90 000) are none.
    pub fn of(recording: &Recording) -> Option<Self> {
        let Some(video) = recording.video.first() else {
            let rate_hz = recording.audio.first()?.rate_hz;
            return (rate_hz > 0).then_some(Self { numerator: rate_hz, denominator: 1 });
        };
        let (numerator, denominator) = video.rate?;
        let rate = Self { numerator, denominator };
        (denominator > 0 && (1.0..=480.0).contains(&rate.per_s())).then_some(rate)
    }

    /// Frames a second, the double nearest to the fraction.
    pub fn per_s(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }

    /// The whole frame nearest to a time.
    pub fn frames(self, ns: i64) -> i64 {
        let unit = 1_000_000_000 * i128::from(self.denominator);
        let frames = (2 * i128::from(ns) * i128::from(self.numerator) + unit).div_euclid(2 * unit);
        frames.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// When a frame begins, to the nearest nanosecond.
    pub fn ns(self, frame: i64) -> i64 {
        let numerator = i128::from(self.numerator);
        let ns = 2 * i128::from(frame) * 1_000_000_000 * i128::from(self.denominator) + numerator;
        ns.div_euclid(2 * numerator).clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// A `RationalTime`.
    pub fn time(self, frame: i64) -> Value {
        json!({ "OTIO_SCHEMA": "RationalTime.1", "value": frame as f64, "rate": self.per_s() })
    }

    /// A `TimeRange`.
    pub fn range(self, start: i64, frames: i64) -> Value {
        json!({
            "OTIO_SCHEMA": "TimeRange.1",
            "start_time": self.time(start),
            "duration": self.time(frames),
        })
    }

    /// What the file claims its first frame is called: a timecode, or for sound alone the
    /// samples since midnight. Claims that do not parse are left alone.
    pub fn claimed_start(self, recording: &Recording) -> Option<Claimed> {
        let has_pictures = !recording.video.is_empty();
        let kind = if has_pictures { ClaimKind::Timecode } else { ClaimKind::TimeReference };
        recording.claims.iter().filter(|claim| claim.kind == kind).find_map(|claim| {
            let frame = if has_pictures {
                self.timecode(&claim.value)?
            } else {
                claim.value.trim().parse().ok().filter(|&samples: &i64| samples >= 0)?
            };
            Some(Claimed { frame, found_in: claim.found_in.clone() })
        })
    }

    /// `hh:mm:ss:ff` counted in frames, or `hh:mm:ss;ff` where the first numbers of most
    /// minutes are dropped to keep 29.97 and 59.94 near the clock (SMPTE ST 12-1).
    fn timecode(self, text: &str) -> Option<i64> {
        let text = text.trim();
        let shape = |(at, byte): (usize, &u8)| match at {
            2 | 5 => *byte == b':',
            8 => matches!(byte, b':' | b';' | b'.'),
            _ => byte.is_ascii_digit(),
        };
        if text.len() != 11 || !text.as_bytes().iter().enumerate().all(shape) {
            return None;
        }
        let part = |at: usize| text[at..at + 2].parse::<i64>().ok();
        let (hours, minutes, seconds, frames) = (part(0)?, part(3)?, part(6)?, part(9)?);
        let nominal = self.per_s().round() as i64;
        if minutes > 59 || seconds > 59 || frames >= nominal || hours > 23 {
            return None;
        }
        let all = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames;
        let is_ntsc = self.denominator == 1_001 && nominal % 30 == 0;
        if text.as_bytes()[8] == b':' || !is_ntsc {
            return Some(all);
        }
        let dropped_a_minute = nominal / 15;
        let minutes = hours * 60 + minutes;
        Some(all - dropped_a_minute * (minutes - minutes / 10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NTSC: Rate = Rate { numerator: 30_000, denominator: 1_001 };

    #[test]
    fn drop_frame_timecode_stays_with_the_clock() {
        // One hour of drop-frame timecode is 107 892 frames, 3 599.996 s.
        assert_eq!(NTSC.timecode("01:00:00;00"), Some(107_892));
        assert_eq!(NTSC.timecode("00:01:00;02"), Some(1_800));
        assert_eq!(NTSC.timecode("01:00:00:00"), Some(108_000));
        assert_eq!(Rate::PAL.timecode("14:20:09:01"), Some(1_290_226));
    }

    #[test]
    fn a_timecode_that_is_none_is_left_alone() {
        for text in ["", "ab:cd:ef:gh", "00:61:00:00", "00:00:00:99", "0é:00:00:0", "-1:00:00:00"]
        {
            assert_eq!(Rate::PAL.timecode(text), None, "{text}");
        }
    }

    #[test]
    fn frames_and_nanoseconds_agree() {
        for frame in [-7, 0, 1, 29, 30, 107_892, 1_000_000_007] {
            assert_eq!(NTSC.frames(NTSC.ns(frame)), frame);
        }
    }
}
