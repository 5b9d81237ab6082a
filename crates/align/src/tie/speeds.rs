//! Finds where a recording may hold sound of another that was copied at another speed.
//!
//! In: what one recording heard in stretches that nothing explains, and what all others heard.
//! Out: moments at which the two may hold the same, at which speed, best first.
//! Method: windows of twelve seconds are stretched to each speed within ±5.4 % in steps of
//! 0.6 % (the ends of a window are then never off by more than a frame) and correlated with
//! the whole of every other recording, at all lags at once by FFT. Band energies of neighbouring
//! frames and bands are added up: what lags and pitch lack in sharpness here, waveforms decide
//! later (`tie::copy`). Bands are moved by half of what the pitch would move if it had changed
//! with the speed, so that sound that kept its pitch is found as well.
//! What a window shows of another recording depends on the two alone and is kept (`findings`); fewer
//! windows are always some of the more, so that a case that grows asks little twice.
//! Cost: windows × speeds × 0.03 ms for each 152 s of the others. Beyond [`PRODUCTS_FREE`] of these
//! fewer windows are tried, those of short recordings first: a third of a case's decoding at most.
//! Cannot: see copies of less than about seven seconds, or under sound that is louder throughout.

use std::sync::Arc;

use rayon::prelude::*;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex32};

use crate::findings::{Findings, Two};
use crate::listen::{BANDS, FRAMES_PER_S, Heard, mel_band_of_scaled};
use crate::wide::wide;
use crate::{Error, Recording, Watch};

/// Two frames and two bands are one here.
const COARSE: usize = 2;
const COARSE_BANDS: usize = BANDS / COARSE;
const COARSE_FRAMES_PER_S: usize = FRAMES_PER_S / COARSE;

/// Frames of a window: 12 s. A copy of seven seconds still fills most of it.
const WINDOW: usize = 12 * COARSE_FRAMES_PER_S;

/// Seconds from one window to the next.
const HOP_S: f64 = 6.0;

/// Points of the transform.
const POINTS: usize = 4096;

/// Lags of one transform.
const LAGS: usize = POINTS - WINDOW;

/// Speeds on either side of 1, and their distance.
const SPEEDS_ASIDE: i32 = 9;
const SPEED_STEP: f64 = 0.006;

/// Correlation from which a moment is worth a closer look.
const ALIKE_FROM: f32 = 0.25;

/// Moments kept of each window.
const KEPT: usize = 4;

/// Moments of one window nearer than this are one, in frames.
const APART: usize = COARSE_FRAMES_PER_S;

/// Windows that are always tried, 13 minutes of what nothing explains, and products (3 s of one
/// core) up to which more are.
const WINDOWS_FREE: usize = 128;
const PRODUCTS_FREE: usize = 40_000;

/// Windows whose spectra are held at once: 4 MB each.
const WINDOWS_AT_ONCE: usize = 32;

/// Segments of others that meet a window at one speed before the next: 0.2 MB each.
const SEGMENTS_AT_ONCE: usize = 4;

/// A stretch of a recording that nothing explains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Unexplained {
    pub recording: usize,
    pub start_s: f64,
    pub end_s: f64,
}

/// Where two recordings may hold the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moment {
    /// The recording that nothing explains, and the middle of the window in it.
    pub copy: usize,
    pub copy_s: f64,
    /// The other, and the moment of it that this would be.
    pub other: usize,
    pub other_s: f64,
    /// Seconds of the other in one second of the copy.
    pub speed: f64,
    /// Correlation of band energies, 0 to 1.
    pub alike: f32,
}

/// A window of the copy.
#[derive(Clone, Copy)]
struct Window {
    recording: usize,
    middle_s: f64,
}

/// What a window at one speed shows of another recording: a [`Moment`] without what is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shown {
    pub other_s: f64,
    pub speed: f64,
    pub alike: f32,
}

/// The spectra of a window at one speed.
struct Stretched {
    speed: f64,
    energy: f32,
    spectra: Spectra,
}

/// One band after another, of each the real parts, then the imaginary ones.
struct Spectra(Vec<f32>);

/// Looks for the moments; highest first.
///
/// # Errors
/// If somebody asked to stop.
pub(crate) fn moments(
    unexplained: &[Unexplained],
    recordings: &[&Recording],
    (findings, watch): (&Findings, &dyn Watch),
) -> Result<Vec<Moment>, Error> {
    if unexplained.is_empty() {
        return Ok(Vec::new());
    }
    let heard: Vec<&Heard> = recordings.iter().map(|r| r.heard).collect();
    let plans = Plans::new();
    let mut moments = Vec::new();
    for windows in windows(unexplained, &heard).chunks(WINDOWS_AT_ONCE) {
        let search = Search { plans: &plans, recordings, windows, findings, watch };
        moments.extend(search.moments()?);
    }
    moments.sort_by(|a, b| {
        let place = |m: &Moment| (m.copy, m.other);
        b.alike.total_cmp(&a.alike).then(place(a).cmp(&place(b)))
    });
    Ok(moments)
}

/// Some windows that are held against all recordings.
struct Search<'a> {
    plans: &'a Plans,
    recordings: &'a [&'a Recording<'a>],
    windows: &'a [Window],
    findings: &'a Findings,
    watch: &'a dyn Watch,
}

/// A recording that some windows have not met, and which of them.
struct Unmet {
    other: usize,
    windows: Vec<bool>,
    segments: Vec<Segment>,
}

impl Search<'_> {
    fn two(&self, window: &Window, other: usize) -> Two {
        Two::of(self.recordings[window.recording], self.recordings[other])
    }

    /// The best moments of each window.
    fn moments(&self) -> Result<Vec<Moment>, Error> {
        let mut best: Vec<Vec<Moment>> = vec![Vec::new(); self.windows.len()];
        let mut stretched: Vec<Option<Vec<Stretched>>> = Vec::new();
        stretched.resize_with(self.windows.len(), || None);
        let mut unmet: Vec<Unmet> = Vec::new();
        for other in 0..self.recordings.len() {
            let is_unmet = |(window, best): (&Window, &mut Vec<Moment>)| {
                if window.recording == other {
                    return false;
                }
                let known = self.findings.shown(self.two(window, other), window.middle_s);
                best.extend(known.iter().flatten().map(|s| window.moment(other, s)));
                known.is_none()
            };
            let windows: Vec<bool> = self.windows.iter().zip(&mut best).map(is_unmet).collect();
            if windows.contains(&true) {
                let segments = self.plans.segments(self.recordings[other].heard);
                unmet.push(Unmet { other, windows, segments });
            }
            let waiting: usize = unmet.iter().map(|u| u.segments.len()).sum();
            if waiting >= SEGMENTS_AT_ONCE || other + 1 == self.recordings.len() {
                self.meet(&std::mem::take(&mut unmet), &mut stretched, &mut best)?;
            }
        }
        best.iter_mut().for_each(keep_best);
        Ok(best.into_iter().flatten().collect())
    }

    /// Holds the windows against what they have not met.
    fn meet(
        &self,
        unmet: &[Unmet],
        stretched: &mut [Option<Vec<Stretched>>],
        best: &mut [Vec<Moment>],
    ) -> Result<(), Error> {
        let work = self.windows.par_iter().zip(stretched).zip(best).enumerate();
        work.for_each(|(w, ((window, stretched), best))| {
            let unmet: Vec<&Unmet> = unmet.iter().filter(|u| u.windows[w]).collect();
            if unmet.is_empty() {
                return;
            }
            let heard = self.recordings[window.recording].heard;
            let speeds = stretched.get_or_insert_with(|| self.plans.stretched(heard, window));
            let mut shown: Vec<Vec<Shown>> = vec![Vec::new(); unmet.len()];
            let mut lags = Lags::default();
            for speed in speeds {
                for (unmet, shown) in unmet.iter().zip(&mut shown) {
                    for segment in &unmet.segments {
                        if self.watch.stopped() {
                            return;
                        }
                        self.plans.correlate(speed, segment, &mut lags, shown);
                    }
                }
            }
            for (unmet, shown) in unmet.iter().zip(shown) {
                let mut found: Vec<Moment> =
                    shown.iter().map(|s| window.moment(unmet.other, s)).collect();
                keep_best(&mut found);
                let kept: Vec<Shown> = found.iter().map(Moment::shown).collect();
                self.findings.keep_shown(self.two(window, unmet.other), window.middle_s, kept);
                best.extend(found);
            }
            keep_best(best);
        });
        if self.watch.stopped() { Err(Error::Stopped) } else { Ok(()) }
    }
}

impl Window {
    fn moment(&self, other: usize, shown: &Shown) -> Moment {
        let Shown { other_s, speed, alike } = *shown;
        let (copy, copy_s) = (self.recording, self.middle_s);
        Moment { copy, copy_s, other, other_s, speed, alike }
    }
}

impl Moment {
    fn shown(&self) -> Shown {
        Shown { other_s: self.other_s, speed: self.speed, alike: self.alike }
    }
}

/// The highest, one for each place.
fn keep_best(moments: &mut Vec<Moment>) {
    moments.sort_by(|a, b| b.alike.total_cmp(&a.alike).then(a.other.cmp(&b.other)));
    let mut kept: Vec<Moment> = Vec::with_capacity(KEPT);
    for m in moments.iter() {
        let near = |k: &Moment| k.other == m.other && (k.other_s - m.other_s).abs() < 1.0;
        if kept.len() < KEPT && !kept.iter().any(near) {
            kept.push(*m);
        }
    }
    *moments = kept;
}

/// The windows of what nothing explains, as many as may be tried: short stretches in full, the
/// others evenly thinned.
fn windows(unexplained: &[Unexplained], heard: &[&Heard]) -> Vec<Window> {
    let segments: usize = heard.iter().map(|h| (h.frames() / COARSE).div_ceil(LAGS)).sum();
    let products = segments.max(1) * (2 * SPEEDS_ASIDE as usize + 1);
    let mut left = WINDOWS_FREE.max(PRODUCTS_FREE / products);
    let mut order: Vec<&Unexplained> = unexplained.iter().collect();
    let length_s = |u: &Unexplained| u.end_s - u.start_s;
    order.sort_by(|a, b| length_s(a).total_cmp(&length_s(b)).then(a.recording.cmp(&b.recording)));
    let mut windows = Vec::new();
    let stretches = order.len();
    for (done, u) in order.into_iter().enumerate() {
        let mut middles_s = middles_s(u);
        middles_s.truncate(left / (stretches - done));
        left -= middles_s.len();
        let recording = u.recording;
        windows.extend(middles_s.into_iter().map(|middle_s| Window { recording, middle_s }));
    }
    windows
}

/// The middles of all windows of a stretch, in such an order that the first of them, however many,
/// lie all over it.
fn middles_s(u: &Unexplained) -> Vec<f64> {
    let half_s = 0.5 * WINDOW as f64 / COARSE_FRAMES_PER_S as f64;
    let (first_s, last_s) = (u.start_s + half_s, u.end_s - half_s);
    if last_s <= first_s {
        return vec![f64::midpoint(u.start_s, u.end_s)];
    }
    let count = ((last_s - first_s) / HOP_S) as usize + 2;
    let middle_s = |n: usize| first_s + (last_s - first_s) * n as f64 / (count - 1) as f64;
    // In the middle first, then in the middles of the halves, and so on.
    let bits = usize::BITS - count.leading_zeros();
    let spread = (1..=1usize << bits).map(|n| n.reverse_bits() >> (usize::BITS - bits));
    spread.filter(|n| *n < count).map(middle_s).collect()
}

/// A part of a recording to be searched.
struct Segment {
    /// Frame at which it begins.
    first: usize,
    /// Lags at which a window lies in it.
    lags: usize,
    /// What the agreement at each lag is to be multiplied by, for the energy that a window covers.
    scale: Vec<f32>,
    spectra: Spectra,
}

/// Room for the lags of one window and one segment.
struct Lags {
    products: Vec<f32>,
    bins: Vec<Complex32>,
    line: Vec<f32>,
    scratch: Vec<Complex32>,
}

impl Default for Lags {
    fn default() -> Self {
        Self {
            products: vec![0.0; 2 * LINE],
            bins: vec![Complex32::default(); BINS],
            line: vec![0.0; POINTS],
            scratch: Vec::new(),
        }
    }
}

/// Transforms shared by all.
struct Plans {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

impl Plans {
    fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        Self {
            forward: planner.plan_fft_forward(POINTS),
            inverse: planner.plan_fft_inverse(POINTS),
        }
    }

    /// The spectra of one band of a window or segment.
    fn transform(&self, line: &mut [f32], band: usize, spectra: &mut Spectra) {
        let mut bins = self.forward.make_output_vec();
        self.forward.process(line, &mut bins).expect("buffers fit the plan");
        let (re, im) = spectra.0[2 * band * LINE..2 * (band + 1) * LINE].split_at_mut(LINE);
        for (bin, (re, im)) in bins.iter().zip(re.iter_mut().zip(im)) {
            (*re, *im) = (bin.re, bin.im);
        }
    }

    /// The window at every speed.
    fn stretched(&self, heard: &Heard, window: &Window) -> Vec<Stretched> {
        (-SPEEDS_ASIDE..=SPEEDS_ASIDE)
            .map(|k| {
                let speed = 1.0 + SPEED_STEP * f64::from(k);
                let mut line = vec![0.0f32; POINTS];
                let mut spectra = Spectra::new();
                let mut energy = 0.0;
                for band in 0..COARSE_BANDS {
                    line.fill(0.0);
                    for half in 0..COARSE {
                        add_stretched(heard, window, speed, band * COARSE + half, &mut line);
                    }
                    energy += line.iter().map(|v| v * v).sum::<f32>();
                    self.transform(&mut line, band, &mut spectra);
                }
                Stretched { speed, energy, spectra }
            })
            .collect()
    }

    fn segments(&self, heard: &Heard) -> Vec<Segment> {
        let frames = heard.frames() / COARSE;
        (0..frames.max(1))
            .step_by(LAGS)
            .filter(|first| *first == 0 || first + WINDOW <= frames)
            .map(|first| {
                let mut spectra = Spectra::new();
                let mut squares = vec![0.0f64; POINTS];
                let mut fine = vec![0.0f32; POINTS * COARSE];
                for band in 0..COARSE_BANDS {
                    let mut line = vec![0.0f32; POINTS];
                    for half in 0..COARSE {
                        heard.band(band * COARSE + half, first * COARSE, &mut fine);
                        for (sum, pair) in line.iter_mut().zip(fine.chunks_exact(COARSE)) {
                            *sum += pair.iter().sum::<f32>();
                        }
                    }
                    for (sum, v) in squares.iter_mut().zip(&line) {
                        *sum += f64::from(v * v);
                    }
                    self.transform(&mut line, band, &mut spectra);
                }
                let mut sum: f64 = squares[..WINDOW].iter().sum();
                let scale = (0..LAGS)
                    .map(|lag| {
                        let now = scale_of(sum as f32);
                        sum += squares[lag + WINDOW] - squares[lag];
                        now
                    })
                    .collect();
                let lags = (frames.saturating_sub(first + WINDOW) + 1).min(LAGS);
                Segment { first, lags, scale, spectra }
            })
            .collect()
    }

    fn correlate(
        &self,
        stretched: &Stretched,
        segment: &Segment,
        lags: &mut Lags,
        shown: &mut Vec<Shown>,
    ) {
        let Lags { products, bins, line, scratch } = lags;
        multiply(&segment.spectra, &stretched.spectra, products);
        let (re, im) = products.split_at(LINE);
        for (bin, (re, im)) in bins.iter_mut().zip(re.iter().zip(im)) {
            *bin = Complex32::new(*re, *im);
        }
        bins[0].im = 0.0;
        bins[BINS - 1].im = 0.0;
        scratch.resize(self.inverse.get_scratch_len(), Complex32::default());
        self.inverse.process_with_scratch(bins, line, scratch).expect("buffers fit the plan");
        for (agreement, scale) in line.iter_mut().zip(&segment.scale) {
            *agreement *= scale;
        }
        let scale = scale_of(stretched.energy) / POINTS as f32;
        for from in (0..segment.lags).step_by(APART) {
            let near = &line[from..(from + APART).min(segment.lags)];
            let highest = near.iter().fold(0.0f32, |a, b| if *b > a { *b } else { a });
            if highest * scale < ALIKE_FROM {
                continue;
            }
            let lag = from + near.iter().position(|a| *a >= highest).unwrap_or(0);
            let middle = (segment.first + lag + WINDOW / 2) as f64;
            shown.push(Shown {
                other_s: middle / COARSE_FRAMES_PER_S as f64,
                speed: stretched.speed,
                alike: highest * scale,
            });
        }
    }
}

/// What an agreement is to be multiplied by for an energy; less than a quarter of the usual counts
/// as a quarter.
fn scale_of(energy: f32) -> f32 {
    let usual = (WINDOW * COARSE_BANDS) as f32 * USUAL_ENERGY;
    energy.max(0.25 * usual).sqrt().recip()
}

impl Spectra {
    fn new() -> Self {
        Self(vec![0.0; COARSE_BANDS * 2 * LINE])
    }
}

wide! {
    /// `a · conj(b)`, summed over bands: real parts, then imaginary ones.
    fn multiply(a: &Spectra, b: &Spectra, products: &mut [f32]) {
        products.fill(0.0);
        let (out_re, out_im) = products.split_at_mut(LINE);
        let parts = out_re.chunks_exact_mut(BINS_AT_ONCE).zip(out_im.chunks_exact_mut(BINS_AT_ONCE));
        for (nth, (out_re, out_im)) in parts.enumerate() {
            for band in 0..COARSE_BANDS {
                let at = 2 * band * LINE + nth * BINS_AT_ONCE;
                let (re, im) = (at..at + BINS_AT_ONCE, at + LINE..at + LINE + BINS_AT_ONCE);
                let a = a.0[re.clone()].iter().zip(&a.0[im.clone()]);
                let b = b.0[re].iter().zip(&b.0[im]);
                let out = out_re.iter_mut().zip(out_im.iter_mut());
                for ((out_re, out_im), ((a_re, a_im), (b_re, b_im))) in out.zip(a.zip(b)) {
                    *out_re += a_re * b_re + a_im * b_im;
                    *out_im += a_im * b_re - a_re * b_im;
                }
            }
        }
    }
}

const BINS: usize = POINTS / 2 + 1;

/// Bins that are multiplied before the next band is, and those of a band with what fills them up.
const BINS_AT_ONCE: usize = 256;
const LINE: usize = BINS.next_multiple_of(BINS_AT_ONCE);

/// Energy of a coarse frame and band of ordinary sound: four parts that mostly agree.
const USUAL_ENERGY: f32 = 6.0;

/// Adds one band of the window, as it would be in the other recording.
fn add_stretched(heard: &Heard, window: &Window, speed: f64, band: usize, line: &mut [f32]) {
    // The copy's band is higher than the original's by the pitch; half of that is met here.
    let (low, part) = mel_band_of_scaled(band, 1.0 + 0.5 * (speed - 1.0));
    let middle = window.middle_s * FRAMES_PER_S as f64;
    let frames = heard.frames();
    let value = |frame: i64| {
        let Some(frame) = usize::try_from(frame).ok().filter(|f| *f < frames) else { return 0.0 };
        let bands = heard.frame(frame);
        let (a, b) = (f32::from(bands[low]), f32::from(bands[(low + 1).min(BANDS - 1)]));
        a + part * (b - a)
    };
    let unit = Heard::unit_variance().sqrt();
    for fine in 0..WINDOW * COARSE {
        let at = middle + (fine as f64 - (WINDOW * COARSE / 2) as f64) / speed;
        let (whole, rest) = (at.floor(), (at - at.floor()) as f32);
        let sample = value(whole as i64) * (1.0 - rest) + value(whole as i64 + 1) * rest;
        line[fine / COARSE] += sample / unit;
    }
}

#[cfg(test)]
mod tests {
    use evidence::SourceId;

    use super::*;

    struct Patient;

    impl Watch for Patient {
        fn advanced(&self, _done: usize, _total: usize) {}
        fn stopped(&self) -> bool {
            false
        }
    }

    /// Sound that is like nothing else.
    fn heard(seed: u64, seconds: usize) -> Heard {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888);
            (state >> 56) as i8 / 4
        };
        Heard::of_frames((0..seconds * FRAMES_PER_S * BANDS).map(|_| next()).collect())
    }

    fn recordings(heard: &[Heard]) -> Vec<Recording<'_>> {
        static NO_SOUND: Vec<f32> = Vec::new();
        let id = |n: usize| SourceId([n as u8; 32]);
        let recording = |(n, heard)| {
            let (id, sound) = (id(n), &NO_SOUND);
            Recording { id, name: "", heard, sound, light: None, stood: None }
        };
        heard.iter().enumerate().map(recording).collect()
    }

    #[test]
    fn a_case_that_grew_looks_for_the_speeds_of_the_new_recording_alone() {
        let all: Vec<Heard> = [40, 60, 50].into_iter().zip(1..).map(|(s, n)| heard(n, s)).collect();
        let recordings = recordings(&all);
        let recordings: Vec<&Recording> = recordings.iter().collect();
        let unexplained = Unexplained { recording: 0, start_s: 0.0, end_s: 40.0 };
        let windows = windows(&[unexplained], &[&all[0]]);
        let findings = Findings::new();
        moments(&[unexplained], &recordings[..2], (&findings, &Patient)).unwrap();
        let old = Two::of(recordings[0], recordings[1]);
        let is_known = |two| windows.iter().all(|w| findings.shown(two, w.middle_s).is_some());
        assert!(is_known(old));
        assert!(!is_known(Two::of(recordings[0], recordings[2])));
        // Whoever looked again would not find this.
        let told = Findings::new();
        for (n, window) in windows.iter().enumerate() {
            let shown = Shown { other_s: 20.0 + n as f64, speed: 1.03, alike: 0.9 };
            told.keep_shown(old, window.middle_s, vec![shown]);
        }
        let told = Findings::from_bytes(&told.to_bytes()).unwrap();
        let grown = moments(&[unexplained], &recordings, (&told, &Patient)).unwrap();
        let of_old: Vec<&Moment> = grown.iter().filter(|m| m.other == 1).collect();
        assert_eq!(of_old.len(), windows.len());
        let is_told = |m: &Moment| (m.speed - 1.03).abs() < 1e-9 && (m.alike - 0.9).abs() < 1e-6;
        assert!(of_old.iter().all(|m| is_told(m)), "{of_old:?}");
        // The new one was met.
        let new = Two::of(recordings[0], recordings[2]);
        assert!(windows.iter().all(|w| told.shown(new, w.middle_s).is_some()));
    }
}
