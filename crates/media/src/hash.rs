//! SHA-256 of a source, streaming.
//!
//! A pass of its own rather than one shared with decoding: ffmpeg seeks (an MP4's index may lie
//! at its end, unused tracks are skipped), so its reads are not the file in order. The second
//! reader finds the bytes in the page cache, and SHA-256 runs faster than a disk delivers.

use std::io::Read;
use std::path::Path;

use evidence::SourceId;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::source_file::SourceFile;

/// Large enough that system calls cost nothing, small enough for the second-level cache.
const BLOCK_BYTES: usize = 256 * 1024;

/// The SHA-256 and size of a file, read once from beginning to end in constant memory.
///
/// # Errors
/// [`Error::NotAFile`], [`Error::Empty`], [`Error::Vanished`] and [`Error::Unreadable`] as found;
/// [`Error::Changed`] when size, time of change or identity differ after reading from before, or
/// when another number of bytes was read than the file was long; [`Error::Stopped`] when `stop`,
/// asked before each block, says so.
pub fn hash(path: &Path, stop: &dyn Fn() -> bool) -> Result<(SourceId, u64), Error> {
    let mut source = SourceFile::open(path)?;
    let mut digest = Sha256::new();
    let mut block = vec![0; BLOCK_BYTES];
    let mut read_bytes = 0u64;
    loop {
        if stop() {
            return Err(Error::Stopped);
        }
        match source.file.read(&mut block) {
            Ok(0) => break,
            Ok(n) => {
                digest.update(&block[..n]);
                read_bytes += n as u64;
            }
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Error::Unreadable { path: path.to_owned(), source: e }),
        }
        // A file that grows as fast as it is read would never end.
        if read_bytes > source.size_bytes {
            return Err(Error::Changed { path: path.to_owned() });
        }
    }
    source.still_the_same()?;
    if read_bytes != source.size_bytes {
        return Err(Error::Changed { path: path.to_owned() });
    }
    Ok((SourceId(digest.finalize().into()), read_bytes))
}
