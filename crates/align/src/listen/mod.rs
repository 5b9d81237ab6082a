//! Listening: samples in, what was heard out.
//!
//! In: mono samples at [`RATE_HZ`], in order, in chunks of any size. Out: [`Heard`], about
//! 1.2 kB for each second, from which candidate ties are found without the sound itself.
//! Memory while listening grows by the same 1.2 kB a second. Watching is alike: frames in, jumps of
//! [`Light`] out.

mod bands;
mod heard;
pub(crate) mod light;
mod whiten;

pub(crate) use bands::{BANDS, FRAMES_PER_S, mel_band_of_scaled};
pub use heard::{HEARD_VERSION, Heard, HeardError};
pub use light::{LIGHT_VERSION, Light, LightMeter};

use bands::BandAnalyser;
use evidence::Stretch;

/// Samples a second that the ear works on. Speech, shots and sirens have most of their shared
/// energy below 4 kHz, telephone and radio have nothing above, and half the rate of wideband
/// speech halves the cost of everything.
pub const RATE_HZ: u32 = 8000;

/// Turns a stream of samples into what was heard.
pub struct Listener {
    analyser: BandAnalyser,
}

impl Listener {
    /// An ear that has heard nothing yet.
    pub fn new() -> Self {
        Self { analyser: BandAnalyser::new() }
    }

    /// Hears the next samples, full scale ±1. What is not a number counts as silence.
    pub fn push(&mut self, mono: &[f32]) {
        self.analyser.push(mono);
    }

    /// What was heard. `stretches` says where the recording really holds sound; outside them
    /// nothing counts as heard.
    pub fn finish(self, stretches: &[Stretch]) -> Heard {
        self.analyser.finish(stretches)
    }
}

impl Default for Listener {
    fn default() -> Self {
        Self::new()
    }
}
