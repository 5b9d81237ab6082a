//! All of it: recordings in, one clock for each island out.

use std::collections::BTreeMap;

use evidence::{
    ClockMap, Excerpt, Island, MediaTime, Piece, Placement, Refusal, RunnerUp, SourceId, Tie,
    TieKind,
};

use crate::solve::clock::{self, Looked, Placed};
use crate::solve::copies;
use crate::solve::graph;
use crate::solve::pieces;
use crate::solve::second_look;
use crate::solve::untangle;
use crate::tie::gcc_phat::GccPhat;
use crate::tie::pairs::{self, Pair};
use crate::tie::refine::{self, Claim};
use crate::{Error, Heard, Sound};

/// A recording to be placed.
pub struct Recording<'a> {
    /// Which; no two may be the same.
    pub id: SourceId,
    /// What to call it in a refusal.
    pub name: &'a str,
    /// What the [`Listener`](crate::Listener) made of it.
    pub heard: &'a Heard,
    /// Its sound, for a closer look.
    pub sound: &'a dyn Sound,
}

/// Who waits for the result.
pub trait Watch: Sync {
    /// So many of so many recordings have been compared with the others.
    fn advanced(&self, done: usize, total: usize);
    /// Whether somebody asked to stop; asked several times a second.
    fn stopped(&self) -> bool;
}

/// What was found; everything sorted by [`SourceId`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alignment {
    /// Recordings on a clock. Islands are numbered from 0, the largest first; case zero of
    /// each is the earliest moment of any of its recordings.
    pub placements: Vec<Placement>,
    /// Recordings on no clock, and why.
    pub refusals: Vec<(SourceId, Refusal)>,
    /// The pairs that were looked at closely.
    pub ties: Vec<Tie>,
    /// Stretches copied from one recording into another.
    pub excerpts: Vec<Excerpt>,
}

/// With less sound than this there is nothing to compare.
const ACTIVE_S_MIN: f64 = 0.5;

/// Waveforms confirm a weak claim when their best line stands this far above the others and
/// this share of the windows lies on it. Claims between strangers reach 5.7 with three or more
/// windows.
const CONFIRM_Z: f64 = 6.5;
const CONFIRM_SHARE: f64 = 0.3;

/// Puts the recordings on one clock.
///
/// # Errors
/// [`Error::Stopped`] when [`Watch::stopped`] says so; [`Error::Sound`] when kept sound cannot
/// be read.
pub fn synchronise(recordings: &[Recording], watch: &dyn Watch) -> Result<Alignment, Error> {
    let mut sorted: Vec<&Recording> = recordings.iter().collect();
    sorted.sort_by_key(|r| r.id);
    let mut alignment = Alignment::default();
    let mut audible = Vec::new();
    for recording in sorted {
        match unheard(recording.heard) {
            Some(refusal) => alignment.refusals.push((recording.id, refusal)),
            None => audible.push(recording),
        }
    }
    let heard: Vec<&Heard> = audible.iter().map(|r| r.heard).collect();
    let pairs = pairs::pairs(&heard, watch)?;
    let mut bench = Bench {
        gcc: GccPhat::new(),
        recordings: &audible,
        heard: &heard,
        pairs: &pairs,
        watch,
        failed: None,
    };
    let graph = graph::solve(audible.len(), &pairs, &mut bench);
    if let Some(error) = bench.failed {
        return Err(error);
    }
    let mut solved = Vec::new();
    for island in &graph.islands {
        let inside: Vec<&Pair> = pairs
            .iter()
            .filter(|p| {
                let holds = |i| island.members.iter().any(|m| m.0 == i);
                holds(p.left) && holds(p.right)
            })
            .collect();
        let island = untangle::untangle(island, &inside, &heard);
        let pieces = pieces::pieces(&island, &inside, &heard);
        let pieces = second_look::borne_out(pieces, &inside, &audible)
            .map_err(|source| Error::Sound { source })?;
        let (placed, looked) = clock::solve(&audible, &pieces, &inside, watch)?;
        alignment.ties.extend(looked.iter().map(|l| tie(l, &placed, &inside, &audible)));
        solved.push(placed);
    }
    alignment.excerpts = copies::excerpts(&audible, &pairs, watch)?;
    place(&mut alignment, solved, &audible);
    copies::place(&mut alignment.placements, &alignment.excerpts, &audible);
    refuse(&mut alignment, &graph.undecided, &audible);
    alignment.ties.sort_by(|a, b| {
        (a.left, a.right, a.pieces[0].start).cmp(&(b.left, b.right, b.pieces[0].start))
    });
    Ok(alignment)
}

fn unheard(heard: &Heard) -> Option<Refusal> {
    if heard.active_s() >= ACTIVE_S_MIN {
        return None;
    }
    if heard.active_s() > 0.0 || heard.duration_s() < ACTIVE_S_MIN {
        return Some(Refusal::TooShort { heard_s: heard.active_s() });
    }
    Some(Refusal::Silent)
}

/// Answers the graph from the recordings themselves. After a failure every answer is no.
struct Bench<'a> {
    gcc: GccPhat,
    recordings: &'a [&'a Recording<'a>],
    heard: &'a [&'a Heard],
    pairs: &'a [Pair],
    watch: &'a dyn Watch,
    failed: Option<Error>,
}

impl graph::Witness for Bench<'_> {
    fn confirms(&mut self, pair: usize, lag_s: f64) -> bool {
        if self.watch.stopped() {
            self.failed.get_or_insert(Error::Stopped);
        }
        if self.failed.is_some() {
            return false;
        }
        match confirms(&mut self.gcc, self.recordings, &self.pairs[pair], lag_s) {
            Ok(yes) => yes,
            Err(source) => {
                self.failed = Some(Error::Sound { source });
                false
            }
        }
    }

    fn takes_turns(&mut self, pair: usize) -> bool {
        self.failed.is_none() && pieces::takes_turns(&self.pairs[pair], self.heard)
    }
}

fn confirms(
    gcc: &mut GccPhat,
    recordings: &[&Recording],
    pair: &Pair,
    lag_s: f64,
) -> std::io::Result<bool> {
    let (left, right) = (recordings[pair.left], recordings[pair.right]);
    let claim = Claim {
        lag_s,
        at_right_s: 0.0,
        drift_ppm: 0.0,
        right_start_s: (-lag_s).max(0.0),
        right_end_s: right.heard.duration_s().min(left.heard.duration_s() - lag_s),
    };
    let look = refine::look(gcc, left.sound, right.sound, &claim)?;
    Ok(look.is_some_and(|look| {
        let agree = look.windows.iter().filter(|w| w.agrees()).count() as f64;
        let all = look.windows.len() as f64;
        look.z >= CONFIRM_Z && all >= 3.0 && agree >= CONFIRM_SHARE * all
    }))
}

fn nanoseconds(seconds: f64) -> i64 {
    (seconds * 1e9).round() as i64
}

/// A pair of pieces as evidence.
fn tie(l: &Looked, placed: &[Placed], pairs: &[&Pair], recordings: &[&Recording]) -> Tie {
    let pair = pairs[l.pair];
    let (lag_s, at_s, drift_ppm) = match l.look.as_ref().filter(|_| l.confirmed()) {
        Some(look) => (look.lag_s, look.at_right_s, look.drift_ppm),
        None => (l.claim.lag_s, l.claim.at_right_s, l.claim.drift_ppm),
    };
    let windows = l.look.iter().flat_map(|look| &look.windows);
    let agree = windows.clone().filter(|w| w.agrees()).count() as u32;
    let disagree = windows.count() as u32 - agree;
    let (a, b) = (&placed[l.left_piece], &placed[l.right_piece]);
    let piece = Piece {
        start: MediaTime::from_seconds(l.claim.right_start_s),
        end: MediaTime::from_seconds(l.claim.right_end_s),
        map: ClockMap::from_seconds(lag_s - at_s * drift_ppm * 1e-6, drift_ppm),
        sigma_ns: nanoseconds(a.sigma_s.hypot(b.sigma_s)),
    };
    let rival = pair
        .candidates
        .iter()
        .filter(|c| (c.lag_s - l.claim.lag_s).abs() > 0.3)
        .max_by(|x, y| x.z.total_cmp(&y.z));
    Tie {
        left: recordings[pair.left].id,
        right: recordings[pair.right].id,
        pieces: vec![piece],
        score: l.z,
        windows_agree: agree,
        windows_disagree: disagree,
        runner_up: rival
            .map(|c| RunnerUp { offset_ns: nanoseconds(c.lag_s), share: (c.z / l.z).min(1.0) }),
        accepted: l.residual_s.abs() < clock::REJECTED_FROM_S,
        kind: TieKind::Sound,
    }
}

/// Numbers the islands and sets each one's zero.
fn place(alignment: &mut Alignment, mut solved: Vec<Vec<Placed>>, recordings: &[&Recording]) {
    let size = |island: &[Placed]| {
        let mut members: Vec<usize> = island.iter().map(|p| p.piece.recording).collect();
        members.dedup();
        members.len()
    };
    solved.sort_by_key(|island| {
        (std::cmp::Reverse(size(island)), island.iter().map(|p| p.piece.recording).min())
    });
    for (number, island) in solved.iter().enumerate() {
        let case_start = |p: &Placed| p.offset_s + p.piece.start_s * (1.0 + p.drift_ppm * 1e-6);
        let zero_s = island.iter().map(case_start).fold(f64::INFINITY, f64::min);
        let mut members: BTreeMap<usize, Vec<Piece>> = BTreeMap::new();
        for p in island {
            members.entry(p.piece.recording).or_default().push(Piece {
                start: MediaTime::from_seconds(p.piece.start_s),
                end: MediaTime::from_seconds(p.piece.end_s),
                map: ClockMap::from_seconds(p.offset_s - zero_s, p.drift_ppm),
                sigma_ns: nanoseconds(p.sigma_s),
            });
        }
        for (recording, mut pieces) in members {
            pieces.sort_by_key(|p| p.start);
            let source = recordings[recording].id;
            alignment.placements.push(Placement { source, island: Island(number as u32), pieces });
        }
    }
    alignment.placements.sort_by_key(|p| p.source);
}

fn refuse(alignment: &mut Alignment, undecided: &[graph::Undecided], recordings: &[&Recording]) {
    for (index, recording) in recordings.iter().enumerate() {
        if alignment.placements.iter().any(|p| p.source == recording.id) {
            continue;
        }
        let refusal = match undecided.iter().find(|u| u.recording == index) {
            Some(u) => Refusal::Ambiguous {
                with: recordings[u.with].name.to_owned(),
                offsets_s: u.offsets_s.clone(),
            },
            None => Refusal::SharesNothing,
        };
        alignment.refusals.push((recording.id, refusal));
    }
    alignment.refusals.sort_by_key(|r| r.0);
}
