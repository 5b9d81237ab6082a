//! `WebVTT` (W3C): cues with voices (`<v Mara>`), and times of words (`<00:01.500>`). A time before
//! which nothing but a blank stands ends the word before it.

use evidence::MediaTime;

use super::{Line, Spoken, times, untimed};
use crate::Error;
use crate::text::without_entities;

pub(super) fn read(text: &str) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    let mut rows = text.lines().zip(1..).peekable();
    for (row, _) in rows.by_ref() {
        if row.starts_with("X-TIMESTAMP-MAP") && !row.contains("MPEGTS:0") {
            let what =
                "it belongs to a stream (X-TIMESTAMP-MAP), whose clock is not the recording's";
            return Err(Error::Broken(what.to_owned()));
        }
        if row.trim().is_empty() {
            break;
        }
    }
    while let Some((row, number)) = rows.next() {
        if row.trim().is_empty() {
            continue;
        }
        let is_note = ["NOTE", "STYLE", "REGION"].iter().any(|word| {
            row.strip_prefix(word)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
        });
        let mut timing = (row, number);
        if !is_note && !row.contains("-->") {
            // The name of the cue.
            timing = rows.next().unwrap_or(("", number + 1));
        }
        let mut said = String::new();
        while let Some((row, _)) =
            rows.next_if(|(row, _)| !row.trim().is_empty() && !row.contains("-->"))
        {
            said.push_str(row);
            said.push('\n');
        }
        if is_note {
            continue;
        }
        let (row, number) = timing;
        let (start, end) = times::arrow(row).ok_or_else(|| {
            Error::line(number, "here a cue's times should stand, as 00:01.000 --> 00:02.000")
        })?;
        if end < start {
            return Err(Error::line(number, "the cue ends before it begins"));
        }
        cue(&said, start, end, number, &mut lines)?;
    }
    Ok(lines)
}

/// A cue, a line for each voice in it.
fn cue(
    said: &str,
    start: MediaTime,
    end: MediaTime,
    number: usize,
    lines: &mut Vec<Line>,
) -> Result<(), Error> {
    let first = lines.len();
    let line =
        |speaker: Option<String>| Line { start, end, speaker, language: None, words: Vec::new() };
    let mut now = line(None);
    // Words before the first time begin with the cue.
    let is_timed = said.split('<').skip(1).any(|tag| tag.starts_with(|c: char| c.is_ascii_digit()));
    // When what follows begins, and how many words of the line had begun before.
    let mut since: Option<(MediaTime, usize)> = is_timed.then_some((start, 0));
    let mut rest = said;
    loop {
        let (text, tag, after) = match rest.split_once('<') {
            Some((text, after)) => match after.split_once('>') {
                Some((tag, after)) => (text, Some(tag), after),
                None => (rest, None, ""),
            },
            None => (rest, None, ""),
        };
        now.words.extend(untimed(&without_entities(text)));
        let Some(tag) = tag else { break };
        rest = after;
        if tag.starts_with(|c: char| c.is_ascii_digit()) {
            let at = times::clock(tag)
                .ok_or_else(|| Error::line(number, format!("in this cue <{tag}> is no time")))?;
            if let Some((from, words)) = since {
                timed(&mut now.words[words..], from, at);
            }
            since = Some((at, now.words.len()));
        } else if let Some(name) =
            tag.strip_prefix('v').filter(|rest| rest.starts_with([' ', '\t', '.']))
        {
            if !now.words.is_empty()
                && let Some((from, words)) = since.take()
            {
                timed(&mut now.words[words..], from, end);
            }
            let name = name.split_once([' ', '\t']).map_or("", |(_, name)| name).trim();
            let speaker = Some(without_entities(name)).filter(|name| !name.is_empty());
            let before = std::mem::replace(&mut now, line(speaker));
            lines.extend(Some(before).filter(|line| !line.words.is_empty()));
        }
    }
    if let Some((from, words)) = since {
        timed(&mut now.words[words..], from, end);
    }
    // All of a cue with one word is that word.
    if now.words.len() == 1 && !is_timed && lines.len() == first {
        now.words[0].times = Some((start, end));
    }
    lines.push(now);
    if lines.iter().rev().take_while(|line| line.start == start).count() > 1 {
        part(lines, start, end);
    }
    Ok(())
}

/// The words between two times share what lies between.
fn timed(words: &mut [Spoken], from: MediaTime, to: MediaTime) {
    let mut shared = Vec::new();
    super::spread(words, from, to.max(from), &mut shared);
    for (word, shared) in words.iter_mut().zip(shared) {
        word.times = Some((shared.start, shared.end));
    }
}

/// Several voices of one cue without times of their own share its time, one after the other.
fn part(lines: &mut [Line], start: MediaTime, end: MediaTime) {
    let from = lines.iter().rposition(|line| line.start != start).map_or(0, |at| at + 1);
    let of_cue = &mut lines[from..];
    if of_cue.iter().flat_map(|line| &line.words).any(|word| word.times.is_some()) {
        return;
    }
    let all: Vec<Spoken> = of_cue.iter().flat_map(|line| line.words.clone()).collect();
    let mut shared = Vec::new();
    super::spread(&all, start, end, &mut shared);
    let mut shared = shared.into_iter();
    for line in of_cue {
        let own: Vec<_> = shared.by_ref().take(line.words.len()).collect();
        if let (Some(first), Some(last)) = (own.first(), own.last()) {
            (line.start, line.end) = (first.start, last.end);
        }
    }
}
