//! When a recording was paused.
//!
//! In: its sound, the sound of partners that heard both sides of the pause, each with its lag before
//! and after, and two moments that the pause lies between. Out: the moment, or nothing.
//! Method: window by window, by how much coherence of phase at the lags before exceeds that at the
//! lags after, summed over the partners; the moment is where what lies before it and what lies after
//! differ most (a change of the mean, Hinkley 1970), first in half seconds, then in eighths.
//! Cost: half a millisecond for each eighth of a second and partner.
//! Cannot: tell it where nobody makes a sound, or where partners are so far away that no phases of
//! half a second agree.

use std::io;

use super::{Coherence, Pair, Phases, TRACE};
use crate::Sound;
use crate::listen::RATE_HZ;

impl Coherence {
    /// When a recording was paused, on its clock, between two moments; nothing where what is heard
    /// of it there speaks for neither side.
    pub fn pause(
        &mut self,
        paused: &dyn Sound,
        witnesses: &[TwoLags],
        (from_s, to_s): (f64, f64),
    ) -> io::Result<Option<f64>> {
        let around_s = TRACE as f64 / f64::from(RATE_HZ);
        let wide = (f64::max(from_s - around_s, 0.0), to_s + around_s);
        let Some(coarse_s) = best_turn(&mut self.trace, paused, witnesses, wide)? else {
            return Ok(None);
        };
        let near = (f64::max(coarse_s - around_s, 0.0), coarse_s + around_s);
        let fine_s = best_turn(&mut self.cut, paused, witnesses, near)?;
        Ok(fine_s.filter(|at_s| (from_s..=to_s).contains(at_s)))
    }
}

/// Who heard both sides of a pause: `time(partner) = time(paused) + lag`.
pub(crate) struct TwoLags<'a> {
    pub partner: &'a dyn Sound,
    pub before_s: f64,
    pub after_s: f64,
}

/// The moment that divides best what agrees with all partners at their lags before it from what does
/// at those after it; nothing where either side hardly agrees better at its own.
fn best_turn(
    phases: &mut Phases,
    paused: &dyn Sound,
    witnesses: &[TwoLags],
    (from_s, to_s): (f64, f64),
) -> io::Result<Option<f64>> {
    let hop_s = phases.window as f64 / f64::from(RATE_HZ) / 4.0;
    let hops = ((to_s - from_s) / hop_s).ceil().max(1.0) as usize;
    let reach = (NEAR_LAG_S * f64::from(RATE_HZ)) as usize;
    let mut better = Vec::with_capacity(hops);
    for hop in 0..hops {
        let own_s = from_s + hop as f64 * hop_s;
        let mut sum = 0.0;
        for w in witnesses {
            let pair: Pair = (w.partner, paused);
            let mut agreement = |lag_s: f64| -> io::Result<f64> {
                let peak = phases.look(pair, own_s + lag_s, lag_s, reach)?;
                Ok(peak.map_or(0.0, |peak| peak.coherence))
            };
            sum += agreement(w.before_s)? - agreement(w.after_s)?;
        }
        better.push(sum);
    }
    let sum_to = |at: usize| better[..at].iter().sum::<f64>();
    let at = (0..=hops).max_by(|&a, &b| sum_to(a).total_cmp(&sum_to(b)).then(b.cmp(&a)));
    let (before, after) = better.split_at(at.unwrap_or(0));
    let is_turn = stands_out(before) >= TOLD_FROM && stands_out(after) <= -TOLD_FROM;
    Ok(is_turn.then_some(from_s + (before.len() as f64 - 0.5) * hop_s))
}

/// So many standard errors must the mean on either side differ from zero.
const TOLD_FROM: f64 = 2.5;

/// By how many of its standard errors the mean of values differs from zero. Windows share three
/// quarters of their sound with the next, so that four say as much as one.
fn stands_out(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    if count < 8.0 {
        return 0.0;
    }
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0);
    mean / (variance / (count / 4.0)).sqrt().max(f64::MIN_POSITIVE)
}

/// How far sources may have moved the lag within some seconds: a metre.
const NEAR_LAG_S: f64 = 0.003;
