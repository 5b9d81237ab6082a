//! What could not be decided: where recordings on no clock would fit, and whose place is sure only
//! because others agree.

use evidence::{CaseTime, MediaTime, Refusal, SourceId, Tie};
use serde::Serialize;

use super::is_other_piece;
use crate::{Labels, Shown, Snapshot, islands};

/// From this share on a runner-up is as good as the winner: repeats reach it, accidents do not.
pub const SHARE_LEANING: f64 = 0.8;

/// What could not be decided by sound alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Doubtful {
    /// Recordings on no clock.
    pub unplaced: Vec<Unplaced>,
    /// Recordings on a clock whose best tie has a rival nearly as strong.
    pub leaning: Vec<Leaning>,
}

/// A recording on no clock.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unplaced {
    /// Its name.
    pub file: String,
    /// Why.
    pub why: String,
    /// Whether it fits somewhere, in more places than one.
    pub fits: bool,
    /// Where it would fit; or, if nowhere, what came nearest. The best first.
    pub alternatives: Vec<Alternative>,
}

/// A place where a recording would fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Alternative {
    /// The recording it would lie beside.
    pub with: String,
    /// When it would have begun, seconds after that one began.
    pub lag: f64,
    /// The clock of that one, if it is on any.
    pub island: Option<u32>,
    /// When it would have begun on that clock.
    pub case: Option<f64>,
    /// How strongly that is borne out beside the best, 0 to 1.
    pub share: Option<f64>,
    /// Standard deviations above what strangers show, where a single tie says so.
    pub strength: Option<f64>,
}

/// A recording on a clock that one tie alone could not have placed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Leaning {
    /// Its name.
    pub file: String,
    /// With whom its best tie is.
    pub with: String,
    /// When it began, seconds after that one, by that tie.
    pub lag: f64,
    /// When it would have begun by the rival.
    pub rival_lag: f64,
    /// The rival's strength beside the winner's.
    pub share: f64,
    /// Other recordings whose accepted ties agree with where it lies.
    pub others: usize,
}

/// All of it, by name.
pub fn doubtful(snapshot: &Snapshot, labels: &Labels) -> Doubtful {
    let mut doubtful = Doubtful::default();
    for (name, shown) in labels.sorted(snapshot) {
        if labels.twin(name, shown).is_some() {
            continue;
        }
        if shown.is_placed() {
            doubtful.leaning.extend(leaning(snapshot, labels, name, shown.source.id));
        } else {
            doubtful.unplaced.push(Unplaced {
                file: name.to_owned(),
                why: islands::why_unplaced(snapshot, labels, name, shown),
                fits: matches!(shown.refusal, Some(Refusal::Ambiguous { .. })),
                alternatives: alternatives(snapshot, labels, shown),
            });
        }
    }
    doubtful
}

/// Where a recording on no clock would fit; or what came nearest.
pub(super) fn alternatives(
    snapshot: &Snapshot,
    labels: &Labels,
    shown: &Shown,
) -> Vec<Alternative> {
    if shown.is_placed() {
        return Vec::new();
    }
    let id = shown.source.id;
    if let Some(Refusal::Ambiguous { with, offsets_s, shares }) = &shown.refusal {
        let beside = named(snapshot, with, id);
        let alternative = |(nth, &lag): (usize, &f64)| {
            let share = shares.get(nth).copied();
            let known = beside.map(|beside| at(snapshot, labels, beside, lag));
            let unknown = Alternative {
                with: with.clone(),
                lag,
                island: None,
                case: None,
                share: None,
                strength: None,
            };
            Alternative { share, ..known.unwrap_or(unknown) }
        };
        return offsets_s.iter().enumerate().map(alternative).collect();
    }
    let mut near: Vec<Alternative> = snapshot
        .ties
        .iter()
        .filter(|tie| tie.left == id || tie.right == id)
        .map(|tie| {
            let (other, lag) = seen_from(tie, id, offset_ns(tie));
            Alternative { strength: Some(tie.score), ..at(snapshot, labels, other, lag) }
        })
        .collect();
    near.sort_by(|a, b| b.strength.unwrap_or(0.0).total_cmp(&a.strength.unwrap_or(0.0)));
    near
}

/// The recording that a refusal means by a file name: where several have it, one that was tried.
fn named(snapshot: &Snapshot, name: &str, id: SourceId) -> Option<SourceId> {
    let mut found: Vec<SourceId> = snapshot
        .recordings
        .iter()
        .filter(|shown| shown.source.name() == name && shown.source.id != id)
        .map(|shown| shown.source.id)
        .collect();
    let pair = |other: SourceId| {
        let is_pair = |tie: &Tie| [(id, other), (other, id)].contains(&(tie.left, tie.right));
        snapshot.ties.iter().any(is_pair)
    };
    if found.len() > 1 {
        found.retain(|&other| pair(other));
    }
    found.into_iter().next()
}

/// A place beside a recording, on its clock if it has one.
fn at(snapshot: &Snapshot, labels: &Labels, beside: SourceId, lag: f64) -> Alternative {
    let placement = snapshot.recording(beside).and_then(|shown| shown.placement.as_ref());
    let case = placement.and_then(|p| super::near(p, MediaTime::from_seconds(lag)));
    Alternative {
        with: labels.name(beside),
        lag,
        island: placement.map(|placement| placement.island.0),
        case: case.map(CaseTime::seconds),
        share: None,
        strength: None,
    }
}

fn leaning(snapshot: &Snapshot, labels: &Labels, name: &str, id: SourceId) -> Option<Leaning> {
    let own = || snapshot.ties.iter().filter(|t| t.accepted && (t.left == id || t.right == id));
    let best = own().filter(|tie| tie.kind.is_sound()).max_by(|a, b| {
        a.score.total_cmp(&b.score).then((b.left, b.right).cmp(&(a.left, a.right)))
    })?;
    let rival = best.runner_up.filter(|second| {
        second.share >= SHARE_LEANING && !is_other_piece(snapshot, best, second.offset_ns)
    })?;
    let (with, lag) = seen_from(best, id, offset_ns(best));
    let mut others: Vec<SourceId> =
        own().map(|tie| seen_from(tie, id, 0).0).filter(|other| *other != with).collect();
    others.sort_unstable();
    others.dedup();
    Some(Leaning {
        file: name.to_owned(),
        with: labels.name(with),
        lag,
        rival_lag: seen_from(best, id, rival.offset_ns).1,
        share: rival.share,
        others: others.len(),
    })
}

fn offset_ns(tie: &Tie) -> i64 {
    tie.pieces.first().map_or(0, |piece| piece.map.offset_ns)
}

/// The other recording of a tie, and how long after it `id` began if the offset is true.
fn seen_from(tie: &Tie, id: SourceId, offset_ns: i64) -> (SourceId, f64) {
    let lag = offset_ns as f64 / 1e9;
    if tie.right == id { (tie.left, lag) } else { (tie.right, 0.0 - lag) }
}
