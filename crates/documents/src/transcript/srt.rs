//! `SubRip`: numbered subtitles. Who speaks stands before a colon, if anywhere.

use super::{Line, speaker, times, untimed};
use crate::Error;
use crate::text::without_entities;

/// Whether a text without a telling name is one: its first times stand about an arrow.
pub(super) fn is_one(text: &str) -> bool {
    let rows = text.lines().filter(|row| !row.trim().is_empty());
    rows.take(2).any(|row| times::arrow(row).is_some())
}

pub(super) fn read(text: &str) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    let mut rows = text.lines().zip(1..).peekable();
    while let Some((row, number)) = rows.next() {
        let row = row.trim();
        if row.is_empty() {
            continue;
        }
        // The number of a subtitle, which says nothing and is often wrong.
        let is_number = row.bytes().all(|byte| byte.is_ascii_digit());
        let (row, number) =
            if is_number { rows.next().unwrap_or(("", number + 1)) } else { (row, number) };
        let (start, end) = times::arrow(row).ok_or_else(|| {
            Error::line(
                number,
                "here a subtitle's times should stand, as 00:00:01,000 --> 00:00:02,000",
            )
        })?;
        if end < start {
            return Err(Error::line(number, "the subtitle ends before it begins"));
        }
        let mut said = String::new();
        // An empty line within a subtitle is known by what follows it.
        while let Some((row, _)) =
            rows.next_if(|(row, _)| !row.trim().is_empty() && times::arrow(row).is_none())
        {
            said.push_str(row);
            said.push('\n');
        }
        let said = without_entities(&without_tags(&said));
        let (speaker, said) = speaker(said.trim());
        lines.push(Line { start, end, speaker, language: None, words: untimed(said) });
    }
    Ok(lines)
}

/// Without `<i>` and `{\an8}`; a lone bracket is left alone.
fn without_tags(said: &str) -> String {
    let mut plain = String::with_capacity(said.len());
    let mut rest = said;
    while let Some(at) = rest.find(['<', '{']) {
        plain.push_str(&rest[..at]);
        let (open, close) = if rest[at..].starts_with('<') { ("<", '>') } else { ("{\\", '}') };
        let end = rest[at..].find(close).filter(|_| rest[at..].starts_with(open));
        let is_tag = end.filter(|end| {
            !rest[at + 1..at + end].contains(['<', ' '])
                || open == "{\\"
                || rest[at..].starts_with("<font")
        });
        if let Some(end) = is_tag {
            rest = &rest[at + end + 1..];
        } else {
            plain.push_str(&rest[at..=at]);
            rest = &rest[at + 1..];
        }
    }
    plain.push_str(rest);
    plain
}
