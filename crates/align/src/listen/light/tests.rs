//! Made pictures: a grid of areas, frame by frame.

use super::*;

const FPS: f64 = 25.0;
const CELLS: usize = 144;

/// What the meter makes of 20 s of which `picture` gives each frame.
fn metered(mut picture: impl FnMut(usize) -> [f64; CELLS]) -> Light {
    let mut meter = LightMeter::new();
    for k in 0..500 {
        let cells = picture(k).map(|v| v.clamp(0.0, 255.0).round() as u8);
        meter.push(k as f64 / FPS, &cells);
    }
    meter.finish()
}

/// A still scene with areas of all brightness.
fn scene(cell: usize) -> f64 {
    40.0 + (cell * 37 % 100) as f64
}

fn times(light: &Light) -> Vec<f64> {
    light.all().iter().map(|j| j.at_s).collect()
}

#[test]
fn a_flash_is_one_jump_in_the_middle_of_its_frame() {
    let light = metered(|k| std::array::from_fn(|c| scene(c) * if k == 200 { 1.6 } else { 1.0 }));
    assert_eq!(light.jumps(), 1);
    let jump = light.all()[0];
    assert!((jump.at_s - 200.5 / FPS).abs() < 1e-9 && jump.rise > 0.3, "{jump:?}");
    assert!((light.duration_s() - 20.0).abs() < 1e-9);
}

#[test]
fn a_light_switched_on_and_off_is_two_jumps() {
    let light = metered(|k| {
        std::array::from_fn(|c| scene(c) * if (100..300).contains(&k) { 1.5 } else { 1.0 })
    });
    assert_eq!(times(&light), [100.5 / FPS, 300.5 / FPS]);
    assert!(light.all()[0].rise > 0.0 && light.all()[1].rise < 0.0);
}

#[test]
fn a_flash_that_lights_a_corner_is_seen() {
    let light = metered(|k| {
        std::array::from_fn(|c| scene(c) * if k == 120 && c % 16 < 4 { 2.5 } else { 1.0 })
    });
    assert_eq!(times(&light), [120.5 / FPS]);
}

#[test]
fn gain_control_and_dusk_are_no_jumps() {
    let light = metered(|k| {
        // The exposure hunts by a third within half a second, again and again.
        let gain = 1.0 + 0.3 * (k as f64 / 8.0).sin();
        std::array::from_fn(|c| scene(c) * gain * (1.0 - k as f64 / 900.0))
    });
    assert_eq!(light.jumps(), 0, "{:?}", light.all());
}

#[test]
fn the_answer_of_the_exposure_to_a_flash_is_no_jump() {
    let light = metered(|k| {
        let gain = match k {
            200 => 1.8,
            201 => 0.8,
            202..=215 => 0.8 + 0.2 * (k - 201) as f64 / 15.0,
            _ => 1.0,
        };
        std::array::from_fn(|c| scene(c) * gain)
    });
    assert_eq!(times(&light), [200.5 / FPS]);
}

#[test]
fn what_moves_through_the_picture_and_a_cut_to_another_scene_are_no_jumps() {
    let light = metered(|k| {
        std::array::from_fn(|c| {
            let walker = if c % 16 == k / 3 % 16 { 0.4 } else { 1.0 };
            let shown = if k < 250 { scene(c) } else { scene(c * 5 + 3) };
            shown * walker
        })
    });
    assert_eq!(light.jumps(), 0, "{:?}", light.all());
}

#[test]
fn a_shaken_camera_hides_no_flash_and_adds_few_jumps() {
    let mut turn = 0usize;
    let light = metered(|k| {
        turn = turn.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        let shake = (turn >> 16) % 3;
        let flash = if k % 90 == 60 { 2.2 } else { 1.0 };
        std::array::from_fn(|c| scene(c + shake) * flash)
    });
    let found = (0..5)
        .map(|n| f64::from(60 + 90 * n) / FPS + 0.02)
        .filter(|at| light.all().iter().any(|j| (j.at_s - at).abs() < 1e-6));
    assert_eq!(found.count(), 5, "{:?}", light.all());
    assert!(light.jumps() <= 8, "{:?}", light.all());
}

#[test]
fn frames_that_stand_too_long_say_nothing_of_when() {
    let mut meter = LightMeter::new();
    for k in 0..40 {
        let lit = if k % 10 == 5 { 200 } else { 60 };
        meter.push(f64::from(k) * 0.5, &[lit; CELLS]);
    }
    assert_eq!(meter.finish().jumps(), 0);
}

#[test]
fn light_survives_the_cache_and_damage_is_noticed() {
    let light =
        metered(|k| std::array::from_fn(|c| scene(c) * if k % 70 == 9 { 1.6 } else { 1.0 }));
    assert!(light.jumps() > 3);
    let bytes = light.to_bytes();
    assert_eq!(Light::from_bytes(&bytes), Ok(light));
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 16;
        assert!(Light::from_bytes(&damaged).is_err(), "byte {at}");
        assert!(Light::from_bytes(&bytes[..at]).is_err());
    }
}

#[test]
fn no_more_frames_are_held_than_a_few_seconds_of_them() {
    let mut meter = LightMeter::new();
    for k in 0..100_000 {
        meter.push(f64::from(k) / 1000.0, &[60; 4]);
    }
    assert!(meter.changes.len() <= HELD_MAX);
}
