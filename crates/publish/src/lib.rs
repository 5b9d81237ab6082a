//! The door out: a [`Snapshot`] of a case in, [`Named`] bytes out.
//!
//! A writer is one small file with one function, entered in the list of [`formats`]. This crate
//! reads and writes no file, looks at no clock, terminal or environment, and decides nothing: it
//! says what the snapshot holds, with the doubt of every time beside it. The same snapshot gives
//! the same bytes on every machine, whatever the order of its recordings.

pub mod csv;
mod error;
mod format;
mod islands;
pub mod json;
mod labels;
pub mod lanes;
mod marks;
pub mod otio;
pub mod said;
#[cfg(test)]
mod sample;
mod snapshot;
pub mod svg;
pub mod text;
mod ticks;
pub mod times;
pub mod why;

pub use error::Error;
pub use format::{Format, Named, format_named, formats};
pub use labels::Labels;
pub use marks::{Mark, Marks};
pub use snapshot::{Shown, Snapshot, StoodWord, UtcOfIsland, UtcWord, Waveform, Word};
