//! Reads ffprobe's description of a file into a [`Recording`].
//!
//! In: ffprobe's JSON. Out: tracks with true times relative to the container's start, and the
//! file's claims about itself with the place of each. Numbers come as text, may be absent, and
//! are believed only within bounds.

use std::collections::BTreeMap;

use evidence::{AudioTrack, Claim, ClaimKind, MediaTime, Recording, VideoTrack};
use serde::Deserialize;

/// What ffprobe prints.
#[derive(Deserialize)]
pub(crate) struct Printed {
    #[serde(default)]
    streams: Vec<Stream>,
    format: Option<Format>,
}

#[derive(Deserialize)]
struct Format {
    #[serde(rename = "format_name")]
    name: Option<String>,
    start_time: Option<String>,
    duration: Option<String>,
    probe_score: Option<i64>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Stream {
    index: u32,
    codec_name: Option<String>,
    codec_type: Option<String>,
    sample_rate: Option<String>,
    channels: Option<u32>,
    start_time: Option<String>,
    duration: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    avg_frame_rate: Option<String>,
    r_frame_rate: Option<String>,
    timecode: Option<String>,
    pix_fmt: Option<String>,
    #[serde(default)]
    side_data_list: Vec<SideData>,
    #[serde(default)]
    disposition: BTreeMap<String, i64>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// What ffprobe tells beside a stream; of it only how pictures are turned is of use.
#[derive(Deserialize)]
struct SideData {
    rotation: Option<serde_json::Value>,
}

/// Nobody records longer than this without a break: a year, in seconds. What claims more is a
/// damaged number.
const DURATION_S_MAX: f64 = 366.0 * 86_400.0;

/// Codec of a track that this ffmpeg cannot name.
pub(crate) const UNKNOWN: &str = "unknown";

/// ffmpeg's own mark for "a guess from too little": below it a text or random bytes pass for
/// bare MPEG.
const PROBE_SCORE_MIN: i64 = 5;

impl Printed {
    /// The recording, or what the file is instead.
    pub(crate) fn into_recording(self) -> Result<Recording, String> {
        let Some(format) = self.format else { return Err("no known format".to_owned()) };
        let container = format.name.clone().unwrap_or_default();
        if format.probe_score.is_some_and(|score| score < PROBE_SCORE_MIN) {
            return Err("no known format".to_owned());
        }
        let start_s = seconds(format.start_time.as_deref()).unwrap_or(0.0);
        let audio: Vec<AudioTrack> = self.streams.iter().filter_map(|s| s.audio(start_s)).collect();
        let video: Vec<VideoTrack> = self.streams.iter().filter_map(|s| s.video(start_s)).collect();
        if audio.is_empty() && video.is_empty() {
            return Err("it holds neither sound nor moving pictures".to_owned());
        }
        let ends_s = self.streams.iter().filter_map(|s| s.end_s(start_s));
        let duration_s = seconds(format.duration.as_deref())
            .unwrap_or_else(|| ends_s.fold(0.0, f64::max))
            .clamp(0.0, DURATION_S_MAX);
        let claims = claims(&format, &self.streams);
        let duration = MediaTime::from_seconds(duration_s);
        Ok(Recording { container, duration, audio, video, claims })
    }
}

impl Stream {
    fn audio(&self, start_s: f64) -> Option<AudioTrack> {
        if self.codec_type.as_deref() != Some("audio") {
            return None;
        }
        // A track that this ffmpeg does not know is told, not hidden.
        let rate_hz = self.sample_rate.as_deref().and_then(|rate| rate.parse().ok()).unwrap_or(0);
        let channels = self.channels.unwrap_or(0);
        let codec = self.codec_name.clone().filter(|codec| codec != "none");
        let codec = codec.unwrap_or_else(|| UNKNOWN.to_owned());
        Some(AudioTrack {
            stream: self.index,
            codec,
            rate_hz,
            channels,
            start: self.start(start_s),
        })
    }

    fn video(&self, start_s: f64) -> Option<VideoTrack> {
        let still = ["attached_pic", "still_image", "timed_thumbnails"];
        let is_still = still.iter().any(|name| self.disposition.get(*name) == Some(&1));
        if self.codec_type.as_deref() != Some("video") || is_still {
            return None;
        }
        Some(VideoTrack {
            stream: self.index,
            codec: self.codec_name.clone().unwrap_or_else(|| UNKNOWN.to_owned()),
            width: self.width.unwrap_or(0),
            height: self.height.unwrap_or(0),
            rate: ratio(self.avg_frame_rate.as_deref()).or(ratio(self.r_frame_rate.as_deref())),
            start: self.start(start_s),
            turned: self.turned(),
            pixels: self.pix_fmt.clone().unwrap_or_default(),
        })
    }

    /// By quarters, as every device turns; ffprobe counts anticlockwise.
    fn turned(&self) -> u16 {
        let told = self.side_data_list.iter().find_map(|data| data.rotation.as_ref()?.as_f64());
        let quarters = (-told.filter(|angle| angle.is_finite()).unwrap_or(0.0) / 90.0).round();
        quarters.rem_euclid(4.0) as u16 * 90
    }

    fn start(&self, container_start_s: f64) -> MediaTime {
        let start_s = seconds(self.start_time.as_deref()).unwrap_or(container_start_s);
        let after_s = start_s - container_start_s;
        // The two numbers are rounded to a microsecond each, from different time bases.
        MediaTime::from_seconds(if after_s.abs() < 2e-6 { 0.0 } else { after_s })
    }

    fn end_s(&self, container_start_s: f64) -> Option<f64> {
        let duration_s = seconds(self.duration.as_deref())?;
        Some(self.start(container_start_s).seconds() + duration_s)
    }
}

/// Names under which containers keep what we look for, in lower case, and what it is about.
const TAGS: &[(&str, ClaimKind)] = &[
    ("creation_time", ClaimKind::CreationTime),
    ("date", ClaimKind::CreationTime),
    ("date_recorded", ClaimKind::CreationTime),
    ("origination_date", ClaimKind::CreationTime),
    ("origination_time", ClaimKind::CreationTime),
    ("creation_date", ClaimKind::CreationTime),
    ("modification_date", ClaimKind::CreationTime),
    ("com.apple.quicktime.creationdate", ClaimKind::CreationTime),
    ("wm/encodingtime", ClaimKind::CreationTime),
    ("datetimeoriginal", ClaimKind::CreationTime),
    ("gps_time", ClaimKind::CreationTime),
    ("gps_date_time", ClaimKind::CreationTime),
    ("gpsdatetime", ClaimKind::CreationTime),
    ("gpstime", ClaimKind::CreationTime),
    ("timecode", ClaimKind::Timecode),
    ("time_reference", ClaimKind::TimeReference),
    ("make", ClaimKind::Make),
    ("com.apple.quicktime.make", ClaimKind::Make),
    ("com.android.manufacturer", ClaimKind::Make),
    ("company_name", ClaimKind::Make),
    ("model", ClaimKind::Model),
    ("com.apple.quicktime.model", ClaimKind::Model),
    ("com.android.model", ClaimKind::Model),
    ("product_name", ClaimKind::Model),
    ("originator", ClaimKind::Model),
    ("com.apple.proapps.manufacturer", ClaimKind::Make),
    ("com.apple.proapps.modelname", ClaimKind::Model),
    ("com.apple.proapps.serialno", ClaimKind::Serial),
    ("com.arri.camera.cameramodel", ClaimKind::Model),
    ("com.arri.camera.cameraserialnumber", ClaimKind::Serial),
    ("serial", ClaimKind::Serial),
    ("serial_number", ClaimKind::Serial),
    ("camera_serial_number", ClaimKind::Serial),
    ("device_serial_number", ClaimKind::Serial),
    ("location", ClaimKind::Location),
    ("com.apple.quicktime.location.iso6709", ClaimKind::Location),
    ("encoder", ClaimKind::Software),
    ("encoded_by", ClaimKind::Software),
    ("software", ClaimKind::Software),
    ("com.apple.quicktime.software", ClaimKind::Software),
    ("com.android.version", ClaimKind::Software),
    ("writing_application", ClaimKind::Software),
    ("coding_history", ClaimKind::Software),
];

/// Longest claim that is kept, in characters: a hostile file may carry megabytes of tag.
const CLAIM_CHARS_MAX: usize = 500;

fn claims(format: &Format, streams: &[Stream]) -> Vec<Claim> {
    let mut found = tagged("format", &format.tags);
    for stream in streams {
        let place = format!("stream {}", stream.index);
        found.extend(tagged(&place, &stream.tags));
        if let Some(timecode) = &stream.timecode {
            found.push(claim(ClaimKind::Timecode, timecode, format!("{place}:timecode field")));
        }
    }
    found
}

fn tagged(place: &str, tags: &BTreeMap<String, String>) -> Vec<Claim> {
    let mut found = Vec::new();
    for (name, value) in tags {
        let lower = name.to_ascii_lowercase();
        let kind = TAGS.iter().find(|(known, _)| *known == lower).map(|(_, kind)| *kind);
        // Phones write `location-eng` and the like beside `location`.
        let kind = kind.or(lower.starts_with("location-").then_some(ClaimKind::Location));
        if let Some(kind) = kind.filter(|_| !value.trim().is_empty()) {
            found.push(claim(kind, value, format!("{place}:{name}")));
        }
    }
    found
}

fn claim(kind: ClaimKind, value: &str, found_in: String) -> Claim {
    Claim { kind, value: value.chars().take(CLAIM_CHARS_MAX).collect(), found_in }
}

/// A number of seconds as ffprobe prints it, if it is one.
fn seconds(text: Option<&str>) -> Option<f64> {
    text?.parse().ok().filter(|s: &f64| s.is_finite())
}

/// `30000/1001`, but not `0/0`.
fn ratio(text: Option<&str>) -> Option<(u32, u32)> {
    let (numerator, denominator) = text?.split_once('/')?;
    let ratio = (numerator.parse().ok()?, denominator.parse().ok()?);
    (ratio.0 > 0 && ratio.1 > 0).then_some(ratio)
}
