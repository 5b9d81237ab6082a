//! The pieces of an island's recordings: one each, more where a clock jumps.
//!
//! In: an island with first offsets, and the candidate lags of its pairs. Out: for each
//! member the stretches of its media time and a first offset for each.
//! Method: the candidate lags to all partners propose offsets; where a second offset is
//! proposed in earnest, the seconds are asked which one they speak for (`tie::steps`).
//! The member whose path gains most is cut first, and is then no witness against the others:
//! so a pause in one file is not read as pauses in all that heard it.

use rayon::prelude::*;

use super::graph::{Island, TOGETHER_S};
use crate::listen::Heard;
use crate::tie::pairs::Pair;
use crate::tie::steps;

/// A stretch of a recording with one straight clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Piece {
    pub recording: usize,
    pub start_s: f64,
    pub end_s: f64,
    /// First offset, good to a quarter of a second.
    pub offset_s: f64,
}

/// A second offset is asked about from this share of the strength of the first.
const SHARE_MIN: f64 = 0.08;

/// … and from this strength in z²: strangers reach 40.
const STRENGTH_MIN: f64 = 36.0;

/// Lags asked about.
const LAGS_MAX: usize = 6;

/// Partners asked.
const PARTNERS_MAX: usize = 5;

/// A candidate lag as an offset of one member in the frame of the island.
#[derive(Clone, Copy)]
struct Proposal {
    partner: usize,
    offset_s: f64,
    /// `start(partner) − start(member)`.
    lag_s: f64,
    z: f64,
}

/// Offsets that belong together.
struct Place {
    offset_s: f64,
    strength: f64,
    proposals: Vec<Proposal>,
}

pub(crate) fn pieces(island: &Island, pairs: &[&Pair], heard: &[&Heard]) -> Vec<Piece> {
    let mut cut: Vec<(usize, Vec<Piece>)> = Vec::new();
    loop {
        let stepped: Vec<usize> = cut.iter().map(|c| c.0).collect();
        let best = island
            .members
            .par_iter()
            .filter(|m| !stepped.contains(&m.0))
            .filter_map(|m| {
                let places = places(m.0, island, pairs, &stepped);
                try_to_cut(m.0, &places, heard)
            })
            .reduce_with(|a, b| if (b.1, a.0) > (a.1, b.0) { b } else { a });
        let Some((member, _, runs)) = best else { break };
        cut.push((member, runs));
    }
    let mut pieces = Vec::new();
    for &(member, offset_s) in &island.members {
        match cut.iter().find(|c| c.0 == member) {
            Some((_, runs)) => pieces.extend(runs.iter().copied()),
            None => pieces.push(Piece {
                recording: member,
                start_s: 0.0,
                end_s: heard[member].duration_s(),
                offset_s,
            }),
        }
    }
    pieces
}

/// Whether the lags of a pair hold one after another, on either side of a pause in one of the
/// two.
pub(crate) fn takes_turns(pair: &Pair, heard: &[&Heard]) -> bool {
    let alone = |member, partner| Island { members: vec![(member, 0.0), (partner, 0.0)] };
    [(pair.left, pair.right), (pair.right, pair.left)].into_iter().any(|(member, partner)| {
        let places = places(member, &alone(member, partner), &[pair], &[]);
        try_to_cut(member, &places, heard).is_some()
    })
}

/// By how much a member is better explained by several pieces than by one; zero if it is not.
pub(crate) fn gain(member: usize, island: &Island, pairs: &[&Pair], heard: &[&Heard]) -> u64 {
    let places = places(member, island, pairs, &[]);
    try_to_cut(member, &places, heard).map_or(0, |cut| cut.1)
}

/// Where the partners would put a member, in order of offset.
fn places(member: usize, island: &Island, pairs: &[&Pair], stepped: &[usize]) -> Vec<Place> {
    let offset_of = |i: usize| island.members.iter().find(|m| m.0 == i).map(|m| m.1);
    let mut proposals = Vec::new();
    for pair in pairs.iter().filter(|p| p.left == member || p.right == member) {
        let partner = if pair.left == member { pair.right } else { pair.left };
        let Some(base_s) = offset_of(partner).filter(|_| !stepped.contains(&partner)) else {
            continue;
        };
        for c in &pair.candidates {
            let lag_s = if pair.left == member { c.lag_s } else { -c.lag_s };
            proposals.push(Proposal { partner, offset_s: base_s - lag_s, lag_s, z: c.z });
        }
    }
    proposals.sort_by(|a, b| b.z.total_cmp(&a.z).then(a.partner.cmp(&b.partner)));
    let mut places: Vec<Place> = Vec::new();
    for p in proposals {
        let near = places.iter_mut().find(|q| (q.offset_s - p.offset_s).abs() <= TOGETHER_S);
        match near {
            Some(place) if place.proposals.iter().all(|q| q.partner != p.partner) => {
                place.strength += p.z * p.z;
                place.proposals.push(p);
            }
            Some(_) => {}
            None => {
                places.push(Place {
                    offset_s: p.offset_s,
                    strength: p.z * p.z,
                    proposals: vec![p],
                });
            }
        }
    }
    places
        .sort_by(|a, b| b.strength.total_cmp(&a.strength).then(a.offset_s.total_cmp(&b.offset_s)));
    let strongest = places.first().map_or(0.0, |p| p.strength);
    places.retain(|p| p.strength >= STRENGTH_MIN && p.strength >= SHARE_MIN * strongest);
    places.truncate(LAGS_MAX);
    places.sort_by(|a, b| a.offset_s.total_cmp(&b.offset_s));
    places
}

/// The pieces of a member if it has several, with what they gain over one.
fn try_to_cut(
    member: usize,
    places: &[Place],
    heard: &[&Heard],
) -> Option<(usize, u64, Vec<Piece>)> {
    if places.len() < 2 {
        return None;
    }
    let mut partners: Vec<usize> = Vec::new();
    let mut by_strength: Vec<&Proposal> = places.iter().flat_map(|p| &p.proposals).collect();
    by_strength.sort_by(|a, b| b.z.total_cmp(&a.z).then(a.partner.cmp(&b.partner)));
    for p in by_strength {
        if !partners.contains(&p.partner) && partners.len() < PARTNERS_MAX {
            partners.push(p.partner);
        }
    }
    let strongest = (0..places.len())
        .max_by(|&a, &b| places[a].strength.total_cmp(&places[b].strength))
        .unwrap_or(0);
    let seconds = heard[member].frames().div_ceil(crate::FRAMES_PER_S);
    let mut score = vec![vec![0.0; seconds]; places.len()];
    for partner in partners {
        let evidence: Vec<Option<Vec<(f32, f32)>>> = places
            .iter()
            .map(|place| {
                let p = place.proposals.iter().find(|p| p.partner == partner)?;
                Some(steps::evidence(heard[member], heard[partner], p.lag_s))
            })
            .collect();
        // As correlated as at the strongest place: a siren's few seconds at another lag must
        // not set what ordinary seconds are measured by.
        let Some(correlation) = evidence[strongest].as_ref().map(|e| steps::correlation(e)) else {
            continue;
        };
        for (evidence, score) in evidence.iter().zip(&mut score) {
            let Some(evidence) = evidence else { continue };
            for (sum, l) in score.iter_mut().zip(steps::likelihood(evidence, correlation)) {
                *sum += l;
            }
        }
    }
    let (runs, gain) = steps::runs(&score, strongest, heard[member].duration_s());
    if runs.len() < 2 {
        return None;
    }
    let pieces = runs
        .iter()
        .map(|r| Piece {
            recording: member,
            start_s: r.start_s,
            end_s: r.end_s,
            offset_s: places[r.lag].offset_s,
        })
        .collect();
    Some((member, gain as u64, pieces))
}
