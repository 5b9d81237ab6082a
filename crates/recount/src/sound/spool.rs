//! Writes sound down as it comes in, and repeats to a listener exactly what was written.
//!
//! In: samples of any number at a time. Out: a [`KeptSound`], in a cache file, or without a case
//! in memory as long as the budget shared by all recordings lasts and in a nameless temporary
//! file beyond it. Memory does not grow with the length of the recording.

use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use case::CacheWriter;

use super::format::{self, BLOCK_SAMPLES, KeptSound, Store};
use crate::error::Error;

/// Peaks a second of the outline: one for each pixel of a wide picture of some minutes.
pub const PEAKS_PER_S: u32 = 4;

const SAMPLES_PER_PEAK: usize = (align::RATE_HZ / PEAKS_PER_S) as usize;

/// Bytes written to a file at a time.
const WRITE_BYTES: usize = 256 * 1024;

/// How much sound may stay in memory, over all recordings.
#[derive(Debug)]
pub struct MemoryBudget(AtomicU64);

impl MemoryBudget {
    /// So many bytes.
    pub fn of_bytes(bytes: u64) -> Self {
        Self(AtomicU64::new(bytes))
    }

    fn take(&self, bytes: u64) -> bool {
        let left = |left: u64| left.checked_sub(bytes);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok()
    }
}

/// Sound being written down.
#[derive(Debug)]
pub struct Spool<'a> {
    place: Place<'a>,
    /// Encoded, not yet written.
    bytes: Vec<u8>,
    /// Heard, not yet encoded: less than a block.
    block: Vec<f32>,
    samples: u64,
    tag: u64,
    outline: Outline,
}

#[derive(Debug)]
enum Place<'a> {
    /// A cache file that gets its name when it is whole.
    Cache(CacheWriter),
    /// In memory while the budget lasts.
    Memory(&'a MemoryBudget),
    /// A file without a name, gone when it is closed.
    Temporary(File),
}

impl<'a> Spool<'a> {
    /// Keeps sound in a cache file, which appears when everything is written.
    pub fn to_cache(writer: CacheWriter, tag: u64) -> Self {
        Self::new(Place::Cache(writer), tag)
    }

    /// Keeps sound without a case.
    pub fn loose(budget: &'a MemoryBudget, tag: u64) -> Self {
        Self::new(Place::Memory(budget), tag)
    }

    fn new(place: Place<'a>, tag: u64) -> Self {
        let block = Vec::with_capacity(BLOCK_SAMPLES);
        Self { place, bytes: Vec::new(), block, samples: 0, tag, outline: Outline::default() }
    }

    /// Writes samples down and repeats to `listener` what was kept of them, a block at a time.
    ///
    /// # Errors
    /// If the disk is full or cannot be written.
    pub fn push(&mut self, samples: &[f32], listener: &mut dyn FnMut(&[f32])) -> Result<(), Error> {
        let mut rest = samples;
        while !rest.is_empty() {
            let room = BLOCK_SAMPLES - self.block.len();
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.block.extend_from_slice(now);
            rest = later;
            if self.block.len() == BLOCK_SAMPLES {
                self.end_block(listener)?;
            }
        }
        Ok(())
    }

    /// The end of the recording: the sound as kept, and its outline.
    ///
    /// # Errors
    /// If the disk is full or cannot be written; then nothing is kept.
    pub fn finish(
        mut self,
        listener: &mut dyn FnMut(&[f32]),
    ) -> Result<(KeptSound, Vec<u8>), Error> {
        if !self.block.is_empty() {
            self.end_block(listener)?;
        }
        self.bytes.extend_from_slice(&format::end(self.tag, self.samples));
        let mut bytes = self.bytes;
        let store = match self.place {
            Place::Memory(_) => {
                bytes.shrink_to_fit();
                Store::Memory(bytes)
            }
            Place::Temporary(mut file) => {
                file.write_all(&bytes).map_err(unwritten)?;
                Store::Open(file)
            }
            Place::Cache(mut writer) => {
                write_cache(&mut writer, &bytes)?;
                Store::Closed(writer.commit()?)
            }
        };
        Ok((KeptSound::new(store, self.samples), self.outline.finish()))
    }

    fn end_block(&mut self, listener: &mut dyn FnMut(&[f32])) -> Result<(), Error> {
        let before = self.bytes.len();
        self.samples += self.block.len() as u64;
        format::encode_block(&mut self.block, &mut self.bytes);
        self.outline.push(&self.block);
        listener(&self.block);
        self.block.clear();
        if let Place::Memory(budget) = self.place {
            if budget.take((self.bytes.len() - before) as u64) {
                return Ok(());
            }
            self.place = Place::Temporary(tempfile::tempfile().map_err(unwritten)?);
        }
        if self.bytes.len() >= WRITE_BYTES {
            match &mut self.place {
                Place::Cache(writer) => write_cache(writer, &self.bytes)?,
                Place::Temporary(file) => file.write_all(&self.bytes).map_err(unwritten)?,
                Place::Memory(_) => {}
            }
            self.bytes.clear();
        }
        Ok(())
    }
}

fn write_cache(writer: &mut CacheWriter, bytes: &[u8]) -> Result<(), Error> {
    let written = writer.write_all(bytes);
    written.map_err(|error| Error::file("write the cache", writer.path())(error))
}

fn unwritten(error: io::Error) -> Error {
    Error::file("write a temporary file", &std::env::temp_dir())(error)
}

/// The largest magnitude in each quarter of a second, 0 to 255 of full scale.
#[derive(Debug, Default)]
struct Outline {
    peaks: Vec<u8>,
    loudest: f32,
    counted: usize,
}

impl Outline {
    fn push(&mut self, samples: &[f32]) {
        let mut rest = samples;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(SAMPLES_PER_PEAK - self.counted));
            self.loudest = self.loudest.max(format::loudest(now));
            self.counted += now.len();
            if self.counted == SAMPLES_PER_PEAK {
                self.end_peak();
            }
            rest = later;
        }
    }

    fn end_peak(&mut self) {
        self.peaks.push((self.loudest * 255.0).round() as u8);
        (self.loudest, self.counted) = (0.0, 0);
    }

    fn finish(mut self) -> Vec<u8> {
        if self.counted > 0 {
            self.end_peak();
        }
        self.peaks
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;
    use align::Sound as _;

    /// Three blocks and a bit: a shout, then the same shape a hundred thousand times fainter.
    fn samples() -> Vec<f32> {
        let tone = |n: usize| (n as f32 * 0.37).sin();
        (0..3 * BLOCK_SAMPLES + 100)
            .map(|n| if n < BLOCK_SAMPLES { 0.9 * tone(n) } else { 9e-6 * tone(n) })
            .collect()
    }

    fn spool_all(mut spool: Spool, samples: &[f32]) -> (KeptSound, Vec<f32>) {
        let mut heard = Vec::new();
        let mut listener = |kept: &[f32]| heard.extend_from_slice(kept);
        for chunk in samples.chunks(1000) {
            spool.push(chunk, &mut listener).unwrap();
        }
        let (kept, _) = spool.finish(&mut listener).unwrap();
        (kept, heard)
    }

    fn writer(folder: &Path) -> CacheWriter {
        let stamp = case::Stamp {
            at_utc: "2026-01-01T00:00:00Z".into(),
            actor: "a".into(),
            tool: "t".into(),
        };
        let case = case::Case::create(&folder.join("x.recount"), &stamp).unwrap();
        case.cache().writer(&evidence::SourceId([7; 32]), "sound.pcm").unwrap()
    }

    fn cached(folder: &Path) -> PathBuf {
        let writer = writer(folder);
        let path = writer.path().to_owned();
        spool_all(Spool::to_cache(writer, 7), &samples());
        path
    }

    #[test]
    fn a_whisper_after_a_shout_keeps_its_resolution() {
        let budget = MemoryBudget::of_bytes(1 << 20);
        let (_, heard) = spool_all(Spool::loose(&budget, 7), &samples());
        for (kept, sample) in heard.iter().zip(samples()) {
            assert!((kept - sample).abs() <= 0.9 / 65_000.0);
        }
        assert_eq!(heard.len(), samples().len());
        let whisper = BLOCK_SAMPLES..3 * BLOCK_SAMPLES;
        for (kept, sample) in heard[whisper.clone()].iter().zip(&samples()[whisper]) {
            assert!((kept - sample).abs() <= 9e-6 / 60_000.0);
        }
    }

    #[test]
    fn memory_file_and_cache_hold_the_same_and_read_from_anywhere() {
        let folder = tempfile::tempdir().unwrap();
        let (plenty, none) = (MemoryBudget::of_bytes(1 << 20), MemoryBudget::of_bytes(10));
        let (in_memory, heard) = spool_all(Spool::loose(&plenty, 7), &samples());
        let (in_file, _) = spool_all(Spool::loose(&none, 7), &samples());
        let path = cached(folder.path());
        let in_cache = KeptSound::open(&path, 7, 0).unwrap();
        let unopened = KeptSound::open(&path, 7, 1000).unwrap();
        for sound in [&in_memory, &in_file, &in_cache, &unopened] {
            for start in [-50, 0, 4000, heard.len() as i64 - 20, heard.len() as i64 + 5] {
                let mut out = vec![1.0; 300];
                sound.read(start, &mut out).unwrap();
                for (n, sample) in out.iter().enumerate() {
                    let at = start + n as i64;
                    let expected = usize::try_from(at).ok().and_then(|at| heard.get(at));
                    let expected = expected.copied().unwrap_or(0.0);
                    assert_eq!(sample.to_bits(), expected.to_bits(), "sample {at}");
                }
            }
        }
    }

    #[test]
    fn one_changed_bit_anywhere_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = cached(folder.path());
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(97).chain(whole.len() - 40..whole.len()) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            fs::write(&path, &bytes).unwrap();
            let played = KeptSound::open(&path, 7, 0).map(|sound| sound.play(|_| ()).is_ok());
            assert!(!played.unwrap_or(false), "byte {at}");
        }
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(KeptSound::open(&path, 7, 0).is_err());
        fs::write(&path, &whole).unwrap();
        assert!(KeptSound::open(&path, 8, 0).is_err(), "another decoder's sound");
        assert!(KeptSound::open(&path, 7, 0).is_ok());
    }

    #[test]
    fn what_is_not_a_number_is_silence() {
        let budget = MemoryBudget::of_bytes(1 << 20);
        let wild = [f32::NAN, f32::INFINITY, f32::MIN_POSITIVE / 2.0, 0.5, f32::NEG_INFINITY];
        let (_, heard) = spool_all(Spool::loose(&budget, 7), &wild);
        for silent in [0, 1, 4] {
            assert_eq!(heard[silent].to_bits(), 0.0_f32.to_bits());
        }
        assert!((heard[3] - 0.5).abs() < 1e-4);
    }

    #[test]
    fn an_unfinished_file_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(folder.path());
        let place = writer.path().parent().unwrap().to_owned();
        let mut spool = Spool::to_cache(writer, 7);
        spool.push(&vec![0.5; 1_000_000], &mut |_| ()).unwrap();
        assert_eq!(fs::read_dir(&place).unwrap().count(), 1);
        drop(spool);
        assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
    }
}
