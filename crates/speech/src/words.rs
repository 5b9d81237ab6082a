//! Puts words together from the tokens that a recogniser writes.
//!
//! In: tokens, each some bytes of text with the moment it ends and how likely it was. Out: words
//! as they are written, with a beginning, an end and a confidence. A word begins with a space,
//! or, in languages written without, with each character; a character may be spread over several
//! tokens. Marks belong to the word before them, opening ones to the word after.

/// One token of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Its text; need not be whole characters.
    pub bytes: Vec<u8>,
    /// The moment at which it ends, in seconds of what was heard.
    pub end_s: f64,
    /// How likely it was, 0 to 1.
    pub likely: f32,
}

/// One word in the time of what was heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// As written, without spaces around it.
    pub text: String,
    /// Where it begins, in seconds.
    pub start_s: f64,
    /// Where it ends, not before `start_s`.
    pub end_s: f64,
    /// How sure it is: the geometric mean over its tokens, 0 to 1.
    pub confidence: f32,
}

/// Languages that are written without spaces between words.
const UNSPACED: &[&str] = &["zh", "ja", "th", "lo", "my", "yue", "bo", "km"];

/// Marks that belong to the word after them.
const OPENING: &str = "([{\u{bf}\u{a1}\u{ab}\u{201c}\u{2018}\u{201e}\u{300c}\u{300e}\u{ff08}";

/// The words of `tokens`; the first begins at `start_s`.
pub fn join(tokens: &[Token], start_s: f64, language: &str) -> Vec<Heard> {
    let is_unspaced = UNSPACED.contains(&language);
    let mut words: Vec<Heard> = Vec::new();
    let mut begins_s = start_s;
    // Opening marks that wait for their word.
    let mut opening = String::new();
    for group in groups(tokens, is_unspaced) {
        let bytes: Vec<u8> = group.iter().flat_map(|token| &token.bytes).copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let text: String = text.chars().filter(|c| !c.is_control() && *c != '\u{fffd}').collect();
        let text = text.trim();
        let ends_s = group.last().map_or(begins_s, |token| token.end_s).max(begins_s);
        if text.chars().any(char::is_alphanumeric) {
            let spoken: Vec<&Token> = group.iter().filter(|token| !is_mark(token)).collect();
            let spoken = if spoken.is_empty() { group.iter().collect() } else { spoken };
            let last_s = spoken.last().map_or(ends_s, |token| token.end_s);
            words.push(Heard {
                text: std::mem::take(&mut opening) + text,
                start_s: begins_s,
                end_s: last_s.max(begins_s),
                confidence: geometric_mean(&spoken),
            });
        } else if !text.is_empty() && text.chars().all(|mark| OPENING.contains(mark)) {
            opening.push_str(text);
        } else if let Some(word) = words.last_mut() {
            // A dash between words is no part of either.
            word.text.push_str(text.trim_matches(['-', '\u{2013}', '\u{2014}']));
        }
        begins_s = ends_s;
    }
    words
}

/// The tokens of each word, or of what stands between words.
fn groups(tokens: &[Token], is_unspaced: bool) -> Vec<&[Token]> {
    let mut groups = Vec::new();
    let mut first = 0;
    for n in 1..=tokens.len() {
        let is_end = n == tokens.len();
        let begins_anew = !is_end
            && if is_unspaced {
                is_whole(&tokens[first..n]) && !is_mark(&tokens[n])
            } else {
                tokens[n].bytes.first() == Some(&b' ')
            };
        if is_end || begins_anew {
            groups.push(&tokens[first..n]);
            first = n;
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// Whether these tokens hold whole characters only.
fn is_whole(tokens: &[Token]) -> bool {
    let bytes: Vec<u8> = tokens.iter().flat_map(|token| &token.bytes).copied().collect();
    std::str::from_utf8(&bytes).is_ok()
}

/// Whether a token holds marks and nothing that is spoken.
fn is_mark(token: &Token) -> bool {
    std::str::from_utf8(&token.bytes).is_ok_and(|text| !text.chars().any(char::is_alphanumeric))
}

fn geometric_mean(tokens: &[&Token]) -> f32 {
    let sum: f32 = tokens.iter().map(|token| token.likely.clamp(1e-6, 1.0).ln()).sum();
    (sum / tokens.len().max(1) as f32).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(bytes: &[u8], end_s: f64) -> Token {
        Token { bytes: bytes.to_vec(), end_s, likely: 0.25 }
    }

    fn texts(words: &[Heard]) -> Vec<&str> {
        words.iter().map(|word| word.text.as_str()).collect()
    }

    #[test]
    fn a_word_ends_before_its_mark_and_the_next_begins_after_it() {
        let tokens = [
            token(b" Cold", 0.4),
            token(b" g", 0.5),
            token(b"un", 0.7),
            token(b".", 1.5),
            token(b" Don", 1.8),
            token(b"'t", 1.9),
        ];
        let words = join(&tokens, 0.1, "en");
        assert_eq!(texts(&words), ["Cold", "gun.", "Don't"]);
        assert_eq!((words[1].start_s, words[1].end_s), (0.4, 0.7));
        assert_eq!((words[2].start_s, words[2].end_s), (1.5, 1.9));
        assert!((words[1].confidence - 0.25).abs() < 1e-6);
    }

    #[test]
    fn a_character_spread_over_tokens_is_one() {
        // "né", its last letter in two tokens.
        let words = join(&[token(b" n\xc3", 0.2), token(b"\xa9", 0.3)], 0.0, "fr");
        assert_eq!(texts(&words), ["n\u{e9}"]);
        let words = join(
            &[token(b"\xe4\xbd", 0.2), token(b"\xa0", 0.3), token("好".as_bytes(), 0.5)],
            0.0,
            "zh",
        );
        assert_eq!(texts(&words), ["你", "好"]);
        assert!((words[1].start_s - 0.3).abs() < 1e-9);
    }

    #[test]
    fn marks_find_their_word() {
        let tokens = [
            token(b" \xe2\x80\x9c", 0.1),
            token(b"Fire", 0.4),
            token(b"!", 0.5),
            token(b" -", 0.6),
            token(b" (", 0.7),
            token(b" he", 0.9),
            token(b")", 1.0),
        ];
        assert_eq!(texts(&join(&tokens, 0.0, "en")), ["\u{201c}Fire!", "(he)"]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_give_words_in_order(
            tokens in proptest::collection::vec(
                (proptest::collection::vec(proptest::num::u8::ANY, 0..6), 0.0f64..30.0, 0.0f32..1.0),
                0..40
            ),
            is_unspaced: bool
        ) {
            let tokens: Vec<Token> = tokens
                .into_iter()
                .map(|(bytes, end_s, likely)| Token { bytes, end_s, likely })
                .collect();
            let words = join(&tokens, 0.0, if is_unspaced { "ja" } else { "en" });
            for word in &words {
                assert!(!word.text.is_empty() && word.text.trim() == word.text);
                assert!(word.start_s <= word.end_s && (0.0..=1.0).contains(&word.confidence));
            }
            assert!(words.is_sorted_by(|a, b| a.start_s <= b.start_s));
        }
    }
}
