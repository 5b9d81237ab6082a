//! Whether one lag gives way to another at once, or little by little.
//!
//! In: the sound of two recordings, a moment good to some seconds, the lag before it, and by how much it
//! grows there. Out: which is likelier, and by how much.
//! Method: a recorder that lost samples jumps. One that is carried nearer to what it hears glides, and
//! so does the lag when the source walks; seven metres are as much as twenty milliseconds lost. Left is
//! laid beside right along each path that the lag may have taken, a step or a glide of some seconds, at
//! moments around, and correlated with phase transform (Knapp & Carter 1976). Half the squared
//! correlation over its variance is the log likelihood of a window; the best step is held against the
//! best glide. Windows overlap by half, so that their tapers add up to one.
//! Cost: 600 windows of 0.2 ms.
//! Cannot: tell one from the other while nobody makes a sound, or less than it takes to go that far.

use std::io;

use super::gcc_phat::{GccPhat, WINDOW_SAMPLES};
use crate::Sound;
use crate::listen::RATE_HZ;

/// Glides tried, seconds: nobody goes seven metres in less than the first. The last is tried where the
/// windows that showed the change are so far apart that all of it lies between them.
const GLIDES_S: [f64; 6] = [1.5, 3.0, 6.0, 12.0, 24.0, 48.0];
const ALWAYS_S: f64 = 12.0;

/// Moments tried: of a step, 12 s on either side, since under noise the moment may be off by seconds; of
/// a glide, in parts of its length.
const STEPS: i32 = 48;
const STEP_EVERY_S: f64 = 0.25;
const PARTS: i32 = 4;

/// Half a window.
const HALF_S: f64 = WINDOW_SAMPLES as f64 / RATE_HZ as f64 / 2.0;

/// What overlapping windows say again counts once: the share of a tapered window's samples that speak.
const TOLD_ONCE: f64 = 0.75;

/// A lag is good to a millisecond, in samples; and so many more on either side say what chance makes.
const NEAR: usize = 8;
const REACH: usize = RATE_HZ as usize / 4;

/// A path of the lag: when it is halfway, and how long it takes, seconds of right's clock.
#[derive(Clone, Copy)]
struct Path {
    halfway_s: f64,
    takes_s: f64,
}

impl Path {
    /// What share of it is behind at a moment.
    fn share(self, right_s: f64) -> f64 {
        let gone_s = right_s - self.halfway_s;
        if self.takes_s > 0.0 {
            (gone_s / self.takes_s + 0.5).clamp(0.0, 1.0)
        } else {
            f64::from(u8::from(gone_s >= 0.0))
        }
    }
}

/// What is known of how a lag grew.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grown {
    /// By how many nepers it is likelier that it grew at once than little by little.
    gain: f64,
    /// By how many a window agrees around there.
    window: f64,
}

/// How sure it must be: 22,000 to one. And what a window agrees by varies with its noise, by more the
/// more it is, so that it must be a share of that, too: sound that is heard right up to a step makes
/// out four fifths of a window, and a quarter of that must be heard.
const GAIN_MIN: f64 = 10.0;
const GAIN_SHARE_MIN: f64 = 0.2;

impl Grown {
    /// It grew at once: samples were lost.
    pub fn is_step(self) -> bool {
        self.gain >= GAIN_MIN.max(GAIN_SHARE_MIN * self.window)
    }

    /// It grew little by little: somebody went somewhere.
    pub fn is_glide(self) -> bool {
        self.gain <= -GAIN_MIN.max(GAIN_SHARE_MIN * self.window)
    }
}

/// How a lag grows around a moment of right's clock that lies in a stretch of `within_s`.
pub(crate) fn grown(
    gcc: &mut GccPhat,
    pair: (&dyn Sound, &dyn Sound),
    (right_s, within_s): (f64, f64),
    (lag_s, grown_s): (f64, f64),
) -> io::Result<Grown> {
    let tried = || GLIDES_S.into_iter().filter(|takes_s| *takes_s <= within_s.max(ALWAYS_S));
    // All that the longest glide takes, around the farthest moment.
    let windows = (1.5 * tried().fold(0.0, f64::max) / HALF_S).ceil() as i32;
    let steady = vec![[None; 2]; 2 * windows as usize + 1];
    let mut ear = Ear { windows, gcc, pair, right_s, lag_s, grown_s, steady };
    let path = |halfway_s: f64, takes_s: f64| Path { halfway_s: right_s + halfway_s, takes_s };
    let mut step = f64::MIN;
    for k in -STEPS..=STEPS {
        step = step.max(ear.likelihood(path(f64::from(k) * STEP_EVERY_S, 0.0))?);
    }
    let mut glide = f64::MIN;
    for takes_s in tried() {
        for part in -PARTS..=PARTS {
            let halfway_s = f64::from(part) / f64::from(PARTS) * takes_s;
            glide = glide.max(ear.likelihood(path(halfway_s, takes_s))?);
        }
    }
    let count = f64::from(2 * windows + 1);
    Ok(Grown { gain: step - glide, window: step / TOLD_ONCE / count })
}

/// What two recordings say around a moment.
struct Ear<'a> {
    /// On either side.
    windows: i32,
    gcc: &'a mut GccPhat,
    pair: (&'a dyn Sound, &'a dyn Sound),
    right_s: f64,
    /// Before, and by how much it grows.
    lag_s: f64,
    grown_s: f64,
    /// Of each window, wholly before and wholly after.
    steady: Vec<[Option<f64>; 2]>,
}

impl Ear<'_> {
    fn likelihood(&mut self, path: Path) -> io::Result<f64> {
        let mut sum = 0.0;
        for k in -self.windows..=self.windows {
            let centre_s = self.right_s + f64::from(k) * HALF_S;
            let (from, to) = (path.share(centre_s - HALF_S), path.share(centre_s + HALF_S));
            let at = ((k + self.windows) as usize, to as usize);
            let is_steady = to <= from;
            let known = if is_steady { self.steady[at.0][at.1] } else { None };
            let nepers = match known {
                Some(nepers) => nepers,
                None => self.window(centre_s, path)?,
            };
            if is_steady {
                self.steady[at.0][at.1] = Some(nepers);
            }
            sum += nepers;
        }
        Ok(TOLD_ONCE * sum)
    }

    /// How much likelier a window is along the path than if nothing agreed.
    fn window(&mut self, centre_s: f64, path: Path) -> io::Result<f64> {
        let rate = f64::from(RATE_HZ);
        let start = (centre_s * rate).round() as i64 - WINDOW_SAMPLES as i64 / 2;
        let mut right = vec![0.0f32; WINDOW_SAMPLES];
        self.pair.1.read(start, &mut right)?;
        let first = ((self.lag_s + self.grown_s.min(0.0)) * rate).floor() as i64;
        let most = (self.grown_s.abs() * rate).ceil() as usize + 2;
        let mut read = vec![0.0f32; WINDOW_SAMPLES + most];
        self.pair.0.read(start + first, &mut read)?;
        let left: Vec<f32> = (0..WINDOW_SAMPLES)
            .map(|n| {
                let share = path.share((start + n as i64) as f64 / rate);
                let at = (self.lag_s + share * self.grown_s) * rate - first as f64;
                let (whole, part) = (at as usize, at.fract() as f32);
                read[n + whole] * (1.0 - part) + read[n + whole + 1] * part
            })
            .collect();
        let Some(nepers) = self.gcc.nepers(&left, &right, REACH) else { return Ok(0.0) };
        Ok(f64::from(nepers[REACH - NEAR..=REACH + NEAR].iter().fold(0.0f32, |a, b| a.max(*b))))
    }
}
