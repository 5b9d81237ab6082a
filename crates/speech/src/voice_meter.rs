//! How likely it is that somebody speaks, for every 32 ms of sound.
//!
//! In: mono samples at 16 kHz, in pieces of any length. Out: one probability for each 512 of
//! them. Method: Silero VAD 6.2, a recurrent network that its authors publish under the MIT
//! licence; it comes with the program (`models/`, 1.3 MB) and is run by `rten`. As its authors
//! do, each frame is handed over with the 64 samples before it, and the state is carried on.
//! Memory does not grow. Cost: about 1/180 of the sound's length on one thread.

use std::sync::{Arc, OnceLock};

use rten::{Model, NodeId, RunOptions, ThreadPool, Value};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

use crate::{Error, RATE_HZ};

/// Samples of one frame: what the network was trained with at 16 kHz.
pub const FRAME_SAMPLES: usize = 512;

/// Samples before a frame that the network hears again.
const CONTEXT_SAMPLES: usize = 64;

/// Numbers in the network's memory.
const STATE: [usize; 3] = [2, 1, 128];

static NETWORK: &[u8] = include_bytes!("../models/silero-vad-6.2-16k.onnx");

/// Listens to one recording for voices.
pub struct VoiceMeter {
    network: &'static Network,
    threads: Arc<ThreadPool>,
    /// The context, and what there is of the next frame.
    waiting: Vec<f32>,
    state: Vec<f32>,
}

struct Network {
    model: Model,
    inputs: [NodeId; 3],
    outputs: [NodeId; 2],
}

impl VoiceMeter {
    /// Before the first sample.
    ///
    /// # Errors
    /// [`Error::Failed`], if the network cannot be loaded.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            network: network().ok_or(Error::Failed { what: "to load its sense for voices" })?,
            // Recordings are heard side by side; each has one thread.
            threads: Arc::new(ThreadPool::with_num_threads(1)),
            waiting: vec![0.0; CONTEXT_SAMPLES],
            state: vec![0.0; STATE.iter().product()],
        })
    }

    /// Takes sound; gives the probabilities of the frames that it completes.
    ///
    /// # Errors
    /// [`Error::Failed`], if the network fails.
    pub fn push(&mut self, samples: &[f32]) -> Result<Vec<f32>, Error> {
        // What is no number or beyond all measure would spoil the network's memory for good.
        let clean = |sample: &f32| if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 };
        self.waiting.extend(samples.iter().map(clean));
        let mut voices = Vec::new();
        let mut at = 0;
        while self.waiting.len() - at >= CONTEXT_SAMPLES + FRAME_SAMPLES {
            voices.push(self.frame(at).ok_or(Error::Failed { what: "to look for voices" })?);
            at += FRAME_SAMPLES;
        }
        self.waiting.drain(..at);
        Ok(voices)
    }

    /// The probability of the last, incomplete frame, as if silence followed; nothing if there is
    /// none.
    ///
    /// # Errors
    /// [`Error::Failed`], if the network fails.
    pub fn finish(mut self) -> Result<Option<f32>, Error> {
        let missing = CONTEXT_SAMPLES + FRAME_SAMPLES - self.waiting.len();
        if missing == FRAME_SAMPLES {
            return Ok(None);
        }
        Ok(self.push(&vec![0.0; missing])?.pop())
    }

    fn frame(&mut self, at: usize) -> Option<f32> {
        let heard = self.waiting[at..at + CONTEXT_SAMPLES + FRAME_SAMPLES].to_vec();
        let heard = NdTensor::from_data([1, heard.len()], heard);
        let state = NdTensor::from_data(STATE, std::mem::take(&mut self.state));
        let rate = Tensor::from_scalar(i32::try_from(RATE_HZ).ok()?);
        let [input, memory, sr] = self.network.inputs;
        let inputs = vec![
            (input, Value::from(heard).into()),
            (memory, Value::from(state).into()),
            (sr, Value::from(rate).into()),
        ];
        let mut options = RunOptions::default();
        options.thread_pool = Some(self.threads.clone());
        let outputs = self.network.model.run_n(inputs, self.network.outputs, Some(options));
        let [voice, state] = outputs.ok()?;
        self.state = state.into_tensor::<f32>()?.to_vec();
        voice.into_tensor::<f32>()?.iter().next().copied()
    }
}

/// The network, loaded once.
fn network() -> Option<&'static Network> {
    static LOADED: OnceLock<Option<Network>> = OnceLock::new();
    LOADED
        .get_or_init(|| {
            let model = Model::load_static_slice(NETWORK).ok()?;
            let node = |name| model.node_id(name).ok();
            let inputs = [node("input")?, node("state")?, node("sr")?];
            let outputs = [node("output")?, node("stateN")?];
            Some(Network { model, inputs, outputs })
        })
        .as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_and_a_hum_are_no_voice_and_pieces_make_no_difference() {
        let hum: Vec<f32> = (0..RATE_HZ)
            .map(|n| (n as f32 / RATE_HZ as f32 * 100.0 * std::f32::consts::TAU).sin() * 0.3)
            .collect();
        let sound = [vec![0.0; 8000], hum].concat();
        let whole = VoiceMeter::new().unwrap().push(&sound).unwrap();
        assert_eq!(whole.len(), sound.len() / FRAME_SAMPLES);
        assert!(whole.iter().all(|voice| *voice < 0.3), "{whole:?}");
        let mut meter = VoiceMeter::new().unwrap();
        let pieces: Vec<f32> =
            sound.chunks(777).flat_map(|piece| meter.push(piece).unwrap()).collect();
        assert_eq!(pieces, whole);
        assert!(meter.finish().unwrap().is_some());
    }

    #[test]
    fn what_is_no_number_does_no_lasting_harm() {
        let mut meter = VoiceMeter::new().unwrap();
        meter.push(&vec![f32::NAN; 2000]).unwrap();
        let after = meter.push(&vec![0.0; 8000]).unwrap();
        assert!(after.iter().all(|voice| voice.is_finite() && *voice < 0.3), "{after:?}");
    }
}
