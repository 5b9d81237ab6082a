//! Which recordings may have heard the same thing, and at which lags.
//!
//! In: what each recording heard. Out: for every pair that shows any, its candidate lags.
//! Method: recordings in order of length; each in turn is held whole against probes of all
//! shorter ones. In a small case that is every pair. In a large one a pair is left out when
//! both already hang together with each other and with enough others: a clock needs a few
//! good partners, not all.
//! Cost: small cases, pairs × 0.15 ms; large cases on one clock, recordings × partners; large
//! cases of many clocks remain quadratic in the number of recordings. Of a thousand of two minutes
//! that share nothing each costs 0.06 s so, half of what hearing it costs.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::search::{Candidate, Searcher, Spectra};
use crate::findings::{Findings, One, Two};
use crate::listen::Heard;
use crate::{Error, Recording, Watch};

/// The lags at which two recordings, by index, may have heard the same; highest first.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub left: usize,
    pub right: usize,
    pub candidates: Vec<Candidate>,
}

/// Adds a lag of `right` against `left`, which may stand the other way round among the pairs.
pub(crate) fn add(pairs: &mut Vec<Pair>, (left, right): (usize, usize), lag: Candidate) {
    let lag = if left < right { lag } else { lag.turned() };
    let (left, right) = (left.min(right), left.max(right));
    match pairs.iter_mut().find(|p| (p.left, p.right) == (left, right)) {
        Some(pair) => {
            pair.candidates.push(lag);
            pair.candidates.sort_by(|a, b| b.z.total_cmp(&a.z));
        }
        None => pairs.push(Pair { left, right, candidates: vec![lag] }),
    }
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

/// Block products below which no pair is left out: 64 recordings need 2016, half a second of one core.
const PRODUCTS_FREE: usize = 12_000;

/// Memory for probes that are kept between hubs.
const PROBES_BYTES_MAX: usize = 200 << 20;

pub(crate) fn pairs(
    recordings: &[&Recording],
    findings: &Findings,
    watch: &dyn Watch,
) -> Result<Vec<Pair>, Error> {
    let heard: Vec<&Heard> = recordings.iter().map(|r| r.heard).collect();
    let longest = heard.iter().map(|h| h.frames()).max().unwrap_or(0);
    let searcher = Searcher::new(longest);
    let mut order: Vec<usize> = (0..heard.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(heard[i].frames()), i));
    let sparing = products(&searcher, &heard, &order) > PRODUCTS_FREE;
    let probes = Probes::new(&searcher, &heard, &order);
    let known = Known { recordings, findings, block_frames: searcher.block_frames() };
    let mut pairs = if !sparing && probes.are_all_single() {
        all_pairs(&order, &probes, &known, watch)?
    } else {
        hub_by_hub(&order, sparing, &probes, &known, watch)?
    };
    if watch.stopped() {
        return Err(Error::Stopped);
    }
    pairs.sort_by_key(|p| (p.left, p.right));
    Ok(pairs)
}

/// What is known of pairs of these recordings.
struct Known<'a> {
    recordings: &'a [&'a Recording<'a>],
    findings: &'a Findings,
    block_frames: usize,
}

impl Known<'_> {
    fn two(&self, hub: usize, other: usize) -> Two {
        Two::new(One::of(self.recordings[hub]), One::of(self.recordings[other]))
    }

    fn lags(&self, hub: usize, other: usize) -> Option<Vec<Candidate>> {
        self.findings.lags(self.two(hub, other), self.block_frames)
    }

    fn keep(&self, hub: usize, other: usize, lags: &[Candidate]) {
        self.findings.keep_lags(self.two(hub, other), self.block_frames, lags);
    }
}

/// Recordings that are held against others at once, and these: see [`Searcher::candidates_of_all`].
const HUBS_AT_ONCE: usize = 8;
const OTHERS_AT_ONCE: usize = 4;

/// Every pair of recordings of one block each.
fn all_pairs(
    order: &[usize],
    probes: &Probes,
    known: &Known,
    watch: &dyn Watch,
) -> Result<Vec<Pair>, Error> {
    let mut pairs = Vec::new();
    let hubs_at_once = order.chunks(HUBS_AT_ONCE).enumerate();
    for (first, hubs) in hubs_at_once.map(|(n, hubs)| (n * HUBS_AT_ONCE, hubs)) {
        if watch.stopped() {
            return Err(Error::Stopped);
        }
        watch.advanced(first, order.len());
        let others: Vec<(usize, &[usize])> = order[first..]
            .chunks(OTHERS_AT_ONCE)
            .enumerate()
            .map(|(n, others)| (first + n * OTHERS_AT_ONCE, others))
            .collect();
        let found: Vec<Vec<Pair>> = others
            .par_iter()
            .map(|&(rank, others)| {
                if watch.stopped() {
                    Vec::new()
                } else {
                    tile((first, hubs), (rank, others), probes, known)
                }
            })
            .collect();
        pairs.extend(found.into_iter().flatten());
    }
    Ok(pairs)
}

/// The pairs of some recordings with others that come later in the order; of both the rank of the
/// first.
fn tile(
    (first, hubs): (usize, &[usize]),
    (rank, others): (usize, &[usize]),
    probes: &Probes,
    known: &Known,
) -> Vec<Pair> {
    let is_pair = |l: usize, r: usize| first + l < rank + r;
    let from_before: Vec<Vec<Option<Vec<Candidate>>>> = hubs
        .iter()
        .enumerate()
        .map(|(l, &hub)| {
            let lags = |(r, &other): (usize, &usize)| {
                is_pair(l, r).then(|| known.lags(hub, other)).flatten()
            };
            others.iter().enumerate().map(lags).collect()
        })
        .collect();
    let wanted = |l: usize, r: usize| is_pair(l, r) && from_before[l][r].is_none();
    let is_any_wanted = (0..hubs.len()).any(|l| (0..others.len()).any(|r| wanted(l, r)));
    let made = is_any_wanted.then(|| {
        let spectra = |of: &[usize]| of.iter().filter_map(|&i| probes.kept(i)).collect::<Vec<_>>();
        let (lefts, rights) = (spectra(hubs), spectra(others));
        probes.searcher.candidates_of_all(&lefts, &rights, &wanted, (CANDIDATES, Z_MIN))
    });
    let mut pairs = Vec::new();
    for (l, &hub) in hubs.iter().enumerate() {
        for (r, &other) in others.iter().enumerate() {
            let new = made.as_ref().and_then(|made| made[l][r].clone());
            if let Some(new) = &new {
                known.keep(hub, other, new);
            }
            let candidates = new.or_else(|| from_before[l][r].clone()).unwrap_or_default();
            if !candidates.is_empty() {
                pairs.push(oriented(hub, other, candidates));
            }
        }
    }
    pairs
}

/// One recording after another, longest first, with those that come after it; where time is to be
/// spared, without pairs that hang together already.
fn hub_by_hub(
    order: &[usize],
    sparing: bool,
    probes: &Probes,
    known: &Known,
    watch: &dyn Watch,
) -> Result<Vec<Pair>, Error> {
    let searcher = probes.searcher;
    let mut sure = Sure::new(order.len());
    let mut pairs = Vec::new();
    for (rank, &hub) in order.iter().enumerate() {
        if watch.stopped() {
            return Err(Error::Stopped);
        }
        watch.advanced(rank, order.len());
        let others = order[rank + 1..].iter().copied();
        let others = others.filter(|&other| !(sparing && sure.enough(hub, other)));
        let mut found: Vec<(usize, Option<Vec<Candidate>>)> =
            others.map(|other| (other, known.lags(hub, other))).collect();
        if found.iter().any(|f| f.1.is_none()) {
            let made;
            let whole = if let Some(whole) = probes.that_are_whole(hub) {
                whole
            } else {
                made = searcher.spectra(probes.heard[hub]);
                &made
            };
            found.par_iter_mut().filter(|f| f.1.is_none() && !watch.stopped()).for_each(
                |(other, candidates)| {
                    let made = probes.with(*other, |probes| {
                        searcher.candidates(whole, probes, CANDIDATES, Z_MIN)
                    });
                    known.keep(hub, *other, &made);
                    *candidates = Some(made);
                },
            );
        }
        for (other, candidates) in found {
            let candidates = candidates.unwrap_or_default();
            if is_sure(&candidates) {
                sure.join(hub, other);
            }
            if !candidates.is_empty() {
                pairs.push(oriented(hub, other, candidates));
            }
        }
    }
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

/// The probes of each recording, made when they are first asked for; those of as many as memory
/// allows are kept, shortest first, which are asked for most often.
struct Probes<'a> {
    searcher: &'a Searcher,
    heard: &'a [&'a Heard],
    kept: BTreeMap<usize, OnceLock<Spectra>>,
}

impl<'a> Probes<'a> {
    fn new(searcher: &'a Searcher, heard: &'a [&'a Heard], order: &[usize]) -> Self {
        let mut room = PROBES_BYTES_MAX;
        let mut kept = BTreeMap::new();
        for &i in order.iter().rev() {
            let blocks = searcher.blocks(heard[i].frames()).min(super::search::PROBES_MAX);
            let Some(left) = room.checked_sub(blocks * searcher.block_bytes()) else { break };
            room = left;
            kept.insert(i, OnceLock::new());
        }
        Self { searcher, heard, kept }
    }

    /// Whether all recordings have one block and the spectra of all are kept.
    fn are_all_single(&self) -> bool {
        let is_single = |i: &usize| self.searcher.blocks(self.heard[*i].frames()) == 1;
        (0..self.heard.len()).all(|i| self.kept.contains_key(&i) && is_single(&i))
    }

    /// The probes of a recording, if they are kept.
    fn kept(&self, recording: usize) -> Option<&Spectra> {
        let kept = self.kept.get(&recording)?;
        Some(kept.get_or_init(|| self.searcher.probes(self.heard[recording])))
    }

    /// The same, if they hold all of it.
    fn that_are_whole(&self, recording: usize) -> Option<&Spectra> {
        let is_whole = self.searcher.is_all_probes(self.heard[recording].frames());
        self.kept(recording).filter(|_| is_whole)
    }

    fn with<T>(&self, recording: usize, work: impl FnOnce(&Spectra) -> T) -> T {
        match self.kept(recording) {
            Some(kept) => work(kept),
            None => work(&self.searcher.probes(self.heard[recording])),
        }
    }
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
