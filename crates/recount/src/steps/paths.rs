//! Paths in the ledger: text where they are text, else their bytes in hexadecimal. What is
//! written reads back as the very same path.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use case::Case;
use evidence::{Source, SourceId};
use serde_json::{Value, json};

use crate::error::Error;

/// The folder of a case that holds what was copied in.
pub const EVIDENCE: &str = "evidence";

/// A path as JSON.
pub fn to_json(path: &Path) -> Value {
    if let Some(text) = path.to_str() {
        return json!(text);
    }
    let mut digits = String::new();
    for byte in path.as_os_str().as_bytes() {
        let _ = write!(digits, "{byte:02x}");
    }
    json!({ "bytes": digits })
}

/// The path that [`to_json`] wrote.
pub fn from_json(value: &Value) -> Option<PathBuf> {
    if let Some(text) = value.as_str() {
        return Some(PathBuf::from(text));
    }
    let digits = value.get("bytes")?.as_str()?.as_bytes();
    let digit = |c: &u8| char::from(*c).to_digit(16);
    let byte = |pair: &[u8]| Some((digit(pair.first()?)? * 16 + digit(pair.get(1)?)?) as u8);
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
    Some(PathBuf::from(OsString::from_vec(bytes?)))
}

/// Where a source can be read now: the first of its known places that exists, or the first.
///
/// # Errors
/// If the case cannot be read.
pub fn locate(case: &Case, source: &Source) -> Result<PathBuf, Error> {
    let first = case.dir().join(&source.path);
    if first.exists() {
        return Ok(first);
    }
    let places = places(case, &source.id)?;
    Ok(places.into_iter().find(|place| place.exists()).unwrap_or(first))
}

/// Every place where a source was found, in full.
///
/// # Errors
/// If the case cannot be read.
pub fn places(case: &Case, id: &SourceId) -> Result<Vec<PathBuf>, Error> {
    let found = case.whereabouts(id)?;
    Ok(found.into_iter().map(|found| case.dir().join(found.path)).collect())
}

/// From the root, with the links of all folders that exist resolved.
///
/// # Errors
/// If the current folder is gone.
pub fn absolute(path: &Path) -> Result<PathBuf, Error> {
    let full = std::path::absolute(path).map_err(Error::file("find the place", path))?;
    let there = full.ancestors().find(|ancestor| ancestor.exists());
    let Some((there, resolved)) = there.and_then(|a| Some((a, a.canonicalize().ok()?))) else {
        return Ok(full);
    };
    let rest = full.strip_prefix(there).unwrap_or(Path::new(""));
    Ok(if rest.as_os_str().is_empty() { resolved } else { resolved.join(rest) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_reads_back_as_itself() {
        for bytes in [&b"/a/b.mp4"[..], b"/a/\xff\xfe\n.mp4", b"", "/ü".as_bytes()] {
            let path = PathBuf::from(OsString::from_vec(bytes.to_vec()));
            assert_eq!(from_json(&to_json(&path)), Some(path));
        }
        assert_eq!(from_json(&json!({ "bytes": "abc" })), None);
        assert_eq!(from_json(&json!({ "bytes": "zz" })), None);
    }
}
