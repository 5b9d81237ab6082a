//! Which voice speaks when, within one recording.
//!
//! In: pieces of speech, of which prints are made. Out: a number for the voice of each, and the print of
//! each voice. Method: prints that are alike are put together, the most alike first, by the mean
//! likeness of all with all (average linkage; nearest-neighbour chains, Murtagh 1983), down to a
//! likeness of [`ALIKE`]. A voice that was heard once only is taken for the one it is most like:
//! more often it is a cough or two voices at once than somebody.
//! Cost: the square of the number of prints; so long recordings are gone through in parts of
//! [`AT_ONCE`], and the voices of the parts put together likewise.

use evidence::MediaTime;

use crate::voiceprint::{NUMBERS, Print, Printer, SAMPLES, direction, likeness};
use crate::windows::Piece;
use crate::{Error, RATE_HZ, media_time};

/// How alike two voices are on average to be one person's. Between what one voice usually is to
/// itself across a second and a half (0.75) and what two are to each other (0.3).
pub const ALIKE: f32 = 0.5;

/// Samples between the beginnings of two prints.
const STEP: usize = RATE_HZ as usize * 3 / 4;

/// Prints that are compared with each other at once: 25 minutes of speech.
const AT_ONCE: usize = 2000;

/// A stretch of speech and what its voice sounds like.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// Where it begins.
    pub start: MediaTime,
    /// Where it ends.
    pub end: MediaTime,
    /// The voice.
    pub print: Print,
}

/// The voices of a recording.
#[derive(Clone, Debug, Default)]
pub struct Voices {
    /// For each stretch, which voice.
    pub of: Vec<usize>,
    /// For each voice, its print.
    pub prints: Vec<Print>,
}

/// What the voices in a piece sound like, each second and a half of them.
///
/// # Errors
/// [`Error::Failed`], [`Error::Stopped`].
pub fn hear(
    printer: &Printer,
    piece: &Piece,
    stop: &dyn Fn() -> bool,
) -> Result<Vec<Stretch>, Error> {
    let (first, after) = piece.voice;
    let mut stretches = Vec::new();
    for start in starts(first, after) {
        if stop() {
            return Err(Error::Stopped);
        }
        let end = after.min(start + SAMPLES);
        if let Some(print) = printer.print(&piece.samples[start..end])? {
            let at = |sample: usize| media_time(piece.start + sample as u64);
            stretches.push(Stretch { start: at(start), end: at(end), print });
        }
    }
    Ok(stretches)
}

/// Where prints begin that cover a voice from one sample to another: every three quarters of a second, and one that
/// ends with it.
fn starts(first: usize, after: usize) -> Vec<usize> {
    let mut starts: Vec<usize> =
        (first..).step_by(STEP).take_while(|start| start + SAMPLES <= after).collect();
    let last = after.saturating_sub(SAMPLES).max(first);
    if starts.last().is_none_or(|start| last - start > STEP / 3) {
        starts.push(last);
    }
    starts
}

/// Tells the voices of `stretches` apart; they are numbered in the order in which they are first heard.
pub fn tell_apart(stretches: &[Stretch]) -> Voices {
    let parts: Vec<Voices> = stretches
        .chunks(AT_ONCE)
        .map(|part| {
            let prints: Vec<Print> = part.iter().map(|stretch| stretch.print).collect();
            voices_of(&prints, &together(&prints, ALIKE))
        })
        .collect();
    let prints: Vec<Print> = parts.iter().flat_map(|part| part.prints.clone()).collect();
    let joined =
        if parts.len() > 1 { together(&prints, ALIKE) } else { (0..prints.len()).collect() };
    let mut before = 0;
    let mut of = Vec::with_capacity(stretches.len());
    for part in &parts {
        of.extend(part.of.iter().map(|voice| joined[before + voice]));
        before += part.prints.len();
    }
    let all: Vec<Print> = stretches.iter().map(|stretch| stretch.print).collect();
    let of = without_strays(&all, &of);
    voices_of(&all, &of)
}

/// Numbers groups in the order of their first member, and takes their means.
fn voices_of(prints: &[Print], groups: &[usize]) -> Voices {
    let mut order: Vec<usize> = Vec::new();
    let of: Vec<usize> = groups
        .iter()
        .map(|group| {
            order.iter().position(|known| known == group).unwrap_or_else(|| {
                order.push(*group);
                order.len() - 1
            })
        })
        .collect();
    let mut sums = vec![[0.0; NUMBERS]; order.len()];
    for (print, voice) in prints.iter().zip(&of) {
        sums[*voice].iter_mut().zip(print).for_each(|(sum, number)| *sum += number);
    }
    Voices { of, prints: sums.into_iter().map(direction).collect() }
}

/// Gives what was heard once only to the voice it is most like.
fn without_strays(prints: &[Print], of: &[usize]) -> Vec<usize> {
    let count = |voice: usize| of.iter().filter(|one| **one == voice).count();
    let mut voices = of.to_vec();
    voices.sort_unstable();
    voices.dedup();
    let known: Vec<usize> = voices.into_iter().filter(|voice| count(*voice) > 1).collect();
    let means: Vec<(usize, Print)> = known
        .iter()
        .map(|voice| {
            let mut sum = [0.0; NUMBERS];
            for (print, _) in prints.iter().zip(of).filter(|(_, one)| *one == voice) {
                sum.iter_mut().zip(print).for_each(|(sum, number)| *sum += number);
            }
            (*voice, direction(sum))
        })
        .collect();
    let nearest = |print: &Print| {
        means.iter().max_by(|a, b| likeness(&a.1, print).total_cmp(&likeness(&b.1, print)))
    };
    of.iter()
        .zip(prints)
        .map(|(voice, print)| match nearest(print) {
            Some((near, _)) if !known.contains(voice) => *near,
            _ => *voice,
        })
        .collect()
}

/// Puts together what is alike on average by at least `alike`; returns the group of each, named by one of its members.
pub(crate) fn together(prints: &[Print], alike: f32) -> Vec<usize> {
    let count = prints.len();
    let mut near = vec![0.0_f32; count * count];
    for a in 0..count {
        for b in 0..a {
            let likeness = likeness(&prints[a], &prints[b]);
            (near[a * count + b], near[b * count + a]) = (likeness, likeness);
        }
    }
    linked(near, vec![1.0; count], alike)
}

/// Average linkage over the likenesses `near` of things that weigh so much each.
pub(crate) fn linked(mut near: Vec<f32>, mut weight: Vec<f32>, alike: f32) -> Vec<usize> {
    let count = weight.len();
    let mut group: Vec<usize> = (0..count).collect();
    let mut is_there = vec![true; count];
    let mut chain: Vec<usize> = Vec::new();
    loop {
        if chain.is_empty() {
            let Some(first) = is_there.iter().position(|there| *there) else { break };
            chain.push(first);
        }
        let last = chain[chain.len() - 1];
        let before = chain.len().checked_sub(2).map(|at| chain[at]);
        let row = &near[last * count..(last + 1) * count];
        let others = || (0..count).filter(|other| is_there[*other] && *other != last);
        let best = others().max_by(|a, b| row[*a].total_cmp(&row[*b]).then(b.cmp(a)));
        let Some(mut best) = best else { break };
        // Of equals, the one it came from: else the chain would go round.
        if let Some(before) = before.filter(|before| row[*before] >= row[best]) {
            best = before;
        }
        if row[best] < alike {
            // It is like nothing any more, and nothing is likest to it that would be put to it.
            is_there[last] = false;
            chain.pop();
            continue;
        }
        if Some(best) != before {
            chain.push(best);
            continue;
        }
        chain.truncate(chain.len() - 2);
        let (kept, gone) = (best.min(last), best.max(last));
        for other in 0..count {
            let mean = (weight[kept] * near[kept * count + other]
                + weight[gone] * near[gone * count + other])
                / (weight[kept] + weight[gone]);
            (near[kept * count + other], near[other * count + kept]) = (mean, mean);
        }
        weight[kept] += weight[gone];
        is_there[gone] = false;
        group.iter_mut().filter(|one| **one == gone).for_each(|one| *one = kept);
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A print near the direction `of`, off it by `off`.
    fn print(of: usize, off: usize) -> Print {
        let mut numbers = [0.0; NUMBERS];
        numbers[of] = 1.0;
        numbers[100 + off] = 0.5;
        direction(numbers)
    }

    fn stretches(voices: &[usize]) -> Vec<Stretch> {
        let at = |n: usize| MediaTime::from_seconds(n as f64);
        let stretch = |(n, of): (usize, &usize)| Stretch {
            start: at(n),
            end: at(n + 1),
            print: print(*of, n % 90),
        };
        voices.iter().enumerate().map(stretch).collect()
    }

    #[test]
    fn voices_are_numbered_as_they_are_first_heard() {
        let voices = tell_apart(&stretches(&[7, 7, 3, 7, 3, 3, 9, 9]));
        assert_eq!(voices.of, [0, 0, 1, 0, 1, 1, 2, 2]);
        assert!(likeness(&voices.prints[1], &print(3, 0)) > 0.8);
        assert!(tell_apart(&[]).of.is_empty());
    }

    #[test]
    fn what_was_heard_once_is_no_voice_of_its_own_unless_nobody_else_speaks() {
        assert_eq!(tell_apart(&stretches(&[1, 1, 1, 5, 1])).of, [0; 5]);
        assert_eq!(tell_apart(&stretches(&[5])).of, [0]);
        assert_eq!(tell_apart(&stretches(&[5, 6])).of, [0, 1]);
    }

    #[test]
    fn a_long_recording_has_the_voices_of_its_parts() {
        let talk: Vec<usize> = (0..2 * AT_ONCE + 10).map(|n| n / 7 % 3).collect();
        assert_eq!(tell_apart(&stretches(&talk)).of, talk);
    }

    /// Average linkage as its definition says it: the most alike pair first, over and over.
    fn by_definition(prints: &[Print], alike: f32) -> Vec<usize> {
        let mut groups: Vec<Vec<usize>> = (0..prints.len()).map(|n| vec![n]).collect();
        loop {
            let mean = |a: &[usize], b: &[usize]| {
                let all =
                    a.iter().flat_map(|a| b.iter().map(|b| likeness(&prints[*a], &prints[*b])));
                all.sum::<f32>() / (a.len() * b.len()) as f32
            };
            let pairs = (0..groups.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
            let best = pairs
                .map(|(a, b)| (mean(&groups[a], &groups[b]), a, b))
                .max_by(|x, y| x.0.total_cmp(&y.0));
            match best {
                Some((mean, a, b)) if mean >= alike => {
                    let gone = groups.remove(b);
                    groups[a].extend(gone);
                }
                _ => break,
            }
        }
        let mut of = vec![0; prints.len()];
        for group in &groups {
            for n in group {
                of[*n] = *group.iter().min().unwrap_or(n);
            }
        }
        of
    }

    proptest! {
        #[test]
        fn groups_are_those_of_the_definition(
            numbers in prop::collection::vec(prop::collection::vec(-1.0_f32..1.0, 4), 1..14),
            alike in -0.5_f32..0.9,
        ) {
            let prints: Vec<Print> = numbers
                .iter()
                .map(|few| {
                    let mut print = [0.0; NUMBERS];
                    print[..4].copy_from_slice(few);
                    direction(print)
                })
                .collect();
            let groups = together(&prints, alike);
            let named: Vec<usize> = groups
                .iter()
                .map(|group| groups.iter().position(|other| other == group).unwrap())
                .collect();
            prop_assert_eq!(named, by_definition(&prints, alike));
        }
    }
}
