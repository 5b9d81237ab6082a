//! Each command does what its help says.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::scene::{Scene, incident, pieces, ran, seconds_between};

#[test]
fn a_folder_becomes_a_synchronised_case_with_a_picture() {
    let scene = Scene::incident();
    fs::write(scene.at("footage/report.txt"), "he said so").unwrap();
    let ran = scene.done(&["reconstruct", "footage", "--json"]);
    let result = ran.json();
    assert_eq!(result["recordings"], 3);
    assert_eq!(result["documents"], 1);
    assert_eq!(result["islands"].as_array().unwrap().len(), 1);
    assert_eq!(result["unplaced"][0]["file"], "stranger.wav");
    let picture = fs::read_to_string(result["picture"].as_str().unwrap()).unwrap();
    assert!(picture.starts_with("<svg") || picture.starts_with("<?xml"), "{picture:.100}");
    assert!(scene.at("footage.recount/case.db").is_file());
    let exported = scene.exported("footage.recount");
    let seconds = seconds_between(&exported, "a.wav", "b.m4a");
    assert!((seconds - 7.25).abs() < 0.005, "{exported}");
    assert_eq!(pieces(&exported, "stranger.wav").len(), 0);
    let text = scene.done(&["status", "footage.recount"]).out;
    for words in ["footage", "a.wav", "±", "On no clock", "shares no sound", "report.txt"] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
}

#[test]
fn loose_files_give_the_same_as_a_case_and_leave_nothing() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    let in_case = scene.exported("footage.recount");
    let before = fs::read_dir(scene.root()).unwrap().count();
    let files = ["footage/stranger.wav", "footage/b.m4a", "footage/a.wav"];
    let arguments = [&["sync", "--json"][..], &files].concat();
    let loose = scene.done(&arguments).json();
    assert_eq!(loose["recordings"], in_case["recordings"]);
    assert_eq!(fs::read_dir(scene.root()).unwrap().count(), before);
}

#[test]
fn neither_threads_nor_order_change_a_byte() {
    let scene = Scene::incident();
    let run = |jobs: &str, files: &[&str]| {
        let arguments = [&["sync", "--json", "--jobs", jobs][..], files].concat();
        scene.done(&arguments).out
    };
    let one = run("1", &["footage/a.wav", "footage/b.m4a", "footage/stranger.wav"]);
    let many = run("5", &["footage/stranger.wav", "footage/b.m4a", "footage/a.wav"]);
    assert_eq!(one, many);
}

#[test]
fn the_same_bytes_under_two_names_are_one_source() {
    let scene = Scene::incident();
    fs::copy(scene.at("footage/a.wav"), scene.at("footage/copy.wav")).unwrap();
    let ran = scene.done(&["reconstruct", "footage", "--json"]);
    ran.says("the same bytes are in the case already");
    assert_eq!(ran.json()["recordings"], 3);
    let loose = scene.done(&["sync", "footage", "--json"]).json();
    assert!(seconds_between(&loose, "a.wav", "copy.wav").abs() < 1e-9);
}

#[test]
fn a_file_that_lies_in_two_places_is_told_once_with_both() {
    let scene = Scene::incident();
    for file in ["a.wav", "stranger.wav"] {
        let copy = scene.at(format!("footage/z-{file}"));
        fs::copy(scene.at("footage").join(file), copy).unwrap();
    }
    scene.done(&["reconstruct", "footage"]);
    let text = scene.done(&["status", "footage.recount"]).out;
    for file in ["a.wav", "stranger.wav"] {
        let told = text.lines().find(|line| line.contains(&format!("z-{file}")));
        let told = told.unwrap_or_else(|| panic!("{text}"));
        assert!(
            told.contains(&format!("{file}: the same bytes lie in another place too")),
            "{told}"
        );
    }
    let loose = scene.done(&["sync", "footage"]).out;
    assert!(loose.contains("z-a.wav: it holds the same bytes as a.wav"), "{loose}");
    let unplaced = "it holds the same bytes as stranger.wav, which is on no clock";
    assert!(loose.contains(unplaced), "{loose}");
    // A copy in the case is not another place.
    scene.done(&["new", "c.recount"]);
    scene.done(&["add", "c.recount", "footage/b.m4a", "--copy"]);
    let text = scene.done(&["status", "c.recount"]).out;
    assert!(!text.contains("another place"), "{text}");
}

#[test]
fn a_disc_that_is_away_takes_no_findings_with_it() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage"]);
    let before = scene.exported("footage.recount");
    fs::remove_dir_all(scene.at("footage.recount/cache")).unwrap();
    fs::rename(scene.at("footage"), scene.at("away")).unwrap();
    let ran = scene.run(&["sync", "footage.recount"]);
    assert_eq!(ran.code, 1);
    ran.says("everything stays placed as it was");
    assert_eq!(scene.exported("footage.recount"), before);
    fs::rename(scene.at("away"), scene.at("footage")).unwrap();
    scene.done(&["sync", "footage.recount"]);
    assert_eq!(scene.exported("footage.recount"), before);
    fs::remove_dir_all(scene.at("footage.recount/cache")).unwrap();
    fs::remove_file(scene.at("footage/b.m4a")).unwrap();
    assert_eq!(scene.run(&["sync", "footage.recount", "--without-missing"]).code, 1);
    assert_eq!(pieces(&scene.exported("footage.recount"), "b.m4a").len(), 0);
}

#[test]
fn adding_twice_changes_nothing() {
    let scene = Scene::incident();
    scene.done(&["new", "c.recount"]);
    scene.done(&["add", "c.recount", "footage"]);
    let log = fs::read_to_string(scene.at("c.recount/custody.jsonl")).unwrap();
    let ran = scene.done(&["add", "c.recount", "footage", "footage/a.wav", "--json"]);
    assert_eq!(ran.json()["counts"]["known_already"], 3);
    fs::remove_dir_all(scene.at("c.recount/cache")).unwrap();
    let ran = scene.done(&["add", "c.recount", "footage", "--json"]);
    assert_eq!(ran.json()["counts"]["known_already"], 3);
    assert_eq!(fs::read_to_string(scene.at("c.recount/custody.jsonl")).unwrap(), log);
}

#[test]
fn a_run_that_has_nothing_to_do_writes_nothing() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage"]);
    let log = fs::read_to_string(scene.at("footage.recount/custody.jsonl")).unwrap();
    let ran = scene.done(&["reconstruct", "footage"]);
    ran.says("3 heard before");
    assert_eq!(fs::read_to_string(scene.at("footage.recount/custody.jsonl")).unwrap(), log);
}

#[test]
fn a_recording_added_later_joins_the_others() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage"]);
    scene.wav("later.wav", &incident(1, 45)[16_000 * 15..16_000 * 40]);
    scene.done(&["add", "footage.recount", "later.wav"]);
    let ran = scene.done(&["sync", "footage.recount", "--json"]);
    assert!((seconds_between(&ran.json(), "a.wav", "later.wav") - 15.0).abs() < 0.005);
}

#[test]
fn copied_evidence_is_proven_and_works_without_the_originals() {
    let scene = Scene::incident();
    scene.done(&["new", "c.recount"]);
    let ran = scene.done(&["add", "c.recount", "footage", "--copy", "--json"]);
    assert_eq!(ran.json()["counts"]["recordings"], 3);
    let again = scene.done(&["add", "c.recount", "footage", "--copy", "--json"]);
    assert_eq!(again.json()["counts"]["known_already"], 3);
    fs::rename(scene.at("footage"), scene.at("elsewhere")).unwrap();
    scene.done(&["sync", "c.recount"]);
    let verified = scene.done(&["verify", "c.recount", "--json"]).json();
    assert_eq!(verified["unchanged"], 3);
    scene.wav("c.recount/evidence/slipped-in.wav", &incident(6, 1));
    let verified = scene.run(&["verify", "c.recount"]);
    assert_eq!(verified.code, 1);
    assert!(verified.out.contains("added: it lies with the evidence"), "{}", verified.out);
    assert!(verified.out.contains("slipped-in.wav"));
}

#[test]
fn verify_names_what_is_missing_changed_and_added() {
    let scene = Scene::incident();
    fs::write(scene.at("footage/notes.mp4"), "left out when it was added").unwrap();
    assert_eq!(scene.run(&["reconstruct", "footage"]).code, 1);
    let ran = scene.done(&["verify", "footage.recount", "--json"]);
    assert_eq!(ran.json()["whole"], true);
    fs::remove_file(scene.at("footage/b.m4a")).unwrap();
    let mut bytes = fs::read(scene.at("footage/a.wav")).unwrap();
    bytes[5000] ^= 1;
    fs::write(scene.at("footage/a.wav"), bytes).unwrap();
    scene.wav("footage/new.wav", &incident(4, 2));
    let ran = scene.run(&["verify", "footage.recount", "--json"]);
    assert_eq!(ran.code, 1);
    let verified = ran.json();
    let name = |list: &str| verified[list][0].to_string();
    assert!(name("missing").contains("b.m4a"));
    assert!(name("changed").contains("a.wav") && verified["changed"][0]["now"].is_string());
    assert!(name("added").contains("new.wav"));
    assert_eq!(verified["added"].as_array().unwrap().len(), 1);
    assert_eq!(verified["unchanged"], 1);
    let text = scene.run(&["verify", "footage.recount"]).out;
    for words in ["missing: ", "changed: it was ", "added: ", "custody: whole", "3 differ"] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
}

#[test]
fn verify_sees_an_edited_custody_log() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage"]);
    let path = scene.at("footage.recount/custody.jsonl");
    let log = fs::read_to_string(&path).unwrap();
    fs::write(&path, log.replacen("ana@", "eve@", 1)).unwrap();
    let ran = scene.run(&["verify", "footage.recount"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("custody: not whole"), "{}", ran.out);
    scene.run(&["status", "footage.recount"]).says("custody log is not what was written");
}

#[test]
fn verify_tells_that_a_line_was_completed_after_a_crash() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage"]);
    let path = scene.at("footage.recount/custody.jsonl");
    let log = fs::read(&path).unwrap();
    fs::write(&path, &log[..log.len() - 20]).unwrap();
    let verified = scene.done(&["verify", "footage.recount"]).out;
    assert!(verified.contains("custody: whole"), "{verified}");
    assert!(verified.contains("it was completed from the case"), "{verified}");
    assert_eq!(fs::read(&path).unwrap(), log);
    let again = scene.done(&["verify", "footage.recount"]).out;
    assert!(!again.contains("completed"), "{again}");
}

#[test]
fn a_page_is_as_wide_as_was_asked() {
    let scene = Scene::incident();
    let long = "footage/a-recording-with-a-very-long-name-録音録音-indeed-0123456789.wav";
    fs::rename(scene.at("footage/a.wav"), scene.at(long)).unwrap();
    scene.done(&["reconstruct", "footage"]);
    for columns in [52, 60, 80, 120] {
        let mut command = scene.command(&["status", "footage.recount"]);
        let shown = ran(&command.env("COLUMNS", columns.to_string()).output().unwrap()).out;
        let table = shown.split_once("island  file").unwrap().1;
        for line in table.lines().skip(1).take(2) {
            assert!(publish::text::columns(line) <= columns, "{columns}: {line}");
        }
        let lanes = shown.split_once("Island 0").unwrap().1;
        for line in lanes.lines().take(4) {
            assert!(publish::text::columns(line) <= columns, "{columns}: {line}");
        }
        assert_eq!(shown.contains("drift (ppm)"), columns >= 80, "{columns}\n{shown}");
    }
}

#[test]
fn several_files_take_their_names_from_the_one_that_was_asked_for() {
    let scene = Scene::incident();
    let other = incident(8, 45);
    scene.wav("footage/x.wav", &other);
    scene.wav("footage/y.wav", &other[16_000 * 5..16_000 * 35]);
    scene.done(&["reconstruct", "footage"]);
    scene.done(&["export", "footage.recount", "--to", "otio", "edit.otio"]);
    scene.done(&["export", "footage.recount", "--to", "csv", "table.csv"]);
    for file in ["edit-island-0.otio", "edit-island-1.otio", "table-placements.csv"] {
        assert!(scene.at(file).is_file(), "{file}");
    }
    assert!(!scene.at("edit.otio").exists() && !scene.at("table.csv").exists());
}

#[test]
fn nothing_is_written_among_the_evidence() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage"]);
    scene.done(&["add", "footage.recount", "footage/a.wav", "--copy"]);
    std::os::unix::fs::symlink(scene.at("footage"), scene.at("door")).unwrap();
    let copies = "footage.recount/evidence/";
    for out in ["footage/", "footage/new/x.json", "door/x.json", copies] {
        let ran = scene.run(&["export", "footage.recount", "--to", "json", out]);
        assert_eq!(ran.code, 4, "{out}");
        ran.says("this is evidence and is never written to");
    }
    scene.done(&["export", "footage.recount", "--to", "json", "footage.recount/"]);
    scene.done(&["verify", "footage.recount"]);
}

#[test]
fn an_empty_case_holds_nothing_and_not_less() {
    let scene = Scene::new();
    scene.done(&["new", "c.recount"]);
    let text = scene.done(&["status", "c.recount"]).out;
    assert!(text.starts_with("c: 0 recordings (0 s), 0 documents"), "{text}");
}

#[test]
fn where_no_case_can_be_made_the_reason_fits() {
    let scene = Scene::incident();
    scene.done(&["new", "c.recount"]);
    let again = scene.run(&["new", "c.recount"]);
    assert_eq!(again.code, 4);
    again.says("there is a case here already");
}

#[test]
fn an_export_never_replaces_what_was_not_meant() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage"]);
    let case = "footage.recount";
    scene.done(&["export", case, "--to", "json", "out.json"]);
    let ran = scene.run(&["export", case, "--to", "json", "out.json"]);
    assert_eq!(ran.code, 4);
    ran.says("exists already");
    ran.says("hint: ");
    let ran = scene.done(&["export", case, "--to", "json", "out.json", "--force", "--json"]);
    assert!(ran.json()["written"][0].as_str().unwrap().ends_with("out.json"));
    for target in ["footage/a.wav", "footage.recount/case.db", "footage.recount/custody.jsonl"] {
        let before = fs::read(scene.at(target)).unwrap();
        assert_ne!(scene.run(&["export", case, "--to", "json", target, "--force"]).code, 0);
        assert_eq!(fs::read(scene.at(target)).unwrap(), before);
    }
    scene.done(&["export", case, "--to", "csv", "tables"]);
    assert!(fs::read_dir(scene.at("tables")).unwrap().count() > 1);
    let ran = scene.run(&["export", case, "--to", "csv", "-"]);
    assert_eq!(ran.code, 2);
    scene.done(&["export", case, "--to", "otio", "edit.otio"]);
    scene.done(&["export", case, "--to", "svg", "picture.svg"]);
    let parts = fs::read_dir(scene.root()).unwrap().flatten();
    assert!(!parts.into_iter().any(|part| part.file_name().to_string_lossy().starts_with('.')));
    assert_eq!(scene.run(&["export", case, "--to", "avi", "x"]).code, 2);
}

#[test]
fn a_case_is_never_made_among_evidence() {
    let scene = Scene::incident();
    let ran = scene.run(&["reconstruct", "footage", "--case", "footage/c.recount"]);
    assert_eq!(ran.code, 4);
    ran.says("this is evidence");
    std::os::unix::fs::symlink(scene.at("footage"), scene.at("door")).unwrap();
    assert_eq!(scene.run(&["reconstruct", "footage", "--case", "door/c.recount"]).code, 4);
    assert_eq!(fs::read_dir(scene.at("footage")).unwrap().count(), 3);
}

#[test]
fn progress_for_programs_is_json_lines() {
    let scene = Scene::incident();
    fs::write(scene.at("footage/broken.mp4"), "no").unwrap();
    let ran = scene.run(&["reconstruct", "footage", "--progress", "json", "-v"]);
    let events: Vec<Value> =
        ran.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (event, step) in
        [("started", "add"), ("advanced", "listen"), ("finished", "align"), ("refused", "add")]
    {
        let found = events.iter().any(|e| e["event"] == event && e["step"] == step);
        assert!(found, "{event} {step}\n{}", ran.err);
    }
    let ran = scene.run(&["status", "nowhere", "--progress", "json"]);
    let failed: Value = serde_json::from_str(ran.err.trim()).unwrap();
    assert_eq!((&failed["event"], &failed["exit"]), (&"failed".into(), &4.into()));
}

#[test]
fn quiet_says_nothing_and_colour_comes_only_when_asked_for() {
    let scene = Scene::incident();
    let ran = scene.done(&["reconstruct", "footage", "-q"]);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
    assert!(!scene.done(&["status", "footage.recount"]).out.contains('\u{1b}'));
    let coloured = scene.done(&["status", "footage.recount", "--color", "always"]).out;
    assert!(coloured.contains('\u{1b}'));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    for arguments in [&["status", "footage.recount"][..], &["completions", "bash"]] {
        let mut command = scene.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!(err, "");
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn completions_and_manual_pages_are_made() {
    let scene = Scene::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(scene.done(&["completions", shell]).out.contains("reconstruct"), "{shell}");
    }
    let bash = scene.done(&["completions", "bash"]).out;
    fs::write(scene.at("complete.bash"), bash).unwrap();
    let read = Command::new("bash").arg("-n").arg(scene.at("complete.bash")).status().unwrap();
    assert!(read.success());
    scene.done(&["man", "man1"]);
    let page = fs::read_to_string(scene.at("man1/recount-add.1")).unwrap();
    assert!(page.contains("Adding something twice changes nothing"));
}
