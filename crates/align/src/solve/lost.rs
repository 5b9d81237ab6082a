//! Samples that recorders lost: steps of a clock from milliseconds to a quarter of a second.
//!
//! In: the close looks at an island's pairs. Out: its pieces, cut where a recorder lost samples.
//! Method: along each look the most likely path through the windows' peaks (Viterbi 1967), one
//! slope for all of it and each jump paid for. A recorder only loses: where the lag grows it was
//! the mapped recording that lost, where it shrinks the other. What one pair shows the others of
//! that recorder must show too, by as much, at the same moment: a talker who takes over from
//! another at the far end of the room makes pairs jump by different amounts. The moment is then
//! sought in eighths of a second, by the coherence of phase on either side (`tie::copy`).
//! Cost: windows × peaks² × slopes for each look; half a second for each cut.
//! Cannot: see losses below 5 ms, below 12 ms with only two witnesses, below 0.1 s with one.

use std::io;

use super::clock::Looked;
use super::pieces::Piece;
use crate::Recording;
use crate::tie::copy::Coherence;
use crate::tie::refine::Window;

/// Slopes tried, in parts per million.
const SLOPE_MAX_PPM: i32 = 300;
const SLOPE_STEP_PPM: usize = 15;

/// What a steep slope costs for each part per million, and a jump, in medians of surprise: a
/// jump must be worth three windows.
const SLOPE_COST: f64 = 0.15;
const JUMP_COST: f64 = 90.0;

/// Lags nearer than this are one: a source that moves, rounding.
const STEADY_S: f64 = 0.0015;

/// What it costs to be off by that much.
const STEADY_COST: f64 = 4.0;

/// Windows that may lie off the path between two that lie on it.
const SKIPPED_MAX: usize = 4;

/// A peak below this is chance.
const PEAK_MIN: f64 = 14.0;

/// Windows that a stretch between two jumps must have, and of which its lag is taken.
const TREAD_MIN: usize = 5;
const TREAD_ASKED: usize = 8;

/// Losses below these are not believed: with three witnesses or more; with two, which may be
/// copies of one another; and where there is but one, which may as well have heard another talker, 34 m farther from one than from the other.
const LOST_S_MIN: f64 = 0.005;
const LOST_S_MIN_OF_TWO: f64 = 0.012;
const LOST_S_MIN_ALONE: f64 = 0.1;

/// Jumps of two pairs are one loss when they differ by less. Talkers that take turns make pairs
/// jump at the same moment too, but by what each recorder's place makes of it.
const SAME_LOSS_S: f64 = 0.0015;

/// A step of the lag of one pair.
#[derive(Clone, Debug)]
struct Jump {
    /// Right's clock, seconds: the last window before and the first after.
    before: f64,
    after: f64,
    /// Lags there, seconds.
    lag_before: f64,
    lag_after: f64,
}

/// The path through one look.
#[derive(Clone, Debug, Default)]
struct Path {
    /// Right's clock, of the windows on the path.
    on_s: Vec<f64>,
    jumps: Vec<Jump>,
}

/// A jump as a loss of one recording.
#[derive(Clone, Copy, Debug)]
struct Loss {
    piece: usize,
    /// The loser's clock.
    before_s: f64,
    after_s: f64,
    lost_s: f64,
    /// Index of the look, and of the jump in its path.
    look: usize,
    jump: usize,
}

/// The pieces, cut at every loss; `None` when there is none.
pub(crate) fn cut(
    pieces: &[Piece],
    looked: &[Looked],
    recordings: &[&Recording],
) -> io::Result<Option<Vec<Piece>>> {
    let paths: Vec<Path> = looked
        .iter()
        .map(|l| match &l.look {
            Some(look) if l.confirmed() => path(&look.windows),
            _ => Path::default(),
        })
        .collect();
    let losses = believed(&losses(looked, &paths), looked, &paths);
    if losses.is_empty() {
        return Ok(None);
    }
    let mut coherence = Coherence::new();
    let mut cuts = Vec::new();
    for loss in &losses {
        let l = &looked[loss.look];
        let jump = &paths[loss.look].jumps[loss.jump];
        let (left, right) = (
            recordings[pieces[l.left_piece].recording],
            recordings[pieces[l.right_piece].recording],
        );
        let right_s = coherence.turns(
            (left.sound, right.sound),
            (jump.before, jump.after),
            (jump.lag_before, jump.lag_after),
        )?;
        let at_s = if loss.piece == l.right_piece { right_s } else { right_s + jump.lag_before };
        cuts.push((loss.piece, at_s, loss.lost_s));
    }
    cuts.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut result = Vec::new();
    for (k, piece) in pieces.iter().enumerate() {
        let mut rest = *piece;
        for &(_, at_s, lost_s) in cuts.iter().filter(|c| c.0 == k) {
            if at_s <= rest.start_s || at_s >= rest.end_s {
                continue;
            }
            result.push(Piece { end_s: at_s, ..rest });
            rest = Piece { start_s: at_s, offset_s: rest.offset_s + lost_s, ..rest };
        }
        result.push(rest);
    }
    Ok(Some(result))
}

fn losses(looked: &[Looked], paths: &[Path]) -> Vec<Loss> {
    let mut losses = Vec::new();
    for (look, (l, path)) in looked.iter().zip(paths).enumerate() {
        for (jump, j) in path.jumps.iter().enumerate() {
            let grown_s = j.lag_after - j.lag_before;
            let on_right = grown_s > 0.0;
            let shift_s = if on_right { 0.0 } else { j.lag_before };
            losses.push(Loss {
                piece: if on_right { l.right_piece } else { l.left_piece },
                before_s: j.before + shift_s,
                after_s: j.after + shift_s,
                lost_s: grown_s.abs(),
                look,
                jump,
            });
        }
    }
    losses
}

/// The losses that enough witnesses agree on, one each.
fn believed(losses: &[Loss], looked: &[Looked], paths: &[Path]) -> Vec<Loss> {
    let mut believed: Vec<Loss> = Vec::new();
    let mut order: Vec<usize> = (0..losses.len()).collect();
    // The narrowest bracket first: it places the loss best.
    order.sort_by(|&a, &b| {
        let width_s = |i: usize| losses[i].after_s - losses[i].before_s;
        width_s(a).total_cmp(&width_s(b)).then(a.cmp(&b))
    });
    for loss in order.into_iter().map(|i| losses[i]) {
        let is_same = |other: &Loss| {
            other.piece == loss.piece
                && other.before_s < loss.after_s
                && other.after_s > loss.before_s
                && (other.lost_s - loss.lost_s).abs() <= SAME_LOSS_S
        };
        if believed.iter().any(is_same) {
            continue;
        }
        let agree: Vec<&Loss> = losses.iter().filter(|other| is_same(other)).collect();
        let against = looked
            .iter()
            .zip(paths)
            .enumerate()
            .filter(|(k, (l, path))| {
                agree.iter().all(|a| a.look != *k) && saw_nothing(l, path, &loss)
            })
            .count();
        let least_s = match agree.len() {
            0 | 1 => LOST_S_MIN_ALONE,
            2 => LOST_S_MIN_OF_TWO,
            _ => LOST_S_MIN,
        };
        let asked = looked.iter().filter(|l| [l.left_piece, l.right_piece].contains(&loss.piece));
        let enough = if agree.len() > 1 { against == 0 } else { asked.count() == 1 };
        if enough && loss.lost_s >= least_s {
            believed.push(loss);
        }
    }
    believed
}

/// Whether a pair of the loser heard both sides of the loss on one path.
fn saw_nothing(l: &Looked, path: &Path, loss: &Loss) -> bool {
    let shift_s = if l.right_piece == loss.piece {
        0.0
    } else if l.left_piece == loss.piece {
        l.claim.lag_s
    } else {
        return false;
    };
    let before = path.on_s.iter().filter(|s| **s + shift_s <= loss.before_s + 0.5).count();
    let after = path.on_s.iter().filter(|s| **s + shift_s >= loss.after_s - 0.5).count();
    before >= TREAD_MIN && after >= TREAD_MIN
}

/// The most likely path through the windows' peaks.
fn path(windows: &[Window]) -> Path {
    if windows.len() < 2 * TREAD_MIN {
        return Path::default();
    }
    let slopes = (-SLOPE_MAX_PPM..=SLOPE_MAX_PPM).step_by(SLOPE_STEP_PPM);
    let best = slopes
        .map(|ppm| {
            let (value, steps) = along(windows, f64::from(ppm) * 1e-6);
            (value - SLOPE_COST * f64::from(ppm.abs()), ppm, steps)
        })
        .reduce(|a, b| if b.0 > a.0 { b } else { a });
    let Some((_, ppm, steps)) = best else { return Path::default() };
    treads(windows, &steps, f64::from(ppm) * 1e-6)
}

/// A window and one of its peaks.
type Step = (usize, usize);

/// The best path at one slope: its value, and the window and lag of each of its steps.
fn along(windows: &[Window], slope: f64) -> (f64, Vec<(usize, f64)>) {
    let level = |w: &Window, lag_s: f64| lag_s - slope * w.right_s;
    // For each window and peak: value so far, and where it came from.
    let mut table: Vec<Vec<(f64, Option<Step>)>> = Vec::with_capacity(windows.len());
    for (i, w) in windows.iter().enumerate() {
        let mut row = Vec::with_capacity(w.peaks.len());
        for &(lag_s, surprise) in &w.peaks {
            let own = if surprise >= PEAK_MIN { surprise } else { f64::MIN / 4.0 };
            let mut best = (own, None);
            for j in i.saturating_sub(SKIPPED_MAX + 1)..i {
                for (q, &(other_s, _)) in windows[j].peaks.iter().enumerate() {
                    let apart_s = (level(w, lag_s) - level(&windows[j], other_s)).abs();
                    let cost = if apart_s <= STEADY_S {
                        STEADY_COST * apart_s / STEADY_S
                    } else {
                        JUMP_COST
                    };
                    let value = table[j][q].0 + own - cost;
                    if value > best.0 {
                        best = (value, Some((j, q)));
                    }
                }
            }
            row.push(best);
        }
        table.push(row);
    }
    let (mut value, mut at) = (f64::MIN, None);
    for (i, row) in table.iter().enumerate() {
        for (p, cell) in row.iter().enumerate() {
            if cell.0 > value {
                (value, at) = (cell.0, Some((i, p)));
            }
        }
    }
    let mut steps = Vec::new();
    while let Some((i, p)) = at {
        steps.push((i, windows[i].peaks[p].0));
        at = table[i][p].1;
    }
    steps.reverse();
    (value, steps)
}

/// The path without stretches that are too short, and the jumps between those that are left.
fn treads(windows: &[Window], steps: &[(usize, f64)], slope: f64) -> Path {
    let level = |step: &(usize, f64)| step.1 - slope * windows[step.0].right_s;
    let mut runs: Vec<Vec<(usize, f64)>> = Vec::new();
    for step in steps {
        match runs.last_mut() {
            Some(run)
                if run.last().is_some_and(|last| (level(last) - level(step)).abs() <= STEADY_S) =>
            {
                run.push(*step);
            }
            _ => runs.push(vec![*step]),
        }
    }
    runs.retain(|run| run.len() >= TREAD_MIN);
    let median = |part: &[(usize, f64)]| {
        let mut levels: Vec<f64> = part.iter().map(level).collect();
        levels.sort_by(f64::total_cmp);
        levels[levels.len() / 2]
    };
    let mut path = Path::default();
    for run in &runs {
        path.on_s.extend(run.iter().map(|step| windows[step.0].right_s));
    }
    for pair in runs.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        let before = median(&a[a.len() - a.len().min(TREAD_ASKED)..]);
        let after = median(&b[..b.len().min(TREAD_ASKED)]);
        let (before_s, after_s) = (windows[a[a.len() - 1].0].right_s, windows[b[0].0].right_s);
        let middle_s = slope * f64::midpoint(before_s, after_s);
        if (after - before).abs() > STEADY_S {
            path.jumps.push(Jump {
                before: before_s,
                after: after_s,
                lag_before: before + middle_s,
                lag_after: after + middle_s,
            });
        }
    }
    path
}
