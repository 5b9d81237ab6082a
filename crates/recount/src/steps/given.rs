//! What is given to the alignment beside sound: what persons said.

use align::{Given, Heard};
use case::Case;
use evidence::{Anchor, AnchoredBy, Recording, Source, SourceId, Stood, TieKind};
use serde_json::{Value, json};

use crate::desk::stamp;
use crate::error::Error;

/// What is given, and the recordings that have a place only by it.
#[derive(Debug, Default)]
pub struct Word {
    /// In the order in which it was said.
    pub anchors: Vec<Anchor>,
    /// Where recorders stood, in the order in which it was said: the last word of each counts.
    pub stood: Vec<Stood>,
}

/// A recording that cannot be heard, but may be placed.
#[derive(Debug)]
pub struct Mute {
    /// Which.
    pub id: SourceId,
    /// Nothing, for as long as the recording is.
    pub heard: Heard,
}

/// Two words about one recording that differ by more than so many of their common sigmas mean
/// different places.
const SIGMAS: f64 = 3.0;

/// By how much two clocks may part between the moments of two words.
const DRIFT: f64 = 300e-6;

/// Keeps where a person placed a recording. What was said of it before and is corrected by that is
/// taken back; returns that, in the words in which it was said.
///
/// # Errors
/// If the case cannot be written.
pub fn say(case: &mut Case, anchor: &Anchor, sentence: &str) -> Result<Vec<String>, Error> {
    let mut corrected = Vec::new();
    for told in case.anchors()? {
        if corrects(anchor, &told.anchor) {
            case.undo_anchor(&stamp(), told.id)?;
            corrected.push(told.said);
        }
    }
    case.put_anchor(&stamp(), anchor, sentence)?;
    Ok(corrected)
}

/// Whether a word takes the place of another: it is about the same moment of the same recording, or
/// puts it elsewhere beside the same other one. Two that agree tell the clock's rate together.
fn corrects(new: &Anchor, old: &Anchor) -> bool {
    if new.source != old.source {
        return false;
    }
    let lag_s = |a: &Anchor| a.other_time.seconds() - a.time.seconds();
    let drift_s = DRIFT * (new.time.seconds() - old.time.seconds()).abs();
    let sigma_s = (new.sigma_ns as f64).hypot(old.sigma_ns as f64) / 1e9;
    let differs = (lag_s(new) - lag_s(old)).abs() > SIGMAS * sigma_s + drift_s;
    new.time == old.time || (new.other == old.other && differs)
}

impl Word {
    /// What persons have said and not taken back.
    ///
    /// # Errors
    /// If the case cannot be read.
    pub fn of(case: &Case) -> Result<Self, Error> {
        Ok(Self {
            anchors: case.anchors()?.into_iter().map(|told| told.anchor).collect(),
            stood: case.stood()?.into_iter().map(|told| told.anchor).collect(),
        })
    }

    /// As the alignment takes it.
    pub fn given(&self) -> Vec<Given> {
        let given = |anchor: &Anchor| Given {
            left: anchor.other,
            right: anchor.source,
            left_s: anchor.other_time.seconds(),
            right_s: anchor.time.seconds(),
            sigma_s: anchor.sigma_ns as f64 / 1e9,
            is_locked: anchor.is_locked,
            kind: match anchor.by {
                AnchoredBy::Hand => TieKind::Hand,
                AnchoredBy::Clock => TieKind::Clock,
            },
        };
        self.anchors.iter().map(given).collect()
    }

    /// Those of the recordings that are named here and not among the `ready`.
    pub fn mute(&self, recordings: &[(Source, Recording)], ready: &[SourceId]) -> Vec<Mute> {
        let is_named = |id: SourceId| self.anchors.iter().any(|a| a.source == id || a.other == id);
        let mute = recordings
            .iter()
            .filter(|(source, _)| is_named(source.id) && !ready.contains(&source.id));
        mute.map(|(source, recording)| Mute {
            id: source.id,
            heard: Heard::nothing(recording.duration.seconds()),
        })
        .collect()
    }

    /// For the parameters of the step: another word gives another alignment.
    pub fn params(&self) -> Option<Value> {
        (!self.anchors.is_empty()).then(|| json!(self.anchors))
    }

    /// The same of where recorders stood.
    pub fn stood_params(&self) -> Option<Value> {
        (!self.stood.is_empty()).then(|| json!(self.stood))
    }
}

#[cfg(test)]
mod tests {
    use evidence::MediaTime;

    use super::*;

    fn anchor(at_s: f64, other_at_s: f64, other: u8) -> Anchor {
        Anchor {
            source: SourceId([1; 32]),
            time: MediaTime::from_seconds(at_s),
            other: SourceId([other; 32]),
            other_time: MediaTime::from_seconds(other_at_s),
            sigma_ns: 100_000_000,
            is_locked: false,
            by: AnchoredBy::Hand,
        }
    }

    #[test]
    fn a_word_corrects_what_puts_the_recording_elsewhere_and_nothing_else() {
        let first = anchor(10.0, 20.0, 2);
        assert!(corrects(&anchor(10.0, 20.0, 2), &first), "the same again");
        assert!(corrects(&anchor(10.0, 7.0, 3), &first), "the same moment beside another");
        assert!(corrects(&anchor(50.0, 65.0, 2), &first), "elsewhere beside the same");
        assert!(!corrects(&anchor(50.0, 60.1, 2), &first), "the rate, told by a second moment");
        assert!(!corrects(&anchor(3610.0, 3620.9, 2), &first), "as clocks part in an hour");
        assert!(!corrects(&anchor(50.0, 65.0, 3), &first), "beside another, at another moment");
        let stranger = Anchor { source: SourceId([9; 32]), ..anchor(10.0, 20.0, 2) };
        assert!(!corrects(&stranger, &first));
    }
}
