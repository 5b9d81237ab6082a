//! What is known to make clocks wrong: candidates, never findings.

use std::fmt;

use evidence::civil::{Civil, NS_PER_DAY};
use evidence::{Basis, Shown};

const NS_PER_S: i64 = 1_000_000_000;
const HOUR_NS: i64 = 3600 * NS_PER_S;

/// What may explain an error, and what it leaves unexplained (nanoseconds, with its sign).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It shows the local time of a place so many seconds ahead of UTC.
    Zone {
        /// Seconds ahead of UTC.
        zone_s: i32,
        /// What is left.
        rest_ns: i64,
    },
    /// It was set to the local time and says it is UTC.
    LocalAsUtc {
        /// Seconds by which local time is ahead of UTC.
        zone_s: i32,
        /// What is left.
        rest_ns: i64,
    },
    /// It is set to another zone than the others, or, by one hour, to summer or winter time.
    OtherZone {
        /// Seconds by which it is ahead of the others' zone.
        by_s: i32,
        /// What is left.
        rest_ns: i64,
    },
    /// Morning and afternoon are mistaken.
    HalfDay {
        /// What is left.
        rest_ns: i64,
    },
    /// The day is wrong and the time of day is not.
    Days {
        /// By how many days it is ahead.
        days: i64,
        /// What is left.
        rest_ns: i64,
    },
    /// It shows a date at which clocks begin when their battery was empty.
    Reset {
        /// The beginning: a date, in nanoseconds after 1970.
        since_ns: i64,
    },
    /// It marks the end of the recording, not the beginning.
    NotesEnd {
        /// What is left.
        rest_ns: i64,
    },
}

/// An error as far as its reasons are concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wrong {
    /// What the clock shows minus what it should, nanoseconds.
    pub error_ns: i64,
    /// One standard deviation.
    pub sigma_ns: f64,
    /// What it showed at its first reading.
    pub shows: Shown,
    /// Whether the error still contains a zone that nobody knows: local time beside UTC.
    pub has_zone: bool,
    /// Seconds by which local time is ahead of UTC, where something tells.
    pub zone_s: Option<i32>,
    /// The length of the recording, if it is not known which end the reading marks.
    pub duration_ns: Option<i64>,
}

/// Within this of a whole hour an error is told as one: one error in six comes as near by chance.
const WHOLE_HOUR_NS: i64 = 300 * NS_PER_S;
/// Within this of a half or quarter hour that some place on earth keeps: one in four.
const PART_HOUR_NS: i64 = 120 * NS_PER_S;
/// A clock that begins anew shows its first date for so long, before somebody notices.
const RESET_NS: i64 = 60 * NS_PER_DAY;
/// Places that are no whole hour ahead of UTC, in minutes: Marquesas, Newfoundland (winter and
/// summer), Iran, Afghanistan, India, Nepal, Myanmar, Eucla, central Australia, Lord Howe, Chatham.
const PART_ZONES_MIN: [i64; 13] =
    [-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825];
/// The whole hours that are kept somewhere.
const ZONES_H: std::ops::RangeInclusive<i64> = -12..=14;
/// Dates at which clocks are known to begin, as (year, month, day): file systems and systems,
/// and what makers of cameras, recorders and video recorders choose. Any other first of January
/// at night is taken for one too.
const BEGINNINGS: [(i64, u32, u32); 7] = [
    (1904, 1, 1),
    (1970, 1, 1),
    (1980, 1, 1),
    (1980, 1, 6),
    (2000, 1, 1),
    (2001, 1, 1),
    (2004, 1, 1),
];

/// The candidates, the likeliest first; none for an error within its doubt.
pub(super) fn reasons(wrong: &Wrong) -> Vec<Reason> {
    let mut found = Vec::new();
    let reach_ns = 3.0 * wrong.sigma_ns + NS_PER_S as f64;
    if (wrong.error_ns as f64).abs() <= reach_ns && !wrong.has_zone {
        return found;
    }
    if let Some(duration_ns) = wrong.duration_ns {
        let rest_ns = wrong.error_ns.saturating_sub(duration_ns);
        if (rest_ns as f64).abs() <= reach_ns {
            found.push(Reason::NotesEnd { rest_ns });
        }
    }
    let day_is_known = wrong.shows.basis != Basis::TimeOfDay;
    if day_is_known {
        found.extend(reset(wrong));
    }
    if wrong.has_zone {
        found
            .extend(zone(wrong.error_ns).map(|(zone_s, rest_ns)| Reason::Zone { zone_s, rest_ns }));
        return found;
    }
    let local = wrong.zone_s.filter(|zone_s| *zone_s != 0 && wrong.shows.basis == Basis::Utc);
    let as_utc = local.and_then(|zone_s| {
        let rest_ns = wrong.error_ns.saturating_sub(i64::from(zone_s) * NS_PER_S);
        (rest_ns.abs() <= WHOLE_HOUR_NS).then_some(Reason::LocalAsUtc { zone_s, rest_ns })
    });
    found.extend(as_utc);
    let half_ns = wrong.error_ns.saturating_abs() - 12 * HOUR_NS;
    if half_ns.abs() <= WHOLE_HOUR_NS {
        let rest_ns = wrong.error_ns - wrong.error_ns.signum() * 12 * HOUR_NS;
        found.push(Reason::HalfDay { rest_ns });
    }
    if as_utc.is_none() && wrong.error_ns.saturating_abs() < 27 * HOUR_NS {
        let by = near(wrong.error_ns, HOUR_NS, WHOLE_HOUR_NS);
        let by = by.or_else(|| near(wrong.error_ns, HOUR_NS / 4, PART_HOUR_NS));
        found.extend(
            by.filter(|(by_s, _)| *by_s != 0)
                .map(|(by_s, rest_ns)| Reason::OtherZone { by_s, rest_ns }),
        );
    }
    let days = (wrong.error_ns as f64 / NS_PER_DAY as f64).round() as i64;
    let rest_ns = wrong.error_ns.saturating_sub(days.saturating_mul(NS_PER_DAY));
    if days != 0 && rest_ns.abs() <= WHOLE_HOUR_NS {
        found.push(Reason::Days { days, rest_ns });
    }
    found
}

/// The multiple of `unit_ns` within reach, in seconds, and what is left.
fn near(error_ns: i64, unit_ns: i64, reach_ns: i64) -> Option<(i32, i64)> {
    let times = (error_ns as f64 / unit_ns as f64).round() as i64;
    let rest_ns = error_ns.saturating_sub(times.saturating_mul(unit_ns));
    let by_s = i32::try_from(times.saturating_mul(unit_ns / NS_PER_S)).ok()?;
    (rest_ns.abs() <= reach_ns).then_some((by_s, rest_ns))
}

/// The zone that some place keeps and that explains most of the difference of a local time from
/// UTC.
pub(super) fn zone(ahead_ns: i64) -> Option<(i32, i64)> {
    let whole = ZONES_H.map(|hours| (hours * HOUR_NS, WHOLE_HOUR_NS));
    let part = PART_ZONES_MIN.into_iter().map(|min| (min * 60 * NS_PER_S, PART_HOUR_NS));
    let rest = |zone_ns: i64| ahead_ns.saturating_sub(zone_ns);
    let fits =
        whole.chain(part).filter(|(zone_ns, reach)| rest(*zone_ns).saturating_abs() <= *reach);
    let (zone_ns, _) = fits.min_by_key(|(zone_ns, _)| rest(*zone_ns).saturating_abs())?;
    Some(((zone_ns / NS_PER_S) as i32, rest(zone_ns)))
}

/// Whether the date is one at which clocks begin.
fn reset(wrong: &Wrong) -> Option<Reason> {
    // A zone or a day too many is no reset.
    (wrong.error_ns.saturating_abs() > 2 * NS_PER_DAY).then_some(())?;
    beginning(wrong.shows).map(|since_ns| Reason::Reset { since_ns })
}

/// The date at which a clock that shows this may have begun anew: it shows little more.
pub(super) fn beginning(shows: Shown) -> Option<i64> {
    let at = |(year, month, day)| {
        Civil { year, month, day, hour: 0, minute: 0, second: 0, nanosecond: 0 }.ns()
    };
    let known = BEGINNINGS.iter().filter_map(|date| at(*date));
    // Clocks of another zone begin up to a day earlier or later.
    let is_since =
        |since_ns: &i64| (-NS_PER_DAY..RESET_NS).contains(&shows.ns.saturating_sub(*since_ns));
    // The last that is past, and else the next.
    let away = |since_ns: &i64| (*since_ns > shows.ns, shows.ns.abs_diff(*since_ns));
    let known = known.filter(is_since).min_by_key(away);
    let new_year = || {
        let year = Civil::of(shows.ns).year;
        let since_ns = at((year, 1, 1))?;
        (0..NS_PER_DAY).contains(&shows.ns.saturating_sub(since_ns)).then_some(since_ns)
    };
    known.or_else(new_year)
}

/// Whether no recording can be as old as a clock says: nobody wrote files with clocks then.
pub(super) fn is_before_files(shows: Shown) -> bool {
    // 1985-01-01
    shows.basis != Basis::TimeOfDay && shows.ns < 473_385_600 * NS_PER_S
}

/// A candidate as a clause.
impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Zone { zone_s, rest_ns } => {
                write!(
                    out,
                    "if it shows the local time of {}, it is {}",
                    zone_text(zone_s),
                    off(rest_ns)
                )
            }
            Self::LocalAsUtc { zone_s, rest_ns } => write!(
                out,
                "it may show local time ({}) and call it UTC; then it is {}",
                zone_text(zone_s),
                off(rest_ns)
            ),
            Self::OtherZone { by_s, rest_ns } => {
                let what = if by_s.abs() == 3600 {
                    "summer or winter time mistaken, or the next time zone"
                } else {
                    "another time zone"
                };
                write!(out, "{what}? then it is {}", off(rest_ns))
            }
            Self::HalfDay { rest_ns } => {
                write!(out, "morning and afternoon mistaken? then it is {}", off(rest_ns))
            }
            Self::Days { days, rest_ns } => write!(
                out,
                "the date is wrong by {} day{}? then the time of day is {}",
                days.abs(),
                if days.abs() == 1 { "" } else { "s" },
                off(rest_ns)
            ),
            Self::Reset { since_ns } => {
                let date = Civil::of(since_ns).to_string();
                let date = date.split(' ').next().unwrap_or_default();
                write!(
                    out,
                    "it may have begun anew at {date}, as clocks do whose battery was empty"
                )
            }
            Self::NotesEnd { rest_ns } => write!(
                out,
                "it may note the end of the recording, not the beginning; then it is {}",
                off(rest_ns)
            ),
        }
    }
}

/// `wrong by 37 s`, or `right`.
fn off(rest_ns: i64) -> String {
    if rest_ns.abs() < NS_PER_S / 2 {
        return "right to half a second".to_owned();
    }
    format!("wrong by {}", length(rest_ns))
}

/// `UTC+2`, `UTC−3:30`, `UTC`.
pub fn zone_text(zone_s: i32) -> String {
    let (hours, minutes) = (zone_s.abs() / 3600, zone_s.abs() / 60 % 60);
    let sign = if zone_s < 0 { '−' } else { '+' };
    match (hours, minutes) {
        (0, 0) => "UTC".to_owned(),
        (_, 0) => format!("UTC{sign}{hours}"),
        _ => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}

/// A length in units that a person says: `1 h 0 min 37 s`, `6.9 s`, `3 days 2 h`.
pub fn length(ns: i64) -> String {
    let ns = ns.saturating_abs();
    if ns < 60 * NS_PER_S {
        let tenths = ns.saturating_add(NS_PER_S / 20) / (NS_PER_S / 10);
        return format!("{}.{} s", tenths / 10, tenths % 10);
    }
    let s = ns.saturating_add(NS_PER_S / 2) / NS_PER_S;
    let (days, hours, minutes, seconds) = (s / 86_400, s / 3600 % 24, s / 60 % 60, s % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min {seconds} s"),
        (0, _) => format!("{hours} h {minutes} min {seconds} s"),
        (1..60, _) => {
            let plural = if days == 1 { "" } else { "s" };
            format!("{days} day{plural} {hours} h {minutes} min {seconds} s")
        }
        _ => format!("{days} days"),
    }
}
