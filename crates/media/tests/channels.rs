//! Several channels and several tracks: none may spoil the others.

mod made;

use evidence::ClaimKind;
use made::{Bench, door, hear, hiss};

/// Sound with a shape: noise, loud enough to be alive.
fn sound(samples: usize) -> Vec<f32> {
    hiss(samples).iter().map(|s| s * 60.0).collect()
}

fn power(samples: &[f32]) -> f64 {
    samples.iter().map(|s| f64::from(s * s)).sum::<f64>() / samples.len() as f64
}

fn scaled(samples: &[f32], by: f32) -> Vec<f32> {
    samples.iter().map(|s| s * by).collect()
}

#[test]
fn an_inverted_or_dead_channel_does_not_spoil_the_other() {
    let (bench, door) = (Bench::new(), door());
    let sound = sound(48_000 * 4);
    let alone = hear(&door, &bench.wav("mono.wav", 48_000, std::slice::from_ref(&sound))).unwrap();
    for (what, other) in [("inverted", scaled(&sound, -1.0)), ("dead", vec![0.0; sound.len()])] {
        let path = bench.wav("stereo.wav", 48_000, &[sound.clone(), other]);
        let heard = hear(&door, &path).unwrap();
        assert_eq!(heard.samples.len(), alone.samples.len());
        let ratio = power(&heard.samples) / power(&alone.samples);
        assert!((ratio - 1.0).abs() < 0.01, "{what}: {ratio}");
    }
}

#[test]
fn the_same_sound_twice_is_that_sound() {
    let (bench, door) = (Bench::new(), door());
    let sound = sound(48_000 * 4);
    let alone = hear(&door, &bench.wav("mono.wav", 48_000, std::slice::from_ref(&sound))).unwrap();
    let both = hear(&door, &bench.wav("two.wav", 48_000, &[sound.clone(), sound])).unwrap();
    assert_eq!(alone.samples, both.samples);
}

#[test]
fn tracks_are_aligned_on_presentation_time() {
    let (bench, door) = (Bench::new(), door());
    bench.clicks("a.wav", 48_000, 40.0, &[2.0, 31.0]);
    bench.clicks("b.wav", 48_000, 10.0, &[1.0]);
    // The second track begins 30 s later, at another rate.
    for container in ["mkv", "mov"] {
        let path = bench.make(&format!(
            "-i a.wav -itsoffset 30 -i b.wav -map 0 -map 1 -c:a pcm_s16le -ar:a:1 44100 two.{container}"
        ));
        let heard = hear(&door, &path).unwrap();
        assert_eq!(heard.recording.audio.len(), 2);
        heard.assert_clicks(&[2.0, 31.0]);
        heard.assert_stretches(&[(0.0, 40.0)], 0.001);
    }
}

#[test]
fn a_late_first_track_waits_for_nobody() {
    let (bench, door) = (Bench::new(), door());
    bench.clicks("a.wav", 16_000, 100.0, &[2.0, 95.0]);
    bench.clicks("b.wav", 16_000, 10.0, &[1.0]);
    let path = bench.make("-itsoffset 70 -i b.wav -i a.wav -map 0 -map 1 -c:a pcm_s16le late.mkv");
    let heard = hear(&door, &path).unwrap();
    heard.assert_clicks(&[2.0, 71.0, 95.0]);
    assert_eq!(heard.listened.warnings, Vec::<String>::new());
}

#[test]
fn more_channels_than_are_looked_at_is_told() {
    let (bench, door) = (Bench::new(), door());
    let sound = sound(16_000 * 2);
    let path = bench.wav("twelve.wav", 16_000, &vec![sound; 12]);
    let heard = hear(&door, &path).unwrap();
    assert_eq!(heard.samples.len(), 16_000);
    assert!(heard.listened.warnings[0].contains("first 8 of its 12"), "{:?}", heard.listened);
}

#[test]
fn eight_mono_tracks_are_one_recording() {
    let (bench, door) = (Bench::new(), door());
    bench.clicks("a.wav", 48_000, 10.0, &[2.0, 8.0]);
    let maps = "-map 0 ".repeat(8);
    let path = bench.make(&format!("-i a.wav {maps} -c:a pcm_s16le eight.mov"));
    let heard = hear(&door, &path).unwrap();
    assert_eq!(heard.recording.audio.len(), 8);
    heard.assert_clicks(&[2.0, 8.0]);
}

#[test]
fn a_track_that_cannot_be_decoded_leaves_the_others() {
    let (bench, door) = (Bench::new(), door());
    bench.clicks("a.wav", 48_000, 10.0, &[2.0, 8.0]);
    let path = bench.make("-i a.wav -map 0 -map 0 -c:a aac two.mp4");
    let mut bytes = std::fs::read(&path).unwrap();
    // The second track calls itself MPEG-H, which ffmpeg knows and cannot decode.
    let second = (0..bytes.len() - 4).rfind(|at| &bytes[*at..at + 4] == b"mp4a").unwrap();
    bytes[second..second + 4].copy_from_slice(b"mha1");
    let esds = (second..bytes.len() - 4).find(|at| &bytes[*at..at + 4] == b"esds").unwrap();
    bytes[esds..esds + 4].copy_from_slice(b"free");
    let heard = hear(&door, &bench.write("damaged.mp4", bytes)).unwrap();
    heard.assert_clicks(&[2.0, 8.0]);
    let warnings = heard.listened.warnings.join("; ");
    assert!(warnings.contains("cannot be decoded"), "{warnings} {:?}", heard.recording);
}

#[test]
fn what_a_file_claims_is_kept_as_found() {
    let (bench, door) = (Bench::new(), door());
    bench.wav("a.wav", 48_000, &[sound(96_000)]);
    bench.make(
        "-i a.wav -f lavfi -i color=s=64x64:r=25:d=2 -c:v mpeg4 -c:a aac -movflags use_metadata_tags \
         -metadata creation_time=2026-02-10T14:21:00Z -metadata com.apple.quicktime.make=Lantern \
         -metadata com.apple.quicktime.model=Q7 -metadata location=+51.5000-000.1000/ \
         -timecode 14:21:00:00 claims.mov",
    );
    let recording = door.probe(&bench.path("claims.mov"), made::ON).unwrap();
    let value = |kind: ClaimKind| {
        let claim = recording.claims.iter().find(|claim| claim.kind == kind);
        claim.map(|claim| (claim.value.as_str(), claim.found_in.as_str())).unwrap_or_default()
    };
    assert!(value(ClaimKind::CreationTime).0.starts_with("2026-02-10T14:21:00"));
    assert_eq!(value(ClaimKind::Make), ("Lantern", "format:com.apple.quicktime.make"));
    assert_eq!(value(ClaimKind::Model).0, "Q7");
    assert_eq!(value(ClaimKind::Location).0, "+51.5000-000.1000/");
    assert_eq!(value(ClaimKind::Timecode).0, "14:21:00:00");
    let path = bench.make("-i a.wav -write_bext 1 -metadata time_reference=2473200000 bwf.wav");
    let recording = door.probe(&path, made::ON).unwrap();
    let reference = recording.claims.iter().find(|c| c.kind == ClaimKind::TimeReference).unwrap();
    assert_eq!(reference.value, "2473200000");
}
