//! Places by clocks: what sound, light and hand left off lies where its device's clock says.
//!
//! In: recordings with their places, and their clocks. Out: places for those on no clock, and
//! islands that one device's clock brings together.
//! Method: a device's clock may be wrong by years: only how it showed the *same* wrong time in
//! recordings that are placed counts, never the time itself. Readings of one series are compared,
//! near ones more than far ones; the doubt holds what the last digit leaves open (a second at
//! least, where seconds are counted), how far the readings contradict one another, 100 ppm of the
//! time since, and which end of the recording is marked. Nothing is placed by a clock that was
//! set in between, by a model of which there were several devices, further than [`REACH_NS`] from
//! a recording that is placed, with a doubt above [`SIGMA_NS_MAX`], or where the device would
//! have recorded twice at once.
//! Cost: recordings on no clock times readings of their devices.
//! Cannot: see a clock that was set between the recordings that are placed and the one that is
//! not. That is why it is done only where a person asks for it.

use std::collections::{BTreeMap, BTreeSet};

use evidence::civil::NS_PER_DAY;
use evidence::{
    Basis, ClockMap, ClockReading, Island, MediaTime, Piece, Placement, SourceId, Tie, TieKind,
};

use super::gather::{
    Convention, DRIFT_PPM, Gathered, Read, SIGMAS, Witness, agree, gather, moment,
};
use super::{Recorded, Series, timecodes};
use crate::Alignment;

/// Further from a placed recording of the device than this, and too much may have happened to
/// the clock: a day.
const REACH_NS: i64 = NS_PER_DAY;

/// A place with a larger doubt helps nobody: half a minute.
const SIGMA_NS_MAX: f64 = 30e9;

/// Two recordings of one device overlap by so much only if one of them is placed wrongly: the
/// doubt of a clock of whole seconds, and of when it was written down.
const OVERLAP_NS_MAX: i64 = 5_000_000_000;

/// Where a clock would put a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Put {
    /// Which recording.
    pub source: SourceId,
    /// On which island.
    pub island: Island,
    /// Case time of its first moment, nanoseconds.
    pub offset_ns: i64,
    /// One standard deviation, nanoseconds.
    pub sigma_ns: i64,
    /// The device.
    pub device: String,
    /// Where its clock was written down.
    pub series: Series,
    /// The recording nearest in time by whose reading it is put there.
    pub with: SourceId,
    /// The moment of that one at which the reading was taken.
    pub with_time: MediaTime,
    /// So many readings of placed recordings say so.
    pub readings: usize,
}

/// How a clock brings two islands together.
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    /// The island whose case times change.
    pub island: Island,
    /// The one that it joins.
    pub onto: Island,
    /// What is added to its case times, nanoseconds.
    pub shift_ns: i64,
    /// One standard deviation, nanoseconds.
    pub sigma_ns: i64,
    /// The device.
    pub device: String,
    /// A recording of the device on `onto`.
    pub left: SourceId,
    /// One on `island`.
    pub right: SourceId,
}

/// All that clocks would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Puts {
    /// Recordings on no clock of the case; in order of id.
    pub put: Vec<Put>,
    /// Islands; each is moved at most once.
    pub joined: Vec<Joined>,
}

/// What the clocks would place. `copies` are left alone: what was copied out of another
/// recording has the clock of whoever copied it.
pub fn puts(recorded: &[Recorded], told: &[ClockReading], copies: &[SourceId]) -> Puts {
    let clocks = gather(recorded, told);
    let usable: Vec<&Gathered> = clocks.iter().filter(|clock| !clock.is_several).collect();
    let joined = joined(&usable, recorded, copies);
    let mut put: Vec<Put> = recorded
        .iter()
        .enumerate()
        .filter(|(_, one)| one.placement.is_none_or(|p| p.pieces.is_empty()))
        .filter(|(_, one)| !copies.contains(&one.id))
        .filter_map(|(at, _)| best(at, &usable, recorded))
        .collect();
    put.sort_by_key(|put| put.source);
    put.dedup_by_key(|put| put.source);
    Puts { put, joined }
}

/// The place with the least doubt, if no other clock of the recording contradicts it.
fn best(at: usize, clocks: &[&Gathered], recorded: &[Recorded]) -> Option<Put> {
    let mut found: Vec<(Put, usize)> = Vec::new();
    for clock in clocks {
        for read in clock.readings.iter().filter(|read| read.at == at) {
            let islands: BTreeSet<Island> =
                clock.zeros(recorded).iter().map(|(_, zero)| zero.island).collect();
            for island in islands {
                let put = place(clock, read, island, recorded);
                found.extend(put.map(|put| (put, clock.device)));
            }
        }
    }
    found.sort_by_key(|(put, _)| (put.sigma_ns, put.island, put.series));
    let (first, device) = found.first()?;
    let contradicts = |(other, _): &(Put, usize)| {
        let apart_ns = other.offset_ns.saturating_sub(first.offset_ns) as f64;
        let reach_ns = SIGMAS * (other.sigma_ns as f64).hypot(first.sigma_ns as f64);
        other.island == first.island && apart_ns.abs() > reach_ns
    };
    let is_free = !twice_at_once(first, at, *device, clocks, recorded);
    if !is_free || found.iter().any(contradicts) {
        return None;
    }
    let finer = timecodes::refined(first, (at, *device), clocks, recorded);
    Some(finer.unwrap_or_else(|| first.clone()))
}

/// Where one reading puts its recording on an island.
fn place(clock: &Gathered, read: &Read, island: Island, recorded: &[Recorded]) -> Option<Put> {
    let by = |convention| estimate(clock, read, island, convention, recorded);
    let (start, end) = match clock.convention {
        Some(convention) => (by(convention)?, by(convention)?),
        None => (by(Convention::Start)?, by(Convention::End)?),
    };
    let open_ns = start.offset_ns.saturating_sub(end.offset_ns) as f64 / 2.0;
    let sigma_ns = start.sigma_ns.max(end.sigma_ns).hypot(open_ns);
    if sigma_ns > SIGMA_NS_MAX {
        return None;
    }
    Some(Put {
        source: read.reading.source,
        island,
        offset_ns: i64::midpoint(start.offset_ns, end.offset_ns),
        sigma_ns: sigma_ns.ceil() as i64,
        device: clock.name.clone(),
        series: clock.series,
        with: start.with,
        with_time: start.with_time,
        readings: start.readings,
    })
}

/// A place under one convention.
struct Estimate {
    offset_ns: i64,
    sigma_ns: f64,
    with: SourceId,
    with_time: MediaTime,
    readings: usize,
}

fn estimate(
    clock: &Gathered,
    read: &Read,
    island: Island,
    convention: Convention,
    recorded: &[Recorded],
) -> Option<Estimate> {
    let zeros = clock.zeros_by(recorded, convention);
    let here: Vec<&(&Read, Witness)> = zeros
        .iter()
        .filter(|(other, zero)| {
            zero.island == island && other.reading.shows.basis == read.reading.shows.basis
        })
        .collect();
    let is_time_of_day = read.reading.shows.basis == Basis::TimeOfDay;
    // A clock without a day, or one that was set in between, says nothing of another moment.
    let is_torn = here.windows(2).any(|pair| !agree(&pair[0].1, &pair[1].1));
    if is_torn || is_time_of_day {
        return None;
    }
    let duration = recorded[read.at].recording.duration;
    let time = moment(&read.reading, convention, duration);
    let shows_ns = read.reading.shows.ns;
    let away_ns = |zero: &Witness| {
        // What the clock shows there is the case time of the reading, but for the zero.
        shows_ns.saturating_sub(zero.zero_ns).saturating_sub(zero.case.0) as f64
    };
    let weight = |zero: &Witness| zero.sigma_ns.hypot(away_ns(zero) * DRIFT_PPM * 1e-6).powi(-2);
    let nearest = here.iter().min_by(|a, b| away_ns(&a.1).abs().total_cmp(&away_ns(&b.1).abs()))?;
    if away_ns(&nearest.1).abs() > REACH_NS as f64 {
        return None;
    }
    let pivot_ns = nearest.1.zero_ns;
    let beside = |zero: &Witness| zero.zero_ns.saturating_sub(pivot_ns) as f64;
    let weights: f64 = here.iter().map(|(_, zero)| weight(zero)).sum();
    let mean_ns = here.iter().map(|(_, zero)| weight(zero) * beside(zero)).sum::<f64>() / weights;
    let misfit: f64 =
        here.iter().map(|(_, zero)| weight(zero) * (beside(zero) - mean_ns).powi(2)).sum();
    let widened = (misfit / here.len().saturating_sub(1).max(1) as f64).sqrt().max(1.0);
    let zero_ns = pivot_ns.saturating_add(mean_ns.round() as i64);
    let own_ns = read.reading.sigma_ns as f64;
    Some(Estimate {
        offset_ns: shows_ns.saturating_sub(zero_ns).saturating_sub(time.0),
        sigma_ns: own_ns.hypot(widened * weights.powf(-0.5)),
        with: nearest.0.reading.source,
        with_time: moment(
            &nearest.0.reading,
            convention,
            recorded[nearest.0.at].recording.duration,
        ),
        readings: here.len(),
    })
}

/// Whether the device would have recorded twice at once, were it so.
fn twice_at_once(
    put: &Put,
    at: usize,
    device: usize,
    clocks: &[&Gathered],
    recorded: &[Recorded],
) -> bool {
    // A clock on a wall is in any number of recordings.
    let is_wall = clocks
        .iter()
        .filter(|clock| clock.device == device)
        .all(|clock| clock.readings.iter().all(|read| read.reading.clock.is_some()));
    if is_wall {
        return false;
    }
    let start_ns = put.offset_ns;
    let end_ns = start_ns.saturating_add(recorded[at].recording.duration.0);
    let reach_ns = OVERLAP_NS_MAX.saturating_add((SIGMAS * put.sigma_ns as f64) as i64);
    let own: BTreeSet<usize> = clocks
        .iter()
        .filter(|clock| clock.device == device)
        .flat_map(|clock| clock.readings.iter().map(|read| read.at))
        .collect();
    own.iter().filter(|other| **other != at).filter_map(|other| recorded[*other].placement).any(
        |p| {
            let (Some(start), Some(end)) = (p.case_start(), p.case_end()) else { return false };
            let overlap_ns = end.0.min(end_ns).saturating_sub(start.0.max(start_ns));
            p.island == put.island && overlap_ns > reach_ns
        },
    )
}

/// Islands that clocks bring together: the surest relation first, onto the one with the lower
/// number, which is the larger.
fn joined(clocks: &[&Gathered], recorded: &[Recorded], copies: &[SourceId]) -> Vec<Joined> {
    let mut between: Vec<Joined> = Vec::new();
    for clock in clocks {
        let zeros = clock.zeros(recorded);
        let islands: BTreeSet<Island> = zeros.iter().map(|(_, zero)| zero.island).collect();
        for (nth, onto) in islands.iter().enumerate() {
            for island in islands.iter().skip(nth + 1) {
                between.extend(relation(clock, (*onto, *island), recorded, copies));
            }
        }
    }
    between.sort_by(|a, b| {
        (a.sigma_ns, a.onto, a.island, a.left, a.right)
            .cmp(&(b.sigma_ns, b.onto, b.island, b.left, b.right))
    });
    // Clocks that contradict one another about two islands join neither.
    let contradicted: BTreeSet<(Island, Island)> = between
        .iter()
        .filter(|a| {
            between.iter().any(|b| {
                let apart_ns = a.shift_ns.saturating_sub(b.shift_ns) as f64;
                let reach_ns = SIGMAS * (a.sigma_ns as f64).hypot(b.sigma_ns as f64);
                (a.onto, a.island) == (b.onto, b.island) && apart_ns.abs() > reach_ns
            })
        })
        .map(|a| (a.onto, a.island))
        .collect();
    between.retain(|one| !contradicted.contains(&(one.onto, one.island)));
    moved(&between)
}

/// Where an island goes: onto which, by how much, and one standard deviation of that.
type Homes = BTreeMap<Island, (Island, i64, f64)>;

/// Each island as it is finally moved, with the relation that first moved it.
fn moved(between: &[Joined]) -> Vec<Joined> {
    let mut homes = Homes::new();
    let mut used: Vec<&Joined> = Vec::new();
    for one in between {
        let place = |island: Island| homes.get(&island).copied().unwrap_or((island, 0, 0.0));
        let (a, b) = (place(one.onto), place(one.island));
        if a.0 == b.0 {
            continue;
        }
        // case(a) = case(onto) + a.1 and case(b) = case(island) + b.1.
        let shift_ns = one.shift_ns.saturating_add(a.1).saturating_sub(b.1);
        let (keep, gone, shift_ns) =
            if a.0 < b.0 { (a.0, b.0, shift_ns) } else { (b.0, a.0, shift_ns.saturating_neg()) };
        let sigma = (one.sigma_ns as f64).hypot(a.2).hypot(b.2);
        for (at, offset_ns, own) in homes.values_mut().filter(|home| home.0 == gone) {
            (*at, *own) = (keep, sigma.hypot(*own));
            *offset_ns = offset_ns.saturating_add(shift_ns);
        }
        homes.insert(gone, (keep, shift_ns, sigma));
        used.push(one);
    }
    let mut all: Vec<Joined> = Vec::new();
    for one in used {
        for island in [one.island, one.onto] {
            let is_new = all.iter().all(|other| other.island != island);
            if let Some(&(onto, shift_ns, sigma)) = homes.get(&island).filter(|_| is_new) {
                let sigma_ns = sigma.ceil() as i64;
                all.push(Joined { island, onto, shift_ns, sigma_ns, ..one.clone() });
            }
        }
    }
    all
}

/// What one clock says of two islands.
fn relation(
    clock: &Gathered,
    (onto, island): (Island, Island),
    recorded: &[Recorded],
    copies: &[SourceId],
) -> Option<Joined> {
    let by = |convention| -> Option<(i64, f64, SourceId, SourceId)> {
        let zeros = clock.zeros_by(recorded, convention);
        let here = |which: Island| -> Vec<&(&Read, Witness)> {
            let fits = |(read, zero): &&(&Read, Witness)| {
                zero.island == which
                    && read.reading.shows.basis != Basis::TimeOfDay
                    && !copies.contains(&read.reading.source)
            };
            zeros.iter().filter(fits).collect()
        };
        let (left, right) = (here(onto), here(island));
        let is_torn = |of: &[&(&Read, Witness)]| of.windows(2).any(|p| !agree(&p[0].1, &p[1].1));
        if is_torn(&left) || is_torn(&right) {
            return None;
        }
        let pairs = left.iter().flat_map(|l| right.iter().map(move |r| (*l, *r)));
        let apart_ns = |l: &(&Read, Witness), r: &(&Read, Witness)| {
            r.0.reading.shows.ns.saturating_sub(l.0.reading.shows.ns)
        };
        let same_basis = pairs.filter(|(l, r)| l.0.reading.shows.basis == r.0.reading.shows.basis);
        let (l, r) = same_basis.min_by_key(|(l, r)| apart_ns(l, r).saturating_abs())?;
        let since_ns = apart_ns(l, r);
        if since_ns.saturating_abs() > REACH_NS {
            return None;
        }
        let drift_ns = since_ns as f64 * DRIFT_PPM * 1e-6;
        // case(onto) − case(island) of one moment.
        let shift_ns = r.1.zero_ns.saturating_sub(l.1.zero_ns);
        let sigma = l.1.sigma_ns.hypot(r.1.sigma_ns).hypot(drift_ns);
        Some((shift_ns, sigma, l.0.reading.source, r.0.reading.source))
    };
    let (start, end) = match clock.convention {
        Some(convention) => (by(convention)?, by(convention)?),
        None => (by(Convention::Start)?, by(Convention::End)?),
    };
    let sigma = start.1.max(end.1).hypot(start.0.saturating_sub(end.0) as f64 / 2.0);
    (sigma <= SIGMA_NS_MAX).then(|| Joined {
        island,
        onto,
        shift_ns: i64::midpoint(start.0, end.0),
        sigma_ns: sigma.ceil() as i64,
        device: clock.name.clone(),
        left: start.2,
        right: start.3,
    })
}

/// Does what the clocks say: islands are joined, then recordings placed. Case zero of an island
/// that others join stays where it is.
pub fn apply(alignment: &mut Alignment, recorded: &[Recorded], puts: &Puts) {
    for joined in &puts.joined {
        for placement in alignment.placements.iter_mut().filter(|p| p.island == joined.island) {
            placement.island = joined.onto;
            placement.doubt = None;
            for piece in &mut placement.pieces {
                piece.map.offset_ns = piece.map.offset_ns.saturating_add(joined.shift_ns);
                piece.sigma_ns = hypot(piece.sigma_ns, joined.sigma_ns);
            }
        }
        let moment = |id| {
            let at = alignment.placements.iter().find(|p: &&Placement| p.source == id)?;
            Some((at.pieces.first()?.start, at))
        };
        let tie = moment(joined.right).zip(moment(joined.left)).and_then(|((time, r), (_, l))| {
            let case = r.to_case(time)?;
            let other = near_media(l, case)?;
            Some(tie((joined.left, other), (joined.right, time), joined.sigma_ns))
        });
        alignment.ties.extend(tie);
    }
    for put in &puts.put {
        let Some(one) = recorded.iter().find(|one| one.id == put.source) else { continue };
        let home = puts.joined.iter().find(|joined| joined.island == put.island);
        let island = home.map_or(put.island, |joined| joined.onto);
        let offset_ns = put.offset_ns.saturating_add(home.map_or(0, |joined| joined.shift_ns));
        let sigma_ns = home.map_or(put.sigma_ns, |joined| hypot(put.sigma_ns, joined.sigma_ns));
        let duration = one.recording.duration;
        if duration.0 <= 0 {
            continue;
        }
        let map = ClockMap { offset_ns, drift_ppb: 0 };
        let piece = Piece { start: MediaTime::ZERO, end: duration, map, sigma_ns };
        let with = alignment.placements.iter().find(|p| p.source == put.with);
        let case = with.and_then(|with| with.near(put.with_time)).map(|(case, _)| case);
        alignment.ties.extend(case.map(|case| {
            tie((put.with, put.with_time), (put.source, map.to_media(case)), put.sigma_ns)
        }));
        alignment.refusals.retain(|(id, _)| *id != put.source);
        alignment.placements.push(Placement {
            source: put.source,
            island,
            pieces: vec![piece],
            doubt: None,
        });
    }
    number_anew(alignment);
    alignment.placements.sort_by_key(|placement| placement.source);
    alignment.ties.sort_by(|a, b| {
        let start = |tie: &Tie| tie.pieces.first().map(|piece| piece.start);
        (a.left, a.right, start(a)).cmp(&(b.left, b.right, start(b)))
    });
}

/// Leaves no gap among the numbers of islands.
fn number_anew(alignment: &mut Alignment) {
    let known: BTreeSet<Island> = alignment.placements.iter().map(|p| p.island).collect();
    let number: BTreeMap<Island, Island> = known.into_iter().zip((0..).map(Island)).collect();
    for placement in &mut alignment.placements {
        placement.island = number[&placement.island];
    }
}

/// A media time of a case time, by the nearest piece.
fn near_media(placement: &Placement, case: evidence::CaseTime) -> Option<MediaTime> {
    let away = |piece: &&Piece| {
        let (start, end) = (piece.case_start().0, piece.case_end().0);
        start.saturating_sub(case.0).max(case.0.saturating_sub(end)).max(0)
    };
    Some(placement.pieces.iter().min_by_key(away)?.map.to_media(case))
}

fn hypot(a_ns: i64, b_ns: i64) -> i64 {
    (a_ns as f64).hypot(b_ns as f64).ceil() as i64
}

/// What a clock says of two recordings: it holds at one moment.
fn tie(a: (SourceId, MediaTime), b: (SourceId, MediaTime), sigma_ns: i64) -> Tie {
    let ((left, left_time), (right, at)) = if a.0 < b.0 { (a, b) } else { (b, a) };
    let map = ClockMap { offset_ns: left_time.0.saturating_sub(at.0), drift_ppb: 0 };
    Tie {
        left,
        right,
        pieces: vec![Piece { start: at, end: at, map, sigma_ns }],
        score: 0.0,
        windows_agree: 0,
        windows_disagree: 0,
        runner_up: None,
        accepted: true,
        kind: TieKind::Clock,
        windows: Vec::new(),
        residual_ns: Some(0),
    }
}
