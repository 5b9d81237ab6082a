//! What comparing two recordings gave, kept for the next time.
//!
//! In: questions about two recordings: at which lags they may agree, what a closer look at a claim
//! shows, what was copied, what a window of one shows of the other at other speeds. Out: the answer, remembered or made now. Each answer is a function of
//! what the two recordings hold and of the question, of nothing else in the case; so it is the
//! same whether it was remembered or made, and a case that grows by one recording compares that
//! one with the others and asks nothing twice. A recording is known by its id and by the hash of
//! what was heard of it, a question by every bit of it.
//! After a run only the answers that it asked for are kept, so that what is gone from the case is
//! gone from here.

mod form;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use evidence::SourceId;

use self::form::{Bytes, Form, form};
use crate::Recording;
use crate::tie::copy::Copied;
use crate::tie::refine::{Claim, Look, Window};
use crate::tie::search::Candidate;
use crate::tie::speeds::Shown;

/// Changes whenever the same two recordings would be found otherwise: findings of another version
/// are made again.
pub const FINDINGS_VERSION: u32 = 2;

/// What is known of pairs of recordings.
#[derive(Debug, Default)]
pub struct Findings(Mutex<BTreeMap<Two, Found>>);

/// Bytes that are not what [`Findings::to_bytes`] wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these are no findings of this version")]
pub struct NoFindings;

/// The recordings that a question is about, each with the hash of what was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Two {
    left: One,
    right: One,
}

/// A recording, and the hash of what was heard of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct One {
    id: SourceId,
    heard: u64,
}

/// The answers about two recordings.
#[derive(Clone, Debug, Default)]
struct Found {
    lags: Answers<u64, Vec<Candidate>>,
    looks: Answers<[u64; 5], Option<Look>>,
    copies: Answers<Vec<u64>, Vec<Copied>>,
    shown: Answers<u64, Vec<Shown>>,
    retimed: Answers<[u64; 3], Option<Copied>>,
}

/// Answers by their questions.
#[derive(Clone, Debug)]
struct Answers<Q, A>(Vec<Answer<Q, A>>);

#[derive(Clone, Debug)]
struct Answer<Q, A> {
    question: Q,
    found: A,
    /// Whether it was asked since the last time that the others were forgotten.
    is_asked: bool,
}

impl One {
    pub fn of(recording: &Recording) -> Self {
        Self { id: recording.id, heard: recording.heard.hash() }
    }
}

impl Two {
    pub fn of(left: &Recording, right: &Recording) -> Self {
        Self { left: One::of(left), right: One::of(right) }
    }

    pub fn new(left: One, right: One) -> Self {
        Self { left, right }
    }
}

impl Findings {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The lags of a pair that were found with blocks of so many frames, if they are known.
    pub(crate) fn lags(&self, two: Two, block_frames: usize) -> Option<Vec<Candidate>> {
        self.with(two, |found| found.lags.get(&(block_frames as u64)))
    }

    /// Keeps the lags of a pair.
    pub(crate) fn keep_lags(&self, two: Two, block_frames: usize, lags: &[Candidate]) {
        self.with(two, |found| found.lags.put(block_frames as u64, lags.to_vec()));
    }

    /// What a look at a claim shows; `look` looks if that is not known.
    pub(crate) fn look(
        &self,
        two: Two,
        claim: &Claim,
        look: impl FnOnce() -> io::Result<Option<Look>>,
    ) -> io::Result<Option<Look>> {
        let Claim { lag_s, at_right_s, drift_ppm, right_start_s, right_end_s } = *claim;
        let question = [lag_s, at_right_s, drift_ppm, right_start_s, right_end_s].map(f64::to_bits);
        if let Some(known) = self.with(two, |found| found.looks.get(&question)) {
            return Ok(known);
        }
        let answer = look()?;
        self.with(two, |found| found.looks.put(question, answer.clone()));
        Ok(answer)
    }

    /// What was copied at these lags; `follow` follows if that is not known.
    pub(crate) fn copied(
        &self,
        two: Two,
        lags_s: &[f64],
        follow: impl FnOnce() -> io::Result<Vec<Copied>>,
    ) -> io::Result<Vec<Copied>> {
        if lags_s.is_empty() {
            return follow();
        }
        let question: Vec<u64> = lags_s.iter().map(|lag_s| lag_s.to_bits()).collect();
        if let Some(known) = self.with(two, |found| found.copies.get(&question)) {
            return Ok(known);
        }
        let answer = follow()?;
        self.with(two, |found| found.copies.put(question, answer.clone()));
        Ok(answer)
    }

    /// What a window of left, around this moment, shows of right at any speed, if that is known.
    pub(crate) fn shown(&self, two: Two, middle_s: f64) -> Option<Vec<Shown>> {
        self.with(two, |found| found.shown.get(&middle_s.to_bits()))
    }

    /// Keeps what a window shows.
    pub(crate) fn keep_shown(&self, two: Two, middle_s: f64, shown: Vec<Shown>) {
        self.with(two, |found| found.shown.put(middle_s.to_bits(), shown));
    }

    /// What was copied around a moment of both, at about a speed; `follow` follows if that is not
    /// known.
    pub(crate) fn retimed(
        &self,
        two: Two,
        (moment_s, speed): ((f64, f64), f64),
        follow: impl FnOnce() -> io::Result<Option<Copied>>,
    ) -> io::Result<Option<Copied>> {
        let question = [moment_s.0, moment_s.1, speed].map(f64::to_bits);
        if let Some(known) = self.with(two, |found| found.retimed.get(&question)) {
            return Ok(known);
        }
        let answer = follow()?;
        self.with(two, |found| found.retimed.put(question, answer));
        Ok(answer)
    }

    fn with<T>(&self, two: Two, work: impl FnOnce(&mut Found) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(all.entry(two).or_default())
    }

    /// Forgets what nobody asked for since the last time.
    pub(crate) fn forget_unasked(&self) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, found| {
            let Found { lags, looks, copies, shown, retimed } = found;
            [
                lags.forget_unasked(),
                looks.forget_unasked(),
                copies.forget_unasked(),
                shown.forget_unasked(),
                retimed.forget_unasked(),
            ]
            .contains(&true)
        });
    }

    /// For a cache. Whoever keeps the bytes guards them against damage.
    pub fn to_bytes(&self) -> Vec<u8> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = Vec::new();
        bytes.extend(MAGIC);
        FINDINGS_VERSION.write(&mut bytes);
        for (two, found) in all.iter() {
            two.write(&mut bytes);
            found.write(&mut bytes);
        }
        bytes
    }

    /// From a cache.
    ///
    /// # Errors
    /// [`NoFindings`] for bytes of another version, or that are none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NoFindings> {
        let mut bytes = Bytes(bytes.strip_prefix(&MAGIC).ok_or(NoFindings)?);
        if u32::read(&mut bytes) != Some(FINDINGS_VERSION) {
            return Err(NoFindings);
        }
        let mut all = BTreeMap::new();
        while !bytes.0.is_empty() {
            let (two, found) =
                Two::read(&mut bytes).zip(Found::read(&mut bytes)).ok_or(NoFindings)?;
            all.insert(two, found);
        }
        Ok(Self(Mutex::new(all)))
    }
}

const MAGIC: [u8; 4] = *b"RFND";

impl<Q, A> Default for Answers<Q, A> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<Q: PartialEq, A: Clone> Answers<Q, A> {
    fn get(&mut self, question: &Q) -> Option<A> {
        let known = self.0.iter_mut().find(|known| known.question == *question)?;
        known.is_asked = true;
        Some(known.found.clone())
    }

    fn put(&mut self, question: Q, answer: A) {
        if self.get(&question).is_none() {
            self.0.push(Answer { question, found: answer, is_asked: true });
        }
    }

    /// Whether anything is left.
    fn forget_unasked(&mut self) -> bool {
        self.0.retain(|known| known.is_asked);
        self.0.iter_mut().for_each(|known| known.is_asked = false);
        !self.0.is_empty()
    }
}

impl<Q: Form, A: Form> Form for Answers<Q, A> {
    fn write(&self, to: &mut Vec<u8>) {
        (self.0.len() as u32).write(to);
        for known in &self.0 {
            known.question.write(to);
            known.found.write(to);
        }
    }

    fn read(from: &mut Bytes) -> Option<Self> {
        let count = u32::read(from)?;
        let one = |_| {
            let (question, answer) = Q::read(from).zip(A::read(from))?;
            Some(Answer { question, found: answer, is_asked: false })
        };
        (0..count).map(one).collect::<Option<_>>().map(Self)
    }
}

form!(One { id, heard });
form!(Two { left, right });
form!(Found { lags, looks, copies, shown, retimed });
form!(Candidate { lag_s, at_right_s, drift_ppm, z });
form!(Look { lag_s, at_right_s, drift_ppm, drift_sigma_ppm, z, windows });
form!(Window { right_s, lag_s, surprise, peaks });
form!(Shown { other_s, speed, alike });
form!(Copied { left_start_s, right_start_s, length_s, speed, laid_over_left });

#[cfg(test)]
mod tests {
    use super::*;

    fn two(left: u8, right: u8) -> Two {
        let one = |n: u8| One { id: SourceId([n; 32]), heard: u64::from(n) };
        Two::new(one(left), one(right))
    }

    fn look() -> Look {
        let window =
            Window { right_s: 1.0, lag_s: 0.1 + 0.2, surprise: 30.0, peaks: vec![(0.3, 30.0)] };
        Look {
            lag_s: 0.3,
            at_right_s: 2.0,
            drift_ppm: -17.0,
            drift_sigma_ppm: Some(0.5),
            z: f64::INFINITY,
            windows: vec![window],
        }
    }

    fn claim(lag_s: f64) -> Claim {
        Claim { lag_s, at_right_s: 0.0, drift_ppm: 0.0, right_start_s: 0.0, right_end_s: 9.0 }
    }

    fn asked(findings: &Findings) -> (Vec<Candidate>, Option<Look>, Vec<Copied>) {
        let lags = findings.lags(two(1, 2), 512).unwrap();
        let look = findings.look(two(1, 2), &claim(0.3), || panic!("it is known")).unwrap();
        let copied = findings.copied(two(2, 1), &[0.3, -1.0], || panic!("it is known")).unwrap();
        (lags, look, copied)
    }

    fn known() -> Findings {
        let findings = Findings::new();
        let lag = Candidate { lag_s: 0.3, at_right_s: 0.0, drift_ppm: 0.0, z: 12.5 };
        findings.keep_lags(two(1, 2), 512, &[lag]);
        findings.look(two(1, 2), &claim(0.3), || Ok(Some(look()))).unwrap();
        findings.look(two(1, 2), &claim(0.4), || Ok(None)).unwrap();
        let copied = Copied {
            left_start_s: 1.0,
            right_start_s: 2.0,
            length_s: 3.0,
            speed: 1.04,
            laid_over_left: 0.0,
        };
        findings.copied(two(2, 1), &[0.3, -1.0], || Ok(vec![copied])).unwrap();
        findings
    }

    #[test]
    fn what_was_found_is_remembered_to_the_bit() {
        let findings = known();
        let again = Findings::from_bytes(&findings.to_bytes()).unwrap();
        assert_eq!(format!("{:?}", asked(&again)), format!("{:?}", asked(&findings)));
        assert_eq!(again.lags(two(2, 1), 512), None);
        assert_eq!(again.lags(two(1, 2), 1024), None);
        assert_eq!(
            again.lags(Two::new(two(1, 1).left, One { id: SourceId([2; 32]), heard: 3 }), 512),
            None
        );
    }

    #[test]
    fn what_nobody_asked_for_is_forgotten() {
        let again = Findings::from_bytes(&known().to_bytes()).unwrap();
        asked(&again);
        again.forget_unasked();
        asked(&again);
        let looked = again.look(two(1, 2), &claim(0.4), || Ok(Some(look()))).unwrap();
        assert!(looked.is_some(), "the look at another lag was not asked for in between");
    }

    #[test]
    fn bytes_that_break_off_or_are_of_another_version_are_no_findings() {
        let bytes = known().to_bytes();
        for end in 0..bytes.len() {
            // Between two pairs the bytes may end; whoever keeps them notices that.
            let read = Findings::from_bytes(&bytes[..end]);
            assert!(read.is_err() || read.unwrap().to_bytes() == bytes[..end], "{end}");
        }
        let mut other = bytes;
        other[4] ^= 1;
        assert!(Findings::from_bytes(&other).is_err());
    }
}
