//! Models that are none, and a real one on what nobody says. Those with the real one need
//! `.cache/models/ggml-base.bin`, which `scripts/get-test-model` makes; `make test` says so where
//! it cannot be had.

use std::fs;
use std::path::{Path, PathBuf};

use speech::model_file::examine;
use speech::{Error, Expected, RATE_HZ, Recogniser, Said, Session};

/// The real model, if it is here.
fn model() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/models/ggml-base.bin");
    path.is_file().then_some(path)
}

fn never() -> bool {
    false
}

fn hear(recogniser: &Recogniser, sound: &[f32]) -> Said {
    let mut session = Session::new(recogniser, &Expected::default()).unwrap();
    for chunk in sound.chunks(8000) {
        session.push(chunk, &never).unwrap();
    }
    session.finish(&never).unwrap()
}

#[test]
fn what_is_no_model_is_named_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("some.bin");
    assert!(matches!(examine(&file), Err(Error::Missing { .. })));
    assert!(matches!(examine(folder.path()), Err(Error::NotAModel { .. })));
    for bytes in [vec![], b"lm".to_vec(), vec![7; 100_000], b"lmgg".repeat(1000)] {
        fs::write(&file, bytes).unwrap();
        let refused = Recogniser::load(&file, "some").err();
        assert!(matches!(refused, Some(Error::NotAModel { .. })), "{refused:?}");
    }
}

#[test]
fn a_model_that_is_cut_short_anywhere_is_refused_and_crashes_nothing() {
    let Some(model) = model() else { return };
    let whole = fs::read(&model).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cut.bin");
    for length in [47, 60, 5_000, 100_000, 800_000, 5_000_000, whole.len() - 1] {
        fs::write(&file, &whole[..length]).unwrap();
        let refused = Recogniser::load(&file, "cut").err();
        let is_told = matches!(refused, Some(Error::Truncated { .. } | Error::NotAModel { .. }));
        assert!(is_told, "{length}: {refused:?}");
    }
    // Whole to the eye, but its last weight is missing.
    fs::write(&file, &whole[..whole.len() - 2048 - 4 * 4 - 15]).unwrap();
    assert!(Recogniser::load(&file, "cut").is_err());
}

#[test]
fn a_model_says_what_it_is() {
    let Some(model) = model() else { return };
    let kind = examine(&model).unwrap();
    assert_eq!((kind.size, kind.is_english), ("base", false));
    let recogniser = Recogniser::load(&model, "base").unwrap();
    assert_eq!(recogniser.language("Dutch").unwrap(), "nl");
    assert!(matches!(recogniser.language("klingon"), Err(Error::UnknownLanguage { .. })));
}

#[test]
fn silence_noise_and_music_say_nothing() {
    let Some(model) = model() else { return };
    let recogniser = Recogniser::load(&model, "base").unwrap();
    let seconds = 60 * RATE_HZ as usize;
    let time = |n: usize| n as f32 / RATE_HZ as f32;
    let mut seed = 1_u32;
    let noise: Vec<f32> = (0..seconds)
        .map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 24) as f32 * 0.4 - 0.2
        })
        .collect();
    // Chords that change twice a second, each note with four harmonics that fade.
    let music: Vec<f32> = (0..seconds)
        .map(|n| {
            let beat = n / (RATE_HZ as usize / 2);
            let since = time(n % (RATE_HZ as usize / 2));
            let notes = [220.0, 277.18, 329.63].map(|hz: f32| hz * [1.0, 1.335, 1.498][beat % 3]);
            let note = |hz: f32| -> f32 {
                (1..5)
                    .map(|h| (std::f32::consts::TAU * hz * h as f32 * time(n)).sin() / h as f32)
                    .sum()
            };
            notes.into_iter().map(note).sum::<f32>() * 0.08 * (-3.0 * since).exp()
        })
        .collect();
    for (name, sound) in [("silence", vec![0.0; seconds]), ("noise", noise), ("music", music)] {
        let said = hear(&recogniser, &sound);
        assert!(said.utterances.is_empty(), "{name}: {:?}", said.utterances);
    }
}

#[test]
fn who_asks_to_stop_is_heard_within_a_window() {
    let Some(model) = model() else { return };
    let recogniser = Recogniser::load(&model, "base").unwrap();
    let sound = speech_like();
    let mut session = Session::new(&recogniser, &Expected::default()).unwrap();
    let pushed = session.push(&sound, &|| true);
    let ended = pushed.and_then(|()| session.finish(&|| true).map(|_| ()));
    assert!(matches!(ended, Err(Error::Stopped) | Ok(())), "{ended:?}");
}

/// Some seconds of the sample's production recorder: 48 kHz, two channels of 16 bits.
fn speech_like() -> Vec<f32> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/lantern-quay/media/34R-T01.WAV");
    let bytes = fs::read(path).unwrap();
    let samples: Vec<f32> = bytes[44..]
        .chunks_exact(4)
        .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32768.0)
        .collect();
    samples.into_iter().take(48_000 * 8).step_by(3).collect()
}
