//! The beginning or end of a recording that does not lie where the rest of it does.
//!
//! In: the pieces of an island and what was heard of them when they were looked at closely. Out:
//! the pieces, where one end of one agrees with nobody: cut there, if that end lies elsewhere, or
//! shortened, if it lies in one of several other places and its sound cannot tell which.
//! Method: a recorder that was paused under a siren fits its partners on either side of the pause
//! at a period of the siren, so that band energies do not tell the two sides apart (`pieces`); the
//! waveforms of its windows do: up to a moment none agrees with any partner, from then on nearly
//! all do. Where a change of the share of agreeing windows at one moment is far likelier than one
//! share throughout, the end that does not agree is taken for a recording of its own and held
//! against all that the others heard (`loose`). A clock does not jump without cause: what fits
//! nowhere else stays where it is.
//! Cost: nothing to speak of where windows agree throughout; else that of one loose recording.
//! Cannot: see an end of less than six seconds, or one with fewer than two partners.

use evidence::SourceId;

use super::clock::{Looked, Placed, Solved};
use super::graph::TOGETHER_S;
use super::loose::{self, Found, Verdict};
use super::pieces::Piece;
use super::played::log_likelihood;
use crate::listen::{FRAMES_PER_S, RATE_HZ};
use crate::sound::Part;
use crate::tie::pairs::{self, Pair};
use crate::tie::search::Candidate;
use crate::{Error, Recording, Watch};

/// By how much likelier the change must be than none, in nepers for each partner: one chance in a
/// thousand, and a recording has some dozen moments at which it may be.
const GAIN_MIN: f64 = 7.0;

/// Partners that must have heard both sides of the moment.
const PARTNERS_MIN: usize = 2;

/// Of the end that lies elsewhere at most this share of the windows agree, by chance one in
/// twenty; of the rest at least that share, as of any look that is believed.
const ELSEWHERE_SHARE_MAX: f64 = 0.15;
const HERE_SHARE_MIN: f64 = 0.3;

/// Shorter ends have too few windows: seconds.
const END_S_MIN: f64 = 6.0;

/// The pieces as they are after a closer look, and the lags that bear the new ones out.
pub(crate) struct Parted {
    pub pieces: Vec<Piece>,
    /// Indices of two recordings, and the lag of the second against the first.
    pub lags: Vec<(usize, usize, Candidate)>,
}

impl Parted {
    /// The pairs of the island with these lags among their candidates.
    pub fn add_to(&self, pairs: &[&Pair]) -> Vec<Pair> {
        let mut more: Vec<Pair> = pairs.iter().map(|p| (*p).clone()).collect();
        for (left, right, lag) in &self.lags {
            pairs::add(&mut more, (*left, *right), *lag);
        }
        more
    }
}

/// `None` where all ends lie where the rest does.
pub(crate) fn part(
    pieces: &[Piece],
    solved: &Solved,
    recordings: &[&Recording],
    watch: &dyn Watch,
) -> Result<Option<Parted>, Error> {
    let mut parted = Parted { pieces: Vec::new(), lags: Vec::new() };
    for (k, piece) in pieces.iter().enumerate() {
        let is_first = k == 0 || pieces[k - 1].recording != piece.recording;
        let is_last = pieces.get(k + 1).is_none_or(|next| next.recording != piece.recording);
        let end = doubtful_end(k, piece, &solved.looked)
            .filter(|end| if end.is_first { is_first } else { is_last });
        let Some(end) = end else {
            parted.pieces.push(*piece);
            continue;
        };
        match verdict(&end, &solved.placed[k], &solved.placed, recordings, watch)? {
            Place::Where => parted.pieces.push(*piece),
            Place::Unknown => parted.pieces.push(end.rest(piece)),
            Place::Elsewhere { shift_s, lags } => {
                let moved =
                    Piece { offset_s: piece.offset_s + shift_s, ..end.piece(piece.recording) };
                let two = [moved, end.rest(piece)];
                let in_order = if end.is_first { two } else { [two[1], two[0]] };
                parted.pieces.extend(in_order);
                parted.lags.extend(lags);
            }
        }
    }
    Ok((parted.pieces != pieces).then_some(parted))
}

/// An end of a piece in which hardly a window agrees.
#[derive(Clone, Copy, Debug)]
struct Doubtful {
    /// Whether it is the beginning.
    is_first: bool,
    /// On the recording's clock: the end, and where the rest surely holds.
    start_s: f64,
    end_s: f64,
    rest_s: f64,
}

impl Doubtful {
    fn piece(&self, recording: usize) -> Piece {
        Piece { recording, start_s: self.start_s, end_s: self.end_s, offset_s: 0.0 }
    }

    fn rest(&self, piece: &Piece) -> Piece {
        if self.is_first {
            Piece { start_s: self.rest_s, ..*piece }
        } else {
            Piece { end_s: self.rest_s, ..*piece }
        }
    }
}

/// A window of a look: its moment on the clock of the piece that is asked about, and its verdict.
type Verdicts = Vec<(f64, bool)>;

/// The end of a piece that agrees with nobody, if it has one.
fn doubtful_end(k: usize, piece: &Piece, looked: &[Looked]) -> Option<Doubtful> {
    let looks: Vec<Verdicts> =
        looked.iter().filter(|l| l.confirmed()).filter_map(|l| verdicts(k, l)).collect();
    let mut all: Verdicts = looks.concat();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let agree = |part: &[(f64, bool)]| part.iter().filter(|w| w.1).count();
    let share = |part: &[(f64, bool)]| agree(part) as f64 / part.len().max(1) as f64;
    let fit = |part: &[(f64, bool)]| log_likelihood(agree(part), part.len());
    let (gain, at) = (1..all.len())
        .map(|at| (fit(&all[..at]) + fit(&all[at..]) - fit(&all), at))
        .reduce(|best, one| if one.0 > best.0 { one } else { best })?;
    let (before, after) = all.split_at(at);
    let is_first = share(before) < share(after);
    let (end, rest) = if is_first { (before, after) } else { (after, before) };
    let moment_s = f64::midpoint(all[at - 1].0, all[at].0);
    let saw_both = |look: &&Verdicts| {
        let early = look.iter().filter(|w| w.0 < moment_s).count();
        early >= WINDOWS_MIN && look.len() - early >= WINDOWS_MIN
    };
    let partners = looks.iter().filter(saw_both).count();
    // Looks of one recording share what it heard, and windows that overlap each other's sound.
    let told_once = (all.last()?.0 - all[0].0) / (all.len() as f64 / looks.len() as f64) / WINDOW_S;
    let is_sure = gain / looks.len() as f64 * told_once.min(1.0) >= GAIN_MIN;
    let is_end = share(end) <= ELSEWHERE_SHARE_MAX && share(rest) >= HERE_SHARE_MIN;
    if partners < PARTNERS_MIN || !is_sure || !is_end {
        return None;
    }
    let (start_s, end_s, rest_s) = if is_first {
        (piece.start_s, all[at - 1].0, all[at].0)
    } else {
        (all[at].0, piece.end_s, all[at - 1].0)
    };
    (end_s - start_s >= END_S_MIN).then_some(Doubtful { is_first, start_s, end_s, rest_s })
}

/// Windows of a look on either side of the moment, at least.
const WINDOWS_MIN: usize = 3;

/// Length of a window.
const WINDOW_S: f64 = crate::tie::gcc_phat::WINDOW_SAMPLES as f64 / RATE_HZ as f64;

/// The windows of a look on the clock of one of its pieces; nothing if it is of others.
fn verdicts(k: usize, l: &Looked) -> Option<Verdicts> {
    let windows = &l.look.as_ref()?.windows;
    if l.right_piece == k {
        Some(windows.iter().map(|w| (w.right_s, w.agrees())).collect())
    } else if l.left_piece == k {
        Some(windows.iter().map(|w| (w.right_s + w.lag_s, w.agrees())).collect())
    } else {
        None
    }
}

/// Where the end of a piece lies.
enum Place {
    /// Where the rest of it does, for all that is known.
    Where,
    /// Not there.
    Unknown,
    /// By so much later, and the lags that bear it out.
    Elsewhere { shift_s: f64, lags: Vec<(usize, usize, Candidate)> },
}

/// Holds the end against all that the other recordings heard.
fn verdict(
    end: &Doubtful,
    own: &Placed,
    placed: &[Placed],
    recordings: &[&Recording],
    watch: &dyn Watch,
) -> Result<Place, Error> {
    let subject = own.piece.recording;
    let whole = recordings[subject];
    let frame = |s: f64| (s.max(0.0) * FRAMES_PER_S as f64).round() as usize;
    let frames = frame(end.start_s)..frame(end.end_s);
    let first_s = frames.start as f64 / FRAMES_PER_S as f64;
    let heard = whole.heard.part(frames.clone());
    let samples = |frame: usize| (frame * RATE_HZ as usize / FRAMES_PER_S) as u64;
    let sound = Part {
        whole: whole.sound,
        first: samples(frames.start),
        length: samples(frames.end) - samples(frames.start),
    };
    // Nobody asks for its id.
    let id = SourceId([0; 32]);
    let part = Recording { id, name: "", heard: &heard, sound: &sound, light: None, stood: None };
    let mut with = recordings.to_vec();
    with.push(&part);
    let others: Vec<Placed> =
        placed.iter().filter(|p| p.piece.recording != subject).copied().collect();
    let verdicts = loose::verdicts(&with, &[recordings.len()], &[&others], watch)?;
    let expected_s = own.offset_s + first_s * (1.0 + own.drift_ppm * 1e-6);
    // A recorder that was paused is behind from then on.
    let is_behind = |shift_s: f64| if end.is_first { shift_s < 0.0 } else { shift_s > 0.0 };
    Ok(match verdicts.into_iter().next() {
        Some(Verdict::Here(found)) => {
            let shift_s = found.offset_s - expected_s;
            if shift_s.abs() <= TOGETHER_S {
                Place::Where
            } else if is_behind(shift_s) {
                Place::Elsewhere { shift_s, lags: lags(&found, subject, first_s) }
            } else {
                Place::Unknown
            }
        }
        Some(Verdict::OneOf(places)) => {
            let is_expected = |offset_s: &f64| (offset_s - expected_s).abs() <= TOGETHER_S;
            if places.iter().any(is_expected) { Place::Where } else { Place::Unknown }
        }
        _ => Place::Where,
    })
}

/// The lags that bear a part out as lags of the recording it is of.
fn lags(found: &Found, subject: usize, first_s: f64) -> Vec<(usize, usize, Candidate)> {
    let of_whole = |c: &Candidate| Candidate {
        lag_s: c.lag_s - first_s,
        at_right_s: c.at_right_s + first_s,
        ..*c
    };
    found.borne_out.iter().map(|(partner, c)| (*partner, subject, of_whole(c))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tie::refine::{Claim, Look, Window};

    const PIECE: Piece = Piece { recording: 1, start_s: 0.0, end_s: 115.0, offset_s: 50.0 };

    /// A look at two recordings whose windows agree where it is said.
    fn looked(left_piece: usize, agrees: impl Fn(f64) -> bool) -> Looked {
        let window = |k: u32| {
            let right_s = 2.0 + 3.6 * f64::from(k);
            let surprise = if agrees(right_s) { 40.0 } else { 10.0 };
            Window { right_s, lag_s: 50.0, surprise, peaks: Vec::new() }
        };
        let claim = Claim {
            lag_s: 50.0,
            at_right_s: 0.0,
            drift_ppm: 0.0,
            right_start_s: 0.0,
            right_end_s: 115.0,
        };
        let look = Look {
            lag_s: 50.0,
            at_right_s: 57.0,
            drift_ppm: 0.0,
            drift_sigma_ppm: None,
            z: 20.0,
            windows: (0..32).map(window).collect(),
        };
        Looked {
            left_piece,
            right_piece: 1,
            pair: 0,
            z: 20.0,
            claim,
            look: Some(look),
            residual_s: 0.0,
            is_overruled: false,
        }
    }

    #[test]
    fn an_end_in_which_nobody_agrees_is_doubted_up_to_the_moment() {
        let after = |right_s: f64| right_s > 47.3;
        let end = doubtful_end(1, &PIECE, &[looked(0, after), looked(2, after)]).unwrap();
        assert!(end.is_first && end.start_s == 0.0, "{end:?}");
        assert!(end.end_s < 47.3 && end.rest_s > 47.3 && end.rest_s - end.end_s < 4.0, "{end:?}");
    }

    #[test]
    fn what_one_partner_alone_does_not_hear_is_no_doubt() {
        let after = |right_s: f64| right_s > 47.3;
        assert!(doubtful_end(1, &PIECE, &[looked(0, after)]).is_none());
        assert!(doubtful_end(1, &PIECE, &[looked(0, after), looked(2, |_| true)]).is_none());
    }

    #[test]
    fn windows_that_fail_now_and_then_are_no_doubt() {
        let every_third = |right_s: f64| !(right_s as usize).is_multiple_of(3);
        assert!(
            doubtful_end(1, &PIECE, &[looked(0, every_third), looked(2, every_third)]).is_none()
        );
    }
}
