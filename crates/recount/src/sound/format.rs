//! The form in which sound is kept: blocks of 16-bit samples, each with its own scale.
//!
//! In: mono samples at [`align::RATE_HZ`]. Out: about 16 kB a second of recording, readable from
//! any sample on. A scale for each block (half a second) keeps the resolution of a whisper that
//! stands beside a shot: the error is below 1/65,000 of the loudest sample within half a second.
//! Every block carries a checksum, so a cache damaged on disk is noticed when it is read and made
//! again; it never becomes a wrong placement.
//!
//! Layout, little-endian: for each block its scale (f32), its checksum (u32) and its samples
//! (i16), only the last block may be short; then an end of [`END_BYTES`] (magic, tag, number of
//! samples, checksum of these). The tag says what made the sound: another decoder, another tag.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Samples in a block: about half a second. Shorter costs more scales and checksums, longer
/// makes a small read carry more that was not asked for.
pub(super) const BLOCK_SAMPLES: usize = 4096;

/// Scale and checksum of a block.
const BLOCK_HEAD_BYTES: usize = 8;

const BLOCK_BYTES: usize = BLOCK_HEAD_BYTES + 2 * BLOCK_SAMPLES;

/// Magic, tag, samples, checksum.
pub(super) const END_BYTES: usize = 32;

const MAGIC: [u8; 8] = *b"rcsound1";

/// The largest 16-bit sample.
const FULL_SCALE: f32 = 32767.0;

/// Files kept open at once; beyond it a file is opened for each read, which costs some
/// microseconds and keeps a case of thousands of recordings under the usual limit of 1,024.
const OPEN_FILES_MAX: usize = 256;

/// Why kept sound cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// It is not there.
    #[error("it was not made yet, or was deleted")]
    Missing,
    /// It is not what was written.
    #[error("it is damaged")]
    Damaged,
    /// It was made by another version or decoder.
    #[error("it was made by another version")]
    Outdated,
    /// It could not be read.
    #[error("it could not be read: {0}")]
    Unreadable(#[from] io::Error),
}

/// A recording's sound as kept.
#[derive(Debug)]
pub struct KeptSound {
    store: Store,
    samples: u64,
    damaged: AtomicBool,
}

/// Where the bytes are.
#[derive(Debug)]
pub(super) enum Store {
    Memory(Vec<u8>),
    Open(File),
    Closed(PathBuf),
}

impl Store {
    /// Whether what was written may read otherwise: disks fail, and anyone may write to a cache.
    fn may_decay(&self) -> bool {
        !matches!(self, Self::Memory(_))
    }

    fn read_exact_at(&self, out: &mut [u8], offset: u64) -> io::Result<()> {
        match self {
            Self::Memory(bytes) => {
                let start = offset as usize;
                let found = bytes.get(start..start + out.len());
                out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
            Self::Open(file) => file.read_exact_at(out, offset),
            Self::Closed(path) => File::open(path)?.read_exact_at(out, offset),
        }
    }
}

impl KeptSound {
    pub(super) fn new(store: Store, samples: u64) -> Self {
        Self { store, samples, damaged: AtomicBool::new(false) }
    }

    /// Opens sound kept at `path`. `nth` is how many were opened before: only the first few
    /// hundred stay open.
    ///
    /// # Errors
    /// If it is missing, not of this version and `tag`, or of the wrong length. The blocks
    /// themselves are checked when they are read.
    pub fn open(path: &Path, tag: u64, nth: usize) -> Result<Self, Damage> {
        let file = File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Damage::Missing,
            _ => Damage::Unreadable(error),
        })?;
        let length = file.metadata()?.len();
        let end_at = length.checked_sub(END_BYTES as u64).ok_or(Damage::Damaged)?;
        let mut end = [0; END_BYTES];
        file.read_exact_at(&mut end, end_at)?;
        let samples = read_end(&end, tag)?;
        if length != length_bytes(samples) {
            return Err(Damage::Damaged);
        }
        let store =
            if nth < OPEN_FILES_MAX { Store::Open(file) } else { Store::Closed(path.to_owned()) };
        Ok(Self::new(store, samples))
    }

    /// Opens sound kept at `path`, whatever decoder it came from.
    ///
    /// # Errors
    /// As [`open`](Self::open), but for the tag.
    pub fn open_any(path: &Path) -> Result<Self, Damage> {
        let mut end = [0; END_BYTES];
        let read = File::open(path).and_then(|file| {
            let end_at = file.metadata()?.len().saturating_sub(END_BYTES as u64);
            file.read_exact_at(&mut end, end_at)
        });
        read.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Damage::Missing,
            _ => Damage::Unreadable(error),
        })?;
        Self::open(path, word(&end, TAG_AT), 0)
    }

    /// Whether a block read since turned out to be damaged.
    pub fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    /// All samples in order, in blocks.
    ///
    /// # Errors
    /// If the file cannot be read or is damaged.
    pub fn play(&self, mut sink: impl FnMut(&[f32])) -> io::Result<()> {
        let mut block = Vec::with_capacity(BLOCK_SAMPLES);
        for index in 0..self.samples.div_ceil(BLOCK_SAMPLES as u64) {
            self.read_block(index, &mut block)?;
            sink(&block);
        }
        Ok(())
    }

    fn read_block(&self, index: u64, out: &mut Vec<f32>) -> io::Result<()> {
        let first = index * BLOCK_SAMPLES as u64;
        let samples = (self.samples - first).min(BLOCK_SAMPLES as u64) as usize;
        let mut bytes = [0; BLOCK_BYTES];
        let bytes = &mut bytes[..BLOCK_HEAD_BYTES + 2 * samples];
        let read = self
            .store
            .read_exact_at(bytes, index * BLOCK_BYTES as u64)
            .and_then(|()| if self.store.may_decay() { check_block(bytes) } else { Ok(()) })
            .map(|()| decode_block(bytes, out));
        if read.is_err() {
            self.damaged.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl align::Sound for KeptSound {
    fn samples(&self) -> u64 {
        self.samples
    }

    fn read(&self, start: i64, out: &mut [f32]) -> io::Result<()> {
        out.fill(0.0);
        let end = start.saturating_add(out.len() as i64).min(self.samples as i64);
        let mut at = start.max(0);
        let mut block = Vec::with_capacity(BLOCK_SAMPLES);
        while at < end {
            let index = at / BLOCK_SAMPLES as i64;
            self.read_block(index as u64, &mut block)?;
            let within = (at % BLOCK_SAMPLES as i64) as usize;
            let count = (block.len() - within).min((end - at) as usize);
            let to = (at - start) as usize;
            out[to..to + count].copy_from_slice(&block[within..within + count]);
            at += count as i64;
        }
        Ok(())
    }
}

/// Bytes of so many samples as kept.
fn length_bytes(samples: u64) -> u64 {
    let blocks = samples.div_ceil(BLOCK_SAMPLES as u64);
    // Saturating: a number too large to be a length is simply not the length of this file.
    (blocks * BLOCK_HEAD_BYTES as u64 + END_BYTES as u64).saturating_add(samples.saturating_mul(2))
}

pub(super) fn end(tag: u64, samples: u64) -> [u8; END_BYTES] {
    let mut end = [0; END_BYTES];
    end[..8].copy_from_slice(&MAGIC);
    end[8..16].copy_from_slice(&tag.to_le_bytes());
    end[16..24].copy_from_slice(&samples.to_le_bytes());
    let check = checksum(&end[..24]);
    end[24..].copy_from_slice(&check.to_le_bytes());
    end
}

fn read_end(end: &[u8; END_BYTES], tag: u64) -> Result<u64, Damage> {
    if end[..8] != MAGIC || word(end, 24) != checksum(&end[..24]) {
        return Err(Damage::Damaged);
    }
    if word(end, TAG_AT) != tag {
        return Err(Damage::Outdated);
    }
    Ok(word(end, 16))
}

/// Where in the end of a file the tag stands.
const TAG_AT: usize = 8;

fn word(end: &[u8; END_BYTES], at: usize) -> u64 {
    end[at..at + 8].iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))
}

/// Appends a block to `out` and replaces the samples by what a reader will get, so that whoever
/// listens hears exactly what is kept. What is not a number becomes silence.
pub(super) fn encode_block(samples: &mut [f32], out: &mut Vec<u8>) {
    for sample in samples.iter_mut() {
        *sample = if sample.is_finite() { *sample } else { 0.0 };
    }
    let loudest = loudest(samples);
    let scale = loudest / FULL_SCALE;
    // A scale too small to be told from zero is silence.
    let steps = if scale.is_normal() { scale.recip() } else { 0.0 };
    let scale = if steps.is_finite() && steps > 0.0 { scale } else { 0.0 };
    let start = out.len();
    out.extend_from_slice(&scale.to_le_bytes());
    out.resize(start + BLOCK_HEAD_BYTES + 2 * samples.len(), 0);
    let kept = out[start + BLOCK_HEAD_BYTES..].as_chunks_mut::<2>().0;
    for (sample, kept) in samples.iter_mut().zip(kept) {
        // To the nearest: half a step outward, then toward zero, which `as` does. No step is beyond
        // full scale, nor any when `steps` is zero. (By way of 32 bits eight are done at once.)
        let steps_out = *sample * steps;
        let step = (steps_out + 0.5_f32.copysign(steps_out)) as i32 as i16;
        *sample = f32::from(step) * scale;
        *kept = step.to_le_bytes();
    }
    let check = block_checksum(&out[start..]);
    out[start + 4..start + 8].copy_from_slice(&check.to_le_bytes());
}

/// The largest magnitude; eight are compared at once.
pub(super) fn loudest(samples: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let (eights, rest) = samples.as_chunks::<8>();
    let mut lanes = [0.0f32; 8];
    for eight in eights {
        lanes.iter_mut().zip(eight).for_each(|(lane, sample)| *lane = larger(*lane, sample.abs()));
    }
    lanes.iter().chain(rest).fold(0.0, |loudest, sample| larger(loudest, sample.abs()))
}

fn check_block(bytes: &[u8]) -> io::Result<()> {
    let stored = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
    if stored != block_checksum(bytes) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the kept sound is damaged"));
    }
    Ok(())
}

fn decode_block(bytes: &[u8], out: &mut Vec<f32>) {
    let scale = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let samples = bytes[BLOCK_HEAD_BYTES..].as_chunks::<2>().0;
    out.clear();
    out.extend(samples.iter().map(|pair| f32::from(i16::from_le_bytes(*pair)) * scale));
}

/// Of the scale and the samples of a block, leaving out the checksum between them.
fn block_checksum(block: &[u8]) -> u32 {
    let check = checksum(&block[BLOCK_HEAD_BYTES..]) ^ checksum(&block[..4]).rotate_left(17);
    (check ^ (check >> 32)) as u32
}

/// A checksum against accidents (not against forgers): each word is mixed in by a map that is
/// one-to-one, so a change within one word is always noticed, others all but once in 2^64.
pub fn checksum(bytes: &[u8]) -> u64 {
    // An odd multiplier (2^64 divided by the golden ratio) permutes the 64-bit words.
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |sum: u64, word: u64| (sum ^ word).wrapping_mul(MULTIPLIER).rotate_left(29);
    let (words, rest) = bytes.as_chunks::<8>();
    let rest = rest.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b));
    let sum =
        words.iter().fold(bytes.len() as u64, |sum, word| mix(sum, u64::from_le_bytes(*word)));
    mix(mix(sum, rest), 0)
}
