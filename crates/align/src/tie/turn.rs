//! When one lag of two recordings gives way to another, to a few samples.
//!
//! In: the sound of two recordings, a moment good to a few tenths of a second, and the lags before
//! and after it, good to a fraction of a millisecond. Out: the moment.
//! Method: least squares: the moment that leaves least of one recording when the other is taken
//! away, at the one lag up to it and at the other from it (a two-phase model, Hinkley 1970).
//! Cost: some thousand products for each lag tried; 0.2 ms.
//! Cannot: tell it in a pause of the talk, nor closer than the rooms of both let the waveforms agree.

use std::io;

use crate::Sound;
use crate::listen::RATE_HZ;

/// The moment, near one that is good to a few tenths of a second: the one
/// that leaves least of right when left is taken away, at the one lag up to it and at the other
/// from it. Where neither says anything, in a pause of the talk, the middle.
pub(super) fn turn_of_samples(
    pair: (&dyn Sound, &dyn Sound),
    near_s: f64,
    (before_s, after_s): (f64, f64),
) -> io::Result<f64> {
    let rate = f64::from(RATE_HZ);
    let first = (near_s * rate).round() as i64 - AROUND as i64;
    let off = OFF.min(((before_s - after_s).abs() * rate / 3.0) as usize);
    let right = differences(pair.1, first, 2 * AROUND)?;
    let near = |lag_s: f64, from: usize, end: usize| -> io::Result<Vec<f32>> {
        let start = first + (lag_s * rate).round() as i64 - off as i64;
        let wide = differences(pair.0, start, 2 * (AROUND + off))?;
        let part = &right[from..end];
        let product = |shift: usize| -> f32 {
            part.iter().zip(&wide[from + shift..]).map(|(r, l)| r * l).sum()
        };
        let best = (0..=2 * off)
            .max_by(|&a, &b| product(a).abs().total_cmp(&product(b).abs()))
            .unwrap_or(off);
        let power: f32 = wide[from + best..end + best].iter().map(|l| l * l).sum();
        let gain = product(best) / power.max(f32::MIN_POSITIVE);
        Ok(wide[best..best + 2 * AROUND].iter().map(|l| gain * l).collect())
    };
    // The quarter in the middle may belong to either side.
    let (at_before, at_after) =
        (near(before_s, 0, AROUND * 3 / 4)?, near(after_s, AROUND * 5 / 4, 2 * AROUND)?);
    let sums = |left: &dyn Fn(usize) -> f32| -> Vec<f64> {
        let mut sum = 0.0;
        let squares = right.iter().enumerate().map(|(n, r)| {
            sum += f64::from(r - left(n)).powi(2);
            sum
        });
        std::iter::once(0.0).chain(squares).collect()
    };
    let without = sums(&|_| 0.0);
    let (before, after) = (sums(&|n| at_before[n]), sums(&|n| at_after[n]));
    // What left lost, right has alone.
    let alone = ((before_s - after_s) * rate).round().max(0.0) as usize;
    let left_over = |n: usize| {
        before[n] + without[n + alone] - without[n] + after[2 * AROUND] - after[n + alone]
    };
    let moments = 0..2 * AROUND - alone.min(AROUND);
    let least = moments.clone().map(left_over).fold(f64::MAX, f64::min);
    let as_good = |n: &usize| left_over(*n) <= least + 1e-4 * without[2 * AROUND];
    let (one, last) = (moments.clone().find(as_good), moments.rev().find(as_good));
    let middle = usize::midpoint(one.unwrap_or(AROUND), last.unwrap_or(AROUND));
    Ok((first + middle as i64) as f64 / rate)
}

/// Samples on either side of the moment, and by how many the lags may be off.
const AROUND: usize = RATE_HZ as usize * 4 / 5;
const OFF: usize = 6;

/// Differences of neighbouring samples, so that hum does not speak loudest.
fn differences(sound: &dyn Sound, start: i64, count: usize) -> io::Result<Vec<f32>> {
    let mut line = vec![0.0f32; count + 1];
    sound.read(start - 1, &mut line)?;
    Ok(line.windows(2).map(|two| two[1] - two[0]).collect())
}
