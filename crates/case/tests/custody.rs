//! The custody log shows every way in which it, or what it tells of, was tampered with.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use case::custody::{Fault, Standing, check_chain};
use case::{Case, custody};
use common::{align, case_with, id, new_case, placement, recording, source, stamp, step};
use evidence::{Source, SourceId};
use proptest::prelude::*;
use serde_json::json;
use sha2::{Digest, Sha256};

fn log(dir: &Path) -> Vec<u8> {
    fs::read(dir.join(case::CUSTODY)).unwrap()
}

fn lines(dir: &Path) -> Vec<String> {
    String::from_utf8(log(dir)).unwrap().lines().map(str::to_owned).collect()
}

fn write(dir: &Path, lines: &[String]) {
    let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
    fs::write(dir.join(case::CUSTODY), text).unwrap();
}

/// What verification says of a log whose lines were changed by `tamper`; neither opening nor
/// verifying may write to such a log.
fn faults_after(tamper: impl FnOnce(&mut Vec<String>)) -> Vec<Fault> {
    let (_folder, case) = case_with(6);
    let dir = case.dir().to_owned();
    drop(case);
    let mut lines = lines(&dir);
    tamper(&mut lines);
    write(&dir, &lines);
    let tampered = log(&dir);
    let case = Case::open(&dir, &stamp()).unwrap();
    let report = case.verify_custody().unwrap();
    assert_eq!(log(&dir), tampered, "a tampered log was written to");
    assert_eq!(report.standing, Standing::Differs);
    report.faults
}

#[test]
fn an_edited_line_is_named() {
    let faults = faults_after(|lines| lines[3] = lines[3].replace("\"ana\"", "\"bob\""));
    assert_eq!(faults, [Fault::Altered { line: 4, record: 4 }]);
}

#[test]
fn a_forged_line_with_a_right_hash_is_named() {
    let faults = faults_after(|lines| {
        let body = lines[3].replace("\"ana\"", "\"bob\"");
        let body = format!("{}}}", body.rsplit_once(",\"hash\"").unwrap().0);
        let hash = SourceId(Sha256::digest(&body).into());
        lines[3] = format!("{},\"hash\":\"{hash}\"}}", body.strip_suffix('}').unwrap());
        assert!(custody::Entry::from_line(&lines[3]).is_some());
        // Without the case it is the next line that no longer follows.
        let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        assert_eq!(check_chain(text.as_bytes()), [Fault::Moved { line: 5, record: 5 }]);
    });
    assert_eq!(faults, [Fault::Altered { line: 4, record: 4 }]);
}

#[test]
fn removed_lines_are_named() {
    let faults = faults_after(|lines| drop(lines.drain(2..5)));
    assert_eq!(faults, [Fault::Removed { line: 3, first: 3, last: 5 }]);
}

#[test]
fn lines_removed_at_the_end_are_named() {
    let faults = faults_after(|lines| lines.truncate(4));
    assert_eq!(faults, [Fault::Removed { line: 5, first: 5, last: 7 }]);
}

#[test]
fn a_log_that_is_gone_is_named() {
    let faults = faults_after(Vec::clear);
    assert_eq!(faults, [Fault::Removed { line: 1, first: 1, last: 7 }]);
}

#[test]
fn a_line_in_another_place_is_named() {
    let faults = faults_after(|lines| {
        let moved = lines.remove(1);
        lines.insert(4, moved);
    });
    assert_eq!(faults, [Fault::Moved { line: 5, record: 2 }]);
}

#[test]
fn an_inserted_and_a_repeated_line_are_named() {
    let faults = faults_after(|lines| {
        lines.insert(2, "{}".to_owned());
        lines.insert(6, lines[0].clone());
    });
    assert_eq!(faults, [Fault::Inserted { line: 3 }, Fault::Repeated { line: 7, record: 1 }]);
}

#[test]
fn an_edited_and_a_removed_line_side_by_side_are_told_apart() {
    let faults = faults_after(|lines| {
        lines.remove(2);
        lines[2] = lines[2].replace("\"ana\"", "\"bob\"");
    });
    let removed = Fault::Removed { line: 4, first: 3, last: 3 };
    assert_eq!(faults, [Fault::Altered { line: 3, record: 4 }, removed]);
}

#[test]
fn an_older_database_beside_a_newer_log_is_named() {
    let (folder, case) = case_with(2);
    let dir = case.dir().to_owned();
    drop(case);
    let older = folder.path().join("older.db");
    fs::copy(dir.join(case::DATABASE), &older).unwrap();
    let mut case = Case::open(&dir, &stamp()).unwrap();
    case.add_source(&stamp(), &source(3), None).unwrap();
    drop(case);
    fs::copy(&older, dir.join(case::DATABASE)).unwrap();
    let case = Case::open(&dir, &stamp()).unwrap();
    assert_eq!(case.custody_standing(), Standing::Differs);
    assert_eq!(case.verify_custody().unwrap().faults, [Fault::Ahead { line: 4 }]);
}

#[test]
fn work_goes_on_after_tampering_and_the_trace_stays() {
    let (_folder, case) = case_with(3);
    let dir = case.dir().to_owned();
    drop(case);
    let mut tampered = lines(&dir);
    tampered[1] = "edited".to_owned();
    fs::write(dir.join(case::CUSTODY), tampered.join("\n")).unwrap();
    let mut case = Case::open(&dir, &stamp()).unwrap();
    case.add_source(&stamp(), &source(4), None).unwrap();
    // The line feed that the editor took was missing: the new line still stands by itself.
    assert_eq!(lines(&dir)[..4], tampered);
    let report = case.verify_custody().unwrap();
    assert_eq!(report.faults, [Fault::Altered { line: 2, record: 2 }]);
    assert_eq!((report.records, report.lines), (5, 5));
}

#[test]
fn wherever_a_crash_cut_the_last_line_it_is_completed_and_said() {
    let (_folder, case) = case_with(2);
    let dir = case.dir().to_owned();
    drop(case);
    let whole = log(&dir);
    let last =
        whole.len() - 1 - whole[..whole.len() - 1].iter().rposition(|b| *b == b'\n').unwrap();
    for missing in 1..last {
        fs::write(dir.join(case::CUSTODY), &whole[..whole.len() - missing]).unwrap();
        let case = Case::open(&dir, &stamp()).unwrap();
        assert_eq!(case.custody_standing(), Standing::Completed { line: 3 });
        assert_eq!(log(&dir), whole);
        assert!(case.verify_custody().unwrap().is_whole());
    }
}

#[test]
fn findings_edited_in_the_database_are_named() {
    let edits = [
        ("UPDATE found SET path = CAST('/elsewhere.mp4' AS BLOB) WHERE custody = 2", 2),
        ("UPDATE source SET size_bytes = 5 WHERE custody = 3", 3),
        ("UPDATE claim SET value = '1999' WHERE n = 1 AND source LIKE '00000001%'", 2),
        ("UPDATE recording SET probe = replace(probe, 'aac', 'mp3') WHERE custody = 3", 3),
        ("DELETE FROM stretch", 5),
        ("UPDATE placement_piece SET offset_ns = offset_ns + 1 WHERE n = 1", 8),
        ("UPDATE placement SET island = 1", 8),
        ("DELETE FROM found WHERE custody = 10", 10),
    ];
    for (sql, record) in edits {
        let (_folder, mut case) = case_with(2);
        let run = case.begin(&stamp(), &step("listen", &[1])).unwrap();
        let stretch =
            evidence::Stretch { start: evidence::MediaTime(1), end: evidence::MediaTime(2) };
        case.put_listened(&stamp(), &run, &id(1), &[stretch], &[]).unwrap();
        case.finish(&stamp(), &run, &json!({})).unwrap();
        let run = case.begin(&stamp(), &step("align", &[1, 2])).unwrap();
        align(&mut case, &run, &[placement(2), placement(1)]).unwrap();
        case.finish(&stamp(), &run, &json!({})).unwrap();
        let elsewhere = Source { path: "/backup/1.mp4".into(), ..source(1) };
        case.add_source(&stamp(), &elsewhere, Some(&recording(1))).unwrap();
        assert_eq!(case.verify_custody().unwrap().faults, []);

        let db = rusqlite::Connection::open(case.dir().join(case::DATABASE)).unwrap();
        assert!(db.execute(sql, []).unwrap() > 0, "{sql}");
        let faults = case.verify_custody().unwrap().faults;
        assert_eq!(faults, [Fault::Unaccounted { record }], "{sql}");
    }
}

#[test]
fn a_custody_record_edited_in_the_database_and_in_the_log_breaks_the_chain() {
    let (_folder, case) = case_with(4);
    let dir = case.dir().to_owned();
    drop(case);
    let db = rusqlite::Connection::open(dir.join(case::DATABASE)).unwrap();
    db.execute_batch(
        "DROP TRIGGER custody_is_never_altered; \
         UPDATE custody SET line = replace(line, '\"ana\"', '\"bob\"') WHERE seq = 3",
    )
    .unwrap();
    let mut lines = lines(&dir);
    lines[2] = lines[2].replace("\"ana\"", "\"bob\"");
    write(&dir, &lines);
    let case = Case::open(&dir, &stamp()).unwrap();
    let faults = case.verify_custody().unwrap().faults;
    assert!(faults.contains(&Fault::Unchained { record: 3 }), "{faults:?}");
    let schema = case.check_database().unwrap();
    assert!(schema.iter().any(|fault| fault.contains("custody_is_never_altered")), "{schema:?}");
    case.custody().unwrap_err();
}

#[test]
fn an_expert_without_recount_comes_to_the_same_result() {
    if Command::new("jq").arg("--version").output().is_err() {
        eprintln!("skipped: there is no jq here");
        return;
    }
    let (_folder, mut case) = new_case();
    let odd = Source { path: "/it's \"50 %\"/\\n\t\u{1f980}\u{7f}\u{1}.mp4".into(), ..source(1) };
    case.add_source(&stamp(), &odd, None).unwrap();
    // A member called hash, and numbers that jq would write otherwise.
    let params = json!({ "hash": "x", "rate": 1.0, "big": u64::MAX, "small": 1e-300 });
    let step = case::Step { params, ..step("listen", &[1]) };
    case.begin(&stamp(), &step).unwrap();
    let expert = || {
        let script = include_str!("../src/custody/check.sh");
        let done =
            Command::new("sh").args(["-c", script]).current_dir(case.dir()).output().unwrap();
        (done.status.success(), String::from_utf8(done.stdout).unwrap())
    };
    let head = case.verify_custody().unwrap().head;
    assert_eq!(expert(), (true, format!("3 records, the last hash is {head}\n")));
    let mut lines = lines(case.dir());
    lines[1] = lines[1].replace("50 %", "51 %");
    write(case.dir(), &lines);
    assert_eq!(expert(), (false, "line 2 is not as it was written\n".to_owned()));
}

/// One edit of one byte.
#[derive(Clone, Debug)]
enum Edit {
    Replace(u8),
    Insert(u8),
    Remove,
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        any::<u8>().prop_map(Edit::Replace),
        any::<u8>().prop_map(Edit::Insert),
        Just(Edit::Remove)
    ]
}

fn edited(log: &[u8], at: prop::sample::Index, edit: &Edit) -> Vec<u8> {
    let mut bytes = log.to_vec();
    let at = at.index(bytes.len());
    match edit {
        Edit::Replace(byte) => bytes[at] = *byte,
        Edit::Insert(byte) => bytes.insert(at, *byte),
        Edit::Remove => drop(bytes.remove(at)),
    }
    bytes
}

#[test]
fn any_edit_of_one_byte_is_found() {
    let (_folder, case) = case_with(3);
    let dir = case.dir().to_owned();
    drop(case);
    let whole = log(&dir);
    let mut runner = proptest::test_runner::TestRunner::default();
    let edits = (any::<prop::sample::Index>(), edit());
    runner
        .run(&edits, |(at, edit)| {
            let bytes = edited(&whole, at, &edit);
            prop_assume!(bytes != whole);
            prop_assert!(!check_chain(&bytes).is_empty(), "the chain alone does not show it");
            fs::write(dir.join(case::CUSTODY), &bytes).unwrap();
            let case = Case::open(&dir, &stamp()).unwrap();
            let report = case.verify_custody().unwrap();
            if whole.starts_with(&bytes) {
                // Only the last line feed is missing, as after a crash.
                prop_assert_eq!(report.standing, Standing::Completed { line: 4 });
                prop_assert_eq!(log(&dir), &whole[..]);
            } else {
                prop_assert!(!report.is_whole());
                prop_assert_eq!(log(&dir), bytes);
            }
            Ok(())
        })
        .unwrap();
}
