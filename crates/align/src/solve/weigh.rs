//! One solution of what was heard and what is given.
//!
//! In: the observations of an island's looks and the relations given for its recordings. Out:
//! its clocks, which looks were overruled, and how far each given relation is from the solution.
//! Method: least squares as without (`least_squares`), what is given being one more observation
//! with its own sigma, to be taken for an outlier like any other. A lock is no such observation:
//! the relation is held, not weighed. The recording it places is first put where it was said to
//! lie, its sound hardly heeded; its looks that do not fit there are then left out, and all is
//! solved again. What it would have moved without being held is part of its doubt.
//! Sigma is counted from the recordings that sound holds together: one that was placed to a
//! second by hand does not make the others doubtful.
//! Cost: that of least squares; three times where something is locked.

use super::hand::{Given, SIGMAS};
use super::least_squares::{self, Clocks, Observation, Terms, Unknowns};
use super::pieces::Piece;

/// The clocks of an island, and what they were found against.
pub(crate) struct Weighed {
    pub clocks: Clocks,
    /// For each piece, by how much a lock holds it away from where sound would have it, seconds.
    pub held_s: Vec<f64>,
    /// Looks, by index, that a lock overruled.
    pub overruled: Vec<usize>,
    /// For each relation given, `said − solution` of right against left, seconds.
    pub residuals_s: Vec<f64>,
}

/// How exactly a lock is held.
const HELD_S: f64 = 1e-5;

/// By how much less the sound of a locked recording counts while it is put in its place.
const FAINT: f64 = 1e3;

/// A look is as good as this: each recorder hears its own mix of sources (see `clock`).
const LOOK_SIGMA_S: f64 = 0.01;

/// `None` when the equations have no single answer.
pub(crate) fn weigh(
    unknowns: &Unknowns,
    pieces: &[Piece],
    heard: &[(usize, Observation)],
    given: &[Given],
) -> Option<Weighed> {
    let only: Vec<Observation> = heard.iter().map(|o| o.1).collect();
    if given.is_empty() {
        let clocks = least_squares::solve(unknowns, &only)?;
        let held_s = vec![0.0; pieces.len()];
        return Some(Weighed { clocks, held_s, overruled: Vec::new(), residuals_s: Vec::new() });
    }
    let told: Vec<Observation> = given.iter().map(|g| observation(g, pieces)).collect();
    let zero = held_by_sound(pieces.len(), &only);
    let locked: Vec<usize> = (0..given.len()).filter(|&k| given[k].is_locked).collect();
    let solve = |heard: Vec<Observation>, locked_sigma_s: Option<f64>| {
        let firm = locked.iter().map(|k| heard.len() + k).collect();
        let mut observations = heard;
        observations.extend(told.iter().zip(given).map(|(o, g)| Observation {
            sigma_s: locked_sigma_s.filter(|_| g.is_locked).unwrap_or(o.sigma_s),
            ..*o
        }));
        let terms = Terms { firm, zero: zero.clone() };
        least_squares::solve_with(unknowns, &observations, &terms)
    };
    let (clocks, held_s, overruled) = if locked.is_empty() {
        (solve(only, None)?, vec![0.0; pieces.len()], Vec::new())
    } else {
        let is_subject =
            |piece: usize| given.iter().any(|g| g.is_locked && g.right == pieces[piece].recording);
        let touches = |o: &Observation| is_subject(o.left_piece) || is_subject(o.right_piece);
        let faint = only.iter().map(|o| Observation {
            sigma_s: if touches(o) { FAINT * o.sigma_s } else { o.sigma_s },
            ..*o
        });
        let put = solve(faint.collect(), Some(HELD_S))?;
        let sigma_s = given.iter().filter(|g| g.is_locked).map(|g| g.sigma_s).fold(0.0, f64::max);
        let against = |limit_s: f64| misfits(unknowns, heard, &put, limit_s, &touches);
        let without = |gone: &[usize]| -> Vec<Observation> {
            heard.iter().filter(|o| !gone.contains(&o.0)).map(|o| o.1).collect()
        };
        let overruled = against(SIGMAS * LOOK_SIGMA_S);
        let held = solve(without(&overruled), Some(HELD_S)).unwrap_or_else(|| put.clone());
        let free = without(&against(SIGMAS * LOOK_SIGMA_S.hypot(sigma_s)));
        let free = solve(free, None).unwrap_or(put);
        let moved = held.offset_s.iter().zip(&free.offset_s).map(|(a, b)| (a - b).abs());
        let held_s = moved.collect();
        let mut clocks = free;
        (clocks.offset_s, clocks.drift_ppm) = (held.offset_s, held.drift_ppm);
        (clocks, held_s, overruled)
    };
    let residual = |o| least_squares::residual(unknowns, o, &clocks.offset_s, &clocks.drift_ppm);
    let residuals_s = told.iter().map(residual).collect();
    Some(Weighed { clocks, held_s, overruled, residuals_s })
}

/// The looks at locked recordings that do not fit the solution.
fn misfits(
    unknowns: &Unknowns,
    heard: &[(usize, Observation)],
    clocks: &Clocks,
    limit_s: f64,
    touches: &dyn Fn(&Observation) -> bool,
) -> Vec<usize> {
    let mut of_look: std::collections::BTreeMap<usize, (f64, f64)> =
        std::collections::BTreeMap::new();
    for (look, o) in heard.iter().filter(|o| !o.1.is_length && touches(&o.1)) {
        let sum = of_look.entry(*look).or_default();
        sum.0 += least_squares::residual(unknowns, o, &clocks.offset_s, &clocks.drift_ppm);
        sum.1 += 1.0;
    }
    let misfits = of_look.into_iter().filter(|(_, (sum, count))| (sum / count).abs() > limit_s);
    misfits.map(|(look, _)| look).collect()
}

fn observation(given: &Given, pieces: &[Piece]) -> Observation {
    Observation {
        left_piece: piece_at(pieces, given.left, given.left_s),
        right_piece: piece_at(pieces, given.right, given.right_s),
        left_s: given.left_s,
        right_s: given.right_s,
        is_length: false,
        sigma_s: given.sigma_s,
    }
}

/// The piece of a recording that holds a moment, or the nearest.
fn piece_at(pieces: &[Piece], recording: usize, media_s: f64) -> usize {
    let away_s = |p: &Piece| (p.start_s - media_s).max(media_s - p.end_s).max(0.0);
    (0..pieces.len())
        .filter(|&k| pieces[k].recording == recording)
        .min_by(|&a, &b| away_s(&pieces[a]).total_cmp(&away_s(&pieces[b])))
        .expect("a relation is given only to islands that hold both recordings")
}

/// The most pieces that hang together by what was heard.
fn held_by_sound(pieces: usize, heard: &[Observation]) -> Vec<usize> {
    let mut of: Vec<usize> = (0..pieces).collect();
    for o in heard {
        let (a, b) = (of[o.left_piece], of[o.right_piece]);
        if a != b {
            of.iter_mut().filter(|root| **root == a.max(b)).for_each(|root| *root = a.min(b));
        }
    }
    let size = |root: usize| of.iter().filter(|r| **r == root).count();
    let largest = (0..pieces).max_by_key(|&root| (size(root), std::cmp::Reverse(root)));
    (0..pieces).filter(|&k| Some(of[k]) == largest).collect()
}
