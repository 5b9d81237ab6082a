//! A recording without sound that saw the same light as one that was heard.

mod scene;

use align::{Heard, Light, LightMeter, Recording, synchronise};
use evidence::{MediaTime, TieKind};
use scene::{Dice, Patient, hear, id, record, recording, talk};

/// A camera that began at `from_s` and ran for two minutes.
fn camera(flashes_s: &[f64], from_s: f64) -> Light {
    let (mut meter, mut dice) = (LightMeter::new(), Dice(from_s.to_bits() | 1));
    for k in 0..3000 {
        let (at_s, to_s) = (f64::from(k) / 25.0, f64::from(k + 1) / 25.0);
        let lit = flashes_s.iter().any(|f| (at_s..to_s).contains(&(f - from_s)));
        let room = 70.0 + dice.next();
        meter.push(at_s, &[if lit { 2.0 * room } else { room } as u8; 16]);
    }
    meter.finish()
}

#[test]
fn what_each_flash_says_and_what_all_of_them_say_is_counted_from_one_line() {
    let scene = talk(71, 160.0);
    let mut dice = Dice(72);
    let flashes: Vec<f64> =
        (0..24).map(|k| 12.0 + 4.5 * f64::from(k) + 3.0 * dice.next()).collect();
    let sounds =
        [record(&scene, 0.0, 150.0, 0.0, 0.05), record(&scene, 10.0, 120.0, 0.0, 0.05), Vec::new()];
    let heard = [hear(&sounds[0]), hear(&sounds[1]), Heard::nothing(120.0)];
    let lights = [None, Some(camera(&flashes, 10.0)), Some(camera(&flashes, 4.0))];
    let recordings: Vec<Recording> = (0..3)
        .map(|i| Recording { light: lights[i].as_ref(), ..recording(i, &heard[i], &sounds[i]) })
        .collect();
    let alignment = synchronise(&recordings, &Patient).expect("sound in memory can be read");
    let tie = alignment.ties.iter().find(|t| t.kind == TieKind::Light).expect("both saw it");
    let place = |i: usize| alignment.placements.iter().find(|p| p.source == id(i)).expect("placed");
    let case_s = |i: usize, at: MediaTime| place(i).to_case(at).expect("within it").seconds();
    let residuals_s: Vec<f64> = tie
        .windows
        .iter()
        .map(|w| case_s(1, MediaTime(w.at.0 + w.lag_ns)) - case_s(2, w.at))
        .collect();
    let mean_s = residuals_s.iter().sum::<f64>() / residuals_s.len() as f64;
    let residual_s = tie.residual_ns.expect("it was looked at") as f64 * 1e-9;
    assert!((mean_s - residual_s).abs() < 0.002, "{mean_s} {residual_s}");
    // And so is the line that the tie draws.
    let at = MediaTime::from_seconds(60.0);
    let line_s = case_s(1, MediaTime(at.0 + tie.pieces[0].map.offset_ns)) - case_s(2, at);
    assert!((line_s - residual_s).abs() < 0.005, "{line_s} {residual_s}");
}
