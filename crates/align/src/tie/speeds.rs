//! Finds where a recording may hold sound of another that was copied at another speed.
//!
//! In: what one recording heard in stretches that nothing explains, and what all others heard.
//! Out: moments at which the two may hold the same, at which speed, best first.
//! Method: windows of twelve seconds are stretched to each speed within ±5.4 % in steps of
//! 0.6 % (the ends of a window are then never off by more than a frame) and correlated with
//! the whole of every other recording, at all lags at once by FFT. Band energies of neighbouring
//! frames and bands are added up: what lags and pitch lack in sharpness here, waveforms decide
//! later (`tie::copy`). Bands are moved by half of what the pitch would move if it had changed
//! with the speed, so that sound that kept its pitch is found as well.
//! Cost: windows × speeds × 0.08 ms for each 152 s of the others. Beyond [`PRODUCTS_FREE`] of these
//! fewer windows are tried, those of short recordings first: a third of a case's decoding at most.
//! Cannot: see copies of less than about seven seconds, or under sound that is louder throughout.

use std::sync::Arc;

use rayon::prelude::*;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex32};

use crate::listen::{BANDS, FRAMES_PER_S, Heard, mel_band_of_scaled};
use crate::{Error, Watch};

/// Two frames and two bands are one here.
const COARSE: usize = 2;
const COARSE_BANDS: usize = BANDS / COARSE;
const COARSE_FRAMES_PER_S: usize = FRAMES_PER_S / COARSE;

/// Frames of a window: 12 s. A copy of seven seconds still fills most of it.
const WINDOW: usize = 12 * COARSE_FRAMES_PER_S;

/// Seconds from one window to the next.
const HOP_S: f64 = 6.0;

/// Points of the transform.
const POINTS: usize = 4096;

/// Lags of one transform.
const LAGS: usize = POINTS - WINDOW;

/// Speeds on either side of 1, and their distance.
const SPEEDS_ASIDE: i32 = 9;
const SPEED_STEP: f64 = 0.006;

/// Correlation from which a moment is worth a closer look.
const ALIKE_FROM: f32 = 0.25;

/// Moments kept of each window.
const KEPT: usize = 4;

/// Moments of one window nearer than this are one, in frames.
const APART: usize = COARSE_FRAMES_PER_S;

/// Windows that are always tried, 13 minutes of what nothing explains, and products (3 s of one
/// core) up to which more are.
const WINDOWS_FREE: usize = 128;
const PRODUCTS_FREE: usize = 40_000;

/// Windows whose spectra are held at once: 4 MB each.
const WINDOWS_AT_ONCE: usize = 32;

/// A stretch of a recording that nothing explains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Unexplained {
    pub recording: usize,
    pub start_s: f64,
    pub end_s: f64,
}

/// Where two recordings may hold the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moment {
    /// The recording that nothing explains, and the middle of the window in it.
    pub copy: usize,
    pub copy_s: f64,
    /// The other, and the moment of it that this would be.
    pub other: usize,
    pub other_s: f64,
    /// Seconds of the other in one second of the copy.
    pub speed: f64,
    /// Correlation of band energies, 0 to 1.
    pub alike: f32,
}

/// A window of the copy.
#[derive(Clone, Copy)]
struct Window {
    recording: usize,
    middle_s: f64,
}

/// The spectra of a window at one speed.
struct Stretched {
    speed: f64,
    energy: f32,
    /// One band after another.
    spectra: Vec<Complex32>,
}

/// Looks for the moments; highest first.
///
/// # Errors
/// If somebody asked to stop.
pub(crate) fn moments(
    unexplained: &[Unexplained],
    heard: &[&Heard],
    watch: &dyn Watch,
) -> Result<Vec<Moment>, Error> {
    if unexplained.is_empty() {
        return Ok(Vec::new());
    }
    let windows = windows(unexplained, heard);
    let mut planner = RealFftPlanner::new();
    let plans = Plans {
        forward: planner.plan_fft_forward(POINTS),
        inverse: planner.plan_fft_inverse(POINTS),
    };
    let mut moments = Vec::new();
    for windows in windows.chunks(WINDOWS_AT_ONCE) {
        let stretched: Vec<(Window, Vec<Stretched>)> =
            windows.par_iter().map(|w| (*w, plans.stretched(heard[w.recording], w))).collect();
        let mut best: Vec<Vec<Moment>> = vec![Vec::new(); windows.len()];
        for (other, other_heard) in heard.iter().enumerate() {
            let segments = plans.segments(other_heard);
            let found: Vec<Vec<Moment>> = stretched
                .par_iter()
                .map(|(window, speeds)| {
                    if watch.stopped() || window.recording == other {
                        return Vec::new();
                    }
                    let mut found = Vec::new();
                    for speed in speeds {
                        for segment in &segments {
                            plans.correlate(window, other, speed, segment, &mut found);
                        }
                    }
                    found
                })
                .collect();
            if watch.stopped() {
                return Err(Error::Stopped);
            }
            for (best, found) in best.iter_mut().zip(found) {
                best.extend(found);
                keep_best(best);
            }
        }
        moments.extend(best.into_iter().flatten());
    }
    moments.sort_by(|a, b| {
        let place = |m: &Moment| (m.copy, m.other);
        b.alike.total_cmp(&a.alike).then(place(a).cmp(&place(b)))
    });
    Ok(moments)
}

/// The highest, one for each place.
fn keep_best(moments: &mut Vec<Moment>) {
    moments.sort_by(|a, b| b.alike.total_cmp(&a.alike).then(a.other.cmp(&b.other)));
    let mut kept: Vec<Moment> = Vec::with_capacity(KEPT);
    for m in moments.iter() {
        let near = |k: &Moment| k.other == m.other && (k.other_s - m.other_s).abs() < 1.0;
        if kept.len() < KEPT && !kept.iter().any(near) {
            kept.push(*m);
        }
    }
    *moments = kept;
}

/// The windows of what nothing explains, as many as may be tried: short stretches in full, the
/// others evenly thinned.
fn windows(unexplained: &[Unexplained], heard: &[&Heard]) -> Vec<Window> {
    let segments: usize = heard.iter().map(|h| (h.frames() / COARSE).div_ceil(LAGS)).sum();
    let products = segments.max(1) * (2 * SPEEDS_ASIDE as usize + 1);
    let mut left = WINDOWS_FREE.max(PRODUCTS_FREE / products);
    let mut order: Vec<&Unexplained> = unexplained.iter().collect();
    let length_s = |u: &Unexplained| u.end_s - u.start_s;
    order.sort_by(|a, b| length_s(a).total_cmp(&length_s(b)).then(a.recording.cmp(&b.recording)));
    let mut windows = Vec::new();
    let stretches = order.len();
    for (done, u) in order.into_iter().enumerate() {
        let half_s = 0.5 * WINDOW as f64 / COARSE_FRAMES_PER_S as f64;
        let (first_s, last_s) = (u.start_s + half_s, u.end_s - half_s);
        let wanted = if last_s > first_s { ((last_s - first_s) / HOP_S) as usize + 2 } else { 1 };
        let count = wanted.min(left / (stretches - done));
        left -= count;
        windows.extend((0..count).map(|n| Window {
            recording: u.recording,
            middle_s: if count < 2 {
                f64::midpoint(u.start_s, u.end_s)
            } else {
                first_s + (last_s - first_s) * n as f64 / (count - 1) as f64
            },
        }));
    }
    windows
}

/// A part of a recording to be searched.
struct Segment {
    /// Frame at which it begins.
    first: usize,
    /// Lags at which a window lies in it.
    lags: usize,
    /// Energy that a window would cover, at each lag.
    energy: Vec<f32>,
    spectra: Vec<Complex32>,
}

/// Transforms shared by all.
struct Plans {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

impl Plans {
    /// The window at every speed.
    fn stretched(&self, heard: &Heard, window: &Window) -> Vec<Stretched> {
        (-SPEEDS_ASIDE..=SPEEDS_ASIDE)
            .map(|k| {
                let speed = 1.0 + SPEED_STEP * f64::from(k);
                let mut line = vec![0.0f32; POINTS];
                let mut spectra = vec![Complex32::default(); COARSE_BANDS * BINS];
                let mut energy = 0.0;
                for band in 0..COARSE_BANDS {
                    line.fill(0.0);
                    for half in 0..COARSE {
                        add_stretched(heard, window, speed, band * COARSE + half, &mut line);
                    }
                    energy += line.iter().map(|v| v * v).sum::<f32>();
                    let out = &mut spectra[band * BINS..(band + 1) * BINS];
                    self.forward.process(&mut line, out).expect("buffers fit the plan");
                }
                Stretched { speed, energy, spectra }
            })
            .collect()
    }

    fn segments(&self, heard: &Heard) -> Vec<Segment> {
        let frames = heard.frames() / COARSE;
        (0..frames.max(1))
            .step_by(LAGS)
            .filter(|first| *first == 0 || first + WINDOW <= frames)
            .map(|first| {
                let mut spectra = vec![Complex32::default(); COARSE_BANDS * BINS];
                let mut squares = vec![0.0f64; POINTS];
                let mut fine = vec![0.0f32; POINTS * COARSE];
                for band in 0..COARSE_BANDS {
                    let mut line = vec![0.0f32; POINTS];
                    for half in 0..COARSE {
                        heard.band(band * COARSE + half, first * COARSE, &mut fine);
                        for (sum, pair) in line.iter_mut().zip(fine.chunks_exact(COARSE)) {
                            *sum += pair.iter().sum::<f32>();
                        }
                    }
                    for (sum, v) in squares.iter_mut().zip(&line) {
                        *sum += f64::from(v * v);
                    }
                    let out = &mut spectra[band * BINS..(band + 1) * BINS];
                    self.forward.process(&mut line, out).expect("buffers fit the plan");
                }
                let mut sum: f64 = squares[..WINDOW].iter().sum();
                let energy = (0..LAGS)
                    .map(|lag| {
                        let now = sum as f32;
                        sum += squares[lag + WINDOW] - squares[lag];
                        now
                    })
                    .collect();
                let lags = (frames.saturating_sub(first + WINDOW) + 1).min(LAGS);
                Segment { first, lags, energy, spectra }
            })
            .collect()
    }

    fn correlate(
        &self,
        window: &Window,
        other: usize,
        stretched: &Stretched,
        segment: &Segment,
        found: &mut Vec<Moment>,
    ) {
        let mut sum = vec![Complex32::default(); BINS];
        for band in 0..COARSE_BANDS {
            let range = band * BINS..(band + 1) * BINS;
            super::search::multiply_add(
                &mut sum,
                &segment.spectra[range.clone()],
                &stretched.spectra[range],
            );
        }
        sum[0].im = 0.0;
        sum[BINS - 1].im = 0.0;
        let mut line = vec![0.0; POINTS];
        self.inverse.process(&mut sum, &mut line).expect("buffers fit the plan");
        let usual = (WINDOW * COARSE_BANDS) as f32 * USUAL_ENERGY;
        let alike = |lag: usize| {
            let energy = segment.energy[lag].max(0.25 * usual) * stretched.energy.max(0.25 * usual);
            line[lag] / POINTS as f32 / energy.sqrt()
        };
        for from in (0..segment.lags).step_by(APART) {
            let end = (from + APART).min(segment.lags);
            let best = (from..end).map(|lag| (lag, alike(lag))).max_by(|a, b| a.1.total_cmp(&b.1));
            let Some((lag, alike)) = best.filter(|b| b.1 >= ALIKE_FROM) else { continue };
            let middle = (segment.first + lag + WINDOW / 2) as f64;
            found.push(Moment {
                copy: window.recording,
                copy_s: window.middle_s,
                other,
                other_s: middle / COARSE_FRAMES_PER_S as f64,
                speed: stretched.speed,
                alike,
            });
        }
    }
}

const BINS: usize = POINTS / 2 + 1;

/// Energy of a coarse frame and band of ordinary sound: four parts that mostly agree.
const USUAL_ENERGY: f32 = 6.0;

/// Adds one band of the window, as it would be in the other recording.
fn add_stretched(heard: &Heard, window: &Window, speed: f64, band: usize, line: &mut [f32]) {
    // The copy's band is higher than the original's by the pitch; half of that is met here.
    let (low, part) = mel_band_of_scaled(band, 1.0 + 0.5 * (speed - 1.0));
    let middle = window.middle_s * FRAMES_PER_S as f64;
    let frames = heard.frames();
    let value = |frame: i64| {
        let Some(frame) = usize::try_from(frame).ok().filter(|f| *f < frames) else { return 0.0 };
        let bands = heard.frame(frame);
        let (a, b) = (f32::from(bands[low]), f32::from(bands[(low + 1).min(BANDS - 1)]));
        a + part * (b - a)
    };
    let unit = Heard::unit_variance().sqrt();
    for fine in 0..WINDOW * COARSE {
        let at = middle + (fine as f64 - (WINDOW * COARSE / 2) as f64) / speed;
        let (whole, rest) = (at.floor(), (at - at.floor()) as f32);
        let sample = value(whole as i64) * (1.0 - rest) + value(whole as i64 + 1) * rest;
        line[fine / COARSE] += sample / unit;
    }
}
