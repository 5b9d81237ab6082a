//! Which stretches were copied, out of which recording into which.
//!
//! In: the pairs and their lags. Out: excerpts, one source for each stretch.
//! Method: every lag that two recordings may have is asked whether it is that of a copy (see
//! `tie::copy`). What is then still on no clock and no copy is searched for at other speeds
//! (`tie::speeds`), and followed by its phases, or, where its pitch was kept, by its band energies
//! (`tie::stretched`). Sound that lies over one of the two was added later; else the one that runs
//! at another speed than recorders of the moment is the copy; else the recording of which a larger
//! part is shared was cut out of the other. Of several sources of one stretch, as when
//! an excerpt was excerpted again, the one that holds most of it is named, and of equals the one
//! that is no copy itself.

use evidence::{ClockMap, CopyReason, Excerpt, MediaTime, Piece, Placement, SourceId, Tie, Window};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::io;

use super::played::Played;
use crate::findings::{Findings, Two};
use crate::straight::Straight;
use crate::tie::copy::{ANY_CLOCK_PPM, Coherence, Copied};
use crate::tie::pairs::Pair;
use crate::tie::speeds::{self, Moment, Unexplained};
use crate::tie::stretched;
use crate::{Error, Recording, Watch};

/// Sound laid over a copy makes it louder there by at least this, in nepers of energy.
const LAID_OVER_FROM: f64 = 0.2;

/// Copies stand out, even when they are short: of all that were seen none was below 8.
const Z_MIN: f64 = 4.5;

/// Lags of a pair that are asked.
const LAGS_MAX: usize = 6;

/// A source is better that holds more of the stretch than another by this share.
const LONGER_BY: f64 = 0.1;

/// Less than this between two copies is not asked about, seconds.
const UNEXPLAINED_S_MIN: f64 = 5.0;

/// Coding again adds and takes away less than this.
const SAME_LENGTH_S: f64 = 0.5;

/// A recording of which so much was copied has nothing else to it.
const WHOLE_FROM: f64 = 0.95;

/// A copied stretch, by indices of recordings.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    copy: usize,
    source: usize,
    start_s: f64,
    source_start_s: f64,
    /// On the copy's clock.
    length_s: f64,
    /// Seconds of the source in one second of the copy.
    speed: f64,
    reason: CopyReason,
}

/// What was copied; sorted by copy and start.
///
/// # Errors
/// If somebody asked to stop or kept sound cannot be read.
pub(crate) fn excerpts(
    recordings: &[&Recording],
    pairs: &[Pair],
    on_clock: &[usize],
    partings: &[Parting],
    (findings, watch): (&Findings, &dyn Watch),
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
            let follow = || coherence.copied(left, right, &lags);
            let copied = findings.copied(Two::of(left, right), &lags, follow);
            let copied = copied.map_err(|source| Error::Sound { source })?;
            Ok(directed((pair.left, pair.right), &copied, recordings, on_clock))
        })
        .collect::<Result<_, Error>>()?;
    let mut stretches: Vec<Stretch> = found.into_iter().flatten().collect();
    let run = (findings, watch);
    stretches.extend(parted(recordings, on_clock, partings, run)?);
    let unexplained = unexplained(recordings, on_clock, &stretches);
    let moments = speeds::moments(&unexplained, recordings, run)?;
    stretches.extend(retimed(recordings, on_clock, &moments, run)?);
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
            speed: s.speed,
            reason: Some(s.reason),
        })
        .collect();
    excerpts.sort_by_key(|e| (e.copy, e.start, e.source));
    Ok(excerpts)
}

/// Adds the clips that were played again, one for each that heard it, where no copy is known
/// there: of several recordings that hold the clip, one that is no copy and agrees the most.
pub(crate) fn add_played(
    excerpts: &mut Vec<Excerpt>,
    played: &[Played],
    recordings: &[&Recording],
) {
    let copies: BTreeSet<SourceId> = excerpts.iter().map(|e| e.copy).collect();
    let mut directed: Vec<&Played> = played.iter().filter(|p| p.is_directed).collect();
    directed.sort_by_key(|p| {
        (copies.contains(&recordings[p.source].id), std::cmp::Reverse(p.windows), p.source)
    });
    for p in directed {
        let new = Excerpt {
            copy: recordings[p.recording].id,
            start: MediaTime::from_seconds(p.start_s.max(0.0)),
            end: MediaTime::from_seconds(p.end_s),
            source: recordings[p.source].id,
            source_start: MediaTime::from_seconds(p.source_start_s + (-p.start_s).max(0.0)),
            speed: 1.0,
            reason: Some(CopyReason::PlayedAgain),
        };
        let is_told = |e: &Excerpt| e.copy == new.copy && e.start < new.end && new.start < e.end;
        if !excerpts.iter().any(is_told) {
            excerpts.push(new);
        }
    }
    excerpts.sort_by_key(|e| (e.copy, e.start, e.source));
}

/// Recordings that another heard at the same time beyond doubt: their waveforms agree, along a line
/// that is a clock's.
pub(crate) fn confirmed<'a>(
    ties: impl Iterator<Item = &'a Tie>,
    recordings: &[&Recording],
) -> Vec<usize> {
    let mut confirmed: Vec<SourceId> = ties
        .filter(|t| {
            let all = f64::from(t.windows_agree + t.windows_disagree);
            t.accepted
                && t.windows_agree >= 2
                && f64::from(t.windows_agree) >= CONFIRMED_SHARE * all
                && slope_ppm(t).abs() <= ANY_CLOCK_PPM
        })
        .flat_map(|t| [t.left, t.right])
        .collect();
    confirmed.sort_unstable();
    (0..recordings.len()).filter(|&i| confirmed.binary_search(&recordings[i].id).is_ok()).collect()
}

/// A moment that a recording and one of its partners share, though they do not agree for long: a
/// thousandth of speed parts two copies as it parts no two clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parting {
    recording: usize,
    partner: usize,
    at_s: f64,
    partner_s: f64,
}

/// The moments of recordings that agree with no partner throughout.
pub(crate) fn partings(ties: &[&Tie], recordings: &[&Recording]) -> Vec<Parting> {
    let index = |id: SourceId| recordings.iter().position(|r| r.id == id);
    let share = |t: &Tie| {
        let map = t.pieces[0].map;
        let strays_s = |w: &&Window| (map.to_case(w.at).0 - w.at.0 - w.lag_ns) as f64 * 1e-9;
        let agreeing = t.windows.iter().filter(|w| w.agrees);
        let on_line = agreeing.filter(|w| strays_s(w).abs() <= ON_LINE_S).count();
        on_line as f64 / t.windows.len().max(1) as f64
    };
    let mut partings = Vec::new();
    for (recording, r) in recordings.iter().enumerate() {
        let mut own: Vec<&Tie> = ties
            .iter()
            .copied()
            .filter(|t| (t.left == r.id || t.right == r.id) && t.windows_agree > 0)
            .collect();
        if own.iter().any(|t| share(t) >= THROUGHOUT_SHARE) {
            continue;
        }
        own.sort_by(|a, b| b.score.total_cmp(&a.score));
        for tie in own.into_iter().take(PARTNERS_MAX) {
            let partner = index(if tie.left == r.id { tie.right } else { tie.left });
            let agreeing: Vec<_> = tie.windows.iter().filter(|w| w.agrees).collect();
            let (Some(partner), false) = (partner, agreeing.is_empty()) else { continue };
            for window in [agreeing[0], agreeing[agreeing.len() / 2]] {
                let right_s = window.at.seconds();
                let left_s = right_s + window.lag_ns as f64 * 1e-9;
                let (at_s, partner_s) =
                    if tie.left == r.id { (left_s, right_s) } else { (right_s, left_s) };
                partings.push(Parting { recording, partner, at_s, partner_s });
            }
        }
    }
    partings
}

/// What was copied at nearly its own speed, where two agree at a moment and part on either side.
fn parted(
    recordings: &[&Recording],
    on_clock: &[usize],
    partings: &[Parting],
    (findings, watch): (&Findings, &dyn Watch),
) -> Result<Vec<Stretch>, Error> {
    let found: Vec<Vec<Stretch>> = partings
        .par_iter()
        .map_init(Coherence::new, |coherence, p| {
            if watch.stopped() {
                return Err(Error::Stopped);
            }
            let (recording, partner) = (recordings[p.recording], recordings[p.partner]);
            let moment = (p.at_s, p.partner_s);
            let follow = || coherence.retimed(recording.sound, partner.sound, moment, 1.0);
            let copied = findings
                .retimed(Two::of(recording, partner), (moment, 1.0), follow)
                .map_err(|source| Error::Sound { source })?;
            let Some(copied) = copied.filter(|c| (c.speed - 1.0).abs() > 1e-9) else {
                return Ok(Vec::new());
            };
            // Which of the two has no clock is told by the others that agree with one of them.
            let on_clock: Vec<usize> =
                on_clock.iter().copied().filter(|i| *i != p.recording).collect();
            Ok(directed((p.recording, p.partner), &[copied], recordings, &on_clock))
        })
        .collect::<Result<_, Error>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// A recording that agrees with a partner in this share of the windows, each so near to one line,
/// runs as it was recorded: at a thousandth beside it every window strays by its own chance.
const THROUGHOUT_SHARE: f64 = 0.5;
const ON_LINE_S: f64 = 0.002;

/// Partners with which the others are compared closely.
const PARTNERS_MAX: usize = 3;

/// By how much the lag of a tie's agreeing windows grows.
fn slope_ppm(tie: &Tie) -> f64 {
    let agreeing: Vec<(f64, f64)> = tie
        .windows
        .iter()
        .filter(|w| w.agrees)
        .map(|w| (w.at.seconds(), w.lag_ns as f64 * 1e-9))
        .collect();
    1e6 * Straight::through(&agreeing).slope
}

/// Windows of a tie of which so many agree are no accident; copies at another speed reach 0.2.
const CONFIRMED_SHARE: f64 = 0.3;

/// Stretches that lie on no clock and are not known to be copies.
fn unexplained(
    recordings: &[&Recording],
    on_clock: &[usize],
    stretches: &[Stretch],
) -> Vec<Unexplained> {
    let mut unexplained = Vec::new();
    for (recording, r) in recordings.iter().enumerate() {
        let mut copied: Vec<&Stretch> = stretches.iter().filter(|s| s.copy == recording).collect();
        let is_explained = copied.is_empty() && on_clock.contains(&recording);
        if is_explained || r.heard.active_s() < UNEXPLAINED_S_MIN {
            continue;
        }
        copied.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        let mut start_s = 0.0f64;
        let ends = copied.iter().map(|s| (s.start_s, s.start_s + s.length_s));
        for (end_s, next_s) in ends.chain([(r.heard.duration_s(), f64::INFINITY)]) {
            if end_s - start_s >= UNEXPLAINED_S_MIN {
                unexplained.push(Unexplained { recording, start_s, end_s });
            }
            start_s = start_s.max(next_s);
        }
    }
    unexplained
}

/// Seconds that two stretches of one copy share.
fn overlap_s(a: &Stretch, b: &Stretch) -> f64 {
    (a.start_s + a.length_s).min(b.start_s + b.length_s) - a.start_s.max(b.start_s)
}

/// The stretches of a pair with the one that is the copy, and why it is.
fn directed(
    (left, right): (usize, usize),
    copied: &[Copied],
    recordings: &[&Recording],
    on_clock: &[usize],
) -> Vec<Stretch> {
    let shared_s: f64 = copied.iter().map(|c| c.length_s).sum();
    let share = |i: usize, shared_s: f64| shared_s / recordings[i].heard.duration_s().max(1e-3);
    let in_right_s: f64 = copied.iter().map(|c| c.length_s * c.speed).sum();
    let shares = (share(left, shared_s), share(right, in_right_s));
    let duration_s = |i: usize| recordings[i].heard.duration_s();
    let longer_by_s = (duration_s(left) - duration_s(right)).abs();
    let laid_over: f64 =
        copied.iter().map(|c| c.laid_over_left * c.length_s).sum::<f64>() / shared_s.max(1e-3);
    let was_retimed = copied.iter().any(|c| (c.speed - 1.0).abs() > 1e-9);
    let one_is_off_clock = on_clock.contains(&left) != on_clock.contains(&right);
    let (left_is_copy, reason) = if laid_over.abs() >= LAID_OVER_FROM {
        (laid_over > 0.0, CopyReason::LaidOver)
    } else if was_retimed && one_is_off_clock {
        (on_clock.contains(&right), CopyReason::OtherSpeed)
    } else if shares.0.min(shares.1) >= WHOLE_FROM && longer_by_s <= SAME_LENGTH_S {
        (shares.0 > shares.1, CopyReason::SameThroughout)
    } else if shares.0.max(shares.1) >= WHOLE_FROM {
        (shares.0 > shares.1, CopyReason::WhollyInside)
    } else {
        (shares.0 > shares.1, CopyReason::MoreShared)
    };
    copied
        .iter()
        .map(|c| {
            if left_is_copy {
                Stretch {
                    copy: left,
                    source: right,
                    start_s: c.left_start_s,
                    source_start_s: c.right_start_s,
                    length_s: c.length_s,
                    speed: c.speed,
                    reason,
                }
            } else {
                Stretch {
                    copy: right,
                    source: left,
                    start_s: c.right_start_s,
                    source_start_s: c.left_start_s,
                    length_s: c.length_s * c.speed,
                    speed: c.speed.recip(),
                    reason,
                }
            }
        })
        .collect()
}

/// What was copied at another speed, around the moments at which two recordings may hold the
/// same; the likeliest are asked first.
fn retimed(
    recordings: &[&Recording],
    on_clock: &[usize],
    moments: &[Moment],
    (findings, watch): (&Findings, &dyn Watch),
) -> Result<Vec<Stretch>, Error> {
    let mut copies: Vec<usize> = moments.iter().map(|m| m.copy).collect();
    copies.sort_unstable();
    copies.dedup();
    let found: Vec<Vec<Stretch>> = copies
        .par_iter()
        .map_init(Coherence::new, |coherence, &copy| {
            let mut own: Vec<&Moment> = moments.iter().filter(|m| m.copy == copy).collect();
            own.truncate((recordings[copy].heard.duration_s() / LOOK_S) as usize + LOOKS_MIN);
            let mut known: Vec<(usize, f32, Copied)> = Vec::new();
            for m in &own {
                if watch.stopped() {
                    return Err(Error::Stopped);
                }
                let two = (recordings[copy], recordings[m.other]);
                let new = around(coherence, two, m, &known, findings);
                if let Some(new) = new.map_err(|source| Error::Sound { source })? {
                    known.push((m.other, m.alike, new));
                }
            }
            let by_bands = stretched(recordings, &own, &known);
            let mut sources: Vec<usize> = known.iter().map(|k| k.0).collect();
            sources.sort_unstable();
            sources.dedup();
            let of_source = |source: &usize| {
                let mut copied: Vec<Copied> =
                    known.iter().filter(|k| k.0 == *source).map(|k| k.2).collect();
                copied.sort_by(|a, b| a.left_start_s.total_cmp(&b.left_start_s));
                directed((copy, *source), &copied, recordings, on_clock)
            };
            Ok(sources.iter().flat_map(of_source).chain(by_bands).collect())
        })
        .collect::<Result<_, Error>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// The copy around a moment, unless it is known or the moment of another is likelier.
fn around(
    coherence: &mut Coherence,
    (copy, other): (&Recording, &Recording),
    m: &Moment,
    known: &[(usize, f32, Copied)],
    findings: &Findings,
) -> io::Result<Option<Copied>> {
    for aside_s in SEEDS_S {
        let copy_s = m.copy_s + aside_s;
        let other_s = m.other_s + aside_s * m.speed;
        let is_known = |(source, alike, c): &(usize, f32, Copied)| {
            let shown_s = c.right_start_s + (copy_s - c.left_start_s) * c.speed;
            let is_there = (c.left_start_s..c.left_start_s + c.length_s).contains(&copy_s);
            let is_it = *source == m.other && (shown_s - other_s).abs() < 0.5;
            is_there && (is_it || m.alike < LIKELY_SHARE * alike)
        };
        if known.iter().any(is_known) {
            continue;
        }
        let moment = (copy_s, other_s);
        let follow = || coherence.retimed(copy.sound, other.sound, moment, m.speed);
        let found = findings.retimed(Two::of(copy, other), (moment, m.speed), follow)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// What was stretched with its pitch kept: no phase tells it, so it must be more alike than any
/// other recording is at that moment, and than this one is at any other.
fn stretched(
    recordings: &[&Recording],
    moments: &[&Moment],
    known: &[(usize, f32, Copied)],
) -> Vec<Stretch> {
    let mut found: Vec<(f64, Stretch)> = Vec::new();
    for m in moments.iter().filter(|m| (m.speed - 1.0).abs() > STRETCHED_FROM) {
        let is_told =
            |start_s: f64, length_s: f64| (start_s..start_s + length_s).contains(&m.copy_s);
        if m.alike < MOMENT_ALIKE_FROM
            || known.iter().any(|k| is_told(k.2.left_start_s, k.2.length_s))
        {
            continue;
        }
        let (copy, other) = (recordings[m.copy].heard, recordings[m.other].heard);
        let Some(s) = stretched::stretch(copy, other, (m.copy_s, m.other_s), m.speed) else {
            continue;
        };
        let stretch = Stretch {
            copy: m.copy,
            source: m.other,
            start_s: s.copy_start_s,
            source_start_s: s.other_start_s,
            length_s: s.length_s,
            speed: s.speed,
            reason: CopyReason::Stretched,
        };
        found.push((s.alike, stretch));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let shows_the_same = |a: &Stretch, b: &Stretch| {
        let at_s = b.start_s + 0.5 * b.length_s;
        let shown_s = |s: &Stretch| s.source_start_s + (at_s - s.start_s) * s.speed;
        a.source == b.source && (shown_s(a) - shown_s(b)).abs() < 0.5
    };
    let mut kept: Vec<Stretch> = Vec::new();
    for (alike, stretch) in &found {
        let is_first = kept.iter().all(|k| overlap_s(k, stretch) <= 0.0);
        let is_alone = found.iter().all(|(other_alike, other)| {
            other_alike.atanh() < alike.atanh() - BESIDE_BELOW
                || overlap_s(other, stretch) <= 0.0
                || shows_the_same(stretch, other)
        });
        let is_sure = *alike >= STRETCHED_ALIKE_FROM
            && stretch.length_s >= STRETCHED_S_MIN
            && (stretch.speed - 1.0).abs() > STRETCHED_FROM;
        if is_first && is_alone && is_sure {
            kept.push(*stretch);
        }
    }
    kept
}

/// Speeds nearer to 1 are not told from a clock or a tempo by band energies.
const STRETCHED_FROM: f64 = 0.008;

/// Correlation of band energies in a window, and in a stretch of at least so many seconds, from
/// which it is believed to be a copy that was stretched.
const MOMENT_ALIKE_FROM: f32 = 0.4;
const STRETCHED_ALIKE_FROM: f64 = 0.45;
const STRETCHED_S_MIN: f64 = 8.0;

/// Whatever else was there at that moment must be less alike by so much, as Fisher's z of the
/// correlations: ten times what chance makes of a stretch of ten seconds.
const BESIDE_BELOW: f64 = 0.25;

/// Moments of a recording that are looked at closely: one for so many seconds, and some more.
const LOOK_S: f64 = 6.0;
const LOOKS_MIN: usize = 6;

/// Where in a window of twelve seconds one looks.
const SEEDS_S: [f64; 5] = [0.0, 2.0, -2.0, 4.0, -4.0];

/// Where one source is known, another that is less alike than this share of it is no better: a
/// microphone beside it.
const LIKELY_SHARE: f32 = 0.8;

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
        copied_s < WHOLE_FROM * duration_s || was_retimed(excerpts, *id)
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

/// Whether a recording holds copies at another speed than they were recorded at.
pub(crate) fn was_retimed(excerpts: &[Excerpt], id: SourceId) -> bool {
    excerpts.iter().any(|e| e.copy == id && !e.is_as_recorded())
}

/// The copied stretch through the clock of what it was copied from.
fn pieces_of(excerpt: &Excerpt, source: &Placement) -> Vec<Piece> {
    let in_copy = |at: MediaTime| {
        let since_s = at.seconds() - excerpt.source_start.seconds();
        MediaTime(excerpt.start.0 + (since_s / excerpt.speed * 1e9).round() as i64)
    };
    let within = |piece: &Piece| {
        let start = in_copy(piece.start).max(excerpt.start);
        let end = in_copy(piece.end).min(excerpt.end);
        let rate = 1.0 + piece.map.drift_ppm() * 1e-6;
        let zero_s = excerpt.source_start.seconds() - excerpt.start.seconds() * excerpt.speed;
        let offset_s = piece.map.offset_s() + rate * zero_s;
        let map = ClockMap::from_seconds(offset_s, (rate * excerpt.speed - 1.0) * 1e6);
        (start < end).then_some(Piece { start, end, map, ..*piece })
    };
    source.pieces.iter().filter_map(within).collect()
}
