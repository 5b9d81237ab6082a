//! How a word sounds, roughly: the same for names that are written down by ear.
//!
//! In: a token. Out: a key, or none for a token without Latin letters. Method: as in Soundex
//! (Russell 1918), letters that are easily taken for one another share a sign, and vowels count only
//! where the word begins, dark ones apart from bright ones; the groups are those of Phonix and Editex (Gadd 1990; Zobel and Dart 1996,
//! "Phonetic string matching: lessons from information retrieval"), and unlike Soundex the key is not
//! cut at four signs, which makes long names all alike. Spellings of one sound (`ph`, `ck`, `sch`,
//! `wr`) are made one first.
//! Cannot: know how a language reads its letters. It is one rough ear for all that write Latin.

/// Spellings of one sound, longest first.
const SPELLINGS: &[(&str, &str)] = &[
    ("tsch", "k"),
    ("sch", "s"),
    ("tch", "k"),
    ("ough", "of"),
    ("augh", "af"),
    ("gh", "g"),
    ("ph", "f"),
    ("ck", "k"),
    ("ch", "k"),
    ("sh", "s"),
    ("sz", "s"),
    ("cz", "k"),
    ("ce", "se"),
    ("ci", "si"),
    ("cy", "sy"),
    ("th", "t"),
    ("dt", "t"),
    ("dg", "g"),
    ("qu", "kw"),
    ("wh", "w"),
    ("rh", "r"),
];

/// Letters that are not heard at the beginning of a word.
const SILENT: &[(&str, &str)] =
    &[("kn", "n"), ("gn", "n"), ("wr", "r"), ("ps", "s"), ("pn", "n"), ("mc", "mac")];

/// What a token sounds like.
pub(super) fn key(token: &str) -> Option<String> {
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    let mut word = token.to_owned();
    for (spelt, heard) in SILENT {
        if let Some(rest) = word.strip_prefix(spelt) {
            word = format!("{heard}{rest}");
        }
    }
    for (spelt, heard) in SPELLINGS {
        word = word.replace(spelt, heard);
    }
    let mut key = String::new();
    let mut before = None;
    for (at, letter) in word.chars().enumerate() {
        let Some(sign) = sign(letter) else {
            if at == 0 {
                key.push(if matches!(letter, 'o' | 'u') { 'o' } else { 'a' });
            }
            // A vowel parts two equal sounds; h does not.
            if letter != 'h' {
                before = None;
            }
            continue;
        };
        if before != Some(sign) {
            key.push(sign);
        }
        before = Some(sign);
    }
    (!key.is_empty()).then_some(key)
}

/// The sound of a letter; none for what is a vowel or hardly heard.
fn sign(letter: char) -> Option<char> {
    Some(match letter {
        'b' | 'p' => 'b',
        'c' | 'g' | 'j' | 'k' | 'q' => 'k',
        'd' | 't' => 'd',
        'f' | 'v' | 'w' => 'f',
        'l' => 'l',
        'm' | 'n' => 'n',
        'r' => 'r',
        's' | 'x' | 'z' => 's',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_written_by_ear_are_one() {
        for names in [
            &["stephen", "steven", "stefan"][..],
            &["meyer", "maier", "mayr", "meier"],
            &["philip", "filip", "phillip"],
            &["schmidt", "schmit", "smith"],
            &["wright", "right"],
            &["catherine", "cathryn"],
            &["knight", "night"],
            &["kovac", "covatch", "kowacz"],
        ] {
            let first = key(names[0]);
            assert!(first.is_some());
            for name in names {
                assert_eq!(key(name), first, "{name}");
            }
        }
    }

    #[test]
    fn names_that_differ_are_two() {
        for (left, right) in
            [("anna", "otto"), ("halyna", "petro"), ("cold", "gun"), ("mara", "lena")]
        {
            assert_ne!(key(left), key(right), "{left} {right}");
        }
        assert_eq!(key("枪"), None);
        assert_eq!(key("12"), None);
    }
}
