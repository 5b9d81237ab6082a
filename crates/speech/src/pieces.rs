//! Cuts the sound of each stretch of speech out of the stream, with a little around it.
//!
//! In: sound as it comes. Out: pieces, each as soon as what follows it is known. Only the sound
//! that may still be asked for is kept: of a silent hour, half a second.

use std::collections::VecDeque;

use crate::stretches::{Speech, Stretches};
use crate::voice_meter::{FRAME_SAMPLES, VoiceMeter};
use crate::windows::Piece;
use crate::{Error, RATE_HZ};

/// Samples kept before and after speech: 0.4 s, as faster-whisper keeps them. Whisper hears a
/// word worse without the silence around it, and the meter finds a soft beginning late.
const AROUND: u64 = RATE_HZ as u64 * 2 / 5;

/// The shortest sound that is sent, in samples: Whisper looks at nothing below 0.1 s.
const SHORTEST: usize = RATE_HZ as usize / 5;

/// Cuts pieces out of one recording.
pub struct Cutter {
    meter: VoiceMeter,
    stretches: Stretches,
    /// Stretches whose piece is not cut yet.
    waiting: VecDeque<Speech>,
    /// Sound that may still be asked for, and the number of its first sample.
    kept: Vec<f32>,
    kept_from: u64,
    /// Samples whose frames have been judged.
    judged: u64,
    /// Where the last piece ended.
    cut_to: u64,
}

impl Cutter {
    /// Before the first sample.
    ///
    /// # Errors
    /// [`Error::Failed`], if the sense for voices cannot be loaded.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            meter: VoiceMeter::new()?,
            stretches: Stretches::default(),
            waiting: VecDeque::new(),
            kept: Vec::new(),
            kept_from: 0,
            judged: 0,
            cut_to: 0,
        })
    }

    /// Takes sound; gives the pieces that are whole now.
    ///
    /// # Errors
    /// [`Error::Failed`], if the sense for voices fails.
    pub fn push(&mut self, samples: &[f32]) -> Result<Vec<Piece>, Error> {
        self.kept.extend_from_slice(samples);
        for voice in self.meter.push(samples)? {
            self.judged += FRAME_SAMPLES as u64;
            self.waiting.extend(self.stretches.push(voice));
        }
        Ok(self.cut(false))
    }

    /// The last pieces.
    ///
    /// # Errors
    /// [`Error::Failed`], if the sense for voices fails.
    pub fn finish(mut self) -> Result<Vec<Piece>, Error> {
        let meter = std::mem::replace(&mut self.meter, VoiceMeter::new()?);
        if let Some(voice) = meter.finish()? {
            self.waiting.extend(self.stretches.push(voice));
        }
        self.waiting.extend(std::mem::take(&mut self.stretches).finish());
        Ok(self.cut(true))
    }

    fn cut(&mut self, is_end: bool) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while let Some(speech) = self.waiting.front().copied() {
            let next = self.waiting.get(1).map(|next| next.start);
            let next = next.or_else(|| self.stretches.lasting_since());
            if next.is_none() && !is_end && self.judged < speech.end + 2 * AROUND {
                break;
            }
            self.waiting.pop_front();
            pieces.extend(self.piece(speech, next));
        }
        self.forget();
        pieces
    }

    fn piece(&mut self, speech: Speech, next: Option<u64>) -> Option<Piece> {
        let end = match next {
            _ if speech.goes_on => speech.end,
            // What lies between two that are near goes half to each.
            Some(next) => (speech.end + AROUND).min(speech.end.midpoint(next)),
            None => speech.end + AROUND,
        };
        let start = speech.start.saturating_sub(AROUND).max(self.cut_to);
        let at = |sample: u64| ((sample - self.kept_from) as usize).min(self.kept.len());
        let samples = self.kept[at(start)..at(end)].to_vec();
        self.cut_to = end;
        let voice = |sample: u64| ((sample - start) as usize).min(samples.len());
        let voice = (voice(speech.start), voice(speech.end));
        (samples.len() >= SHORTEST).then_some(Piece { start, samples, voice })
    }

    /// Lets go of sound that no piece can ask for.
    fn forget(&mut self) {
        let first = self.waiting.front().map(|speech| speech.start);
        let first = first.or_else(|| self.stretches.lasting_since()).unwrap_or(self.judged);
        let from = first.saturating_sub(AROUND).max(self.kept_from);
        self.kept.drain(..((from - self.kept_from) as usize).min(self.kept.len()));
        self.kept_from = from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_keeps_nothing() {
        let mut cutter = Cutter::new().unwrap();
        for _ in 0..40 {
            assert_eq!(cutter.push(&[0.0; 4000]).unwrap(), []);
            assert!(cutter.kept.len() as u64 <= AROUND + 4000 + FRAME_SAMPLES as u64);
        }
        assert_eq!(cutter.finish().unwrap(), []);
    }

    /// A cutter that has heard ten seconds, in which somebody spoke as said.
    fn heard(waiting: &[Speech]) -> Cutter {
        let mut cutter = Cutter::new().unwrap();
        cutter.kept = (0..160_000).map(|n| n as f32).collect();
        cutter.judged = 160_000;
        cutter.waiting = waiting.iter().copied().collect();
        cutter
    }

    #[test]
    fn what_lies_between_two_that_are_near_goes_half_to_each() {
        let speech = |start, end| Speech { start, end, goes_on: false };
        let pieces = heard(&[speech(16_000, 32_000), speech(36_000, 48_000)]).cut(true);
        let ends: Vec<_> =
            pieces.iter().map(|p| (p.start, p.start + p.samples.len() as u64)).collect();
        assert_eq!(ends, [(9_600, 34_000), (34_000, 54_400)]);
        assert!((pieces[1].samples[0] - 34_000.0).abs() < 0.5);
        assert_eq!(pieces[1].voiced(), (36_000, 48_000));
    }

    #[test]
    fn who_is_cut_for_length_only_is_heard_on_from_the_very_sample() {
        let first = Speech { start: 16_000, end: 32_000, goes_on: true };
        let second = Speech { start: 32_000, end: 60_000, goes_on: false };
        let pieces = heard(&[first, second]).cut(true);
        assert_eq!(pieces[0].start + pieces[0].samples.len() as u64, 32_000);
        assert_eq!(pieces[1].start, 32_000);
    }
}
