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
//! Cost: a Cholesky factor of (pieces + recordings)² / 2 numbers for each iteration.

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
    covariance: Vec<f64>,
    order: usize,
    pieces: usize,
    recording_of_piece: Vec<usize>,
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
    let order = pieces + unknowns.recordings;
    let mut offset_s = unknowns.offsets_s.clone();
    let mut drift_ppm = vec![0.0; unknowns.recordings];
    let mut weights = vec![1.0; observations.len()];
    let mut inverse = Vec::new();
    let all: Vec<usize> = (0..pieces).collect();
    for _ in 0..ITERATIONS {
        let mut normal = vec![0.0; order * order];
        let mut rhs = vec![0.0; order];
        for (o, weight) in observations.iter().zip(&weights) {
            let w = weight / (o.sigma_s * o.sigma_s);
            let row = row(unknowns, o);
            let residual = residual(unknowns, o, &offset_s, &drift_ppm);
            for &(i, a) in &row {
                rhs[i] -= w * a * residual;
                for &(j, b) in &row {
                    normal[i * order + j] += w * a * b;
                }
            }
        }
        hold_mean(&mut normal, order, if terms.zero.is_empty() { &all } else { &terms.zero });
        for (k, drift) in drift_ppm.iter().enumerate() {
            let w = 1.0 / (DRIFT_PRIOR_PPM * DRIFT_PRIOR_PPM);
            normal[(pieces + k) * order + pieces + k] += w;
            rhs[pieces + k] -= w * drift;
        }
        let factor = cholesky(normal, order)?;
        let step = substitute(&factor, order, &rhs);
        offset_s.iter_mut().zip(&step).for_each(|(o, s)| *o += s);
        drift_ppm.iter_mut().zip(&step[pieces..]).for_each(|(d, s)| *d += s);
        for (o, weight) in observations.iter().zip(&mut weights) {
            let u = residual(unknowns, o, &offset_s, &drift_ppm) / o.sigma_s / CAUCHY;
            *weight = 1.0 / (1.0 + u * u);
        }
        for firm in &terms.firm {
            weights[*firm] = 1.0;
        }
        inverse = factor;
        if step.iter().all(|s| s.abs() < 1e-9) {
            break;
        }
    }
    let covariance = covariance(&inverse, order);
    let recording_of_piece = unknowns.recording_of_piece.clone();
    Some(Clocks { offset_s, drift_ppm, covariance, order, pieces, recording_of_piece })
}

/// Holds the mean offset of these pieces.
fn hold_mean(normal: &mut [f64], order: usize, held: &[usize]) {
    let gauge = 1.0 / (GAUGE_SIGMA_S * GAUGE_SIGMA_S * (held.len() * held.len()) as f64);
    for i in held {
        for j in held {
            normal[i * order + j] += gauge;
        }
    }
}

impl Clocks {
    /// One standard deviation of the case time of a moment of a piece, as far as the
    /// observations' own errors go.
    pub fn sigma_s(&self, piece: usize, media_s: f64) -> f64 {
        let drift = self.pieces + self.recording_of_piece[piece];
        let at = |i: usize, j: usize| self.covariance[i * self.order + j];
        let lever = media_s * 1e-6;
        let variance =
            at(piece, piece) + 2.0 * lever * at(piece, drift) + lever * lever * at(drift, drift);
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

/// Lower triangular factor; `None` unless positive definite.
fn cholesky(mut a: Vec<f64>, n: usize) -> Option<Vec<f64>> {
    for j in 0..n {
        for k in 0..j {
            let factor = a[j * n + k];
            if factor != 0.0 {
                for i in j..n {
                    a[i * n + j] -= a[i * n + k] * factor;
                }
            }
        }
        let pivot = a[j * n + j];
        if pivot.is_nan() || pivot <= 0.0 {
            return None;
        }
        let root = pivot.sqrt();
        for i in j..n {
            a[i * n + j] /= root;
        }
    }
    Some(a)
}

/// Solves `L Lᵀ x = b`.
fn substitute(l: &[f64], n: usize, b: &[f64]) -> Vec<f64> {
    let mut x = b.to_vec();
    for i in 0..n {
        for k in 0..i {
            x[i] -= l[i * n + k] * x[k];
        }
        x[i] /= l[i * n + i];
    }
    for i in (0..n).rev() {
        for k in i + 1..n {
            x[i] -= l[k * n + i] * x[k];
        }
        x[i] /= l[i * n + i];
    }
    x
}

fn covariance(l: &[f64], n: usize) -> Vec<f64> {
    let mut covariance = vec![0.0; n * n];
    let mut unit = vec![0.0; n];
    for j in 0..n {
        unit.fill(0.0);
        unit[j] = 1.0;
        for (i, value) in substitute(l, n, &unit).into_iter().enumerate() {
            covariance[i * n + j] = value;
        }
    }
    covariance
}

#[cfg(test)]
mod oracle;
