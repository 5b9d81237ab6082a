//! The steps of the pipeline. Each reads from the case, computes, and writes what it found; they
//! meet only in the case file and none calls another. What several need (finding files, examining
//! and hearing one) stands beside them.

pub mod add;
pub mod align;
pub mod clocks;
mod copy;
pub mod correct;
pub mod examine;
pub mod find;
pub mod gather;
pub mod given;
pub mod hear;
pub mod import;
pub mod index;
pub mod listen;
pub mod look;
pub mod loose;
pub mod paths;
pub mod said;
mod sniff;
pub mod transcribe;
pub mod unclear;
pub mod verify;
pub mod voices;
pub mod watch;
