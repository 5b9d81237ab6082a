//! Small pictures of a recording at even distances, for a timeline.
//!
//! In: a file and how many pictures of it are wanted. Out: sheets of sixteen side by side, each a
//! JPEG. Where frames that can be decoded by themselves lie close enough, only those are: then an
//! hour costs seconds. A picture shows the frame on the screen at its moment, or the last before it
//! that was decoded.

use std::time::Duration;

use evidence::Recording;

use crate::Error;
use crate::child::Outputs;
use crate::door::{Door, Job, Program, unreadable, words};
use crate::listen::Request;
use crate::probe::UNKNOWN;
use crate::source_file::SourceFile;

/// Pictures side by side in a sheet.
pub const SHEET_THUMBNAILS: u32 = 16;

/// A sheet of sixteen small pictures has some 50 kB.
const SHEET_BYTES_MAX: usize = 2 << 20;

/// Seconds of processor time for each second of pictures, as in `watch_light`.
const CPU_S_PER_S: u64 = 8;
const BYTES_PER_CPU_S: u64 = 20_000;

/// Which pictures are wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thumbnails {
    /// Seconds from one to the next; the first is at media time zero.
    pub every_s: f64,
    /// How many.
    pub count: u32,
    /// Pixels across of each; what does not fill it is black at the edges.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Whether frames that can be decoded by themselves are enough.
    pub keys_only: bool,
}

pub(crate) fn make(
    door: &Door,
    source: &SourceFile,
    recording: &Recording,
    wanted: Thumbnails,
    stop: &dyn Fn() -> bool,
    sheet: &mut dyn FnMut(Vec<u8>),
) -> Result<u32, Error> {
    let Some(track) = recording.video.iter().find(|track| track.codec != UNKNOWN) else {
        return Ok(0);
    };
    let request = Request { door, source, recording, rate_hz: 0, stop };
    let outputs = Outputs::new(1).map_err(|e| unreadable(source, e))?;
    let mut arguments = words("-skip_loop_filter all");
    if wanted.keys_only {
        arguments.extend(words("-skip_frame nokey -discard nokey"));
    }
    arguments.extend(request.input("repeat+error"));
    arguments.extend(words(&format!("-map 0:{} -an -vf", track.stream)));
    arguments.push(filter(wanted));
    arguments
        .extend(words("-fps_mode passthrough -c:v mjpeg -q:v 5 -map_metadata -1 -f image2pipe"));
    arguments.push(format!("pipe:{}", outputs.descriptor(0)));
    let by_length_s = recording.duration.seconds().max(0.0) as u64 * CPU_S_PER_S;
    let cpu_s = by_length_s.min(source.size_bytes / BYTES_PER_CPU_S);
    let job = Job {
        program: Program::Ffmpeg,
        arguments,
        source: Some(source),
        cpu: door.limits.cpu + Duration::from_secs(cpu_s),
        report: false,
        output: None,
        stop,
    };
    let sheets_max = wanted.count.div_ceil(SHEET_THUMBNAILS);
    let (mut sheets, mut made) = (Sheets::default(), 0);
    let ended = door.run(job, outputs, &mut |_, bytes, _| {
        let whole = sheets.push(bytes, &mut |bytes| {
            if made < sheets_max {
                made += 1;
                sheet(bytes);
            }
        });
        if whole { Ok(()) } else { Err(source.undecodable("a picture without end")) }
    })?;
    if made == sheets_max { Ok(made) } else { Err(source.undecodable(ended.complaints.summary())) }
}

fn filter(wanted: Thumbnails) -> String {
    let Thumbnails { every_s, count, width, height, .. } = wanted;
    format!(
        "fps=fps=1/{every_s}:start_time=0:round=up,\
         scale={width}:{height}:force_original_aspect_ratio=decrease:out_range=pc,setsar=1,\
         pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,format=yuvj420p,\
         tpad=stop={count}:stop_mode=clone,trim=end_frame={count},tile={SHEET_THUMBNAILS}x1"
    )
}

/// Pictures one after the other, told apart by their marks: within a picture no end mark can
/// stand, since the bytes of what is coded are escaped.
#[derive(Default)]
struct Sheets {
    bytes: Vec<u8>,
}

impl Sheets {
    /// Takes bytes and hands on every picture that they complete; false when one has no end.
    fn push(&mut self, bytes: &[u8], picture: &mut dyn FnMut(Vec<u8>)) -> bool {
        for &byte in bytes {
            self.bytes.push(byte);
            if self.bytes.ends_with(&[0xff, 0xd9]) {
                picture(std::mem::take(&mut self.bytes));
            }
        }
        self.bytes.len() <= SHEET_BYTES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_apart_wherever_the_pipe_breaks_them() {
        let picture = [0xff, 0xd8, 1, 0xff, 0x00, 0xd9, 0xff, 0xd9];
        let mut sheets = Sheets::default();
        let mut found = Vec::new();
        for part in [&picture[..], &picture[..]].concat().chunks(3) {
            assert!(sheets.push(part, &mut |bytes| found.push(bytes)));
        }
        assert_eq!(found, [picture, picture]);
        assert!(!sheets.push(&vec![0; SHEET_BYTES_MAX + 1], &mut |_| ()));
    }
}
