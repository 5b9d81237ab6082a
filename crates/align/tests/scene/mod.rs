//! A scene made here, what recorders make of it, and their alignment.

#![allow(dead_code, reason = "each test program uses some of it")]

use align::{Alignment, Heard, Listener, RATE_HZ, Recording, Watch, synchronise};
use evidence::{MediaTime, Refusal, SourceId, Stretch};

/// Samples a second.
pub const RATE: f64 = RATE_HZ as f64;

/// Waits for as long as it takes.
pub struct Patient;

impl Watch for Patient {
    fn advanced(&self, _done: usize, _total: usize) {}
    fn stopped(&self) -> bool {
        false
    }
}

/// Marsaglia's xorshift: the same scene on every machine.
pub struct Dice(pub u64);

impl Dice {
    /// From zero up to one.
    pub fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Between −1.5 and 1.5, spread 0.5.
    pub fn noise(&mut self) -> f32 {
        (self.next() + self.next() + self.next() - 1.5) as f32
    }
}

/// Samples of a stretch of time.
pub fn samples(seconds: f64) -> usize {
    (seconds * RATE) as usize
}

/// How a room reflects.
pub struct Room {
    reflections: usize,
    /// Samples between reflections, on average.
    apart: usize,
    loudest: f32,
    /// Reflections after which a third is left.
    fades: f32,
    direct: f32,
}

/// A lively room: reflections louder than what comes directly.
pub const LIVELY: Room =
    Room { reflections: 60, apart: 17, loudest: 0.8, fades: 25.0, direct: 0.5 };

/// A furnished room: few reflections, and later ones.
pub const FURNISHED: Room =
    Room { reflections: 50, apart: 23, loudest: 0.6, fades: 15.0, direct: 0.6 };

/// What a room does to a sound on its way to one microphone: reflections of its own.
pub fn in_a_room(sound: &[f32], seed: usize, room: &Room) -> Vec<f32> {
    let taps: Vec<(usize, f32)> = (1..room.reflections)
        .map(|k| {
            let chance = (k * 7919 + seed * 104_729) % 1009;
            let strength =
                (chance as f32 / 504.5 - 1.0) * room.loudest * (-(k as f32) / room.fades).exp();
            (k * room.apart + chance % room.apart, strength)
        })
        .collect();
    (0..sound.len())
        .map(|n| {
            let late: f32 = taps.iter().filter(|t| t.0 <= n).map(|t| t.1 * sound[n - t.0]).sum();
            room.direct * sound[n] + late
        })
        .collect()
}

/// Something like talk: syllables of random pitch, colour, length and pause.
pub fn talk(seed: u64, seconds: f64) -> Vec<f32> {
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
pub fn record(scene: &[f32], start_s: f64, seconds: f64, drift_ppm: f64, noise: f32) -> Vec<f32> {
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

/// What the ear makes of it.
pub fn hear(sound: &[f32]) -> Heard {
    let mut listener = Listener::new();
    sound.chunks(1000).for_each(|chunk| listener.push(chunk));
    let end = MediaTime::from_seconds(sound.len() as f64 / RATE);
    listener.finish(&[Stretch { start: MediaTime::ZERO, end }])
}

/// The source of that number.
pub fn id(number: usize) -> SourceId {
    let mut bytes = [0; 32];
    bytes[0] = number as u8;
    SourceId(bytes)
}

/// The recording of that number, of which nothing but its sound is known.
pub fn recording<'a>(number: usize, heard: &'a Heard, sound: &'a Vec<f32>) -> Recording<'a> {
    Recording { id: id(number), name: "recording", heard, sound, light: None, stood: None }
}

/// Aligns the sounds, handed over in the given order, numbered as they stand in `sounds`.
pub fn align(sounds: &[Vec<f32>], order: &[usize]) -> Alignment {
    let heard: Vec<Heard> = sounds.iter().map(|s| hear(s)).collect();
    let recordings: Vec<Recording> =
        order.iter().map(|&i| recording(i, &heard[i], &sounds[i])).collect();
    synchronise(&recordings, &Patient).expect("sound in memory can be read")
}

/// Case time of a media time; the recording must be placed there.
pub fn case_s(alignment: &Alignment, recording: usize, media_s: f64) -> f64 {
    let placement = alignment.placements.iter().find(|p| p.source == id(recording));
    let placement = placement.expect("the recording is placed");
    placement.to_case(MediaTime::from_seconds(media_s)).expect("the moment is placed").seconds()
}

/// Why the recording is on no clock.
pub fn refusal(alignment: &Alignment, recording: usize) -> Option<&Refusal> {
    alignment.refusals.iter().find(|r| r.0 == id(recording)).map(|r| &r.1)
}
