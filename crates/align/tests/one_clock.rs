//! Recordings made here, of which everything is known, are put on one clock.

use align::{Alignment, Heard, Listener, RATE_HZ, Recording, Watch, synchronise};
use evidence::{MediaTime, Refusal, SourceId, Stretch};

const RATE: f64 = RATE_HZ as f64;

struct Patient;

impl Watch for Patient {
    fn advanced(&self, _done: usize, _total: usize) {}
    fn stopped(&self) -> bool {
        false
    }
}

struct Impatient;

impl Watch for Impatient {
    fn advanced(&self, _done: usize, _total: usize) {}
    fn stopped(&self) -> bool {
        true
    }
}

/// Marsaglia's xorshift: the same scene on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn noise(&mut self) -> f32 {
        (self.next() + self.next() + self.next() - 1.5) as f32
    }
}

/// Something like talk: syllables of random pitch, colour, length and pause.
fn talk(seed: u64, seconds: f64) -> Vec<f32> {
    let mut dice = Dice(seed * 2 + 1);
    let mut sound = vec![0.0f32; (seconds * RATE) as usize];
    let mut at = 0usize;
    while at < sound.len() {
        let length = ((0.08 + 0.25 * dice.next()) * RATE) as usize;
        let (pitch, colour) = (90.0 + 200.0 * dice.next(), 300.0 + 2500.0 * dice.next());
        let loud = 0.1 + 0.3 * dice.next();
        for i in 0..length.min(sound.len() - at) {
            let t = i as f64 / RATE;
            let swell = (std::f64::consts::PI * i as f64 / length as f64).sin();
            let voiced: f64 = (1..12)
                .map(|h| {
                    let hz = pitch * f64::from(h);
                    (std::f64::consts::TAU * hz * t).sin() / (1.0 + ((hz - colour) / 300.0).powi(2))
                })
                .sum();
            sound[at + i] = (loud * swell * voiced) as f32 + 0.02 * dice.noise();
        }
        at += length + (0.15 * dice.next() * RATE) as usize;
    }
    sound
}

/// What a recorder that began at `start_s` and whose clock is `drift_ppm` slow made of it.
fn record(scene: &[f32], start_s: f64, seconds: f64, drift_ppm: f64, noise: f32) -> Vec<f32> {
    let mut dice = Dice((start_s * 1e6) as u64 * 2 + 77);
    (0..(seconds * RATE) as usize)
        .map(|i| {
            let at = start_s * RATE + i as f64 * (1.0 + drift_ppm * 1e-6);
            let (whole, part) = (at.floor() as usize, at.fract() as f32);
            let sample = |k: usize| scene.get(k).copied().unwrap_or(0.0);
            sample(whole) * (1.0 - part) + sample(whole + 1) * part + noise * dice.noise()
        })
        .collect()
}

fn hear(sound: &[f32]) -> Heard {
    let mut listener = Listener::new();
    sound.chunks(1000).for_each(|chunk| listener.push(chunk));
    let end = MediaTime::from_seconds(sound.len() as f64 / RATE);
    listener.finish(&[Stretch { start: MediaTime::ZERO, end }])
}

fn id(number: usize) -> SourceId {
    let mut bytes = [0; 32];
    bytes[0] = number as u8;
    SourceId(bytes)
}

/// Aligns the sounds, handed over in the given order, numbered as they stand in `sounds`.
fn align(sounds: &[Vec<f32>], order: &[usize]) -> Alignment {
    let heard: Vec<Heard> = sounds.iter().map(|s| hear(s)).collect();
    let recordings: Vec<Recording> = order
        .iter()
        .map(|&i| Recording { id: id(i), name: "recording", heard: &heard[i], sound: &sounds[i] })
        .collect();
    synchronise(&recordings, &Patient).expect("sound in memory can be read")
}

/// Case time of a media time; the recording must be placed there.
fn case_s(alignment: &Alignment, recording: usize, media_s: f64) -> f64 {
    let placement = alignment.placements.iter().find(|p| p.source == id(recording));
    let placement = placement.expect("the recording is placed");
    placement.to_case(MediaTime::from_seconds(media_s)).expect("the moment is placed").seconds()
}

fn refusal(alignment: &Alignment, recording: usize) -> Option<&Refusal> {
    alignment.refusals.iter().find(|r| r.0 == id(recording)).map(|r| &r.1)
}

#[test]
fn recorders_with_noise_and_drift_lie_within_two_milliseconds() {
    let scene = talk(1, 150.0);
    let made = [(10.0, 0.0), (25.5, 60.0), (3.25, -45.0)];
    let sounds: Vec<Vec<f32>> =
        made.iter().map(|&(start, ppm)| record(&scene, start, 90.0, ppm, 0.05)).collect();
    let alignment = align(&sounds, &[0, 1, 2]);
    for media_s in [2.0, 45.0, 88.0] {
        let happened = |k: usize| made[k].0 + media_s * (1.0 + made[k].1 * 1e-6);
        for k in 1..3 {
            let found = case_s(&alignment, k, media_s) - case_s(&alignment, 0, media_s);
            let truth = happened(k) - happened(0);
            assert!((found - truth).abs() < 0.002, "recording {k} at {media_s} s: {found} {truth}");
        }
    }
}

#[test]
fn a_stranger_stays_off_the_clock_and_moves_nobody() {
    let scene = talk(2, 120.0);
    let mut sounds =
        vec![record(&scene, 0.0, 80.0, 0.0, 0.05), record(&scene, 30.0, 80.0, 0.0, 0.05)];
    let without = align(&sounds, &[0, 1]);
    sounds.push(talk(3, 80.0));
    let with = align(&sounds, &[0, 1, 2]);
    assert_eq!(refusal(&with, 2), Some(&Refusal::SharesNothing));
    assert_eq!(with.placements, without.placements);
}

#[test]
fn the_order_of_the_files_and_the_number_of_threads_change_nothing() {
    let scene = talk(4, 100.0);
    let sounds: Vec<Vec<f32>> =
        [0.0, 12.0, 31.0].iter().map(|&s| record(&scene, s, 60.0, 0.0, 0.1)).collect();
    let first = align(&sounds, &[0, 1, 2]);
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
    assert_eq!(first, alone.install(|| align(&sounds, &[2, 0, 1])));
}

#[test]
fn a_pause_inside_a_file_becomes_two_pieces() {
    let scene = talk(5, 150.0);
    let mut paused = record(&scene, 10.0, 50.0, 0.0, 0.02);
    paused.extend(record(&scene, 85.0, 50.0, 0.0, 0.02));
    let sounds = vec![record(&scene, 0.0, 140.0, 0.0, 0.02), paused];
    let alignment = align(&sounds, &[0, 1]);
    let pieces: usize = alignment.placements.iter().map(|p| p.pieces.len()).sum();
    assert_eq!(pieces, 3, "{:?}", alignment.placements);
}

#[test]
fn two_that_share_only_a_loop_are_refused_with_the_places_they_fit() {
    let round = talk(6, 8.0);
    let looped: Vec<f32> = round.iter().copied().cycle().take((90.0 * RATE) as usize).collect();
    let sounds =
        vec![record(&looped, 3.0, 60.0, 0.0, 0.05), record(&looped, 21.0, 60.0, 0.0, 0.05)];
    let alignment = align(&sounds, &[0, 1]);
    assert!(alignment.placements.is_empty(), "{:?}", alignment.placements);
    let Some(Refusal::Ambiguous { offsets_s, .. }) = refusal(&alignment, 1) else {
        panic!("{:?}", alignment.refusals);
    };
    assert!(offsets_s.len() >= 2, "{offsets_s:?}");
}

#[test]
fn silence_is_told_as_silence_and_a_syllable_as_too_short() {
    let sounds = vec![vec![0.0; 80_000], talk(7, 0.3)];
    let alignment = align(&sounds, &[0, 1]);
    assert_eq!(refusal(&alignment, 0), Some(&Refusal::Silent));
    assert!(matches!(refusal(&alignment, 1), Some(Refusal::TooShort { .. })));
}

#[test]
fn sound_that_is_not_a_number_harms_nothing() {
    let scene = talk(8, 60.0);
    let mut broken = record(&scene, 5.0, 50.0, 0.0, 0.05);
    broken[1000] = f32::NAN;
    broken[2000] = f32::INFINITY;
    let heard = hear(&broken);
    assert!((heard.duration_s() - 50.0).abs() < 1e-9);
    assert_eq!(Heard::from_bytes(&heard.to_bytes()), Ok(heard));
}

#[test]
fn damaged_bytes_of_what_was_heard_are_refused() {
    let bytes = hear(&talk(9, 3.0)).to_bytes();
    for at in (0..bytes.len()).step_by(97) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(Heard::from_bytes(&damaged).is_err(), "byte {at}");
    }
    for length in [0, 3, 31, bytes.len() - 1] {
        assert!(Heard::from_bytes(&bytes[..length]).is_err(), "length {length}");
    }
}

#[test]
fn a_stop_is_heeded() {
    let scene = talk(10, 40.0);
    let (a, b) = (record(&scene, 0.0, 30.0, 0.0, 0.05), record(&scene, 5.0, 30.0, 0.0, 0.05));
    let (heard_a, heard_b) = (hear(&a), hear(&b));
    let recordings = [
        Recording { id: id(0), name: "a", heard: &heard_a, sound: &a },
        Recording { id: id(1), name: "b", heard: &heard_b, sound: &b },
    ];
    assert!(matches!(synchronise(&recordings, &Impatient), Err(align::Error::Stopped)));
}
