//! File names on a terminal. A name is evidence and may be hostile: a line break can forge a
//! line of output, a right-to-left override can turn `gpj.exe` around, an escape sequence can
//! repaint the screen. What could do so is written as an escape; all else stays as it is.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

/// A path as it may be printed: control, format and bidirectional characters and bytes that are
/// not UTF-8 are escaped (`\u{202e}`, `\xff`).
pub fn shown(path: impl AsRef<Path>) -> String {
    shown_os(path.as_ref().as_os_str())
}

/// Text from outside as it may be printed.
pub fn shown_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_text(&mut out, text);
    out
}

/// A file name as the target of a Markdown link: what would end the link, begin its fragment or mislead
/// is escaped as in a URL.
pub fn as_target(name: &str) -> String {
    let mut target = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_whitespace() || misleads(c) || "()<>#?%\"\\[]".contains(c) {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(target, "%{byte:02X}");
            }
        } else {
            target.push(c);
        }
    }
    target
}

fn shown_os(name: &OsStr) -> String {
    let mut out = String::with_capacity(name.len());
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        push_text(&mut out, chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

fn push_text(out: &mut String, text: &str) {
    for c in text.chars() {
        if misleads(c) {
            let _ = write!(out, "{}", c.escape_unicode());
        } else {
            out.push(c);
        }
    }
}

/// Characters that move the cursor, reorder text or show as nothing.
fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt as _;

    #[test]
    fn a_name_cannot_forge_a_line_or_turn_the_text_around() {
        assert_eq!(shown("a\nerror: b"), "a\\u{a}error: b");
        assert_eq!(shown("\u{202e}4pm.exe"), "\\u{202e}4pm.exe");
        assert_eq!(shown("\u{1b}[2J"), "\\u{1b}[2J");
    }

    #[test]
    fn bytes_that_are_not_text_are_still_told_apart() {
        assert_eq!(shown(OsStr::from_bytes(b"a\xffb\xfe")), "a\\xffb\\xfe");
    }

    #[test]
    fn a_name_cannot_end_the_link_that_leads_to_it() {
        assert_eq!(as_target("a (1)#[x]?.mp4"), "a%20%281%29%23%5Bx%5D%3F.mp4");
        assert_eq!(as_target("\u{202e}4pm.exe\n"), "%E2%80%AE4pm.exe%0A");
        assert_eq!(as_target("录音-Über.m4a"), "录音-Über.m4a");
    }

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in ["IMG_4127.MOV", "Überwachung 3.mp4", "录音.m4a", "it's \"this\".wav"] {
            assert_eq!(shown(name), name);
        }
    }
}
