//! Brings the tracks of a recording together on one line and hands on one channel.
//!
//! In: runs of samples at their places, track by track, each track in order but none in step
//! with another. Out: mono chunks without a gap, and where sound really was. A track may run
//! ahead of the others by `LEAD_S` before it stops waiting for them, so memory is bounded; what
//! comes later than that is left out and counted.

use std::collections::VecDeque;

use crate::Error;
use crate::mix::Mixer;

/// How far, in seconds, one track may be ahead of another. Cameras interleave tracks to within a
/// second; one that begins late sends nothing until then.
const LEAD_S: i64 = 20;

/// Blocks a second for the mixer: half a second is long enough to judge a channel by.
const BLOCKS_PER_S: i64 = 2;

/// Stretches of sound that are told apart; a hostile file may claim a gap at every packet.
const STRETCHES_MAX: usize = 10_000;

/// Collects runs of samples, and gives mono to its sink.
pub(crate) struct Assembly<'a> {
    tracks: Vec<Track>,
    mixer: Option<Mixer>,
    block_samples: i64,
    lead_samples: i64,
    end_max: i64,
    /// Samples handed on.
    done: i64,
    out: Vec<f32>,
    sink: &'a mut dyn FnMut(&[f32]),
    /// Samples that came too late for their place.
    pub(crate) too_late: i64,
    /// Whether the limit on length was reached.
    pub(crate) too_long: bool,
}

struct Track {
    channels: usize,
    runs: VecDeque<(i64, Vec<f32>)>,
    known_until: i64,
    ended: bool,
    stretches: Vec<(i64, i64)>,
}

/// Mono samples are handed on in chunks of at least this, but for the last.
const CHUNK_SAMPLES: usize = 16 * 1024;

impl<'a> Assembly<'a> {
    /// For tracks with these numbers of channels.
    pub(crate) fn new(
        channels: &[usize],
        rate_hz: u32,
        samples_max: i64,
        sink: &'a mut dyn FnMut(&[f32]),
    ) -> Self {
        let track = |&channels: &usize| Track {
            channels,
            runs: VecDeque::new(),
            known_until: 0,
            ended: false,
            stretches: Vec::new(),
        };
        let all: usize = channels.iter().sum();
        Self {
            tracks: channels.iter().map(track).collect(),
            mixer: (all > 1).then(|| Mixer::new(all)),
            block_samples: (i64::from(rate_hz) / BLOCKS_PER_S).max(1),
            lead_samples: i64::from(rate_hz) * LEAD_S,
            end_max: samples_max,
            done: 0,
            out: Vec::with_capacity(CHUNK_SAMPLES * 2),
            sink,
            too_late: 0,
            too_long: false,
        }
    }

    /// Takes samples of one track at their place, which is not before that of its last.
    pub(crate) fn place(&mut self, track: usize, at: i64, samples: &[f32]) {
        let t = &mut self.tracks[track];
        let length = (samples.len() / t.channels) as i64;
        let end = at + length;
        if end > self.end_max {
            self.too_long = true;
            return;
        }
        note_stretch(&mut t.stretches, at, end);
        t.known_until = end;
        if self.mixer.is_none() {
            self.silence_until(at);
            self.out.extend_from_slice(samples);
            self.done = end;
            self.hand_on();
            return;
        }
        let late = (self.done - at).clamp(0, length);
        self.too_late += late;
        if late < length {
            let kept = samples[late as usize * t.channels..].to_vec();
            t.runs.push_back((at + late, kept));
        }
        self.advance();
    }

    /// Says that a track has no more samples.
    pub(crate) fn end(&mut self, track: usize) {
        self.tracks[track].ended = true;
        self.advance();
    }

    /// Whether any track has had a gap so far.
    pub(crate) fn is_broken_up(&self) -> bool {
        self.tracks.iter().any(|track| track.stretches.len() > 1)
    }

    /// Hands on what is left. Returns where sound was, on any track, and the samples delivered.
    pub(crate) fn finish(mut self) -> (Vec<(i64, i64)>, i64) {
        let end = self.tracks.iter().map(|t| t.known_until).max().unwrap_or(0);
        if self.mixer.is_some() {
            self.mix_until(end);
        }
        if !self.out.is_empty() {
            (self.sink)(&self.out);
        }
        let mut all: Vec<(i64, i64)> = self.tracks.into_iter().flat_map(|t| t.stretches).collect();
        all.sort_unstable();
        let mut merged: Vec<(i64, i64)> = Vec::new();
        for (start, end) in all {
            match merged.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        (merged, self.done)
    }

    /// Mixes the whole blocks for which every track has spoken or is not waited for.
    fn advance(&mut self) {
        let furthest = self.tracks.iter().map(|t| t.known_until).max().unwrap_or(0);
        let waiting = self.tracks.iter().filter(|t| !t.ended).map(|t| t.known_until).min();
        let ready = waiting.unwrap_or(furthest).max(furthest - self.lead_samples);
        if self.mixer.is_some() {
            let whole = (ready - self.done) / self.block_samples * self.block_samples;
            self.mix_until(self.done + whole);
        }
    }

    fn mix_until(&mut self, end: i64) {
        while self.done < end {
            let next_run = self.tracks.iter().filter_map(|t| t.runs.front()).map(|(at, _)| *at);
            let next_run = next_run.min().unwrap_or(end).min(end);
            if next_run > self.done {
                self.silence_until(next_run);
                continue;
            }
            let length = self.block_samples.min(end - self.done);
            let block = self.cut(length as usize);
            if let Some(mixer) = &mut self.mixer {
                self.out.extend(mixer.mix(&block));
            }
            self.done += length;
            self.hand_on();
        }
    }

    /// Takes the next block out of the tracks' runs, one vector per channel.
    fn cut(&mut self, length: usize) -> Vec<Vec<f32>> {
        let (begin, end) = (self.done, self.done + length as i64);
        let mut block = Vec::new();
        for track in &mut self.tracks {
            let mut planes = vec![vec![0.0; length]; track.channels];
            while let Some((at, mut samples)) = track.runs.pop_front() {
                if at >= end {
                    track.runs.push_front((at, samples));
                    break;
                }
                let frames = samples.len() / track.channels;
                let taken = frames.min((end - at) as usize);
                let offset = (at - begin) as usize;
                for (i, frame) in samples.chunks_exact(track.channels).take(taken).enumerate() {
                    for (plane, sample) in planes.iter_mut().zip(frame) {
                        plane[offset + i] = *sample;
                    }
                }
                if taken < frames {
                    samples.drain(..taken * track.channels);
                    track.runs.push_front((end, samples));
                    break;
                }
            }
            block.extend(planes);
        }
        block
    }

    fn silence_until(&mut self, at: i64) {
        while self.done < at {
            let zeros = (at - self.done).min(CHUNK_SAMPLES as i64);
            self.out.resize(self.out.len() + zeros as usize, 0.0);
            self.done += zeros;
            self.hand_on();
        }
    }

    fn hand_on(&mut self) {
        if self.out.len() >= CHUNK_SAMPLES {
            (self.sink)(&self.out);
            self.out.clear();
        }
    }
}

fn note_stretch(stretches: &mut Vec<(i64, i64)>, start: i64, end: i64) {
    let full = stretches.len() >= STRETCHES_MAX;
    match stretches.last_mut() {
        Some(last) if start <= last.1 || full => last.1 = end,
        _ => stretches.push((start, end)),
    }
}

impl Assembly<'_> {
    /// The limit on length as an error, if it was reached.
    pub(crate) fn within_limits(&self, path: &std::path::Path) -> Result<(), Error> {
        if self.too_long {
            return Err(Error::LimitReached { path: path.to_owned(), what: "length of sound" });
        }
        Ok(())
    }
}
