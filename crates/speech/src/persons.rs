//! Which voices of different recordings are one person's.
//!
//! In: the voices of each recording: what they sound like, when they speak on the common clock,
//! and who a person says they are. Out: a number for the person behind each. Method: average
//! linkage, as within a recording (`voices`), over a likeness of three parts:
//! - how alike they sound;
//! - whether they speak at the same moments of one clock: two microphones that heard one mouth
//!   agree in that as no two persons do, however different they sound. What was heard together
//!   counts as much as a likeness of [`TOGETHER`];
//! - what persons said: voices with one name are one person, voices with two names are two.
//!
//! It is a proposal, as everything about voices: only what a person named is certain.

use std::collections::BTreeMap;

use evidence::Voiceprint;

use crate::voices::linked;

/// How alike two voices are on average to be one person's: less than within a recording, as
/// microphones and rooms differ.
pub const ALIKE: f32 = 0.45;

/// What speaking at the same moments, all of the time, adds to a likeness.
const TOGETHER: f32 = 0.6;

/// Of the time that the one who speaks less speaks, the share below which it is chance that the
/// other speaks too: people talk over each other.
const TOGETHER_SHARE_MIN: f64 = 0.4;

/// Seconds that both must speak for this to be looked at.
const TOGETHER_S_MIN: f64 = 2.0;

/// More than any likeness: what a person said goes before what anything sounds like.
const CERTAIN: f32 = 1e6;

/// One voice of one recording.
#[derive(Clone, Debug)]
pub struct Voice {
    /// What it sounds like.
    pub print: Voiceprint,
    /// Which clock the recording is on; nothing if it is on none.
    pub clock: Option<u32>,
    /// When it speaks, seconds on that clock: begin and end, in order and apart.
    pub speaks: Vec<(f64, f64)>,
    /// Who it is, where a person said so.
    pub name: Option<String>,
}

/// The person behind each voice, numbered in the order of `voices`.
pub fn persons(voices: &[Voice], are_matched: bool) -> Vec<usize> {
    let count = voices.len();
    let mut near = vec![0.0_f32; count * count];
    for a in 0..count {
        for b in 0..a {
            let alike = likeness(&voices[a], &voices[b], are_matched);
            (near[a * count + b], near[b * count + a]) = (alike, alike);
        }
    }
    let mut groups = linked(near, vec![1.0; count], ALIKE);
    // One name is one person, and that says nothing of how anybody else sounds: so it comes last.
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    for (n, voice) in voices.iter().enumerate() {
        let Some(name) = &voice.name else { continue };
        let (to, from) = (*named.entry(name).or_insert(groups[n]), groups[n]);
        groups.iter_mut().filter(|group| **group == from).for_each(|group| *group = to);
    }
    let mut numbers = BTreeMap::new();
    groups
        .into_iter()
        .map(|group| {
            let next = numbers.len();
            *numbers.entry(group).or_insert(next)
        })
        .collect()
}

fn likeness(a: &Voice, b: &Voice, are_matched: bool) -> f32 {
    match (&a.name, &b.name) {
        (Some(a), Some(b)) if a != b => return -CERTAIN,
        _ if !are_matched => return -1.0,
        _ => {}
    }
    let sound = a.print.likeness(&b.print);
    if a.clock.is_none() || a.clock != b.clock {
        return sound;
    }
    let total_s = |voice: &Voice| voice.speaks.iter().map(|(start, end)| end - start).sum::<f64>();
    let less_s = total_s(a).min(total_s(b));
    if less_s < TOGETHER_S_MIN {
        return sound;
    }
    let share = both_s(&a.speaks, &b.speaks) / less_s;
    if share < TOGETHER_SHARE_MIN { sound } else { sound + TOGETHER * share.min(1.0) as f32 }
}

/// Seconds in which both speak.
fn both_s(a: &[(f64, f64)], b: &[(f64, f64)]) -> f64 {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut both_s = 0.0;
    while let (Some(left), Some(right)) = (a.peek(), b.peek()) {
        both_s += (left.1.min(right.1) - left.0.max(right.0)).max(0.0);
        if left.1 < right.1 {
            a.next();
        } else {
            b.next();
        }
    }
    both_s
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(sounds: usize, speaks: &[(f64, f64)], name: Option<&str>) -> Voice {
        let mut numbers = [0; Voiceprint::NUMBERS];
        numbers[sounds] = 100;
        let name = name.map(str::to_owned);
        Voice { print: Voiceprint(numbers), clock: Some(0), speaks: speaks.to_vec(), name }
    }

    #[test]
    fn what_speaks_at_the_same_moments_is_one_person_however_it_sounds() {
        let near = voice(1, &[(0.0, 2.0), (5.0, 8.0)], None);
        let far = voice(2, &[(0.1, 2.1), (5.0, 7.9)], None);
        let other = voice(3, &[(2.1, 5.0), (7.9, 9.0)], None);
        assert_eq!(persons(&[near.clone(), far.clone(), other.clone()], true), [0, 0, 1]);
        // On two clocks, the same seconds are not the same moments.
        let elsewhere = Voice { clock: Some(1), ..far.clone() };
        assert_eq!(persons(&[near.clone(), elsewhere, other], true), [0, 1, 2]);
        let nowhere = |voice: &Voice| Voice { clock: None, ..voice.clone() };
        assert_eq!(persons(&[nowhere(&near), nowhere(&far)], true), [0, 1]);
    }

    #[test]
    fn a_voice_is_known_again_on_another_day() {
        let there = Voice { clock: Some(7), ..voice(1, &[(0.0, 9.0)], None) };
        assert_eq!(persons(&[voice(1, &[], None), voice(2, &[], None), there], true), [0, 1, 0]);
    }

    #[test]
    fn what_a_person_says_goes_before_what_anything_sounds_like() {
        let [ines, also_ines] = [1, 2].map(|sounds| voice(sounds, &[], Some("Ines")));
        let mara = voice(1, &[], Some("Mara"));
        let unknown = voice(1, &[], None);
        let found = persons(&[ines.clone(), also_ines.clone(), mara.clone(), unknown], true);
        assert_eq!(found[0], found[1]);
        assert_ne!(found[0], found[2]);
        // Many that sound like both do not bring two names together.
        let mut many = vec![voice(1, &[], None); 40];
        many.extend([ines.clone(), mara]);
        let found = persons(&many, true);
        assert_ne!(found[40], found[41]);
        // Names bring voices together where matching is off, and nothing else does.
        let three = [ines, also_ines, voice(1, &[], None)];
        assert_eq!(persons(&three, false), [0, 0, 1]);
    }
}
