//! Whether the custody log is what was written.
//!
//! In: the bytes of `custody.jsonl` and the lines of table `custody`. Out: a [`Report`] that
//! names each difference by line of the file and number of the record.
//! Method: the table's own chain is computed again from its first record; then each line of the
//! file is looked up among the table's lines. The longest run of lines in ascending order
//! (patience sorting) is taken to stand where it belongs; the others were moved, repeated,
//! altered or inserted. A line that is no record's is the altered form of the record whose
//! number it bears, or else of the next record that is missing there.
//! Cost: n log n in lines.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Entry, GENESIS, Standing};

/// What verification found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Records in the case.
    pub records: u64,
    /// Lines in `custody.jsonl`.
    pub lines: u64,
    /// Hash of the last record; write it down where nobody can change it.
    pub head: String,
    /// What opening the case had to complete.
    pub standing: Standing,
    /// Every difference, in the order of the file. None: the log is whole.
    pub faults: Vec<Fault>,
}

/// One way in which the log is not what was written. Lines and records count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case")]
pub enum Fault {
    /// A line does not read as its record was written.
    Altered {
        /// Line of the file.
        line: u64,
        /// Number of the record.
        record: u64,
    },
    /// Records are missing from the file.
    Removed {
        /// The line before which they belong.
        line: u64,
        /// First missing record.
        first: u64,
        /// Last missing record.
        last: u64,
    },
    /// A record stands elsewhere than where it was written.
    Moved {
        /// Line of the file.
        line: u64,
        /// Number of the record.
        record: u64,
    },
    /// A record stands there once more.
    Repeated {
        /// Line of the file.
        line: u64,
        /// Number of the record.
        record: u64,
    },
    /// A line that the case did not write.
    Inserted {
        /// Line of the file.
        line: u64,
    },
    /// A line that continues the chain, but that the case does not hold: its database is older
    /// than the log, or the line was forged.
    Ahead {
        /// Line of the file.
        line: u64,
    },
    /// The last line is cut short.
    CutShort {
        /// Line of the file.
        line: u64,
    },
    /// The database's own copy does not follow from the record before: it was edited.
    Unchained {
        /// Number of the record.
        record: u64,
    },
    /// What the case holds is not what this record says was stored: the database was edited.
    Unaccounted {
        /// Number of the record.
        record: u64,
    },
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Checks a log by itself, as someone must who has only the file: its form, its hashes, its
/// chain. Whole lines missing at its end cannot be seen this way.
pub fn check_chain(file: &[u8]) -> Vec<Fault> {
    let (mut seq, mut prev) = (0, GENESIS.to_owned());
    let mut faults = Vec::new();
    for (n, bytes) in (1..).zip(split(file)) {
        let entry = whole_line(bytes).and_then(Entry::from_line);
        let follows = |e: &Entry| e.record.seq == seq + 1 && e.record.prev == prev;
        match entry {
            Some(entry) if follows(&entry) => (seq, prev) = (seq + 1, entry.hash),
            _ if !bytes.ends_with(b"\n") => faults.push(Fault::CutShort { line: n }),
            Some(entry) => {
                faults.push(Fault::Moved { line: n, record: entry.record.seq });
                (seq, prev) = (entry.record.seq, entry.hash);
            }
            None => {
                seq += 1;
                faults.push(Fault::Altered { line: n, record: seq });
                prev = hash_said(bytes);
            }
        }
    }
    faults
}

/// Compares the file with the records of the case.
pub(crate) fn verify(file: &[u8], records: &[String], standing: Standing) -> Report {
    let mut faults = check_records(records);
    faults.extend(check_file(file, records));
    let head = records.last().and_then(|line| Entry::from_line(line));
    Report {
        records: records.len() as u64,
        lines: split(file).count() as u64,
        head: head.map_or_else(|| GENESIS.to_owned(), |entry| entry.hash),
        standing,
        faults,
    }
}

/// The chain of the database's own copy.
fn check_records(records: &[String]) -> Vec<Fault> {
    let mut prev = GENESIS.to_owned();
    let mut faults = Vec::new();
    for (seq, line) in (1..).zip(records) {
        match Entry::from_line(line) {
            Some(entry) if entry.record.seq == seq && entry.record.prev == prev => {
                prev = entry.hash;
            }
            _ => {
                faults.push(Fault::Unchained { record: seq });
                prev = hash_said(format!("{line}\n").as_bytes());
            }
        }
    }
    faults
}

/// What a line of the file is to the case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is the record of this index, and in order.
    InOrder(usize),
    /// It is the record of this index, out of order.
    Moved(usize),
    /// It is the record of this index, which is there already.
    Repeated(usize),
    /// It is no record's line.
    Strange,
}

fn check_file(file: &[u8], records: &[String]) -> Vec<Fault> {
    let lines: Vec<&[u8]> = split(file).collect();
    let places = places(&lines, records);
    let found: BTreeSet<usize> = places
        .iter()
        .filter_map(|place| match place {
            Place::InOrder(k) | Place::Moved(k) | Place::Repeated(k) => Some(*k),
            Place::Strange => None,
        })
        .collect();
    let mut faults = Vec::new();
    let mut next = 0;
    let mut strange: Vec<usize> = Vec::new();
    for (n, place) in places.iter().enumerate() {
        let line = n as u64 + 1;
        match *place {
            Place::InOrder(k) => {
                faults.extend(check_gap(&lines, &mut strange, n, missing(next..k, &found)));
                next = k + 1;
            }
            Place::Moved(k) => faults.push(Fault::Moved { line, record: k as u64 + 1 }),
            Place::Repeated(k) => faults.push(Fault::Repeated { line, record: k as u64 + 1 }),
            Place::Strange => strange.push(n),
        }
    }
    let left = missing(next..records.len(), &found);
    let ahead = if left.is_empty() { ahead(&lines, &strange, records) } else { Vec::new() };
    strange.retain(|n| !ahead.contains(n));
    faults.extend(check_gap(&lines, &mut strange, lines.len(), left));
    faults.extend(ahead.into_iter().map(|n| Fault::Ahead { line: n as u64 + 1 }));
    faults.sort_by_key(Fault::line);
    faults
}

/// The records of `range` whose line stands nowhere in the file.
fn missing(range: std::ops::Range<usize>, found: &BTreeSet<usize>) -> BTreeSet<usize> {
    range.filter(|k| !found.contains(k)).collect()
}

/// Explains the `strange` lines before line `end` by the `missing` records that belong there.
fn check_gap(
    lines: &[&[u8]],
    strange: &mut Vec<usize>,
    end: usize,
    mut missing: BTreeSet<usize>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for n in strange.drain(..) {
        let line = n as u64 + 1;
        let said = seq_said(lines[n]).filter(|k| missing.contains(k));
        match said.or_else(|| missing.first().copied()) {
            Some(k) => {
                missing.remove(&k);
                let cut = n + 1 == lines.len() && !lines[n].ends_with(b"\n");
                let altered = Fault::Altered { line, record: k as u64 + 1 };
                faults.push(if cut { Fault::CutShort { line } } else { altered });
            }
            None => faults.push(Fault::Inserted { line }),
        }
    }
    let mut missing = missing.into_iter().map(|k| k as u64 + 1).peekable();
    while let Some(first) = missing.next() {
        let mut last = first;
        while missing.next_if_eq(&(last + 1)).is_some() {
            last += 1;
        }
        faults.push(Fault::Removed { line: end as u64 + 1, first, last });
    }
    faults
}

/// Those of the `strange` lines that continue the case's chain after its last record.
fn ahead(lines: &[&[u8]], strange: &[usize], records: &[String]) -> Vec<usize> {
    let last = records.last().and_then(|line| Entry::from_line(line));
    let (mut seq, mut prev) =
        last.map_or_else(|| (0, GENESIS.to_owned()), |entry| (entry.record.seq, entry.hash));
    let mut ahead = Vec::new();
    for &n in strange {
        if let Some(entry) = whole_line(lines[n]).and_then(Entry::from_line)
            && entry.record.seq == seq + 1
            && entry.record.prev == prev
        {
            (seq, prev) = (entry.record.seq, entry.hash);
            ahead.push(n);
        }
    }
    ahead
}

fn places(lines: &[&[u8]], records: &[String]) -> Vec<Place> {
    let index: HashMap<&str, usize> =
        records.iter().enumerate().map(|(k, line)| (line.as_str(), k)).collect();
    let mut seen = BTreeSet::new();
    let mut places: Vec<Place> = lines
        .iter()
        .map(|bytes| match whole_line(bytes).and_then(|line| index.get(line)) {
            Some(&k) if seen.insert(k) => Place::Moved(k),
            Some(&k) => Place::Repeated(k),
            None => Place::Strange,
        })
        .collect();
    for n in longest_ascending(&places) {
        if let Place::Moved(k) = places[n] {
            places[n] = Place::InOrder(k);
        }
    }
    places
}

/// Positions of a longest ascending subsequence of the records found.
fn longest_ascending(places: &[Place]) -> Vec<usize> {
    let record = |n: usize| match places[n] {
        Place::Moved(k) => k,
        _ => usize::MAX,
    };
    let mut tails: Vec<usize> = Vec::new();
    let mut before: HashMap<usize, usize> = HashMap::new();
    for n in (0..places.len()).filter(|&n| record(n) != usize::MAX) {
        let at = tails.partition_point(|&tail| record(tail) < record(n));
        if at > 0 {
            before.insert(n, tails[at - 1]);
        }
        if at == tails.len() {
            tails.push(n);
        } else {
            tails[at] = n;
        }
    }
    let mut chosen: Vec<usize> =
        std::iter::successors(tails.last().copied(), |n| before.get(n).copied()).collect();
    chosen.reverse();
    chosen
}

/// Lines with their line feeds; the last may lack it.
fn split(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    file.split_inclusive(|&byte| byte == b'\n')
}

/// A line without its line feed, if it has one and is text.
fn whole_line(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes.strip_suffix(b"\n")?).ok()
}

/// The index of the record that a damaged line claims to be.
fn seq_said(bytes: &[u8]) -> Option<usize> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    usize::try_from(value.get("seq")?.as_u64()?).ok()?.checked_sub(1)
}

/// The hash that a damaged line claims to have, so that one damaged line is one fault and not
/// all that follow it as well.
fn hash_said(bytes: &[u8]) -> String {
    let line = String::from_utf8_lossy(bytes);
    let said = line.rsplit_once("\"hash\":\"").map(|(_, hash)| hash.trim_end());
    said.and_then(|hash| hash.strip_suffix("\"}")).unwrap_or_default().to_owned()
}

impl Fault {
    /// The line of the file it is about; 0 if it is about the database.
    pub fn line(&self) -> u64 {
        match *self {
            Self::Altered { line, .. }
            | Self::Removed { line, .. }
            | Self::Moved { line, .. }
            | Self::Repeated { line, .. }
            | Self::Inserted { line }
            | Self::Ahead { line }
            | Self::CutShort { line } => line,
            Self::Unchained { .. } | Self::Unaccounted { .. } => 0,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { line, record } => {
                write!(f, "custody line {line} is not record {record} as it was written")
            }
            Self::Removed { line, first, last } if first == last => {
                write!(f, "custody record {first} is missing before line {line}")
            }
            Self::Removed { line, first, last } => {
                write!(f, "custody records {first} to {last} are missing before line {line}")
            }
            Self::Moved { line, record } => {
                write!(f, "custody line {line} is record {record}, out of its place")
            }
            Self::Repeated { line, record } => {
                write!(f, "custody line {line} repeats record {record}")
            }
            Self::Inserted { line } => {
                write!(f, "custody line {line} was not written by this case")
            }
            Self::Ahead { line } => write!(
                f,
                "custody line {line} continues the log, but the case database does not hold it \
                 (an older copy of case.db, or a forged line)"
            ),
            Self::CutShort { line } => write!(f, "custody line {line} is cut short"),
            Self::Unchained { record } => write!(
                f,
                "custody record {record} in the case database does not follow from the one before"
            ),
            Self::Unaccounted { record } => write!(
                f,
                "what the case database holds is not what custody record {record} says was stored"
            ),
        }
    }
}
