//! Copies evidence into a case, and proves each copy by reading it back.
//!
//! A copy gets its name only when it holds the very same bytes; it keeps the time that the original
//! claims and nobody's right to write to it.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use evidence::SourceId;
use tempfile::NamedTempFile;

use super::examine::{Examined, Unfit};
use super::gather::plain_reason;
use super::look::Look;
use super::paths::EVIDENCE;
use crate::error::Error;

/// Begins the name of a copy that is not proven yet.
const PART: &str = ".copying-";

/// Bytes copied between two questions whether to stop.
const BLOCK_BYTES: usize = 1 << 20;

/// A file examined and, if asked for, copied.
#[derive(Debug)]
pub struct Kept {
    /// What it is; the path is the copy's, relative to the case, if there is one.
    pub examined: Examined,
    /// How the original looked, where `examined` is about the copy.
    pub original: Option<(PathBuf, Look)>,
}

/// Removes what a killed run left half copied; the case must be locked.
pub fn clear_away(case_dir: &Path) {
    let folders = fs::read_dir(case_dir.join(EVIDENCE)).into_iter().flatten().flatten();
    for file in folders.filter_map(|folder| fs::read_dir(folder.path()).ok()).flatten().flatten() {
        if file.file_name().as_encoded_bytes().starts_with(PART.as_bytes()) {
            // What cannot be removed only takes up room.
            let _ = fs::remove_file(file.path());
        }
    }
}

/// Leaves the evidence where it is, or copies it into the case and proves the copy.
///
/// # Errors
/// [`Unfit`].
pub fn keep(
    mut examined: Examined,
    case_dir: Option<&Path>,
    stop: &dyn Fn() -> bool,
) -> Result<Kept, Unfit> {
    let Some(case_dir) = case_dir else { return Ok(Kept { examined, original: None }) };
    let original = examined.source.path.clone();
    let name = original.file_name().unwrap_or("unnamed".as_ref());
    let relative = Path::new(EVIDENCE).join(examined.source.id.short()).join(name);
    let copy = case_dir.join(&relative);
    let holds = |path: &Path| media::hash(path, stop).is_ok_and(|(id, _)| id == examined.source.id);
    if !(copy.exists() && holds(&copy)) {
        copy_proven(&original, &copy, examined.source.id, stop)?;
    }
    let look = Look::at(&copy).map_err(|error| all("look at the copy", &copy, error))?;
    let look_of_original = std::mem::replace(&mut examined.look, look);
    examined.source.path = relative;
    Ok(Kept { examined, original: Some((original, look_of_original)) })
}

/// Copies and reads the copy back; it gets its name only when it holds the very same bytes.
fn copy_proven(
    original: &Path,
    copy: &Path,
    id: SourceId,
    stop: &dyn Fn() -> bool,
) -> Result<(), Unfit> {
    let folder = copy.parent().unwrap_or(copy);
    fs::create_dir_all(folder).map_err(|error| all("make a folder for copies", folder, error))?;
    let failed = |error| all("copy the evidence", copy, error);
    let mut part = tempfile::Builder::new().prefix(PART).tempfile_in(folder).map_err(failed)?;
    let unreadable = |error| Unfit::File(plain_reason(&error));
    let mut from = File::open(original).map_err(unreadable)?;
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        if stop() {
            return Err(Unfit::Stopped);
        }
        match from.read(&mut block).map_err(unreadable)? {
            0 => break,
            read => part.write_all(&block[..read]).map_err(failed)?,
        }
    }
    prove(original, part, copy, id, stop)
}

fn prove(
    original: &Path,
    part: NamedTempFile,
    copy: &Path,
    id: SourceId,
    stop: &dyn Fn() -> bool,
) -> Result<(), Unfit> {
    let seal = || -> std::io::Result<()> {
        let file = part.as_file();
        // The copy keeps the time that the original claims, and nobody's right to write.
        let modified = original.metadata()?.modified()?;
        file.set_times(fs::FileTimes::new().set_modified(modified))?;
        file.set_permissions(fs::Permissions::from_mode(0o444))?;
        file.sync_all()
    };
    seal().map_err(|error| all("complete the copy", copy, error))?;
    match media::hash(part.path(), stop) {
        Ok((found, _)) if found == id => {}
        Err(media::Error::Stopped) => return Err(Unfit::Stopped),
        Ok(_) | Err(_) => return Err(Unfit::File("its copy does not hold the same bytes".into())),
    }
    part.persist(copy).map_err(|error| all("name the copy", copy, error.error))?;
    Ok(())
}

/// An error of our own files, which no other file would escape.
fn all(doing: &'static str, path: &Path, error: std::io::Error) -> Unfit {
    Unfit::All(Box::new(Error::file(doing, path)(error)))
}
