//! Moments and doubts as a person types them.

use evidence::UtcTime;
use evidence::civil::{self, NS_PER_DAY, Written};

/// A moment on some clock, nanoseconds: `12.5` (seconds), `3:13.9` (minutes) or `1:03:13.9`
/// (hours), with a minus in front if it lies before zero. Exact: no rounding but below a
/// nanosecond, where digits are dropped.
///
/// # Errors
/// A sentence, for anything else.
pub fn moment(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no time; write seconds (12.5) or h:mm:ss.mmm (0:03:13.9)");
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let parts: Vec<&str> = digits.split(':').collect();
    let (seconds, larger) = parts.split_last().ok_or_else(wrong)?;
    if larger.len() > 2 {
        return Err(wrong());
    }
    let mut whole = 0_i64;
    for (nth, part) in larger.iter().enumerate() {
        let number = number(part).filter(|n| nth == 0 || *n < 60).ok_or_else(wrong)?;
        whole = whole.checked_mul(60).and_then(|w| w.checked_add(number)).ok_or_else(wrong)?;
    }
    let (before, after) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let limit = if larger.is_empty() { i64::MAX } else { 60 };
    let number_of_seconds = number(before).filter(|n| *n < limit).ok_or_else(wrong)?;
    if after.is_empty() || !after.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let nanoseconds: String = after.chars().chain("000000000".chars()).take(9).collect();
    let fraction = number(&nanoseconds).ok_or_else(wrong)?;
    whole
        .checked_mul(60)
        .and_then(|w| w.checked_add(number_of_seconds))
        .and_then(|s| s.checked_mul(1_000_000_000))
        .and_then(|ns| ns.checked_add(fraction))
        .map(|ns| sign * ns)
        .ok_or_else(wrong)
}

/// One standard deviation, nanoseconds: seconds from a tenth of a millisecond to a year.
///
/// # Errors
/// A sentence, for anything else.
pub fn doubt(text: &str) -> Result<i64, String> {
    let ns = moment(text)?;
    if (100_000..=31_557_600_000_000_000).contains(&ns) {
        return Ok(ns);
    }
    Err(format!("`{text}` is no doubt; write seconds, 0.0001 or more: nobody knows a time exactly"))
}

/// A moment of UTC: `2019-10-21T19:46:05Z`, or with another distance from UTC.
///
/// # Errors
/// A sentence, for anything else.
pub fn utc(text: &str) -> Result<UtcTime, String> {
    let wrong = || {
        format!("`{text}` is no moment of UTC; write 2019-10-21T19:46:05Z, or +02:00 in place of Z")
    };
    civil::read(text).and_then(Written::utc).ok_or_else(wrong)
}

/// What a clock shows: a date and a time of day, or a time of day alone.
///
/// # Errors
/// A sentence, for anything else.
pub fn shown(text: &str) -> Result<Written, String> {
    let wrong = || format!("`{text}` is no clock; write '2019-10-21 13:46:05' or '13:46:05'");
    let written = civil::read(text).ok_or_else(wrong)?;
    let is_moment = written.resolution_ns < NS_PER_DAY;
    let is_plain = written.has_date || written.zone_s.is_none();
    if is_moment && is_plain { Ok(written) } else { Err(wrong()) }
}

/// Digits and nothing else.
fn number(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_time_is_read_as_it_is_written() {
        for (text, ns) in [
            ("0", 0),
            ("12.5", 12_500_000_000),
            ("3:13.9", 193_900_000_000),
            ("0:03:13.9", 193_900_000_000),
            ("100:00:00.000000001", 360_000_000_000_001),
            ("-1:00", -60_000_000_000),
            ("7200", 7_200_000_000_000),
            ("0.1234567899", 123_456_789),
        ] {
            assert_eq!(moment(text), Ok(ns), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "x", "1:60", "1:2:3:4", "1:70:00", "1.", ".5", "+1", "1:-2", "--1", "1e3"]
        {
            assert!(moment(text).is_err(), "{text}");
        }
        for text in ["0", "-1", "0.00001", "nan"] {
            assert!(doubt(text).is_err(), "{text}");
        }
        for text in ["2019-10-21T19:46:05", "2019-10-21", "19:46:05Z", "now"] {
            assert!(utc(text).is_err(), "{text}");
        }
        for text in ["2019-10-21", "19:46:05Z", "5 to 12"] {
            assert!(shown(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "\\PC{0,30}") {
            let _ = (moment(&text), doubt(&text), utc(&text), shown(&text));
        }

        #[test]
        fn any_moment_reads_back(ns in 0..360_000_000_000_000_i64) {
            let (s, rest) = (ns / 1_000_000_000, ns % 1_000_000_000);
            let text = format!("{}:{:02}:{:02}.{rest:09}", s / 3600, s / 60 % 60, s % 60);
            prop_assert_eq!(moment(&text), Ok(ns));
            prop_assert_eq!(moment(&format!("-{text}")), Ok(-ns));
        }
    }
}
