//! Follows a copy that was stretched in time while its pitch was kept.
//!
//! In: what two recordings heard, and a moment at which one may hold the other, slower or faster.
//! Out: the stretch, its exact speed, and how alike the two are in it.
//! Method: such stretching cuts sound into pieces of some hundredths of a second and lays them
//! closer or farther apart, so no phase survives it; band energies do. Speed and offset are those
//! of the highest correlation; the stretch is the one whose frames speak for it most (the largest
//! sum of logarithms of likelihood ratios, as in `tie::steps`).
//! Cost: 3 ms for a moment, 10 ms for a stretch of half a minute.
//! Cannot: tell a copy from sound that only has the same rhythm and timbre; the caller asks for
//! more likeness than two microphones at one moment ever have of each other at different speeds.

use crate::listen::{FRAMES_PER_S, Heard};

/// A stretch of one recording that follows another at a speed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stretched {
    pub copy_start_s: f64,
    pub other_start_s: f64,
    /// On the copy's clock.
    pub length_s: f64,
    /// Seconds of the other in one second of the copy.
    pub speed: f64,
    /// Correlation of band energies in the stretch.
    pub alike: f64,
}

/// `other_s = at_other_s + (copy_s − at_copy_s) × speed`.
#[derive(Clone, Copy)]
struct Follows {
    at_copy_s: f64,
    at_other_s: f64,
    speed: f64,
}

/// Half the window in which speed and offset are first sought, seconds.
const HALF_S: f64 = 6.0;

/// Neighbouring frames share most of their windows (see `tie::steps`).
const FRAMES_TOLD_TWICE: f64 = 3.0;

/// A stretch ends where nothing more speaks for it within this many seconds …
const SILENT_S_MAX: f64 = 6.0;

/// … or so many nepers speak against it.
const AGAINST_MAX: f64 = 25.0;

/// The first frame of a stretch begins before it: half of what two frames share.
const FRAME_LEADS_S: f64 = 0.022;

/// The stretch around a moment; `speed` is good to 0.6 %, the moment to a tenth of a second.
pub(crate) fn stretch(
    copy: &Heard,
    other: &Heard,
    (copy_s, other_s): (f64, f64),
    speed: f64,
) -> Option<Stretched> {
    let first = Follows { at_copy_s: copy_s, at_other_s: other_s, speed };
    let around = (copy_s - HALF_S, copy_s + HALF_S);
    let coarse = best(copy, other, &first, around, (0.001, 7), (0.02, 6));
    let extent = extent(copy, other, &coarse, around)?;
    let exact = best(copy, other, &coarse, extent, (0.0001, 12), (0.005, 8));
    let (start_s, end_s) = self::extent(copy, other, &exact, extent)?;
    Some(Stretched {
        copy_start_s: start_s,
        other_start_s: exact.other_s(start_s),
        length_s: end_s - start_s,
        speed: exact.speed,
        alike: correlation(copy, other, &exact, (start_s, end_s)),
    })
}

/// The highest correlation among speeds and offsets around: each a step and how many of them to
/// either side.
fn best(
    copy: &Heard,
    other: &Heard,
    near: &Follows,
    (start_s, end_s): (f64, f64),
    speeds: (f64, i32),
    offsets_s: (f64, i32),
) -> Follows {
    let middle_s = f64::midpoint(start_s, end_s);
    let mut best = (f64::MIN, *near);
    for i in -speeds.1..=speeds.1 {
        for k in -offsets_s.1..=offsets_s.1 {
            let tried = Follows {
                at_copy_s: middle_s,
                at_other_s: near.other_s(middle_s) + offsets_s.0 * f64::from(k),
                speed: near.speed + speeds.0 * f64::from(i),
            };
            let alike = correlation(copy, other, &tried, (start_s, end_s));
            if alike > best.0 {
                best = (alike, tried);
            }
        }
    }
    best.1
}

/// Where the frames around a moment speak for it.
fn extent(
    copy: &Heard,
    other: &Heard,
    follows: &Follows,
    within: (f64, f64),
) -> Option<(f64, f64)> {
    let alike = correlation(copy, other, follows, within).clamp(0.0, 0.95);
    let scale = 1.0 / (FRAMES_TOLD_TWICE * (1.0 - alike * alike));
    let speaks = |frame: i64| {
        let (agreement, left, right) = frame_agreement(copy, other, follows, frame);
        let energy = (left * right).sqrt();
        (alike * agreement - alike * alike * energy / 2.0) * scale
    };
    let middle = frame_of(f64::midpoint(within.0, within.1));
    let mut ends = [middle, middle];
    for (end, direction) in ends.iter_mut().zip([-1i64, 1]) {
        let (mut sum, mut highest) = (0.0, 0.0);
        let mut frame = middle;
        let patience = (SILENT_S_MAX * FRAMES_PER_S as f64) as u64;
        while frame >= 0 && (frame as usize) < copy.frames() && frame.abs_diff(*end) <= patience {
            sum += speaks(frame);
            if sum > highest {
                (highest, *end) = (sum, frame);
            } else if sum < highest - AGAINST_MAX {
                break;
            }
            frame += direction;
        }
    }
    let start_s = ends[0] as f64 / FRAMES_PER_S as f64 + FRAME_LEADS_S;
    let end_s = (ends[1] + 1) as f64 / FRAMES_PER_S as f64 + FRAME_LEADS_S;
    (end_s > start_s).then_some((start_s.max(0.0), end_s.min(copy.duration_s())))
}

fn frame_of(seconds: f64) -> i64 {
    (seconds * FRAMES_PER_S as f64).round() as i64
}

/// Correlation of band energies over a stretch of the copy.
fn correlation(
    copy: &Heard,
    other: &Heard,
    follows: &Follows,
    (start_s, end_s): (f64, f64),
) -> f64 {
    let (mut agreement, mut left, mut right) = (0.0, 0.0, 0.0);
    for frame in frame_of(start_s)..frame_of(end_s) {
        let (a, l, r) = frame_agreement(copy, other, follows, frame);
        agreement += a;
        left += l;
        right += r;
    }
    agreement / (left * right).sqrt().max(1.0)
}

/// Agreement and energies of one frame of the copy and what it would be of the other.
fn frame_agreement(copy: &Heard, other: &Heard, follows: &Follows, frame: i64) -> (f64, f64, f64) {
    let shown = frame_of(follows.other_s(frame as f64 / FRAMES_PER_S as f64));
    let exists =
        |heard: &Heard, frame: i64| usize::try_from(frame).ok().filter(|f| *f < heard.frames());
    let (Some(a), Some(b)) = (exists(copy, frame), exists(other, shown)) else {
        return (0.0, 0.0, 0.0);
    };
    let (mut agreement, mut left, mut right) = (0i32, 0i32, 0i32);
    for (x, y) in copy.frame(a).iter().zip(other.frame(b)) {
        let (x, y) = (i32::from(*x), i32::from(*y));
        agreement += x * y;
        left += x * x;
        right += y * y;
    }
    let unit = f64::from(Heard::unit_variance());
    (f64::from(agreement) / unit, f64::from(left) / unit, f64::from(right) / unit)
}

impl Follows {
    fn other_s(&self, copy_s: f64) -> f64 {
        self.at_other_s + (copy_s - self.at_copy_s) * self.speed
    }
}
