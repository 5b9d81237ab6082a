//! The clocks of one island, from the waveforms of its best pairs.
//!
//! In: an island's pieces with first offsets, its pairs, the recordings' sound. Out: pieces
//! with offset, drift and sigma; the ties they rest on.
//! Method: a spanning set of pairs and the strongest few of each recording are looked at
//! closely (`tie::refine`); their agreeing windows are the observations of one least-squares
//! problem (`least_squares`). Sigma is the error of that solution, as it grows away from where
//! sound was shared, with the standard error of what the ties of the recording say of its place
//! (they hear different sources, from different distances: sound's way is common to all windows of
//! a tie, so it does not average out over windows but over ties), and never below a floor.

use rayon::prelude::*;

use super::hand::Given;
use super::least_squares::{self, Observation, Unknowns};
use super::pieces::Piece;
use super::weigh::{Weighed, weigh};
use crate::findings::{Findings, Two};
use crate::tie::gcc_phat::GccPhat;
use crate::tie::pairs::Pair;
use crate::tie::refine::{self, Claim, Look};
use crate::tie::search::Candidate;
use crate::{Error, Recording, Watch};

/// A piece on the clock of its island.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    pub piece: Piece,
    pub offset_s: f64,
    pub drift_ppm: f64,
    pub sigma_s: f64,
    /// The part of `sigma_s` that the contradiction of the island's ties is.
    pub contradiction_s: f64,
}

/// A pair of pieces that was looked at.
#[derive(Clone, Debug)]
pub(crate) struct Looked {
    pub left_piece: usize,
    pub right_piece: usize,
    /// Index into the pairs, and the strength of the candidate.
    pub pair: usize,
    pub z: f64,
    pub claim: Claim,
    pub look: Option<Look>,
    /// Mean residual against the solution, seconds.
    pub residual_s: f64,
    /// Whether it was left out, because what is locked contradicts it.
    pub is_overruled: bool,
}

/// Pairs looked at for each recording, besides the spanning ones: with more the answer moves
/// by less than its sigma.
const PARTNERS: usize = 4;

/// A candidate must lie this near to where the island puts the pair.
const NEAR_S: f64 = 0.3;

/// … and be at least so strong beside the strongest there.
const NEAR_SHARE_MIN: f64 = 0.4;

/// Overlaps below this tell nothing.
const OVERLAP_S_MIN: f64 = 0.5;

/// Error of one window's lag against the tie's line: sources move, rooms ring.
const WINDOW_SIGMA_S: f64 = 0.003;

/// Windows of one tie share their bias: together they count no more than this many, where they
/// heard one source that stood still …
const WINDOWS_INDEPENDENT: f64 = 12.0;

/// … and where sources or recorders moved or took turns, which passes for drift.
const WINDOWS_INDEPENDENT_MOVING: f64 = 1.5;

/// Error of a lag that only the band energies vouch for.
pub(crate) const BANDS_SIGMA_S: f64 = 0.012;

/// A look this far above chance, or with this share of windows agreeing, is believed to the
/// millisecond.
const LOOK_Z_MIN: f64 = 5.0;
const LOOK_SHARE_MIN: f64 = 0.25;

/// Two recorders a metre apart hear the nearest source 3 ms apart: no sigma goes below the
/// third of it.
pub(crate) const SIGMA_FLOOR_S: f64 = 0.001;

/// Usual contradiction between ties, and for how many ties' worth of evidence it counts: two
/// recorders whose nearest sources differ by a metre.
const TIE_BIAS_USUAL_S: f64 = 0.003;
const TIE_BIAS_WEIGHT: f64 = 3.0;

/// Sources lie any way from two recorders: by how much sooner one of them hears is anything up to the
/// time that sound needs between them, so its spread is this share of that.
const UNIFORM: f64 = 0.577;

/// A look whose lag is so far from what the others agree on did not hear the sound on its direct
/// way: 14 m of detour.
const ECHO_FROM_S: f64 = 0.04;

/// A tie that ends up this far from the solution is not what the solution rests on.
pub(crate) const REJECTED_FROM_S: f64 = 0.1;

/// The clocks of an island and what they rest on.
pub(crate) struct Solved {
    pub placed: Vec<Placed>,
    pub looked: Vec<Looked>,
    /// For each relation given, how far it is from the solution, seconds.
    pub residuals_s: Vec<f64>,
}

/// Both recordings of each relation given must be among the pieces; `seen` are moments seen by
/// two, with the number of the bond they are of.
pub(crate) fn solve(
    recordings: &[&Recording],
    pieces: &[Piece],
    pairs: &[&Pair],
    given: &[Given],
    seen: &[(usize, Observation)],
    (findings, watch): (&Findings, &dyn Watch),
) -> Result<Solved, Error> {
    let mut looked = chosen(pieces, pairs);
    let results: Vec<std::io::Result<Option<Look>>> = looked
        .par_iter()
        .map_init(GccPhat::new, |gcc, l| {
            if watch.stopped() {
                return Ok(None);
            }
            let (left, right) = (pieces[l.left_piece].recording, pieces[l.right_piece].recording);
            let (left, right) = (recordings[left], recordings[right]);
            let look = || refine::look(gcc, left.sound, right.sound, &l.claim);
            findings.look(Two::of(left, right), &l.claim, look)
        })
        .collect();
    if watch.stopped() {
        return Err(Error::Stopped);
    }
    for (l, result) in looked.iter_mut().zip(results) {
        l.look = result.map_err(|source| Error::Sound { source })?;
    }
    let unknowns = unknowns(pieces);
    // What was seen comes after the looks.
    let seen = seen.iter().map(|(bond, o)| (looked.len() + bond, *o));
    let observations: Vec<(usize, Observation)> =
        looked.iter().enumerate().flat_map(|(k, l)| observe(k, l)).chain(seen).collect();
    let Some(mut weighed) = weigh(&unknowns, pieces, &observations, given) else {
        return Err(Error::Unsolved);
    };
    judge(&mut looked, &unknowns, &observations, &weighed);
    let echoes = echoes(&looked, pieces.len());
    if !echoes.is_empty() {
        let heeded: Vec<(usize, Observation)> =
            observations.iter().filter(|o| !echoes.contains(&o.0)).copied().collect();
        if let Some(without) = weigh(&unknowns, pieces, &heeded, given) {
            weighed = without;
            judge(&mut looked, &unknowns, &observations, &weighed);
        }
    }
    let clocks = weighed.clocks;
    let usual_s = |l: &Looked| usual_s(l, pieces, recordings);
    let contradictions_s = contradictions_s(&looked, pieces.len(), &usual_s);
    let placed = pieces
        .iter()
        .enumerate()
        .map(|(k, piece)| {
            let own = clocks.sigma_s(k, piece.start_s).max(clocks.sigma_s(k, piece.end_s));
            Placed {
                piece: *piece,
                offset_s: clocks.offset_s[k],
                drift_ppm: clocks.drift_ppm[unknowns.recording_of_piece[k]],
                sigma_s: own
                    .hypot(contradictions_s[k])
                    .hypot(SIGMA_FLOOR_S)
                    .hypot(weighed.held_s[k]),
                contradiction_s: contradictions_s[k],
            }
        })
        .collect();
    Ok(Solved { placed, looked, residuals_s: weighed.residuals_s })
}

/// How far each look is from the solution.
fn judge(
    looked: &mut [Looked],
    unknowns: &Unknowns,
    observations: &[(usize, Observation)],
    weighed: &Weighed,
) {
    let clocks = &weighed.clocks;
    for (k, l) in looked.iter_mut().enumerate() {
        let residuals: Vec<f64> = observations
            .iter()
            .filter(|o| o.0 == k && !o.1.is_length)
            .map(|o| least_squares::residual(unknowns, &o.1, &clocks.offset_s, &clocks.drift_ppm))
            .collect();
        l.residual_s = residuals.iter().sum::<f64>() / residuals.len().max(1) as f64;
        l.is_overruled = weighed.overruled.contains(&k);
    }
}

/// Looks so far from the solution that they heard an echo, a loudspeaker or a telephone: the
/// worst first, as long as the pieces hang together without them.
fn echoes(looked: &[Looked], pieces: usize) -> Vec<usize> {
    let mut far: Vec<usize> =
        (0..looked.len()).filter(|&k| looked[k].residual_s.abs() > ECHO_FROM_S).collect();
    far.sort_by(|&a, &b| {
        looked[b].residual_s.abs().total_cmp(&looked[a].residual_s.abs()).then(a.cmp(&b))
    });
    let parts = |gone: &[usize]| {
        let mut root: Vec<usize> = (0..pieces).collect();
        for (k, l) in looked.iter().enumerate() {
            if !gone.contains(&k) {
                let (a, b) = (find(&root, l.left_piece), find(&root, l.right_piece));
                root[a.max(b)] = a.min(b);
            }
        }
        (0..pieces).filter(|&i| root[i] == i).count()
    };
    let whole = parts(&[]);
    let mut echoes = Vec::new();
    for k in far {
        echoes.push(k);
        if parts(&echoes) > whole {
            echoes.pop();
        }
    }
    echoes
}

/// The pairs of pieces to look at: two spanning forests by strength, and the strongest few of
/// each piece.
fn chosen(pieces: &[Piece], pairs: &[&Pair]) -> Vec<Looked> {
    let mut all: Vec<Looked> = Vec::new();
    for (index, pair) in pairs.iter().enumerate() {
        for (left_piece, a) in pieces.iter().enumerate().filter(|p| p.1.recording == pair.left) {
            for (right_piece, b) in
                pieces.iter().enumerate().filter(|p| p.1.recording == pair.right)
            {
                let expected_s = b.offset_s - a.offset_s;
                let Some(c) = nearest(&pair.candidates, expected_s) else { continue };
                let claim = Claim {
                    lag_s: c.lag_s,
                    at_right_s: c.at_right_s,
                    drift_ppm: c.drift_ppm,
                    right_start_s: b.start_s.max(a.start_s - c.lag_s),
                    right_end_s: b.end_s.min(a.end_s - c.lag_s),
                };
                if claim.right_end_s - claim.right_start_s >= OVERLAP_S_MIN {
                    all.push(Looked {
                        left_piece,
                        right_piece,
                        pair: index,
                        z: c.z,
                        claim,
                        look: None,
                        residual_s: 0.0,
                        is_overruled: false,
                    });
                }
            }
        }
    }
    all.sort_by(|a, b| {
        b.z.total_cmp(&a.z).then((a.left_piece, a.right_piece).cmp(&(b.left_piece, b.right_piece)))
    });
    // Two forests, the second without the pairs of the first: what hangs on one pair of these
    // hangs on one pair of all (Nagamochi and Ibaraki 1992).
    let mut forests: [Vec<usize>; 2] = std::array::from_fn(|_| (0..pieces.len()).collect());
    let mut degree = vec![0; pieces.len()];
    all.retain(|l| {
        let joined = forests.iter_mut().any(|root| join(root, l.left_piece, l.right_piece));
        let wanted = joined || degree[l.left_piece] < PARTNERS || degree[l.right_piece] < PARTNERS;
        if wanted {
            degree[l.left_piece] += 1;
            degree[l.right_piece] += 1;
        }
        wanted
    });
    all
}

/// The candidate at that lag: on either side of a short pause two are near.
fn nearest(candidates: &[Candidate], lag_s: f64) -> Option<&Candidate> {
    // As it is where right begins, which over hours is not where it was seen.
    let off_s = |c: &Candidate| (c.lag_s - c.at_right_s * c.drift_ppm * 1e-6 - lag_s).abs();
    let near = || candidates.iter().filter(|c| off_s(c) <= NEAR_S);
    let strongest = near().map(|c| c.z).fold(0.0, f64::max);
    near()
        .filter(|c| c.z >= NEAR_SHARE_MIN * strongest)
        .min_by(|a, b| off_s(a).total_cmp(&off_s(b)))
}

/// Joins the trees of two pieces; false if they are one tree already.
fn join(root: &mut [usize], left: usize, right: usize) -> bool {
    let (a, b) = (find(root, left), find(root, right));
    root[a.max(b)] = a.min(b);
    a != b
}

fn find(root: &[usize], mut i: usize) -> usize {
    while root[i] != i {
        i = root[i];
    }
    i
}

fn unknowns(pieces: &[Piece]) -> Unknowns {
    let mut recordings: Vec<usize> = pieces.iter().map(|p| p.recording).collect();
    recordings.sort_unstable();
    recordings.dedup();
    let rank = |r: usize| recordings.binary_search(&r).unwrap_or(0);
    Unknowns {
        recording_of_piece: pieces.iter().map(|p| rank(p.recording)).collect(),
        recordings: recordings.len(),
        offsets_s: pieces.iter().map(|p| p.offset_s).collect(),
    }
}

impl Looked {
    /// Whether the solution rests on it.
    pub fn is_accepted(&self) -> bool {
        !self.is_overruled && self.residual_s.abs() < REJECTED_FROM_S
    }

    /// Whether the waveforms confirm the claim.
    pub fn confirmed(&self) -> bool {
        self.look.as_ref().is_some_and(|look| {
            let agree = look.windows.iter().filter(|w| w.agrees()).count();
            agree >= look.windows.len().min(2)
                && (look.z >= LOOK_Z_MIN
                    || agree as f64 >= LOOK_SHARE_MIN * look.windows.len() as f64)
        })
    }
}

fn observe(index: usize, l: &Looked) -> Vec<(usize, Observation)> {
    let observation = |right_s: f64, lag_s: f64, sigma_s: f64| {
        let left_s = right_s + lag_s;
        let (left_piece, right_piece) = (l.left_piece, l.right_piece);
        let is_length = false;
        (index, Observation { left_piece, right_piece, left_s, right_s, is_length, sigma_s })
    };
    let Some(look) = l.look.as_ref().filter(|_| l.confirmed()) else {
        let middle_s = f64::midpoint(l.claim.right_start_s, l.claim.right_end_s);
        let lag_s = l.claim.lag_s + (middle_s - l.claim.at_right_s) * l.claim.drift_ppm * 1e-6;
        return vec![observation(middle_s, lag_s, BANDS_SIGMA_S)];
    };
    let agreeing: Vec<_> = look.windows.iter().filter(|w| w.agrees()).collect();
    let independent = match look.drift_sigma_ppm {
        Some(_) => WINDOWS_INDEPENDENT,
        None => WINDOWS_INDEPENDENT_MOVING,
    };
    let told_twice = (agreeing.len() as f64 / independent).max(1.0).sqrt();
    let sigma_s = WINDOW_SIGMA_S * told_twice * student(agreeing.len());
    let mut observed: Vec<_> =
        agreeing.iter().map(|w| observation(w.right_s, w.lag_s, sigma_s)).collect();
    if let Some(sigma_ppm) = look.drift_sigma_ppm {
        // Lags of one source share what is unknown of its way; how they grow does not know it.
        let right_s = l.claim.right_end_s - l.claim.right_start_s;
        let left_s = right_s * (1.0 + look.drift_ppm * 1e-6);
        let sigma_s = right_s * sigma_ppm.hypot(CLOCK_WANDERS_PPM) * 1e-6;
        let (left_piece, right_piece) = (l.left_piece, l.right_piece);
        let is_length = true;
        observed.push((
            index,
            Observation { left_piece, right_piece, left_s, right_s, is_length, sigma_s },
        ));
    }
    observed
}

/// A recorder's rate changes by this much with its temperature.
const CLOCK_WANDERS_PPM: f64 = 0.5;

/// For each piece the standard error of where its ties put it: by how much they contradict the
/// solution, over the root of how many they are. Each hears its own mix of sources, each from its
/// own distance. Residuals are smaller than errors by what the solution gave way to them; where
/// there are few ties, or no more than clocks and nothing can contradict, what is usual of them
/// counts.
fn contradictions_s(
    looked: &[Looked],
    pieces: usize,
    usual_s: &dyn Fn(&Looked) -> f64,
) -> Vec<f64> {
    let accepted: Vec<&Looked> = looked.iter().filter(|l| l.is_accepted()).collect();
    let ties = accepted.len().max(1) as f64;
    let spare = (accepted.len() + 1).saturating_sub(pieces) as f64 / ties;
    (0..pieces)
        .map(|k| {
            let own = || accepted.iter().filter(|l| l.left_piece == k || l.right_piece == k);
            let count = own().count() as f64;
            let squares: f64 = own().map(|l| l.residual_s.powi(2)).sum();
            let usual: f64 = own().map(|l| usual_s(l).powi(2)).sum();
            let usual = if count == 0.0 { TIE_BIAS_USUAL_S.powi(2) } else { usual / count };
            let variance = (TIE_BIAS_WEIGHT * usual + squares) / (TIE_BIAS_WEIGHT + spare * count);
            (variance / f64::max(count, 1.0)).sqrt()
        })
        .collect()
}

/// What ties usually contradict one another by; less, where both recorders stood so near that no
/// sound can have reached one of them so much sooner. That they stood far apart makes nobody
/// surer and nobody less sure: case time is when sound was heard.
fn usual_s(l: &Looked, pieces: &[Piece], recordings: &[&Recording]) -> f64 {
    let stood = |piece: usize| recordings[pieces[piece].recording].stood;
    let sooner_s = stood(l.left_piece).zip(stood(l.right_piece)).map(|(a, b)| a.sooner_s(&b));
    sooner_s.map_or(TIE_BIAS_USUAL_S, |sooner_s| TIE_BIAS_USUAL_S.min(UNIFORM * sooner_s))
}

/// By how much a sigma grows that rests on so few windows that it is hardly known itself: Student's
/// distribution at two standard deviations, expanded about the normal (Abramowitz & Stegun 26.7.5).
fn student(windows: usize) -> f64 {
    let n = windows.max(1) as f64;
    1.0 + 1.25 / n + 1.53 / (n * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_windows_are_doubted_as_student_says() {
        // Quantiles at 97.725 % of Student's distribution, over two.
        for (windows, factor) in [(3, 1.654), (5, 1.325), (10, 1.140), (30, 1.043)] {
            assert!((student(windows) - factor).abs() < 0.07, "{windows}: {}", student(windows));
        }
    }
}
