//! All of it: recordings in, one clock for each island out.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use evidence::{
    ClockMap, CopyReason, Doubt, Excerpt, Island, MediaTime, Piece, Placement, Refusal, RunnerUp,
    SourceId, Stood, Tie, TieKind, Window,
};

use crate::findings::{Findings, Two};
use crate::solve::by_light::ByLight;
use crate::solve::clock::{self, Looked, Placed, Solved};
use crate::solve::copies;
use crate::solve::elsewhere;
use crate::solve::graph;
use crate::solve::hand::{Given as Told, Hand, Overruled, SIGMAS};
use crate::solve::loose;
use crate::solve::lost;
use crate::solve::pauses;
use crate::solve::pieces;
use crate::solve::played::{self, Played};
use crate::solve::second_look;
use crate::solve::untangle;
use crate::tie::gcc_phat::GccPhat;
use crate::tie::pairs::{self, Pair};
use crate::tie::refine::{self, Claim};
use crate::tie::search::Candidate;
use crate::{Error, Given, Heard, Light, Sound};

/// A recording to be placed.
pub struct Recording<'a> {
    /// Which; no two may be the same.
    pub id: SourceId,
    /// What to call it in a refusal.
    pub name: &'a str,
    /// What the [`Listener`](crate::Listener) made of it.
    pub heard: &'a Heard,
    /// Its sound, for a closer look.
    pub sound: &'a dyn Sound,
    /// What the [`LightMeter`](crate::LightMeter) made of its pictures, where sound may not be
    /// enough.
    pub light: Option<&'a Light>,
    /// Where its recorder stood, if somebody said so.
    pub stood: Option<Stood>,
}

/// Who waits for the result.
pub trait Watch: Sync {
    /// So many of so many recordings have been compared with the others.
    fn advanced(&self, done: usize, total: usize);
    /// Whether somebody asked to stop; asked several times a second.
    fn stopped(&self) -> bool;
}

/// What was found; everything sorted by [`SourceId`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alignment {
    /// Recordings on a clock. Islands are numbered from 0, the largest first; case zero of
    /// each is the earliest moment of any of its recordings.
    pub placements: Vec<Placement>,
    /// Recordings on no clock, and why.
    pub refusals: Vec<(SourceId, Refusal)>,
    /// The pairs that were looked at closely; and of recordings on no clock what came nearest,
    /// not accepted and with no windows.
    pub ties: Vec<Tie>,
    /// Stretches copied from one recording into another.
    pub excerpts: Vec<Excerpt>,
}

/// With less sound than this there is nothing to compare.
const ACTIVE_S_MIN: f64 = 0.5;

/// How often pieces are cut and solved again: drops that are close together are told apart only when
/// the stretch between them is looked at by itself.
const CUTS_MAX: usize = 3;

/// How often what is loose is held against all that was heard: what was found may lead to more.
const LOOSE_ROUNDS_MAX: usize = 3;

/// Puts the recordings on one clock.
///
/// # Errors
/// [`Error::Stopped`] when [`Watch::stopped`] says so; [`Error::Sound`] when kept sound cannot
/// be read.
pub fn synchronise(recordings: &[Recording], watch: &dyn Watch) -> Result<Alignment, Error> {
    synchronise_with(recordings, &[], watch)
}

/// As [`synchronise`], with relations that are given and not heard. A recording without sound is
/// placed by them alone; one that sound cannot place goes where it is given to lie; what is
/// locked outweighs all sound. Relations of recordings that are not here are passed over.
///
/// # Errors
/// Those of [`synchronise`].
pub fn synchronise_with(
    recordings: &[Recording],
    given: &[Given],
    watch: &dyn Watch,
) -> Result<Alignment, Error> {
    synchronise_knowing(recordings, given, &Findings::new(), watch)
}

/// As [`synchronise_with`], with what is known of pairs from before, to which is added what is
/// found now; what was known and not asked for is forgotten. The result is the same to the byte,
/// whatever is known. After an error nothing is forgotten.
///
/// # Errors
/// Those of [`synchronise`].
pub fn synchronise_knowing(
    recordings: &[Recording],
    given: &[Given],
    findings: &Findings,
    watch: &dyn Watch,
) -> Result<Alignment, Error> {
    let mut alignment = Alignment::default();
    let Sorted { mut audible, mute, deaf } = sorted(recordings, given, &mut alignment.refusals);
    let mut heard: Vec<&Heard> = audible.iter().map(|r| r.heard).collect();
    let pairs = pairs::pairs(&audible, findings, watch)?;
    // What cannot be compared comes last, where no pair names it.
    audible.extend(&mute);
    heard.extend(mute.iter().map(|r| r.heard));
    let told = told(given, &audible);
    let mut hand = Hand::new(&told);
    let mut bench = Bench {
        gcc: GccPhat::new(),
        recordings: &audible,
        heard: &heard,
        pairs: &pairs,
        findings,
        watch,
        failed: None,
    };
    let graph = graph::solve(audible.len(), &pairs, &mut bench, &mut hand);
    if let Some(error) = bench.failed {
        return Err(error);
    }
    let (heeded, overruled) = hand.heeded(&pairs, &graph.islands);
    let all: Vec<&Recording> = audible.iter().chain(&deaf).copied().collect();
    let mut known =
        Known { recordings: &all, heard: &heard, pairs: heeded, told: &told, given, findings };
    let mut islands = graph.islands;
    let (mut by_light, mut solved) = known.solve_all(&mut islands, &graph.undecided, watch)?;
    let played = played::part_each(&mut islands, &solved, &all);
    if !played.is_empty() {
        by_light = ByLight::find(&all, &islands, watch)?;
        solved = known.solve_each(&islands, &mut by_light, watch)?;
    }
    let on_clock = copies::confirmed(solved.iter().flat_map(|s| &s.1), &audible);
    let ties: Vec<&Tie> = solved.iter().flat_map(|s| &s.1).collect();
    let partings = copies::partings(&ties, &audible);
    alignment.excerpts =
        copies::excerpts(&audible, &pairs, &on_clock, &partings, (findings, watch))?;
    copies::add_played(&mut alignment.excerpts, &played, &all);
    let free = free(&alignment.excerpts, given, &islands, &all);
    known.leave_retimed_out(islands, &free, &mut solved, &mut by_light, watch)?;
    let (solved, ties): (Vec<_>, Vec<_>) = solved.into_iter().unzip();
    alignment.ties = ties.into_iter().flatten().collect();
    alignment.ties.extend(overruled.iter().map(|o| tie_overruled(o, &pairs, &audible)));
    let solved = [solved, by_light.islands_of_light(&all, watch)?].concat();
    alignment.ties.extend(by_light.ties(&all));
    place(&mut alignment, solved, &all);
    copies::place(&mut alignment.placements, &free, &audible);
    alignment.ties.extend(played.iter().map(|p| p.tie.clone()));
    refuse(&mut alignment, &graph.undecided, &played, &audible);
    near_misses(&mut alignment, &pairs, &audible);
    alignment.ties.sort_by(|a, b| {
        (a.left, a.right, a.pieces[0].start).cmp(&(b.left, b.right, b.pieces[0].start))
    });
    findings.forget_unasked();
    Ok(alignment)
}

/// The clocks of an island and the ties they rest on.
type OnOneClock = (Vec<Placed>, Vec<Tie>);

/// What the clocks of an island are solved from.
struct Known<'a> {
    recordings: &'a [&'a Recording<'a>],
    heard: &'a [&'a Heard],
    pairs: Cow<'a, [Pair]>,
    told: &'a [Told],
    given: &'a [Given],
    findings: &'a Findings,
}

impl Known<'_> {
    /// The clocks of all islands, which what was loose has joined where all of an island bears it out.
    fn solve_all(
        &mut self,
        islands: &mut [graph::Island],
        undecided: &[graph::Undecided],
        watch: &dyn Watch,
    ) -> Result<(ByLight, Vec<OnOneClock>), Error> {
        let mut rounds = 0;
        loop {
            let mut by_light = ByLight::find(self.recordings, islands, watch)?;
            let solved = self.solve_each(islands, &mut by_light, watch)?;
            rounds += 1;
            let is_loose = |i: &usize| {
                self.recordings[*i].heard.is_enough()
                    && islands.iter().all(|island| island.members.iter().all(|m| m.0 != *i))
                    && undecided.iter().all(|u| u.recording != *i)
                    && self.told.iter().all(|t| t.left != *i && t.right != *i)
            };
            let loose: Vec<usize> = (0..self.recordings.len()).filter(is_loose).collect();
            let placed: Vec<&[Placed]> = solved.iter().map(|s| &s.0[..]).collect();
            let found = if rounds > LOOSE_ROUNDS_MAX {
                Vec::new()
            } else {
                loose::found(self.recordings, &loose, &placed, watch)?
            };
            if found.is_empty() {
                return Ok((by_light, solved));
            }
            for f in &found {
                loose::join(f, &mut islands[f.island], placed[f.island], self.pairs.to_mut());
            }
        }
    }

    /// The clocks of each island and the ties they rest on.
    fn solve_each(
        &self,
        islands: &[graph::Island],
        by_light: &mut ByLight,
        watch: &dyn Watch,
    ) -> Result<Vec<OnOneClock>, Error> {
        islands.iter().enumerate().map(|i| self.solve(i, by_light, watch)).collect()
    }

    /// The clocks of an island and the ties they rest on.
    fn solve(
        &self,
        (number, island): (usize, &graph::Island),
        by_light: &mut ByLight,
        watch: &dyn Watch,
    ) -> Result<OnOneClock, Error> {
        let holds = |i: usize| island.members.iter().any(|m| m.0 == i);
        let mut inside: Vec<&Pair> =
            self.pairs.iter().filter(|p| holds(p.left) && holds(p.right)).collect();
        let told: Vec<Told> =
            self.told.iter().filter(|g| holds(g.left) && holds(g.right)).copied().collect();
        let island = untangle::untangle(island, &inside, self.heard);
        let pieces = pieces::pieces(&island, &inside, self.heard);
        let run = (self.findings, watch);
        let mut pieces = second_look::borne_out(pieces, &inside, self.recordings, self.findings)
            .map_err(|source| Error::Sound { source })?;
        let mut solved = clock::solve(self.recordings, &pieces, &inside, &told, &[], run)?;
        let parted = elsewhere::part(&pieces, &solved, self.recordings, watch)?;
        let more = parted.as_ref().map(|parted| parted.add_to(&inside));
        if let (Some(parted), Some(more)) = (parted, &more) {
            let more: Vec<&Pair> = more.iter().collect();
            match clock::solve(self.recordings, &parted.pieces, &more, &told, &[], run) {
                // What is left of a piece hangs together with nobody.
                Err(Error::Unsolved) => {}
                other => (solved, pieces, inside) = (other?, parted.pieces, more),
            }
        }
        let mut doubts_s = Vec::new();
        // Between two cuts others may come to light.
        for _ in 0..CUTS_MAX {
            let cut = lost::cut(&pieces, &solved.looked, self.recordings)
                .map_err(|source| Error::Sound { source })?;
            let Some(cut) = cut else { break };
            match clock::solve(self.recordings, &cut.pieces, &inside, &told, &[], run) {
                // Cut so that a piece hangs together with nobody: then nothing was lost there.
                Err(Error::Unsolved) => break,
                other => solved = other?,
            }
            doubts_s = carried(&pieces, &doubts_s, &cut);
            pieces = cut.pieces;
        }
        // Whoever joins by light is cut nowhere.
        let seen = by_light.join(number, &mut pieces, self.recordings);
        if !seen.is_empty() {
            solved = clock::solve(self.recordings, &pieces, &inside, &told, &seen, run)?;
        }
        let Solved { mut placed, looked, residuals_s } = solved;
        for (placed, doubt_s) in placed.iter_mut().zip(&doubts_s) {
            placed.sigma_s = placed.sigma_s.hypot(*doubt_s);
        }
        pauses::draw_up(&mut placed, &looked, self.recordings)
            .map_err(|source| Error::Sound { source })?;
        by_light.settle(number, &placed);
        let heard = looked.iter().map(|l| tie(l, &placed, &inside, self.recordings));
        let given = told.iter().zip(residuals_s);
        let given = given.map(|(g, residual_s)| tie_given(&self.given[g.number], residual_s));
        let ties = heard.chain(given).collect();
        Ok((placed, ties))
    }

    /// What runs at another speed was no witness: its island is solved again without it.
    fn leave_retimed_out(
        &self,
        islands: Vec<graph::Island>,
        excerpts: &[Excerpt],
        solved: &mut Vec<OnOneClock>,
        by_light: &mut ByLight,
        watch: &dyn Watch,
    ) -> Result<(), Error> {
        for (number, (mut island, solved)) in islands.into_iter().zip(solved.iter_mut()).enumerate()
        {
            let before = island.members.len();
            let was_retimed = |i: usize| copies::was_retimed(excerpts, self.recordings[i].id);
            island.members.retain(|m| !was_retimed(m.0));
            if island.members.len() < before {
                let is_left = island.members.len() > 1;
                *solved = if is_left {
                    self.solve((number, &island), by_light, watch)?
                } else {
                    by_light.settle(number, &[]);
                    Default::default()
                };
            }
        }
        solved.retain(|s| !s.0.is_empty());
        Ok(())
    }
}

/// The doubts of pieces that were cut once more: a part has that of the whole.
fn carried(pieces: &[pieces::Piece], doubts_s: &[f64], cut: &lost::Cut) -> Vec<f64> {
    let before_s = |part: &pieces::Piece| {
        let holds = |p: &pieces::Piece| {
            p.recording == part.recording && p.start_s <= part.start_s && part.end_s <= p.end_s
        };
        pieces.iter().position(holds).and_then(|k| doubts_s.get(k)).copied().unwrap_or(0.0)
    };
    cut.pieces.iter().zip(&cut.doubts_s).map(|(part, own)| own.hypot(before_s(part))).collect()
}

/// Recordings by what places them, in order of id.
struct Sorted<'a> {
    /// What they heard.
    audible: Vec<&'a Recording<'a>>,
    /// What is given of them.
    mute: Vec<&'a Recording<'a>>,
    /// At most what they saw; refused else.
    deaf: Vec<&'a Recording<'a>>,
}

fn sorted<'a>(
    recordings: &'a [Recording<'a>],
    given: &[Given],
    refusals: &mut Vec<(SourceId, Refusal)>,
) -> Sorted<'a> {
    let mut all: Vec<&Recording> = recordings.iter().collect();
    all.sort_by_key(|r| r.id);
    let mut sorted = Sorted { audible: Vec::new(), mute: Vec::new(), deaf: Vec::new() };
    for recording in all {
        let is_given = given.iter().any(|g| g.left == recording.id || g.right == recording.id);
        match unheard(recording) {
            Some(_) if is_given => sorted.mute.push(recording),
            Some(refusal) => {
                refusals.push((recording.id, refusal));
                sorted.deaf.push(recording);
            }
            None => sorted.audible.push(recording),
        }
    }
    sorted
}

impl Heard {
    /// Whether there is enough of it to be compared with others; light may place the rest.
    pub fn is_enough(&self) -> bool {
        self.active_s() >= ACTIVE_S_MIN
    }
}

fn unheard(recording: &Recording) -> Option<Refusal> {
    let heard = recording.heard;
    if heard.is_enough() {
        return None;
    }
    if recording.light.is_some() && recording.sound.samples() == 0 {
        return Some(Refusal::NoAudio);
    }
    if heard.active_s() > 0.0 || heard.duration_s() < ACTIVE_S_MIN {
        return Some(Refusal::TooShort { heard_s: heard.active_s() });
    }
    Some(Refusal::Silent)
}

/// Answers the graph from the recordings themselves. After a failure every answer is no.
struct Bench<'a> {
    gcc: GccPhat,
    recordings: &'a [&'a Recording<'a>],
    heard: &'a [&'a Heard],
    pairs: &'a [Pair],
    findings: &'a Findings,
    watch: &'a dyn Watch,
    failed: Option<Error>,
}

impl graph::Witness for Bench<'_> {
    fn confirms(&mut self, pair: usize, lag_s: f64) -> bool {
        if self.watch.stopped() {
            self.failed.get_or_insert(Error::Stopped);
        }
        if self.failed.is_some() {
            return false;
        }
        let look = confirming_look(
            &mut self.gcc,
            self.recordings,
            &self.pairs[pair],
            lag_s,
            self.findings,
        );
        match look {
            Ok(look) => look.is_some(),
            Err(source) => {
                self.failed = Some(Error::Sound { source });
                false
            }
        }
    }

    fn takes_turns(&mut self, pair: usize) -> bool {
        self.failed.is_none() && pieces::takes_turns(&self.pairs[pair], self.heard)
    }
}

/// What the waveforms of a pair say of a lag, if they confirm it.
pub(crate) fn confirming_look(
    gcc: &mut GccPhat,
    recordings: &[&Recording],
    pair: &Pair,
    lag_s: f64,
    findings: &Findings,
) -> std::io::Result<Option<refine::Look>> {
    let (left, right) = (recordings[pair.left], recordings[pair.right]);
    let claim = Claim {
        lag_s,
        at_right_s: 0.0,
        drift_ppm: 0.0,
        right_start_s: (-lag_s).max(0.0),
        right_end_s: right.heard.duration_s().min(left.heard.duration_s() - lag_s),
    };
    let look = || refine::look(gcc, left.sound, right.sound, &claim);
    let look = findings.look(Two::of(left, right), &claim, look)?;
    Ok(look.filter(|look| look.height().is_some_and(|height| height >= 1.0)))
}

/// Excerpts in copies that nobody placed by hand: what was placed stays where it was placed. So
/// does who only heard one played and has a clock beside others.
fn free(
    excerpts: &[Excerpt],
    given: &[Given],
    islands: &[graph::Island],
    recordings: &[&Recording],
) -> Vec<Excerpt> {
    let members: Vec<SourceId> =
        islands.iter().flat_map(|i| &i.members).map(|m| recordings[m.0].id).collect();
    let is_free = |e: &&Excerpt| {
        given.iter().all(|g| g.right != e.copy)
            && (e.reason != Some(CopyReason::PlayedAgain) || !members.contains(&e.copy))
    };
    excerpts.iter().filter(is_free).copied().collect()
}

/// By index, without those that name a recording which is not here, or itself.
fn told(given: &[Given], recordings: &[&Recording]) -> Vec<Told> {
    let index = |id: SourceId| recordings.iter().position(|r| r.id == id);
    let told = given.iter().enumerate().filter_map(|(number, g)| {
        let (left, right) = (index(g.left)?, index(g.right)?);
        let Given { left_s, right_s, sigma_s, is_locked, .. } = *g;
        Some(Told { number, left, right, left_s, right_s, sigma_s, is_locked })
    });
    told.filter(|g| g.left != g.right && g.sigma_s > 0.0).collect()
}

pub(crate) fn nanoseconds(seconds: f64) -> i64 {
    (seconds * 1e9).round() as i64
}

/// A pair of pieces as evidence.
fn tie(l: &Looked, placed: &[Placed], pairs: &[&Pair], recordings: &[&Recording]) -> Tie {
    let pair = pairs[l.pair];
    let (lag_s, at_s, drift_ppm) = match l.look.as_ref().filter(|_| l.confirmed()) {
        Some(look) => (look.lag_s, look.at_right_s, look.drift_ppm),
        None => (l.claim.lag_s, l.claim.at_right_s, l.claim.drift_ppm),
    };
    let windows = l.look.iter().flat_map(|look| &look.windows);
    let agree = windows.clone().filter(|w| w.agrees()).count() as u32;
    let disagree = windows.count() as u32 - agree;
    let (a, b) = (&placed[l.left_piece], &placed[l.right_piece]);
    let piece = Piece {
        start: MediaTime::from_seconds(l.claim.right_start_s),
        end: MediaTime::from_seconds(l.claim.right_end_s),
        map: ClockMap::from_seconds(lag_s - at_s * drift_ppm * 1e-6, drift_ppm),
        sigma_ns: nanoseconds(a.sigma_s.hypot(b.sigma_s)),
    };
    Tie {
        left: recordings[pair.left].id,
        right: recordings[pair.right].id,
        pieces: vec![piece],
        score: l.z,
        windows_agree: agree,
        windows_disagree: disagree,
        runner_up: runner_up(pair, l.claim.lag_s, l.z),
        accepted: l.is_accepted(),
        kind: TieKind::Sound,
        windows: l.look.iter().flat_map(|look| look.windows.iter().map(window)).collect(),
        residual_ns: Some(nanoseconds(l.residual_s)),
    }
}

/// What is given as evidence: it holds at one moment.
fn tie_given(given: &Given, residual_s: f64) -> Tie {
    // The larger id is mapped onto the other.
    let ((left, left_s), (right, right_s)) = if given.left < given.right {
        ((given.left, given.left_s), (given.right, given.right_s))
    } else {
        ((given.right, given.right_s), (given.left, given.left_s))
    };
    let at = MediaTime::from_seconds(right_s);
    let piece = Piece {
        start: at,
        end: at,
        map: ClockMap::from_seconds(left_s - right_s, 0.0),
        sigma_ns: nanoseconds(given.sigma_s),
    };
    let accepted = given.is_locked || residual_s.abs() <= SIGMAS * given.sigma_s;
    Tie {
        left,
        right,
        pieces: vec![piece],
        score: 0.0,
        windows_agree: 0,
        windows_disagree: 0,
        runner_up: None,
        accepted,
        kind: given.kind,
        windows: Vec::new(),
        residual_ns: Some(nanoseconds(if given.left < given.right {
            residual_s
        } else {
            -residual_s
        })),
    }
}

/// A window as evidence. There are never more than [`refine::WINDOWS_MAX`] in a tie.
fn window(w: &refine::Window) -> Window {
    Window {
        at: MediaTime::from_seconds(w.right_s),
        lag_ns: nanoseconds(w.lag_s),
        agrees: w.agrees(),
    }
}

/// The best lag of a pair away from `lag_s`.
fn runner_up(pair: &Pair, lag_s: f64, z: f64) -> Option<RunnerUp> {
    let apart = |c: &&Candidate| (c.lag_s - lag_s).abs() > APART_S;
    let second = pair.candidates.iter().filter(apart).max_by(|x, y| x.z.total_cmp(&y.z))?;
    Some(RunnerUp { offset_ns: nanoseconds(second.lag_s), share: (second.z / z).min(1.0) })
}

/// Lags nearer than this are one: each pair hears its own sources from its own place.
const APART_S: f64 = 0.3;

/// A lag that sound proposed where another was given.
fn tie_overruled(overruled: &Overruled, pairs: &[Pair], recordings: &[&Recording]) -> Tie {
    Tie {
        residual_ns: Some(nanoseconds(overruled.residual_s)),
        ..unheeded(&pairs[overruled.pair], &overruled.candidate, recordings)
    }
}

/// Numbers the islands and sets each one's zero.
fn place(alignment: &mut Alignment, mut solved: Vec<Vec<Placed>>, recordings: &[&Recording]) {
    let size = |island: &[Placed]| {
        let mut members: Vec<usize> = island.iter().map(|p| p.piece.recording).collect();
        members.dedup();
        members.len()
    };
    solved.sort_by_key(|island| {
        (std::cmp::Reverse(size(island)), island.iter().map(|p| p.piece.recording).min())
    });
    for (number, island) in solved.iter().enumerate() {
        let case_start = |p: &Placed| p.offset_s + p.piece.start_s * (1.0 + p.drift_ppm * 1e-6);
        let zero_s = island.iter().map(case_start).fold(f64::INFINITY, f64::min);
        let mut members: BTreeMap<usize, Vec<Piece>> = BTreeMap::new();
        for p in island {
            members.entry(p.piece.recording).or_default().push(Piece {
                start: MediaTime::from_seconds(p.piece.start_s),
                end: MediaTime::from_seconds(p.piece.end_s),
                map: ClockMap::from_seconds(p.offset_s - zero_s, p.drift_ppm),
                sigma_ns: nanoseconds(p.sigma_s),
            });
        }
        for (recording, mut pieces) in members {
            pieces.sort_by_key(|p| p.start);
            let source = recordings[recording].id;
            let own = island.iter().filter(|p| p.piece.recording == recording);
            let contradiction_s = own.map(|p| p.contradiction_s).fold(0.0, f64::max);
            let doubt = Some(Doubt {
                contradiction_ns: nanoseconds(contradiction_s),
                floor_ns: nanoseconds(clock::SIGMA_FLOOR_S),
            });
            let island = Island(number as u32);
            alignment.placements.push(Placement { source, island, pieces, doubt });
        }
    }
    alignment.placements.sort_by_key(|p| p.source);
}

fn refuse(
    alignment: &mut Alignment,
    undecided: &[graph::Undecided],
    played: &[Played],
    recordings: &[&Recording],
) {
    for (index, recording) in recordings.iter().enumerate() {
        if alignment.placements.iter().any(|p| p.source == recording.id) {
            continue;
        }
        if let Some(refusal) = unheard(recording) {
            alignment.refusals.push((recording.id, refusal));
            continue;
        }
        let undecided = undecided.iter().find(|u| u.recording == index).map(|u| {
            let with = recordings[u.with].name.to_owned();
            let (offsets_s, shares) = (u.offsets_s.clone(), u.shares.clone());
            Refusal::Ambiguous { with, offsets_s, shares }
        });
        let one_stretch = || {
            let (other, start_s, end_s) = played.iter().find_map(|p| p.seen_from(index))?;
            Some(Refusal::OneStretch { with: recordings[other].name.to_owned(), start_s, end_s })
        };
        let refusal = undecided.or_else(one_stretch).unwrap_or(Refusal::SharesNothing);
        alignment.refusals.push((recording.id, refusal));
    }
    // Light may have placed what sound could not.
    let placed: BTreeSet<SourceId> = alignment.placements.iter().map(|p| p.source).collect();
    alignment.refusals.retain(|(id, _)| !placed.contains(id));
    alignment.refusals.sort_by_key(|r| r.0);
}

/// For a recording on no clock so many of the pairs that came nearest are kept.
const NEAREST: usize = 3;

/// What came nearest for the recordings on no clock: the strongest lag of their strongest pairs.
fn near_misses(alignment: &mut Alignment, pairs: &[Pair], recordings: &[&Recording]) {
    let strength = |pair: &Pair| pair.candidates.iter().map(|c| c.z).fold(0.0, f64::max);
    let mut kept = BTreeSet::new();
    for (index, recording) in recordings.iter().enumerate() {
        if alignment.placements.iter().any(|p| p.source == recording.id) {
            continue;
        }
        let mut own: Vec<usize> = (0..pairs.len())
            .filter(|&k| [pairs[k].left, pairs[k].right].contains(&index))
            .collect();
        own.sort_by(|&a, &b| strength(&pairs[b]).total_cmp(&strength(&pairs[a])).then(a.cmp(&b)));
        kept.extend(own.into_iter().take(NEAREST));
    }
    alignment.ties.extend(kept.into_iter().filter_map(|k| {
        let best = pairs[k].candidates.iter().max_by(|x, y| x.z.total_cmp(&y.z))?;
        Some(unheeded(&pairs[k], best, recordings))
    }));
}

/// A lag of a pair that nothing rests on.
fn unheeded(pair: &Pair, best: &Candidate, recordings: &[&Recording]) -> Tie {
    let (left, right) = (recordings[pair.left], recordings[pair.right]);
    let end_s = right.heard.duration_s().min(left.heard.duration_s() - best.lag_s);
    let piece = Piece {
        start: MediaTime::from_seconds((-best.lag_s).max(0.0)),
        end: MediaTime::from_seconds(end_s.max(0.0)),
        map: ClockMap::from_seconds(
            best.lag_s - best.at_right_s * best.drift_ppm * 1e-6,
            best.drift_ppm,
        ),
        sigma_ns: nanoseconds(clock::BANDS_SIGMA_S),
    };
    Tie {
        left: left.id,
        right: right.id,
        pieces: vec![piece],
        score: best.z,
        windows_agree: 0,
        windows_disagree: 0,
        runner_up: runner_up(pair, best.lag_s, best.z),
        accepted: false,
        kind: TieKind::Sound,
        windows: Vec::new(),
        residual_ns: None,
    }
}
