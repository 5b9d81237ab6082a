//! Presentation time: what a player would play at a moment is found at that moment.

mod made;

use made::{Bench, door, hear};

/// Codecs, the containers they are recorded in, and how much the encoder put before the sound
/// where the container has no place to say so: ffmpeg plays it, so its time is the file's.
const KINDS: &[(&str, &str, f64)] = &[
    ("-c:a aac", "mp4", 0.0),
    ("-c:a aac", "mov", 0.0),
    ("-c:a aac", "m4a", 0.0),
    ("-c:a aac", "mkv", 1024.0 / 48_000.0),
    ("-c:a aac", "ts", 1024.0 / 48_000.0),
    ("-c:a aac", "aac", 1024.0 / 48_000.0),
    ("-c:a libmp3lame", "mp3", 0.0),
    ("-c:a libmp3lame", "avi", 1105.0 / 48_000.0),
    ("-c:a libopus", "opus", 0.0),
    // Matroska rounds the 6.5 ms before the sound and every time stamp to a millisecond.
    ("-c:a libopus", "webm", 0.0075),
    ("-c:a libvorbis", "ogg", 0.0),
    ("-c:a flac", "flac", 0.0),
    ("-c:a flac", "mkv", 0.0),
    ("-c:a alac", "m4a", 0.0),
    ("-c:a pcm_s16le", "wav", 0.0),
    ("-c:a pcm_s16le", "w64", 0.0),
    ("-c:a pcm_s16be", "aiff", 0.0),
    ("-c:a pcm_s16be", "caf", 0.0),
    ("-c:a pcm_s24le", "mov", 0.0),
    ("-c:a pcm_s16le -f mxf_opatom", "mxf", 0.0),
    ("-c:a adpcm_ima_wav", "wav", 0.0),
    ("-c:a ac3", "mpg", 256.0 / 48_000.0),
    ("-c:a mp2", "mts", 481.0 / 48_000.0),
    ("-c:a wmav2", "wma", 0.043),
];

#[test]
fn a_click_is_heard_when_a_player_would_play_it_in_every_container() {
    let (bench, door) = (Bench::new(), door());
    bench.clicks("in.wav", 48_000, 6.0, &[1.0, 2.5, 5.25]);
    for (i, (codec, container, before_s)) in KINDS.iter().enumerate() {
        let path = bench.make(&format!("-i in.wav {codec} {i}.{container}"));
        let heard = hear(&door, &path).unwrap_or_else(|e| panic!("{codec} in {container}: {e}"));
        eprintln!("{codec} in {container}");
        heard.assert_clicks(&[1.0, 2.5, 5.25].map(|at| at + before_s));
        assert_eq!(heard.listened.warnings, Vec::<String>::new(), "{codec} in {container}");
        assert_eq!(heard.listened.stretches.len(), 1, "{codec} in {container}");
    }
}

#[test]
fn every_rate_of_sampling_keeps_its_time() {
    let (bench, door) = (Bench::new(), door());
    for rate_hz in [4000, 8000, 11_025, 16_000, 22_050, 32_000, 44_100, 96_000, 192_000] {
        let path = bench.clicks("in.wav", rate_hz, 4.0, &[0.5, 3.0]);
        hear(&door, &path).unwrap().assert_clicks(&[0.5, 3.0]);
    }
}

#[test]
fn sound_that_begins_after_the_pictures_begins_late() {
    let (bench, door) = (Bench::new(), door());
    bench.clicks("in.wav", 48_000, 4.0, &[1.0, 3.0]);
    for container in ["mp4", "mov", "mkv", "ts"] {
        let path = bench.make(&format!(
            "-f lavfi -i color=s=64x64:r=10:d=12 -itsoffset 7.3 -i in.wav -map 0 -map 1 \
             -c:v mpeg4 -c:a pcm_s16le {} late.{container}",
            // MPEG-TS and MP4 hold no PCM of this kind; both hold FLAC or MP2.
            match container {
                "mp4" => "-c:a flac -strict -2",
                "ts" => "-c:a mp2",
                _ => "",
            }
        ));
        let heard = hear(&door, &path).unwrap();
        let before_s = if container == "ts" { 0.010 } else { 0.0 };
        eprintln!("{container} {:?} {:?}", heard.stretches_s(), heard.clicks_s());
        // The encoder's 10 ms before the sound are sound, too.
        let begin_s = 7.3 - before_s;
        assert!((heard.stretches_s()[0].0 - begin_s).abs() < 0.0011, "{:?}", heard.stretches_s());
        heard.assert_clicks(&[8.3, 10.3]);
        let silent = &heard.samples[..(7.288 * 8000.0) as usize];
        assert!(silent.iter().all(|sample| *sample == 0.0));
    }
}

#[test]
fn a_gap_inside_the_file_is_silence_of_its_length() {
    let (bench, door) = (Bench::new(), door());
    bench.clicks("in.wav", 48_000, 20.0, &[2.0, 14.0, 18.0]);
    // Frames of 20 ms, of which those between 5 s and 9 s are lost.
    let lose = "-af asetnsamples=n=960,aselect=not(between(t\\,5\\,8.999))";
    let kinds = [
        ("-c:a pcm_s16le", "mkv"),
        ("-c:a flac -frame_size 960 -strict -2", "mp4"),
        ("-c:a libopus", "webm"),
        ("-c:a mp2", "ts"),
    ];
    for (codec, container) in kinds {
        let path = bench.make(&format!("-i in.wav {lose} {codec} gap.{container}"));
        let heard = hear(&door, &path).unwrap();
        eprintln!("{codec} in {container}: {:?} {:?}", heard.stretches_s(), heard.clicks_s());
        match container {
            "webm" => heard.assert_clicks(&[2.0075, 14.0075, 18.0075]),
            "ts" => heard.assert_clicks(&[2.010, 14.010, 18.010]),
            _ => {
                heard.assert_clicks(&[2.0, 14.0, 18.0]);
                heard.assert_stretches(&[(0.0, 5.0), (9.0, 20.0)], 0.001);
            }
        }
        assert_eq!(heard.listened.stretches.len(), 2, "{:?}", heard.stretches_s());
    }
}

#[test]
fn one_lost_packet_is_a_gap_of_one_packet() {
    let (bench, door) = (Bench::new(), door());
    bench.clicks("in.wav", 48_000, 10.0, &[2.0, 8.0]);
    let lose = "-af asetnsamples=n=1024:p=0,aselect=not(eq(n\\,200))";
    let path = bench.make(&format!("-i in.wav {lose} -c:a pcm_s16le lost.mkv"));
    let heard = hear(&door, &path).unwrap();
    heard.assert_clicks(&[2.0, 8.0]);
    let (lost_s, packet_s) = (200.0 * 1024.0 / 48_000.0, 1024.0 / 48_000.0);
    heard.assert_stretches(&[(0.0, lost_s), (lost_s + packet_s, 10.0)], 0.001);
}

#[test]
fn stamps_rounded_to_a_millisecond_break_nothing_and_add_up_to_nothing() {
    let (bench, door) = (Bench::new(), door());
    // Frames of 1024 samples at 44.1 kHz are 23.22 ms, which Matroska cannot say.
    let clicks = [1.0, 300.0, 599.0];
    bench.clicks("in.wav", 44_100, 600.0, &clicks);
    let path =
        bench.make("-i in.wav -af asetnsamples=n=1024:p=0 -c:a flac -frame_size 1024 long.mkv");
    let heard = hear(&door, &path).unwrap();
    heard.assert_clicks(&clicks);
    heard.assert_stretches(&[(0.0, 600.0)], 0.0015);
}

#[test]
fn a_clock_that_runs_a_little_off_its_samples_is_followed() {
    let (bench, door) = (Bench::new(), door());
    // The stamps say 200 ppm more time than there are samples: 120 ms after ten minutes, which
    // is what a player that follows the stamps would show.
    let clicks = [1.0, 300.0, 599.0];
    bench.clicks("in.wav", 48_000, 600.0, &clicks);
    let path = bench
        .make("-i in.wav -af asetnsamples=n=1024:p=0,asetpts=PTS*1.0002 -c:a pcm_s16le drift.mkv");
    let heard = hear(&door, &path).unwrap();
    eprintln!("{:?} {:?}", heard.clicks_s(), heard.stretches_s());
    heard.assert_clicks(&clicks.map(|at| at * 1.0002));
    assert_eq!(heard.listened.stretches.len(), 1, "{:?}", heard.stretches_s());
}

#[test]
fn a_transport_stream_whose_clock_jumps_forward_has_a_gap() {
    let (bench, door) = (Bench::new(), door());
    bench.clicks("in.wav", 48_000, 5.0, &[1.0, 4.0]);
    let first = bench.make("-i in.wav -c:a mp2 -muxdelay 0 -muxpreload 0 a.ts");
    let second =
        bench.make("-i in.wav -c:a mp2 -output_ts_offset 65 -muxdelay 0 -muxpreload 0 b.ts");
    let both = [std::fs::read(first).unwrap(), std::fs::read(second).unwrap()].concat();
    let path = bench.write("both.mts", both);
    let heard = hear(&door, &path).unwrap();
    heard.assert_clicks(&[1.010, 4.010, 66.0, 69.0]);
    assert_eq!(heard.listened.stretches.len(), 2, "{:?}", heard.stretches_s());
}

#[test]
fn a_clock_that_starts_again_loses_no_sound() {
    let (bench, door) = (Bench::new(), door());
    bench.clicks("in.wav", 48_000, 5.0, &[1.0, 4.0]);
    let one = std::fs::read(bench.make("-i in.wav -c:a mp2 one.ts")).unwrap();
    let path = bench.write("twice.ts", [one.clone(), one].concat());
    let heard = hear(&door, &path).unwrap();
    assert_eq!(heard.clicks_s().len(), 4, "{:?}", heard.clicks_s());
    assert!(heard.samples.len() < 11 * 8000);
}

#[test]
fn an_edit_list_that_skips_the_beginning_moves_zero() {
    let (bench, door) = (Bench::new(), door());
    bench.clicks("in.wav", 48_000, 10.0, &[1.0, 4.0, 7.0]);
    bench
        .make("-i in.wav -f lavfi -i color=s=64x64:r=10:d=10 -c:v mpeg4 -g 100 -c:a aac whole.mov");
    // Copied from the middle of a group of pictures: the cut is an edit list.
    let path = bench.make("-ss 2.5 -i whole.mov -c copy cut.mov");
    let heard = hear(&door, &path).unwrap();
    let video_s = heard.recording.video[0].start.seconds();
    eprintln!("{:?} video at {video_s}", heard.clicks_s());
    heard.assert_clicks(&[1.5, 4.5]);
}
