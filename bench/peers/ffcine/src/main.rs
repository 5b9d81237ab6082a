//! ffcine-audio as a peer: asks it about every pair of WAV files in a folder, one JSON line each.

use ffcine_audio::sync::{Prepared, SyncOptions, align};
use std::path::{Path, PathBuf};

/// Samples of a 16-bit mono WAV whose data chunk is the last, at the 8 kHz that the peer works at.
fn read(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).expect("a WAV that the bench wrote");
    let data = bytes.windows(4).position(|w| w == b"data").map_or(44, |at| at + 8);
    let samples: Vec<f32> = bytes[data..]
        .chunks_exact(2)
        .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32768.0)
        .collect();
    ffcine_audio::dsp::resample(&samples, 16_000, 8000)
}

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("a folder of WAV files"));
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "wav"))
        .collect();
    paths.sort();
    let sounds: Vec<Prepared> = paths.iter().map(|path| Prepared::new(read(path))).collect();
    let name = |i: usize| paths[i].file_stem().unwrap_or_default().to_string_lossy().into_owned();
    for i in 0..sounds.len() {
        for j in i + 1..sounds.len() {
            let (a, b) = if sounds[i].signal.len() >= sounds[j].signal.len() { (i, j) } else { (j, i) };
            let one = std::slice::from_ref(&sounds[a]);
            let Some(found) = align(&sounds[b], one, &SyncOptions::default()) else { continue };
            println!(
                r#"{{"a":"{}","b":"{}","offset":{},"score":{},"drift_ppm":{}}}"#,
                name(a), name(b), found.offset, found.confidence, found.drift_ppm
            );
        }
    }
}
