//! Times for words that a person corrects.
//!
//! Words that stay as they were keep their times exactly. What is written between two of them shares the time of the words
//! that it takes the place of, by the count of letters; where it takes nobody's place, it shares the silence between
//! them. Words that are left out give their time away to nobody: it was not spoken by their neighbours.

use std::ops::Range;

use evidence::{MediaTime, Word};

/// How long a letter may take that is written before the first word or after the last, where nothing bounds it nearby.
const LETTER_NS: i64 = 80_000_000;

/// The words of an utterance after a person wrote `text` in its place. New words stay within `room`, which ends where the
/// utterances before and after it do; a person who writes is sure, so they have no confidence. Empty if `text` is.
pub fn retime(words: &[Word], text: &str, room: Range<MediaTime>) -> Vec<Word> {
    let texts: Vec<&str> = text.split_whitespace().collect();
    let mut corrected: Vec<Word> = Vec::with_capacity(texts.len());
    let (mut old, mut new) = (0, 0);
    let ends = (words.len(), texts.len());
    for (kept, place) in same(words, &texts).into_iter().chain([ends]) {
        let (gone, written) = (&words[old..kept], &texts[new..place]);
        if !written.is_empty() {
            let around = Around { before: words[..old].last(), after: words.get(kept) };
            share(written, around.span(gone, written, &room), &mut corrected);
        }
        corrected.extend(words.get(kept).cloned());
        (old, new) = (kept + 1, place + 1);
    }
    corrected
}

/// Which words stay: as many as can, in order, by their numbers before and after.
fn same(words: &[Word], texts: &[&str]) -> Vec<(usize, usize)> {
    let width = texts.len() + 1;
    // How many stay at most from word `i` and text `j` on.
    let mut most = vec![0_u32; (words.len() + 1) * width];
    for i in (0..words.len()).rev() {
        for j in (0..texts.len()).rev() {
            most[i * width + j] = if words[i].text == texts[j] {
                most[(i + 1) * width + j + 1] + 1
            } else {
                most[(i + 1) * width + j].max(most[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut same) = (0, 0, Vec::new());
    while i < words.len() && j < texts.len() {
        if words[i].text == texts[j] {
            same.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if most[(i + 1) * width + j] >= most[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    same
}

/// The words that stay at both sides of what is written.
struct Around<'a> {
    before: Option<&'a Word>,
    after: Option<&'a Word>,
}

impl Around<'_> {
    /// The time that there is for what is written.
    fn span(&self, gone: &[Word], written: &[&str], room: &Range<MediaTime>) -> (i64, i64) {
        let letters: i64 = written.iter().map(|text| text.chars().count() as i64).sum();
        let long_ns = letters.saturating_mul(LETTER_NS);
        let last = self.after.map_or(room.end.0, |word| word.start.0);
        // Neighbours that overlap leave a moment and no more.
        let first = self.before.map_or(room.start.0, |word| word.end.0.min(last).max(word.start.0));
        let first = first.min(last);
        if let (Some(from), Some(to)) = (gone.first(), gone.iter().map(|word| word.end.0).max()) {
            let start = from.start.0.clamp(first, last);
            return (start, to.clamp(start, last));
        }
        match (self.before, self.after) {
            (None, Some(_)) => (first.max(last.saturating_sub(long_ns)), last),
            (Some(_), None) => (first, last.min(first.saturating_add(long_ns))),
            _ => (first, last),
        }
    }
}

/// Gives each of some words its share of a span, by letters.
fn share(written: &[&str], (start, end): (i64, i64), to: &mut Vec<Word>) {
    let count = |text: &str| text.chars().count() as i128;
    let all: i128 = written.iter().map(|text| count(text)).sum();
    let at =
        |letters: i128| MediaTime(start + (i128::from(end - start) * letters / all.max(1)) as i64);
    let mut passed = 0;
    for text in written {
        let from = at(passed);
        passed += count(text);
        to.push(Word { text: (*text).to_owned(), start: from, end: at(passed), confidence: None });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROOM: Range<MediaTime> = MediaTime(0)..MediaTime(100_000_000_000);

    fn word(text: &str, start_ms: i64, end_ms: i64) -> Word {
        let (start, end) = (MediaTime(start_ms * 1_000_000), MediaTime(end_ms * 1_000_000));
        Word { text: text.to_owned(), start, end, confidence: Some(0.5) }
    }

    fn heard() -> Vec<Word> {
        vec![word("the", 1000, 1200), word("pistol", 1300, 1700), word("called", 2000, 2400)]
    }

    fn shown(words: &[Word]) -> Vec<(&str, i64, i64)> {
        let ms = |time: MediaTime| time.0 / 1_000_000;
        words.iter().map(|word| (word.text.as_str(), ms(word.start), ms(word.end))).collect()
    }

    #[test]
    fn a_word_that_is_corrected_has_the_time_of_the_one_that_was_misheard() {
        let said = retime(&heard(), "the pistol cold", ROOM);
        assert_eq!(shown(&said)[2], ("cold", 2000, 2400));
        assert_eq!(said[..2], heard()[..2]);
    }

    #[test]
    fn a_word_that_is_put_in_has_the_silence_between_its_neighbours() {
        let said = retime(&heard(), "the pistol is so called", ROOM);
        assert_eq!(shown(&said)[2..4], [("is", 1700, 1850), ("so", 1850, 2000)]);
    }

    #[test]
    fn words_that_are_left_out_take_nothing_with_them() {
        assert_eq!(retime(&heard(), "the called", ROOM), [heard()[0].clone(), heard()[2].clone()]);
        assert_eq!(retime(&heard(), " ", ROOM), []);
    }

    #[test]
    fn what_is_added_at_an_end_is_no_longer_than_speech() {
        let said = retime(&heard(), "So the pistol called out", ROOM);
        assert_eq!(shown(&said)[0], ("So", 840, 1000));
        assert_eq!(shown(&said)[4], ("out", 2400, 2640));
    }

    fn utterance() -> impl Strategy<Value = Vec<Word>> {
        // Overlaps too: a recogniser may let a word end after the next began.
        proptest::collection::vec(("[abc]{1,3}", 0_i64..900, 0_i64..900), 0..12).prop_map(|told| {
            let mut at = 20_000;
            let one = |(text, pause, long): (String, i64, i64)| {
                at += pause;
                word(&text, at, at + long)
            };
            told.into_iter().map(one).collect()
        })
    }

    proptest! {
        #[test]
        fn what_stays_keeps_its_time_and_all_is_in_order(
            words in utterance(),
            texts in proptest::collection::vec("[abc]{1,3}", 0..12),
        ) {
            let said = retime(&words, &texts.join(" "), ROOM);
            let written: Vec<&str> = said.iter().map(|word| word.text.as_str()).collect();
            prop_assert_eq!(&written, &texts);
            prop_assert!(said.iter().all(|word| word.start <= word.end));
            prop_assert!(said.is_sorted_by_key(|word| word.start));
            prop_assert!(said.iter().all(|word| ROOM.start <= word.start && word.end <= ROOM.end));
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            for (old, new) in same(&words, &texts) {
                prop_assert_eq!(&said[new], &words[old]);
            }
        }

        #[test]
        fn what_is_written_as_it_was_changes_nothing(words in utterance()) {
            let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
            prop_assert_eq!(retime(&words, &text.join(" "), ROOM), words);
        }
    }
}
