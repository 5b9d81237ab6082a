//! Just enough of ZIP to read one named part of an office document (APPNOTE 6.3.3): found in the
//! central directory, stored or deflated, and never more of it than asked for.

use miniz_oxide::inflate::decompress_to_vec_with_limit;

use crate::Error;

/// The part of that name, if there is one.
pub(crate) fn part(zip: &[u8], name: &str, bytes_max: usize) -> Result<Option<Vec<u8>>, Error> {
    let broken = || Error::Broken("its archive is damaged or cut short".to_owned());
    // The end record is the last thing, but for a comment of at most 65,535 bytes.
    let tail = zip.len().saturating_sub(22 + 0xffff);
    let end = zip[tail..].windows(4).rposition(|four| four == b"PK\x05\x06").ok_or_else(broken)?;
    let end = &zip[tail + end..];
    let (Some(count), Some(mut from)) = (u16_at(end, 10), u32_at(end, 16)) else {
        return Err(broken());
    };
    for _ in 0..count {
        let head = zip.get(from..).filter(|rest| rest.starts_with(b"PK\x01\x02"));
        let head = head.ok_or_else(broken)?;
        let field = |at: usize| u16_at(head, at).ok_or_else(broken);
        let (name_bytes, extra, comment) = (field(28)?, field(30)?, field(32)?);
        let its_name = head.get(46..46 + name_bytes).ok_or_else(broken)?;
        if its_name == name.as_bytes() {
            if field(8)? & 1 == 1 {
                return Err(Error::Locked);
            }
            let method = field(10)?;
            let packed = u32_at(head, 20).ok_or_else(broken)?;
            let local = u32_at(head, 42).and_then(|at| zip.get(at..)).ok_or_else(broken)?;
            let skip = u16_at(local, 26).zip(u16_at(local, 28)).map(|(a, b)| 30 + a + b);
            let skip = skip.filter(|_| local.starts_with(b"PK\x03\x04")).ok_or_else(broken)?;
            let bytes = local.get(skip..skip + packed).ok_or_else(broken)?;
            return unpacked(bytes, method, bytes_max).map(Some);
        }
        from += 46 + name_bytes + extra + comment;
    }
    Ok(None)
}

fn unpacked(bytes: &[u8], method: usize, bytes_max: usize) -> Result<Vec<u8>, Error> {
    match method {
        0 if bytes.len() <= bytes_max => Ok(bytes.to_vec()),
        8 => decompress_to_vec_with_limit(bytes, bytes_max).map_err(|error| {
            use miniz_oxide::inflate::TINFLStatus::HasMoreOutput;
            match error.status {
                HasMoreOutput => Error::Broken("it unpacks to more than a person wrote".to_owned()),
                _ => Error::Broken("a part of it cannot be unpacked".to_owned()),
            }
        }),
        0 => Err(Error::Broken("it unpacks to more than a person wrote".to_owned())),
        _ => Err(Error::Broken("it is packed in an unusual way".to_owned())),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<usize> {
    let pair = bytes.get(at..at + 2)?;
    Some(usize::from(u16::from_le_bytes([pair[0], pair[1]])))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at + 4)?;
    usize::try_from(u32::from_le_bytes([four[0], four[1], four[2], four[3]])).ok()
}
