//! The snapshot as a reader of pictures needs it: island by island, lane by lane.

use std::collections::BTreeMap;

use evidence::{CaseTime, CopyReason, Excerpt, MediaTime, Piece};

use crate::{Labels, Mark, Marks, Shown, Snapshot, times};

/// What a recording holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// Moving pictures and sound.
    PictureAndSound,
    /// Sound only.
    Sound,
    /// Moving pictures only.
    Picture,
    /// Neither; it could not be read.
    Nothing,
}

/// Recordings that share one clock.
#[derive(Clone, Debug)]
pub struct IslandView<'a> {
    /// Its number.
    pub number: u32,
    /// Earliest case time of any lane.
    pub start: CaseTime,
    /// Latest.
    pub end: CaseTime,
    /// By beginning, then by name.
    pub lanes: Vec<Lane<'a>>,
}

/// One recording on its island.
#[derive(Clone, Debug)]
pub struct Lane<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What is known of it.
    pub shown: &'a Shown,
    /// Where it lies, in order of media time; at least one.
    pub pieces: &'a [Piece],
    /// What was copied into it.
    pub copied: Vec<&'a Excerpt>,
    /// The recording that is the same file, if this is another copy of one.
    pub twin: Option<&'a str>,
    /// What its place rests on, if neither on sound nor on light.
    pub mark: Option<Mark>,
}

/// All islands by number.
pub fn islands<'a>(snapshot: &'a Snapshot, labels: &'a Labels) -> Vec<IslandView<'a>> {
    let mut by_number: BTreeMap<u32, Vec<Lane<'a>>> = BTreeMap::new();
    let marks = Marks::of(snapshot);
    for (name, shown) in labels.sorted(snapshot) {
        let Some(placement) = shown.placement.as_ref().filter(|p| !p.pieces.is_empty()) else {
            continue;
        };
        let lane = Lane {
            name,
            shown,
            pieces: &placement.pieces,
            copied: copied(snapshot, shown),
            twin: labels.twin(name, shown),
            mark: marks.get(shown.source.id),
        };
        by_number.entry(placement.island.0).or_default().push(lane);
    }
    by_number
        .into_iter()
        .map(|(number, mut lanes)| {
            lanes.sort_by_key(Lane::start);
            let start = lanes.iter().map(Lane::start).min().unwrap_or_default();
            let end = lanes.iter().map(Lane::end).max().unwrap_or_default().max(start);
            IslandView { number, start, end, lanes }
        })
        .collect()
}

/// Recordings on no clock, by name.
pub fn unplaced<'a>(snapshot: &'a Snapshot, labels: &'a Labels) -> Vec<(&'a str, &'a Shown)> {
    labels.sorted(snapshot).into_iter().filter(|(_, shown)| !shown.is_placed()).collect()
}

/// Excerpts that lie in this recording, by beginning.
pub fn copied<'a>(snapshot: &'a Snapshot, shown: &Shown) -> Vec<&'a Excerpt> {
    let mut copied: Vec<&Excerpt> =
        snapshot.excerpts.iter().filter(|excerpt| excerpt.copy == shown.source.id).collect();
    copied.sort_by_key(|excerpt| (excerpt.start, excerpt.source, excerpt.source_start));
    copied
}

/// What was copied into a recording, and from where, in words.
pub fn copies(excerpts: &[&Excerpt], labels: &Labels) -> String {
    let words: Vec<String> = excerpts
        .iter()
        .map(|excerpt| {
            let source = labels.name(excerpt.source);
            if excerpt.reason == Some(CopyReason::SameThroughout) {
                return format!("the same as {source} throughout, encoded anew{}", played(excerpt));
            }
            let how = match excerpt.reason {
                Some(CopyReason::PlayedAgain) => "played from",
                _ => "copied from",
            };
            format!(
                "{} {how} {source} at {}{}",
                times::length(excerpt.end.0.saturating_sub(excerpt.start.0)),
                times::clock(excerpt.source_start.0, 1),
                played(excerpt),
            )
        })
        .collect();
    words.join(", ")
}

/// How fast a copy is played, if not as it was recorded, after what is said of it.
pub fn played(excerpt: &Excerpt) -> String {
    if excerpt.is_as_recorded() {
        return String::new();
    }
    let percent = 100.0 * (excerpt.speed - 1.0);
    let way = if percent > 0.0 { "faster" } else { "slower" };
    let pitch =
        if excerpt.reason == Some(CopyReason::Stretched) { " with its pitch kept" } else { "" };
    format!(", played {:.1} % {way}{pitch}", percent.abs())
}

/// What is said of a file that holds the same bytes as another.
pub fn same_bytes(first: &str) -> String {
    format!("it holds the same bytes as {first}")
}

/// Why a recording is on no clock, and what of it is known nevertheless.
pub fn why_unplaced(snapshot: &Snapshot, labels: &Labels, name: &str, shown: &Shown) -> String {
    let reason = labels.reason(name, shown).unwrap_or_default();
    let excerpts = copied(snapshot, shown);
    if excerpts.is_empty() { reason } else { format!("{reason}; {}", copies(&excerpts, labels)) }
}

impl IslandView<'_> {
    /// From its earliest to its latest moment, nanoseconds.
    pub fn length_ns(&self) -> i64 {
        self.end.0.saturating_sub(self.start.0)
    }
}

impl Lane<'_> {
    /// Case time of its earliest placed moment.
    pub fn start(&self) -> CaseTime {
        self.pieces.iter().map(Piece::case_start).min().unwrap_or_default()
    }

    /// Case time of its latest placed moment.
    pub fn end(&self) -> CaseTime {
        self.pieces.iter().map(Piece::case_end).max().unwrap_or_default()
    }

    /// The largest sigma of its pieces, nanoseconds.
    pub fn sigma_ns(&self) -> i64 {
        self.pieces.iter().map(|piece| piece.sigma_ns).max().unwrap_or(0)
    }

    /// Case time of a media time by the nearest piece: for pictures, not for evidence.
    pub fn near(&self, media: MediaTime) -> CaseTime {
        let distance = |piece: &&Piece| {
            if media < piece.start {
                piece.start.0.abs_diff(media.0)
            } else {
                media.0.saturating_sub(piece.end.0).max(0).unsigned_abs()
            }
        };
        self.pieces
            .iter()
            .min_by_key(distance)
            .map_or_else(CaseTime::default, |p| p.map.to_case(media))
    }

    /// Media time that no piece covers, nanoseconds.
    pub fn not_placed_ns(&self) -> i64 {
        let covered: i64 = self
            .pieces
            .iter()
            .map(|piece| piece.end.0.saturating_sub(piece.start.0).max(0))
            .fold(0, i64::saturating_add);
        self.shown.recording.duration.0.saturating_sub(covered).max(0)
    }

    /// One sentence for whoever cannot see the lane.
    pub fn sentence(&self) -> String {
        let drift_ppm: Vec<String> =
            self.pieces.iter().map(|piece| format!("{:+.1}", piece.map.drift_ppm())).collect();
        format!(
            "{}: {}, {} to {} {} (one standard deviation), {}, drift {} ppm",
            self.name,
            self.shown.holds().words(),
            times::clock(self.start().0, 3),
            times::clock(self.end().0, 3),
            times::doubt(self.sigma_ns()),
            times::count(self.pieces.len(), "piece"),
            drift_ppm.first().map_or("0", String::as_str),
        ) + &self.mark.map(|mark| format!("; placed {}", mark.words())).unwrap_or_default()
            + &self.twin.map(|first| format!("; {}", same_bytes(first))).unwrap_or_default()
    }
}

impl Shown {
    /// What it holds, by its tracks.
    pub fn holds(&self) -> Holds {
        match (self.recording.video.is_empty(), self.recording.audio.is_empty()) {
            (false, false) => Holds::PictureAndSound,
            (true, false) => Holds::Sound,
            (false, true) => Holds::Picture,
            (true, true) => Holds::Nothing,
        }
    }

    /// Stretches of media time without recorded sound, within `start..end`; all of it for a
    /// recording without sound. Where nobody listened yet, the tracks' own beginnings count.
    pub fn without_sound(&self, start: MediaTime, end: MediaTime) -> Vec<(MediaTime, MediaTime)> {
        let mut heard: Vec<(MediaTime, MediaTime)> = if self.stretches.is_empty() {
            self.recording.audio.iter().map(|track| (track.start, end)).collect()
        } else {
            self.stretches.iter().map(|stretch| (stretch.start, stretch.end)).collect()
        };
        heard.sort_unstable();
        let mut silent = Vec::new();
        let mut from = start;
        for (begin, stop) in heard {
            if begin > from {
                silent.push((from, begin.min(end)));
            }
            from = from.max(stop);
            if from >= end {
                break;
            }
        }
        if from < end {
            silent.push((from, end));
        }
        silent.retain(|(begin, stop)| begin < stop);
        silent
    }
}

impl Holds {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::PictureAndSound => "picture and sound",
            Self::Sound => "sound only",
            Self::Picture => "picture only, no sound",
            Self::Nothing => "neither picture nor sound",
        }
    }
}
