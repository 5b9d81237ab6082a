//! Bytes as text: UTF-8, UTF-16 by its mark, or else Windows-1252, which most old files are.

/// The text of the bytes, without a byte order mark.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let wide = |bytes: &[u8], number: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| number([pair[0], pair[1]]));
        char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                Err(_) if is_nearly_utf8(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
            }
        }
    }
}

/// A single bad place in long UTF-8 does not make it another alphabet.
fn is_nearly_utf8(bytes: &[u8]) -> bool {
    let (mut bad, mut good) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        bad += usize::from(!chunk.invalid().is_empty());
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
    }
    good > 4 * bad
}

fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_alphabet_is_read() {
        assert_eq!(decode("\u{feff}Bühne".as_bytes()), "Bühne");
        assert_eq!(decode(b"\xff\xfeh\0i\0"), "hi");
        assert_eq!(decode(b"\xfe\xff\0h\0i"), "hi");
        assert_eq!(decode(b"\x93Geb\xe4ude\x94"), "“Gebäude”");
        assert_eq!(
            decode("Bühne ö ä ü ß \u{20ac}\u{20ac} ".repeat(3).as_bytes()).chars().count(),
            51
        );
        let mut one_bad = "ä".repeat(20).into_bytes();
        one_bad.push(0xff);
        assert_eq!(decode(&one_bad), format!("{}\u{fffd}", "ä".repeat(20)));
    }
}
