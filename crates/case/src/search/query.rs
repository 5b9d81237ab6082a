//! What was asked for, as a person types it.
//!
//! Words must all be there, within one passage; `a OR b` is either. `"cold gun"` is a phrase,
//! `pist*` any word that begins so, `~Halina` any word that sounds so. `a NEAR b` is at most ten
//! words apart, `a NEAR/3 b` at most three. `speaker:`, `source:`, `before:` and `after:` narrow; a
//! value with blanks stands in quotes. What cannot be meant is refused with its column, never guessed.

use std::fmt;
use std::ops::Range;

use evidence::CaseTime;

use super::fold::tokens;
use super::sounds;

/// Words that may stand between two that are near, where nobody says how many.
const NEAR_WORDS: usize = 10;

/// More than any passage holds.
const NEAR_WORDS_MAX: usize = 1000;

/// A query that can be searched for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Each must be there.
    pub(super) all: Vec<Clause>,
    /// Pairs of clauses by their numbers, and how many words apart they may be.
    pub(super) near: Vec<(usize, usize, usize)>,
    /// Who must speak: the tokens of a part of their name.
    pub(super) speaker: Option<Vec<String>>,
    /// Part of the name of a source, as typed, with its column.
    pub(super) source: Option<(String, usize)>,
    /// From then on.
    pub(super) after: Option<CaseTime>,
    /// Until then.
    pub(super) before: Option<CaseTime>,
}

/// One thing to be found: any of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause(pub(super) Vec<Term>);

/// A word or a phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// These tokens in a row; the last one may go on.
    Phrase { tokens: Vec<String>, is_prefix: bool },
    /// Any word with this sound.
    Sounds(String),
}

/// Why a query cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd {
    /// Where, in characters from 1.
    pub column: usize,
    /// What is wrong, as a clause.
    pub what: String,
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (column {} of the query)", self.what, self.column)
    }
}

/// What a person typed, piece by piece.
struct Piece<'a> {
    /// `speaker`, `source`, `before`, `after`, if it begins so.
    field: Option<&'a str>,
    text: &'a str,
    is_quoted: bool,
    /// Of its first character.
    column: usize,
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// [`Odd`] if it cannot be meant.
    pub fn parse(text: &str) -> Result<Self, Odd> {
        let mut query = Self::default();
        let mut joined: Option<(Joint, usize)> = None;
        for piece in pieces(text)? {
            if let Some(joint) = joint(&piece)? {
                let is_odd = query.all.is_empty() || joined.is_some();
                if is_odd {
                    let what = format!("{} stands between two words", piece.text);
                    return Err(Odd { column: piece.column, what });
                }
                joined = Some((joint, piece.column));
                continue;
            }
            if let Some(field) = piece.field {
                query.narrow(field, &piece)?;
                continue;
            }
            let term = term(&piece)?;
            match joined.take() {
                Some((Joint::Or, _)) => {
                    if let Some(last) = query.all.last_mut() {
                        last.0.push(term);
                    }
                }
                Some((Joint::Near(words), _)) => {
                    let at = query.all.len();
                    query.near.push((at - 1, at, words));
                    query.all.push(Clause(vec![term]));
                }
                None => query.all.push(Clause(vec![term])),
            }
        }
        if let Some((_, column)) = joined {
            return Err(Odd { column, what: "nothing follows here".to_owned() });
        }
        if query.all.is_empty() && query.speaker.is_none() {
            let what = "there is no word to search for".to_owned();
            return Err(Odd { column: 1, what });
        }
        Ok(query)
    }

    fn narrow(&mut self, field: &str, piece: &Piece) -> Result<(), Odd> {
        let odd = |what: String| Odd { column: piece.column, what };
        if piece.text.is_empty() {
            return Err(odd(format!("{field}: needs a value right behind it")));
        }
        let is_twice = match field {
            "speaker" => self.speaker.replace(tokens(piece.text)).is_some(),
            "source" => self.source.replace((piece.text.to_owned(), piece.column)).is_some(),
            "before" => self.before.replace(moment(piece)?).is_some(),
            _ => self.after.replace(moment(piece)?).is_some(),
        };
        if is_twice {
            return Err(odd(format!("{field}: can be said once only")));
        }
        if self.speaker.as_ref().is_some_and(Vec::is_empty) {
            return Err(odd("speaker: needs a name".to_owned()));
        }
        match (self.after, self.before) {
            (Some(after), Some(before)) if before <= after => {
                Err(odd("before: must be later than after:".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Whether it is narrowed to a part of case time.
    pub(super) fn is_timed(&self) -> bool {
        self.before.is_some() || self.after.is_some()
    }

    /// The case times that it is narrowed to, end included.
    pub(super) fn window(&self) -> Range<i64> {
        let after = self.after.map_or(i64::MIN, |time| time.0);
        after..self.before.map_or(i64::MAX, |time| time.0)
    }
}

enum Joint {
    Or,
    Near(usize),
}

fn joint(piece: &Piece) -> Result<Option<Joint>, Odd> {
    if piece.is_quoted || piece.field.is_some() {
        return Ok(None);
    }
    let apart = match piece.text {
        "OR" => return Ok(Some(Joint::Or)),
        "NEAR" => return Ok(Some(Joint::Near(NEAR_WORDS))),
        text => text.strip_prefix("NEAR/").or_else(|| text.strip_prefix("near/")),
    };
    let Some(apart) = apart else { return Ok(None) };
    match apart.parse() {
        Ok(words @ 1..=NEAR_WORDS_MAX) => Ok(Some(Joint::Near(words))),
        _ => Err(Odd {
            column: piece.column,
            what: format!("NEAR/ takes a number of words from 1 to {NEAR_WORDS_MAX}"),
        }),
    }
}

fn term(piece: &Piece) -> Result<Term, Odd> {
    let odd = |what: &str| Odd { column: piece.column, what: what.to_owned() };
    if let Some(name) = piece.text.strip_prefix('~').filter(|_| !piece.is_quoted) {
        let words = tokens(name);
        let [word] = &words[..] else { return Err(odd("~ stands before one word")) };
        let key = sounds::key(word);
        return key.map(Term::Sounds).ok_or_else(|| odd("~ knows Latin letters only"));
    }
    let star = piece.text.strip_suffix('*');
    if star.is_some_and(|rest| rest.contains('*')) || star.is_none() && piece.text.contains('*') {
        return Err(odd("* stands at the end of a word"));
    }
    let words = tokens(star.unwrap_or(piece.text));
    if words.is_empty() {
        return Err(odd("there is no letter and no digit here"));
    }
    Ok(Term::Phrase { tokens: words, is_prefix: star.is_some() })
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Odd> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_end();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(pieces);
        }
        let column = text[..rest.as_ptr() as usize - text.as_ptr() as usize].chars().count() + 1;
        let field = FIELDS.iter().find(|field| {
            rest.get(..field.len()).is_some_and(|head| head.eq_ignore_ascii_case(field))
                && rest[field.len()..].starts_with(':')
        });
        if let Some(field) = field {
            rest = &rest[field.len() + 1..];
        }
        let open = rest.chars().next().filter(|c| QUOTES.contains(c));
        let (inner, is_quoted) = if let Some(open) = open {
            let inner = &rest[open.len_utf8()..];
            let Some(end) = inner.find(QUOTES) else {
                let what = "this quotation mark is not closed".to_owned();
                return Err(Odd { column, what });
            };
            let close = inner[end..].chars().next().map_or(0, char::len_utf8);
            rest = &inner[end + close..];
            (&inner[..end], true)
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let inner = &rest[..end];
            rest = &rest[end..];
            (inner, false)
        };
        pieces.push(Piece { field: field.copied(), text: inner, is_quoted, column });
    }
}

const FIELDS: &[&str] = &["speaker", "source", "before", "after"];

/// Straight and curly, however a keyboard or a page makes them.
const QUOTES: [char; 4] = ['"', '\u{201c}', '\u{201d}', '\u{201e}'];

/// Case time as seconds (`754.2`) or as a clock (`12:34.2`, `1:02:03`), before zero with a minus.
fn moment(piece: &Piece) -> Result<CaseTime, Odd> {
    let what = || Odd {
        column: piece.column,
        what: "a case time is written as seconds or as h:mm:ss, such as 754.2 or 0:12:34.2".into(),
    };
    let (sign, text) = match piece.text.strip_prefix(['-', '\u{2212}']) {
        Some(text) => (-1, text),
        None => (1, piece.text),
    };
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let plain = |digits: &str| {
        !digits.is_empty() && digits.len() <= 9 && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts: Vec<&str> = whole.split(':').collect();
    if parts.len() > 3 || !plain(part) || !parts.iter().all(|part| plain(part)) {
        return Err(what());
    }
    let mut seconds = 0_i64;
    for (n, part) in parts.iter().enumerate() {
        let number: i64 = part.parse().map_err(|_| what())?;
        if n > 0 && number >= 60 {
            return Err(what());
        }
        seconds = seconds * 60 + number;
    }
    let part: i64 = format!("{part:0<9}").parse().map_err(|_| what())?;
    let ns = seconds.checked_mul(1_000_000_000).and_then(|ns| ns.checked_add(part));
    ns.map(|ns| CaseTime(sign * ns)).ok_or_else(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrase(text: &str) -> Term {
        Term::Phrase { tokens: tokens(text), is_prefix: false }
    }

    #[test]
    fn every_form_is_read() {
        let query = Query::parse(
            "“cold gun” pist* OR revolver ~Halina NEAR/3 cart speaker:\"first AD\" source:C0012 \
             after:0:10:00 before:754.25",
        )
        .unwrap();
        assert_eq!(query.all[0], Clause(vec![phrase("cold gun")]));
        let pistol = Term::Phrase { tokens: vec!["pist".into()], is_prefix: true };
        assert_eq!(query.all[1], Clause(vec![pistol, phrase("revolver")]));
        assert_eq!(query.all.len(), 4);
        assert_eq!(query.near, [(2, 3, 3)]);
        assert_eq!(query.speaker, Some(vec!["first".to_owned(), "ad".to_owned()]));
        assert_eq!(query.source.as_ref().unwrap().0, "C0012");
        assert_eq!(query.after, Some(CaseTime(600_000_000_000)));
        assert_eq!(query.before, Some(CaseTime(754_250_000_000)));
    }

    #[test]
    fn what_looks_like_a_word_is_one() {
        let query = Query::parse("near the cart don't 14:20 手枪 note:this").unwrap();
        assert_eq!(query.all.len(), 7);
        assert_eq!(query.all[3], Clause(vec![phrase("don t")]));
        assert_eq!(query.all[5], Clause(vec![phrase("手 枪")]));
        assert_eq!(query.near, []);
    }

    #[test]
    fn what_cannot_be_meant_is_named_with_its_column() {
        for (text, sentence) in [
            ("", "there is no word to search for (column 1 of the query)"),
            ("cold \"gun", "this quotation mark is not closed (column 6 of the query)"),
            ("é * x", "there is no letter and no digit here (column 3 of the query)"),
            ("a*b", "* stands at the end of a word (column 1 of the query)"),
            ("gun speaker:", "speaker: needs a value right behind it (column 5 of the query)"),
            ("gun speaker:!", "speaker: needs a name (column 5 of the query)"),
            ("gun source:a source:b", "source: can be said once only (column 14 of the query)"),
            (
                "gun before:noon",
                "a case time is written as seconds or as h:mm:ss, such as 754.2 or 0:12:34.2 \
                 (column 5 of the query)",
            ),
            ("gun after:9 before:9", "before: must be later than after: (column 13 of the query)"),
            ("OR gun", "OR stands between two words (column 1 of the query)"),
            ("gun NEAR", "nothing follows here (column 5 of the query)"),
            (
                "gun NEAR/0 cart",
                "NEAR/ takes a number of words from 1 to 1000 (column 5 of the query)",
            ),
            ("~枪", "~ knows Latin letters only (column 1 of the query)"),
            ("source:a", "there is no word to search for (column 1 of the query)"),
        ] {
            assert_eq!(Query::parse(text).unwrap_err().to_string(), sentence, "{text}");
        }
    }

    #[test]
    fn a_case_time_is_read_to_the_nanosecond_on_both_sides_of_zero() {
        for (text, ns) in [
            ("1:02:03.000000004", 3_723_000_000_004),
            ("-0:00:03.271", -3_271_000_000),
            ("90", 90_000_000_000),
        ] {
            let query = Query::parse(&format!("gun after:{text}")).unwrap();
            assert_eq!(query.after, Some(CaseTime(ns)), "{text}");
        }
        for text in ["1:60", "1:2:3:4", "--3", "9999999999999", "1.", "1.1234567890"] {
            assert!(Query::parse(&format!("gun after:{text}")).is_err(), "{text}");
        }
    }
}
