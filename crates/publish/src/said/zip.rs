//! Just enough of ZIP to write an office document: parts that are stored, not packed (APPNOTE 6.3.3),
//! with the date at which DOS begins, so that the same parts are the same bytes.

/// 1 January 1980.
const DATE: u16 = 0x21;

/// An archive of these parts. Of at most 4 GB.
pub(super) fn stored(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for (name, bytes) in parts {
        let at = archive.len() as u32;
        let mut head = Vec::new();
        // Version 2.0, names in UTF-8, stored, no time.
        for number in [20, 0x0800, 0, 0, DATE] {
            head.extend_from_slice(&u16::to_le_bytes(number));
        }
        for number in [crc(bytes), bytes.len() as u32, bytes.len() as u32] {
            head.extend_from_slice(&number.to_le_bytes());
        }
        head.extend_from_slice(&(name.len() as u16).to_le_bytes());
        head.extend_from_slice(&[0, 0]);
        archive.extend_from_slice(b"PK\x03\x04");
        archive.extend_from_slice(&head);
        archive.extend_from_slice(name.as_bytes());
        archive.extend_from_slice(bytes);
        directory.extend_from_slice(b"PK\x01\x02\x14\0");
        directory.extend_from_slice(&head);
        // No comment, first disc, no attributes.
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&at.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let (at, count) = (archive.len() as u32, parts.len() as u16);
    archive.extend_from_slice(&directory);
    archive.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    archive.extend_from_slice(&count.to_le_bytes());
    archive.extend_from_slice(&count.to_le_bytes());
    archive.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    archive.extend_from_slice(&at.to_le_bytes());
    archive.extend_from_slice(&[0, 0]);
    archive
}

/// CRC-32 (ISO 3309), bit by bit: a document is small.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc: u32, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_the_one_that_everybody_computes() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
    }
}
