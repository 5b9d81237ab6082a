//! What a voice sounds like, from a second and a half of it.
//!
//! In: mono samples at 16 kHz in which one voice speaks. Out: 192 numbers whose direction is the
//! voice's. Method: CAM++ (Wang et al. 2023), trained on 200,000 speakers of Chinese and English;
//! it comes with the program (`models/`, 7 MB of 8-bit weights) and is run by `rten`. It hears
//! 80 log-mel energies of 25 ms every 10 ms as Kaldi computes them (Povey's window, pre-emphasis
//! 0.97), without their mean, which is mostly the microphone's and the room's.
//! What is shorter is heard again and again until it is long enough; of less than a second the
//! answer is hardly worth anything. Cost: some 20 ms of one processor for each.

use std::sync::{Arc, OnceLock};

use realfft::{RealFftPlanner, RealToComplex};
use rten::{Model, NodeId, RunOptions, ThreadPool};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use crate::{Error, RATE_HZ};

/// Numbers of a print.
pub const NUMBERS: usize = evidence::Voiceprint::NUMBERS;

/// Samples that a print is made of: so many frames.
pub const SAMPLES: usize = FRAME + (FRAMES - 1) * HOP;

/// The shortest sound that says anything of a voice, in samples: 0.4 s.
pub const SHORTEST: usize = RATE_HZ as usize * 2 / 5;

const FRAMES: usize = 150;
const FRAME: usize = RATE_HZ as usize / 40;
const HOP: usize = RATE_HZ as usize / 100;
const FFT: usize = 512;
const MELS: usize = 80;
const LOWEST_HZ: f32 = 20.0;
const PRE_EMPHASIS: f32 = 0.97;

/// The least energy, so that silence has a logarithm: that of a sample of one part in 32768.
const LEAST: f32 = 1e-9;

static NETWORK: &[u8] = include_bytes!("../models/campplus-zh-en-16k.onnx");

/// A direction of length one.
pub type Print = [f32; NUMBERS];

/// Makes prints.
pub struct Printer {
    network: &'static Network,
    threads: Arc<ThreadPool>,
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    mels: Vec<Mel>,
}

struct Network {
    model: Model,
    input: NodeId,
    output: NodeId,
}

/// A triangle over the bins of a spectrum: the first bin, and the weights from there on.
struct Mel {
    first: usize,
    weights: Vec<f32>,
}

impl Printer {
    /// Ready to hear.
    ///
    /// # Errors
    /// [`Error::Failed`], if the network cannot be loaded.
    pub fn new() -> Result<Self, Error> {
        let hann =
            |n: usize| 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / (FRAME - 1) as f32).cos();
        Ok(Self {
            network: network().ok_or(Error::Failed { what: "to load its ear for voices" })?,
            threads: Arc::new(ThreadPool::with_num_threads(1)),
            fft: RealFftPlanner::new().plan_fft_forward(FFT),
            window: (0..FRAME).map(|n| hann(n).powf(0.85)).collect(),
            mels: mels(),
        })
    }

    /// The print of what sounds in the first [`SAMPLES`] of `sound`; nothing where that is shorter
    /// than [`SHORTEST`].
    ///
    /// # Errors
    /// [`Error::Failed`], if the network fails.
    pub fn print(&self, sound: &[f32]) -> Result<Option<Print>, Error> {
        if sound.len() < SHORTEST {
            return Ok(None);
        }
        let sound: Vec<f32> = sound.iter().copied().cycle().take(SAMPLES).collect();
        let failed = Error::Failed { what: "to listen to a voice" };
        self.run(self.energies(&sound)).ok_or(failed).map(Some)
    }

    fn run(&self, energies: Vec<f32>) -> Option<Print> {
        let heard = NdTensor::from_data([1, FRAMES, MELS], energies);
        let mut options = RunOptions::default();
        options.thread_pool = Some(self.threads.clone());
        let inputs = vec![(self.network.input, heard.into())];
        let [voice] =
            self.network.model.run_n(inputs, [self.network.output], Some(options)).ok()?;
        let voice: Print = voice.into_tensor::<f32>()?.to_vec().try_into().ok()?;
        Some(direction(voice))
    }

    /// Frames of log-mel energies without their mean.
    fn energies(&self, sound: &[f32]) -> Vec<f32> {
        let mut spectrum = self.fft.make_output_vec();
        let mut energies = Vec::with_capacity(FRAMES * MELS);
        for frame in sound.windows(FRAME).step_by(HOP).take(FRAMES) {
            let mean = frame.iter().sum::<f32>() / FRAME as f32;
            let mut heard = vec![0.0; FFT];
            for n in 0..FRAME {
                // The first sample is taken to be preceded by itself.
                let before = frame[n.saturating_sub(1)] - mean;
                heard[n] = (frame[n] - mean - PRE_EMPHASIS * before) * self.window[n];
            }
            // Lengths are those of the plan.
            let _ = self.fft.process(&mut heard, &mut spectrum);
            energies.extend(self.mels.iter().map(|mel| {
                let bins = &spectrum[mel.first..mel.first + mel.weights.len()];
                let energy: f32 =
                    bins.iter().zip(&mel.weights).map(|(bin, w)| bin.norm_sqr() * w).sum();
                energy.max(LEAST).ln()
            }));
        }
        for mel in 0..MELS {
            let of_it = || (0..FRAMES).map(|frame| frame * MELS + mel);
            let mean = of_it().map(|at| energies[at]).sum::<f32>() / FRAMES as f32;
            of_it().for_each(|at| energies[at] -= mean);
        }
        energies
    }
}

/// As it is, but of length one; zero stays zero.
pub fn direction(mut numbers: Print) -> Print {
    let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
    if length > 0.0 && length.is_finite() {
        for number in &mut numbers {
            *number /= length;
        }
        numbers
    } else {
        [0.0; NUMBERS]
    }
}

/// Cosine of the angle between two prints.
pub fn likeness(a: &Print, b: &Print) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Triangles of equal width on the mel scale, from 20 Hz to half the rate.
fn mels() -> Vec<Mel> {
    let mel = |hz: f32| 1127.0 * (1.0 + hz / 700.0).ln();
    let (low, high) = (mel(LOWEST_HZ), mel(RATE_HZ as f32 / 2.0));
    let step = (high - low) / (MELS + 1) as f32;
    let of_bin = |bin: usize| mel(bin as f32 * RATE_HZ as f32 / FFT as f32);
    (0..MELS)
        .map(|n| {
            let left = low + n as f32 * step;
            let weight = |bin: usize| 1.0 - ((of_bin(bin) - left) / step - 1.0).abs();
            let inside: Vec<usize> = (0..FFT / 2).filter(|bin| weight(*bin) > 0.0).collect();
            let weights = inside.iter().map(|bin| weight(*bin)).collect();
            Mel { first: inside.first().copied().unwrap_or(0), weights }
        })
        .collect()
}

/// The network, loaded once.
fn network() -> Option<&'static Network> {
    static LOADED: OnceLock<Option<Network>> = OnceLock::new();
    LOADED
        .get_or_init(|| {
            let model = Model::load_static_slice(NETWORK).ok()?;
            let (input, output) = (model.node_id("feats").ok()?, model.node_id("voice").ok()?);
            Some(Network { model, input, output })
        })
        .as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A buzz at `pitch_hz` through two resonances, with `hiss` in it: a vowel, roughly.
    fn vowel(pitch_hz: f32, formants_hz: [f32; 2], seed: u32) -> Vec<f32> {
        let mut state = seed;
        (0..SAMPLES)
            .map(|n| {
                let t = n as f32 / RATE_HZ as f32;
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let hiss = (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
                let buzz: f32 = (1..30)
                    .map(|k| {
                        let hz = k as f32 * pitch_hz;
                        let loud: f32 = formants_hz
                            .iter()
                            .map(|f| 1.0 / (1.0 + ((hz - f) / 120.0).powi(2)))
                            .sum();
                        loud * (std::f32::consts::TAU * hz * t).sin()
                    })
                    .sum();
                buzz * 0.1 * (1.0 + (9.0 * t).sin()) + 0.01 * hiss
            })
            .collect()
    }

    #[test]
    fn a_print_is_what_the_network_says_elsewhere() {
        // By onnxruntime 1.32, from energies that numpy computed.
        let theirs = [-0.1412, -0.0309, 0.0604, -0.0751, -0.0636, 0.0457, -0.0013, -0.0260];
        let ours = Printer::new().unwrap().print(&vowel(120.0, [500.0, 1500.0], 4)).unwrap();
        for (ours, theirs) in ours.unwrap().iter().zip(theirs) {
            assert!((ours - theirs).abs() < 1e-3, "{ours} {theirs}");
        }
    }

    #[test]
    fn loudness_changes_nothing_and_a_moment_or_silence_no_harm() {
        let printer = Printer::new().unwrap();
        let sound = vowel(120.0, [500.0, 1500.0], 4);
        let print = printer.print(&sound).unwrap().unwrap();
        let soft: Vec<f32> = sound.iter().map(|sample| sample * 0.2).collect();
        assert!(likeness(&print, &printer.print(&soft).unwrap().unwrap()) > 0.99);
        assert_eq!(printer.print(&sound[..SHORTEST - 1]).unwrap(), None);
        let part = printer.print(&sound[..SAMPLES / 2]).unwrap().unwrap();
        assert!(likeness(&print, &part) > 0.5);
        let nothing = printer.print(&vec![0.0; SAMPLES]).unwrap().unwrap();
        assert!(nothing.iter().all(|number| number.is_finite()));
    }
}
