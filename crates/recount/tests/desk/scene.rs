//! Small incidents to try the program on: sound made from a seed, written as files by ourselves
//! or encoded by ffmpeg, and the program run on them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Samples a second of everything made here.
pub const RATE_HZ: usize = 16_000;

/// A folder that is gone at the end of the test.
pub struct Scene {
    root: TempDir,
}

/// What a run came to.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Scene {
    /// An empty folder `footage` in a place of its own.
    pub fn new() -> Self {
        let scene = Self { root: tempfile::tempdir().unwrap() };
        fs::create_dir(scene.at("footage")).unwrap();
        scene
    }

    /// Two recorders that hear the same, the second 7.25 s later, and a stranger.
    pub fn incident() -> Self {
        let scene = Self::new();
        let sound = incident(1, 45);
        scene.wav("footage/a.wav", &sound);
        scene.encoded("footage/b.m4a", &sound[RATE_HZ * 29 / 4..RATE_HZ * 38]);
        scene.wav("footage/stranger.wav", &incident(2, 30));
        scene
    }

    pub fn root(&self) -> &Path {
        self.root.path()
    }

    pub fn at(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.root.path().join(Path::new(name.as_ref()))
    }

    /// Writes sound as a plain WAV file.
    pub fn wav(&self, name: impl AsRef<OsStr>, sound: &[i16]) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, wav(sound)).unwrap();
        path
    }

    /// Encodes sound with ffmpeg, in the form that the name says.
    pub fn encoded(&self, name: &str, sound: &[i16]) -> PathBuf {
        let raw = self.wav("raw.wav", sound);
        let path = self.at(name);
        ffmpeg(&["-i", raw.to_str().unwrap(), "-b:a", "96k", path.to_str().unwrap()]);
        fs::remove_file(raw).unwrap();
        path
    }

    /// Makes a file with ffmpeg from nothing but its arguments.
    pub fn made(&self, name: &str, arguments: &[&str]) -> PathBuf {
        let path = self.at(name);
        ffmpeg(&[arguments, &[path.to_str().unwrap()]].concat());
        path
    }

    /// The program, in the scene's folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_recount"));
        command.args(arguments).current_dir(self.root()).stdin(Stdio::null());
        // No model of the one who runs the tests.
        command.env("XDG_DATA_HOME", self.at("data"));
        command.env("USER", "ana").env_remove("NO_COLOR").env_remove("COLUMNS");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        ran(&self.command(arguments).output().unwrap())
    }

    /// Runs and expects success.
    pub fn done(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}\n{}{}", ran.out, ran.err);
        ran
    }

    /// The alignment in a case, as exported.
    pub fn exported(&self, case: &str) -> Value {
        serde_json::from_str(&self.done(&["export", case, "--to", "json", "-"]).out).unwrap()
    }
}

impl Ran {
    /// The one JSON object on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}{}", self.out, self.err))
    }

    /// Expects a sentence on standard error.
    pub fn says(&self, words: &str) {
        assert!(self.err.contains(words), "expected `{words}` in:\n{}", self.err);
    }
}

pub fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub fn ffmpeg(arguments: &[&str]) {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]).args(arguments);
    assert!(command.status().unwrap().success(), "{arguments:?}");
}

/// What happens somewhere: bursts of coloured noise and tones of random length and pitch, with
/// pauses, as speech and steps have; the same for the same seed.
pub fn incident(seed: u64, seconds: usize) -> Vec<i16> {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut sound = Vec::with_capacity(seconds * RATE_HZ);
    while sound.len() < seconds * RATE_HZ {
        let length = RATE_HZ / 20 + dice.below(RATE_HZ / 4);
        let loudness = if dice.below(4) == 0 { 40.0 } else { 1000.0 + dice.below(9000) as f32 };
        let turn = std::f32::consts::TAU * (150.0 + dice.below(3000) as f32) / RATE_HZ as f32;
        let mut low = 0.0;
        for n in 0..length {
            let noise = dice.below(2001) as f32 / 1000.0 - 1.0;
            low += 0.3 * (noise - low);
            let fade = (n.min(length - n) as f32 / 200.0).min(1.0);
            let sample = loudness * fade * (0.5 * low + 0.3 * (n as f32 * turn).sin());
            sound.push(sample as i16 + (dice.below(21) as i16 - 10));
        }
    }
    sound.truncate(seconds * RATE_HZ);
    sound
}

/// Even noise, the same for the same seed.
pub fn noise(seed: u64, seconds: usize) -> Vec<i16> {
    let mut dice = Dice(seed | 1);
    (0..seconds * RATE_HZ).map(|_| dice.below(16_000) as i16 - 8000).collect()
}

/// A WAV file of 16-bit mono sound.
pub fn wav(sound: &[i16]) -> Vec<u8> {
    let length = 2 * sound.len() as u32;
    let rate = RATE_HZ as u32;
    let mut bytes = Vec::with_capacity(44 + length as usize);
    bytes.extend(b"RIFF");
    bytes.extend((36 + length).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(rate.to_le_bytes());
    bytes.extend((2 * rate).to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(length.to_le_bytes());
    bytes.extend(sound.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

/// Numbers that are the same on every machine (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end
    }
}

/// The pieces of a file in exported JSON; none if it was not placed.
pub fn pieces<'a>(exported: &'a Value, file: &str) -> &'a [Value] {
    let recordings = exported["recordings"].as_array().unwrap();
    let found = recordings.iter().find(|recording| recording["file"] == file);
    let found = found.unwrap_or_else(|| panic!("{file} is not in {exported}"));
    found["pieces"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Seconds by which `later` begins after `earlier`, which must be on one clock.
pub fn seconds_between(exported: &Value, earlier: &str, later: &str) -> f64 {
    let offset = |file| pieces(exported, file)[0]["offset"].as_f64().unwrap();
    offset(later) - offset(earlier)
}
