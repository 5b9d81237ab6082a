//! Small cache files that notice their own damage: a header (magic, tag, length, checksum), then
//! the content. They appear whole or not at all.

use std::fs;
use std::io;
use std::path::Path;

use case::{Cache, CacheWriter};
use evidence::SourceId;

use super::format::{Damage, checksum};
use crate::error::Error;

const MAGIC: [u8; 8] = *b"rcseal01";
const HEADER_BYTES: usize = 32;

/// Writes `content` to the cache file `what` of a source, under the tag of what made it.
///
/// # Errors
/// If it cannot be written; then no file is left.
pub fn write_sealed(
    cache: &Cache,
    (source, what): (&SourceId, &str),
    tag: u64,
    content: &[u8],
) -> Result<(), Error> {
    write(cache.writer(source, what)?, tag, content)
}

/// As [`write_sealed`], of what is about all sources of the case.
///
/// # Errors
/// If it cannot be written; then no file is left.
pub fn write_sealed_of_case(
    cache: &Cache,
    what: &str,
    tag: u64,
    content: &[u8],
) -> Result<(), Error> {
    write(cache.writer_of_case(what)?, tag, content)
}

fn write(writer: CacheWriter, tag: u64, content: &[u8]) -> Result<(), Error> {
    writer.with(|out| {
        out.write_all(&MAGIC)?;
        out.write_all(&tag.to_le_bytes())?;
        out.write_all(&(content.len() as u64).to_le_bytes())?;
        out.write_all(&seal(tag, content).to_le_bytes())?;
        out.write_all(content)
    })?;
    Ok(())
}

/// Reads what [`write_sealed`] wrote under the same tag.
///
/// # Errors
/// If it is missing, damaged, or of another tag.
pub fn open_sealed(path: &Path, tag: u64) -> Result<Vec<u8>, Damage> {
    let mut bytes = fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Damage::Missing,
        _ => Damage::Unreadable(error),
    })?;
    let (magic, stored_tag, length, stored_seal) = {
        let header = bytes.get(..HEADER_BYTES).ok_or(Damage::Damaged)?;
        let word =
            |at: usize| header[at..at + 8].iter().rev().fold(0, |n, b| n << 8 | u64::from(*b));
        (header[..8] == MAGIC, word(8), word(16), word(24))
    };
    // In place: what was heard of a long recording is not to be held twice.
    bytes.drain(..HEADER_BYTES);
    let content = bytes;
    if !magic || length != content.len() as u64 || stored_seal != seal(stored_tag, &content) {
        return Err(Damage::Damaged);
    }
    if stored_tag != tag {
        return Err(Damage::Outdated);
    }
    Ok(content)
}

fn seal(tag: u64, content: &[u8]) -> u64 {
    checksum(content) ^ tag.rotate_left(23)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_reads_back_and_any_change_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = case::Stamp {
            at_utc: "2026-01-01T00:00:00Z".into(),
            actor: "a".into(),
            tool: "t".into(),
        };
        let cache = case::Case::create(&folder.path().join("c"), &stamp).unwrap().cache();
        let id = SourceId([3; 32]);
        write_sealed(&cache, (&id, "heard"), 3, b"what was heard").unwrap();
        let path = cache.file(&id, "heard");
        assert_eq!(open_sealed(&path, 3).unwrap(), b"what was heard");
        assert!(matches!(open_sealed(&path, 4), Err(Damage::Outdated)));
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, bytes).unwrap();
            assert!(open_sealed(&path, 3).is_err(), "byte {at}");
        }
        fs::write(&path, &whole[..10]).unwrap();
        assert!(matches!(open_sealed(&path, 3), Err(Damage::Damaged)));
        fs::remove_file(&path).unwrap();
        assert!(matches!(open_sealed(&path, 3), Err(Damage::Missing)));
    }
}
