//! Sources: what the case is about, where each was found, and what its file says of itself.
//!
//! A source is its content. The same content under a second path is the same source, found
//! again (a duplicate, which an investigator wants to know of); other content under a known
//! path is another source, and the first stays in the case although its file is gone from
//! there (an edited or replaced original, which an investigator must know of). Paths are kept
//! as the bytes the system gave, whether or not they are text.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use evidence::{Claim, Recording, Source, SourceId};
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::canonical::{canonical, hex, sha256};
use crate::error::Error;
use crate::ledger::{Run, from_json, from_text, must_be_open};
use crate::{Case, Stamp, custody};

/// What adding a source came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// Content and path are new to the case.
    New,
    /// This content was known at this very path: nothing was changed.
    Unchanged,
    /// This content was known from elsewhere: a duplicate. The further path was noted.
    AlreadyThere {
        /// Where it was first found.
        first_path: PathBuf,
    },
    /// The path was known with other content: the file was replaced or edited. Both contents
    /// are now in the case.
    PathChanged {
        /// What the path held when it was last added.
        before: SourceId,
        /// Where this content was first found, if the case knew it.
        known_from: Option<PathBuf>,
    },
}

/// One finding of a source at a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whereabouts {
    /// Absolute, or relative to the case for a copy in it.
    pub path: PathBuf,
    /// Where the original of a copy was.
    pub copied_from: Option<PathBuf>,
    /// When, RFC 3339.
    pub at_utc: String,
    /// By whom it was added.
    pub actor: String,
    /// The other content that was found at the same path later.
    pub replaced_by: Option<SourceId>,
}

impl Case {
    /// Adds a source where it lies, with what a probe told of it if there was one already.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Full`], [`Error::ReadOnly`].
    pub fn add_source(
        &mut self,
        stamp: &Stamp,
        source: &Source,
        recording: Option<&Recording>,
    ) -> Result<Added, Error> {
        self.add(stamp, source, None, recording)
    }

    /// Adds a source that was copied into the case; `source.path` is the copy's, relative to
    /// the case.
    ///
    /// # Errors
    /// Those of [`add_source`](Self::add_source).
    pub fn add_copy(
        &mut self,
        stamp: &Stamp,
        source: &Source,
        original: &Path,
        recording: Option<&Recording>,
    ) -> Result<Added, Error> {
        self.add(stamp, source, Some(original), recording)
    }

    /// Stores what a probe told of a source, in place of what an earlier one told. The source
    /// is a recording from then on.
    ///
    /// # Errors
    /// [`Error::UnknownSource`], [`Error::RunNotOpen`], [`Error::Full`], [`Error::ReadOnly`].
    pub fn put_recording(
        &mut self,
        stamp: &Stamp,
        run: &Run,
        source: &SourceId,
        recording: &Recording,
    ) -> Result<(), Error> {
        self.must_hold(source)?;
        let detail = json!({ "run": run.id, "source": source, "recording": described(recording) });
        self.change(stamp, "probe", &detail, |db| {
            must_be_open(db, run)?;
            db.prepare_cached("UPDATE source SET kind = 'recording' WHERE id = ?1")?
                .execute([source.to_string()])?;
            write_recording(db, source, recording, Some(run))
        })
    }

    /// Every source, in order of id. The path is the first at which it was found and that has
    /// not been found with other content since; [`whereabouts`](Self::whereabouts) has all.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn sources(&self) -> Result<Vec<Source>, Error> {
        let mut query = self.db.prepare_cached(&format!("{SELECT_SOURCE} ORDER BY source.id"))?;
        let sources = query.query_map([], read_source)?.collect::<Result<_, _>>()?;
        Ok(sources)
    }

    /// One source, if the case holds it.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn source(&self, id: &SourceId) -> Result<Option<Source>, Error> {
        let mut query = self.db.prepare_cached(&format!("{SELECT_SOURCE} WHERE source.id = ?1"))?;
        Ok(query.query_row([id.to_string()], read_source).optional()?)
    }

    /// Everywhere a source was found, in the order in which it was added.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn whereabouts(&self, id: &SourceId) -> Result<Vec<Whereabouts>, Error> {
        Ok(self.found_by_record(id)?.into_iter().map(|(_, whereabouts)| whereabouts).collect())
    }

    /// The same, each with the number of its custody record.
    pub(crate) fn found_by_record(&self, id: &SourceId) -> Result<Vec<(u64, Whereabouts)>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT path, copied_from, at_utc, actor, \
             (SELECT later.source FROM found AS later WHERE \
             coalesce(later.copied_from, later.path) = coalesce(found.copied_from, found.path) \
             AND later.custody > found.custody AND later.source <> found.source \
             ORDER BY later.custody LIMIT 1), custody \
             FROM found WHERE source = ?1 ORDER BY custody",
        )?;
        let rows = query.query_map([id.to_string()], |row| {
            let whereabouts = Whereabouts {
                path: path(row, 0)?,
                copied_from: row.get::<_, Option<Vec<u8>>>(1)?.map(|bytes| path_of(&bytes)),
                at_utc: row.get(2)?,
                actor: row.get(3)?,
                replaced_by: match row.get_ref(4)? {
                    rusqlite::types::ValueRef::Null => None,
                    _ => Some(from_text(row, 4)?),
                },
            };
            Ok((row.get::<_, i64>(5)? as u64, whereabouts))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What the path (the original's, for a copy) held when it was last added.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn source_at(&self, path: &Path) -> Result<Option<SourceId>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT source FROM found WHERE coalesce(copied_from, path) = ?1 \
             ORDER BY custody DESC LIMIT 1",
        )?;
        let bytes = path.as_os_str().as_bytes();
        Ok(query.query_row([bytes], |row| from_text(row, 0)).optional()?)
    }

    /// Every recording with what its file says of itself, in order of source id.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn recordings(&self) -> Result<Vec<(Source, Recording)>, Error> {
        self.at_one_moment(|case| {
            let mut recordings = Vec::new();
            for source in case.sources()? {
                if let Some(recording) = case.recording(&source.id)? {
                    recordings.push((source, recording));
                }
            }
            Ok(recordings)
        })
    }

    /// What the file of a source says of itself; none before it was probed.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn recording(&self, id: &SourceId) -> Result<Option<Recording>, Error> {
        self.at_one_moment(|case| {
            let id = id.to_string();
            let probe = case
                .db
                .prepare_cached("SELECT probe FROM recording WHERE source = ?1")?
                .query_row([&id], |row| from_json::<Recording>(row, 0))
                .optional()?;
            let Some(mut recording) = probe else { return Ok(None) };
            let mut query = case.db.prepare_cached(
                "SELECT kind, value, found_in FROM claim WHERE source = ?1 ORDER BY n",
            )?;
            let claims = query.query_map([&id], |row| {
                Ok(Claim { kind: from_text(row, 0)?, value: row.get(1)?, found_in: row.get(2)? })
            })?;
            recording.claims = claims.collect::<Result<_, _>>()?;
            Ok(Some(recording))
        })
    }

    pub(crate) fn must_hold(&self, id: &SourceId) -> Result<(), Error> {
        let mut query = self.db.prepare_cached("SELECT 1 FROM source WHERE id = ?1")?;
        if query.exists([id.to_string()])? { Ok(()) } else { Err(Error::UnknownSource(*id)) }
    }

    fn add(
        &mut self,
        stamp: &Stamp,
        source: &Source,
        original: Option<&Path>,
        recording: Option<&Recording>,
    ) -> Result<Added, Error> {
        let _held = self.hold(stamp)?;
        let before = self.source_at(original.unwrap_or(&source.path))?;
        let found = self.whereabouts(&source.id)?;
        let same_place = before == Some(source.id) && found.iter().any(|f| f.path == source.path);
        let recording = match self.recording(&source.id)? {
            None => recording,
            Some(_) => None,
        };
        if same_place && recording.is_none() {
            return Ok(Added::Unchanged);
        }
        let first_path = found.first().map(|f| f.path.clone());
        let added = match (before.filter(|before| *before != source.id), first_path) {
            (Some(before), known_from) => Added::PathChanged { before, known_from },
            (None, _) if same_place => Added::Unchanged,
            (None, Some(first_path)) => Added::AlreadyThere { first_path },
            (None, None) => Added::New,
        };
        let detail = added_detail(source, original, recording, &added);
        // Each record of adding is one row of `found`, which verification counts on.
        let action = if same_place { "probe" } else { "add" };
        self.change(stamp, action, &detail, |db| {
            let (custody, _) = custody::head(db)?;
            let custody = custody as i64;
            if found.is_empty() {
                write_source(db, source, custody)?;
            }
            if !same_place {
                write_found(db, source, original, (custody, stamp))?;
            }
            match recording {
                Some(recording) => write_recording(db, &source.id, recording, None),
                None => Ok(()),
            }
        })?;
        Ok(added)
    }
}

fn added_detail(
    source: &Source,
    original: Option<&Path>,
    recording: Option<&Recording>,
    added: &Added,
) -> Value {
    let mut detail = json!({
        "source": source.id, "kind": source.kind, "size_bytes": source.size_bytes,
        "path": told(&source.path),
    });
    if let Some(original) = original {
        detail["copied_from"] = told(original);
    }
    if let Some(recording) = recording {
        detail["recording"] = described(recording);
    }
    match added {
        Added::New | Added::Unchanged => {}
        Added::AlreadyThere { first_path } => detail["duplicate_of"] = told(first_path),
        Added::PathChanged { before, .. } => detail["path_held_before"] = json!(before),
    }
    detail
}

/// A path in a custody record: as text, or its bytes in hexadecimal where it is none.
pub(crate) fn told(path: &Path) -> Value {
    path.to_str().map_or_else(
        || json!({ "bytes": hex(path.as_os_str().as_bytes()), "reads_like": path.to_string_lossy() }),
        |text| json!(text),
    )
}

/// What custody says of a recording.
fn described(recording: &Recording) -> Value {
    json!({
        "container": recording.container, "duration_ns": recording.duration,
        "audio": recording.audio.len(), "video": recording.video.len(),
        "claims": recording.claims.len(), "sha256": digest(recording),
    })
}

/// SHA-256 of the canonical JSON of what a probe told.
pub(crate) fn digest(recording: &Recording) -> String {
    sha256(&canonical(&json!(recording)))
}

fn write_source(db: &Connection, source: &Source, custody: i64) -> Result<(), Error> {
    db.prepare_cached(
        "INSERT INTO source (id, kind, size_bytes, custody) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((
        source.id.to_string(),
        json!(source.kind).as_str(),
        source.size_bytes as i64,
        custody,
    ))?;
    Ok(())
}

fn write_found(
    db: &Connection,
    source: &Source,
    original: Option<&Path>,
    (custody, stamp): (i64, &Stamp),
) -> Result<(), Error> {
    db.prepare_cached(
        "INSERT INTO found (custody, source, path, copied_from, at_utc, actor) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((
        custody,
        source.id.to_string(),
        source.path.as_os_str().as_bytes(),
        original.map(|original| original.as_os_str().as_bytes()),
        &stamp.at_utc,
        &stamp.actor,
    ))?;
    Ok(())
}

fn write_recording(
    db: &Connection,
    source: &SourceId,
    recording: &Recording,
    run: Option<&Run>,
) -> Result<(), Error> {
    let id = source.to_string();
    let mut probe = json!(recording);
    probe["claims"] = json!([]);
    let (custody, _) = custody::head(db)?;
    db.prepare_cached("DELETE FROM claim WHERE source = ?1")?.execute([&id])?;
    db.prepare_cached(
        "INSERT INTO recording (source, duration_ns, probe, custody, run) \
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (source) DO UPDATE SET \
         duration_ns = excluded.duration_ns, probe = excluded.probe, \
         custody = excluded.custody, run = excluded.run",
    )?
    .execute((
        &id,
        recording.duration.0,
        canonical(&probe),
        custody as i64,
        run.map(|run| run.id),
    ))?;
    let mut insert = db.prepare_cached(
        "INSERT INTO claim (source, n, kind, value, found_in) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (n, claim) in recording.claims.iter().enumerate() {
        let kind = json!(claim.kind);
        insert.execute((&id, n as i64, kind.as_str(), &claim.value, &claim.found_in))?;
    }
    Ok(())
}

const SELECT_SOURCE: &str = "SELECT id, kind, size_bytes, (SELECT path FROM found \
     WHERE found.source = source.id ORDER BY EXISTS (SELECT 1 FROM found AS later WHERE \
     coalesce(later.copied_from, later.path) = coalesce(found.copied_from, found.path) \
     AND later.custody > found.custody AND later.source <> found.source), found.custody \
     LIMIT 1) FROM source";

fn read_source(row: &Row<'_>) -> rusqlite::Result<Source> {
    Ok(Source {
        id: from_text(row, 0)?,
        kind: from_text(row, 1)?,
        size_bytes: row.get::<_, i64>(2)? as u64,
        path: path(row, 3)?,
    })
}

fn path(row: &Row<'_>, column: usize) -> rusqlite::Result<PathBuf> {
    Ok(path_of(&row.get::<_, Vec<u8>>(column)?))
}

fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}
