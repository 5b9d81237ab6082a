//! A recording's sound as a picture, at several coarsenesses, for a timeline that zooms.
//!
//! In: the sound that `listen` kept, 8 kHz mono. Out, little-endian: `RPK1`, the number of levels
//! (u32); for each level the seconds of a bucket (f64) and the number of buckets (u32); then the
//! buckets of each level, a byte each. The finest has 10 ms a bucket, each next eight times as
//! much, down to one that fits a narrow screen.
//!
//! A byte is the largest magnitude in its bucket, companded as telephones do, so that quiet speech
//! is seen beside a shot: `byte = 255 · ln(1 + 255·m) / ln 256` for a magnitude `m` of 0 to 1. A
//! hundredth of full scale is 58, a tenth 151.
//! Cost: an hour of sound is 57 MB read once, 0.2 s; 0.4 MB are kept of it in the cache.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use case::Cache;
use evidence::SourceId;

use super::Server;
use super::answer::Failed;
use super::routes::{aside, source};
use crate::sound::{KeptSound, open_sealed, write_sealed};
use crate::steps::listen;

/// In the cache; the number in the name changes with the form.
const PEAKS: &str = "peaks-v1";
const TAG: u64 = 1;

const MAGIC: &[u8; 4] = b"RPK1";

/// Samples of a bucket of the finest level: 10 ms.
const BUCKET_SAMPLES: usize = (align::RATE_HZ / 100) as usize;

/// Buckets of a level that become one of the next.
const COARSER: usize = 8;

/// A level with so few buckets is the last.
const LAST_BUCKETS: usize = 256;

/// `GET /peaks/{id}`.
///
/// # Errors
/// If no sound of it is kept.
pub async fn peaks(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
) -> Result<Response, Failed> {
    let id = source(&id)?;
    let found = aside(&server, move |server| {
        made(&server.cache, &id).ok_or_else(|| {
            Failed::missing("no sound of it is kept; `recount sync` listens to the case")
        })
    });
    let head = [
        (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        // A source is its hash: what was heard of it stays the same.
        (CACHE_CONTROL, HeaderValue::from_static("private, max-age=86400, immutable")),
    ];
    Ok((head, found.await?).into_response())
}

/// The peaks of a recording, from the cache, or made and kept there.
fn made(cache: &Cache, id: &SourceId) -> Option<Vec<u8>> {
    if let Ok(kept) = open_sealed(&cache.file(id, PEAKS), TAG) {
        return Some(kept);
    }
    let bytes = of_sound(&listen::any_sound(cache, id)?)?;
    // Made again the next time, if it cannot be kept.
    let _ = write_sealed(cache, (id, PEAKS), TAG, &bytes);
    Some(bytes)
}

/// The peaks of kept sound, unless that turns out to be damaged.
fn of_sound(sound: &KeptSound) -> Option<Vec<u8>> {
    let mut finest = Finest::default();
    sound.play(|samples| finest.push(samples)).ok()?;
    Some(encoded(&levels(finest.finish())))
}

/// The largest magnitude of each 10 ms.
#[derive(Debug, Default)]
struct Finest {
    peaks: Vec<u8>,
    loudest: f32,
    counted: usize,
}

impl Finest {
    fn push(&mut self, samples: &[f32]) {
        for sample in samples {
            self.loudest = self.loudest.max(sample.abs());
            self.counted += 1;
            if self.counted == BUCKET_SAMPLES {
                self.end_bucket();
            }
        }
    }

    fn end_bucket(&mut self) {
        self.peaks.push(companded(self.loudest));
        (self.loudest, self.counted) = (0.0, 0);
    }

    fn finish(mut self) -> Vec<u8> {
        if self.counted > 0 {
            self.end_bucket();
        }
        self.peaks
    }
}

/// A magnitude as a byte; see the head of this file.
fn companded(magnitude: f32) -> u8 {
    let share = (255.0 * magnitude.clamp(0.0, 1.0)).ln_1p() / 256.0_f32.ln();
    (255.0 * share).round() as u8
}

/// The finest level and all coarser ones.
fn levels(finest: Vec<u8>) -> Vec<Vec<u8>> {
    let mut levels = vec![finest];
    while let Some(last) = levels.last().filter(|last| last.len() > LAST_BUCKETS) {
        let loudest = |part: &[u8]| part.iter().copied().max().unwrap_or(0);
        let next = last.chunks(COARSER).map(loudest).collect();
        levels.push(next);
    }
    levels
}

fn encoded(levels: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend((levels.len() as u32).to_le_bytes());
    let mut seconds = 0.01;
    for level in levels {
        bytes.extend(f64::to_le_bytes(seconds));
        bytes.extend((level.len() as u32).to_le_bytes());
        seconds *= COARSER as f64;
    }
    for level in levels {
        bytes.extend(level);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_speech_is_seen_beside_a_shot() {
        assert_eq!([0.0, 0.01, 0.1, 1.0, 7.0].map(companded), [0, 58, 151, 255, 255]);
        assert_eq!(companded(f32::NAN), 0);
    }

    #[test]
    fn a_peak_is_seen_at_every_level() {
        let mut finest = Finest::default();
        let mut sound = vec![0.0_f32; BUCKET_SAMPLES * 10_000 + 5];
        sound[BUCKET_SAMPLES * 4321 + 7] = -1.0;
        for part in sound.chunks(999) {
            finest.push(part);
        }
        let levels = levels(finest.finish());
        let lengths: Vec<usize> = levels.iter().map(Vec::len).collect();
        assert_eq!(lengths, [10_001, 1251, 157]);
        for (level, at) in levels.iter().zip([4321, 4321 / 8, 4321 / 64]) {
            assert_eq!(level[at], 255);
            assert_eq!(level.iter().filter(|peak| **peak > 0).count(), 1);
        }
    }

    #[test]
    fn the_form_is_what_the_page_reads() {
        let bytes = encoded(&[vec![1, 2, 3], vec![4]]);
        assert_eq!(&bytes[..8], b"RPK1\x02\0\0\0");
        assert_eq!(bytes[8..16], 0.01_f64.to_le_bytes());
        assert_eq!(bytes[20..28], 0.08_f64.to_le_bytes());
        assert_eq!(&bytes[28..], [1, 0, 0, 0, 1, 2, 3, 4]);
    }
}
