//! What a recording heard, small enough to keep for hundreds of hours, and its bytes.
//!
//! Layout of the bytes, all little-endian: magic `RHRD`, version `u32`, samples `u64`, active
//! frames `u64`, number of deviations `u64`, deviations `i8`, then the 64-bit FNV-1a hash of
//! all before it. The bytes are a cache of our own making: a damaged one is refused and made
//! again.

use super::whiten::UNITS_PER_SIGMA;
use super::{BANDS, FRAMES_PER_S, RATE_HZ};

/// Changes whenever the same sound would be heard otherwise: caches of another version are
/// made again.
pub const HEARD_VERSION: u32 = 3;

const MAGIC: [u8; 4] = *b"RHRD";
const HEAD_BYTES: usize = 4 + 4 + 8 + 8 + 8;
const HASH_BYTES: usize = 8;

/// What a recording heard.
#[derive(Clone, Debug)]
pub struct Heard {
    samples: u64,
    active_frames: u64,
    /// `BANDS` a frame, in units of 1 / `UNITS_PER_SIGMA` standard deviation.
    deviations: Vec<i8>,
    /// That of the bytes it was read from; zero if it was just heard.
    hash: u64,
}

impl PartialEq for Heard {
    fn eq(&self, other: &Self) -> bool {
        (self.samples, self.active_frames) == (other.samples, other.active_frames)
            && self.deviations == other.deviations
    }
}

impl Eq for Heard {}

/// Bytes that are not what [`Heard::to_bytes`] wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeardError {
    /// Written by another version of the method.
    #[error("heard by version {found} of the ear, this is version {HEARD_VERSION}")]
    OtherVersion {
        /// The version in the bytes.
        found: u32,
    },
    /// Cut short, altered or something else altogether.
    #[error("the bytes are damaged")]
    Damaged,
}

impl Heard {
    pub(super) fn new(samples: u64, active_frames: u64, deviations: Vec<i8>) -> Self {
        Self { samples, active_frames, deviations, hash: 0 }
    }

    /// The hash of the bytes it was read from; zero if it was just heard.
    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    /// What is heard of a recording of that length that has no sound.
    pub fn nothing(duration_s: f64) -> Self {
        Self::new((duration_s * f64::from(RATE_HZ)).max(0.0) as u64, 0, Vec::new())
    }

    /// What was heard in frames that are made of others.
    pub(crate) fn of_frames(deviations: Vec<i8>) -> Self {
        let frames = (deviations.len() / BANDS) as u64;
        Self::new(frames * u64::from(RATE_HZ) / FRAMES_PER_S as u64, frames, deviations)
    }

    /// What was heard in some of the frames; what is not there is left out.
    pub(crate) fn part(&self, frames: std::ops::Range<usize>) -> Self {
        let end = frames.end.min(self.frames());
        Self::of_frames(self.deviations[frames.start.min(end) * BANDS..end * BANDS].to_vec())
    }

    /// Length of the recording in seconds.
    pub fn duration_s(&self) -> f64 {
        self.samples as f64 / f64::from(RATE_HZ)
    }

    /// Seconds in which anything sounded.
    pub fn active_s(&self) -> f64 {
        self.active_frames as f64 / FRAMES_PER_S as f64
    }

    /// Number of frames.
    pub(crate) fn frames(&self) -> usize {
        self.deviations.len() / BANDS
    }

    /// The deviations of one frame.
    pub(crate) fn frame(&self, frame: usize) -> &[i8; BANDS] {
        self.deviations[frame * BANDS..]
            .first_chunk()
            .expect("the caller asks for a frame that exists")
    }

    /// One band of a range of frames as standard deviations; what lies outside is zero.
    pub(crate) fn band(&self, band: usize, first_frame: usize, out: &mut [f32]) {
        for (i, value) in out.iter_mut().enumerate() {
            let at = (first_frame + i) * BANDS + band;
            *value = self.deviations.get(at).map_or(0.0, |d| f32::from(*d) / UNITS_PER_SIGMA);
        }
    }

    /// The square of one standard deviation in units of stored deviations.
    pub(crate) const fn unit_variance() -> f32 {
        UNITS_PER_SIGMA * UNITS_PER_SIGMA
    }

    /// For a cache.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES + self.deviations.len() + HASH_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(HEARD_VERSION.to_le_bytes());
        bytes.extend(self.samples.to_le_bytes());
        bytes.extend(self.active_frames.to_le_bytes());
        bytes.extend((self.deviations.len() as u64).to_le_bytes());
        bytes.extend(self.deviations.iter().map(|d| d.cast_unsigned()));
        let hash = fnv1a(&bytes);
        bytes.extend(hash.to_le_bytes());
        bytes
    }

    /// From a cache.
    ///
    /// # Errors
    /// [`HeardError`] for anything that [`to_bytes`](Self::to_bytes) of this version did not
    /// write.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HeardError> {
        let number = |at: usize| {
            let chunk = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>);
            chunk.map(|c| u64::from_le_bytes(*c)).ok_or(HeardError::Damaged)
        };
        if bytes.get(..4) != Some(&MAGIC[..]) {
            return Err(HeardError::Damaged);
        }
        let found = (number(0)? >> 32) as u32;
        if found != HEARD_VERSION {
            return Err(HeardError::OtherVersion { found });
        }
        let (samples, active_frames, length) = (number(8)?, number(16)?, number(24)?);
        let end = bytes.len().checked_sub(HASH_BYTES).ok_or(HeardError::Damaged)?;
        let body = bytes.get(HEAD_BYTES..end).ok_or(HeardError::Damaged)?;
        let whole = body.len() as u64 == length && body.len().is_multiple_of(BANDS);
        let hash = number(end)?;
        if !whole || fnv1a(&bytes[..end]) != hash {
            return Err(HeardError::Damaged);
        }
        let deviations = body.iter().map(|b| b.cast_signed()).collect();
        Ok(Self { samples, active_frames, deviations, hash })
    }
}

pub(super) fn fnv1a(bytes: &[u8]) -> u64 {
    // Eight bytes a step: the hash guards against damage, not against malice.
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().expect("chunks of eight"));
        hash = (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }
    chunks
        .remainder()
        .iter()
        .fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
