//! Puts recordings that sound cannot place beside those that saw the same light.
//!
//! In: the islands that sound made, the light of recordings in and outside them. Out: for each
//! island the pieces that light adds and the moments that bind them, which enter the same least
//! squares as what was heard; and islands of recordings that were only seen.
//! Method: every recording that sound left alone is compared with every other that has light. The
//! surest ties join first. A recording goes to one island only, and light never joins two islands
//! that sound made: whoever stands between them is bound to the surer. Where two ties put a
//! recording in two places of one island, and neither is much surer, it is put in neither.
//! Recordings that sound has placed are not compared by light; what joins them weighs little.
//! On the clock of an island of sound a shot stands where it is heard, and those who heard it lie
//! early by the time its sound took to reach them. So what was seen of it by who did not hear it
//! is put that much later than in their pictures, by what is usual, and the doubt says how usual.

use evidence::{ClockMap, MediaTime, RunnerUp, Tie, TieKind, Window};
use rayon::prelude::*;

use super::clock::{self, Placed};
use super::graph::Island;
use super::least_squares::Observation;
use super::pieces::Piece;
use crate::findings::Findings;
use crate::synchronise::nanoseconds;
use crate::tie::light::{self, Coincidence, Seen};
use crate::tie::refine::WINDOWS_MAX;
use crate::{Error, Recording, Watch};

/// How far a camera may stamp its pictures from when it exposed them: half a frame, as a standard
/// deviation. All coincidences of a pair share it.
const CAMERA_SIGMA_S: f64 = 0.008;

/// Light comes at once, sound came some 6 m to a recording that lies where sound put it …
const SOUND_CAME_S: f64 = 0.0175;

/// … or none at all, or twice as far.
const SOUND_SIGMA_S: f64 = 0.0175;

/// Ties within this agree about a place: first offsets are good to a quarter of a second.
const TOGETHER_S: f64 = 0.3;

/// A tie that contradicts is ignored only when it is weaker than this share of the other.
const CONTRADICTS_FROM: f64 = 0.5;

/// Two recordings, by index, that saw the same; the left one has the smaller id.
struct Bond {
    left: usize,
    right: usize,
    seen: Seen,
    /// Mean residual against the solution, where both are in it.
    residual_s: Option<f64>,
}

/// What light says about the recordings.
pub(crate) struct ByLight {
    /// The surest first.
    bonds: Vec<Bond>,
    /// For each recording the island that sound put it in.
    home: Vec<Option<usize>>,
    /// For each recording whether sound put it there.
    by_sound: Vec<bool>,
    /// For each recording the group that it belongs to; islands of sound come first.
    group: Vec<usize>,
    /// Recordings that would fit in two places of their island, and go to neither.
    torn: Vec<usize>,
}

impl ByLight {
    /// Compares those that no island holds with all others.
    pub(crate) fn find(
        recordings: &[&Recording],
        islands: &[Island],
        watch: &dyn Watch,
    ) -> Result<Self, Error> {
        let holder = |i| islands.iter().position(|island| island.members.iter().any(|m| m.0 == i));
        let home: Vec<Option<usize>> = (0..recordings.len()).map(holder).collect();
        let lit = |i: usize| recordings[i].light.is_some_and(|light| light.jumps() > 0);
        let mut pairs = Vec::new();
        for a in (0..recordings.len()).filter(|&i| lit(i)) {
            for b in (a + 1..recordings.len()).filter(|&i| lit(i)) {
                if home[a].is_none() || home[b].is_none() {
                    let is_in_order = recordings[a].id < recordings[b].id;
                    pairs.push(if is_in_order { (a, b) } else { (b, a) });
                }
            }
        }
        let mut bonds: Vec<Bond> = pairs
            .par_iter()
            .filter(|_| !watch.stopped())
            .filter_map(|&(left, right)| {
                let seen =
                    light::seen(recordings[left].light?, recordings[right].light?, pairs.len())?;
                Some(Bond { left, right, seen, residual_s: None })
            })
            .collect();
        if watch.stopped() {
            return Err(Error::Stopped);
        }
        bonds.sort_by(|a, b| {
            b.seen.score.total_cmp(&a.seen.score).then((a.left, a.right).cmp(&(b.left, b.right)))
        });
        let group = grouped(&home, islands.len(), &bonds);
        let by_sound =
            home.iter().zip(recordings).map(|(home, r)| home.is_some() && r.heard.is_enough());
        let by_sound = by_sound.collect();
        Ok(Self { bonds, home, by_sound, group, torn: Vec::new() })
    }

    /// Adds to the pieces of an island those that light binds to it; what binds them, with
    /// the number of the bond.
    pub(crate) fn join(
        &mut self,
        island: usize,
        pieces: &mut Vec<Piece>,
        recordings: &[&Recording],
    ) -> Vec<(usize, Observation)> {
        while let Some((newcomer, offset_s)) = self.next(island, pieces) {
            let end_s = duration_s(recordings[newcomer]);
            pieces.push(Piece { recording: newcomer, start_s: 0.0, end_s, offset_s });
        }
        let numbered = |(k, bond)| self.observe(bond, pieces).into_iter().map(move |o| (k, o));
        self.bonds.iter().enumerate().flat_map(numbered).collect()
    }

    /// The islands that only light makes.
    pub(crate) fn islands_of_light(
        &mut self,
        recordings: &[&Recording],
        watch: &dyn Watch,
    ) -> Result<Vec<Vec<Placed>>, Error> {
        let mut islands = Vec::new();
        for first in (0..recordings.len()).filter(|&i| self.is_first(i)).collect::<Vec<_>>() {
            let end_s = duration_s(recordings[first]);
            let mut pieces = vec![Piece { recording: first, start_s: 0.0, end_s, offset_s: 0.0 }];
            let seen = self.join(self.group[first], &mut pieces, recordings);
            if pieces.len() > 1 {
                let solved =
                    clock::solve(recordings, &pieces, &[], &[], &seen, (&Findings::new(), watch))?;
                self.settle(self.group[first], &solved.placed);
                islands.push(solved.placed);
            }
        }
        Ok(islands)
    }

    /// Whether it is the first of a group without sound.
    fn is_first(&self, i: usize) -> bool {
        let mut members = (0..self.group.len()).filter(|&k| self.group[k] == self.group[i]);
        members.clone().all(|k| self.home[k].is_none()) && members.next() == Some(i)
    }

    /// The recording that is most surely bound to the pieces, and its first offset.
    fn next(&mut self, island: usize, pieces: &[Piece]) -> Option<(usize, f64)> {
        let is_in = |i: usize| pieces.iter().any(|p| p.recording == i);
        loop {
            let loose = |i: usize| self.group[i] == island && !is_in(i) && !self.torn.contains(&i);
            let bond = self
                .bonds
                .iter()
                .find(|b| (is_in(b.left) && loose(b.right)) || (is_in(b.right) && loose(b.left)))?;
            let newcomer = if is_in(bond.left) { bond.right } else { bond.left };
            let Some(offset_s) = proposed(bond, newcomer, pieces) else {
                self.torn.push(newcomer);
                continue;
            };
            let other = self.bonds.iter().filter(|b| b.left == newcomer || b.right == newcomer);
            let contradicts = other
                .filter(|b| b.seen.score >= CONTRADICTS_FROM * bond.seen.score)
                .filter(|b| is_in(b.left) || is_in(b.right))
                .filter_map(|b| proposed(b, newcomer, pieces))
                .any(|other_s| (other_s - offset_s).abs() > TOGETHER_S);
            if !contradicts {
                return Some((newcomer, offset_s));
            }
            self.torn.push(newcomer);
        }
    }

    /// The moments of a bond, if the pieces hold both its recordings and it agrees with them.
    fn observe(&self, bond: &Bond, pieces: &[Piece]) -> Vec<Observation> {
        let both: Vec<(usize, usize, &Coincidence)> = bond
            .seen
            .together
            .iter()
            .filter_map(|c| {
                let left = holding(pieces, bond.left, c.left_s)?;
                let right = holding(pieces, bond.right, c.right_s)?;
                let off_s = pieces[left].offset_s + c.left_s - pieces[right].offset_s - c.right_s;
                (off_s.abs() <= TOGETHER_S).then_some((left, right, c))
            })
            .collect();
        let (left_later_s, right_later_s) = self.later_s(bond);
        let by_sound = left_later_s + right_later_s > 0.0;
        let shared_s = if by_sound { CAMERA_SIGMA_S.hypot(SOUND_SIGMA_S) } else { CAMERA_SIGMA_S };
        let told_again = (both.len() as f64).sqrt();
        both.into_iter()
            .map(|(left_piece, right_piece, c)| Observation {
                left_piece,
                right_piece,
                left_s: c.left_s - left_later_s,
                right_s: c.right_s - right_later_s,
                is_length: false,
                sigma_s: c.sigma_s.hypot(shared_s * told_again),
            })
            .collect()
    }

    /// Every pair that saw the same.
    pub(crate) fn ties(&self, recordings: &[&Recording]) -> Vec<Tie> {
        self.bonds.iter().map(|bond| bond.tie(recordings, self.later_s(bond))).collect()
    }

    /// By how much either recording of a bond lies later than the other's pictures say.
    fn later_s(&self, bond: &Bond) -> (f64, f64) {
        match (self.by_sound[bond.left], self.by_sound[bond.right]) {
            (true, false) => (0.0, SOUND_CAME_S),
            (false, true) => (SOUND_CAME_S, 0.0),
            _ => (0.0, 0.0),
        }
    }

    /// Remembers how far the bonds are from the solution of an island.
    pub(crate) fn settle(&mut self, island: usize, placed: &[Placed]) {
        let pieces: Vec<Piece> = placed.iter().map(|p| p.piece).collect();
        let case_s = |piece: usize, media_s: f64| {
            placed[piece].offset_s + media_s * (1.0 + placed[piece].drift_ppm * 1e-6)
        };
        for k in 0..self.bonds.len() {
            let bond = &self.bonds[k];
            if self.group[bond.left] != island || self.group[bond.right] != island {
                continue;
            }
            let off_s: Vec<f64> = self
                .observe(&self.bonds[k], &pieces)
                .iter()
                .map(|o| case_s(o.left_piece, o.left_s) - case_s(o.right_piece, o.right_s))
                .collect();
            let mean_s = off_s.iter().sum::<f64>() / off_s.len() as f64;
            self.bonds[k].residual_s = (!off_s.is_empty()).then_some(mean_s);
        }
    }
}

impl Bond {
    /// As evidence: what was seen, each side put as much later as it enters the solution, so that
    /// residuals of the tie and of its coincidences are counted from one line.
    fn tie(&self, recordings: &[&Recording], later_s: (f64, f64)) -> Tie {
        let (left, right) = (recordings[self.left], recordings[self.right]);
        let seen = &self.seen;
        let shift_s = later_s.1 - later_s.0;
        let lag_s = seen.lag_s + shift_s;
        let end_s = duration_s(right).min(duration_s(left) - lag_s);
        let sound_came_s = if shift_s == 0.0 { 0.0 } else { SOUND_SIGMA_S };
        let sigma_s = seen.sigma_s().hypot(CAMERA_SIGMA_S).hypot(sound_came_s);
        let piece = evidence::Piece {
            start: MediaTime::from_seconds((-lag_s).max(0.0)),
            end: MediaTime::from_seconds(end_s),
            map: ClockMap::from_seconds(lag_s, 0.0),
            sigma_ns: nanoseconds(sigma_s),
        };
        let rival = |(lag_s, share)| RunnerUp { offset_ns: nanoseconds(lag_s + shift_s), share };
        let nth = seen.together.len().div_ceil(WINDOWS_MAX).max(1);
        Tie {
            left: left.id,
            right: right.id,
            kind: TieKind::Light,
            pieces: vec![piece],
            score: seen.score,
            windows_agree: seen.together.len() as u32,
            windows_disagree: seen.missed as u32,
            runner_up: seen.rival.map(rival),
            accepted: self.residual_s.is_some_and(|off_s| off_s.abs() < clock::REJECTED_FROM_S),
            windows: seen.together.iter().step_by(nth).map(|c| window(c, later_s)).collect(),
            residual_ns: self.residual_s.map(nanoseconds),
        }
    }
}

/// A coincidence as evidence, each side put so much later (see [`ByLight::later_s`]).
fn window(c: &Coincidence, (left_later_s, right_later_s): (f64, f64)) -> Window {
    let (left_s, right_s) = (c.left_s - left_later_s, c.right_s - right_later_s);
    Window {
        at: MediaTime::from_seconds(right_s),
        lag_ns: nanoseconds(left_s - right_s),
        agrees: true,
    }
}

/// Seconds of a recording, by its sound or its pictures.
fn duration_s(recording: &Recording) -> f64 {
    let seen_s = recording.light.map_or(0.0, crate::Light::duration_s);
    recording.heard.duration_s().max(seen_s)
}

/// Which recordings belong together, by number of group: the islands of sound, and one for each
/// recording alone, joined by the surest bonds.
fn grouped(home: &[Option<usize>], islands: usize, bonds: &[Bond]) -> Vec<usize> {
    let mut group: Vec<usize> =
        home.iter().enumerate().map(|(i, home)| home.unwrap_or(islands + i)).collect();
    for bond in bonds {
        let (a, b) = (group[bond.left], group[bond.right]);
        let (low, high) = (a.min(b), a.max(b));
        // Two islands of sound stay two.
        if high >= islands {
            group.iter_mut().filter(|g| **g == high).for_each(|g| *g = low);
        }
    }
    group
}

/// Where a bond puts a newcomer beside pieces that hold the other recording.
fn proposed(bond: &Bond, newcomer: usize, pieces: &[Piece]) -> Option<f64> {
    let mut offsets_s: Vec<f64> = bond
        .seen
        .together
        .iter()
        .filter_map(|c| {
            let (other, other_s, own_s) = if bond.left == newcomer {
                (bond.right, c.right_s, c.left_s)
            } else {
                (bond.left, c.left_s, c.right_s)
            };
            Some(pieces[holding(pieces, other, other_s)?].offset_s + other_s - own_s)
        })
        .collect();
    offsets_s.sort_by(f64::total_cmp);
    // On either side of a pause the other recording has two offsets; most decide.
    let middle_s = *offsets_s.get(offsets_s.len() / 2)?;
    let near = offsets_s.iter().filter(|o| (*o - middle_s).abs() <= TOGETHER_S).count();
    (2 * near > bond.seen.together.len()).then_some(middle_s)
}

/// The piece of a recording that holds a moment of it.
fn holding(pieces: &[Piece], recording: usize, at_s: f64) -> Option<usize> {
    pieces.iter().position(|p| p.recording == recording && p.start_s <= at_s && at_s <= p.end_s)
}
