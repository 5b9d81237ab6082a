//! Finds the files that a person means by some paths.
//!
//! In: files and folders. Out: every regular file below them, in the order given and within a
//! folder in the order of names, so that every run on every machine sees the same; what is left
//! out, with the reason. Reads folders only; no file is opened. Follows no symlink: what one
//! points to may change without the evidence changing.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{FileType, Metadata};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

/// What lies below some paths.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Regular files with something in them, absolute, none twice.
    pub files: Vec<PathBuf>,
    /// What was left out and why.
    pub skipped: Vec<Skipped>,
    /// Hidden files and folders that were passed over.
    pub hidden: u64,
    /// The folders among the paths asked for, absolute.
    pub folders: Vec<PathBuf>,
}

/// Something that was left out.
#[derive(Debug, PartialEq, Eq)]
pub struct Skipped {
    /// What.
    pub path: PathBuf,
    /// Why, as a clause.
    pub reason: String,
}

/// Files that systems leave in folders without being asked.
const LITTER: [&str; 3] = ["Thumbs.db", "ehthumbs.db", "desktop.ini"];

/// Whether `folder` is a case: the name of the file in it makes it one.
pub fn is_case(folder: &Path) -> bool {
    folder.join(case::DATABASE).is_file()
}

/// Gathers the files below `paths`.
pub fn gather(paths: &[PathBuf]) -> Gathered {
    let mut found = Gathered::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        let absolute = match absolute(path) {
            Ok(absolute) => absolute,
            Err(error) => {
                found.skip(path, plain_reason(&error));
                continue;
            }
        };
        gather_one(&absolute, &mut found, &mut seen);
    }
    found
}

fn gather_one(path: &Path, found: &mut Gathered, seen: &mut BTreeSet<PathBuf>) {
    match path.symlink_metadata() {
        Err(error) => found.skip(path, plain_reason(&error)),
        Ok(status) if status.is_dir() => {
            found.folders.push(path.to_owned());
            walk(path, found, seen);
        }
        // A file that was named is meant, hidden or not.
        Ok(status) => take(path, &status, found, seen),
    }
}

fn walk(folder: &Path, found: &mut Gathered, seen: &mut BTreeSet<PathBuf>) {
    if is_case(folder) {
        found.skip(folder, "it is a case, not evidence");
        return;
    }
    let mut entries = WalkDir::new(folder).min_depth(1).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let reason = error.io_error().map_or("it cannot be read".into(), plain_reason);
                found.skip(error.path().unwrap_or(folder), reason);
                continue;
            }
        };
        let is_folder = entry.file_type().is_dir();
        if is_hidden(entry.file_name()) {
            found.hidden += 1;
        } else if is_folder && is_case(entry.path()) {
            found.skip(entry.path(), "it is a case, not evidence");
        } else {
            take_entry(&entry, found, seen);
            continue;
        }
        if is_folder {
            entries.skip_current_dir();
        }
    }
}

fn take_entry(entry: &DirEntry, found: &mut Gathered, seen: &mut BTreeSet<PathBuf>) {
    if entry.file_type().is_dir() {
        return;
    }
    match entry.path().symlink_metadata() {
        Err(error) => found.skip(entry.path(), plain_reason(&error)),
        Ok(status) => take(entry.path(), &status, found, seen),
    }
}

fn take(path: &Path, status: &Metadata, found: &mut Gathered, seen: &mut BTreeSet<PathBuf>) {
    if let Some(reason) = not_a_file(status.file_type()) {
        found.skip(path, reason);
    } else if status.len() == 0 {
        found.skip(path, "it is empty (0 bytes)");
    } else if seen.insert(path.to_owned()) {
        found.files.push(path.to_owned());
    }
}

impl Gathered {
    fn skip(&mut self, path: &Path, reason: impl Into<String>) {
        self.skipped.push(Skipped { path: path.to_owned(), reason: reason.into() });
    }
}

fn not_a_file(kind: FileType) -> Option<&'static str> {
    if kind.is_file() {
        None
    } else if kind.is_symlink() {
        Some("it is a symbolic link; add what it points to")
    } else if kind.is_fifo() {
        Some("it is a pipe, not a file")
    } else if kind.is_socket() {
        Some("it is a socket, not a file")
    } else {
        Some("it is a device, not a file")
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".") || LITTER.iter().any(|litter| name == *litter)
}

/// The path from the root, with the folders' links resolved but not a link at its end: a link
/// that was named is to be seen as one.
fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            Ok(parent.canonicalize()?.join(name))
        }
        _ => path.canonicalize(),
    }
}

/// What is said of a file that is not there.
pub const NO_SUCH_FILE: &str = "there is no such file";

/// What the system said about a file, in plain words.
pub fn plain_reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => NO_SUCH_FILE.to_owned(),
        std::io::ErrorKind::PermissionDenied => "it may not be read (permission denied)".to_owned(),
        _ => format!("it cannot be read ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn names(found: &Gathered, root: &Path) -> Vec<String> {
        let root = root.canonicalize().unwrap();
        let relative = |path: &PathBuf| path.strip_prefix(&root).unwrap().display().to_string();
        found.files.iter().map(relative).collect()
    }

    #[test]
    fn a_folder_is_searched_to_the_bottom_in_the_order_of_names() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("b/deep")).unwrap();
        for name in ["z.wav", "b/2.wav", "b/deep/1.wav", "a.wav", "b/10.wav"] {
            fs::write(root.path().join(name), "x").unwrap();
        }
        let found = gather(&[root.path().to_owned(), root.path().join("z.wav")]);
        assert_eq!(
            names(&found, root.path()),
            ["a.wav", "b/10.wav", "b/2.wav", "b/deep/1.wav", "z.wav"]
        );
        assert_eq!(found.skipped, []);
        assert_eq!(found.folders.len(), 1);
    }

    #[test]
    fn what_is_no_evidence_is_named_and_what_is_hidden_is_counted() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("old.recount/cache")).unwrap();
        fs::create_dir_all(at(".Trashes")).unwrap();
        fs::write(at("old.recount/case.db"), "x").unwrap();
        fs::write(at("old.recount/timeline.svg"), "x").unwrap();
        fs::write(at(".Trashes/gone.mp4"), "x").unwrap();
        fs::write(at(".DS_Store"), "x").unwrap();
        fs::write(at("Thumbs.db"), "x").unwrap();
        fs::write(at("empty.mp4"), "").unwrap();
        fs::write(at("real.mp4"), "x").unwrap();
        symlink("real.mp4", at("link.mp4")).unwrap();
        symlink("/", at("everything")).unwrap();
        let found = gather(&[root.path().to_owned(), at("missing.mp4"), at("link.mp4")]);
        assert_eq!(names(&found, root.path()), ["real.mp4"]);
        assert_eq!(found.hidden, 3);
        let skipped: Vec<_> = found
            .skipped
            .iter()
            .map(|s| (s.path.file_name().unwrap().to_str().unwrap(), s.reason.as_str()))
            .collect();
        let link = "it is a symbolic link; add what it points to";
        assert_eq!(
            skipped,
            [
                ("empty.mp4", "it is empty (0 bytes)"),
                ("everything", link),
                ("link.mp4", link),
                ("old.recount", "it is a case, not evidence"),
                ("missing.mp4", "there is no such file"),
                ("link.mp4", link),
            ]
        );
    }

    #[test]
    fn a_hidden_file_that_was_named_is_meant() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(".hidden.wav"), "x").unwrap();
        let found = gather(&[root.path().join(".hidden.wav")]);
        assert_eq!(names(&found, root.path()), [".hidden.wav"]);
    }
}
