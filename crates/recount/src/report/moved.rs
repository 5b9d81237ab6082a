//! What a person said of where recordings lie, and what moved by it or by recordings that came to
//! the case.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use evidence::{Anchor, MediaTime, Piece, Placement, Stood};
use publish::{Labels, Mark, Marks, Snapshot, StoodWord, Word};
use serde::Serialize;
use serde_json::{Value, json};

use super::names::shown_text;

/// Less is no movement: a person sees no difference.
const MOVED_FROM_S: f64 = 0.0005;

/// One recording that does not lie where it did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Its name; of a case zero that moved, the recording that is now the earliest.
    pub file: String,
    /// What happened to it.
    pub what: What,
    /// The island it is on now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub island: Option<u32>,
    /// Case time of its first placed moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begins_s: Option<f64>,
    /// One standard deviation of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sigma_s: Option<f64>,
    /// By how much it moved against the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_s: Option<f64>,
    /// Whether a person placed it.
    pub anchored: bool,
    /// Whether nothing but clocks did.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_clock: bool,
}

/// What can happen to a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// It was on no clock.
    Placed,
    /// It was on the clock of another island.
    Joined,
    /// It moved against the others.
    Moved,
    /// It is on no clock any more.
    Unplaced,
    /// It is the earliest now, and so the case time of all others is another.
    Zero,
}

impl What {
    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Joined => "joined",
            Self::Moved => "moved",
            Self::Unplaced => "unplaced",
            Self::Zero => "zero",
        }
    }
}

/// What lies otherwise after than before, by name.
pub fn changes(before: &[Placement], after: &Snapshot) -> Vec<Change> {
    told(before, after, &|old, new, shift_s| {
        let by_s = moved_s(old, new) - shift_s;
        (by_s.abs() >= MOVED_FROM_S).then_some(by_s)
    })
}

/// What was placed before and lies otherwise now by more than the doubt it had: whoever relied on
/// where it was must know. By name.
pub fn beyond_doubt(before: &[Placement], after: &Snapshot) -> Vec<Change> {
    let mut changes = told(before, after, &|old, new, shift_s| {
        let by_s = farthest_s(old, new, shift_s);
        (by_s.abs() > old.sigma_s().max(MOVED_FROM_S)).then_some(by_s)
    });
    changes.retain(|change| change.what != What::Placed);
    changes
}

/// By how much a placement moved against the others, which moved by so many seconds, if that is to
/// be told.
type Movement<'a> = dyn Fn(&Placement, &Placement, f64) -> Option<f64> + 'a;

fn told(before: &[Placement], after: &Snapshot, movement: &Movement<'_>) -> Vec<Change> {
    let labels = Labels::of(after);
    let marks = Marks::of(after);
    let was = by_source(before);
    let is = by_source(after.recordings.iter().filter_map(|shown| shown.placement.as_ref()));
    let mut changes = Vec::new();
    let homes = homes(&was, &is, after);
    for (id, placement) in &is {
        let home = homes.get(&placement.island.0);
        let shift_s = home.map_or(0.0, |home| home.1);
        let mut change = Change {
            file: labels.name(*id),
            what: What::Placed,
            island: Some(placement.island.0),
            begins_s: begins_s(placement),
            sigma_s: Some(placement.sigma_s()),
            by_s: None,
            anchored: after.is_anchored(*id),
            by_clock: marks.get(*id) == Some(Mark::Clock),
        };
        if let Some(old) = was.get(id) {
            change.what = What::Joined;
            if home.is_some_and(|home| home.0 == old.island.0) {
                let Some(by_s) = movement(old, placement, shift_s) else { continue };
                (change.what, change.by_s) = (What::Moved, Some(by_s));
            }
        }
        changes.push(change);
    }
    let gone = was.keys().filter(|id| !is.contains_key(*id));
    changes.extend(gone.map(|id| Change {
        file: labels.name(*id),
        what: What::Unplaced,
        island: None,
        begins_s: None,
        sigma_s: None,
        by_s: None,
        anchored: false,
        by_clock: false,
    }));
    changes.sort_by(|a, b| a.file.cmp(&b.file));
    changes.extend(zeros(&homes, &is, after, &labels));
    changes
}

/// Islands whose zero is another moment now.
fn zeros(
    homes: &Homes,
    is: &BTreeMap<evidence::SourceId, &Placement>,
    after: &Snapshot,
    labels: &Labels,
) -> Vec<Change> {
    let mut islands: Vec<u32> = is.values().map(|p| p.island.0).collect();
    islands.sort_unstable();
    islands.dedup();
    let zero = |island: u32| {
        let &(_, shift_s) = homes.get(&island).filter(|home| home.1.abs() >= MOVED_FROM_S)?;
        let inside = is.values().filter(|p| p.island.0 == island);
        let first = inside.min_by_key(|p| p.case_start())?;
        Some(Change {
            file: labels.name(first.source),
            what: What::Zero,
            island: Some(island),
            begins_s: begins_s(first),
            sigma_s: Some(first.sigma_s()),
            by_s: Some(-shift_s),
            anchored: after.is_anchored(first.source),
            by_clock: false,
        })
    };
    islands.into_iter().filter_map(zero).collect()
}

fn by_source<'a>(
    placements: impl IntoIterator<Item = &'a Placement>,
) -> BTreeMap<evidence::SourceId, &'a Placement> {
    placements.into_iter().filter(|p| !p.pieces.is_empty()).map(|p| (p.source, p)).collect()
}

fn begins_s(placement: &Placement) -> Option<f64> {
    placement.case_start().map(evidence::CaseTime::seconds)
}

fn moved_s(old: &Placement, new: &Placement) -> f64 {
    begins_s(new).unwrap_or(0.0) - begins_s(old).unwrap_or(0.0)
}

/// By how much the moment moved that moved most, of those at which the pieces began and ended.
fn farthest_s(old: &Placement, new: &Placement, shift_s: f64) -> f64 {
    let at = |media: MediaTime| {
        let away = |piece: &&Piece| (piece.start.0 - media.0).max(media.0 - piece.end.0).max(0);
        new.pieces.iter().min_by_key(away).map(|piece| piece.map.to_case(media).seconds())
    };
    let ends = old
        .pieces
        .iter()
        .flat_map(|piece| [(piece.start, piece.case_start()), (piece.end, piece.case_end())]);
    let moved = ends.filter_map(|(media, case)| Some(at(media)? - case.seconds() - shift_s));
    moved.max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(0.0)
}

/// For islands of now, the island of before that most of their recordings were on, and by how much
/// the middle one of them moved.
type Homes = BTreeMap<u32, (u32, f64)>;

/// An island of before that fell apart is the home of the larger part alone: who is on another
/// clock now is told.
fn homes(
    was: &BTreeMap<evidence::SourceId, &Placement>,
    is: &BTreeMap<evidence::SourceId, &Placement>,
    after: &Snapshot,
) -> Homes {
    let islands: BTreeSet<u32> = is.values().map(|p| p.island.0).collect();
    let mut found: Vec<(usize, u32, (u32, f64))> = islands
        .into_iter()
        .filter_map(|island| home(island, was, is, after).map(|(n, home)| (n, island, home)))
        .collect();
    found.sort_by_key(|(n, island, _)| (std::cmp::Reverse(*n), *island));
    let mut homes = Homes::new();
    for (_, island, home) in found {
        if homes.values().all(|known| known.0 != home.0) {
            homes.insert(island, home);
        }
    }
    homes
}

/// The island of before that most of this one's recordings were on, how many they are, and by how
/// much the middle one of them moved. Whoever was placed by hand is asked only if there is nobody
/// else.
fn home(
    island: u32,
    was: &BTreeMap<evidence::SourceId, &Placement>,
    is: &BTreeMap<evidence::SourceId, &Placement>,
    after: &Snapshot,
) -> Option<(usize, (u32, f64))> {
    let inside = || is.iter().filter(|(_, p)| p.island.0 == island);
    let known = |id| was.get(id).is_some() && !after.is_anchored(*id);
    let is_free = inside().any(|(id, _)| known(id));
    let mut from: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for (id, new) in inside().filter(|(id, _)| !is_free || known(id)) {
        if let Some(old) = was.get(id) {
            from.entry(old.island.0).or_default().push(moved_s(old, new));
        }
    }
    let (home, mut shifts_s) =
        from.into_iter().max_by_key(|(number, all)| (all.len(), std::cmp::Reverse(*number)))?;
    shifts_s.sort_by(f64::total_cmp);
    Some((shifts_s.len(), (home, shifts_s[shifts_s.len() / 2])))
}

/// The changes as text.
pub fn text(changes: &[Change]) -> String {
    let mut page = String::new();
    for change in changes {
        let file = shown_text(&change.file);
        let island = change.island.unwrap_or(0);
        let place = format!(
            "at {:.3} s ± {:.1} ms on island {island}{}",
            change.begins_s.unwrap_or(0.0),
            (change.sigma_s.unwrap_or(0.0) * 1e4).ceil() / 10.0,
            match (change.anchored, change.by_clock) {
                (true, _) => ", by hand",
                (_, true) => ", by clock",
                _ => "",
            },
        );
        let by_s = change.by_s.unwrap_or(0.0);
        let _ = match change.what {
            What::Placed => writeln!(page, "placed    {file} begins {place}"),
            What::Joined => writeln!(page, "joined    {file} begins {place}"),
            What::Moved => writeln!(page, "moved     {file} by {by_s:+.3} s, begins {place}"),
            What::Unplaced => writeln!(page, "unplaced  {file} is on no clock any more"),
            What::Zero => writeln!(
                page,
                "zero      case zero of island {island} moved by {by_s:+.3} s, to where {file} begins"
            ),
        };
    }
    if page.is_empty() { "nothing moved\n".to_owned() } else { page }
}

/// An anchor in words.
pub fn sentence(anchor: &Anchor, labels: &Labels) -> String {
    format!(
        "{} at {} is {} at {}, ± {} s{}",
        labels.name(anchor.source),
        clock(anchor.time.0),
        labels.name(anchor.other),
        clock(anchor.other_time.0),
        anchor.sigma_ns as f64 / 1e9,
        if anchor.is_locked { ", locked" } else { "" },
    )
}

/// Where a recorder stood, in words.
pub fn stood_sentence(stood: &Stood, labels: &Labels) -> String {
    let metres = |mm: i64| format!("{}", mm as f64 / 1e3);
    let at: Vec<String> = stood.at_mm.iter().map(|mm| metres(*mm)).collect();
    let within = match stood.within_mm {
        0 => String::new(),
        mm => format!(", never more than {} m from there", metres(mm)),
    };
    format!("the recorder of {} stood at {} m{within}", labels.name(stood.source), at.join(", "))
}

/// `h:mm:ss.mmm`.
fn clock(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let ms = (ns.unsigned_abs() + 500_000) / 1_000_000;
    let (s, ms) = (ms / 1000, ms % 1000);
    format!("{sign}{}:{:02}:{:02}.{ms:03}", s / 3600, s / 60 % 60, s % 60)
}

/// What was said, by whom, and whether it holds, as text.
pub fn words(snapshot: &Snapshot) -> String {
    let mut page = String::new();
    for word in &snapshot.words {
        let _ = writeln!(
            page,
            "{}\n  {} ({}, {})",
            shown_text(&word.said),
            holds(snapshot, word),
            shown_text(&word.actor),
            shown_text(&word.at_utc),
        );
    }
    for word in &snapshot.stood {
        let _ = writeln!(
            page,
            "{}\n  ({}, {})",
            shown_text(&word.said),
            shown_text(&word.actor),
            shown_text(&word.at_utc),
        );
    }
    if page.is_empty() { "nothing was placed by hand\n".to_owned() } else { page }
}

fn holds(snapshot: &Snapshot, word: &Word) -> String {
    match snapshot.tie_of(&word.anchor) {
        None => "not looked at yet: `recount sync CASE` does".to_owned(),
        Some(tie) if tie.accepted => "it holds".to_owned(),
        Some(tie) => {
            let far_s = tie.residual_ns.unwrap_or(0).unsigned_abs() as f64 / 1e9;
            format!(
                "it does not hold: what was heard, or else was said, contradicts it by {far_s:.3} s"
            )
        }
    }
}

/// What was said, for programs.
pub fn words_json(snapshot: &Snapshot) -> Value {
    let labels = Labels::of(snapshot);
    let word = |word: &Word| {
        json!({
            "file": labels.name(word.anchor.source),
            "at": word.anchor.time.seconds(),
            "with": labels.name(word.anchor.other),
            "with_at": word.anchor.other_time.seconds(),
            "sigma": word.anchor.sigma_ns as f64 / 1e9,
            "locked": word.anchor.is_locked,
            "accepted": snapshot.tie_of(&word.anchor).map(|tie| tie.accepted),
            "said": word.said,
            "by": word.actor,
            "at_utc": word.at_utc,
        })
    };
    let stood = |word: &StoodWord| {
        let metres = |mm: i64| mm as f64 / 1e3;
        json!({
            "file": labels.name(word.stood.source),
            "at_m": word.stood.at_mm.map(metres),
            "within_m": metres(word.stood.within_mm),
            "said": word.said,
            "by": word.actor,
            "at_utc": word.at_utc,
        })
    };
    json!({
        "anchors": snapshot.words.iter().map(word).collect::<Vec<_>>(),
        "stood": snapshot.stood.iter().map(stood).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use evidence::{ClockMap, Island, Recording, Source, SourceId, SourceKind};
    use publish::Shown;

    use super::*;

    /// A recording of a minute on an island, beginning there and drifting so; its sigma is 3 ms.
    fn placed(number: u8, island: u32, offset_s: f64, drift_ppm: f64) -> Shown {
        let source = Source {
            id: SourceId([number; 32]),
            kind: SourceKind::Recording,
            path: format!("/evidence/{number}.wav").into(),
            size_bytes: 1,
        };
        let piece = Piece {
            start: MediaTime::ZERO,
            end: MediaTime::from_seconds(60.0),
            map: ClockMap::from_seconds(offset_s, drift_ppm),
            sigma_ns: 3_000_000,
        };
        let (source_id, island) = (source.id, Island(island));
        Shown {
            source,
            recording: Recording {
                container: "wav".to_owned(),
                duration: MediaTime::from_seconds(60.0),
                audio: Vec::new(),
                video: Vec::new(),
                claims: Vec::new(),
            },
            placement: Some(Placement {
                source: source_id,
                island,
                pieces: vec![piece],
                doubt: None,
            }),
            stretches: Vec::new(),
            refusal: None,
            waveform: None,
        }
    }

    fn case(recordings: Vec<Shown>) -> Snapshot {
        Snapshot {
            title: String::new(),
            recordings,
            ties: Vec::new(),
            excerpts: Vec::new(),
            documents: Vec::new(),
            words: Vec::new(),
            stood: Vec::new(),
            utc: Vec::new(),
            transcripts: Vec::new(),
            tool: String::new(),
        }
    }

    fn before() -> Snapshot {
        let one = |number| placed(number, 0, f64::from(number), 0.0);
        case((1..=5).map(one).collect())
    }

    fn placements(snapshot: &Snapshot) -> Vec<Placement> {
        snapshot.recordings.iter().filter_map(|shown| shown.placement.clone()).collect()
    }

    /// What is told when one recording is another than before.
    fn told_of(changed: Shown) -> Vec<(String, What)> {
        let mut after = before();
        after.recordings.push(placed(9, 0, 30.0, 0.0));
        let at = after.recordings.iter().position(|r| r.source.id == changed.source.id).unwrap();
        after.recordings[at] = changed;
        beyond_doubt(&placements(&before()), &after).into_iter().map(|c| (c.file, c.what)).collect()
    }

    #[test]
    fn what_moved_within_its_doubt_is_not_told_and_what_moved_beyond_it_is() {
        assert_eq!(told_of(placed(3, 0, 3.002, 0.0)), []);
        assert_eq!(told_of(placed(3, 0, 3.004, 0.0)), [("3.wav".to_owned(), What::Moved)]);
        assert_eq!(told_of(placed(3, 0, 2.996, 0.0)), [("3.wav".to_owned(), What::Moved)]);
    }

    #[test]
    fn a_clock_that_turned_about_its_beginning_moved_its_end() {
        assert_eq!(told_of(placed(3, 0, 3.0, 40.0)), []);
        assert_eq!(told_of(placed(3, 0, 3.0, 60.0)), [("3.wav".to_owned(), What::Moved)]);
    }

    #[test]
    fn another_island_and_no_island_are_told() {
        assert_eq!(told_of(placed(3, 1, 3.0, 0.0)), [("3.wav".to_owned(), What::Joined)]);
        let nowhere = Shown { placement: None, ..placed(3, 0, 3.0, 0.0) };
        assert_eq!(told_of(nowhere), [("3.wav".to_owned(), What::Unplaced)]);
    }

    #[test]
    fn a_new_first_recording_moves_the_zero_and_nobody() {
        let mut after = before();
        let later = |mut shown: Shown| {
            let pieces = shown.placement.iter_mut().flat_map(|p| &mut p.pieces);
            pieces.for_each(|piece| piece.map.offset_ns += 7_000_000_000);
            shown
        };
        after.recordings = after.recordings.into_iter().map(later).collect();
        after.recordings.push(placed(9, 0, 1.0, 0.0));
        let told = beyond_doubt(&placements(&before()), &after);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((told[0].what, told[0].by_s), (What::Zero, Some(-7.0)));
    }
}
