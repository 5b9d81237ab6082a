//! Files synchronised without a case, which are described and heard in one run of the reader, are
//! placed exactly as those of a case, which are described first.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

const RATE_HZ: usize = 16_000;

#[test]
fn without_a_case_recordings_are_placed_as_in_one() {
    let folder = tempfile::tempdir().unwrap();
    let footage = folder.path().join("footage");
    std::fs::create_dir(&footage).unwrap();
    let sound = murmur(45);
    std::fs::write(folder.path().join("raw"), bytes(&sound)).unwrap();
    let raw = format!("-f s16le -ar {RATE_HZ} -ac 1");
    let late = format!("{raw} -ss 7.25 -t 30 -i raw");
    for made in [
        format!("{raw} -i raw footage/a.wav"),
        format!("{late} -c:a aac footage/b.m4a"),
        format!("{raw} -ss 3 -t 33 -i raw -c:a flac footage/c.flac"),
        format!("{late} -c:a mp3 footage/d.mp3"),
        format!("{late} -f lavfi -i testsrc=s=64x48:d=30 -c:v mpeg4 -c:a aac footage/e.mp4"),
        // Two sound tracks, and a gap: the reader's longer way.
        format!("{late} -map 0 -map 0 -c:a pcm_s16le footage/two.mov"),
        format!("{late} -af aselect='lt(t,9)+gt(t,11)' -c:a flac footage/gap.mkv"),
    ] {
        run("ffmpeg", folder.path(), &["-v error -nostdin -y", &made].join(" "));
    }
    let recount = env!("CARGO_BIN_EXE_recount");
    let loose = run(recount, folder.path(), "sync footage --json --progress off");
    run(recount, folder.path(), "new x.recount");
    run(recount, folder.path(), "add x.recount footage");
    let cased = run(recount, folder.path(), "sync x.recount --json --progress off");
    let (loose, cased) = (placements(&loose), placements(&cased));
    assert_eq!(loose, cased);
    assert!(loose.len() >= 7, "{loose:?}");
}

/// Where every file lies, without what is said of its length.
fn placements(json: &str) -> Vec<Value> {
    let mut all: Value = serde_json::from_str(json).unwrap();
    let recordings = all["recordings"].as_array_mut().unwrap();
    for recording in recordings.iter_mut() {
        recording.as_object_mut().unwrap().remove("duration");
    }
    std::mem::take(recordings)
}

/// Runs a program on words that hold no space; its standard output.
fn run(program: &str, folder: &Path, arguments: &str) -> String {
    let ran = Command::new(program)
        .args(arguments.split(' '))
        .current_dir(folder)
        .env("USER", "ana")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    // One: some file needs attention.
    assert!(matches!(ran.status.code(), Some(0 | 1)), "{program} {arguments}: {said}");
    String::from_utf8(ran.stdout).unwrap()
}

/// Noise that swells and fades like talk, always the same.
fn murmur(seconds: usize) -> Vec<i16> {
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut smooth = 0.0;
    let noise = |state: &mut u64| {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        (*state >> 40) as f64 / f64::from(1u32 << 23) - 1.0
    };
    let mut loudness = 0.5;
    (0..seconds * RATE_HZ)
        .map(|n| {
            if n.is_multiple_of(RATE_HZ / 8) {
                loudness = noise(&mut state).abs();
            }
            smooth = 0.7 * smooth + noise(&mut state);
            (smooth * loudness * 6000.0) as i16
        })
        .collect()
}

fn bytes(sound: &[i16]) -> Vec<u8> {
    sound.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}
