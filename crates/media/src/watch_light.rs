//! Watches how bright a recording's pictures are.
//!
//! In: a file and what probing said of it. Out: each frame of its first track of pictures, in
//! order, as a few cells of mean brightness, with the exact time at which it is shown.
//! Method: ffmpeg decodes all frames (a flash lasts one), averages areas, and hands them over with
//! the file's own time stamps (see `nut`). Filters that smooth blocks are left out while decoding:
//! they change no mean.
//! Cost: that of decoding the pictures; memory does not grow with their length.
//! Cannot: tell when within its time of exposure a frame was lit.

use std::time::Duration;

use evidence::{MediaTime, Recording, VideoTrack};

use crate::Error;
use crate::child::{Ended, Outputs};
use crate::door::{Door, Job, Program, unreadable, words};
use crate::listen::{OFFSET_S, Request};
use crate::nut::{self, Format};
use crate::probe::UNKNOWN;
use crate::source_file::SourceFile;

/// Areas of the picture whose brightness is told.
pub const LIGHT_CELLS: usize = 144;

/// Areas across and down: enough to tell a room that lights up from something that moves.
const ACROSS: usize = 16;
const DOWN: usize = 9;

const _: () = assert!(ACROSS * DOWN == LIGHT_CELLS);

/// Seconds of processor time for each second of pictures: large pictures of the most demanding
/// codecs take two.
const CPU_S_PER_S: u64 = 8;

/// Bytes that justify a second of processor time; see `listen`.
const BYTES_PER_CPU_S: u64 = 20_000;

/// Nanoseconds in a second.
const NS: i128 = 1_000_000_000;

/// One frame.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// When it begins to be shown, from the container's start. Always later than the one before.
    pub at: MediaTime,
    /// Mean brightness of each of [`LIGHT_CELLS`] areas of the picture, row by row.
    pub cells: &'a [u8],
}

/// What watching found beside the frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Frames delivered.
    pub frames: u64,
    /// Sentences about what was wrong with the file.
    pub warnings: Vec<String>,
}

pub(crate) fn watch(
    door: &Door,
    source: &SourceFile,
    recording: &Recording,
    stop: &dyn Fn() -> bool,
    sink: &mut dyn FnMut(Frame<'_>),
) -> Result<Watched, Error> {
    let Some(track) = recording.video.iter().find(|track| track.codec != UNKNOWN) else {
        return Ok(Watched::default());
    };
    let request = Request { door, source, recording, rate_hz: 0, stop };
    let outputs = Outputs::new(1).map_err(|e| unreadable(source, e))?;
    // Means do not change with the filters that smooth the edges of blocks.
    let mut arguments = words("-skip_loop_filter all -noautorotate");
    arguments.extend(request.input("repeat+error"));
    arguments.extend(output(track, outputs.descriptor(0)));
    arguments.extend(keep_zero(recording, track));
    let mut reader = nut::Reader::default();
    let mut line = Line { last: None, frames: 0, sink };
    let ended = door.run(job(&request, arguments), outputs, &mut |_, bytes, _| {
        let pushed = reader.push(bytes, &mut |format, pts, cells| line.take(format, pts, cells));
        pushed.map_err(|garbled| {
            source.undecodable(format!("ffmpeg's output is garbled: {}", garbled.0))
        })
    })?;
    judge(source, &ended, line.frames)?;
    let faults = ended.complaints.first.first();
    let warnings = faults.map(|first| {
        format!("ffmpeg met faults while decoding the pictures; some may be missing ({first})")
    });
    Ok(Watched { frames: line.frames, warnings: warnings.into_iter().collect() })
}

/// Frames on their way from the pipe to the caller.
struct Line<'a> {
    last: Option<MediaTime>,
    frames: u64,
    sink: &'a mut dyn FnMut(Frame<'_>),
}

impl Line<'_> {
    fn take(&mut self, format: Format, pts: i64, cells: &[u8]) {
        let Format::Pictures { num, den, pixels } = format else { return };
        if pixels != LIGHT_CELLS as u64 || cells.len() != LIGHT_CELLS {
            return;
        }
        let ns = i128::from(pts) * i128::from(num) * NS / i128::from(den);
        let Ok(ns) = i64::try_from(ns - i128::from(OFFSET_S) * NS) else { return };
        let at = MediaTime(ns);
        // A clock that goes back says nothing about when the frame was.
        if self.last.is_none_or(|last| last < at) {
            self.last = Some(at);
            self.frames += 1;
            (self.sink)(Frame { at, cells });
        }
    }
}

fn output(track: &VideoTrack, descriptor: i32) -> Vec<String> {
    words(&format!(
        "-map 0:{} -an -vf scale={ACROSS}:{DOWN}:flags=area,format=gray -c:v rawvideo \
         -fps_mode passthrough -enc_time_base -1 -flush_packets 0 -map_metadata -1 \
         -map_chapters -1 -avoid_negative_ts disabled -output_ts_offset {OFFSET_S} \
         -write_index 0 -f nut pipe:{descriptor}",
        track.stream
    ))
}

/// In MPEG transport streams ffmpeg moves zero to the first stream that an output asks for; see
/// `listen`. Where the pictures begin after the sound, the sound keeps zero where it is.
fn keep_zero(recording: &Recording, track: &VideoTrack) -> Vec<String> {
    let sound = recording.audio.iter().min_by_key(|audio| audio.start);
    match sound {
        Some(sound) if recording.container.starts_with("mpeg") && sound.start < track.start => {
            words(&format!("-map 0:{} -c copy -f null -", sound.stream))
        }
        _ => Vec::new(),
    }
}

fn job<'a>(request: &Request<'a>, arguments: Vec<String>) -> Job<'a> {
    let by_length_s = request.recording.duration.seconds().max(0.0) as u64 * CPU_S_PER_S;
    let cpu_s = by_length_s.min(request.source.size_bytes / BYTES_PER_CPU_S);
    let cpu = request.door.limits.cpu + Duration::from_secs(cpu_s);
    let (source, stop) = (request.source, request.stop);
    let program = Program::Ffmpeg;
    Job { program, arguments, source: Some(source), cpu, report: false, output: None, stop }
}

/// Whether the run gave pictures, and if not, why.
fn judge(source: &SourceFile, ended: &Ended, frames: u64) -> Result<(), Error> {
    use std::os::unix::process::ExitStatusExt;
    if matches!(ended.status.signal(), Some(libc::SIGKILL | libc::SIGXCPU)) {
        return Err(Error::LimitReached { path: source.path.clone(), what: "processor time" });
    }
    if ended.complaints.mention("Cannot allocate memory") {
        return Err(Error::LimitReached { path: source.path.clone(), what: "memory" });
    }
    if frames == 0 {
        return Err(source.undecodable(ended.complaints.summary()));
    }
    Ok(())
}
