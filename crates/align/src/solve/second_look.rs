//! Whether a piece is one, or a repeating sound made it up.
//!
//! In: the pieces of an island. Out: those that the waveforms bear out; a stretch that agrees with
//! its partners as well on its neighbour's clock is its neighbour's.
//! Method: a siren that passes while nobody talks fits its partners a period earlier and later, in
//! band energies and in phase. So each piece is looked at twice, on its own clock and on that of the
//! piece beside it (`tie::refine`). A true pause leaves nothing that agrees on the other's clock.
//! Cost: two looks for each piece and partner, of recordings that have several pieces.

use std::io;

use super::pieces::Piece;
use crate::Recording;
use crate::findings::{Findings, Two};
use crate::tie::gcc_phat::GccPhat;
use crate::tie::pairs::Pair;
use crate::tie::refine::{self, Claim};

/// By how much the windows must be more surprised on the piece's own clock than on the other's.
const BORNE_OUT_FROM: f64 = 1.3;

/// Partners asked, and how long they must have heard the piece, seconds.
const PARTNERS_MAX: usize = 6;
const OVERLAP_S_MIN: f64 = 4.0;

/// The pieces that are borne out, in their order.
pub(crate) fn borne_out(
    mut pieces: Vec<Piece>,
    pairs: &[&Pair],
    recordings: &[&Recording],
    findings: &Findings,
) -> io::Result<Vec<Piece>> {
    let mut gcc = None;
    let mut stepped: Vec<usize> = pieces
        .windows(2)
        .filter(|w| w[0].recording == w[1].recording)
        .map(|w| w[0].recording)
        .collect();
    stepped.dedup();
    for recording in stepped {
        let gcc = gcc.get_or_insert_with(GccPhat::new);
        while let Some((doubtful, neighbour)) =
            next_doubtful(&pieces, recording, |piece, rival| {
                is_doubtful(gcc, &pieces, (piece, rival), pairs, recordings, findings)
            })?
        {
            let (gone, kept) = (pieces[doubtful], &mut pieces[neighbour]);
            kept.start_s = kept.start_s.min(gone.start_s);
            kept.end_s = kept.end_s.max(gone.end_s);
            pieces.remove(doubtful);
        }
    }
    Ok(pieces)
}

/// The shortest piece of a recording that its neighbour explains as well.
fn next_doubtful(
    pieces: &[Piece],
    recording: usize,
    mut is_doubtful: impl FnMut(usize, usize) -> io::Result<bool>,
) -> io::Result<Option<(usize, usize)>> {
    let own: Vec<usize> = (0..pieces.len()).filter(|&k| pieces[k].recording == recording).collect();
    let length_s = |k: usize| pieces[k].end_s - pieces[k].start_s;
    let mut by_length = own.clone();
    by_length.sort_by(|&a, &b| length_s(a).total_cmp(&length_s(b)).then(a.cmp(&b)));
    for piece in by_length {
        let beside = own.iter().copied().filter(|&k| k.abs_diff(piece) == 1);
        let longest = beside.max_by(|&a, &b| length_s(a).total_cmp(&length_s(b)));
        if let Some(neighbour) = longest.filter(|&n| length_s(n) >= length_s(piece))
            && is_doubtful(piece, neighbour)?
        {
            return Ok(Some((piece, neighbour)));
        }
    }
    Ok(None)
}

fn is_doubtful(
    gcc: &mut GccPhat,
    pieces: &[Piece],
    (piece, rival): (usize, usize),
    pairs: &[&Pair],
    recordings: &[&Recording],
    findings: &Findings,
) -> io::Result<bool> {
    let member = pieces[piece].recording;
    let (mut own, mut others, mut asked) = (0.0, 0.0, 0);
    let mut of_member: Vec<&&Pair> =
        pairs.iter().filter(|p| p.left == member || p.right == member).collect();
    of_member.sort_by(|a, b| {
        let z = |p: &Pair| p.candidates.first().map_or(0.0, |c| c.z);
        z(b).total_cmp(&z(a)).then((a.left, a.right).cmp(&(b.left, b.right)))
    });
    for pair in of_member {
        let partner = if pair.left == member { pair.right } else { pair.left };
        for other in pieces.iter().filter(|p| p.recording == partner) {
            if asked >= PARTNERS_MAX {
                break;
            }
            let claims = [piece, rival].map(|clock| {
                claim(&pieces[piece], pieces[clock].offset_s, other, pair.left == member)
            });
            // On the rival's clock the piece may lie before or after the partner.
            let overlap_s = |c: &Claim| c.right_end_s - c.right_start_s;
            if claims.iter().any(|c| overlap_s(c) < OVERLAP_S_MIN) {
                continue;
            }
            let (left, right) = (recordings[pair.left], recordings[pair.right]);
            let mut surprise = [0.0; 2];
            for (claim, surprise) in claims.iter().zip(&mut surprise) {
                let look = || refine::look(gcc, left.sound, right.sound, claim);
                if let Some(look) = findings.look(Two::of(left, right), claim, look)? {
                    let sum: f64 = look.windows.iter().map(|w| w.surprise).sum();
                    *surprise = sum / look.windows.len() as f64;
                }
            }
            own += surprise[0];
            others += surprise[1];
            asked += 1;
        }
    }
    Ok(asked > 0 && own < BORNE_OUT_FROM * others)
}

/// That a piece, if its clock had this offset, and a partner's piece heard the same.
fn claim(piece: &Piece, offset_s: f64, other: &Piece, piece_is_left: bool) -> Claim {
    let start_s = (piece.start_s + offset_s).max(other.start_s + other.offset_s);
    let end_s = (piece.end_s + offset_s).min(other.end_s + other.offset_s);
    let (left_s, right_s) =
        if piece_is_left { (offset_s, other.offset_s) } else { (other.offset_s, offset_s) };
    Claim {
        lag_s: right_s - left_s,
        at_right_s: 0.0,
        drift_ppm: 0.0,
        right_start_s: start_s - right_s,
        right_end_s: end_s - right_s,
    }
}

#[cfg(test)]
mod tests {
    use evidence::{MediaTime, SourceId, Stretch};

    use super::*;
    use crate::listen::RATE_HZ;
    use crate::tie::search::Candidate;
    use crate::{Heard, Listener};

    const RATE: usize = RATE_HZ as usize;

    /// The siren's cycle, and how long it drowns everything else, seconds.
    const CYCLE_S: usize = 7;
    const DROWNED_S: usize = 20;

    /// Noise of changing loudness, after a siren whose cycles are all the same.
    fn scene() -> Vec<f32> {
        let mut state = 7u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        let cycle: Vec<f32> = (0..CYCLE_S * RATE).map(|_| 0.3 * noise()).collect();
        (0..80 * RATE)
            .map(|n| {
                let talk = 0.2 * noise() * (n as f32 / 900.0).sin().max(0.0);
                if n < DROWNED_S * RATE { cycle[n % cycle.len()] } else { talk }
            })
            .collect()
    }

    fn hear(sound: &[f32]) -> Heard {
        let mut listener = Listener::new();
        listener.push(sound);
        let end = MediaTime::from_seconds(sound.len() as f64 / RATE as f64);
        listener.finish(&[Stretch { start: MediaTime::ZERO, end }])
    }

    fn piece(recording: usize, start_s: f64, end_s: f64, offset_s: f64) -> Piece {
        Piece { recording, start_s, end_s, offset_s }
    }

    fn judged(sounds: &[Vec<f32>; 2], pieces: Vec<Piece>) -> Vec<Piece> {
        let heard = sounds.each_ref().map(|sound| hear(sound));
        let recordings: Vec<Recording> = (0..2)
            .map(|i| Recording {
                id: SourceId([i as u8; 32]),
                name: "recording",
                heard: &heard[i],
                sound: &sounds[i],
                light: None,
                stood: None,
            })
            .collect();
        let lag = |lag_s| Candidate { lag_s, z: 20.0, at_right_s: 0.0, drift_ppm: 0.0 };
        let pair = Pair { left: 0, right: 1, candidates: vec![lag(0.0), lag(7.0)] };
        let recordings: Vec<&Recording> = recordings.iter().collect();
        borne_out(pieces, &[&pair], &recordings, &Findings::new()).unwrap()
    }

    #[test]
    fn a_stretch_of_siren_is_no_piece_on_another_cycle() {
        let sound = scene();
        let made_up =
            vec![piece(0, 0.0, 80.0, 0.0), piece(1, 0.0, 12.0, -7.0), piece(1, 12.0, 80.0, 0.0)];
        let whole = vec![piece(0, 0.0, 80.0, 0.0), piece(1, 0.0, 80.0, 0.0)];
        assert_eq!(judged(&[sound.clone(), sound], made_up), whole);
    }

    #[test]
    fn a_true_pause_stays() {
        let sound = scene();
        let mut paused = sound[..40 * RATE].to_vec();
        paused.extend(&sound[50 * RATE..]);
        let pieces =
            vec![piece(0, 0.0, 80.0, 0.0), piece(1, 0.0, 40.0, 0.0), piece(1, 40.0, 70.0, 10.0)];
        assert_eq!(judged(&[sound, paused], pieces.clone()), pieces);
    }
}
