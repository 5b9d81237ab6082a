//! Which stretches were copied, out of which recording into which.
//!
//! In: the pairs and their lags. Out: excerpts, one source for each stretch.
//! Method: every lag that two recordings may have is asked whether it is that of a copy (see
//! `tie::copy`). Sound that lies over one of the two was added later; else the recording of which
//! a larger part is shared was cut out of the other. Of several sources of one stretch, as when
//! an excerpt was excerpted again, the one that holds most of it is named, and of equals the one
//! that is no copy itself.

use evidence::{ClockMap, Excerpt, MediaTime, Piece, Placement, SourceId};
use rayon::prelude::*;

use crate::tie::copy::{Coherence, Copied};
use crate::tie::pairs::Pair;
use crate::{Error, Recording, Watch};

/// Sound laid over a copy makes it louder there by at least this, in nepers of energy.
const LAID_OVER_FROM: f64 = 0.2;

/// Copies stand out, even when they are short: of all that were seen none was below 8.
const Z_MIN: f64 = 4.5;

/// Lags of a pair that are asked.
const LAGS_MAX: usize = 6;

/// A source is better that holds more of the stretch than another by this share.
const LONGER_BY: f64 = 0.1;

/// A recording of which so much was copied has nothing else to it.
const WHOLE_FROM: f64 = 0.95;

/// A copied stretch, by indices of recordings.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    copy: usize,
    source: usize,
    start_s: f64,
    source_start_s: f64,
    length_s: f64,
}

/// What was copied; sorted by copy and start.
///
/// # Errors
/// If somebody asked to stop or kept sound cannot be read.
pub(crate) fn excerpts(
    recordings: &[&Recording],
    pairs: &[Pair],
    watch: &dyn Watch,
) -> Result<Vec<Excerpt>, Error> {
    let found: Vec<Vec<Stretch>> = pairs
        .par_iter()
        .map_init(Coherence::new, |coherence, pair| {
            if watch.stopped() {
                return Err(Error::Stopped);
            }
            let (left, right) = (recordings[pair.left], recordings[pair.right]);
            let strong = pair.candidates.iter().filter(|c| c.z >= Z_MIN).take(LAGS_MAX);
            let lags: Vec<f64> = strong.map(|c| c.lag_s).collect();
            let copied =
                coherence.copied(left, right, &lags).map_err(|source| Error::Sound { source })?;
            Ok(directed(pair, &copied, recordings))
        })
        .collect::<Result<_, Error>>()?;
    let mut stretches: Vec<Stretch> = found.into_iter().flatten().collect();
    let is_copy: Vec<bool> =
        (0..recordings.len()).map(|i| stretches.iter().any(|s| s.copy == i)).collect();
    stretches.sort_by(|a, b| {
        let rank = |s: &Stretch| (is_copy[s.source], s.copy, s.source);
        b.length_s.total_cmp(&a.length_s).then(rank(a).cmp(&rank(b)))
    });
    let mut kept: Vec<Stretch> = Vec::new();
    for s in stretches {
        let rival =
            kept.iter().position(|k| k.copy == s.copy && overlap_s(k, &s) > 0.5 * s.length_s);
        match rival {
            None => kept.push(s),
            Some(k) => {
                let as_long = s.length_s > (1.0 - LONGER_BY) * kept[k].length_s;
                if as_long && is_copy[kept[k].source] && !is_copy[s.source] {
                    kept[k] = s;
                }
            }
        }
    }
    let mut excerpts: Vec<Excerpt> = kept
        .iter()
        .map(|s| Excerpt {
            copy: recordings[s.copy].id,
            start: MediaTime::from_seconds(s.start_s),
            end: MediaTime::from_seconds(s.start_s + s.length_s),
            source: recordings[s.source].id,
            source_start: MediaTime::from_seconds(s.source_start_s),
        })
        .collect();
    excerpts.sort_by_key(|e| (e.copy, e.start, e.source));
    Ok(excerpts)
}

/// Seconds that two stretches of one copy share.
fn overlap_s(a: &Stretch, b: &Stretch) -> f64 {
    (a.start_s + a.length_s).min(b.start_s + b.length_s) - a.start_s.max(b.start_s)
}

/// The stretches of a pair with the one that is the copy.
fn directed(pair: &Pair, copied: &[Copied], recordings: &[&Recording]) -> Vec<Stretch> {
    let share = |i: usize| {
        let shared_s: f64 = copied.iter().map(|c| c.length_s).sum();
        shared_s / recordings[i].heard.duration_s().max(1e-3)
    };
    let laid_over: f64 = copied.iter().map(|c| c.laid_over_left * c.length_s).sum::<f64>()
        / copied.iter().map(|c| c.length_s).sum::<f64>().max(1e-3);
    let left_is_copy = if laid_over.abs() >= LAID_OVER_FROM {
        laid_over > 0.0
    } else {
        share(pair.left) > share(pair.right)
    };
    copied
        .iter()
        .map(|c| {
            let (copy, source, start_s, source_start_s) = if left_is_copy {
                (pair.left, pair.right, c.left_start_s, c.right_start_s)
            } else {
                (pair.right, pair.left, c.right_start_s, c.left_start_s)
            };
            Stretch { copy, source, start_s, source_start_s, length_s: c.length_s }
        })
        .collect()
}

/// Puts a recording that holds copies among other things where the copied stretches were
/// recorded, and only those: a broadcast lies on no clock, what it shows does.
pub(crate) fn place(
    placements: &mut Vec<Placement>,
    excerpts: &[Excerpt],
    recordings: &[&Recording],
) {
    let mut waiting: Vec<SourceId> = excerpts.iter().map(|e| e.copy).collect();
    waiting.dedup();
    waiting.retain(|id| {
        let copied_s: f64 = excerpts
            .iter()
            .filter(|e| e.copy == *id)
            .map(|e| e.end.seconds() - e.start.seconds())
            .sum();
        let duration_s =
            recordings.iter().find(|r| r.id == *id).map_or(0.0, |r| r.heard.duration_s());
        copied_s < WHOLE_FROM * duration_s
    });
    // What was copied out of a copy comes after it.
    while !waiting.is_empty() {
        let is_ready =
            |id: &SourceId| excerpts.iter().all(|e| e.copy != *id || !waiting.contains(&e.source));
        let next = waiting.iter().position(is_ready).unwrap_or(0);
        let id = waiting.remove(next);
        let placed: Vec<(u32, Vec<Piece>)> = excerpts
            .iter()
            .filter(|e| e.copy == id)
            .filter_map(|e| {
                let source = placements.iter().find(|p| p.source == e.source)?;
                Some((source.island.0, pieces_of(e, source)))
            })
            .collect();
        // A compilation of two incidents lies on two clocks; the first of them is shown.
        let Some(&(island, _)) = placed.first() else { continue };
        let mut pieces: Vec<Piece> =
            placed.into_iter().filter(|p| p.0 == island).flat_map(|p| p.1).collect();
        pieces.sort_by_key(|p| p.start);
        pieces.dedup_by(|later, earlier| later.start < earlier.end);
        placements.retain(|p| p.source != id);
        if !pieces.is_empty() {
            let island = evidence::Island(island);
            placements.push(Placement { source: id, island, pieces, doubt: None });
        }
    }
    placements.sort_by_key(|p| p.source);
}

/// The copied stretch through the clock of what it was copied from.
fn pieces_of(excerpt: &Excerpt, source: &Placement) -> Vec<Piece> {
    let ahead_ns = excerpt.source_start.0 - excerpt.start.0;
    let within = |piece: &Piece| {
        let start = MediaTime((piece.start.0 - ahead_ns).max(excerpt.start.0));
        let end = MediaTime((piece.end.0 - ahead_ns).min(excerpt.end.0));
        let rate = 1.0 + piece.map.drift_ppm() * 1e-6;
        let offset_s = piece.map.offset_s() + rate * ahead_ns as f64 / 1e9;
        let map = ClockMap::from_seconds(offset_s, piece.map.drift_ppm());
        (start < end).then_some(Piece { start, end, map, ..*piece })
    };
    source.pieces.iter().filter_map(within).collect()
}
