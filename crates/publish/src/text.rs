//! Names come from strangers: what may be shown of them, and how they are shortened.

use unicode_width::UnicodeWidthStr;

/// A name that can do no harm where it is shown: control characters become visible signs;
/// marks that reorder the letters around them or break lines, and what is no character at all,
/// become `�`. Machine formats keep the name as it is; this is for eyes.
pub fn tame(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
            '\u{7f}' => '\u{2421}',
            '\u{80}'..='\u{9f}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{61c}'
            | '\u{feff}'
            | '\u{fdd0}'..='\u{fdef}' => '\u{fffd}',
            _ if c as u32 & 0xfffe == 0xfffe => '\u{fffd}',
            _ => c,
        })
        .collect()
}

/// Columns the text takes in a terminal; wide East Asian characters take two.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// The text in at most `columns_max` columns: the middle gives way to `ellipsis`, since a name's
/// beginning tells the device and its end the number and kind.
pub fn shorten(text: &str, columns_max: usize, ellipsis: &str) -> String {
    if columns(text) <= columns_max {
        return text.to_owned();
    }
    let room = columns_max.saturating_sub(columns(ellipsis));
    let mut tail = "";
    for (at, _) in text.char_indices().rev() {
        if columns(&text[at..]) > room / 2 {
            break;
        }
        tail = &text[at..];
    }
    let mut head = "";
    for (at, c) in text.char_indices() {
        let longer = &text[..at + c.len_utf8()];
        if columns(longer) + columns(tail) > room {
            break;
        }
        head = longer;
    }
    let short = format!("{head}{ellipsis}{tail}");
    if columns(&short) <= columns_max {
        short
    } else {
        ellipsis.chars().take(columns_max).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_end() {
        assert_eq!(shorten("CALL_20260210_142332_L2.mp3", 15, "…"), "CALL_20…_L2.mp3");
        assert_eq!(shorten("short.wav", 15, "…"), "short.wav");
    }

    #[test]
    fn a_hostile_name_cannot_move_the_cursor_or_turn_the_text_around() {
        assert_eq!(tame("a\u{1b}[2Jb\n\u{202e}4pm"), "a␛[2Jb␊�4pm");
    }

    proptest! {
        #[test]
        fn no_shortened_name_is_wider_than_asked(name in ".{0,60}", room in 0..40usize) {
            prop_assert!(columns(&shorten(&tame(&name), room, "…")) <= room);
        }
    }
}
