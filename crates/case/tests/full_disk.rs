//! A disk that is really full: a small file system in memory, mounted where only the child sees
//! it (`unshare`, no rights needed), and a limit on file size where that is not allowed.

mod common;

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use case::custody::Standing;
use case::{Case, Error};
use common::{align, child, childs_case, id, placement, recording, source, stamp, step};

/// Runs the child test inside `sh -c script`, where `$0` and what follows is the test program.
fn under(script: &str, name: &str, dir: &Path) -> std::process::Output {
    let inner = child(name, dir);
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
    command.arg(inner.get_program()).args(inner.get_args());
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.output().expect("unshare is part of every Linux")
}

#[test]
fn on_a_full_disk_nothing_stored_is_lost_and_work_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let mount = format!("mount -t tmpfs -o size=1m none '{}'", folder.path().display());
    let allowed = under(&mount, "none", folder.path()).status.success();
    if !allowed {
        eprintln!("skipped: this system lets no ordinary user mount a file system of their own");
        return;
    }
    let script = format!("{mount} && exec \"$0\" \"$@\"");
    let done = under(&script, "fills_the_disk", folder.path());
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(said.contains("the disk was full"), "{said}");
}

#[test]
#[ignore = "runs as a child"]
fn fills_the_disk() {
    let Some(folder) = childs_case() else { return };
    let ballast = folder.join("ballast");
    let dir = folder.join("full.recount");
    let mut case = Case::create(&dir, &stamp()).unwrap();
    case.add_source(&stamp(), &source(1), Some(&recording(5))).unwrap();
    // Room from nearly none upwards, so that the disk is full at another point of each change.
    let mut full = 0;
    for round in 0..60 {
        fill(&ballast);
        let room = fs::metadata(&ballast).unwrap().len().saturating_sub(round * 1024);
        fs::File::options().write(true).open(&ballast).unwrap().set_len(room).unwrap();
        let mut last = None;
        for n in 0..200 {
            let before = case.sources().unwrap().len() as u32;
            let added = case.add_source(&stamp(), &source(before + 1), Some(&recording(5)));
            if let Err(error) = added {
                assert!(matches!(error, Error::Full { .. }), "round {round}, {n}: {error:?}");
                last = Some(error);
                break;
            }
        }
        assert!(last.is_some(), "the disk never filled");
        full += 1;
        // Reading goes on, whether or not the last change got as far as the database.
        let sources = case.sources().unwrap().len();
        assert_eq!(case.recordings().unwrap().len(), sources);
        let cached = case.write_cache(&id(1), "sound", |to| to.write_all(&vec![0; 2_000_000]));
        assert!(matches!(cached, Err(Error::Full { .. })), "{cached:?}");
        assert!(!case.has_cache(&id(1), "sound"));

        // Opened by another process while the disk is still full: a sentence, or the case.
        match Case::open(&dir, &stamp()) {
            Ok(case) => assert_eq!(case.sources().unwrap().len(), sources),
            Err(Error::Full { .. }) => {}
            Err(error) => panic!("round {round}: {error:?}"),
        }
        fs::remove_file(&ballast).unwrap();
        drop(case);
        case = Case::open(&dir, &stamp()).unwrap();
        assert_ne!(case.custody_standing(), Standing::Differs, "round {round}");
        assert_eq!(case.sources().unwrap().len(), sources, "round {round}");
        assert_eq!(case.verify_custody().unwrap().faults, [], "round {round}");
        assert!(case.check_database().unwrap().is_empty());
        let run = case.begin(&stamp(), &step("align", &[1])).unwrap();
        align(&mut case, &run, &[placement(1)]).unwrap();
        case.abandon(&stamp(), &run, "tried").unwrap();
        if sources > 150 {
            drop(case);
            fs::remove_dir_all(&dir).unwrap();
            case = Case::create(&dir, &stamp()).unwrap();
            case.add_source(&stamp(), &source(1), Some(&recording(5))).unwrap();
        }
    }
    println!("the disk was full {full} times");
}

/// Writes until there is no room at all.
fn fill(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    for size in [65_536, 4096, 512, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}

#[test]
fn a_limit_on_file_size_is_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("limited.recount");
    Case::create(&dir, &stamp()).unwrap();
    let inner = child("writes_up_to_a_limit", &dir);
    let mut command = Command::new("sh");
    // Blocks of 512 bytes; the signal that the limit sends would kill.
    command.args(["-c", "trap '' XFSZ; ulimit -f 6000; exec \"$@\"", "sh"]);
    command.arg(inner.get_program()).args(inner.get_args()).process_group(0);
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));

    let case = Case::open(&dir, &stamp()).unwrap();
    assert!(case.sources().unwrap().len() > 20);
    assert_eq!(case.verify_custody().unwrap().faults, []);
    assert!(case.check_database().unwrap().is_empty());
}

#[test]
#[ignore = "runs as a child"]
fn writes_up_to_a_limit() {
    let Some(dir) = childs_case() else { return };
    let mut case = Case::open(&dir, &stamp()).unwrap();
    for n in 1.. {
        if let Err(error) = case.add_source(&stamp(), &source(n), Some(&recording(20))) {
            // The database does not say that it was the limit.
            let known = matches!(error, Error::Full { .. } | Error::DiskRefused { .. });
            assert!(known, "{error:?}");
            return;
        }
    }
}
