//! Bridges: ties whose loss would split an island.
//!
//! In: the accepted ties of a snapshot. Out: those that no other way around backs up, with the
//! recordings that would be parted from the rest.
//! Method: a depth-first search that remembers how far back each subtree reaches by another way
//! (Tarjan 1974). Several ties of the same two recordings are one: what spoils one spoils all.
//! Cost: linear in recordings and ties, after sorting them.
//! Cannot: know of ties that nobody looked for. In large cases pairs are left out that hang
//! together otherwise, so a bridge is one among the ties that are stored.

use std::collections::{BTreeMap, BTreeSet};

use evidence::SourceId;

use super::NamedBridge;
use crate::{Labels, Snapshot};

/// A tie whose loss would split its island.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// The island.
    pub island: u32,
    /// One end.
    pub left: SourceId,
    /// The other; the larger of the two.
    pub right: SourceId,
    /// Who would be parted from the rest: the smaller side; of two sides of one size, that of
    /// the larger hash.
    pub lost: Vec<SourceId>,
    /// How many recordings hang together by ties on both sides.
    pub together: usize,
}

impl Bridge {
    /// With the names of its recordings, as `file` sees it.
    pub(super) fn named(&self, labels: &Labels, file: SourceId) -> NamedBridge {
        NamedBridge {
            left: labels.name(self.left),
            right: labels.name(self.right),
            lost: self.lost.iter().map(|id| labels.name(*id)).collect(),
            concerns_file: self.left == file || self.right == file || self.lost.contains(&file),
        }
    }
}

/// All bridges, by island; those that part most recordings first.
pub fn bridges(snapshot: &Snapshot) -> Vec<Bridge> {
    let island: BTreeMap<SourceId, u32> = snapshot
        .recordings
        .iter()
        .filter(|shown| shown.is_placed())
        .filter_map(|shown| Some((shown.source.id, shown.placement.as_ref()?.island.0)))
        .collect();
    let mut beside: BTreeMap<SourceId, BTreeSet<SourceId>> = BTreeMap::new();
    for tie in snapshot.ties.iter().filter(|tie| tie.accepted && tie.left != tie.right) {
        let (left, right) = (island.get(&tie.left), island.get(&tie.right));
        if left.is_some() && left == right {
            beside.entry(tie.left).or_default().insert(tie.right);
            beside.entry(tie.right).or_default().insert(tie.left);
        }
    }
    let mut seen = BTreeMap::new();
    let mut bridges = Vec::new();
    for &root in beside.keys() {
        if !seen.contains_key(&root) {
            let walk = Walk::from(root, &beside, &mut seen);
            bridges.extend(walk.bridges(island[&root]));
        }
    }
    bridges.sort_by_key(|b| (b.island, std::cmp::Reverse(b.lost.len()), b.left, b.right));
    bridges
}

/// One connected part, in the order in which it was walked.
struct Walk {
    order: Vec<SourceId>,
    /// For each, by its place in `order`: where it was come from, the earliest place that its
    /// subtree reaches by another way, and the place after its subtree.
    from: Vec<usize>,
    reaches: Vec<usize>,
    end: Vec<usize>,
}

impl Walk {
    fn from(
        root: SourceId,
        beside: &BTreeMap<SourceId, BTreeSet<SourceId>>,
        seen: &mut BTreeMap<SourceId, usize>,
    ) -> Self {
        let mut walk = Self { order: vec![root], from: vec![0], reaches: vec![0], end: vec![0] };
        seen.insert(root, 0);
        let mut open = vec![(0, beside[&root].iter())];
        while let Some((at, ways)) = open.last_mut() {
            let at = *at;
            let Some(&next) = ways.next() else {
                open.pop();
                walk.end[at] = walk.order.len();
                let from = walk.from[at];
                walk.reaches[from] = walk.reaches[from].min(walk.reaches[at]);
                continue;
            };
            match seen.get(&next) {
                Some(&there) if there != walk.from[at] => {
                    walk.reaches[at] = walk.reaches[at].min(there);
                }
                Some(_) => {}
                None => {
                    let there = walk.order.len();
                    seen.insert(next, there);
                    walk.order.push(next);
                    walk.from.push(at);
                    walk.reaches.push(there);
                    walk.end.push(there);
                    open.push((there, beside[&next].iter()));
                }
            }
        }
        walk
    }

    fn bridges(&self, island: u32) -> Vec<Bridge> {
        let bridge = |at: usize| {
            let (a, b) = (self.order[self.from[at]], self.order[at]);
            let subtree = at..self.end[at];
            let (inside, all) = (subtree.len(), self.order.len());
            let subtree_goes = 2 * inside < all || (2 * inside == all && b > a);
            let goes = |k: &usize| subtree.contains(k) == subtree_goes;
            let mut lost: Vec<SourceId> = (0..all).filter(goes).map(|k| self.order[k]).collect();
            lost.sort_unstable();
            Bridge { island, left: a.min(b), right: a.max(b), lost, together: all }
        };
        (1..self.order.len()).filter(|&at| self.reaches[at] == at).map(bridge).collect()
    }
}
