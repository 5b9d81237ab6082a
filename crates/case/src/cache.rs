//! The cache: what was computed from a source and is too big for the database.
//!
//! Files under `cache/<SHA-256 of the source>/`, or under `cache/case/` where they are about all
//! sources together. A file is either whole or not there: it is
//! written under another name, flushed to the disk and then renamed. Anyone may delete the
//! folder at any time. What a file holds is not known here; whoever reads one must be able to
//! tell that it is sound, and compute it again if not.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use evidence::SourceId;

use crate::error::Error;
use crate::{CACHE, Case};

/// The folder of what is about all sources together.
const OF_CASE: &str = "case";

/// Ends the name of a file that is still being written.
const UNFINISHED: &str = ".part";

/// The cache of a case. Cheap to clone; may be used from many threads.
#[derive(Clone, Debug)]
pub struct Cache {
    dir: PathBuf,
}

/// A cache file being written. Dropped without [`commit`](Self::commit), it leaves nothing.
#[derive(Debug)]
pub struct CacheWriter {
    file: Option<BufWriter<File>>,
    unfinished: PathBuf,
    path: PathBuf,
}

impl Case {
    /// The cache, for use away from the case.
    pub fn cache(&self) -> Cache {
        Cache { dir: self.dir().join(CACHE) }
    }

    /// Where `what` about `source` is cached; see [`Cache::file`].
    pub fn cache_file(&self, source: &SourceId, what: &str) -> PathBuf {
        self.cache().file(source, what)
    }

    /// Whether [`cache_file`](Self::cache_file) is there.
    pub fn has_cache(&self, source: &SourceId, what: &str) -> bool {
        self.cache().has(source, what)
    }

    /// Writes a cache file whole or not at all; see [`Cache::write`].
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::ReadOnly`], [`Error::Io`]; those of `write` as [`Error::Io`].
    pub fn write_cache(
        &self,
        source: &SourceId,
        what: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<PathBuf, Error> {
        self.cache().write(source, what, write)
    }
}

impl Cache {
    /// Where `what` about `source` is kept. `what` names content and form (`sound-v1.pcm`); a
    /// new form gets a new name.
    ///
    /// # Panics
    /// If `what` is not a plain file name of letters, digits, `.`, `-`, `_`.
    pub fn file(&self, source: &SourceId, what: &str) -> PathBuf {
        self.named(&source.to_string(), what)
    }

    /// Where `what` about all sources together is kept; else as [`file`](Self::file).
    ///
    /// # Panics
    /// As [`file`](Self::file).
    pub fn file_of_case(&self, what: &str) -> PathBuf {
        self.named(OF_CASE, what)
    }

    fn named(&self, folder: &str, what: &str) -> PathBuf {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        assert!(
            !what.is_empty()
                && what.chars().all(plain)
                && !what.starts_with('.')
                && !what.ends_with(UNFINISHED),
            "`{what}` does not name a cache file"
        );
        self.dir.join(folder).join(what)
    }

    /// Whether [`file`](Self::file) is there.
    pub fn has(&self, source: &SourceId, what: &str) -> bool {
        self.file(source, what).is_file()
    }

    /// Begins a cache file, for what arrives piece by piece.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::ReadOnly`], [`Error::Io`].
    pub fn writer(&self, source: &SourceId, what: &str) -> Result<CacheWriter, Error> {
        self.begin(self.file(source, what), what)
    }

    /// As [`writer`](Self::writer), for what is about all sources together.
    ///
    /// # Errors
    /// Those of [`writer`](Self::writer).
    pub fn writer_of_case(&self, what: &str) -> Result<CacheWriter, Error> {
        self.begin(self.file_of_case(what), what)
    }

    fn begin(&self, path: PathBuf, what: &str) -> Result<CacheWriter, Error> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let unfinished =
            path.with_file_name(format!("{what}.{}-{n}{UNFINISHED}", std::process::id()));
        let open = || -> io::Result<File> {
            fs::create_dir_all(unfinished.parent().unwrap_or(&self.dir))?;
            File::create(&unfinished)
        };
        // Someone may delete the cache between the two.
        let file = open().or_else(|error| match error.kind() {
            ErrorKind::NotFound => open(),
            _ => Err(error),
        });
        let file = file.map_err(Error::writing("write the cache", &path))?;
        Ok(CacheWriter { file: Some(BufWriter::with_capacity(1 << 16, file)), unfinished, path })
    }

    /// Writes a cache file through `write`, whole or not at all, and returns its path.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::ReadOnly`], [`Error::Io`]; those of `write` as [`Error::Io`].
    pub fn write(
        &self,
        source: &SourceId,
        what: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<PathBuf, Error> {
        self.writer(source, what)?.with(write)
    }

    /// Removes what killed runs left unfinished. The case must be locked, so that what is not
    /// this process's is nobody's.
    pub(crate) fn sweep(&self) {
        let ours = format!(".{}-", std::process::id());
        let folders = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        for file in folders.filter_map(|folder| fs::read_dir(folder.path()).ok()).flatten() {
            // What cannot be removed only takes up room.
            let Ok(file) = file else { continue };
            let name = file.file_name();
            let name = name.to_string_lossy();
            if name.ends_with(UNFINISHED) && !name.contains(&ours) {
                let _ = fs::remove_file(file.path());
            }
        }
    }
}

impl CacheWriter {
    /// Where the file will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file itself, for whoever writes it past this writer. Nothing may have been written
    /// through the writer then.
    ///
    /// # Errors
    /// If the system gives no second handle.
    pub fn handle(&self) -> io::Result<File> {
        let file = self.file.as_ref().map(BufWriter::get_ref);
        file.ok_or(ErrorKind::NotFound)?.try_clone()
    }

    /// Writes all of the file through `write` and gives it its name.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::ReadOnly`], [`Error::Io`]; nothing is left then.
    pub fn with(
        mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<PathBuf, Error> {
        write(&mut self).map_err(Error::writing("write the cache", &self.path))?;
        self.commit()
    }

    /// Flushes the file to the disk and gives it its name.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::ReadOnly`], [`Error::Io`]; nothing is left then.
    pub fn commit(mut self) -> Result<PathBuf, Error> {
        let finish = |file: Option<BufWriter<File>>| -> io::Result<()> {
            let Some(file) = file else { return Ok(()) };
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_data()?;
            fs::rename(&self.unfinished, &self.path)
        };
        let file = self.file.take();
        let finished = finish(file).map_err(Error::writing("write the cache", &self.path));
        if finished.is_err() {
            let _ = fs::remove_file(&self.unfinished);
        }
        finished.map(|()| self.path.clone())
    }
}

impl Write for CacheWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), BufWriter::flush)
    }
}

impl Drop for CacheWriter {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            // The buffer is thrown away, not flushed.
            let _ = file.into_parts();
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache, SourceId) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { dir: folder.path().join(CACHE) };
        (folder, cache, SourceId([7; 32]))
    }

    #[test]
    fn a_file_is_there_only_when_it_is_whole() {
        let (_folder, cache, source) = cache();
        let mut writer = cache.writer(&source, "sound-v1.pcm").unwrap();
        writer.write_all(&vec![1; 200_000]).unwrap();
        assert!(!cache.has(&source, "sound-v1.pcm"));
        let path = writer.commit().unwrap();
        assert!(cache.has(&source, "sound-v1.pcm"));
        assert_eq!(fs::read(path).unwrap(), vec![1; 200_000]);
    }

    #[test]
    fn what_is_given_up_leaves_nothing_and_spares_what_was_there() {
        let (_folder, cache, source) = cache();
        cache.write(&source, "heard", |to| to.write_all(b"old")).unwrap();
        let mut writer = cache.writer(&source, "heard").unwrap();
        writer.write_all(&vec![1; 200_000]).unwrap();
        drop(writer);
        let failed = cache.write(&source, "heard", |_| Err(ErrorKind::StorageFull.into()));
        assert!(matches!(failed, Err(Error::Full { .. })));
        let path = cache.file(&source, "heard");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn the_cache_may_be_deleted_at_any_time() {
        let (_folder, cache, source) = cache();
        cache.write(&source, "heard", |to| to.write_all(b"x")).unwrap();
        fs::remove_dir_all(&cache.dir).unwrap();
        assert!(!cache.has(&source, "heard"));
        cache.write(&source, "heard", |to| to.write_all(b"y")).unwrap();
        let mut writer = cache.writer(&source, "heard").unwrap();
        fs::remove_dir_all(&cache.dir).unwrap();
        writer.write_all(b"z").unwrap();
        writer.commit().unwrap_err();
    }

    #[test]
    fn what_killed_runs_left_is_swept_and_what_is_being_written_is_not() {
        let (_folder, cache, source) = cache();
        let kept = cache.write(&source, "heard", |to| to.write_all(b"x")).unwrap();
        let left = kept.with_file_name("sound.0-3.part");
        fs::write(&left, b"half").unwrap();
        let mut writer = cache.writer(&source, "sound").unwrap();
        cache.sweep();
        assert!(kept.exists() && !left.exists());
        writer.write_all(b"whole").unwrap();
        writer.commit().unwrap();
    }

    #[test]
    #[should_panic(expected = "does not name a cache file")]
    fn a_name_that_leads_elsewhere_is_a_bug() {
        let (_folder, cache, source) = cache();
        cache.file(&source, "../../account.md");
    }
}
