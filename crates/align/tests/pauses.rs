//! Recorders that were paused: both sides of the pause are where they belong, and the moment is told.

mod scene;

use align::Alignment;
use evidence::Piece;
use scene::{RATE, align, case_s, id, record, talk};

fn samples(seconds: f64) -> usize {
    (seconds * RATE) as usize
}

/// A siren whose cycles are all the same.
fn siren(cycle_s: f64, seconds: f64) -> Vec<f32> {
    let cycle = samples(cycle_s);
    let hz = |n: usize| {
        let turn = std::f64::consts::TAU * n as f64 / cycle as f64;
        650.0 + 350.0 * (1.0 - turn.cos())
    };
    let turns: f64 = (0..cycle).map(|n| hz(n) / RATE).sum();
    let mut phase = 0.0;
    let one: Vec<f32> = (0..cycle)
        .map(|n| {
            phase += std::f64::consts::TAU * hz(n) / RATE * turns.round() / turns;
            (phase.sin() + 0.4 * (2.0 * phase).sin() + 0.2 * (3.0 * phase).sin()) as f32
        })
        .collect();
    one.iter().copied().cycle().take(samples(seconds)).collect()
}

fn mixed(talk: &[f32], siren: &[f32], loud: f32) -> Vec<f32> {
    talk.iter().zip(siren).map(|(t, s)| t + loud * s).collect()
}

fn pieces(alignment: &Alignment, recording: usize) -> &[Piece] {
    let placement = alignment.placements.iter().find(|p| p.source == id(recording));
    placement.map_or(&[], |p| &p.pieces)
}

#[test]
fn the_moment_of_a_pause_is_told() {
    let scene = talk(81, 200.0);
    let whole = record(&scene, 12.0, 150.0, 20.0, 0.02);
    let (pause_s, paused_for_s) = (63.4, 21.3);
    let paused = [&whole[..samples(pause_s)], &whole[samples(pause_s + paused_for_s)..]].concat();
    let sounds =
        vec![record(&scene, 0.0, 180.0, 0.0, 0.02), record(&scene, 5.0, 180.0, -9.0, 0.02), paused];
    let alignment = align(&sounds, &[0, 1, 2]);
    let [before, after] = pieces(&alignment, 2) else { panic!("{:?}", alignment.placements) };
    assert!((before.end.seconds() - pause_s).abs() < 0.05, "{before:?}");
    assert!((after.start.seconds() - pause_s).abs() < 0.05, "{after:?}");
}

#[test]
fn who_was_paused_under_a_siren_is_not_put_where_the_siren_fits() {
    let (talk, siren) = (talk(82, 200.0), siren(3.65, 200.0));
    // Four cycles and a quarter.
    let (pause_s, paused_for_s) = (47.3, 15.5);
    let far = record(&mixed(&talk, &siren, 1.2), 20.0, 130.0, 15.0, 0.05);
    let paused = [&far[..samples(pause_s)], &far[samples(pause_s + paused_for_s)..]].concat();
    let near = mixed(&talk, &siren, 0.1);
    let mut sounds: Vec<Vec<f32>> = [(0.0, 0.0), (6.0, -12.0), (11.0, 31.0)]
        .map(|(s, ppm)| record(&near, s, 170.0, ppm, 0.02))
        .into();
    sounds.push(paused);
    let alignment = align(&sounds, &[0, 1, 2, 3]);
    for piece in pieces(&alignment, 3) {
        let at_s = f64::midpoint(piece.start.seconds(), piece.end.seconds());
        let lost_s = if at_s < pause_s { 0.0 } else { paused_for_s };
        let truth_s = 20.0 + (at_s + lost_s) * (1.0 + 15e-6);
        let found_s = case_s(&alignment, 3, at_s) - case_s(&alignment, 0, truth_s) + truth_s;
        assert!(
            (found_s - truth_s).abs() < 0.02,
            "{found_s} {truth_s}: {:?}",
            pieces(&alignment, 3)
        );
    }
    assert!(!pieces(&alignment, 3).is_empty(), "{:?}", alignment.refusals);
}
