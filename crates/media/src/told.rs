//! Reads what ffmpeg tells of a file that it has opened, before it decodes.
//!
//! In: its lines (`-v level+info`). Out: the one sound track, or nothing unless every line that
//! matters is there once and says what is expected. A tag may hold any text, lines like these
//! among it; it can add such lines, but not take away the true ones, so each must be alone.

use evidence::{AudioTrack, MediaTime};

/// Half of the hundredth of a second to which ffmpeg rounds the length, in microseconds.
const HALF_STEP_US: i64 = 5_000;

/// The file's only track, if it is sound, in the one container that is asked for and of the
/// length that is expected.
pub(crate) fn only_track(told: &[String], container: &str, length_us: i64) -> Option<AudioTrack> {
    let lines = || told.iter().filter_map(|line| Some(line.strip_prefix("[info]")?.trim_start()));
    let alone = |start: &str| {
        let mut found = lines().filter_map(|line| line.strip_prefix(start));
        found.next().filter(|_| found.next().is_none())
    };
    // What follows describes the output.
    alone("Stream mapping:")?;
    let input = || lines().take_while(|line| !line.starts_with("Stream mapping:"));
    alone("Input #0, ")?.strip_prefix(container)?.strip_prefix(", from ")?;
    let (length, start) = alone("Duration: ")?.split_once(", start: ")?;
    if rounded(length_us) != Some(hundredths(length)?) {
        return None;
    }
    let start = start.split_once(", ").map_or(start, |(start, _)| start);
    start.parse::<f64>().ok().filter(|start_s| start_s.is_finite())?;
    let mut streams = input().filter_map(|line| line.strip_prefix("Stream #"));
    let stream = streams.next().filter(|_| streams.next().is_none())?;
    track(stream)
}

/// `0:0[0x1](und): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, mono, fltp, 96 kb/s (default)`
fn track(stream: &str) -> Option<AudioTrack> {
    let (name, description) = stream.split_once(": Audio: ")?;
    let marks = name.strip_prefix("0:0")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "[]()-".contains(c);
    marks.chars().all(plain).then_some(())?;
    let mut fields = description.split(", ");
    let codec = fields.next()?.split(' ').next().filter(|codec| !codec.is_empty())?;
    let rate_hz = fields.next()?.strip_suffix(" Hz")?.parse().ok().filter(|rate| *rate > 0)?;
    let channels = match fields.next()? {
        "mono" => 1,
        "stereo" => 2,
        _ => return None,
    };
    // The only track begins where the container does.
    let start = MediaTime(0);
    Some(AudioTrack { stream: 0, codec: codec.to_owned(), rate_hz, channels, start })
}

/// As ffmpeg rounds it, in hundredths of a second.
fn rounded(length_us: i64) -> Option<i64> {
    Some(length_us.checked_add(HALF_STEP_US)? / (2 * HALF_STEP_US))
}

/// `01:02:03.45` in hundredths of a second.
fn hundredths(text: &str) -> Option<i64> {
    let (clock, hundredths) = text.split_once('.')?;
    let number = |text: &str| text.parse::<u32>().ok().map(i64::from);
    let parts: Vec<i64> = clock.split(':').map(number).collect::<Option<_>>()?;
    let [hours, minutes, seconds] = parts[..] else { return None };
    Some(((hours * 60 + minutes) * 60 + seconds) * 100 + number(hundredths)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: [&str; 7] = [
        "[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'the file':",
        "[info]   Metadata:",
        "[info]     encoder         : Lavf59.27.100",
        "[info]   Duration: 00:02:00.03, start: -0.021000, bitrate: 97 kb/s",
        "[info]   Stream #0:0[0x1](und): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, stereo, fltp",
        "[info] Stream mapping:",
        "[info]   Stream #0:0: Audio: pcm_f32le, 8000 Hz, stereo, flt, 256 kb/s (default)",
    ];

    fn read(told: &[&str], length_us: i64) -> Option<AudioTrack> {
        let told: Vec<String> = told.iter().map(|line| (*line).to_owned()).collect();
        only_track(&told, "mov,mp4,m4a,3gp,3g2,mj2", length_us)
    }

    #[test]
    fn an_ordinary_file_is_understood() {
        let track = read(&TOLD, 120_025_000).unwrap();
        assert_eq!((track.codec.as_str(), track.rate_hz, track.channels), ("aac", 48_000, 2));
    }

    #[test]
    fn another_length_than_expected_is_not_believed() {
        assert_eq!(read(&TOLD, 120_024_999), None);
        assert_eq!(read(&TOLD, 120_035_000), None);
    }

    #[test]
    fn a_line_that_is_missing_or_said_twice_is_not_believed() {
        for at in [0, 3, 4, 5] {
            let mut told = TOLD.to_vec();
            told.remove(at);
            assert_eq!(read(&told, 120_030_000), None, "without line {at}");
            let mut told = TOLD.to_vec();
            told.insert(1, TOLD[at]);
            assert_eq!(read(&told, 120_030_000), None, "line {at} twice");
        }
    }
}
