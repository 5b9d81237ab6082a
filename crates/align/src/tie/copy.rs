//! Tells a copy from another microphone at the same moment, and finds where it begins and ends.
//!
//! In: two recordings and the lags at which they may agree. Out: the stretches that were copied
//! from one into the other, whichever way, with what lies over them.
//! Method: coherence of phase. Two microphones hear the same talker through different paths, so
//! the phases of their spectra agree in few bins; a copy keeps nearly all of them through any
//! codec, and through a voice or music laid over it wherever that is silent for a moment. The
//! figure is the peak of the cross-correlation with phase transform (Knapp & Carter 1976) as a
//! share of what equal phases would give: copies have windows of 0.8 to 0.96, microphones at the
//! same moment seldom reach 0.75, even where one was wired to the other's mixer. Two recorders on
//! one wire would pass for copies but for their clocks, which drift; a copy has no clock. Where
//! their clocks are one by chance or by design, each still has noise of its own: in pauses, when
//! both are quiet, their phases have nothing in common, whereas a copy holds the noise of what it
//! was copied from, and what a codec adds follows the sound up and down.
//! Cost: a few windows of 0.5 ms for each lag of a pair; of copies, 0.2 ms for each half second.
//! Cannot: tell copies that were played into a room and recorded again; tell a recorder on the same
//! wire and clock from a copy where nobody pauses, or where the noise of one of them is far below
//! that of the other: that one may as well have been copied and noise laid over it.

mod pause;

use std::io;
use std::sync::Arc;

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex32};

pub(crate) use self::pause::TwoLags;
use super::steps;
use super::turn::turn_of_samples;
use crate::listen::{FRAMES_PER_S, Heard, RATE_HZ};
use crate::resampled::Resampled;
use crate::straight::Straight;
use crate::{Recording, Sound};

/// A stretch that is the same in two recordings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Copied {
    pub left_start_s: f64,
    pub right_start_s: f64,
    /// On left's clock.
    pub length_s: f64,
    /// Seconds of right in one second of left; exactly 1 as a rule.
    pub speed: f64,
    /// How much louder left is, in nepers of energy, where something lies over the copy than where
    /// nothing does: above zero, it lies in left. Zero where nothing lies over it.
    pub laid_over_left: f64,
}

/// A window of a copy with nothing over it has at least this coherence …
const COPY_FROM: f64 = 0.8;

/// … and so many half seconds have it, or there is no copy.
const CLEAR_MIN: usize = 5;

/// … of which so many of the eight nearest to where it is clearest.
const CLEAR_AROUND_MIN: usize = 3;

/// A half second belongs to a copy from here: by chance it has 0.15.
const HELD_FROM: f64 = 0.45;

/// At another speed so many that hold are enough: where a copy runs at its own speed every other
/// recording is at most another microphone at that moment, whose windows stay below 0.35 when
/// they are brought to its speed; GSM leaves 0.5 of a copy.
const HELD_MIN: usize = 8;

/// … from this far away from 1 on: a source that passes a microphone at 1.5 m/s changes its pitch
/// by as much.
const NO_DOPPLER: f64 = 0.005;

/// So long may a copy be drowned and come back at the same lag, seconds.
const DROWNED_S_MAX: f64 = 12.0;

/// Copied sound has no clock of its own: rounding and codecs give less than this.
const OWN_CLOCK_PPM: f64 = 3.0;

/// No recorder's clock is off by more (the worst phone by 266): beyond it the sound was played at
/// another speed on purpose.
pub(crate) const ANY_CLOCK_PPM: f64 = 450.0;

/// A speed is known to this when its line is flat, and is looked for so often.
const FLAT_PPM: f64 = 2.0;
const SPEED_TRIES: usize = 5;

/// Speeds tried around a first one that is good to 0.3 %: within half a step phases hold for the
/// half second of a window.
const SPEED_STEP: f64 = 0.000_5;
const SPEED_STEPS_ASIDE: i32 = 8;

/// A half second of the right speed has at least this coherence. By chance, over all lags and
/// speeds that are tried, it has 0.3.
const SPEED_FROM: f64 = 0.5;

/// Both are quiet where both are below their clear half seconds by this, in nepers of energy
/// (4 dB): less, and syllables count as pauses.
const QUIET_BELOW: f64 = 1.0;

/// What a copy's pauses hold of the coherence that they ought to have, at least. Noise of its own
/// on either side leaves a fifth at equal loudness, codecs as much as they leave elsewhere.
const PAUSES_HOLD: f64 = 0.5;

/// Pauses are asked when this many half seconds of coherence ought to be in them.
const PAUSES_MIN: f64 = 2.0;

/// How far a lag found by band energies may be off, in samples: three frames of them.
const COARSE_REACH: usize = 3 * RATE_HZ as usize / FRAMES_PER_S;

/// Lags nearer than this are one, seconds.
const SAME_LAG_S: f64 = 0.001;

/// Samples of the window in which a copy is looked for: one second.
const SEEK: usize = 1 << 13;

/// Samples of the window that is moved along a copy: half a second.
const TRACE: usize = 1 << 12;

/// Samples of the window that finds a cut: an eighth of a second.
const CUT: usize = 1 << 10;

/// Correlation of band energies, over three seconds, from which a closer look is worth it.
const ALIKE_FROM: f32 = 0.4;

/// Every so manieth frame is asked; neighbours share most of their windows.
const FRAMES_APART: usize = 3;

/// Seconds of a lag that are looked at closely.
const SEEDS_MAX: usize = 4;

/// Phases of bins below hum and above the telephone band say little.
const BAND_HZ: (f64, f64) = (200.0, 3400.0);

/// A bin that is so much weaker than the strongest, in power, holds the codec's leavings.
const FLOOR: f32 = 1e-7;

/// Looks for copies; the buffers of one thread.
pub(crate) struct Coherence {
    seek: Phases,
    trace: Phases,
    cut: Phases,
}

/// One half second on the way along a copy.
#[derive(Clone, Copy)]
struct Step {
    left_s: f64,
    lag_s: f64,
    coherence: f64,
    /// Energy of left, as a logarithm, and by how much that of right is below it.
    level: f64,
    louder: f64,
}

impl Coherence {
    pub fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        Self {
            seek: Phases::new(&mut planner, SEEK),
            trace: Phases::new(&mut planner, TRACE),
            cut: Phases::new(&mut planner, CUT),
        }
    }

    /// What was copied at one of the lags `left − right`, each good to a quarter of a second;
    /// in order of `left_start_s`.
    pub fn copied(
        &mut self,
        left: &Recording,
        right: &Recording,
        lags_s: &[f64],
    ) -> io::Result<Vec<Copied>> {
        let mut found: Vec<Copied> = Vec::new();
        for &lag_s in lags_s {
            for seed_s in seeds(left.heard, right.heard, lag_s) {
                let is_known = |c: &Copied| {
                    (c.left_start_s - c.right_start_s - lag_s).abs() < 0.5
                        && (c.left_start_s..c.left_start_s + c.length_s).contains(&seed_s)
                };
                if found.iter().any(is_known) {
                    continue;
                }
                let reach = RATE_HZ as usize / 4;
                let pair = (left.sound, right.sound);
                let Some(peak) = self.seek.look(pair, seed_s, lag_s, reach)? else { continue };
                if peak.coherence < COPY_FROM {
                    continue;
                }
                if !self.is_clear_around(pair, seed_s, peak.lag_s)? {
                    continue;
                }
                let seed = (seed_s, seed_s - peak.lag_s);
                found.extend(self.trace(left.sound, right.sound, seed, 1.0)?);
            }
        }
        found.sort_by(|a, b| a.left_start_s.total_cmp(&b.left_start_s));
        Ok(found)
    }

    /// Whether enough of the half seconds around a moment of left have the coherence of a copy: two
    /// recorders on one wire reach it now and then, and following each of them would cost.
    fn is_clear_around(&mut self, pair: Pair, left_s: f64, lag_s: f64) -> io::Result<bool> {
        let step_s = TRACE as f64 / f64::from(RATE_HZ);
        let reach = (SAME_LAG_S * f64::from(RATE_HZ)).ceil() as usize;
        let mut clear = 0;
        for k in (-4..=4).filter(|k| *k != 0) {
            let peak = self.trace.look(pair, left_s + f64::from(k) * step_s, lag_s, reach)?;
            clear += usize::from(peak.is_some_and(|peak| peak.coherence >= COPY_FROM));
        }
        Ok(clear >= CLEAR_AROUND_MIN)
    }

    /// When one lag gives way to another, on right's clock, between two moments. The lags are
    /// good to a millisecond.
    pub fn turns(
        &mut self,
        pair: (&dyn Sound, &dyn Sound),
        (from_s, to_s): (f64, f64),
        (before_s, after_s): (f64, f64),
    ) -> io::Result<f64> {
        // Coarsely in half seconds, then in eighths around the turn.
        let coarse_s = turn(&mut self.trace, pair, (from_s, to_s), (before_s, after_s))?;
        let around_s = TRACE as f64 / f64::from(RATE_HZ);
        let near = (f64::max(coarse_s - around_s, from_s), f64::min(coarse_s + around_s, to_s));
        let fine_s = turn(&mut self.cut, pair, near, (before_s, after_s))?;
        turn_of_samples(pair, fine_s, (before_s, after_s))
    }

    /// What was copied around a moment of left that may be `right_s` of right, played at about
    /// `speed`: the former good to a twentieth of a second, the latter to 0.3 %.
    pub fn retimed(
        &mut self,
        left: &dyn Sound,
        right: &dyn Sound,
        (left_s, right_s): (f64, f64),
        speed: f64,
    ) -> io::Result<Option<Copied>> {
        let mut best: Option<(f64, f64, f64)> = None;
        for k in -SPEED_STEPS_ASIDE..=SPEED_STEPS_ASIDE {
            let speed = speed + SPEED_STEP * f64::from(k);
            let view = Resampled::new(right, speed);
            let lag_s = left_s - right_s / speed;
            let Some(peak) = self.trace.look((left, &view), left_s, lag_s, COARSE_REACH)? else {
                return Ok(None);
            };
            if best.is_none_or(|b| peak.coherence > b.0) {
                best = Some((peak.coherence, (left_s - peak.lag_s) * speed, speed));
            }
        }
        match best.filter(|b| b.0 >= SPEED_FROM) {
            Some((_, right_s, speed)) => self.trace(left, right, (left_s, right_s), speed),
            None => Ok(None),
        }
    }

    /// Follows a copy both ways from a moment that both hold, at a speed that is made exact on the
    /// way.
    fn trace(
        &mut self,
        left: &dyn Sound,
        right: &dyn Sound,
        (seed_s, right_s): (f64, f64),
        speed: f64,
    ) -> io::Result<Option<Copied>> {
        let (mut right_s, mut speed) = (right_s, speed);
        for _ in 0..SPEED_TRIES {
            let resampled = Resampled::new(right, speed);
            let as_it_is = (speed - 1.0).abs() < 1e-9;
            let pair: Pair = (left, if as_it_is { right } else { &resampled });
            let mut steps = Vec::new();
            for direction in [-1.0, 1.0] {
                self.follow(pair, seed_s, seed_s - right_s / speed, direction, &mut steps)?;
            }
            steps.sort_by(|a: &Step, b| a.left_s.total_cmp(&b.left_s));
            let Some(line) = Line::through(&steps) else { return Ok(None) };
            let slope = line.lag_s.slope;
            let exact = speed * (1.0 - slope);
            let is_flat = slope.abs() <= FLAT_PPM * 1e-6 + 3.0 * line.doubt;
            if as_it_is && (is_flat || slope.abs() <= OWN_CLOCK_PPM * 1e-6 + 3.0 * line.doubt) {
                return self.ends(pair, &steps, 1.0);
            }
            if (exact - 1.0).abs() < ANY_CLOCK_PPM * 1e-6 {
                // A copy at its own speed is followed as such; two recorders' clocks are none.
                let is_copy = (exact - 1.0).abs() <= OWN_CLOCK_PPM * 1e-6 + 3.0 * line.doubt;
                if as_it_is || !is_copy {
                    return Ok(None);
                }
                right_s = (seed_s - line.at(seed_s)) * speed;
                speed = 1.0;
                continue;
            }
            if is_flat {
                return self.ends(pair, &steps, speed);
            }
            right_s = (seed_s - line.at(seed_s)) * speed;
            speed = exact;
        }
        Ok(None)
    }

    /// The copy that was followed, from cut to cut.
    fn ends(&mut self, pair: Pair, steps: &[Step], speed: f64) -> io::Result<Option<Copied>> {
        let held: Vec<Step> = steps.iter().copied().filter(|s| s.coherence >= HELD_FROM).collect();
        let clear = held.iter().filter(|s| s.coherence >= COPY_FROM).count();
        let (Some(first), Some(last)) = (held.first(), held.last()) else { return Ok(None) };
        // No microphone was there at another speed: less clear sound is enough.
        let no_microphone = (speed - 1.0).abs() > NO_DOPPLER;
        let is_copy = clear >= CLEAR_MIN || (no_microphone && held.len() >= HELD_MIN);
        if !is_copy {
            return Ok(None);
        }
        let start_s = self.cut(pair, first, -1.0)?;
        let end_s = self.cut(pair, last, 1.0)?;
        let inside = |s: &&Step| s.left_s > start_s && s.left_s < end_s;
        let drowned: Vec<f64> = steps
            .iter()
            .filter(inside)
            .filter(|s| s.coherence < HELD_FROM)
            .map(|s| s.louder)
            .collect();
        let plain = Plain::of(&held);
        if plain.has_each_its_noise(steps.iter().filter(inside)) {
            return Ok(None);
        }
        let laid_over_left = if drowned.len() < 2 { 0.0 } else { median(&drowned) - plain.louder };
        Ok(Some(Copied {
            left_start_s: start_s,
            right_start_s: (start_s - first.lag_s) * speed,
            length_s: end_s - start_s,
            speed,
            laid_over_left,
        }))
    }

    /// Steps along a copy until it has been gone for too long.
    fn follow(
        &mut self,
        pair: Pair,
        seed_s: f64,
        lag_s: f64,
        direction: f64,
        steps: &mut Vec<Step>,
    ) -> io::Result<()> {
        let step_s = TRACE as f64 / f64::from(RATE_HZ);
        let length_s = |sound: &dyn Sound| sound.samples() as f64 / f64::from(RATE_HZ);
        let (mut lag_s, mut held_s) = (lag_s, seed_s);
        let mut at_s = if direction > 0.0 { seed_s } else { seed_s - step_s };
        let reach = (SAME_LAG_S * f64::from(RATE_HZ)).ceil() as usize;
        while (at_s - held_s).abs() <= DROWNED_S_MAX {
            let right_s = at_s - lag_s;
            if at_s < 0.0 || right_s < 0.0 || at_s > length_s(pair.0) || right_s > length_s(pair.1)
            {
                break;
            }
            if let Some(peak) = self.trace.look(pair, at_s, lag_s, reach)? {
                let Peak { coherence, lag_s: found_s, level, louder } = peak;
                steps.push(Step { left_s: at_s, lag_s: found_s, coherence, level, louder });
                if coherence >= HELD_FROM {
                    held_s = at_s;
                    lag_s = found_s;
                }
            }
            at_s += direction * step_s;
        }
        Ok(())
    }

    /// Where a copy is cut, beyond the last half second that holds it.
    fn cut(&mut self, pair: Pair, from: &Step, direction: f64) -> io::Result<f64> {
        let window_s = CUT as f64 / f64::from(RATE_HZ);
        let reach_s = 2.0 * TRACE as f64 / f64::from(RATE_HZ);
        let mut edge_s = from.left_s;
        let mut at_s = from.left_s;
        while (at_s - from.left_s).abs() < reach_s {
            at_s += direction * window_s / 4.0;
            let held = self
                .cut
                .look(pair, at_s, from.lag_s, 1)?
                .is_some_and(|peak| peak.coherence >= HELD_FROM);
            if held {
                edge_s = at_s;
            }
        }
        // A window with the cut in its middle is half a copy and just recognised. A copy that
        // comes near an end of either recording goes up to it.
        let length_s = |sound: &dyn Sound| sound.samples() as f64 / f64::from(RATE_HZ);
        let first_s = from.lag_s.max(0.0);
        let last_s = length_s(pair.0).min(length_s(pair.1) + from.lag_s);
        let end_s = if direction < 0.0 { first_s } else { last_s };
        Ok(if (edge_s - end_s).abs() < window_s { end_s } else { edge_s.clamp(first_s, last_s) })
    }
}

/// What the clear half seconds of a copy are like: the median of each.
struct Plain {
    coherence: f64,
    left: f64,
    right: f64,
    louder: f64,
}

impl Plain {
    fn of(held: &[Step]) -> Self {
        let clearest = held.iter().map(|s| s.coherence).fold(0.0, f64::max).min(COPY_FROM);
        let clear: Vec<&Step> = held.iter().filter(|s| s.coherence >= clearest).collect();
        let median_of =
            |value: fn(&Step) -> f64| median(&clear.iter().map(|s| value(s)).collect::<Vec<_>>());
        Self {
            coherence: median_of(|s| s.coherence),
            left: median_of(|s| s.level),
            right: median_of(|s| s.level - s.louder),
            louder: median_of(|s| s.louder),
        }
    }

    /// Whether the two have nothing in common while both are quiet, though neither is louder than
    /// it ought to be by what would drown a copy.
    fn has_each_its_noise<'a>(&self, steps: impl Iterator<Item = &'a Step>) -> bool {
        let (mut held, mut expected) = (0.0, 0.0);
        for s in steps {
            let (left, right) = (s.level, s.level - s.louder);
            if left <= self.left - QUIET_BELOW && right <= self.right - QUIET_BELOW {
                held += s.coherence;
                expected += self.coherence * left_by((s.louder - self.louder).abs());
            }
        }
        expected >= PAUSES_MIN && held < PAUSES_HOLD * expected
    }
}

/// Coherence that is left of a copy when what lies over it raises its energy by so many nepers: of
/// a bin with `r` times the energy of normal noise phases keep a mean cosine that grows as
/// `√(π r / 4)` while it is small and goes to 1; this is within 0.06 of it everywhere.
fn left_by(louder: f64) -> f64 {
    let over = louder.exp_m1();
    (1.0 / (1.0 + 4.0 / std::f64::consts::PI * over)).sqrt()
}

/// The moment that divides best what agrees at one lag from what agrees at another.
fn turn(
    phases: &mut Phases,
    pair: Pair,
    (from_s, to_s): (f64, f64),
    (before_s, after_s): (f64, f64),
) -> io::Result<f64> {
    let hop_s = phases.window as f64 / f64::from(RATE_HZ) / 4.0;
    // Never so far that both lags are within it.
    let reach_s = SAME_LAG_S.min((before_s - after_s).abs() / 3.0);
    let reach = (reach_s * f64::from(RATE_HZ)) as usize;
    let hops = ((to_s - from_s) / hop_s).ceil().max(1.0) as usize;
    let (mut sum, mut best, mut at_s) = (0.0, f64::MIN, from_s);
    for hop in 0..=hops {
        let right_s = from_s + hop as f64 * hop_s;
        if sum > best {
            (best, at_s) = (sum, right_s - hop_s / 2.0);
        }
        let mut agreement = |lag_s: f64| -> io::Result<f64> {
            let peak = phases.look(pair, right_s + lag_s, lag_s, reach)?;
            Ok(peak.map_or(0.0, |peak| peak.coherence))
        };
        sum += agreement(before_s)? - agreement(after_s)?;
    }
    if sum > best {
        at_s = to_s;
    }
    Ok(at_s.clamp(from_s, to_s))
}

/// Left and right.
type Pair<'a> = (&'a dyn Sound, &'a dyn Sound);

/// Moments of left, in seconds, at which the two are most alike at this lag; none when they are
/// nowhere alike enough to be copies.
fn seeds(left: &Heard, right: &Heard, lag_s: f64) -> Vec<f64> {
    let evidence = steps::evidence_of_some(left, right, lag_s, FRAMES_APART);
    let energy_min = FRAMES_PER_S as f32 / FRAMES_APART as f32 / 4.0;
    let mut alike: Vec<(f32, usize)> = evidence
        .windows(3)
        .enumerate()
        .map(|(second, three)| {
            let (agreement, energy) = three.iter().fold((0.0, 0.0), |(a, e), x| (a + x.0, e + x.1));
            (if energy > energy_min { agreement / energy } else { 0.0 }, second)
        })
        .filter(|(alike, _)| *alike >= ALIKE_FROM)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut seeds: Vec<usize> = Vec::new();
    for (_, second) in alike {
        if seeds.len() < SEEDS_MAX && seeds.iter().all(|s| s.abs_diff(second) >= 4) {
            seeds.push(second);
        }
    }
    seeds.into_iter().map(|second| second as f64 + 1.5).collect()
}

/// How the lag moves along a copy.
struct Line {
    lag_s: Straight,
    /// How sure the slope is, in seconds of lag for each second.
    doubt: f64,
}

impl Line {
    /// Through the clear half seconds; where there are too few, through all that hold.
    fn through(steps: &[Step]) -> Option<Self> {
        let from =
            |least: f64| -> Vec<&Step> { steps.iter().filter(|s| s.coherence >= least).collect() };
        let mut clear = from(COPY_FROM);
        if clear.len() < CLEAR_MIN {
            clear = from(HELD_FROM);
        }
        if clear.len() < CLEAR_MIN {
            return None;
        }
        let points: Vec<(f64, f64)> = clear.iter().map(|s| (s.left_s, s.lag_s)).collect();
        let lag_s = Straight::through(&points);
        let spread = lag_s.squares(&points) / (points.len() as f64 - 2.0).max(1.0);
        Some(Self { lag_s, doubt: (spread / lag_s.reach).sqrt() })
    }

    fn at(&self, left_s: f64) -> f64 {
        self.lag_s.at(left_s)
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    let mid = sorted.len() / 2;
    *sorted.select_nth_unstable_by(mid, f64::total_cmp).1
}

/// Coherence of phase at the best lag near one.
struct Peak {
    /// 0: no phases agree; 1: all do.
    coherence: f64,
    lag_s: f64,
    level: f64,
    louder: f64,
}

/// Cross-correlation with phase transform of windows of one length.
struct Phases {
    window: usize,
    taper: Vec<f32>,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    line: Vec<f32>,
    left: Vec<Complex32>,
    right: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Phases {
    fn new(planner: &mut RealFftPlanner<f32>, window: usize) -> Self {
        let forward = planner.plan_fft_forward(2 * window);
        let inverse = planner.plan_fft_inverse(2 * window);
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        let phase = |i: usize| std::f32::consts::PI * (i as f32 + 0.5) / window as f32;
        Self {
            window,
            taper: (0..window).map(|i| phase(i).sin().powi(2)).collect(),
            line: vec![0.0; 2 * window],
            left: forward.make_output_vec(),
            right: forward.make_output_vec(),
            scratch: vec![Complex32::default(); scratch],
            forward,
            inverse,
        }
    }

    /// The best lag within `reach` samples of `lag_s` for the window of left around `left_s`.
    fn look(
        &mut self,
        (left, right): Pair,
        left_s: f64,
        lag_s: f64,
        reach: usize,
    ) -> io::Result<Option<Peak>> {
        let rate = f64::from(RATE_HZ);
        let left_at = (left_s * rate).round() as i64 - self.window as i64 / 2;
        let lag = (lag_s * rate).round() as i64;
        let louder_left = self.transform(left, left_at)?;
        std::mem::swap(&mut self.left, &mut self.right);
        let louder_right = self.transform(right, left_at - lag)?;
        std::mem::swap(&mut self.left, &mut self.right);
        let (Some(louder_left), Some(louder_right)) = (louder_left, louder_right) else {
            return Ok(None);
        };
        let bins = self.whiten();
        self.inverse
            .process_with_scratch(&mut self.left, &mut self.line, &mut self.scratch)
            .expect("buffers have the length of the plan");
        let value = |shift: i64| {
            let at = shift.rem_euclid(self.line.len() as i64) as usize;
            self.line[at].abs()
        };
        let best = (-(reach as i64)..=reach as i64)
            .max_by(|&a, &b| value(a).total_cmp(&value(b)).then(b.cmp(&a)))
            .unwrap_or(0);
        let (before, top, after) = (value(best - 1), value(best), value(best + 1));
        let curvature = before - 2.0 * top + after;
        let vertex = if curvature < 0.0 { 0.5 * (before - after) / curvature } else { 0.0 };
        let part = vertex.clamp(-0.5, 0.5);
        // Between samples the peak is higher than at them.
        let height = top - 0.25 * (before - after) * part;
        Ok(Some(Peak {
            coherence: f64::from(height) / (2.0 * bins.max(1) as f64),
            lag_s: (lag as f64 + best as f64 + f64::from(part)) / rate,
            level: louder_left,
            louder: louder_left - louder_right,
        }))
    }

    /// The spectrum of the window from `at`, in `left`; its energy as a logarithm, nothing when
    /// it is silent.
    fn transform(&mut self, sound: &dyn Sound, at: i64) -> io::Result<Option<f64>> {
        let (samples, padding) = self.line.split_at_mut(self.window);
        sound.read(at, samples)?;
        padding.fill(0.0);
        let energy: f32 = samples.iter().map(|s| s * s).sum::<f32>() / self.window as f32;
        if energy < SILENCE {
            return Ok(None);
        }
        samples.iter_mut().zip(&self.taper).for_each(|(sample, weight)| *sample *= weight);
        self.forward
            .process_with_scratch(&mut self.line, &mut self.left, &mut self.scratch)
            .expect("buffers have the length of the plan");
        Ok(Some(f64::from(energy).ln()))
    }

    /// The cross-spectrum's phases, in `left`; the number of bins that have one.
    fn whiten(&mut self) -> usize {
        let bin = |hz: f64| (hz * 2.0 * self.window as f64 / f64::from(RATE_HZ)) as usize;
        let (low, high) = (bin(BAND_HZ.0), bin(BAND_HZ.1));
        let strongest = |spectrum: &[Complex32]| {
            spectrum[low..high].iter().map(Complex32::norm_sqr).fold(0.0, f32::max)
        };
        let floors = (strongest(&self.left) * FLOOR, strongest(&self.right) * FLOOR);
        let mut bins = 0;
        for (k, (a, b)) in self.left.iter_mut().zip(&self.right).enumerate() {
            let (left, right) = (a.norm_sqr(), b.norm_sqr());
            if k < low || k >= high || left <= floors.0 || right <= floors.1 {
                *a = Complex32::default();
                continue;
            }
            let gain = (left * right).sqrt().recip();
            *a = *a * b.conj() * gain;
            bins += 1;
        }
        bins
    }
}

/// Mean squares below this are digital silence (full scale is 1).
const SILENCE: f32 = 1e-9;
