//! Dates and times in the names of files.
//!
//! Read are dates written year first, with all their digits or with signs between, followed by a
//! time of day to the second: `VID_20191021_134601`, `PXL_20230102_030405678`, `2019-10-21
//! 13.46.01`, `191021-134601`. A day alone (`VID-20191021-WA0012`) is no reading, and so is a
//! date whose order of day and month nobody can tell. Minutes without seconds are read only where
//! signs or the maker's way of naming tell them from a number that counts files.

use evidence::{Basis, Shown};

/// A moment that a name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub shows: Shown,
    pub resolution_ns: i64,
}

const NS_PER_S: i64 = 1_000_000_000;

/// Names of these beginnings are in UTC: Pixel phones.
const IN_UTC: [&str; 1] = ["pxl_"];

/// The first moment that the name tells.
pub(super) fn read(name: &str) -> Option<Named> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if stem.len() > 255 {
        return None;
    }
    let lower = stem.to_ascii_lowercase();
    let bytes = lower.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let begins = (0..bytes.len()).filter(|&at| is_digit(at) && (at == 0 || !is_digit(at - 1)));
    let in_utc = IN_UTC.iter().any(|begin| lower.starts_with(begin));
    let minutes_do = lower.starts_with("axon");
    let mut found = begins.filter_map(|at| Groups::of(&bytes[at..]).moment(minutes_do));
    found.next().map(|named| {
        let basis = if in_utc { Basis::Utc } else { named.shows.basis };
        Named { shows: Shown { basis, ..named.shows }, ..named }
    })
}

/// Runs of digits with what stands between them.
struct Groups<'a> {
    /// Digits, and the bytes before them.
    all: Vec<(&'a [u8], &'a [u8])>,
    /// What follows the last.
    after: &'a [u8],
}

/// No moment has more runs of digits than year, month, day, hour, minute, second, part.
const GROUPS_MAX: usize = 7;

impl<'a> Groups<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        let mut all = Vec::new();
        let mut rest = bytes;
        while all.len() < GROUPS_MAX {
            let sign = rest.iter().position(u8::is_ascii_digit).unwrap_or(rest.len());
            let (between, more) = rest.split_at(sign);
            let length = more.iter().position(|b| !b.is_ascii_digit()).unwrap_or(more.len());
            if length == 0 {
                break;
            }
            let (digits, left) = more.split_at(length);
            all.push((between, digits));
            rest = left;
        }
        Self { all, after: rest }
    }

    fn moment(&self, minutes_do: bool) -> Option<Named> {
        self.since_1970().or_else(|| self.by_date(minutes_do))
    }

    /// `1571665561234`: milliseconds after 1970, as messengers name what they store. Alone, and
    /// of the years 2001 to 2286 only.
    fn since_1970(&self) -> Option<Named> {
        let &(_, digits) = self.all.first()?;
        let is_alone = self.all.len() == 1 && digits.len() == 13 && digits[0] == b'1';
        if !is_alone {
            return None;
        }
        let ns = i64::try_from(number(digits)).ok()?.checked_mul(1_000_000)?;
        let shows = Shown { ns, basis: Basis::Utc };
        Some(Named { shows, resolution_ns: NS_PER_S })
    }

    fn by_date(&self, minutes_do: bool) -> Option<Named> {
        let mut digits: Vec<u8> = Vec::new();
        let mut is_parted = false;
        for (nth, (between, group)) in self.all.iter().enumerate() {
            if nth > 0 && !is_between(between, digits.len()) {
                break;
            }
            if digits.len() == 4 && nth == 1 && group.len() == 2 {
                is_parted = true;
            }
            // 2019-10-21 at 1.46.01 PM
            if is_parted && digits.len() == 8 && group.len() == 1 {
                digits.push(b'0');
            }
            digits.extend(*group);
            if digits.len() >= 17 {
                break;
            }
        }
        // 191021-134601: two digits of the year, only with a time of just six digits.
        if let [(_, date), (between, time), ..] = self.all[..]
            && date.len() == 6
            && time.len() == 6
            && matches!(between, b"-" | b"_")
        {
            let text = [b"20", date, time].concat();
            return named(&text, self.is_afternoon());
        }
        match digits.len() {
            14.. => named(&digits, self.is_afternoon()),
            // 2020-05-30_1746
            12 if is_parted || minutes_do => named(&digits, self.is_afternoon()),
            _ => None,
        }
    }

    /// What a twelve-hour clock says after the time of day.
    fn is_afternoon(&self) -> Option<bool> {
        // macOS writes a narrow space that is no ASCII.
        let begin = self.after.iter().position(u8::is_ascii_alphanumeric)?;
        let word = self.after[begin..].get(..2)?;
        let ends = self.after[begin..].get(2).is_none_or(|byte| !byte.is_ascii_alphabetic());
        match word {
            b"pm" if ends => Some(true),
            b"am" if ends => Some(false),
            _ => None,
        }
    }
}

/// Whether these signs may stand within a moment, after so many of its digits.
fn is_between(signs: &[u8], digits: usize) -> bool {
    let plain = signs.len() == 1 && b"-_.: ".contains(&signs[0]);
    let after_date =
        matches!(signs, b"t" | b" at " | b"_at_" | b"-at-" | b" - " | b"__" | b"_t" | b"--");
    match digits {
        4 | 6 | 10 | 12 => plain || digits >= 10 && matches!(signs, b"h" | b"m" | b"'"),
        8 => plain || after_date,
        // What follows another sign counts files, and no parts of a second.
        14 => signs == b".",
        _ => false,
    }
}

/// Twelve digits or more as a moment; what is beyond the seconds is a part of one if it has
/// three digits.
fn named(digits: &[u8], is_afternoon: Option<bool>) -> Option<Named> {
    let part = |from: usize, to: usize| digits.get(from..to).map(|d| number(d) as u32);
    let year = i64::from(part(0, 4)?);
    if !(1970..2100).contains(&year) {
        return None;
    }
    let mut hour = part(8, 10)?;
    if let Some(is_afternoon) = is_afternoon.filter(|_| (1..=12).contains(&hour)) {
        hour = hour % 12 + if is_afternoon { 12 } else { 0 };
    }
    let has_seconds = digits.len() >= 14;
    let has_ms = digits.len() == 17;
    let civil = evidence::civil::Civil {
        year,
        month: part(4, 6)?,
        day: part(6, 8)?,
        hour,
        minute: part(10, 12)?,
        second: if has_seconds { part(12, 14)? } else { 0 },
        nanosecond: if has_ms { part(14, 17)? * 1_000_000 } else { 0 },
    };
    let resolution_ns = match (has_ms, has_seconds) {
        (true, _) => 1_000_000,
        (_, true) => NS_PER_S,
        _ => 60 * NS_PER_S,
    };
    Some(Named { shows: Shown { ns: civil.ns()?, basis: Basis::Local }, resolution_ns })
}

/// Digits as a number; more than 18 of them as the largest.
fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0_u64, |all, byte| {
        all.saturating_mul(10).saturating_add(u64::from(byte.wrapping_sub(b'0')))
    })
}

#[cfg(test)]
mod tests {
    use evidence::civil::Civil;
    use proptest::prelude::*;

    use super::*;

    fn text(name: &str) -> Option<(String, Basis, i64)> {
        let named = read(name)?;
        let shown = Civil::of(named.shows.ns).to_string();
        Some((shown, named.shows.basis, named.resolution_ns / 1_000_000))
    }

    #[test]
    fn names_tell_when_as_phones_cameras_and_recorders_write_it() {
        for (name, shown, basis, resolution_ms) in [
            ("VID_20191021_134601.mp4", "2019-10-21 13:46:01", Basis::Local, 1000),
            ("VID20191021134601.mp4", "2019-10-21 13:46:01", Basis::Local, 1000),
            ("PXL_20230102_030405678.mp4", "2023-01-02 03:04:05.678", Basis::Utc, 1),
            ("PXL_20230102_030405678.TS.mp4", "2023-01-02 03:04:05.678", Basis::Utc, 1),
            ("2019-10-21 13.46.01.mov", "2019-10-21 13:46:01", Basis::Local, 1000),
            ("2019_1021_134601_001.MP4", "2019-10-21 13:46:01", Basis::Local, 1000),
            ("20191021_134601.mp4", "2019-10-21 13:46:01", Basis::Local, 1000),
            ("U12_20260210_152428.mp4", "2026-02-10 15:24:28", Basis::Local, 1000),
            ("CALL_20260210_142332_L2.mp3", "2026-02-10 14:23:32", Basis::Local, 1000),
            ("DJI_20230102030405_0001_D.MP4", "2023-01-02 03:04:05", Basis::Local, 1000),
            ("191021-134601.WAV", "2019-10-21 13:46:01", Basis::Local, 1000),
            (
                "Screen Recording 2019-10-21 at 1.46.01\u{202f}PM.mov",
                "2019-10-21 13:46:01",
                Basis::Local,
                1000,
            ),
            (
                "Screen Recording 2019-10-21 at 01.46.01 PM.mov",
                "2019-10-21 13:46:01",
                Basis::Local,
                1000,
            ),
            (
                "Axon_Body_3_Video_2020-05-30_1746_X60A1234A.mp4",
                "2020-05-30 17:46:00",
                Basis::Local,
                60_000,
            ),
            ("AXON Body 2 Video 2017-12-01 2044.mp4", "2017-12-01 20:44:00", Basis::Local, 60_000),
            ("WG0123@20200530180415.mp4", "2020-05-30 18:04:15", Basis::Local, 1000),
            ("signal-2019-10-21-134601.mp4", "2019-10-21 13:46:01", Basis::Local, 1000),
            ("1571665561234.mp4", "2019-10-21 13:46:01.234", Basis::Utc, 1000),
        ] {
            assert_eq!(text(name), Some((shown.to_owned(), basis, resolution_ms)), "{name}");
        }
    }

    #[test]
    fn numbers_that_count_files_and_days_alone_tell_no_moment() {
        for name in [
            "VID-20191021-WA0012.mp4",
            "VID-20260210-0007.mp4",
            "260212_0001.MP3",
            "C0012.MP4",
            "IMG_4127.MOV",
            "MVI_0231.MP4",
            "GX010042.MP4",
            "2019.mp4",
            "20191399_134601.mp4",
            "99999999_999999.mp4",
            "12345678901234567890.mp4",
            "00000000000000.mp4",
            "",
            "34R-T01.WAV",
            "REC-0103-mill.m4a",
            "20191021_0007.mp4",
            "clip 640x480 1920.mp4",
        ] {
            assert_eq!(text(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_name_is_read_or_not_without_panic(
            name in "\\PC{0,60}", digits in "[-_0-9. tTpamAPM]{0,60}",
        ) {
            let _ = (read(&name), read(&digits));
        }

        #[test]
        fn any_second_of_forty_years_is_read_back(s in 946_684_800..2_208_988_800_i64) {
            let civil = Civil::of(s * NS_PER_S);
            let plain: String = civil.to_string().chars().filter(char::is_ascii_digit).collect();
            let (date, time) = plain.split_at(8);
            for name in [format!("VID_{date}_{time}.mp4"), format!("{civil}.mov").replace(':', ".")] {
                prop_assert_eq!(read(&name).map(|n| n.shows.ns), Some(s * NS_PER_S));
            }
        }
    }
}
