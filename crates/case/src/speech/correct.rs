//! Words as they are after persons corrected them: the one place where that is worked out.
//!
//! A correction names a stretch of a recording and says what is said there. It holds on to media time
//! and to the words that it took the place of, not to rows, so it stays true when the recording is
//! transcribed again: whatever a machine has in that stretch by then gives way. Utterances keep
//! their numbers; one may be left without words, and what no utterance has room for comes last.

use evidence::{Corrected, MediaTime, Transcript, Utterance, Word};

/// Puts a person's words in the place of those of a transcript; returns the numbers of the
/// utterances that had words there, first that which has them now.
pub fn correct(transcript: &mut Transcript, told: &Corrected) -> Vec<usize> {
    let all = &mut transcript.utterances;
    let texts: Vec<Vec<&str>> = all.iter().map(|said| covered(said, told)).collect();
    let replaced: Vec<&str> = told.replaced.split_whitespace().collect();
    let is_there = |text: &Vec<&str>| !text.is_empty();
    // Of two voices at one moment the one is meant whose words they were.
    let is_meant =
        |text: &Vec<&str>| is_there(text) && replaced.windows(text.len()).any(|run| run == text);
    let numbers = |is: &dyn Fn(&Vec<&str>) -> bool| -> Vec<usize> {
        texts.iter().enumerate().filter(|(_, text)| is(text)).map(|(n, _)| n).collect()
    };
    let mut meant = numbers(&is_meant);
    if meant.is_empty() {
        meant = numbers(&is_there);
    }
    for &n in &meant {
        all[n].words.retain(|word| !is_covered(word, told));
    }
    if let Some(&host) = meant.first() {
        put(&mut all[host].words, told);
    } else {
        meant.push(all.len());
        let words = told.words.clone();
        all.push(Utterance { words, voice: None, speaker: None, language: None });
    }
    meant
}

/// Whether a correction is about what this transcript's hand wrote down.
pub fn is_of(told: &Corrected, transcript: &Transcript) -> bool {
    told.source == transcript.source && told.document == transcript.by.document()
}

fn put(words: &mut Vec<Word>, told: &Corrected) {
    let at = words.partition_point(|word| middle(word) < told.start);
    words.splice(at..at, told.words.iter().cloned());
}

fn covered<'a>(said: &'a Utterance, told: &Corrected) -> Vec<&'a str> {
    let words = said.words.iter().filter(|word| is_covered(word, told));
    words.map(|word| word.text.as_str()).collect()
}

fn is_covered(word: &Word, told: &Corrected) -> bool {
    (told.start..=told.end).contains(&middle(word))
}

fn middle(word: &Word) -> MediaTime {
    MediaTime(word.start.0 / 2 + word.end.0 / 2)
}

#[cfg(test)]
mod tests {
    use evidence::{SourceId, Stenographer};
    use proptest::prelude::*;

    use super::*;

    fn word(text: &str, start_ms: i64, sure: Option<f32>) -> Word {
        let start = MediaTime(start_ms * 1_000_000);
        let end = MediaTime(start.0 + 300_000_000);
        Word { text: text.to_owned(), start, end, confidence: sure }
    }

    fn utterance(start_ms: i64, text: &str, sure: Option<f32>) -> Utterance {
        let words = text.split_whitespace().zip(0..);
        let words = words.map(|(text, n)| word(text, start_ms + n * 400, sure)).collect();
        Utterance { words, voice: Some(1), speaker: None, language: None }
    }

    fn transcript(utterances: Vec<Utterance>) -> Transcript {
        let by = Stenographer::Recogniser {
            model: "base".to_owned(),
            model_sha256: String::new(),
            prompt: String::new(),
        };
        let (unclear, voices) = (Vec::new(), Vec::new());
        Transcript { source: SourceId([1; 32]), by, utterances, unclear, voices }
    }

    fn told(start_ms: i64, replaced: &str, text: &str) -> Corrected {
        let old = utterance(start_ms, replaced, None);
        Corrected {
            source: SourceId([1; 32]),
            document: None,
            start: old.start(),
            end: old.end(),
            replaced: replaced.to_owned(),
            before: replaced.to_owned(),
            words: utterance(start_ms, text, None).words,
        }
    }

    fn texts(transcript: &Transcript) -> Vec<String> {
        transcript.utterances.iter().map(Utterance::text).collect()
    }

    #[test]
    fn of_two_who_speak_at_once_the_one_is_corrected_whose_words_they_were() {
        let both = [utterance(0, "is it called", Some(0.5)), utterance(0, "yes it is", Some(0.5))];
        let mut said = transcript(both.to_vec());
        assert_eq!(correct(&mut said, &told(0, "yes it is", "yes it was")), [1]);
        assert_eq!(texts(&said), ["is it called", "yes it was"]);
        assert_eq!(said.utterances[1].voice, Some(1));
    }

    #[test]
    fn what_a_person_wrote_wins_over_what_another_machine_hears_there_later() {
        let correction = told(400, "it called", "it cold");
        let later = [utterance(0, "is", Some(0.9)), utterance(400, "hit gold", Some(0.9))];
        let mut said = transcript(later.to_vec());
        assert_eq!(correct(&mut said, &correction), [1]);
        assert_eq!(texts(&said), ["is", "it cold"]);
        let mut silent = transcript(vec![utterance(0, "is", Some(0.9))]);
        assert_eq!(correct(&mut silent, &correction), [1]);
        assert_eq!(texts(&silent), ["is", "it cold"]);
    }

    #[test]
    fn what_was_not_said_leaves_an_utterance_without_words_and_the_others_their_numbers() {
        let mut said = transcript(vec![utterance(0, "uh", None), utterance(900, "who", None)]);
        correct(&mut said, &told(0, "uh", ""));
        assert_eq!(texts(&said), ["", "who"]);
    }

    proptest! {
        #[test]
        fn words_out_of_the_stretch_are_never_touched(
            lengths in proptest::collection::vec(1_usize..6, 1..8),
            start in 0_i64..12_000,
            text in "[ab]{1,2}( [ab]{1,2}){0,5}",
        ) {
            let mut at = 0;
            let one = |length: &usize| {
                let said = utterance(at, &vec!["word"; *length].join(" "), Some(0.5));
                at += 400 * *length as i64 + 500;
                said
            };
            let before = transcript(lengths.iter().map(one).collect());
            let mut after = before.clone();
            let correction = told(start, &text, &text);
            let touched = correct(&mut after, &correction);
            prop_assert!(!touched.is_empty());
            let all = |of: &Transcript| -> Vec<Word> {
                of.utterances.iter().flat_map(|said| said.words.clone()).collect()
            };
            let kept: Vec<Word> =
                all(&before).into_iter().filter(|word| !is_covered(word, &correction)).collect();
            let mut left = all(&after);
            left.retain(|word| word.confidence.is_some());
            prop_assert_eq!(left, kept);
            let host = &after.utterances[touched[0]].words;
            prop_assert!(host.is_sorted_by_key(middle));
            let has = |run: &[Word]| run == correction.words;
            prop_assert!(host.windows(correction.words.len()).any(has));
        }
    }
}
