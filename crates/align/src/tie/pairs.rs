//! Which recordings may have heard the same thing, and at which lags.
//!
//! In: what each recording heard. Out: for every pair that shows any, its candidate lags.
//! Method: recordings in order of length; each in turn is held whole against probes of all
//! shorter ones. In a small case that is every pair. In a large one a pair is left out when
//! both already hang together with each other and with enough others: a clock needs a few
//! good partners, not all.
//! Cost: small cases, pairs × 0.5 ms; large cases on one clock, recordings × partners; large
//! cases of many clocks remain quadratic in the number of recordings.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::search::{Candidate, Searcher, Spectra};
use crate::listen::Heard;
use crate::{Error, Watch};

/// The lags at which two recordings, by index, may have heard the same; highest first.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub left: usize,
    pub right: usize,
    pub candidates: Vec<Candidate>,
}

/// Lags kept for a pair. A siren heard for minutes agrees at a dozen; the true one is among
/// the highest even where it is not the highest.
const CANDIDATES: usize = 12;

/// Candidates below this are noise: a pair of strangers has about one above it.
const Z_MIN: f64 = 3.5;

/// From here a lag is beyond doubt for leaving other pairs out (strangers reach 6.5).
const Z_SURE: f64 = 12.0;

/// … and when the runner-up has at most this share of it.
const SURE_SHARE_MAX: f64 = 0.6;

/// A recording with so many sure partners on one clock needs no more.
const PARTNERS_ENOUGH: usize = 4;

/// Block products below which no pair is left out: 64 recordings need 2016, 5 s of one core.
const PRODUCTS_FREE: usize = 12_000;

/// Memory for probes that are kept between hubs.
const PROBES_BYTES_MAX: usize = 200 << 20;

pub(crate) fn pairs(heard: &[&Heard], watch: &dyn Watch) -> Result<Vec<Pair>, Error> {
    let longest = heard.iter().map(|h| h.frames()).max().unwrap_or(0);
    let searcher = Searcher::new(longest);
    let mut order: Vec<usize> = (0..heard.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(heard[i].frames()), i));
    let sparing = products(&searcher, heard, &order) > PRODUCTS_FREE;
    let kept = kept_probes(&searcher, heard, &order);
    let mut sure = Sure::new(heard.len());
    let mut pairs = Vec::new();
    for (rank, &hub) in order.iter().enumerate() {
        if watch.stopped() {
            return Err(Error::Stopped);
        }
        watch.advanced(rank, order.len());
        let others: Vec<usize> = order[rank + 1..]
            .iter()
            .copied()
            .filter(|&other| !(sparing && sure.enough(hub, other)))
            .collect();
        if others.is_empty() {
            continue;
        }
        let whole = searcher.spectra(heard[hub]);
        let found: Vec<Vec<Candidate>> = others
            .par_iter()
            .map(|other| {
                if watch.stopped() {
                    return Vec::new();
                }
                let made = if kept.contains_key(other) {
                    None
                } else {
                    Some(searcher.probes(heard[*other]))
                };
                let probes = made.as_ref().or_else(|| kept.get(other));
                probes.map_or_else(Vec::new, |probes| {
                    searcher.candidates(&whole, probes, CANDIDATES, Z_MIN)
                })
            })
            .collect();
        for (other, candidates) in others.into_iter().zip(found) {
            if is_sure(&candidates) {
                sure.join(hub, other);
            }
            if !candidates.is_empty() {
                pairs.push(oriented(hub, other, candidates));
            }
        }
    }
    if watch.stopped() {
        return Err(Error::Stopped);
    }
    pairs.sort_by_key(|p| (p.left, p.right));
    Ok(pairs)
}

/// The pairs of the first recording with each of the others; the first is left in all.
pub(crate) fn pairs_of_first(heard: &[&Heard], watch: &dyn Watch) -> Result<Vec<Pair>, Error> {
    let Some((first, others)) = heard.split_first() else { return Ok(Vec::new()) };
    let longest = heard.iter().map(|h| h.frames()).max().unwrap_or(0);
    let searcher = Searcher::new(longest);
    let (whole, probes) = (searcher.spectra(first), searcher.probes(first));
    let found: Vec<Vec<Candidate>> = others
        .par_iter()
        .map(|other| {
            if watch.stopped() {
                Vec::new()
            } else if other.frames() > first.frames() {
                searcher.candidates(&searcher.spectra(other), &probes, CANDIDATES, Z_MIN)
            } else {
                searcher.candidates(&whole, &searcher.probes(other), CANDIDATES, Z_MIN)
            }
        })
        .collect();
    if watch.stopped() {
        return Err(Error::Stopped);
    }
    let pairs = found.into_iter().zip(1..).filter(|(candidates, _)| !candidates.is_empty());
    Ok(pairs
        .map(|(candidates, other)| {
            if heard[other].frames() > first.frames() {
                turned(0, other, candidates)
            } else {
                Pair { left: 0, right: other, candidates }
            }
        })
        .collect())
}

fn products(searcher: &Searcher, heard: &[&Heard], order: &[usize]) -> usize {
    let blocks: Vec<usize> = order.iter().map(|&i| searcher.blocks(heard[i].frames())).collect();
    let mut probes_after: usize = 0;
    let mut products = 0;
    for blocks in blocks.iter().rev() {
        products += blocks * probes_after;
        probes_after += (*blocks).min(super::search::PROBES_MAX);
    }
    products
}

/// Probes of as many recordings as memory allows, shortest first: those are asked most often.
fn kept_probes(searcher: &Searcher, heard: &[&Heard], order: &[usize]) -> BTreeMap<usize, Spectra> {
    let mut room = PROBES_BYTES_MAX;
    let mut kept = Vec::new();
    for &i in order.iter().rev() {
        let blocks = searcher.blocks(heard[i].frames()).min(super::search::PROBES_MAX);
        let Some(left) = room.checked_sub(blocks * searcher.block_bytes()) else { break };
        room = left;
        kept.push(i);
    }
    kept.into_par_iter().map(|i| (i, searcher.probes(heard[i]))).collect()
}

fn is_sure(candidates: &[Candidate]) -> bool {
    candidates.first().is_some_and(|best| {
        best.z >= Z_SURE && candidates.get(1).is_none_or(|next| next.z <= best.z * SURE_SHARE_MAX)
    })
}

/// The pair with the smaller index at the left. The hub was searched as left.
fn oriented(hub: usize, other: usize, candidates: Vec<Candidate>) -> Pair {
    if hub < other {
        return Pair { left: hub, right: other, candidates };
    }
    turned(other, hub, candidates)
}

/// The pair of what was searched as right, now left, and what was searched as left.
fn turned(left: usize, right: usize, candidates: Vec<Candidate>) -> Pair {
    let candidates = candidates.into_iter().map(Candidate::turned).collect();
    Pair { left, right, candidates }
}

/// Who hangs together beyond doubt.
struct Sure {
    parent: Vec<usize>,
    partners: Vec<usize>,
}

impl Sure {
    fn new(count: usize) -> Self {
        Self { parent: (0..count).collect(), partners: vec![0; count] }
    }

    fn root(&self, mut i: usize) -> usize {
        while self.parent[i] != i {
            i = self.parent[i];
        }
        i
    }

    fn join(&mut self, a: usize, b: usize) {
        self.partners[a] += 1;
        self.partners[b] += 1;
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b)] = a.min(b);
    }

    fn enough(&self, a: usize, b: usize) -> bool {
        self.root(a) == self.root(b)
            && self.partners[a] >= PARTNERS_ENOUGH
            && self.partners[b] >= PARTNERS_ENOUGH
    }
}
