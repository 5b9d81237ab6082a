//! The ear: samples in, placements out.
//!
//! Puts recordings on one clock from what they heard in common. A [`Listener`] turns each
//! recording's sound into what it [`Heard`]; [`synchronise`] compares all of them, looks
//! closely at the waveforms where two seem to agree, and solves offset, drift and doubt of
//! every recording together. What cannot be told is refused with a reason.
//!
//! This crate does no I/O of its own, reads no clock, prints nothing and depends on no other
//! room but `evidence`: sound comes in through [`Sound`], progress and cancellation go through
//! [`Watch`]. The same recordings give the same result in any order and with any number of
//! threads, and whether what two of them have in common was found now or is known from before
//! ([`Findings`]).
//!
//! The stages, in the order they run:
//!
//! 1. `listen`: whitened band energies, repetition evened out.
//! 2. `tie::pairs`, `tie::search`: every lag of every pair at once, by FFT.
//! 3. `solve::graph`: islands, by consensus over all pairs.
//! 4. `solve::pieces`, `tie::steps`: pauses and cuts inside a file.
//! 5. `tie::refine`, `tie::gcc_phat`: the lag to a fraction of a millisecond, window by window.
//! 6. `listen::light`, `tie::light`, `solve::by_light`: flashes, for those that sound cannot place.
//! 7. `solve::clock`, `solve::least_squares`: offset, drift and sigma of all together.
//! 8. `solve::copies`, `tie::copy`, `tie::speeds`, `tie::stretched`: what was copied out of what,
//!    at which speed.

pub mod clocks;
mod error;
mod find;
mod findings;
mod given;
mod listen;
mod resampled;
mod solve;
mod sound;
mod straight;
mod synchronise;
mod tie;
mod wide;

pub use error::Error;
pub use find::{Found, HeardToo, Nearest, find};
pub use findings::{FINDINGS_VERSION, Findings, NoFindings};
pub use given::Given;
pub use listen::{
    HEARD_VERSION, Heard, HeardError, LIGHT_VERSION, Light, LightMeter, Listener, RATE_HZ,
};
pub use solve::Z_STRANGERS;
pub use sound::Sound;
pub use synchronise::{
    Alignment, Recording, Watch, synchronise, synchronise_knowing, synchronise_with,
};

pub(crate) use listen::FRAMES_PER_S;
