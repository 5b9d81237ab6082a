//! Where a clip is from: what of it was copied out of which recording, and who else was there.
//!
//! In: a clip and the recordings of a case. Out: the stretches that clip and recordings hold in
//! common as copies, with their speed; the recordings that heard the same moment through another
//! microphone, with their lag; and what came nearest where neither is so.
//! Method: that of the alignment (`tie::pairs`, `solve::copies`, `tie::refine`), between the clip
//! and each recording only.
//! Cost: that of one recording more.

use std::io;

use evidence::{ClockMap, Excerpt, MediaTime, Piece, SourceId};

use crate::findings::Findings;
use crate::solve::{clock, copies};
use crate::synchronise::confirming_look;
use crate::tie::gcc_phat::GccPhat;
use crate::tie::pairs::{self, Pair};
use crate::tie::refine::Look;
use crate::{Error, Heard, Recording, Watch};

/// Where a clip is from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// What was copied from one into the other: as a rule the clip is the copy, but a recording
    /// may also be one of the clip. By beginning.
    pub copies: Vec<Excerpt>,
    /// Recordings that heard the clip's moment themselves, the surest first.
    pub heard: Vec<HeardToo>,
    /// What came nearest, if there is neither.
    pub nearest: Option<Nearest>,
}

/// A recording that heard the same moment as the clip through a microphone of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeardToo {
    /// Which.
    pub recording: SourceId,
    /// Media time of the clip to media time of the recording, for the part that both hold.
    pub piece: Piece,
    /// Standard deviations by which the waveforms agree more at this lag than at others.
    pub score: f64,
    /// Windows of the sound in which the two agree, and all of them.
    pub windows: (u32, u32),
}

/// Likeness that is not enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    /// The recording.
    pub recording: SourceId,
    /// Seconds after the recording's that the clip would begin.
    pub starts_s: f64,
    /// Standard deviations above strangers; of these one in a whole case reaches 6.5.
    pub score: f64,
}

/// Lags of a pair that are looked at closely.
const LAGS_MAX: usize = 3;

/// Recordings that are looked at closely, the likeliest first.
const LOOKS_MAX: usize = 24;

/// Where the clip is from.
///
/// # Errors
/// [`Error::Stopped`] when [`Watch::stopped`] says so; [`Error::Sound`] when kept sound cannot
/// be read.
pub fn find(clip: &Recording, recordings: &[Recording], watch: &dyn Watch) -> Result<Found, Error> {
    let mut all: Vec<&Recording> = vec![clip];
    let mut others: Vec<&Recording> = recordings.iter().filter(|r| r.id != clip.id).collect();
    others.sort_by_key(|r| r.id);
    all.extend(others);
    let heard: Vec<&Heard> = all.iter().map(|r| r.heard).collect();
    let pairs = pairs::pairs_of_first(&heard, watch)?;
    // Only the clip is to be explained.
    let on_clock: Vec<usize> = (1..all.len()).collect();
    let mut copies = copies::excerpts(&all, &pairs, &on_clock, &[], (&Findings::new(), watch))?;
    copies.retain(|e| e.copy == clip.id || e.source == clip.id);
    let heard = heard_too(&all, &pairs, &copies, watch)?;
    let nearest = (copies.is_empty() && heard.is_empty()).then(|| nearest(&all, &pairs)).flatten();
    Ok(Found { copies, heard, nearest })
}

/// Who heard the clip's moment; not those that hold a copy of it or are held in it.
fn heard_too(
    all: &[&Recording],
    pairs: &[Pair],
    copies: &[Excerpt],
    watch: &dyn Watch,
) -> Result<Vec<HeardToo>, Error> {
    let is_copy = |p: &Pair| {
        let id = all[p.right].id;
        copies.iter().any(|e| e.copy == id || e.source == id)
    };
    let best = |p: &Pair| p.candidates.first().map_or(0.0, |c| c.z);
    let mut likely: Vec<&Pair> = pairs.iter().filter(|p| !is_copy(p)).collect();
    likely.sort_by(|a, b| best(b).total_cmp(&best(a)).then(a.right.cmp(&b.right)));
    let mut gcc = GccPhat::new();
    let mut found = Vec::new();
    for pair in likely.into_iter().take(LOOKS_MAX) {
        if watch.stopped() {
            return Err(Error::Stopped);
        }
        found.extend(look(&mut gcc, all, pair).map_err(|source| Error::Sound { source })?);
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.recording.cmp(&b.recording)));
    Ok(found)
}

/// The lag of a pair at which the waveforms agree.
fn look(gcc: &mut GccPhat, all: &[&Recording], pair: &Pair) -> io::Result<Option<HeardToo>> {
    let mut best: Option<Look> = None;
    for candidate in pair.candidates.iter().take(LAGS_MAX) {
        let look = confirming_look(gcc, all, pair, candidate.lag_s, &Findings::new())?;
        if let Some(look) = look.filter(|l| best.as_ref().is_none_or(|b| l.z > b.z)) {
            best = Some(look);
        }
    }
    let Some(look) = best else { return Ok(None) };
    let (clip, other) = (all[pair.left], all[pair.right]);
    let agreeing: Vec<f64> = look
        .windows
        .iter()
        .filter(|w| w.agrees())
        .map(|w| w.lag_s - look.lag_s - (w.right_s - look.at_right_s) * look.drift_ppm * 1e-6)
        .collect();
    let squares: f64 = agreeing.iter().map(|r| r * r).sum();
    let spread_s = (squares / agreeing.len().max(1) as f64).sqrt();
    // The lag is clip − recording as the recording's clock has it; the map goes the other way.
    let drift_ppm = (1.0 / (1.0 + look.drift_ppm * 1e-6) - 1.0) * 1e6;
    let clip_s = look.at_right_s + look.lag_s;
    let offset_s = look.at_right_s - clip_s * (1.0 + drift_ppm * 1e-6);
    let start_s = (-offset_s).max(0.0);
    let end_s = (other.heard.duration_s() - offset_s).min(clip.heard.duration_s());
    Ok(Some(HeardToo {
        recording: other.id,
        piece: Piece {
            start: MediaTime::from_seconds(start_s),
            end: MediaTime::from_seconds(end_s),
            map: ClockMap::from_seconds(offset_s, drift_ppm),
            sigma_ns: (spread_s.hypot(clock::SIGMA_FLOOR_S) * 1e9).round() as i64,
        },
        score: look.z,
        windows: (agreeing.len() as u32, look.windows.len() as u32),
    }))
}

fn nearest(all: &[&Recording], pairs: &[Pair]) -> Option<Nearest> {
    let candidates = pairs.iter().flat_map(|p| p.candidates.iter().map(move |c| (p, c.lag_s, c.z)));
    let (pair, lag_s, score) = candidates.max_by(|a, b| a.2.total_cmp(&b.2))?;
    Some(Nearest { recording: all[pair.right].id, starts_s: -lag_s, score })
}
