//! A person says where a recording lies.

use std::fs;

use serde_json::Value;

use crate::scene::{RATE_HZ, Scene, incident, pieces, seconds_between};

const CASE: &str = "footage.recount";

/// The incident, and a film without sound.
fn with_a_silent_film() -> Scene {
    let scene = Scene::incident();
    let source = "testsrc=duration=20:size=64x64:rate=10";
    scene.made("footage/lobby.mp4", &["-f", "lavfi", "-i", source, "-an"]);
    scene.done(&["reconstruct", "footage", "-q"]);
    scene
}

fn recording<'a>(exported: &'a Value, file: &str) -> &'a Value {
    let all = exported["recordings"].as_array().unwrap();
    all.iter().find(|recording| recording["file"] == file).unwrap()
}

#[test]
fn a_silent_film_is_placed_marked_and_taken_back() {
    let scene = with_a_silent_film();
    let before = scene.exported(CASE);
    assert_eq!(pieces(&before, "lobby.mp4").len(), 0);
    let at = ["place", CASE, "lobby.mp4", "--at", "0:00:15.5", "--media", "2.5", "--sigma", "0.5"];
    let ran = scene.done(&[&at[..], &["--json"]].concat()).json();
    assert_eq!(ran["accepted"], true);
    assert_eq!(ran["changes"].as_array().unwrap().len(), 1, "{ran}");
    assert_eq!(
        (&ran["changes"][0]["file"], &ran["changes"][0]["what"]),
        (&"lobby.mp4".into(), &"placed".into())
    );
    let placed = scene.exported(CASE);
    assert!((seconds_between(&placed, "a.wav", "lobby.mp4") - 13.0).abs() < 0.001, "{placed}");
    let sigma_s = pieces(&placed, "lobby.mp4")[0]["sigma"].as_f64().unwrap();
    assert!((0.5..0.51).contains(&sigma_s), "{sigma_s}");
    assert_eq!(recording(&placed, "lobby.mp4")["anchored"], true);
    assert_eq!(recording(&placed, "a.wav")["anchored"], Value::Null);
    assert_eq!(recording(&placed, "b.m4a"), recording(&before, "b.m4a"));
    let by_hand = placed["ties"].as_array().unwrap().iter().find(|tie| tie["by"] == "hand");
    assert_eq!(by_hand.unwrap()["accepted"], true);
    let text = scene.done(&["status", CASE]).out;
    for words in ["lobby.mp4 (by hand)", "Placed by hand", "it holds (ana@", "± 0.5 s"] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    let listed = scene.done(&["place", CASE, "--list", "--json"]).json();
    assert_eq!(listed["anchors"][0]["file"], "lobby.mp4");
    assert!(listed["anchors"][0]["by"].as_str().unwrap().starts_with("ana@"));
    let undone = scene.done(&["place", CASE, "--undo"]).out;
    assert!(undone.contains("lobby.mp4 is on no clock any more"), "{undone}");
    assert_eq!(scene.exported(CASE), before);
    assert_eq!(scene.run(&["place", CASE, "--undo"]).code, 2);
    scene.done(&["verify", CASE]);
    let log = fs::read_to_string(scene.at(CASE).join("custody.jsonl")).unwrap();
    assert!(log.contains("lobby.mp4 at 0:00:02.500 is ") && log.contains("\"undo\""), "{log}");
}

#[test]
fn sound_outweighs_a_word_and_a_lock_outweighs_sound() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    let word = ["place", CASE, "b.m4a", "--with", "a.wav", "--other-at", "9", "--sigma", "0.05"];
    let ran = scene.run(&word);
    assert_eq!(ran.code, 1);
    ran.says("what was heard, or else was said, contradicts it by 1.7");
    assert!((seconds_between(&scene.exported(CASE), "a.wav", "b.m4a") - 7.25).abs() < 0.005);
    let locked = scene.done(&[&word[..], &["--lock"]].concat());
    assert!(locked.out.contains("b.m4a by +1.75"), "{}", locked.out);
    let exported = scene.exported(CASE);
    assert!((seconds_between(&exported, "a.wav", "b.m4a") - 9.0).abs() < 0.001);
    let ties = exported["ties"].as_array().unwrap();
    let sound = ties.iter().find(|t| t["by"] == "sound");
    assert_eq!(sound.unwrap_or_else(|| panic!("{ties:?}"))["accepted"], false, "{ties:?}");
    scene.done(&["place", CASE, "b.m4a", "--undo"]);
    assert!((seconds_between(&scene.exported(CASE), "a.wav", "b.m4a") - 7.25).abs() < 0.005);
}

#[test]
fn two_islands_become_one_and_a_moved_zero_is_told() {
    let scene = Scene::incident();
    let other = incident(8, 45);
    scene.wav("footage/x.wav", &other);
    scene.wav("footage/y.wav", &other[RATE_HZ * 5..RATE_HZ * 35]);
    scene.done(&["reconstruct", "footage", "-q"]);
    let ran = scene.done(&["place", CASE, "x.wav", "--with", "a.wav", "--other-at", "-10"]).out;
    // Which island keeps its number depends on hashes; the other's recordings join it.
    assert_eq!(ran.matches("joined    ").count(), 2, "{ran}");
    assert!(!ran.contains("moved     "), "{ran}");
    let exported = scene.exported(CASE);
    assert!((seconds_between(&exported, "x.wav", "a.wav") - 10.0).abs() < 0.001, "{exported}");
    assert!((seconds_between(&exported, "x.wav", "y.wav") - 5.0).abs() < 0.005, "{exported}");
    // The word is about recordings: it means the same on the new clock.
    let again = scene.done(&["place", CASE, "stranger.wav", "--at", "30", "--json"]).json();
    assert_eq!(again["changes"].as_array().unwrap().len(), 1, "{again}");
    let exported = scene.exported(CASE);
    assert!((seconds_between(&exported, "x.wav", "stranger.wav") - 30.0).abs() < 0.001);
    assert!((seconds_between(&exported, "x.wav", "a.wav") - 10.0).abs() < 0.001);
}

#[test]
fn a_word_that_was_kept_before_a_crash_is_heeded_by_the_next_run() {
    let scene = with_a_silent_film();
    let arguments =
        ["place", CASE, "lobby.mp4", "--at", "15", "--sigma", "0.5", "--progress", "json"];
    let mut child = scene.command(&arguments).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let log = scene.at(CASE).join("custody.jsonl");
    while !fs::read_to_string(&log).unwrap().contains("\"place\"") {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it kept what was said");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    scene.done(&["sync", CASE]);
    assert!((seconds_between(&scene.exported(CASE), "a.wav", "lobby.mp4") - 15.0).abs() < 0.001);
    scene.done(&["verify", CASE]);
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_kept() {
    let scene = with_a_silent_film();
    let log = fs::read_to_string(scene.at(CASE).join("custody.jsonl")).unwrap();
    for arguments in [
        &["lobby.mp4"][..],
        &["lobby.mp4", "--at", "soon"],
        &["lobby.mp4", "--at", "1", "--with", "a.wav"],
        &["lobby.mp4", "--at", "1", "--sigma", "0"],
        &["nobody.mp4", "--at", "1"],
        &["lobby.mp4", "--with", "lobby.mp4"],
        &["lobby.mp4", "--at", "1", "--island", "7"],
        &["--at", "1"],
        &["lobby.mp4", "--other-at", "1"],
    ] {
        let ran = scene.run(&[&["place", CASE], arguments].concat());
        assert_eq!(ran.code, 2, "{arguments:?} {}", ran.err);
    }
    assert_eq!(fs::read_to_string(scene.at(CASE).join("custody.jsonl")).unwrap(), log);
}

#[test]
fn where_recorders_stood_makes_them_surer_is_told_and_can_be_taken_back() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    let before = scene.exported(CASE);
    let sigma_s = |exported: &Value| pieces(exported, "b.m4a")[0]["sigma"].as_f64().unwrap();
    for (file, at) in [("a.wav", "0,0"), ("b.m4a", "-0.3,0")] {
        scene.done(&["place", CASE, file, "--stood", at, "--within", "0.1"]);
    }
    let after = scene.exported(CASE);
    assert!(sigma_s(&after) < sigma_s(&before), "{after}");
    let apart_s = |exported: &Value| seconds_between(exported, "a.wav", "b.m4a");
    assert!((apart_s(&after) - apart_s(&before)).abs() < 1e-6);
    let why = scene.done(&["why", CASE, "b.m4a"]).out;
    assert!(why.contains("stood 0.5 m apart at most: one can have heard a sound 1.5 ms"), "{why}");
    let listed = scene.done(&["place", CASE, "--list"]).out;
    assert!(listed.contains("b.m4a stood at -0.3, 0, 0 m, never more than 0.1 m"), "{listed}");
    let listed = scene.done(&["place", CASE, "--list", "--json"]).json();
    assert_eq!(listed["stood"][1]["at_m"][0], -0.3);
    scene.done(&["place", CASE, "b.m4a", "--undo"]);
    scene.done(&["place", CASE, "--undo"]);
    assert_eq!(scene.exported(CASE), before);
    for wrong in [&["--stood", "here"][..], &["--stood", "1"], &["--within", "2"]] {
        assert_eq!(scene.run(&[&["place", CASE, "a.wav"], wrong].concat()).code, 2, "{wrong:?}");
    }
    scene.done(&["verify", CASE]);
}

#[test]
fn who_says_it_again_corrects_what_was_said() {
    let scene = with_a_silent_film();
    let place = |at: &str| scene.done(&["place", CASE, "lobby.mp4", "--at", at, "--sigma", "0.5"]);
    place("10");
    let drawn = fs::read_to_string(scene.at(CASE).join("timeline.svg")).unwrap();
    let ran = place("15");
    assert!(ran.err.contains("takes the place of: lobby.mp4 at 0:00:00.000"), "{}", ran.err);
    let found_s = seconds_between(&scene.exported(CASE), "a.wav", "lobby.mp4");
    assert!((found_s - 15.0).abs() < 0.001, "{found_s}");
    // The picture in the case shows what is so now.
    assert_ne!(fs::read_to_string(scene.at(CASE).join("timeline.svg")).unwrap(), drawn);
    let why = scene.done(&["why", CASE, "lobby.mp4"]).out;
    assert!(
        why.contains("placed by a person's word alone") && !why.contains("in common ("),
        "{why}"
    );
    let undone = scene.done(&["place", CASE, "--undo"]).out;
    assert!(undone.contains("took back: lobby.mp4"), "{undone}");
    let beyond = scene.run(&["place", CASE, "lobby.mp4", "--at", "10", "--media", "500"]);
    assert!(beyond.code == 2 && beyond.err.contains("which is 20.000 s long"), "{}", beyond.err);
}
