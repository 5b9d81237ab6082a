//! The lag between two recordings to a fraction of a millisecond.
//!
//! In: the sound of two recordings and a lag good to a few tenths of a second. Out: for
//! windows all over the claimed overlap, how well the waveforms agree at each lag nearby.
//! Method: generalised cross-correlation with phase transform (Knapp & Carter 1976, IEEE
//! TASSP 24:320), exponent 7/8: with 1 every bin counts alike, also those that hold only
//! codec noise; 7/8 lets the stronger ones count a little more and needs no power function.
//! Each window's correlation is squared and divided by its own median, so that a window says
//! how surprising a lag is and not how loud it was; it keeps its sign, which tells a direct sound
//! from the lobes and reflections beside it (and a microphone that is wired the other way round).
//! Both windows are transformed at once, as the real and the imaginary part of one line.
//! Cost: two FFTs of 32,768 points a window, one of them complex, 0.1 ms.

use std::sync::Arc;

use realfft::{ComplexToReal, RealFftPlanner, num_complex::Complex32};
use rustfft::{Fft, FftPlanner};

use crate::listen::RATE_HZ;
use crate::wide::wide;

/// Samples in a window: 4.1 s. In a shorter one the peak drowns at −5 dB, in a longer one the
/// sources move and several of them compete.
pub(crate) const WINDOW_SAMPLES: usize = 1 << 15;

/// Bins outside this band hold hum below and codec leftovers above.
const BAND_LOW_HZ: f64 = 150.0;
const BAND_HIGH_HZ: f64 = 3700.0;

/// From this many medians on a window's surprise grows only with its logarithm: one shot must
/// not decide, and yet of two copies' many perfect lags the most perfect must stay the highest.
const SURPRISE_MAX: f32 = 40.0;

/// Samples below this are digital silence (full scale is 1).
const SILENCE: f32 = 1e-5;

/// Reusable buffers for one thread.
pub(crate) struct GccPhat {
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    taper: Arc<[f32]>,
    both: Vec<Complex32>,
    cross: Vec<Complex32>,
    line: Vec<f32>,
    scratch: Vec<Complex32>,
}

impl GccPhat {
    pub fn new() -> Self {
        let forward = FftPlanner::new().plan_fft_forward(WINDOW_SAMPLES);
        let inverse = RealFftPlanner::new().plan_fft_inverse(WINDOW_SAMPLES);
        let taper = (0..WINDOW_SAMPLES)
            .map(|i| (std::f64::consts::PI * (i as f64 + 0.5) / WINDOW_SAMPLES as f64).sin() as f32)
            .collect();
        let scratch = forward.get_inplace_scratch_len().max(inverse.get_scratch_len());
        Self {
            both: vec![Complex32::default(); WINDOW_SAMPLES],
            cross: inverse.make_input_vec(),
            line: inverse.make_output_vec(),
            scratch: vec![Complex32::default(); scratch],
            forward,
            inverse,
            taper,
        }
    }

    /// How surprising each lag from −`reach` to +`reach` samples is: the squared correlation
    /// over its median, with the sign of the correlation. `left` and `right` are
    /// [`WINDOW_SAMPLES`] long; a positive lag: the sound is later in `left`. Nothing when either
    /// is silent.
    pub fn surprise(&mut self, left: &[f32], right: &[f32], reach: usize) -> Option<Vec<f32>> {
        let (mut squares, median) = self.squares(left, right, reach)?;
        for value in &mut squares {
            let times = value.abs() / median;
            let held = if times <= SURPRISE_MAX {
                times
            } else {
                SURPRISE_MAX * (1.0 + 0.1 * (times / SURPRISE_MAX).ln())
            };
            *value = held.copysign(*value);
        }
        Some(squares)
    }

    /// How much likelier each lag is than that nothing agrees, in nepers, however much that is, and
    /// whichever way round the sounds are: half the squared correlation over its variance, of which
    /// chance leaves the median at 0.455. Otherwise as [`surprise`](Self::surprise).
    pub fn nepers(&mut self, left: &[f32], right: &[f32], reach: usize) -> Option<Vec<f32>> {
        let (mut squares, median) = self.squares(left, right, reach)?;
        let variance = median / 0.455;
        for square in &mut squares {
            *square = 0.5 * square.abs() / variance;
        }
        Some(squares)
    }

    /// The squared correlation at each lag, with its sign, and the median of all without.
    fn squares(&mut self, left: &[f32], right: &[f32], reach: usize) -> Option<(Vec<f32>, f32)> {
        let (left_gain, right_gain) = (gain(left)?, gain(right)?);
        let samples = left.iter().zip(right).zip(self.taper.iter());
        for (both, ((left, right), taper)) in self.both.iter_mut().zip(samples) {
            *both = Complex32::new(left * left_gain * taper, right * right_gain * taper);
        }
        self.forward.process_with_scratch(&mut self.both, &mut self.scratch);
        whitened_cross(&self.both, &mut self.cross);
        self.inverse
            .process_with_scratch(&mut self.cross, &mut self.line, &mut self.scratch)
            .expect("buffers have the length of the plan");
        let mut squares = Vec::with_capacity(2 * reach + 1);
        squares.extend(self.line[WINDOW_SAMPLES - reach..].iter().map(|c| c * c.abs()));
        squares.extend(self.line[..=reach].iter().map(|c| c * c.abs()));
        // Numbers that are not negative are ordered as their bits are, and integers sort faster.
        let mut sorted: Vec<u32> = squares.iter().map(|square| square.abs().to_bits()).collect();
        let mid = sorted.len() / 2;
        let median = f32::from_bits(*sorted.select_nth_unstable(mid).1);
        (median > 0.0).then_some((squares, median))
    }
}

/// What makes samples as loud as any others, so that neither drowns in what the other's transform
/// rounds off; nothing when they are silent.
fn gain(samples: &[f32]) -> Option<f32> {
    let loudness = loudness(samples);
    (loudness >= SILENCE).then(|| loudness.recip())
}

wide! {
    /// The cross-spectrum with most of its magnitude taken out, inside the band, of two lines that were
    /// transformed as one: the spectrum of each is half of what that one and its mirror have in common,
    /// or not.
    fn whitened_cross(both: &[Complex32], cross: &mut [Complex32]) {
        let bin = |hz: f64| (hz * WINDOW_SAMPLES as f64 / f64::from(RATE_HZ)).round() as usize;
        let (low, high) = (bin(BAND_LOW_HZ), bin(BAND_HIGH_HZ));
        cross[..low].fill(Complex32::default());
        cross[high..].fill(Complex32::default());
        let mirrored = both[WINDOW_SAMPLES - high + 1..=WINDOW_SAMPLES - low].iter().rev();
        for (cross, (z, m)) in cross[low..high].iter_mut().zip(both[low..high].iter().zip(mirrored)) {
            // Twice the one and twice the other, turned by a right angle.
            let (a, b) = ((z.re + m.re, z.im - m.im), (z.im + m.im, m.re - z.re));
            let gain = whitening((a.0 * a.0 + a.1 * a.1) * (b.0 * b.0 + b.1 * b.1) + 1e-30);
            *cross = Complex32::new((a.0 * b.0 + a.1 * b.1) * gain, (a.1 * b.0 - a.0 * b.1) * gain);
        }
    }
}

/// `power^(−7/16)`, that is `(|a| |b|)^(−7/8)`, within 5 %: the bits of a number are about its
/// logarithm, and phases do not ask for more. Four roots and a division would cost as much as an
/// FFT.
#[inline]
fn whitening(power: f32) -> f32 {
    // The power of one is one, less what makes the error as large below as above.
    const ONE: u32 = 1.0f32.to_bits() / 16 * (16 + 7) - 518_600;
    f32::from_bits(ONE - (power.to_bits() >> 4) * 7)
}

fn loudness(samples: &[f32]) -> f32 {
    let (eights, rest) = samples.as_chunks::<8>();
    let mut lanes = [0.0f32; 8];
    for eight in eights {
        lanes.iter_mut().zip(eight).for_each(|(lane, s)| *lane += s * s);
    }
    let sum = lanes.iter().sum::<f32>() + rest.iter().map(|s| s * s).sum::<f32>();
    (sum / samples.len() as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whitening_is_a_power_to_a_few_hundredths() {
        let mut power = 1e-30f32;
        while power < 1e30 {
            let exact = power.powf(-7.0 / 16.0);
            assert!((whitening(power) / exact - 1.0).abs() < 0.05, "{power:e}");
            power *= 1.013;
        }
    }
}
