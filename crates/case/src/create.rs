//! Making a case: a folder that has a `case.db` only when it is whole.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use serde_json::json;

use crate::error::Error;
use crate::lock::Held;
use crate::schema::Access;
use crate::{ACCOUNT, CACHE, Case, DATABASE, LOCK, Stamp, custody, schema};

/// A database that is still being made.
const UNFINISHED: &str = "case.db.new";

impl Case {
    /// Makes a case in `dir`, which must not exist yet or be empty (an `account.md` may be
    /// there already and is left alone).
    ///
    /// # Errors
    /// [`Error::AlreadyACase`], [`Error::NotEmpty`], [`Error::Full`], [`Error::CannotMake`], [`Error::Busy`] if another
    /// process is making it. What an interrupted attempt left is no obstacle.
    pub fn create(dir: &Path, stamp: &Stamp) -> Result<Self, Error> {
        fs::create_dir_all(dir)
            .map_err(Error::writing("make the case folder", dir))
            .map_err(|error| unwritable(error, dir))?;
        must_be_free(dir)?;
        let lock = Held::take(dir, stamp).map_err(|error| unwritable(error, dir))?;
        must_be_free(dir)?;
        write_account(dir)?;
        let cache = dir.join(CACHE);
        fs::create_dir_all(&cache).map_err(Error::writing("make the cache", &cache))?;
        write_database(dir, stamp)?;
        drop(lock);
        Self::open(dir, stamp)
    }
}

/// There is nothing to copy yet, so the advice for a case that may only be read does not fit.
fn unwritable(error: Error, dir: &Path) -> Error {
    match error {
        Error::ReadOnly { .. } => Error::CannotMake { dir: dir.to_owned() },
        other => other,
    }
}

/// Lets through a folder that holds nothing but what an interrupted `create` can have left.
fn must_be_free(dir: &Path) -> Result<(), Error> {
    if dir.join(DATABASE).exists() {
        return Err(Error::AlreadyACase { dir: dir.to_owned() });
    }
    let ours = |name: &str| [ACCOUNT, CACHE, LOCK].contains(&name) || name.starts_with(UNFINISHED);
    for entry in fs::read_dir(dir).map_err(Error::io("read the folder", dir))? {
        let name = entry.map_err(Error::io("read the folder", dir))?.file_name();
        if !name.to_str().is_some_and(ours) {
            return Err(Error::NotEmpty { dir: dir.to_owned() });
        }
    }
    Ok(())
}

fn write_account(dir: &Path) -> Result<(), Error> {
    let path = dir.join(ACCOUNT);
    let name = std::path::absolute(dir).ok();
    let title = name.as_ref().and_then(|dir| dir.file_stem());
    let title = title.map_or_else(|| "Account".into(), |title| title.to_string_lossy());
    match File::create_new(&path) {
        Ok(mut file) => writeln!(file, "# {title}")
            .and_then(|()| file.sync_all())
            .map_err(Error::writing("write the account", &path)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::writing("write the account", &path)(error)),
    }
}

/// Makes the database under another name and gives it its own when it is whole, so that a
/// folder with a `case.db` is always a case.
fn write_database(dir: &Path, stamp: &Stamp) -> Result<(), Error> {
    let unfinished = dir.join(UNFINISHED);
    for tail in ["", "-journal", "-wal", "-shm"] {
        let left = dir.join(format!("{UNFINISHED}{tail}"));
        match fs::remove_file(&left) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::writing("remove an unfinished case", &left)(error));
            }
            _ => {}
        }
    }
    let db = schema::open(&unfinished, Access::Write)?;
    db.pragma_update(None, "query_only", false)?;
    let transaction = db.unchecked_transaction()?;
    transaction.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
    for (to, sql) in (1..).zip(schema::MIGRATIONS) {
        schema::apply(&transaction, sql, to)?;
    }
    custody::record(&transaction, stamp, "create", &json!({ "format": schema::FORMAT }))?;
    transaction.commit()?;
    db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
    db.close().map_err(|(_, error)| error)?;
    let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
    sync(&unfinished).map_err(Error::writing("write the case", &unfinished))?;
    fs::rename(&unfinished, dir.join(DATABASE)).map_err(Error::writing("name the case", dir))?;
    sync(dir).map_err(Error::writing("write the case folder", dir))
}
