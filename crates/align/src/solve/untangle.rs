//! A pause in one recording that made two others contradict each other.
//!
//! In: an island and the candidate lags of its pairs. Out: the island, its members moved where a
//! pause explains what one clock for each cannot.
//! Method: a recording that was paused ties those that heard its first part to those that heard its
//! second, wrongly by the length of the pause. Where two of them tell their lag themselves and it is
//! another, each recording that both hang on is left out in turn; when its seconds then speak for one
//! lag before a moment and for another after it (`pieces`), it is the one that was paused, and the
//! others are put where they are without it.
//! Cost: nothing where no lags contradict; else, for the eight strongest contradictions and each
//! common partner, a few milliseconds.

use super::graph::{Island, TOGETHER_S};
use super::pieces;
use crate::listen::Heard;
use crate::tie::pairs::Pair;

/// A lag this strong contradicts; strangers reach 6.5.
const CONTRADICTS_FROM: f64 = 7.0;

/// … unless a candidate at the expected lag has this share of its strength.
const EXPECTED_SHARE_MIN: f64 = 0.5;

/// Contradictions that are looked at, and pauses that may be found so.
const CONTRADICTIONS_MAX: usize = 8;
const ROUNDS_MAX: usize = 3;

pub(crate) fn untangle(island: &Island, pairs: &[&Pair], heard: &[&Heard]) -> Island {
    let mut island = island.clone();
    for _ in 0..ROUNDS_MAX {
        let Some(paused) = paused(&island, pairs, heard) else { break };
        island = without(&island, pairs, paused);
    }
    island
}

/// The member whose pause explains a contradiction best.
fn paused(island: &Island, pairs: &[&Pair], heard: &[&Heard]) -> Option<usize> {
    let mut contradicting: Vec<&Pair> =
        pairs.iter().copied().filter(|p| contradicts(island, p)).collect();
    let z = |p: &Pair| p.candidates[0].z;
    contradicting
        .sort_by(|a, b| z(b).total_cmp(&z(a)).then((a.left, a.right).cmp(&(b.left, b.right))));
    let mut best: Option<(u64, usize)> = None;
    for pair in contradicting.into_iter().take(CONTRADICTIONS_MAX) {
        let (x, y) = (pair.left, pair.right);
        for &(member, _) in island.members.iter().filter(|m| m.0 != x && m.0 != y) {
            let of_member: Vec<&Pair> = [x, y]
                .iter()
                .filter_map(|&other| between(pairs, member, other))
                .filter(|p| !contradicts(island, p))
                .collect();
            if of_member.len() < 2 {
                continue;
            }
            let members = vec![(x, 0.0), (y, pair.candidates[0].lag_s), (member, 0.0)];
            let gain = pieces::gain(member, &Island { members }, &of_member, heard);
            if gain > best.map_or(0, |b| b.0) {
                best = Some((gain, member));
            }
        }
    }
    best.map(|b| b.1)
}

fn between<'a>(pairs: &[&'a Pair], a: usize, b: usize) -> Option<&'a Pair> {
    pairs.iter().copied().find(|p| {
        (p.left, p.right) == (a.min(b), a.max(b)) || (p.left, p.right) == (a.max(b), a.min(b))
    })
}

fn offset_s(island: &Island, member: usize) -> Option<f64> {
    island.members.iter().find(|m| m.0 == member).map(|m| m.1)
}

/// Whether a pair's strongest lag is not the one that the island gives it.
fn contradicts(island: &Island, pair: &Pair) -> bool {
    let (Some(left_s), Some(right_s)) = (offset_s(island, pair.left), offset_s(island, pair.right))
    else {
        return false;
    };
    let Some(top) = pair.candidates.first() else { return false };
    let is_expected = |lag_s: f64| (lag_s - (right_s - left_s)).abs() <= TOGETHER_S;
    top.z >= CONTRADICTS_FROM
        && !pair
            .candidates
            .iter()
            .any(|c| is_expected(c.lag_s) && c.z >= EXPECTED_SHARE_MIN * top.z)
}

/// The island with its members where they are without the paused one; those that hang on it
/// alone stay with it.
fn without(island: &Island, pairs: &[&Pair], paused: usize) -> Island {
    let mut edges: Vec<(f64, usize, usize, f64)> = pairs
        .iter()
        .filter(|p| p.left != paused && p.right != paused)
        .filter_map(|p| {
            let expected_s = offset_s(island, p.right)? - offset_s(island, p.left)?;
            let top = p.candidates.first()?;
            let near = p.candidates.iter().find(|c| {
                (c.lag_s - expected_s).abs() <= TOGETHER_S && c.z >= EXPECTED_SHARE_MIN * top.z
            });
            let c = near.unwrap_or(top);
            (c.z >= CONTRADICTS_FROM).then_some((c.z, p.left, p.right, c.lag_s))
        })
        .collect();
    edges.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    // Every member in a cluster of its own, with its offset from the cluster's first.
    let mut clusters: Vec<Vec<(usize, f64)>> =
        island.members.iter().map(|m| vec![(m.0, 0.0)]).collect();
    for (_, left, right, lag_s) in edges {
        let holding = |i: usize| clusters.iter().position(|c| c.iter().any(|m| m.0 == i));
        let (Some(a), Some(b)) = (holding(left), holding(right)) else { continue };
        if a == b {
            continue;
        }
        let at = |cluster: &[(usize, f64)], i: usize| {
            cluster.iter().find(|m| m.0 == i).map_or(0.0, |m| m.1)
        };
        let moved_s = at(&clusters[a], left) + lag_s - at(&clusters[b], right);
        let moved = clusters[b].iter().map(|m| (m.0, m.1 + moved_s)).collect::<Vec<_>>();
        clusters[a].extend(moved);
        clusters.remove(b);
    }
    // A cluster lies where the paused recording puts the first of its members.
    let mut members: Vec<(usize, f64)> = Vec::new();
    for cluster in clusters {
        let (first, from_s) = cluster[0];
        let base_s = offset_s(island, first).unwrap_or(0.0) - from_s;
        members.extend(cluster.iter().map(|m| (m.0, m.1 + base_s)));
    }
    members.sort_by_key(|m| m.0);
    Island { members }
}
