//! Who recorded a clip that was played did not record what it shows.

mod scene;

use align::Alignment;
use evidence::{CopyReason, MediaTime, Refusal};
use scene::{
    FURNISHED, LIVELY, Room, align, case_s, id, in_a_room, record, refusal, samples, talk,
};

/// Two people who talk by turns for 200 s, each metres nearer to one recorder than to the other.
fn heard_at(recorder: usize, room: &Room) -> Vec<f32> {
    let voices = [talk(71, 200.0), talk(72, 200.0)];
    let late_s = [[0.002, 0.016], [0.014, 0.003], [0.006, 0.024]][recorder];
    let mut sound = vec![0.0; samples(200.0)];
    for (turn, (voice, late_s)) in voices.iter().zip(late_s).enumerate() {
        let late = samples(late_s);
        for (from, (heard, said)) in sound.iter_mut().skip(late).zip(voice).enumerate() {
            if (from / samples(3.0)) % 2 == turn {
                *heard += said;
            }
        }
    }
    in_a_room(&sound, recorder, room)
}

/// Three recorders of one moment.
fn incident(room: &Room) -> Vec<Vec<f32>> {
    [(5.0, 0.0), (12.0, 20.0), (20.0, -15.0)]
        .iter()
        .enumerate()
        .map(|(k, &(start_s, ppm))| record(&heard_at(k, room), start_s, 150.0, ppm, 0.02))
        .collect()
}

/// An interview of two minutes; forty seconds after its beginning a clip is played for forty.
fn interview(voice: &[f32], clip: &[f32], microphone: usize, room: &Room) -> Vec<f32> {
    let mut sound = in_a_room(voice, microphone, room);
    let played = in_a_room(&clip[samples(60.0)..samples(100.0)], microphone + 7, room);
    for (n, played) in played.iter().enumerate() {
        sound[samples(40.0) + n] += 1.5 * played;
    }
    record(&sound, 0.0, 120.0, 0.0, 0.01)
}

fn placed_s(alignment: &Alignment, recording: usize) -> f64 {
    let own = alignment.placements.iter().filter(|p| p.source == id(recording));
    own.flat_map(|p| &p.pieces).map(|p| p.end.seconds() - p.start.seconds()).sum()
}

/// Case time of the middle of the second recorder less that of the first: 7 s and its drift.
fn apart_s(alignment: &Alignment) -> f64 {
    case_s(alignment, 1, 75.0) - case_s(alignment, 0, 75.0)
}

#[test]
fn an_interview_in_which_a_clip_is_played_is_not_put_where_the_clip_was_recorded() {
    for room in [&FURNISHED, &LIVELY] {
        let mut sounds = incident(room);
        let alone = apart_s(&align(&sounds, &[0, 1, 2]));
        sounds.push(interview(&talk(73, 120.0), &sounds[0], 4, room));
        let alignment = align(&sounds, &[0, 1, 2, 3]);
        let [excerpt] = alignment.excerpts[..] else { panic!("{:?}", alignment.excerpts) };
        assert_eq!((excerpt.copy, excerpt.source), (id(3), id(0)));
        let ends_s = [excerpt.start, excerpt.end, excerpt.source_start].map(MediaTime::seconds);
        for (found_s, truth_s) in ends_s.into_iter().zip([40.0, 80.0, 60.0]) {
            assert!((found_s - truth_s).abs() < 2.5, "{ends_s:?}");
        }
        assert!(placed_s(&alignment, 3) < 46.0, "only what was played lies on the clock");
        assert!((apart_s(&alignment) - alone).abs() < 0.001, "it moves nobody");
    }
}

#[test]
fn two_recorders_of_an_interview_keep_a_clock_of_their_own() {
    for room in [&FURNISHED, &LIVELY] {
        let mut sounds = incident(room);
        let voice = talk(73, 120.0);
        sounds.push(interview(&voice, &sounds[0], 4, room));
        sounds.push(interview(&voice, &sounds[0], 5, room));
        let alignment = align(&sounds, &[0, 1, 2, 3, 4]);
        let island =
            |k: usize| alignment.placements.iter().find(|p| p.source == id(k)).map(|p| p.island);
        assert_eq!(island(3), island(4));
        assert_ne!(island(3), island(0));
        assert!(placed_s(&alignment, 3) > 110.0 && placed_s(&alignment, 4) > 110.0);
        let is_told = |e: &evidence::Excerpt| e.copy >= id(3) && e.source == id(0);
        assert!(alignment.excerpts.iter().any(is_told), "{:?}", alignment.excerpts);
    }
}

#[test]
fn of_two_that_share_one_stretch_alone_neither_is_put_on_the_others_clock() {
    for room in [&FURNISHED, &LIVELY] {
        let witness = incident(room).swap_remove(0);
        let sounds = [interview(&talk(73, 120.0), &witness, 4, room), witness];
        let alignment = align(&sounds, &[0, 1]);
        assert!(alignment.placements.is_empty(), "{:?}", alignment.placements);
        let Some(Refusal::OneStretch { start_s, end_s, .. }) = refusal(&alignment, 0) else {
            panic!("{:?}", alignment.refusals)
        };
        assert!((start_s - 40.0).abs() < 2.5 && (end_s - 80.0).abs() < 2.5, "{start_s} to {end_s}");
        assert!(matches!(refusal(&alignment, 1), Some(Refusal::OneStretch { .. })));
    }
}

#[test]
fn a_clip_that_fills_four_fifths_of_an_interview_is_still_a_clip() {
    let witness = incident(&FURNISHED).swap_remove(0);
    let mut sound = in_a_room(&talk(73, 120.0), 4, &FURNISHED);
    let played = in_a_room(&witness[samples(15.0)..samples(111.0)], 11, &FURNISHED);
    for (n, played) in played.iter().enumerate() {
        sound[samples(12.0) + n] += 1.5 * played;
    }
    let sounds = [record(&sound, 0.0, 120.0, 0.0, 0.01), witness];
    let alignment = align(&sounds, &[0, 1]);
    assert!(alignment.placements.is_empty(), "{:?}", alignment.placements);
    assert!(matches!(refusal(&alignment, 0), Some(Refusal::OneStretch { .. })));
}

#[test]
fn a_recorder_that_heard_the_others_for_a_while_only_is_still_one_of_them() {
    let mut sounds = incident(&FURNISHED);
    // Beside somebody loud, who is silent for 40 s.
    let mut beside = heard_at(1, &FURNISHED);
    let loud = talk(74, 200.0);
    for (n, sound) in beside.iter_mut().enumerate() {
        if !(samples(70.0)..samples(110.0)).contains(&n) {
            *sound = 0.05 * *sound + 2.0 * loud[n];
        }
    }
    sounds.push(record(&beside, 15.0, 150.0, 0.0, 0.02));
    let alignment = align(&sounds, &[0, 1, 2, 3]);
    let found = case_s(&alignment, 3, 75.0) - case_s(&alignment, 1, 75.0);
    assert!((found - 3.0).abs() < 0.01, "{found}");
    assert!(alignment.excerpts.iter().all(|e| e.reason != Some(CopyReason::PlayedAgain)));
}

#[test]
fn an_end_that_noise_drowned_makes_nothing_a_played_clip() {
    let scene = talk(75, 130.0);
    let sounds: Vec<Vec<f32>> = [(0.0, 76), (10.0, 77)]
        .map(|(start_s, noise)| {
            let mut sound = record(&scene, start_s, 110.0, 0.0, 0.02);
            let drowned_from = samples(90.0 - start_s);
            let mut dice = scene::Dice(noise);
            sound[drowned_from..].iter_mut().for_each(|s| *s = 0.01 * *s + 0.3 * dice.noise());
            sound
        })
        .into();
    let alignment = align(&sounds, &[0, 1]);
    let found = case_s(&alignment, 1, 20.0) - case_s(&alignment, 0, 20.0);
    assert!((found - 10.0).abs() < 0.005, "{found}");
    assert!(alignment.excerpts.iter().all(|e| e.reason != Some(CopyReason::PlayedAgain)));
}
