//! Dates and times of day: how a moment is written, and how what somebody wrote is read.
//!
//! The proleptic Gregorian calendar, leap seconds not counted. Reading is strict about shape and
//! deaf to meaning: a date is a claim, and whether it is true is for others to say. Nothing here
//! panics, whatever the text; a moment outside the years 1677 to 2262 cannot be told.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::UtcTime;

const NS_PER_S: i64 = 1_000_000_000;
const S_PER_DAY: i64 = 86_400;
/// Nanoseconds in a day.
pub const NS_PER_DAY: i64 = S_PER_DAY * NS_PER_S;

/// A date with a time of day, on no particular clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Civil {
    /// 1677 to 2262 where it is to be a moment.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 59; 60 is read as the second after.
    pub second: u32,
    /// 0 to 999 999 999.
    pub nanosecond: u32,
}

impl Civil {
    /// Nanoseconds after 1970-01-01T00:00:00 of the same clock; `None` for what is no date, no
    /// time of day, or too far away.
    pub fn ns(self) -> Option<i64> {
        if self.second > 60 {
            return None;
        }
        let small = |number: u32| i8::try_from(number).ok();
        let shown = DateTime::new(
            i16::try_from(self.year).ok().filter(|year| (1..=9999).contains(year))?,
            small(self.month)?,
            small(self.day)?,
            small(self.hour)?,
            small(self.minute)?,
            small(self.second.min(59))?,
            i32::try_from(self.nanosecond).ok()?,
        );
        let ns = i64::try_from(Offset::UTC.to_timestamp(shown.ok()?).ok()?.as_nanosecond()).ok()?;
        ns.checked_add(i64::from(self.second / 60) * NS_PER_S)
    }

    /// The date and time of day so many nanoseconds after 1970-01-01T00:00:00.
    pub fn of(ns: i64) -> Self {
        let shown = Offset::UTC.to_datetime(timestamp(ns));
        Self {
            year: shown.year().into(),
            month: shown.month() as u32,
            day: shown.day() as u32,
            hour: shown.hour() as u32,
            minute: shown.minute() as u32,
            second: shown.second() as u32,
            nanosecond: shown.subsec_nanosecond() as u32,
        }
    }
}

/// A moment of true time as the library has it, which reaches further than this one.
fn timestamp(ns: i64) -> Timestamp {
    Timestamp::from_nanosecond(ns.into()).unwrap_or_default()
}

/// `2019-10-21 13:46:01`, with the decimals that are not zero.
impl fmt::Display for Civil {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second, nanosecond } = self;
        write!(out, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")?;
        if *nanosecond > 0 {
            write!(out, ".{}", format!("{nanosecond:09}").trim_end_matches('0'))?;
        }
        Ok(())
    }
}

/// RFC 3339, with the decimals that are not zero: `2019-10-21T19:46:05.25Z`.
impl fmt::Display for UtcTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}Z", Civil::of(self.0).to_string().replace(' ', "T"))
    }
}

impl UtcTime {
    /// RFC 3339 with as many decimals as a doubt of `sigma_ns` bears: the last digit is no
    /// larger than it, and there are three at most; rounded to the nearest.
    pub fn text(self, sigma_ns: i64) -> String {
        let decimals = match sigma_ns.unsigned_abs() {
            0..10_000_000 => 3,
            10_000_000..100_000_000 => 2,
            100_000_000..1_000_000_000 => 1,
            _ => 0,
        };
        let unit_ns = 10_i64.pow(9 - decimals);
        let rounded = self.0.saturating_add(unit_ns / 2);
        let rounded = rounded.saturating_sub(rounded.rem_euclid(unit_ns));
        let Civil { year, month, day, hour, minute, second, nanosecond } = Civil::of(rounded);
        let whole = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if decimals == 0 {
            return format!("{whole}Z");
        }
        format!("{whole}.{:0w$}Z", i64::from(nanosecond) / unit_ns, w = decimals as usize)
    }
}

/// What a text says of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// What it shows, nanoseconds after 1970-01-01T00:00:00 of the same clock; of a time of day
    /// alone, after midnight.
    pub shows_ns: i64,
    /// What its last digit is worth, nanoseconds; a day where there is no time of day.
    pub resolution_ns: i64,
    /// Seconds by which the clock is ahead of UTC, where it says so.
    pub zone_s: Option<i32>,
    /// Whether it names a day.
    pub has_date: bool,
}

impl Written {
    /// The moment in UTC, if the text says what it takes.
    pub fn utc(self) -> Option<UtcTime> {
        let zone_ns = i64::from(self.zone_s?) * NS_PER_S;
        if self.has_date && self.resolution_ns < NS_PER_DAY {
            self.shows_ns.checked_sub(zone_ns).map(UtcTime)
        } else {
            None
        }
    }
}

/// Reads `2019-10-21T13:46:01.5Z`, `2019:10:21 13:46:01`, `2019-10-21T13:46:01+0200`,
/// `20191021 134601`, `2019-10-21`, `13:46:01` and the like; `None` for anything else.
pub fn read(text: &str) -> Option<Written> {
    let text = text.trim();
    if text.len() > 60 || !text.is_ascii() {
        return None;
    }
    let mut rest = Reader { bytes: text.as_bytes(), at: 0 };
    let date = rest.date();
    if date.is_some() {
        rest.skip(|byte| matches!(byte, b' ' | b'T' | b't' | b'_'));
        if rest.is_at_end() {
            return written(date?, None, None);
        }
    }
    let time = rest.time_of_day()?;
    rest.skip(|byte| byte == b' ');
    let zone_s = if rest.is_at_end() { None } else { Some(rest.zone()?) };
    if !rest.is_at_end() {
        return None;
    }
    match date {
        Some(date) => written(date, Some(time), zone_s),
        None => Some(Written {
            shows_ns: time.ns()?,
            resolution_ns: time.resolution_ns,
            zone_s,
            has_date: false,
        }),
    }
}

fn written(
    (year, month, day): (i64, u32, u32),
    time: Option<TimeOfDay>,
    zone_s: Option<i32>,
) -> Option<Written> {
    let date = Civil { year, month, day, hour: 0, minute: 0, second: 0, nanosecond: 0 };
    let shows_ns = date.ns()?.checked_add(time.map_or(Some(0), TimeOfDay::ns)?)?;
    let resolution_ns = time.map_or(NS_PER_DAY, |time| time.resolution_ns);
    Some(Written { shows_ns, resolution_ns, zone_s, has_date: true })
}

/// A time of day as it was written.
#[derive(Clone, Copy, Debug)]
struct TimeOfDay {
    hour: u32,
    minute: u32,
    second: u32,
    nanosecond: u32,
    resolution_ns: i64,
}

impl TimeOfDay {
    fn ns(self) -> Option<i64> {
        if self.hour > 23 || self.minute > 59 || self.second > 60 {
            return None;
        }
        let seconds = i64::from((self.hour * 60 + self.minute) * 60 + self.second);
        Some(seconds * NS_PER_S + i64::from(self.nanosecond))
    }
}

/// Digits and signs, from left to right.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip(&mut self, what: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&what) {
            self.at += 1;
        }
    }

    fn eat(&mut self, what: impl Fn(u8) -> bool) -> bool {
        let eats = self.peek().is_some_and(what);
        self.at += usize::from(eats);
        eats
    }

    /// Exactly so many digits.
    fn number(&mut self, digits: usize) -> Option<u32> {
        let part = self.bytes.get(self.at..self.at + digits)?;
        if !part.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.at += digits;
        Some(part.iter().fold(0, |all, byte| all * 10 + u32::from(byte - b'0')))
    }

    /// `2019-10-21`, `2019:10:21`, `2019/10/21`, `2019.10.21`, `20191021`; where there is none,
    /// nothing is read.
    fn date(&mut self) -> Option<(i64, u32, u32)> {
        let begin = self.at;
        let found = self.date_here();
        if found.is_none() {
            self.at = begin;
        }
        found
    }

    fn date_here(&mut self) -> Option<(i64, u32, u32)> {
        let year = self.number(4)?;
        let between = self.peek()?;
        let is_parted = matches!(between, b'-' | b':' | b'/' | b'.');
        self.at += usize::from(is_parted);
        let month = self.number(2)?;
        if is_parted && !self.eat(|byte| byte == between) {
            return None;
        }
        let day = self.number(2)?;
        Some((i64::from(year), month, day))
    }

    /// `13:46`, `13:46:01`, `13:46:01.25`, `134601`.
    fn time_of_day(&mut self) -> Option<TimeOfDay> {
        let hour = self.number(2)?;
        let is_parted = self.eat(|byte| byte == b':' || byte == b'.');
        let minute = self.number(2)?;
        let mut time =
            TimeOfDay { hour, minute, second: 0, nanosecond: 0, resolution_ns: 60 * NS_PER_S };
        let goes_on = if is_parted { self.eat(|byte| byte == b':' || byte == b'.') } else { true };
        if !goes_on {
            return Some(time);
        }
        time.second = self.number(2)?;
        time.resolution_ns = NS_PER_S;
        if self.eat(|byte| byte == b'.' || byte == b',') {
            let mut unit_ns = NS_PER_S;
            let begin = self.at;
            while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
                self.at += 1;
                if unit_ns > 1 {
                    unit_ns /= 10;
                    time.nanosecond += u32::from(digit - b'0') * unit_ns as u32;
                }
            }
            if self.at == begin {
                return None;
            }
            time.resolution_ns = unit_ns;
        }
        Some(time)
    }

    /// `Z`, `UTC`, `+02:00`, `-0500`, `+02`, in seconds ahead of UTC.
    fn zone(&mut self) -> Option<i32> {
        let rest = &self.bytes[self.at..];
        for name in [&b"UTC"[..], b"GMT", b"Z", b"z"] {
            if rest == name {
                self.at = self.bytes.len();
                return Some(0);
            }
        }
        let sign = match self.peek()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.at += 1;
        let hours = self.number(2)?;
        self.skip(|byte| byte == b':');
        let minutes = if self.is_at_end() { 0 } else { self.number(2)? };
        let is_zone = hours <= 14 && minutes < 60;
        is_zone.then_some(sign * (hours * 3600 + minutes * 60) as i32)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_moment_is_read_in_the_forms_in_which_devices_write_it() {
        let at = |s: i64| s * NS_PER_S;
        let noon = 1_571_665_561;
        for (text, shows_ns, zone_s) in [
            ("2019-10-21T13:46:01.000000Z", at(noon), Some(0)),
            ("2019-10-21T13:46:01+0200", at(noon), Some(7200)),
            ("2019-10-21 13:46:01 -05:00", at(noon), Some(-18_000)),
            ("2019:10:21 13:46:01", at(noon), None),
            ("20191021T134601Z", at(noon), Some(0)),
            ("2019-10-21 13:46:01.25", at(noon) + 250_000_000, None),
            ("2019-10-21", at(noon / 86_400 * 86_400), None),
            ("1970-01-01T00:00:00Z", 0, Some(0)),
            ("1904-01-01T00:00:00Z", at(-2_082_844_800), Some(0)),
        ] {
            let written = read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((written.shows_ns, written.zone_s), (shows_ns, zone_s), "{text}");
        }
        let time = read("13:46:05").unwrap();
        assert_eq!((time.shows_ns, time.has_date), (at(49_565), false));
        assert_eq!(read("2019-10-21T13:46:01+0200").unwrap().utc(), Some(UtcTime(at(noon - 7200))));
    }

    #[test]
    fn what_is_no_moment_is_not_read() {
        for text in [
            "",
            "yesterday",
            "2019",
            "2019-13-01",
            "2019-02-29",
            "0000-01-01",
            "9999-12-31T00:00:00Z",
            "2019-10-21T25:00:00",
            "2019-10-21T13:46:01 CEST",
            "2019-10-21T13:46:01+99",
            "13:61",
            "2019-10-21T13:46:01.",
            "２０１９-10-21",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn no_more_digits_are_shown_than_the_doubt_bears() {
        let moment = UtcTime(1_571_665_561_987_654_321);
        assert_eq!(moment.text(2_000_000), "2019-10-21T13:46:01.988Z");
        assert_eq!(moment.text(300_000_000), "2019-10-21T13:46:02.0Z");
        assert_eq!(moment.text(5_000_000_000), "2019-10-21T13:46:02Z");
        assert_eq!(UtcTime(-1).text(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(UtcTime(-NS_PER_S / 4).to_string(), "1969-12-31T23:59:59.75Z");
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_moment(ns in any::<i64>()) {
            let civil = Civil::of(ns);
            // The very first second of what can be told begins before it.
            if ns > i64::MIN + NS_PER_S {
                prop_assert_eq!(civil.ns(), Some(ns));
            }
        }

        #[test]
        fn what_is_written_reads_back(ns in any::<i64>(), sigma_ns in any::<i64>()) {
            let read_back = read(&UtcTime(ns).to_string()).and_then(Written::utc);
            if ns > i64::MIN + NS_PER_DAY {
                prop_assert_eq!(read_back, Some(UtcTime(ns)));
            }
            let _ = UtcTime(ns).text(sigma_ns);
        }

        #[test]
        fn any_text_is_read_or_not_without_panic(text in "\\PC{0,70}", dates in "[-0-9:TZ+. ]{0,40}") {
            let _ = (read(&text), read(&dates));
        }
    }
}
