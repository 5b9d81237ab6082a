//! When each frame of a recording is shown.
//!
//! In: a file and what probing said of it. Out: the presentation time of every frame of its first
//! track of pictures, in order, from the container's own time stamps. Frames that an edit list keeps
//! from being shown are left out.
//! Cost: the file is read once, at the speed of the disk; 8 bytes a frame are held. Only where a
//! container tells when frames are decoded, and not when they are shown (AVI), all are decoded.
//! Cannot: tell the times of a bare stream that carries none.

use evidence::{MediaTime, Recording};

use crate::Error;
use crate::child::Outputs;
use crate::door::{Door, Job, MEDIA, Program, input_options, unreadable, words};
use crate::probe::UNKNOWN;
use crate::source_file::SourceFile;
use crate::{child, formats, watch_light};

/// A day of 120 frames a second; a file with more is not a recording.
const FRAMES_MAX: usize = 10_400_000;

/// A line of numbers has some thirty bytes.
const LINE_BYTES_MAX: usize = 512;

/// When the frames of a recording are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameTable {
    /// From the container's start, ascending.
    pub times: Vec<MediaTime>,
    /// The longest time between two frames that can be decoded by themselves, or between the last
    /// of them and the last frame; nanoseconds.
    pub key_gap_max_ns: i64,
}

pub(crate) fn read(
    door: &Door,
    source: &SourceFile,
    recording: &Recording,
    stop: &dyn Fn() -> bool,
) -> Result<FrameTable, Error> {
    let Some(track) = recording.video.iter().find(|track| track.codec != UNKNOWN) else {
        return Ok(FrameTable::default());
    };
    let mut arguments = words(&format!(
        "-v repeat+error -of csv -select_streams {} -show_entries \
         packet=pts,dts,flags:stream=time_base:format=start_time",
        track.stream
    ));
    arguments.extend(input_options(formats::first_name(&recording.container)));
    arguments.push(MEDIA.to_owned());
    let outputs = Outputs::new(1).map_err(|e| unreadable(source, e))?;
    let job = Job {
        program: Program::Ffprobe,
        arguments,
        source: Some(source),
        cpu: door.limits.cpu + std::time::Duration::from_secs(source.size_bytes / 5_000_000),
        report: false,
        output: None,
        stop,
    };
    let mut packets = Packets::default();
    let too_many = || Error::LimitReached { path: source.path.clone(), what: "number of frames" };
    let ended = door.run(job, outputs, &mut |_, bytes, _| {
        if packets.push(bytes) { Ok(()) } else { Err(too_many()) }
    })?;
    if packets.some_unstamped {
        return decoded(door, source, recording, stop);
    }
    let table = packets.table();
    if table.times.is_empty() {
        return Err(undecodable(source, &ended));
    }
    Ok(table)
}

/// The times at which the frames come out of the decoder.
fn decoded(
    door: &Door,
    source: &SourceFile,
    recording: &Recording,
    stop: &dyn Fn() -> bool,
) -> Result<FrameTable, Error> {
    let mut times = Vec::new();
    watch_light::watch(door, source, recording, stop, &mut |frame| {
        if times.len() < FRAMES_MAX {
            times.push(frame.at);
        }
    })?;
    Ok(FrameTable { times, key_gap_max_ns: i64::MAX })
}

fn undecodable(source: &SourceFile, ended: &child::Ended) -> Error {
    let why = match ended.complaints.count {
        0 => "its frames carry no times".to_owned(),
        _ => ended.complaints.summary(),
    };
    source.undecodable(why)
}

/// What ffprobe prints, as it comes.
#[derive(Default)]
struct Packets {
    line: Vec<u8>,
    /// Time stamp, and whether the frame can be decoded by itself.
    frames: Vec<(i64, bool)>,
    time_base: Option<(i64, i64)>,
    start_us: i64,
    /// Some frame says when it is decoded and not when it is shown.
    some_unstamped: bool,
}

impl Packets {
    /// Takes what was printed; false when there is too much of it.
    fn push(&mut self, bytes: &[u8]) -> bool {
        for &byte in bytes {
            if byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                self.take(&String::from_utf8_lossy(&line));
                self.line = line;
                self.line.clear();
            } else if self.line.len() < LINE_BYTES_MAX {
                self.line.push(byte);
            }
        }
        self.frames.len() <= FRAMES_MAX
    }

    fn take(&mut self, line: &str) {
        let mut fields = line.trim_end().split(',');
        match fields.next() {
            Some("packet") => {
                let (pts, dts, flags) = (fields.next(), fields.next(), fields.next());
                let number = |text: Option<&str>| text?.parse::<i64>().ok();
                let flags = flags.unwrap_or_default();
                let pts = number(pts);
                self.some_unstamped |= pts.is_none() && number(dts).is_some();
                if let Some(at) = pts.filter(|_| !flags.contains('D')) {
                    self.frames.push((at, flags.contains('K')));
                }
            }
            Some("stream") => {
                let base = fields.next().and_then(|text| text.split_once('/'));
                let base = base.and_then(|(n, d)| Some((n.parse().ok()?, d.parse().ok()?)));
                self.time_base = base.filter(|(num, den)| *num > 0 && *den > 0);
            }
            Some("format") => {
                // To a microsecond, as ffmpeg itself takes the start off.
                let start_s: Option<f64> = fields.next().and_then(|text| text.parse().ok());
                self.start_us = start_s.map_or(0, |s| (s * 1e6).round() as i64);
            }
            _ => {}
        }
    }

    fn table(mut self) -> FrameTable {
        let Some((num, den)) = self.time_base else { return FrameTable::default() };
        self.frames.sort_unstable();
        self.frames.dedup_by_key(|frame| frame.0);
        let at_ns = |ticks: i64| {
            let ns = i128::from(ticks) * i128::from(num) * 1_000_000_000 / i128::from(den);
            i64::try_from(ns - i128::from(self.start_us) * 1000).unwrap_or(i64::MAX)
        };
        let times = self.frames.iter().map(|(ticks, _)| MediaTime(at_ns(*ticks))).collect();
        let keys = self.frames.iter().filter(|(_, is_key)| *is_key).map(|(ticks, _)| *ticks);
        let mut marks: Vec<i64> = keys.collect();
        marks.extend(self.frames.last().map(|(ticks, _)| *ticks));
        let gaps = marks.windows(2).map(|pair| at_ns(pair[1]).saturating_sub(at_ns(pair[0])));
        FrameTable { times, key_gap_max_ns: gaps.max().unwrap_or(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(printed: &str) -> FrameTable {
        let mut packets = Packets::default();
        for part in printed.as_bytes().chunks(7) {
            assert!(packets.push(part));
        }
        packets.table()
    }

    #[test]
    fn frames_come_in_the_order_in_which_they_are_shown() {
        let found = table(
            "packet,-40,-80,KD\npacket,0,-40,K_\npacket,120,0,__\npacket,40,40,__\n\
             packet,80,80,K_\nstream,1/1000\nformat,0.000000\n",
        );
        let ms: Vec<i64> = found.times.iter().map(|t| t.0 / 1_000_000).collect();
        assert_eq!(ms, [0, 40, 80, 120]);
        assert_eq!(found.key_gap_max_ns, 80_000_000);
    }

    #[test]
    fn times_count_from_the_containers_start_and_hold_to_the_nanosecond() {
        let found =
            table("packet,129003,N/A,K_\npacket,132006,N/A,_\nstream,1/90000\nformat,1.400000\n");
        assert_eq!(found.times, [MediaTime(33_366_666), MediaTime(66_733_333)]);
    }

    #[test]
    fn what_makes_no_sense_is_no_frame() {
        assert_eq!(table("nonsense\n,,,\npacket\n"), FrameTable::default());
    }
}
