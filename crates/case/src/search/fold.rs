//! Words as they are compared: without case, accents and marks.
//!
//! A run of letters and digits is one token; everything else parts tokens. Compatibility forms are
//! one (full width, ligatures: NFKD), accents and vowel points are dropped, and letters that have no
//! decomposition but are written so for want of a key are (`ł` as `l`, `ø` as `o`, `ß` as `ss`).
//!
//! Scripts that put no blanks between words (Han, kana, Thai, Lao, Khmer, Burmese) give a token for
//! each character; what was searched for is then a phrase of characters, which finds it wherever it
//! stands, inside longer words too. An index of trigrams, the other common way, is several times as
//! large and cannot find a word of two characters, which most Chinese words are.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The tokens of a text, in order.
pub fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut token = String::new();
    let mut end = |token: &mut String| {
        if !token.is_empty() {
            tokens.push(std::mem::take(token));
        }
    };
    for c in text.nfkd().flat_map(char::to_lowercase) {
        if is_accent(c) {
            continue;
        }
        if stands_alone(c) {
            end(&mut token);
            token.push(c);
            end(&mut token);
        } else if c.is_alphanumeric() || is_combining_mark(c) && !token.is_empty() {
            match written_otherwise(c) {
                Some(letters) => token.push_str(letters),
                None => token.push(c),
            }
        } else {
            end(&mut token);
        }
    }
    end(&mut token);
    tokens
}

/// The words of a text as written: what blanks part, and each character of a script without blanks.
pub(super) fn written(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for run in text.split_whitespace() {
        let mut from = 0;
        for (at, c) in run.char_indices().filter(|(_, c)| stands_alone(*c)) {
            words.extend(
                [&run[from..at], &run[at..at + c.len_utf8()]].iter().filter(|w| !w.is_empty()),
            );
            from = at + c.len_utf8();
        }
        words.extend(Some(&run[from..]).filter(|word| !word.is_empty()));
    }
    words
}

/// Marks that are left out in writing or typed differently: Latin, Greek and Cyrillic accents,
/// Hebrew points, Arabic vowel signs and the stroke that only lengthens a word.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{640}' | '\u{64b}'..='\u{65f}'
        | '\u{670}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Characters of scripts without blanks between words.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{e01}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3fffd}')
}

fn written_otherwise(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ı' => "i",
        'ς' => "σ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_marks_are_not_words() {
        assert_eq!(tokens("“Cold gun!” — ÉLODIE’s"), ["cold", "gun", "elodie", "s"]);
        assert_eq!(tokens("Łódź Straße smørbrød Αθήνα"), ["lodz", "strasse", "smorbrod", "αθηνα"]);
        assert_eq!(tokens("ﬁlm Ｒｅｃ １２ 14:20"), ["film", "rec", "12", "14", "20"]);
        assert_eq!(tokens("مُسَدَّس מְאֻבְטָח"), ["مسدس", "מאובטח".replace('ו', "").as_str()]);
        assert_eq!(tokens(" —… "), Vec::<String>::new());
    }

    #[test]
    fn words_as_written_lie_in_their_text() {
        assert_eq!(written(" a 手枪b, c"), ["a", "手", "枪", "b,", "c"]);
    }

    #[test]
    fn a_script_without_blanks_is_read_by_characters() {
        assert_eq!(tokens("手枪cold枪"), ["手", "枪", "cold", "枪"]);
        // The mark of a voiced sound is a character of its own, however it was typed.
        assert_eq!(tokens("ピス"), tokens("ヒ\u{309a}ス"));
        assert_eq!(tokens("ピス").len(), 3);
    }
}
