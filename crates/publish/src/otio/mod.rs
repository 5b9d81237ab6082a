//! The synchronised timeline for an editing program, as `OpenTimelineIO` JSON.
//!
//! One file per island: an editing timeline is one clock, and two islands share none; side by
//! side in one timeline they would look as if they did. Each recording has a track of its own
//! per kind (picture, sound), so that nothing covers anything and an editor can see at once who
//! recorded when. A gap is a gap.
//!
//! Schemas: `Clip.1` and `Marker.2`, which libraries of every age read (newer ones upgrade them
//! on reading; older ones refuse `Clip.2` and `Marker.3`, and nothing here needs those).
//!
//! Drift is a `LinearTimeWarp` whose scalar is media seconds per case second. A clip's duration
//! is case time, as the library counts it; what it consumes of the media is duration × scalar.
//! Nothing here relies on composing time transforms: every clip says its own place in full.
//!
//! Edges are whole frames of the recording's own nominal rate (for sound alone, whole samples),
//! since editing programs cut nowhere else. The first frame of each piece is rounded once, so
//! that no clip is off by more than half a frame; the exact nanoseconds are in the metadata
//! under `recount`. Picture and sound of one file keep the same edges: they stay in step.
//!
//! Metadata does not survive every program, so what a person must know (± and refusals) is said
//! in markers too.

mod clip;
mod rate;
mod url;

use evidence::Piece;
use serde_json::{Value, json};

use crate::islands::{Holds, IslandView, Lane, islands, unplaced};
use crate::{Error, Labels, Named, Snapshot, times};
use clip::Placed;
use rate::Rate;

/// Recordings on no clock that get a marker of their own; the rest are counted in one more.
const MARKERS_MAX: usize = 100;

/// Writes `island-0.otio` and so on, one file for each island.
///
/// # Errors
/// [`Error::NothingPlaced`] where no recording is on a clock; [`Error::Inexpressible`] should
/// the serialiser refuse.
pub fn write(snapshot: &Snapshot) -> Result<Vec<Named>, Error> {
    let labels = Labels::of(snapshot);
    let islands = islands(snapshot, &labels);
    if islands.is_empty() {
        return Err(Error::NothingPlaced { format: "otio" });
    }
    let notes = notes(snapshot, &labels);
    islands
        .iter()
        .map(|island| {
            let mut bytes = serde_json::to_vec_pretty(&timeline(snapshot, &labels, island, &notes))
                .map_err(|source| Error::Inexpressible { format: "otio", source })?;
            bytes.push(b'\n');
            Ok(Named { name: format!("island-{}.otio", island.number), bytes })
        })
        .collect()
}

fn timeline(snapshot: &Snapshot, labels: &Labels, island: &IslandView, notes: &[String]) -> Value {
    let rate = common_rate(island);
    let zero_ns = zero_ns(island);
    let mut pictures = Vec::new();
    let mut sounds = Vec::new();
    for lane in &island.lanes {
        let holds = lane.shown.holds();
        if matches!(holds, Holds::PictureAndSound | Holds::Picture) {
            pictures.extend(tracks(lane, labels, zero_ns, rate, "Video"));
        }
        if holds != Holds::Picture {
            sounds.extend(tracks(lane, labels, zero_ns, rate, "Audio"));
        }
    }
    pictures.extend(sounds);
    let name = format!("{}, island {}", snapshot.title, island.number);
    json!({
        "OTIO_SCHEMA": "Timeline.1",
        "name": name,
        "global_start_time": global_start(zero_ns, rate),
        "metadata": { "recount": {
            "schema": "recount-otio/1",
            "tool": snapshot.tool,
            "island": island.number,
            "case_time_of_timeline_start_s": zero_ns as f64 / 1e9,
            "utc_of_timeline_start": utc(snapshot, island.number, zero_ns),
            "on_no_clock": notes,
        }},
        "tracks": {
            "OTIO_SCHEMA": "Stack.1",
            "name": "tracks",
            "children": pictures,
            "effects": [],
            "markers": stack_markers(notes, rate),
            "metadata": {},
            "source_range": null,
        },
    })
}

/// What the first frame was in UTC, and how sure that is; nothing where nobody said.
fn utc(snapshot: &Snapshot, island: u32, zero_ns: i64) -> Value {
    let Some(utc) = snapshot.utc_of(evidence::Island(island)) else { return Value::Null };
    let (moment, sigma_ns) = utc.moment(evidence::CaseTime(zero_ns), 0);
    json!({ "utc": moment.to_string(), "sigma_s": sigma_ns as f64 / 1e9 })
}

/// One track for a lane, and more where its pieces overlap in case time.
fn tracks(lane: &Lane, labels: &Labels, zero_ns: i64, common: Rate, kind: &str) -> Vec<Value> {
    let rate = Rate::of(&lane.shown.recording).unwrap_or(common);
    let mut order: Vec<&Piece> = lane.pieces.iter().collect();
    order.sort_by_key(|piece| (piece.case_start(), piece.start));
    // Frames filled so far on each track, and what stands there.
    let mut filled: Vec<(i64, Vec<Value>)> = Vec::new();
    for piece in order {
        let placed = Placed::of(lane, piece, zero_ns, rate);
        if placed.frames == 0 {
            continue;
        }
        let free = filled.iter().position(|(end, _)| *end <= placed.at_frame);
        let track = free.unwrap_or_else(|| {
            filled.push((0, Vec::new()));
            filled.len() - 1
        });
        let (end, children) = &mut filled[track];
        if placed.at_frame > *end {
            children.push(clip::gap(placed.at_frame - *end, rate));
        }
        children.push(placed.clip(labels));
        *end = placed.at_frame + placed.frames;
    }
    let name = |at: usize| match at {
        0 => lane.name.to_owned(),
        _ => format!("{} ({})", lane.name, at + 1),
    };
    filled
        .into_iter()
        .enumerate()
        .map(|(at, (_, children))| {
            json!({
                "OTIO_SCHEMA": "Track.1",
                "name": name(at),
                "kind": kind,
                "children": children,
                "effects": [],
                "markers": [],
                "metadata": { "recount": { "sha256": lane.shown.source.id } },
                "source_range": null,
            })
        })
        .collect()
}

/// Case time of the timeline's first frame: the whole second at or before the first recording,
/// so that times in the editing program differ from case time by a round number.
fn zero_ns(island: &IslandView) -> i64 {
    const S: i64 = 1_000_000_000;
    island.start.0.div_euclid(S).saturating_mul(S)
}

/// Case time as the timeline's own timecode, where a timecode can say it (0 to 24 h).
fn global_start(zero_ns: i64, rate: Rate) -> Value {
    const DAY_NS: i64 = 86_400 * 1_000_000_000;
    if (0..DAY_NS).contains(&zero_ns) { rate.time(rate.frames(zero_ns)) } else { Value::Null }
}

/// The rate most recordings of the island have; 25 where none has pictures.
fn common_rate(island: &IslandView) -> Rate {
    let mut rates: Vec<(Rate, usize)> = Vec::new();
    for lane in island.lanes.iter().filter(|lane| !lane.shown.recording.video.is_empty()) {
        let Some(rate) = Rate::of(&lane.shown.recording) else { continue };
        match rates.iter_mut().find(|(known, _)| *known == rate) {
            Some((_, count)) => *count += 1,
            None => rates.push((rate, 1)),
        }
    }
    // The first of the most frequent, in the order of lanes.
    rates.iter().rev().max_by_key(|(_, count)| *count).map_or(Rate::PAL, |(rate, _)| *rate)
}

/// What is on no clock, in sentences.
fn notes(snapshot: &Snapshot, labels: &Labels) -> Vec<String> {
    unplaced(snapshot, labels)
        .into_iter()
        .map(|(name, shown)| {
            format!("not here: {name}, {}", labels.reason(name, shown).unwrap_or_default())
        })
        .collect()
}

fn stack_markers(notes: &[String], rate: Rate) -> Vec<Value> {
    let mut shown: Vec<String> = notes.iter().take(MARKERS_MAX).cloned().collect();
    if notes.len() > MARKERS_MAX {
        let more = times::count(notes.len() - MARKERS_MAX, "more recording");
        shown.push(format!("not here: {more}"));
    }
    shown.iter().map(|note| clip::marker(note, "RED", (0, 1), rate, &Value::Null)).collect()
}

#[cfg(test)]
mod tests;
