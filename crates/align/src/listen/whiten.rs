//! Takes out of each band what is not the sound's own: its local mean, its spread, its rhythm.
//!
//! In: logarithms of band energies, and the frames in which anything sounds. Out: deviations.
//! Method: the mean of the active frames around is taken away in each band, which removes
//! microphone response, hum, codec tilt and slow gain control (cepstral mean normalisation, Atal
//! 1974, with a short window); what is left is scaled to its spread and clipped; then the rhythm is
//! evened out (see [`Flattener`]). Eight bands go side by side.
//! Cost: a pass for each of these, and two FFTs of 16,384 points for 8,192 frames of a band, which
//! are more than half of it; 8 × 4 bytes a frame beside what comes in and goes out.

use std::sync::Arc;

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex32};

use super::bands::{BANDS, LOG_STEP};
use crate::wide::wide;

/// Frames on either side whose mean is taken away: with the frame itself 0.74 s, longer than a
/// syllable, shorter than gain control. With 2 s, z-values of true pairs fall by a third.
const LOCAL_ASIDE: usize = 18;

/// Spreads below this, in nepers, are as good as none.
const SPREAD_MIN: f32 = 1e-3;

/// Deviations beyond this many standard deviations are clipped: one loud click must not
/// outweigh a minute of speech. Below, a lull says less than an onset.
const DEVIATION_MAX: f32 = 4.0;
const DEVIATION_MIN: f32 = -1.0;

/// Stored deviations are bytes of 1/28 standard deviation.
pub(super) const UNITS_PER_SIGMA: f32 = 28.0;

/// Bands side by side.
const LANES: usize = 8;

type Lanes = [f32; LANES];

/// Frames whose squares are summed in single precision before they go into the sum of all.
const FRAMES_TOGETHER: usize = 1024;

/// The deviations, `BANDS` a frame as the logarithms are; zero where nothing sounds.
pub(super) fn whitened(logs: &[u8], active: &[bool]) -> Vec<i8> {
    let mut deviations = vec![0; logs.len()];
    let mut flattener = Flattener::new(active.len());
    let mut values = vec![[0.0; LANES]; active.len()];
    let count = active.iter().filter(|a| **a).count().max(1) as f64;
    let scale = |values: &[Lanes], spread_min: f32| {
        squares(values).map(|sum| 1.0 / ((sum / count).sqrt() as f32).max(spread_min))
    };
    for first_band in (0..BANDS).step_by(LANES) {
        from_local_mean(logs, active, first_band, &mut values);
        let spread = scale(&values, SPREAD_MIN / LOG_STEP);
        clip(&mut values, &spread, DEVIATION_MIN, DEVIATION_MAX);
        let means = sums(&values).map(|sum| (sum / count) as f32);
        centre(&mut values, active, &means);
        if flattener.flatten(&mut values, active) {
            let spread = scale(&values, 1e-6);
            clip(&mut values, &spread, -DEVIATION_MAX, DEVIATION_MAX);
        }
        store(&values, first_band, &mut deviations);
    }
    deviations
}

wide! {
    /// By how many steps of the logarithm each active frame exceeds the mean of those around it.
    fn from_local_mean(logs: &[u8], active: &[bool], first_band: usize, values: &mut [Lanes]) {
        let frames = active.len();
        let own = |frame: usize| -> &[u8; LANES] {
            let at = frame * BANDS + first_band;
            logs[at..].first_chunk().expect("there are as many frames as are active or not")
        };
        // At most 37 × 255.
        let mut sums = [0u16; LANES];
        let mut count = 0u16;
        for frame in 0..frames + LOCAL_ASIDE {
            if frame < frames && active[frame] {
                sums.iter_mut().zip(own(frame)).for_each(|(sum, log)| *sum += u16::from(*log));
                count += 1;
            }
            let Some(middle) = frame.checked_sub(LOCAL_ASIDE) else { continue };
            if let Some(gone) = middle.checked_sub(LOCAL_ASIDE + 1).filter(|gone| active[*gone]) {
                sums.iter_mut().zip(own(gone)).for_each(|(sum, log)| *sum -= u16::from(*log));
                count -= 1;
            }
            if active[middle] {
                let share = 1.0 / f32::from(count);
                let logs_and_sums = own(middle).iter().zip(&sums);
                for (value, (log, sum)) in values[middle].iter_mut().zip(logs_and_sums) {
                    *value = f32::from(*log) - f32::from(*sum) * share;
                }
            } else {
                values[middle] = [0.0; LANES];
            }
        }
    }

    fn sums(values: &[Lanes]) -> [f64; LANES] {
        let mut sums = [0.0; LANES];
        for values in values.chunks(FRAMES_TOGETHER) {
            let mut here = [0.0f32; LANES];
            for value in values {
                here.iter_mut().zip(value).for_each(|(sum, value)| *sum += value);
            }
            sums.iter_mut().zip(here).for_each(|(sum, here)| *sum += f64::from(here));
        }
        sums
    }

    /// The sums of the squares.
    fn squares(values: &[Lanes]) -> [f64; LANES] {
        let mut sums = [0.0; LANES];
        for values in values.chunks(FRAMES_TOGETHER) {
            let mut here = [0.0f32; LANES];
            for value in values {
                here.iter_mut().zip(value).for_each(|(sum, value)| *sum += value * value);
            }
            sums.iter_mut().zip(here).for_each(|(sum, here)| *sum += f64::from(here));
        }
        sums
    }

    /// Scales each band and clips it.
    fn clip(values: &mut [Lanes], scale: &Lanes, low: f32, high: f32) {
        for value in values {
            for (value, scale) in value.iter_mut().zip(scale) {
                *value = (*value * scale).max(low).min(high);
            }
        }
    }

    /// Takes the mean of each band away, where anything sounds.
    fn centre(values: &mut [Lanes], active: &[bool], means: &Lanes) {
        for (value, active) in values.iter_mut().zip(active) {
            let share = if *active { 1.0 } else { 0.0 };
            for (value, mean) in value.iter_mut().zip(means) {
                *value = share * (*value - mean).min(DEVIATION_MAX);
            }
        }
    }

    fn store(values: &[Lanes], first_band: usize, deviations: &mut [i8]) {
        for (frame, value) in deviations.chunks_exact_mut(BANDS).zip(values) {
            for (deviation, value) in frame[first_band..first_band + LANES].iter_mut().zip(value) {
                let units = value * UNITS_PER_SIGMA;
                // To the nearest: half a unit outward, then toward zero, which `as` does.
                *deviation = (units + 0.5f32.copysign(units)) as i32 as i8;
            }
        }
    }
}

/// Evens out the rhythm of a band, so that what repeats exactly (a siren, an announcement, a
/// loop) does not outweigh what happens once.
///
/// Method: in the spectrum of the band's deviations over time (the modulation spectrum) exact
/// repetition stands as lines; bins above `RHYTHM_MAX` times the median around them are
/// brought down to it. It is to slow modulations what the phase transform (Knapp & Carter
/// 1976) is to waveforms, with a ceiling where that has division.
struct Flattener {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    line: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
    powers: Vec<u32>,
}

impl Flattener {
    fn new(frames: usize) -> Self {
        let length = (2 * frames).next_power_of_two().clamp(512, RHYTHM_FRAMES);
        let mut planner = RealFftPlanner::new();
        let forward = planner.plan_fft_forward(length);
        let inverse = planner.plan_fft_inverse(length);
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            line: forward.make_input_vec(),
            spectrum: forward.make_output_vec(),
            scratch: vec![Complex32::default(); scratch],
            powers: Vec::with_capacity(RHYTHM_BINS),
            forward,
            inverse,
        }
    }

    /// Whether there were enough frames to do so.
    fn flatten(&mut self, values: &mut [Lanes], active: &[bool]) -> bool {
        if values.len() < RHYTHM_FRAMES_MIN {
            return false;
        }
        let half = self.line.len() / 2;
        for (part, active) in values.chunks_mut(half).zip(active.chunks(half)) {
            for lane in 0..LANES {
                self.line[part.len()..].fill(0.0);
                self.line.iter_mut().zip(&*part).for_each(|(to, from)| *to = from[lane]);
                self.flatten_line();
                for ((value, flat), active) in part.iter_mut().zip(&self.line).zip(active) {
                    value[lane] = if *active { *flat } else { 0.0 };
                }
            }
        }
        true
    }

    fn flatten_line(&mut self) {
        let Self { forward, inverse, line, spectrum, scratch, powers } = self;
        forward.process_with_scratch(line, spectrum, scratch).expect("buffers fit the plan");
        for bins in spectrum.chunks_mut(RHYTHM_BINS) {
            powers.clear();
            // Numbers that are not negative are ordered as their bits are, and integers sort faster.
            powers.extend(bins.iter().map(|bin| bin.norm_sqr().to_bits()));
            let mid = powers.len() / 2;
            let median = f32::from_bits(*powers.select_nth_unstable(mid).1);
            let ceiling = RHYTHM_MAX * RHYTHM_MAX * median;
            for bin in bins {
                let power = bin.norm_sqr();
                if power > ceiling {
                    *bin *= (ceiling / power).sqrt();
                }
            }
        }
        spectrum[0].im = 0.0;
        if let Some(last) = spectrum.last_mut() {
            last.im = 0.0;
        }
        inverse.process_with_scratch(spectrum, line, scratch).expect("buffers fit the plan");
    }
}

/// Frames flattened at once: 5 min 28 s, padded to as much again where shorter.
const RHYTHM_FRAMES: usize = 16384;

/// Recordings below this (10 s) hold too few bins to tell a rhythm from chance.
const RHYTHM_FRAMES_MIN: usize = 500;

/// Bins around which the median is taken.
const RHYTHM_BINS: usize = 256;

/// A bin may reach so many medians: with 1 faint recordings suffer, with 2.5 a siren still
/// outweighs speech (tried from 0.5 to 2.5 on the public scenes: 1 to 2.5 differ little).
const RHYTHM_MAX: f32 = 1.5;
