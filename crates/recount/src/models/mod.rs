//! The models of the recogniser that this user has, and those that can be had.
//!
//! Models lie in the user's own data folder, each `NAME.bin` with a record `NAME.json` beside it
//! that holds its SHA-256, so that a large model is hashed once. A record counts only while the
//! file has the size and time that it had then.

mod fetch;
mod known;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use fetch::fetch;
pub use known::{KNOWN, Known, by_hash, by_name};

use crate::desk::{Desk, data_folder};
use crate::error::Error;
use crate::event::{Event, Step, Unit};

/// A model that is here.
#[derive(Clone, Debug, Serialize)]
pub struct Model {
    /// How it is called here.
    pub name: String,
    /// The file.
    #[serde(skip)]
    pub path: PathBuf,
    /// Its length.
    pub size_bytes: u64,
    /// Its hash, hexadecimal.
    pub sha256: String,
    /// Whether that is the hash of a model that its makers published.
    pub is_known: bool,
}

/// What is remembered of a model, so that it is not hashed again.
#[derive(Serialize, Deserialize)]
struct Record {
    sha256: String,
    size_bytes: u64,
    mtime_ns: i128,
}

/// The folder of the models; nothing where this user has none.
pub fn folder() -> Option<PathBuf> {
    Some(data_folder()?.join("recount").join("models"))
}

/// The models that are here, in the order of their names. One whose record is missing or stale is
/// hashed.
///
/// # Errors
/// If a model cannot be read, or somebody asked to stop.
pub fn here(desk: &Desk) -> Result<Vec<Model>, Error> {
    let Some(folder) = folder() else { return Ok(Vec::new()) };
    let Ok(entries) = fs::read_dir(&folder) else { return Ok(Vec::new()) };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "bin") && path.is_file());
    paths.sort();
    paths.into_iter().map(|path| at(desk, &path)).collect()
}

/// The model in a file.
///
/// # Errors
/// If it cannot be read, or somebody asked to stop.
pub fn at(desk: &Desk, path: &Path) -> Result<Model, Error> {
    let record = if let Some(record) = remembered(path) {
        record
    } else {
        let record = hash(desk, path)?;
        // A folder that cannot be written to is no reason to fail: it is hashed again.
        let _ = remember(path, &record);
        record
    };
    let is_known = by_hash(&record.sha256).is_some();
    let (size_bytes, sha256) = (record.size_bytes, record.sha256);
    Ok(Model { name: name_of(path, &sha256), path: path.to_owned(), size_bytes, sha256, is_known })
}

/// The model that was asked for, by its name or as a file; the best that is here if none was.
///
/// # Errors
/// [`Error::NoModel`], if there is none; or if it cannot be read.
pub fn choose(desk: &Desk, asked: Option<&str>) -> Result<Model, Error> {
    if let Some(asked) = asked {
        let in_folder = folder().map(|folder| folder.join(format!("{asked}.bin")));
        let is_name = !asked.contains(std::path::MAIN_SEPARATOR);
        return match in_folder {
            Some(path) if is_name && path.is_file() => at(desk, &path),
            _ if Path::new(asked).exists() => at(desk, Path::new(asked)),
            _ => Err(Error::NoModel { asked: Some(asked.to_owned()) }),
        };
    }
    let rank = |model: &Model| KNOWN.iter().position(|known| known.name == model.name);
    // Whoever fetched a large one wants it used; one that nobody knows comes first.
    let best = here(desk)?.into_iter().max_by_key(|model| rank(model).unwrap_or(KNOWN.len()));
    best.ok_or(Error::NoModel { asked: None })
}

/// Takes a model file into the folder, under its own name or `name`.
///
/// # Errors
/// If it is no model, or the folder cannot be written.
pub fn add(desk: &Desk, file: &Path, name: Option<&str>) -> Result<Model, Error> {
    speech::model_file::examine(file)?;
    let record = hash(desk, file)?;
    let name = name.map_or_else(|| name_of(file, &record.sha256), ToOwned::to_owned);
    let target = target(&name)?;
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::file("make the folder of models", folder))?;
    if !same_file(file, &target) {
        let part = tempfile::Builder::new().prefix(".part-").tempfile_in(folder);
        let part = part.map_err(Error::file("write a model into", folder))?;
        fs::copy(file, part.path()).map_err(Error::file("copy the model to", &target))?;
        let kept = part.persist(&target).map_err(|error| error.error);
        let kept = kept.map_err(Error::file("keep the model as", &target))?;
        let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        kept.set_permissions(readable).map_err(Error::file("keep the model as", &target))?;
    }
    let record = Record { mtime_ns: mtime_ns(&target).unwrap_or(0), ..record };
    let _ = remember(&target, &record);
    at(desk, &target)
}

/// Where a model of this name lies or would lie.
///
/// # Errors
/// If the name cannot be that of a file, or this user has no folder.
pub fn target(name: &str) -> Result<PathBuf, Error> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
        return Err(Error::Asked {
            what: format!("`{name}` cannot be the name of a model"),
            hint: "use letters, digits, `-`, `_` and `.`",
        });
    }
    let folder = folder().ok_or_else(|| Error::Asked {
        what: "this user has no folder for models".to_owned(),
        hint: "set HOME or XDG_DATA_HOME",
    })?;
    Ok(folder.join(format!("{name}.bin")))
}

/// The published name where the hash is known, else that of the file.
fn name_of(path: &Path, sha256: &str) -> String {
    let is_ours = folder().is_some_and(|folder| path.parent() == Some(folder.as_path()));
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    match by_hash(sha256) {
        Some(known) if !is_ours => known.name.to_owned(),
        _ => stem.strip_prefix("ggml-").unwrap_or(&stem).to_owned(),
    }
}

fn hash(desk: &Desk, path: &Path) -> Result<Record, Error> {
    let total = path.metadata().map_or(0, |about| about.len());
    desk.tell(&Event::Started { step: Step::Model, files: 1 });
    let (step, unit) = (Step::Model, Unit::Bytes);
    desk.tell(&Event::Advanced { step, unit, done: 0, total });
    let mtime_ns = mtime_ns(path).unwrap_or(0);
    let (sha256, size_bytes) = media::hash(path, &|| desk.stopped())?;
    desk.tell(&Event::Advanced { step, unit, done: size_bytes, total: size_bytes });
    desk.tell(&Event::Finished { step, counts: [("hashed", 1)].into() });
    Ok(Record { sha256: sha256.to_string(), size_bytes, mtime_ns })
}

fn remembered(path: &Path) -> Option<Record> {
    let record: Record = serde_json::from_slice(&fs::read(record_of(path)).ok()?).ok()?;
    let is_same = record.size_bytes == path.metadata().ok()?.len()
        && record.mtime_ns == mtime_ns(path)?
        && record.sha256.len() == 64;
    is_same.then_some(record)
}

/// Only beside models of ours; nothing is written into other folders.
fn remember(path: &Path, record: &Record) -> std::io::Result<()> {
    if folder().is_none_or(|folder| path.parent() != Some(folder.as_path())) {
        return Ok(());
    }
    let text = serde_json::to_vec_pretty(record)?;
    fs::write(record_of(path), text)
}

fn record_of(path: &Path) -> PathBuf {
    path.with_extension("json")
}

fn mtime_ns(path: &Path) -> Option<i128> {
    let about = path.metadata().ok()?;
    Some(i128::from(about.mtime()) * 1_000_000_000 + i128::from(about.mtime_nsec()))
}

fn same_file(left: &Path, right: &Path) -> bool {
    match (left.metadata(), right.metadata()) {
        (Ok(left), Ok(right)) => (left.dev(), left.ino()) == (right.dev(), right.ino()),
        _ => false,
    }
}
