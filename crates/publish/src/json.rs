//! The alignment as JSON, for programs.
//!
//! `recordings` and `excerpts` hold what every reader of an alignment needs: times in seconds,
//! case time of media time t is `offset + (1 + drift_ppm·1e-6)·t`, `sigma` one standard
//! deviation in seconds, and no pieces where a recording could not be placed. The rest says how
//! it is known: hashes, refusals, and ties with the windows that speak for and against them.
//! Absolute paths stay at home: a file is named as far as it must be to be told apart.

use evidence::{CopyReason, Excerpt, Piece, Refusal, Source, SourceId, Tie};
use serde::Serialize;

use crate::{Error, Labels, Mark, Marks, Named, Shown, Snapshot, UtcOfIsland, Word};

/// Changes when a reader of the former version would misread the new one.
pub const SCHEMA: &str = "recount-alignment/1";

/// Writes `alignment.json`.
///
/// # Errors
/// [`Error::Inexpressible`] should the serialiser refuse, which no snapshot is known to cause.
pub fn write(snapshot: &Snapshot) -> Result<Vec<Named>, Error> {
    let labels = Labels::of(snapshot);
    let mut bytes = serde_json::to_vec_pretty(&alignment(snapshot, &labels))
        .map_err(|source| Error::Inexpressible { format: "json", source })?;
    bytes.push(b'\n');
    Ok(vec![Named { name: "alignment.json".to_owned(), bytes }])
}

#[derive(Serialize)]
struct AlignmentRow<'a> {
    schema: &'static str,
    tool: &'a str,
    title: &'a str,
    recordings: Vec<RecordingRow<'a>>,
    excerpts: Vec<ExcerptRow>,
    ties: Vec<TieRow>,
    documents: Vec<DocumentRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    anchors: Vec<AnchorRow<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    utc: Vec<UtcRow<'a>>,
}

/// The clock of an island in UTC: the UTC of case time t is `utc` + (t − `case`) · (1 +
/// `rate_ppm`·1e-6), and its sigma is that of `sigma` and (t − `case`) · `rate_sigma_ppm`·1e-6,
/// which add up as squares do.
#[derive(Serialize)]
struct UtcRow<'a> {
    island: u32,
    case: f64,
    utc: String,
    sigma: f64,
    rate_ppm: f64,
    rate_sigma_ppm: f64,
    anchors: Vec<UtcAnchorRow<'a>>,
}

/// A person's word: `file` at `at` was when it was `utc`.
#[derive(Serialize)]
struct UtcAnchorRow<'a> {
    file: String,
    at: f64,
    utc: String,
    sigma: f64,
    /// By how much later it is than the row above has it.
    residual: f64,
    contradicts: bool,
    said: &'a str,
    by: &'a str,
    at_utc: &'a str,
}

/// When a recording began in UTC.
#[derive(Serialize)]
struct BeginsRow {
    begins: String,
    sigma: f64,
}

/// A person's word: `file` at `at` was when `with` was at `with_at`.
#[derive(Serialize)]
struct AnchorRow<'a> {
    file: String,
    at: f64,
    with: String,
    with_at: f64,
    sigma: f64,
    locked: bool,
    /// Whether the recordings lie so; absent before they were placed anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<bool>,
    said: &'a str,
    by: &'a str,
    at_utc: &'a str,
}

#[derive(Serialize)]
struct RecordingRow<'a> {
    file: &'a str,
    sha256: SourceId,
    size_bytes: u64,
    duration: f64,
    island: Option<u32>,
    pieces: Vec<PieceRow>,
    /// A person said where it lies, and it lies there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    anchored: bool,
    /// `hand` or `clock`, where its place rests on a person's word or on devices' clocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    placed_by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    utc: Option<BeginsRow>,
    /// The recording that is the same file, where this is another copy of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    same_bytes_as: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalRow<'a>>,
}

#[derive(Serialize)]
struct PieceRow {
    start: f64,
    end: f64,
    offset: f64,
    drift_ppm: f64,
    sigma: f64,
}

#[derive(Serialize)]
struct RefusalRow<'a> {
    #[serde(flatten)]
    refusal: &'a Refusal,
    text: String,
}

#[derive(Serialize)]
struct ExcerptRow {
    file: String,
    start: f64,
    end: f64,
    source: String,
    source_start: f64,
    /// Seconds of the source in one second of the file; not written where it is 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    speed: Option<f64>,
    /// What tells that it is the copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<CopyReason>,
    file_sha256: SourceId,
    source_sha256: SourceId,
}

#[derive(Serialize)]
struct TieRow {
    left: String,
    right: String,
    accepted: bool,
    /// What it rests on: `sound`, `light`, `hand` (a person said so) or `clock`.
    by: &'static str,
    score: f64,
    windows_agree: u32,
    windows_disagree: u32,
    runner_up: Option<RunnerUpRow>,
    /// Media time of `right` to media time of `left`.
    pieces: Vec<PieceRow>,
    left_sha256: SourceId,
    right_sha256: SourceId,
}

#[derive(Serialize)]
struct RunnerUpRow {
    offset: f64,
    share: f64,
}

#[derive(Serialize)]
struct DocumentRow {
    file: String,
    sha256: SourceId,
    size_bytes: u64,
}

fn alignment<'a>(snapshot: &'a Snapshot, labels: &'a Labels) -> AlignmentRow<'a> {
    let mut excerpts: Vec<ExcerptRow> =
        snapshot.excerpts.iter().map(|excerpt| excerpt_row(excerpt, labels)).collect();
    excerpts.sort_by(|a, b| {
        a.file.cmp(&b.file).then(a.start.total_cmp(&b.start)).then(a.source.cmp(&b.source))
    });
    let looked_at = snapshot.ties.iter().filter(|tie| !tie.is_near_miss());
    let mut ties: Vec<TieRow> = looked_at.map(|tie| tie_row(tie, labels)).collect();
    ties.sort_by(|a, b| (&a.left, &a.right).cmp(&(&b.left, &b.right)));
    let mut documents: Vec<DocumentRow> = snapshot.documents.iter().map(document_row).collect();
    documents.sort_by(|a, b| (&a.file, a.sha256).cmp(&(&b.file, b.sha256)));
    let marks = Marks::of(snapshot);
    AlignmentRow {
        schema: SCHEMA,
        tool: &snapshot.tool,
        title: &snapshot.title,
        recordings: labels
            .sorted(snapshot)
            .into_iter()
            .map(|(file, shown)| {
                let id = shown.source.id;
                let anchored = snapshot.is_anchored(id);
                let placed_by = marks.get(id).filter(|_| shown.is_placed()).map(Mark::word);
                let utc = begins(snapshot, shown);
                RecordingRow { anchored, placed_by, utc, ..recording_row(file, shown, labels) }
            })
            .collect(),
        excerpts,
        ties,
        documents,
        anchors: snapshot.words.iter().map(|word| anchor_row(word, snapshot, labels)).collect(),
        utc: snapshot.utc.iter().map(|utc| utc_row(utc, labels)).collect(),
    }
}

fn begins(snapshot: &Snapshot, shown: &Shown) -> Option<BeginsRow> {
    let placement = shown.placement.as_ref()?;
    let (begins, sigma_ns) = snapshot.utc_of(placement.island)?.begins(placement)?;
    Some(BeginsRow { begins: begins.to_string(), sigma: sigma_ns as f64 / 1e9 })
}

fn utc_row<'a>(of: &'a UtcOfIsland, labels: &Labels) -> UtcRow<'a> {
    let anchors = of.anchors.iter().map(|word| UtcAnchorRow {
        file: labels.name(word.anchor.source),
        at: word.anchor.time.seconds(),
        utc: word.anchor.utc.to_string(),
        sigma: word.anchor.sigma_ns as f64 / 1e9,
        residual: word.residual_ns as f64 / 1e9,
        contradicts: word.contradicts,
        said: &word.said,
        by: &word.actor,
        at_utc: &word.at_utc,
    });
    UtcRow {
        island: of.island.0,
        case: of.map.case.seconds(),
        utc: of.map.utc.to_string(),
        sigma: of.map.sigma_ns as f64 / 1e9,
        rate_ppm: of.map.rate_ppm,
        rate_sigma_ppm: of.map.rate_sigma_ppm,
        anchors: anchors.collect(),
    }
}

fn recording_row<'a>(file: &'a str, shown: &'a Shown, labels: &'a Labels) -> RecordingRow<'a> {
    let placement = shown.placement.as_ref().filter(|_| shown.is_placed());
    RecordingRow {
        file,
        sha256: shown.source.id,
        size_bytes: shown.source.size_bytes,
        duration: shown.recording.duration.seconds(),
        island: placement.map(|placement| placement.island.0),
        pieces: placement
            .map_or_else(Vec::new, |placement| placement.pieces.iter().map(piece_row).collect()),
        anchored: false,
        placed_by: None,
        utc: None,
        same_bytes_as: labels.twin(file, shown),
        refusal: shown.refusal.as_ref().filter(|_| placement.is_none()).map(|refusal| RefusalRow {
            refusal,
            text: labels.reason(file, shown).unwrap_or_default(),
        }),
    }
}

fn piece_row(piece: &Piece) -> PieceRow {
    PieceRow {
        start: piece.start.seconds(),
        end: piece.end.seconds(),
        offset: piece.map.offset_s(),
        drift_ppm: piece.map.drift_ppm(),
        sigma: piece.sigma_s(),
    }
}

fn excerpt_row(excerpt: &Excerpt, labels: &Labels) -> ExcerptRow {
    ExcerptRow {
        file: labels.name(excerpt.copy),
        start: excerpt.start.seconds(),
        end: excerpt.end.seconds(),
        source: labels.name(excerpt.source),
        source_start: excerpt.source_start.seconds(),
        speed: (!excerpt.is_as_recorded()).then_some(excerpt.speed),
        reason: excerpt.reason,
        file_sha256: excerpt.copy,
        source_sha256: excerpt.source,
    }
}

fn tie_row(tie: &Tie, labels: &Labels) -> TieRow {
    TieRow {
        left: labels.name(tie.left),
        right: labels.name(tie.right),
        accepted: tie.accepted,
        by: tie.kind.word(),
        score: tie.score,
        windows_agree: tie.windows_agree,
        windows_disagree: tie.windows_disagree,
        runner_up: tie.runner_up.map(|second| RunnerUpRow {
            offset: second.offset_ns as f64 / 1e9,
            share: second.share,
        }),
        pieces: tie.pieces.iter().map(piece_row).collect(),
        left_sha256: tie.left,
        right_sha256: tie.right,
    }
}

fn anchor_row<'a>(word: &'a Word, snapshot: &Snapshot, labels: &Labels) -> AnchorRow<'a> {
    let anchor = &word.anchor;
    AnchorRow {
        file: labels.name(anchor.source),
        at: anchor.time.seconds(),
        with: labels.name(anchor.other),
        with_at: anchor.other_time.seconds(),
        sigma: anchor.sigma_ns as f64 / 1e9,
        locked: anchor.is_locked,
        accepted: snapshot.tie_of(anchor).map(|tie| tie.accepted),
        said: &word.said,
        by: &word.actor,
        at_utc: &word.at_utc,
    }
}

fn document_row(source: &Source) -> DocumentRow {
    DocumentRow { file: source.name(), sha256: source.id, size_bytes: source.size_bytes }
}

#[cfg(test)]
mod tests {
    use evidence::{ClockMap, MediaTime};
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::sample;

    fn written(snapshot: &Snapshot) -> String {
        let files = write(snapshot).expect("json can say every snapshot");
        String::from_utf8(files[0].bytes.clone()).expect("json is UTF-8")
    }

    #[test]
    fn the_sample_case() {
        insta::assert_snapshot!(written(&sample::rehearsal()));
    }

    /// A piece as a foreign reader would rebuild it.
    fn read_piece(piece: &Value) -> Piece {
        let s = |field: &str| piece[field].as_f64().expect("a number");
        Piece {
            start: MediaTime::from_seconds(s("start")),
            end: MediaTime::from_seconds(s("end")),
            map: ClockMap::from_seconds(s("offset"), s("drift_ppm")),
            sigma_ns: (s("sigma") * 1e9).round() as i64,
        }
    }

    proptest! {
        #[test]
        fn what_is_read_back_is_what_was_placed(case in sample::any_sane_snapshot()) {
            let read: Value = serde_json::from_str(&written(&case)).expect("it is JSON");
            let rows = read["recordings"].as_array().expect("a list");
            prop_assert_eq!(rows.len(), case.recordings.len());
            let labels = Labels::of(&case);
            for (row, (name, shown)) in rows.iter().zip(labels.sorted(&case)) {
                prop_assert_eq!(row["file"].as_str(), Some(name));
                let pieces: Vec<Piece> =
                    row["pieces"].as_array().expect("a list").iter().map(read_piece).collect();
                let placed = shown.placement.clone().map_or(Vec::new(), |p| p.pieces);
                prop_assert_eq!(pieces, placed);
                let island = shown.placement.as_ref().map(|p| u64::from(p.island.0));
                prop_assert_eq!(row["island"].as_u64(), island);
            }
        }

        #[test]
        fn the_order_of_the_recordings_changes_no_byte(case in sample::any_snapshot()) {
            let mut turned = case.clone();
            turned.recordings.reverse();
            turned.excerpts.reverse();
            prop_assert_eq!(written(&case), written(&turned));
        }

        #[test]
        fn no_two_recordings_have_one_name(case in sample::any_snapshot()) {
            let labels = Labels::of(&case);
            let mut names: Vec<&str> =
                labels.sorted(&case).into_iter().map(|(name, _)| name).collect();
            names.dedup();
            prop_assert_eq!(names.len(), case.recordings.len());
        }
    }
}
