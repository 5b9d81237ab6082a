//! One run of ffmpeg says the same as two.
//!
//! Method: every file goes both ways; where the shorter answers, each sample, stretch and warning
//! must be the longer's, and the recording too but for what is documented. Files: made ones,
//! ordinary and odd, hostile ones, damaged copies, and all media that lie in the repository
//! (where they are checked out).

mod made;

use std::path::{Path, PathBuf};

use evidence::Recording;
use made::{Bench, ON, RATE_HZ, door, hear};
use media::Door;

/// Whether the shorter way was taken; panics where it says anything else than the longer.
fn compare(door: &Door, path: &Path) -> bool {
    let mut samples = Vec::new();
    let at_once = door
        .listen_at_once(path, RATE_HZ, ON, &mut |chunk| samples.extend_from_slice(chunk))
        .unwrap();
    let Some((recording, listened)) = at_once else { return false };
    assert!(Door::may_listen_at_once(path));
    let two = hear(door, path).unwrap();
    assert_eq!(listened, two.listened, "{}", path.display());
    assert!(samples == two.samples, "other samples: {}", path.display());
    let off_ns = recording.duration.0.abs_diff(two.recording.duration.0);
    assert!(off_ns <= 10_000_000, "length off by {off_ns} ns: {}", path.display());
    let heard_from = two.listened.stretches[0].start;
    let expected = poorer(two.recording, &recording, heard_from);
    assert_eq!(recording, expected, "{}", path.display());
    true
}

/// What a probe says, less what one run cannot tell.
fn poorer(mut whole: Recording, told: &Recording, heard_from: evidence::MediaTime) -> Recording {
    whole.claims.clear();
    whole.duration = told.duration;
    let off_ns = whole.audio[0].start.0.abs_diff(told.audio[0].start.0);
    // A codec's first frames may be before the first sample that is heard.
    assert!(told.audio[0].start == heard_from || off_ns == 0, "{told:?} {whole:?}");
    whole.audio[0].start = told.audio[0].start;
    for video in &mut whole.video {
        (video.rate, video.start) = (None, evidence::MediaTime(0));
        (video.turned, video.pixels) = (0, String::new());
    }
    whole
}

const PICTURE: &str = "-f lavfi -i testsrc=s=64x48:r=25:d=5";

#[test]
fn ordinary_files_are_heard_at_once_and_the_same() {
    let (door, bench) = (door(), Bench::new());
    bench.clicks("mono.wav", 48_000, 5.003, &[1.0, 4.0]);
    assert!(compare(&door, &bench.path("mono.wav")), "WAV took the longer way");
    let mut in_vain = Vec::new();
    for (made, name) in [
        ("-i mono.wav -c:a aac -b:a 96k", "aac.m4a"),
        ("-i mono.wav -ac 2 -c:a aac", "stereo.m4a"),
        ("-i mono.wav -ar 8000 -c:a aac", "slow.m4a"),
        ("-i mono.wav -c:a alac", "alac.m4a"),
        ("-i mono.wav -c:a pcm_s16le", "pcm.mov"),
        ("-i mono.wav -c:a aac -movflags +faststart -metadata comment=a,b", "front.mp4"),
        ("-i mono.wav -t 0.3 -c:a aac", "short.m4a"),
        ("-i mono.wav -c:a aac -use_editlist 0", "unedited.m4a"),
        ("-ss 1.01 -i mono.wav -t 2 -c:a aac", "cut.m4a"),
        ("-i mono.wav -c:a aac -movflags frag_keyframe+empty_moov", "fragments.mp4"),
        ("-i mono.wav -c:a aac", "phone.3gp"),
        ("-i mono.wav -c:a mp3", "mp3.mp3"),
        ("-i mono.wav -c:a flac", "flac.flac"),
        ("-i mono.wav -c:a libopus", "opus.ogg"),
        ("-i mono.wav -c:a libopus", "opus.webm"),
        ("-i mono.wav -c:a libvorbis", "vorbis.ogg"),
        ("-i mono.wav -c:a aac", "bare.aac"),
        ("-i mono.wav -c:a flac", "matroska.mkv"),
        ("-i mono.wav", "sound.aiff"),
        ("-i mono.wav -c:a wmav2", "sound.wma"),
        ("-i mono.wav -filter_complex [0][0][0][0][0][0]amerge=inputs=6 -c:a pcm_s24le", "six.wav"),
        ("PICTURE -i mono.wav -c:v libx264 -pix_fmt yuv420p -c:a aac", "pictures.mp4"),
        ("-i mono.wav PICTURE -map 0 -map 1 -c:v mpeg4 -c:a aac", "sound-first.mov"),
        ("PICTURE -i mono.wav -c:v mpeg4 -c:a mp3", "pictures.avi"),
        ("PICTURE -i mono.wav -c:v mpeg4 -c:a aac", "pictures.mkv"),
        ("PICTURE -itsoffset 1.5 -i mono.wav -c:v libx264 -c:a aac", "late-sound.mp4"),
        ("-itsoffset 1.5 PICTURE -i mono.wav -c:v libx264 -c:a aac", "late-pictures.mp4"),
        ("PICTURE -i mono.wav -c:v mpeg4 -c:a aac -timecode 01:00:00:00", "timecode.mov"),
        (
            "-i mono.wav PICTURE -map 0 -map 1 -frames:v 1 -c:v mjpeg -disposition:v attached_pic",
            "cover.mp3",
        ),
    ] {
        let path = bench.make(&format!("{} {name}", made.replace("PICTURE", PICTURE)));
        if !compare(&door, &path) {
            in_vain.push(name);
        }
    }
    assert_eq!(in_vain, [""; 0], "took the longer way");
}

#[test]
fn odd_files_are_left_to_the_longer_way() {
    let (door, bench) = (door(), Bench::new());
    bench.clicks("mono.wav", 48_000, 5.0, &[1.0, 4.0]);
    bench.write("text.mp4", "Only words.\n".repeat(500));
    bench.write("playlist.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nmono.wav\n");
    bench.write("concat.wav", "ffconcat version 1.0\nfile mono.wav\n");
    let mut large = std::fs::read(bench.path("mono.wav")).unwrap();
    large.resize((64 << 20) + 1, 0);
    bench.write("large.wav", large);
    let lose = "-af aselect='lt(t,2)+gt(t,3)'";
    for (made, name) in [
        ("-i mono.wav -i mono.wav -map 0 -map 1 -c:a aac".to_owned(), "two.m4a"),
        (format!("{PICTURE} -c:v mpeg4"), "silent.mp4"),
        (format!("{PICTURE} -i mono.wav -c:v mpeg2video -c:a mp2"), "transport.ts"),
        (format!("-i mono.wav {lose} -c:a pcm_s16le"), "gap.mkv"),
        (format!("-i mono.wav {lose} -c:a aac"), "gap.m4a"),
    ] {
        bench.make(&format!("{made} {name}"));
    }
    for name in [
        "text.mp4",
        "playlist.mp4",
        "concat.wav",
        "large.wav",
        "two.m4a",
        "silent.mp4",
        "transport.ts",
        "gap.mkv",
        "gap.m4a",
        "no such file",
    ] {
        assert!(!compare(&door, &bench.path(name)), "{name} took the shorter way");
    }
}

#[test]
fn lines_forged_in_a_tag_are_not_believed() {
    let (door, bench) = (door(), Bench::new());
    bench.clicks("mono.wav", 48_000, 2.0, &[1.0]);
    let lines = "[info] Stream #0:0: Audio: aac, 8000 Hz, stereo\n[info] Stream mapping:\n";
    for (n, tag) in [
        format!("x\n{lines}y=1"),
        format!("x\n[info]   Duration: 00:00:09.00, start: 0.0, bitrate: 1 kb/s\n{lines}y=1"),
        format!("x\n{}y=1", "[info] and more\n".repeat(400)),
    ]
    .into_iter()
    .enumerate()
    {
        let forged = bench.path(&format!("forged{n}.m4a"));
        let status = std::process::Command::new("ffmpeg")
            .args("-v error -nostdin -y -i mono.wav -c:a aac".split(' '))
            .args(["-movflags", "use_metadata_tags", "-metadata", &tag])
            .arg(&forged)
            .current_dir(&bench.folder)
            .status();
        assert!(status.unwrap().success());
        assert!(!compare(&door, &forged), "lines in tag {n} were believed");
    }
}

#[test]
fn a_wish_to_stop_is_told_and_not_taken_for_an_odd_file() {
    let (door, bench) = (door(), Bench::new());
    let path = bench.clicks("mono.wav", 48_000, 2.0, &[1.0]);
    let stopped = door.listen_at_once(&path, RATE_HZ, &|| true, &mut |_| ());
    assert!(matches!(stopped, Err(media::Error::Stopped)), "{stopped:?}");
}

#[test]
fn damage_is_never_heard_otherwise_than_by_the_longer_way() {
    let (door, bench) = (door(), Bench::new());
    bench.clicks("mono.wav", 48_000, 3.0, &[1.0, 2.0]);
    for (codec, ending) in [("aac", "m4a"), ("libopus", "ogg"), ("mp3", "mp3"), ("flac", "mkv")] {
        let whole = bench.make(&format!("-i mono.wav -c:a {codec} whole.{ending}"));
        let whole = std::fs::read(whole).unwrap();
        for i in 0..10 {
            let mut bytes = whole.clone();
            let at = 40 + i * (bytes.len() - 60) / 10;
            bytes[at..at + 4].copy_from_slice(&[0xff, 0x5a, 0, i as u8]);
            compare(&door, &bench.write(&format!("damaged{i}.{ending}"), &bytes));
            bytes.truncate(at);
            compare(&door, &bench.write(&format!("cut{i}.{ending}"), &bytes));
        }
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
