//! The clocks of files, their lies, and UTC.

use std::fs;

use serde_json::Value;

use crate::scene::{RATE_HZ, Scene, ffmpeg, incident, pieces, seconds_between};

const CASE: &str = "footage.recount";

/// An incident of 100 s that began at 11:46:00 UTC.
struct Stage {
    scene: Scene,
    sound: Vec<i16>,
}

impl Stage {
    fn new() -> Self {
        Self { scene: Scene::new(), sound: incident(1, 100) }
    }

    /// What a device heard from one second to another, with what it claims.
    fn heard(&self, name: &str, (from, to): (usize, usize), tags: &[&str]) {
        self.file(name, &self.sound[from * RATE_HZ..to * RATE_HZ], tags);
    }

    fn file(&self, name: &str, sound: &[i16], tags: &[&str]) {
        let raw = self.scene.wav("raw.wav", sound);
        let path = self.scene.at(format!("footage/{name}"));
        let mut arguments = vec!["-i", raw.to_str().unwrap(), "-movflags", "use_metadata_tags"];
        for tag in tags {
            arguments.extend(["-metadata", tag]);
        }
        if path.extension().is_some_and(|ending| ending == "wav") {
            arguments.extend(["-write_bext", "1"]);
        }
        arguments.push(path.to_str().unwrap());
        ffmpeg(&arguments);
        fs::remove_file(raw).unwrap();
    }

    /// Three phones of which one is wrong by an hour and 37 s, a recorder, and a later recording
    /// of the first phone that shares no sound with anything.
    fn of_lies() -> Self {
        let stage = Self::new();
        let model = |name: &str| format!("model={name}");
        stage.heard(
            "a1.m4a",
            (1, 61),
            &["creation_time=2019-10-21T11:46:01Z", "make=Lantern", &model("Q7")],
        );
        stage.heard(
            "b1.m4a",
            (20, 80),
            &["creation_time=2019-10-21T11:46:20Z", "make=Quay", &model("One")],
        );
        stage.heard(
            "c1.m4a",
            (30, 90),
            &["creation_time=2019-10-21T12:47:07Z", "make=Mole", &model("Three")],
        );
        stage.heard(
            "take.wav",
            (10, 70),
            &[
                "originator=MIXER",
                "origination_date=2019-10-21",
                "origination_time=13:46:10",
                "time_reference=793120000",
            ],
        );
        stage.file(
            "a2.m4a",
            &incident(9, 20),
            &["creation_time=2019-10-21T11:50:00Z", "make=Lantern", &model("Q7")],
        );
        stage.scene.done(&["reconstruct", "footage", "-q"]);
        stage
    }
}

fn clocks<'a>(json: &'a Value, name: &str) -> &'a Value {
    let all = json["clocks"].as_array().unwrap();
    let found = all.iter().find(|clock| clock["clock"].as_str().unwrap() == name);
    found.unwrap_or_else(|| panic!("{name} is not in {json}"))
}

#[test]
fn the_table_tells_which_clock_is_wrong_by_how_much_and_perhaps_why() {
    let stage = Stage::of_lies();
    let table = stage.scene.done(&["clock", CASE]).out;
    insta::assert_snapshot!(table);
    let json = stage.scene.done(&["clock", CASE, "--json"]).json();
    let wrong = clocks(&json, "Mole Three");
    let ahead = wrong["on"][0]["ahead"].as_f64().unwrap();
    assert!((ahead - 3637.0).abs() < 1.1, "{wrong}");
    assert_eq!(json["would_place"][0]["file"], "a2.m4a");
}

#[test]
fn nothing_is_placed_by_clocks_unless_a_person_asks_and_then_it_is_marked_and_kept() {
    let stage = Stage::of_lies();
    let scene = &stage.scene;
    let before = scene.exported(CASE);
    assert_eq!(pieces(&before, "a2.m4a").len(), 0);
    let status = scene.done(&["status", CASE]).out;
    assert!(
        status.contains("a2.m4a: its clock (Lantern Q7, creation time) would put it at"),
        "{status}"
    );
    scene.done(&["sync", CASE, "--by-clock"]);
    let placed = scene.exported(CASE);
    assert!((seconds_between(&placed, "a1.m4a", "a2.m4a") - 239.0).abs() < 41.0, "{placed}");
    let sigma_s = pieces(&placed, "a2.m4a")[0]["sigma"].as_f64().unwrap();
    // The end may be what is noted: the two differ by 40 s in length.
    assert!((20.0..21.0).contains(&sigma_s), "{sigma_s}");
    let recording = |file: &str| {
        let all = placed["recordings"].as_array().unwrap();
        all.iter().find(|recording| recording["file"] == file).unwrap().clone()
    };
    assert_eq!(recording("a2.m4a")["placed_by"], "clock");
    assert_eq!(recording("a1.m4a")["placed_by"], Value::Null);
    assert_eq!(pieces(&placed, "b1.m4a"), pieces(&before, "b1.m4a"));
    assert!(scene.done(&["status", CASE]).out.contains("a2.m4a (by clock)"));
    let why = scene.done(&["why", CASE, "a2.m4a"]).out;
    assert!(why.contains("placed by nothing but the clocks of devices"), "{why}");
    let otio = scene.done(&["export", CASE, "--to", "otio", "-"]).out;
    assert!(otio.contains("placed by clock") && otio.contains("\"placed_by\": \"clock\""));
    let svg = scene.done(&["export", CASE, "--to", "svg", "-"]).out;
    assert!(svg.contains("placed by clock") && svg.contains(", by clock<"), "{svg}");
    // The next run keeps it, and it can be taken back.
    scene.done(&["sync", CASE]);
    assert_eq!(scene.exported(CASE), placed);
    scene.done(&["sync", CASE, "--no-by-clock"]);
    assert_eq!(scene.exported(CASE), before);
    scene.done(&["verify", CASE]);
}

#[test]
fn a_moment_of_utc_anchors_the_case_and_is_taken_back() {
    let stage = Stage::of_lies();
    let scene = &stage.scene;
    let before = scene.exported(CASE);
    // c1 began 30 s after the beginning of it all.
    scene.done(&[
        "clock",
        CASE,
        "c1.m4a",
        "--at",
        "5",
        "--utc",
        "2019-10-21T11:46:35.5Z",
        "--sigma",
        "0.2",
    ]);
    let anchored = scene.exported(CASE);
    assert_eq!(anchored["utc"][0]["anchors"][0]["file"], "c1.m4a");
    let begins = anchored["recordings"].as_array().unwrap().iter().find(|r| r["file"] == "b1.m4a");
    let begins = &begins.unwrap()["utc"];
    assert!(begins["begins"].as_str().unwrap().starts_with("2019-10-21T11:46:20."), "{begins}");
    assert!((0.2..0.21).contains(&begins["sigma"].as_f64().unwrap()), "{begins}");
    assert_eq!(pieces(&anchored, "b1.m4a"), pieces(&before, "b1.m4a"));
    let table = scene.done(&["clock", CASE]).out;
    assert!(table.contains("compared with UTC") && table.contains("it holds (ana@"), "{table}");
    let status = scene.done(&["status", CASE]).out;
    assert!(status.contains("2019-10-21T11:46:20.5Z  ±20"), "{status}");
    // What contradicts it is told, and the exit code says so.
    let ran = scene.run(&["clock", CASE, "a1.m4a", "--utc", "2019-10-21T12:46:01Z"]);
    assert_eq!(ran.code, 1);
    ran.says("what was said of UTC contradicts itself");
    scene.done(&["clock", CASE, "--undo"]);
    assert_eq!(scene.exported(CASE), anchored);
    scene.done(&["clock", CASE, "c1.m4a", "--undo"]);
    assert_eq!(scene.exported(CASE), before);
    assert_eq!(scene.run(&["clock", CASE, "--undo"]).code, 2);
    scene.done(&["verify", CASE]);
}

#[test]
fn utc_is_taken_from_a_file_that_states_it_and_from_no_other() {
    let stage = Stage::new();
    stage.heard(
        "phone.m4a",
        (0, 60),
        &["com.apple.quicktime.creationdate=2019-10-21T13:46:00+0200", "model=Q7"],
    );
    stage.heard("VID_20191021_134610.m4a", (10, 70), &[]);
    let scene = &stage.scene;
    scene.done(&["reconstruct", "footage", "-q"]);
    let ran = scene.run(&["clock", CASE, "--utc-from", "VID_20191021_134610.m4a"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    ran.says("says nothing of UTC");
    scene.done(&["clock", CASE, "--utc-from", "phone.m4a"]);
    let exported = scene.exported(CASE);
    assert_eq!(exported["utc"][0]["anchors"][0]["utc"], "2019-10-21T11:46:00Z");
    assert_eq!(exported["utc"][0]["anchors"][0]["sigma"], 1.0);
}

#[test]
fn a_clock_read_by_hand_in_two_files_places_the_second() {
    let stage = Stage::new();
    stage.heard("a.m4a", (0, 60), &[]);
    stage.heard("b.m4a", (10, 70), &[]);
    let source = "testsrc=duration=20:size=64x64:rate=10";
    stage.scene.made("footage/lobby.mp4", &["-f", "lavfi", "-i", source, "-an"]);
    let scene = &stage.scene;
    scene.done(&["reconstruct", "footage", "-q"]);
    let read = |file: &str, at: &str, shows: &str| {
        scene.done(&["clock", CASE, file, "--at", at, "--shows", shows, "--name", "wall"]);
    };
    read("a.m4a", "10", "2019-10-21 13:46:10");
    read("lobby.mp4", "5", "2019-10-21 13:46:45.5");
    scene.done(&["sync", CASE, "--by-clock", "-q"]);
    let exported = scene.exported(CASE);
    assert!((seconds_between(&exported, "a.m4a", "lobby.mp4") - 40.5).abs() < 0.01, "{exported}");
    // Corrected while clocks are believed, it moves at once.
    scene.done(&["clock", CASE, "lobby.mp4", "--undo"]);
    read("lobby.mp4", "5", "2019-10-21 13:46:47");
    let exported = scene.exported(CASE);
    assert!((seconds_between(&exported, "a.m4a", "lobby.mp4") - 42.0).abs() < 0.01, "{exported}");
}

#[test]
fn what_cannot_be_meant_of_a_clock_is_refused_before_anything_is_kept() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    let log = fs::read_to_string(scene.at(CASE).join("custody.jsonl")).unwrap();
    for arguments in [
        &["--utc", "2019-10-21T11:46:00Z"][..],
        &["a.wav", "--utc", "2019-10-21T11:46:00"],
        &["a.wav", "--utc", "9999-10-21T11:46:00Z"],
        &["a.wav", "--shows", "noon"],
        &["a.wav", "--shows", "12:00:00", "--utc", "2019-10-21T11:46:00Z"],
        &["a.wav", "--name", "wall"],
        &["nobody.wav", "--utc", "2019-10-21T11:46:00Z"],
        &["a.wav", "--utc", "2019-10-21T11:46:00Z", "--sigma", "0"],
        &["--utc-from", "nobody.wav"],
        &["--utc-from", "a.wav"],
        &["--undo"],
    ] {
        let ran = scene.run(&[&["clock", CASE], arguments].concat());
        assert_eq!(ran.code, 2, "{arguments:?} {}", ran.err);
    }
    assert_eq!(fs::read_to_string(scene.at(CASE).join("custody.jsonl")).unwrap(), log);
    let table = scene.done(&["clock", CASE]).out;
    assert!(table.starts_with("neither claims nor the name"), "{table}");
    assert_eq!(scene.run(&["sync", "footage", "--by-clock"]).code, 2);
}
