//! Makes one channel of several, without letting a dead or inverted one spoil the others.
//!
//! In: blocks of half a second, one slice per channel. Out: one mono block each.
//! Method: a channel far quieter than the loudest is dead and left out; one whose sound is the
//! loudest's turned upside down is turned back; the rest are averaged. Both are decided anew for
//! each block, with hysteresis, and the weights glide from one block's to the next's, so that a
//! change makes no click. Cost: one multiplication per sample and channel for each of level,
//! correlation and sum.
//!
//! Cannot: undo a delay between channels (microphones metres apart comb-filter each other, as
//! they do in any mix), tell a commentary track from live sound, or find the channel that hears
//! best when several are alive.

/// Below the loudest channel by this, power, a live channel counts as dead: −40 dB, where even
/// a microphone muffled under clothing does not lie but the hiss of an open input does.
const DEAD_BELOW: f64 = 1e-4;

/// A dead channel comes back above this: −34 dB, so that one at the border does not flutter.
const ALIVE_ABOVE: f64 = 4e-4;

/// A channel that agrees with the loudest worse than this is upside down. Microphones apart in
/// a room lie between −0.3 and 0.9; copies with the poles exchanged at −0.9 and below.
const INVERTED_BELOW: f64 = -0.5;

/// Blocks in a row that must say the same before a polarity or a death is believed.
const BLOCKS_SURE: u32 = 2;

/// Power below which a block is digital silence (−100 dB) and proves nothing.
const SILENT_BELOW: f64 = 1e-10;

/// Mixes blocks of any number of channels.
pub(crate) struct Mixer {
    channels: Vec<Channel>,
    begun: bool,
}

struct Channel {
    alive: bool,
    /// 1 or −1.
    polarity: f32,
    weight: f32,
    blocks_faint: u32,
    blocks_inverted: u32,
}

impl Mixer {
    pub(crate) fn new(channels: usize) -> Self {
        let channel = || Channel {
            alive: true,
            polarity: 1.0,
            weight: 0.0,
            blocks_faint: 0,
            blocks_inverted: 0,
        };
        Self { channels: (0..channels).map(|_| channel()).collect(), begun: false }
    }

    /// Mixes one block; all channels have the same length.
    pub(crate) fn mix(&mut self, block: &[Vec<f32>]) -> Vec<f32> {
        let length = block.first().map_or(0, Vec::len);
        self.judge(block);
        let alive = self.channels.iter().filter(|channel| channel.alive).count().max(1);
        let mut mono = vec![0.0f32; length];
        for (channel, samples) in self.channels.iter_mut().zip(block) {
            let target = if channel.alive { channel.polarity / alive as f32 } else { 0.0 };
            // The first block has nothing to glide from.
            let from = if self.begun { channel.weight } else { target };
            add(&mut mono, samples, from, target);
            channel.weight = target;
        }
        self.begun = true;
        mono
    }

    /// Decides which channels are alive and which way up they are.
    fn judge(&mut self, block: &[Vec<f32>]) {
        let power: Vec<f64> = block.iter().map(|samples| mean_product(samples, samples)).collect();
        let Some(loudest) = (0..power.len()).max_by(|a, b| power[*a].total_cmp(&power[*b])) else {
            return;
        };
        if power[loudest] < SILENT_BELOW {
            return;
        }
        let sure = if self.begun { BLOCKS_SURE } else { 1 };
        for (channel, power_here) in self.channels.iter_mut().zip(&power) {
            let share = power_here / power[loudest];
            channel.blocks_faint = if share < DEAD_BELOW { channel.blocks_faint + 1 } else { 0 };
            if channel.blocks_faint >= sure {
                channel.alive = false;
            } else if share > ALIVE_ABOVE {
                channel.alive = true;
            }
        }
        let upright = self.channels[loudest].polarity;
        for (i, channel) in self.channels.iter_mut().enumerate() {
            if i == loudest || power[i] < SILENT_BELOW || power[i] < power[loudest] * DEAD_BELOW {
                continue;
            }
            let alike = mean_product(&block[i], &block[loudest])
                / (power[i] * power[loudest]).sqrt()
                * f64::from(upright * channel.polarity);
            let inverted = alike < INVERTED_BELOW;
            channel.blocks_inverted = if inverted { channel.blocks_inverted + 1 } else { 0 };
            if channel.blocks_inverted >= sure {
                channel.polarity = -channel.polarity;
                channel.blocks_inverted = 0;
            }
        }
    }
}

/// Adds samples whose weight glides from one value to another.
fn add(sum: &mut [f32], samples: &[f32], from: f32, to: f32) {
    if from == 0.0 && to == 0.0 {
        return;
    }
    let step = (to - from) / sum.len().max(1) as f32;
    for (i, (sum, sample)) in sum.iter_mut().zip(samples).enumerate() {
        *sum += sample * (from + step * i as f32);
    }
}

fn mean_product(left: &[f32], right: &[f32]) -> f64 {
    // Sums of short stretches in single precision, which the compiler can do eight at a time.
    let short = |(left, right): (&[f32], &[f32])| {
        let mut lanes = [0.0f32; 8];
        let (left, left_rest) = left.as_chunks::<8>();
        let (right, right_rest) = right.as_chunks::<8>();
        for (l, r) in left.iter().zip(right) {
            for (lane, (l, r)) in lanes.iter_mut().zip(l.iter().zip(r)) {
                *lane += l * r;
            }
        }
        let rest: f32 = left_rest.iter().zip(right_rest).map(|(l, r)| l * r).sum();
        f64::from(lanes.iter().sum::<f32>() + rest)
    };
    let sum: f64 = left.chunks(256).zip(right.chunks(256)).map(short).sum();
    sum / left.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Repeatable noise, so that two seeds are two sounds.
    fn noise(seed: u64, length: usize) -> Vec<f32> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        };
        (0..length).map(|_| next() * 0.5).collect()
    }

    fn power(samples: &[f32]) -> f64 {
        mean_product(samples, samples)
    }

    fn scaled(samples: &[f32], by: f32) -> Vec<f32> {
        samples.iter().map(|s| s * by).collect()
    }

    #[test]
    fn an_inverted_copy_does_not_cancel_its_twin() {
        let sound = noise(1, 4000);
        let mut mixer = Mixer::new(2);
        let mono = mixer.mix(&[sound.clone(), scaled(&sound, -1.0)]);
        assert!((power(&mono) / power(&sound) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn a_dead_channel_does_not_halve_the_other() {
        let sound = noise(2, 4000);
        let mut mixer = Mixer::new(2);
        for _ in 0..3 {
            let mono = mixer.mix(&[scaled(&noise(3, 4000), 1e-4), sound.clone()]);
            assert_eq!(mono, sound);
        }
    }

    #[test]
    fn a_channel_that_dies_later_is_left_out_and_comes_back() {
        let sound = noise(4, 4000);
        let mut mixer = Mixer::new(2);
        let silence = vec![0.0; 4000];
        let alive: Vec<_> = (0..3).map(|_| mixer.mix(&[sound.clone(), sound.clone()])).collect();
        assert_eq!(alive[2], sound);
        let dead: Vec<_> = (0..4).map(|_| mixer.mix(&[sound.clone(), silence.clone()])).collect();
        assert_eq!(dead[3], sound);
        let again: Vec<_> = (0..3).map(|_| mixer.mix(&[sound.clone(), sound.clone()])).collect();
        assert!((power(&again[2]) / power(&sound) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn a_flip_in_the_middle_makes_no_click() {
        // A slow tone: its own steps are small, so a click would stand out.
        let tone: Vec<f32> = (0..4000).map(|i| (i as f32 * 0.01).sin() * 0.5).collect();
        let quieter = |by: f32| scaled(&tone, by);
        let mut mixer = Mixer::new(2);
        let mut last = None;
        for by in [0.9, 0.9, -0.9, -0.9, -0.9, -0.9] {
            for sample in mixer.mix(&[tone.clone(), quieter(by)]) {
                let step = last.map_or(0.0, |last: f32| (sample - last).abs());
                last = Some(sample);
                // The block boundary of the test tone itself steps by up to its amplitude.
                assert!(step < 0.5, "{step}");
            }
        }
    }

    #[test]
    fn polarity_survives_a_change_of_the_loudest() {
        let sound = noise(6, 4000);
        let mut mixer = Mixer::new(2);
        let first = mixer.mix(&[sound.clone(), scaled(&sound, -0.5)]);
        let second = mixer.mix(&[scaled(&sound, 0.5), scaled(&sound, -1.0)]);
        assert!(mean_product(&first, &second) > 0.9 * (power(&first) * power(&second)).sqrt());
    }

    proptest! {
        #[test]
        fn the_mix_is_never_louder_than_the_loudest_channel(
            seeds in prop::collection::vec(1u64..1000, 1..8),
            levels in prop::collection::vec(prop_oneof![Just(0.0f32), -1.0f32..1.0], 8),
            blocks in 1usize..6,
        ) {
            let mut mixer = Mixer::new(seeds.len());
            for b in 0..blocks as u64 {
                let block: Vec<Vec<f32>> = seeds.iter().zip(&levels)
                    .map(|(seed, level)| scaled(&noise(seed + b, 500), *level)).collect();
                let peak = block.iter().flatten().fold(0.0f32, |peak, s| peak.max(s.abs()));
                for sample in mixer.mix(&block) {
                    prop_assert!(sample.is_finite() && sample.abs() <= peak * 1.001 + 1e-6);
                }
            }
        }

        #[test]
        fn copies_at_any_level_and_either_way_up_keep_their_sound(
            levels in prop::collection::vec(prop_oneof![0.05f32..1.0, -1.0f32..-0.05], 2..8),
            seed in 1u64..1000,
        ) {
            let sound = noise(seed, 4000);
            let block: Vec<_> = levels.iter().map(|level| scaled(&sound, *level)).collect();
            let mono = Mixer::new(levels.len()).mix(&block);
            let average = levels.iter().map(|l| f64::from(l.abs())).sum::<f64>() / levels.len() as f64;
            let kept = (power(&mono) / power(&sound)).sqrt();
            prop_assert!((kept / average - 1.0).abs() < 0.01, "{kept} of {average}");
        }
    }
}
