//! What is given to the alignment beside sound: what persons said.

use align::{Given, Heard};
use case::Case;
use evidence::{Anchor, AnchoredBy, Recording, Source, SourceId, Stood, TieKind};
use serde_json::{Value, json};

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
