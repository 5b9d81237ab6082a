//! Speech: words with their media times, and who or what wrote them down.
//!
//! A transcript is a finding of a machine, or somebody's document: it may be wrong, and every word
//! of a machine says how sure it is. What a person corrects is kept beside it, never in it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{MediaTime, SourceId};

/// One word as it was heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// As written, with its punctuation and without spaces around it; never empty.
    pub text: String,
    /// When it begins, on the recording's clock.
    pub start: MediaTime,
    /// When it ends; not before `start`.
    pub end: MediaTime,
    /// How sure the recogniser was, 0 to 1; nothing where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
}

/// What one voice says in one go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Utterance {
    /// In the order of their beginnings; at least one.
    pub words: Vec<Word>,
    /// Whose voice it is, counted from 0 within the recording; nothing where it cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<u32>,
    /// Who speaks as the transcript says it; nothing in what a machine wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
    /// Language as in BCP 47 (`en`, `nl`); nothing where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// All that was written down of one recording by one hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    /// The recording.
    pub source: SourceId,
    /// Who or what wrote it down.
    pub by: Stenographer,
    /// In the order of their beginnings; those of two voices may overlap.
    pub utterances: Vec<Utterance>,
    /// Where somebody speaks and it cannot be told what: work for a person. In order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unclear: Vec<Unclear>,
    /// What the voices sound like, as `Utterance::voice` counts them; empty in a document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub voices: Vec<Voiceprint>,
}

/// What a voice sounds like: a direction, so that voices of one person point much the same way.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Voiceprint(pub [i8; Voiceprint::NUMBERS]);

/// Text that is not the numbers of a [`Voiceprint`] in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a voiceprint ({} hexadecimal digits)", 2 * Voiceprint::NUMBERS)]
pub struct NotAVoiceprint;

impl Voiceprint {
    /// How many numbers it has.
    pub const NUMBERS: usize = 192;

    /// The direction of `numbers`, whatever their length; zero where they are all zero.
    pub fn of(numbers: &[f32; Self::NUMBERS]) -> Self {
        let largest = numbers.iter().fold(0.0_f32, |most, number| most.max(number.abs()));
        let scale = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        Self(numbers.map(|number| (number * scale).round() as i8))
    }

    /// How alike two voices are: the cosine of the angle between them, -1 to 1; 0 where one of them is zero.
    pub fn likeness(&self, other: &Self) -> f32 {
        let dot = |a: &Self, b: &Self| -> i64 {
            a.0.iter().zip(&b.0).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum()
        };
        let lengths = (dot(self, self) as f64 * dot(other, other) as f64).sqrt();
        if lengths > 0.0 { (dot(self, other) as f64 / lengths) as f32 } else { 0.0 }
    }
}

impl From<Voiceprint> for String {
    fn from(print: Voiceprint) -> Self {
        let digit = |number: i8, shift: u8| {
            char::from_digit(u32::from(number as u8 >> shift & 0xf), 16).unwrap_or('0')
        };
        print.0.iter().flat_map(|&number| [digit(number, 4), digit(number, 0)]).collect()
    }
}

impl TryFrom<String> for Voiceprint {
    type Error = NotAVoiceprint;

    fn try_from(text: String) -> Result<Self, NotAVoiceprint> {
        let mut print = [0; Self::NUMBERS];
        if !text.is_ascii() || text.len() != 2 * print.len() {
            return Err(NotAVoiceprint);
        }
        for (n, number) in print.iter_mut().enumerate() {
            let byte = u8::from_str_radix(&text[2 * n..2 * n + 2], 16);
            *number = byte.map_err(|_| NotAVoiceprint)? as i8;
        }
        Ok(Self(print))
    }
}

impl fmt::Debug for Voiceprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Voiceprint({:?}…)", &self.0[..4])
    }
}

/// Who or what wrote a transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Stenographer {
    /// A recogniser of speech.
    Recogniser {
        /// Name of the model (`base`, `large-v3`).
        model: String,
        /// SHA-256 of the model's file, hexadecimal.
        model_sha256: String,
        /// Words that were told to it beforehand; empty as a rule.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        prompt: String,
    },
    /// A document that somebody brought.
    Document {
        /// The document.
        document: SourceId,
        /// What it is (`webvtt`, `srt`, `ttml`, `dpe`, `text`, `whisper`).
        format: String,
        /// Whether its words were given their times by what a recogniser heard. Else those within
        /// one line of it are spread over the time of the line.
        is_aligned: bool,
    },
}

/// A person knows whose voice it is that is heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The recording.
    pub source: SourceId,
    /// A moment at which the voice is heard.
    pub at: MediaTime,
    /// Who it is.
    pub person: String,
    /// Whether this is said of what is said there alone, and not of the voice wherever it is heard.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_alone: bool,
}

/// A person says what is said in a stretch of a recording, in the place of what was written down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Corrected {
    /// The recording.
    pub source: SourceId,
    /// The document whose words are corrected; nothing for those of a recogniser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<SourceId>,
    /// Where the stretch begins, on the recording's clock: words with their middle in it give way.
    pub start: MediaTime,
    /// Where it ends.
    pub end: MediaTime,
    /// The words of the transcript that gave way, with a space between each two.
    pub replaced: String,
    /// What the person saw: the same, where no other recording had a say in it.
    pub before: String,
    /// What is said; nothing where nobody says anything.
    pub words: Vec<Word>,
}

impl Corrected {
    /// What is said, with a space between each two words.
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
        words.join(" ")
    }

    /// Whether the person found that what was written down is what is said.
    pub fn is_confirmed(&self) -> bool {
        self.text() == self.before
    }
}

/// A stretch of speech that nobody has written down for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unclear {
    /// Where it begins, on the recording's clock.
    pub start: MediaTime,
    /// Where it ends.
    pub end: MediaTime,
    /// Why.
    pub reason: UnclearReason,
}

/// Why speech is not written down for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnclearReason {
    /// There is a voice, and the recogniser wrote nothing.
    NotRecognised,
    /// The recogniser wrote something, and was not sure of it.
    LowConfidence,
    /// The recogniser wrote what it writes of noise or silence too; it was left out.
    LikelyInvented,
}

impl Stenographer {
    /// The document, if it is one.
    pub fn document(&self) -> Option<SourceId> {
        match self {
            Self::Recogniser { .. } => None,
            Self::Document { document, .. } => Some(*document),
        }
    }
}

impl Utterance {
    /// When its first word begins; zero without words.
    pub fn start(&self) -> MediaTime {
        self.words.first().map_or(MediaTime(0), |word| word.start)
    }

    /// When its last word ends; zero without words.
    pub fn end(&self) -> MediaTime {
        self.words.iter().map(|word| word.end).max().unwrap_or(MediaTime(0))
    }

    /// Who speaks: by name, or as a voice, counted from 1; nothing where it cannot
    /// be told.
    pub fn who(&self) -> Option<String> {
        let voice = || self.voice.map(|voice| format!("Voice {}", u64::from(voice) + 1));
        self.speaker.clone().or_else(voice)
    }

    /// Its words with a space between each two.
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
        words.join(" ")
    }
}

/// What is compared where two hands wrote down the same sound: the letters and digits of a word,
/// small. Empty of what has neither.
pub fn bare(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_compared_without_case_and_marks() {
        assert_eq!(bare("“Élodie’s,"), "élodies");
        assert_eq!(bare(" — "), "");
    }

    #[test]
    fn who_speaks_has_a_name_or_a_number() {
        let said = |speaker: Option<&str>, voice| {
            let (words, speaker) = (vec![], speaker.map(str::to_owned));
            Utterance { words, voice, speaker, language: None }.who()
        };
        assert_eq!(said(Some("Mara"), Some(0)).as_deref(), Some("Mara"));
        assert_eq!(said(None, Some(0)).as_deref(), Some("Voice 1"));
        assert_eq!(said(None, None), None);
    }

    #[test]
    fn an_utterance_lasts_from_its_first_word_to_the_end_of_its_longest() {
        let word = |text: &str, start, end| Word {
            text: text.to_owned(),
            start: MediaTime(start),
            end: MediaTime(end),
            confidence: None,
        };
        let words = vec![word("Cold", 5, 40), word("gun.", 10, 30)];
        let said = Utterance { words, voice: None, speaker: None, language: None };
        assert_eq!((said.start(), said.end()), (MediaTime(5), MediaTime(40)));
        assert_eq!(said.text(), "Cold gun.");
    }

    #[test]
    fn voices_are_alike_by_their_direction_and_not_by_how_loud_they_are() {
        let print = |x: f32, y: f32| {
            let mut numbers = [0.0; Voiceprint::NUMBERS];
            (numbers[0], numbers[100]) = (x, y);
            Voiceprint::of(&numbers)
        };
        assert!((print(1.0, 1.0).likeness(&print(0.002, 0.002)) - 1.0).abs() < 1e-6);
        assert!((print(1.0, 0.0).likeness(&print(1.0, 1.0)) - 0.707).abs() < 0.01);
        assert!((print(1.0, 0.0).likeness(&print(-3.0, 0.0)) + 1.0).abs() < 1e-6);
        assert!(print(0.0, 0.0).likeness(&print(1.0, 0.0)).abs() < 1e-6);
        for odd in ["", "zz", &"é".repeat(Voiceprint::NUMBERS), &"g0".repeat(Voiceprint::NUMBERS)]
        {
            assert_eq!(Voiceprint::try_from(odd.to_owned()), Err(NotAVoiceprint));
        }
    }

    #[test]
    fn a_transcript_reads_back_as_it_was_written() {
        let by = Stenographer::Recogniser {
            model: "base".to_owned(),
            model_sha256: "00".repeat(32),
            prompt: String::new(),
        };
        let unclear = Unclear {
            start: MediaTime(1),
            end: MediaTime(2),
            reason: UnclearReason::LowConfidence,
        };
        let transcript = Transcript {
            source: SourceId([7; 32]),
            by,
            utterances: Vec::new(),
            unclear: vec![unclear],
            voices: vec![Voiceprint([-3; Voiceprint::NUMBERS])],
        };
        let text = serde_json::to_string(&transcript).unwrap();
        assert_eq!(serde_json::from_str::<Transcript>(&text).unwrap(), transcript);
        assert!(text.contains(r#""kind":"recogniser""#) && !text.contains("prompt"), "{text}");
    }
}
