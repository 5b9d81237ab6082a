//! The kernels one by one, each beside what the machine could do at best: the same FFTs, the
//! same bytes or the same multiplications and nothing around them. Then the stages of one whole
//! run, 64 recordings of two minutes on one thread, whose shares say where time is worth saving.
//!
//! Run with `cargo bench -p align`; a name after `--` chooses. With `RECOUNT_COUNTS` set, how often
//! each kernel is called in that run is printed instead (`bench/kernels.py` puts the two together). The fastest sample is the one to
//! read on a machine that does other things as well.
//!
//! The kernels are private. Their files are compiled in here instead of being made public.

#![allow(dead_code, unused_imports, reason = "all of the ear is here, some of it is timed")]
#![allow(clippy::wildcard_imports, reason = "groups of benchmarks share one list of imports")]

#[path = "../src/error.rs"]
mod error;
#[path = "../src/find.rs"]
mod find;
#[path = "../src/findings/mod.rs"]
mod findings;
#[path = "../src/given.rs"]
mod given;
#[path = "../src/listen/mod.rs"]
mod listen;
#[path = "../src/resampled.rs"]
mod resampled;
#[path = "../tests/scene/mod.rs"]
mod scene;
#[path = "../src/solve/mod.rs"]
mod solve;
#[path = "../src/sound.rs"]
mod sound;
#[path = "../src/straight.rs"]
mod straight;
#[path = "../src/synchronise.rs"]
mod synchronise;
#[path = "../src/tie/mod.rs"]
mod tie;
#[path = "../src/wide.rs"]
mod wide;

use std::sync::LazyLock;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use evidence::{MediaTime, SourceId, Stretch};
use realfft::{RealFftPlanner, num_complex::Complex32};

pub use error::Error;
pub use findings::Findings;
pub use given::Given;
pub use listen::{Heard, Light, LightMeter, Listener, RATE_HZ};
pub use sound::Sound;
pub use synchronise::{Recording, Watch, synchronise};

pub(crate) use listen::FRAMES_PER_S;

use listen::BANDS;
use scene::{Dice, record, talk};
use solve::least_squares::{self, Observation, Unknowns};
use solve::{copies, graph, hand, pieces};
use tie::gcc_phat::{GccPhat, WINDOW_SAMPLES};
use tie::pairs::{self, Pair};
use tie::refine::{self, Claim};
use tie::search::Searcher;

fn main() {
    if std::env::var_os("RECOUNT_COUNTS").is_some() {
        return run::counts();
    }
    divan::main();
}

/// Seconds of each recording.
const SECONDS: f64 = 120.0;

/// Recordings of the whole run.
const RECORDINGS: usize = 64;

/// Lags on either side that a window is asked about, as `tie::refine` asks.
const REACH_SAMPLES: usize = 2000;

struct Case {
    sounds: Vec<Vec<f32>>,
    heard: Vec<Heard>,
}

/// Recordings of two minutes, each with its own noise, from ten minutes of talk.
static CASE: LazyLock<Case> = LazyLock::new(|| {
    let scene = talk(1, 600.0);
    let mut dice = Dice(3);
    let sounds: Vec<Vec<f32>> = (0..RECORDINGS)
        .map(|_| record(&scene, 480.0 * dice.next(), SECONDS, 60.0 * dice.next() - 30.0, 0.05))
        .collect();
    let heard = sounds.iter().map(|s| hear(s)).collect();
    Case { sounds, heard }
});

fn hear(sound: &[f32]) -> Heard {
    let mut listener = Listener::new();
    sound.chunks(1 << 13).for_each(|chunk| listener.push(chunk));
    let end = MediaTime::from_seconds(sound.len() as f64 / f64::from(RATE_HZ));
    listener.finish(&[Stretch { start: MediaTime::ZERO, end }])
}

struct Patient;

impl Watch for Patient {
    fn advanced(&self, _done: usize, _total: usize) {}
    fn stopped(&self) -> bool {
        false
    }
}

/// One thread, so that the stages add up.
fn alone<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    static POOL: LazyLock<rayon::ThreadPool> = LazyLock::new(|| {
        rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread can be had")
    });
    POOL.install(work)
}

/// Points of the transforms of the search for recordings of [`SECONDS`].
fn search_points() -> usize {
    2 * CASE.heard[0].frames().next_power_of_two()
}

mod listening {
    use super::*;

    /// Items are seconds of sound.
    #[divan::bench(sample_count = 20)]
    fn kernel(bencher: Bencher) {
        let sound = &CASE.sounds[0];
        bencher.counter(ItemsCount::new(SECONDS as usize)).bench(|| hear(black_box(sound)));
    }

    /// Its transforms alone: 512 points for each frame.
    #[divan::bench(sample_count = 20)]
    fn bare_ffts(bencher: Bencher) {
        let count = CASE.heard[0].frames();
        bencher.counter(ItemsCount::new(SECONDS as usize)).bench_local(forward_ffts(512, count));
    }
}

/// `count` forward transforms of so many real points, one after another.
fn forward_ffts(points: usize, count: usize) -> impl FnMut() {
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(points);
    let (mut line, mut out) = (fft.make_input_vec(), fft.make_output_vec());
    let mut scratch = fft.make_scratch_vec();
    move || {
        for _ in 0..count {
            line.fill(0.5);
            fft.process_with_scratch(&mut line, &mut out, &mut scratch).expect("plan");
            black_box(&mut out);
        }
    }
}

/// `count` inverse transforms.
fn inverse_ffts(points: usize, count: usize) -> impl FnMut() {
    let fft = RealFftPlanner::<f32>::new().plan_fft_inverse(points);
    let (mut line, mut out) = (fft.make_input_vec(), fft.make_output_vec());
    let mut scratch = fft.make_scratch_vec();
    move || {
        for _ in 0..count {
            line.fill(Complex32::default());
            fft.process_with_scratch(&mut line, &mut out, &mut scratch).expect("plan");
            black_box(&mut out);
        }
    }
}

/// What the search does once for each recording.
mod spectra {
    use super::*;

    #[divan::bench(sample_count = 50)]
    fn kernel(bencher: Bencher) {
        let searcher = Searcher::new(CASE.heard[0].frames());
        bencher.bench(|| searcher.spectra(black_box(&CASE.heard[0])));
    }

    #[divan::bench(sample_count = 50)]
    fn bare_ffts(bencher: Bencher) {
        bencher.bench_local(forward_ffts(search_points(), BANDS + 1));
    }
}

/// What the search does once for each pair.
mod all_lags {
    use super::*;

    #[divan::bench(sample_count = 50)]
    fn kernel(bencher: Bencher) {
        let searcher = Searcher::new(CASE.heard[0].frames());
        let (left, right) = (searcher.spectra(&CASE.heard[0]), searcher.spectra(&CASE.heard[1]));
        bencher.bench(|| searcher.candidates(black_box(&left), black_box(&right), 12, 3.5));
    }

    #[divan::bench(sample_count = 50)]
    fn bare_ffts(bencher: Bencher) {
        bencher.bench_local(inverse_ffts(search_points(), 2));
    }

    /// The spectra of both read once.
    #[divan::bench(sample_count = 50)]
    fn bare_reading(bencher: Bencher) {
        let floats = 2 * (BANDS + 1) * (search_points() / 2 + 1);
        let (left, right) = (vec![0.5f32; floats], vec![0.25f32; floats]);
        bencher.counter(BytesCount::new(2 * floats * size_of::<f32>())).bench(|| {
            let mut sums = [0.0f32; 32];
            for (a, b) in black_box(&left).chunks_exact(32).zip(black_box(&right).chunks_exact(32))
            {
                sums.iter_mut().zip(a).zip(b).for_each(|((s, a), b)| *s += a * b);
            }
            sums
        });
    }
}

/// One window of a closer look.
mod window {
    use super::*;

    #[divan::bench(sample_count = 50)]
    fn kernel(bencher: Bencher) {
        let mut gcc = GccPhat::new();
        let (left, right) = (&CASE.sounds[0][..WINDOW_SAMPLES], &CASE.sounds[1][..WINDOW_SAMPLES]);
        bencher.bench_local(|| gcc.surprise(black_box(left), black_box(right), REACH_SAMPLES));
    }

    #[divan::bench(sample_count = 50)]
    fn bare_ffts(bencher: Bencher) {
        let (mut there, mut back) =
            (forward_ffts(WINDOW_SAMPLES, 2), inverse_ffts(WINDOW_SAMPLES, 1));
        bencher.bench_local(|| {
            there();
            back();
        });
    }
}

/// A closer look at one tie, 32 windows; beside it the windows and their transforms alone.
mod tie_looked_at {
    use super::*;

    #[divan::bench(sample_count = 20)]
    fn kernel(bencher: Bencher) {
        let mut gcc = GccPhat::new();
        let sound = &CASE.sounds[0];
        let claim = Claim {
            lag_s: 0.0,
            at_right_s: 0.0,
            drift_ppm: 0.0,
            right_start_s: 0.0,
            right_end_s: SECONDS,
        };
        bencher.bench_local(|| refine::look(&mut gcc, sound, black_box(sound), &claim));
    }

    #[divan::bench(sample_count = 20)]
    fn bare_ffts(bencher: Bencher) {
        let mut there = forward_ffts(WINDOW_SAMPLES, 2 * refine::WINDOWS_MAX);
        let mut back = inverse_ffts(WINDOW_SAMPLES, refine::WINDOWS_MAX);
        bencher.bench_local(|| {
            there();
            back();
        });
    }

    #[divan::bench(sample_count = 20)]
    fn bare_windows(bencher: Bencher) {
        let mut gcc = GccPhat::new();
        let sound = &CASE.sounds[0][..WINDOW_SAMPLES];
        bencher.bench_local(|| {
            for _ in 0..refine::WINDOWS_MAX {
                black_box(gcc.surprise(black_box(sound), sound, REACH_SAMPLES));
            }
        });
    }
}

/// One clock from ties: every recording tied to eight others by 22 windows each.
mod clocks {
    use super::*;

    fn island(recordings: usize) -> (Unknowns, Vec<Observation>) {
        let mut dice = Dice(5);
        let mut observations = Vec::new();
        for left_piece in 0..recordings {
            for step in [1, 3, 7, 11] {
                let right_piece = (left_piece + step) % recordings;
                let shift_s = 5.0 * (right_piece as f64 - left_piece as f64);
                observations.extend((0..22).map(|_| {
                    let left_s = 120.0 * dice.next();
                    let right_s = left_s - shift_s + 0.003 * f64::from(dice.noise());
                    Observation {
                        left_piece,
                        right_piece,
                        left_s,
                        right_s,
                        is_length: false,
                        sigma_s: 0.006,
                    }
                }));
            }
        }
        let unknowns = Unknowns {
            recording_of_piece: (0..recordings).collect(),
            recordings,
            offsets_s: (0..recordings).map(|k| 5.0 * k as f64 + 0.1 * dice.next()).collect(),
        };
        (unknowns, observations)
    }

    #[divan::bench(args = [64, 400, 1000], sample_count = 5)]
    fn kernel(bencher: Bencher, recordings: usize) {
        let (unknowns, observations) = island(recordings);
        bencher.bench(|| least_squares::solve(&unknowns, black_box(&observations)));
    }

    /// The multiplications of one dense factor, n³ / 6, on numbers at hand. The solver makes a
    /// factor for each iteration, at most 25, but a sparse one.
    #[divan::bench(args = [64, 400, 1000], sample_count = 5)]
    fn bare_products(bencher: Bencher, recordings: usize) {
        let order = 2 * recordings;
        let (mut sum, line) = (vec![0.0f64; order], vec![0.5f64; order]);
        bencher.bench_local(|| {
            for _ in 0..order * order / 6 {
                let factor = black_box(0.5);
                sum.iter_mut().zip(black_box(&line)).for_each(|(s, l)| *s += factor * l);
            }
            sum[0]
        });
    }
}

/// The stages of 64 recordings of two minutes, and all of it; on one thread.
mod run {
    use super::*;

    struct Never;

    impl graph::Witness for Never {
        fn confirms(&mut self, _pair: usize, _lag_s: f64) -> bool {
            false
        }
        fn takes_turns(&mut self, _pair: usize) -> bool {
            false
        }
    }

    fn recordings() -> Vec<Recording<'static>> {
        let Case { sounds, heard } = &*CASE;
        let recording = |k: usize| {
            let mut id = [0; 32];
            id[0] = k as u8;
            let id = SourceId(id);
            Recording {
                id,
                name: "",
                heard: &heard[k],
                sound: &sounds[k],
                light: None,
                stood: None,
            }
        };
        (0..RECORDINGS).map(recording).collect()
    }

    static PAIRS: LazyLock<Vec<Pair>> = LazyLock::new(found);

    fn found() -> Vec<Pair> {
        let recordings = recordings();
        let recordings: Vec<&Recording> = recordings.iter().collect();
        pairs::pairs(&recordings, &Findings::new(), &Patient).expect("nobody stops it")
    }

    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn a_listening(bencher: Bencher) {
        let sounds = &CASE.sounds;
        bencher.bench(|| sounds.iter().map(|s| hear(s)).collect::<Vec<Heard>>());
    }

    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn b_pairs(bencher: Bencher) {
        LazyLock::force(&CASE);
        bencher.bench(|| alone(found));
    }

    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn c_graph(bencher: Bencher) {
        let pairs = &*PAIRS;
        bencher.bench(|| {
            graph::solve(RECORDINGS, black_box(pairs), &mut Never, &mut hand::Hand::default())
        });
    }

    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn d_pieces(bencher: Bencher) {
        let heard: Vec<&Heard> = CASE.heard.iter().collect();
        let graph = graph::solve(RECORDINGS, &PAIRS, &mut Never, &mut hand::Hand::default());
        let pairs: Vec<&Pair> = PAIRS.iter().collect();
        bencher.bench(|| alone(|| pieces::pieces(black_box(&graph.islands[0]), &pairs, &heard)));
    }

    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn f_copies(bencher: Bencher) {
        let recordings = recordings();
        let recordings: Vec<&Recording> = recordings.iter().collect();
        let all: Vec<usize> = (0..RECORDINGS).collect();
        let pairs = &*PAIRS;
        bencher.bench(|| {
            alone(|| copies::excerpts(&recordings, pairs, &all, &[], (&Findings::new(), &Patient)))
        });
    }

    /// How often each kernel is called.
    pub(super) fn counts() {
        let recordings = recordings();
        let alignment = synchronise(&recordings, &Patient).expect("sound in memory can be read");
        let looks = alignment.ties.iter().filter(|tie| !tie.windows.is_empty());
        println!(
            "{{\"recordings\": {RECORDINGS}, \"seconds\": {SECONDS}, \"spectra\": {}, \"pairs\": {}, \
             \"looks\": {}, \"islands\": 1}}",
            2 * (RECORDINGS - 1),
            RECORDINGS * (RECORDINGS - 1) / 2,
            looks.count(),
        );
    }

    /// All but the listening; what is left after pairs, graph and pieces are the waveforms.
    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn e_synchronise(bencher: Bencher) {
        let recordings = recordings();
        bencher.bench(|| alone(|| synchronise(&recordings, &Patient)));
    }
}
