//! Finds ffmpeg and ffprobe and what they need to start: their loader and their libraries.

use std::fs::File;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::Error;

/// A program of ffmpeg's, where it is and what it needs.
#[derive(Clone, Debug)]
pub(crate) struct Tool {
    pub(crate) path: PathBuf,
    /// The program that loads its libraries; `None` when it is statically linked.
    pub(crate) loader: Option<PathBuf>,
}

/// Where systems keep libraries; the last two are those of Nix and Guix.
const LIBRARY_FOLDERS: &[&str] = &[
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/nix/store",
    "/gnu/store",
];

impl Tool {
    /// The first executable file of that name on `PATH`, with links resolved.
    pub(crate) fn find(program: &'static str) -> Result<Self, Error> {
        let missing = |why: String| Error::NoFfmpeg { program, why };
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut found = std::env::split_paths(&path)
            .filter(|folder| folder.is_absolute())
            .filter_map(|folder| folder.join(program).canonicalize().ok())
            .filter(|path| is_executable(path));
        let path = found.next().ok_or_else(|| missing("was not found on PATH".to_owned()))?;
        let loader = loader(&path).map_err(|why| missing(format!("({}) {why}", path.display())))?;
        Ok(Self { path, loader })
    }

    /// Folders with libraries that it may load, canonical and each once.
    pub(crate) fn library_folders(&self, library_path: Option<&str>) -> Vec<PathBuf> {
        let beside = self.path.parent().map(|bin| bin.join("../lib"));
        let named = library_path.unwrap_or_default().split(':').map(PathBuf::from);
        let mut folders: Vec<PathBuf> = LIBRARY_FOLDERS
            .iter()
            .map(PathBuf::from)
            .chain(beside)
            .chain(named.filter(|folder| folder.is_absolute()))
            .filter_map(|folder| folder.canonicalize().ok())
            // A program in an odd place must not open the whole disk.
            .filter(|folder| folder.components().count() > 2 || folder.starts_with("/lib"))
            .collect();
        folders.sort();
        folders.dedup();
        let all = folders.clone();
        folders.retain(|f| !all.iter().any(|other| f != other && f.starts_with(other)));
        folders
    }
}

fn is_executable(path: &Path) -> bool {
    let metadata = path.metadata();
    metadata.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// The loader that a 64-bit ELF program names (program header of type 3), or none; or, as the
/// end of a sentence, why the program cannot be run in the sandbox.
fn loader(program: &Path) -> Result<Option<PathBuf>, String> {
    let file = File::open(program).map_err(|e| format!("cannot be read: {e}"))?;
    let mut head = [0; 64];
    if file.read_exact_at(&mut head, 0).is_err() || !head.starts_with(b"\x7fELF") {
        return if cfg!(target_os = "linux") {
            Err("is a script or of an unknown kind, which the sandbox cannot run".to_owned())
        } else {
            Ok(None)
        };
    }
    // 32-bit and big-endian programs have another layout; they run where no Landlock is.
    if head[4..6] != [2, 1] {
        return Ok(None);
    }
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let (headers_at, each, count) =
        (number(&head[32..40]), number(&head[54..56]), number(&head[56..58]));
    for i in 0..count {
        let mut header = [0; 56];
        let at = headers_at.saturating_add(i * each);
        if file.read_exact_at(&mut header, at).is_err() {
            return Ok(None);
        }
        let (at, length) = (number(&header[8..16]), number(&header[32..40]));
        if number(&header[..4]) == 3 && length <= 4096 {
            let mut name = vec![0; length as usize];
            file.read_exact_at(&mut name, at).map_err(|e| format!("cannot be read: {e}"))?;
            name.retain(|byte| *byte != 0);
            return Ok(String::from_utf8(name).ok().map(PathBuf::from));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_test_program_names_its_loader() {
        let program = std::env::current_exe().unwrap();
        let loader = loader(&program).unwrap().expect("dynamically linked");
        assert!(loader.exists(), "{loader:?}");
    }

    #[test]
    fn a_script_is_no_program_for_the_sandbox() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("ffmpeg");
        std::fs::write(&script, "#!/bin/sh\nexec ffmpeg \"$@\"\n").unwrap();
        assert!(loader(&script).unwrap_err().contains("script"));
    }

    #[test]
    fn library_folders_do_not_hold_one_another() {
        let tool = Tool { path: PathBuf::from("/usr/bin/ffmpeg"), loader: None };
        let folders = tool.library_folders(Some("/usr/lib/pulseaudio:relative:/"));
        assert!(!folders.contains(&PathBuf::from("/")), "{folders:?}");
        for f in &folders {
            assert!(!folders.iter().any(|other| f != other && f.starts_with(other)), "{folders:?}");
        }
    }
}
