//! Who speaks, said in the page.

use serde_json::{Value, json};

use super::client::Page;
use crate::voices::two_voices;

/// Who says something that begins so, as the page shows it.
fn speaker(page: &Page, begins: &str) -> Value {
    let said = page.get("/api/said?island=0").json();
    let utterances = said["utterances"].as_array().unwrap();
    let is_it = |one: &&Value| one["words"][0]["text"] == begins;
    utterances.iter().find(is_it).unwrap_or_else(|| panic!("{said}"))["speaker"].clone()
}

#[test]
fn a_voice_named_in_the_page_is_named_on_the_command_line_too_until_it_is_taken_back() {
    let scene = two_voices();
    let page = Page::open(&scene, "case");
    let asked = json!({
        "source": page.id("stranger.wav"), "media": 1.5, "person": " Ines Calder ", "only": false,
    });
    assert!(speaker(&page, "who").is_null());
    let accepted = page.send("POST", "/api/name", &asked);
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let job = page.ended(&accepted.json()["job"]);
    assert_eq!(job["state"], "done", "{job}");
    // She spoke in another recording, and on a clock that the one she was named in is not on.
    assert_eq!(speaker(&page, "who"), "Ines Calder");
    let named = page.case()["named"].clone();
    assert_eq!((named.as_array().unwrap().len(), &named[0]["person"]), (1, &"Ines Calder".into()));
    assert!(scene.done(&["words", "case"]).out.contains("Ines Calder: who has checked it"));
    let undo = format!("/api/undo/{}", named[0]["id"]);
    let job = page.ended(&page.send("POST", &undo, &Value::Null).json()["job"]);
    assert_eq!(job["state"], "done", "{job}");
    assert!(speaker(&page, "who").is_null());
    assert_eq!(page.case()["named"], json!([]));
    assert_eq!(page.send("POST", &undo, &Value::Null).status, 404);
    scene.done(&["verify", "case"]);
}

#[test]
fn a_name_without_letters_or_of_nobody_is_refused_with_a_sentence() {
    let scene = two_voices();
    let page = Page::open(&scene, "case");
    let right = json!({
        "source": page.id("a.wav"), "media": 10.5, "person": "Ines", "only": true,
    });
    for (key, value) in [
        ("person", json!("  ")),
        ("person", json!("a".repeat(201))),
        ("media", json!(1e300)),
        ("media", Value::Null),
    ] {
        let mut wrong = right.clone();
        wrong[key] = value;
        let answer = page.send("POST", "/api/name", &wrong);
        assert_eq!(answer.status, 422, "{wrong}: {answer:?}");
    }
    let mut elsewhere = right.clone();
    elsewhere["source"] = json!("0".repeat(64));
    assert_eq!(page.send("POST", "/api/name", &elsewhere).status, 404);
    // Nobody speaks there: that is found out when its turn has come.
    let mut silent = right;
    silent["media"] = json!(15.0);
    let job = page.ended(&page.send("POST", "/api/name", &silent).json()["job"]);
    assert_eq!(job["state"], "failed", "{job}");
    assert!(job["said"].as_str().unwrap().contains("nobody is known to speak"), "{job}");
    assert_eq!(page.case()["named"], json!([]));
}
