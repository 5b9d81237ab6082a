//! Which bytes of a file a request asks for.
//!
//! In: a `Range` header and the file's length. Out: all of it, one stretch, or that there is no
//! such stretch. Several stretches at once are refused; no player needs them.

/// What to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The whole file.
    All,
    /// From the first byte to before the second; never empty.
    Part(u64, u64),
    /// Nothing: the file has no such bytes.
    Nothing,
}

/// The longest stretch sent at once where a player asks for all that follows. Browsers hold six
/// connections to a server and a player that has enough keeps its own waiting: nine angles would
/// keep everything else out. Players ask for the rest when they need it.
pub const PART_BYTES_MAX: u64 = 4 << 20;

/// What a `Range` header asks for of a file of `length` bytes.
pub fn asked(header: Option<&str>, length: u64) -> Asked {
    let Some(header) = header else { return Asked::All };
    let Some(range) = header.trim().strip_prefix("bytes=") else {
        // A unit that we do not know is to be passed over.
        return if header.contains("bytes") { Asked::Nothing } else { Asked::All };
    };
    part(range.trim(), length).unwrap_or(Asked::Nothing)
}

fn part(range: &str, length: u64) -> Option<Asked> {
    let (first, last) = range.split_once('-')?;
    let (start, end) = if first.is_empty() {
        let wanted = number(last)?;
        (length.saturating_sub(wanted), length)
    } else if last.is_empty() {
        let start = number(first)?;
        (start, length.min(start.saturating_add(PART_BYTES_MAX)))
    } else {
        let (start, last) = (number(first)?, number(last)?);
        if last < start {
            return None;
        }
        (start, length.min(last.saturating_add(1)))
    };
    (start < end).then_some(Asked::Part(start, end))
}

/// Digits; more than fit are more than any file has.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stretch_is_cut_at_the_end_of_the_file() {
        for (header, asks) in [
            ("bytes=0-9", Asked::Part(0, 10)),
            ("bytes=0-0", Asked::Part(0, 1)),
            ("bytes=90-", Asked::Part(90, 100)),
            ("bytes=90-1000", Asked::Part(90, 100)),
            ("bytes=-10", Asked::Part(90, 100)),
            ("bytes=-1000", Asked::Part(0, 100)),
            ("bytes=0-99999999999999999999999999", Asked::Part(0, 100)),
            ("bytes=-99999999999999999999999999", Asked::Part(0, 100)),
        ] {
            assert_eq!(asked(Some(header), 100), asks, "{header}");
        }
        assert_eq!(asked(None, 100), Asked::All);
        assert_eq!(asked(Some("pages=1-2"), 100), Asked::All);
    }

    #[test]
    fn what_makes_no_sense_is_no_stretch() {
        for header in [
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=100-",
            "bytes=5-4",
            "bytes=-0",
            "bytes=0-1,3-4",
            "bytes=1",
            "bytes=--1",
            "bytes=0x1-2",
            "bytes=+1-2",
            "bytes",
            "bytes=99999999999999999999-",
            "bytes=1-2-3",
            "BYTES bytes",
        ] {
            assert_eq!(asked(Some(header), 100), Asked::Nothing, "{header}");
        }
        assert_eq!(asked(Some("bytes=0-"), 0), Asked::Nothing);
    }

    #[test]
    fn a_player_that_asks_for_all_that_follows_gets_a_part_of_it() {
        let length = 100 * PART_BYTES_MAX;
        assert_eq!(asked(Some("bytes=0-"), length), Asked::Part(0, PART_BYTES_MAX));
        assert_eq!(asked(Some("bytes=7-"), length), Asked::Part(7, 7 + PART_BYTES_MAX));
    }

    proptest! {
        #[test]
        fn no_header_leads_out_of_the_file(header in "(bytes=)?[0-9,\\- ]{0,40}", length: u64) {
            if let Asked::Part(start, end) = asked(Some(&header), length) {
                prop_assert!(start < end && end <= length);
            }
        }
    }
}
