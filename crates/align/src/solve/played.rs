//! Sound that was played again: who recorded a clip that was shown to a witness did not record
//! the incident.
//!
//! In: an island and the ties it rests on. Out: the parts it falls into without ties that are no
//! more than a clip played from a loudspeaker, and those clips.
//! Method: recorders of one moment share sound here and there, as long as both ran; and each sound
//! of a scene comes from a place of its own, so their windows lie some milliseconds about. A clip
//! that is played is shared from its first second to its last and not at all around them, though
//! both hold sound there too; and all of it came the same way, from one loudspeaker: its windows
//! lie on one line to a fraction of a millisecond. Where both hold of a tie, the island is parted
//! along the ties that agree in that stretch alone, unless others hold its two sides together.
//! The side with more recordings is taken for the one that was there. Of two equal ones that
//! cannot be told; nor is a clip seen that was played from a recording which is not here.
//! Cost: nothing to speak of; the windows are known.

use std::collections::BTreeMap;

use evidence::{MediaTime, SourceId, Tie, TieKind, Window};

use super::clock::Placed;
use super::graph::Island;
use crate::straight::Straight;
use crate::tie::gcc_phat::WINDOW_SAMPLES;
use crate::{RATE_HZ, Recording};

/// By how much more likely it is, in nepers, that two recordings agree in one stretch than that
/// they agree all over. Of pairs whose windows lie on one line, recorders of one moment and
/// excerpts were all below 4, clips played under interviews above 8.
const GAIN_MIN: f64 = 7.0;

/// How far windows lie about, in the median, that came from one loudspeaker, seconds: ten
/// centimetres of sound's way. Pairs that agree in one stretch without being played lie ten times
/// as far about.
const ONE_WAY_S: f64 = 0.0003;

/// Windows that a line is fitted to.
const ON_LINE_MIN: usize = 6;

/// A clip that is played fills no more of what two recordings have in common than this, or leaves
/// [`BEYOND_MIN`] windows at either end. Where nearly all of it agrees and one end does not, noise
/// drowned that end.
const CLIP_SHARE_MAX: f64 = 0.6;

/// Outside the stretch so many windows must be seen, and less than such a share of them agree,
/// before a tie is said not to hold there. It is said to hold where chance would agree as often in
/// one tie of a hundred: of the windows of two voices in lively rooms one in nine does.
const BEYOND_MIN: usize = 3;
const BEYOND_SHARE: f64 = 0.2;
const BY_CHANCE: f64 = 1.0 / 9.0;
const CHANCE_MAX: f64 = 0.01;

/// Half a window: it sees that much on either side of its moment.
const HALF_S: f64 = WINDOW_SAMPLES as f64 / RATE_HZ as f64 / 2.0;

/// A clip that was played, by indices of recordings.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    /// Who heard it played; with `source`, in no order if `is_directed` is not.
    pub recording: usize,
    /// Whose sound it is.
    pub source: usize,
    /// Whether more recordings are on the side of `source`.
    pub is_directed: bool,
    /// The stretch on the clock of `recording`, good to half a window.
    pub start_s: f64,
    pub end_s: f64,
    /// Where it begins on the clock of `source`.
    pub source_start_s: f64,
    /// Windows that agree in it.
    pub windows: usize,
    /// What made the two one island.
    pub tie: Tie,
}

impl Played {
    /// The other recording, and the stretch on the clock of this one, if the clip concerns it.
    pub fn seen_from(&self, recording: usize) -> Option<(usize, f64, f64)> {
        let length_s = self.end_s - self.start_s;
        if recording == self.recording {
            Some((self.source, self.start_s.max(0.0), self.end_s))
        } else if recording == self.source {
            let start_s = self.source_start_s.max(0.0);
            Some((self.recording, start_s, self.source_start_s + length_s))
        } else {
            None
        }
    }
}

/// What an island falls into.
struct Parted {
    /// Each with two members or more.
    pub islands: Vec<Island>,
    pub played: Vec<Played>,
}

/// Parts the islands that only clips hold together which were played again; the clips.
pub(crate) fn part_each(
    islands: &mut Vec<Island>,
    solved: &[(Vec<Placed>, Vec<Tie>)],
    recordings: &[&Recording],
) -> Vec<Played> {
    let mut all = Vec::new();
    let mut parts = Vec::new();
    for (island, (placed, ties)) in islands.drain(..).zip(solved) {
        match part(&island, placed, ties, recordings) {
            Some(parted) => {
                parts.extend(parted.islands);
                all.extend(parted.played);
            }
            None => parts.push(island),
        }
    }
    *islands = parts;
    all
}

/// The parts of an island that nothing but played clips holds together, if there are any.
fn part(
    island: &Island,
    placed: &[Placed],
    ties: &[Tie],
    recordings: &[&Recording],
) -> Option<Parted> {
    let index: BTreeMap<SourceId, usize> =
        island.members.iter().map(|m| (recordings[m.0].id, m.0)).collect();
    let ends = |t: &Tie| Some((*index.get(&t.left)?, *index.get(&t.right)?));
    let accepted: Vec<(&Tie, (usize, usize))> =
        ties.iter().filter(|t| t.accepted).filter_map(|t| Some((t, ends(t)?))).collect();
    let one_way: Vec<(usize, Stretch)> =
        (0..accepted.len()).filter_map(|k| Some((k, one_way_stretch(accepted[k].0)?))).collect();
    if one_way.is_empty() {
        return None;
    }
    let clock = Clock { placed };
    let stretches: Vec<(f64, f64)> =
        one_way.iter().filter_map(|(k, s)| clock.span(accepted[*k].1.1, s)).collect();
    let mut sides = Sides::new(&island.members);
    let mut kinds: Vec<(Reach, &Tie, (usize, usize))> = accepted
        .iter()
        .map(|&(tie, ends)| (clock.reach(tie, ends.1, &stretches), tie, ends))
        .collect();
    for (_, _, (left, right)) in kinds.iter().filter(|k| k.0 == Reach::Beyond) {
        sides.join(*left, *right);
    }
    let apart: Vec<(usize, Stretch)> = one_way
        .into_iter()
        .filter(|(k, _)| sides.of(accepted[*k].1.0) != sides.of(accepted[*k].1.1))
        .collect();
    if apart.is_empty() {
        return None;
    }
    // Who is seen in the stretch only goes with whom it agrees most with.
    kinds.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.score.total_cmp(&a.1.score)));
    let is_parted = |sides: &Sides, a: usize, b: usize| {
        let (a, b) = (sides.of(a), sides.of(b));
        apart.iter().any(|(k, _)| {
            let (left, right) = accepted[*k].1;
            let (left, right) = (sides.of(left), sides.of(right));
            (left, right) == (a, b) || (left, right) == (b, a)
        })
    };
    for (_, _, (left, right)) in &kinds {
        if !is_parted(&sides, *left, *right) {
            sides.join(*left, *right);
        }
    }
    let played = apart
        .iter()
        .map(|(k, stretch)| played(accepted[*k].0, accepted[*k].1, stretch, &sides))
        .collect();
    Some(Parted { islands: sides.islands(&island.members), played })
}

/// The windows, in order of time, that agree where a pair agrees.
#[derive(Clone, Debug)]
struct Stretch {
    windows: Vec<Window>,
}

/// The stretch of a tie, if it agrees in one alone and all of it came one way.
fn one_way_stretch(tie: &Tie) -> Option<Stretch> {
    if tie.kind != TieKind::Sound {
        return None;
    }
    let mut windows = tie.windows.clone();
    windows.sort_by_key(|w| w.at);
    let (from, to, gain) = likeliest_stretch(&windows)?;
    let spread_s = windows.last()?.at.seconds() - windows.first()?.at.seconds();
    // Windows that overlap say less than their number.
    let apart = spread_s / (windows.len() - 1) as f64 / (2.0 * HALF_S);
    let inside: Vec<Window> = windows[from..to].iter().copied().filter(|w| w.agrees).collect();
    let is_part = (to - from) as f64 <= CLIP_SHARE_MAX * windows.len() as f64
        || from.min(windows.len() - to) >= BEYOND_MIN;
    let is_one = gain * apart.min(1.0) >= GAIN_MIN
        && is_part
        && inside.len() >= ON_LINE_MIN
        && strays_s(&inside) <= ONE_WAY_S;
    is_one.then_some(Stretch { windows: inside })
}

/// The stretch that a change of the share of agreeing windows at its two ends explains best, and
/// by how much better than no change does, in nepers: a likelihood ratio.
fn likeliest_stretch(windows: &[Window]) -> Option<(usize, usize, f64)> {
    let agreeing: Vec<usize> = std::iter::once(0)
        .chain(windows.iter().scan(0, |sum, w| {
            *sum += usize::from(w.agrees);
            Some(*sum)
        }))
        .collect();
    let all = windows.len();
    let total = agreeing[all];
    let throughout = log_likelihood(total, all);
    let mut best: Option<(usize, usize, f64)> = None;
    for from in 0..all {
        for to in from + ON_LINE_MIN..=all {
            let inside = agreeing[to] - agreeing[from];
            let (length, rest) = (to - from, all - (to - from));
            if rest == 0 || inside * rest <= (total - inside) * length {
                continue;
            }
            let gain =
                log_likelihood(inside, length) + log_likelihood(total - inside, rest) - throughout;
            if best.is_none_or(|b| gain > b.2) {
                best = Some((from, to, gain));
            }
        }
    }
    best
}

/// Of `hits` in `all` at their own rate.
pub(super) fn log_likelihood(hits: usize, all: usize) -> f64 {
    if hits == 0 || hits == all {
        return 0.0;
    }
    let rate = hits as f64 / all as f64;
    hits as f64 * rate.ln() + (all - hits) as f64 * (1.0 - rate).ln()
}

/// How far windows lie from their line, in the median.
fn strays_s(windows: &[Window]) -> f64 {
    let points: Vec<(f64, f64)> =
        windows.iter().map(|w| (w.at.seconds(), w.lag_ns as f64 * 1e-9)).collect();
    let line = Straight::through(&points);
    let mut strays: Vec<f64> = points.iter().map(|p| (p.1 - line.at(p.0)).abs()).collect();
    strays.sort_by(f64::total_cmp);
    strays[strays.len() / 2]
}

/// What a tie says of the time around a clip; the first is the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// It agrees there too.
    Beyond,
    /// It ends with it, or chance might agree as often.
    Unknown,
    /// It does not agree there, though both hold sound.
    Within,
}

/// The clocks of an island.
struct Clock<'a> {
    placed: &'a [Placed],
}

impl Clock<'_> {
    /// Case time of a moment of a recording.
    fn case_s(&self, recording: usize, at: MediaTime) -> Option<f64> {
        let at_s = at.seconds();
        let own = self.placed.iter().filter(|p| p.piece.recording == recording);
        let apart = |p: &&Placed| (p.piece.start_s - at_s).max(at_s - p.piece.end_s).max(0.0);
        let piece = own.min_by(|a, b| apart(a).total_cmp(&apart(b)))?;
        Some(piece.offset_s + at_s * (1.0 + piece.drift_ppm * 1e-6))
    }

    fn span(&self, right: usize, stretch: &Stretch) -> Option<(f64, f64)> {
        let first_s = self.case_s(right, stretch.windows.first()?.at)?;
        let last_s = self.case_s(right, stretch.windows.last()?.at)?;
        Some((first_s - 2.0 * HALF_S, last_s + 2.0 * HALF_S))
    }

    fn reach(&self, tie: &Tie, right: usize, stretches: &[(f64, f64)]) -> Reach {
        if tie.kind != TieKind::Sound {
            return Reach::Beyond;
        }
        let is_beyond = |w: &&Window| {
            self.case_s(right, w.at)
                .is_some_and(|s| stretches.iter().all(|span| s < span.0 || s > span.1))
        };
        let beyond: Vec<&Window> = tie.windows.iter().filter(is_beyond).collect();
        let agreeing = beyond.iter().filter(|w| w.agrees).count();
        if beyond.len() >= BEYOND_MIN && (agreeing as f64) < BEYOND_SHARE * beyond.len() as f64 {
            Reach::Within
        } else if chance_of(agreeing, beyond.len()) <= CHANCE_MAX {
            Reach::Beyond
        } else {
            Reach::Unknown
        }
    }
}

/// How often so many windows or more of all agree by chance: the binomial tail.
fn chance_of(agreeing: usize, all: usize) -> f64 {
    let mut exactly = (1.0 - BY_CHANCE).powi(all as i32);
    let mut fewer = 0.0;
    for hits in 0..agreeing {
        fewer += exactly;
        exactly *= (all - hits) as f64 / (hits + 1) as f64 * BY_CHANCE / (1.0 - BY_CHANCE);
    }
    1.0 - fewer
}

/// Which members hang together.
struct Sides {
    first: BTreeMap<usize, usize>,
}

impl Sides {
    fn new(members: &[(usize, f64)]) -> Self {
        Self { first: members.iter().map(|m| (m.0, m.0)).collect() }
    }

    /// The side of a member, named by its first.
    fn of(&self, member: usize) -> usize {
        self.first[&member]
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        for side in self.first.values_mut().filter(|side| **side == a.max(b)) {
            *side = a.min(b);
        }
    }

    fn size(&self, side: usize) -> usize {
        self.first.values().filter(|s| **s == side).count()
    }

    fn islands(&self, members: &[(usize, f64)]) -> Vec<Island> {
        let mut islands: BTreeMap<usize, Vec<(usize, f64)>> = BTreeMap::new();
        for member in members {
            islands.entry(self.of(member.0)).or_default().push(*member);
        }
        let islands = islands.into_values().filter(|members| members.len() > 1);
        islands.map(|members| Island { members }).collect()
    }
}

fn played(tie: &Tie, (left, right): (usize, usize), stretch: &Stretch, sides: &Sides) -> Played {
    let (first, last) = (stretch.windows[0], stretch.windows[stretch.windows.len() - 1]);
    // A window agrees from about half of it on, so its middle is the nearest guess.
    let in_right = (right, first.at.seconds(), last.at.seconds());
    let in_left =
        (left, in_right.1 + first.lag_ns as f64 * 1e-9, in_right.2 + last.lag_ns as f64 * 1e-9);
    let (left_size, right_size) = (sides.size(sides.of(left)), sides.size(sides.of(right)));
    // The side with more recordings was there; of two equal ones the left is called so.
    let (heard, there) =
        if left_size < right_size { (in_left, in_right) } else { (in_right, in_left) };
    Played {
        recording: heard.0,
        source: there.0,
        is_directed: left_size != right_size,
        start_s: heard.1,
        end_s: heard.2,
        source_start_s: there.1,
        windows: stretch.windows.len(),
        tie: Tie { accepted: false, ..tie.clone() },
    }
}
