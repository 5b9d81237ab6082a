//! Gathers stretches of speech into windows that the recogniser hears at once.
//!
//! In: stretches of speech with their sound, in order. Out: windows of at most [`WINDOW_S`], each
//! made of pieces that remember where in the recording they are from. Whisper hears 30 s at a
//! cost that does not depend on how much of it is speech; so silence is left out, but for a
//! little around speech, and a window is filled before it is sent. It ends in a pause: the last,
//! or a clearly longer one not far before it.

use crate::RATE_HZ;

/// Seconds of sound in a window: 30 is what Whisper hears; a little less, for it does not look at
/// the last tenth.
pub const WINDOW_S: f64 = 29.5;

const WINDOW_SAMPLES: usize = (WINDOW_S * RATE_HZ as f64) as usize;

/// The last part of a full window in which a longer pause is looked for. What follows that pause
/// is heard in the next window, so this is what may be heard for nothing.
const LOOK_BACK: f64 = 0.3;

/// How much longer a pause must be than the last one to end the window there, as a factor: a
/// sentence that is cut costs words, a shorter window only time.
const LONGER: f64 = 2.0;

/// Sound of one stretch of speech, with a little around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Its first sample, counted from the recording's first.
    pub start: u64,
    /// The sound.
    pub samples: Vec<f32>,
    /// Where in it somebody speaks, in samples from its beginning: first and after the last.
    pub voice: (usize, usize),
}

/// What the recogniser hears at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window {
    /// In order; they do not overlap.
    pub pieces: Vec<Piece>,
}

/// Fills windows.
#[derive(Debug, Default)]
pub struct Gatherer {
    window: Window,
}

impl Piece {
    fn end(&self) -> u64 {
        self.start + self.samples.len() as u64
    }

    /// Where the voice is, in samples of the recording.
    pub fn voiced(&self) -> (u64, u64) {
        (self.start + self.voice.0 as u64, self.start + self.voice.1 as u64)
    }
}

impl Window {
    fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.samples.len()).sum()
    }

    /// All its sound in one.
    pub fn sound(&self) -> Vec<f32> {
        self.pieces.iter().flat_map(|piece| &piece.samples).copied().collect()
    }

    /// Seconds of it in which somebody speaks.
    pub fn voice_s(&self) -> f64 {
        let samples: usize = self.pieces.iter().map(|p| p.voice.1 - p.voice.0).sum();
        samples as f64 / f64::from(RATE_HZ)
    }

    /// Which piece a moment of the window lies in, and the sample of the recording it is.
    /// Moments beyond the end are at the end.
    pub fn place(&self, at: usize) -> (usize, u64) {
        let mut before = 0;
        for (n, piece) in self.pieces.iter().enumerate() {
            if at < before + piece.samples.len() {
                return (n, piece.start + (at - before) as u64);
            }
            before += piece.samples.len();
        }
        let last = self.pieces.len().saturating_sub(1);
        (last, self.pieces.last().map_or(0, Piece::end))
    }
}

impl Gatherer {
    /// Takes the next piece; gives the window that it does not fit into any more.
    ///
    /// # Panics
    /// If a piece is longer than a window: who makes pieces must cut them.
    pub fn push(&mut self, piece: Piece) -> Option<Window> {
        assert!(piece.samples.len() <= WINDOW_SAMPLES, "a piece of {}", piece.samples.len());
        let full =
            (self.window.len() + piece.samples.len() > WINDOW_SAMPLES).then(|| self.send(&piece));
        self.window.pieces.push(piece);
        full
    }

    /// What is left.
    pub fn finish(self) -> Option<Window> {
        (!self.window.pieces.is_empty()).then_some(self.window)
    }

    /// Ends the window at the best pause; what follows it stays for the next.
    fn send(&mut self, next: &Piece) -> Window {
        let pieces = &self.window.pieces;
        let pause = |n: usize| {
            let after = pieces.get(n).unwrap_or(next);
            (after.voiced().0 - pieces[n - 1].voiced().1) as f64
        };
        let mut best = pieces.len();
        let mut kept_back = 0;
        for n in (1..pieces.len()).rev() {
            kept_back += pieces[n].samples.len();
            let fits = kept_back + next.samples.len() <= WINDOW_SAMPLES;
            if !fits || kept_back as f64 > LOOK_BACK * WINDOW_SAMPLES as f64 {
                break;
            }
            if pause(n) > LONGER * pause(best) {
                best = n;
            }
        }
        let rest = self.window.pieces.split_off(best);
        std::mem::replace(&mut self.window, Window { pieces: rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Speech of `length_s` at `start_s`, without anything around it.
    fn piece(start_s: f64, length_s: f64) -> Piece {
        let samples = |s: f64| (s * f64::from(RATE_HZ)).round() as usize;
        let length = samples(length_s);
        Piece { start: samples(start_s) as u64, samples: vec![0.1; length], voice: (0, length) }
    }

    fn gather(pieces: &[(f64, f64)]) -> Vec<Vec<f64>> {
        let mut gatherer = Gatherer::default();
        let mut windows: Vec<Window> =
            pieces.iter().filter_map(|(at, long)| gatherer.push(piece(*at, *long))).collect();
        windows.extend(gatherer.finish());
        let starts = |window: &Window| {
            window.pieces.iter().map(|piece| piece.start as f64 / f64::from(RATE_HZ)).collect()
        };
        windows.iter().map(starts).collect()
    }

    #[test]
    fn silence_takes_no_room_in_a_window() {
        let windows = gather(&[(0.0, 10.0), (600.0, 10.0), (7200.0, 9.0), (7300.0, 5.0)]);
        assert_eq!(windows, [vec![0.0, 600.0, 7200.0], vec![7300.0]]);
    }

    #[test]
    fn a_window_ends_in_the_longer_pause() {
        // Pauses of 3 s before the last piece that fits, and of 0.2 s after it.
        let windows = gather(&[(0.0, 20.0), (23.0, 5.0), (28.2, 10.0)]);
        assert_eq!(windows, [vec![0.0], vec![23.0, 28.2]]);
        // Too far back: nine seconds would be heard twice as dear.
        let windows = gather(&[(0.0, 12.0), (15.0, 14.0), (29.2, 10.0)]);
        assert_eq!(windows, [vec![0.0, 15.0], vec![29.2]]);
    }

    #[test]
    fn a_moment_of_a_window_is_found_again_in_the_recording() {
        let window = Window { pieces: vec![piece(1.0, 2.0), piece(10.0, 1.0)] };
        let rate = u64::from(RATE_HZ);
        assert_eq!(window.place(0), (0, rate));
        assert_eq!(window.place(2 * 16_000), (1, 10 * rate));
        assert_eq!(window.place(usize::MAX), (1, 11 * rate));
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost_or_heard_twice_and_no_window_is_too_long(
            lengths in proptest::collection::vec((0.2f64..26.0, 0.0f64..3.0), 0..60)
        ) {
            let mut gatherer = Gatherer::default();
            let (mut windows, mut at) = (Vec::new(), 0.0);
            let mut sent = Vec::new();
            for (length, pause) in lengths {
                let next = piece(at, length);
                sent.push(next.start);
                windows.extend(gatherer.push(next));
                at += length + pause + 0.001;
            }
            windows.extend(gatherer.finish());
            assert!(windows.iter().all(|window| window.len() <= WINDOW_SAMPLES));
            let heard: Vec<u64> =
                windows.iter().flat_map(|w| w.pieces.iter().map(|piece| piece.start)).collect();
            assert_eq!(heard, sent);
        }
    }
}
