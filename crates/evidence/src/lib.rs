//! The nouns of Recount: moments, clocks, sources, recordings, placements, ties, refusals.
//!
//! Everything else speaks in these words. This crate does no I/O, reads no clock and depends
//! on nothing heavier than serde; every other crate may use it, and it uses none of them.

pub mod anchor;
pub mod civil;
pub mod clock_map;
pub mod excerpt;
pub mod placement;
pub mod reading;
pub mod recording;
pub mod refusal;
pub mod source;
pub mod speech;
pub mod tie;
pub mod utc;

pub use anchor::{Anchor, AnchoredBy, SOUND_M_PER_S, Stood, UtcAnchor, UtcTime};
pub use clock_map::{CaseTime, ClockMap, MediaTime};
pub use excerpt::{CopyReason, Excerpt};
pub use placement::{Doubt, Island, Piece, Placement};
pub use reading::{Basis, ClockReading, Shown};
pub use recording::{AudioTrack, Claim, ClaimKind, Recording, Stretch, VideoTrack};
pub use refusal::Refusal;
pub use source::{NotASourceId, Source, SourceId, SourceKind};
pub use speech::{
    Corrected, Named, NotAVoiceprint, Stenographer, Transcript, Unclear, UnclearReason, Utterance,
    Voiceprint, Word,
};
pub use tie::{RunnerUp, Tie, TieKind, Window};
pub use utc::UtcMap;
