//! When a recorder was paused, to a few hundredths of a second.
//!
//! In: the clocks of an island, in which between two pieces of a recording some seconds are claimed
//! by neither; and the close looks they rest on. Out: the pieces drawn up to the moment between them.
//! Method: whoever heard both sides tells two lags, one up to the pause and one from it. Which of
//! the two the recording has in the seconds between, window by window, is the sum over all of them
//! of how well phases agree (`tie::copy`); the moment is where the sums on either side are largest.
//! Where sound speaks for neither side, as in a pause of the talk, nothing is drawn.
//! Cost: half a millisecond for each eighth of a second and partner.
//! Cannot: tell the moment where nobody makes a sound.

use std::io;

use super::clock::{Looked, Placed};
use crate::Recording;
use crate::tie::copy::{Coherence, TwoLags};
use crate::tie::refine::Window;

/// More seconds between two pieces may hold a third.
const GAP_S_MAX: f64 = 12.0;

/// What is left between pieces by less is no doubt, seconds.
const GAP_S_MIN: f64 = 0.25;

/// Windows beside the gap that tell the lag there.
const WINDOWS_ASKED: usize = 3;

/// Draws the pieces of each recording up to the pauses between them.
pub(crate) fn draw_up(
    placed: &mut [Placed],
    looked: &[Looked],
    recordings: &[&Recording],
) -> io::Result<()> {
    let mut coherence = None;
    for after in 1..placed.len() {
        let before = after - 1;
        let (a, b) = (placed[before].piece, placed[after].piece);
        let gap_s = b.start_s - a.end_s;
        if a.recording != b.recording || !(GAP_S_MIN..=GAP_S_MAX).contains(&gap_s) {
            continue;
        }
        let own = recordings[a.recording].sound;
        let witnesses: Vec<TwoLags> = looked
            .iter()
            .filter_map(|l| Some((partner(l, before)?, beside(l, before, a.end_s)?)))
            .filter_map(|(partner_piece, before_s)| {
                let same = |l: &&Looked| partner(l, after) == Some(partner_piece);
                let after_s = beside(looked.iter().find(same)?, after, b.start_s)?;
                let sound = recordings[placed[partner_piece].piece.recording].sound;
                Some(TwoLags { partner: sound, before_s, after_s })
            })
            .collect();
        if witnesses.is_empty() {
            continue;
        }
        let coherence = coherence.get_or_insert_with(Coherence::new);
        if let Some(at_s) = coherence.pause(own, &witnesses, (a.end_s, b.start_s))? {
            placed[before].piece.end_s = at_s;
            placed[after].piece.start_s = at_s;
        }
    }
    Ok(())
}

/// The other piece of a look.
fn partner(l: &Looked, piece: usize) -> Option<usize> {
    if !l.confirmed() || !l.is_accepted() {
        None
    } else if l.left_piece == piece {
        Some(l.right_piece)
    } else {
        (l.right_piece == piece).then_some(l.left_piece)
    }
}

/// The lag of the partner's clock against that of a piece, beside a moment of the piece.
fn beside(l: &Looked, piece: usize, at_s: f64) -> Option<f64> {
    let look = l.look.as_ref()?;
    let is_right = l.right_piece == piece;
    let own_s = |w: &Window| if is_right { w.right_s } else { w.right_s + w.lag_s };
    let mut near: Vec<&Window> = look.windows.iter().filter(|w| w.agrees()).collect();
    near.sort_by(|a, b| (own_s(a) - at_s).abs().total_cmp(&(own_s(b) - at_s).abs()));
    near.truncate(WINDOWS_ASKED);
    let drift = look.drift_ppm * 1e-6;
    let lag_s = |w: &Window| {
        let there_s = w.lag_s + (at_s - own_s(w)) * drift;
        if is_right { there_s } else { -there_s }
    };
    let mut lags: Vec<f64> = near.into_iter().map(lag_s).collect();
    lags.sort_by(f64::total_cmp);
    lags.get(lags.len() / 2).copied()
}
