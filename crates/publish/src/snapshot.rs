//! What a case looks like at one moment: everything a writer may say.

use evidence::{
    Anchor, CaseTime, Excerpt, Island, Placement, Recording, Refusal, Source, SourceId, Stood,
    Stretch, Tie, TieKind, Transcript, UtcAnchor, UtcMap, UtcTime,
};
use serde::{Deserialize, Serialize};

use crate::times;

/// Two moments nearer than this are one: a solution goes through floating-point numbers.
const SAME_NS: u64 = 1_000;

/// Of less sound than this it cannot well be told that it shares nothing.
const SHORT_S: f64 = 8.0;

/// A case at one moment, complete enough that no writer needs to look anything up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Name of the case.
    pub title: String,
    /// Every source that has time, placed or not, in any order.
    pub recordings: Vec<Shown>,
    /// What pairs of recordings heard in common, accepted or not.
    pub ties: Vec<Tie>,
    /// Stretches that were copied from one recording into another.
    pub excerpts: Vec<Excerpt>,
    /// Sources without time.
    pub documents: Vec<Source>,
    /// Where persons placed recordings, in the order in which they said so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<Word>,
    /// Where persons say that recorders stood; the last word of each counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stood: Vec<StoodWord>,
    /// True time, for the islands that somebody anchored in it; by island.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub utc: Vec<UtcOfIsland>,
    /// What is said in the recordings, as each hand wrote it down; read only for the formats that hold
    /// words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transcripts: Vec<Transcript>,
    /// Program and version that made the findings (`recount 0.1.0`).
    pub tool: String,
}

/// One recording and what is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// The file: its hash, path and size.
    pub source: Source,
    /// What the file says of itself.
    pub recording: Recording,
    /// Where it lies on the clock of its island, if that could be told.
    pub placement: Option<Placement>,
    /// When sound was really recorded; empty where nobody listened yet.
    pub stretches: Vec<Stretch>,
    /// Why it is on no clock.
    pub refusal: Option<Refusal>,
    /// Its sound as a picture, if one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waveform: Option<Waveform>,
}

/// Where a person placed a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// What was said.
    pub anchor: Anchor,
    /// In the person's words.
    pub said: String,
    /// When, RFC 3339.
    pub at_utc: String,
    /// By whom.
    pub actor: String,
}

/// Where a person says that a recorder stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoodWord {
    /// What was said.
    pub stood: Stood,
    /// In the person's words.
    pub said: String,
    /// When, RFC 3339.
    pub at_utc: String,
    /// By whom.
    pub actor: String,
}

/// The clock of an island in true time, and what that rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UtcOfIsland {
    /// Which island.
    pub island: Island,
    /// Its case time in UTC.
    pub map: UtcMap,
    /// What persons said, in that order; at least one.
    pub anchors: Vec<UtcWord>,
}

/// A moment that a person holds to be known in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UtcWord {
    /// What was said.
    pub anchor: UtcAnchor,
    /// In the person's words.
    pub said: String,
    /// When it was said, RFC 3339.
    pub at_utc: String,
    /// By whom.
    pub actor: String,
    /// By how much later it is than the map has it, nanoseconds.
    pub residual_ns: i64,
    /// Whether it contradicts what else was said, by more than its doubt.
    pub contradicts: bool,
}

/// The outline of a recording's sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waveform {
    /// Peaks for each second of media time; at least 1.
    pub peaks_per_s: u32,
    /// Largest magnitude in each interval from media time zero on, 0 (silence) to 255 (full scale).
    pub peaks: Vec<u8>,
}

impl Snapshot {
    /// The recording with this hash.
    pub fn recording(&self, id: SourceId) -> Option<&Shown> {
        self.recordings.iter().find(|shown| shown.source.id == id)
    }

    /// The tie that a person's word became in the solution; none before that.
    pub fn tie_of(&self, anchor: &Anchor) -> Option<&Tie> {
        let (low, high) = if anchor.source < anchor.other {
            ((anchor.source, anchor.time), (anchor.other, anchor.other_time))
        } else {
            ((anchor.other, anchor.other_time), (anchor.source, anchor.time))
        };
        self.ties.iter().find(|tie| {
            let at = tie.pieces.first().map(|piece| (piece.start, piece.map.to_case(piece.start)));
            let is_given = matches!(tie.kind, TieKind::Hand | TieKind::Clock);
            is_given
                && (tie.left, tie.right) == (low.0, high.0)
                && at.is_some_and(|(right, left)| {
                    right == high.1 && left.0.abs_diff(low.1.0) < SAME_NS
                })
        })
    }

    /// Where the recorder of a recording stood, if somebody said so.
    pub fn stood(&self, id: SourceId) -> Option<&Stood> {
        self.stood.iter().rev().map(|word| &word.stood).find(|stood| stood.source == id)
    }

    /// Whether a recording lies where it does because a person said so.
    pub fn is_anchored(&self, id: SourceId) -> bool {
        let of = |word: &&Word| word.anchor.source == id;
        self.words
            .iter()
            .filter(of)
            .any(|word| self.tie_of(&word.anchor).is_some_and(|tie| tie.accepted))
    }
}

impl Snapshot {
    /// True time of an island, if it is anchored.
    pub fn utc_of(&self, island: Island) -> Option<&UtcOfIsland> {
        self.utc.iter().find(|utc| utc.island == island)
    }
}

impl UtcOfIsland {
    /// A case time in UTC, with one standard deviation that holds `own_ns` of the case time.
    pub fn moment(&self, case: CaseTime, own_ns: i64) -> (UtcTime, i64) {
        let sigma_ns = (self.map.sigma_ns(case) as f64).hypot(own_ns as f64).ceil() as i64;
        (self.map.to_utc(case), sigma_ns)
    }

    /// When the first placed moment of a recording was.
    pub fn begins(&self, placement: &Placement) -> Option<(UtcTime, i64)> {
        let first = placement.pieces.iter().min_by_key(|piece| piece.case_start())?;
        Some(self.moment(first.case_start(), first.sigma_ns))
    }

    /// What case zero was, how sure that is, and how fast the case runs.
    pub fn sentence(&self) -> String {
        let (zero, sigma_ns) = self.moment(CaseTime(0), 0);
        let rate = if self.map.rate_sigma_ppm < 0.5 * evidence::utc::RATE_PPM {
            let (rate, sigma) = (self.map.rate_ppm, self.map.rate_sigma_ppm);
            format!("its clock is {rate:+.1} ± {sigma:.1} ppm against UTC")
        } else {
            "its rate against UTC is not known, so the ± grows by 0.36 s an hour".to_owned()
        };
        format!(
            "island {}: case zero was {} {}; {rate} ({})",
            self.island.0,
            zero.text(sigma_ns),
            times::doubt(sigma_ns),
            times::count(self.anchors.len(), "anchor"),
        )
    }
}

impl Shown {
    /// Why it is on no clock, as a clause (`it has no sound`); `None` when it is placed.
    pub fn reason(&self) -> Option<String> {
        if self.is_placed() {
            return None;
        }
        let seconds = self.recording.duration.seconds();
        Some(match &self.refusal {
            None => "it has not been compared with the others yet".to_owned(),
            Some(Refusal::SharesNothing) if seconds < SHORT_S => {
                format!(
                    "nothing it shares with others could be told: it is only {seconds:.1} s long"
                )
            }
            Some(refusal) => refusal.to_string(),
        })
    }

    /// Whether any of it lies on a clock.
    pub fn is_placed(&self) -> bool {
        self.placement.as_ref().is_some_and(|placement| !placement.pieces.is_empty())
    }
}
