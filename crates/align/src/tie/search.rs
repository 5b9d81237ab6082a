//! Finds the lags at which two recordings may have heard the same thing.
//!
//! In: what two recordings heard. Out: the lags at which their band energies agree best, each
//! with its z-value: by how many standard deviations the agreement exceeds that of two
//! strangers.
//! Method: the correlation of the whitened band energies, summed over bands, at all lags at
//! once (one FFT a band and block for each recording, one inverse FFT for each pair of
//! blocks), divided by the root of the energy that overlaps at that lag, and scaled by the
//! median absolute value over all lags. The scale is taken from the pair itself, so that a
//! repeating siren, which agrees at many lags, lowers the z of each of them.
//! No threshold is put on single windows: evidence is summed over the whole overlap.
//! Cost: for a pair of blocks of `n` frames, `BANDS × n` complex products and one inverse
//! FFT of `2 n` complex points; 0.12 ms for two blocks of 2 min 44 s.
//! Cannot: see a lag whose drift moves more than a frame (20 ms) within a block; 120 ppm over
//! 164 s does, and costs a little height of the peak, 600 ppm would cost most of it.

use std::sync::Arc;

use rayon::prelude::*;
use realfft::{RealFftPlanner, RealToComplex, num_complex::Complex32};
use rustfft::{Fft, FftPlanner};

use crate::listen::{BANDS, FRAMES_PER_S, Heard};
use crate::wide::wide;

/// Block of long recordings: 164 s. Longer ones blur under drift, shorter ones cost more.
const BLOCK_FRAMES_LONG: usize = 8192;

/// Recordings up to this (5 min 28 s) are taken whole: 160 ppm blur them by 50 ms only.
const BLOCK_FRAMES_MAX: usize = 16384;

/// Smallest block: a transform below this is all overhead.
const BLOCK_FRAMES_MIN: usize = 512;

/// Blocks of one recording that are held against all of another: 22 min of sound, spread over
/// its length, find any other recording that shares a tenth of it.
pub(crate) const PROBES_MAX: usize = 8;

/// Blocks searched at once by a probe; each group tells its own highest peaks.
const GROUP_BLOCKS: usize = 32;

/// Overlap with less energy than this many frames of ordinary sound (2 s) is judged as if it
/// had so much: two syllables agree by chance.
const OVERLAP_FRAMES_MIN: f32 = 100.0;

/// Neighbouring frames share most of their 64 ms windows, so that even strangers' sums vary
/// more than independent frames would; below this the scale would be an accident.
const SCALE_MIN: f32 = 1.2;

/// Peaks of two blocks this near are one lag even without drift: sources move, rooms smear.
const CHAIN_SLACK_S: f64 = 0.12;

/// The largest difference of two recorders' rates (see `refine`).
const DRIFT_PPM_MAX: f64 = 300.0;

/// Two peaks closer than this (0.3 s) are one.
const PEAK_APART_FRAMES: usize = 15;

/// The spectra of some blocks of one recording's band energies.
pub(crate) struct Spectra {
    frames: usize,
    blocks: Vec<Block>,
}

/// The spectra of one block.
struct Block {
    /// First frame.
    first: usize,
    /// Of the bands, in the order in which they are multiplied: for each [`LANES`] neighbouring
    /// bins, band after band, first the real parts, then the imaginary ones. So the sum over
    /// bands stays in registers and both recordings are read from beginning to end.
    bands: Vec<f32>,
    /// Of the energy of each frame.
    energy: Vec<Complex32>,
}

/// What a transform needs.
struct Buffers {
    line: Vec<f32>,
    bins: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

/// Bins that are multiplied side by side.
const LANES: usize = 8;

impl Candidate {
    /// The same with left and right exchanged.
    pub fn turned(self) -> Self {
        Self {
            lag_s: -self.lag_s,
            at_right_s: self.at_right_s + self.lag_s,
            drift_ppm: -self.drift_ppm,
            z: self.z,
        }
    }
}

/// Plans shared by all pairs of one run.
pub(crate) struct Searcher {
    block_frames: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn Fft<f32>>,
}

/// A lag at which two recordings may have heard the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    /// `start(right) − start(left)` in seconds, as it is at `at_right_s`.
    pub lag_s: f64,
    /// Where on right's clock it was seen.
    pub at_right_s: f64,
    /// By how much the lag grows along right's clock, where several blocks show it.
    pub drift_ppm: f64,
    /// Standard deviations above strangers.
    pub z: f64,
}

impl Searcher {
    /// For recordings of which the longest has so many frames.
    pub fn new(longest_frames: usize) -> Self {
        let block_frames = if longest_frames > BLOCK_FRAMES_MAX {
            BLOCK_FRAMES_LONG
        } else {
            longest_frames.next_power_of_two().max(BLOCK_FRAMES_MIN)
        };
        Self {
            block_frames,
            forward: RealFftPlanner::new().plan_fft_forward(2 * block_frames),
            inverse: FftPlanner::new().plan_fft_inverse(2 * block_frames),
        }
    }

    /// Frames of a block: pairs searched with another size of block are found otherwise.
    pub fn block_frames(&self) -> usize {
        self.block_frames
    }

    fn bins(&self) -> usize {
        self.block_frames + 1
    }

    /// Blocks that a recording of so many frames has.
    pub fn blocks(&self, frames: usize) -> usize {
        frames.div_ceil(self.block_frames)
    }

    /// Whether the probes of a recording of so many frames are all of its blocks.
    pub fn is_all_probes(&self, frames: usize) -> bool {
        self.blocks(frames) <= PROBES_MAX
    }

    /// Bytes that the spectra of one block take.
    pub fn block_bytes(&self) -> usize {
        (BANDS * self.bins().next_multiple_of(LANES) + self.bins()) * size_of::<Complex32>()
    }

    /// The spectra of all blocks.
    pub fn spectra(&self, heard: &Heard) -> Spectra {
        let blocks = 0..self.blocks(heard.frames());
        self.transform(heard, blocks.map(|b| b * self.block_frames))
    }

    /// The spectra of at most [`PROBES_MAX`] blocks, spread evenly.
    pub fn probes(&self, heard: &Heard) -> Spectra {
        if self.is_all_probes(heard.frames()) {
            return self.spectra(heard);
        }
        let last = heard.frames() - self.block_frames;
        let firsts = (0..PROBES_MAX).map(|i| last * i / (PROBES_MAX - 1));
        self.transform(heard, firsts)
    }

    /// Transforms the blocks that begin at these frames.
    fn transform(&self, heard: &Heard, firsts: impl Iterator<Item = usize>) -> Spectra {
        let firsts: Vec<usize> = firsts.collect();
        let buffers = || Buffers {
            line: self.forward.make_input_vec(),
            bins: self.forward.make_output_vec(),
            scratch: self.forward.make_scratch_vec(),
        };
        let block = |buffers: &mut Buffers, first| self.block(heard, first, buffers);
        let blocks = firsts.into_par_iter().map_init(buffers, block).collect();
        Spectra { frames: heard.frames(), blocks }
    }

    /// Transforms every band, and the energy of each frame as one band more.
    fn block(&self, heard: &Heard, first: usize, buffers: &mut Buffers) -> Block {
        let Buffers { line, bins, scratch } = buffers;
        let mut bands = vec![0.0; self.bins().div_ceil(LANES) * BANDS * 2 * LANES];
        let mut energy = vec![0.0; self.block_frames];
        for band in 0..=BANDS {
            if band < BANDS {
                heard.band(band, first, &mut line[..self.block_frames]);
                energy.iter_mut().zip(&*line).for_each(|(e, v)| *e += v * v);
            } else {
                line[..self.block_frames].copy_from_slice(&energy);
            }
            line[self.block_frames..].fill(0.0);
            self.forward
                .process_with_scratch(line, bins, scratch)
                .expect("buffers have the length of the plan");
            if band < BANDS {
                for (group, bins) in bins.chunks(LANES).enumerate() {
                    let at = (group * BANDS + band) * 2 * LANES;
                    for (lane, bin) in bins.iter().enumerate() {
                        bands[at + lane] = bin.re;
                        bands[at + LANES + lane] = bin.im;
                    }
                }
            }
        }
        Block { first, bands, energy: bins.clone() }
    }

    /// The best lags of a pair, highest first, at most `count`, none below `z_min`: every
    /// block of `right` (usually probes) against all of `left`.
    pub fn candidates(
        &self,
        left: &Spectra,
        right: &Spectra,
        count: usize,
        z_min: f64,
    ) -> Vec<Candidate> {
        let mut seen = Vec::new();
        for group in left.blocks.chunks(GROUP_BLOCKS) {
            let agreements = self.correlate(group, &right.blocks);
            for (agreement, probe) in agreements.into_iter().zip(&right.blocks) {
                seen.extend(self.peaks_of(agreement, group[0].first, probe, count, z_min));
            }
        }
        retain_overlapping(&mut seen, left, right);
        if right.blocks.len() == 1 && left.blocks.len() <= GROUP_BLOCKS {
            return seen;
        }
        chain(seen, count)
    }

    /// The same for several recordings of one block each at once: for each of `lefts` and each of
    /// `rights`, nothing where that pair is not wanted.
    pub fn candidates_of_all(
        &self,
        lefts: &[&Spectra],
        rights: &[&Spectra],
        wanted: &dyn Fn(usize, usize) -> bool,
        (count, z_min): (usize, f64),
    ) -> Vec<Vec<Option<Vec<Candidate>>>> {
        debug_assert!(lefts.iter().chain(rights).all(|s| s.blocks.len() == 1));
        let left_blocks: Vec<&Block> = lefts.iter().flat_map(|s| &s.blocks).collect();
        let right_blocks: Vec<&Block> = rights.iter().flat_map(|s| &s.blocks).collect();
        let sums = self.products(&left_blocks, &right_blocks, wanted);
        let mut inverse = Inverse::new(self);
        let mut found = Vec::new();
        for (l, left) in lefts.iter().enumerate() {
            let mut row = Vec::new();
            for (r, right) in rights.iter().enumerate() {
                row.push(wanted(l, r).then(|| {
                    let (held, probe) = (left_blocks[l], right_blocks[r]);
                    let mut agreement = Agreement::new(2 * self.block_frames);
                    let sum = &sums[l * rights.len() + r];
                    inverse.add(&mut agreement, 0, sum, (held, probe));
                    let mut seen = self.peaks_of(agreement, held.first, probe, count, z_min);
                    retain_overlapping(&mut seen, left, right);
                    seen
                }));
            }
            found.push(row);
        }
        found
    }

    /// The highest peaks of one probe against a group of neighbouring blocks.
    fn peaks_of(
        &self,
        agreement: Agreement,
        first_frame: usize,
        probe: &Block,
        count: usize,
        z_min: f64,
    ) -> Vec<Candidate> {
        let Agreement { sums: mut z, energy } = agreement;
        let floor = OVERLAP_FRAMES_MIN * BANDS as f32;
        for (value, energy) in z.iter_mut().zip(&energy) {
            *value /= energy.max(floor).sqrt();
        }
        let scale = scale_of_strangers(&z, &energy);
        let first_lag = first_frame as f64 - self.block_frames as f64 - probe.first as f64;
        let middle_s = (probe.first + self.block_frames / 2) as f64 / FRAMES_PER_S as f64;
        peaks(&z, count, z_min as f32 * scale)
            .into_iter()
            .map(|at| Candidate {
                lag_s: (first_lag + at as f64 + vertex(&z, at)) / FRAMES_PER_S as f64,
                at_right_s: middle_s,
                drift_ppm: 0.0,
                z: f64::from(z[at] / scale),
            })
            .collect()
    }

    /// What each probe and a group of neighbouring blocks have in common at every lag.
    fn correlate(&self, group: &[Block], probes: &[Block]) -> Vec<Agreement> {
        let length = (group.len() + 1) * self.block_frames;
        let mut agreements: Vec<Agreement> =
            probes.iter().map(|_| Agreement::new(length)).collect();
        let probes: Vec<&Block> = probes.iter().collect();
        let mut inverse = Inverse::new(self);
        for (tile, blocks) in group.chunks(TILE_BLOCKS).enumerate() {
            let blocks: Vec<&Block> = blocks.iter().collect();
            let sums = self.products(&blocks, &probes, &|_, _| true);
            for (b, held) in blocks.iter().enumerate() {
                for (p, probe) in probes.iter().enumerate() {
                    let at = (tile * TILE_BLOCKS + b) * self.block_frames;
                    let sum = &sums[b * probes.len() + p];
                    inverse.add(&mut agreements[p], at, sum, (held, probe));
                }
            }
        }
        agreements
    }

    /// The product of each of `lefts` and each of `rights`, summed over bands; empty where it is
    /// not wanted. What is read of the blocks at a time stays in the second-level cache: from
    /// memory each block comes once, not once for each product.
    fn products(
        &self,
        lefts: &[&Block],
        rights: &[&Block],
        wanted: &dyn Fn(usize, usize) -> bool,
    ) -> Vec<Vec<Sums>> {
        let groups = self.bins().div_ceil(LANES);
        let zeros = |l, r| vec![Sums::default(); if wanted(l, r) { groups } else { 0 }];
        let mut sums: Vec<Vec<Sums>> = (0..lefts.len())
            .flat_map(|l| (0..rights.len()).map(move |r| (l, r)))
            .map(|(l, r)| zeros(l, r))
            .collect();
        for first in (0..groups).step_by(GROUPS_AT_ONCE) {
            let end = (first + GROUPS_AT_ONCE).min(groups);
            let part = first * BANDS * 2 * LANES..end * BANDS * 2 * LANES;
            for (l, left) in lefts.iter().enumerate() {
                for (r, right) in rights.iter().enumerate() {
                    if let Some(sum) = sums[l * rights.len() + r].get_mut(first..end) {
                        let (left, right) = (&left.bands[part.clone()], &right.bands[part.clone()]);
                        multiply_bands(sum, left, right);
                    }
                }
            }
        }
        sums
    }
}

/// Blocks of a group that are multiplied with all probes at once.
const TILE_BLOCKS: usize = 4;

/// Groups of [`LANES`] bins read at once: 24 kB of each block.
const GROUPS_AT_ONCE: usize = 16;

/// Agreement and overlapping energy at every lag; index 0 is the lag at which the end of the probe
/// meets the beginning of the group.
struct Agreement {
    sums: Vec<f32>,
    energy: Vec<f32>,
}

impl Agreement {
    fn new(lags: usize) -> Self {
        Self { sums: vec![0.0; lags], energy: vec![0.0; lags] }
    }
}

/// From products of spectra to lags: agreement and energy at once, as the real and the imaginary
/// part of one transform.
struct Inverse<'a> {
    searcher: &'a Searcher,
    line: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl<'a> Inverse<'a> {
    fn new(searcher: &'a Searcher) -> Self {
        let zero = Complex32::default();
        Self {
            searcher,
            line: vec![zero; searcher.inverse.len()],
            scratch: vec![zero; searcher.inverse.get_inplace_scratch_len()],
        }
    }

    /// Adds what a block and a probe have in common, of which `sums` is the product over bands, from
    /// lag `at` on.
    fn add(
        &mut self,
        agreement: &mut Agreement,
        at: usize,
        sums: &[Sums],
        (held, probe): (&Block, &Block),
    ) {
        let block = self.searcher.block_frames;
        join_halves(sums, &held.energy, &probe.energy, &mut self.line);
        self.searcher.inverse.process_with_scratch(&mut self.line, &mut self.scratch);
        let gain = 1.0 / self.line.len() as f32;
        // Lags −block..0 lie in the upper half of the circular result.
        let (after, before) = self.line.split_at(block);
        let out = agreement.sums[at..].iter_mut().zip(&mut agreement.energy[at..]);
        for ((sum, energy), value) in out.zip(before.iter().chain(after)) {
            *sum += value.re * gain;
            *energy += value.im * (gain / BANDS as f32);
        }
    }
}

wide! {
    /// The spectrum whose transform has the agreement as its real part and the energy as its imaginary
    /// one. Both are real lines, of whose spectra the upper half mirrors the lower.
    fn join_halves(sums: &[Sums], held: &[Complex32], probe: &[Complex32], line: &mut [Complex32]) {
        let block = line.len() / 2;
        let sums = sums.iter().flat_map(|[re, im]| re.iter().zip(im));
        for (k, ((re, im), (held, probe))) in sums.zip(held.iter().zip(probe)).enumerate() {
            let energy = held * probe.conj();
            if k == 0 || k == block {
                line[k] = Complex32::new(*re, energy.re);
            } else {
                line[k] = Complex32::new(re - energy.im, im + energy.re);
                line[2 * block - k] = Complex32::new(re + energy.im, energy.re - im);
            }
        }
    }
}

/// Lags at which the two do not overlap are an accident of the transform.
fn retain_overlapping(seen: &mut Vec<Candidate>, left: &Spectra, right: &Spectra) {
    seen.retain(|c| {
        let lag_frames = c.lag_s * FRAMES_PER_S as f64;
        lag_frames > -(right.frames as f64) && lag_frames < left.frames as f64
    });
}

/// Joins what several blocks saw of one lag: peaks on one line of plausible drift are one
/// candidate, whose z² is the sum of theirs.
fn chain(mut seen: Vec<Candidate>, count: usize) -> Vec<Candidate> {
    seen.sort_by(|a, b| b.z.total_cmp(&a.z).then(a.lag_s.total_cmp(&b.lag_s)));
    let mut chains: Vec<Candidate> = Vec::new();
    let mut used = vec![false; seen.len()];
    for anchor in 0..seen.len() {
        if used[anchor] {
            continue;
        }
        let near: Vec<usize> = (anchor..seen.len())
            .filter(|&k| !used[k] && on_one_line(&seen[anchor], &seen[k]))
            .collect();
        for &k in &near {
            used[k] = true;
        }
        let joined: Vec<Candidate> = near.iter().map(|&k| seen[k]).collect();
        chains.push(join(&joined));
    }
    chains.sort_by(|a, b| b.z.total_cmp(&a.z).then(a.lag_s.total_cmp(&b.lag_s)));
    chains.truncate(count);
    chains
}

fn on_one_line(anchor: &Candidate, other: &Candidate) -> bool {
    let apart_s = (anchor.at_right_s - other.at_right_s).abs();
    (anchor.lag_s - other.lag_s).abs() <= CHAIN_SLACK_S + apart_s * DRIFT_PPM_MAX * 1e-6
}

/// One candidate out of several blocks' peaks, the line weighted by z².
fn join(peaks: &[Candidate]) -> Candidate {
    let weight: f64 = peaks.iter().map(|p| p.z * p.z).sum();
    let mean = |value: fn(&Candidate) -> f64| {
        peaks.iter().map(|p| p.z * p.z * value(p)).sum::<f64>() / weight
    };
    let (at_right_s, lag_s) = (mean(|p| p.at_right_s), mean(|p| p.lag_s));
    let (mut over, mut under) = (0.0, 0.0);
    for p in peaks {
        let x = p.at_right_s - at_right_s;
        over += p.z * p.z * x * (p.lag_s - lag_s);
        under += p.z * p.z * x * x;
    }
    let drift_ppm = if under > 0.0 { over / under * 1e6 } else { 0.0 };
    Candidate {
        lag_s,
        at_right_s,
        drift_ppm: drift_ppm.clamp(-DRIFT_PPM_MAX, DRIFT_PPM_MAX),
        z: weight.sqrt(),
    }
}

/// [`LANES`] sums: real parts, then imaginary ones.
type Sums = [[f32; LANES]; 2];

wide! {
    /// `a · conj(b)`, summed over bands.
    #[allow(clippy::needless_range_loop, reason = "so it becomes four or eight lanes at a time")]
    fn multiply_bands(sums: &mut [Sums], a: &[f32], b: &[f32]) {
        let groups = a.chunks_exact(BANDS * 2 * LANES).zip(b.chunks_exact(BANDS * 2 * LANES));
        for (sums, (a, b)) in sums.iter_mut().zip(groups) {
            let [mut re, mut im] = *sums;
            let (a, b) = (a.as_chunks::<LANES>().0, b.as_chunks::<LANES>().0);
            for ([a_re, a_im], [b_re, b_im]) in a.as_chunks::<2>().0.iter().zip(b.as_chunks::<2>().0) {
                // Two loops, of which the compiler makes four lanes at a time; of one it does not.
                for lane in 0..LANES {
                    re[lane] += a_re[lane] * b_re[lane] + a_im[lane] * b_im[lane];
                }
                for lane in 0..LANES {
                    im[lane] += a_im[lane] * b_re[lane] - a_re[lane] * b_im[lane];
                }
            }
            *sums = [re, im];
        }
    }
}

/// The standard deviation of z among lags that overlap, from the median of its absolute value.
fn scale_of_strangers(z: &[f32], energy: &[f32]) -> f32 {
    let floor = OVERLAP_FRAMES_MIN * BANDS as f32;
    // Numbers that are not negative are ordered as their bits are, and integers sort faster.
    let mut sizes: Vec<u32> = z
        .iter()
        .zip(energy)
        .filter(|(_, e)| **e >= floor)
        .map(|(z, _)| z.abs().to_bits())
        .collect();
    if sizes.is_empty() {
        return SCALE_MIN;
    }
    let mid = sizes.len() / 2;
    let median = f32::from_bits(*sizes.select_nth_unstable(mid).1);
    (median / 0.6745).max(SCALE_MIN)
}

/// Indices of the highest local maxima above `threshold`, no two nearer than
/// [`PEAK_APART_FRAMES`], highest first.
fn peaks(z: &[f32], count: usize, threshold: f32) -> Vec<usize> {
    let mut maxima: Vec<usize> = (1..z.len().saturating_sub(1))
        .filter(|&k| z[k] > threshold && z[k] >= z[k - 1] && z[k] > z[k + 1])
        .collect();
    maxima.sort_by(|&a, &b| z[b].total_cmp(&z[a]).then(a.cmp(&b)));
    let mut chosen: Vec<usize> = Vec::with_capacity(count);
    for k in maxima {
        if chosen.iter().all(|c| c.abs_diff(k) >= PEAK_APART_FRAMES) {
            chosen.push(k);
            if chosen.len() == count {
                break;
            }
        }
    }
    chosen
}

/// Where between its neighbours the top of a peak lies, −½ to ½ (parabola through three).
fn vertex(z: &[f32], at: usize) -> f64 {
    let (before, top, after) = (f64::from(z[at - 1]), f64::from(z[at]), f64::from(z[at + 1]));
    let curvature = before - 2.0 * top + after;
    if curvature >= 0.0 { 0.0 } else { (0.5 * (before - after) / curvature).clamp(-0.5, 0.5) }
}
