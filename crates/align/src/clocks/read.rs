//! The claims of a file, and its name, as readings of its device's clock.
//!
//! One reading for each place in which a device writes its clock down; what cannot be read, or
//! is no moment that can be told (the year 0, the year 9999, a zero that stands for nothing), is
//! passed over. A reading is what the file says, never what was.

use evidence::civil::{self, NS_PER_DAY, Written};
use evidence::{Basis, Claim, ClaimKind, MediaTime, Shown};

use super::{FRAME_NS, Marks, Reading, Recorded, SIGMA_NS_MIN, Series, names};

const NS_PER_S: i64 = 1_000_000_000;

/// A minute or a second that is shown lies anywhere within it: a uniform doubt's standard
/// deviation is its width by the root of twelve.
const UNIFORM: f64 = 0.288_675;

/// All readings of a recording, at most one of each series, in their order.
pub fn readings_of(recorded: &Recorded) -> Vec<Reading> {
    let mut readings: Vec<Reading> = Vec::new();
    for claim in &recorded.recording.claims {
        let read = match claim.kind {
            ClaimKind::CreationTime => date(recorded, claim),
            ClaimKind::Timecode => timecode(recorded, claim),
            ClaimKind::TimeReference => time_reference(recorded, claim),
            _ => None,
        };
        readings.extend(read);
    }
    readings.extend(name(recorded));
    // Of several of a series the container's own counts, which comes first among the claims.
    readings.sort_by_key(|reading| reading.series);
    readings.dedup_by_key(|reading| reading.series);
    readings
}

/// What a clock showed, as it is read aloud.
pub(super) fn text_of(shows: Shown) -> String {
    let text = civil::Civil::of(shows.ns).to_string();
    match shows.basis {
        Basis::Utc => format!("{text} UTC"),
        Basis::Local => text,
        Basis::TimeOfDay => {
            text.split_once(' ').map_or_else(String::new, |(_, time)| time.to_owned())
        }
    }
}

/// A reading of a claim, of the beginning unless something else is known.
fn reading(
    recorded: &Recorded,
    claim: &Claim,
    series: Series,
    shows: Shown,
    resolution_ns: i64,
) -> Reading {
    let marks = match series {
        Series::Gps | Series::Creation | Series::Date | Series::Name => Marks::StartOrEnd,
        _ => Marks::At(MediaTime::ZERO),
    };
    Reading {
        source: recorded.id,
        series,
        marks,
        shows,
        zone_s: None,
        resolution_ns,
        sigma_ns: sigma_ns(resolution_ns),
        text: claim.value.clone(),
        found_in: claim.found_in.clone(),
        clock: None,
    }
}

/// How far a reading may be from the clock that it is of.
fn sigma_ns(resolution_ns: i64) -> i64 {
    let floor_ns = if resolution_ns < NS_PER_S { FRAME_NS } else { SIGMA_NS_MIN };
    floor_ns.max((resolution_ns as f64 * UNIFORM) as i64)
}

fn date(recorded: &Recorded, claim: &Claim) -> Option<Reading> {
    let written = civil::read(&claim.value)?;
    // A day alone is no reading; a time of day alone is one if the date stands elsewhere.
    if written.resolution_ns >= NS_PER_DAY {
        return None;
    }
    let written = if written.has_date { written } else { with_date(recorded, written)? };
    let found_in = claim.found_in.to_ascii_lowercase();
    let of_format = found_in.starts_with("format:");
    let tag = found_in.rsplit(':').next().unwrap_or_default();
    let in_utc = written.zone_s.and_then(|zone_s| {
        let ns = written.shows_ns.checked_sub(i64::from(zone_s) * NS_PER_S)?;
        Some(Shown { ns, basis: Basis::Utc })
    });
    let shows = in_utc.unwrap_or(Shown { ns: written.shows_ns, basis: Basis::Local });
    // A container without a date writes its zero.
    let is_unset = [0, -2_082_844_800 * NS_PER_S].contains(&shows.ns);
    if is_unset {
        return None;
    }
    let series = match tag {
        _ if found_in.contains("gps") => Series::Gps,
        // What ffmpeg calls the creation time of a BWF is a time of day that belongs to a date.
        "creation_time" if recorded.recording.container.contains("wav") => Series::Date,
        "creation_time" | "modification_date" => Series::Creation,
        "com.apple.quicktime.creationdate" if written.zone_s.is_some() => Series::Zoned,
        _ if written.zone_s.is_some_and(|zone_s| zone_s != 0) => Series::Zoned,
        _ => Series::Date,
    };
    // Streams repeat what the container says.
    if series == Series::Creation && !of_format && says_itself(recorded) {
        return None;
    }
    let zone_s = written.zone_s.filter(|_| series == Series::Zoned);
    let marks =
        if series == Series::Zoned { Marks::At(MediaTime::ZERO) } else { Marks::StartOrEnd };
    let reading = reading(recorded, claim, series, shows, written.resolution_ns);
    Some(Reading { marks, zone_s, ..reading })
}

/// Whether the container itself tells when it was made.
fn says_itself(recorded: &Recorded) -> bool {
    recorded.recording.claims.iter().any(|claim| {
        claim.kind == ClaimKind::CreationTime
            && claim.found_in.eq_ignore_ascii_case("format:creation_time")
            && civil::read(&claim.value).is_some_and(|written| written.has_date)
    })
}

/// A time of day on the day that another claim names.
fn with_date(recorded: &Recorded, time: Written) -> Option<Written> {
    let day_ns = day_ns(recorded)?;
    Some(Written { shows_ns: day_ns.checked_add(time.shows_ns)?, has_date: true, ..time })
}

/// The day on which a recorder says that it began.
fn day_ns(recorded: &Recorded) -> Option<i64> {
    let claims = recorded.recording.claims.iter();
    let mut days = claims
        .filter(|claim| claim.kind == ClaimKind::CreationTime)
        .filter_map(|claim| civil::read(&claim.value))
        .filter(|written| written.has_date && written.resolution_ns == NS_PER_DAY);
    Some(days.next()?.shows_ns)
}

/// `13:46:01:12`, or `;` before the frames where some numbers are left out to keep up with the
/// clock. The frames are counted at the nominal rate; the error of that is below a frame.
fn timecode(recorded: &Recorded, claim: &Claim) -> Option<Reading> {
    let text = claim.value.trim();
    let parts: Vec<u32> = text
        .split([':', ';', '.'])
        .map(|part| part.parse().ok().filter(|_| part.len() == 2))
        .collect::<Option<_>>()?;
    let [hour, minute, second, frame] = parts[..] else { return None };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (numerator, denominator) = recorded.recording.video.iter().find_map(|v| v.rate)?;
    let nominal = (f64::from(numerator) / f64::from(denominator.max(1))).round();
    if !(1.0..=480.0).contains(&nominal) || f64::from(frame) >= nominal {
        return None;
    }
    let seconds = i64::from((hour * 60 + minute) * 60 + second);
    // A counter begins at a whole hour that stands for nothing.
    if seconds % 3600 == 0 && frame == 0 {
        return None;
    }
    let in_second_ns = (f64::from(frame) / nominal * 1e9) as i64;
    let shows = Shown { ns: seconds * NS_PER_S + in_second_ns, basis: Basis::TimeOfDay };
    Some(reading(recorded, claim, Series::Timecode, shows, (1e9 / nominal) as i64))
}

/// Samples since midnight.
fn time_reference(recorded: &Recorded, claim: &Claim) -> Option<Reading> {
    let samples: i64 = claim.value.trim().parse().ok().filter(|samples| *samples > 0)?;
    let rate_hz = recorded.recording.audio.first().map(|track| track.rate_hz)?;
    if rate_hz == 0 {
        return None;
    }
    let ns = i128::from(samples) * i128::from(NS_PER_S) / i128::from(rate_hz);
    let ns = i64::try_from(ns).ok().filter(|ns| *ns < NS_PER_DAY)?;
    let shows = match day_ns(recorded) {
        Some(day_ns) => Shown { ns: day_ns.checked_add(ns)?, basis: Basis::Local },
        None => Shown { ns, basis: Basis::TimeOfDay },
    };
    Some(reading(recorded, claim, Series::TimeReference, shows, NS_PER_S / i64::from(rate_hz)))
}

fn name(recorded: &Recorded) -> Option<Reading> {
    let named = names::read(recorded.name)?;
    Some(Reading {
        source: recorded.id,
        series: Series::Name,
        marks: Marks::StartOrEnd,
        shows: named.shows,
        zone_s: None,
        resolution_ns: named.resolution_ns,
        // The name is given when the file is opened, not with the first frame.
        sigma_ns: sigma_ns(named.resolution_ns.max(NS_PER_S)),
        text: recorded.name.to_owned(),
        found_in: "the file's name".to_owned(),
        clock: None,
    })
}
