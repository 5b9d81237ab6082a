//! Looks closely at a claimed lag: what it is to the millisecond, how it drifts, and which
//! windows of the overlap bear it out.
//!
//! In: two recordings' sound and a claim, a lag good to ±0.25 s. Out: the line
//! `lag + drift × time` on which the windows' waveforms agree best, how far above chance that
//! is, and each window's own verdict.
//! Method: the windows' surprise (see [`gcc_phat`](super::gcc_phat)) is summed along lines of
//! every drift up to ±300 ppm; no window votes alone. Only then is each window asked whether
//! it agrees, within a few milliseconds of the line. All windows of a claim have one polarity:
//! lobes and reflections of the other sign are nobody's lag.
//! Cost: 0.12 ms a window, and windows × lines × 500 additions twice over.
//! Cannot: tell two sources apart. Where a talker walks or several stand far apart, windows
//! agree at lags up to distance / 343 m/s away from one another; the line follows the source
//! most often heard, the rest counts as disagreement.

use std::io;

use super::gcc_phat::{GccPhat, WINDOW_SAMPLES};
use crate::Sound;
use crate::listen::RATE_HZ;
use crate::straight::Straight;

/// A lag that the band energies claim: `time(left) = time(right) + lag`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    /// At `at_right_s`.
    pub lag_s: f64,
    /// Where on right's clock the lag holds.
    pub at_right_s: f64,
    /// By how much the lag grows.
    pub drift_ppm: f64,
    /// The stretch of right's clock over which left is claimed to have heard the same.
    pub right_start_s: f64,
    pub right_end_s: f64,
}

/// What the waveforms say of a claim.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// Lag at `at_right_s`, to a fraction of a millisecond.
    pub lag_s: f64,
    pub at_right_s: f64,
    pub drift_ppm: f64,
    /// One standard deviation of `drift_ppm`, where the windows can tell it.
    pub drift_sigma_ppm: Option<f64>,
    /// How far the best line stands above the others, in their standard deviations.
    pub z: f64,
    pub windows: Vec<Window>,
}

impl Look {
    /// How far above chance the waveforms agree, as a share of what confirms a claim: from 1 on
    /// they do. `None` of too few windows.
    pub fn height(&self) -> Option<f64> {
        let all = self.windows.len();
        let agree = self.windows.iter().filter(|w| w.agrees()).count() as f64;
        let share = agree / all as f64 / CONFIRM_SHARE;
        let height = (self.z / CONFIRM_Z).min(share).min(agree / CONFIRM_WINDOWS);
        (all >= CONFIRM_OF).then_some(height)
    }
}

/// One window's verdict.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// Middle of the window on right's clock.
    pub right_s: f64,
    /// Its own best lag near the line.
    pub lag_s: f64,
    /// Surprise at that lag, in medians.
    pub surprise: f64,
    /// Its highest peaks anywhere in reach, highest first, as lag and surprise.
    pub peaks: Vec<(f64, f64)>,
}

impl Window {
    pub fn agrees(&self) -> bool {
        self.surprise >= AGREES_FROM
    }
}

/// Lags looked at on either side of the claim: 0.25 s, the frame of the search and 80 m of
/// sound travel.
const REACH_SAMPLES: usize = 2000;

/// One bin of the sum over windows: 1 ms, less than sources move within a window.
const BIN_SAMPLES: usize = 8;

/// Real recorders differ by up to this (Jiku's worst phone against a stable one).
const DRIFT_PPM_MAX: f64 = 300.0;

/// A line of 100 ppm must be higher by this share than one of none: where several sources
/// compete, a steep line that catches two of them would win. Most recorders differ by less.
const UNUSUAL_COST: f64 = 0.02;

/// How far from the line a window may have its own peak: 10 ms, the way of sound when a source
/// moves by 3 m.
const NEAR_SAMPLES: usize = 80;

/// A window agrees from here: of about 160 lags within ±10 ms the best of pure
/// chance (a normal variable, squared, over the median square) exceeds it about once in twenty.
const AGREES_FROM: f64 = 26.0;

/// Waveforms confirm a weak claim when their best line stands this far above the others, and
/// this share of the windows and so many lie on it: one in twenty does by chance, so of three
/// windows one does in every seventh claim. Claims between strangers reach 5.7 with three or more
/// windows.
const CONFIRM_Z: f64 = 6.5;
const CONFIRM_SHARE: f64 = 0.3;
const CONFIRM_WINDOWS: f64 = 2.0;
const CONFIRM_OF: usize = 3;

/// Windows a claim is judged by. More make no answer better that was right, and cost.
pub(crate) const WINDOWS_MAX: usize = 32;

/// … but in long overlaps samples may have been lost between them: one in a quarter of a minute,
/// as long as there are not too many.
const WINDOW_EVERY_S: f64 = 15.0;
const WINDOWS_LONG_MAX: usize = 256;

/// Two windows begin at least this far apart, else they are one observation told twice.
const WINDOW_APART_S: f64 = 2.0;

/// Looks at the claim; `None` when there is no sound in both.
pub(crate) fn look(
    gcc: &mut GccPhat,
    left: &dyn Sound,
    right: &dyn Sound,
    claim: &Claim,
) -> io::Result<Option<Look>> {
    let rate = f64::from(RATE_HZ);
    let (mut a, mut b) = (Reading::of(left), Reading::of(right));
    let mut heard = Vec::new();
    for right_s in window_centres(claim) {
        let expected_s = claim.lag_s + (right_s - claim.at_right_s) * claim.drift_ppm * 1e-6;
        let half = WINDOW_SAMPLES as i64 / 2;
        let right_at = (right_s * rate).round() as i64;
        let left_at = right_at + (expected_s * rate).round() as i64;
        let (a, b) = (a.from(left_at - half)?, b.from(right_at - half)?);
        if let Some(surprise) = gcc.surprise(a, b, REACH_SAMPLES) {
            let base_lag_s = (left_at - right_at) as f64 / rate;
            heard.push(Heard { right_s, base_lag_s, base_bins: expected_s - base_lag_s, surprise });
        }
    }
    if heard.is_empty() {
        return Ok(None);
    }
    Ok(Some(best_line(claim, &heard)))
}

/// A window of a sound. Neighbouring windows share half of it, which is not read twice.
struct Reading<'a> {
    sound: &'a dyn Sound,
    start: i64,
    line: Vec<f32>,
}

impl<'a> Reading<'a> {
    fn of(sound: &'a dyn Sound) -> Self {
        Self { sound, start: 0, line: Vec::new() }
    }

    fn from(&mut self, start: i64) -> io::Result<&[f32]> {
        let known = usize::try_from(start - self.start).ok().filter(|by| *by < self.line.len());
        let kept = if let Some(by) = known {
            self.line.copy_within(by.., 0);
            WINDOW_SAMPLES - by
        } else {
            self.line.resize(WINDOW_SAMPLES, 0.0);
            0
        };
        self.start = start;
        let read = self.sound.read(start + kept as i64, &mut self.line[kept..]);
        if let Err(error) = read {
            self.line.clear();
            return Err(error);
        }
        Ok(&self.line)
    }
}

/// By how much more the windows must be surprised when one recording is turned upside down: few
/// microphones are wired so, and a reflection between two arrivals often has the other sign.
const INVERTED_FROM: f64 = 1.05;

struct Heard {
    right_s: f64,
    /// The lag at the middle of `surprise`.
    base_lag_s: f64,
    /// The claim's line minus `base_lag_s`: rounding to samples.
    base_bins: f64,
    /// Signed as the correlation is.
    surprise: Vec<f32>,
}

fn window_centres(claim: &Claim) -> Vec<f64> {
    let half_s = WINDOW_SAMPLES as f64 / f64::from(RATE_HZ) / 2.0;
    let (start, end) = (claim.right_start_s + half_s, claim.right_end_s - half_s);
    if end <= start {
        return vec![f64::midpoint(claim.right_start_s, claim.right_end_s)];
    }
    let most = ((end - start) / WINDOW_EVERY_S) as usize;
    let most = most.clamp(WINDOWS_MAX, WINDOWS_LONG_MAX);
    let count = (((end - start) / WINDOW_APART_S) as usize + 1).clamp(2, most);
    (0..count).map(|i| start + (end - start) * i as f64 / (count - 1) as f64).collect()
}

fn best_line(claim: &Claim, heard: &[Heard]) -> Look {
    let (coarse, z) = coarse_lines(claim, heard);
    let seen_as = |sign: f32| {
        let near: Vec<Vec<f32>> = heard.iter().map(|h| softened(&h.surprise, sign)).collect();
        let (_, line) = coarse
            .iter()
            .map(|line| sharpen(line, heard, &near))
            .reduce(|a, b| if b.0 > a.0 { b } else { a })
            .expect("there is a coarse line");
        let windows: Vec<Window> =
            heard.iter().map(|h| verdict(h, line.lag_s(h.right_s), sign)).collect();
        (line, windows, sign)
    };
    let (upright, inverted) = (seen_as(1.0), seen_as(-1.0));
    let surprise = |windows: &[Window]| windows.iter().map(|w| w.surprise).sum::<f64>();
    let is_inverted = surprise(&inverted.1) > INVERTED_FROM * surprise(&upright.1);
    let (line, mut windows, sign) = if is_inverted { inverted } else { upright };
    for (window, h) in windows.iter_mut().zip(heard) {
        window.peaks = peaks(h, sign);
    }
    let (line, drift_sigma_ppm) = settle(&line, &windows);
    let Line { mid_s: at_right_s, lag_s, drift_ppm } = line;
    Look { lag_s, at_right_s, drift_ppm, drift_sigma_ppm, z, windows }
}

#[derive(Clone, Copy)]
struct Line {
    mid_s: f64,
    /// At `mid_s`.
    lag_s: f64,
    drift_ppm: f64,
}

impl Line {
    fn lag_s(&self, right_s: f64) -> f64 {
        self.lag_s + (right_s - self.mid_s) * self.drift_ppm * 1e-6
    }
}

/// What is left of agreement on a line as unusual as this.
fn usual(drift_ppm: f64) -> f64 {
    1.0 - UNUSUAL_COST * (drift_ppm / 100.0).powi(2)
}

/// The lines on which the windows agree best to a millisecond, best first, and how far the best
/// stands above chance.
fn coarse_lines(claim: &Claim, heard: &[Heard]) -> (Vec<Line>, f64) {
    let binned: Vec<Vec<f32>> = heard.iter().map(|h| bins(&h.surprise)).collect();
    let mid_s = heard.iter().map(|h| h.right_s).sum::<f64>() / heard.len() as f64;
    let bin_s = BIN_SAMPLES as f64 / f64::from(RATE_HZ);
    // Lines that differ by less than a bin at the ends are one line.
    let lines = (DRIFT_PPM_MAX * 1e-6 * span_s(heard) / bin_s).ceil() as i64;
    let step_ppm = if lines == 0 { 0.0 } else { DRIFT_PPM_MAX / lines as f64 };
    let mut tops: Vec<(f64, usize, i64)> = Vec::new();
    let (mut best, mut z) = (f64::MIN, 0.0);
    for turn in -lines..=lines {
        let drift_ppm = turn as f64 * step_ppm;
        let mut sum = vec![0.0f32; binned[0].len()];
        for (h, bins) in heard.iter().zip(&binned) {
            let shift = ((h.right_s - mid_s) * drift_ppm * 1e-6 + h.base_bins) / bin_s;
            add_shifted(&mut sum, bins, shift.round() as i64);
        }
        let sum = smooth(&sum);
        let (at, top) = maximum(&sum);
        let value = f64::from(top) * usual(claim.drift_ppm + drift_ppm);
        if value > best {
            (best, z) = (value, height(&sum, at));
        }
        tops.push((value, at, turn));
    }
    tops.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
    let mut kept: Vec<(usize, i64)> = Vec::new();
    for (_, at, turn) in tops {
        // Sharpening reaches the neighbours.
        let is_new = kept.iter().all(|k| k.0.abs_diff(at) > 2 || k.1.abs_diff(turn) > 2);
        if is_new && kept.len() < COARSE_LINES {
            kept.push((at, turn));
        }
    }
    let lag_s = claim.lag_s + (mid_s - claim.at_right_s) * claim.drift_ppm * 1e-6;
    let line = |&(at, turn): &(usize, i64)| Line {
        mid_s,
        lag_s: lag_s + (at as f64 - (binned[0].len() / 2) as f64) * bin_s,
        drift_ppm: claim.drift_ppm + turn as f64 * step_ppm,
    };
    (kept.iter().map(line).collect(), z)
}

/// Lines that are looked at to a fraction of a millisecond: where the drift is strong or voices
/// repeat themselves, the best to a millisecond is not always the best.
const COARSE_LINES: usize = 6;

/// From the middle window to the farthest.
fn span_s(heard: &[Heard]) -> f64 {
    let mid_s = heard.iter().map(|h| h.right_s).sum::<f64>() / heard.len() as f64;
    heard.iter().map(|h| (h.right_s - mid_s).abs()).fold(0.0, f64::max)
}

/// The line near a coarse one on which peaks of one sign lie to a fraction of a millisecond, and
/// how well they do. Voices repeat themselves with their pitch and rooms give reflections, so a
/// single window has several peaks within its reach; only the true ones lie on one line.
fn sharpen(coarse: &Line, heard: &[Heard], near: &[Vec<f32>]) -> (f64, Line) {
    let rate = f64::from(RATE_HZ);
    let reach = FINE_REACH_SAMPLES as i64;
    let span_s = span_s(heard);
    let (turns, turn_ppm) = if span_s > 0.0 {
        (reach / FINE_SAMPLES as i64, FINE_SAMPLES / rate / span_s * 1e6)
    } else {
        (0, 0.0)
    };
    let mut best = (f64::MIN, *coarse);
    let mut sums = vec![0.0f32; 2 * reach as usize + 1];
    for turn in -turns..=turns {
        let line = Line { drift_ppm: coarse.drift_ppm + turn as f64 * turn_ppm, ..*coarse };
        sums.fill(0.0);
        for (h, near) in heard.iter().zip(near) {
            let at = ((line.lag_s(h.right_s) - h.base_lag_s) * rate).round() as i64;
            let first = at + REACH_SAMPLES as i64 - reach;
            add_shifted(&mut sums, near, first);
        }
        let (at, top) = maximum(&sums);
        let value = f64::from(top) * usual(line.drift_ppm);
        if value > best.0 {
            let lag_s = coarse.lag_s + (at as f64 - reach as f64) / rate;
            best = (value, Line { lag_s, ..line });
        }
    }
    best
}

/// The line through the windows that lie on it, and how sure its drift is where enough do: they
/// heard one source that stood still. Where the sources move or take turns nothing is sure.
fn settle(sharp: &Line, windows: &[Window]) -> (Line, Option<f64>) {
    let mut line = *sharp;
    let mut sigma_ppm = None;
    for _ in 0..2 {
        let on: Vec<&Window> = windows
            .iter()
            .filter(|w| w.agrees() && (w.lag_s - line.lag_s(w.right_s)).abs() <= ON_LINE_S)
            .collect();
        let count = on.len() as f64;
        if on.len() < ON_LINE_MIN || count < ON_LINE_SHARE_MIN * windows.len() as f64 {
            return (*sharp, None);
        }
        let points: Vec<(f64, f64)> = on.iter().map(|w| (w.right_s, w.lag_s)).collect();
        let fit = Straight::through(&points);
        let spread_s = (fit.squares(&points) / (count - 2.0)).sqrt();
        line = Line { mid_s: fit.mid_x, lag_s: fit.mid_y, drift_ppm: fit.slope * 1e6 };
        sigma_ppm = Some(spread_s.max(SAMPLED_S) / fit.reach.sqrt() * 1e6);
    }
    (line, sigma_ppm)
}

/// A window lies on the line within this: a source that stands still, and sampling.
const ON_LINE_S: f64 = 0.0005;

/// So many windows, and such a share of all, must lie on a line before its drift is believed. A
/// line from one source to another crosses few windows of either.
const ON_LINE_MIN: usize = 6;
const ON_LINE_SHARE_MIN: f64 = 0.35;

/// What sampling at 8 kHz leaves of a peak's place.
const SAMPLED_S: f64 = 0.000_03;

/// How far from the coarse line the sharp one may lie, at its middle and at its ends: two bins.
const FINE_REACH_SAMPLES: f64 = 16.0;

/// How close lines are at their ends: 0.25 ms.
const FINE_SAMPLES: f64 = 2.0;

/// Agreement near each lag: running mean over five samples (0.6 ms), the width of a peak.
fn softened(surprise: &[f32], sign: f32) -> Vec<f32> {
    let one_sided: Vec<f32> = surprise.iter().map(|s| (s * sign).max(0.0)).collect();
    mean_around::<5>(&one_sided)
}

/// Running mean over so many values, an odd number; over fewer at the ends.
fn mean_around<const N: usize>(values: &[f32]) -> Vec<f32> {
    let half = N / 2;
    let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
    let end = |k: usize| mean(&values[k.saturating_sub(half)..(k + half + 1).min(values.len())]);
    let first = half.min(values.len());
    let last = values.len().saturating_sub(half).max(first);
    let mut means = Vec::with_capacity(values.len());
    means.extend((0..first).map(end));
    let windows = values.windows(N).filter_map(<[f32]>::first_chunk::<N>);
    means.extend(windows.map(|part| mean(part)));
    means.extend((last..values.len()).map(end));
    means
}

/// The most surprising lag of each millisecond.
fn bins(surprise: &[f32]) -> Vec<f32> {
    // An odd number of bins, the middle one around lag zero.
    let half = REACH_SAMPLES / BIN_SAMPLES - 1;
    (0..=2 * half)
        .map(|bin| {
            let centre = REACH_SAMPLES + bin * BIN_SAMPLES - half * BIN_SAMPLES;
            let part = &surprise[centre - BIN_SAMPLES / 2..centre + BIN_SAMPLES / 2];
            part.iter().map(|s| s.abs()).fold(0.0, f32::max)
        })
        .collect()
}

/// `sum[k] += bins[k + shift]`.
fn add_shifted(sum: &mut [f32], bins: &[f32], shift: i64) {
    let length = sum.len() as i64;
    let (first, end) = ((-shift).clamp(0, length), (bins.len() as i64 - shift).clamp(0, length));
    if first < end {
        let from = &bins[(first + shift) as usize..(end + shift) as usize];
        for (s, b) in sum[first as usize..end as usize].iter_mut().zip(from) {
            *s += b;
        }
    }
}

/// Running mean over three bins: neighbouring windows may round to neighbouring bins.
fn smooth(sum: &[f32]) -> Vec<f32> {
    mean_around::<3>(sum)
}

/// The largest value and where it first is; eight are compared at once.
fn maximum(values: &[f32]) -> (usize, f32) {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let (eights, rest) = values.as_chunks::<8>();
    let mut lanes = [f32::MIN; 8];
    for eight in eights {
        lanes.iter_mut().zip(eight).for_each(|(lane, value)| *lane = larger(*lane, *value));
    }
    let top = lanes.iter().chain(rest).fold(f32::MIN, |a, b| larger(a, *b));
    (values.iter().position(|value| *value >= top).unwrap_or(0), top)
}

/// Height of the peak over the median in standard deviations (from the median deviation).
fn height(sum: &[f32], at: usize) -> f64 {
    let mut sorted = sum.to_vec();
    let mid = sorted.len() / 2;
    let median = *sorted.select_nth_unstable_by(mid, f32::total_cmp).1;
    let mut deviations: Vec<f32> = sum.iter().map(|v| (v - median).abs()).collect();
    let deviation = *deviations.select_nth_unstable_by(mid, f32::total_cmp).1;
    f64::from((sum[at] - median) / (1.4826 * deviation).max(1e-6))
}

/// The window's own best lag near the line, without its peaks.
fn verdict(h: &Heard, line_s: f64, sign: f32) -> Window {
    let rate = f64::from(RATE_HZ);
    let centre = REACH_SAMPLES as i64 + ((line_s - h.base_lag_s) * rate).round() as i64;
    let last = h.surprise.len() as i64 - 2;
    let first = (centre - NEAR_SAMPLES as i64).clamp(1, last) as usize;
    let end = (centre + NEAR_SAMPLES as i64).clamp(1, last) as usize;
    let surprise: Vec<f32> = h.surprise[first - 1..=end + 1].iter().map(|s| s * sign).collect();
    let (nth, top) = maximum(&surprise[1..surprise.len() - 1]);
    let at = first + nth;
    let (before, after) = (surprise[nth], surprise[nth + 2]);
    let curvature = f64::from(before - 2.0 * top + after);
    let vertex = if curvature < 0.0 {
        (0.5 * f64::from(before - after) / curvature).clamp(-0.5, 0.5)
    } else {
        0.0
    };
    let lag_s = h.base_lag_s + (at as f64 + vertex - REACH_SAMPLES as f64) / rate;
    Window { right_s: h.right_s, lag_s, surprise: f64::from(top), peaks: Vec::new() }
}

/// Peaks kept for each window: where recorders lost samples the true one is among them.
const PEAKS: usize = 4;

/// Peaks are at least this far apart: 2 ms.
const PEAKS_APART_SAMPLES: usize = 16;

fn peaks(h: &Heard, sign: f32) -> Vec<(f64, f64)> {
    let mut left: Vec<f32> = h.surprise.iter().map(|s| s * sign).collect();
    let mut peaks = Vec::with_capacity(PEAKS);
    for _ in 0..PEAKS {
        let (at, top) = maximum(&left);
        let lag_s = h.base_lag_s + (at as f64 - REACH_SAMPLES as f64) / f64::from(RATE_HZ);
        peaks.push((lag_s, f64::from(top)));
        let end = (at + PEAKS_APART_SAMPLES + 1).min(left.len());
        left[at.saturating_sub(PEAKS_APART_SAMPLES)..end].fill(f32::MIN);
    }
    peaks
}
