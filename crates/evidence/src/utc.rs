//! True time: the map from the clock of an island to UTC.
//!
//! In: moments of case time that are known in UTC, each with its doubt. Out: a straight clock,
//! with its own doubt at every moment, and what each of the moments says beside it.
//! Method: weighted least squares for offset and rate, with one more observation: that an
//! island's clock runs true to within [`RATE_PPM`]. So one moment gives an offset whose doubt
//! grows with the distance from it, and many, far apart, give the rate as well: sound alone
//! cannot tell a rate that all recordings share. What most of the moments agree on is believed;
//! where no more than half agree, all are, with a doubt that covers their contradiction.
//! Cost: n² for finding those that agree.
//! Cannot: bend. An island's clock is the mean of crystals and is taken to be straight.

use serde::{Deserialize, Serialize};

use crate::{CaseTime, UtcTime};

/// One standard deviation of the rate of an island's clock, in parts per million, where no two
/// moments tell it. Recorders were measured within ±30 ppm of true (the CHiME-6 corrections),
/// four models of phone at −266, −79, −4 and +6 ppm (Jiku); the clock of an island follows its
/// recordings. Smaller, and hours away the ± would promise too much; larger, and two anchors an
/// hour apart would be needed to tell minutes.
pub const RATE_PPM: f64 = 100.0;

/// Moments further from one another than so many standard deviations contradict one another.
const SIGMAS: f64 = 3.0;

/// A moment of case time that is known in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// On the clock of the island.
    pub case: CaseTime,
    /// The same moment.
    pub utc: UtcTime,
    /// One standard deviation of the one against the other, nanoseconds; more than zero.
    pub sigma_ns: i64,
}

/// The map from the case time of one island to UTC.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct UtcMap {
    /// Where its doubt is least.
    pub case: CaseTime,
    /// The same moment.
    pub utc: UtcTime,
    /// Parts per million by which a second of the case is longer than a second of UTC is short:
    /// `utc − self.utc = (case − self.case) · (1 + rate_ppm · 1e-6)`.
    pub rate_ppm: f64,
    /// One standard deviation at `case`, nanoseconds.
    pub sigma_ns: i64,
    /// One standard deviation of the rate, parts per million.
    pub rate_sigma_ppm: f64,
}

impl UtcMap {
    /// The UTC of a case time.
    pub fn to_utc(&self, case: CaseTime) -> UtcTime {
        let since_ns = case.0.saturating_sub(self.case.0);
        let stretch_ns = (since_ns as f64 * self.rate_ppm * 1e-6).round() as i64;
        UtcTime(self.utc.0.saturating_add(since_ns).saturating_add(stretch_ns))
    }

    /// The case time of a moment of UTC: the inverse of [`to_utc`](Self::to_utc) to within a
    /// microsecond for moments of the same year.
    pub fn to_case(&self, utc: UtcTime) -> CaseTime {
        let since_ns = utc.0.saturating_sub(self.utc.0);
        let shrink_ns =
            (since_ns as f64 * self.rate_ppm * 1e-6 / (1.0 + self.rate_ppm * 1e-6)).round() as i64;
        CaseTime(self.case.0.saturating_add(since_ns).saturating_sub(shrink_ns))
    }

    /// One standard deviation of the UTC of a case time, nanoseconds; without that of the case
    /// time itself.
    pub fn sigma_ns(&self, case: CaseTime) -> i64 {
        let away_ns = case.0.saturating_sub(self.case.0) as f64 * self.rate_sigma_ppm * 1e-6;
        (self.sigma_ns as f64).hypot(away_ns).ceil() as i64
    }
}

/// A clock, and what each moment says beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The clock.
    pub map: UtcMap,
    /// For each moment, in the order given: what it says minus the clock.
    pub said: Vec<Said>,
}

/// What one moment says beside the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// By how much later it is than the clock has it, nanoseconds.
    pub residual_ns: i64,
    /// Whether it contradicts the others by more than its doubt.
    pub contradicts: bool,
}

/// The clock that fits these moments; `None` where there are none with a doubt above zero.
pub fn fit(known: &[Known]) -> Option<Fit> {
    let mut sound: Vec<Known> = known.iter().filter(|k| k.sigma_ns > 0).copied().collect();
    sound.sort_by_key(|k| (k.case, k.utc, k.sigma_ns));
    let agreeing = agreeing(&sound);
    let is_most = 2 * agreeing.len() > sound.len();
    let prior = (RATE_PPM * 1e-6).powi(-2);
    // What contradicts itself tells no rate.
    let map = if is_most { straight(&agreeing, prior) } else { straight(&sound, f64::INFINITY) }?;
    let said = known.iter().map(|k| {
        let residual_ns = k.utc.0.saturating_sub(map.to_utc(k.case).0);
        let contradicts = if is_most { !agreeing.contains(k) } else { true };
        Said { residual_ns, contradicts }
    });
    Some(Fit { said: said.collect(), map })
}

/// The most moments that agree with one of them.
fn agreeing(known: &[Known]) -> Vec<Known> {
    let with = |one: &Known| -> Vec<Known> {
        let agrees = |other: &&Known| {
            let apart_ns = other.case.0.saturating_sub(one.case.0) as f64;
            let utc_ns = other.utc.0.saturating_sub(one.utc.0) as f64;
            let sigma_ns = (one.sigma_ns as f64).hypot(other.sigma_ns as f64);
            (utc_ns - apart_ns).abs() <= SIGMAS * sigma_ns.hypot(apart_ns * RATE_PPM * 1e-6)
        };
        known.iter().filter(agrees).copied().collect()
    };
    let mut best = Vec::new();
    for one in known {
        let agree = with(one);
        if agree.len() > best.len() {
            best = agree;
        }
    }
    best
}

/// Least squares about the weighted middle, where offset and rate do not depend on each other.
/// The doubt is widened where the moments scatter more than they say. `prior` is one by the
/// variance of the rate before anything is known of it.
fn straight(known: &[Known], prior: f64) -> Option<UtcMap> {
    let first = known.first()?;
    let weight = |k: &Known| (k.sigma_ns as f64).powi(-2);
    let weights: f64 = known.iter().map(weight).sum();
    let x = |k: &Known| k.case.0.saturating_sub(first.case.0) as f64;
    // What UTC is ahead of the case, but for what it is at the first.
    let y = |k: &Known| k.utc.0.saturating_sub(first.utc.0) as f64 - x(k);
    let middle = known.iter().map(|k| weight(k) * x(k)).sum::<f64>() / weights;
    let ahead = known.iter().map(|k| weight(k) * y(k)).sum::<f64>() / weights;
    let over: f64 = known.iter().map(|k| weight(k) * (x(k) - middle) * (y(k) - ahead)).sum();
    let under = prior + known.iter().map(|k| weight(k) * (x(k) - middle).powi(2)).sum::<f64>();
    let rate = over / under;
    let misfit: f64 =
        known.iter().map(|k| weight(k) * (y(k) - ahead - rate * (x(k) - middle)).powi(2)).sum();
    let widened = (misfit / known.len().saturating_sub(1).max(1) as f64).sqrt().max(1.0);
    let (middle_ns, ahead_ns) = (middle.round() as i64, ahead.round() as i64);
    Some(UtcMap {
        case: CaseTime(first.case.0.saturating_add(middle_ns)),
        utc: UtcTime(first.utc.0.saturating_add(middle_ns).saturating_add(ahead_ns)),
        rate_ppm: rate * 1e6,
        sigma_ns: (widened * weights.powf(-0.5)).ceil() as i64,
        rate_sigma_ppm: if prior.is_finite() {
            (widened * under.powf(-0.5) * 1e6).min(RATE_PPM)
        } else {
            RATE_PPM
        },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const S: i64 = 1_000_000_000;
    const ZERO: i64 = 1_571_665_561 * S;

    fn known(case_s: i64, late_ms: i64, sigma_ms: i64) -> Known {
        Known {
            case: CaseTime(case_s * S),
            utc: UtcTime(ZERO + case_s * S + late_ms * 1_000_000),
            sigma_ns: sigma_ms * 1_000_000,
        }
    }

    #[test]
    fn one_moment_gives_an_offset_whose_doubt_grows_with_time() {
        let map = fit(&[known(100, 0, 500)]).unwrap().map;
        assert_eq!(map.to_utc(CaseTime(0)), UtcTime(ZERO));
        assert_eq!(map.sigma_ns(CaseTime(100 * S)), 500_000_000);
        // 100 ppm of ten hours are 3.6 s.
        let far = map.sigma_ns(CaseTime(36_100 * S));
        assert!((3_630_000_000..3_640_000_000).contains(&far), "{far}");
    }

    #[test]
    fn two_moments_far_apart_give_the_rate_and_two_close_by_do_not() {
        let far = fit(&[known(0, 0, 10), known(36_000, 720, 10)]).unwrap().map;
        assert!((far.rate_ppm - 20.0).abs() < 0.1, "{far:?}");
        assert!(far.rate_sigma_ppm < 0.5, "{far:?}");
        let near = fit(&[known(0, 0, 1000), known(60, 1000, 1000)]).unwrap().map;
        assert!(near.rate_ppm.abs() < 1.0 && near.rate_sigma_ppm > 99.0, "{near:?}");
    }

    #[test]
    fn the_moment_that_contradicts_the_others_is_named_and_not_heeded() {
        let hour_ms = 3_600_000;
        let fit = fit(&[known(0, 0, 500), known(50, hour_ms, 500), known(90, 200, 500)]).unwrap();
        let named: Vec<bool> = fit.said.iter().map(|said| said.contradicts).collect();
        assert_eq!(named, [false, true, false]);
        assert!(fit.map.to_utc(CaseTime(0)).0.abs_diff(ZERO) < 200_000_000);
    }

    #[test]
    fn of_two_that_contradict_each_other_both_are_named_and_the_doubt_covers_both() {
        let fit = fit(&[known(0, 0, 500), known(50, 60_000, 500)]).unwrap();
        assert!(fit.said.iter().all(|said| said.contradicts));
        assert!(fit.map.sigma_ns > 29 * S, "{fit:?}");
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_moment(
            late in prop::collection::vec((-100_000..100_000_i64, -2000..2000_i64, 1..3000_i64), 1..6),
            case_s in -100_000..100_000_i64,
        ) {
            let all: Vec<Known> = late.iter().map(|&(at, ms, sigma)| known(at, ms, sigma)).collect();
            let map = fit(&all).unwrap().map;
            let case = CaseTime(case_s * S);
            prop_assert!((map.to_case(map.to_utc(case)).0 - case.0).abs() <= 2_000);
            prop_assert!(map.sigma_ns(case) >= map.sigma_ns);
        }

        #[test]
        fn the_order_of_the_moments_changes_nothing(
            late in prop::collection::vec((-100_000..100_000_i64, -500..500_i64, 200..900_i64), 1..6),
        ) {
            let mut all: Vec<Known> =
                late.iter().map(|&(at, ms, sigma)| known(at, ms, sigma)).collect();
            all.sort_by_key(|k| (k.case, k.utc));
            let one = fit(&all).unwrap().map;
            all.reverse();
            let other = fit(&all).unwrap().map;
            prop_assert!(one.to_utc(CaseTime(0)).0.abs_diff(other.to_utc(CaseTime(0)).0) < 100_000_000);
        }

        #[test]
        fn a_shift_of_case_zero_shifts_the_map_and_nothing_else(
            late in prop::collection::vec((-100_000..100_000_i64, -500..500_i64, 200..900_i64), 1..6),
            shift_s in -1_000_000..1_000_000_i64,
        ) {
            let all: Vec<Known> = late.iter().map(|&(at, ms, sigma)| known(at, ms, sigma)).collect();
            let shifted: Vec<Known> =
                all.iter().map(|k| Known { case: CaseTime(k.case.0 + shift_s * S), ..*k }).collect();
            let (one, other) = (fit(&all).unwrap().map, fit(&shifted).unwrap().map);
            let moved = other.to_utc(CaseTime(shift_s * S));
            prop_assert!(one.to_utc(CaseTime(0)).0.abs_diff(moved.0) < 10_000);
            prop_assert_eq!(one.sigma_ns, other.sigma_ns);
        }

        #[test]
        fn hostile_moments_do_not_panic(
            all in prop::collection::vec((any::<i64>(), any::<i64>(), any::<i64>()), 0..6),
            at in any::<i64>(),
        ) {
            let all: Vec<Known> = all
                .iter()
                .map(|&(case, utc, sigma_ns)| Known {
                    case: CaseTime(case), utc: UtcTime(utc), sigma_ns,
                })
                .collect();
            if let Some(fit) = fit(&all) {
                let _ = (fit.map.to_utc(CaseTime(at)), fit.map.sigma_ns(CaseTime(at)));
                let _ = fit.map.to_case(UtcTime(at));
            }
        }
    }
}
