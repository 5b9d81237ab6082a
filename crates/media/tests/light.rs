//! How bright pictures are, and when.

mod made;

use std::path::Path;

use made::{Bench, ON, door};
use media::{Door, Error};

/// Mean brightness of each frame and when it begins, in seconds.
fn watch(door: &Door, path: &Path) -> Vec<(f64, f64)> {
    let recording = door.probe(path, ON).unwrap();
    let mut frames = Vec::new();
    let watched = door.watch_light(path, &recording, ON, &mut |frame| {
        let sum: u64 = frame.cells.iter().map(|cell| u64::from(*cell)).sum();
        frames.push((frame.at.seconds(), sum as f64 / frame.cells.len() as f64));
    });
    assert_eq!(watched.unwrap().frames, frames.len() as u64);
    frames
}

/// Moments at which the pictures become brighter by half.
fn rises_s(frames: &[(f64, f64)]) -> Vec<f64> {
    frames.windows(2).filter(|w| w[1].1 > 1.5 * w[0].1).map(|w| w[1].0).collect()
}

fn assert_near(found: &[f64], expected: &[f64], within_s: f64) {
    let near = found.iter().zip(expected).all(|(f, e)| (f - e).abs() <= within_s);
    assert!(found.len() == expected.len() && near, "{found:?} but expected {expected:?}");
}

/// A dark picture that is bright for one frame at 1.2, 3.44 and 5.0 s.
const FLASHES: &str = "-f lavfi -i color=0x303030:s=320x180:r=25:d=6,\
     drawbox=c=0xe0e0e0:t=fill:enable='eq(n,30)+eq(n,86)+eq(n,125)',format=yuv420p";

#[test]
fn a_flash_of_one_frame_is_seen_in_that_frame_whatever_the_codec() {
    let (bench, door) = (Bench::new(), door());
    for file in ["-c:v libx264 -bf 2 a.mp4", "-c:v mpeg4 -q:v 3 a.avi", "-c:v mjpeg a.mov"] {
        let path = bench.make(&format!("{FLASHES} {file}"));
        let frames = watch(&door, &path);
        assert_eq!(frames.len(), 150, "{file}");
        assert_near(&rises_s(&frames), &[1.2, 3.44, 5.0], 1e-6);
    }
    // This container counts milliseconds.
    let path = bench.make(&format!("{FLASHES} -c:v libx264 a.mkv"));
    assert_near(&rises_s(&watch(&door, &path)), &[1.2, 3.44, 5.0], 0.001);
}

#[test]
fn time_counts_from_the_start_of_the_container_when_sound_comes_first() {
    let (bench, door) = (Bench::new(), door());
    let sound = "-f lavfi -i sine=300:d=8";
    for file in ["late.mp4", "late.ts", "late.mkv"] {
        let path = bench.make(&format!(
            "{} {sound} -map 0:v -map 1:a -fps_mode passthrough -c:v libx264 -bf 0 -c:a aac {file}",
            FLASHES.replacen("-f lavfi", "-itsoffset 1.5 -f lavfi", 1)
        ));
        // The packing of sound puts the container's start up to 25 ms before its first sample.
        let probed = door.probe(&path, ON).unwrap();
        let begins_s = probed.video[0].start.seconds();
        assert!((begins_s - 1.5).abs() < 0.06, "{file} {begins_s}");
        let frames = watch(&door, &path);
        assert_near(&[frames[0].0], &[begins_s], 0.002);
        assert_near(&rises_s(&frames), &[1.2, 3.44, 5.0].map(|s| s + begins_s), 0.002);
    }
}

#[test]
fn frames_of_uneven_length_keep_their_own_times() {
    let (bench, door) = (Bench::new(), door());
    // Every third frame is missing, as a phone leaves them out in the dark.
    let path = bench.make(&format!(
        "{} -vf select='mod(n,3)' -fps_mode vfr -c:v libx264 uneven.mp4",
        FLASHES.replace("eq(n,30)", "eq(n,31)")
    ));
    let frames = watch(&door, &path);
    assert_eq!(frames.len(), 100);
    let first_s = frames[0].0;
    assert_near(&rises_s(&frames), &[1.2, 3.40, 4.96].map(|s| s + first_s), 0.001);
}

#[test]
fn cover_art_and_sound_alone_are_no_moving_pictures() {
    let (bench, door) = (Bench::new(), door());
    let sound = bench.make("-f lavfi -i sine=300:d=1 sound.wav");
    assert_eq!(watch(&door, &sound), []);
    bench.make("-f lavfi -i color=red:s=64x64:d=1 -frames:v 1 cover.png");
    let art = bench.make(
        "-f lavfi -i sine=300:d=1 -i cover.png -map 0 -map 1 -c:v png -disposition:v attached_pic \
         cover.m4a",
    );
    assert_eq!(watch(&door, &art), []);
}

#[test]
fn watching_ends_soon_when_asked_to() {
    let (bench, door) = (Bench::new(), door());
    let path = bench.make(&format!("{FLASHES} -c:v libx264 stop.mp4"));
    let recording = door.probe(&path, ON).unwrap();
    let stopped = door.watch_light(&path, &recording, &|| true, &mut |_| ());
    assert!(matches!(stopped, Err(Error::Stopped)));
}
