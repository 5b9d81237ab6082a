//! What each recording is called: its file name, and where two share one, as much of the path
//! as tells them apart.

use std::collections::{BTreeMap, HashMap, HashSet};

use evidence::SourceId;

use crate::islands::same_bytes;
use crate::{Shown, Snapshot};

/// The name of every recording of a snapshot; no two are equal.
#[derive(Clone, Debug)]
pub struct Labels {
    by_position: Vec<String>,
    by_id: HashMap<SourceId, String>,
}

impl Labels {
    /// Names all recordings of the snapshot.
    ///
    /// Path components are added from the right until the name is the only one. Where whole
    /// paths are equal (or differ only in bytes that are not Unicode), the first digits of the
    /// hash follow, and at last a number.
    pub fn of(snapshot: &Snapshot) -> Self {
        let paths: Vec<Vec<String>> = snapshot.recordings.iter().map(components).collect();
        let mut by_position: Vec<String> = vec![String::new(); paths.len()];
        let mut open: Vec<usize> = (0..paths.len()).collect();
        let mut depth = 1;
        while !open.is_empty() {
            let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            for &at in &open {
                groups.entry(tail(&paths[at], depth)).or_default().push(at);
            }
            open.clear();
            for (name, members) in groups {
                let longer = members.iter().any(|&at| paths[at].len() > depth);
                if members.len() > 1 && longer {
                    open.extend(members);
                } else {
                    for at in members {
                        by_position[at].clone_from(&name);
                    }
                }
            }
            depth += 1;
        }
        number_equal_names(&mut by_position, snapshot);
        let mut by_id: HashMap<SourceId, String> = HashMap::new();
        for (shown, name) in snapshot.recordings.iter().zip(&by_position) {
            let first = by_id.entry(shown.source.id).or_insert_with(|| name.clone());
            if name < first {
                first.clone_from(name);
            }
        }
        Self { by_position, by_id }
    }

    /// The recordings with their names, by name: the order in which lists show them.
    pub fn sorted<'a>(&'a self, snapshot: &'a Snapshot) -> Vec<(&'a str, &'a Shown)> {
        let mut all: Vec<_> =
            self.by_position.iter().map(String::as_str).zip(&snapshot.recordings).collect();
        all.sort_by(|a, b| a.0.cmp(b.0).then(a.1.source.id.cmp(&b.1.source.id)));
        all
    }

    /// The name of one recording; for a hash the snapshot does not hold, its first digits. Of
    /// several files with the same bytes, the name that comes first in the alphabet.
    pub fn name(&self, id: SourceId) -> String {
        self.by_id.get(&id).cloned().unwrap_or_else(|| id.short())
    }

    /// The name under which the same bytes are known, if `name` is but another file with them.
    pub fn twin(&self, name: &str, shown: &Shown) -> Option<&str> {
        self.by_id.get(&shown.source.id).map(String::as_str).filter(|first| *first != name)
    }

    /// Why a recording is on no clock; `None` when it is placed. Of several files with the same
    /// bytes one has the reason and the others say that they are the same as that one: "it
    /// shares no sound with any other" would be wrong of two that share every byte.
    pub fn reason(&self, name: &str, shown: &Shown) -> Option<String> {
        let reason = shown.reason()?;
        let twin = self.twin(name, shown).map(same_bytes);
        Some(twin.map_or(reason, |same| format!("{same}, which is on no clock")))
    }
}

/// The path from its root to the file name, with what is not Unicode replaced.
fn components(shown: &Shown) -> Vec<String> {
    let parts: Vec<String> = shown
        .source
        .path
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if parts.is_empty() { vec![shown.source.name()] } else { parts }
}

/// The last `depth` components.
fn tail(path: &[String], depth: usize) -> String {
    path[path.len().saturating_sub(depth)..].join("/").replacen("//", "/", 1)
}

/// Tells apart what the path cannot: by hash, then by number.
fn number_equal_names(names: &mut [String], snapshot: &Snapshot) {
    let mut count: HashMap<String, u32> = HashMap::new();
    for name in names.iter() {
        *count.entry(name.clone()).or_default() += 1;
    }
    let mut taken: HashSet<String> =
        count.iter().filter(|(_, n)| **n == 1).map(|(name, _)| name.clone()).collect();
    let mut order: Vec<usize> = (0..names.len()).filter(|&at| count[&names[at]] > 1).collect();
    // No case holds one path with the same bytes twice; a snapshot by hand may.
    let key =
        |at: usize| (snapshot.recordings[at].source.id, snapshot.recordings[at].recording.duration);
    order.sort_by_key(|&at| key(at));
    for at in order {
        let with_hash = format!("{} [{}]", names[at], snapshot.recordings[at].source.id.short());
        let numbered = (2..).map(|n: u32| format!("{with_hash} ({n})"));
        let free = std::iter::once(with_hash.clone()).chain(numbered).find(|n| !taken.contains(n));
        names[at] = free.unwrap_or(with_hash);
        taken.insert(names[at].clone());
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use evidence::{Recording, Source, SourceKind};

    use super::*;

    fn names(paths: &[&str]) -> Vec<String> {
        let shown = |(at, path): (usize, &&str)| Shown {
            source: Source {
                id: SourceId([at as u8; 32]),
                kind: SourceKind::Recording,
                path: PathBuf::from(path),
                size_bytes: 1,
            },
            recording: Recording::default(),
            placement: None,
            stretches: Vec::new(),
            refusal: None,
            waveform: None,
        };
        let recordings = paths.iter().enumerate().map(shown).collect();
        Labels::of(&Snapshot { recordings, ..Snapshot::default() }).by_position
    }

    #[test]
    fn a_name_that_is_the_only_one_stays_short() {
        assert_eq!(names(&["/a/one.mp4", "/a/two.mp4"]), ["one.mp4", "two.mp4"]);
    }

    #[test]
    fn two_cards_with_the_same_file_are_told_apart_by_their_folder() {
        assert_eq!(
            names(&["/cam/a/DCIM/C0001.MP4", "/cam/b/DCIM/C0001.MP4", "/cam/C0002.MP4"]),
            ["a/DCIM/C0001.MP4", "b/DCIM/C0001.MP4", "C0002.MP4"]
        );
        assert_eq!(names(&["C0001.MP4", "b/C0001.MP4"]), ["C0001.MP4", "b/C0001.MP4"]);
    }

    #[test]
    fn one_path_twice_is_told_apart_by_what_it_held() {
        let names = names(&["/a/x.wav", "/a/x.wav"]);
        assert_eq!(names, ["/a/x.wav [000000000000]", "/a/x.wav [010101010101]"]);
    }
}
