//! One clock for an island: where each recording begins and how fast it ran.
//!
//! In: observations, pairs of moments on two recordings that were one moment, or of lengths
//! that were one length. Out: for each
//! piece an offset, for each recording a drift, and the covariance of the two.
//! Method: least squares over all observations of the island at once, reweighted by Cauchy's
//! weights (iteratively, Holland & Welsch 1977), so that a pair of recordings that heard
//! another source than the rest cannot drag them. A normal prior on drift takes the place of
//! what sound cannot tell: the common rate of an island, and the drift over a short overlap.
//! The mean offset is held, so that no recording is taken for the truth.
//! The normal equations are mostly zero, as each recording is tied to a few others, and are solved
//! so (`sparse`). Holding the mean would fill them; so one piece is held while they are solved, and
//! its place taken by the mean afterwards: shifting all offsets alike changes no residual, and what
//! that does to the covariance is known without solving again ([`Clocks::sigma_s`]).
//! Cost: in each iteration, the sparse factor: 1000 recordings of ten partners take milliseconds.

mod sparse;

use sparse::Places;

/// One moment heard by two recordings. Indices are into the pieces of the island.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observation {
    pub left_piece: usize,
    pub right_piece: usize,
    /// Media time of the moment on each recording.
    pub left_s: f64,
    pub right_s: f64,
    /// The two are not moments but lengths of one stretch of time: only drift is observed.
    pub is_length: bool,
    /// Standard deviation before robust weights.
    pub sigma_s: f64,
}

/// One clock to be found.
pub(crate) struct Unknowns {
    /// For each piece, which recording (0..recordings) it belongs to.
    pub recording_of_piece: Vec<usize>,
    pub recordings: usize,
    /// First offsets of the pieces.
    pub offsets_s: Vec<f64>,
}

/// The clocks of an island.
#[derive(Clone, Debug)]
pub(crate) struct Clocks {
    pub offset_s: Vec<f64>,
    /// For each recording.
    pub drift_ppm: Vec<f64>,
    /// For each piece.
    doubt: Vec<Doubt>,
}

/// Variances and covariance of a piece's offset and its recording's drift, in seconds and parts
/// per million.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    offset: f64,
    both: f64,
    drift: f64,
}

/// Spread of the drifts of real recorders: CHiME-6 has ±30 ppm, Jiku's phones up to 266; the
/// weight of observations soon outgrows it.
const DRIFT_PRIOR_PPM: f64 = 50.0;

/// How firmly the mean offset is held; any small number does.
const GAUGE_SIGMA_S: f64 = 1e-5;

/// Residuals of so many standard deviations get half the weight (95 % efficiency under normal
/// errors, Holland & Welsch 1977).
const CAUCHY: f64 = 2.385;

const ITERATIONS: usize = 25;

/// What is not as usual; nothing by default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    /// Observations that are never taken for outliers, by index.
    pub firm: Vec<usize>,
    /// The pieces whose mean offset is held, so that sigma is counted from them; none: all.
    pub zero: Vec<usize>,
}

/// `None` when the equations have no single answer, which ties that connect all pieces rule
/// out.
pub(crate) fn solve(unknowns: &Unknowns, observations: &[Observation]) -> Option<Clocks> {
    solve_with(unknowns, observations, &Terms::default())
}

/// As [`solve`], under special terms.
pub(crate) fn solve_with(
    unknowns: &Unknowns,
    observations: &[Observation],
    terms: &Terms,
) -> Option<Clocks> {
    let pieces = unknowns.offsets_s.len();
    let all: Vec<usize> = (0..pieces).collect();
    let zero = if terms.zero.is_empty() { &all } else { &terms.zero };
    if !hang_together(pieces, observations) {
        return None;
    }
    let (places, entries) = places(unknowns, observations);
    let mut offset_s = unknowns.offsets_s.clone();
    let mut drift_ppm = vec![0.0; unknowns.recordings];
    let mut weights = vec![1.0; observations.len()];
    let mut factor = None;
    for _ in 0..ITERATIONS {
        let weighted: Vec<Weighted> = observations
            .iter()
            .zip(&weights)
            .zip(&entries)
            .map(|((o, weight), entries)| Weighted {
                observation: o,
                entries,
                weight: weight / (o.sigma_s * o.sigma_s),
                residual_s: residual(unknowns, o, &offset_s, &drift_ppm),
            })
            .collect();
        let (normal, rhs) = equations(unknowns, &places, &weighted, &drift_ppm, zero[0]);
        let factored = normal.factor()?;
        let mut step = factored.solve(&rhs);
        let mean = zero.iter().map(|k| step[*k]).sum::<f64>() / zero.len() as f64;
        step[..pieces].iter_mut().for_each(|s| *s -= mean);
        offset_s.iter_mut().zip(&step).for_each(|(o, s)| *o += s);
        drift_ppm.iter_mut().zip(&step[pieces..]).for_each(|(d, s)| *d += s);
        for (o, weight) in observations.iter().zip(&mut weights) {
            let u = residual(unknowns, o, &offset_s, &drift_ppm) / o.sigma_s / CAUCHY;
            *weight = 1.0 / (1.0 + u * u);
        }
        for firm in &terms.firm {
            weights[*firm] = 1.0;
        }
        factor = Some(factored);
        if step.iter().all(|s| s.abs() < 1e-9) {
            break;
        }
    }
    let doubt = doubt(unknowns, factor?, zero);
    Some(Clocks { offset_s, drift_ppm, doubt })
}

/// An observation in one iteration.
struct Weighted<'a> {
    observation: &'a Observation,
    /// Where its products go.
    entries: &'a [usize; 10],
    weight: f64,
    residual_s: f64,
}

/// The normal equations, with the prior on drift, and with one piece held.
fn equations<'a>(
    unknowns: &Unknowns,
    places: &'a Places,
    observations: &[Weighted],
    drift_ppm: &[f64],
    held: usize,
) -> (sparse::Lower<'a>, Vec<f64>) {
    let pieces = unknowns.offsets_s.len();
    let diagonal = |i: usize| places.find(i, i).expect("the diagonal is among the places");
    let mut normal = places.zeros();
    let mut rhs = vec![0.0; pieces + unknowns.recordings];
    let mut of_held = 0.0;
    for o in observations {
        let row = row(unknowns, o.observation);
        for &(i, a) in &row {
            rhs[i] -= o.weight * a * o.residual_s;
        }
        for (&(p, q), at) in PRODUCTS.iter().zip(o.entries) {
            let ((i, a), (j, b)) = (row[p], row[q]);
            // What is added at (i, j) is added at (j, i) as well, unless that is one place.
            let twice = if p != q && i == j { 2.0 } else { 1.0 };
            normal.values[*at] += twice * o.weight * a * b;
        }
        let touches = [o.observation.left_piece, o.observation.right_piece].contains(&held);
        of_held += if touches && !o.observation.is_length { o.weight } else { 0.0 };
    }
    // Any weight holds it: the sum of the equations of all offsets is zero.
    normal.values[diagonal(held)] += of_held;
    for (k, drift) in drift_ppm.iter().enumerate() {
        let weight = 1.0 / (DRIFT_PRIOR_PPM * DRIFT_PRIOR_PPM);
        normal.values[diagonal(pieces + k)] += weight;
        rhs[pieces + k] -= weight * drift;
    }
    (normal, rhs)
}

/// Whether moments tie all pieces to one another. Lengths do not: they place nothing.
fn hang_together(pieces: usize, observations: &[Observation]) -> bool {
    let mut root: Vec<usize> = (0..pieces).collect();
    let find = |root: &mut [usize], mut piece: usize| {
        while root[piece] != piece {
            root[piece] = root[root[piece]];
            piece = root[piece];
        }
        piece
    };
    let mut parts = pieces;
    for o in observations.iter().filter(|o| !o.is_length) {
        let (a, b) = (find(&mut root, o.left_piece), find(&mut root, o.right_piece));
        if a != b {
            root[a.max(b)] = a.min(b);
            parts -= 1;
        }
    }
    parts == 1
}

/// The products of an observation's four derivatives, by which it enters the normal equations.
const PRODUCTS: [(usize, usize); 10] =
    [(0, 0), (0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3)];

/// Where the normal equations may be other than zero, and where among these the products of each
/// observation go.
fn places(unknowns: &Unknowns, observations: &[Observation]) -> (Places, Vec<[usize; 10]>) {
    let pieces = unknowns.offsets_s.len();
    let own = unknowns.recording_of_piece.iter().enumerate();
    let own = own.map(|(piece, recording)| (piece, pieces + recording));
    let touched = |o: &Observation| {
        let row = row(unknowns, o);
        PRODUCTS.map(|(p, q)| (row[p].0, row[q].0))
    };
    let order = pieces + unknowns.recordings;
    let places = Places::new(order, own.chain(observations.iter().flat_map(touched)));
    let find = |(i, j)| places.find(i, j).expect("a place was made for each product");
    let entries = observations.iter().map(|o| touched(o).map(find)).collect();
    (places, entries)
}

/// The covariance with the mean offset of the pieces at `zero` held, from that with the first of
/// them held: what is taken from every offset is the mean of theirs, and what all offsets share is
/// known only as firmly as the mean is held.
fn doubt(unknowns: &Unknowns, factor: sparse::Factor<'_>, zero: &[usize]) -> Vec<Doubt> {
    let pieces = unknowns.offsets_s.len();
    let mut mean = vec![0.0; pieces + unknowns.recordings];
    for k in zero {
        mean[*k] += 1.0 / zero.len() as f64;
    }
    // Covariance of each unknown with the mean, and the variance of that.
    let with_mean = factor.solve(&mean);
    let of_mean: f64 = mean.iter().zip(&with_mean).map(|(m, w)| m * w).sum();
    let inverse = factor.inverse();
    let doubt = |(piece, recording): (usize, &usize)| {
        let drift = pieces + recording;
        Doubt {
            offset: inverse.at(piece, piece) - 2.0 * with_mean[piece]
                + of_mean
                + GAUGE_SIGMA_S * GAUGE_SIGMA_S,
            both: inverse.at(piece, drift) - with_mean[drift],
            drift: inverse.at(drift, drift),
        }
    };
    unknowns.recording_of_piece.iter().enumerate().map(doubt).collect()
}

impl Clocks {
    /// One standard deviation of the case time of a moment of a piece, as far as the
    /// observations' own errors go.
    pub fn sigma_s(&self, piece: usize, media_s: f64) -> f64 {
        let Doubt { offset, both, drift } = self.doubt[piece];
        let lever = media_s * 1e-6;
        let variance = offset + 2.0 * lever * both + lever * lever * drift;
        variance.max(0.0).sqrt()
    }
}

/// `case(left) − case(right)` at the observed moment, or the difference in case time of the
/// observed lengths; zero if the clocks were perfect.
pub(crate) fn residual(u: &Unknowns, o: &Observation, offset_s: &[f64], drift_ppm: &[f64]) -> f64 {
    let case = |piece: usize, media_s: f64| {
        let drift = drift_ppm[u.recording_of_piece[piece]];
        let offset_s = if o.is_length { 0.0 } else { offset_s[piece] };
        offset_s + media_s + media_s * drift * 1e-6
    };
    case(o.left_piece, o.left_s) - case(o.right_piece, o.right_s)
}

/// The four unknowns an observation touches and its derivative by each.
fn row(u: &Unknowns, o: &Observation) -> [(usize, f64); 4] {
    let pieces = u.offsets_s.len();
    let by_offset = if o.is_length { 0.0 } else { 1.0 };
    [
        (o.left_piece, by_offset),
        (o.right_piece, -by_offset),
        (pieces + u.recording_of_piece[o.left_piece], o.left_s * 1e-6),
        (pieces + u.recording_of_piece[o.right_piece], -o.right_s * 1e-6),
    ]
}

#[cfg(test)]
mod oracle;
