//! Light: when the brightness of a recording's pictures jumps.
//!
//! In: for each frame the time at which it is shown and the mean brightness of some areas of it.
//! Out: its jumps, each with the frame in which it happened and its height: flashes and lights
//! switched on (brighter), lights switched off (darker).
//! Method: the change of each area's logarithm from frame to frame, so that exposure does not
//! matter; their mean, weighed down by how far the areas contradict one another: a room lights up
//! as a whole, what moves brightens one area and darkens the next, and so does a cut to another
//! scene. A jump stands far above the changes of the seconds around it, which leaves nothing of
//! gain control, dusk and slow turns, and little of an unsteady hand. What a jump leads to (the end
//! of a flash, the answer of the exposure) is no jump.
//! Cost: one pass; a few seconds of frames are held, and the jumps.
//! Cannot: see a flash outside the picture that lights nothing in it; tell when within the frame.

use std::collections::VecDeque;

use super::heard::{HeardError, fnv1a};

/// Changes whenever the same pictures would be seen otherwise: caches of another version are made
/// again.
pub const LIGHT_VERSION: u32 = 1;

/// A change below this (nepers of brightness, 8 %) is no jump: pictures are kept in steps of 3 %
/// where they are dark, and codecs add their own.
pub(crate) const JUMP_MIN: f32 = 0.08;

/// … nor one below so many times what three of four changes around it stay below: 7 standard
/// deviations if they were normal. Flashes in up to a quarter of the frames do not hide themselves.
const ABOVE_AROUND: f32 = 6.0;

/// Seconds around, on either side.
const AROUND_S: f64 = 2.0;

/// Frames held at most, however fast they come: two seconds of 240 a second on either side.
const HELD_MAX: usize = 960;

/// Changes of one sign within this time are one jump: shutters that roll divide a flash between
/// two frames.
const TOGETHER_S: f64 = 0.09;

/// For so long after a jump a change the other way, no larger by half, is its end.
const RETURN_S: f64 = 1.0;
const RETURN_MAX: f32 = 1.5;

/// For so long after a jump one of less than half its height is its echo: exposure overshoots.
const ECHO_S: f64 = 0.5;
const ECHO_MAX: f32 = 0.5;

/// Frames shown for longer than this say too little about when something happened.
const FRAME_S_MAX: f64 = 0.21;

/// Added to brightness before the logarithm: what is black is noise.
const BLACK: f32 = 8.0;

/// A jump of brightness.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Jump {
    /// Middle of the time during which the first frame that shows it is shown.
    pub at_s: f64,
    /// Length of that time.
    pub frame_s: f32,
    /// Change in nepers of brightness; negative: darker.
    pub rise: f32,
}

/// What was seen of a recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Light {
    /// Media time of the end of the last frame.
    end_s: f64,
    /// In order of time.
    jumps: Vec<Jump>,
}

/// Measures light, frame by frame.
#[derive(Debug, Default)]
pub struct LightMeter {
    logs: Vec<f32>,
    changes: VecDeque<Change>,
    /// How many of the changes have been judged.
    judged: usize,
    last_at_s: Option<f64>,
    last_frame_s: f64,
    light: Light,
}

/// From one frame to the next.
#[derive(Clone, Copy, Debug)]
struct Change {
    at_s: f64,
    /// How long the frame before was shown.
    before_s: f64,
    rise: f32,
}

impl LightMeter {
    /// Has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sees the next frame: when it begins to be shown, in media time, and the brightness of its
    /// areas, of which there are always as many. A frame that is not later than the last is passed
    /// over.
    pub fn push(&mut self, at_s: f64, cells: &[u8]) {
        if !at_s.is_finite() || self.last_at_s.is_some_and(|last| at_s <= last) {
            return;
        }
        let logs: Vec<f32> = cells.iter().map(|c| (f32::from(*c) + BLACK).ln()).collect();
        if let Some(last_at_s) = self.last_at_s.filter(|_| logs.len() == self.logs.len()) {
            let before_s = at_s - last_at_s;
            self.changes.push_back(Change { at_s, before_s, rise: common(&self.logs, &logs) });
            self.last_frame_s = before_s;
            self.judge(at_s - AROUND_S);
        }
        self.logs = logs;
        self.last_at_s = Some(at_s);
    }

    /// What was seen.
    pub fn finish(mut self) -> Light {
        self.judge(f64::INFINITY);
        self.light.end_s = self.last_at_s.map_or(0.0, |at_s| at_s + self.last_frame_s.min(1.0));
        self.light
    }

    /// Judges the changes up to a moment, and forgets those that no judgement needs any more.
    fn judge(&mut self, until_s: f64) {
        while self.judged < self.changes.len()
            && (self.changes[self.judged].at_s <= until_s || self.changes.len() >= HELD_MAX)
        {
            self.judge_one(self.judged);
            self.judged += 1;
            let from_s = self.changes[self.judged - 1].at_s - AROUND_S;
            while self.judged > 0
                && (self.changes[0].at_s < from_s || self.changes.len() >= HELD_MAX)
            {
                self.changes.pop_front();
                self.judged -= 1;
            }
        }
    }

    fn judge_one(&mut self, nth: usize) {
        let change = self.changes[nth];
        if change.rise.abs() < JUMP_MIN {
            return;
        }
        let near = |c: &&Change| (c.at_s - change.at_s).abs() <= TOGETHER_S;
        let is_highest = self.changes.iter().enumerate().filter(|(_, c)| near(c)).all(|(k, c)| {
            let height = c.rise * change.rise.signum();
            k == nth || height < change.rise.abs() || (k > nth && height <= change.rise.abs())
        });
        let next_at_s = self.changes.get(nth + 1).map(|c| c.at_s);
        let frame_s = next_at_s.map_or(change.before_s, |next| next - change.at_s);
        if !is_highest || change.before_s.max(frame_s) > FRAME_S_MAX {
            return;
        }
        if change.rise.abs() < ABOVE_AROUND * self.usual(change.at_s) || self.follows(&change) {
            return;
        }
        let at_s = change.at_s + frame_s / 2.0;
        self.light.jumps.push(Jump { at_s, frame_s: frame_s as f32, rise: change.rise });
    }

    /// What three of four changes around a moment stay below.
    fn usual(&self, at_s: f64) -> f32 {
        let mut sizes: Vec<f32> = self
            .changes
            .iter()
            .filter(|c| (c.at_s - at_s).abs() <= AROUND_S)
            .map(|c| c.rise.abs())
            .collect();
        let at = sizes.len() * 3 / 4;
        *sizes.select_nth_unstable_by(at, f32::total_cmp).1
    }

    /// Whether a change is what the jump before it leads to.
    fn follows(&self, change: &Change) -> bool {
        let Some(last) = self.light.jumps.last() else { return false };
        let since_s = change.at_s - last.at_s;
        let share = change.rise / last.rise;
        if share < 0.0 {
            since_s <= RETURN_S && -share <= RETURN_MAX
        } else {
            since_s <= ECHO_S && share < ECHO_MAX
        }
    }
}

/// The mean change of the areas, less for what they contradict one another.
fn common(before: &[f32], after: &[f32]) -> f32 {
    let (mut sum, mut sizes) = (0.0f32, 0.0f32);
    for (b, a) in before.iter().zip(after) {
        sum += a - b;
        sizes += (a - b).abs();
    }
    if sizes > 0.0 { sum * sum.abs() / sizes / before.len() as f32 } else { 0.0 }
}

impl Light {
    /// Length of the recording as its pictures have it, in seconds.
    pub fn duration_s(&self) -> f64 {
        self.end_s
    }

    /// Number of jumps of brightness.
    pub fn jumps(&self) -> usize {
        self.jumps.len()
    }

    /// Made from jumps.
    #[cfg(test)]
    pub(crate) fn of(end_s: f64, mut jumps: Vec<Jump>) -> Self {
        jumps.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        Self { end_s, jumps }
    }

    pub(crate) fn all(&self) -> &[Jump] {
        &self.jumps
    }

    /// For a cache: magic `RLGT`, version `u32`, end `f64`, for each jump time `f64`, length `f32`
    /// and height `f32`, then the 64-bit FNV-1a hash of all before; little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES + JUMP_BYTES * self.jumps.len() + 8);
        bytes.extend(MAGIC);
        bytes.extend(LIGHT_VERSION.to_le_bytes());
        bytes.extend(self.end_s.to_le_bytes());
        for jump in &self.jumps {
            bytes.extend(jump.at_s.to_le_bytes());
            bytes.extend(jump.frame_s.to_le_bytes());
            bytes.extend(jump.rise.to_le_bytes());
        }
        let hash = fnv1a(&bytes);
        bytes.extend(hash.to_le_bytes());
        bytes
    }

    /// From a cache.
    ///
    /// # Errors
    /// [`HeardError`] for anything that [`to_bytes`](Self::to_bytes) of this version did not write.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HeardError> {
        let (whole, hash) = bytes.split_last_chunk::<8>().ok_or(HeardError::Damaged)?;
        let (head, body) = whole.split_first_chunk::<HEAD_BYTES>().ok_or(HeardError::Damaged)?;
        if head[..4] != MAGIC {
            return Err(HeardError::Damaged);
        }
        let found = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        if found != LIGHT_VERSION {
            return Err(HeardError::OtherVersion { found });
        }
        let (jumps, rest) = body.as_chunks::<JUMP_BYTES>();
        if !rest.is_empty() || fnv1a(whole) != u64::from_le_bytes(*hash) {
            return Err(HeardError::Damaged);
        }
        let long = |b: &[u8]| f64::from_bits(number(&b[..8]));
        let short = |b: &[u8]| f32::from_bits(number(&b[..4]) as u32);
        let jump = |b: &[u8; JUMP_BYTES]| Jump {
            at_s: long(b),
            frame_s: short(&b[8..]),
            rise: short(&b[12..]),
        };
        Ok(Self { end_s: long(&head[8..]), jumps: jumps.iter().map(jump).collect() })
    }
}

/// A little-endian number of at most eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

const MAGIC: [u8; 4] = *b"RLGT";
const HEAD_BYTES: usize = 4 + 4 + 8;
const JUMP_BYTES: usize = 8 + 4 + 4;

#[cfg(test)]
mod tests;
