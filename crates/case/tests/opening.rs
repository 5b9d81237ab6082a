//! What is no case, a newer one, a damaged one or one that cannot be written is told apart, and
//! looking at it changes nothing.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use case::{Case, Error};
use common::{
    align, case_with, child, childs_case, id, new_case, placement, source, stamp, step, tie,
};
use evidence::{MediaTime, Placement, Tie, UtcAnchor, UtcTime};

/// Everything in a folder, byte for byte.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

fn open_error(dir: &Path) -> Error {
    Case::open(dir, &stamp()).unwrap_err()
}

#[test]
fn a_folder_that_is_no_case_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let error = open_error(dir);
    assert!(matches!(error, Error::NotACase { .. }), "{error}");
    let message = error.to_string();
    assert!(message.starts_with("there is no case here; `recount new` makes one: "), "{message}");
    let missing = open_error(&dir.join("missing"));
    assert!(matches!(missing, Error::NotACase { .. }), "{missing}");
    fs::write(dir.join("a-file"), "x").unwrap();
    let file = open_error(&dir.join("a-file"));
    assert!(matches!(file, Error::NotACase { .. }), "{file}");

    // Someone else's database that happens to have the name.
    let db = rusqlite::Connection::open(dir.join(case::DATABASE)).unwrap();
    db.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(db);
    let before = contents(dir);
    let error = open_error(dir);
    assert!(matches!(error, Error::NotACase { .. }), "{error}");
    assert_eq!(contents(dir), before);
}

#[test]
fn a_case_of_a_newer_version_is_refused_without_touching_a_byte() {
    let (_folder, case) = case_with(2);
    let dir = case.dir().to_owned();
    drop(case);
    let db = rusqlite::Connection::open(dir.join(case::DATABASE)).unwrap();
    db.execute_batch("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(db);
    let before = contents(&dir);
    let error = open_error(&dir);
    assert!(matches!(error, Error::NewerVersion { found: 99, .. }), "{error}");
    assert!(error.to_string().contains("nothing was touched"), "{error}");
    assert_eq!(contents(&dir), before);
}

#[test]
fn a_case_of_an_older_format_opens_with_its_alignment() {
    let (_folder, mut case) = case_with(2);
    let dir = case.dir().to_owned();
    let placements = [1, 2].map(|n| Placement { doubt: None, ..placement(n) });
    let ties = [Tie { windows: Vec::new(), residual_ns: None, ..tie(1, 2) }];
    let run = case.begin(&stamp(), &step("align", &[1, 2])).unwrap();
    case.replace_alignment(&stamp(), &run, &placements, &ties, &[], &[]).unwrap();
    let utc = UtcAnchor { source: id(1), time: MediaTime(9), utc: UtcTime(7), sigma_ns: 5 };
    case.put_utc_anchor(&stamp(), &utc, "the tower struck").unwrap();
    drop(case);
    let db = rusqlite::Connection::open(dir.join(case::DATABASE)).unwrap();
    db.execute_batch(
        "DROP TABLE voice; DROP TABLE unclear; DROP TABLE utterance; DROP TABLE transcript;
         DROP TABLE tie_window; ALTER TABLE tie DROP COLUMN residual_ns;
         ALTER TABLE placement DROP COLUMN contradiction_ns;
         ALTER TABLE placement DROP COLUMN floor_ns; ALTER TABLE excerpt DROP COLUMN speed;
         ALTER TABLE excerpt DROP COLUMN reason;
         CREATE TABLE before AS SELECT * FROM anchor; DROP TABLE anchor;
         ALTER TABLE before RENAME TO anchor; PRAGMA user_version = 2",
    )
    .unwrap();
    drop(db);
    let case = Case::open(&dir, &stamp()).unwrap();
    assert_eq!(case.placements().unwrap(), placements);
    assert_eq!(case.ties().unwrap(), ties);
    assert_eq!(case.utc_anchors().unwrap()[0].anchor, utc);
    assert!(case.verify_custody().unwrap().is_whole());
    assert_eq!(case.check_database().unwrap(), Vec::<String>::new());
}

#[test]
fn a_newer_version_that_stands_in_the_journal_only_is_seen_too() {
    let (folder, case) = case_with(1);
    let dir = case.dir().to_owned();
    drop(case);
    let db = rusqlite::Connection::open(dir.join(case::DATABASE)).unwrap();
    db.execute_batch("PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 99").unwrap();
    // As if its process had been killed: the files as they are while it runs.
    let killed = folder.path().join("killed.recount");
    fs::create_dir(&killed).unwrap();
    for name in [case::DATABASE, "case.db-wal", case::CUSTODY] {
        fs::copy(dir.join(name), killed.join(name)).unwrap();
    }
    drop(db);
    let keep = |dir: &Path| {
        let mut contents = contents(dir);
        // An index of the journal, which any reader makes.
        contents.retain(|path, _| !path.ends_with("case.db-shm"));
        contents
    };
    let before = keep(&killed);
    let error = open_error(&killed);
    assert!(matches!(error, Error::NewerVersion { found: 99, .. }), "{error}");
    assert_eq!(keep(&killed), before);
}

#[test]
fn a_damaged_database_is_told_from_a_missing_one() {
    let (_folder, case) = case_with(1);
    let path = case.dir().join(case::DATABASE);
    let dir = case.dir().to_owned();
    drop(case);
    let whole = fs::read(&path).unwrap();
    for damaged in [&b""[..], b"hello", &whole[..99], &[0; 8192][..]] {
        fs::write(&path, damaged).unwrap();
        let error = open_error(&dir);
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
    }
    // A head without a body.
    fs::write(&path, &whole[..4096]).unwrap();
    let error = Case::open(&dir, &stamp()).and_then(|case| case.sources()).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[test]
fn overwritten_pages_are_found_when_asked_for_and_never_panic() {
    let (_folder, mut case) = case_with(60);
    let run = case.begin(&stamp(), &step("align", &[1])).unwrap();
    let placements: Vec<_> = (1..=60).map(placement).collect();
    align(&mut case, &run, &placements).unwrap();
    let dir = case.dir().to_owned();
    drop(case);
    let path = dir.join(case::DATABASE);
    let whole = fs::read(&path).unwrap();
    for page in 1..whole.len() / 4096 {
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.write_all_at(&[0x5a; 512], page as u64 * 4096).unwrap();
        let found = Case::open(&dir, &stamp()).and_then(|case| {
            let faults = case.check_database()?;
            // Whatever they find, they come back.
            let _ = (case.sources(), case.placements(), case.recordings(), case.runs());
            let _ = case.verify_custody();
            Ok(faults)
        });
        assert!(found.is_err() || found.is_ok_and(|faults| !faults.is_empty()), "page {page}");
        fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn a_case_that_names_files_elsewhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let victim = folder.path().join("victim");
    for name in [case::DATABASE, case::CUSTODY, case::LOCK, "case.db-wal"] {
        let (_folder, case) = case_with(1);
        let dir = case.dir().to_owned();
        drop(case);
        let path = dir.join(name);
        if path.exists() {
            fs::rename(&path, &victim).unwrap();
        } else {
            fs::write(&victim, "another file").unwrap();
        }
        let before = fs::read(&victim).unwrap();
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        let error = open_error(&dir);
        assert!(matches!(error, Error::Damaged { .. }), "{name}: {error}");
        assert_eq!(fs::read(&victim).unwrap(), before);
    }
}

#[test]
fn what_an_interrupted_creation_left_is_no_obstacle() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    fs::write(dir.join("case.db.new"), "half a database").unwrap();
    fs::write(dir.join("case.db.new-journal"), "and its journal").unwrap();
    fs::write(dir.join(case::LOCK), "{\"pid\":1}").unwrap();
    fs::create_dir(dir.join(case::CACHE)).unwrap();
    let case = Case::create(dir, &stamp()).unwrap();
    assert!(case.verify_custody().unwrap().is_whole());
    assert!(!dir.join("case.db.new").exists());
}

#[test]
fn the_account_is_never_written_again() {
    let (_folder, mut case) = new_case();
    fs::write(case.account_path(), "all mine").unwrap();
    case.add_source(&stamp(), &source(1), None).unwrap();
    let case = Case::open(case.dir(), &stamp()).unwrap();
    assert_eq!(fs::read_to_string(case.account_path()).unwrap(), "all mine");
}

#[test]
fn a_case_with_an_odd_name_opens_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"50% ?mode=memory#\xff \xc3\xa9.recount");
    let dir = folder.path().join(odd);
    Case::create(&dir, &stamp()).unwrap().add_source(&stamp(), &source(1), None).unwrap();
    assert_eq!(Case::open(&dir, &stamp()).unwrap().sources().unwrap(), [source(1)]);
}

/// As an ordinary user: root may write anywhere.
const NOBODY: u32 = 65_534;

/// Runs a child to whom the access rights of files apply. Only root may become another user, and only
/// root needs to; what was built under root's home, that user reaches by a copy alone.
fn as_nobody(name: &str, dir: &Path) -> Output {
    let mut reader = child(name, dir);
    let ran = reader.uid(NOBODY).gid(NOBODY).output();
    let copied = || {
        let folder = tempfile::tempdir()?;
        let program = folder.path().join("reader");
        fs::copy(std::env::current_exe()?, &program)?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let mut reader = Command::new(&program);
        reader
            .args(child(name, dir).get_args())
            .envs(child(name, dir).get_envs().filter_map(|(name, value)| Some((name, value?))));
        reader.stdin(Stdio::null()).uid(NOBODY).gid(NOBODY).current_dir("/").output()
    };
    ran.or_else(|_| copied()).or_else(|_| child(name, dir).output()).unwrap()
}

#[test]
fn a_case_that_cannot_be_written_can_be_read() {
    let (folder, case) = case_with(3);
    let dir = case.dir().to_owned();
    drop(case);
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    let before = contents(&dir);
    for path in before.keys() {
        mode(path, 0o444).unwrap();
    }
    mode(&dir, 0o555).unwrap();
    mode(folder.path(), 0o755).unwrap();

    let done = as_nobody("reads_without_writing", &dir);
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    if said.contains("running 1 test") {
        assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    } else {
        eprintln!("skipped: another user cannot run this program here: {said}");
    }
    mode(&dir, 0o755).unwrap();
    assert_eq!(contents(&dir), before);
}

#[test]
fn a_journal_that_cannot_be_read_where_it_is_says_to_copy_the_case() {
    let (folder, case) = case_with(1);
    let dir = folder.path().join("on-a-disc.recount");
    fs::create_dir(&dir).unwrap();
    for name in [case::DATABASE, "case.db-wal", case::CUSTODY] {
        fs::copy(case.dir().join(name), dir.join(name)).unwrap();
        fs::set_permissions(dir.join(name), fs::Permissions::from_mode(0o444)).unwrap();
    }
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let done = as_nobody("is_told_to_copy", &dir);
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    if said.contains("running 1 test") {
        assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    } else {
        eprintln!("skipped: another user cannot run this program here: {said}");
    }
}

#[test]
#[ignore = "runs as a child"]
fn is_told_to_copy() {
    let Some(dir) = childs_case() else { return };
    let error = open_error(&dir);
    assert!(matches!(error, Error::ReadOnly { .. }), "{error:?}");
    assert!(error.to_string().contains("copy it"), "{error}");
}

#[test]
#[ignore = "runs as a child of a_case_that_cannot_be_written_can_be_read"]
fn reads_without_writing() {
    let Some(dir) = childs_case() else { return };
    let mut case = Case::open(&dir, &stamp()).unwrap();
    assert_eq!(case.recordings().unwrap().len(), 3);
    assert!(case.verify_custody().unwrap().is_whole());
    assert!(case.check_database().unwrap().is_empty());
    let error = case.add_source(&stamp(), &source(9), None).unwrap_err();
    assert!(matches!(error, Error::ReadOnly { .. }), "{error}");
    let error = case.lock(&stamp()).unwrap_err();
    assert!(matches!(error, Error::ReadOnly { .. }), "{error}");
    let error = Case::create(&dir.join("new"), &stamp()).unwrap_err();
    assert!(matches!(error, Error::CannotMake { .. }), "{error}");
    let error = case.write_cache(&common::id(1), "x", |_| Ok(())).unwrap_err();
    assert!(matches!(error, Error::ReadOnly { .. }), "{error}");
}
