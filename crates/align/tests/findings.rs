//! What is known of pairs from before changes no result, whatever came to the case in which order.

mod scene;

use align::{Alignment, Findings, Heard, Recording, synchronise, synchronise_knowing};
use scene::{Dice, Patient, RATE, hear, record, recording, talk};

/// Recorders of one incident, one of them paused, a clip out of one, a stranger, two of another
/// incident, and a clip out of one of these that runs at another speed.
fn sounds() -> Vec<Vec<f32>> {
    let (scene, other) = (talk(31, 120.0), talk(32, 80.0));
    let mut sounds: Vec<Vec<f32>> = [(3.0, 20.0), (11.0, -35.0), (24.0, 5.0), (40.0, 0.0)]
        .map(|(start_s, drift_ppm)| record(&scene, start_s, 70.0, drift_ppm, 0.05))
        .to_vec();
    let second = |s: f64| (s * RATE) as usize;
    sounds[2].drain(second(30.0)..second(36.0));
    sounds.push(sounds[1][second(20.0)..second(38.0)].to_vec());
    let mut dice = Dice(5);
    sounds.push((0..second(30.0)).map(|_| 0.1 * dice.noise()).collect());
    sounds.push(record(&other, 2.0, 60.0, 10.0, 0.03));
    sounds.push(record(&other, 15.0, 55.0, -10.0, 0.03));
    sounds.push(record(&sounds[6], 10.0, 24.0, 1e6 / 24.0, 0.002));
    sounds
}

/// As it comes out of a cache, which is where findings are of use.
fn kept(sound: &[f32]) -> Heard {
    Heard::from_bytes(&hear(sound).to_bytes()).expect("it was written now")
}

fn recordings<'a>(sounds: &'a [Vec<f32>], heard: &'a [Heard], of: &[usize]) -> Vec<Recording<'a>> {
    of.iter().map(|&i| recording(i, &heard[i], &sounds[i])).collect()
}

#[test]
fn a_case_that_grew_is_aligned_as_if_it_had_always_been_so() {
    let sounds = sounds();
    let heard: Vec<Heard> = sounds.iter().map(|s| kept(s)).collect();
    let count = sounds.len();
    let all: Vec<usize> = (0..count).collect();
    let at_once = |of: &[usize]| -> Alignment {
        synchronise(&recordings(&sounds, &heard, of), &Patient).expect("sound can be read")
    };
    let whole = at_once(&all);
    assert_eq!(whole.placements.len(), 8, "all but the stranger are placed");
    let is_retimed = |e: &evidence::Excerpt| (e.speed - 25.0 / 24.0).abs() < 1e-4;
    assert!(whole.excerpts.iter().any(is_retimed), "{:?}", whole.excerpts);
    for first in [0, 3, 5] {
        let order: Vec<usize> = (0..count).map(|k| (first + 4 * k) % count).collect();
        let mut bytes = Findings::new().to_bytes();
        let mut last = None;
        for present in 2..=count {
            let findings = Findings::from_bytes(&bytes).expect("it was written now");
            let recordings = recordings(&sounds, &heard, &order[..present]);
            let grown = synchronise_knowing(&recordings, &[], &findings, &Patient);
            last = Some(grown.expect("sound can be read"));
            bytes = findings.to_bytes();
        }
        assert_eq!(last.as_ref(), Some(&whole), "beginning with {first}");
        // One that leaves takes what was found of it along.
        let findings = Findings::from_bytes(&bytes).expect("it was written now");
        let rest = recordings(&sounds, &heard, &all[..count - 1]);
        let left = synchronise_knowing(&rest, &[], &findings, &Patient).expect("it can be read");
        assert_eq!(left, at_once(&all[..count - 1]));
        assert!(findings.to_bytes().len() < bytes.len());
    }
}

#[test]
fn a_recording_heard_otherwise_is_compared_anew() {
    let mut sounds = sounds();
    let findings = Findings::new();
    let all: Vec<usize> = (0..sounds.len()).collect();
    let heard: Vec<Heard> = sounds.iter().map(|s| kept(s)).collect();
    let before = recordings(&sounds, &heard, &all);
    synchronise_knowing(&before, &[], &findings, &Patient).expect("sound can be read");
    // The same id, as when another decoder gives other samples: a second of silence before it.
    sounds[1].splice(0..0, vec![0.0; RATE as usize]);
    let heard: Vec<Heard> = sounds.iter().map(|s| kept(s)).collect();
    let now = recordings(&sounds, &heard, &all);
    let found = synchronise_knowing(&now, &[], &findings, &Patient).expect("sound can be read");
    assert_eq!(found, synchronise(&now, &Patient).expect("sound can be read"));
}
