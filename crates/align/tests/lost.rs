//! Recorders that lost samples: each loss is found where and as long as it was.

mod scene;

use align::Alignment;
use scene::{Dice, RATE, align, case_s, id, record, samples, talk};

/// A recording without the given stretches: where each began, in the recording's own time, and
/// how long it was, seconds.
fn without(sound: &[f32], losses: &[(f64, f64)]) -> Vec<f32> {
    let mut kept = Vec::new();
    let mut from = 0;
    let mut lost = 0;
    for &(at_s, lost_s) in losses {
        let at = (at_s * RATE) as usize + lost;
        kept.extend(&sound[from..at]);
        let gone = (lost_s * RATE) as usize;
        from = at + gone;
        lost += gone;
    }
    kept.extend(&sound[from..]);
    kept
}

/// The next moment at which somebody talks, seconds: where nobody does, no ear can tell.
fn in_talk(sound: &[f32], from_s: f64) -> f64 {
    let window = (0.03 * RATE) as usize;
    let loud = |part: &[f32]| part.iter().map(|s| s * s).sum::<f32>() > 0.02 * window as f32;
    let mut at = (from_s * RATE) as usize;
    while !loud(&sound[at - window..at]) || !loud(&sound[at..at + window]) {
        at += window / 4;
    }
    at as f64 / RATE
}

fn assert_lost(alignment: &Alignment, recording: usize, losses: &[(f64, f64)]) {
    let placement = alignment.placements.iter().find(|p| p.source == id(recording));
    let pieces = &placement.expect("it is placed").pieces;
    assert_eq!(pieces.len(), losses.len() + 1, "{pieces:?}");
    for (pair, (at_s, lost_s)) in pieces.windows(2).zip(losses) {
        let cut_s = pair[1].start.seconds();
        assert!((cut_s - at_s).abs() < 0.05, "cut at {cut_s} s instead of {at_s}");
        let jump_s = pair[1].map.offset_s() - pair[0].map.offset_s();
        assert!((jump_s - lost_s).abs() < 0.003, "lost {jump_s} s instead of {lost_s}");
    }
}

#[test]
fn a_recorder_that_drops_28_milliseconds_now_and_then_is_cut_at_each() {
    let scene = talk(51, 500.0);
    let whole = record(&scene, 4.0, 440.0, 12.0, 0.05);
    let mut lost_s = 0.0;
    let losses =
        [(70.0, 0.028), (190.5, 0.028), (260.25, 0.028), (355.0, 0.056)].map(|(s, lost)| {
            let at_s = in_talk(&whole, s) - lost_s;
            lost_s += lost;
            (at_s, lost)
        });
    let dropping = without(&whole, &losses);
    let steady = record(&scene, 10.0, 430.0, -9.0, 0.05);
    let other = record(&scene, 0.0, 460.0, 3.0, 0.05);
    let alignment = align(&[dropping, steady, other], &[0, 1, 2]);
    assert_lost(&alignment, 0, &losses);
    assert_lost(&alignment, 1, &[]);
    assert_lost(&alignment, 2, &[]);
    let apart = case_s(&alignment, 0, 400.0) - case_s(&alignment, 1, 394.0);
    let truth = 0.14 + 400.0 * 12e-6 + 394.0 * 9e-6;
    assert!((apart - truth).abs() < 0.002, "{apart} {truth}");
}

#[test]
fn of_two_recorders_the_one_that_lost_is_cut() {
    let scene = talk(52, 200.0);
    let whole = record(&scene, 3.0, 170.0, 0.0, 0.05);
    let losses = [(in_talk(&whole, 90.0), 0.12)];
    let dropping = without(&whole, &losses);
    let steady = record(&scene, 8.0, 170.0, 0.0, 0.05);
    for order in [[0, 1], [1, 0]] {
        let sounds = if order[0] == 0 { [&dropping, &steady] } else { [&steady, &dropping] }
            .map(Clone::clone);
        let alignment = align(&sounds, &[0, 1]);
        assert_lost(&alignment, order[0], &losses);
        assert_lost(&alignment, order[1], &[]);
    }
}

#[test]
fn two_milliseconds_are_found_where_three_others_agree_about_them() {
    let scene = talk(55, 320.0);
    let whole = record(&scene, 4.0, 290.0, 12.0, 0.05);
    let losses = [(in_talk(&whole, 150.0), 0.002)];
    let others = [(10.0, -9.0), (0.0, 3.0), (7.0, 25.0)];
    let mut sounds = vec![without(&whole, &losses)];
    sounds.extend(others.map(|(start_s, ppm)| record(&scene, start_s, 290.0, ppm, 0.05)));
    let alignment = align(&sounds, &[0, 1, 2, 3]);
    assert_lost(&alignment, 0, &losses);
    (1..4).for_each(|k| assert_lost(&alignment, k, &[]));
    let pieces = &alignment.placements[0].pieces;
    let jump_s = pieces[1].map.offset_s() - pieces[0].map.offset_s();
    assert!((jump_s - 0.002).abs() < 0.0005, "{jump_s}");
}

#[test]
fn of_two_recorders_a_step_may_be_a_loss_and_both_sides_say_so() {
    let scene = talk(56, 200.0);
    let whole = record(&scene, 3.0, 170.0, 0.0, 0.05);
    let losses = [(in_talk(&whole, 90.0), 0.028)];
    let dropping = without(&whole, &losses);
    let steady = record(&scene, 8.0, 170.0, 0.0, 0.05);
    let alignment = align(&[dropping, steady], &[0, 1]);
    assert_lost(&alignment, 0, &losses);
    assert_lost(&alignment, 1, &[]);
    let sigmas: Vec<f64> =
        alignment.placements[0].pieces.iter().map(evidence::Piece::sigma_s).collect();
    assert!(sigmas.iter().all(|s| *s >= 0.014), "{sigmas:?}");
}

#[test]
fn a_talker_who_takes_over_from_another_is_no_loss() {
    // Two talkers, one after the other, each nearer to another recorder.
    let (first, second) = (talk(53, 200.0), talk(54, 200.0));
    let scene = |first_s: f64, second_s: f64| -> Vec<f32> {
        let at = |sound: &[f32], n: usize, late_s: f64| {
            n.checked_sub((late_s * RATE) as usize).map_or(0.0, |k| sound[k])
        };
        (0..(200.0 * RATE) as usize)
            .map(|n| {
                let is_first = n < (100.0 * RATE) as usize;
                if is_first { at(&first, n, first_s) } else { at(&second, n, second_s) }
            })
            .collect()
    };
    let sounds = [(0.003, 0.020), (0.015, 0.006), (0.022, 0.011)]
        .map(|(a, b)| record(&scene(a, b), 2.0, 180.0, 0.0, 0.05));
    let alignment = align(&sounds, &[0, 1, 2]);
    (0..3).for_each(|k| assert_lost(&alignment, k, &[]));
}

/// A recorder that is carried along a line, metres, while seconds pass.
struct Carried {
    metres: (f64, f64),
    between_s: (f64, f64),
}

impl Carried {
    fn at(&self, s: f64) -> f64 {
        let gone = (s - self.between_s.0) / (self.between_s.1 - self.between_s.0);
        self.metres.0 + gone.clamp(0.0, 1.0) * (self.metres.1 - self.metres.0)
    }

    /// What it hears of voices that take turns: spots along the line and beside it, metres.
    fn hears(&self, voice: &[f32], turns: &[(usize, (f64, f64))]) -> Vec<f32> {
        let said = |k: f64| if k < 0.0 { 0.0 } else { voice[k as usize] };
        let mut turn = 0;
        let hear = |n: usize| {
            while turns.get(turn + 1).is_some_and(|t| t.0 <= n) {
                turn += 1;
            }
            let (along, aside) = turns[turn].1;
            let metres = (along - self.at(n as f64 / RATE)).hypot(aside).max(0.7);
            let at = n as f64 - metres / 343.0 * RATE;
            let (before, part) = (at.floor(), at.fract() as f32);
            (said(before) * (1.0 - part) + said(before + 1.0) * part) * (4.0 / metres) as f32
        };
        (0..voice.len()).map(hear).collect()
    }
}

/// Three recordings, the first by somebody who goes ten metres nearer in so many seconds.
fn carried(seed: u64, spots: &[(f64, f64)], takes_s: f64) -> Vec<Vec<f32>> {
    let voice = talk(seed, 330.0);
    let mut dice = Dice(2 * seed + 1);
    let (mut turns, mut at_s) = (Vec::new(), 0.0);
    while at_s < 330.0 {
        turns.push((samples(at_s), spots[(spots.len() as f64 * dice.next()) as usize]));
        at_s += 1.0 + 6.0 * dice.next();
    }
    let still = |metres: f64| Carried { metres: (metres, metres), between_s: (0.0, 1.0) };
    let goes = Carried { metres: (12.0, 2.0), between_s: (160.0, 160.0 + takes_s) };
    vec![
        record(&goes.hears(&voice, &turns), 4.0, 310.0, 12.0, 0.05),
        record(&still(5.0).hears(&voice, &turns), 10.0, 310.0, -9.0, 0.05),
        record(&still(-3.0).hears(&voice, &turns), 0.0, 320.0, 3.0, 0.05),
    ]
}

/// No cut, or one of which both sides say that it may be none.
fn assert_not_sure_of_a_loss(alignment: &Alignment) {
    for placement in &alignment.placements {
        for pair in placement.pieces.windows(2) {
            let jump_s = (pair[1].map.offset_s() - pair[0].map.offset_s()).abs();
            let is_doubted = |p: &evidence::Piece| p.sigma_s() >= 0.48 * jump_s;
            assert!(pair.iter().all(is_doubted), "{jump_s} {pair:?}");
        }
    }
}

#[test]
fn a_recorder_that_is_carried_nearer_to_a_loudspeaker_is_not_said_to_have_lost_samples() {
    for (seed, takes_s) in [(61, 2.5), (62, 7.0), (63, 30.0)] {
        let alignment = align(&carried(seed, &[(-1.0, 0.0)], takes_s), &[0, 1, 2]);
        assert_not_sure_of_a_loss(&alignment);
    }
}

#[test]
fn nor_is_one_that_is_carried_among_talkers_or_towards_all_of_them() {
    let around = [(-1.0, 0.0), (7.0, 6.0), (14.0, 2.0)];
    let ahead = [(-1.0, 0.0), (-1.0, 1.0), (-2.0, 0.5)];
    for (seed, spots, takes_s) in [(64, &around, 7.0), (65, &ahead, 2.5), (66, &ahead, 7.0)] {
        let alignment = align(&carried(seed, spots, takes_s), &[0, 1, 2]);
        assert_not_sure_of_a_loss(&alignment);
    }
}
