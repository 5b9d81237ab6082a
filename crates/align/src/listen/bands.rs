//! Whitened band energies: what of a sound survives microphones, rooms and codecs.
//!
//! In: mono samples. Out: for each frame of 20 ms and each of 24 mel bands between 150 and
//! 3700 Hz, by how many standard deviations the logarithm of its energy exceeds that of the
//! second around it.
//! Method: log-mel energies (Davis & Mermelstein 1980) with the local mean taken away in each
//! band, which removes microphone response, hum, codec tilt and slow gain control (cepstral
//! mean normalisation, Atal 1974, with a short window). Spectrogram features are correlated
//! later, at all lags, by FFT; see `tie::search`.
//! Why not waveforms here: rooms and moving sources decorrelate waveforms at metres of
//! distance, band energies stay. On the project's public scenes the z-value of true pairs is
//! above 9 and that of strangers below 7.5; summed GCC-PHAT of waveforms mixes the two.
//! Cost: one FFT of 512 points for each 160 samples.

use std::sync::{Arc, LazyLock};

use evidence::Stretch;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex32};

use super::{Heard, RATE_HZ};

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

/// Frames whose mean is taken away around each frame: 0.74 s, longer than a syllable, shorter
/// than gain control. With 2 s, z-values of true pairs fall by a third.
const LOCAL_FRAMES: usize = 37;

/// A frame this far (in nepers of energy, 60 dB) below the recording's median is silence:
/// what is left there is dither or codec noise.
const SILENT_BELOW_MEDIAN: f32 = 13.8;

/// Band energies below this (full scale is about 1) are digital silence.
const ENERGY_FLOOR: f32 = 1e-12;

/// Step of stored logarithms in nepers; a byte of them spans 110 dB.
const LOG_STEP: f32 = 0.1;

/// Deviations beyond this many standard deviations are clipped: one loud click must not
/// outweigh a minute of speech. Below, a lull says less than an onset.
const DEVIATION_MAX: f32 = 4.0;
const DEVIATION_MIN: f32 = -1.0;

/// Stored deviations are bytes of 1/28 standard deviation.
pub(super) const UNITS_PER_SIGMA: f32 = 28.0;

pub(super) struct BandAnalyser {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    /// First bin of each band and the one after its last.
    bins: Vec<(usize, usize)>,
    /// Samples not yet consumed by a frame.
    pending: Vec<f32>,
    scratch_in: Vec<f32>,
    scratch_out: Vec<Complex32>,
    scratch: Vec<Complex32>,
    /// Quantised logarithms, `BANDS` a frame.
    logs: Vec<u8>,
    samples: u64,
}

impl BandAnalyser {
    pub(super) fn new() -> Self {
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(WINDOW_SAMPLES);
        let window = (0..WINDOW_SAMPLES)
            .map(|i| {
                let phase = std::f64::consts::TAU * i as f64 / WINDOW_SAMPLES as f64;
                (0.5 - 0.5 * phase.cos()) as f32
            })
            .collect();
        Self {
            window,
            bins: band_bins(),
            pending: Vec::with_capacity(1 << 15),
            scratch_in: fft.make_input_vec(),
            scratch_out: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
            logs: Vec::new(),
            samples: 0,
        }
    }

    pub(super) fn push(&mut self, mono: &[f32]) {
        self.samples += mono.len() as u64;
        self.pending.extend(mono.iter().map(|s| if s.is_finite() { *s } else { 0.0 }));
        let mut start = 0;
        while start + WINDOW_SAMPLES <= self.pending.len() {
            self.frame(start);
            start += HOP_SAMPLES;
        }
        self.pending.drain(..start);
    }

    fn frame(&mut self, start: usize) {
        let samples = &self.pending[start..start + WINDOW_SAMPLES];
        for ((out, s), w) in self.scratch_in.iter_mut().zip(samples).zip(&self.window) {
            *out = s * w;
        }
        self.fft
            .process_with_scratch(&mut self.scratch_in, &mut self.scratch_out, &mut self.scratch)
            .expect("buffers come from the plan itself");
        for &(first, end) in &self.bins {
            let energy: f32 = self.scratch_out[first..end].iter().map(Complex32::norm_sqr).sum();
            let mean = energy / ((end - first) * WINDOW_SAMPLES) as f32;
            self.logs.push(quantise_log(mean));
        }
    }

    /// Takes the local mean away and scales each band to its own spread.
    pub(super) fn finish(self, stretches: &[Stretch]) -> Heard {
        let frames = self.logs.len() / BANDS;
        let active = active_frames(&self.logs, stretches);
        let mut deviations = vec![0i8; frames * BANDS];
        let mut line = Vec::with_capacity(frames);
        let mut flattener = Flattener::new(frames);
        for band in 0..BANDS {
            line.clear();
            line.extend((0..frames).map(|f| f32::from(self.logs[f * BANDS + band]) * LOG_STEP));
            whiten(&mut line, &active);
            flattener.flatten(&mut line, &active);
            for (frame, value) in line.iter().enumerate() {
                deviations[frame * BANDS + band] = (value * UNITS_PER_SIGMA).round() as i8;
            }
        }
        let active_frames = active.iter().filter(|a| **a).count() as u64;
        Heard::new(self.samples, active_frames, deviations)
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

/// One band: deviation from the mean of the active frames around, in units of its own spread,
/// clipped, centred; zero where nothing sounds.
fn whiten(line: &mut [f32], active: &[bool]) {
    let half = LOCAL_FRAMES / 2;
    let prefix: Vec<(f64, u32)> = std::iter::once((0.0, 0))
        .chain(line.iter().zip(active).scan((0.0, 0), |(sum, count), (value, active)| {
            if *active {
                *sum += f64::from(*value);
                *count += 1;
            }
            Some((*sum, *count))
        }))
        .collect();
    for frame in 0..line.len() {
        let (first, end) = (frame.saturating_sub(half), (frame + half + 1).min(line.len()));
        let count = prefix[end].1 - prefix[first].1;
        line[frame] = if active[frame] {
            line[frame] - ((prefix[end].0 - prefix[first].0) / f64::from(count.max(1))) as f32
        } else {
            0.0
        };
    }
    let count = active.iter().filter(|a| **a).count().max(1) as f32;
    let spread = (line.iter().map(|v| v * v).sum::<f32>() / count).sqrt().max(1e-3);
    for value in line.iter_mut() {
        *value = (*value / spread).clamp(DEVIATION_MIN, DEVIATION_MAX);
    }
    let mean = line.iter().zip(active).filter(|(_, a)| **a).map(|(v, _)| v).sum::<f32>() / count;
    for (value, active) in line.iter_mut().zip(active) {
        *value = if *active { (*value - mean).min(DEVIATION_MAX) } else { 0.0 };
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
    length: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

impl Flattener {
    fn new(frames: usize) -> Self {
        let length = (2 * frames).next_power_of_two().clamp(512, RHYTHM_FRAMES);
        let mut planner = RealFftPlanner::new();
        Self {
            length,
            forward: planner.plan_fft_forward(length),
            inverse: planner.plan_fft_inverse(length),
        }
    }

    fn flatten(&mut self, line: &mut [f32], active: &[bool]) {
        if line.len() < RHYTHM_FRAMES_MIN {
            return;
        }
        let mut spectrum = self.forward.make_output_vec();
        let mut padded = self.forward.make_input_vec();
        for (part, active) in line.chunks_mut(self.length / 2).zip(active.chunks(self.length / 2)) {
            padded.fill(0.0);
            padded[..part.len()].copy_from_slice(part);
            self.forward.process(&mut padded, &mut spectrum).expect("plan");
            let mut sizes = Vec::new();
            for bins in spectrum.chunks_mut(RHYTHM_BINS) {
                sizes.clear();
                sizes.extend(bins.iter().map(|b| b.norm_sqr().sqrt()));
                let mid = sizes.len() / 2;
                let ceiling = RHYTHM_MAX * *sizes.select_nth_unstable_by(mid, f32::total_cmp).1;
                for bin in bins {
                    let size = bin.norm_sqr().sqrt();
                    if size > ceiling {
                        *bin *= ceiling / size;
                    }
                }
            }
            spectrum[0].im = 0.0;
            if let Some(last) = spectrum.last_mut() {
                last.im = 0.0;
            }
            self.inverse.process(&mut spectrum, &mut padded).expect("plan");
            for ((value, flat), active) in part.iter_mut().zip(&padded).zip(active) {
                *value = if *active { *flat } else { 0.0 };
            }
        }
        let count = active.iter().filter(|a| **a).count().max(1) as f32;
        let spread = (line.iter().map(|v| v * v).sum::<f32>() / count).sqrt().max(1e-6);
        for v in line {
            *v = (*v / spread).clamp(-4.0, 4.0);
        }
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
