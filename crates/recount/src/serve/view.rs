//! The case as the page is told of it. The types here are the page's too: `viewer/src/api/types.ts`
//! is written from them, and a test fails when it is stale.
//!
//! All times are seconds: media time on a recording's own clock, case time on that of its island,
//! never mixed: `case = offset + (1 + drift_ppm / 1e6) · media`.

use evidence::{Recording, SourceId};
use serde::{Deserialize, Serialize};

use super::jobs::Job;
use super::kinds::Kind;

/// The whole case at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CaseView {
    /// Another number: something has changed.
    #[cfg_attr(test, ts(type = "number"))]
    pub revision: u64,
    /// Name of the case.
    pub title: String,
    /// Program and version.
    pub tool: String,
    /// The clocks.
    pub islands: Vec<IslandView>,
    /// Every source that has time, in the order of their names.
    pub recordings: Vec<RecordingView>,
    /// Every other source.
    pub documents: Vec<DocumentView>,
    /// What was copied out of what.
    pub excerpts: Vec<ExcerptView>,
    /// What persons noted at moments.
    pub markers: Vec<Marker>,
    /// Where persons placed recordings.
    pub words: Vec<WordView>,
    /// Whose voices persons know, in the order in which it was said.
    pub named: Vec<NamedView>,
    /// What was corrected or confirmed last of what is said, for taking it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub corrected: Option<CorrectedView>,
    /// Whether everything is veiled of which nothing else was said.
    pub veil_all: bool,
    /// Work that goes on beside the page, and what became of the last.
    pub jobs: Vec<Job>,
}

/// One clock.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct IslandView {
    /// Its number.
    pub number: u32,
    /// Recordings on it.
    pub recordings: u32,
    /// Case time of the first moment of any.
    pub start: f64,
    /// Case time of the last.
    pub end: f64,
    /// True time, where it is known: `utc = offset + case · (1 + rate_ppm / 1e6)`, seconds after 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub utc: Option<UtcView>,
}

/// What is known of a clock's true time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct UtcView {
    /// Seconds after 1970 at case time zero.
    pub offset: f64,
    /// By how much the clock of the case runs slow.
    pub rate_ppm: f64,
    /// One standard deviation, seconds.
    pub sigma: f64,
}

/// A recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RecordingView {
    /// Its SHA-256.
    #[cfg_attr(test, ts(type = "string"))]
    pub id: SourceId,
    /// What lists call it; no two are equal.
    pub name: String,
    /// Where it lies.
    pub path: String,
    /// Bytes.
    #[cfg_attr(test, ts(type = "number"))]
    pub size: u64,
    /// Seconds.
    pub duration: f64,
    /// What made it, as its file says.
    pub device: Option<String>,
    /// What kind of device that is.
    pub kind: Kind,
    /// Its pictures.
    pub video: Option<VideoView>,
    /// Its sound.
    pub audio: Option<AudioView>,
    /// What a browser may be given.
    pub plays: Plays,
    /// Whether there is a copy that every browser plays.
    pub proxy: ProxyState,
    /// How far the making of it is, 0 to 1.
    pub proxy_progress: Option<f64>,
    /// Where sound really was recorded, media time.
    pub sound: Vec<Span>,
    /// Where it lies; empty: on no clock.
    pub pieces: Vec<PieceView>,
    /// Which clock it is on.
    pub island: Option<u32>,
    /// What its place rests on.
    pub by: Option<By>,
    /// Why it is on no clock.
    pub refusal: Option<String>,
    /// Whether its sound can be had as a picture.
    pub peaks: bool,
    /// Its thumbnails, once they are made.
    pub thumbs: Option<ThumbsView>,
    /// Whether it is to be veiled.
    pub veiled: bool,
    /// What its own clock showed, as far as that was written down.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub clock: Option<ClockView>,
}

/// What the clock of a device showed while it recorded: a claim, never a place in time.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ClockView {
    /// What it showed at media time zero, as its face read: seconds after 1970 on that face, or
    /// after midnight where it told no day.
    pub zero: f64,
    /// How it is to be read.
    pub face: Face,
    /// Where that is written, in words.
    pub written: String,
    /// What its last digit is worth, or its doubt, if that is more; seconds.
    pub resolution: f64,
    /// Nobody knows whether the file's beginning or its end was written down; here it is taken for
    /// the beginning.
    pub open: bool,
}

/// Which time a clock claims to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Face {
    /// UTC.
    Utc,
    /// The time of some place.
    Local,
    /// A time of day.
    Day,
}

/// Moving pictures.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct VideoView {
    /// Pixels across, before rotation.
    pub width: u32,
    /// Pixels down, before rotation.
    pub height: u32,
    /// As ffmpeg calls it.
    pub codec: String,
    /// Nominal frames a second: a label, never a clock.
    pub fps: Option<f64>,
    /// Degrees clockwise by which it is to be turned.
    pub rotation: i32,
}

/// Sound.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AudioView {
    /// As ffmpeg calls it.
    pub codec: String,
    /// Of the first track.
    pub channels: u32,
}

/// What a browser may be given of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Plays {
    /// The file itself.
    Direct,
    /// A copy made for browsers.
    Proxy,
    /// Nothing.
    No,
}

/// Whether there is a copy made for browsers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum ProxyState {
    /// Nobody asked for one.
    None,
    /// It is being made.
    Making,
    /// It is there.
    Ready,
    /// It could not be made.
    Failed,
}

/// What a place rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum By {
    /// What was heard.
    Sound,
    /// What was seen.
    Light,
    /// A person's word.
    Hand,
    /// The files' own clocks, which a person believes.
    Clock,
}

/// A stretch of a recording, media time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Span {
    /// First moment.
    pub start: f64,
    /// Moment after the last.
    pub end: f64,
}

/// A stretch of a recording that one straight clock fits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PieceView {
    /// Media time.
    pub start: f64,
    /// Media time.
    pub end: f64,
    /// Case time of media time zero.
    pub offset: f64,
    /// By how much its clock ran slow.
    pub drift_ppm: f64,
    /// One standard deviation of the case time, seconds.
    pub sigma: f64,
}

/// Thumbnails: sheet `n` holds, side by side, those of media times `(16 n … 16 n + 15) · every`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ThumbsView {
    /// Seconds from one to the next.
    pub every: f64,
    /// Pixels across of one.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// How many there are.
    pub count: u32,
}

/// A source without time.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct DocumentView {
    /// Its SHA-256.
    #[cfg_attr(test, ts(type = "string"))]
    pub id: SourceId,
    /// Its file's name.
    pub name: String,
    /// Bytes.
    #[cfg_attr(test, ts(type = "number"))]
    pub size: u64,
}

/// A stretch of one recording that was copied out of another.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ExcerptView {
    /// The recording that holds the copy.
    #[cfg_attr(test, ts(type = "string"))]
    pub copy: SourceId,
    /// Media time of the copy.
    pub start: f64,
    /// Media time of the copy.
    pub end: f64,
    /// The recording it was copied from.
    #[cfg_attr(test, ts(type = "string"))]
    pub source: SourceId,
    /// Media time of that one.
    pub source_start: f64,
    /// Seconds of the source in one second of the copy.
    pub speed: f64,
    /// What tells which is the copy.
    pub reason: String,
}

/// What a person noted at a moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Marker {
    /// For changing and removing it.
    pub id: String,
    /// When.
    pub at: At,
    /// What.
    pub note: String,
    /// Who wrote it; empty where it was written by hand into the file.
    pub by: String,
    /// When it was written, RFC 3339; empty likewise.
    pub at_utc: String,
}

/// A moment of the case, or of one recording.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum At {
    /// On the clock of an island.
    Case {
        /// Case time.
        case: f64,
        /// Which.
        island: u32,
    },
    /// On a recording's own clock.
    Source {
        /// Which.
        #[cfg_attr(test, ts(type = "string"))]
        source: SourceId,
        /// Media time.
        media: f64,
    },
}

/// Where a person placed a recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct WordView {
    /// For taking it back.
    #[cfg_attr(test, ts(type = "number"))]
    pub id: i64,
    /// The recording.
    #[cfg_attr(test, ts(type = "string"))]
    pub source: SourceId,
    /// The recording it was placed by.
    #[cfg_attr(test, ts(type = "string"))]
    pub other: SourceId,
    /// In words.
    pub said: String,
    /// By whom.
    pub actor: String,
    /// When, RFC 3339.
    pub at_utc: String,
    /// Whether nothing else may move it.
    pub locked: bool,
}

/// Whose voice a person knows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct NamedView {
    /// For taking it back.
    #[cfg_attr(test, ts(type = "number"))]
    pub id: i64,
    /// Who it is.
    pub person: String,
    /// Recording, moment and name.
    pub said: String,
    /// By whom.
    pub actor: String,
    /// When, RFC 3339.
    pub at_utc: String,
    /// Whether of one utterance alone.
    pub only: bool,
}

/// What a person says is said.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CorrectedView {
    /// For taking it back.
    #[cfg_attr(test, ts(type = "number"))]
    pub id: i64,
    /// What is said; as it was, if that was confirmed.
    pub text: String,
    /// Recording, moment, and what it was before.
    pub said: String,
    /// By whom.
    pub actor: String,
}

/// What browsers of every make play as it is, with times that are exact after a seek.
///
/// Left out on purpose: MP3 and bare AAC, whose length and seeking browsers only estimate, so that
/// a seek lands beside the moment; H.264 in other boxes than MP4, which some refuse, and H.264 of
/// kinds that many browsers do not know (10 bit, 4:2:2). What plays nevertheless shows nothing in
/// some browser, the page asks a proxy of.
pub fn plays(recording: &Recording) -> Plays {
    let of = |container: &str| recording.container.split(',').any(|name| name == container);
    let video = recording.video.first().map(|track| track.codec.as_str());
    let audio = recording.audio.first().map(|track| track.codec.as_str());
    let fits = |videos: &[&str], audios: &[&str]| {
        video.is_none_or(|codec| videos.contains(&codec))
            && audio.is_none_or(|codec| audios.contains(&codec))
    };
    let pixels = recording.video.first().map_or("", |track| track.pixels.as_str());
    let is_plain = matches!(pixels, "" | "yuv420p" | "yuvj420p");
    let direct = if of("mov") || of("mp4") {
        (video != Some("h264") || is_plain)
            && fits(&["h264", "av1", "vp9"], &["aac", "opus", "flac"])
    } else if of("webm") || of("matroska") {
        fits(&["vp8", "vp9", "av1"], &["opus", "vorbis"])
    } else if of("wav") {
        fits(&[], &["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"])
    } else if of("flac") {
        fits(&[], &["flac"])
    } else if of("ogg") {
        fits(&[], &["opus", "vorbis"])
    } else {
        false
    };
    let known = |codec: Option<&str>| codec.is_some_and(|codec| codec != "unknown");
    if direct {
        Plays::Direct
    } else if known(video) || known(audio) {
        Plays::Proxy
    } else {
        Plays::No
    }
}

#[cfg(test)]
mod tests {
    use evidence::{AudioTrack, MediaTime, VideoTrack};

    use super::*;

    fn recording(container: &str, video: Option<&str>, audio: Option<&str>) -> Recording {
        let words = video.map(|text| text.split_once(' ').unwrap_or((text, "")));
        let video = words.map(|(codec, pixels)| VideoTrack {
            stream: 0,
            codec: codec.into(),
            pixels: pixels.into(),
            width: 64,
            height: 64,
            rate: None,
            start: MediaTime::ZERO,
            ..VideoTrack::default()
        });
        let audio = audio.map(|codec| AudioTrack {
            stream: 1,
            codec: codec.into(),
            rate_hz: 48_000,
            channels: 2,
            start: MediaTime::ZERO,
        });
        Recording {
            container: container.into(),
            video: video.into_iter().collect(),
            audio: audio.into_iter().collect(),
            ..Recording::default()
        }
    }

    #[test]
    fn what_every_browser_plays_is_given_as_it_is() {
        let mp4 = "mov,mp4,m4a,3gp,3g2,mj2";
        for (container, video, audio, plays_as) in [
            (mp4, Some("h264"), Some("aac"), Plays::Direct),
            (mp4, None, Some("aac"), Plays::Direct),
            (mp4, Some("hevc"), Some("aac"), Plays::Proxy),
            (mp4, Some("h264"), Some("pcm_s16be"), Plays::Proxy),
            (mp4, Some("prores"), None, Plays::Proxy),
            (mp4, Some("h264 yuvj420p"), Some("aac"), Plays::Direct),
            (mp4, Some("h264 yuv420p10le"), Some("aac"), Plays::Proxy),
            (mp4, Some("h264 yuv422p"), None, Plays::Proxy),
            (mp4, Some("av1 yuv420p10le"), None, Plays::Direct),
            ("matroska,webm", Some("vp9"), Some("opus"), Plays::Direct),
            ("matroska,webm", Some("h264"), Some("aac"), Plays::Proxy),
            ("avi", Some("mpeg4"), Some("mp3"), Plays::Proxy),
            ("mp3", None, Some("mp3"), Plays::Proxy),
            ("wav", None, Some("pcm_s24le"), Plays::Direct),
            ("wav", None, Some("adpcm_ms"), Plays::Proxy),
            ("ogg", None, Some("opus"), Plays::Direct),
            ("mxf", Some("unknown"), Some("unknown"), Plays::No),
            ("mxf", Some("unknown"), Some("pcm_s24le"), Plays::Proxy),
        ] {
            let found = plays(&recording(container, video, audio));
            assert_eq!(found, plays_as, "{container} {video:?} {audio:?}");
        }
    }
}
