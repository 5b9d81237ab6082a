//! Where clips are from, for people and for programs.
//!
//! In: answers. Out: rows, of which each is one object of the JSON and a few lines of the text.

use std::fmt::Write as _;

use evidence::{CopyReason, Excerpt, MediaTime, SourceId};
use publish::{Labels, Snapshot, times};
use serde::Serialize;

use super::names::{shown, shown_text};
use crate::steps::find::Answer;

/// What is known of one clip.
#[derive(Debug, Serialize)]
pub struct Row {
    file: String,
    sha256: SourceId,
    /// A recording with the same bytes.
    same_bytes: Option<String>,
    copies: Vec<Shared>,
    heard: Vec<Heard>,
    nearest: Option<Nearest>,
    /// Why it could not be compared.
    not_heard: Option<String>,
}

/// A stretch that the clip and a recording share, in seconds of either.
#[derive(Debug, Serialize)]
struct Shared {
    start: f64,
    end: f64,
    recording: String,
    recording_start: f64,
    recording_end: f64,
    /// Seconds of the recording in one second of the clip.
    speed: f64,
    /// Which of the two is the copy, and what tells so.
    copy: &'static str,
    reason: Option<CopyReason>,
    recording_sha256: SourceId,
}

/// A microphone at the same moment.
#[derive(Debug, Serialize)]
struct Heard {
    recording: String,
    /// Seconds after the recording's beginning that the clip begins.
    starts: f64,
    drift_ppm: f64,
    sigma: f64,
    score: f64,
    windows_agree: u32,
    windows: u32,
    recording_sha256: SourceId,
}

/// Likeness that is not enough.
#[derive(Debug, Serialize)]
struct Nearest {
    recording: String,
    starts: f64,
    score: f64,
    strangers_reach: f64,
}

/// The row of an answer.
pub fn row(answer: &Answer, snapshot: &Snapshot, labels: &Labels) -> Row {
    let clip = answer.clip.id;
    let name = |id: SourceId| shown_text(&labels.name(id));
    let twin = snapshot.recordings.iter().any(|shown| shown.source.id == clip);
    let mut row = Row {
        file: shown(&answer.clip.path),
        sha256: clip,
        same_bytes: twin.then(|| name(clip)),
        copies: Vec::new(),
        heard: Vec::new(),
        nearest: None,
        not_heard: None,
    };
    match &answer.found {
        Err(refusal) => row.not_heard = Some(refusal.to_string()),
        Ok(found) => {
            row.copies = found.copies.iter().map(|e| copy(e, clip, &name)).collect();
            row.copies.sort_by(|a, b| a.start.total_cmp(&b.start));
            row.heard = found
                .heard
                .iter()
                .map(|h| Heard {
                    recording: name(h.recording),
                    starts: h.piece.map.offset_s(),
                    drift_ppm: h.piece.map.drift_ppm(),
                    sigma: h.piece.sigma_s(),
                    score: h.score,
                    windows_agree: h.windows.0,
                    windows: h.windows.1,
                    recording_sha256: h.recording,
                })
                .collect();
            // What holds the same bytes is near enough.
            row.nearest = found.nearest.filter(|_| !twin).map(|n| Nearest {
                recording: name(n.recording),
                starts: n.starts_s,
                score: n.score,
                strangers_reach: align::Z_STRANGERS,
            });
        }
    }
    row
}

/// A stretch as the clip sees it, whichever of the two is the copy.
fn copy(e: &Excerpt, clip: SourceId, name: &dyn Fn(SourceId) -> String) -> Shared {
    let (own, theirs) = ((e.start, e.end), (e.source_start, e.source_end()));
    let is_copy = e.copy == clip;
    let (own, theirs) = if is_copy { (own, theirs) } else { (theirs, own) };
    let recording = if is_copy { e.source } else { e.copy };
    Shared {
        start: own.0.seconds(),
        end: own.1.seconds(),
        recording: name(recording),
        recording_start: theirs.0.seconds(),
        recording_end: theirs.1.seconds(),
        speed: if is_copy { e.speed } else { e.speed.recip() },
        copy: if is_copy { "clip" } else { "recording" },
        reason: e.reason,
        recording_sha256: recording,
    }
}

/// The rows for a person.
pub fn text(rows: &[Row]) -> String {
    let mut out = String::new();
    for row in rows {
        let _ = writeln!(out, "{}", row.file);
        if let Some(twin) = &row.same_bytes {
            let _ = writeln!(out, "  holds the same bytes as {twin}");
        }
        if let Some(why) = &row.not_heard {
            let _ = writeln!(out, "  cannot be compared: {why}");
        }
        for c in &row.copies {
            let _ = writeln!(out, "  {}", copied(c));
        }
        for h in &row.heard {
            let _ = writeln!(out, "  {}", heard(h));
        }
        let is_empty = row.copies.is_empty() && row.heard.is_empty();
        if is_empty && row.same_bytes.is_none() && row.not_heard.is_none() {
            let _ = writeln!(out, "  not found: nothing in the case holds it or heard it");
        }
        if let Some(n) = &row.nearest {
            let _ = writeln!(
                out,
                "  nearest, and not enough: {}, {} (strength {:.1}; strangers reach {:.1})",
                n.recording,
                begins(n.starts),
                n.score,
                n.strangers_reach
            );
        }
    }
    out
}

fn copied(c: &Shared) -> String {
    let at = |seconds: f64| times::clock(MediaTime::from_seconds(seconds).0, 2);
    let percent = 100.0 * (c.speed - 1.0);
    let speed = if percent.abs() < 1e-4 {
        String::new()
    } else {
        let way = if percent > 0.0 { "faster" } else { "slower" };
        format!(", played {:.2} % {way}", percent.abs())
    };
    let why = c.reason.map_or(String::new(), |reason| match reason {
        CopyReason::SameThroughout => format!(" ({})", reason.clause()),
        _ => format!(" (the {} is the copy: {})", c.copy, reason.clause()),
    });
    format!(
        "{} to {} is {} {} to {}{speed}{why}",
        at(c.start),
        at(c.end),
        c.recording,
        at(c.recording_start),
        at(c.recording_end),
    )
}

fn heard(h: &Heard) -> String {
    format!(
        "heard at the same time as {}: {}, {} ({} of {} windows agree)",
        h.recording,
        begins(h.starts),
        times::doubt((h.sigma * 1e9) as i64),
        h.windows_agree,
        h.windows,
    )
}

fn begins(starts_s: f64) -> String {
    if starts_s < 0.0 {
        format!("begins {:.3} s before it", -starts_s)
    } else {
        format!("begins {starts_s:.3} s after it")
    }
}
