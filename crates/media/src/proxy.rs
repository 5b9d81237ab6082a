//! Makes a copy of a recording that every browser plays, with the same times.
//!
//! In: a file, what probing said of it, and an empty file of the caller's. Out: MP4 with H.264
//! (a key frame every [`GOP_FRAMES`] frames, no frame out of order, at most [`SIDE_PIXELS_MAX`]
//! pixels on its longer side) and AAC; of sound alone, AAC.
//! Method: frames keep their presentation times to the tick of the original's clock, none is
//! doubled or dropped to suit a rate; gaps in the sound are filled with silence, so that what is
//! heard stays beside what is seen. An MP4 is finished by going back in it, so ffmpeg gets one file
//! that it may write and nothing else: opened by us, no longer than allowed for, its name unknown
//! to it.
//! Cost: that of decoding and encoding; memory does not grow with the length.
//! Cannot: keep two frames that claim the same time, or times that go back.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::time::Duration;

use evidence::{AudioTrack, Recording, VideoTrack};

use crate::Error;
use crate::child::{Ended, Outputs};
use crate::door::{Door, Job, Program, unreadable, words};
use crate::listen::Request;
use crate::probe::UNKNOWN;
use crate::source_file::SourceFile;

/// Frames from one that can be decoded by itself to the next: a step back costs half of these.
pub const GOP_FRAMES: u32 = 12;

/// Four of these are decoded side by side by an ordinary machine.
pub const SIDE_PIXELS_MAX: u32 = 1280;

/// Samples a second of a proxy's sound: what browsers play without changing it.
const RATE_HZ: u32 = 48_000;

/// Seconds of processor time for each second: the most demanding pictures, decoded and encoded.
const CPU_S_PER_S: u64 = 20;

/// Bytes that justify a second of processor time.
const BYTES_PER_CPU_S: u64 = 5_000;

/// What is written of a second at most: the rate that is allowed for, and as much again.
const BYTES_PER_S_MAX: u64 = 2 << 20;

/// What is written of any recording at most, beside that.
const BYTES_MAX: u64 = 64 << 20;

/// What making a proxy found beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxied {
    /// Sentences about what was wrong with the file.
    pub warnings: Vec<String>,
}

/// A file that the child may write, and how long it may become.
#[derive(Clone, Copy)]
pub(crate) struct Written<'a> {
    pub(crate) file: &'a File,
    pub(crate) bytes_max: u64,
}

pub(crate) fn make(
    door: &Door,
    source: &SourceFile,
    recording: &Recording,
    into: &File,
    stop: &dyn Fn() -> bool,
    advanced: &mut dyn FnMut(f64),
) -> Result<Proxied, Error> {
    let video = recording.video.iter().find(|track| track.codec != UNKNOWN && track.width > 0);
    let audio = recording.audio.iter().find(|track| track.codec != UNKNOWN && track.channels > 0);
    if video.is_none() && audio.is_none() {
        return Err(source.undecodable("no track of it can be decoded"));
    }
    let request = Request { door, source, recording, rate_hz: 0, stop };
    let outputs = Outputs::new(1).map_err(|e| unreadable(source, e))?;
    let mut arguments = words("-y -stats_period 0.5 -progress");
    arguments.push(format!("pipe:{}", outputs.descriptor(0)));
    arguments.extend(request.input("repeat+error"));
    arguments.extend(video.map(pictures).unwrap_or_default());
    arguments.extend(audio.map(sound).unwrap_or_default());
    arguments.extend(words(
        "-sn -dn -map_metadata -1 -map_chapters -1 -max_muxing_queue_size 4096 -f mp4",
    ));
    // What begins late begins so by this clock: a millisecond would be too coarse.
    arguments.extend(words("-movie_timescale 1000000"));
    arguments.push(format!("/proc/self/fd/{}", into.as_raw_fd()));
    arguments.extend(keep_zero(recording, video, audio));
    let mut told = Told::default();
    let ended = door.run(job(&request, arguments, into), outputs, &mut |_, bytes, _| {
        told.push(bytes, advanced);
        Ok(())
    })?;
    judge(source, &ended)?;
    let faults = ended.complaints.first.first();
    let warnings = faults.map(|first| {
        format!("ffmpeg met faults while making the copy; some of it may be missing ({first})")
    });
    Ok(Proxied { warnings: warnings.into_iter().collect() })
}

/// No rate is made up: each frame goes through with its own time, on the original's own clock.
/// Without frames that refer to later ones the order of decoding is that of showing.
fn pictures(track: &VideoTrack) -> Vec<String> {
    let share = format!("min(1,{SIDE_PIXELS_MAX}/max(iw*sar,ih))");
    let mut arguments = words(&format!("-map 0:{} -vf", track.stream));
    arguments.push(format!(
        "scale=w='max(2,trunc(iw*sar*{share}/2)*2)':h='max(2,trunc(ih*{share}/2)*2)':flags=area,\
         setsar=1,format=yuv420p"
    ));
    arguments.extend(words(&format!(
        "-c:v libx264 -preset veryfast -crf 23 -maxrate 8M -bufsize 16M -profile:v high -bf 0 \
         -g {GOP_FRAMES} -keyint_min {GOP_FRAMES} -sc_threshold 0 -threads:v 2 \
         -fps_mode passthrough -enc_time_base:v -1"
    )));
    arguments
}

/// Silence in gaps, from the container's start on; what overlaps is cut. No sound is stretched.
fn sound(track: &AudioTrack) -> Vec<String> {
    let channels = track.channels.min(2);
    words(&format!(
        "-map 0:{} -af aresample={RATE_HZ}:async=1:min_hard_comp=0.02:first_pts=0 -c:a aac \
         -b:a {}k -ac {channels}",
        track.stream,
        80 * channels
    ))
}

/// In MPEG transport streams ffmpeg moves zero to the first stream that an output asks for; see
/// `listen`. Another track that begins first keeps zero where the container has it.
fn keep_zero(
    recording: &Recording,
    video: Option<&VideoTrack>,
    audio: Option<&AudioTrack>,
) -> Vec<String> {
    let asked = video.map(|track| track.start).into_iter().chain(audio.map(|track| track.start));
    let sounds = recording.audio.iter().map(|track| (track.start, track.stream));
    let films = recording.video.iter().filter(|track| track.width > 0);
    let first = sounds.chain(films.map(|track| (track.start, track.stream))).min();
    match (first, asked.min()) {
        (Some((first, stream)), Some(asked))
            if recording.container.starts_with("mpeg") && first < asked =>
        {
            words(&format!("-map 0:{stream} -c copy -f null -"))
        }
        _ => Vec::new(),
    }
}

fn job<'a>(request: &Request<'a>, arguments: Vec<String>, into: &'a File) -> Job<'a> {
    let length_s = request.recording.duration.seconds().max(0.0) as u64;
    let cpu_s = (length_s * CPU_S_PER_S).min(request.source.size_bytes / BYTES_PER_CPU_S);
    let by_length = length_s.saturating_mul(BYTES_PER_S_MAX);
    // A length that the file only claims must not fill the disk.
    let by_size = request.source.size_bytes.saturating_mul(200);
    Job {
        program: Program::Ffmpeg,
        arguments,
        source: Some(request.source),
        cpu: request.door.limits.cpu + Duration::from_secs(cpu_s),
        report: false,
        output: Some(Written { file: into, bytes_max: BYTES_MAX + by_length.min(by_size) }),
        stop: request.stop,
    }
}

/// Whether the run made a whole file, and if not, why.
fn judge(source: &SourceFile, ended: &Ended) -> Result<(), Error> {
    use std::os::unix::process::ExitStatusExt;
    let limit = |what| Err(Error::LimitReached { path: source.path.clone(), what });
    match ended.status.signal() {
        Some(libc::SIGKILL | libc::SIGXCPU) => return limit("processor time"),
        Some(libc::SIGXFSZ) => return limit("the length of a copy"),
        _ => {}
    }
    if ended.complaints.mention("Cannot allocate memory") {
        return limit("memory");
    }
    if !ended.status.success() {
        return Err(source.undecodable(ended.complaints.summary()));
    }
    Ok(())
}

/// How far ffmpeg says it is, as it comes.
#[derive(Default)]
struct Told {
    line: Vec<u8>,
}

impl Told {
    fn push(&mut self, bytes: &[u8], advanced: &mut dyn FnMut(f64)) {
        for &byte in bytes {
            if byte != b'\n' {
                if self.line.len() < 128 {
                    self.line.push(byte);
                }
                continue;
            }
            let text = String::from_utf8_lossy(&self.line).into_owned();
            self.line.clear();
            let us = text.strip_prefix("out_time_us=").and_then(|us| us.trim().parse::<i64>().ok());
            if let Some(us) = us.filter(|us| *us > 0) {
                advanced(us as f64 / 1e6);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_is_read_from_what_ffmpeg_tells() {
        let (mut told, mut seen) = (Told::default(), Vec::new());
        let text = "frame=10\nout_time_us=400000\nout_time=00:00:00.4\nout_time_us=N/A\nout_time_us=1500000\n";
        for part in text.as_bytes().chunks(5) {
            told.push(part, &mut |s| seen.push(s));
        }
        assert_eq!(seen, [0.4, 1.5]);
    }
}
