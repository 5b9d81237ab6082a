//! Plain text with times: `[00:01:23] Mara: Cold gun.`, `00:01:23 Cold gun.`, or a line with a name
//! and a time above what is said. A line lasts until the next one begins, but no longer than slow
//! speech takes.

use evidence::MediaTime;

use super::{Line, speaker, times, untimed};
use crate::Error;

/// Slow speech: a word a second.
const WORD_NS_MAX: i64 = 1_000_000_000;

pub(super) fn read(text: &str) -> Result<Vec<Line>, Error> {
    let mut lines: Vec<Line> = Vec::new();
    let mut name = None;
    for (row, number) in text.lines().zip(1..) {
        let row = row.trim();
        if row.is_empty() {
            continue;
        }
        let (start, who, said) = match timed(row) {
            Some(found) => found,
            None if lines.is_empty() && !text_has_time(text) => {
                return Err(Error::Broken("there is no time in it".to_owned()));
            }
            None => {
                if let Some(last) = lines.last_mut() {
                    last.words.extend(untimed(row));
                    continue;
                }
                let what =
                    "what stands before the first time has none; begin each line with its time";
                return Err(Error::line(number, what));
            }
        };
        name = who.or(name);
        let (own, said) = speaker(said);
        name = own.or(name);
        let speaker = name.take();
        lines.push(Line { start, end: start, speaker, language: None, words: untimed(said) });
    }
    lines.retain(|line| !line.words.is_empty());
    lines.sort_by_key(|line| line.start);
    let ends: Vec<MediaTime> = lines.iter().skip(1).map(|line| line.start).collect();
    for (n, line) in lines.iter_mut().enumerate() {
        let slow = MediaTime(line.start.0 + line.words.len() as i64 * WORD_NS_MAX);
        line.end = ends.get(n).map_or(slow, |next| slow.min(*next));
    }
    Ok(lines)
}

fn text_has_time(text: &str) -> bool {
    text.lines().any(|row| timed(row.trim()).is_some())
}

/// The time at the beginning of a row, or at the end behind a name; who that is; and what is said.
fn timed(row: &str) -> Option<(MediaTime, Option<String>, &str)> {
    let bare = |word: &str| times::clock(word.trim_matches(['[', ']', '(', ')', '<', '>']));
    let (first, rest) = row.split_once(char::is_whitespace).unwrap_or((row, ""));
    if let Some(start) = bare(first) {
        // `[00:01:23] - [00:01:25] said`, `00:01:23 --> 00:01:25`: the end is told by what follows.
        let rest = rest.trim_start();
        let after = rest.trim_start_matches(['-', '–', '>', ' ']);
        let (second, last) = after.split_once(char::is_whitespace).unwrap_or((after, ""));
        let said = if bare(second).is_some() { last } else { rest };
        return Some((start, None, said.trim()));
    }
    let (name, last) = row.rsplit_once(char::is_whitespace)?;
    let start = bare(last)?;
    let with_colon = format!("{}: ", name.trim().trim_end_matches(':'));
    let (name, rest) = speaker(&with_colon);
    name.filter(|_| rest.is_empty()).map(|name| (start, Some(name), ""))
}
