//! How far the waveforms of two short stretches stand out as the same sound.
//!
//! In: two recordings' sound and a claim whose overlap is too short to be cut into windows. Out: the
//! lag within a quarter of a second of the claim at which the two agree best, and by how many
//! standard deviations of what lags further off show.
//! Method: one generalised cross-correlation with phase transform over all of the overlap (Knapp &
//! Carter 1976, exponent 7/8 as in `gcc_phat`). Of `T` seconds in a band of `B` hertz 2·`B`·`T`
//! samples are independent, so that five seconds show sound that is shared to a twentieth; and every
//! lag that is not claimed tells what chance makes of these very two.
//! Cost: three FFTs; 10 ms for ten seconds.
//! Cannot: tell a sound that repeats itself in both from one that is shared; the caller compares lags.

use std::io;

use realfft::{RealFftPlanner, num_complex::Complex32};

use super::refine::Claim;
use crate::Sound;
use crate::listen::RATE_HZ;

/// Longer overlaps have windows enough; of these only the middle is taken.
pub(crate) const LONGEST_S: f64 = 16.0;
const SAMPLES_MAX: usize = 16 * RATE_HZ as usize;

/// Shorter ones tell nothing: 2 s.
const SAMPLES_MIN: usize = 2 * RATE_HZ as usize;

/// Lags on either side of the claim: 0.25 s, as in `refine`.
const REACH: usize = RATE_HZ as usize / 4;

/// Bins outside this band hold hum below and codec leftovers above.
const BAND_HZ: (f64, f64) = (150.0, 3700.0);

/// What two stretches have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Common {
    /// `time(left) = time(right) + lag`, in the middle of the overlap.
    pub lag_s: f64,
    /// Standard deviations above the lags that are not claimed. These have less of the overlap, so
    /// that chance reaches 6 where it would reach 5.
    pub z: f64,
}

/// The lag at which the stretches agree best; nothing where either is silent or too short.
pub(crate) fn common(
    planner: &mut RealFftPlanner<f32>,
    left: &dyn Sound,
    right: &dyn Sound,
    claim: &Claim,
) -> io::Result<Option<Common>> {
    let rate = f64::from(RATE_HZ);
    let length = ((claim.right_end_s - claim.right_start_s) * rate) as usize;
    if length < SAMPLES_MIN {
        return Ok(None);
    }
    let length = length.min(SAMPLES_MAX);
    let middle_s = f64::midpoint(claim.right_start_s, claim.right_end_s);
    let lag_s = claim.lag_s + (middle_s - claim.at_right_s) * claim.drift_ppm * 1e-6;
    let right_at = (middle_s * rate).round() as i64 - length as i64 / 2;
    let lag = (lag_s * rate).round() as i64;
    let size = (2 * (length + 2 * REACH)).next_power_of_two();
    let forward = planner.plan_fft_forward(size);
    let inverse = planner.plan_fft_inverse(size);
    // Left by a reach more on either side, so that no lag within it loses any of the overlap.
    let mut spectra = Vec::with_capacity(2);
    for (sound, at, count) in
        [(left, right_at + lag - REACH as i64, length + 2 * REACH), (right, right_at, length)]
    {
        let mut line = vec![0.0f32; size];
        sound.read(at, &mut line[..count])?;
        for (i, sample) in line[..count].iter_mut().enumerate() {
            *sample *= (std::f32::consts::PI * (i as f32 + 0.5) / count as f32).sin();
        }
        let mut spectrum = forward.make_output_vec();
        forward.process(&mut line, &mut spectrum).expect("buffers have the length of the plan");
        spectra.push(spectrum);
    }
    if !whiten(&mut spectra, size) {
        return Ok(None);
    }
    let mut line = inverse.make_output_vec();
    inverse.process(&mut spectra[0], &mut line).expect("buffers have the length of the plan");
    // Index 0 is the lag by which left was read too early.
    let value = |shift: i64| line[shift.rem_euclid(size as i64) as usize].abs();
    let (best, top) = (0..=2 * REACH as i64)
        .map(|shift| (shift, value(shift)))
        .fold((0, 0.0), |best, one| if one.1 > best.1 { one } else { best });
    let far = length as i64 / 2;
    let mut others: Vec<f32> = (-far..0).chain(2 * REACH as i64 + 1..far).map(value).collect();
    if others.is_empty() {
        return Ok(None);
    }
    let mid = others.len() / 2;
    let median = *others.select_nth_unstable_by(mid, f32::total_cmp).1;
    // Half of a normal variable's absolute values are below 0.6745 standard deviations.
    let z = f64::from(top) / (f64::from(median) / 0.6745).max(f64::MIN_POSITIVE);
    Ok(Some(Common { lag_s: (lag + best - REACH as i64) as f64 / rate, z }))
}

/// The cross-spectrum with most of its magnitude taken out, in the first; false where one is silent.
fn whiten(spectra: &mut [Vec<Complex32>], size: usize) -> bool {
    let bin = |hz: f64| (hz * size as f64 / f64::from(RATE_HZ)) as usize;
    let (low, high) = (bin(BAND_HZ.0), bin(BAND_HZ.1));
    let [left, right] = spectra else { return false };
    let mut power_sum = 0.0f64;
    for (k, (a, b)) in left.iter_mut().zip(right.iter()).enumerate() {
        let power = a.norm_sqr() * b.norm_sqr();
        if k < low || k >= high || power <= f32::MIN_POSITIVE {
            *a = Complex32::default();
            continue;
        }
        power_sum += f64::from(power);
        let root = power.sqrt();
        *a = *a * b.conj() * (root.sqrt().sqrt().sqrt() / root);
    }
    power_sum > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise of its own.
    fn noise(seed: u64, seconds: usize) -> Vec<f32> {
        let mut state = seed * 2 + 1;
        (0..seconds * RATE_HZ as usize)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 40) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    fn claim(lag_s: f64) -> Claim {
        Claim { lag_s, at_right_s: 0.0, drift_ppm: 0.0, right_start_s: 0.0, right_end_s: 5.0 }
    }

    fn mixed(sound: &[f32], own: &[f32], share: f32) -> Vec<f32> {
        sound.iter().zip(own).map(|(s, n)| share * s + n).collect()
    }

    #[test]
    fn five_seconds_under_noise_twice_as_loud_are_found_to_the_sample() {
        let scene = noise(1, 20);
        let left = mixed(&scene, &noise(2, 20), 0.7);
        let right = mixed(&scene[24_000..], &noise(3, 17), 0.7);
        let mut planner = RealFftPlanner::new();
        // Three seconds later, claimed to be off by a tenth.
        let found = common(&mut planner, &left, &right, &claim(3.1)).unwrap().unwrap();
        assert!((found.lag_s - 3.0).abs() < 1e-4, "{found:?}");
        assert!(found.z > 20.0, "{found:?}");
    }

    #[test]
    fn strangers_stand_out_of_nothing() {
        let mut planner = RealFftPlanner::new();
        for seed in 0..20 {
            let (left, right) = (noise(seed, 12), noise(seed + 100, 6));
            let found = common(&mut planner, &left, &right, &claim(3.0)).unwrap().unwrap();
            assert!(found.z < 6.5, "{seed}: {found:?}");
        }
    }
}
