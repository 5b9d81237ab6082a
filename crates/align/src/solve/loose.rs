//! Recordings that no pair of recordings could place, held against all that an island heard.
//!
//! In: the recordings on no clock, and the islands with their clocks. Out: for each of the former
//! that turns out to belong to an island its offset there and the partners that bear it out.
//! Method: what the members of an island heard is laid over one another on its clock. What they
//! share adds up, what each hears of its own averages out, so that one search (`tie::search`) of a
//! recording against this one timeline shows what none of its pairs does. The places it proposes
//! are then asked by waveform, partner by partner: in windows (`tie::refine`) where the overlap has
//! enough of them, over all of a short overlap at once (`tie::whole`). One place must stand far
//! above chance and above every other; where a sound repeats itself several do, and none is taken.
//! Cost: for each recording on no clock that of one pair and of some dozen looks, however many
//! members an island has: linear in hours.
//! Cannot: tell an echo of the scene (a telephone, a loudspeaker elsewhere) from the scene.

use rayon::prelude::*;
use realfft::RealFftPlanner;
use std::io;

use super::clock::Placed;
use super::graph::{self, Island, TOGETHER_S};
use crate::listen::{BANDS, FRAMES_PER_S, Heard};
use crate::tie::gcc_phat::GccPhat;
use crate::tie::pairs::{self, Pair};
use crate::tie::refine::{self, Claim};
use crate::tie::search::{Candidate, Searcher, Spectra};
use crate::tie::whole;
use crate::{Error, Recording, Watch};

/// Places that are asked by waveform, and from which strength: that from which waveforms may join a
/// pair.
const PLACES_MAX: usize = 8;
const PLACE_Z_MIN: f64 = graph::Z_JOIN_IF_CONFIRMED;

/// Partners asked at each place: those that overlap longest.
const PARTNERS_MAX: usize = 4;

/// With less overlap than this nobody is asked, seconds.
const OVERLAP_S_MIN: f64 = 2.5;

/// A partner bears a place out in windows, as in a pair, or, where the overlap is short, over the
/// whole of it from here. Of 4000 lags at each of some hundred places the highest of pure chance is
/// 6; two strangers who each hear a siren reach 8.2, and five seconds of one scene have 10 to 14.
const WHOLE_Z_MIN: f64 = 9.0;

/// What any other place may reach of the best.
const RIVAL_SHARE_MAX: f64 = 0.75;

/// Memory for the spectra of the timelines of all islands: half an hour each takes 20 MB.
const SPECTRA_BYTES_MAX: usize = 200 << 20;

/// A recording that belongs to an island after all.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub recording: usize,
    /// Index of the island.
    pub island: usize,
    /// Where it begins on the clock of the island.
    pub offset_s: f64,
    /// Who bears it out, and the lag `start(recording) − start(partner)` with its strength.
    pub borne_out: Vec<(usize, Candidate)>,
}

/// Where a recording lies.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// In this one place.
    Here(Found),
    /// In one of these places, each on the clock of its island; its sound does not tell which.
    OneOf(Vec<f64>),
    /// Nothing bears any place out.
    Nowhere,
}

/// A place and how far above chance it is, in units of what is asked for.
struct Place {
    offset_s: f64,
    height: f64,
    borne_out: Vec<(usize, Candidate)>,
}

/// What an island heard, on its clock.
struct Timeline {
    start_s: f64,
    searcher: Searcher,
    spectra: Spectra,
}

/// Those of the loose recordings that belong to an island.
///
/// # Errors
/// If somebody asked to stop or kept sound cannot be read.
pub(crate) fn found(
    recordings: &[&Recording],
    loose: &[usize],
    islands: &[&[Placed]],
    watch: &dyn Watch,
) -> Result<Vec<Found>, Error> {
    let here = |verdict| if let Verdict::Here(found) = verdict { Some(found) } else { None };
    Ok(verdicts(recordings, loose, islands, watch)?.into_iter().filter_map(here).collect())
}

/// Where each of the loose recordings lies.
///
/// # Errors
/// If somebody asked to stop or kept sound cannot be read.
pub(crate) fn verdicts(
    recordings: &[&Recording],
    loose: &[usize],
    islands: &[&[Placed]],
    watch: &dyn Watch,
) -> Result<Vec<Verdict>, Error> {
    if loose.is_empty() {
        return Ok(Vec::new());
    }
    let longest = loose.iter().map(|&i| recordings[i].heard.frames()).max().unwrap_or(0);
    let mut room = SPECTRA_BYTES_MAX;
    let mut timelines: Vec<Option<Timeline>> = Vec::new();
    for placed in islands {
        timelines.push(Timeline::of(placed, recordings, longest, &mut room));
    }
    loose
        .par_iter()
        .map_init(
            || (GccPhat::new(), RealFftPlanner::new()),
            |tools, &recording| {
                if watch.stopped() {
                    return Err(Error::Stopped);
                }
                let mut places = Vec::new();
                for (island, timeline) in timelines.iter().enumerate() {
                    let Some(timeline) = timeline else { continue };
                    for candidate in timeline.candidates(recordings[recording].heard) {
                        let place = place(
                            tools,
                            recordings,
                            recording,
                            islands[island],
                            &candidate,
                            timeline,
                        )
                        .map_err(|source| Error::Sound { source })?;
                        places.push((island, place));
                    }
                }
                Ok(best(recording, places))
            },
        )
        .collect()
}

/// Makes a recording that was found a member of its island, with the lags that bear it out among its
/// pairs.
pub(crate) fn join(found: &Found, island: &mut Island, placed: &[Placed], pairs: &mut Vec<Pair>) {
    // First offsets are as the graph counts them, which the partner tells.
    let shift_s = found.borne_out.iter().find_map(|(partner, _)| {
        let member = island.members.iter().find(|m| m.0 == *partner)?;
        let own = placed.iter().filter(|p| p.piece.recording == *partner);
        let off_s = |p: &&Placed| (p.piece.offset_s - member.1).abs();
        let near = own.min_by(|a, b| off_s(a).total_cmp(&off_s(b)))?;
        Some(near.offset_s - member.1)
    });
    island.members.push((found.recording, found.offset_s - shift_s.unwrap_or(0.0)));
    island.members.sort_by_key(|m| m.0);
    for &(partner, candidate) in &found.borne_out {
        pairs::add(pairs, (partner, found.recording), candidate);
    }
    pairs.sort_by_key(|p| (p.left, p.right));
}

/// The one place that is borne out and has no rival.
fn best(recording: usize, mut places: Vec<(usize, Place)>) -> Verdict {
    places.sort_by(|a, b| b.1.height.total_cmp(&a.1.height).then(a.0.cmp(&b.0)));
    let Some((island, first)) = places.first().filter(|p| p.1.height >= 1.0) else {
        return Verdict::Nowhere;
    };
    let is_rival = |(other, place): &&(usize, Place)| {
        let is_other = other != island || (place.offset_s - first.offset_s).abs() > TOGETHER_S;
        is_other && place.height > RIVAL_SHARE_MAX * first.height
    };
    let rivals: Vec<f64> = places.iter().filter(is_rival).map(|p| p.1.offset_s).collect();
    if rivals.is_empty() {
        let (offset_s, borne_out) = (first.offset_s, first.borne_out.clone());
        return Verdict::Here(Found { recording, island: *island, offset_s, borne_out });
    }
    Verdict::OneOf(std::iter::once(first.offset_s).chain(rivals).collect())
}

impl Timeline {
    /// `None` where memory does not allow it.
    fn of(
        placed: &[Placed],
        recordings: &[&Recording],
        longest: usize,
        room: &mut usize,
    ) -> Option<Self> {
        let case_s = |p: &Placed, media_s: f64| p.offset_s + media_s * (1.0 + p.drift_ppm * 1e-6);
        let start_s = placed.iter().map(|p| case_s(p, p.piece.start_s)).fold(f64::MAX, f64::min);
        let end_s = placed.iter().map(|p| case_s(p, p.piece.end_s)).fold(f64::MIN, f64::max);
        let frame_of = |s: f64| (s * FRAMES_PER_S as f64).round().max(0.0) as usize;
        let frames = frame_of((end_s - start_s).max(0.0)) + 1;
        let searcher = Searcher::new(frames.max(longest));
        *room = room.checked_sub(searcher.blocks(frames) * searcher.block_bytes())?;
        let mut sums = vec![0i16; frames * BANDS];
        let mut counts = vec![0u16; frames];
        for p in placed {
            let heard = recordings[p.piece.recording].heard;
            let last = frame_of(p.piece.end_s).min(heard.frames());
            for frame in frame_of(p.piece.start_s)..last {
                let at = frame_of(case_s(p, frame as f64 / FRAMES_PER_S as f64) - start_s);
                let Some(count) = counts.get_mut(at) else { break };
                *count += 1;
                let sum = &mut sums[at * BANDS..(at + 1) * BANDS];
                for (sum, d) in sum.iter_mut().zip(heard.frame(frame)) {
                    *sum = sum.saturating_add(i16::from(*d));
                }
            }
        }
        // What is not shared adds up as its root: so its variance stays as one recording has it.
        let deviations = sums
            .chunks_exact(BANDS)
            .zip(&counts)
            .flat_map(|(sum, count)| {
                let scale = 1.0 / f32::from((*count).max(1)).sqrt();
                sum.iter().map(move |s| (f32::from(*s) * scale) as i8)
            })
            .collect();
        let heard = Heard::of_frames(deviations);
        let spectra = searcher.spectra(&heard);
        Some(Self { start_s, searcher, spectra })
    }

    /// Where a recording may lie: the lag is its beginning on the clock of the island, from where the
    /// timeline begins.
    fn candidates(&self, heard: &Heard) -> Vec<Candidate> {
        let probes = self.searcher.probes(heard);
        self.searcher.candidates(&self.spectra, &probes, PLACES_MAX, PLACE_Z_MIN)
    }
}

/// What the waveforms of the partners say of a place.
fn place(
    (gcc, planner): &mut (GccPhat, RealFftPlanner<f32>),
    recordings: &[&Recording],
    recording: usize,
    placed: &[Placed],
    candidate: &Candidate,
    timeline: &Timeline,
) -> io::Result<Place> {
    // As it is where it was seen; a recording's own drift is not known yet.
    let offset_s =
        timeline.start_s + candidate.lag_s - candidate.at_right_s * candidate.drift_ppm * 1e-6;
    let own = recordings[recording];
    let mut claims: Vec<(usize, Claim)> = placed
        .iter()
        .map(|p| (p.piece.recording, claim(p, own.heard.duration_s(), offset_s)))
        .filter(|(_, c)| c.right_end_s - c.right_start_s >= OVERLAP_S_MIN)
        .collect();
    let overlap_s = |c: &Claim| c.right_end_s - c.right_start_s;
    claims.sort_by(|a, b| overlap_s(&b.1).total_cmp(&overlap_s(&a.1)).then(a.0.cmp(&b.0)));
    claims.truncate(PARTNERS_MAX);
    let mut place = Place { offset_s, height: 0.0, borne_out: Vec::new() };
    for (partner, claim) in claims {
        let sound = recordings[partner].sound;
        let Some((height, lag_s)) = height(gcc, planner, sound, own.sound, &claim)? else {
            continue;
        };
        place.height = place.height.max(height);
        if height >= 1.0 {
            let at_right_s = f64::midpoint(claim.right_start_s, claim.right_end_s);
            let drift_ppm = claim.drift_ppm;
            place
                .borne_out
                .push((partner, Candidate { lag_s, at_right_s, drift_ppm, z: candidate.z }));
        }
    }
    Ok(place)
}

/// That a piece of an island and a recording that begins there heard the same.
fn claim(p: &Placed, duration_s: f64, offset_s: f64) -> Claim {
    let rate = 1.0 + p.drift_ppm * 1e-6;
    let case_s = |media_s: f64| p.offset_s + media_s * rate;
    let start_s = (case_s(p.piece.start_s) - offset_s).max(0.0);
    let end_s = (case_s(p.piece.end_s) - offset_s).min(duration_s);
    let middle_s = f64::midpoint(start_s, end_s);
    Claim {
        lag_s: (offset_s + middle_s - p.offset_s) / rate - middle_s,
        at_right_s: middle_s,
        drift_ppm: -p.drift_ppm,
        right_start_s: start_s,
        right_end_s: end_s,
    }
}

/// How far above chance the waveforms agree, as a share of what is asked for, and the lag in the
/// middle of the overlap.
fn height(
    gcc: &mut GccPhat,
    planner: &mut RealFftPlanner<f32>,
    left: &dyn crate::Sound,
    right: &dyn crate::Sound,
    claim: &Claim,
) -> io::Result<Option<(f64, f64)>> {
    let look = refine::look(gcc, left, right, claim)?;
    let by_windows = look.and_then(|look| Some((look.height()?, look.lag_s)));
    // Of a long overlap it would see the middle only.
    if claim.right_end_s - claim.right_start_s > whole::LONGEST_S {
        return Ok(by_windows);
    }
    let common = whole::common(planner, left, right, claim)?;
    let by_whole = common.map(|c| (c.z / WHOLE_Z_MIN, c.lag_s));
    Ok(match (by_whole, by_windows) {
        (Some(a), Some(b)) => Some(if b.0 >= a.0 { b } else { a }),
        (a, b) => a.or(b),
    })
}
