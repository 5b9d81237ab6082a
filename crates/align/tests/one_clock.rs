//! Recordings made here, of which everything is known, are put on one clock.

mod scene;

use align::{Heard, Watch, synchronise};
use evidence::{Refusal, Tie};
use scene::{RATE, align, case_s, hear, record, recording, refusal, talk};

struct Impatient;

impl Watch for Impatient {
    fn advanced(&self, _done: usize, _total: usize) {}
    fn stopped(&self) -> bool {
        true
    }
}

#[test]
fn recorders_with_noise_and_drift_lie_within_two_milliseconds() {
    let scene = talk(1, 150.0);
    let made = [(10.0, 0.0), (25.5, 60.0), (3.25, -45.0)];
    let sounds: Vec<Vec<f32>> =
        made.iter().map(|&(start, ppm)| record(&scene, start, 90.0, ppm, 0.05)).collect();
    let alignment = align(&sounds, &[0, 1, 2]);
    for media_s in [2.0, 45.0, 88.0] {
        let happened = |k: usize| made[k].0 + media_s * (1.0 + made[k].1 * 1e-6);
        for k in 1..3 {
            let found = case_s(&alignment, k, media_s) - case_s(&alignment, 0, media_s);
            let truth = happened(k) - happened(0);
            assert!((found - truth).abs() < 0.002, "recording {k} at {media_s} s: {found} {truth}");
        }
    }
}

#[test]
fn a_stranger_stays_off_the_clock_and_moves_nobody() {
    let scene = talk(2, 120.0);
    let mut sounds =
        vec![record(&scene, 0.0, 80.0, 0.0, 0.05), record(&scene, 30.0, 80.0, 0.0, 0.05)];
    let without = align(&sounds, &[0, 1]);
    sounds.push(talk(3, 80.0));
    let with = align(&sounds, &[0, 1, 2]);
    assert_eq!(refusal(&with, 2), Some(&Refusal::SharesNothing));
    assert_eq!(with.placements, without.placements);
}

#[test]
fn the_order_of_the_files_and_the_number_of_threads_change_nothing() {
    let scene = talk(4, 100.0);
    let sounds: Vec<Vec<f32>> =
        [0.0, 12.0, 31.0].iter().map(|&s| record(&scene, s, 60.0, 0.0, 0.1)).collect();
    let first = align(&sounds, &[0, 1, 2]);
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
    assert_eq!(first, alone.install(|| align(&sounds, &[2, 0, 1])));
}

#[test]
fn a_pause_inside_a_file_becomes_two_pieces() {
    let scene = talk(5, 150.0);
    let mut paused = record(&scene, 10.0, 50.0, 0.0, 0.02);
    paused.extend(record(&scene, 85.0, 50.0, 0.0, 0.02));
    let sounds = vec![record(&scene, 0.0, 140.0, 0.0, 0.02), paused];
    let alignment = align(&sounds, &[0, 1]);
    let pieces: usize = alignment.placements.iter().map(|p| p.pieces.len()).sum();
    assert_eq!(pieces, 3, "{:?}", alignment.placements);
}

#[test]
fn two_that_share_only_a_loop_are_refused_with_the_places_they_fit() {
    let round = talk(6, 8.0);
    let looped: Vec<f32> = round.iter().copied().cycle().take((90.0 * RATE) as usize).collect();
    let sounds =
        vec![record(&looped, 3.0, 60.0, 0.0, 0.05), record(&looped, 21.0, 60.0, 0.0, 0.05)];
    let alignment = align(&sounds, &[0, 1]);
    assert!(alignment.placements.is_empty(), "{:?}", alignment.placements);
    let Some(Refusal::Ambiguous { offsets_s, shares, .. }) = refusal(&alignment, 1) else {
        panic!("{:?}", alignment.refusals);
    };
    assert!(offsets_s.len() >= 2, "{offsets_s:?}");
    assert_eq!((shares.len(), shares[0]), (offsets_s.len(), 1.0), "{shares:?}");
    assert!(shares.iter().all(|share| (0.5..=1.0).contains(share)), "{shares:?}");
    // What came nearest is kept, and nothing rests on it.
    assert!(!alignment.ties.is_empty() && alignment.ties.iter().all(Tie::is_near_miss));
}

#[test]
fn every_tie_says_what_each_window_said() {
    let scene = talk(9, 150.0);
    let sounds: Vec<Vec<f32>> =
        [0.0, 12.0, 31.0].iter().map(|&s| record(&scene, s, 90.0, 20.0, 0.1)).collect();
    let alignment = align(&sounds, &[0, 1, 2]);
    assert_eq!(alignment.ties.len(), 3);
    for tie in &alignment.ties {
        let all = tie.windows_agree + tie.windows_disagree;
        let agree = tie.windows.iter().filter(|window| window.agrees).count();
        assert_eq!(tie.windows.len(), all as usize);
        assert_eq!(agree, tie.windows_agree as usize);
        assert!(tie.windows.is_sorted_by_key(|window| window.at));
        // Windows say of themselves what the tie's own line says.
        let line_ns = |at| tie.pieces[0].map.to_case(at).0 - at.0;
        for window in tie.windows.iter().filter(|window| window.agrees) {
            assert!((window.lag_ns - line_ns(window.at)).abs() < 12_000_000, "{window:?}");
        }
        assert!(tie.residual_ns.is_some_and(|ns| ns.abs() < 2_000_000), "{tie:?}");
    }
    for placement in &alignment.placements {
        let doubt = placement.doubt.expect("its parts");
        assert!(doubt.own_ns(placement.pieces[0].sigma_ns) > 0, "{placement:?}");
    }
}

#[test]
fn silence_is_told_as_silence_and_a_syllable_as_too_short() {
    let sounds = vec![vec![0.0; 80_000], talk(7, 0.3)];
    let alignment = align(&sounds, &[0, 1]);
    assert_eq!(refusal(&alignment, 0), Some(&Refusal::Silent));
    assert!(matches!(refusal(&alignment, 1), Some(Refusal::TooShort { .. })));
}

#[test]
fn sound_that_is_not_a_number_harms_nothing() {
    let scene = talk(8, 60.0);
    let mut broken = record(&scene, 5.0, 50.0, 0.0, 0.05);
    broken[1000] = f32::NAN;
    broken[2000] = f32::INFINITY;
    let heard = hear(&broken);
    assert!((heard.duration_s() - 50.0).abs() < 1e-9);
    assert_eq!(Heard::from_bytes(&heard.to_bytes()), Ok(heard));
}

#[test]
fn damaged_bytes_of_what_was_heard_are_refused() {
    let bytes = hear(&talk(9, 3.0)).to_bytes();
    for at in (0..bytes.len()).step_by(97) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(Heard::from_bytes(&damaged).is_err(), "byte {at}");
    }
    for length in [0, 3, 31, bytes.len() - 1] {
        assert!(Heard::from_bytes(&bytes[..length]).is_err(), "length {length}");
    }
}

#[test]
fn a_stop_is_heeded() {
    let scene = talk(10, 40.0);
    let (a, b) = (record(&scene, 0.0, 30.0, 0.0, 0.05), record(&scene, 5.0, 30.0, 0.0, 0.05));
    let (heard_a, heard_b) = (hear(&a), hear(&b));
    let recordings = [recording(0, &heard_a, &a), recording(1, &heard_b, &b)];
    assert!(matches!(synchronise(&recordings, &Impatient), Err(align::Error::Stopped)));
}
