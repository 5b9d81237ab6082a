//! A stretch of a recording's sound, for hearing two recordings against each other.
//!
//! In: media times. Out: a WAV file, 16 bit, mono, 8 kHz, cut from the sound that `listen` kept, which
//! starts and ends at the very samples asked for; where nothing was recorded it is silent. A media
//! element of a browser starts when it likes; two of these start together, so that what is heard
//! apart is apart.
//! Cost: 16 kB a second of sound, at most a minute at a time.

use std::sync::Arc;

use align::Sound as _;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Server;
use super::answer::Failed;
use super::routes::{aside, source};
use crate::sound::KeptSound;
use crate::steps::listen;

/// Longest stretch that one answer holds.
const SECONDS_MAX: f64 = 60.0;

/// Media times beyond this are no recording's.
const MEDIA_S_MAX: f64 = 1e9;

const HEAD_BYTES: usize = 44;

/// Which stretch; media time in seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Stretch {
    start: f64,
    end: f64,
}

/// `GET /sound/{id}?start=S&end=E`.
///
/// # Errors
/// If no sound of it is kept, or the stretch is none or longer than a minute.
pub async fn sound(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    Query(stretch): Query<Stretch>,
) -> Result<Response, Failed> {
    let id = source(&id)?;
    let (first, samples) = stretch.samples().ok_or_else(|| {
        Failed::new(
            StatusCode::BAD_REQUEST,
            "a stretch of sound ends after it starts, a minute later at most",
        )
    })?;
    let found = aside(&server, move |server| {
        let kept = listen::any_sound(&server.cache, &id);
        kept.and_then(|kept| cut(&kept, first, samples)).ok_or_else(|| {
            Failed::missing("no sound of it is kept; `recount sync` listens to the case")
        })
    });
    let head = [(CONTENT_TYPE, HeaderValue::from_static("audio/wav"))];
    Ok((head, found.await?).into_response())
}

impl Stretch {
    /// The first sample and how many; none for a stretch that cannot be had.
    fn samples(self) -> Option<(i64, usize)> {
        let length_s = self.end - self.start;
        let sane = self.start.abs() < MEDIA_S_MAX && length_s > 0.0 && length_s <= SECONDS_MAX;
        let rate_hz = f64::from(align::RATE_HZ);
        sane.then(|| ((self.start * rate_hz).round() as i64, (length_s * rate_hz).round() as usize))
    }
}

/// The stretch as a WAV file, unless the kept sound turns out to be damaged.
fn cut(kept: &KeptSound, first: i64, samples: usize) -> Option<Vec<u8>> {
    let mut heard = vec![0.0; samples];
    kept.read(first, &mut heard).ok()?;
    Some(wav(&heard))
}

fn wav(heard: &[f32]) -> Vec<u8> {
    let sound_bytes = 2 * heard.len() as u32;
    let mut file = Vec::with_capacity(HEAD_BYTES + sound_bytes as usize);
    file.extend(b"RIFF");
    file.extend((HEAD_BYTES as u32 - 8 + sound_bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    // Plain samples, one channel.
    file.extend([1_u16, 1].into_iter().flat_map(u16::to_le_bytes));
    file.extend([align::RATE_HZ, 2 * align::RATE_HZ].into_iter().flat_map(u32::to_le_bytes));
    file.extend([2_u16, 16].into_iter().flat_map(u16::to_le_bytes));
    file.extend(b"data");
    file.extend(sound_bytes.to_le_bytes());
    let whole = |sample: &f32| (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16;
    file.extend(heard.iter().map(whole).flat_map(i16::to_le_bytes));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_cut_to_the_sample_and_has_a_length_that_can_be_had() {
        let samples = |start, end| Stretch { start, end }.samples();
        assert_eq!(samples(1.5, 2.0), Some((12_000, 4000)));
        assert_eq!(samples(-0.25, 0.25), Some((-2000, 4000)));
        assert_eq!(samples(2.0, 2.0), None);
        assert_eq!(samples(0.0, 61.0), None);
        assert_eq!(samples(f64::NAN, 1.0), None);
        assert_eq!(samples(1e300, 1e300), None);
    }

    #[test]
    fn a_wav_file_says_how_long_it_is() {
        let file = wav(&[0.0, 1.0, -2.0]);
        assert_eq!(file.len(), HEAD_BYTES + 6);
        assert_eq!(file[4..8], 42_u32.to_le_bytes());
        assert_eq!(file[40..44], 6_u32.to_le_bytes());
        assert_eq!(file[44..], [0, 0, 255, 127, 1, 128]);
    }
}
