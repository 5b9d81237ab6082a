//! What the tests share: a door with its keeper, and media made by the real ffmpeg.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::Command;

use evidence::Recording;
use media::{Door, Error, Limits, Listened};
use tempfile::TempDir;

pub const RATE_HZ: u32 = 8000;

/// Never stops.
pub const ON: &dyn Fn() -> bool = &|| false;

pub fn limits() -> Limits {
    Limits { keeper: Some(keeper()), ..Limits::default() }
}

pub fn keeper() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_media-keeper"))
}

pub fn door() -> Door {
    Door::open(limits()).expect("these tests need ffmpeg on PATH")
}

/// A folder for made files.
pub struct Bench {
    pub folder: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    /// Runs the real ffmpeg in the folder; the last word of `arguments` is the file to make.
    pub fn make(&self, arguments: &str) -> PathBuf {
        let words = arguments.split_whitespace();
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-y", "-bitexact"])
            .args(words.clone())
            .current_dir(&self.folder)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "ffmpeg {arguments}: {said}");
        self.path(words.last().unwrap())
    }

    /// A WAV file of one channel with a click of 1 ms at each time, faint noise between.
    pub fn clicks(&self, name: &str, rate_hz: u32, length_s: f64, at_s: &[f64]) -> PathBuf {
        let mut samples = hiss((length_s * f64::from(rate_hz)) as usize);
        for at in at_s {
            let at = (at * f64::from(rate_hz)).round() as usize;
            for (i, sample) in samples[at..].iter_mut().take(rate_hz as usize / 1000).enumerate() {
                *sample = if (i * 4000 / rate_hz as usize).is_multiple_of(2) { 0.9 } else { -0.9 };
            }
        }
        self.wav(name, rate_hz, &[samples])
    }

    /// A WAV file with these channels, 16 bits.
    pub fn wav(&self, name: &str, rate_hz: u32, channels: &[Vec<f32>]) -> PathBuf {
        let width = channels.len() as u16 * 2;
        let bytes = (channels[0].len() * usize::from(width)) as u32;
        let mut wav = Vec::new();
        wav.extend(b"RIFF");
        wav.extend((36 + bytes).to_le_bytes());
        wav.extend(b"WAVEfmt \x10\0\0\0\x01\0");
        wav.extend((channels.len() as u16).to_le_bytes());
        wav.extend(rate_hz.to_le_bytes());
        wav.extend((rate_hz * u32::from(width)).to_le_bytes());
        wav.extend(width.to_le_bytes());
        wav.extend(b"\x10\0data");
        wav.extend(bytes.to_le_bytes());
        for i in 0..channels[0].len() {
            for channel in channels {
                wav.extend(((channel[i] * 32767.0) as i16).to_le_bytes());
            }
        }
        self.write(name, wav)
    }
}

/// Faint, repeatable noise.
pub fn hiss(samples: usize) -> Vec<f32> {
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 40) as f32 / (1u64 << 23) as f32 - 1.0) * 0.003
    };
    (0..samples).map(|_| next()).collect()
}

/// What was heard of a file.
pub struct Heard {
    pub recording: Recording,
    pub listened: Listened,
    pub samples: Vec<f32>,
}

pub fn hear(door: &Door, path: &Path) -> Result<Heard, Error> {
    let recording = door.probe(path, ON)?;
    let mut samples = Vec::new();
    let listened =
        door.listen(path, &recording, RATE_HZ, ON, &mut |chunk| samples.extend_from_slice(chunk))?;
    assert_eq!(listened.samples, samples.len() as u64);
    assert!(samples.iter().all(|sample| sample.is_finite()));
    Ok(Heard { recording, listened, samples })
}

impl Heard {
    /// Times, in seconds, of what rises clearly above everything else: the middle of each click.
    pub fn clicks_s(&self) -> Vec<f64> {
        let peak = self.samples.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
        let loud = |s: &f32| s.abs() > peak / 3.0;
        let mut found: Vec<(usize, usize)> = Vec::new();
        for (i, _) in self.samples.iter().enumerate().filter(|(_, s)| loud(s)) {
            match found.last_mut() {
                Some(last) if i - last.1 < 160 => last.1 = i,
                _ => found.push((i, i)),
            }
        }
        let middle = |(from, to)| (from + to) as f64 / 2.0 / f64::from(RATE_HZ);
        found.into_iter().map(middle).collect()
    }

    pub fn stretches_s(&self) -> Vec<(f64, f64)> {
        let stretches = self.listened.stretches.iter();
        stretches.map(|s| (s.start.seconds(), s.end.seconds())).collect()
    }

    /// Clicks of 1 ms that begin at these times were heard there, each to 1 ms.
    pub fn assert_clicks(&self, begin_s: &[f64]) {
        let found = self.clicks_s();
        let near = found.iter().zip(begin_s).all(|(f, b)| (f - b - 0.0005).abs() < 0.001);
        assert!(found.len() == begin_s.len() && near, "{found:?} but clicks were at {begin_s:?}");
    }

    pub fn assert_stretches(&self, expected_s: &[(f64, f64)], within_s: f64) {
        let found = self.stretches_s();
        let near = |a: f64, b: f64| (a - b).abs() <= within_s;
        let all = found.iter().zip(expected_s).all(|(f, e)| near(f.0, e.0) && near(f.1, e.1));
        assert!(found.len() == expected_s.len() && all, "{found:?} but sound was {expected_s:?}");
    }
}
