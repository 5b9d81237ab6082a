//! What a person does in the page, beside other windows and other commands.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};

use serde_json::{Value, json};

use super::client::Page;
use crate::scene::{RATE_HZ, Scene, incident, wav};

const CASE: &str = "footage.recount";

fn served() -> (Scene, Page) {
    let scene = Scene::incident();
    let film = "testsrc=duration=20:size=64x64:rate=10";
    scene.made("footage/lobby.mp4", &["-f", "lavfi", "-i", film, "-an"]);
    scene.done(&["reconstruct", "footage", "-q"]);
    let page = Page::open(&scene, CASE);
    (scene, page)
}

/// Case time of a recording's beginning.
fn offset(recording: &Value) -> f64 {
    recording["pieces"][0]["offset"].as_f64().unwrap_or_else(|| panic!("{recording}"))
}

#[test]
fn the_page_is_told_what_the_case_holds() {
    let (scene, page) = served();
    let case = page.case();
    assert_eq!((&case["title"], &case["veil_all"]), (&"footage".into(), &false.into()));
    assert_eq!(case["recordings"].as_array().unwrap().len(), 4);
    assert_eq!(case["islands"][0]["recordings"], 2);
    let (a, b) = (page.recording("a.wav"), page.recording("b.m4a"));
    assert!((offset(&b) - offset(&a) - 7.25).abs() < 0.005, "{case}");
    assert_eq!(
        (&a["by"], &a["plays"], &a["peaks"]),
        (&"sound".into(), &"direct".into(), &true.into())
    );
    assert!(a["refusal"].is_null() && a["video"].is_null() && a["audio"]["channels"] == 1);
    let stranger = page.recording("stranger.wav");
    assert!(stranger["pieces"].as_array().unwrap().is_empty() && stranger["island"].is_null());
    assert!(stranger["refusal"].as_str().unwrap().contains("shares"), "{stranger}");
    let why = page.get(&format!("/api/why/{}", page.id("a.wav"))).json();
    let told = scene.done(&["why", CASE, "a.wav", "--json"]).json();
    assert_eq!(why, told["why"]);
    assert_eq!(page.get(&format!("/api/why/{}", "0".repeat(64))).status, 404);
}

#[test]
fn a_recording_is_placed_solved_again_and_taken_back() {
    let (scene, page) = served();
    let (a, lobby) = (page.id("a.wav"), page.id("lobby.mp4"));
    let before = page.case()["revision"].as_u64().unwrap();
    let asked = json!({
        "source": lobby, "media": 2.5, "other": a, "other_media": 15.5, "sigma": 0.5, "lock": false,
    });
    let accepted = page.send("POST", "/api/place", &asked);
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let job = page.ended(&accepted.json()["job"]);
    assert_eq!(job["state"], "done", "{job}");
    assert!(job["said"].as_str().unwrap().contains("lobby.mp4 begins"), "{job}");
    let placed = page.recording("lobby.mp4");
    assert!((offset(&placed) - offset(&page.recording("a.wav")) - 13.0).abs() < 0.001);
    assert_eq!(placed["by"], "hand");
    let case = page.case();
    assert!(case["revision"].as_u64().unwrap() > before);
    assert_eq!(case["words"][0]["source"], lobby.as_str());
    // The command line sees the same, and can change it beside the open page.
    let listed = scene.done(&["place", CASE, "--list", "--json"]).json();
    assert_eq!(listed["anchors"][0]["file"], "lobby.mp4");
    let word = case["words"][0]["id"].clone();
    let job = page.send("POST", &format!("/api/undo/{word}"), &Value::Null).json();
    assert_eq!(page.ended(&job["job"])["state"], "done");
    assert!(page.recording("lobby.mp4")["island"].is_null());
    assert_eq!(page.send("POST", &format!("/api/undo/{word}"), &Value::Null).status, 404);
    scene.done(&["verify", CASE]);
}

#[test]
fn what_makes_no_sense_is_refused_with_a_sentence() {
    let (scene, page) = served();
    let (a, lobby) = (page.id("a.wav"), page.id("lobby.mp4"));
    let right = json!({
        "source": lobby, "media": 2.5, "other": a, "other_media": 15.5, "sigma": 0.5, "lock": false,
    });
    let log = fs::read_to_string(scene.at(CASE).join("custody.jsonl")).unwrap();
    for (key, value) in [
        ("sigma", json!(0)),
        ("sigma", json!(-1)),
        ("other", json!(lobby)),
        ("media", json!(1e300)),
        ("media", json!("now")),
        ("source", json!("lobby.mp4")),
        ("source", json!("0".repeat(64))),
        ("more", json!(1)),
    ] {
        let mut wrong = right.clone();
        wrong[key] = value;
        let answer = page.send("POST", "/api/place", &wrong);
        assert!((400..500).contains(&answer.status), "{wrong} {answer:?}");
    }
    for name in ["", "..%2Fa.wav", "%2Fetc%2Fpasswd", ".hidden", "a%00"] {
        let answer = page.ask("POST", &format!("/api/add?name={name}"), &[], b"x");
        assert!((400..500).contains(&answer.status), "{name} {answer:?}");
    }
    let far = json!({ "at": { "case": 1.0, "island": 9 }, "note": "x" });
    assert_eq!(page.send("POST", "/api/markers", &far).status, 422);
    assert_eq!(page.send("POST", "/api/jobs/77/stop", &Value::Null).status, 404);
    assert_eq!(fs::read_to_string(scene.at(CASE).join("custody.jsonl")).unwrap(), log);
}

#[test]
fn markers_are_lines_of_text_that_a_person_may_write_too() {
    let (scene, page) = served();
    let a = page.id("a.wav");
    let noted = json!({ "at": { "case": 12.5, "island": 0 }, "note": "the [bang]\nhere" });
    let first = page.send("POST", "/api/markers", &noted);
    assert_eq!(first.status, 201, "{first:?}");
    let first = first.json();
    let noted = json!({ "at": { "source": a, "media": 3.25 }, "note": "a step" });
    let second = page.send("POST", "/api/markers", &noted).json();
    let file = scene.at(CASE).join("markers.md");
    let mut text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("- [the \\[bang\\] here](#t=12.500) {#"), "{text}");
    assert!(text.contains("- [a step](a.wav#t=3.250) {#") && text.contains("by=\"ana@"), "{text}");
    text += "\nBy hand, with   odd spaces:\n- [by hand](b.m4a#t=1.5)\n";
    fs::write(&file, &text).unwrap();
    let markers = page.until("three markers", |page| {
        let markers = page.case()["markers"].as_array().unwrap().clone();
        (markers.len() == 3).then_some(markers)
    });
    assert_eq!(markers[2]["at"]["source"], page.id("b.m4a").as_str());
    let path = |marker: &Value| format!("/api/markers/{}", marker["id"].as_str().unwrap());
    let changed = json!({ "at": { "case": 13.0, "island": 0 }, "note": "the shot" });
    assert_eq!(page.send("PUT", &path(&first), &changed).status, 200);
    assert_eq!(page.send("DELETE", &path(&second), &Value::Null).status, 204);
    assert_eq!(page.send("DELETE", &path(&second), &Value::Null).status, 404);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.ends_with("\nBy hand, with   odd spaces:\n- [by hand](b.m4a#t=1.5)\n"), "{text}");
    assert!(text.contains("the shot") && !text.contains("bang") && !text.contains("a step"));
    scene.done(&["verify", CASE]);
}

#[test]
fn a_dropped_file_is_copied_in_placed_and_proven() {
    let (scene, page) = served();
    let sound = incident(1, 45);
    let bytes = wav(&sound[RATE_HZ * 12..RATE_HZ * 40]);
    let sent = page.ask("POST", "/api/add?name=third%20one.wav", &[], &bytes);
    assert_eq!(sent.status, 202, "{sent:?}");
    let job = page.ended(&sent.json()["job"]);
    assert_eq!(job["state"], "done", "{job}");
    let third = page.recording("third one.wav");
    assert!((offset(&third) - offset(&page.recording("a.wav")) - 12.0).abs() < 0.005);
    let evidence = scene.at(CASE).join("evidence");
    let folders: Vec<_> =
        fs::read_dir(&evidence).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(folders.len(), 1, "{folders:?}");
    assert_eq!(page.get(&format!("/media/{}", page.id("third one.wav"))).body, bytes);
    scene.done(&["verify", CASE]);
    // What is no recording is not kept, and it is said why.
    let sent = page.ask("POST", "/api/add?name=note.xyz", &[], &[7; 5000]);
    let job = page.ended(&sent.json()["job"]);
    assert_eq!(job["state"], "failed", "{job}");
    assert!(job["said"].as_str().unwrap().contains("recording"), "{job}");
    assert_eq!(fs::read_dir(&evidence).unwrap().count(), 1);
}

#[test]
fn a_file_that_breaks_off_while_it_is_sent_leaves_nothing() {
    let (scene, page) = served();
    let mut stream = page.connect();
    let head = format!(
        "POST /api/add?name=half.wav HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nX-Recount: 1\r\n\
         Content-Length: 1000000\r\n\r\n",
        page.host(),
        page.cookie
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&[1; 5000]).unwrap();
    let evidence = scene.at(CASE).join("evidence");
    let left = || fs::read_dir(&evidence).map_or(0, Iterator::count);
    page.until("the beginning of the file", |_| (left() == 1).then_some(()));
    drop(stream);
    page.until("nothing left of it", |_| (left() == 0).then_some(()));
}

#[test]
fn a_second_window_hears_what_another_process_did() {
    let (scene, page) = served();
    let mut stream = page.connect();
    let head = format!(
        "GET /api/events HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\r\n",
        page.host(),
        page.cookie
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.find(|line| line.starts_with("data: ")).unwrap();
    let revision = |line: &str| -> u64 {
        let data: Value = serde_json::from_str(line.strip_prefix("data: ").unwrap()).unwrap();
        data["revision"].as_u64().unwrap()
    };
    let before = revision(&first);
    scene.done(&["place", CASE, "lobby.mp4", "--at", "15", "--sigma", "0.5"]);
    let after = loop {
        let name = lines.find(|line| line.starts_with("event: ")).unwrap();
        let data = lines.find(|line| line.starts_with("data: ")).unwrap();
        if name == "event: case" {
            break revision(&data);
        }
    };
    assert!(after > before);
    assert!(!page.recording("lobby.mp4")["island"].is_null());
}

#[test]
fn a_server_that_was_killed_and_started_again_knows_its_page() {
    let (scene, page) = served();
    let cookie = page.cookie.clone();
    let token = page.token.clone();
    let before = page.case();
    let port = page.kill();
    let mut page = Page::on_port(&scene, CASE, port);
    page.cookie = cookie;
    let after = page.case();
    assert_eq!(after["recordings"], before["recordings"]);
    assert_ne!(
        after["revision"], before["revision"],
        "a window must see that it is another server"
    );
    page.cookie = String::new();
    assert_eq!(page.get(&format!("/?token={token}")).status, 401, "an old token lets nobody in");
    scene.done(&["verify", CASE]);
}

#[test]
fn a_solution_can_be_stopped_and_the_case_stays_whole() {
    let (scene, page) = served();
    let (a, lobby) = (page.id("a.wav"), page.id("lobby.mp4"));
    // Another process works on the case: the job waits, and can be stopped meanwhile.
    let lock = fs::File::options().write(true).open(scene.at(CASE).join("case.lock")).unwrap();
    lock.lock().unwrap();
    let asked = json!({
        "source": lobby, "media": 2.5, "other": a, "other_media": 15.5, "sigma": 0.5, "lock": false,
    });
    let job = page.send("POST", "/api/place", &asked).json()["job"].clone();
    page.until("a job that waits", |page| {
        let jobs = page.case()["jobs"].clone();
        let found = jobs.as_array().unwrap().iter().find(|found| found["id"] == job).cloned();
        found?["said"].as_str().filter(|said| said.contains("another")).map(|_| ())
    });
    assert_eq!(page.send("POST", &format!("/api/jobs/{job}/stop"), &Value::Null).status, 202);
    assert_eq!(page.ended(&job)["state"], "stopped");
    drop(lock);
    assert!(page.case()["words"].as_array().unwrap().is_empty());
    scene.done(&["verify", CASE]);
}
