//! What was copied out of one recording into another is told from what two microphones heard.

mod scene;

use evidence::{CopyReason, Excerpt};
use scene::{LIVELY, RATE, align, case_s, id, in_a_room, record, samples, talk};

fn assert_excerpt(found: &Excerpt, copy: usize, source: usize, times_s: [f64; 3]) {
    assert_eq!((found.copy, found.source), (id(copy), id(source)));
    let found_s = [found.start, found.end, found.source_start].map(evidence::MediaTime::seconds);
    for (found, truth) in found_s.into_iter().zip(times_s) {
        assert!((found - truth).abs() < 0.1, "{found_s:?} instead of {times_s:?}");
    }
}

#[test]
fn a_broadcast_holds_a_stretch_of_a_witness_video_under_a_speaker() {
    let scene = talk(31, 120.0);
    let witness = record(&in_a_room(&scene, 1, &LIVELY), 5.0, 90.0, 20.0, 0.02);
    let other = record(&in_a_room(&scene, 2, &LIVELY), 12.0, 90.0, -15.0, 0.02);
    // Ten seconds of studio, twenty of the witness, ten of studio; the speaker talks on for six.
    let mut broadcast = talk(32, 40.0);
    for n in 0..samples(20.0) {
        let at = samples(10.0) + n;
        let speaker = if n < samples(6.0) { 2.0 * broadcast[at] } else { 0.0 };
        broadcast[at] = 0.6 * witness[samples(30.0) + n] + speaker;
    }
    let alignment = align(&[witness, other, broadcast], &[0, 1, 2]);
    let [excerpt] = alignment.excerpts[..] else { panic!("{:?}", alignment.excerpts) };
    assert_eq!((excerpt.copy, excerpt.source), (id(2), id(0)));
    assert!((excerpt.end.seconds() - 30.0).abs() < 0.1, "{excerpt:?}");
    let ahead_s = excerpt.source_start.seconds() - excerpt.start.seconds();
    assert!((ahead_s - 20.0).abs() < 0.001, "{excerpt:?}");
    let placed = alignment.placements.iter().find(|p| p.source == id(2)).expect("it is placed");
    assert_eq!(placed.pieces.len(), 1, "the studio is on no clock");
    let moment = case_s(&alignment, 2, 25.0) - case_s(&alignment, 0, 45.0);
    assert!(moment.abs() < 0.001, "off by {moment} s");
}

#[test]
fn a_report_cut_together_from_three_stretches_shows_each() {
    let scene = talk(33, 150.0);
    let witness = record(&in_a_room(&scene, 3, &LIVELY), 0.0, 140.0, 0.0, 0.02);
    let mut report = talk(34, 50.0);
    // Where in the report, where in the witness video: not in the order in which they happened.
    let cuts = [(4.0, 100.0), (16.0, 20.0), (30.0, 60.0)];
    for (to_s, from_s) in cuts {
        for n in 0..samples(10.0) {
            report[samples(to_s) + n] = witness[samples(from_s) + n];
        }
    }
    let alignment = align(&[witness, report], &[0, 1]);
    assert_eq!(alignment.excerpts.len(), 3, "{:?}", alignment.excerpts);
    for (excerpt, (to_s, from_s)) in alignment.excerpts.iter().zip(cuts) {
        assert_excerpt(excerpt, 1, 0, [to_s, to_s + 10.0, from_s]);
    }
}

#[test]
fn two_microphones_at_the_same_moment_are_no_copies() {
    let scene = talk(35, 100.0);
    let sounds =
        [1, 2, 3].map(|seed| record(&in_a_room(&scene, seed, &LIVELY), 3.0, 90.0, 0.0, 0.01));
    assert_eq!(align(&sounds, &[0, 1, 2]).excerpts, []);
}

#[test]
fn two_recorders_on_one_wire_are_no_copies_since_each_has_its_clock() {
    let scene = talk(36, 100.0);
    let sounds = [(2.0, 12.0), (7.0, -20.0)].map(|(s, ppm)| record(&scene, s, 80.0, ppm, 0.005));
    assert_eq!(align(&sounds, &[0, 1]).excerpts, []);
}

/// Talk with a pause of two seconds after every eight.
fn talk_with_pauses(seed: u64, seconds: f64) -> Vec<f32> {
    let mut sound = talk(seed, seconds);
    for pause in sound.chunks_mut(samples(10.0)) {
        let from = pause.len().min(samples(8.0));
        pause[from..].fill(0.0);
    }
    sound
}

#[test]
fn two_recordings_of_one_feed_that_have_noise_of_their_own_are_no_copies() {
    let scene = talk_with_pauses(38, 100.0);
    // One clock, and noise 15 dB below the talk.
    let sounds =
        [(2.0, 0.05), (7.0, 0.05), (9.0, 0.06)].map(|(s, n)| record(&scene, s, 80.0, 0.0, n));
    assert_eq!(align(&sounds, &[0, 1, 2]).excerpts, []);
}

#[test]
fn a_copy_holds_the_noise_of_its_source_also_under_music_and_where_nobody_talks() {
    let scene = talk_with_pauses(39, 100.0);
    let source = record(&scene, 2.0, 90.0, 0.0, 0.05);
    let copy = record(&source, 20.0, 40.0, 0.0, 0.004);
    let music: Vec<f32> = (0..samples(40.0))
        .map(|n| {
            let t = n as f32 / RATE as f32;
            let note = 220.0 * 1.5f32.powi((t as i32) % 4);
            0.02 * (1..8).map(|h| (std::f32::consts::TAU * note * h as f32 * t).sin()).sum::<f32>()
        })
        .collect();
    let under_music: Vec<f32> = copy.iter().zip(&music).map(|(c, m)| c + m).collect();
    for copy in [copy, under_music] {
        let alignment = align(&[source.clone(), copy], &[0, 1]);
        let [excerpt] = alignment.excerpts[..] else { panic!("{:?}", alignment.excerpts) };
        assert_excerpt(&excerpt, 1, 0, [0.0, 40.0, 20.0]);
    }
}

#[test]
fn of_a_file_and_its_upside_down_copy_the_shorter_is_the_copy() {
    let scene = talk(37, 80.0);
    let original = record(&scene, 0.0, 80.0, 0.0, 0.02);
    let copy: Vec<f32> = original[samples(15.0)..samples(65.0)].iter().map(|s| -0.5 * s).collect();
    let alignment = align(&[copy, original], &[0, 1]);
    let [excerpt] = alignment.excerpts[..] else { panic!("{:?}", alignment.excerpts) };
    assert_excerpt(&excerpt, 0, 1, [0.0, 50.0, 15.0]);
}

/// Studio talk of forty seconds that shows `length_s` of `source` from `from_s` on, played at
/// `speed`, beginning at ten seconds.
fn broadcast(seed: u64, source: &[f32], from_s: f64, length_s: f64, speed: f64) -> Vec<f32> {
    let mut sound = talk(seed, 40.0);
    let shown = record(source, from_s, length_s, (speed - 1.0) * 1e6, 0.002);
    sound[samples(10.0)..samples(10.0) + shown.len()].copy_from_slice(&shown);
    sound
}

/// Two witnesses and a broadcast that shows the first at another speed.
fn assert_found_at(speed: f64, seed: u64) {
    let scene = talk(seed, 120.0);
    let witness = record(&in_a_room(&scene, 4, &LIVELY), 5.0, 100.0, 20.0, 0.02);
    let other = record(&in_a_room(&scene, 5, &LIVELY), 12.0, 90.0, -15.0, 0.02);
    let shown = broadcast(seed + 1, &witness, 40.0, 20.0, speed);
    let alignment = align(&[witness, other, shown], &[0, 1, 2]);
    let [excerpt] = alignment.excerpts[..] else { panic!("{:?}", alignment.excerpts) };
    assert_excerpt(&excerpt, 2, 0, [10.0, 30.0, 40.0]);
    assert!((excerpt.speed - speed).abs() < 2e-5, "{}", excerpt.speed);
    assert_eq!(excerpt.reason, Some(CopyReason::OtherSpeed));
    // Each moment of it lies where the witness recorded it.
    for into_s in [2.0, 10.0, 18.0] {
        let shown_s = case_s(&alignment, 2, 10.0 + into_s);
        let moment = shown_s - case_s(&alignment, 0, 40.0 + into_s * speed);
        assert!(moment.abs() < 0.002, "off by {moment} s");
    }
}

#[test]
fn a_film_shown_with_25_frames_for_24_is_found_with_its_speed() {
    assert_found_at(25.0 / 24.0, 51);
}

#[test]
fn a_copy_that_was_slowed_down_by_four_in_a_hundred_is_found_with_its_speed() {
    assert_found_at(24.0 / 25.0, 53);
}

#[test]
fn a_whole_file_slower_by_one_in_a_thousand_is_no_recorder_with_a_bad_clock() {
    let scene = talk(58, 120.0);
    let original = record(&in_a_room(&scene, 1, &LIVELY), 0.0, 110.0, 0.0, 0.02);
    let other = record(&in_a_room(&scene, 2, &LIVELY), 5.0, 100.0, 10.0, 0.02);
    let copy = record(&original, 10.0, 90.0, -999.0, 0.002);
    let alignment = align(&[original, other, copy], &[0, 1, 2]);
    let [excerpt] = alignment.excerpts[..] else { panic!("{:?}", alignment.excerpts) };
    assert_excerpt(&excerpt, 2, 0, [0.0, 90.0, 10.0]);
    assert!((excerpt.speed - 0.999_001).abs() < 2e-5, "{}", excerpt.speed);
    let moment = case_s(&alignment, 2, 80.0) - case_s(&alignment, 0, 10.0 + 80.0 * 0.999_001);
    assert!(moment.abs() < 0.002, "off by {moment} s");
}

#[test]
fn a_whole_file_from_a_worn_tape_is_one_copy() {
    let scene = talk(57, 100.0);
    let original = record(&scene, 0.0, 90.0, 0.0, 0.01);
    let tape = record(&original, 0.0, 87.0, 12_300.0, 0.005);
    let alignment = align(&[original, tape], &[1, 0]);
    let [excerpt] = alignment.excerpts[..] else { panic!("{:?}", alignment.excerpts) };
    assert_excerpt(&excerpt, 1, 0, [0.0, 87.0, 0.0]);
    assert!((excerpt.speed - 1.0123).abs() < 2e-5, "{}", excerpt.speed);
}

/// Played at `speed` with its pitch kept: pieces of 60 ms laid closer together or farther apart,
/// each taken from where it goes on best from the one before.
fn stretched(sound: &[f32], speed: f64) -> Vec<f32> {
    let (piece, hop, reach) = (480, 240, 80);
    let mut out = vec![0.0; (sound.len() as f64 / speed) as usize];
    let mut before = 0;
    for to in (0..out.len() - piece).step_by(hop) {
        let alike = |from: usize| -> f32 {
            (0..hop).map(|i| sound[from + i] * sound[before + hop + i]).sum()
        };
        let about = (to as f64 * speed) as usize;
        let tried = about.saturating_sub(reach)..(about + reach).min(sound.len() - piece);
        let from = tried.max_by(|&a, &b| alike(a).total_cmp(&alike(b))).unwrap_or(about);
        for i in 0..piece {
            let weight = (std::f32::consts::PI * i as f32 / piece as f32).sin().powi(2);
            out[to + i] += weight * sound[from + i];
        }
        before = from.min(sound.len() - piece - hop);
    }
    out
}

#[test]
fn a_copy_that_was_stretched_with_its_pitch_kept_is_found_and_said_to_be_so() {
    let scene = talk(61, 120.0);
    let witness = record(&in_a_room(&scene, 6, &LIVELY), 5.0, 100.0, 20.0, 0.02);
    let other = record(&in_a_room(&scene, 7, &LIVELY), 12.0, 90.0, -15.0, 0.02);
    let mut shown = talk(62, 40.0);
    let part = stretched(&witness[samples(40.0)..samples(60.0)], 1.04);
    shown[samples(10.0)..samples(10.0) + part.len()].copy_from_slice(&part);
    let alignment = align(&[witness, other, shown], &[0, 1, 2]);
    let [excerpt] = alignment.excerpts[..] else { panic!("{:?}", alignment.excerpts) };
    assert_excerpt(&excerpt, 2, 0, [10.0, 10.0 + 20.0 / 1.04, 40.0]);
    assert!((excerpt.speed - 1.04).abs() < 2e-3, "{}", excerpt.speed);
    assert_eq!(excerpt.reason, Some(CopyReason::Stretched));
}

#[test]
fn a_stranger_who_speaks_is_no_copy_at_any_speed() {
    let scene = talk(63, 100.0);
    let sounds =
        [record(&scene, 0.0, 90.0, 0.0, 0.02), talk(64, 60.0), talk(65, 30.0), talk(66, 12.0)];
    assert_eq!(align(&sounds, &[0, 1, 2, 3]).excerpts, []);
}

#[test]
fn an_excerpt_of_an_excerpt_comes_from_where_most_of_it_lies() {
    let scene = talk(67, 120.0);
    let witness = record(&in_a_room(&scene, 8, &LIVELY), 5.0, 100.0, 0.0, 0.02);
    let report = broadcast(68, &witness, 40.0, 20.0, 1.0);
    // Twelve seconds of the witness and four of the studio that followed them.
    let clip = record(&report, 18.0, 16.0, 0.0, 0.002);
    let alignment = align(&[witness, report, clip], &[0, 1, 2]);
    let copies: Vec<_> = alignment.excerpts.iter().map(|e| (e.copy, e.source)).collect();
    assert_eq!(copies, [(id(1), id(0)), (id(2), id(1))]);
    assert_excerpt(&alignment.excerpts[1], 2, 1, [0.0, 16.0, 18.0]);
    assert_eq!(alignment.excerpts[1].reason, Some(CopyReason::WhollyInside));
}
