//! Transcripts cut into passages, the unit of search: what one voice says without a long pause.
//!
//! Recognisers and subtitles end an utterance after some seconds or two lines, in the middle of a
//! sentence; a phrase must be found across that. So utterances of one voice that follow one another
//! are one passage, unless somebody pauses, or it would become so long that nothing is near in it.

use evidence::{MediaTime, Transcript, Utterance};

/// A longer silence than this parts passages: about what parts two trains of thought.
const PAUSE_NS: i64 = 2_000_000_000;

/// From so many words on, a passage ends with the next sentence …
const WORDS_ENOUGH: usize = 150;

/// … or after so many words at the latest.
const WORDS_MAX: usize = 300;

/// Utterances `first..=last` of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Passage {
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) start: MediaTime,
    pub(super) end: MediaTime,
}

/// The passages of a transcript, in order of their beginnings. Utterances without words are in none.
pub(super) fn passages(transcript: &Transcript) -> Vec<Passage> {
    let mut passages: Vec<Passage> = Vec::new();
    let mut words = 0;
    let mut before: Option<&Utterance> = None;
    for (n, said) in transcript.utterances.iter().enumerate() {
        if said.words.is_empty() {
            continue;
        }
        let goes_on = before.is_some_and(|before| {
            let pause_ns = said.start().0.saturating_sub(before.end().0);
            (&before.speaker, before.voice) == (&said.speaker, said.voice)
                && pause_ns <= PAUSE_NS
                && words + said.words.len() <= WORDS_MAX
                && (words < WORDS_ENOUGH || !ends_sentence(before))
        });
        if let Some(passage) = passages.last_mut().filter(|_| goes_on) {
            passage.last = n;
            passage.end = passage.end.max(said.end());
            words += said.words.len();
        } else {
            let (start, end) = (said.start(), said.end());
            passages.push(Passage { first: n, last: n, start, end });
            words = said.words.len();
        }
        before = Some(said);
    }
    passages.sort_by_key(|passage| passage.start);
    passages
}

fn ends_sentence(said: &Utterance) -> bool {
    let last = said.words.last().map_or("", |word| word.text.as_str());
    last.trim_end_matches(['"', '\u{201d}', '\u{2019}', ')'])
        .ends_with(['.', '?', '!', '。', '？', '！', '…'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use evidence::{SourceId, Stenographer, Word};

    fn said(voice: u32, start_s: i64, text: &str) -> Utterance {
        let words = text.split(' ').zip(0..).map(|(text, n)| {
            let start = MediaTime(start_s * 1_000_000_000 + n * 300_000_000);
            let end = MediaTime(start.0 + 300_000_000);
            Word { text: text.to_owned(), start, end, confidence: None }
        });
        let (speaker, language) = (None, None);
        Utterance { words: words.collect(), voice: Some(voice), speaker, language }
    }

    fn cut(utterances: Vec<Utterance>) -> Vec<(usize, usize)> {
        let by = Stenographer::Document {
            document: SourceId([1; 32]),
            format: "srt".to_owned(),
            is_aligned: false,
        };
        let transcript = Transcript {
            source: SourceId([2; 32]),
            by,
            utterances,
            unclear: vec![],
            voices: vec![],
        };
        passages(&transcript).iter().map(|passage| (passage.first, passage.last)).collect()
    }

    #[test]
    fn a_sentence_in_two_cues_is_one_passage() {
        let all =
            vec![said(0, 0, "who put the pistol"), said(0, 1, "on the cart?"), said(0, 9, "No.")];
        assert_eq!(cut(all), [(0, 1), (2, 2)]);
        assert_eq!(cut(vec![said(0, 0, "who put"), said(1, 1, "Me.")]), [(0, 0), (1, 1)]);
    }

    #[test]
    fn nobody_talks_without_end() {
        let all: Vec<_> = (0..100).map(|n| said(0, n * 3, "a b c d e f g h i.")).collect();
        let cut = cut(all);
        assert!(cut.len() > 4 && cut.iter().all(|(first, last)| last - first < 20), "{cut:?}");
    }
}
