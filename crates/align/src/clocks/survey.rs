//! Compares the clocks of an island with one another, or with UTC.
//!
//! In: the clocks and where their recordings lie. Out: for each clock its error and spread.
//! Method: each clock says what it showed at case zero. Local time and UTC are brought together
//! by the zone that devices state, or that lies between two ways in which one device writes the
//! same moment. Then the reference is what most devices agree on within [`TOGETHER_NS`]: clocks
//! err by hours and years, so a mean would be nobody's time. Where no two devices agree there is
//! no reference, and nobody is called wrong. Where the island is anchored in UTC, that is the
//! reference.
//! Cannot: tell a clock from the company it keeps. Three phones on one network agree because one
//! mast told them.

use std::collections::{BTreeMap, BTreeSet};

use evidence::civil::NS_PER_DAY;
use evidence::{Basis, CaseTime, ClockReading, Island, SourceId, UtcMap};

use super::gather::{Convention, Gathered, Witness, agree, gather};
use super::reasons::{self, Reason, Wrong};
use super::{Marks, Reading, Recorded, SIGMA_NS_MIN, Series};

const NS_PER_S: i64 = 1_000_000_000;

/// Clocks within this of one another agree: people set clocks to the minute.
const TOGETHER_NS: i64 = 60 * NS_PER_S;

/// All clocks of a case.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// By device, then by where they were written down.
    pub clocks: Vec<Clock>,
    /// What they were compared with, an entry for each island that has anything to compare with.
    pub references: Vec<Reference>,
}

/// One clock.
#[derive(Clone, Debug)]
pub struct Clock {
    /// The device: make and model, or the name of its only file, or what a person called it.
    pub device: String,
    /// Where it was written down.
    pub series: Series,
    /// What it showed, by recording.
    pub readings: Vec<Judged>,
    /// Whether its readings mark beginnings or ends, where something tells.
    pub convention: Option<Convention>,
    /// Whether its readings leave open which end they mark.
    pub is_open: bool,
    /// Whether several devices of one model hide behind it.
    pub is_several: bool,
    /// What it comes to on each island.
    pub on: Vec<OnIsland>,
    /// The date at which it may have begun anew, judged by itself alone.
    pub begun_anew: Option<Reason>,
}

/// A reading and what it says.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The reading.
    pub reading: Reading,
    /// On which island its recording lies.
    pub island: Option<Island>,
    /// What the clock showed minus what it should have, nanoseconds.
    pub error_ns: Option<i64>,
}

/// A clock on one island.
#[derive(Clone, Debug)]
pub struct OnIsland {
    /// Which.
    pub island: Island,
    /// Readings of recordings on it.
    pub readings: usize,
    /// What the clock would have shown at case zero, nanoseconds after 1970 or midnight.
    pub zero_ns: i64,
    /// Which time that is.
    pub basis: Basis,
    /// Half the distance between the readings that are furthest apart, nanoseconds.
    pub spread_ns: i64,
    /// Beside the others, or UTC.
    pub error: Option<Error>,
    /// Two recordings in a row between which the clock was set, and by how much it was put
    /// forward, nanoseconds.
    pub set_between: Option<(SourceId, SourceId, i64)>,
}

/// How wrong a clock is.
#[derive(Clone, Debug)]
pub struct Error {
    /// What it shows minus what it should, nanoseconds; positive: it is ahead.
    pub ns: i64,
    /// One standard deviation, nanoseconds.
    pub sigma_ns: i64,
    /// Whether a zone that nobody knows is still part of it.
    pub has_zone: bool,
    /// What may explain it, the likeliest first.
    pub reasons: Vec<Reason>,
}

/// What the clocks of an island were compared with.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Which island.
    pub island: Island,
    /// UTC, by anchors; else what most devices agree on.
    pub is_utc: bool,
    /// How many devices agree on it most closely.
    pub devices: usize,
    /// Of how many that are within a minute of one another.
    pub of: usize,
    /// What it showed at case zero.
    pub zero_ns: i64,
    /// Which time that is.
    pub basis: Basis,
    /// Half the distance between the devices that agree and are furthest apart, a second at least;
    /// of UTC one standard deviation. Nanoseconds.
    pub spread_ns: i64,
    /// Seconds by which local time is ahead of UTC, where devices tell, and how many do.
    pub zone: Option<(i32, usize)>,
}

/// Compares all clocks. `utc` holds the islands that are anchored.
pub fn survey(
    recorded: &[Recorded],
    told: &[ClockReading],
    utc: &BTreeMap<Island, UtcMap>,
) -> Survey {
    let gathered = gather(recorded, told);
    let mut clocks: Vec<Clock> = gathered.iter().map(|clock| plain(clock, recorded)).collect();
    let islands: BTreeSet<Island> =
        recorded.iter().filter_map(|one| one.placement).map(|p| p.island).collect();
    let mut references = Vec::new();
    for island in islands {
        let standing: Vec<Standing> =
            gathered.iter().enumerate().filter_map(|c| Standing::of(c, island, recorded)).collect();
        let zone = zone(&gathered, &standing);
        let reference = match utc.get(&island) {
            Some(map) => Some(by_utc(island, map, zone)),
            None => by_others(island, &standing, zone),
        };
        for one in &standing {
            let on =
                one.judge(reference.as_ref(), utc.get(&island), &gathered[one.clock], recorded);
            let clock = &mut clocks[one.clock];
            if let Some(error) = &on.error {
                clock.judge(island, one, error.ns);
            }
            clock.on.push(on);
        }
        references.extend(reference);
    }
    clocks.sort_by(|a, b| {
        let first = |clock: &Clock| clock.readings.first().map(|judged| judged.reading.shows.ns);
        (&a.device, a.series).cmp(&(&b.device, b.series)).then(first(a).cmp(&first(b)))
    });
    Survey { clocks, references }
}

fn plain(clock: &Gathered, recorded: &[Recorded]) -> Clock {
    let mut readings: Vec<Judged> = clock
        .readings
        .iter()
        .map(|read| Judged {
            reading: read.reading.clone(),
            island: recorded[read.at].placement.map(|placement| placement.island),
            error_ns: None,
        })
        .collect();
    readings.sort_by_key(|judged| (judged.reading.shows.ns, judged.reading.source));
    let shows = readings.iter().map(|judged| judged.reading.shows);
    let unset = shows.clone().find(|shows| reasons::is_before_files(*shows));
    let begun_anew = unset.and_then(reasons::beginning);
    Clock {
        device: clock.name.clone(),
        series: clock.series,
        convention: clock.convention,
        is_open: clock.readings.iter().any(|read| read.reading.marks == Marks::StartOrEnd),
        is_several: clock.is_several,
        on: Vec::new(),
        begun_anew: begun_anew.map(|since_ns| Reason::Reset { since_ns }),
        readings,
    }
}

impl Clock {
    /// Notes the error of each reading.
    fn judge(&mut self, island: Island, standing: &Standing, error_ns: i64) {
        for judged in self.readings.iter_mut().filter(|judged| judged.island == Some(island)) {
            let own = standing.zeros.iter().find(|(_, id)| *id == judged.reading.source);
            judged.error_ns = own.map(|(zero, _)| {
                error_ns.saturating_add(zero.zero_ns.saturating_sub(standing.zero_ns))
            });
        }
    }
}

/// A clock on an island: what it showed at case zero.
struct Standing {
    clock: usize,
    device: usize,
    basis: Basis,
    zero_ns: i64,
    sigma_ns: f64,
    spread_ns: i64,
    zeros: Vec<(Witness, SourceId)>,
    is_several: bool,
}

impl Standing {
    fn of(
        (number, clock): (usize, &Gathered),
        island: Island,
        recorded: &[Recorded],
    ) -> Option<Self> {
        let zeros = clock.zeros(recorded);
        let here = zeros.iter().filter(|(_, zero)| zero.island == island);
        let basis = here.clone().map(|(read, _)| read.reading.shows.basis).min()?;
        let zeros: Vec<(Witness, SourceId)> = here
            .filter(|(read, _)| read.reading.shows.basis == basis)
            .map(|(read, zero)| (*zero, read.reading.source))
            .collect();
        let mut sorted: Vec<i64> = zeros.iter().map(|(zero, _)| zero.zero_ns).collect();
        if basis == Basis::TimeOfDay {
            // Midnight lies between readings of one clock: all of them are told beside the first.
            let first = sorted[0];
            let beside = |ns: i64| first.saturating_add(wrapped(ns.saturating_sub(first)));
            sorted = sorted.into_iter().map(beside).collect();
        }
        sorted.sort_unstable();
        let zero_ns = sorted[(sorted.len() - 1) / 2];
        let spread_ns = (sorted[sorted.len() - 1].saturating_sub(sorted[0])) / 2;
        let least = zeros.iter().map(|(zero, _)| zero.sigma_ns).fold(f64::INFINITY, f64::min);
        Some(Self {
            clock: number,
            device: clock.device,
            basis,
            zero_ns,
            sigma_ns: least.max(spread_ns as f64),
            spread_ns,
            zeros,
            is_several: clock.is_several,
        })
    }

    /// At case zero, in UTC if the zone is known.
    fn in_common(&self, zone: Option<(i32, usize)>) -> i64 {
        let zone_s = zone.filter(|_| self.basis != Basis::Utc).map_or(0, |(zone_s, _)| zone_s);
        self.zero_ns.saturating_sub(i64::from(zone_s) * NS_PER_S)
    }

    fn judge(
        &self,
        reference: Option<&Reference>,
        utc: Option<&UtcMap>,
        clock: &Gathered,
        recorded: &[Recorded],
    ) -> OnIsland {
        let error = reference.map(|reference| {
            let is_local = |basis| basis != Basis::Utc;
            let has_zone =
                reference.zone.is_none() && is_local(self.basis) != is_local(reference.basis);
            let should_ns = match reference.zone {
                Some((zone_s, _)) if is_local(self.basis) && !is_local(reference.basis) => {
                    reference.zero_ns.saturating_add(i64::from(zone_s) * NS_PER_S)
                }
                Some((zone_s, _)) if !is_local(self.basis) && is_local(reference.basis) => {
                    reference.zero_ns.saturating_sub(i64::from(zone_s) * NS_PER_S)
                }
                _ => reference.zero_ns,
            };
            let apart_ns = self.zero_ns.saturating_sub(should_ns);
            let is_time_of_day =
                self.basis == Basis::TimeOfDay || reference.basis == Basis::TimeOfDay;
            let ns = if is_time_of_day { wrapped(apart_ns) } else { apart_ns };
            // An anchored clock may run at another rate than the case.
            let ns = ns.saturating_sub(utc.map_or(0, |map| self.rate_ns(map)));
            self.error(ns, has_zone, reference, clock, recorded)
        });
        OnIsland {
            island: self.zeros[0].0.island,
            readings: self.zeros.len(),
            zero_ns: self.zero_ns,
            basis: self.basis,
            spread_ns: self.spread_ns,
            error,
            set_between: self.set_between(),
        }
    }

    /// By how much UTC runs away from the case from zero to the middle of the readings.
    fn rate_ns(&self, map: &UtcMap) -> i64 {
        let middle_ns = self.zeros[self.zeros.len() / 2].0.case.0;
        let (zero, middle) = (map.to_utc(CaseTime(0)), map.to_utc(CaseTime(middle_ns)));
        middle.0.saturating_sub(zero.0).saturating_sub(middle_ns)
    }

    fn error(
        &self,
        ns: i64,
        has_zone: bool,
        reference: &Reference,
        clock: &Gathered,
        recorded: &[Recorded],
    ) -> Error {
        let sigma_ns = self.sigma_ns.hypot(reference.spread_ns as f64);
        let mut read = clock.readings.iter();
        let first = read.find(|read| read.reading.source == self.zeros[0].1);
        let mut reasons = Vec::new();
        if let Some(first) = first {
            let is_open = clock.convention.is_none() && self.zeros.len() == 1;
            let duration_ns = recorded[first.at].recording.duration.0;
            reasons = reasons::reasons(&Wrong {
                error_ns: ns,
                sigma_ns,
                shows: first.reading.shows,
                has_zone,
                zone_s: reference.zone.map(|(zone_s, _)| zone_s),
                duration_ns: is_open.then_some(duration_ns),
            });
        }
        Error { ns, sigma_ns: sigma_ns.ceil() as i64, has_zone, reasons }
    }

    /// The two readings in a row that contradict each other most.
    fn set_between(&self) -> Option<(SourceId, SourceId, i64)> {
        if self.is_several {
            return None;
        }
        let jump = |pair: &[(Witness, SourceId)]| {
            let apart_ns = pair[1].0.zero_ns.saturating_sub(pair[0].0.zero_ns);
            if self.basis == Basis::TimeOfDay { wrapped(apart_ns) } else { apart_ns }
        };
        let torn = self.zeros.windows(2).filter(|pair| {
            let beside =
                Witness { zero_ns: pair[0].0.zero_ns.saturating_add(jump(pair)), ..pair[1].0 };
            !agree(&pair[0].0, &beside)
        });
        let widest = torn.max_by_key(|pair| jump(pair).saturating_abs())?;
        Some((widest[0].1, widest[1].1, jump(widest)))
    }
}

/// A difference of times of day: the nearest way round.
pub(super) fn wrapped(ns: i64) -> i64 {
    let ns = ns.rem_euclid(NS_PER_DAY);
    if ns > NS_PER_DAY / 2 { ns - NS_PER_DAY } else { ns }
}

/// Two notations of one moment by one device are within this, but for the zone.
const NOTATIONS_NS: i64 = 5 * NS_PER_S;

/// How far local time was ahead of UTC, as most devices tell that state it or write the same
/// moment in both ways. That there is no difference says nothing, unless it is stated: many
/// devices write local time where UTC belongs.
fn zone(gathered: &[Gathered], standing: &[Standing]) -> Option<(i32, usize)> {
    let mut votes: BTreeMap<usize, i32> = BTreeMap::new();
    for utc in standing.iter().filter(|one| one.basis == Basis::Utc) {
        let stated = gathered[utc.clock].readings.iter().find_map(|read| read.reading.zone_s);
        if let Some(zone_s) = stated {
            votes.insert(utc.device, zone_s);
            continue;
        }
        let own = |one: &&Standing| one.device == utc.device && one.basis != Basis::Utc;
        for local in standing.iter().filter(own) {
            let apart_ns = local.zero_ns.saturating_sub(utc.zero_ns);
            let is_time_of_day = local.basis == Basis::TimeOfDay;
            let apart_ns = if is_time_of_day { wrapped(apart_ns) } else { apart_ns };
            let found = reasons::zone(apart_ns).filter(|(_, rest)| rest.abs() <= NOTATIONS_NS);
            if let Some((zone_s, _)) = found.filter(|(zone_s, _)| *zone_s != 0) {
                votes.entry(utc.device).or_insert(zone_s);
            }
        }
    }
    let mut count: BTreeMap<i32, usize> = BTreeMap::new();
    for zone_s in votes.into_values() {
        *count.entry(zone_s).or_default() += 1;
    }
    let (zone_s, most) = count.iter().max_by_key(|(_, count)| **count)?;
    let is_alone = count.values().filter(|count| *count == most).count() == 1;
    is_alone.then_some((*zone_s, *most))
}

fn by_utc(island: Island, map: &UtcMap, zone: Option<(i32, usize)>) -> Reference {
    Reference {
        island,
        is_utc: true,
        devices: 0,
        of: 0,
        zero_ns: map.to_utc(CaseTime(0)).0,
        basis: Basis::Utc,
        spread_ns: map.sigma_ns(CaseTime(0)),
        zone,
    }
}

/// What most devices agree on; of two groups as large, the one that says UTC.
fn by_others(
    island: Island,
    standing: &[Standing],
    zone: Option<(i32, usize)>,
) -> Option<Reference> {
    let is_local = |one: &Standing| one.basis != Basis::Utc;
    let camp = |local: bool| -> Vec<&Standing> {
        let fits = |one: &&Standing| !one.is_several && (zone.is_some() || is_local(one) == local);
        standing.iter().filter(fits).collect()
    };
    let utc = most(&camp(false), zone);
    let local = if zone.is_some() { None } else { most(&camp(true), zone) };
    let (found, basis) = match (utc, local) {
        (Some(utc), Some(local)) if local.of > utc.of => (local, Basis::Local),
        (Some(utc), _) => (utc, Basis::Utc),
        (None, local) => (local?, Basis::Local),
    };
    let basis = if found.has_day { basis } else { Basis::TimeOfDay };
    let zero_ns = found.zero_ns;
    let Agreed { devices, of, .. } = found;
    // No closer than clocks of whole seconds can tell.
    let spread_ns = found.spread_ns.max(SIGMA_NS_MIN);
    Some(Reference { island, is_utc: false, devices, of, zero_ns, basis, spread_ns, zone })
}

/// Clocks that agree.
struct Agreed {
    devices: usize,
    of: usize,
    zero_ns: i64,
    spread_ns: i64,
    has_day: bool,
}

/// The more than half of these, in order, that lie closest together: a clock that is off by less
/// than a minute does not pull at those that agree to a second.
fn closest(all: &[i64]) -> &[i64] {
    let core = all.windows(all.len() / 2 + 1).min_by_key(|few| few[few.len() - 1] - few[0]);
    core.unwrap_or(all)
}

/// The largest group of devices that agree with one of them; two at least.
fn most(camp: &[&Standing], zone: Option<(i32, usize)>) -> Option<Agreed> {
    let mut best: Option<(usize, usize, i64, Agreed)> = None;
    for pivot in camp {
        let pivot_ns = pivot.in_common(zone);
        let apart = |one: &Standing| {
            let apart_ns = one.in_common(zone).saturating_sub(pivot_ns);
            let is_time_of_day = Basis::TimeOfDay;
            if [one.basis, pivot.basis].contains(&is_time_of_day) {
                wrapped(apart_ns)
            } else {
                apart_ns
            }
        };
        // Of a device that writes its clock in several ways, the best of them.
        let mut by_device: BTreeMap<usize, i64> = BTreeMap::new();
        let mut clocks = 0;
        for one in camp {
            let apart_ns = apart(one);
            if apart_ns.saturating_abs() <= TOGETHER_NS {
                clocks += 1;
                let known = by_device.entry(one.device).or_insert(apart_ns);
                if apart_ns.abs() < known.abs() {
                    *known = apart_ns;
                }
            }
        }
        let mut all: Vec<i64> = by_device.into_values().collect();
        all.sort_unstable();
        let away: i64 = all.iter().map(|ns| ns.abs()).sum();
        let core = closest(&all);
        let middle_ns = i64::midpoint(core[(core.len() - 1) / 2], core[core.len() / 2]);
        let has_day = pivot.basis != Basis::TimeOfDay;
        let agreed = Agreed {
            devices: core.len(),
            of: all.len(),
            zero_ns: pivot_ns.saturating_add(middle_ns),
            spread_ns: (core[core.len() - 1] - core[0]) / 2,
            has_day,
        };
        let rank = (all.len(), clocks + usize::from(has_day), -away);
        if best.as_ref().is_none_or(|b| rank > (b.0, b.1, b.2)) {
            best = Some((rank.0, rank.1, rank.2, agreed));
        }
    }
    best.map(|(.., agreed)| agreed).filter(|agreed| agreed.devices >= 2)
}

impl Convention {
    /// In a clause.
    pub fn words(self) -> &'static str {
        match self {
            Self::Start => "marks the beginning",
            Self::End => "marks the end",
        }
    }
}
