//! What a person says of where a recording lies, among what was heard.

mod scene;

use align::{Alignment, Given, Heard, Recording, synchronise_with};
use evidence::{Refusal, Stood, TieKind};
use scene::{Patient, RATE, case_s, hear, id, record, recording, refusal, talk};

fn align_given(sounds: &[Vec<f32>], given: &[Given]) -> Alignment {
    align_knowing(sounds, given, &|_| None)
}

fn align_knowing(
    sounds: &[Vec<f32>],
    given: &[Given],
    stood: &dyn Fn(usize) -> Option<Stood>,
) -> Alignment {
    let heard: Vec<Heard> = sounds.iter().map(|s| hear(s)).collect();
    let recordings: Vec<Recording> = (0..sounds.len())
        .map(|i| Recording { stood: stood(i), ..recording(i, &heard[i], &sounds[i]) })
        .collect();
    synchronise_with(&recordings, given, &Patient).expect("sound in memory can be read")
}

/// `right` begins `lag_s` after `left`.
fn given(left: usize, right: usize, lag_s: f64, sigma_s: f64) -> Given {
    Given {
        left: id(left),
        right: id(right),
        left_s: lag_s + 5.0,
        right_s: 5.0,
        sigma_s,
        is_locked: false,
        kind: TieKind::Hand,
    }
}

fn lag_s(alignment: &Alignment, left: usize, right: usize) -> f64 {
    case_s(alignment, right, 5.0) - case_s(alignment, left, 5.0)
}

fn sigma_s(alignment: &Alignment, recording: usize) -> f64 {
    let placement = alignment.placements.iter().find(|p| p.source == id(recording));
    placement.expect("it is placed").sigma_s()
}

fn by_hand(alignment: &Alignment) -> Vec<bool> {
    alignment.ties.iter().filter(|t| t.kind == TieKind::Hand).map(|t| t.accepted).collect()
}

fn overruled(alignment: &Alignment) -> usize {
    alignment.ties.iter().filter(|t| t.kind == TieKind::Sound && !t.accepted).count()
}

#[test]
fn a_film_without_sound_lies_where_it_was_said_to_lie() {
    let scene = talk(1, 120.0);
    let sounds = vec![
        record(&scene, 0.0, 80.0, 0.0, 0.05),
        record(&scene, 30.0, 80.0, 0.0, 0.05),
        vec![0.0; (60.0 * RATE) as usize],
    ];
    let without = align_given(&sounds, &[]);
    assert_eq!(refusal(&without, 2), Some(&Refusal::Silent));
    let with = align_given(&sounds, &[given(1, 2, 12.5, 0.5)]);
    assert_eq!(with.refusals, []);
    assert!((lag_s(&with, 1, 2) - 12.5).abs() < 1e-6);
    assert!((0.5..0.6).contains(&sigma_s(&with, 2)), "{}", sigma_s(&with, 2));
    // The others are as they were, and as sure.
    assert!((lag_s(&with, 0, 1) - lag_s(&without, 0, 1)).abs() < 1e-6);
    assert!(sigma_s(&with, 1) < 1.01 * sigma_s(&without, 1) + 1e-6);
    assert_eq!(by_hand(&with), [true]);
}

#[test]
fn two_islands_are_joined_and_keep_what_they_knew() {
    let (here, there) = (talk(2, 120.0), talk(3, 120.0));
    let sounds = vec![
        record(&here, 0.0, 80.0, 0.0, 0.05),
        record(&here, 30.0, 80.0, 20.0, 0.05),
        record(&there, 2.0, 80.0, 0.0, 0.05),
        record(&there, 21.0, 80.0, 0.0, 0.05),
    ];
    let apart = align_given(&sounds, &[]);
    let joined = align_given(&sounds, &[given(0, 3, 100.0, 0.2)]);
    assert_eq!(joined.placements.iter().map(|p| p.island.0).max(), Some(0));
    assert!(
        (lag_s(&joined, 0, 3) - 100.0).abs() < 1e-3,
        "{} {:?}",
        lag_s(&joined, 0, 3),
        joined.ties
    );
    for (left, right) in [(0, 1), (2, 3)] {
        let moved_s = lag_s(&joined, left, right) - lag_s(&apart, left, right);
        assert!(moved_s.abs() < 1e-4, "{left} {right}: {moved_s}");
    }
}

#[test]
fn a_loop_is_decided_by_whoever_knows_which_round_it_was() {
    let round = talk(6, 8.0);
    let looped: Vec<f32> = round.iter().copied().cycle().take((90.0 * RATE) as usize).collect();
    let sounds =
        vec![record(&looped, 3.0, 60.0, 0.0, 0.05), record(&looped, 21.0, 60.0, 0.0, 0.05)];
    assert!(align_given(&sounds, &[]).placements.is_empty());
    // Eighteen seconds are two rounds and two seconds; said to half a second, sound refines it.
    let told = align_given(&sounds, &[given(0, 1, 18.3, 0.3)]);
    assert!((lag_s(&told, 0, 1) - 18.0).abs() < 0.003, "{}", lag_s(&told, 0, 1));
    assert_eq!(by_hand(&told), [true]);
    // Said to ten seconds, any of several rounds fits: the doubt stays as it was said.
    let vague = align_given(&sounds, &[given(0, 1, 18.3, 10.0)]);
    assert!((lag_s(&vague, 0, 1) - 18.3).abs() < 0.01, "{}", lag_s(&vague, 0, 1));
    assert!(sigma_s(&vague, 1) > 4.0, "{}", sigma_s(&vague, 1));
}

#[test]
fn sound_that_is_sure_outweighs_a_word_that_is_not_locked() {
    let scene = talk(4, 120.0);
    let sounds = vec![record(&scene, 0.0, 80.0, 0.0, 0.05), record(&scene, 30.0, 80.0, 0.0, 0.05)];
    let told = align_given(&sounds, &[given(0, 1, 33.0, 0.1)]);
    assert!((lag_s(&told, 0, 1) - 30.0).abs() < 0.002, "{}", lag_s(&told, 0, 1));
    assert_eq!(by_hand(&told), [false]);
}

#[test]
fn what_is_locked_is_moved_by_nothing_and_moves_nobody_else() {
    let scene = talk(5, 160.0);
    let sounds: Vec<Vec<f32>> =
        [0.0, 20.0, 35.0, 50.0].iter().map(|&s| record(&scene, s, 90.0, 0.0, 0.05)).collect();
    let free = align_given(&sounds, &[]);
    // Against all sound, by three seconds and by a twelfth of a second.
    for wrong_s in [3.0, 0.08] {
        let lock = Given { is_locked: true, ..given(0, 3, 50.0 + wrong_s, 0.005) };
        let held = align_given(&sounds, &[lock]);
        assert!((lag_s(&held, 0, 3) - 50.0 - wrong_s).abs() < 1e-4, "{}", lag_s(&held, 0, 3));
        for other in [1, 2] {
            let moved_s = lag_s(&held, 0, other) - lag_s(&free, 0, other);
            assert!(moved_s.abs() < 0.001, "{other}: {moved_s}");
        }
        assert_eq!(by_hand(&held), [true]);
        assert!(overruled(&held) >= 1, "{:?}", held.ties);
    }
}

#[test]
fn a_lock_that_agrees_with_the_sound_changes_little_and_rejects_nothing() {
    let scene = talk(7, 120.0);
    let sounds: Vec<Vec<f32>> =
        [0.0, 12.0, 30.0].iter().map(|&s| record(&scene, s, 80.0, 0.0, 0.05)).collect();
    let lock = Given { is_locked: true, ..given(1, 2, 18.01, 0.02) };
    let held = align_given(&sounds, &[lock]);
    assert!((lag_s(&held, 1, 2) - 18.01).abs() < 1e-4);
    assert_eq!(overruled(&held), 0, "{:?}", held.ties);
    // Sound would have it elsewhere by ten milliseconds: that is part of the doubt.
    assert!((0.005..0.03).contains(&sigma_s(&held, 2)), "{}", sigma_s(&held, 2));
}

#[test]
fn a_recording_that_was_paused_keeps_its_pause_when_it_is_locked() {
    let scene = talk(9, 200.0);
    let whole = record(&scene, 30.0, 120.0, 0.0, 0.05);
    let at = |s: f64| (s * RATE) as usize;
    // Thirty seconds, a pause of twelve, and the rest.
    let paused = [&whole[..at(30.0)], &whole[at(42.0)..]].concat();
    let sounds =
        vec![record(&scene, 0.0, 190.0, 0.0, 0.05), record(&scene, 5.0, 180.0, 10.0, 0.05), paused];
    let free = align_given(&sounds, &[]);
    let lock = Given { is_locked: true, ..given(0, 2, 30.0, 0.02) };
    for alignment in [free, align_given(&sounds, &[lock])] {
        let placed = alignment.placements.iter().find(|p| p.source == id(2)).expect("it is placed");
        assert_eq!(placed.pieces.len(), 2, "{:?}", placed.pieces);
        for (media_s, heard_s) in [(10.0, 40.0), (60.0, 102.0)] {
            let off_s = case_s(&alignment, 2, media_s) - case_s(&alignment, 0, heard_s);
            assert!(off_s.abs() < 0.003, "{media_s}: off by {off_s}");
        }
    }
}

#[test]
fn a_word_about_a_recording_that_is_not_here_changes_nothing() {
    let scene = talk(8, 100.0);
    let sounds = vec![record(&scene, 0.0, 60.0, 0.0, 0.05), record(&scene, 20.0, 60.0, 0.0, 0.05)];
    let with = align_given(&sounds, &[given(0, 9, 1.0, 0.1), given(1, 1, 4.0, 0.1)]);
    assert_eq!(with, align_given(&sounds, &[]));
}

#[test]
fn recorders_that_stood_side_by_side_are_surer_and_lie_where_they_did() {
    let scene = talk(11, 120.0);
    let sounds =
        [(0.0, 0.0), (7.0, 12.0)].map(|(start_s, ppm)| record(&scene, start_s, 100.0, ppm, 0.05));
    let at = |x_mm: i64| {
        move |k: usize| Some(Stood { source: id(k), at_mm: [k as i64 * x_mm, 0, 0], within_mm: 0 })
    };
    let unknown = align_given(&sounds, &[]);
    let (near, far) = (300, 40_000);
    let near = align_knowing(&sounds, &[], &at(near));
    let far = align_knowing(&sounds, &[], &at(far));
    assert_eq!(far.placements, unknown.placements);
    assert!((lag_s(&near, 0, 1) - lag_s(&unknown, 0, 1)).abs() < 1e-9);
    let (surer_s, sigma_s) = (sigma_s(&near, 1), sigma_s(&unknown, 1));
    assert!(surer_s < 0.85 * sigma_s, "{surer_s} of {sigma_s}");
    // One of two says nothing of the way between them.
    let alone = align_knowing(&sounds, &[], &|k| at(300)(k).filter(|_| k == 0));
    assert_eq!(alone.placements, unknown.placements);
}
