//! Where a recording's clock jumps: it was paused, lost samples, or was cut.
//!
//! In: for each second of a recording and each lag it may lie at, how much its partners'
//! band energies speak for that lag. Out: the stretches during which one lag holds.
//! Method: the most likely path through the lags (Viterbi 1967), each change of lag paid for;
//! the seconds of evidence are logarithms of likelihood ratios of "the same sound, this much
//! correlated" against "strangers".
//! Cost: seconds × lags².

use crate::listen::{BANDS, FRAMES_PER_S, Heard};
use crate::wide::wide;

/// A stretch of the recording during which one lag holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Run {
    /// Index into the lags asked about.
    pub lag: usize,
    /// Media time in which it surely holds; between two runs nothing is claimed.
    pub start_s: f64,
    pub end_s: f64,
}

/// What a change of lag costs, in nepers of likelihood: less, and a siren's periods take
/// turns; more, and short stretches are lost. 20 is one chance in 5·10⁸.
const STEP_COST: f64 = 20.0;

/// A second path must explain the recording better by so much before it is believed.
const GAIN_MIN: f64 = 60.0;

/// A run must be borne out, second for second, by so much of what bears out the main lag.
const RATE_SHARE_MIN: f64 = 0.3;

/// Stretches below this are not told from a passing likeness.
const RUN_S_MIN: f64 = 6.0;

/// Neighbouring frames share most of their windows: so many say as much as one.
const FRAMES_TOLD_TWICE: f64 = 3.0;

/// The evidence of one partner for one lag, second by second of the recording: agreement and
/// the energy in which it could show. `lag_s` is `start(partner) − start(recording)`.
pub(crate) fn evidence(recording: &Heard, partner: &Heard, lag_s: f64) -> Vec<(f32, f32)> {
    evidence_of_some(recording, partner, lag_s, 1)
}

/// The same from one frame in `apart`.
pub(crate) fn evidence_of_some(
    recording: &Heard,
    partner: &Heard,
    lag_s: f64,
    apart: usize,
) -> Vec<(f32, f32)> {
    let mut sums = vec![(0.0, 0.0); recording.frames().div_ceil(FRAMES_PER_S)];
    let lag = (lag_s * FRAMES_PER_S as f64).round() as i64;
    add_evidence(recording, partner, lag, apart, &mut sums);
    sums
}

wide! {
    fn add_evidence(
        recording: &Heard,
        partner: &Heard,
        lag: i64,
        apart: usize,
        sums: &mut [(f32, f32)],
    ) {
        let unit = Heard::unit_variance();
        let first = lag.max(0);
        let end = (recording.frames() as i64).min(partner.frames() as i64 + lag);
        for frame in (first..end).step_by(apart) {
            let (a, b) = (recording.frame(frame as usize), partner.frame((frame - lag) as usize));
            let (mut agreement, mut left, mut right) = (0i32, 0i32, 0i32);
            for (x, y) in a.iter().zip(b) {
                let (x, y) = (i32::from(*x), i32::from(*y));
                agreement += x * y;
                left += x * x;
                right += y * y;
            }
            let sum: &mut (f32, f32) = &mut sums[frame as usize / FRAMES_PER_S];
            sum.0 += agreement as f32 / unit;
            sum.1 += (left as f32 / unit) * (right as f32 / unit) / BANDS as f32;
        }
    }
}

/// Correlation of the two where they claim to agree.
pub(crate) fn correlation(evidence: &[(f32, f32)]) -> f64 {
    let (agreement, energy) =
        evidence.iter().fold((0.0, 0.0), |(c, e), x| (c + f64::from(x.0), e + f64::from(x.1)));
    if energy > 0.0 { (agreement / energy).clamp(0.0, 0.95) } else { 0.0 }
}

/// Logarithm of the likelihood ratio of each second, given the correlation.
pub(crate) fn likelihood(evidence: &[(f32, f32)], correlation: f64) -> Vec<f64> {
    let scale = 1.0 / (FRAMES_TOLD_TWICE * (1.0 - correlation * correlation));
    evidence
        .iter()
        .map(|&(c, e)| {
            let gain = correlation * f64::from(c) - correlation * correlation * f64::from(e) / 2.0;
            gain * scale
        })
        .collect()
}

/// The stretches of the most likely path; one run over everything unless a path with steps
/// is far better; and by how many nepers it is. `score[lag][second]`, lags in order of rising
/// offset: a recorder that pauses or loses samples only ever falls behind the case clock.
/// `main` is the lag that most of the recording is known to have.
pub(crate) fn runs(score: &[Vec<f64>], main: usize, duration_s: f64) -> (Vec<Run>, f64) {
    let seconds = score.first().map_or(0, Vec::len);
    let straight: Vec<f64> = score.iter().map(|s| s.iter().sum()).collect();
    let (best_lag, best) = highest(&straight);
    let whole = (vec![Run { lag: best_lag, start_s: 0.0, end_s: duration_s }], 0.0);
    let mut allowed: Vec<usize> = (0..score.len()).collect();
    loop {
        let (path, total) = viterbi(score, &allowed);
        if seconds == 0 || total < best + GAIN_MIN {
            return whole;
        }
        let mut runs: Vec<Run> = Vec::new();
        for (second, &lag) in path.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if run.lag == lag => run.end_s = (second + 1) as f64,
                _ => runs.push(Run { lag, start_s: second as f64, end_s: (second + 1) as f64 }),
            }
        }
        if let Some(lag) = unfounded(score, main, &runs) {
            allowed.retain(|&l| l != lag);
            continue;
        }
        leave_doubt_out(score, &mut runs);
        if let Some(last) = runs.last_mut() {
            last.end_s = duration_s;
        }
        runs.retain(|r| r.end_s > r.start_s);
        return (runs, total - best);
    }
}

/// The lag of a run that is too short, or that the recording does not speak for as clearly as
/// it speaks for its main lag elsewhere.
fn unfounded(score: &[Vec<f64>], main: usize, runs: &[Run]) -> Option<usize> {
    let support = |lag: usize, run: &Run| -> f64 {
        score[lag][run.start_s as usize..run.end_s as usize].iter().sum()
    };
    let length_s = |r: &Run| r.end_s - r.start_s;
    let of_main = runs.iter().filter(|r| r.lag == main);
    let (main_sum, main_s) =
        of_main.fold((0.0, 0.0), |(sum, s), r| (sum + support(main, r), s + length_s(r)));
    let rate = main_sum / f64::max(main_s, 1.0);
    runs.iter()
        .find(|run| {
            if length_s(run) < RUN_S_MIN {
                return true;
            }
            let (own, against) = (support(run.lag, run), support(main, run));
            run.lag != main
                && (own < GAIN_MIN
                    || against > 0.0
                    || own - against < 2.0 * GAIN_MIN
                    || own < RATE_SHARE_MIN * rate * length_s(run))
        })
        .map(|run| run.lag)
}

fn highest(values: &[f64]) -> (usize, f64) {
    values.iter().copied().enumerate().fold(
        (0, f64::MIN),
        |best, (k, v)| {
            if v > best.1 { (k, v) } else { best }
        },
    )
}

/// The best path among the allowed lags that never steps down, and its score.
fn viterbi(score: &[Vec<f64>], allowed: &[usize]) -> (Vec<usize>, f64) {
    let seconds = score.first().map_or(0, Vec::len);
    let mut total = vec![0.0; allowed.len()];
    let mut from = vec![vec![0usize; allowed.len()]; seconds];
    for second in 0..seconds {
        let (mut lower, mut lower_total) = (0, f64::MIN);
        let before = total.clone();
        for (k, &lag) in allowed.iter().enumerate() {
            let stay = before[k];
            let step = second > 0 && lower_total - STEP_COST > stay;
            from[second][k] = if step { lower } else { k };
            total[k] = score[lag][second] + if step { lower_total - STEP_COST } else { stay };
            if stay > lower_total {
                (lower, lower_total) = (k, stay);
            }
        }
    }
    let (mut k, best) = highest(&total);
    let mut path = vec![0; seconds];
    for second in (0..seconds).rev() {
        path[second] = allowed.get(k).copied().unwrap_or(0);
        k = from[second][k];
    }
    (path, best)
}

/// Draws neighbouring runs apart to where each surely holds: a step may lie anywhere in
/// between that costs less than a few nepers.
fn leave_doubt_out(score: &[Vec<f64>], runs: &mut [Run]) {
    const DOUBT: f64 = 4.0;
    for k in 1..runs.len() {
        let (before, after) = (runs[k - 1], runs[k]);
        let cut = after.start_s as usize;
        let difference = |second: usize| score[before.lag][second] - score[after.lag][second];
        let mut first = cut;
        let mut lost = 0.0;
        while first > before.start_s as usize && lost < DOUBT {
            first -= 1;
            lost += difference(first);
        }
        let mut end = cut;
        lost = 0.0;
        while end < after.end_s as usize && lost < DOUBT {
            lost -= difference(end);
            end += 1;
        }
        runs[k - 1].end_s = first as f64;
        runs[k].start_s = end as f64;
    }
}
