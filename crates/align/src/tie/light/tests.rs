//! Trains of flashes made from a seed.

use super::*;
use crate::LightMeter;

/// Numbers that are the same on every machine (xorshift).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// From 0 to 1.
    pub(crate) fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// So many moments within a length, in order.
fn moments(seed: u64, count: usize, length_s: f64) -> Vec<f64> {
    let mut dice = Dice::new(seed);
    let mut moments: Vec<f64> = (0..count).map(|_| dice.next() * length_s).collect();
    moments.sort_by(f64::total_cmp);
    moments
}

/// A camera that runs from a moment for some time and sees flashes of a height.
struct Camera {
    from_s: f64,
    length_s: f64,
    fps: f64,
    drift_ppm: f64,
    height: f64,
    seed: u64,
}

impl Camera {
    fn light(&self, flashes_s: &[f64]) -> Light {
        let mut meter = LightMeter::new();
        let mut dice = Dice::new(self.seed);
        let own = |at_s: f64| (at_s - self.from_s) / (1.0 + self.drift_ppm * 1e-6);
        for k in 0..(self.length_s * self.fps) as usize {
            let (from_s, to_s) = (k as f64 / self.fps, (k + 1) as f64 / self.fps);
            let lit = flashes_s.iter().any(|f| (from_s..to_s).contains(&own(*f)));
            // Slow weather, and noise of the sensor.
            let room = 70.0 + 6.0 * (from_s / 7.0).sin() + dice.next();
            let value = if lit { room * self.height } else { room };
            meter.push(from_s, &[value.min(255.0) as u8; 16]);
        }
        meter.finish()
    }
}

fn camera(from_s: f64, fps: f64, seed: u64) -> Camera {
    Camera { from_s, length_s: 120.0, fps, drift_ppm: 0.0, height: 2.0, seed }
}

#[test]
fn cameras_of_different_rates_find_their_lag_to_a_third_of_a_frame() {
    for seed in 0..20 {
        let flashes = moments(seed, 24, 150.0);
        let left = camera(0.0, 25.0, seed).light(&flashes);
        let right = Camera { drift_ppm: 80.0, ..camera(21.237, 29.97, seed + 100) }.light(&flashes);
        let seen = seen(&left, &right, 10).expect("two dozen flashes");
        assert!((seen.lag_s - 21.237).abs() < 0.015, "{seed}: {}", seen.lag_s);
        assert!(seen.together.len() >= 6 && seen.score > 5.0, "{seed}: {seen:?}");
    }
}

#[test]
fn strangers_are_never_tied() {
    for seed in 0..300 {
        let count = 4 + seed as usize % 60;
        let left = camera(0.0, 25.0, seed).light(&moments(2 * seed, count, 120.0));
        let right = camera(0.0, 30.0, seed + 7).light(&moments(2 * seed + 1, count, 120.0));
        assert!(seen(&left, &right, 1).is_none(), "{seed}: {:?}", seen(&left, &right, 1));
    }
}

#[test]
fn strangers_whose_flashes_come_in_bursts_are_not_tied() {
    for seed in 0..100 {
        let burst = |seed: u64, at_s: f64| -> Vec<f64> {
            moments(seed, 14, 6.0).iter().map(|m| m + at_s).collect()
        };
        let left = camera(0.0, 30.0, seed).light(&burst(seed, 20.0));
        let right = camera(0.0, 30.0, seed).light(&burst(seed + 1000, 71.0));
        assert!(seen(&left, &right, 1).is_none(), "{seed}: {:?}", seen(&left, &right, 1));
    }
}

#[test]
fn a_light_bar_ties_nobody() {
    let bar: Vec<f64> = (0..200).map(|n| f64::from(n) * 0.74).collect();
    let left = camera(0.0, 30.0, 1).light(&bar);
    let right = camera(13.0, 30.0, 2).light(&bar);
    assert!(left.jumps() > 100);
    assert!(seen(&left, &right, 1).is_none());
}

#[test]
fn three_flashes_are_too_few() {
    let flashes = [31.0, 44.2, 60.1];
    let left = camera(0.0, 30.0, 1).light(&flashes);
    let right = camera(13.0, 30.0, 2).light(&flashes);
    assert_eq!((left.jumps(), right.jumps()), (3, 3));
    assert!(seen(&left, &right, 1).is_none());
}

#[test]
fn high_flashes_are_found_among_many_low_ones_of_an_unsteady_hand() {
    for seed in 0..10 {
        let flashes = moments(seed, 12, 110.0);
        let left = Camera { height: 3.0, ..camera(0.0, 25.0, seed) }.light(&flashes);
        let mut shaken = Camera { height: 3.0, ..camera(9.5, 30.0, seed) }.light(&flashes);
        let low =
            Camera { height: 1.2, ..camera(9.5, 30.0, seed) }.light(&moments(seed + 50, 80, 130.0));
        shaken = Light::of(shaken.duration_s(), [shaken.all(), low.all()].concat());
        let seen = seen(&left, &shaken, 10).expect("a dozen flashes");
        assert!((seen.lag_s - 9.5).abs() < 0.015, "{seed}: {}", seen.lag_s);
    }
}

#[test]
fn clocks_that_drift_apart_for_hours_are_followed() {
    let flashes = moments(3, 40, 9000.0);
    let length_s = 9000.0;
    let left = Camera { length_s, ..camera(0.0, 10.0, 1) }.light(&flashes);
    let right = Camera { length_s, drift_ppm: 150.0, ..camera(100.0, 10.0, 2) }.light(&flashes);
    let seen = seen(&left, &right, 10).expect("forty flashes");
    assert!(seen.together.len() > 30, "{}", seen.together.len());
}

#[test]
fn the_probability_of_so_many_falls_as_poisson_says() {
    // P(K ≥ 3 | 1) = 0.0803; bounded from above, and not by much.
    let p = ln_poisson_tail(3, 1.0).exp();
    assert!((0.0803..0.09).contains(&p), "{p}");
    assert!(ln_poisson_tail(1, 2.0).abs() < 1e-12);
}
