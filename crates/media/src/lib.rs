//! The door in: hashes, probes and decodes recordings, through ffmpeg in a sandbox.

mod assembly;
mod child;
mod door;
mod error;
mod ffmpeg;
mod formats;
mod hash;
mod keeper;
mod listen;
mod mix;
mod nut;
mod probe;
#[cfg(target_os = "linux")]
mod sandbox;
mod source_file;
mod sys;
mod timeline;

pub use door::{Door, Limits};
pub use error::Error;
pub use hash::hash;
pub use keeper::become_child_if_asked;
pub use listen::{CHANNELS_MAX, Listened};
