//! From how likely a voice is to where somebody speaks.
//!
//! In: one probability for each frame. Out: stretches of speech, in order, each as soon as it is
//! known. Method: two thresholds, as Silero's authors describe it: a stretch begins where the
//! probability reaches the upper one, and ends where it stays below the lower one for long
//! enough. We differ where somebody speaks on and on: the cut goes to the least likely frame of
//! the last third, so that no word is cut if that can be helped.

use crate::voice_meter::FRAME_SAMPLES;

/// Speech begins here: Silero's default.
const BEGINS: f32 = 0.5;

/// Speech ends below this: Silero's default, 0.15 below the other.
const ENDS: f32 = 0.35;

/// Frames below [`ENDS`] that end a stretch: 0.1 s, Silero's default. Stretches are put together
/// again where little lies between them; this is how fine their edges can be known.
const SILENCE_FRAMES: usize = 4;

/// Frames of the shortest stretch that is sent on: 0.13 s. Silero's default of 0.25 s loses "no".
const SPEECH_FRAMES_MIN: usize = 4;

/// Frames after which somebody who does not stop is cut: 26 s, so that a window of 30 s holds it.
const SPEECH_FRAMES_MAX: usize = 812;

/// Frames that smooth the probability where a cut is looked for: 0.1 s.
const CUT_FRAMES: usize = 3;

/// A stretch of speech in samples from the recording's first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speech {
    /// The first sample.
    pub start: u64,
    /// The first sample after it.
    pub end: u64,
    /// Whether speech goes on right after it, and it was cut for length only.
    pub goes_on: bool,
}

/// Finds stretches of speech in a stream of probabilities.
#[derive(Debug, Default)]
pub struct Stretches {
    frame: usize,
    /// Where the stretch that lasts has begun, in frames.
    begun: Option<usize>,
    /// Probabilities since then.
    voices: Vec<f32>,
    /// The first frame below [`ENDS`] since one was above [`BEGINS`].
    quiet_since: Option<usize>,
}

impl Stretches {
    /// Takes the probability of the next frame; gives the stretch that ended, if one did.
    pub fn push(&mut self, voice: f32) -> Option<Speech> {
        self.frame += 1;
        let Some(begun) = self.begun else {
            if voice >= BEGINS {
                self.begun = Some(self.frame - 1);
                self.voices.clear();
                self.voices.push(voice);
                self.quiet_since = None;
            }
            return None;
        };
        self.voices.push(voice);
        // Between the thresholds, what was goes on.
        if voice >= BEGINS {
            self.quiet_since = None;
        } else if voice < ENDS {
            let since = *self.quiet_since.get_or_insert(self.frame - 1);
            if self.frame - since >= SILENCE_FRAMES {
                return self.close(begun);
            }
        }
        if self.voices.len() >= SPEECH_FRAMES_MAX {
            return Some(self.cut(begun));
        }
        None
    }

    /// The stretch that lasts to the end, if one does.
    pub fn finish(mut self) -> Option<Speech> {
        let begun = self.begun?;
        self.close(begun)
    }

    /// Where the stretch that lasts has begun, in samples.
    pub fn lasting_since(&self) -> Option<u64> {
        self.begun.map(in_samples)
    }

    fn close(&mut self, begun: usize) -> Option<Speech> {
        self.begun = None;
        let end = self.quiet_since.unwrap_or(self.frame);
        let speech = Speech { start: in_samples(begun), end: in_samples(end), goes_on: false };
        (end - begun >= SPEECH_FRAMES_MIN).then_some(speech)
    }

    fn cut(&mut self, begun: usize) -> Speech {
        let first = self.voices.len() * 2 / 3;
        let smooth = |n: &usize| self.voices[*n..n + CUT_FRAMES].iter().sum::<f32>();
        let least = (first..self.voices.len() - CUT_FRAMES)
            .min_by(|a, b| smooth(a).total_cmp(&smooth(b)))
            .unwrap_or(first);
        let after = least + CUT_FRAMES / 2;
        self.voices.drain(..after);
        self.begun = Some(begun + after);
        self.quiet_since = self.quiet_since.map(|since| since.max(begun + after));
        Speech { start: in_samples(begun), end: in_samples(begun + after), goes_on: true }
    }
}

fn in_samples(frames: usize) -> u64 {
    (frames * FRAME_SAMPLES) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(voices: &[f32]) -> Vec<Speech> {
        let mut stretches = Stretches::default();
        let mut found: Vec<Speech> =
            voices.iter().filter_map(|voice| stretches.push(*voice)).collect();
        found.extend(stretches.finish());
        found
    }

    fn frames(found: &[Speech]) -> Vec<(u64, u64)> {
        let frame = FRAME_SAMPLES as u64;
        found.iter().map(|speech| (speech.start / frame, speech.end / frame)).collect()
    }

    #[test]
    fn a_breath_does_not_end_a_stretch_and_a_pause_does() {
        let voices = [vec![0.0; 10], vec![0.9; 20], vec![0.1; 3], vec![0.9; 20], vec![0.1; 30]];
        assert_eq!(frames(&all(&voices.concat())), [(10, 53)]);
        let voices = [vec![0.9; 20], vec![0.1; 4], vec![0.9; 20]];
        assert_eq!(frames(&all(&voices.concat())), [(0, 20), (24, 44)]);
    }

    #[test]
    fn a_click_is_no_speech() {
        assert_eq!(all(&[vec![0.9; 3], vec![0.0; 50]].concat()), []);
    }

    #[test]
    fn who_does_not_stop_is_cut_where_a_voice_is_least_likely() {
        let mut voices = vec![0.9; 1000];
        voices[700..703].fill(0.4);
        let found = all(&voices);
        assert_eq!(frames(&found), [(0, 701), (701, 1000)]);
        assert!(found[0].goes_on && !found[1].goes_on);
    }

    proptest::proptest! {
        #[test]
        fn stretches_follow_one_another_and_fit_a_window(
            voices in proptest::collection::vec(0.0f32..1.0, 0..3000)
        ) {
            let mut last = 0;
            for speech in all(&voices) {
                assert!(speech.start >= last && speech.end > speech.start);
                assert!(speech.end - speech.start <= in_samples(SPEECH_FRAMES_MAX));
                last = speech.end;
            }
            assert!(last <= in_samples(voices.len()));
        }
    }
}
