//! What the clocks of files say, for the case: readings, true time, and places by clocks.
//!
//! `align::clocks` judges; this reads what it takes out of the case.

use std::collections::BTreeMap;

use align::Alignment;
use align::clocks::{self, CLOCKS_VERSION, Puts, Recorded, Survey};
use case::{Case, Choice};
use evidence::{ClockReading, Excerpt, Island, Recording, Source, SourceId, UtcMap};
use publish::Snapshot;
use serde_json::{Value, json};

use crate::desk::stamp;
use crate::error::Error;

/// What persons read from clocks, and whether clocks are to be believed.
#[derive(Debug, Default)]
pub struct Trust {
    readings: Vec<ClockReading>,
    is_asked: bool,
}

impl Trust {
    /// As the case has it.
    ///
    /// # Errors
    /// If the case cannot be read.
    pub fn of(case: &Case) -> Result<Self, Error> {
        Ok(Self {
            readings: case.readings()?.into_iter().map(|told| told.anchor).collect(),
            is_asked: case.choices()?.iter().any(|told| told.anchor == Choice::ByClock),
        })
    }

    /// Only what persons read from clocks.
    pub fn in_readings(readings: Vec<ClockReading>) -> Self {
        Self { readings, is_asked: false }
    }

    /// For the parameters of the step: nothing where clocks place nothing.
    pub fn params(&self, recordings: &[(Source, Recording)]) -> Option<Value> {
        let names: Vec<String> = recordings.iter().map(|(source, _)| source.name()).collect();
        self.is_asked.then(
            || json!({ "version": CLOCKS_VERSION, "readings": self.readings, "names": names }),
        )
    }

    /// Places by clocks what else has no place, if a person asked for it.
    pub fn place(&self, alignment: &mut Alignment, recordings: &[(Source, Recording)]) {
        if !self.is_asked {
            return;
        }
        let names: Vec<String> = recordings.iter().map(|(source, _)| source.name()).collect();
        let placements = alignment.placements.clone();
        let place = |id| placements.iter().find(|placement| placement.source == id);
        let recorded: Vec<Recorded> = recordings
            .iter()
            .zip(&names)
            .map(|((source, recording), name)| Recorded {
                id: source.id,
                name,
                recording,
                placement: place(source.id),
            })
            .collect();
        let copies = copies(&alignment.excerpts);
        let puts = clocks::puts(&recorded, &self.readings, &copies);
        clocks::apply(alignment, &recorded, &puts);
    }

    /// Whether clocks place recordings in this case.
    pub fn is_asked(&self) -> bool {
        self.is_asked
    }

    /// The clocks of a case.
    pub fn survey(&self, snapshot: &Snapshot) -> Survey {
        let names = names(snapshot);
        let utc: BTreeMap<Island, UtcMap> =
            snapshot.utc.iter().map(|utc| (utc.island, utc.map)).collect();
        clocks::survey(&recorded(snapshot, &names), &self.readings, &utc)
    }

    /// What clocks would place if a person asked for it.
    pub fn puts(&self, snapshot: &Snapshot) -> Puts {
        let names = names(snapshot);
        let copies = copies(&snapshot.excerpts);
        clocks::puts(&recorded(snapshot, &names), &self.readings, &copies)
    }
}

/// Remembers in the case that clocks are to be believed, or no longer; `None` leaves it as it is.
///
/// # Errors
/// If the case cannot be written.
pub fn choose(case: &mut Case, asked: Option<bool>) -> Result<(), Error> {
    let standing: Vec<i64> = case
        .choices()?
        .iter()
        .filter(|told| told.anchor == Choice::ByClock)
        .map(|told| told.id)
        .collect();
    match asked {
        Some(true) if standing.is_empty() => {
            case.put_choice(&stamp(), Choice::ByClock, "--by-clock")?;
        }
        Some(false) => {
            for id in standing {
                case.undo_anchor(&stamp(), id)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Files that were made out of others: their clocks are of whoever made them.
fn copies(excerpts: &[Excerpt]) -> Vec<SourceId> {
    excerpts.iter().filter(|excerpt| excerpt.is_of_the_file()).map(|e| e.copy).collect()
}

fn names(snapshot: &Snapshot) -> Vec<String> {
    snapshot.recordings.iter().map(|shown| shown.source.name()).collect()
}

fn recorded<'a>(snapshot: &'a Snapshot, names: &'a [String]) -> Vec<Recorded<'a>> {
    let one = |(shown, name): (&'a publish::Shown, &'a String)| Recorded {
        id: shown.source.id,
        name,
        recording: &shown.recording,
        placement: shown.placement.as_ref(),
    };
    snapshot.recordings.iter().zip(names).map(one).collect()
}
