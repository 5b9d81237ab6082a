//! The solver against least squares as the book writes it: every observation, every prior and
//! the gauge a row of one dense table, the normal equations inverted by elimination.

use super::*;

/// Marsaglia's xorshift: the same graphs on every machine.
struct Dice(u64);

impl Dice {
    /// From zero up to one.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }

    fn below(&mut self, count: usize) -> usize {
        ((self.next() * count as f64) as usize).min(count - 1)
    }

    /// Normal with spread 1 (Box & Muller 1958).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.next()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.next()).cos()
    }
}

/// An island of which everything is known.
struct Made {
    unknowns: Unknowns,
    observations: Vec<Observation>,
    offset_s: Vec<f64>,
    drift_ppm: Vec<f64>,
}

/// Recordings of `length_s` seconds, some in two pieces, tied at random so that all hang
/// together; every observation is off by a normal error of its own sigma.
fn made(dice: &mut Dice, recordings: usize, length_s: f64) -> Made {
    let mut recording_of_piece = Vec::new();
    for recording in 0..recordings {
        let pieces = if dice.next() < 0.2 { 2 } else { 1 };
        recording_of_piece.extend(std::iter::repeat_n(recording, pieces));
    }
    let pieces = recording_of_piece.len();
    let drift_ppm: Vec<f64> = (0..recordings).map(|_| DRIFT_PRIOR_PPM * dice.normal()).collect();
    let offset_s: Vec<f64> = (0..pieces).map(|_| dice.between(-length_s, length_s)).collect();
    let mut observations = Vec::new();
    for tie in 0..3 * pieces {
        let left_piece = if tie < pieces { tie } else { dice.below(pieces) };
        // The first ties make a tree.
        let right_piece = dice.below(if tie < pieces { tie.max(1) } else { pieces });
        if left_piece == right_piece {
            continue;
        }
        for _ in 0..=dice.below(20) {
            let sigma_s = dice.between(0.002, 0.02);
            let left_s = dice.between(0.0, length_s);
            let rate = |piece: usize| 1.0 + drift_ppm[recording_of_piece[piece]] * 1e-6;
            let case_s = offset_s[left_piece] + left_s * rate(left_piece);
            let right_s = (case_s - offset_s[right_piece]) / rate(right_piece);
            let left_s = left_s + sigma_s * dice.normal();
            observations.push(Observation {
                left_piece,
                right_piece,
                left_s,
                right_s,
                is_length: false,
                sigma_s,
            });
        }
    }
    // Lengths, of which only the drift is seen.
    for _ in 0..pieces {
        let (left_piece, right_piece) = (dice.below(pieces), dice.below(pieces));
        if recording_of_piece[left_piece] == recording_of_piece[right_piece] {
            continue;
        }
        let rate = |piece: usize| 1.0 + drift_ppm[recording_of_piece[piece]] * 1e-6;
        let sigma_s = length_s * 1e-6 * dice.between(1.0, 5.0);
        let left_s = length_s / 2.0;
        let right_s = left_s * rate(left_piece) / rate(right_piece) + sigma_s * dice.normal();
        let is_length = true;
        observations.push(Observation {
            left_piece,
            right_piece,
            left_s,
            right_s,
            is_length,
            sigma_s,
        });
    }
    // First offsets as the graph gives them, with the mean of the true ones.
    let mut errors: Vec<f64> = (0..pieces).map(|_| dice.between(-0.25, 0.25)).collect();
    let mean = errors.iter().sum::<f64>() / pieces as f64;
    for error in &mut errors {
        *error -= mean;
    }
    let offsets_s = offset_s.iter().zip(&errors).map(|(o, e)| o + e).collect();
    let unknowns = Unknowns { recording_of_piece, recordings, offsets_s };
    Made { unknowns, observations, offset_s, drift_ppm }
}

/// Inverse by Gauss and Jordan's elimination with the largest pivot of each column.
fn inverse(mut a: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = a.len();
    for (i, row) in a.iter_mut().enumerate() {
        row.extend((0..n).map(|j| if i == j { 1.0 } else { 0.0 }));
    }
    for column in 0..n {
        let best = (column..n).max_by(|&i, &j| a[i][column].abs().total_cmp(&a[j][column].abs()));
        a.swap(column, best.expect("a row is left"));
        let pivot_row: Vec<f64> = a[column].iter().map(|v| v / a[column][column]).collect();
        for (i, row) in a.iter_mut().enumerate() {
            let factor = row[column];
            if i != column {
                row.iter_mut().zip(&pivot_row).for_each(|(v, p)| *v -= factor * p);
            }
        }
        a[column] = pivot_row;
    }
    a.into_iter().map(|row| row[n..].to_vec()).collect()
}

/// What the book says: solution and covariance of offsets and drifts.
struct Book {
    offset_s: Vec<f64>,
    drift_ppm: Vec<f64>,
    covariance: Vec<Vec<f64>>,
}

/// Iterated until nothing moves, however long that takes. Drifts are scaled to the spread of
/// the prior, so that elimination sees numbers of one size.
fn book(unknowns: &Unknowns, observations: &[Observation], zero: &[usize]) -> Book {
    let pieces = unknowns.offsets_s.len();
    let order = pieces + unknowns.recordings;
    let mut offset_s = unknowns.offsets_s.clone();
    let mut drift_ppm = vec![0.0; unknowns.recordings];
    loop {
        // One row an observation: what it sees of each unknown, what is left, its weight.
        let mut rows: Vec<(Vec<f64>, f64, f64)> = Vec::new();
        for o in observations {
            let mut row = vec![0.0; order];
            let (left, right) = (
                unknowns.recording_of_piece[o.left_piece],
                unknowns.recording_of_piece[o.right_piece],
            );
            let by_offset = if o.is_length { 0.0 } else { 1.0 };
            row[o.left_piece] += by_offset;
            row[o.right_piece] -= by_offset;
            row[pieces + left] += o.left_s * 1e-6 * DRIFT_PRIOR_PPM;
            row[pieces + right] -= o.right_s * 1e-6 * DRIFT_PRIOR_PPM;
            let left_case_s =
                by_offset * offset_s[o.left_piece] + o.left_s * (1.0 + drift_ppm[left] * 1e-6);
            let right_case_s =
                by_offset * offset_s[o.right_piece] + o.right_s * (1.0 + drift_ppm[right] * 1e-6);
            let residual_s = left_case_s - right_case_s;
            let u = residual_s / o.sigma_s / CAUCHY;
            rows.push((row, -residual_s, 1.0 / (1.0 + u * u) / o.sigma_s.powi(2)));
        }
        for (recording, drift) in drift_ppm.iter().enumerate() {
            let mut row = vec![0.0; order];
            row[pieces + recording] = 1.0;
            rows.push((row, -drift / DRIFT_PRIOR_PPM, 1.0));
        }
        let mut mean = vec![0.0; order];
        for k in zero {
            mean[*k] = 1.0 / zero.len() as f64;
        }
        rows.push((mean, 0.0, GAUGE_SIGMA_S.powi(-2)));

        let mut normal = vec![vec![0.0; order]; order];
        let mut rhs = vec![0.0; order];
        for (row, left_over, weight) in &rows {
            for i in 0..order {
                rhs[i] += weight * row[i] * left_over;
                for j in 0..order {
                    normal[i][j] += weight * row[i] * row[j];
                }
            }
        }
        let mut covariance = inverse(normal);
        let step: Vec<f64> =
            covariance.iter().map(|row| row.iter().zip(&rhs).map(|(c, r)| c * r).sum()).collect();
        offset_s.iter_mut().zip(&step).for_each(|(o, s)| *o += s);
        drift_ppm.iter_mut().zip(&step[pieces..]).for_each(|(d, s)| *d += s * DRIFT_PRIOR_PPM);
        if step.iter().all(|s| s.abs() < 1e-10) {
            for (i, row) in covariance.iter_mut().enumerate() {
                for (j, value) in row.iter_mut().enumerate() {
                    let scaled = i32::from(i >= pieces) + i32::from(j >= pieces);
                    *value *= DRIFT_PRIOR_PPM.powi(scaled);
                }
            }
            return Book { offset_s, drift_ppm, covariance };
        }
    }
}

impl Book {
    fn sigma_s(&self, unknowns: &Unknowns, piece: usize, media_s: f64) -> f64 {
        let drift = unknowns.offsets_s.len() + unknowns.recording_of_piece[piece];
        let by = [(piece, 1.0), (drift, media_s * 1e-6)];
        let variance: f64 = by
            .iter()
            .flat_map(|&(i, a)| by.iter().map(move |&(j, b)| (i, j, a * b)))
            .map(|(i, j, weight)| weight * self.covariance[i][j])
            .sum();
        variance.sqrt()
    }
}

/// The solver's clocks and the book's agree to a microsecond and sigmas to a thousandth.
fn agree(made: &Made, length_s: f64) {
    let all: Vec<usize> = (0..made.unknowns.offsets_s.len()).collect();
    agree_with(made, length_s, &Terms::default(), &all);
}

/// The same with the mean of some pieces held.
fn agree_with(made: &Made, length_s: f64, terms: &Terms, zero: &[usize]) {
    let clocks = solve_with(&made.unknowns, &made.observations, terms);
    let clocks = clocks.expect("all pieces hang together");
    let book = book(&made.unknowns, &made.observations, zero);
    for (piece, &recording) in made.unknowns.recording_of_piece.iter().enumerate() {
        for media_s in [0.0, length_s / 2.0, length_s] {
            let case = |offset_s: &[f64], drift_ppm: &[f64]| {
                offset_s[piece] + media_s * drift_ppm[recording] * 1e-6
            };
            let found = case(&clocks.offset_s, &clocks.drift_ppm);
            let right = case(&book.offset_s, &book.drift_ppm);
            assert!((found - right).abs() < 1e-6, "piece {piece} at {media_s}: {found} {right}");
            let found = clocks.sigma_s(piece, media_s);
            let right = book.sigma_s(&made.unknowns, piece, media_s);
            assert!(
                (found / right - 1.0).abs() < 1e-3,
                "piece {piece} at {media_s}: {found} {right}"
            );
        }
    }
}

#[test]
fn clocks_and_sigmas_are_those_of_the_book() {
    let mut dice = Dice(11);
    for recordings in [2, 3, 5, 8, 13, 21] {
        for length_s in [20.0, 300.0, 36_000.0] {
            agree(&made(&mut dice, recordings, length_s), length_s);
        }
    }
}

#[test]
fn clocks_of_many_recordings_are_those_of_the_book() {
    let mut dice = Dice(16);
    agree(&made(&mut dice, 60, 600.0), 600.0);
}

#[test]
fn sigma_is_counted_from_the_pieces_that_are_held() {
    let mut dice = Dice(17);
    for recordings in [4, 9, 15] {
        let made = made(&mut dice, recordings, 300.0);
        let zero: Vec<usize> = (0..made.unknowns.offsets_s.len()).skip(1).step_by(2).collect();
        let terms = Terms { firm: Vec::new(), zero: zero.clone() };
        agree_with(&made, 300.0, &terms, &zero);
    }
}

#[test]
fn clocks_are_those_of_the_book_where_ties_contradict() {
    let mut dice = Dice(12);
    for recordings in [3, 6, 12] {
        let mut made = made(&mut dice, recordings, 120.0);
        for o in &mut made.observations {
            if dice.next() < 0.15 {
                o.left_s += dice.between(-0.25, 0.25);
            }
        }
        agree(&made, 120.0);
    }
}

#[test]
fn errors_are_as_large_as_sigma_says() {
    let mut dice = Dice(13);
    let (mut squares, mut count) = (0.0, 0.0);
    for _ in 0..150 {
        let made = made(&mut dice, 6, 200.0);
        let clocks = solve(&made.unknowns, &made.observations).expect("all pieces hang together");
        for (piece, &recording) in made.unknowns.recording_of_piece.iter().enumerate() {
            for media_s in [0.0, 200.0] {
                let error_s = clocks.offset_s[piece] - made.offset_s[piece]
                    + media_s * (clocks.drift_ppm[recording] - made.drift_ppm[recording]) * 1e-6;
                squares += (error_s / clocks.sigma_s(piece, media_s)).powi(2);
                count += 1.0;
            }
        }
    }
    // Cauchy's weights count normal errors a seventh too lightly, and lose a twentieth of what
    // they could tell: the expectation lies a little below one.
    let ratio: f64 = squares / count;
    assert!((0.8..1.1).contains(&ratio), "{ratio}");
}

#[test]
fn where_zero_lies_and_who_comes_first_changes_no_clock() {
    let mut dice = Dice(14);
    let made = made(&mut dice, 9, 100.0);
    let first = solve(&made.unknowns, &made.observations).expect("all pieces hang together");
    let moved = Unknowns {
        recording_of_piece: made.unknowns.recording_of_piece.clone(),
        recordings: made.unknowns.recordings,
        offsets_s: made.unknowns.offsets_s.iter().map(|o| o + 5000.0).collect(),
    };
    let turned: Vec<Observation> = made
        .observations
        .iter()
        .rev()
        .map(|o| Observation {
            left_piece: o.right_piece,
            right_piece: o.left_piece,
            left_s: o.right_s,
            right_s: o.left_s,
            is_length: o.is_length,
            sigma_s: o.sigma_s,
        })
        .collect();
    let second = solve(&moved, &turned).expect("all pieces hang together");
    for (piece, (a, b)) in first.offset_s.iter().zip(&second.offset_s).enumerate() {
        assert!((b - a - 5000.0).abs() < 1e-7, "piece {piece}: {a} {b}");
        let (a, b) = (first.sigma_s(piece, 50.0), second.sigma_s(piece, 50.0));
        assert!((a / b - 1.0).abs() < 1e-6, "piece {piece}: {a} {b}");
    }
}

#[test]
fn pieces_that_hang_together_with_nobody_have_no_answer() {
    let mut dice = Dice(15);
    for recordings in [2, 5, 11] {
        let a = made(&mut dice, recordings, 100.0);
        let b = made(&mut dice, recordings, 100.0);
        let (pieces, count) = (a.unknowns.offsets_s.len(), a.unknowns.recordings);
        let mut unknowns = a.unknowns;
        unknowns.recordings += b.unknowns.recordings;
        unknowns.recording_of_piece.extend(b.unknowns.recording_of_piece.iter().map(|r| r + count));
        unknowns.offsets_s.extend(&b.unknowns.offsets_s);
        let mut observations = a.observations;
        observations.extend(b.observations.iter().map(|o| Observation {
            left_piece: o.left_piece + pieces,
            right_piece: o.right_piece + pieces,
            ..*o
        }));
        assert!(solve(&unknowns, &observations).is_none(), "{recordings} and {recordings}");
    }
}
