//! Where a time axis has its marks: at whole 1, 2, 5, 10, 15 or 30 seconds, minutes or hours.

const MS: i128 = 1_000_000;
const S: i128 = 1000 * MS;
const MIN: i128 = 60 * S;
const HOUR: i128 = 60 * MIN;

/// Distances that a reader of clocks counts in, in nanoseconds; below a second for clips that
/// are shorter than that, days beyond.
const STEPS_NS: [i128; 26] = [
    10 * MS,
    20 * MS,
    50 * MS,
    100 * MS,
    200 * MS,
    500 * MS,
    S,
    2 * S,
    5 * S,
    10 * S,
    15 * S,
    30 * S,
    MIN,
    2 * MIN,
    5 * MIN,
    10 * MIN,
    15 * MIN,
    30 * MIN,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    4 * HOUR,
    6 * HOUR,
    12 * HOUR,
    24 * HOUR,
    48 * HOUR,
];

/// The marks of one axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticks {
    /// Distance between two marks, nanoseconds.
    pub step_ns: i64,
    /// Case times that are whole multiples of the step, within the axis.
    pub at_ns: Vec<i64>,
    /// Decimals of a second that a label needs.
    pub decimals: u32,
}

/// Marks from `start_ns` to `end_ns`, at most about `count_max` (at least 1) of them.
pub fn ticks(start_ns: i64, end_ns: i64, count_max: usize) -> Ticks {
    let (start, end) = (i128::from(start_ns), i128::from(end_ns.max(start_ns)));
    let least = (end - start) / count_max.max(1) as i128;
    let days = STEPS_NS[STEPS_NS.len() - 1];
    let step = STEPS_NS
        .into_iter()
        .find(|&step| step >= least)
        .unwrap_or_else(|| (least / days + 1) * days);
    let first = start.div_euclid(step) + i128::from(start.rem_euclid(step) != 0);
    let last = end.div_euclid(step);
    let at_ns = (first..=last).map(|mark| (mark * step) as i64).collect();
    let decimals = match step {
        step if step >= S => 0,
        step if step >= 100 * MS => 1,
        _ => 2,
    };
    Ticks { step_ns: step as i64, at_ns, decimals }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nine_minutes_are_counted_in_minutes() {
        let marks = ticks(2_137_000_000, 539_282_000_000, 10);
        assert_eq!(marks.step_ns, 60_000_000_000);
        assert_eq!(marks.at_ns.len(), 8);
    }

    proptest! {
        #[test]
        fn an_axis_is_never_crowded_and_its_marks_lie_on_it(
            start: i64, length in 0..i64::MAX, count in 1..40usize,
        ) {
            let end = start.saturating_add(length);
            let marks = ticks(start, end, count);
            prop_assert!(marks.at_ns.len() <= count + 1);
            prop_assert!(marks.at_ns.iter().all(|&t| start <= t && t <= end));
        }
    }
}
