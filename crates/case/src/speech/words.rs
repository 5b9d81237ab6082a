//! The words of an utterance as two columns: their text, and a row of bytes that says of each where
//! in the text it is, when it is said and how sure that is.
//!
//! A word costs some ten bytes besides its letters: of numbers that grow only what is added is kept,
//! seven bits a byte (LEB128), signs folded in (zigzag). Any words come back to the last bit,
//! also those that no recogniser should have written.

use evidence::{MediaTime, Word};

/// When words are said, and how sure they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// When the first begins; zero without words.
    pub start: MediaTime,
    /// When the last of them to end ends; zero without words.
    pub end: MediaTime,
    /// How many they are.
    pub words: usize,
    /// The sum of their confidences, each 0 to 1; a word without one adds nothing.
    pub sure: f32,
}

/// The two columns for `words`.
pub(super) fn pack(words: &[Word]) -> (String, Vec<u8>) {
    let letters: usize = words.iter().map(|word| word.text.len() + 1).sum();
    let mut text = String::with_capacity(letters);
    let mut times = Vec::with_capacity(words.len() * 12);
    let mut before = 0_i64;
    for (n, word) in words.iter().enumerate() {
        if n > 0 {
            text.push(' ');
        }
        text.push_str(&word.text);
        let is_sure = u64::from(word.confidence.is_some());
        put(&mut times, (word.text.len() as u64) << 1 | is_sure);
        put(&mut times, folded(word.start.0.wrapping_sub(before)));
        put(&mut times, folded(word.end.0.wrapping_sub(word.start.0)));
        if let Some(confidence) = word.confidence {
            times.extend_from_slice(&confidence.to_le_bytes());
        }
        before = word.start.0;
    }
    (text, times)
}

/// The words that the two columns hold; nothing if the columns do not belong together.
pub(super) fn unpack(text: &str, times: &[u8]) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let (mut text, mut times, mut before) = (text, times, 0_i64);
    while !times.is_empty() {
        let head = take(&mut times)?;
        let start = before.wrapping_add(unfolded(take(&mut times)?));
        let end = start.wrapping_add(unfolded(take(&mut times)?));
        let confidence = if head & 1 == 1 {
            let (bytes, rest) = times.split_first_chunk()?;
            times = rest;
            Some(f32::from_le_bytes(*bytes))
        } else {
            None
        };
        let (word, rest) = text.split_at_checked(usize::try_from(head >> 1).ok()?)?;
        text = if times.is_empty() { rest } else { rest.strip_prefix(' ')? };
        let (start, end) = (MediaTime(start), MediaTime(end));
        words.push(Word { text: word.to_owned(), start, end, confidence });
        before = start.0;
    }
    text.is_empty().then_some(words)
}

/// When the words in a column of times are said, without their text: as `unpack` would have it.
pub(super) fn span(times: &[u8]) -> Option<Span> {
    let (mut times, mut before) = (times, 0_i64);
    let mut span: Option<Span> = None;
    while !times.is_empty() {
        let head = take(&mut times)?;
        let start = before.wrapping_add(unfolded(take(&mut times)?));
        let end = start.wrapping_add(unfolded(take(&mut times)?));
        let mut sure = 0.0;
        if head & 1 == 1 {
            let (bytes, rest) = times.split_first_chunk()?;
            (times, sure) = (rest, f32::from_le_bytes(*bytes));
        }
        let (start_at, end_at) = (MediaTime(start), MediaTime(end));
        let first = Span { start: start_at, end: end_at, words: 0, sure: 0.0 };
        let all = span.get_or_insert(first);
        all.end = all.end.max(end_at);
        all.words += 1;
        all.sure += sure;
        before = start;
    }
    let none = Span { start: MediaTime(0), end: MediaTime(0), words: 0, sure: 0.0 };
    Some(span.unwrap_or(none))
}

fn folded(signed: i64) -> u64 {
    (signed << 1 ^ signed >> 63) as u64
}

fn unfolded(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, start: i64, end: i64, confidence: Option<f32>) -> Word {
        Word { text: text.to_owned(), start: MediaTime(start), end: MediaTime(end), confidence }
    }

    #[test]
    fn words_that_nobody_should_write_come_back_too() {
        let odd = [
            vec![],
            vec![word("", 0, 0, None)],
            vec![
                word("", 5, 4, None),
                word("", i64::MAX, i64::MIN, Some(0.1)),
                word("a", 0, 0, None),
            ],
            vec![word(" cold ", i64::MIN, i64::MAX, Some(1.0)), word("枪\nзброя", -1, -1, None)],
        ];
        for words in odd {
            let (text, times) = pack(&words);
            assert_eq!(unpack(&text, &times).as_ref(), Some(&words), "{text:?} {times:?}");
            let span = span(&times).unwrap();
            assert_eq!(span.words, words.len());
            assert_eq!(span.start, words.first().map_or(MediaTime(0), |word| word.start));
            let end = words.iter().map(|word| word.end).max();
            assert_eq!(span.end, end.unwrap_or(MediaTime(0)));
        }
    }

    #[test]
    fn columns_that_were_cut_or_changed_are_noticed() {
        let words =
            [word("Cold", 1_000_000_000, 1_300_000_000, Some(0.9)), word("gun.", 7, 9, None)];
        let (text, times) = pack(&words);
        for end in 1..times.len() {
            assert_ne!(unpack(&text, &times[..end]), Some(words.to_vec()), "{end}");
        }
        assert_eq!(unpack("Cold gun", &times), None);
        assert_eq!(unpack("Cold gun. Hot", &times), None);
        assert_eq!(unpack("枪枪枪", &times), None);
        assert_eq!(unpack("", &[0xff; 40]), None);
    }

    #[test]
    fn a_word_costs_a_dozen_bytes_besides_its_letters() {
        let words: Vec<Word> = (0..1000_i64)
            .map(|n| word("word", n * 330_000_000, n * 330_000_000 + 250_000_000, Some(0.97)))
            .collect();
        let (_, times) = pack(&words);
        assert!(times.len() <= 16 * words.len(), "{}", times.len());
    }
}
