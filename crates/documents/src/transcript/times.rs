//! Times as transcripts write them.

use evidence::MediaTime;

use super::HOURS_MAX;

/// `[hh:]mm:ss[.fff]`, with a comma or a point, any number of decimals up to nine.
pub(super) fn clock(text: &str) -> Option<MediaTime> {
    let (whole, part) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let mut seconds = 0_i64;
    let mut parts = 0;
    for (n, part) in whole.split(':').enumerate() {
        let is_plain =
            !part.is_empty() && part.len() <= 5 && part.bytes().all(|b| b.is_ascii_digit());
        let number: i64 = part.parse().ok().filter(|_| is_plain)?;
        if n > 0 && number >= 60 {
            return None;
        }
        seconds = seconds * 60 + number;
        parts = n + 1;
    }
    let is_plain = part.len() <= 9 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !(2..=3).contains(&parts) || !is_plain || seconds > HOURS_MAX * 3600 {
        return None;
    }
    let part: i64 = format!("{part:0<9}").parse().ok()?;
    Some(MediaTime(seconds * 1_000_000_000 + part))
}

/// Seconds as a number.
pub(super) fn seconds(number: f64) -> Option<MediaTime> {
    let is_one = number.is_finite() && number.abs() <= (HOURS_MAX * 3600) as f64;
    is_one.then(|| MediaTime((number * 1e9).round() as i64))
}

/// `from --> to`, with whatever settings follow.
pub(super) fn arrow(line: &str) -> Option<(MediaTime, MediaTime)> {
    let (from, rest) = line.split_once("-->")?;
    let to = rest.split_whitespace().next()?;
    Some((clock(from.trim())?, clock(to)?))
}
