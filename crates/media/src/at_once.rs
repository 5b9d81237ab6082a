//! Describes and decodes a file in one run of ffmpeg, where nothing about the file is odd.
//!
//! In: a file. Out: what [`probe`](crate::Door::probe) and [`listen`](crate::Door::listen) would
//! say, or nothing, whenever anything differs from the ordinary. Method: decode the one sound
//! track with the very arguments that `listen` uses, and learn from what ffmpeg tells on the way
//! (see `told`) what `listen` learns from the probe. Given up at the first complaint, second
//! stretch or jump of the clock, so the samples are those of `listen` or none.
//! What `listen` takes from the probe, and what stands for it here: the demuxer (found again, by
//! the same library from the same list); the track's rate and channels (told); the length, beyond
//! which no gap may lead (told, less its rounding, so that a gap believed here is believed there);
//! the zero of MPEG streams, which is kept by other tracks (such files are not taken).
//! Cost: one start of ffmpeg rather than two; in vain, one start more and what was decoded until
//! the oddity.

use std::path::Path;

use evidence::{AudioTrack, MediaTime, Recording};

use crate::child::{Complaints, Outputs};
use crate::door::{Door, unreadable};
use crate::listen::{Decoding, Listened, Request};
use crate::source_file::SourceFile;
use crate::told::{self, Told};
use crate::{CHANNELS_MAX, Error, formats};

/// In larger files starting ffmpeg is little beside decoding, and decoding in vain is much.
const BYTES_MAX: u64 = 64 << 20;

/// Longest file that is taken, hundredths of a second: a day.
const LENGTH_CS_MAX: i64 = 24 * 3600 * 100;

/// Nanoseconds in the hundredth of a second to which ffmpeg tells a length.
const STEP_NS: i64 = 10_000_000;

/// Whether a file is small, and not of a kind that is known by its name alone, which ffmpeg does
/// not get.
pub(crate) fn is_worth_trying(path: &Path, size_bytes: u64) -> bool {
    size_bytes <= BYTES_MAX && formats::by_ending(path).is_none()
}

pub(crate) fn listen(
    door: &Door,
    source: &SourceFile,
    rate_hz: u32,
    stop: &dyn Fn() -> bool,
    sink: &mut dyn FnMut(&[f32]),
) -> Result<Option<(Recording, Listened)>, Error> {
    if rate_hz == 0 || !is_worth_trying(&source.path, source.size_bytes) {
        return Ok(None);
    }
    let unknown = Recording {
        container: String::new(),
        duration: MediaTime(0),
        audio: Vec::new(),
        video: Vec::new(),
        claims: Vec::new(),
    };
    let request = Request { door, source, recording: &unknown, rate_hz, stop };
    match decode(&request, sink) {
        Ok(Some((told, listened))) => {
            Ok(describe(told, &listened).map(|recording| (recording, listened)))
        }
        Err(error @ (Error::Stopped | Error::NoKeeper { .. })) => Err(error),
        _ => Ok(None),
    }
}

/// Decodes the only sound track; `None` as soon as anything is odd.
fn decode(
    request: &Request<'_>,
    sink: &mut dyn FnMut(&[f32]),
) -> Result<Option<(Told, Listened)>, Error> {
    let outputs = Outputs::new(1).map_err(|e| unreadable(request.source, e))?;
    let mut arguments = request.input("repeat+level+info");
    arguments.extend(request.output("0:a:0", None, outputs.descriptor(0)));
    let mut sink = Some(sink);
    let mut begun: Option<(Told, Decoding<'_>)> = None;
    let mut is_odd = false;
    let run = request.door.run(request.job(arguments), outputs, &mut |output, bytes, said| {
        if let (None, Some(sink)) = (&begun, sink.take()) {
            begun = understand(said).map(|told| {
                let decoding =
                    request.begin(std::slice::from_ref(&told.audio), end_of(&told), sink);
                (told, decoding)
            });
        }
        match &mut begun {
            Some((_, decoding)) if said.count == 0 && decoding.is_ordinary() => {
                request.take(decoding, output, bytes)
            }
            _ => {
                is_odd = true;
                // Ends the run.
                Err(Error::Stopped)
            }
        }
    });
    if is_odd {
        return Ok(None);
    }
    let ended = run?;
    let Some((told, decoding)) = begun.filter(|_| ended.status.success()) else { return Ok(None) };
    // What was told until the end must not belie what was told at first.
    if understand(&ended.complaints).as_ref() != Some(&told) || !decoding.is_ordinary() {
        return Ok(None);
    }
    Ok(Some((told, request.conclude(decoding, &ended)?)))
}

/// What ffmpeg told, if it is of use here and without complaint.
fn understand(said: &Complaints) -> Option<Told> {
    let told = told::read(&said.told).filter(|_| said.count == 0)?;
    let length_fits = (1..=LENGTH_CS_MAX).contains(&told.length_cs);
    let is_plain = !told.container.starts_with("mpeg") && told.audio.channels <= CHANNELS_MAX;
    (length_fits && is_plain).then_some(told)
}

/// A moment at which, as told, the file has not yet ended.
fn end_of(told: &Told) -> MediaTime {
    MediaTime((told.length_cs - 1) * STEP_NS)
}

/// The recording; `None` if more than one stretch was heard or there is something to be told.
fn describe(told: Told, listened: &Listened) -> Option<Recording> {
    let [stretch] = listened.stretches[..] else { return None };
    if !listened.warnings.is_empty() {
        return None;
    }
    let length = MediaTime(told.length_cs * STEP_NS);
    let sound_ends_it = stretch.end.0.abs_diff(length.0) <= STEP_NS as u64;
    // Where nothing is but the sound, the container begins with it.
    let start = if told.has_others { stretch.start } else { MediaTime(0) };
    Some(Recording {
        container: told.container,
        duration: if sound_ends_it { stretch.end } else { length },
        audio: vec![AudioTrack { start, ..told.audio }],
        video: told.video,
        claims: Vec::new(),
    })
}
