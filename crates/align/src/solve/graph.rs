//! Islands: which recordings belong on one clock, and roughly where.
//!
//! In: candidate lags of pairs. Out: islands, each with a first offset (good to a quarter of
//! a second) for every member; and for those left alone, the places they would fit if that
//! could be told.
//! Method: clusters of one recording each are merged, the surest merge first. Two clusters
//! are compared as wholes: every candidate lag between any two of their members proposes an
//! offset between the clusters; proposals within a quarter of a second support one another
//! and their z² add up. So what one pair cannot tell (a siren agrees at every period) many
//! pairs can: only at the true offset do all of them agree. A merge needs strength, and
//! distance to the runner-up; where the runner-up comes near, nothing is merged.
//! (Clustering by consensus as in Bryan, Smaragdis & Mysore 2012; they merge by single pairs.)
//! Cost: proposals are sorted once a merge; n² merges at worst.

use std::collections::{BTreeMap, BTreeSet};

use super::hand::Hand;
use crate::tie::pairs::Pair;

/// Recordings that share a clock; offsets relative to the first member's start.
#[derive(Clone, Debug)]
pub(crate) struct Island {
    /// Index and first offset, in order of index.
    pub members: Vec<(usize, f64)>,
}

/// A recording that would fit in several places equally well.
#[derive(Clone, Debug)]
pub(crate) struct Undecided {
    pub recording: usize,
    /// A recording it may belong with.
    pub with: usize,
    /// `start(recording) − start(with)`, best first.
    pub offsets_s: Vec<f64>,
    /// The strength of each beside the best, as shares of z.
    pub shares: Vec<f64>,
}

/// What the candidates add up to.
pub(crate) struct Graph {
    pub islands: Vec<Island>,
    pub undecided: Vec<Undecided>,
}

/// Proposals nearer than this are one: sound needs 0.25 s for 85 m, and each pair hears its
/// own sources.
pub(super) const TOGETHER_S: f64 = 0.25;

/// Below this z a candidate is what strangers show, and supports nothing.
const Z_NOISE: f64 = 3.4;

/// Strength that joins two clusters without a closer look; strangers reach 6.5.
pub(crate) const Z_JOIN: f64 = 8.5;

/// Strength that joins them if the waveforms agree as well.
pub(crate) const Z_JOIN_IF_CONFIRMED: f64 = 5.0;

/// The runner-up's share of the strength (in z²) above which a single pair cannot decide. Of
/// loops and sirens alone the runner-up reaches 0.8 and more, of true lags mostly below 0.3.
const RIVAL_SHARE_MAX: f64 = 0.55;

/// The same when three or more pairs agree: accidents of one pair are then outvoted.
const RIVAL_SHARE_MAX_MANY: f64 = 0.72;

/// A lag proposed between two clusters by one pair.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proposal {
    /// `zero(right cluster) − zero(left cluster)`.
    pub offset_s: f64,
    z: f64,
    pub pair: usize,
}

impl Proposal {
    pub fn z(&self) -> f64 {
        self.z
    }
}

/// Clusters by one of their members: each recording in it and its offset there.
pub(crate) type Clusters = BTreeMap<usize, Vec<(usize, f64)>>;

/// The verdict on two clusters.
#[derive(Clone, Debug)]
pub(crate) struct Match {
    pub offset_s: f64,
    /// Sum of z² above noise.
    strength: f64,
    rival: f64,
    pairs: usize,
    /// Offsets of comparable strength, best first, and their z beside the best.
    offsets_s: Vec<f64>,
    shares: Vec<f64>,
}

impl Match {
    pub fn z(&self) -> f64 {
        self.strength.max(0.0).sqrt()
    }

    pub fn decided(&self) -> bool {
        let share_max = if self.pairs >= 3 { RIVAL_SHARE_MAX_MANY } else { RIVAL_SHARE_MAX };
        self.rival <= share_max * self.strength
    }

    /// By how much it is ahead of its rival.
    fn margin(&self) -> f64 {
        self.strength - self.rival
    }
}

/// What the graph asks of the pairs where their candidates alone do not decide.
pub(crate) trait Witness {
    /// Whether the waveforms of a pair agree at a lag.
    fn confirms(&mut self, pair: usize, lag_s: f64) -> bool;
    /// Whether the rival lags of a pair each hold in their own stretch: no rivals then, but
    /// the two sides of a pause.
    fn takes_turns(&mut self, pair: usize) -> bool;
}

pub(crate) fn solve(
    count: usize,
    pairs: &[Pair],
    witness: &mut dyn Witness,
    hand: &mut Hand,
) -> Graph {
    let mut clusters: Clusters = (0..count).map(|i| (i, vec![(i, 0.0)])).collect();
    let mut between: BTreeMap<(usize, usize), Vec<Proposal>> = BTreeMap::new();
    for (index, pair) in pairs.iter().enumerate() {
        let proposals = pair.candidates.iter().filter(|c| c.z > Z_NOISE).map(|c| Proposal {
            offset_s: c.lag_s - c.at_right_s * c.drift_ppm * 1e-6,
            z: c.z,
            pair: index,
        });
        between.insert((pair.left, pair.right), proposals.collect());
    }
    let mut matches: BTreeMap<(usize, usize), Match> =
        between.iter().filter_map(|(k, p)| Some((*k, judge(p)?))).collect();
    let mut refused: BTreeSet<(usize, usize)> = BTreeSet::new();
    loop {
        let best = matches
            .iter()
            .filter(|(key, m)| {
                let is_open = !refused.contains(*key) && hand.lets(**key);
                is_open && m.z() >= Z_JOIN_IF_CONFIRMED && m.decided()
            })
            .max_by(|(_, a), (_, b)| a.margin().total_cmp(&b.margin()));
        let best = best.map(|(&key, found)| (key, found)).or_else(|| {
            let is_open = |key: &(usize, usize)| !refused.contains(key) && hand.lets(*key);
            paused(&matches, is_open, &between, witness)
        });
        let (key, offset_s) = match best {
            Some((key, found)) => {
                let offset_s = found.offset_s;
                if found.z() < Z_JOIN && !any_confirms(&between[&key], offset_s, pairs, witness) {
                    refused.insert(key);
                    continue;
                }
                (key, offset_s)
            }
            None => match hand.next(&clusters, &between, pairs, witness) {
                Some(given) => given,
                None => break,
            },
        };
        merge(key, offset_s, &mut clusters, &mut between);
        refused.retain(|k| k.0 != key.0 && k.1 != key.0 && k.0 != key.1 && k.1 != key.1);
        matches.retain(|k, _| k.0 != key.0 && k.1 != key.0 && k.0 != key.1 && k.1 != key.1);
        for (k, proposals) in &between {
            if (k.0 == key.0 || k.1 == key.0)
                && let Some(found) = judge(proposals)
            {
                matches.insert(*k, found);
            }
        }
    }
    let undecided = undecided(&clusters, &matches);
    let islands = clusters.into_values().filter(|m| m.len() > 1).map(island).collect();
    Graph { islands, undecided }
}

/// The strongest undecided match whose rivals turn out to be the two sides of a pause.
fn paused<'a>(
    matches: &'a BTreeMap<(usize, usize), Match>,
    is_open: impl Fn(&(usize, usize)) -> bool,
    between: &BTreeMap<(usize, usize), Vec<Proposal>>,
    witness: &mut dyn Witness,
) -> Option<((usize, usize), &'a Match)> {
    let mut open: Vec<_> =
        matches.iter().filter(|(k, m)| is_open(k) && m.z() >= Z_JOIN && !m.decided()).collect();
    open.sort_by(|(_, a), (_, b)| b.strength.total_cmp(&a.strength));
    for (key, found) in open {
        let strongest = between[key].iter().max_by(|a, b| a.z.total_cmp(&b.z));
        if strongest.is_some_and(|p| witness.takes_turns(p.pair)) {
            return Some((*key, found));
        }
    }
    None
}

pub(super) fn any_confirms(
    proposals: &[Proposal],
    offset_s: f64,
    pairs: &[Pair],
    witness: &mut dyn Witness,
) -> bool {
    let mut near: Vec<&Proposal> =
        proposals.iter().filter(|p| (p.offset_s - offset_s).abs() <= TOGETHER_S).collect();
    near.sort_by(|a, b| b.z.total_cmp(&a.z).then(a.pair.cmp(&b.pair)));
    near.iter().take(3).any(|p| {
        let lag_s = nearest_lag(&pairs[p.pair], p.z);
        witness.confirms(p.pair, lag_s)
    })
}

fn nearest_lag(pair: &Pair, z: f64) -> f64 {
    pair.candidates
        .iter()
        .min_by(|a, b| (a.z - z).abs().total_cmp(&(b.z - z).abs()))
        .map_or(0.0, |c| c.lag_s)
}

/// The best offset between two clusters and its nearest rival.
pub(super) fn judge(proposals: &[Proposal]) -> Option<Match> {
    let mut sorted: Vec<Proposal> = proposals.to_vec();
    sorted.sort_by(|a, b| a.offset_s.total_cmp(&b.offset_s).then(a.pair.cmp(&b.pair)));
    let mut groups: Vec<(f64, f64, usize)> = Vec::new();
    for (i, first) in sorted.iter().enumerate() {
        let end = sorted[i..]
            .iter()
            .position(|p| p.offset_s > first.offset_s + TOGETHER_S)
            .map_or(sorted.len(), |n| i + n);
        let mut best_of_pair: BTreeMap<usize, Proposal> = BTreeMap::new();
        for p in &sorted[i..end] {
            let entry = best_of_pair.entry(p.pair).or_insert(*p);
            if p.z > entry.z {
                *entry = *p;
            }
        }
        let weight = |p: &Proposal| p.z * p.z - Z_NOISE * Z_NOISE;
        let strength: f64 = best_of_pair.values().map(weight).sum();
        let offset_s =
            best_of_pair.values().map(|p| weight(p) * p.offset_s).sum::<f64>() / strength;
        groups.push((offset_s, strength, best_of_pair.len()));
    }
    groups.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.total_cmp(&b.0)));
    let &(offset_s, strength, pairs) = groups.first()?;
    let mut offsets_s: Vec<f64> = vec![offset_s];
    let mut shares: Vec<f64> = vec![1.0];
    let mut rival = 0.0f64;
    for &(other_s, other, _) in &groups[1..] {
        if (other_s - offset_s).abs() > TOGETHER_S {
            rival = rival.max(other);
        }
        let new = offsets_s.iter().all(|o| (o - other_s).abs() > TOGETHER_S);
        if new && other > RIVAL_SHARE_MAX * strength {
            offsets_s.push(other_s);
            shares.push((other / strength).sqrt());
        }
    }
    Some(Match { offset_s, strength, rival, pairs, offsets_s, shares })
}

/// Moves cluster `key.1` into `key.0` at `offset_s`.
fn merge(
    key: (usize, usize),
    offset_s: f64,
    clusters: &mut BTreeMap<usize, Vec<(usize, f64)>>,
    between: &mut BTreeMap<(usize, usize), Vec<Proposal>>,
) {
    let (keep, gone) = key;
    between.remove(&key);
    let moved = clusters.remove(&gone).unwrap_or_default();
    if let Some(kept) = clusters.get_mut(&keep) {
        kept.extend(moved.into_iter().map(|(i, o)| (i, o + offset_s)));
    }
    let others: Vec<(usize, usize)> =
        between.keys().copied().filter(|k| k.0 == gone || k.1 == gone).collect();
    for k in others {
        let proposals = between.remove(&k).unwrap_or_default();
        let other = if k.0 == gone { k.1 } else { k.0 };
        let target = (keep.min(other), keep.max(other));
        // As zero(other) − zero(keep), whichever way round the two stood.
        let turned = proposals.into_iter().map(|p| {
            let other_minus_gone = if k.0 == gone { p.offset_s } else { -p.offset_s };
            let other_minus_keep = other_minus_gone + offset_s;
            let offset_s = if keep < other { other_minus_keep } else { -other_minus_keep };
            Proposal { offset_s, ..p }
        });
        between.entry(target).or_default().extend(turned);
    }
}

fn island(mut members: Vec<(usize, f64)>) -> Island {
    members.sort_by_key(|m| m.0);
    let zero_s = members[0].1;
    for member in &mut members {
        member.1 -= zero_s;
    }
    Island { members }
}

/// Single recordings whose best place has a rival of comparable strength.
fn undecided(
    clusters: &BTreeMap<usize, Vec<(usize, f64)>>,
    matches: &BTreeMap<(usize, usize), Match>,
) -> Vec<Undecided> {
    let mut undecided = Vec::new();
    for (&cluster, members) in clusters {
        if members.len() > 1 {
            continue;
        }
        let best = matches
            .iter()
            .filter(|(k, m)| (k.0 == cluster || k.1 == cluster) && m.z() >= Z_JOIN && !m.decided())
            .max_by(|(_, a), (_, b)| a.strength.total_cmp(&b.strength));
        if let Some((k, m)) = best {
            let other = if k.0 == cluster { k.1 } else { k.0 };
            let sign = if k.0 == cluster { -1.0 } else { 1.0 };
            let with = clusters[&other][0];
            let offsets_s = m.offsets_s.iter().map(|o| sign * o - with.1).collect();
            let shares = m.shares.clone();
            undecided.push(Undecided { recording: cluster, with: with.0, offsets_s, shares });
        }
    }
    undecided
}
