//! Decodes a recording's sound to one line of samples.
use evidence::{MediaTime, Recording, Stretch};

use crate::child::Outputs;
use crate::door::{Door, Job, MEDIA, Program, input_options, unreadable, words};
use crate::source_file::SourceFile;
use crate::timeline::Timeline;
use crate::{Error, formats, nut};

/// Channels of one recording that are decoded.
pub const CHANNELS_MAX: u32 = 8;

/// What listening found beside the samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listened {
    /// Where sound was really recorded, in order, to 1 ms; the rest is zeros of ours.
    pub stretches: Vec<Stretch>,
    /// Sentences about what was wrong with the file and what was done about it.
    pub warnings: Vec<String>,
    /// Samples delivered.
    pub samples: u64,
}

const TS_OFFSET_S: i64 = 1_000_000;

pub(crate) fn listen(
    door: &Door,
    source: &SourceFile,
    recording: &Recording,
    rate_hz: u32,
    stop: &dyn Fn() -> bool,
    sink: &mut dyn FnMut(&[f32]),
) -> Result<Listened, Error> {
    let mut listened = Listened::default();
    let Some(track) = recording.audio.first() else { return Ok(listened) };
    let outputs = Outputs::new(1).map_err(|e| unreadable(source, e))?;
    let mut arguments = words("-nostdin -hide_banner -v repeat+error -threads 1 -vn -sn -dn");
    arguments.extend(input_options(formats::first_name(&recording.container)));
    arguments.extend(["-i".to_owned(), MEDIA.to_owned()]);
    arguments.extend(words(&format!(
        "-map 0:{} -af aresample={rate_hz}:filter_size=16 -c:a pcm_f32le -flush_packets 0 \
         -avoid_negative_ts disabled -output_ts_offset {TS_OFFSET_S} -map_metadata -1 \
         -write_index 0 -f nut pipe:{}",
        track.stream,
        outputs.descriptor(0)
    )));
    let mut reader = nut::Reader::default();
    let mut timeline = Timeline { next: None };
    let mut mono = Vec::new();
    let mut stretches: Vec<(i64, i64)> = Vec::new();
    let mut delivered = 0i64;
    let job = Job {
        program: Program::Ffmpeg,
        arguments,
        source: Some(source),
        cpu: door.limits.cpu,
        report: false,
        stop,
    };
    let ended = door.run(job, outputs, &mut |_, bytes| {
        let channels = reader.format().map_or(track.channels, |f| f.channels) as usize;
        reader
            .push(bytes, &mut |pts, bytes| {
                mono.clear();
                for frame in bytes.chunks_exact(4 * channels) {
                    let sum: f32 = frame
                        .chunks_exact(4)
                        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                        .sum();
                    mono.push(sum / channels as f32);
                }
                let at = timeline.place(pts - TS_OFFSET_S * i64::from(rate_hz), mono.len());
                while delivered < at {
                    let n = (at - delivered).min(8192);
                    sink(&vec![0.0; n as usize]);
                    delivered += n;
                }
                match stretches.last_mut() {
                    Some(last) if last.1 == at => last.1 = at + mono.len() as i64,
                    _ => stretches.push((at, at + mono.len() as i64)),
                }
                sink(&mono);
                delivered += mono.len() as i64;
            })
            .map_err(|e| Error::Undecodable { path: source.path.clone(), why: e.0.to_owned() })
    })?;
    if delivered == 0 {
        let why = ended.complaints.summary();
        return Err(Error::Undecodable { path: source.path.clone(), why });
    }
    let time = |n: i64| MediaTime::from_seconds(n as f64 / f64::from(rate_hz));
    listened.stretches =
        stretches.iter().map(|s| Stretch { start: time(s.0), end: time(s.1) }).collect();
    listened.samples = delivered as u64;
    Ok(listened)
}
