//! Timecodes make a place finer that another clock of the device tells roughly.
//!
//! A timecode says the time of day to a frame and no day. Where a dated clock of the device puts
//! a recording to a few seconds, the day is known, and the timecodes of the device, if they ran on
//! from recording to recording as a clock does, tell the frame. A counter that stood still between
//! recordings contradicts the dated clock and is left alone.

use evidence::Basis;

use super::gather::{Convention, DRIFT_PPM, Gathered, SIGMAS, Witness, agree};
use super::places::Put;
use super::survey::wrapped;
use super::{Recorded, Series};

/// The place as the timecode of the recording `at` has it, if it has one that runs as a clock
/// and agrees with `rough`.
pub(super) fn refined(
    rough: &Put,
    (at, device): (usize, usize),
    clocks: &[&Gathered],
    recorded: &[Recorded],
) -> Option<Put> {
    let of = |clock: &&&Gathered| clock.device == device && clock.series == Series::Timecode;
    let clock = clocks.iter().find(of)?;
    let read = clock.readings.iter().find(|read| read.at == at)?;
    let zeros = clock.zeros_by(recorded, Convention::Start);
    let mut here: Vec<_> = zeros.iter().filter(|(_, zero)| zero.island == rough.island).collect();
    here.retain(|(other, _)| other.reading.shows.basis == Basis::TimeOfDay);
    let away_ns = |zero: &Witness| rough.offset_ns.saturating_sub(zero.case.0).unsigned_abs();
    let (nearest, zero) = here.iter().min_by_key(|(_, zero)| away_ns(zero))?;
    let runs_on = here.iter().all(|(_, other)| {
        let apart_ns = other.zero_ns.saturating_sub(zero.zero_ns);
        agree(zero, &Witness { zero_ns: zero.zero_ns.saturating_add(wrapped(apart_ns)), ..*other })
    });
    let offset_ns = read.reading.shows.ns.saturating_sub(zero.zero_ns);
    let apart_ns = wrapped(offset_ns.saturating_sub(rough.offset_ns));
    let agrees = apart_ns.abs() as f64 <= SIGMAS * rough.sigma_ns as f64;
    let drift_ns = away_ns(zero) as f64 * DRIFT_PPM * 1e-6;
    let sigma_ns = zero.sigma_ns.hypot(read.reading.sigma_ns as f64).hypot(drift_ns);
    (runs_on && agrees && sigma_ns < rough.sigma_ns as f64).then(|| Put {
        offset_ns: rough.offset_ns.saturating_add(apart_ns),
        sigma_ns: sigma_ns.ceil() as i64,
        series: Series::Timecode,
        with: nearest.reading.source,
        with_time: evidence::MediaTime::ZERO,
        readings: here.len(),
        ..rough.clone()
    })
}
