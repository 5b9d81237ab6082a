//! Which containers may be opened: an allow-list, because ffmpeg knows some three hundred
//! formats and several of them name further files or addresses to open.
//!
//! Left out on purpose: playlists and manifests (hls, dash, concat, imf),
//! network descriptions (sdp, rtsp, rtp), image sequences (image2), sidecar pairs (vobsub),
//! generators (lavfi), devices, trackers and game-music emulators (libgme, libopenmpt), and the
//! text formats that any document could be mistaken for.

/// ffmpeg's names of the demuxers that read one file and nothing else.
const DEMUXERS: &[&str] = &[
    // Cameras, phones, editing.
    "mov",
    "matroska",
    "avi",
    "mpegts",
    "mpeg",
    "mxf",
    "asf",
    "flv",
    "rm",
    "dv",
    "gxf",
    "wtv",
    "nut",
    "lxf",
    "nsv",
    "swf",
    "viv",
    "r3d",
    "avs2",
    "ogg",
    "amv",
    "ivf",
    "dhav",
    "ifv",
    "kux",
    "mgsts",
    "pva",
    "ty",
    "live_flv",
    // Bare video, as surveillance recorders write it.
    "h264",
    "hevc",
    "vvc",
    "av1",
    "obu",
    "m4v",
    "mpegvideo",
    "h263",
    "h261",
    "mjpeg",
    "cavsvideo",
    "vc1",
    "vc1test",
    // Sound.
    "wav",
    "w64",
    "aiff",
    "caf",
    "flac",
    "mp3",
    "aac",
    "ac3",
    "ac4",
    "eac3",
    "dts",
    "dtshd",
    "truehd",
    "mlp",
    "tta",
    "ape",
    "wv",
    "mpc",
    "mpc8",
    "tak",
    "oma",
    "au",
    "voc",
    "sox",
    "ircam",
    "iff",
    "amr",
    "amrnb",
    "amrwb",
    "gsm",
    "g722",
    "g729",
    "g723_1",
    "g726",
    "g726le",
    "sln",
    "loas",
    "codec2",
    "ilbc",
    "qcp",
    "dsf",
    "shn",
    "xwma",
    "osq",
    "aea",
    "adx",
    "bit",
    "sbc",
    "aptx",
    "aptx_hd",
    "dss",
    "mmf",
    "avr",
    "sds",
    "sdx",
    "act",
    "paf",
    "svx",
    "hcom",
    "nistsphere",
    "xa",
    "tiertexseq",
    "lc3",
    "iamf",
    "apm",
    "rso",
    "wsd",
    "wve",
    "s337m",
    "ads",
    "genh",
    "vag",
];

/// File-name endings of formats without a mark of their own, and the demuxer for each: ffmpeg
/// recognises these by name only, and it never sees the name.
const BY_ENDING: &[(&str, &str)] = &[
    ("gsm", "gsm"),
    ("g722", "g722"),
    ("722", "g722"),
    ("g729", "g729"),
    ("tco", "g723_1"),
    ("rco", "g723_1"),
    ("g723_1", "g723_1"),
    ("g726", "g726"),
    ("sln", "sln"),
    ("sbc", "sbc"),
    ("msbc", "sbc"),
    ("aptx", "aptx"),
];

/// The list in the form that ffmpeg's `-format_whitelist` takes.
pub(crate) fn allowed() -> String {
    DEMUXERS.join(",")
}

/// The demuxer for a file that carries no mark, by the ending of its name.
pub(crate) fn by_ending(path: &std::path::Path) -> Option<&'static str> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    BY_ENDING.iter().find(|(known, _)| *known == ending).map(|(_, demuxer)| *demuxer)
}

/// The name to force when a file is opened again: ffprobe prints all names of a demuxer, and
/// `-f` takes one.
pub(crate) fn first_name(container: &str) -> Option<&str> {
    let first = container.split(',').next()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!first.is_empty() && first.chars().all(plain)).then_some(first)
}
