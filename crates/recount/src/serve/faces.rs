//! What the clock of each device showed while it recorded, for the line under its pictures.
//!
//! In: the case, and clocks that persons read. Out: for each recording the reading that is believed
//! first (`align::clocks::Series`), brought to media time zero. Where a device may have written down
//! its beginning or its end, its other recordings tell which, if anything does; else the beginning
//! is taken and said to be open.

use std::collections::BTreeMap;

use align::clocks::{Clock, Convention, Judged, Marks, Series};
use evidence::{Basis, ClockReading, MediaTime, SourceId};
use publish::Snapshot;

use super::view::{ClockView, Face};
use crate::steps::clocks::Trust;

const NS_PER_S: f64 = 1e9;

/// What clocks showed at the beginnings of recordings.
pub fn of(snapshot: &Snapshot, told: Vec<ClockReading>) -> BTreeMap<SourceId, ClockView> {
    let survey = Trust::in_readings(told).survey(snapshot);
    let mut first: BTreeMap<SourceId, (Series, ClockView)> = BTreeMap::new();
    for (clock, judged) in
        survey.clocks.iter().flat_map(|clock| clock.readings.iter().map(move |one| (clock, one)))
    {
        let Some(shown) = snapshot.recording(judged.reading.source) else { continue };
        let view = face(clock, judged, shown.recording.duration);
        let known = first.get(&judged.reading.source);
        if known.is_none_or(|(series, _)| judged.reading.series < *series) {
            first.insert(judged.reading.source, (judged.reading.series, view));
        }
    }
    first.into_iter().map(|(id, (_, view))| (id, view)).collect()
}

fn face(clock: &Clock, Judged { reading, .. }: &Judged, duration: MediaTime) -> ClockView {
    let media = match (reading.marks, clock.convention) {
        (Marks::At(media), _) => media,
        (Marks::StartOrEnd, Some(Convention::End)) => duration,
        (Marks::StartOrEnd, _) => MediaTime::ZERO,
    };
    let zone_s = reading.zone_s.filter(|_| reading.shows.basis == Basis::Utc);
    let zero_ns = reading.shows.ns - media.0;
    ClockView {
        zero: zero_ns as f64 / NS_PER_S + f64::from(zone_s.unwrap_or(0)),
        face: match (reading.shows.basis, zone_s) {
            (Basis::Utc, None | Some(0)) => Face::Utc,
            (Basis::Utc, Some(_)) | (Basis::Local, _) => Face::Local,
            (Basis::TimeOfDay, _) => Face::Day,
        },
        written: reading.series.words().to_owned(),
        resolution: reading.resolution_ns.max(reading.sigma_ns) as f64 / NS_PER_S,
        open: reading.marks == Marks::StartOrEnd && clock.convention.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use align::clocks::Reading;
    use evidence::Shown;

    use super::*;

    fn reading(marks: Marks, zone_s: Option<i32>) -> Judged {
        let reading = Reading {
            source: SourceId([1; 32]),
            series: Series::Creation,
            marks,
            shows: Shown { ns: 1_000_000_000_000, basis: Basis::Utc },
            zone_s,
            resolution_ns: 1_000_000_000,
            sigma_ns: 1_000_000_000,
            text: String::new(),
            found_in: String::new(),
            clock: None,
        };
        Judged { reading, island: None, error_ns: None }
    }

    fn clock(convention: Option<Convention>) -> Clock {
        Clock {
            device: "camera".to_owned(),
            series: Series::Creation,
            readings: Vec::new(),
            convention,
            is_open: true,
            is_several: false,
            on: Vec::new(),
            begun_anew: None,
        }
    }

    #[test]
    fn a_clock_written_down_at_the_end_showed_less_at_the_beginning() {
        let minute = MediaTime::from_seconds(60.0);
        let zero = |marks, convention| face(&clock(convention), &reading(marks, None), minute);
        let open = zero(Marks::StartOrEnd, None);
        assert!(open.open && (open.zero - 1000.0).abs() < 1e-9, "{open:?}");
        let ended = zero(Marks::StartOrEnd, Some(Convention::End));
        assert!(!ended.open && (ended.zero - 940.0).abs() < 1e-9, "{ended:?}");
        let read = zero(Marks::At(MediaTime::from_seconds(10.0)), None);
        assert!(!read.open && (read.zero - 990.0).abs() < 1e-9, "{read:?}");
    }

    #[test]
    fn a_face_shows_the_time_of_its_place() {
        let shown = face(&clock(None), &reading(Marks::StartOrEnd, Some(-7200)), MediaTime::ZERO);
        assert_eq!(shown.face, Face::Local);
        assert!((shown.zero - (1000.0 - 7200.0)).abs() < 1e-9);
    }
}
