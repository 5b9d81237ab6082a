//! Reads what ffmpeg tells of a file that it has opened, before it decodes.
//!
//! In: its lines (`-v level+info`). Out: what kind of file it is and its one sound track, or
//! nothing unless every line that matters is there once and is understood. A tag may hold any
//! text, lines like these among it. It can add such lines but not take away the true ones, so
//! each must be alone, and the tracks must be numbered without a gap: added lines can make a
//! file be refused or seem to have pictures, but change nothing about its sound.

use evidence::{AudioTrack, MediaTime, VideoTrack};

use crate::child::TOLD_MAX;

/// What is told of a file with exactly one sound track.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    /// ffmpeg's name of the container.
    pub(crate) container: String,
    /// Length, hundredths of a second.
    pub(crate) length_cs: i64,
    /// Its start is not told, and given as zero.
    pub(crate) audio: AudioTrack,
    /// Tracks of moving pictures; their starts and rates are not told.
    pub(crate) video: Vec<VideoTrack>,
    /// Whether there is any track beside the sound.
    pub(crate) has_others: bool,
}

/// What follows describes what ffmpeg does with the file.
const END: &str = "Stream mapping:";

/// Part of ffmpeg's sentence on a format that it merely guesses; the longer way decides.
const GUESSED: &str = "misdetection possible";

pub(crate) fn read(told: &[String]) -> Option<Told> {
    // When lines are missing, nothing is certain to be alone.
    if told.len() >= TOLD_MAX || told.iter().any(|line| line.contains(GUESSED)) {
        return None;
    }
    let lines = || told.iter().filter_map(|line| Some(line.strip_prefix("[info]")?.trim_start()));
    let alone = |start: &str| {
        let mut found = lines().filter_map(|line| line.strip_prefix(start));
        found.next().filter(|_| found.next().is_none())
    };
    alone(END)?;
    let container = alone("Input #")?.strip_prefix("0, ")?.strip_suffix(", from 'the file':")?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_,".contains(c);
    container.chars().all(is_name).then_some(())?;
    let length_cs = hundredths(alone("Duration: ")?.split(',').next()?)?;
    let (mut audio, mut video, mut count) = (None, Vec::new(), 0);
    let streams = lines().take_while(|line| !line.starts_with(END));
    for line in streams.filter_map(|line| line.strip_prefix("Stream #")) {
        let (name, kind, description) = parts(line)?;
        let marks = name.strip_prefix("0:")?.strip_prefix(&count.to_string())?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "[]()-_".contains(c);
        let begins = marks.is_empty() || marks.starts_with(['[', '(']);
        (begins && marks.chars().all(plain)).then_some(())?;
        match kind {
            "Audio" if audio.is_none() => audio = Some(sound(count, description)?),
            "Video" if !is_still(description) => video.push(pictures(count, description)?),
            "Video" | "Data" | "Subtitle" | "Attachment" => {}
            _ => return None,
        }
        count += 1;
    }
    let container = container.to_owned();
    Some(Told { container, length_cs, audio: audio?, video, has_others: count > 1 })
}

/// `0:1[0x2](und): Audio: aac (LC) …` as its number with marks, its kind and its description.
fn parts(line: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = line.split_once(": ")?;
    let (kind, description) = rest.split_once(": ")?;
    Some((name, kind, description))
}

/// `aac (LC) (mp4a / 0x6134706D), 48000 Hz, mono, fltp, 96 kb/s (default)`
fn sound(stream: u32, description: &str) -> Option<AudioTrack> {
    let mut fields = description.split(", ");
    let codec = codec(fields.next()?)?;
    let rate_hz = fields.next()?.strip_suffix(" Hz")?.parse().ok().filter(|rate| *rate > 0)?;
    let channels = channels(fields.next()?)?;
    Some(AudioTrack { stream, codec, rate_hz, channels, start: MediaTime(0) })
}

/// Whether a video track is a picture that does not move, such as a cover.
fn is_still(description: &str) -> bool {
    let still = ["(attached pic)", "(still image)", "(timed thumbnails)"];
    still.iter().any(|mark| description.contains(mark))
}

/// `h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709), 1920x1080 [SAR 1:1 DAR 16:9], 25 fps`
fn pictures(stream: u32, description: &str) -> Option<VideoTrack> {
    let mut fields = description.split(", ");
    let codec = codec(fields.next()?)?;
    let size = |field: &str| {
        let (width, height) = field.split(' ').next()?.split_once('x')?;
        Some((width.parse().ok()?, height.parse().ok()?))
    };
    let (width, height) = fields.find_map(size)?;
    Some(VideoTrack { stream, codec, width, height, ..VideoTrack::default() })
}

/// The first word, if it names a codec.
fn codec(field: &str) -> Option<String> {
    let codec = field.split(' ').next()?;
    (!matches!(codec, "" | "none" | "unknown")).then(|| codec.to_owned())
}

/// The number of channels in an arrangement, by ffmpeg's names for those that devices record.
fn channels(layout: &str) -> Option<u32> {
    if let Some(number) = layout.strip_suffix(" channels") {
        return number.parse().ok();
    }
    Some(match layout {
        "mono" => 1,
        "stereo" | "downmix" => 2,
        "2.1" | "3.0" | "3.0(back)" => 3,
        "4.0" | "quad" | "quad(side)" | "3.1" => 4,
        "5.0" | "5.0(side)" | "4.1" => 5,
        "5.1" | "5.1(side)" | "6.0" | "hexagonal" => 6,
        "6.1" | "6.1(back)" | "7.0" => 7,
        "7.1" | "7.1(wide)" | "octagonal" | "cube" => 8,
        _ => return None,
    })
}

/// `01:02:03.45` in hundredths of a second.
fn hundredths(text: &str) -> Option<i64> {
    let (clock, hundredths) = text.split_once('.').filter(|(_, digits)| digits.len() == 2)?;
    let number = |text: &str| text.parse::<u32>().ok().map(i64::from);
    let parts: Vec<i64> = clock.split(':').map(number).collect::<Option<_>>()?;
    let [hours, minutes, seconds] = parts[..] else { return None };
    Some(((hours * 60 + minutes) * 60 + seconds) * 100 + number(hundredths)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOLD: [&str; 9] = [
        "[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'the file':",
        "[info]   Metadata:",
        "[info]     encoder         : Lavf59.27.100",
        "[info]   Duration: 00:02:00.03, start: -0.021000, bitrate: 97 kb/s",
        "[info]   Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709), \
         1920x1080 [SAR 1:1 DAR 16:9], 25 fps, 25 tbr, 12800 tbn (default)",
        "[info]   Stream #0:1[0x2](und): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, stereo, fltp",
        "[info] Stream mapping:",
        "[info]   Stream #0:1 -> #0:0 (aac (native) -> pcm_f32le (native))",
        "[info]   Stream #0:0: Audio: pcm_f32le, 8000 Hz, stereo, flt, 256 kb/s (default)",
    ];

    fn told(lines: &[&str]) -> Option<Told> {
        read(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn an_ordinary_file_is_understood() {
        let told = told(&TOLD).unwrap();
        assert_eq!(told.container, "mov,mp4,m4a,3gp,3g2,mj2");
        assert_eq!(told.length_cs, 12_003);
        let track = &told.audio;
        assert_eq!((track.stream, track.codec.as_str()), (1, "aac"));
        assert_eq!((track.rate_hz, track.channels), (48_000, 2));
        assert_eq!((told.video[0].width, told.video[0].height), (1920, 1080));
    }

    #[test]
    fn a_cover_is_no_moving_picture_and_a_second_sound_is_refused() {
        let mut lines = TOLD;
        lines[4] = "[info]   Stream #0:0: Video: mjpeg (Baseline), yuvj444p(pc, bt470bg), 64x48 \
                    [SAR 1:1 DAR 4:3], 90k tbr, 90k tbn (attached pic)";
        assert_eq!(told(&lines).unwrap().video, []);
        lines[4] = "[info]   Stream #0:0: Audio: mp3, 48000 Hz, mono, fltp, 64 kb/s";
        assert_eq!(told(&lines), None);
    }

    #[test]
    fn a_line_that_is_missing_or_said_twice_is_not_believed() {
        for at in [0, 3, 4, 5, 6] {
            let mut lines = TOLD.to_vec();
            lines.remove(at);
            assert_eq!(told(&lines), None, "without line {at}");
            for place in 0..=6 {
                let mut lines = TOLD.to_vec();
                lines.insert(place, TOLD[at]);
                assert_eq!(told(&lines), None, "line {at} twice");
            }
        }
    }

    #[test]
    fn a_guessed_format_or_too_much_talk_is_not_believed() {
        let mut lines = TOLD.to_vec();
        lines.insert(
            0,
            "[NULL] [warning] Format aac detected only with low score of 1, misdetection possible!",
        );
        assert_eq!(told(&lines), None);
        let mut lines = TOLD.to_vec();
        lines.splice(1..1, [": x"; TOLD_MAX]);
        assert_eq!(told(&lines), None);
    }

    /// Lines as a hostile tag might add them: true ones with other numbers, and any text.
    fn forged() -> impl Strategy<Value = String> {
        let numbers = (0..TOLD.len(), 0..4u32, 0..10u32).prop_map(|(line, number, digit)| {
            let line = TOLD[line].replace("#0:1", &format!("#0:{number}"));
            line.replace("00:02", &format!("00:0{digit}")).replace("48000", "8000")
        });
        prop_oneof![numbers, "\\[info\\] (Stream #0:2|Duration|Input #1).*", ".*"]
    }

    proptest! {
        #[test]
        fn added_lines_change_nothing_about_the_sound(
            added in prop::collection::vec((0..TOLD.len(), forged()), 0..4),
        ) {
            let truth = told(&TOLD).unwrap();
            let mut lines: Vec<String> = TOLD.iter().map(|line| (*line).to_owned()).collect();
            for (place, line) in added {
                lines.insert(place, line);
            }
            if let Some(found) = read(&lines) {
                prop_assert_eq!(found.container, truth.container);
                prop_assert_eq!(found.length_cs, truth.length_cs);
                prop_assert_eq!(found.audio, truth.audio);
            }
        }
    }
}
