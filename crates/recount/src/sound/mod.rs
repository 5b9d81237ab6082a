//! A recording's sound, kept at 8 kHz so that alignment can look closer without decoding again
//! and without holding hours of it in memory.

mod format;
mod sealed;
mod spool;

pub use format::{KeptSound, checksum};
pub use sealed::{open_sealed, write_sealed, write_sealed_of_case};
pub use spool::{MemoryBudget, PEAKS_PER_S, Spool};
