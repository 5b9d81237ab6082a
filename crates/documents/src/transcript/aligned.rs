//! Gives the words of a transcript the times at which a recogniser heard them.
//!
//! In: a transcript, and what a recogniser wrote of the same recording. Out: its utterances with times
//! for every word; nothing if the two are not of the same sound. Method: global alignment (Needleman
//! and Wunsch 1970) of the words of both, compared without case and marks; words that match
//! or stand in for one another take the recogniser's times, those between are spread over what lies
//! between. Where the transcript says when a line is, only words heard within `REACH_NS` of it are
//! compared, which bounds time and memory: some hundred comparisons a word.
//! Cannot: mend a transcript whose lines are further off than that, or know which of two equal words
//! was left out.

use evidence::speech::bare;
use evidence::{MediaTime, Utterance, Word};

use super::{Brought, Line, spread};

/// How far from its line a word is looked for: subtitles are off by seconds, transcripts typed by hand
/// note the time once in half a minute.
const REACH_NS: i64 = 30_000_000_000;

/// Points of a match, of a word that stands in for another, and of one that has none.
const SAME: i32 = 3;
const LIKE: i32 = 1;
const OTHER: i32 = -1;
const NONE: i32 = -1;

/// With fewer of its words heard, it is of another sound, or the recogniser knows nothing.
const SHARE_MIN: f64 = 0.4;

/// More comparisons than this are not made: two gigabytes of memory.
const CELLS_MAX: usize = 400_000_000;

/// One step of the way back.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Both,
    Ours,
    Theirs,
}

/// The utterances of a transcript with the times of `heard`, which is in order of its beginnings.
pub fn aligned(brought: &Brought, heard: &[Word]) -> Option<Vec<Utterance>> {
    let ours: Vec<(usize, usize)> = brought
        .lines
        .iter()
        .enumerate()
        .flat_map(|(n, line)| (0..line.words.len()).map(move |m| (n, m)))
        .collect();
    let theirs: Vec<String> = heard.iter().map(|word| bare(&word.text)).collect();
    let own: Vec<String> =
        ours.iter().map(|(n, m)| bare(&brought.lines[*n].words[*m].text)).collect();
    let windows = windows(brought, heard, &ours);
    let pairs = pairs(&own, &theirs, &windows)?;
    let same = pairs.iter().zip(&own).filter(|(pair, word)| {
        pair.is_some_and(|at: usize| theirs[at] == **word && !word.is_empty())
    });
    if (same.count() as f64) < SHARE_MIN * own.len() as f64 {
        return None;
    }
    let mut utterances = Vec::with_capacity(brought.lines.len());
    let mut from = 0;
    for line in &brought.lines {
        let of_line = &pairs[from..from + line.words.len()];
        from += line.words.len();
        utterances.push(timed(line, of_line, heard));
    }
    Some(utterances)
}

/// A line with the times of the words that it is paired with.
fn timed(line: &Line, pairs: &[Option<usize>], heard: &[Word]) -> Utterance {
    let mut words: Vec<Word> = Vec::with_capacity(line.words.len());
    let mut from = 0;
    while from < line.words.len() {
        if let Some(at) = pairs[from] {
            let spoken = &line.words[from];
            let start =
                words.last().map_or(heard[at].start, |before| heard[at].start.max(before.start));
            words.push(spoken.word(start, heard[at].end));
            from += 1;
            continue;
        }
        let run = pairs[from..].iter().take_while(|pair| pair.is_none()).count();
        let next = pairs.get(from + run).copied().flatten().map(|at| heard[at].start);
        let before = words.last().map(|word| word.end);
        let start = before.or(next.map(|next| next.min(line.start))).unwrap_or(line.start);
        let end = next.unwrap_or(line.end).max(start);
        spread(&line.words[from..from + run], start, end, &mut words);
        from += run;
    }
    let (speaker, language) = (line.speaker.clone(), line.language.clone());
    Utterance { words, voice: None, speaker, language }
}

/// Which words of theirs each of ours is compared with; neither end ever goes back.
fn windows(brought: &Brought, heard: &[Word], ours: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut low = 0;
    let mut high = 0;
    let mut latest = MediaTime(i64::MIN);
    let window = |(n, _): &(usize, usize)| {
        let line = &brought.lines[*n];
        latest = latest.max(line.end);
        let from = line.start.0.saturating_sub(REACH_NS);
        let to = latest.0.saturating_add(REACH_NS);
        low = low.max(heard.partition_point(|word| word.end.0 < from));
        high = high.max(heard.partition_point(|word| word.start.0 <= to)).max(low);
        (low, high)
    };
    ours.iter().map(window).collect()
}

/// For each of our words the number of theirs, by the best global alignment.
fn pairs(
    ours: &[String],
    theirs: &[String],
    windows: &[(usize, usize)],
) -> Option<Vec<Option<usize>>> {
    let cells: usize = windows.iter().map(|(low, high)| high - low + 1).sum();
    if ours.is_empty() || cells > CELLS_MAX {
        return None;
    }
    // Row i: the best score of our first i words with their first j, for j of the window.
    let mut steps: Vec<Vec<Step>> = Vec::with_capacity(ours.len());
    let mut low = windows[0].0;
    let mut row: Vec<i32> = (0..=windows[0].1 - low).map(|j| j as i32 * NONE).collect();
    for (word, &(from, to)) in ours.iter().zip(windows) {
        let before = |j: usize| -> i32 {
            // Left of the row: we have passed by those words; right of it: not reached yet.
            let at = j.checked_sub(low);
            at.map_or(i32::MIN / 2, |at| {
                row.get(at).copied().unwrap_or_else(|| {
                    let last = row.len() - 1;
                    row[last] + (at - last) as i32 * NONE
                })
            })
        };
        let mut now = Vec::with_capacity(to - from + 1);
        let mut way = Vec::with_capacity(to - from + 1);
        for j in from..=to {
            let mut best = (before(j) + NONE, Step::Ours);
            if j > from
                && let Some(other) = theirs.get(j - 1)
            {
                let both = before(j - 1) + likeness(word, other);
                if both >= best.0 {
                    best = (both, Step::Both);
                }
                let alone = now[j - from - 1] + NONE;
                if alone > best.0 {
                    best = (alone, Step::Theirs);
                }
            }
            now.push(best.0);
            way.push(best.1);
        }
        (row, low) = (now, from);
        steps.push(way);
    }
    Some(back(&steps, windows))
}

fn back(steps: &[Vec<Step>], windows: &[(usize, usize)]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; steps.len()];
    let mut j = windows.last().map_or(0, |(_, high)| *high);
    for i in (0..steps.len()).rev() {
        let (low, high) = windows[i];
        j = j.min(high);
        while j > low && steps[i][j - low] == Step::Theirs {
            j -= 1;
        }
        if j > low && steps[i][j - low] == Step::Both {
            pairs[i] = Some(j - 1);
            j -= 1;
        }
    }
    pairs
}

fn likeness(one: &str, other: &str) -> i32 {
    if one == other {
        return SAME;
    }
    let letters = one.chars().count().max(other.chars().count());
    let shared = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    if letters > 2 && shared * 2 > letters { LIKE } else { OTHER }
}
