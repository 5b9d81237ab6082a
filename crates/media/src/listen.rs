//! Decodes a recording's sound to one line of samples on presentation time.
//!
//! In: a file and what probing said of it. Out: mono samples, where sound really was, and what
//! was wrong. One ffmpeg decodes all tracks; each comes through a pipe of its own, resampled,
//! as packets with time stamps in samples (see `nut`), is put on its time line (see `timeline`),
//! and all are brought together (see `assembly` and `mix`). Cost over a bare decode: none that
//! can be measured; the shorter resampling filter and the wider pipes pay for the sandbox.

use std::time::Duration;

use evidence::{AudioTrack, MediaTime, Recording, Stretch};

use crate::assembly::Assembly;
use crate::child::{Complaints, Ended, Outputs};
use crate::door::{Door, Job, MEDIA, Program, input_options, unreadable, words};
use crate::probe::UNKNOWN;
use crate::source_file::SourceFile;
use crate::timeline::{Bounds, Oddity, Timeline};
use crate::{Error, formats, nut};

/// Channels of one recording that are decoded, over all its tracks: as many as a production
/// recorder or broadcast file has; more would be decoded without being heard.
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

/// Added to every time stamp on the way, because the NUT format has no negative ones. Eleven
/// days: more than any clock goes back before it is absurd.
pub(crate) const OFFSET_S: i64 = 1_000_000;

/// Taps of the resampling filter at the lower of the two rates. Half of ffmpeg's default: the
/// transition band doubles to about 800 Hz below 4 kHz, where alignment looks for little, and
/// the cost of resampling halves.
const FILTER_TAPS: u32 = 16;

/// Bytes of a recording that justify one second of processor time, beside its length: no codec
/// in use needs more at ten times slower than measured.
const BYTES_PER_CPU_S: u64 = 50_000;

pub(crate) fn listen(
    door: &Door,
    source: &SourceFile,
    recording: &Recording,
    rate_hz: u32,
    stop: &dyn Fn() -> bool,
    sink: &mut dyn FnMut(&[f32]),
) -> Result<Listened, Error> {
    let mut warnings = Vec::new();
    if recording.audio.is_empty() || rate_hz == 0 {
        return Ok(Listened::default());
    }
    let mut chosen = choose(&recording.audio, &mut warnings);
    let request = Request { door, source, recording, rate_hz, stop };
    if !chosen.is_empty() {
        match request.decode(&chosen, sink) {
            Err(Error::Undecodable { .. }) if chosen.len() > 1 => {}
            other => return other.map(|listened| listened.with(warnings)),
        }
    }
    // Nothing has been delivered. One track that cannot be decoded keeps ffmpeg from starting on
    // the others, so find out which.
    let mut usable = Vec::new();
    for track in chosen.drain(..) {
        if request.can_decode(&track)? {
            usable.push(track);
        } else {
            warnings.push(left_out(&track));
        }
    }
    if usable.is_empty() {
        return Err(source.undecodable("none of its sound tracks can be decoded"));
    }
    Ok(request.decode(&usable, sink)?.with(warnings))
}

/// The tracks to decode, with no more channels in all than are looked at.
fn choose(tracks: &[AudioTrack], warnings: &mut Vec<String>) -> Vec<AudioTrack> {
    let mut left = CHANNELS_MAX;
    let mut chosen = Vec::new();
    for track in tracks {
        if track.codec == UNKNOWN || track.channels == 0 || track.rate_hz == 0 {
            warnings.push(left_out(track));
            continue;
        }
        let channels = track.channels.min(left);
        if channels > 0 {
            chosen.push(AudioTrack { channels, ..track.clone() });
            left -= channels;
        }
    }
    let all: u64 = tracks.iter().map(|track| u64::from(track.channels)).sum();
    if all > u64::from(CHANNELS_MAX) {
        warnings.push(format!("only the first {CHANNELS_MAX} of its {all} channels were heard"));
    }
    chosen
}

fn left_out(track: &AudioTrack) -> String {
    format!(
        "sound track {} ({}) cannot be decoded by this ffmpeg and is left out",
        track.stream, track.codec
    )
}

impl Listened {
    fn with(mut self, mut before: Vec<String>) -> Self {
        before.append(&mut self.warnings);
        self.warnings = before;
        self
    }
}

pub(crate) struct Request<'a> {
    pub(crate) door: &'a Door,
    pub(crate) source: &'a SourceFile,
    pub(crate) recording: &'a Recording,
    pub(crate) rate_hz: u32,
    pub(crate) stop: &'a dyn Fn() -> bool,
}

/// All tracks on their way from the pipes to the caller.
pub(crate) struct Decoding<'a> {
    lines: Vec<Line>,
    assembly: Assembly<'a>,
}

/// One track on its way from the pipe to the assembly.
struct Line {
    reader: nut::Reader,
    timeline: Timeline,
    stream: u32,
    heard: bool,
}

impl Request<'_> {
    fn decode(
        &self,
        tracks: &[AudioTrack],
        sink: &mut dyn FnMut(&[f32]),
    ) -> Result<Listened, Error> {
        let outputs = Outputs::new(tracks.len()).map_err(|e| unreadable(self.source, e))?;
        let mut arguments = self.input("repeat+error");
        for (i, track) in tracks.iter().enumerate() {
            arguments.extend(self.output_of(track, outputs.descriptor(i)));
        }
        arguments.extend(self.keep_zero(tracks));
        let mut decoding = self.begin(tracks, self.recording.duration, sink);
        let ended = self.door.run(self.job(arguments), outputs, &mut |output, bytes, _| {
            self.take(&mut decoding, output, bytes)
        })?;
        self.conclude(decoding, &ended)
    }

    /// Ready for the first byte of each of the tracks of a file that ends at `end`.
    pub(crate) fn begin<'s>(
        &self,
        tracks: &[AudioTrack],
        end: MediaTime,
        sink: &'s mut dyn FnMut(&[f32]),
    ) -> Decoding<'s> {
        let channels: Vec<usize> = tracks.iter().map(|track| track.channels as usize).collect();
        let samples_max = in_samples(self.door.limits.sound.as_secs_f64(), self.rate_hz);
        Decoding {
            lines: tracks.iter().map(|track| self.line(track, end)).collect(),
            assembly: Assembly::new(&channels, self.rate_hz, samples_max, sink),
        }
    }

    /// Takes what ffmpeg wrote to one output; at its end, an empty slice.
    pub(crate) fn take(
        &self,
        decoding: &mut Decoding<'_>,
        output: usize,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let Decoding { lines, assembly } = decoding;
        let line = &mut lines[output];
        if bytes.is_empty() {
            line.timeline.finish(&mut |at, samples| assembly.place(output, at, samples));
            assembly.end(output);
            return Ok(());
        }
        line.take(bytes, self.rate_hz, &mut |at, samples| assembly.place(output, at, samples))
            .map_err(|why| self.source.undecodable(why))?;
        assembly.within_limits(&self.source.path)
    }

    /// Hands on what is left and says what was found.
    pub(crate) fn conclude(
        &self,
        decoding: Decoding<'_>,
        ended: &Ended,
    ) -> Result<Listened, Error> {
        let Decoding { lines, assembly } = decoding;
        let too_late = assembly.too_late;
        let (stretches, samples) = assembly.finish();
        self.judge(ended, samples)?;
        let mut warnings = self.faults(&ended.complaints, samples);
        warnings.extend(self.oddities(&lines, too_late));
        let time = |n: i64| MediaTime::from_seconds(n as f64 / f64::from(self.rate_hz));
        let stretch = |(start, end)| Stretch { start: time(start), end: time(end) };
        let stretches = stretches.into_iter().map(stretch).collect();
        Ok(Listened { stretches, warnings, samples: samples as u64 })
    }

    /// Whether ffmpeg can start on a track at all.
    fn can_decode(&self, track: &AudioTrack) -> Result<bool, Error> {
        let outputs = Outputs::new(1).map_err(|e| unreadable(self.source, e))?;
        let mut arguments = self.input("repeat+error");
        arguments.extend(words("-t 1"));
        arguments.extend(self.output_of(track, outputs.descriptor(0)));
        let ended = self.door.run(self.job(arguments), outputs, &mut |_, _, _| Ok(()))?;
        Ok(ended.status.success())
    }

    /// Everything up to the file; `level` is how much ffmpeg shall tell.
    pub(crate) fn input(&self, level: &str) -> Vec<String> {
        // Complaints one a line, so that they can be counted. What no output asks for, such as
        // the pictures, is not even read. No limit on the share of faults: half a damaged recording is evidence.
        let mut arguments = words(&format!(
            "-nostdin -hide_banner -nostats -v {level} -max_error_rate 1 -threads 1"
        ));
        // ffmpeg mends jumps of the clock above these limits by itself; those below are ours.
        // Only MPEG-TS and its like go back under its care.
        arguments.extend(words("-dts_delta_threshold 43200 -dts_error_threshold 43200"));
        arguments.extend(input_options(formats::first_name(&self.recording.container)));
        arguments.extend(["-i".to_owned(), MEDIA.to_owned()]);
        arguments
    }

    /// In MPEG transport streams ffmpeg moves zero to the first stream that an output asks for.
    /// Where sound begins after the pictures, an output that asks for the pictures, and throws
    /// them away undecoded, keeps zero where the container has it.
    fn keep_zero(&self, tracks: &[AudioTrack]) -> Vec<String> {
        let first = tracks.iter().map(|track| track.start).min();
        let pictures = self.recording.video.iter().min_by_key(|video| video.start);
        match (first, pictures) {
            (Some(first), Some(pictures))
                if self.recording.container.starts_with("mpeg")
                    && pictures.start < first
                    && pictures.width > 0 =>
            {
                words(&format!("-map 0:{} -c copy -f null -", pictures.stream))
            }
            _ => Vec::new(),
        }
    }

    fn output_of(&self, track: &AudioTrack, descriptor: i32) -> Vec<String> {
        let whole = self.recording.audio.iter().find(|t| t.stream == track.stream);
        let is_cut = whole.is_some_and(|whole| whole.channels > track.channels);
        let first = is_cut.then_some(track.channels);
        self.output(&format!("0:{}", track.stream), first, descriptor)
    }

    /// Arguments for one track, `map` by ffmpeg's way to name it, whole or only its `first`
    /// channels.
    pub(crate) fn output(&self, map: &str, first: Option<u32>, descriptor: i32) -> Vec<String> {
        let mut filter = format!("aresample={}:filter_size={FILTER_TAPS}", self.rate_hz);
        if let Some(first) = first {
            let channels = (0..first).map(|c| format!("|c{c}=c{c}"));
            filter = format!("pan={first}c{},{filter}", channels.collect::<String>());
        }
        let mut arguments = words(&format!(
            "-map {map} -c:a pcm_f32le -flush_packets 0 -map_metadata -1 -map_chapters -1 \
             -avoid_negative_ts disabled -output_ts_offset {OFFSET_S} -write_index 0 -af"
        ));
        arguments.push(filter);
        arguments.extend(words(&format!("-f nut pipe:{descriptor}")));
        arguments
    }

    pub(crate) fn job(&self, arguments: Vec<String>) -> Job<'_> {
        let by_length_s = self.recording.duration.seconds().max(0.0) as u64 / 4;
        let cpu_s = by_length_s.min(self.source.size_bytes / BYTES_PER_CPU_S);
        Job {
            program: Program::Ffmpeg,
            arguments,
            source: Some(self.source),
            cpu: self.door.limits.cpu + Duration::from_secs(cpu_s),
            report: false,
            output: None,
            stop: self.stop,
        }
    }

    fn line(&self, track: &AudioTrack, end: MediaTime) -> Line {
        let end_s = match end.seconds() {
            // Unknown, so anything may be believed that is not absurd by itself.
            known if known <= 0.0 => f64::from(i32::MAX),
            known => known,
        };
        let bounds = Bounds {
            rate_hz: self.rate_hz,
            channels: track.channels as usize,
            held_samples: held_samples(track.rate_hz, self.rate_hz),
            end: in_samples(end_s, self.rate_hz),
        };
        Line {
            reader: nut::Reader::default(),
            timeline: Timeline::new(bounds),
            stream: track.stream,
            heard: false,
        }
    }

    /// Whether the run gave sound, and if not, why.
    fn judge(&self, ended: &Ended, samples: i64) -> Result<(), Error> {
        use std::os::unix::process::ExitStatusExt;
        let path = || self.source.path.clone();
        match ended.status.signal() {
            Some(libc::SIGKILL | libc::SIGXCPU) => {
                return Err(Error::LimitReached { path: path(), what: "processor time" });
            }
            Some(signal) if samples == 0 => {
                return Err(self
                    .source
                    .undecodable(format!("ffmpeg crashed with signal {signal}")));
            }
            _ => {}
        }
        if ended.complaints.mention("Cannot allocate memory") {
            return Err(Error::LimitReached { path: path(), what: "memory" });
        }
        if samples == 0 {
            return Err(self.source.undecodable(ended.complaints.summary()));
        }
        Ok(())
    }

    /// What ffmpeg complained of, as sentences.
    fn faults(&self, complaints: &Complaints, samples: i64) -> Vec<String> {
        let Some(first) = complaints.first.first() else { return Vec::new() };
        let mut warnings = vec![format!(
            "ffmpeg met {} while decoding; the sound around them may be missing or wrong, and where \
             the format carries no times all after them may come too early ({first})",
            counted(complaints.count, "fault")
        )];
        let heard_s = samples as f64 / f64::from(self.rate_hz);
        let promised_s = self.recording.duration.seconds();
        // Sound often ends some frames before the pictures do.
        if promised_s - heard_s > 1.0 {
            warnings.push(format!(
                "its sound breaks off at {heard_s:.1} s of {promised_s:.1} s; the file seems cut short or damaged"
            ));
        }
        warnings
    }

    fn oddities(&self, lines: &[Line], too_late: i64) -> Vec<String> {
        let seconds = |samples: i64| samples as f64 / f64::from(self.rate_hz);
        let mut warnings = Vec::new();
        for line in lines {
            let track = line.stream;
            if !line.heard {
                warnings.push(format!("sound track {track} gave no sound"));
            }
            for oddity in &line.timeline.oddities {
                warnings.push(match *oddity {
                    Oddity::Reset { at, by: Some(by) } => format!(
                        "the clock of sound track {track} jumps by {:.3} s at {:.3} s, which \
                         cannot be; what follows is placed directly after what came before",
                        seconds(by),
                        seconds(at)
                    ),
                    Oddity::Reset { at, by: None } => format!(
                        "the clock of sound track {track} jumps back at {:.3} s; what follows is \
                         placed directly after what came before",
                        seconds(at)
                    ),
                    Oddity::Overlap { at, samples } => format!(
                        "the clock of sound track {track} goes back by {:.3} s at {:.3} s; that \
                         much sound, which has no time of its own, is left out",
                        seconds(samples),
                        seconds(at)
                    ),
                });
            }
            if line.timeline.oddities_left_out > 0 {
                let more = counted(line.timeline.oddities_left_out, "more jump");
                warnings.push(format!("the clock of sound track {track} has {more}"));
            }
        }
        if too_late > 0 {
            warnings.push(format!(
                "{:.3} s of sound came too late after the other tracks and is left out",
                seconds(too_late)
            ));
        }
        warnings
    }
}

impl Decoding<'_> {
    /// Whether all sound so far follows one clock without a break.
    pub(crate) fn is_ordinary(&self) -> bool {
        let is_steady = |line: &Line| line.timeline.oddities.is_empty();
        self.lines.iter().all(is_steady) && !self.assembly.is_broken_up()
    }
}

impl Line {
    /// Takes bytes from the pipe; the error is the end of a sentence.
    fn take(
        &mut self,
        bytes: &[u8],
        rate_hz: u32,
        place: &mut dyn FnMut(i64, &[f32]),
    ) -> Result<(), String> {
        let offset = OFFSET_S * i64::from(rate_hz);
        let (timeline, heard) = (&mut self.timeline, &mut self.heard);
        let (expected, channels) = (timeline.format(), timeline.channels());
        let pushed = self.reader.push(bytes, &mut |format, pts, bytes| {
            if format != expected {
                return;
            }
            let mut samples = vec![0.0; bytes.len() / 4];
            for (sample, bytes) in samples.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *sample = self::sample(*bytes);
            }
            if samples.len() >= channels {
                *heard = true;
                timeline.push(pts.saturating_sub(offset), samples, place);
            }
        });
        pushed.map_err(|garbled| format!("ffmpeg's output is garbled: {}", garbled.0))?;
        match self.reader.format() {
            Some(format) if format != expected => Err("it changes its channels".to_owned()),
            _ => Ok(()),
        }
    }
}

/// A sample from its bytes; what is not a number is silence.
fn sample(bytes: [u8; 4]) -> f32 {
    let sample = f32::from_le_bytes(bytes);
    if sample.is_finite() { sample } else { 0.0 }
}

/// Samples that the resampler holds back: half its filter, whose taps lie at the lower rate.
fn held_samples(from_hz: u32, to_hz: u32) -> i64 {
    let half = i64::from(FILTER_TAPS / 2);
    match from_hz.cmp(&to_hz) {
        std::cmp::Ordering::Greater => half,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Less => half * i64::from(to_hz) / i64::from(from_hz.max(1)),
    }
}

fn in_samples(seconds: f64, rate_hz: u32) -> i64 {
    (seconds * f64::from(rate_hz)) as i64
}

fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
