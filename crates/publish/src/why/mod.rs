//! Why a recording lies where it does, or on no clock: every tie behind it, seen from it.
//!
//! In: a snapshot and a recording. Out: a [`Why`], which serialises as `recount why --json`
//! prints it. Nothing is decided here: what the solution said is turned so that every lag and
//! residual is this recording's, and laid beside the placement.
//!
//! Residuals are what a window says minus the solution; a positive one would move this recording
//! later. Times are seconds; `case` is on the clock of the recording's island.

mod bridges;
mod doubtful;

use evidence::{CaseTime, MediaTime, Piece, Placement, SourceId, Tie};
use serde::Serialize;

use crate::{Labels, Mark, Marks, Shown, Snapshot};

pub use bridges::{Bridge, bridges};
pub use doubtful::{Alternative, Doubtful, Leaning, SHARE_LEANING, Unplaced, doubtful};

/// Why one recording lies where it does, or on no clock.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Why {
    /// Its name.
    pub file: String,
    /// Its hash.
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub sha256: SourceId,
    /// Its length in seconds.
    pub duration: f64,
    /// On which clock it is, if on any.
    pub island: Option<u32>,
    /// Why it is on none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub refusal: Option<String>,
    /// `hand` or `clock`, where its place rests on neither sound nor light.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub placed_by: Option<&'static str>,
    /// When it began in UTC, if the island is anchored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub utc: Option<UtcWhy>,
    /// Where it lies.
    pub pieces: Vec<PieceWhy>,
    /// Jumps between the pieces.
    pub steps: Vec<Step>,
    /// What was heard in common with whom; those in use first, the strongest first.
    pub ties: Vec<TieWhy>,
    /// Stretches of it that were copied from another recording.
    pub copied: Vec<Copied>,
    /// Ties whose loss would split its island.
    pub bridges: Vec<NamedBridge>,
    /// Places where it would fit, if it is on no clock.
    pub alternatives: Vec<Alternative>,
}

/// When a recording began in UTC.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct UtcWhy {
    /// RFC 3339, with as many digits as the doubt bears.
    pub begins: String,
    /// One standard deviation.
    pub sigma: f64,
    /// What persons said of UTC on this island.
    pub said: Vec<String>,
}

/// One piece of the placement, and what its sigma is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PieceWhy {
    /// Media time.
    pub start: f64,
    /// Media time.
    pub end: f64,
    /// Case time of its first moment.
    pub case_start: f64,
    /// Case time of its end.
    pub case_end: f64,
    /// Case time of media time zero.
    pub offset: f64,
    /// By how much its clock ran slow.
    pub drift_ppm: f64,
    /// One standard deviation.
    pub sigma: f64,
    /// Its parts, which add up as squares do; none where they were not told apart.
    pub sigma_parts: Option<SigmaParts>,
}

/// What a sigma is made of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SigmaParts {
    /// What the recording's own windows leave open, drift included.
    pub own: f64,
    /// What the ties of the island leave open by contradicting one another.
    pub contradiction: f64,
    /// What no measurement goes below: sound travels.
    pub floor: f64,
}

/// A jump of the recording's clock: a pause, or lost samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Step {
    /// Media time.
    pub at: f64,
    /// Case time after it.
    pub case: f64,
    /// How much case time the file does not hold there.
    pub missing: f64,
}

/// What this recording and another heard in common.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TieWhy {
    /// The other recording.
    pub with: String,
    /// Its hash.
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub with_sha256: SourceId,
    /// What the tie rests on: `sound`, `light`, `hand`, `clock`.
    pub kind: &'static str,
    /// Whether the solution rests on it.
    pub accepted: bool,
    /// Whether it is only what came nearest, which nobody looked at closely.
    pub near_miss: bool,
    /// Standard deviations above what strangers show.
    pub strength: f64,
    /// The stretch of this recording, media time.
    pub start: f64,
    /// Its end.
    pub end: f64,
    /// When this recording began, seconds after the other began.
    pub lag: f64,
    /// By how much this recording's clock is slower than the other's.
    pub drift_ppm: f64,
    /// Windows that agree.
    pub windows_agree: u32,
    /// Windows with sound in both that do not.
    pub windows_disagree: u32,
    /// By how much the tie alone would move this recording later.
    pub residual: Option<f64>,
    /// Standard deviation of the agreeing windows' residuals about their mean.
    pub residual_spread: Option<f64>,
    /// By how much one of the two can have heard a sound before the other, at most: as long as sound
    /// needs from where a person says the one stood to where the other did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub sooner: Option<f64>,
    /// The best lag elsewhere.
    pub runner_up: Option<RunnerUpWhy>,
    /// What each window said.
    pub windows: Vec<WindowWhy>,
}

/// The second-best lag.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RunnerUpWhy {
    /// As [`TieWhy::lag`].
    pub lag: f64,
    /// Its strength beside the winner's, 0 to 1.
    pub share: f64,
    /// Whether another tie of the same two holds at just that lag, in another piece: the other
    /// side of a pause, and no rival.
    pub is_other_piece: bool,
}

/// What one window said.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct WindowWhy {
    /// Its middle, media time of this recording.
    pub at: f64,
    /// The same on the clock of the island.
    pub case: Option<f64>,
    /// What it says minus the solution.
    pub residual: Option<f64>,
    /// Whether it agrees with the tie beyond chance.
    pub agrees: bool,
}

/// A stretch that was copied from another recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Copied {
    /// Media time.
    pub start: f64,
    /// Media time.
    pub end: f64,
    /// Out of which.
    pub source: String,
    /// Media time of that one.
    pub source_start: f64,
}

/// A [`Bridge`] by names.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NamedBridge {
    /// One end.
    pub left: String,
    /// The other.
    pub right: String,
    /// Who would be parted from the rest.
    pub lost: Vec<String>,
    /// Whether this recording is one of its ends or one of the lost.
    pub concerns_file: bool,
}

/// Everything that is known of why a recording lies where it does; `None` for a hash that the
/// snapshot does not hold.
pub fn why(snapshot: &Snapshot, labels: &Labels, id: SourceId) -> Option<Why> {
    let shown = snapshot.recording(id)?;
    let file = labels.name(id);
    let placement = shown.placement.as_ref().filter(|_| shown.is_placed());
    let here = |tie: &&Tie| tie.left == id || tie.right == id;
    let mut ties: Vec<TieWhy> =
        snapshot.ties.iter().filter(here).map(|tie| tie_why(snapshot, labels, tie, id)).collect();
    ties.sort_by(|a, b| {
        let key = |t: &TieWhy| (!t.accepted, t.near_miss);
        key(a).cmp(&key(b)).then(b.strength.total_cmp(&a.strength)).then(a.with.cmp(&b.with))
    });
    let island = placement.map(|placement| placement.island.0);
    let bridges = bridges(snapshot).into_iter().filter(|bridge| Some(bridge.island) == island);
    let bridges = bridges.map(|bridge| bridge.named(labels, id)).collect();
    let copied = crate::islands::copied(snapshot, shown).into_iter().map(|excerpt| Copied {
        start: excerpt.start.seconds(),
        end: excerpt.end.seconds(),
        source: labels.name(excerpt.source),
        source_start: excerpt.source_start.seconds(),
    });
    Some(Why {
        refusal: labels.reason(&file, shown),
        file,
        sha256: id,
        duration: shown.recording.duration.seconds(),
        island,
        placed_by: placement.and_then(|p| Marks::of(snapshot).get(p.source)).map(Mark::word),
        utc: placement.and_then(|placement| utc(snapshot, placement)),
        pieces: placement.map_or_else(Vec::new, pieces),
        steps: placement.map_or_else(Vec::new, steps),
        ties,
        copied: copied.collect(),
        bridges,
        alternatives: doubtful::alternatives(snapshot, labels, shown),
    })
}

fn utc(snapshot: &Snapshot, placement: &Placement) -> Option<UtcWhy> {
    let utc = snapshot.utc_of(placement.island)?;
    let (begins, sigma_ns) = utc.begins(placement)?;
    Some(UtcWhy {
        begins: begins.text(sigma_ns),
        sigma: sigma_ns as f64 / 1e9,
        said: utc.anchors.iter().map(|word| word.said.clone()).collect(),
    })
}

fn pieces(placement: &Placement) -> Vec<PieceWhy> {
    let seconds = |ns: i64| ns as f64 / 1e9;
    let piece = |piece: &Piece| PieceWhy {
        start: piece.start.seconds(),
        end: piece.end.seconds(),
        case_start: piece.case_start().seconds(),
        case_end: piece.case_end().seconds(),
        offset: piece.map.offset_s(),
        drift_ppm: piece.map.drift_ppm(),
        sigma: piece.sigma_s(),
        sigma_parts: placement.doubt.map(|doubt| SigmaParts {
            own: seconds(doubt.own_ns(piece.sigma_ns)),
            contradiction: seconds(doubt.contradiction_ns),
            floor: seconds(doubt.floor_ns),
        }),
    };
    placement.pieces.iter().map(piece).collect()
}

fn steps(placement: &Placement) -> Vec<Step> {
    let step = |pair: &[Piece]| Step {
        at: pair[1].start.seconds(),
        case: pair[1].case_start().seconds(),
        missing: pair[1].case_start().seconds() - pair[0].map.to_case(pair[1].start).seconds(),
    };
    placement.pieces.windows(2).map(step).collect()
}

/// A tie as the recording `id`, one of its two, sees it.
fn tie_why(snapshot: &Snapshot, labels: &Labels, tie: &Tie, id: SourceId) -> TieWhy {
    let is_right = tie.right == id;
    let other = if is_right { tie.left } else { tie.right };
    // left = right + lag: the right one began `lag` after the left one.
    let turned = if is_right { 1.0 } else { -1.0 };
    let first = tie.pieces.first();
    let (start, end) = match (first, tie.pieces.last()) {
        (Some(first), Some(last)) if is_right => (first.start.seconds(), last.end.seconds()),
        (Some(first), Some(last)) => (first.case_start().seconds(), last.case_end().seconds()),
        _ => (0.0, 0.0),
    };
    let windows = windows(snapshot, tie, id);
    let residuals: Vec<f64> =
        windows.iter().filter(|w| w.agrees).filter_map(|w| w.residual).collect();
    TieWhy {
        with: labels.name(other),
        with_sha256: other,
        kind: tie.kind.word(),
        accepted: tie.accepted,
        near_miss: tie.is_near_miss(),
        strength: tie.score,
        start,
        end,
        lag: turned * first.map_or(0.0, |piece| piece.map.offset_s()),
        drift_ppm: turned * first.map_or(0.0, |piece| piece.map.drift_ppm()),
        windows_agree: tie.windows_agree,
        windows_disagree: tie.windows_disagree,
        residual: tie.residual_ns.map(|ns| turned * ns as f64 / 1e9),
        residual_spread: spread(&residuals),
        sooner: snapshot.stood(id).zip(snapshot.stood(other)).map(|(a, b)| a.sooner_s(b)),
        runner_up: tie.runner_up.map(|second| RunnerUpWhy {
            lag: turned * second.offset_ns as f64 / 1e9,
            share: second.share,
            is_other_piece: is_other_piece(snapshot, tie, second.offset_ns),
        }),
        windows,
    }
}

/// Lags of two pieces within this are one: what sound needs for 100 m, and each pair hears its
/// own sources.
const SAME_LAG_NS: u64 = 300_000_000;

/// Whether another accepted tie of the same two recordings holds at this lag.
pub(crate) fn is_other_piece(snapshot: &Snapshot, tie: &Tie, offset_ns: i64) -> bool {
    let other = |t: &&Tie| t.accepted && (t.left, t.right) == (tie.left, tie.right);
    let mut maps = snapshot.ties.iter().filter(other).flat_map(|t| &t.pieces).map(|p| p.map);
    maps.any(|map| map.offset_ns.abs_diff(offset_ns) < SAME_LAG_NS)
}

fn windows(snapshot: &Snapshot, tie: &Tie, id: SourceId) -> Vec<WindowWhy> {
    let placement = |id| snapshot.recording(id).and_then(|shown: &Shown| shown.placement.as_ref());
    let (left, right) = (placement(tie.left), placement(tie.right));
    let together = left.zip(right).filter(|(left, right)| left.island == right.island);
    let window = |w: &evidence::Window| {
        let left_at = MediaTime(w.at.0.saturating_add(w.lag_ns));
        let cases =
            together.and_then(|(left, right)| Some((near(left, left_at)?, near(right, w.at)?)));
        let is_right = tie.right == id;
        let (at, turned) = if is_right { (w.at, 1.0) } else { (left_at, -1.0) };
        WindowWhy {
            at: at.seconds(),
            case: cases.map(|(left, right)| if is_right { right } else { left }.seconds()),
            residual: cases
                .map(|(left, right)| turned * left.0.saturating_sub(right.0) as f64 / 1e9),
            agrees: w.agrees,
        }
    };
    tie.windows.iter().map(window).collect()
}

/// Case time of a media time by the nearest piece: a window may reach over an end.
fn near(placement: &Placement, media: MediaTime) -> Option<CaseTime> {
    let away = |piece: &&Piece| {
        piece.start.0.saturating_sub(media.0).max(media.0.saturating_sub(piece.end.0)).max(0)
    };
    placement.pieces.iter().min_by_key(away).map(|piece| piece.map.to_case(media))
}

/// Standard deviation about the mean; none of fewer than two.
fn spread(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (count - 1.0)).sqrt())
}

#[cfg(test)]
mod tests;
