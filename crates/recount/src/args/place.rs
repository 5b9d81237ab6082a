//! Reads where something stood.

/// Farther from one another nothing is heard: beyond this somebody mistook the unit.
const FARTHEST_MM: i64 = 100_000_000;

/// `12.5,3` or `12.5,3,-1`: metres, as millimetres along three axes.
///
/// # Errors
/// A sentence, for anything else.
pub fn metres(text: &str) -> Result<[i64; 3], String> {
    let wrong =
        || format!("`{text}` is no position; write metres along two or three axes, as 12.5,3");
    let mut at_mm = [0; 3];
    let axes: Vec<&str> = text.split(',').collect();
    if !(2..=3).contains(&axes.len()) {
        return Err(wrong());
    }
    for (mm, axis) in at_mm.iter_mut().zip(axes) {
        *mm = millimetres(axis).ok_or_else(wrong)?;
    }
    Ok(at_mm)
}

/// `2`: metres, as millimetres.
///
/// # Errors
/// A sentence, for anything else.
pub fn radius(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no distance; write metres, as 2 or 0.5");
    millimetres(text).filter(|mm| *mm >= 0).ok_or_else(wrong)
}

fn millimetres(text: &str) -> Option<i64> {
    let mm = text.trim().parse::<f64>().ok().filter(|m| m.is_finite())? * 1e3;
    (mm.abs() <= FARTHEST_MM as f64).then_some(mm.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_metres_along_two_or_three_axes() {
        assert_eq!(metres("12.5,-3"), Ok([12_500, -3_000, 0]));
        assert_eq!(metres("0, 1.25 ,2"), Ok([0, 1_250, 2_000]));
        for text in ["", "3", "1,2,3,4", "1,x", "1,NaN", "1,inf", "1,1e9", "52.37N,4.89E"] {
            assert!(metres(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_radius_is_no_less_than_nothing() {
        assert_eq!(radius("1.5"), Ok(1_500));
        for text in ["-1", "", "wide", "NaN"] {
            assert!(radius(text).is_err(), "{text}");
        }
    }
}
