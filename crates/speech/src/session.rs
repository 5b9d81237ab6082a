//! One recording, from its sound to what is said in it.
//!
//! In: sound as it comes. Out: utterances and what is unclear, on the recording's clock. Whisper
//! works whenever a window is full, inside [`Session::push`].

use evidence::{MediaTime, Unclear, UnclearReason, Utterance, Voiceprint, Word};

use crate::doubt::{ends_sentence, invented, voiced_s};
use crate::pieces::Cutter;
use crate::recogniser::{Expected, Hearing, Recogniser, likeliest};
use crate::turns;
use crate::voiceprint::Printer;
use crate::voices::{Stretch, hear, tell_apart};
use crate::windows::{Gatherer, Window};
use crate::words::{Heard, join};
use crate::{Error, RATE_HZ, media_time};

/// What is said in one recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// In the order of their beginnings.
    pub utterances: Vec<Utterance>,
    /// Where somebody speaks and it is not certain what. In order.
    pub unclear: Vec<Unclear>,
    /// The language; nothing where nobody speaks.
    pub language: Option<String>,
    /// Seconds in which somebody speaks.
    pub voice_s: f64,
    /// What the voices sound like, as the utterances count them.
    pub voices: Vec<Voiceprint>,
}

/// Writes down one recording.
pub struct Session<'r> {
    recogniser: &'r Recogniser,
    cutter: Cutter,
    gatherer: Gatherer,
    /// Made when somebody speaks: it takes some hundred megabytes.
    hearing: Option<Hearing>,
    prompt: String,
    language: Option<String>,
    /// Windows that wait until the language is known.
    undecided: Vec<Window>,
    /// How likely each language is, times seconds of voice.
    languages: Vec<f32>,
    printer: Printer,
    /// What the voices sound like that were heard so far.
    stretches: Vec<Stretch>,
    said: Said,
}

/// How likely a language must be to be settled after one window.
const LIKELY: f32 = 0.8;

/// Windows after which the likeliest language is settled.
const WINDOWS_MAX: usize = 3;

/// A pause that ends an utterance, in seconds; after the end of a sentence a shorter one does.
const PAUSE_S: f64 = 1.0;
const PAUSE_AFTER_SENTENCE_S: f64 = 0.2;

/// How far the edge of a word may be from that of the voice to be the same, in seconds: the last
/// syllable of a sentence, drawn out.
const REACH_S: f64 = 0.4;

/// The shortest that a word lasts, in seconds: "a" in a hurry.
const WORD_S_MIN: f64 = 0.05;

/// How sure the words of an utterance are on average for it not to be listed as unclear.
const SURE: f32 = 0.5;

/// Seconds of voice without a word that are worth a person's ear.
const VOICE_S_MIN: f64 = 0.3;

/// Seconds between two unclear stretches that are told as one.
const TOGETHER_S: f64 = 0.5;

impl<'r> Session<'r> {
    /// Before the first sample.
    ///
    /// # Errors
    /// [`Error::UnknownLanguage`], [`Error::EnglishOnly`], [`Error::Failed`].
    pub fn new(recogniser: &'r Recogniser, expected: &Expected) -> Result<Self, Error> {
        let asked = expected.language.as_deref();
        let language = asked.map(|asked| recogniser.language(asked)).transpose()?;
        let known = language.or_else(|| recogniser.kind().is_english.then(|| "en".to_owned()));
        Ok(Self {
            recogniser,
            cutter: Cutter::new()?,
            gatherer: Gatherer::default(),
            hearing: None,
            prompt: expected.prompt.clone(),
            language: known,
            undecided: Vec::new(),
            languages: Vec::new(),
            printer: Printer::new()?,
            stretches: Vec::new(),
            said: Said::default(),
        })
    }

    /// Takes sound. Returns after seconds where a window became full.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Stopped`].
    pub fn push(&mut self, samples: &[f32], stop: &dyn Fn() -> bool) -> Result<(), Error> {
        for piece in self.cutter.push(samples)? {
            if let Some(window) = self.gatherer.push(piece) {
                self.take(window, stop)?;
            }
        }
        Ok(())
    }

    /// What was said in all.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Stopped`].
    pub fn finish(mut self, stop: &dyn Fn() -> bool) -> Result<Said, Error> {
        let cutter = std::mem::replace(&mut self.cutter, Cutter::new()?);
        for piece in cutter.finish()? {
            if let Some(window) = self.gatherer.push(piece) {
                self.take(window, stop)?;
            }
        }
        if let Some(window) = std::mem::take(&mut self.gatherer).finish() {
            self.take(window, stop)?;
        }
        self.settle(stop)?;
        let voices = tell_apart(&self.stretches);
        self.said.voices = voices.prints.iter().map(Voiceprint::of).collect();
        let utterances = std::mem::take(&mut self.said.utterances);
        self.said.utterances = turns::part(utterances, &self.stretches, &voices);
        self.said.utterances.sort_by_key(Utterance::start);
        self.said.unclear = together(std::mem::take(&mut self.said.unclear));
        Ok(self.said)
    }

    fn take(&mut self, window: Window, stop: &dyn Fn() -> bool) -> Result<(), Error> {
        self.said.voice_s += window.voice_s();
        if let Some(language) = self.language.clone() {
            return self.write_down(&window, &language, stop);
        }
        let voice_s = window.voice_s() as f32;
        let likely = self.hearing()?.languages(&window.sound())?;
        if stop() {
            return Err(Error::Stopped);
        }
        self.languages.resize(likely.len(), 0.0);
        for (sum, likely) in self.languages.iter_mut().zip(likely) {
            *sum += likely * voice_s;
        }
        self.undecided.push(window);
        let all: f32 = self.languages.iter().sum();
        let is_clear = likeliest(&self.languages).is_some_and(|(_, sum)| sum > LIKELY * all);
        if is_clear || self.undecided.len() >= WINDOWS_MAX {
            self.settle(stop)?;
        }
        Ok(())
    }

    /// Settles the language by what is known, and writes down what waited for it.
    fn settle(&mut self, stop: &dyn Fn() -> bool) -> Result<(), Error> {
        if self.undecided.is_empty() {
            return Ok(());
        }
        let language = likeliest(&self.languages).map_or("en", |(language, _)| language).to_owned();
        self.language = Some(language.clone());
        for window in std::mem::take(&mut self.undecided) {
            self.write_down(&window, &language, stop)?;
        }
        Ok(())
    }

    fn hearing(&mut self) -> Result<&mut Hearing, Error> {
        if self.hearing.is_none() {
            self.hearing = Some(self.recogniser.hearing(&self.prompt)?);
        }
        self.hearing.as_mut().ok_or(Error::Failed { what: "to begin" })
    }

    fn write_down(
        &mut self,
        window: &Window,
        language: &str,
        stop: &dyn Fn() -> bool,
    ) -> Result<(), Error> {
        self.said.language = Some(language.to_owned());
        for piece in &window.pieces {
            self.stretches.extend(hear(&self.printer, piece, stop)?);
        }
        let understood = self.hearing()?.understand(&window.sound(), language, stop)?;
        let voices = voices(window);
        let begins_s = voices.first().map_or(0.0, |first| first.0);
        let words = join(&understood.tokens, begins_s, language);
        let invented = invented(&words, &voices, understood.no_speech);
        let mut kept = Vec::new();
        let mut is_written = vec![false; window.pieces.len()];
        let mut placed: Vec<Placed> =
            words.iter().map(|word| place(word, window, &voices)).collect();
        fill(&mut placed, window);
        widen(&mut placed);
        for ((word, is_invented), placed) in words.iter().zip(invented).zip(placed) {
            for piece in placed.pieces.clone() {
                is_written[piece] = true;
            }
            if is_invented {
                let Placed { start, end, .. } = placed;
                let reason = UnclearReason::LikelyInvented;
                self.said.unclear.push(Unclear { start, end, reason });
            } else {
                kept.push((word, placed));
            }
        }
        for (piece, _) in window.pieces.iter().zip(is_written).filter(|(_, written)| !written) {
            let (start, end) = piece.voiced();
            if (end - start) as f64 >= VOICE_S_MIN * f64::from(RATE_HZ) {
                let (start, end) = (media_time(start), media_time(end));
                let reason = UnclearReason::NotRecognised;
                self.said.unclear.push(Unclear { start, end, reason });
            }
        }
        self.utter(&kept, language);
        Ok(())
    }

    /// Parts words into utterances.
    fn utter(&mut self, words: &[(&Heard, Placed)], language: &str) {
        let mut utterance: Vec<Word> = Vec::new();
        for (heard, placed) in words {
            if let Some(last) = utterance.last() {
                let pause_s = placed.start.seconds() - last.end.seconds();
                let ends = pause_s >= PAUSE_S
                    || pause_s >= PAUSE_AFTER_SENTENCE_S && ends_sentence(&last.text);
                if ends {
                    self.end(std::mem::take(&mut utterance), language);
                }
            }
            utterance.push(Word {
                text: heard.text.clone(),
                start: placed.start,
                end: placed.end,
                confidence: Some(heard.confidence),
            });
        }
        self.end(utterance, language);
    }

    fn end(&mut self, words: Vec<Word>, language: &str) {
        if words.is_empty() {
            return;
        }
        let sure = words.iter().filter_map(|word| word.confidence).sum::<f32>();
        let is_sure = sure / words.len() as f32 >= SURE;
        let language = Some(language.to_owned());
        let utterance = Utterance { words, voice: None, speaker: None, language };
        if !is_sure {
            let (start, end) = (utterance.start(), utterance.end());
            self.said.unclear.push(Unclear { start, end, reason: UnclearReason::LowConfidence });
        }
        self.said.utterances.push(utterance);
    }
}

/// A word on the recording's clock, and the pieces that it lies in.
#[derive(Clone, Debug)]
struct Placed {
    start: MediaTime,
    end: MediaTime,
    pieces: std::ops::RangeInclusive<usize>,
}

/// Where somebody speaks, in seconds of the window.
fn voices(window: &Window) -> Vec<(f64, f64)> {
    let mut before = 0;
    let mut voices = Vec::new();
    for piece in &window.pieces {
        let at = |sample: usize| (before + sample) as f64 / f64::from(RATE_HZ);
        voices.push((at(piece.voice.0), at(piece.voice.1)));
        before += piece.samples.len();
    }
    voices
}

/// Puts a word where it was said. The aligning tells well where a word is, and badly where in a
/// pause beside it its edge is; so its edges go to where the voice begins and ends. Of the pieces
/// that it touches it lies in those that hold a good part of it.
fn place(word: &Heard, window: &Window, voices: &[(f64, f64)]) -> Placed {
    let parts: Vec<f64> = voices.iter().map(|voice| voiced_s(word, &[*voice])).collect();
    let most = parts.iter().copied().fold(0.0, f64::max);
    let sample = |s: f64| (s.max(0.0) * f64::from(RATE_HZ)).round() as usize;
    if most <= 0.0 {
        let (first, start) = window.place(sample(word.start_s));
        let (last, end) = window.place(sample(word.end_s));
        // Where no voice is, it is not spread over a pause that was left out.
        let start = if first == last { start } else { window.pieces[last].start };
        return Placed { start: media_time(start), end: media_time(end), pieces: last..=last };
    }
    let holds = |part: &f64| *part >= most / 3.0;
    let first = parts.iter().position(holds).unwrap_or(0);
    let last = parts.iter().rposition(holds).unwrap_or(first);
    let start = word.start_s.clamp(voices[first].0, voices[first].1);
    let end = word.end_s.clamp(voices[last].0, voices[last].1).max(start);
    let (start, end) =
        (in_piece(window, voices, first, start), in_piece(window, voices, last, end));
    Placed { start, end: end.max(start), pieces: first..=last }
}

/// Lets the first and the last word of each stretch of voice reach to its ends, and no word begin
/// before the one before it.
fn fill(placed: &mut [Placed], window: &Window) {
    let voiced = |piece: usize| {
        let (start, end) = window.pieces[piece].voiced();
        (media_time(start), media_time(end))
    };
    let near =
        |from: MediaTime, to: MediaTime| (0.0..=REACH_S).contains(&(to.seconds() - from.seconds()));
    for n in 0..placed.len() {
        let before = n.checked_sub(1).map(|n| (placed[n].start, *placed[n].pieces.end()));
        let after = placed.get(n + 1).map(|next| *next.pieces.start());
        let word = &mut placed[n];
        let (first, last) = (*word.pieces.start(), *word.pieces.end());
        if before.is_none_or(|(_, piece)| piece < first) && near(voiced(first).0, word.start) {
            word.start = voiced(first).0;
        }
        if after.is_none_or(|piece| piece > last) && near(word.end, voiced(last).1) {
            word.end = voiced(last).1;
        }
        if let Some((start, _)) = before {
            word.start = word.start.max(start);
            word.end = word.end.max(word.start);
        }
    }
}

/// Gives words that the aligning left without length the shortest that a word has, at the cost of
/// those beside them.
fn widen(placed: &mut [Placed]) {
    let shortest = MediaTime::from_seconds(WORD_S_MIN).0;
    for n in 1..placed.len() {
        let (before, word) = placed.split_at_mut(n);
        let (before, word) = (&mut before[n - 1], &mut word[0]);
        if before.end.0 - before.start.0 < shortest && word.end.0 - before.start.0 > shortest {
            let joined = before.end.max(MediaTime(before.start.0 + shortest));
            if word.start < joined && joined < word.end {
                word.start = joined;
            }
            before.end = before.end.max(joined.min(word.start));
        }
    }
    for n in (1..placed.len()).rev() {
        let (before, word) = placed.split_at_mut(n);
        let (before, word) = (&mut before[n - 1], &mut word[0]);
        if word.end.0 - word.start.0 < shortest {
            let parted = MediaTime(word.end.0 - shortest);
            if parted > before.start {
                word.start = parted;
                before.end = before.end.min(parted);
            }
        }
    }
}

/// A moment of the window that lies in the voice of a piece.
fn in_piece(window: &Window, voices: &[(f64, f64)], piece: usize, at_s: f64) -> MediaTime {
    let since = ((at_s - voices[piece].0) * f64::from(RATE_HZ)).round() as u64;
    media_time(window.pieces[piece].voiced().0 + since)
}

/// In order, and those of one reason that nearly touch as one.
fn together(mut unclear: Vec<Unclear>) -> Vec<Unclear> {
    unclear.sort_by_key(|one| (one.reason, one.start));
    let mut merged: Vec<Unclear> = Vec::new();
    for one in unclear {
        match merged.last_mut() {
            Some(last)
                if last.reason == one.reason
                    && one.start.seconds() - last.end.seconds() <= TOGETHER_S =>
            {
                last.end = last.end.max(one.end);
            }
            _ => merged.push(one),
        }
    }
    merged.sort_by_key(|one| (one.start, one.reason));
    merged
}
