//! One run of ffmpeg says the same as two.
//!
//! Method: every file goes both ways; where the shorter answers, each sample, stretch, warning
//! and track must be the longer's. Files: made ones, ordinary and odd, damaged copies of an
//! ordinary one, and all media that lie in the repository (where they are checked out).

mod made;

use std::path::{Path, PathBuf};

use made::{Bench, ON, RATE_HZ, door, hear};
use media::Door;

/// Whether the shorter way was taken; panics where it says anything else than the longer.
fn compare(door: &Door, path: &Path) -> bool {
    let mut samples = Vec::new();
    let at_once = door
        .listen_at_once(path, RATE_HZ, ON, &mut |chunk| samples.extend_from_slice(chunk))
        .unwrap();
    let Some((mut recording, listened)) = at_once else { return false };
    assert!(door.may_listen_at_once(path));
    let two = hear(door, path).unwrap();
    assert_eq!(listened, two.listened, "{}", path.display());
    recording.claims.clone_from(&two.recording.claims);
    assert_eq!(recording, two.recording, "{}", path.display());
    assert!(samples == two.samples, "other samples: {}", path.display());
    true
}

#[test]
fn ordinary_sound_files_are_heard_at_once_and_the_same() {
    let (door, bench) = (door(), Bench::new());
    bench.clicks("mono.wav", 48_000, 5.003, &[1.0, 4.0]);
    for (made, name) in [
        ("-i mono.wav -c:a aac -b:a 96k", "aac.m4a"),
        ("-i mono.wav -ac 2 -c:a aac", "stereo.m4a"),
        ("-i mono.wav -ar 8000 -c:a aac", "slow.m4a"),
        ("-i mono.wav -c:a alac", "alac.m4a"),
        ("-i mono.wav -c:a pcm_s16le", "pcm.mov"),
        ("-i mono.wav -c:a aac -movflags +faststart -metadata comment=a,b", "front.mp4"),
        ("-i mono.wav -t 0.3 -c:a aac", "short.m4a"),
    ] {
        let path = bench.make(&format!("{made} {name}"));
        assert!(compare(&door, &path), "{name} took the longer way");
    }
}

#[test]
fn odd_files_are_left_to_the_longer_way_or_are_heard_the_same() {
    let (door, bench) = (door(), Bench::new());
    bench.clicks("mono.wav", 48_000, 5.0, &[1.0, 4.0]);
    let picture = "-f lavfi -i testsrc=s=64x48:d=5 -i mono.wav";
    for (made, name) in [
        ("-i mono.wav -i mono.wav -map 0 -map 1 -c:a aac", "two.m4a"),
        (&*format!("{picture} -c:v mpeg4 -c:a aac"), "pictures.mp4"),
        ("-i mono.wav -c:a aac -movflags frag_keyframe+empty_moov", "fragments.mp4"),
        ("-i mono.wav -c:a aac", "bare.aac"),
        ("-i mono.wav -c:a aac", "matroska.mkv"),
        ("-i mono.wav -filter_complex [0][0][0][0]amerge=inputs=4 -c:a aac", "four.m4a"),
        ("-i mono.wav -c:a copy", "copy.wav"),
    ] {
        let path = bench.make(&format!("{made} {name}"));
        assert!(!compare(&door, &path), "{name} took the shorter way");
    }
    for (made, name) in [
        ("-itsoffset 1.5 -i mono.wav -c:a aac", "late.m4a"),
        ("-i mono.wav -af aselect='lt(t,2)+gt(t,3)' -c:a aac", "gap.m4a"),
        ("-i mono.wav -c:a aac -use_editlist 0", "unedited.m4a"),
        ("-i mono.wav -c:a aac -ss 1.01 -t 2", "cut.m4a"),
    ] {
        compare(&door, &bench.make(&format!("{made} {name}")));
    }
    let tagged = "-i mono.wav -c:a aac -movflags use_metadata_tags -metadata";
    let forged = bench.path("forged.m4a");
    let key = "x\n[info] Stream #0:0: Audio: aac, 8000 Hz, stereo\n[error] y=1";
    let status = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(tagged.split(' '))
        .arg(key)
        .arg(&forged)
        .current_dir(&bench.folder)
        .status();
    assert!(status.unwrap().success());
    assert!(!compare(&door, &forged), "lines in a tag were believed");
}

#[test]
fn damage_is_never_heard_otherwise_than_by_the_longer_way() {
    let (door, bench) = (door(), Bench::new());
    bench.clicks("mono.wav", 48_000, 3.0, &[1.0, 2.0]);
    let whole = std::fs::read(bench.make("-i mono.wav -c:a aac whole.m4a")).unwrap();
    for i in 0..24 {
        let mut bytes = whole.clone();
        let at = 40 + i * (bytes.len() - 60) / 24;
        bytes[at..at + 4].copy_from_slice(&[0xff, 0x5a, 0, i as u8]);
        compare(&door, &bench.write(&format!("damaged{i}.m4a"), &bytes));
        bytes.truncate(at);
        compare(&door, &bench.write(&format!("cut{i}.m4a"), &bytes));
    }
}

#[test]
fn the_media_in_the_repository_are_heard_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let door = door();
    let mut files = Vec::new();
    for folder in ["tests/scenes/public", "samples/lantern-quay/media"] {
        gather(&root.join(folder), &mut files);
    }
    let at_once = files.iter().filter(|path| compare(&door, path)).count();
    println!("{at_once} of {} files were heard at once", files.len());
}

/// The files below a folder; none if it is not checked out.
fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            gather(&entry.path(), files);
        } else {
            files.push(entry.path());
        }
    }
}
