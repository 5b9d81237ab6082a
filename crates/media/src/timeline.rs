//! Puts packets of sound on one line of samples by their time stamps.
//!
//! In: packets in the file's order, each with the time stamp of its first sample, in samples.
//! Out: runs of samples with the position at which each belongs; positions never go back.
//!
//! Time stamps are the truth about a file, but not each one alone: Matroska rounds them to a
//! millisecond, phones stamp a buffer when they get round to it, a corrupt one says anything.
//! So samples are counted, and the stamps steer the count. A packet that is off the count by
//! more than `SUSPICIOUS_S` opens an inquiry: it and those after it are held back, and the
//! median of what they say decides whether the clock jumped (a gap, an overlap) or one stamp was
//! wrong. What is smaller is averaged, and the count is corrected by single samples when the
//! average is off by more than `DRIFT_S`, so that no error accumulates over hours.
//!
//! A clock that jumps back further than `OVERLAP_S_MAX`, or forward beyond what the file can
//! hold, contradicts the file itself: what follows is then placed directly after what came
//! before, and the report says so.

use std::collections::VecDeque;

use crate::nut::Format;

/// Twice what rounding to 1 ms can do; half of the shortest gap worth telling, one lost packet of
/// 5 ms.
const SUSPICIOUS_S: f64 = 0.0025;

/// A jump larger than this is no jitter: two stamps that agree decide about it.
const JITTER_S_MAX: f64 = 0.05;

/// Packets whose median decides about a small jump: enough to outvote three corrupt stamps, and
/// held for less than a quarter of a second.
const INQUIRY_PACKETS: usize = 8;

/// Sound held back during an inquiry, at most; long packets decide sooner. More than
/// `OVERLAP_S_MAX`, so that a clock that went back so far is seen to catch up.
const INQUIRY_S_MAX: f64 = 1.2;

/// Correct by single samples beyond this average deviation: below the millisecond that is
/// promised, above the noise that remains of a phone's 10 ms jitter after averaging (0.4 ms).
const DRIFT_S: f64 = 0.0005;

/// Packets over which the deviation is averaged: about ten seconds.
const AVERAGED_PACKETS: f64 = 400.0;

/// Longest step back that is taken for an overlap, whose sound is left out. More is a clock that
/// was reset, whose sound is kept.
const OVERLAP_S_MAX: f64 = 1.0;

/// Longest gap that is believed: a recorder that pauses over night. More is a corrupt stamp.
const GAP_S_MAX: f64 = 12.0 * 3600.0;

/// Stamps are believed at most to be this, thousands of years, so that arithmetic on them is safe.
const STAMP_MAX: i64 = 1 << 50;

/// What the file is known to hold, as bounds on what its stamps may say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) rate_hz: u32,
    pub(crate) channels: usize,
    /// Samples that the resampler still holds when it stamps a packet: the sound of a packet that
    /// follows a gap begins with this much from before the gap.
    pub(crate) held_samples: i64,
    /// Where the file claims to end, in samples; a jump may not lead beyond.
    pub(crate) end: i64,
}

/// What was odd about the stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Oddity {
    /// The clock jumped back or absurdly far ahead at this position, and was not followed. By
    /// how much is unknown when it never caught up.
    Reset { at: i64, by: Option<i64> },
    /// This many samples were left out because an earlier packet had filled their place.
    Overlap { at: i64, samples: i64 },
}

/// A run of samples at its place: `place(position, interleaved samples)`.
pub(crate) type Place<'a> = dyn FnMut(i64, &[f32]) + 'a;

/// The line of one track.
pub(crate) struct Timeline {
    bounds: Bounds,
    /// Position after the last sample placed, if any was.
    next: Option<i64>,
    /// Added to every stamp since the clock was reset.
    shift: i64,
    /// Average deviation of the stamps from the count, in samples.
    deviation: f64,
    /// Average of that average.
    deviation_before: f64,
    averaged: f64,
    /// Stamp of the last packet, to recognise those that the writer had to invent.
    last_pts: Option<i64>,
    /// The clock went back so far that its stamps say nothing until they catch up.
    lost: bool,
    held: VecDeque<Held>,
    pub(crate) oddities: Vec<Oddity>,
    pub(crate) oddities_left_out: u64,
}

struct Held {
    /// Where the stamp says that it belongs; `None` if it says nothing.
    stamp: Option<i64>,
    samples: Vec<f32>,
}

/// More than this many are counted, not kept.
const ODDITIES_KEPT: usize = 8;

impl Timeline {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            next: None,
            shift: 0,
            deviation: 0.0,
            deviation_before: 0.0,
            averaged: 0.0,
            last_pts: None,
            lost: false,
            held: VecDeque::new(),
            oddities: Vec::new(),
            oddities_left_out: 0,
        }
    }

    /// The format that its packets must have.
    pub(crate) fn format(&self) -> Format {
        Format::Sound { rate_hz: self.bounds.rate_hz, channels: self.bounds.channels as u32 }
    }

    /// Channels, interleaved in what is pushed.
    pub(crate) fn channels(&self) -> usize {
        self.bounds.channels
    }

    /// Takes the next packet and places what is certain by now.
    pub(crate) fn push(&mut self, pts: i64, samples: Vec<f32>, place: &mut Place<'_>) {
        let stamp = self.believable(pts, samples.len());
        if let (true, Some(next)) = (self.held.is_empty(), self.next) {
            match stamp {
                Some(stamp) if self.lost => {
                    self.shift += next - stamp;
                    self.lost = false;
                    return self.put(&samples, place);
                }
                None if self.lost => return self.put(&samples, place),
                Some(stamp) if (stamp - next).abs() <= self.samples(SUSPICIOUS_S) => {
                    return self.follow(stamp - next, &samples, place);
                }
                _ => {}
            }
        }
        self.held.push_back(Held { stamp, samples });
        let stamped = self.held.iter().filter(|h| h.stamp.is_some()).count();
        let held: i64 = self.held.iter().map(|h| self.length(&h.samples)).sum();
        let long = held >= self.samples(INQUIRY_S_MAX) && self.held.len() > 2;
        if stamped >= INQUIRY_PACKETS || long || held >= self.samples(4.0 * INQUIRY_S_MAX) {
            self.decide(place);
        }
    }

    /// Places what is still held back.
    pub(crate) fn finish(&mut self, place: &mut Place<'_>) {
        while !self.held.is_empty() {
            self.decide(place);
        }
    }

    /// Where sound is certain not to come any more.
    pub(crate) fn certain(&self) -> i64 {
        self.next.unwrap_or(0)
    }

    /// A writer that may not go back in time stamps each packet one sample after the last until
    /// time has caught up. Such a stamp says only that the clock went back.
    fn believable(&mut self, pts: i64, samples: usize) -> Option<i64> {
        let invented = self.last_pts.is_some_and(|last| pts == last.saturating_add(1))
            && samples / self.bounds.channels > 1;
        self.last_pts = Some(pts);
        let within = |stamp: i64| stamp.clamp(-STAMP_MAX, STAMP_MAX);
        (!invented).then(|| within(within(pts).saturating_add(self.shift)))
    }

    /// Places samples that follow the last and lets their stamp steer the count.
    fn follow(&mut self, off: i64, samples: &[f32], place: &mut Place<'_>) {
        self.averaged = (self.averaged + 1.0).min(AVERAGED_PACKETS);
        self.deviation += (off as f64 - self.deviation) / self.averaged;
        self.deviation_before += (self.deviation - self.deviation_before) / self.averaged;
        // Twice the average less its own average: one that does not lag behind a steady drift.
        let deviation = 2.0 * self.deviation - self.deviation_before;
        let certain = self.averaged >= AVERAGED_PACKETS / 4.0;
        let limit = (DRIFT_S * f64::from(self.bounds.rate_hz)).max(1.0);
        let one = samples.len().min(self.bounds.channels);
        if !certain || deviation.abs() < limit {
            self.put(samples, place);
        } else if deviation > 0.0 {
            // One sample is said twice, an eighth of a millisecond at 8 kHz.
            self.put(&samples[..one], place);
            self.put(samples, place);
            self.moved(1.0);
        } else {
            self.put(&samples[one..], place);
            self.moved(-1.0);
        }
    }

    /// Takes a correction of the count into the averages.
    fn moved(&mut self, samples: f64) {
        self.deviation -= samples;
        self.deviation_before -= samples;
    }

    /// Forgets the averages, after which the count starts anew.
    fn forget(&mut self) {
        self.deviation = 0.0;
        self.deviation_before = 0.0;
        self.averaged = 0.0;
    }

    /// Settles an inquiry: the packets held either follow the last sample, or begin elsewhere.
    fn decide(&mut self, place: &mut Place<'_>) {
        let Some((begin, count)) = self.verdict() else {
            // The clock went back and did not catch up.
            self.lost = self.next.is_some();
            if self.lost {
                self.note(Oddity::Reset { at: self.certain(), by: None });
            }
            return self.put_held(self.held.len(), place);
        };
        let Some(next) = self.next else {
            self.begin_line(begin, count, place);
            return self.resume(place);
        };
        let off = begin.saturating_sub(next);
        if off.abs() <= self.samples(SUSPICIOUS_S) {
            // One stamp was wrong; the others agree with the count.
            self.put_held(1, place);
        } else if off > 0 && off <= self.gap_max(next) {
            self.jump(begin, count, place);
        } else if off < 0 && off >= -self.samples(OVERLAP_S_MAX) {
            self.leave_out(-off);
        } else {
            self.reset(off);
            self.put_held(count, place);
        }
        self.resume(place);
    }

    /// Places the first packets of all, where their stamps say if that can be.
    fn begin_line(&mut self, begin: i64, count: usize, place: &mut Place<'_>) {
        let believed = -self.samples(OVERLAP_S_MAX)..=self.gap_max(0);
        if believed.contains(&begin) {
            self.next = Some(begin.max(0));
        } else {
            self.next = Some(0);
            self.reset(begin);
        }
        if believed.contains(&begin) && begin < 0 {
            // Before the container's zero nothing is shown.
            self.leave_out(-begin);
        } else {
            self.put_held(count, place);
        }
    }

    /// Does not follow the clock in a jump `by` this many samples.
    fn reset(&mut self, by: i64) {
        self.note(Oddity::Reset { at: self.certain(), by: Some(by) });
        self.shift = self.shift.saturating_sub(by);
        for held in &mut self.held {
            held.stamp = held.stamp.map(|stamp| stamp.saturating_sub(by));
        }
    }

    /// The position at which the first held packet begins, and how many packets follow one
    /// another from there; `None` if no stamp says anything.
    fn verdict(&self) -> Option<(i64, usize)> {
        let mut before = 0;
        let mut says: Vec<Option<i64>> = Vec::new();
        for held in &self.held {
            says.push(held.stamp.map(|stamp| stamp.saturating_sub(before)));
            before += self.length(&held.samples);
        }
        let stamped: Vec<i64> = says.iter().flatten().copied().collect();
        let first = *stamped.first()?;
        let near = |a: i64, b: i64| a.abs_diff(b) <= self.samples(SUSPICIOUS_S) as u64;
        let far =
            self.next.is_none_or(|next| first.abs_diff(next) > self.samples(JITTER_S_MAX) as u64);
        if far && stamped.get(1).is_some_and(|second| near(first, *second)) {
            let count = says.iter().take_while(|s| s.is_none_or(|s| near(s, first))).count();
            let agreeing = says[..count].iter().flatten().copied().collect();
            return Some((median(agreeing), count));
        }
        let begin = median(stamped);
        let own_place = far
            && begin - first > self.samples(JITTER_S_MAX)
            && self.next.is_none_or(|next| first > next);
        // Alone between two gaps; were its stamp a wrong one, the others would follow the count.
        if own_place { Some((first, 1)) } else { Some((begin, self.held.len())) }
    }

    /// Begins again at `begin`, after a gap, with the first `count` packets held.
    fn jump(&mut self, begin: i64, count: usize, place: &mut Place<'_>) {
        // What the resampler held back of the sound before the gap comes with the packet after
        // it, and belongs where it was recorded.
        let held = self.bounds.held_samples as usize * self.bounds.channels;
        let first = &mut self.held[0].samples;
        let tail: Vec<f32> = first.drain(..held.min(first.len())).collect();
        self.put(&tail, place);
        self.next = Some((begin + self.length(&tail)).max(self.certain()));
        self.put_held(count, place);
    }

    /// Drops the first samples held, whose place is taken. What they cannot pay, the stamps of
    /// those that follow will ask for again.
    fn leave_out(&mut self, samples: i64) {
        let mut left = samples;
        while left > 0 {
            let Some(mut first) = self.held.pop_front() else { break };
            let dropped = self.length(&first.samples).min(left);
            left -= dropped;
            first.samples.drain(..dropped as usize * self.bounds.channels);
            if !first.samples.is_empty() {
                first.stamp = first.stamp.map(|stamp| stamp + dropped);
                self.held.push_front(first);
            }
        }
        self.forget();
        let (at, dropped) = (self.certain(), samples - left);
        match self.oddities.last_mut() {
            Some(Oddity::Overlap { at: last, samples }) if *last == at => *samples += dropped,
            _ => self.note(Oddity::Overlap { at, samples: dropped }),
        }
    }

    /// Places the first `count` held packets one after another.
    fn put_held(&mut self, count: usize, place: &mut Place<'_>) {
        for _ in 0..count {
            if let Some(held) = self.held.pop_front() {
                self.put(&held.samples, place);
            }
        }
        self.forget();
    }

    /// Takes the remaining held packets as if they came now, but for opening a new inquiry,
    /// which the next packet does.
    fn resume(&mut self, place: &mut Place<'_>) {
        for held in std::mem::take(&mut self.held) {
            let off = held.stamp.map(|stamp| stamp - self.certain());
            match off {
                Some(off) if self.held.is_empty() && off.abs() <= self.samples(SUSPICIOUS_S) => {
                    self.follow(off, &held.samples, place);
                }
                None if self.held.is_empty() => self.put(&held.samples, place),
                _ => self.held.push_back(held),
            }
        }
    }

    fn put(&mut self, samples: &[f32], place: &mut Place<'_>) {
        let at = self.certain();
        if !samples.is_empty() {
            place(at, samples);
        }
        self.next = Some(at + self.length(samples));
    }

    fn note(&mut self, oddity: Oddity) {
        if self.oddities.len() < ODDITIES_KEPT {
            self.oddities.push(oddity);
        } else {
            self.oddities_left_out += 1;
        }
    }

    fn samples(&self, seconds: f64) -> i64 {
        (seconds * f64::from(self.bounds.rate_hz)) as i64
    }

    /// The longest gap that the file can hold after this position.
    fn gap_max(&self, next: i64) -> i64 {
        // A second of grace: containers round their length.
        let room = self.bounds.end.saturating_sub(next) + self.samples(1.0);
        room.min(self.samples(GAP_S_MAX))
    }

    /// Samples of one channel.
    fn length(&self, samples: &[f32]) -> i64 {
        (samples.len() / self.bounds.channels) as i64
    }
}

fn median(mut values: Vec<i64>) -> i64 {
    let middle = values.len() / 2;
    *values.select_nth_unstable(middle).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATE_HZ: u32 = 8000;
    /// Samples of a packet: 20 ms.
    const PACKET: i64 = 160;

    fn bounds() -> Bounds {
        Bounds { rate_hz: RATE_HZ, channels: 1, held_samples: 0, end: 3600 * i64::from(RATE_HZ) }
    }

    /// Runs as placed (start, end) and what was odd, for packets of 20 ms with these stamps.
    fn run(stamps: impl IntoIterator<Item = i64>) -> (Vec<(i64, i64)>, Vec<Oddity>) {
        let mut timeline = Timeline::new(bounds());
        let mut runs: Vec<(i64, i64)> = Vec::new();
        let mut place = |at: i64, samples: &[f32]| match runs.last_mut() {
            Some(last) if last.1 == at => last.1 += samples.len() as i64,
            last => {
                assert!(last.is_none_or(|last| last.1 < at), "time went back");
                runs.push((at, at + samples.len() as i64));
            }
        };
        for stamp in stamps {
            timeline.push(stamp, vec![0.0; PACKET as usize], &mut place);
        }
        timeline.finish(&mut place);
        (runs, timeline.oddities)
    }

    fn steady(from: i64, packets: i64) -> impl Iterator<Item = i64> {
        (0..packets).map(move |i| from + i * PACKET)
    }

    #[test]
    fn steady_stamps_are_one_run() {
        assert_eq!(run(steady(40, 100)), (vec![(40, 40 + 100 * PACKET)], vec![]));
    }

    #[test]
    fn a_gap_is_where_the_stamps_put_it_however_early() {
        for before in [1, 2, 3, 7, 50] {
            let stamps = steady(0, before).chain(steady(80_000, 50));
            let expected = vec![(0, before * PACKET), (80_000, 80_000 + 50 * PACKET)];
            assert_eq!(run(stamps), (expected, vec![]), "{before} packets before the gap");
        }
    }

    #[test]
    fn one_corrupt_stamp_is_outvoted() {
        for corrupt in [i64::MAX / 4, 80_000, 10_000_000, 20 * PACKET + 30] {
            let mut stamps: Vec<i64> = steady(0, 100).collect();
            stamps[20] = corrupt;
            assert_eq!(run(stamps), (vec![(0, 100 * PACKET)], vec![]), "{corrupt}");
        }
    }

    #[test]
    fn stamps_that_tremble_like_a_phones_are_one_run() {
        let tremble = [0, 35, -41, 12, 60, -58, 3, -20, 44, -35];
        let stamps = steady(800, 500).enumerate().map(|(i, s)| s + tremble[i * 7 % 10]);
        let (runs, oddities) = run(stamps);
        let length: i64 = runs.iter().map(|run| run.1 - run.0).sum();
        assert!((runs[0].0 - 800).abs() < 40, "{runs:?}");
        assert!((runs.last().unwrap().1 - runs[0].0 - 500 * PACKET).abs() < 40, "{runs:?}");
        assert!((length - 500 * PACKET).abs() < 80 && oddities.len() < 3, "{runs:?} {oddities:?}");
    }

    #[test]
    fn a_jump_of_days_is_not_followed_and_is_told() {
        let stamps = steady(0, 50).chain(steady(3 * 86_400 * 8000, 50));
        let (runs, oddities) = run(stamps);
        assert_eq!(runs, vec![(0, 100 * PACKET)]);
        assert!(matches!(oddities[..], [Oddity::Reset { by: Some(_), .. }]), "{oddities:?}");
    }

    #[test]
    fn a_clock_that_goes_back_far_is_told_once_and_loses_no_sound() {
        let stamps = steady(800_000, 50).chain(steady(0, 50));
        let (runs, oddities) = run(stamps);
        assert_eq!(runs, vec![(800_000, 800_000 + 100 * PACKET)]);
        assert_eq!(oddities.len(), 1, "{oddities:?}");
        // The same, as the writer hands it over: it may not go back.
        let invented = (0..500).map(|i| 800_000 + 49 * PACKET + 1 + i);
        let (runs, oddities) = run(steady(800_000, 50).chain(invented));
        assert_eq!(runs, vec![(800_000, 800_000 + 550 * PACKET)]);
        assert!(matches!(oddities[..], [Oddity::Reset { by: None, .. }]), "{oddities:?}");
    }

    #[test]
    fn a_short_step_back_leaves_out_what_has_no_time() {
        // Half a second back, as the writer hands it over: invented stamps until time catches up.
        let back = 4000;
        let last = 49 * PACKET;
        let after = steady(50 * PACKET - back, 100).enumerate();
        let handed = after.map(|(i, stamp)| stamp.max(last + 1 + i as i64));
        let (runs, oddities) = run(steady(0, 50).chain(handed));
        assert_eq!(runs, vec![(0, 150 * PACKET - back)]);
        assert!(matches!(oddities[..], [Oddity::Overlap { samples: 4000, .. }]), "{oddities:?}");
    }

    proptest! {
        #[test]
        fn no_stamps_whatever_make_time_go_back_or_run_away(
            stamps in prop::collection::vec(prop_oneof![
                any::<i64>(), -10_000i64..1_000_000, (0i64..500).prop_map(|i| i * PACKET),
            ], 0..200),
        ) {
            let packets = stamps.len() as i64;
            let (runs, _) = run(stamps);
            let placed: i64 = runs.iter().map(|run| run.1 - run.0).sum();
            prop_assert!(placed <= packets * (PACKET + 1));
            let end = runs.last().map_or(0, |run| run.1);
            prop_assert!(end <= bounds().end + i64::from(RATE_HZ) + packets * (PACKET + 1));
        }
    }
}
