//! What made a recording, as far as its file says so: for grouping and colour, never a finding.

use evidence::{ClaimKind, Recording};
use serde::Serialize;

/// What made a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Kind {
    /// A camera.
    Camera,
    /// A telephone's camera.
    Phone,
    /// A recorder of sound.
    Sound,
    /// A radio log or a call.
    Radio,
    /// A camera worn on the body.
    Body,
    /// Something else: a broadcast, an export, a file that says nothing.
    Other,
}

/// Makers of cameras that are worn on the body.
const BODY: &[&str] = &["axon", "taser", "body", "reveal", "getac", "wolfcom", "motorola vb"];
/// Makers of telephones.
const PHONES: &[&str] = &[
    "apple",
    "iphone",
    "samsung",
    "google",
    "pixel",
    "huawei",
    "xiaomi",
    "oneplus",
    "oppo",
    "vivo",
    "android",
    "fairphone",
    "nokia",
    "honor",
];
/// Makers of cameras.
const CAMERAS: &[&str] = &[
    "canon",
    "nikon",
    "sony",
    "panasonic",
    "lumix",
    "fujifilm",
    "olympus",
    "gopro",
    "dji",
    "arri",
    "red",
    "blackmagic",
    "jvc",
    "leica",
    "insta360",
];
/// Words in names of radio logs and calls.
const RADIO: &[&str] = &["call", "radio", "dispatch", "channel", "ch1_", "ch2_", "tetra", "line_"];

/// The device as its file names it: maker and model.
pub fn device(recording: &Recording) -> Option<String> {
    let said = |kind: ClaimKind| {
        let claims = recording.claims.iter().filter(|claim| claim.kind == kind);
        claims.map(|claim| claim.value.trim().to_owned()).find(|value| !value.is_empty())
    };
    match (said(ClaimKind::Make), said(ClaimKind::Model)) {
        (Some(make), Some(model)) if model.to_lowercase().starts_with(&make.to_lowercase()) => {
            Some(model)
        }
        (Some(make), Some(model)) => Some(format!("{make} {model}")),
        (make, model) => make.or(model),
    }
}

/// What kind of device made it, by what its file says and by its name.
pub fn kind(name: &str, recording: &Recording) -> Kind {
    let device = device(recording).unwrap_or_default().to_lowercase();
    let name = name.to_lowercase();
    let software: Vec<String> = recording
        .claims
        .iter()
        .filter(|claim| claim.kind == ClaimKind::Software)
        .map(|claim| format!("{} {}", claim.found_in, claim.value).to_lowercase())
        .collect();
    let has = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    if recording.video.is_empty() {
        return if has(&name, RADIO) { Kind::Radio } else { Kind::Sound };
    }
    if has(&device, BODY) || has(&name, BODY) || is_unit(&name) {
        return Kind::Body;
    }
    if has(&device, PHONES) || software.iter().any(|said| has(said, &["com.android", "com.apple"]))
    {
        return Kind::Phone;
    }
    let by_name = [("img_", Kind::Phone), ("vid-", Kind::Phone), ("pxl_", Kind::Phone)];
    let by_name = by_name.iter().find(|(start, _)| name.starts_with(start));
    let cameras = ["mvi_", "c0", "mov", "dsc", "gx", "gopr", "clip"];
    match by_name {
        _ if has(&device, CAMERAS) => Kind::Camera,
        Some((_, kind)) => *kind,
        None if cameras.iter().any(|start| name.starts_with(start)) => Kind::Camera,
        None => Kind::Other,
    }
}

/// Body-worn cameras name their files by the unit that wears them: `u12_20260210_152428`.
fn is_unit(name: &str) -> bool {
    let unit = name.strip_prefix('u').and_then(|rest| rest.split_once('_'));
    unit.is_some_and(|(unit, _)| !unit.is_empty() && unit.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use evidence::{Claim, VideoTrack};

    use super::*;

    fn recording(has_pictures: bool, claims: &[(ClaimKind, &str)]) -> Recording {
        let track = VideoTrack {
            stream: 0,
            codec: "h264".into(),
            width: 64,
            height: 64,
            rate: None,
            start: evidence::MediaTime::ZERO,
            ..VideoTrack::default()
        };
        let claim = |(kind, value): &(ClaimKind, &str)| Claim {
            kind: *kind,
            value: (*value).to_owned(),
            found_in: "format".into(),
        };
        Recording {
            video: if has_pictures { vec![track] } else { Vec::new() },
            claims: claims.iter().map(claim).collect(),
            ..Recording::default()
        }
    }

    #[test]
    fn a_device_is_what_its_file_says() {
        let phone = recording(true, &[(ClaimKind::Make, "Apple"), (ClaimKind::Model, "iPhone 12")]);
        assert_eq!(device(&phone).as_deref(), Some("Apple iPhone 12"));
        assert_eq!(kind("x.mov", &phone), Kind::Phone);
        let camera = recording(true, &[(ClaimKind::Model, "Canon EOS")]);
        assert_eq!(
            (device(&camera).as_deref(), kind("x", &camera)),
            (Some("Canon EOS"), Kind::Camera)
        );
        assert_eq!(device(&recording(true, &[])), None);
    }

    #[test]
    fn a_name_helps_where_the_file_says_nothing() {
        let (film, sound) = (recording(true, &[]), recording(false, &[]));
        assert_eq!(kind("AXON_Body_3_7770.mp4", &film), Kind::Body);
        assert_eq!(kind("U12_20260210_152428.mp4", &film), Kind::Body);
        assert_eq!(kind("unit.mp4", &film), Kind::Other);
        assert_eq!(kind("VID-20260210-0007.mp4", &film), Kind::Phone);
        assert_eq!(kind("evening-report.webm", &film), Kind::Other);
        assert_eq!(kind("CALL_20260210.mp3", &sound), Kind::Radio);
        assert_eq!(kind("DICT0014.WAV", &sound), Kind::Sound);
    }
}
