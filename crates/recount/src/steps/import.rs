//! Step `import`: a transcript that somebody brought becomes words of a recording.
//! Reads the document and what a recogniser wrote of the recording; writes one transcript.

use std::path::Path;

use case::Case;
use documents::transcript::{self, Brought, aligned};
use evidence::{SourceId, Stenographer, Transcript, Word};
use serde_json::json;

use super::paths;
use crate::desk::{Desk, stamp};
use crate::error::Error;
use crate::event::Event;
use crate::report::names::shown;

/// Counted up when the same file would give other words or times.
const IMPORT_VERSION: u32 = 1;

/// What came of an import.
#[derive(Debug)]
pub struct Imported {
    /// The file, as a document of the case.
    pub document: SourceId,
    /// Utterances.
    pub utterances: usize,
    /// Words in them.
    pub words: usize,
    /// Where the times of the words are from.
    pub times: Times,
    /// Whether it was not in the case like that already.
    pub is_new: bool,
}

/// Where the times of words are from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// The file has one for each word.
    Own,
    /// A recogniser heard them then.
    Heard,
    /// Spread over the time of their line.
    Spread,
}

impl Times {
    /// For programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Heard => "heard",
            Self::Spread => "spread",
        }
    }
}

/// Reads a transcript without changing anything.
///
/// # Errors
/// [`Error::Transcript`] if it is none; if the file cannot be read.
pub fn read(path: &Path) -> Result<Brought, Error> {
    let bytes = std::fs::read(path).map_err(Error::file("read the transcript", path))?;
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    transcript::read(&ending, &bytes)
        .map_err(|why| Error::Transcript { why: why.to_string(), path: path.to_owned() })
}

/// Stores a transcript that [`read`] read; the file is in the case.
///
/// # Errors
/// If the file is not what was read, or the case cannot be written.
pub fn run(
    desk: &Desk,
    case: &mut Case,
    path: &Path,
    recording: SourceId,
    brought: &Brought,
) -> Result<Imported, Error> {
    let there = paths::absolute(path)?;
    let (document, _) = media::hash(&there, &|| desk.stopped())?;
    if read(path)? != *brought || !case.sources()?.iter().any(|source| source.id == document) {
        let why = "it is not in the case as it was read; it was changed meanwhile".to_owned();
        return Err(Error::Transcript { why, path: path.to_owned() });
    }
    let (by_recogniser, heard) = heard(case, recording)?;
    let found = if brought.has_word_times() { None } else { aligned(brought, &heard) };
    let times = match (&found, brought.has_word_times()) {
        (_, true) => Times::Own,
        (Some(_), _) => Times::Heard,
        (None, _) => Times::Spread,
    };
    let utterances = found.unwrap_or_else(|| brought.utterances());
    let words = utterances.iter().map(|said| said.words.len()).sum();
    let step = case::Step {
        name: "import".to_owned(),
        version: IMPORT_VERSION,
        params: json!({
            "recording": recording, "document": document, "format": brought.format,
            "times": times.word(),
            "heard_by": if times == Times::Heard { by_recogniser } else { None },
        }),
        inputs: vec![recording, document],
    };
    let imported = Imported { document, utterances: utterances.len(), words, times, is_new: true };
    if case.is_done(&step)? {
        return Ok(Imported { is_new: false, ..imported });
    }
    let by = Stenographer::Document {
        document,
        format: brought.format.to_owned(),
        is_aligned: times != Times::Spread,
    };
    let said =
        Transcript { source: recording, by, utterances, unclear: Vec::new(), voices: Vec::new() };
    warn_of_late_words(desk, case, path, &said)?;
    let run = case.begin(&stamp(), &step)?;
    case.put_transcript(&stamp(), &run, &said)?;
    case.finish(&stamp(), &run, &json!({ "utterances": imported.utterances, "words": words }))?;
    Ok(imported)
}

/// What a recogniser wrote of the recording, with the number of its record.
fn heard(case: &Case, recording: SourceId) -> Result<(Option<u64>, Vec<Word>), Error> {
    let kept = case.kept_transcripts()?.into_iter().find(|kept| {
        kept.source == recording && matches!(kept.by, Stenographer::Recogniser { .. })
    });
    let Some(kept) = kept else { return Ok((None, Vec::new())) };
    let transcript = case.transcript(kept.record)?;
    let utterances = transcript.into_iter().flat_map(|transcript| transcript.utterances);
    let mut words: Vec<Word> = utterances.flat_map(|said| said.words).collect();
    words.sort_by_key(|word| word.start);
    Ok((Some(kept.record), words))
}

/// A transcript of another recording, or with times of another clock, often runs beyond the end.
fn warn_of_late_words(
    desk: &Desk,
    case: &Case,
    path: &Path,
    said: &Transcript,
) -> Result<(), Error> {
    let Some(recording) = case.recording(&said.source)? else { return Ok(()) };
    let words = said.utterances.iter().flat_map(|said| &said.words);
    let late = words.filter(|word| word.start > recording.duration).count();
    if late > 0 {
        desk.needs_attention();
        let warning = format!(
            "{} of this transcript {} after the end of the recording; is it of another one, or does \
             it count from another moment? {}",
            publish::times::count(late, "word"),
            if late == 1 { "is" } else { "are" },
            shown(path)
        );
        desk.tell(&Event::Warned { warning });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use documents::transcript;
    use evidence::{MediaTime, SourceId, Stenographer, Transcript, Utterance, Word};
    use proptest::prelude::*;
    use publish::Snapshot;

    /// Words that follow one another with pauses, all longer than what the formats can tell.
    fn words(text: &'static str) -> impl Strategy<Value = Vec<Word>> {
        let word = (text, 5i64..900, 0i64..900);
        proptest::collection::vec(word, 1..40).prop_map(|words| {
            let mut now_ms = 0;
            let timed = words.into_iter().map(|(text, lasts, pause)| {
                let start = now_ms + pause;
                now_ms = start + lasts;
                let at = |ms: i64| MediaTime(ms * 1_000_000);
                Word { text, start: at(start), end: at(now_ms), confidence: None }
            });
            timed.collect()
        })
    }

    fn written(words: &[Word], format: &str) -> Vec<u8> {
        let said = Utterance {
            words: words.to_vec(),
            voice: None,
            speaker: Some("Mara Quill".to_owned()),
            language: None,
        };
        let by = Stenographer::Document {
            document: SourceId([2; 32]),
            format: "text".to_owned(),
            is_aligned: true,
        };
        let source = SourceId([1; 32]);
        let transcript =
            Transcript { source, by, utterances: vec![said], unclear: vec![], voices: vec![] };
        let snapshot = Snapshot { transcripts: vec![transcript], ..Snapshot::default() };
        let format = publish::format_named(format).unwrap();
        (format.write)(&snapshot).unwrap().remove(0).bytes
    }

    proptest! {
        #[test]
        fn what_is_exported_and_brought_back_has_the_same_words_and_times(
            words in words("[a-zA-Z&<>éß枪']{1,9}[.?!,]?"),
        ) {
            let vtt = transcript::read("vtt", &written(&words, "vtt")).unwrap();
            prop_assert!(vtt.has_word_times());
            let back: Vec<Word> = vtt.utterances().into_iter().flat_map(|said| said.words).collect();
            prop_assert_eq!(&back, &words);
            prop_assert!(vtt.lines.iter().all(|line| line.speaker.as_deref() == Some("Mara Quill")));
        }

        // SubRip has no way to write brackets, and knows lines only.
        #[test]
        fn subtitles_bring_back_the_same_words_and_the_times_of_their_lines(
            words in words("[a-zA-Zéß枪']{1,9}[.?!,]?"),
        ) {
            let srt = transcript::read("srt", &written(&words, "srt")).unwrap();
            let back: Vec<String> =
                srt.lines.iter().flat_map(|line| &line.words).map(|word| word.text.clone()).collect();
            let texts: Vec<String> = words.iter().map(|word| word.text.clone()).collect();
            prop_assert_eq!(back, texts);
            prop_assert_eq!(srt.lines[0].start, words[0].start);
            prop_assert_eq!(srt.lines.last().map(|line| line.end), words.last().map(|word| word.end));
        }
    }
}
