//! What a media file says of itself: its tracks, their true times, and its claims.

use serde::{Deserialize, Serialize};

use crate::MediaTime;

/// A source that has time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// The container as ffmpeg names it (`mov,mp4,m4a,3gp,3g2,mj2`, `wav`, …).
    pub container: String,
    /// From media time zero to the end of the last track.
    pub duration: MediaTime,
    /// Sound, in the container's order.
    pub audio: Vec<AudioTrack>,
    /// Moving pictures, in the container's order; cover art is not one.
    pub video: Vec<VideoTrack>,
    /// What the file asserts about when, where and with what it was made. Never truth.
    pub claims: Vec<Claim>,
}

/// One sound track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AudioTrack {
    /// Stream number in the container.
    pub stream: u32,
    /// Codec as ffmpeg names it.
    pub codec: String,
    /// Samples a second.
    pub rate_hz: u32,
    /// Number of channels.
    pub channels: u32,
    /// Presentation time of the first sample: positive where sound starts late.
    pub start: MediaTime,
}

/// One track of moving pictures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VideoTrack {
    /// Stream number in the container.
    pub stream: u32,
    /// Codec as ffmpeg names it.
    pub codec: String,
    /// Pixels across, before rotation.
    pub width: u32,
    /// Pixels down, before rotation.
    pub height: u32,
    /// Nominal frames a second as numerator and denominator; only a label, never a clock.
    pub rate: Option<(u32, u32)>,
    /// Presentation time of the first frame.
    pub start: MediaTime,
    /// Degrees clockwise by which whoever shows it turns it: 0, 90, 180 or 270. Cases that were
    /// made before this was asked have 0.
    #[serde(default, skip_serializing_if = "is_upright")]
    pub turned: u16,
    /// How pixels are kept, as ffmpeg names it (`yuv420p`, `yuv422p10le`); empty where it was not
    /// asked or not told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pixels: String,
}

/// What is not said leaves the description as it was before it could be said.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_upright(turned: &u16) -> bool {
    *turned == 0
}

/// A stretch of a recording during which sound was really recorded; between two stretches the
/// file's own time stamps jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// First moment.
    pub start: MediaTime,
    /// Moment after the last.
    pub end: MediaTime,
}

/// Something the file asserts, kept as found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// What it is about.
    pub kind: ClaimKind,
    /// The words of the file, unchanged.
    pub value: String,
    /// Where in the file it stands (`format:creation_time`, `stream 2:timecode`).
    pub found_in: String,
}

/// What a claim is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimKind {
    /// When it was made.
    CreationTime,
    /// A timecode of the first frame (`tmcd`, MXF, tags).
    Timecode,
    /// Samples since midnight (BWF `bext`).
    TimeReference,
    /// Who made the device.
    Make,
    /// Which device.
    Model,
    /// Which of all devices of the model.
    Serial,
    /// Where (ISO 6709 or as found).
    Location,
    /// The program that wrote the file.
    Software,
}
