//! A person's word among what was heard.
//!
//! In: relations given for pairs of recordings, and the clusters as the graph makes them. Out:
//! merges, and for each pair that a given relation decided, how far its sound is heeded.
//! Method: a recording that is locked takes no part while sound makes islands of the rest, so
//! that what contradicts the lock moves nobody; then it is joined where it was said to lie. A
//! relation that is not locked joins what sound could not: only when no sound can join any more.
//! Where sound names one lag near what was said, the waveforms agree at it and no other lag
//! nearby comes close, it refines the relation; else the sound between the two is not heeded,
//! and the doubt stays the person's. Lags that take turns are the two sides of a pause: the relation
//! says which of them it is about, and the other stays.
//! Cost: nothing where nothing is given.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::graph::{self, Clusters, Island, Proposal, Witness};
use crate::tie::pairs::Pair;
use crate::tie::search::Candidate;

/// As [`crate::Given`], by index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given {
    /// Among those that were given.
    pub number: usize,
    pub left: usize,
    pub right: usize,
    pub left_s: f64,
    pub right_s: f64,
    pub sigma_s: f64,
    pub is_locked: bool,
}

impl Given {
    /// `start(right) − start(left)`, as if both clocks ran true.
    fn lag_s(&self) -> f64 {
        self.left_s - self.right_s
    }

    /// Lags this far from it do not contradict it.
    fn reach_s(&self) -> f64 {
        graph::TOGETHER_S + SIGMAS * self.sigma_s
    }
}

/// What lies further off than so many standard deviations contradicts.
pub(crate) const SIGMAS: f64 = 3.0;

/// What is given, and what became of it.
#[derive(Debug, Default)]
pub(crate) struct Hand {
    waiting: VecDeque<Given>,
    /// Recordings that wait until sound has joined all others.
    held: BTreeSet<usize>,
    /// For pairs whose lag was given: candidates within so many seconds of it are heeded.
    quiet: BTreeMap<usize, f64>,
}

/// A lag that was not heeded because something else was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Overruled {
    pub pair: usize,
    pub candidate: Candidate,
    /// By how much it would put `right` later than it lies, seconds.
    pub residual_s: f64,
}

impl Hand {
    pub fn new(given: &[Given]) -> Self {
        let (locked, open): (Vec<Given>, Vec<Given>) = given.iter().partition(|g| g.is_locked);
        let held = locked.iter().map(|g| g.right).collect();
        Self { waiting: locked.into_iter().chain(open).collect(), held, quiet: BTreeMap::new() }
    }

    /// Whether sound may join these two clusters now.
    pub fn lets(&self, key: (usize, usize)) -> bool {
        !self.held.contains(&key.0) && !self.held.contains(&key.1)
    }

    /// The next two clusters that are joined by what is given, and the offset between them.
    pub fn next(
        &mut self,
        clusters: &Clusters,
        between: &BTreeMap<(usize, usize), Vec<Proposal>>,
        pairs: &[Pair],
        witness: &mut dyn Witness,
    ) -> Option<((usize, usize), f64)> {
        while let Some(given) = self.waiting.pop_front() {
            self.held.remove(&given.right);
            let (Some((a, in_a_s)), Some((b, in_b_s))) =
                (place_of(clusters, given.left), place_of(clusters, given.right))
            else {
                continue;
            };
            if a == b {
                continue;
            }
            let b_minus_a_s = given.lag_s() + in_a_s - in_b_s;
            let key = (a.min(b), a.max(b));
            let said_s = if a < b { b_minus_a_s } else { -b_minus_a_s };
            let proposals = between.get(&key).map_or(&[][..], Vec::as_slice);
            let offset_s = self.heed(&given, said_s, proposals, pairs, witness);
            return Some((key, offset_s));
        }
        None
    }

    /// The offset as given, or as sound refines it; decides which sound is heeded.
    fn heed(
        &mut self,
        given: &Given,
        said_s: f64,
        proposals: &[Proposal],
        pairs: &[Pair],
        witness: &mut dyn Witness,
    ) -> f64 {
        let near: Vec<Proposal> = proposals
            .iter()
            .filter(|p| (p.offset_s - said_s).abs() <= given.reach_s())
            .copied()
            .collect();
        let refined = graph::judge(&near).filter(|m| {
            m.decided()
                && m.z() >= graph::Z_JOIN_IF_CONFIRMED
                && graph::any_confirms(&near, m.offset_s, pairs, witness)
        });
        let Some(refined) = refined else {
            self.quiet.extend(proposals.iter().map(|p| (p.pair, -1.0)));
            return said_s;
        };
        let strongest = graph::judge(proposals);
        let agrees = |m: &graph::Match| (m.offset_s - refined.offset_s).abs() <= graph::TOGETHER_S;
        // On the other side of a pause another lag holds, which contradicts nothing.
        let surest = proposals.iter().max_by(|a, b| a.z().total_cmp(&b.z()));
        if !strongest.as_ref().is_some_and(agrees)
            && !surest.is_some_and(|p| witness.takes_turns(p.pair))
        {
            let reach_s = given.reach_s() + graph::TOGETHER_S;
            self.quiet.extend(proposals.iter().map(|p| (p.pair, reach_s)));
        }
        if given.is_locked { said_s } else { refined.offset_s }
    }

    /// The pairs with the lags that are heeded, and the strongest of each that are not.
    pub fn heeded<'a>(
        &self,
        pairs: &'a [Pair],
        islands: &[Island],
    ) -> (Cow<'a, [Pair]>, Vec<Overruled>) {
        if self.quiet.is_empty() {
            return (Cow::Borrowed(pairs), Vec::new());
        }
        let mut overruled = Vec::new();
        let mut pairs = pairs.to_vec();
        for (&index, &reach_s) in &self.quiet {
            let pair = &mut pairs[index];
            let place = |i: usize| {
                islands.iter().find_map(|island| island.members.iter().find(|m| m.0 == i))
            };
            let (Some(left), Some(right)) = (place(pair.left), place(pair.right)) else { continue };
            let lag_s = right.1 - left.1;
            let is_near = |c: &Candidate| (c.lag_s - lag_s).abs() <= reach_s;
            let far = pair.candidates.iter().filter(|c| !is_near(c));
            let strongest = far.max_by(|a, b| a.z.total_cmp(&b.z)).copied();
            let strongest = strongest.filter(|c| c.z >= graph::Z_JOIN_IF_CONFIRMED);
            overruled.extend(strongest.map(|candidate| Overruled {
                pair: index,
                candidate,
                residual_s: candidate.lag_s - lag_s,
            }));
            pair.candidates.retain(is_near);
        }
        pairs.retain(|pair| !pair.candidates.is_empty());
        (Cow::Owned(pairs), overruled)
    }
}

/// The cluster a recording is in, and its offset there.
fn place_of(clusters: &Clusters, recording: usize) -> Option<(usize, f64)> {
    clusters
        .iter()
        .find_map(|(&key, members)| members.iter().find(|m| m.0 == recording).map(|m| (key, m.1)))
}
