//! One piece of a recording as a clip.

use std::fmt::Write as _;

use evidence::{Excerpt, Piece};
use serde_json::{Value, json};

use super::rate::{Claimed, Rate};
use super::url::file_url;
use crate::islands::{Lane, played};
use crate::{Labels, Mark, times};

/// A piece on the frames of its recording.
#[derive(Debug)]
pub struct Placed<'a> {
    lane: &'a Lane<'a>,
    piece: &'a Piece,
    rate: Rate,
    claimed: Option<Claimed>,
    /// First frame of media, counted from media time zero.
    media_frame: i64,
    /// Where it stands on the track.
    pub at_frame: i64,
    /// How long it is on the track.
    pub frames: i64,
}

impl<'a> Placed<'a> {
    /// The media frame nearest to the beginning of the piece, put on the track's frame that is
    /// nearest to that frame's own case time: one rounding, at most half a frame.
    pub fn of(lane: &'a Lane<'a>, piece: &'a Piece, zero_ns: i64, rate: Rate) -> Self {
        let media_frame = rate.frames(piece.start.0);
        let on_track = |media_ns: i64| {
            let case = piece.map.to_case(evidence::MediaTime(media_ns));
            rate.frames(case.0.saturating_sub(zero_ns)).max(0)
        };
        let at_frame = on_track(rate.ns(media_frame));
        let frames = on_track(piece.end.0).saturating_sub(at_frame).max(0);
        let claimed = rate.claimed_start(&lane.shown.recording);
        Self { lane, piece, rate, claimed, media_frame, at_frame, frames }
    }

    /// The clip with its media, drift and markers.
    pub fn clip(&self, labels: &Labels) -> Value {
        let first = self.first_frame();
        let mut markers = vec![self.doubt_marker()];
        markers.extend(self.lane.copied.iter().filter_map(|copy| self.copy_marker(copy, labels)));
        json!({
            "OTIO_SCHEMA": "Clip.1",
            "name": self.lane.name,
            "source_range": self.rate.range(first.saturating_add(self.media_frame), self.frames),
            "media_reference": self.media(first),
            "effects": self.effects(),
            "markers": markers,
            "metadata": { "recount": self.metadata() },
        })
    }

    /// What the file calls its first frame; zero where it claims nothing.
    fn first_frame(&self) -> i64 {
        self.claimed.as_ref().map_or(0, |claimed| claimed.frame)
    }

    fn media(&self, first: i64) -> Value {
        let source = &self.lane.shown.source;
        json!({
            "OTIO_SCHEMA": "ExternalReference.1",
            "name": self.lane.name,
            "target_url": file_url(&source.path),
            "available_range":
                self.rate.range(first, self.rate.frames(self.lane.shown.recording.duration.0)),
            "metadata": { "recount": {
                "sha256": source.id,
                "size_bytes": source.size_bytes,
                "first_frame_claimed_by": self.claimed.as_ref().map(|claimed| &claimed.found_in),
            }},
        })
    }

    /// Drift as a speed: media seconds for each second of the case.
    fn effects(&self) -> Vec<Value> {
        let drift_ppb = self.piece.map.drift_ppb;
        if drift_ppb == 0 {
            return Vec::new();
        }
        vec![json!({
            "OTIO_SCHEMA": "LinearTimeWarp.1",
            "name": format!("clock drift {:+.3} ppm", self.piece.map.drift_ppm()),
            "effect_name": "LinearTimeWarp",
            "time_scalar": 1.0 / (1.0 + drift_ppb as f64 / 1e9),
            "metadata": { "recount": { "drift_ppm": self.piece.map.drift_ppm() } },
        })]
    }

    fn doubt_marker(&self) -> Value {
        let sigma_ns = self.piece.sigma_ns;
        let begin = times::clock(self.piece.case_start().0, 3);
        let mut note = format!("{} (one standard deviation) at {begin}", times::doubt(sigma_ns));
        if let Some(mark) = self.lane.mark {
            let _ = write!(note, ", placed {}", mark.words());
        }
        // Doubt within a frame changes no cut.
        let frame_ns = self.rate.ns(1).max(10_000_000);
        let is_sure = sigma_ns <= frame_ns && self.lane.mark.is_none();
        let colour = if is_sure { "GREEN" } else { "YELLOW" };
        let at = self.first_frame().saturating_add(self.media_frame);
        marker(&note, colour, (at, 1), self.rate, &json!({ "sigma_s": self.piece.sigma_s() }))
    }

    fn copy_marker(&self, copy: &Excerpt, labels: &Labels) -> Option<Value> {
        let (start, end) = (copy.start.max(self.piece.start), copy.end.min(self.piece.end));
        if start >= end {
            return None;
        }
        let at = times::clock(copy.in_source(start).0, 3);
        let note = format!("copied from {} at {at}{}", labels.name(copy.source), played(copy));
        let from = self.rate.frames(start.0);
        let span = (
            self.first_frame().saturating_add(from),
            self.rate.frames(end.0).saturating_sub(from).max(1),
        );
        Some(marker(&note, "PURPLE", span, self.rate, &json!({ "source_sha256": copy.source })))
    }

    /// The placement to the nanosecond, for programs that keep metadata.
    fn metadata(&self) -> Value {
        let piece = self.piece;
        json!({
            "sha256": self.lane.shown.source.id,
            "media_start_s": piece.start.seconds(),
            "media_end_s": piece.end.seconds(),
            "case_start_s": piece.case_start().seconds(),
            "case_end_s": piece.case_end().seconds(),
            "offset_s": piece.map.offset_s(),
            "drift_ppm": piece.map.drift_ppm(),
            "sigma_s": piece.sigma_s(),
            "placed_by": self.lane.mark.map(Mark::word),
        })
    }
}

/// Nothing, for so many frames.
pub fn gap(frames: i64, rate: Rate) -> Value {
    json!({
        "OTIO_SCHEMA": "Gap.1",
        "name": "",
        "source_range": rate.range(0, frames),
        "effects": [],
        "markers": [],
        "metadata": {},
    })
}

/// A note on `span` (first frame, frames); its words are in the name, which every program shows.
pub fn marker(note: &str, colour: &str, span: (i64, i64), rate: Rate, recount: &Value) -> Value {
    json!({
        "OTIO_SCHEMA": "Marker.2",
        "name": note,
        "color": colour,
        "marked_range": rate.range(span.0, span.1),
        "metadata": { "recount": recount },
    })
}
