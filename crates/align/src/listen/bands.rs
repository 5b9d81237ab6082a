//! Whitened band energies: what of a sound survives microphones, rooms and codecs.
//!
//! In: mono samples. Out: for each frame of 20 ms and each of 24 mel bands between 150 and
//! 3700 Hz, by how many standard deviations the logarithm of its energy exceeds that of the
//! second around it.
//! Method: log-mel energies (Davis & Mermelstein 1980), whitened by `whiten` when all are known.
//! Spectrogram features are correlated later, at all lags, by FFT; see `tie::search`.
//! Why not waveforms here: rooms and moving sources decorrelate waveforms at metres of
//! distance, band energies stay. On the project's public scenes the z-value of true pairs is
//! above 9 and that of strangers below 7.5; summed GCC-PHAT of waveforms mixes the two.
//! Cost: one complex FFT of 512 points for two frames of 160 samples, and as much again around it.

use std::sync::{Arc, LazyLock};

use evidence::Stretch;
use realfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use super::whiten::whitened;
use super::{Heard, RATE_HZ};
use crate::wide::wide;

/// Bands between [`BAND_LOW_HZ`] and [`BAND_HIGH_HZ`]. With 48 the z-values of true pairs rise
/// by a tenth; with 24 time and memory halve.
pub const BANDS: usize = 24;

/// Samples between frames: 20 ms. The search needs only a first lag, the waveforms refine it.
pub const HOP_SAMPLES: usize = 160;

/// Frames a second.
pub const FRAMES_PER_S: usize = RATE_HZ as usize / HOP_SAMPLES;

/// Samples in a frame: 64 ms, long enough to tell the harmonics of a voice apart.
const WINDOW_SAMPLES: usize = 512;

/// Below it are wind, handling and hum.
const BAND_LOW_HZ: f64 = 150.0;

/// Above it telephone, GSM and AMR hold nothing.
const BAND_HIGH_HZ: f64 = 3700.0;

/// A frame this far (in nepers of energy, 60 dB) below the recording's median is silence:
/// what is left there is dither or codec noise.
const SILENT_BELOW_MEDIAN: f32 = 13.8;

/// Band energies below this (full scale is about 1) are digital silence.
const ENERGY_FLOOR: f32 = 1e-12;

/// Step of stored logarithms in nepers; a byte of them spans 110 dB.
pub(super) const LOG_STEP: f32 = 0.1;

/// Frames whose energies are summed side by side; even.
const FRAMES_AT_ONCE: usize = 8;

pub(super) struct BandAnalyser {
    fft: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    /// First bin of each band and the one after its last.
    bins: Vec<(usize, usize)>,
    /// Samples not yet consumed by a frame.
    pending: Vec<f32>,
    /// Two frames, the second as the imaginary part of the first.
    frames: Vec<Complex32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
    /// Energies of the frames that were transformed last, from the first bin of any band on.
    energies: Vec<[f32; FRAMES_AT_ONCE]>,
    transformed: usize,
    /// Quantised logarithms, `BANDS` a frame.
    logs: Vec<u8>,
    samples: u64,
}

impl BandAnalyser {
    pub(super) fn new() -> Self {
        let fft = FftPlanner::new().plan_fft_forward(WINDOW_SAMPLES);
        let zeros = |count| vec![Complex32::default(); count];
        let window = (0..WINDOW_SAMPLES)
            .map(|i| {
                let phase = std::f64::consts::TAU * i as f64 / WINDOW_SAMPLES as f64;
                (0.5 - 0.5 * phase.cos()) as f32
            })
            .collect();
        let bins = band_bins();
        Self {
            window,
            energies: vec![[0.0; FRAMES_AT_ONCE]; bins[BANDS - 1].1 - bins[0].0],
            transformed: 0,
            bins,
            pending: Vec::with_capacity(1 << 15),
            frames: zeros(WINDOW_SAMPLES),
            spectrum: zeros(WINDOW_SAMPLES),
            scratch: zeros(fft.get_outofplace_scratch_len()),
            fft,
            logs: Vec::new(),
            samples: 0,
        }
    }

    pub(super) fn push(&mut self, mono: &[f32]) {
        self.samples += mono.len() as u64;
        self.pending.extend(mono.iter().map(|s| if s.is_finite() { *s } else { 0.0 }));
        let mut start = 0;
        while start + HOP_SAMPLES + WINDOW_SAMPLES <= self.pending.len() {
            self.two_frames(start);
            start += 2 * HOP_SAMPLES;
        }
        self.pending.drain(..start);
    }

    /// Transforms the frame that begins there, and the next if there is another.
    fn two_frames(&mut self, start: usize) {
        let lowest = self.bins[0].0;
        let samples = &self.pending[start..];
        taper(samples, &self.window, &mut self.frames);
        self.fft.process_outofplace_with_scratch(
            &mut self.frames,
            &mut self.spectrum,
            &mut self.scratch,
        );
        energies(&self.spectrum, lowest, self.transformed, &mut self.energies);
        let has_second = samples.len() >= HOP_SAMPLES + WINDOW_SAMPLES;
        self.transformed += if has_second { 2 } else { 1 };
        if self.transformed >= FRAMES_AT_ONCE {
            self.end_frames();
        }
    }

    /// The logarithms of the frames that were transformed last.
    fn end_frames(&mut self) {
        if self.transformed == 0 {
            return;
        }
        let begun = self.logs.len();
        self.logs.resize(begun + self.transformed * BANDS, 0);
        let lowest = self.bins[0].0;
        for (band, &(first, end)) in self.bins.iter().enumerate() {
            let sums = sums(&self.energies[first - lowest..end - lowest]);
            let count = ((end - first) * WINDOW_SAMPLES) as f32;
            let own = self.logs[begun + band..].iter_mut().step_by(BANDS);
            own.zip(sums).for_each(|(log, sum)| *log = quantise_log(sum / count));
        }
        self.transformed = 0;
    }

    /// Whitens what was heard.
    pub(super) fn finish(mut self, stretches: &[Stretch]) -> Heard {
        if self.pending.len() >= WINDOW_SAMPLES {
            self.two_frames(0);
        }
        self.end_frames();
        let active = active_frames(&self.logs, stretches);
        let deviations = whitened(&self.logs, &active);
        let active_frames = active.iter().filter(|a| **a).count() as u64;
        Heard::new(self.samples, active_frames, deviations)
    }
}

wide! {
    /// A frame and the next, tapered; what is not there is silence.
    fn taper(samples: &[f32], window: &[f32], frames: &mut [Complex32]) {
        match samples.get(HOP_SAMPLES..HOP_SAMPLES + WINDOW_SAMPLES) {
            Some(next) => {
                let both = samples.iter().zip(next).zip(window);
                for (frame, ((sample, next), taper)) in frames.iter_mut().zip(both) {
                    *frame = Complex32::new(sample * taper, next * taper);
                }
            }
            None => {
                for (frame, (sample, taper)) in frames.iter_mut().zip(samples.iter().zip(window)) {
                    *frame = Complex32::new(sample * taper, 0.0);
                }
            }
        }
    }

    /// The energies of two frames that were transformed as one: of each the spectrum is half of what
    /// that one and its mirror have in common, or not. They go into `lane` and the next.
    fn energies(
        spectrum: &[Complex32],
        lowest: usize,
        lane: usize,
        energies: &mut [[f32; FRAMES_AT_ONCE]],
    ) {
        let mirrored = spectrum[..=WINDOW_SAMPLES - lowest].iter().rev();
        let bins = spectrum[lowest..].iter().zip(mirrored);
        for (energies, (z, m)) in energies.iter_mut().zip(bins) {
            let (re, im) = (0.5 * (z.re + m.re), 0.5 * (z.im - m.im));
            let (next_re, next_im) = (0.5 * (z.im + m.im), 0.5 * (m.re - z.re));
            energies[lane] = re * re + im * im;
            energies[lane + 1] = next_re * next_re + next_im * next_im;
        }
    }

    /// The energies of a band.
    fn sums(energies: &[[f32; FRAMES_AT_ONCE]]) -> [f32; FRAMES_AT_ONCE] {
        let mut sums = [0.0f32; FRAMES_AT_ONCE];
        for energies in energies {
            sums.iter_mut().zip(energies).for_each(|(sum, energy)| *sum += energy);
        }
        sums
    }
}

/// The stored logarithm of an energy: the nearest step.
fn quantise_log(energy: f32) -> u8 {
    LOGS.of(energy + ENERGY_FLOOR)
}

/// Steps of the logarithm by the leading bits of a number. So short a stretch of numbers has at
/// most one place where the step changes.
struct Logs(Vec<(u8, f32)>);

static LOGS: LazyLock<Logs> = LazyLock::new(Logs::new);

impl Logs {
    /// Leaves 5 bits of the mantissa: a stretch spans 0.03 nepers, a third of a step.
    const BITS_LEFT_OUT: u32 = 18;

    fn new() -> Self {
        // The cast saturates: louder than full scale is 255.
        let step = |energy: f32| ((energy.ln() - ENERGY_FLOOR.ln()) / LOG_STEP).round() as u8;
        let step_of_bits = |bits: u32| step(f32::from_bits(bits));
        let mut bits = ENERGY_FLOOR.to_bits();
        let mut stretches = Vec::new();
        while stretches.last().is_none_or(|last: &(u8, f32)| last.0 < u8::MAX) {
            let next = ((bits >> Self::BITS_LEFT_OUT) + 1) << Self::BITS_LEFT_OUT;
            let first = step_of_bits(bits);
            let (mut below, mut above) = (bits, next);
            while above - below > 1 {
                let middle = below + (above - below) / 2;
                if step_of_bits(middle) == first { below = middle } else { above = middle }
            }
            stretches.push((first, f32::from_bits(above)));
            bits = next;
        }
        Self(stretches)
    }

    fn of(&self, energy: f32) -> u8 {
        let bits = |energy: f32| (energy.to_bits() >> Self::BITS_LEFT_OUT) as usize;
        let at = bits(energy).saturating_sub(bits(ENERGY_FLOOR));
        let (first, changes_at) = self.0[at.min(self.0.len() - 1)];
        if energy >= changes_at { first.saturating_add(1) } else { first }
    }
}

/// The band in which sound of `band` lies when its pitch is `scale` times as high: the lower one of
/// two, and how much of the way to the next.
pub fn mel_band_of_scaled(band: usize, scale: f64) -> (usize, f32) {
    let mel = |hz: f64| 2595.0 * (1.0 + hz / 700.0).log10();
    let hz = |mel: f64| 700.0 * (10f64.powf(mel / 2595.0) - 1.0);
    let (low, high) = (mel(BAND_LOW_HZ), mel(BAND_HIGH_HZ));
    let width = (high - low) / BANDS as f64;
    let middle_hz = hz(low + width * (band as f64 + 0.5));
    let at = (mel(middle_hz * scale) - low) / width - 0.5;
    let at = at.clamp(0.0, (BANDS - 1) as f64);
    (at as usize, at.fract() as f32)
}

/// Bins of each band, at least one each, equally spaced on the mel scale.
fn band_bins() -> Vec<(usize, usize)> {
    let mel = |hz: f64| 2595.0 * (1.0 + hz / 700.0).log10();
    let hz = |mel: f64| 700.0 * (10f64.powf(mel / 2595.0) - 1.0);
    let (low, high) = (mel(BAND_LOW_HZ), mel(BAND_HIGH_HZ));
    let bin = |edge: usize| {
        let at = hz(low + (high - low) * edge as f64 / BANDS as f64);
        (at * WINDOW_SAMPLES as f64 / f64::from(RATE_HZ)).round() as usize
    };
    (0..BANDS).map(|band| (bin(band), bin(band + 1).max(bin(band) + 1))).collect()
}

/// Frames with sound: inside a stretch, and not silent.
fn active_frames(logs: &[u8], stretches: &[Stretch]) -> Vec<bool> {
    let level: Vec<u8> =
        logs.chunks_exact(BANDS).map(|bands| *bands.iter().max().unwrap_or(&0)).collect();
    let mut sounding: Vec<u8> = level.iter().copied().filter(|l| *l > 0).collect();
    if sounding.is_empty() {
        return vec![false; level.len()];
    }
    let mid = sounding.len() / 2;
    let median = f32::from(*sounding.select_nth_unstable(mid).1);
    let threshold = (median - SILENT_BELOW_MEDIAN / LOG_STEP).max(0.0);
    let mut active: Vec<bool> = level.iter().map(|l| f32::from(*l) > threshold).collect();
    let frame_s = HOP_SAMPLES as f64 / f64::from(RATE_HZ);
    let window_s = WINDOW_SAMPLES as f64 / f64::from(RATE_HZ);
    let mut inside = stretches.iter().peekable();
    for (frame, active) in active.iter_mut().enumerate() {
        let start_s = frame as f64 * frame_s;
        while inside.next_if(|s| s.end.seconds() < start_s + window_s).is_some() {}
        *active &= inside.peek().is_some_and(|s| s.start.seconds() <= start_s + 1e-6);
    }
    active
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_the_logarithm_are_those_of_the_logarithm() {
        let step = |energy: f32| {
            (((energy + ENERGY_FLOOR).ln() - ENERGY_FLOOR.ln()) / LOG_STEP).round() as u8
        };
        let all = (0..f32::MAX.to_bits()).step_by(997).map(f32::from_bits);
        for energy in all.chain([f32::INFINITY, 0.0]) {
            assert_eq!(quantise_log(energy), step(energy), "{energy:e}");
        }
    }
}
