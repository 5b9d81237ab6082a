//! Which recordings saw the same flashes, and at which lag.
//!
//! In: the jumps of brightness of two recordings. Out: the lag at which they fall together, if one
//! is beyond doubt.
//! Method: every jump of one with every jump of the other of the same direction proposes a lag.
//! Where proposals crowd, they are paired off, on lines as steep as clocks are apart, and counted.
//! Jumps that have nothing to do with one another coincide as a Poisson process does, at the rate
//! found at the lags around, or of the whole overlap where that is higher; the probability of so
//! many, times everything that was tried (lags, slopes, heights, pairs of recordings), must be
//! below one in 100,000. Then what repeats is refused: light bars, turn signals and strobes
//! coincide at the next period nearly as often.
//! Flashes are told from an unsteady hand by height, so several heights are tried.
//! Cost: jumps² of at most [`JUMPS_MAX`] on either side.
//! Cannot: tie by one flash, or by three; tell two recordings of one light bar apart from strangers.

use crate::listen::light::{JUMP_MIN, Jump, Light};

/// Fewer coincidences are chance, whatever the figures say.
const COINCIDENCES_MIN: usize = 4;

/// Decimal logarithm of how improbable chance must be, over all that was tried.
const SCORE_MIN: f64 = 5.0;

/// At another lag at most this share of the coincidences: of four, two may coincide elsewhere.
const RIVAL_SHARE_MAX: f64 = 0.6;

/// So much of what the one with fewer jumps saw during the overlap the other must have seen as
/// well.
const SEEN_SHARE_MIN: f64 = 0.4;

/// Heights from which jumps count, as multiples of the lowest: one is tried after another.
const HEIGHTS: [f32; 4] = [1.0, 2.0, 4.0, 8.0];

/// Jumps of one recording that are compared, the highest; more are an unsteady hand.
const JUMPS_MAX: usize = 300;

/// Cameras expose before they stamp, each by its own measure.
const CAMERA_S: f64 = 0.010;

/// Clocks are at most so far apart.
const DRIFT_PPM_MAX: f64 = 200.0;

/// Lags around, in which the rate of coincidences by chance is found.
const AROUND_S: f64 = 3.0;

/// Crowds of proposals that are looked at closely.
const CROWDS: usize = 16;

/// Two recordings that saw the same.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Moments of the coincidences, on either clock.
    pub together: Vec<Coincidence>,
    /// Jumps within the overlap that the one with fewer saw and the other did not.
    pub missed: usize,
    /// `left = right + lag_s`, at the mean moment.
    pub lag_s: f64,
    /// See [`SCORE_MIN`].
    pub score: f64,
    /// The next best lag, and the number of its coincidences as a share.
    pub rival: Option<(f64, f64)>,
}

/// One moment seen by two.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(clippy::struct_field_names, reason = "all three are seconds")]
pub(crate) struct Coincidence {
    pub left_s: f64,
    pub right_s: f64,
    /// Standard deviation of the lag that follows from it: frames have a length.
    pub sigma_s: f64,
}

impl Seen {
    /// Standard deviation of the lag as far as the lengths of frames go.
    pub(crate) fn sigma_s(&self) -> f64 {
        let squares = self.together.iter().map(|c| c.sigma_s * c.sigma_s);
        squares.sum::<f64>().sqrt() / self.together.len().max(1) as f64
    }
}

/// The lag at which two recordings saw the same, if it is beyond doubt. `tried` is the number of
/// pairs of recordings that are compared in all.
pub(crate) fn seen(left: &Light, right: &Light, tried: usize) -> Option<Seen> {
    HEIGHTS
        .iter()
        .filter_map(|height| {
            let rise_min = JUMP_MIN * height;
            Comparison::new(left, right, rise_min, tried).verdict()
        })
        .reduce(|a, b| if b.score > a.score { b } else { a })
}

/// Two trains of jumps.
struct Comparison {
    left: Vec<Jump>,
    right: Vec<Jump>,
    left_s: f64,
    right_s: f64,
    /// Coincident jumps differ from their line by no more.
    reach_s: f64,
    /// Proposed lags with the jumps that propose them, in order.
    proposals: Vec<Proposal>,
    tried: f64,
}

#[derive(Clone, Copy)]
struct Proposal {
    lag_s: f64,
    left: usize,
    right: usize,
}

/// Proposals that lie on one line, no jump among them twice.
struct Crowd {
    lag_s: f64,
    members: Vec<Proposal>,
}

impl Comparison {
    fn new(left: &Light, right: &Light, rise_min: f32, tried: usize) -> Self {
        let (left_s, right_s) = (left.duration_s(), right.duration_s());
        let (left, right) = (highest(left, rise_min), highest(right, rise_min));
        let reach_s = f64::midpoint(frame_s(&left), frame_s(&right)) + CAMERA_S;
        let mut proposals = Vec::new();
        for (l, a) in left.iter().enumerate() {
            for (r, b) in right.iter().enumerate().filter(|(_, b)| (a.rise < 0.0) == (b.rise < 0.0))
            {
                proposals.push(Proposal { lag_s: a.at_s - b.at_s, left: l, right: r });
            }
        }
        proposals.sort_by(|a, b| {
            a.lag_s.total_cmp(&b.lag_s).then((a.left, a.right).cmp(&(b.left, b.right)))
        });
        Self { left, right, left_s, right_s, reach_s, proposals, tried: tried.max(1) as f64 }
    }

    fn verdict(&self) -> Option<Seen> {
        if self.left.len().min(self.right.len()) < COINCIDENCES_MIN {
            return None;
        }
        let mut crowds: Vec<Crowd> =
            self.crowded().into_iter().map(|at| self.pair_off(at)).collect();
        crowds.sort_by(|a, b| {
            b.members.len().cmp(&a.members.len()).then(a.lag_s.total_cmp(&b.lag_s))
        });
        let best = crowds.first()?;
        let count = best.members.len();
        let apart = |c: &&Crowd| (c.lag_s - best.lag_s).abs() > 2.0 * self.reach_s;
        let rival =
            crowds.iter().find(apart).map(|c| (c.lag_s, c.members.len() as f64 / count as f64));
        let (fewer, expected) = self.by_chance(best.lag_s);
        let score = -(ln_poisson_tail(count, expected) + self.ln_tried()) / std::f64::consts::LN_10;
        let is_clear = count >= COINCIDENCES_MIN
            && score >= SCORE_MIN
            && count as f64 >= SEEN_SHARE_MIN * fewer as f64
            && rival.is_none_or(|(_, share)| share <= RIVAL_SHARE_MAX);
        is_clear.then(|| self.seen(best, fewer, score, rival))
    }

    fn seen(&self, best: &Crowd, fewer: usize, score: f64, rival: Option<(f64, f64)>) -> Seen {
        let together = best.members.iter().map(|p| {
            let (a, b) = (self.left[p.left], self.right[p.right]);
            // Anywhere within either frame, each place as likely.
            let sigma_s = f64::from(a.frame_s).hypot(f64::from(b.frame_s)) / 12f64.sqrt();
            Coincidence { left_s: a.at_s, right_s: b.at_s, sigma_s }
        });
        let missed = fewer.saturating_sub(best.members.len());
        Seen { together: together.collect(), missed, lag_s: best.lag_s, score, rival }
    }

    /// Where proposals crowd: the middle lags of the fullest stretches, none over another.
    fn crowded(&self) -> Vec<f64> {
        let slack_s = self.left_s.min(self.right_s) * DRIFT_PPM_MAX * 1e-6 / 2.0;
        let width_s = 2.0 * (self.reach_s + slack_s);
        let lags: Vec<f64> = self.proposals.iter().map(|p| p.lag_s).collect();
        let mut stretches: Vec<(usize, f64)> = Vec::new();
        let mut end = 0;
        for (start, lag_s) in lags.iter().enumerate() {
            while end < lags.len() && lags[end] <= lag_s + width_s {
                end += 1;
            }
            stretches.push((end - start, f64::midpoint(*lag_s, lags[end - 1])));
        }
        stretches.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.total_cmp(&b.1)));
        let mut kept: Vec<f64> = Vec::new();
        for (_, lag_s) in stretches {
            if kept.len() < CROWDS && kept.iter().all(|k| (k - lag_s).abs() > width_s / 2.0) {
                kept.push(lag_s);
            }
        }
        kept
    }

    /// The line near a lag on which most jumps can be paired off.
    fn pair_off(&self, near_s: f64) -> Crowd {
        let span_s = self.left_s.min(self.right_s);
        let slack_s = self.reach_s + span_s * DRIFT_PPM_MAX * 1e-6;
        let from = self.proposals.partition_point(|p| p.lag_s < near_s - 2.0 * slack_s);
        let to = self.proposals.partition_point(|p| p.lag_s <= near_s + 2.0 * slack_s);
        let near = &self.proposals[from..to];
        let middle_s =
            near.iter().map(|p| self.right[p.right].at_s).sum::<f64>() / near.len() as f64;
        let turns = self.turns();
        let mut best = Crowd { lag_s: near_s, members: Vec::new() };
        let mut best_off_s = f64::MAX;
        for turn in -turns..=turns {
            let slope = turn as f64 / turns.max(1) as f64 * DRIFT_PPM_MAX * 1e-6;
            let straight = |p: &Proposal| p.lag_s - slope * (self.right[p.right].at_s - middle_s);
            let mut lags: Vec<f64> = near.iter().map(straight).collect();
            lags.sort_by(f64::total_cmp);
            let Some(lag_s) = fullest(&lags, 2.0 * self.reach_s) else { continue };
            let mut close: Vec<(f64, Proposal)> = near
                .iter()
                .map(|p| ((straight(p) - lag_s).abs(), *p))
                .filter(|(off_s, _)| *off_s <= self.reach_s + 1e-9)
                .collect();
            close.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.left.cmp(&b.1.left)));
            let (mut members, mut sum_s): (Vec<Proposal>, f64) = (Vec::new(), 0.0);
            for (off_s, p) in close {
                if members.iter().all(|m| m.left != p.left && m.right != p.right) {
                    members.push(p);
                    sum_s += off_s;
                }
            }
            let off_s = sum_s / members.len().max(1) as f64;
            let more = members.len().cmp(&best.members.len());
            if more.is_gt() || (more.is_eq() && off_s < best_off_s) {
                members.sort_by_key(|m| m.left);
                let lag_s = members.iter().map(|m| m.lag_s).sum::<f64>() / members.len() as f64;
                (best, best_off_s) = (Crowd { lag_s, members }, off_s);
            }
        }
        best
    }

    /// Slopes tried on either side of none: next to one another they differ by half of what jumps
    /// may be off.
    fn turns(&self) -> i64 {
        let ends_s = self.left_s.min(self.right_s) / 2.0 * DRIFT_PPM_MAX * 1e-6;
        (ends_s / (self.reach_s / 2.0)).ceil() as i64
    }

    /// The number of jumps during the overlap of the one that has fewer, and the coincidences
    /// expected by chance.
    fn by_chance(&self, lag_s: f64) -> (usize, f64) {
        let (from_s, to_s) = (lag_s.max(0.0), self.left_s.min(self.right_s + lag_s));
        let inside = |at_s: f64| (from_s - self.reach_s..=to_s + self.reach_s).contains(&at_s);
        let left = self.left.iter().filter(|j| inside(j.at_s)).count();
        let right = self.right.iter().filter(|j| inside(j.at_s + lag_s)).count();
        let width_s = 2.0 * self.reach_s;
        let overall = (left * right) as f64 * width_s / (to_s - from_s).max(width_s);
        let around = self.proposals.iter().filter(|p| {
            let off_s = (p.lag_s - lag_s).abs();
            off_s > 2.0 * self.reach_s && off_s <= AROUND_S
        });
        let around = around.count() as f64 * width_s / (2.0 * (AROUND_S - 2.0 * self.reach_s));
        (left.min(right), overall.max(around))
    }

    /// Natural logarithm of how much was tried.
    fn ln_tried(&self) -> f64 {
        let lags = (self.left_s + self.right_s) / self.reach_s;
        let slopes = (2 * self.turns() + 1) as f64;
        (lags.max(1.0) * slopes * HEIGHTS.len() as f64 * self.tried).ln()
    }
}

/// The highest jumps, in order of time.
fn highest(light: &Light, rise_min: f32) -> Vec<Jump> {
    let mut jumps: Vec<Jump> =
        light.all().iter().copied().filter(|j| j.rise.abs() >= rise_min).collect();
    if jumps.len() > JUMPS_MAX {
        jumps.sort_by(|a, b| b.rise.abs().total_cmp(&a.rise.abs()).then(a.at_s.total_cmp(&b.at_s)));
        jumps.truncate(JUMPS_MAX);
        jumps.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    }
    jumps
}

/// The usual length of a frame.
fn frame_s(jumps: &[Jump]) -> f64 {
    let mut lengths: Vec<f32> = jumps.iter().map(|j| j.frame_s).collect();
    let at = lengths.len() / 2;
    if lengths.is_empty() {
        0.0
    } else {
        f64::from(*lengths.select_nth_unstable_by(at, f32::total_cmp).1)
    }
}

/// The middle of the fullest stretch of that width.
fn fullest(sorted: &[f64], width_s: f64) -> Option<f64> {
    let mut end = 0;
    let mut best: Option<(usize, f64)> = None;
    for (start, from) in sorted.iter().enumerate() {
        while end < sorted.len() && sorted[end] <= from + width_s {
            end += 1;
        }
        if best.is_none_or(|(count, _)| end - start > count) {
            best = Some((end - start, f64::midpoint(*from, sorted[end - 1])));
        }
    }
    best.map(|(_, middle)| middle)
}

/// Natural logarithm of the probability of `count` or more where `expected` are expected, from
/// above: the first term of the tail and the geometric series that bounds the others.
fn ln_poisson_tail(count: usize, expected: f64) -> f64 {
    let (count, expected) = (count as f64, expected.max(1e-6));
    if count <= expected {
        return 0.0;
    }
    let ln_factorial: f64 = (1..=count as u64).map(|n| (n as f64).ln()).sum();
    let first = count * expected.ln() - expected - ln_factorial;
    (first - (1.0 - expected / (count + 1.0)).ln()).min(0.0)
}

#[cfg(test)]
mod tests;
