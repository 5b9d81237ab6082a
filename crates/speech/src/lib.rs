//! The stenographer: writes down what is said in a recording.
//!
//! In: mono sound at [`RATE_HZ`], streamed. Out: words with their media times and how sure they
//! are, and where somebody speaks whom nobody could understand. Three stages: a sense for voices
//! says where somebody speaks ([`voice_meter`], [`stretches`]); that sound is gathered into
//! windows ([`pieces`], [`windows`]); and the recogniser writes down each ([`recogniser`],
//! [`words`]), whereupon its inventions are looked for ([`doubt`]). Beside it an ear for voices hears
//! what each sounds like ([`voiceprint`]), so that they can be told apart ([`voices`], [`turns`]). Silence costs the first stage
//! only, a hundredth of the rest. Memory is that of the model and half a minute of sound.
//!
//! This room reads the model's file and nothing else, and neither prints nor logs.

mod doubt;
mod error;
pub mod model_file;
pub mod persons;
pub mod pieces;
pub mod recogniser;
pub mod retime;
pub mod session;
pub mod shared;
pub mod stretches;
pub mod turns;
pub mod voice_meter;
pub mod voiceprint;
pub mod voices;
pub mod windows;
pub mod words;

pub use error::Error;
pub use recogniser::{Expected, Recogniser};
pub use session::{Said, Session};

/// Samples in a second of the sound that is pushed.
pub const RATE_HZ: u32 = 16_000;

/// Counted up with every change of what is written down of the same sound by the same model.
pub const VERSION: u32 = 3;

/// When a sample was recorded.
fn media_time(sample: u64) -> evidence::MediaTime {
    evidence::MediaTime((i128::from(sample) * 1_000_000_000 / i128::from(RATE_HZ)) as i64)
}
