//! Who speaks each word, and where one voice takes over from another.
//!
//! In: utterances, and stretches of speech of which the voice is known. Out: the utterances with
//! their voices, parted where the voice changes between two words. A word has the voice of the
//! stretches around its middle, the nearer the more; a change that lasts less than [`TURN_S`] is
//! taken for a slip, as a voice cannot be told from so little.

use evidence::{MediaTime, Utterance, Word};

use crate::voices::{Stretch, Voices};

/// The shortest turn that is believed, in seconds.
const TURN_S: f64 = 0.7;

/// Stretches whose middle is farther from a word's say nothing of it, in seconds.
const REACH_S: f64 = 1.0;

/// Gives every utterance its voice; `stretches` are in order and `voices` is of them.
pub fn part(utterances: Vec<Utterance>, stretches: &[Stretch], voices: &Voices) -> Vec<Utterance> {
    utterances.into_iter().flat_map(|utterance| turns(utterance, stretches, voices)).collect()
}

fn turns(utterance: Utterance, stretches: &[Stretch], voices: &Voices) -> Vec<Utterance> {
    let Utterance { words, speaker, language, .. } = utterance;
    let heard: Vec<Option<u32>> =
        words.iter().map(|word| voice_of(word, stretches, voices)).collect();
    let voice_of = steady(&words, &heard);
    let mut turns: Vec<Utterance> = Vec::new();
    for (word, voice) in words.into_iter().zip(voice_of) {
        match turns.last_mut().filter(|turn| turn.voice == voice) {
            Some(turn) => turn.words.push(word),
            None => turns.push(Utterance {
                words: vec![word],
                voice,
                speaker: speaker.clone(),
                language: language.clone(),
            }),
        }
    }
    turns
}

fn voice_of(word: &Word, stretches: &[Stretch], voices: &Voices) -> Option<u32> {
    let middle = |start: MediaTime, end: MediaTime| f64::midpoint(start.seconds(), end.seconds());
    let at_s = middle(word.start, word.end);
    let first =
        stretches.partition_point(|stretch| middle(stretch.start, stretch.end) <= at_s - REACH_S);
    let mut says = vec![0.0; voices.prints.len()];
    for (stretch, voice) in stretches[first..].iter().zip(&voices.of[first..]) {
        let off_s = (middle(stretch.start, stretch.end) - at_s).abs();
        if off_s >= REACH_S {
            break;
        }
        says[*voice] += REACH_S - off_s;
    }
    let most = says.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)))?;
    (*most.1 > 0.0).then_some(most.0 as u32)
}

/// The voices of the words without turns that are too short: each goes to the longer of its
/// neighbours, the shortest first.
fn steady(words: &[Word], heard: &[Option<u32>]) -> Vec<Option<u32>> {
    // Voice, first word, word after the last.
    let mut turns: Vec<(Option<u32>, usize, usize)> = Vec::new();
    for (n, voice) in heard.iter().enumerate() {
        match turns.last_mut().filter(|turn| turn.0 == *voice) {
            Some(turn) => turn.2 = n + 1,
            None => turns.push((*voice, n, n + 1)),
        }
    }
    let length_s = |turn: &(Option<u32>, usize, usize)| {
        // Nobody is no turn at all.
        let last = &words[turn.2 - 1];
        if turn.0.is_some() { last.end.seconds() - words[turn.1].start.seconds() } else { 0.0 }
    };
    while turns.len() > 1 {
        let lengths: Vec<f64> = turns.iter().map(length_s).collect();
        let Some(short) = (0..turns.len()).min_by(|a, b| lengths[*a].total_cmp(&lengths[*b]))
        else {
            break;
        };
        if lengths[short] >= TURN_S {
            break;
        }
        let before = short.checked_sub(1);
        let after = Some(short + 1).filter(|after| *after < turns.len());
        let to = before.into_iter().chain(after).max_by(|a, b| lengths[*a].total_cmp(&lengths[*b]));
        let Some(to) = to else { break };
        turns[short].0 = turns[to].0;
        turns.dedup_by(|next, turn| {
            let is_same = next.0 == turn.0;
            if is_same {
                turn.2 = next.2;
            }
            is_same
        });
    }
    turns.iter().flat_map(|turn| std::iter::repeat_n(turn.0, turn.2 - turn.1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voiceprint::NUMBERS;

    fn said(text: &str, voices: &[(f64, f64, usize)]) -> Vec<(String, Option<u32>)> {
        let at = MediaTime::from_seconds;
        let words = text.split(' ').enumerate().map(|(n, word)| {
            let start_s = n as f64 * 0.5;
            let (start, end) = (at(start_s), at(start_s + 0.4));
            Word { text: word.to_owned(), start, end, confidence: None }
        });
        let words = words.collect();
        let stretches: Vec<Stretch> = voices
            .iter()
            .map(|(start, end, _)| Stretch {
                start: at(*start),
                end: at(*end),
                print: [0.0; NUMBERS],
            })
            .collect();
        let of: Vec<usize> = voices.iter().map(|voice| voice.2).collect();
        let prints = vec![[0.0; NUMBERS]; of.iter().max().map_or(0, |most| most + 1)];
        let utterance = Utterance { words, voice: None, speaker: None, language: None };
        part(vec![utterance], &stretches, &Voices { of, prints })
            .iter()
            .map(|turn| (turn.text(), turn.voice))
            .collect()
    }

    #[test]
    fn one_voice_takes_over_from_another_between_two_words() {
        let turns =
            said("is it cold yes it is cold", &[(0.0, 1.5, 0), (1.6, 2.9, 1), (2.2, 3.4, 1)]);
        let turns: Vec<(&str, Option<u32>)> = turns.iter().map(|t| (t.0.as_str(), t.1)).collect();
        assert_eq!(turns, [("is it cold", Some(0)), ("yes it is cold", Some(1))]);
    }

    #[test]
    fn a_slip_of_half_a_second_is_no_turn() {
        let voices = [(0.0, 1.5, 0), (0.9, 1.1, 1), (1.0, 2.5, 0), (2.0, 3.5, 0)];
        assert_eq!(said("a b c d e f g", &voices), [("a b c d e f g".to_owned(), Some(0))]);
    }

    #[test]
    fn where_no_voice_could_be_told_there_is_none() {
        assert_eq!(said("cold gun", &[]), [("cold gun".to_owned(), None)]);
        assert_eq!(said("cold gun", &[(30.0, 31.5, 0)]), [("cold gun".to_owned(), None)]);
    }
}
