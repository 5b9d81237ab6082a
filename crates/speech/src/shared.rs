//! Shared hearing: where several recordings on one clock heard the same speech, it is told once.
//!
//! Each recording was written down by itself, and each misheard something else. Here their words
//! are laid over each other and the words that most can answer for are taken, after ROVER (J. G.
//! Fiscus, 1997: A post-processing system to yield reduced word error rates). Unlike there, the
//! transcripts are not of the same recording: one clock says which words can be one, and a
//! recording that understood little counts for little. Nothing is thrown away: every word says
//! who heard it so, who heard something else, and who was listening and wrote nothing.
//!
//! Utterances are one if enough of their words are, in order and at one time. What two recordings
//! wrote at one time without a word in common stays two utterances: it may have been two voices.

use std::cmp::Ordering;

use evidence::CaseTime;
use evidence::speech::bare;

/// What one recording understood, on the clock of its island.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// In the order of their beginnings.
    pub utterances: Vec<Vec<TimedWord>>,
}

/// A word on the clock of the island.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedWord {
    /// As written.
    pub text: String,
    /// When it begins.
    pub start: CaseTime,
    /// When it ends.
    pub end: CaseTime,
    /// How sure whoever wrote it was, 0 to 1.
    pub confidence: f32,
}

/// Speech, told once.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The track that understood it best, which is the one to listen to.
    pub best: usize,
    /// The utterances that went into it, as (track, number within it), in order.
    pub from: Vec<(usize, usize)>,
    /// What was said, in order; at least one.
    pub words: Vec<ToldWord>,
}

/// A word that was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct ToldWord {
    /// The word, as the track had it that heard it best.
    pub word: TimedWord,
    /// That track.
    pub track: usize,
    /// What each other track of the utterance has in its place, in the order of tracks.
    pub others: Vec<(usize, Heard)>,
}

/// What a recording has at the place of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The same word.
    Same,
    /// Another.
    Other(String),
    /// None, though it wrote down what was said around it.
    Nothing,
}

/// Two recognisers put one word at most so far apart, seconds: each errs by a tenth as a rule and by
/// half a second where it joins what lies on both sides of a pause; and sound needs 0.1 s for 34 m.
const APART_S: f64 = 0.8;

/// So much of the shorter of two utterances must be the same words, for them to be one.
const SHARE_MIN: f64 = 0.4;

/// So many words of all tracks are laid over each other at once, at most, where nobody pauses.
const WORDS_AT_ONCE: usize = 1500;

/// Not to have written a word counts like a word of which one is so sure.
const SILENCE: f32 = 0.5;

/// Tells what is said in all tracks together, in the order of time. What only one heard is told
/// as it heard it.
pub fn share(tracks: &[Track]) -> Vec<Told> {
    let utterances = in_order(tracks);
    let mut told: Vec<Told> =
        groups(tracks, &utterances).into_iter().flat_map(|group| tell(tracks, &group)).collect();
    told.sort_by_key(|told| (told.words[0].word.start.0, told.best));
    told
}

/// One utterance of one track.
#[derive(Clone, Copy)]
struct Spoken {
    track: usize,
    number: usize,
    start_ns: i64,
    end_ns: i64,
}

fn in_order(tracks: &[Track]) -> Vec<Spoken> {
    let mut all = Vec::new();
    for (track, one) in tracks.iter().enumerate() {
        for (number, words) in one.utterances.iter().enumerate() {
            let Some(first) = words.first() else { continue };
            let end_ns = words.iter().map(|word| word.end.0).max().unwrap_or(first.end.0);
            all.push(Spoken { track, number, start_ns: first.start.0, end_ns });
        }
    }
    all.sort_unstable_by_key(|spoken| (spoken.start_ns, spoken.track, spoken.number));
    all
}

/// The utterances that are of the same speech, as lists of (track, number).
fn groups(tracks: &[Track], utterances: &[Spoken]) -> Vec<Vec<(usize, usize)>> {
    let mut leader: Vec<usize> = (0..utterances.len()).collect();
    let mut open: Vec<usize> = Vec::new();
    for (i, one) in utterances.iter().enumerate() {
        let reach_ns = (APART_S * 1e9) as i64;
        open.retain(|&j| utterances[j].end_ns.saturating_add(reach_ns) >= one.start_ns);
        for &j in &open {
            let other = utterances[j];
            if other.track != one.track && find(&mut leader, i) != find(&mut leader, j) {
                let (a, b) = (words_of(tracks, *one), words_of(tracks, other));
                if are_one(a, b) {
                    let (a, b) = (find(&mut leader, i), find(&mut leader, j));
                    leader[a.max(b)] = a.min(b);
                }
            }
        }
        open.push(i);
    }
    let mut groups: Vec<Vec<(usize, usize)>> = vec![Vec::new(); utterances.len()];
    for (i, one) in utterances.iter().enumerate() {
        groups[find(&mut leader, i)].push((one.track, one.number));
    }
    groups.retain(|group| !group.is_empty());
    groups
}

fn words_of(tracks: &[Track], one: Spoken) -> &[TimedWord] {
    &tracks[one.track].utterances[one.number]
}

fn find(leader: &mut [usize], mut at: usize) -> usize {
    while leader[at] != at {
        leader[at] = leader[leader[at]];
        at = leader[at];
    }
    at
}

/// Two words with so much in common are one that somebody misheard: "bias" and "Tobias".
const LIKENESS_MIN: f64 = 0.6;

/// Whether enough of two utterances are the same words at the same time. A single short word such
/// as "yes" says little by itself, but two recordings that wrote it within [`APART_S`] heard it.
fn are_one(a: &[TimedWord], b: &[TimedWord]) -> bool {
    let keys = |words: &[TimedWord]| words.iter().map(|w| bare(&w.text)).collect::<Vec<_>>();
    let (a_keys, b_keys) = (keys(a), keys(b));
    let same = matches(a, b, |i, j| likeness(&a_keys[i], &b_keys[j]) >= LIKENESS_MIN);
    // A long utterance of one track may span several of another, so the shorter one decides, by
    // what of it lies within the longer.
    let within = |a: &[TimedWord], b: &[TimedWord]| {
        let (Some(first), Some(last)) = (b.first(), b.last()) else { return 0 };
        a.iter().filter(|w| w.end.0 >= first.start.0 && w.start.0 <= last.end.0).count()
    };
    let shorter = within(a, b).min(within(b, a)).max(1);
    same > 0 && same as f64 >= SHARE_MIN * shorter as f64
}

/// The most words of `a` and `b` that can be paired in order, each pair alike and at one time;
/// `is_alike` takes their numbers.
fn matches(a: &[TimedWord], b: &[TimedWord], is_alike: impl Fn(usize, usize) -> bool) -> usize {
    let mut row = vec![0_usize; b.len() + 1];
    for (i, one) in a.iter().enumerate() {
        let mut diagonal = 0;
        for (j, other) in b.iter().enumerate() {
            let above = row[j + 1];
            let is_pair = apart_s(one, other) <= APART_S && is_alike(i, j);
            row[j + 1] = above.max(row[j]).max(if is_pair { diagonal + 1 } else { 0 });
            diagonal = above;
        }
    }
    row[b.len()]
}

/// Between the middles of two words, seconds.
fn apart_s(a: &TimedWord, b: &TimedWord) -> f64 {
    let middle = |w: &TimedWord| w.start.0 as f64 / 2.0 + w.end.0 as f64 / 2.0;
    (middle(a) - middle(b)).abs() / 1e9
}

/// A place in the speech: what each track has there.
struct Slot<'a> {
    words: Vec<Option<&'a TimedWord>>,
    /// The middle of the first word that came here, nanoseconds.
    at_ns: i64,
    /// Which utterance of the best track it came with, to cut the speech as that was.
    cut: usize,
}

/// Tells the speech of a group of utterances, cut as the track has it that understood it best.
fn tell(tracks: &[Track], group: &[(usize, usize)]) -> Vec<Told> {
    let members = members_of(tracks, group);
    let mut told: Vec<Told> = if members.len() == 1 {
        together(members)
    } else {
        at_pauses(&members).into_iter().flat_map(together).collect()
    };
    if told.is_empty() {
        // Nobody was sure of anything. Then what one of them wrote is better than nothing.
        let best = members_of(tracks, group).into_iter().max_by(by_understood);
        told = best.map_or_else(Vec::new, |best| together(vec![best]));
    }
    for &(track, number) in group {
        attribute(&mut told, (track, number), &tracks[track].utterances[number]);
    }
    for one in &mut told {
        one.from.sort_unstable();
    }
    told
}

fn members_of<'a>(tracks: &'a [Track], group: &[(usize, usize)]) -> Vec<Member<'a>> {
    let mut members: Vec<Member> = Vec::new();
    for &(track, number) in group {
        let words = &tracks[track].utterances[number];
        match members.iter_mut().find(|member| member.track == track) {
            Some(member) => member.take(number, words),
            None => members.push(Member::new(track, number, words)),
        }
    }
    members
}

/// Who understood more: the number of words that are right, as far as the recogniser knows.
fn by_understood(a: &Member, b: &Member) -> Ordering {
    a.understood().total_cmp(&b.understood()).then(b.track.cmp(&a.track))
}

/// The members' words between two moments at which all of them pause. No word before such a pause can be one
/// with a word after it, so nothing is lost, and laying words over each other stays cheap however long people talk.
fn at_pauses<'a>(members: &[Member<'a>]) -> Vec<Vec<Member<'a>>> {
    let mut all: Vec<(&TimedWord, usize, usize)> = Vec::new();
    for (place, member) in members.iter().enumerate() {
        all.extend(member.words.iter().map(|&(word, number)| (word, number, place)));
    }
    all.sort_by_key(|(word, _, place)| (word.start.0, *place));
    let mut parts: Vec<Vec<Member>> = Vec::new();
    let mut rest = all.as_slice();
    while !rest.is_empty() {
        let (part, after) = rest.split_at(to_pause(rest));
        rest = after;
        let mut split: Vec<Member> = Vec::new();
        for &(word, number, place) in part {
            let track = members[place].track;
            match split.iter_mut().find(|member| member.track == track) {
                Some(member) => member.words.push((word, number)),
                None => split.push(Member { track, words: vec![(word, number)] }),
            }
        }
        parts.push(split);
    }
    parts
}

/// How many of the words, which are in order, come before the first pause of all; of very many without one, those
/// before the longest.
fn to_pause(words: &[(&TimedWord, usize, usize)]) -> usize {
    let mut end_ns = i64::MIN;
    let (mut longest_ns, mut at_longest) = (i64::MIN, words.len());
    for (n, (word, ..)) in words.iter().enumerate() {
        let pause_ns = word.start.0.saturating_sub(end_ns);
        if n > 0 && pause_ns as f64 >= APART_S * 1e9 {
            return n;
        }
        if n >= WORDS_AT_ONCE {
            return at_longest;
        }
        // Not so near to the beginning that the next part is as long again.
        if n > WORDS_AT_ONCE / 4 && pause_ns > longest_ns {
            (longest_ns, at_longest) = (pause_ns, n);
        }
        end_ns = end_ns.max(word.end.0);
    }
    words.len()
}

/// Tells what the members have between two pauses.
fn together(mut members: Vec<Member>) -> Vec<Told> {
    members.sort_by(|a, b| by_understood(b, a));
    let mut slots: Vec<Slot> = Vec::new();
    for (place, member) in members.iter().enumerate() {
        lay_over(&mut slots, member, place, members.len());
    }
    let weights: Vec<f32> = members.iter().map(Member::weight).collect();
    let elected: Vec<(usize, ToldWord)> = slots
        .iter()
        .filter_map(|slot| Some((slot.cut, elect(slot, &members, &weights)?)))
        .collect();
    let best = members[0].track;
    let mut told: Vec<(usize, Told)> = Vec::new();
    for (cut, word) in elected {
        match told.last_mut() {
            Some((last, told)) if *last == cut => told.words.push(word),
            _ => told.push((cut, Told { best, from: Vec::new(), words: vec![word] })),
        }
    }
    told.into_iter().map(|(_, told)| told).collect()
}

/// Says of an utterance which of the told ones it went into: those whose time it shares, or else
/// the nearest.
fn attribute(told: &mut [Told], from: (usize, usize), words: &[TimedWord]) {
    let (start, end) = span(words);
    let beyond = |one: &Told| {
        let (first, last) = (one.words[0].word.start.0, one.words[one.words.len() - 1].word.end.0);
        (first - end).max(start - last)
    };
    let Some(least) = told.iter().map(beyond).min() else { return };
    for one in told.iter_mut() {
        let is_within = beyond(one) < 0;
        if is_within || (least >= 0 && beyond(one) == least) {
            one.from.push(from);
        }
    }
}

fn span(words: &[TimedWord]) -> (i64, i64) {
    let end = words.iter().map(|word| word.end.0).max().unwrap_or(0);
    (words.first().map_or(0, |word| word.start.0), end)
}

/// What one track has in a group.
struct Member<'a> {
    track: usize,
    words: Vec<(&'a TimedWord, usize)>,
}

impl<'a> Member<'a> {
    fn new(track: usize, number: usize, words: &'a [TimedWord]) -> Self {
        let mut member = Self { track, words: Vec::new() };
        member.take(number, words);
        member
    }

    fn take(&mut self, number: usize, words: &'a [TimedWord]) {
        self.words.extend(words.iter().map(|word| (word, number)));
        self.words.sort_by_key(|(word, _)| word.start.0);
    }

    fn understood(&self) -> f32 {
        self.words.iter().map(|(word, _)| word.confidence).sum()
    }

    /// How much its word counts: a recording that is unsure of all it heard is wrong more often
    /// than it knows.
    fn weight(&self) -> f32 {
        let mean = self.understood() / self.words.len().max(1) as f32;
        mean * mean
    }

    /// Whether it wrote something before and after, or around, a moment.
    fn is_listening(&self, at_ns: i64) -> bool {
        let first = self.words.first().is_some_and(|(word, _)| word.start.0 <= at_ns);
        first && self.words.last().is_some_and(|(word, _)| word.end.0 >= at_ns)
    }
}

/// The costs of laying one word over another, in words.
const COST_OTHER: f64 = 1.0;
const COST_ALONE: f64 = 0.7;
/// What it costs that two words are [`APART_S`] apart.
const COST_APART: f64 = 0.3;

/// Lays the words of a member over the slots so that as many as possible agree, by dynamic
/// programming; words that fit nowhere become slots of their own.
fn lay_over<'a>(slots: &mut Vec<Slot<'a>>, member: &Member<'a>, place: usize, of: usize) {
    let (n, m) = (slots.len(), member.words.len());
    let width = m + 1;
    let mut cost = vec![f64::INFINITY; (n + 1) * width];
    for i in 0..=n {
        for j in 0..=m {
            let mut best = if i + j == 0 { 0.0 } else { f64::INFINITY };
            if i > 0 {
                best = best.min(cost[(i - 1) * width + j] + COST_ALONE);
            }
            if j > 0 {
                best = best.min(cost[i * width + j - 1] + COST_ALONE);
            }
            if i > 0 && j > 0 {
                let over = cost_over(&slots[i - 1], member.words[j - 1].0);
                best = best.min(cost[(i - 1) * width + j - 1] + over);
            }
            cost[i * width + j] = best;
        }
    }
    let mut old: Vec<Slot> = std::mem::take(slots);
    let (mut i, mut j) = (n, m);
    while i + j > 0 {
        let here = cost[i * width + j];
        let is = |value: f64| (value - here).abs() < 1e-9;
        if i > 0 && j > 0 {
            let word = member.words[j - 1].0;
            let over = cost_over(&old[i - 1], word);
            if over.is_finite() && is(cost[(i - 1) * width + j - 1] + over) {
                let mut slot = old.remove(i - 1);
                slot.words[place] = Some(word);
                slots.push(slot);
                (i, j) = (i - 1, j - 1);
                continue;
            }
        }
        if j > 0 && is(cost[i * width + j - 1] + COST_ALONE) {
            let (word, number) = member.words[j - 1];
            let mut words = vec![None; of];
            words[place] = Some(word);
            // It is cut with its neighbour before, as the best track cut that; the first track's
            // own cuts are those that count.
            let cut = if place == 0 { number } else { neighbour(&old, i) };
            let at_ns = word.start.0 / 2 + word.end.0 / 2;
            slots.push(Slot { words, at_ns, cut });
            j -= 1;
        } else {
            slots.push(old.remove(i - 1));
            i -= 1;
        }
    }
    slots.reverse();
}

/// The cut of the slot before `at`, or of the first.
fn neighbour(slots: &[Slot], at: usize) -> usize {
    slots.get(at.saturating_sub(1)).or(slots.first()).map_or(0, |slot| slot.cut)
}

fn cost_over(slot: &Slot, word: &TimedWord) -> f64 {
    let own = bare(&word.text);
    let mut best = f64::INFINITY;
    for other in slot.words.iter().flatten() {
        let apart = apart_s(other, word);
        if apart > APART_S {
            continue;
        }
        let unlike = COST_OTHER * (1.0 - likeness(&bare(&other.text), &own));
        best = best.min(unlike + COST_APART * apart / APART_S);
    }
    best
}

/// 1 for the same letters, 0 for none in common: pairs of letters that are in both (Dice 1945).
fn likeness(a: &str, b: &str) -> f64 {
    if a == b {
        return 1.0;
    }
    let pairs = |text: &str| -> Vec<(char, char)> {
        let letters: Vec<char> = text.chars().collect();
        letters.windows(2).map(|pair| (pair[0], pair[1])).collect()
    };
    let (a, mut b) = (pairs(a), pairs(b));
    let all = a.len() + b.len();
    if all == 0 {
        return 0.0;
    }
    let mut both = 0;
    for pair in a {
        if let Some(at) = b.iter().position(|other| *other == pair) {
            b.swap_remove(at);
            both += 1;
        }
    }
    2.0 * f64::from(both) / all as f64
}

/// The word that most can answer for at a place; nothing if that is silence.
fn elect(slot: &Slot, members: &[Member], weights: &[f32]) -> Option<ToldWord> {
    let mut candidates: Vec<(String, f32)> = Vec::new();
    let mut silence = 0.0;
    for (place, word) in slot.words.iter().enumerate() {
        match word {
            Some(word) => {
                let (own, votes) = (bare(&word.text), word.confidence * weights[place]);
                match candidates.iter_mut().find(|(key, _)| *key == own) {
                    Some((_, sum)) => *sum += votes,
                    None => candidates.push((own, votes)),
                }
            }
            None if members[place].is_listening(slot.at_ns) => silence += SILENCE * weights[place],
            None => {}
        }
    }
    // Of two with the same votes the one that the better track has, which came first.
    let most = candidates.iter().map(|(_, votes)| *votes).fold(f32::NEG_INFINITY, f32::max);
    let (winner, _) = candidates.into_iter().find(|(_, votes)| *votes >= most)?;
    if silence > most {
        return None;
    }
    let has = |place: &usize| slot.words[*place].is_some_and(|word| bare(&word.text) == winner);
    // Its time and its form are those of whom it was clearest to.
    let votes = |place: usize| slot.words[place].map_or(0.0, |w| w.confidence * weights[place]);
    let place = (0..members.len())
        .filter(has)
        .max_by(|&a, &b| votes(a).total_cmp(&votes(b)).then(b.cmp(&a)))?;
    let mut others: Vec<(usize, Heard)> = Vec::new();
    for (other, word) in slot.words.iter().enumerate().filter(|(other, _)| *other != place) {
        let heard = match word {
            Some(word) if bare(&word.text) == winner => Heard::Same,
            Some(word) => Heard::Other(word.text.clone()),
            None if members[other].is_listening(slot.at_ns) => Heard::Nothing,
            None => continue,
        };
        others.push((members[other].track, heard));
    }
    others.sort_by_key(|(track, _)| *track);
    Some(ToldWord { word: slot.words[place]?.clone(), track: members[place].track, others })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words from 1 s on, three a second; `word?` is one that the recogniser was unsure of.
    fn said(from_s: f64, text: &str) -> Vec<TimedWord> {
        let at = |s: f64| CaseTime((s * 1e9) as i64);
        let word = |(n, text): (usize, &str)| {
            let start = from_s + n as f64 / 3.0;
            let unsure = text.ends_with('?');
            let text = text.trim_end_matches('?').to_owned();
            let confidence = if unsure { 0.4 } else { 0.9 };
            TimedWord { text, start: at(start), end: at(start + 0.3), confidence }
        };
        text.split_whitespace().enumerate().map(word).collect()
    }

    fn track(utterances: &[(f64, &str)]) -> Track {
        Track { utterances: utterances.iter().map(|(at, text)| said(*at, text)).collect() }
    }

    fn texts(told: &[Told]) -> Vec<String> {
        let text = |told: &Told| {
            told.words.iter().map(|w| w.word.text.as_str()).collect::<Vec<_>>().join(" ")
        };
        told.iter().map(text).collect()
    }

    #[test]
    fn each_mishears_another_word_and_together_they_have_it() {
        let tracks = [
            track(&[(1.0, "I declare the bristle? cold")]),
            track(&[(1.05, "I declare the pistol called?")]),
            track(&[(0.98, "I compare? the pistol cold")]),
        ];
        let told = share(&tracks);
        assert_eq!(texts(&told), ["I declare the pistol cold"]);
        assert_eq!(told[0].from, [(0, 0), (1, 0), (2, 0)]);
        let pistol = &told[0].words[3];
        assert!(pistol.others.contains(&(0, Heard::Other("bristle".to_owned()))), "{pistol:?}");
        let declare = &told[0].words[1];
        assert!(declare.others.iter().any(|(_, heard)| *heard == Heard::Same), "{declare:?}");
    }

    #[test]
    fn a_nearer_microphone_fills_what_one_missed() {
        let far = track(&[(1.0, "who has"), (4.0, "pistol")]);
        let near = track(&[(1.0, "who has the key to the rehearsal pistol then")]);
        let told = share(&[far, near]);
        assert_eq!(texts(&told), ["who has the key to the rehearsal pistol then"]);
        assert_eq!(told[0].best, 1);
        assert!(told[0].words[4].others.iter().all(|(_, heard)| *heard == Heard::Nothing));
    }

    #[test]
    fn what_is_said_at_one_time_in_two_places_stays_two() {
        let stage = track(&[(1.0, "quiet please this is a rehearsal")]);
        let call = track(&[(1.2, "what is the address of your emergency")]);
        assert_eq!(share(&[stage, call]).len(), 2);
    }

    #[test]
    fn the_same_words_at_another_time_are_another_utterance() {
        let early = track(&[(1.0, "please keep the doors clear")]);
        let late = track(&[(9.0, "please keep the doors clear")]);
        assert_eq!(share(&[early, late]).len(), 2);
    }

    #[test]
    fn a_word_that_one_alone_is_unsure_of_is_not_told() {
        let sure = track(&[(1.0, "cold gun on set")]);
        let mut unsure = track(&[(1.0, "cold gun uh? on set")]);
        // It is short, and the others left the room for it.
        for (word, at) in unsure.utterances[0][3..].iter_mut().zip(&sure.utterances[0][2..]) {
            (word.start, word.end) = (at.start, at.end);
        }
        let tracks = [sure.clone(), sure, unsure];
        assert_eq!(texts(&share(&tracks)), ["cold gun on set"]);
    }

    #[test]
    fn two_sentences_that_another_ran_together_stay_two() {
        let good = track(&[(1.0, "is it cold"), (2.5, "yes it is cold")]);
        let mut run_on = said(1.0, "is it cold");
        run_on.extend(said(2.5, "yes? is? cold?"));
        let told = share(&[good, Track { utterances: vec![run_on] }]);
        assert_eq!(texts(&told), ["is it cold", "yes it is cold"]);
        assert!(told.iter().all(|told| told.from.contains(&(1, 0))));
    }

    #[test]
    fn what_one_alone_heard_is_told_as_it_heard_it() {
        let alone = track(&[(1.0, "maybe? nobody? knows?"), (5.0, "this")]);
        let told = share(&[Track::default(), alone.clone()]);
        assert_eq!(texts(&told), ["maybe nobody knows", "this"]);
        assert!(told.iter().all(|told| told.best == 1 && told.words[0].others.is_empty()));
        assert_eq!(share(&[]).len(), 0);
    }

    mod any {
        use super::*;
        use proptest::prelude::*;

        fn tracks() -> impl Strategy<Value = Vec<Track>> {
            let word = (0..5_u8, 0..4000_i64, 1..600_i64, 0.0..1.0_f32);
            let words = proptest::collection::vec(word, 0..8);
            let utterances = proptest::collection::vec(words, 0..4);
            proptest::collection::vec(utterances, 0..4).prop_map(|tracks| {
                let word = |(text, at, lasts, confidence): (u8, i64, i64, f32)| TimedWord {
                    text: char::from(b'a' + text).to_string().repeat(3),
                    start: CaseTime(at * 1_000_000),
                    end: CaseTime((at + lasts) * 1_000_000),
                    confidence,
                };
                let utterance = |words: Vec<_>| {
                    let mut words: Vec<TimedWord> = words.into_iter().map(word).collect();
                    words.sort_by_key(|word| word.start.0);
                    words
                };
                let track =
                    |all: Vec<_>| Track { utterances: all.into_iter().map(utterance).collect() };
                tracks.into_iter().map(track).collect()
            })
        }

        proptest! {
            #[test]
            fn every_word_told_was_heard_and_every_utterance_is_accounted_for(tracks in tracks()) {
                let told = share(&tracks);
                for one in &told {
                    for word in &one.words {
                        let heard = tracks[word.track].utterances.iter().flatten();
                        prop_assert!(heard.into_iter().any(|heard| *heard == word.word));
                    }
                }
                for (n, track) in tracks.iter().enumerate() {
                    for (u, words) in track.utterances.iter().enumerate() {
                        let is_told = told.iter().any(|told| told.from.contains(&(n, u)));
                        prop_assert!(words.is_empty() || is_told);
                    }
                }
            }

            #[test]
            fn one_track_alone_loses_nothing(tracks in tracks()) {
                for track in tracks.into_iter().take(1) {
                    let words: usize = track.utterances.iter().map(Vec::len).sum();
                    let told = share(&[track]);
                    prop_assert_eq!(told.iter().map(|told| told.words.len()).sum::<usize>(), words);
                }
            }

            #[test]
            fn a_track_that_heard_all_the_same_changes_no_word(tracks in tracks()) {
                for track in tracks.into_iter().take(1) {
                    let alone = share(std::slice::from_ref(&track));
                    let both = share(&[track.clone(), track]);
                    let words = |told: &[Told]| -> usize { told.iter().map(|t| t.words.len()).sum() };
                    prop_assert_eq!(words(&both), words(&alone));
                }
            }
        }
    }
}
