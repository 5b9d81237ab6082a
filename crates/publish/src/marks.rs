//! Whose word a place rests on, where it does not rest on sound or light.
//!
//! By hand lies what a person placed, if it lies so. By clock lies what hangs on the rest of its
//! island by nothing but the clocks of devices: without those ties it would be parted from the
//! largest part.

use std::collections::{BTreeMap, BTreeSet};

use evidence::{CaseTime, SourceId, TieKind};

use crate::Snapshot;

/// What a place rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A person's word.
    Hand,
    /// The clocks of devices, which a person asked to be believed.
    Clock,
}

impl Mark {
    /// `by hand`, `by clock`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Hand => "by hand",
            Self::Clock => "by clock",
        }
    }

    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::Clock => "clock",
        }
    }
}

/// The marks of all recordings.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    by_id: BTreeMap<SourceId, Mark>,
}

impl Marks {
    /// Of every recording of the snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut by_id: BTreeMap<SourceId, Mark> = BTreeMap::new();
        if snapshot.ties.iter().any(|tie| tie.accepted && tie.kind == TieKind::Clock) {
            by_id.extend(parted(snapshot).into_iter().map(|id| (id, Mark::Clock)));
        }
        if !snapshot.words.is_empty() {
            let ids = snapshot.recordings.iter().map(|shown| shown.source.id);
            by_id.extend(ids.filter(|id| snapshot.is_anchored(*id)).map(|id| (id, Mark::Hand)));
        }
        Self { by_id }
    }

    /// Of one recording; none where sound or light placed it.
    pub fn get(&self, id: SourceId) -> Option<Mark> {
        self.by_id.get(&id).copied()
    }
}

/// Recordings that nothing but clocks ties to the largest part of their island.
fn parted(snapshot: &Snapshot) -> Vec<SourceId> {
    let placed: BTreeMap<SourceId, (u32, CaseTime)> = snapshot
        .recordings
        .iter()
        .filter_map(|shown| shown.placement.as_ref())
        .filter_map(|p| Some((p.source, (p.island.0, p.case_start()?))))
        .collect();
    let ties = snapshot.ties.iter().filter(|tie| tie.accepted && tie.kind != TieKind::Clock);
    let ties = ties.map(|tie| (tie.left, tie.right));
    let copies = snapshot.excerpts.iter().filter(|excerpt| excerpt.is_of_the_file());
    let copies = copies.map(|excerpt| (excerpt.source, excerpt.copy));
    let mut beside: BTreeMap<SourceId, BTreeSet<SourceId>> = BTreeMap::new();
    for (a, b) in ties.chain(copies) {
        if placed.get(&a).is_some_and(|a| placed.get(&b).is_some_and(|b| a.0 == b.0)) {
            beside.entry(a).or_default().insert(b);
            beside.entry(b).or_default().insert(a);
        }
    }
    let mut parts: BTreeMap<u32, Vec<Vec<SourceId>>> = BTreeMap::new();
    let mut seen: BTreeSet<SourceId> = BTreeSet::new();
    for (&root, (island, _)) in &placed {
        if !seen.insert(root) {
            continue;
        }
        let (mut part, mut at) = (vec![root], 0);
        while let Some(id) = part.get(at) {
            let next: Vec<SourceId> = beside.get(id).into_iter().flatten().copied().collect();
            part.extend(next.into_iter().filter(|id| seen.insert(*id)));
            at += 1;
        }
        parts.entry(*island).or_default().push(part);
    }
    let mut parted = Vec::new();
    for mut of_island in parts.into_values() {
        // Of parts of one size the one that began first is home.
        let began = |part: &Vec<SourceId>| part.iter().map(|id| placed[id].1).min();
        of_island.sort_by(|a, b| b.len().cmp(&a.len()).then(began(a).cmp(&began(b))));
        parted.extend(of_island.into_iter().skip(1).flatten());
    }
    parted
}
