//! What is said in the recordings, as subtitles, text and tables: the formats with words.
//!
//! Times are media time: those of the recording's own clock, so that a file of words goes with its
//! recording whatever the case makes of the clocks. What a machine wrote is marked as such where a
//! format has a place for that.

pub mod docx;
pub mod srt;
pub mod txt;
pub mod vtt;
pub mod words;

use evidence::{Stenographer, Transcript, Utterance, Word};

use crate::{Error, Labels, Named, Snapshot};

/// Letters in a cue: two lines of a subtitle.
const CUE_LETTERS_MAX: usize = 84;

/// A transcript with the names to show it under.
pub(crate) struct Told<'a> {
    /// What the recording is called.
    pub(crate) recording: String,
    /// Of a file about this transcript alone, without its ending; no two are equal.
    pub(crate) file: String,
    pub(crate) transcript: &'a Transcript,
}

/// Every transcript, by the names of the recordings.
pub(crate) fn told<'a>(
    snapshot: &'a Snapshot,
    format: &'static str,
) -> Result<Vec<Told<'a>>, Error> {
    let labels = Labels::of(snapshot);
    let mut all: Vec<(String, &Transcript)> = snapshot
        .transcripts
        .iter()
        .map(|transcript| (labels.name(transcript.source), transcript))
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let mut told: Vec<Told> = Vec::new();
    for (recording, transcript) in all {
        let plain = as_file(&recording);
        let is_taken =
            |name: &String| told.iter().any(|other| other.file.eq_ignore_ascii_case(name));
        let names = (2..).map(|n| format!("{plain}-{n}"));
        let file = std::iter::once(plain.clone()).chain(names).find(|name| !is_taken(name));
        told.push(Told { recording, file: file.unwrap_or(plain), transcript });
    }
    if told.is_empty() { Err(Error::NothingSaid { format }) } else { Ok(told) }
}

/// A file for each transcript.
pub(crate) fn each(
    snapshot: &Snapshot,
    format: &'static str,
    extension: &str,
    write: fn(&Told) -> String,
) -> Result<Vec<Named>, Error> {
    let file = |told: &Told| Named {
        name: format!("{}.{extension}", told.file),
        bytes: write(told).into_bytes(),
    };
    Ok(told(snapshot, format)?.iter().map(file).collect())
}

/// [Who](Utterance::who) speaks, in one line; empty where it cannot be told.
pub(crate) fn speaker(said: &Utterance) -> String {
    one_line(&said.who().unwrap_or_default())
}

/// By whom it was written down, as a sentence.
pub(crate) fn by(transcript: &Transcript) -> String {
    match &transcript.by {
        Stenographer::Recogniser { model, .. } => {
            format!("written down by a machine ({}) and not checked", one_line(model))
        }
        Stenographer::Document { document, is_aligned: true, .. } => {
            format!("from document {}", document.short())
        }
        Stenographer::Document { document, .. } => {
            format!("from document {}; times within a line are estimates", document.short())
        }
    }
}

/// The words of an utterance in pieces that a subtitle can hold.
pub(crate) fn cues(said: &Utterance) -> Vec<&[Word]> {
    let mut cues = Vec::new();
    let (mut from, mut letters) = (0, 0);
    for (at, word) in said.words.iter().enumerate() {
        let more = word.text.chars().count() + 1;
        if at > from && letters + more > CUE_LETTERS_MAX {
            cues.push(&said.words[from..at]);
            (from, letters) = (at, 0);
        }
        letters += more;
    }
    if from < said.words.len() {
        cues.push(&said.words[from..]);
    }
    cues
}

/// First and last moment of some words, in milliseconds.
pub(crate) fn span_ms(words: &[Word]) -> (i64, i64) {
    let start = words.iter().map(|word| ms(word.start.0)).min().unwrap_or(0);
    let end = words.iter().map(|word| ms(word.end.0)).max().unwrap_or(start);
    (start, end.max(start))
}

/// Milliseconds, to the nearest. Before zero nothing can be subtitled.
pub(crate) fn ms(ns: i64) -> i64 {
    (ns.saturating_add(500_000)).div_euclid(1_000_000).max(0)
}

/// `hh:mm:ss` and milliseconds behind `point`.
pub(crate) fn clock(ms: i64, point: char) -> String {
    let s = ms / 1000;
    format!("{:02}:{:02}:{:02}{point}{:03}", s / 3600, s / 60 % 60, s % 60, ms % 1000)
}

/// Text without line breaks and other signs that end a cue.
pub(crate) fn one_line(text: &str) -> String {
    let calm = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    calm.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name that is one on every system.
fn as_file(name: &str) -> String {
    let plain = |c: char| if c.is_control() || "/\\:*?\"<>|".contains(c) { '-' } else { c };
    let plain: String = crate::text::tame(name).chars().map(plain).take(120).collect();
    let plain = plain.trim_matches(['.', ' ']).to_owned();
    if plain.is_empty() { "recording".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use evidence::{MediaTime, SourceId};

    use super::*;

    fn word(text: &str, start_ms: i64, end_ms: i64) -> Word {
        let at = |ms: i64| MediaTime(ms * 1_000_000);
        Word { text: text.to_owned(), start: at(start_ms), end: at(end_ms), confidence: Some(0.9) }
    }

    /// The sample case with what two of its recordings say.
    static REHEARSAL: LazyLock<Snapshot> = LazyLock::new(|| {
        let mut snapshot = crate::sample::rehearsal();
        let [first, second] = [0, 1].map(|n| snapshot.recordings[n].source.id);
        let said = |voice, speaker: Option<&str>, words| Utterance {
            words,
            voice,
            speaker: speaker.map(str::to_owned),
            language: None,
        };
        let cold = vec![word("Cold", 12_400, 12_700), word("gun.", 12_800, 13_250)];
        let which = vec![word("R&D", 14_000, 14_200), word("<cart>", 14_200, 14_900)];
        let machine = Stenographer::Recogniser {
            model: "base".to_owned(),
            model_sha256: "00".repeat(32),
            prompt: String::new(),
        };
        let by_hand = Stenographer::Document {
            document: SourceId([9; 32]),
            format: "srt".to_owned(),
            is_aligned: false,
        };
        let transcript = |source, by, utterances| Transcript {
            source,
            by,
            utterances,
            unclear: vec![],
            voices: vec![],
        };
        snapshot.transcripts = vec![
            transcript(
                first,
                machine,
                vec![said(Some(0), None, cold.clone()), said(None, None, which)],
            ),
            transcript(first, by_hand.clone(), vec![said(None, Some("Mara\nQuill"), cold.clone())]),
            transcript(second, by_hand, vec![said(None, Some("=Ned"), cold)]),
        ];
        snapshot
    });

    fn written(name: &str) -> String {
        let format = crate::format_named(name).unwrap();
        let files = (format.write)(&REHEARSAL).unwrap();
        let text =
            |file: &Named| format!("{}\n{}", file.name, String::from_utf8_lossy(&file.bytes));
        files.iter().map(text).collect::<Vec<_>>().join("\n").replace("\r\n", "\n")
    }

    #[test]
    fn the_sample_case_in_every_format_of_text() {
        for name in ["vtt", "srt", "txt", "words-csv"] {
            insta::assert_snapshot!(name, written(name));
        }
    }

    #[test]
    fn a_case_without_words_says_how_to_get_some() {
        let silent = crate::sample::rehearsal();
        for name in ["vtt", "srt", "txt", "words-csv", "docx"] {
            let format = crate::format_named(name).unwrap();
            let error = (format.write)(&silent).unwrap_err();
            assert!(error.to_string().contains("recount import"), "{error}");
        }
    }

    #[test]
    fn a_name_that_is_none_elsewhere_becomes_one() {
        assert_eq!(as_file("CAM/A\u{202e}: 1?.mp4"), "CAM-A\u{fffd}- 1-.mp4");
        assert_eq!(as_file(".."), "recording");
    }

    #[test]
    fn long_speech_is_cut_into_subtitles_that_lose_nothing() {
        let words: Vec<Word> = (0..90).map(|n| word("somebody", n * 100, n * 100 + 90)).collect();
        let said = Utterance { words, voice: None, speaker: None, language: None };
        let cues = cues(&said);
        assert!(cues.iter().all(|cue| cue.len() <= 9));
        assert_eq!(cues.concat(), said.words);
    }
}
