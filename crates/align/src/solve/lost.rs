//! Samples that recorders lost: steps of a clock from a millisecond to a quarter of a second.
//!
//! In: the close looks at an island's pairs. Out: its pieces, cut where a recorder lost samples,
//! and how doubtful each cut is.
//! Method: along each look the most likely path through the windows' peaks (Viterbi 1967), one
//! slope for all of it and each jump paid for; then, along what it takes for steady, the step that
//! leaves least (two-phase regression, Quandt 1958), if it stands far out of the windows' scatter.
//! A recorder only loses: where the lag grows it was
//! the mapped recording that lost, where it shrinks the other. What one pair shows the others of
//! that recorder must show too, by as much, at the same moment: a talker who takes over from
//! another at the far end of the room makes pairs jump by different amounts. The moment is then
//! sought in eighths of a second, by the coherence of phase on either side (`tie::copy`).
//! A recorder that is carried nearer to what it hears, or a source that walks, moves all its lags, too,
//! but little by little (`tie::glide`): that is no loss. Where the sound does not tell, as in a pause
//! of the talk, the doubt of both sides holds half the step.
//! Where a recorder has one partner only, a step is as certain, and what it is not: it may have
//! lost samples, or the sound may come from elsewhere for good. It is cut where the lag never goes
//! back, with the same doubt.
//! Cost: windows × peaks² × slopes for each look; a second for each cut.
//! Cannot: see losses below a millisecond; below 5 ms where sources move or take turns, or with
//! fewer than three witnesses.

use std::io;

use super::clock::Looked;
use super::pieces::Piece;
use crate::Recording;
use crate::tie::copy::Coherence;
use crate::tie::gcc_phat::GccPhat;
use crate::tie::glide;
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
const TREAD_ASKED: usize = 12;

/// Losses below these are not believed: with three witnesses or more; with two, which may be
/// copies of one another; and where there is but one, which may as well have heard another talker, 34 m farther from one than from the other.
const LOST_S_MIN: f64 = 0.005;
const LOST_S_MIN_OF_TWO: f64 = 0.012;
const LOST_S_MIN_ALONE: f64 = 0.1;

/// … and below these where the witnesses agree to [`SAME_LOSS_S_CLOSE`]: eight samples at 8 kHz,
/// less what sampling leaves; and what recorders half a metre from each other might make of talkers.
const LOST_S_MIN_CLOSE: f64 = 0.0008;
const LOST_S_MIN_OF_TWO_CLOSE: f64 = 0.0048;

/// A step that one pair alone shows is cut with half of it as doubt from this size: seven metres of
/// sound's way. Talkers who take turns before two recorders in a room make steps of some
/// milliseconds, and an interview is no recorder that lost samples.
const LOST_S_MIN_DOUBTED: f64 = 0.02;

/// Jumps of two pairs are one loss when they differ by less. Talkers that take turns make pairs
/// jump at the same moment too, but by what each recorder's place makes of it.
const SAME_LOSS_S: f64 = 0.0015;
const SAME_LOSS_S_CLOSE: f64 = 0.0004;

/// A step within a steady stretch stands out of the scatter of its windows by so many times: then
/// hardly a window is on the wrong side of it.
const STANDS_OUT: f64 = 5.0;

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
    /// Scatter of the windows about the steady stretches they are in: the largest.
    scatter_s: f64,
    /// Whether so few windows are anywhere else that no lag comes back.
    is_clean: bool,
}

/// Pieces after the cuts, and for each how far it may lie off because a cut may be none.
pub(crate) struct Cut {
    pub pieces: Vec<Piece>,
    pub doubts_s: Vec<f64>,
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
    /// It is as likely that the sound came from elsewhere.
    is_doubted: bool,
}

/// The pieces, cut at every loss; `None` when there is none.
pub(crate) fn cut(
    pieces: &[Piece],
    looked: &[Looked],
    recordings: &[&Recording],
) -> io::Result<Option<Cut>> {
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
    let mut cuts = Vec::new();
    let mut ears = (Coherence::new(), GccPhat::new());
    for loss in &losses {
        let jump = &paths[loss.look].jumps[loss.jump];
        cuts.extend(moment(&mut ears, loss, jump, pieces, &looked[loss.look], recordings)?);
    }
    Ok((!cuts.is_empty()).then(|| parted(pieces, cuts)))
}

/// Where a piece is cut.
struct Parting {
    piece: usize,
    /// The loser's clock.
    at_s: f64,
    lost_s: f64,
    doubt_s: f64,
}

/// When a loss was, by the look that places it best; `None` where its lag changed little by little.
fn moment(
    (coherence, gcc): &mut (Coherence, GccPhat),
    loss: &Loss,
    jump: &Jump,
    pieces: &[Piece],
    look: &Looked,
    recordings: &[&Recording],
) -> io::Result<Option<Parting>> {
    let sound_of = |piece: usize| recordings[pieces[piece].recording].sound;
    let sounds = (sound_of(look.left_piece), sound_of(look.right_piece));
    let lags = (jump.lag_before, jump.lag_after);
    let right_s = coherence.turns(sounds, (jump.before, jump.after), lags)?;
    let within_s = jump.after - jump.before;
    let grown = glide::grown(gcc, sounds, (right_s, within_s), (lags.0, lags.1 - lags.0))?;
    if grown.is_glide() {
        return Ok(None);
    }
    let is_doubted = loss.is_doubted || !grown.is_step();
    Ok(Some(Parting {
        piece: loss.piece,
        at_s: if loss.piece == look.right_piece { right_s } else { right_s + jump.lag_before },
        lost_s: loss.lost_s,
        doubt_s: if is_doubted { 0.5 * loss.lost_s } else { 0.0 },
    }))
}

/// The pieces, cut.
fn parted(pieces: &[Piece], mut cuts: Vec<Parting>) -> Cut {
    cuts.sort_by(|a, b| a.piece.cmp(&b.piece).then(a.at_s.total_cmp(&b.at_s)));
    let mut result = Cut { pieces: Vec::new(), doubts_s: Vec::new() };
    for (k, piece) in pieces.iter().enumerate() {
        let (mut rest, mut doubt_before_s) = (*piece, 0.0);
        for &Parting { at_s, lost_s, doubt_s, .. } in cuts.iter().filter(|c| c.piece == k) {
            if at_s <= rest.start_s || at_s >= rest.end_s {
                continue;
            }
            result.pieces.push(Piece { end_s: at_s, ..rest });
            result.doubts_s.push(doubt_s.hypot(doubt_before_s));
            rest = Piece { start_s: at_s, offset_s: rest.offset_s + lost_s, ..rest };
            doubt_before_s = doubt_s;
        }
        result.pieces.push(rest);
        result.doubts_s.push(doubt_before_s);
    }
    result
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
                is_doubted: false,
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
        let is_same = |other: &Loss, within_s: f64| {
            other.piece == loss.piece
                && other.before_s < loss.after_s
                && other.after_s > loss.before_s
                && (other.lost_s - loss.lost_s).abs() <= within_s
        };
        if believed.iter().any(|other| is_same(other, SAME_LOSS_S)) {
            continue;
        }
        let witnesses = |within_s: f64| -> usize {
            let agree: Vec<&Loss> = losses.iter().filter(|o| is_same(o, within_s)).collect();
            let saw_none = |k: usize, l: &Looked, path: &Path| {
                agree.iter().all(|a| a.look != k) && saw_nothing(l, path, &loss)
            };
            let against = looked.iter().zip(paths).enumerate().any(|(k, (l, p))| saw_none(k, l, p));
            if against { 0 } else { agree.len() }
        };
        let is_enough = |witnesses: usize, least_s: [f64; 2]| match witnesses {
            0 | 1 => false,
            2 => loss.lost_s >= least_s[1],
            _ => loss.lost_s >= least_s[0],
        };
        let asked = looked.iter().filter(|l| [l.left_piece, l.right_piece].contains(&loss.piece));
        let is_alone = asked.count() == 1;
        let path = &paths[loss.look];
        if is_enough(witnesses(SAME_LOSS_S), [LOST_S_MIN, LOST_S_MIN_OF_TWO])
            || is_enough(witnesses(SAME_LOSS_S_CLOSE), [LOST_S_MIN_CLOSE, LOST_S_MIN_OF_TWO_CLOSE])
            || (is_alone && loss.lost_s >= LOST_S_MIN_ALONE)
        {
            believed.push(loss);
        } else if is_alone && path.is_clean && loss.lost_s >= LOST_S_MIN_DOUBTED {
            believed.push(Loss { is_doubted: true, ..loss });
        }
    }
    believed
}

/// Whether a pair of the loser heard both sides of the loss on one path, and well enough to have
/// seen it.
fn saw_nothing(l: &Looked, path: &Path, loss: &Loss) -> bool {
    if loss.lost_s < STANDS_OUT * path.scatter_s {
        return false;
    }
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
    let on_path: usize = runs.iter().map(Vec::len).sum();
    let mut path =
        Path { is_clean: on_path as f64 >= CLEAN_SHARE * windows.len() as f64, ..Path::default() };
    // Once round another talker and back is no step.
    let mut joined: Vec<Vec<(usize, f64)>> = Vec::new();
    for run in runs {
        match joined.last_mut() {
            Some(last)
                if (last_level(last, &level) - first_level(&run, &level)).abs() <= STEADY_S =>
            {
                last.extend(run);
            }
            _ => joined.push(run),
        }
    }
    let point = |step: &(usize, f64)| (windows[step.0].right_s, level(step));
    let mut steady: Vec<Vec<(usize, f64)>> = Vec::new();
    for mut run in joined {
        let points: Vec<(f64, f64)> = run.iter().map(point).collect();
        path.on_s.extend(points.iter().map(|p| p.0));
        for at in splits(&points).into_iter().rev() {
            steady.push(run.split_off(at));
        }
        steady.push(run);
    }
    steady.sort_by_key(|run| run[0].0);
    for run in &steady {
        let points: Vec<(f64, f64)> = run.iter().map(point).collect();
        path.scatter_s = path.scatter_s.max(scatter(&points));
    }
    for pair in steady.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        // One slope through what is near, or the length of the treads would be taken for a step.
        let near_a = a[a.len() - a.len().min(TREAD_ASKED)..].iter();
        let near_b = b[..b.len().min(TREAD_ASKED)].iter();
        let at = near_a.len();
        let points: Vec<(f64, f64)> = near_a.chain(near_b).map(point).collect();
        let fitted = stepped(&points, at);
        let (before, after) = (points[at - 1].0, points[at].0);
        let middle = f64::midpoint(before, after);
        let lag_before = fitted.before_s(middle) + slope * middle;
        path.jumps.push(Jump { before, after, lag_before, lag_after: lag_before + fitted.step_s });
    }
    path
}

/// A path of which less lies elsewhere never goes back to a lag it has left.
const CLEAN_SHARE: f64 = 0.8;

type Level<'a> = &'a dyn Fn(&(usize, f64)) -> f64;

fn last_level(run: &[(usize, f64)], level: Level) -> f64 {
    median(run[run.len() - run.len().min(TREAD_ASKED)..].iter().map(level).collect())
}

fn first_level(run: &[(usize, f64)], level: Level) -> f64 {
    median(run[..run.len().min(TREAD_ASKED)].iter().map(level).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Where a steady stretch has steps that stand out of its scatter, as indices in order.
fn splits(points: &[(f64, f64)]) -> Vec<usize> {
    let best = (TREAD_MIN..(points.len() + 1).saturating_sub(TREAD_MIN))
        .map(|at| (at, stepped(points, at)))
        .min_by(|a, b| a.1.scatter_s.total_cmp(&b.1.scatter_s));
    let stands_out = |s: &Stepped| {
        let least_s = f64::max(STANDS_OUT * s.scatter_s.max(SAMPLED_S), LOST_S_MIN_CLOSE);
        s.step_s.abs() >= least_s
    };
    let Some((at, _)) = best.filter(|b| stands_out(&b.1)) else { return Vec::new() };
    let mut all = splits(&points[..at]);
    all.push(at);
    all.extend(splits(&points[at..]).into_iter().map(|k| at + k));
    all
}

/// What sampling at 8 kHz leaves of a peak's place.
const SAMPLED_S: f64 = 0.000_03;

/// A line with a step in it.
struct Stepped {
    step_s: f64,
    scatter_s: f64,
    slope: f64,
    /// A point of the line before the step.
    mean: (f64, f64),
}

impl Stepped {
    /// The line before the step.
    fn before_s(&self, at: f64) -> f64 {
        self.mean.1 + self.slope * (at - self.mean.0)
    }
}

/// Least squares through points, the ones from `at` on being higher by a step.
fn stepped(points: &[(f64, f64)], at: usize) -> Stepped {
    let means = |part: &[(f64, f64)]| {
        let count = part.len() as f64;
        let (x, y) = part.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0, y + p.1));
        (x / count, y / count)
    };
    let (before, after) = (means(&points[..at]), means(&points[at..]));
    let mean = |k: usize| if k < at { before } else { after };
    let centred = |k: usize| (points[k].0 - mean(k).0, points[k].1 - mean(k).1);
    let (mut over, mut under) = (0.0, 0.0);
    for k in 0..points.len() {
        let (x, y) = centred(k);
        over += x * y;
        under += x * x;
    }
    let slope = over / under.max(1e-9);
    let squares: f64 = (0..points.len())
        .map(|k| {
            let (x, y) = centred(k);
            (y - slope * x).powi(2)
        })
        .sum();
    let spare = (points.len() as f64 - 3.0).max(1.0);
    let step_s = after.1 - before.1 - slope * (after.0 - before.0);
    Stepped { step_s, scatter_s: (squares / spare).sqrt(), slope, mean: before }
}

/// Standard deviation about a straight line.
fn scatter(points: &[(f64, f64)]) -> f64 {
    stepped(points, points.len()).scatter_s
}
