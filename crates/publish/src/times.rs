//! Times, lengths and doubts in words: one way of writing them in every human format.

const NS_PER_MS: u64 = 1_000_000;
const NS_PER_S: u64 = 1_000_000_000;

/// A moment as `h:mm:ss`, with `decimals` (0 to 9) of a second, rounded to the nearest; a
/// minus sign (`-`) before case zero.
pub fn clock(ns: i64, decimals: u32) -> String {
    let unit_ns = 10_u64.pow(9 - decimals.min(9));
    let units = (ns.unsigned_abs() + unit_ns / 2) / unit_ns;
    let per_s = NS_PER_S / unit_ns;
    let (s, part) = (units / per_s, units % per_s);
    let sign = if ns < 0 && units > 0 { "-" } else { "" };
    let whole = format!("{sign}{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
    if decimals == 0 { whole } else { format!("{whole}.{part:0w$}", w = decimals as usize) }
}

/// A length in words: `9.3 s`, `4 min 30 s`, `8 h 02 min`.
pub fn length(ns: i64) -> String {
    let ns = ns.unsigned_abs();
    let tenths = (ns + NS_PER_S / 20) / (NS_PER_S / 10);
    if tenths < 600 {
        return format!("{}.{} s", tenths / 10, tenths % 10);
    }
    let s = (ns + NS_PER_S / 2) / NS_PER_S;
    if s < 3600 {
        return format!("{} min {:02} s", s / 60, s % 60);
    }
    let min = (s + 30) / 60;
    format!("{} h {:02} min", min / 60, min % 60)
}

/// One standard deviation as `±14 ms`, rounded up so that no doubt is understated.
pub fn doubt(sigma_ns: i64) -> String {
    let ns = sigma_ns.unsigned_abs();
    let tenths_ms = ns.div_ceil(NS_PER_MS / 10);
    let ms = ns.div_ceil(NS_PER_MS);
    let tenths_s = ns.div_ceil(NS_PER_S / 10);
    match ns {
        0 => "±0 ms".to_owned(),
        _ if tenths_ms < 10 => format!("±0.{tenths_ms} ms"),
        _ if ms < 1000 => format!("±{ms} ms"),
        _ if tenths_s < 600 => format!("±{}.{} s", tenths_s / 10, tenths_s % 10),
        _ => format!("±{} min", ns.div_ceil(60 * NS_PER_S)),
    }
}

/// `1 recording`, `2 recordings`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_a_clock_on_both_sides_of_zero() {
        assert_eq!(clock(0, 0), "0:00:00");
        assert_eq!(clock(3_723_999_600_000, 3), "1:02:04.000");
        assert_eq!(clock(-3_271_000_000, 3), "-0:00:03.271");
        assert_eq!(clock(-1, 0), "0:00:00");
        assert_eq!(clock(i64::MIN, 9), "-2562047:47:16.854775808");
    }

    #[test]
    fn a_length_names_its_units() {
        assert_eq!(length(9_260_000_000), "9.3 s");
        assert_eq!(length(59_960_000_000), "1 min 00 s");
        assert_eq!(length(270_000_000_000), "4 min 30 s");
        assert_eq!(length(28_920_000_000_000), "8 h 02 min");
    }

    #[test]
    fn doubt_is_never_understated() {
        assert_eq!(doubt(0), "±0 ms");
        assert_eq!(doubt(12_000), "±0.1 ms");
        assert_eq!(doubt(950_000), "±1 ms");
        assert_eq!(doubt(2_100_000), "±3 ms");
        assert_eq!(doubt(999_500_000), "±1.0 s");
        assert_eq!(doubt(90_000_000_000), "±2 min");
    }
}
