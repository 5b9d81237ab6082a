//! Readings into clocks: what one device wrote in one way, or what a person called one clock.

use std::collections::BTreeMap;

use evidence::{CaseTime, ClockReading, Island, MediaTime};

use super::devices::{Device, are_several, devices};
use super::{Marks, Reading, Recorded, Series, readings_of};

/// One clock and all that it was seen to show.
#[derive(Clone, Debug)]
pub(super) struct Gathered {
    /// Of which device, by its place among all; of a named clock, a place of its own.
    pub device: usize,
    /// What that is called.
    pub name: String,
    /// How it was written down.
    pub series: Series,
    /// In the order in which the recordings were given.
    pub readings: Vec<Read>,
    /// Whether the readings mark beginnings or ends, where something tells.
    pub convention: Option<Convention>,
    /// Whether recordings that ran at the same time claim to be of this one device.
    pub is_several: bool,
}

/// A reading and its recording.
#[derive(Clone, Debug)]
pub(super) struct Read {
    /// By its place among all recordings.
    pub at: usize,
    pub reading: Reading,
}

/// Which end of a recording a device writes its clock down for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convention {
    /// The beginning, as most do.
    Start,
    /// The end, as Android does.
    End,
}

/// What a reading of a placed recording says of its clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Witness {
    pub island: Island,
    /// The moment, on the clock of the island.
    pub case: CaseTime,
    /// What the clock would have shown at case zero, had it run as the case does.
    pub zero_ns: i64,
    /// One standard deviation of it, nanoseconds.
    pub sigma_ns: f64,
}

/// All clocks, those of one device beside one another.
pub(super) fn gather(recorded: &[Recorded], told: &[ClockReading]) -> Vec<Gathered> {
    let devices = devices(recorded);
    let mut clocks: BTreeMap<(usize, Series), Gathered> = BTreeMap::new();
    let mut named: BTreeMap<&str, Gathered> = BTreeMap::new();
    for (number, device) in devices.iter().enumerate() {
        let is_several = !device.has_serial && are_several(recorded, &device.recordings);
        let clock = |series| Gathered { is_several, ..Gathered::of(number, device, series) };
        for &at in &device.recordings {
            let by_hand = told.iter().filter(|told| told.source == recorded[at].id);
            let own = by_hand.clone().filter(|told| told.clock.is_none()).map(Reading::from);
            for reading in own.chain(readings_of(&recorded[at])) {
                let key = (number, reading.series);
                let gathered = clocks.entry(key).or_insert_with(|| clock(reading.series));
                gathered.readings.push(Read { at, reading });
            }
            for told in by_hand {
                let Some(name) = &told.clock else { continue };
                let next = devices.len() + named.len();
                let gathered = named.entry(name).or_insert_with(|| Gathered {
                    name: name.clone(),
                    device: next,
                    ..Gathered::of(number, device, Series::Hand)
                });
                gathered.readings.push(Read { at, reading: Reading::from(told) });
            }
        }
    }
    let mut all: Vec<Gathered> = clocks.into_values().chain(named.into_values()).collect();
    for clock in &mut all {
        clock.convention = clock.told_convention(recorded);
    }
    let starts: Vec<(usize, Read)> = all
        .iter()
        .filter(|clock| clock.series == Series::Name)
        .flat_map(|clock| clock.readings.iter().map(|read| (clock.device, read.clone())))
        .collect();
    for clock in all.iter_mut().filter(|clock| clock.convention.is_none()) {
        clock.convention = clock.beside_name(&starts, recorded);
    }
    all
}

impl Gathered {
    fn of(number: usize, device: &Device, series: Series) -> Self {
        Self {
            device: number,
            name: device.name.clone(),
            series,
            readings: Vec::new(),
            convention: None,
            is_several: false,
        }
    }

    /// What the placed readings say, in the order of case time, island by island.
    pub(super) fn zeros(&self, recorded: &[Recorded]) -> Vec<(&Read, Witness)> {
        let convention = self.convention.unwrap_or(Convention::Start);
        self.zeros_by(recorded, convention)
    }

    /// The same, if the readings mark beginnings or ends as told.
    pub(super) fn zeros_by(
        &self,
        recorded: &[Recorded],
        convention: Convention,
    ) -> Vec<(&Read, Witness)> {
        let zero = |read: &Read| {
            let one = &recorded[read.at];
            let placement = one.placement.filter(|p| !p.pieces.is_empty())?;
            let time = moment(&read.reading, convention, one.recording.duration);
            let (case, sigma_ns) = placement.near(time)?;
            Some(Witness {
                island: placement.island,
                case,
                zero_ns: read.reading.shows.ns.saturating_sub(case.0),
                sigma_ns: (read.reading.sigma_ns as f64).hypot(sigma_ns as f64),
            })
        };
        let mut zeros: Vec<(&Read, Witness)> =
            self.readings.iter().filter_map(|read| Some((read, zero(read)?))).collect();
        zeros.sort_by_key(|(read, zero)| (zero.island, zero.case, read.at));
        zeros
    }

    /// What the placed recordings tell of it: with the one all readings are of one clock, with
    /// the other they are not.
    fn told_convention(&self, recorded: &[Recorded]) -> Option<Convention> {
        if self.readings.iter().any(|read| read.reading.marks != Marks::StartOrEnd) {
            return Some(Convention::Start);
        }
        let holds = |convention| {
            let zeros = self.zeros_by(recorded, convention);
            zeros
                .windows(2)
                .all(|pair| pair[0].1.island != pair[1].1.island || agree(&pair[0].1, &pair[1].1))
        };
        match (holds(Convention::Start), holds(Convention::End)) {
            (true, false) => Some(Convention::Start),
            (false, true) => Some(Convention::End),
            _ => None,
        }
    }

    /// What the name of the same file tells of it: a name is given at the beginning. The two may
    /// be a whole zone apart.
    fn beside_name(&self, starts: &[(usize, Read)], recorded: &[Recorded]) -> Option<Convention> {
        const QUARTER_NS: i64 = 900 * 1_000_000_000;
        let pairs: Vec<(f64, f64, f64)> = self
            .readings
            .iter()
            .filter_map(|read| {
                let own = |(device, other): &&(usize, Read)| {
                    *device == self.device && other.at == read.at && self.series != Series::Name
                };
                let (_, name) = starts.iter().find(own)?;
                let apart_ns = read.reading.shows.ns.saturating_sub(name.reading.shows.ns);
                let rest_ns = |ns: i64| {
                    let rest = ns.rem_euclid(QUARTER_NS);
                    rest.min(QUARTER_NS - rest) as f64
                };
                let duration_ns = recorded[read.at].recording.duration.0;
                let sigma_ns = (read.reading.sigma_ns as f64).hypot(name.reading.sigma_ns as f64);
                let ended_ns = apart_ns.saturating_sub(duration_ns);
                Some((rest_ns(apart_ns), rest_ns(ended_ns), SIGMAS * sigma_ns))
            })
            .collect();
        let all_start = pairs.iter().all(|(start, _, reach)| start <= reach);
        let all_end = pairs.iter().all(|(_, end, reach)| end <= reach);
        match (pairs.is_empty(), all_start, all_end) {
            (false, true, false) => Some(Convention::Start),
            (false, false, true) => Some(Convention::End),
            _ => None,
        }
    }
}

/// What lies further off than so many standard deviations contradicts.
pub(super) const SIGMAS: f64 = 3.0;

/// How far the clock of a device may run off against the case: parts per million. Cheap crystals
/// are told to keep to 100, and the clocks that devices show time with to 20.
pub(super) const DRIFT_PPM: f64 = 100.0;

/// Whether two readings can be of one clock that nobody set in between.
pub(super) fn agree(a: &Witness, b: &Witness) -> bool {
    let apart_ns = (a.zero_ns.saturating_sub(b.zero_ns)) as f64;
    let since_ns = a.case.0.saturating_sub(b.case.0) as f64;
    apart_ns.abs() <= SIGMAS * a.sigma_ns.hypot(b.sigma_ns).hypot(since_ns * DRIFT_PPM * 1e-6)
}

/// The moment of the recording that a reading is of.
pub(super) fn moment(reading: &Reading, convention: Convention, duration: MediaTime) -> MediaTime {
    match (reading.marks, convention) {
        (Marks::At(time), _) => time,
        (Marks::StartOrEnd, Convention::Start) => MediaTime::ZERO,
        (Marks::StartOrEnd, Convention::End) => duration,
    }
}
