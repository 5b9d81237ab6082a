//! Transcripts that somebody brought: subtitles, the files of transcript editors, of recognisers, and
//! plain text with times.
//!
//! In: the bytes. Out: [`Brought`], lines with their times and speakers, each word with its own times
//! where the file has them. What cannot be read is refused with its line: nothing is skipped, since a
//! sentence that is missing from a transcript is worse than no transcript.

mod aligned;
mod json;
mod plain;
mod srt;
mod times;
mod ttml;
mod vtt;

use evidence::{MediaTime, Utterance, Word};

use crate::Error;
use crate::decode::decode;

pub use aligned::aligned;

/// Larger ones are not read: a hundred hours with all their times are some 60 MB.
const BYTES_MAX: usize = 256 << 20;

/// Lines that began earlier than this many hours are believed.
pub(crate) const HOURS_MAX: i64 = 10_000;

/// A transcript as it was brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Brought {
    /// What it is, as `evidence::Stenographer` names it.
    pub format: &'static str,
    /// In the order of their beginnings.
    pub lines: Vec<Line>,
}

/// What one person says in one go, or one subtitle.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// When it begins.
    pub start: MediaTime,
    /// When it ends; not before it begins.
    pub end: MediaTime,
    /// Who speaks, if the file says so.
    pub speaker: Option<String>,
    /// Language as in BCP 47, if the file says so.
    pub language: Option<String>,
    /// At least one.
    pub words: Vec<Spoken>,
}

/// A word of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Spoken {
    /// As written.
    pub text: String,
    /// From when to when, if the file says so.
    pub times: Option<(MediaTime, MediaTime)>,
    /// How sure a recogniser was, 0 to 1.
    pub confidence: Option<f32>,
}

/// Reads a transcript. `ending` is that of its name, in any case of letters; what the bytes are
/// counts more.
///
/// # Errors
/// [`Error`], with the line where there is one.
pub fn read(ending: &str, bytes: &[u8]) -> Result<Brought, Error> {
    if bytes.len() > BYTES_MAX {
        return Err(Error::TooLong(bytes.len() >> 20, BYTES_MAX >> 20));
    }
    let text = decode(bytes);
    if text.contains('\0') {
        return Err(Error::Broken("it is no text".to_owned()));
    }
    let head = text.trim_start();
    let (format, mut lines) = if head.starts_with("WEBVTT") {
        ("webvtt", vtt::read(&text)?)
    } else if head.starts_with('<') {
        ("ttml", ttml::read(&text)?)
    } else if head.starts_with('{') || ending.eq_ignore_ascii_case("json") {
        json::read(&text)?
    } else if ending.eq_ignore_ascii_case("srt") || srt::is_one(&text) {
        ("srt", srt::read(&text)?)
    } else {
        ("text", plain::read(&text)?)
    };
    lines.retain(|line| !line.words.is_empty());
    if lines.is_empty() {
        return Err(Error::Empty);
    }
    lines.sort_by_key(|line| line.start);
    Ok(Brought { format, lines })
}

impl Brought {
    /// Its utterances; words without times of their own are spread over the time of their line, each
    /// by the number of its letters.
    pub fn utterances(&self) -> Vec<Utterance> {
        self.lines.iter().map(Line::utterance).collect()
    }

    /// Whether every word has a time of its own.
    pub fn has_word_times(&self) -> bool {
        self.lines.iter().flat_map(|line| &line.words).all(|word| word.times.is_some())
    }
}

impl Line {
    fn utterance(&self) -> Utterance {
        let mut words = Vec::with_capacity(self.words.len());
        let mut from = 0;
        while from < self.words.len() {
            let run = self.words[from..].iter().take_while(|word| word.times.is_none()).count();
            if let Some((start, end)) = self.words[from].times {
                words.push(self.words[from].word(start, end));
                from += 1;
                continue;
            }
            let before = words.last().map_or(self.start, |word: &Word| word.end);
            let next = self.words.get(from + run).and_then(|word| word.times);
            let after = next.map_or(self.end, |(start, _)| start).max(before);
            spread(&self.words[from..from + run], before, after, &mut words);
            from += run;
        }
        words.sort_by_key(|word| word.start);
        let (speaker, language) = (self.speaker.clone(), self.language.clone());
        Utterance { words, voice: None, speaker, language }
    }
}

impl Spoken {
    pub(crate) fn untimed(text: &str) -> Self {
        Self { text: text.to_owned(), times: None, confidence: None }
    }

    fn word(&self, start: MediaTime, end: MediaTime) -> Word {
        Word { text: self.text.clone(), start, end: end.max(start), confidence: self.confidence }
    }
}

/// Gives each word a share of the time by its letters.
pub(crate) fn spread(spoken: &[Spoken], start: MediaTime, end: MediaTime, words: &mut Vec<Word>) {
    let letters = |word: &Spoken| word.text.chars().count() as i128 + 1;
    let all: i128 = spoken.iter().map(letters).sum();
    let length_ns = i128::from(end.0 - start.0);
    let mut passed = 0;
    let at = |passed: i128| MediaTime(start.0 + (length_ns * passed / all.max(1)) as i64);
    for word in spoken {
        let from = at(passed);
        passed += letters(word);
        words.push(word.word(from, at(passed)));
    }
}

/// The words of a text, without times.
pub(crate) fn untimed(text: &str) -> Vec<Spoken> {
    text.split_whitespace().map(Spoken::untimed).collect()
}

/// `Name: what is said` as its two parts. A name is up to four words that begin with a capital or a
/// number, as in `MARA QUILL:` or `Officer 2:`; anything else before a colon is part of what is said.
pub(crate) fn speaker(text: &str) -> (Option<String>, &str) {
    let Some((name, said)) = text.split_once(": ").or_else(|| text.split_once(":\n")) else {
        return (None, text);
    };
    let name = name.trim_start_matches(['-', '–', '>', ' ']).trim();
    let words: Vec<&str> = name.split_whitespace().collect();
    let begins = |word: &&str| {
        word.starts_with(|c: char| c.is_uppercase() || c.is_numeric() || c == '(')
            && !word.contains(['.', ',', '?', '!', '"', ';'])
    };
    let is_name = (1..=4).contains(&words.len())
        && words.iter().all(begins)
        && words[0].starts_with(char::is_alphabetic);
    if is_name { (Some(words.join(" ")), said) } else { (None, text) }
}

#[cfg(test)]
mod tests;
