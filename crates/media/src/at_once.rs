//! Describes and decodes a file in one run of ffmpeg, where the file is of the simplest kind.
//!
//! In: a file. Out: what [`probe`](crate::Door::probe) and [`listen`](crate::Door::listen) would
//! say, or nothing, whenever anything differs from the ordinary. Method: decode the first track
//! and believe it only if ffmpeg says that it is the only one, has no complaint, and the sound
//! is one unbroken stretch within the file's length; so none of the rules for odd files, which
//! need the description beforehand, can have been at work.
//! Cost: one start of ffmpeg rather than two; in vain, one start more.

use evidence::{AudioTrack, MediaTime, Recording};

use crate::child::Outputs;
use crate::door::{Door, unreadable};
use crate::listen::{Decoding, Listened, Request};
use crate::source_file::SourceFile;
use crate::{Error, outline, told};

/// In larger files starting ffmpeg is little beside decoding, and decoding in vain is much.
const BYTES_MAX: u64 = 64 << 20;

/// ffmpeg's name of the one container that is tried.
const CONTAINER: &str = "mov,mp4,m4a,3gp,3g2,mj2";

/// By how much sound may end after the length that the container states, nanoseconds: the codec's
/// last frames.
const BEYOND_NS: i64 = 200_000_000;

/// The length, in microseconds, of a file that may be of the simplest kind.
pub(crate) fn length_us(source: &SourceFile) -> Option<i64> {
    let small = source.size_bytes <= BYTES_MAX;
    small.then(|| outline::sound_alone_us(&source.file, source.size_bytes)).flatten()
}

pub(crate) fn listen(
    door: &Door,
    source: &SourceFile,
    rate_hz: u32,
    stop: &dyn Fn() -> bool,
    sink: &mut dyn FnMut(&[f32]),
) -> Result<Option<(Recording, Listened)>, Error> {
    let Some(length_us) = length_us(source).filter(|_| rate_hz > 0) else { return Ok(None) };
    let recording = Recording {
        container: CONTAINER.to_owned(),
        duration: MediaTime::from_seconds(length_us as f64 / 1e6),
        audio: Vec::new(),
        video: Vec::new(),
        claims: Vec::new(),
    };
    let request = Request { door, source, recording: &recording, rate_hz, stop };
    match decode(&request, length_us, sink) {
        Ok(Some((track, listened))) if is_ordinary(&listened, &recording) => {
            Ok(Some((Recording { audio: vec![track], ..recording }, listened)))
        }
        Err(error @ (Error::Stopped | Error::NoKeeper { .. })) => Err(error),
        _ => Ok(None),
    }
}

/// Decodes the first track; `None` as soon as the file turns out to be of another kind.
fn decode(
    request: &Request<'_>,
    length_us: i64,
    sink: &mut dyn FnMut(&[f32]),
) -> Result<Option<(AudioTrack, Listened)>, Error> {
    let outputs = Outputs::new(1).map_err(|e| unreadable(request.source, e))?;
    let mut arguments = request.input("repeat+level+info");
    let first = AudioTrack {
        stream: 0,
        codec: String::new(),
        rate_hz: 0,
        channels: 0,
        start: MediaTime(0),
    };
    arguments.extend(request.output(&first, outputs.descriptor(0)));
    let mut sink = Some(sink);
    let mut begun: Option<(AudioTrack, Decoding<'_>)> = None;
    let mut is_other = false;
    let run = request.door.run(request.job(arguments), outputs, &mut |output, bytes, said| {
        if let (None, Some(sink)) = (&begun, sink.take()) {
            let track = told::only_track(&said.told, CONTAINER, length_us);
            begun = track.map(|track| {
                let decoding = request.begin(std::slice::from_ref(&track), sink);
                (track, decoding)
            });
        }
        match &mut begun {
            Some((_, decoding)) if said.count == 0 => request.take(decoding, output, bytes),
            _ => {
                is_other = true;
                // Ends the run.
                Err(Error::Stopped)
            }
        }
    });
    if is_other {
        return Ok(None);
    }
    let ended = run?;
    let Some((track, decoding)) = begun else { return Ok(None) };
    if !ended.status.success() || ended.complaints.count > 0 {
        return Ok(None);
    }
    Ok(Some((track, request.conclude(decoding, &ended)?)))
}

/// Whether nothing was to be told, mended or doubted.
fn is_ordinary(listened: &Listened, recording: &Recording) -> bool {
    let [stretch] = listened.stretches[..] else { return false };
    let end = recording.duration.0.saturating_add(BEYOND_NS);
    listened.warnings.is_empty() && stretch.start.0 >= 0 && stretch.end.0 <= end
}
