//! Files that are broken, missing, changing or not what their names say: each has its error, and
//! what can be heard is heard.

mod made;

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use made::{Bench, ON, door, hear, hiss, limits};
use media::{Door, Error, Limits, hash};

#[test]
fn a_text_named_mp4_is_not_a_recording() {
    let (bench, door) = (Bench::new(), door());
    for text in ["Dear diary,\n", "{\"a\": [1, 2]}", &"lorem ipsum ".repeat(5000)] {
        let path = bench.write("text.mp4", text);
        let e = door.probe(&path, ON).unwrap_err();
        assert!(matches!(e, Error::NotMedia { .. }), "{e}");
    }
}

#[test]
fn random_bytes_are_not_a_recording_or_at_least_do_no_harm() {
    let (bench, door) = (Bench::new(), door());
    let noise: Vec<u8> = hiss(40_000).iter().map(|s| (s * 1e6) as i32 as u8).collect();
    let path = bench.write("noise.mov", noise);
    if let Ok(recording) = door.probe(&path, ON) {
        let _ = door.listen(&path, &recording, 8000, ON, &mut |_| {});
    }
}

#[test]
fn an_mp4_without_its_index_is_truncated() {
    let (bench, door) = (Bench::new(), door());
    bench.wav("in.wav", 48_000, &[hiss(480_000)]);
    let whole = fs::read(bench.make("-i in.wav -c:a aac whole.mp4")).unwrap();
    let path = bench.write("cut.mp4", &whole[..whole.len() / 2]);
    let e = door.probe(&path, ON).unwrap_err();
    assert!(matches!(e, Error::Truncated { .. }), "{e}");
    assert!(e.to_string().contains("copy it again"), "{e}");
}

#[test]
fn an_mp4_that_breaks_off_after_its_index_is_heard_as_far_as_it_goes() {
    let (bench, door) = (Bench::new(), door());
    bench.clicks("in.wav", 48_000, 20.0, &[1.0, 19.0]);
    let made = bench.make("-i in.wav -c:a aac -movflags +faststart whole.mp4");
    let whole = fs::read(made).unwrap();
    let path = bench.write("cut.mp4", &whole[..whole.len() / 2]);
    let heard = hear(&door, &path).unwrap();
    heard.assert_clicks(&[1.0]);
    let warnings = heard.listened.warnings.join("; ");
    assert!(warnings.contains("breaks off"), "{warnings}");
}

#[test]
fn faults_in_the_middle_are_counted_and_the_rest_is_heard() {
    let (bench, door) = (Bench::new(), door());
    bench.clicks("in.wav", 48_000, 20.0, &[1.0, 19.0]);
    let mut bytes = fs::read(bench.make("-i in.wav -c:a aac -b:a 128k whole.mp4")).unwrap();
    let middle = bytes.len() / 2;
    for (i, byte) in bytes[middle..middle + 3000].iter_mut().enumerate() {
        *byte = (i * 37) as u8;
    }
    let heard = hear(&door, &bench.write("bad.mp4", bytes)).unwrap();
    let warnings = heard.listened.warnings.join("; ");
    assert!(warnings.contains("faults while decoding"), "{warnings}");
    let samples = &heard.samples;
    assert!(samples.len() > 19 * 8000, "{}", samples.len());
}

#[test]
fn nothing_a_folder_a_pipe_and_a_device_are_refused_at_once() {
    let (bench, door) = (Bench::new(), door());
    let begun = Instant::now();
    let empty = bench.write("empty.mp4", "");
    assert!(matches!(door.probe(&empty, ON), Err(Error::Empty { .. })));
    assert!(matches!(hash(&empty, ON), Err(Error::Empty { .. })));
    let folder = bench.folder.path();
    assert!(matches!(door.probe(folder, ON), Err(Error::NotAFile { what: "a folder", .. })));
    let pipe = bench.path("pipe.mp4");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(matches!(door.probe(&pipe, ON), Err(Error::NotAFile { what: "a pipe", .. })));
    assert!(matches!(hash(&pipe, ON), Err(Error::NotAFile { .. })));
    let device = std::path::Path::new("/dev/zero");
    assert!(matches!(hash(device, ON), Err(Error::NotAFile { what: "a device", .. })));
    let nowhere = bench.path("nowhere.mp4");
    assert!(matches!(door.probe(&nowhere, ON), Err(Error::Vanished { .. })));
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_file_that_may_not_be_read_says_so() {
    let (bench, door) = (Bench::new(), door());
    let path = bench.wav("in.wav", 8000, &[hiss(8000)]);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read it all the same.
    match door.probe(&path, ON) {
        Err(e) => assert!(matches!(e, Error::Unreadable { .. }), "{e}"),
        Ok(recording) => assert_eq!(recording.audio.len(), 1),
    }
}

#[test]
fn a_file_that_changes_or_vanishes_meanwhile_is_told() {
    let (bench, door) = (Bench::new(), door());
    let path = bench.wav("in.wav", 48_000, &[hiss(480_000)]);
    let recording = door.probe(&path, ON).unwrap();
    let grow = |path: &std::path::Path| {
        use std::io::Write;
        fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"more").unwrap();
    };
    let once = Cell::new(true);
    let listened = door.listen(&path, &recording, 8000, ON, &mut |_| {
        if once.take() {
            grow(&path);
        }
    });
    assert!(matches!(listened, Err(Error::Changed { .. })), "{listened:?}");
    let once = Cell::new(true);
    let hashed = hash(&path, &|| {
        if once.take() {
            grow(&path);
        }
        false
    });
    assert!(matches!(hashed, Err(Error::Changed { .. })), "{hashed:?}");
    let hashed = hash(&path, &|| {
        let _ = fs::remove_file(&path);
        false
    });
    assert!(matches!(hashed, Err(Error::Vanished { .. })), "{hashed:?}");
}

#[test]
fn a_hash_is_the_sha_256_of_the_bytes() {
    let bench = Bench::new();
    let path = bench.write("abc", "abc");
    let (id, size_bytes) = hash(&path, ON).unwrap();
    assert_eq!(size_bytes, 3);
    let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(id.to_string(), known);
}

#[test]
fn a_video_without_sound_has_no_audio_and_that_is_no_error() {
    let (bench, door) = (Bench::new(), door());
    let path = bench.make("-f lavfi -i color=s=64x64:r=10:d=2 -c:v mpeg4 mute.mp4");
    let heard = hear(&door, &path).unwrap();
    assert_eq!((heard.recording.audio.len(), heard.recording.video.len()), (0, 1));
    assert_eq!(heard.samples.len(), 0);
}

#[test]
fn one_second_and_digital_silence_are_heard_as_they_are() {
    let (bench, door) = (Bench::new(), door());
    let path = bench.wav("silence.wav", 16_000, &[vec![0.0; 16_000]]);
    let heard = hear(&door, &path).unwrap();
    assert_eq!(heard.samples, vec![0.0; 8000]);
    heard.assert_stretches(&[(0.0, 1.0)], 0.001);
}

#[test]
fn what_is_not_a_number_becomes_silence() {
    let (bench, door) = (Bench::new(), door());
    bench.wav("in.wav", 8000, &[hiss(8000)]);
    let path = bench.make("-i in.wav -c:a pcm_f32le float.wav");
    let mut bytes = fs::read(&path).unwrap();
    let length = bytes.len();
    for (i, sample) in bytes[length - 4000..].chunks_exact_mut(4).enumerate() {
        let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY][i % 3];
        sample.copy_from_slice(&odd.to_le_bytes());
    }
    fs::write(&path, bytes).unwrap();
    let heard = hear(&door, &path).unwrap();
    assert_eq!(heard.samples.len(), 8000);
    assert!(heard.samples[7100..].iter().all(|sample| *sample == 0.0));
}

#[test]
fn without_ffmpeg_the_door_says_how_to_get_it() {
    // PATH belongs to the whole process, so a process of its own asks.
    let asked = std::process::Command::new(made::keeper()).env("PATH", "/nowhere").output();
    let asked = asked.unwrap();
    let said = String::from_utf8_lossy(&asked.stderr);
    assert_eq!(asked.status.code(), Some(4), "{said}");
    assert!(said.contains("not found on PATH") && said.contains("apt install ffmpeg"), "{said}");
}

#[test]
fn a_keeper_that_does_not_exist_is_named() {
    let limits = Limits { keeper: Some("/nowhere/keeper".into()), ..limits() };
    let e = Door::open(limits).unwrap_err();
    assert!(matches!(e, Error::NoKeeper { .. }), "{e}");
}

#[test]
fn stopping_ends_the_reader_at_once() {
    let (bench, door) = (Bench::new(), door());
    let path = bench.wav("long.wav", 48_000, &[hiss(48_000 * 120)]);
    let recording = door.probe(&path, ON).unwrap();
    let begun = Instant::now();
    let stopped =
        door.listen(&path, &recording, 8000, &|| begun.elapsed().as_millis() > 60, &mut |_| {});
    assert!(matches!(stopped, Err(Error::Stopped)), "{stopped:?}");
    assert!(begun.elapsed() < Duration::from_millis(400), "{:?}", begun.elapsed());
    assert!(matches!(door.probe(&path, &|| true), Err(Error::Stopped)));
    assert!(matches!(hash(&path, &|| true), Err(Error::Stopped)));
}

#[test]
fn limits_end_the_reader() {
    let bench = Bench::new();
    let path = bench.wav("in.wav", 48_000, &[hiss(480_000)]);
    let short = Door::open(Limits { sound: Duration::from_secs(3), ..limits() }).unwrap();
    let e = hear(&short, &path).err().unwrap();
    assert!(matches!(e, Error::LimitReached { what: "length of sound", .. }), "{e}");
    // An endless supply of sound from a small file: silence that FLAC says in a few bytes, in a
    // file that does not tell its length, as a recorder leaves it whose plug was pulled. A
    // length would justify time to read it.
    bench.make("-f lavfi -i anullsrc=r=96000:cl=7.1 -t 3000 -c:a flac -frame_size 65535 huge.flac");
    let mut bytes = fs::read(bench.path("huge.flac")).unwrap();
    bytes[21] &= 0xf0;
    bytes[22..26].fill(0);
    fs::write(bench.path("huge.flac"), bytes).unwrap();
    let hasty = Door::open(Limits { cpu: Duration::from_secs(1), ..limits() }).unwrap();
    let e = hear(&hasty, &bench.path("huge.flac")).err();
    assert!(matches!(e, Some(Error::LimitReached { what: "processor time", .. })), "{e:?}");
}
