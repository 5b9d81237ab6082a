//! `recount export`.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use case::Case;
use publish::Named;
use serde_json::json;

use super::open;
use crate::args::Export;
use crate::desk::Desk;
use crate::error::Error;
use crate::report::names::shown;
use crate::report::output;
use crate::snapshot;
use crate::steps::add::added_folders;
use crate::steps::paths::{EVIDENCE, absolute, places};

pub(super) fn run(desk: &Desk, asked: &Export) -> Result<(), Error> {
    let case = open(desk, &asked.case)?;
    let format = publish::format_named(&asked.to).ok_or_else(|| Error::Asked {
        what: format!("there is no format called {}", asked.to),
        hint: "see `recount export --help`",
    })?;
    let files = (format.write)(&snapshot::with_words(&case)?)?;
    if asked.out.as_os_str() == "-" {
        let [file] = &files[..] else { return Err(many(&files, format.name)) };
        return output::print_bytes(&file.bytes);
    }
    let targets = targets(&asked.out, &files, format.extension);
    for target in &targets {
        may_write(&case, target, asked.force)?;
    }
    for (file, target) in files.iter().zip(&targets) {
        write_whole(target, &file.bytes, asked.force)?;
    }
    let written: Vec<String> = targets.iter().map(shown).collect();
    if desk.json {
        return output::print_json(&json!({ "format": format.name, "written": written }));
    }
    if desk.quiet { Ok(()) } else { output::print(&format!("wrote {}\n", written.join(", "))) }
}

fn many(files: &[Named], format: &str) -> Error {
    Error::Asked {
        what: format!("{format} is {} files, which cannot go to standard output", files.len()),
        hint: "name a folder instead of -",
    }
}

/// Where each file goes: a single one under the name given, several into a folder; but where a
/// file was named (`edit.otio`), several lie side by side (`edit-island-0.otio`), since nobody
/// looks for a folder of that name.
fn targets(out: &Path, files: &[Named], extension: &str) -> Vec<PathBuf> {
    let is_folder = out.is_dir() || out.as_os_str().as_encoded_bytes().ends_with(b"/");
    let names_a_file = out.extension().is_some_and(|given| given.eq_ignore_ascii_case(extension));
    match (files, out.file_stem()) {
        (_, _) if is_folder => files.iter().map(|file| out.join(&file.name)).collect(),
        ([_], _) => vec![out.to_owned()],
        (_, Some(stem)) if names_a_file => {
            let beside = |file: &Named| {
                let mut name = stem.to_owned();
                name.push(format!("-{}", file.name));
                out.with_file_name(name)
            };
            files.iter().map(beside).collect()
        }
        _ => files.iter().map(|file| out.join(&file.name)).collect(),
    }
}

/// Refuses to write among evidence, and to replace evidence or what makes up the case, whatever
/// was asked; and anything else that exists, unless replacing it was.
pub(super) fn may_write(case: &Case, target: &Path, force: bool) -> Result<(), Error> {
    if is_among_evidence(case, target)? {
        return Err(Error::Evidence { path: target.to_owned() });
    }
    let Ok(there) = target.metadata() else { return Ok(()) };
    let same = |path: &Path| {
        path.metadata().is_ok_and(|m| (m.dev(), m.ino()) == (there.dev(), there.ino()))
    };
    for source in case.sources()? {
        let mut found = places(case, &source.id)?;
        found.extend(case.whereabouts(&source.id)?.into_iter().filter_map(|w| w.copied_from));
        if found.iter().any(|path| same(path)) {
            return Err(Error::Evidence { path: target.to_owned() });
        }
    }
    let own = [case::DATABASE, case::CUSTODY, case::ACCOUNT, case::LOCK];
    if own.iter().any(|name| same(&case.dir().join(name))) {
        return Err(Error::Asked {
            what: format!("this file belongs to the case itself: {}", shown(target)),
            hint: "choose another name",
        });
    }
    if force { Ok(()) } else { Err(Error::Exists { path: target.to_owned() }) }
}

/// Whether it would lie in a folder that was added, or among the copies, where `verify` would
/// find it as something slipped in.
fn is_among_evidence(case: &Case, target: &Path) -> Result<bool, Error> {
    let target = absolute(target)?;
    if target.starts_with(case.dir()) {
        return Ok(target.starts_with(case.dir().join(EVIDENCE)));
    }
    Ok(added_folders(case)?.iter().any(|folder| target.starts_with(folder)))
}

/// Writes a file that appears complete or not at all.
///
/// # Errors
/// If it exists and is not to be replaced, or cannot be written.
pub(super) fn write_whole(target: &Path, bytes: &[u8], force: bool) -> Result<(), Error> {
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(Error::file("make the folder", folder))?;
    let failed = || Error::file("write the file", target);
    let mut part = tempfile::Builder::new()
        .prefix(".recount-")
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(failed())?;
    part.write_all(bytes).and_then(|()| part.as_file().sync_all()).map_err(failed())?;
    let persisted = if force { part.persist(target) } else { part.persist_noclobber(target) };
    match persisted {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(Error::Exists { path: target.to_owned() })
        }
        Err(error) => Err(failed()(error.error)),
    }
}
