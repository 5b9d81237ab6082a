//! What is said, corrected in the page.

use serde_json::{Value, json};

use super::client::Page;
use crate::correct::misheard;

/// The first utterance on the clock: its recording, its words, when it begins.
fn first(page: &Page) -> (Value, String) {
    let said = page.get("/api/said?island=0").json();
    let one = said["utterances"][0].clone();
    let words = one["words"].as_array().unwrap().iter();
    let text: Vec<&str> = words.map(|word| word["text"].as_str().unwrap()).collect();
    let text = text.join(" ");
    (one, text)
}

#[test]
fn who_corrects_what_somebody_else_corrected_meanwhile_is_told_both_and_overrules_nobody() {
    let scene = misheard();
    let page = Page::open(&scene, "case");
    let (one, text) = first(&page);
    assert_eq!(text, "the bristle is called");
    let best = one["best"].clone();
    let media = if best == page.id("a.wav") { 10.1 } else { 10.1 - crate::words::LATER_S };
    let asked = |text: &str| json!({ "source": best, "media": media, "before": "the bristle is called", "text": text });
    let accepted = page.send("POST", "/api/correct", &asked("the pistol is cold"));
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let job = page.ended(&accepted.json()["job"]);
    assert_eq!(job["state"], "done", "{job}");
    assert_eq!(first(&page).1, "the pistol is cold");
    let late = page.send("POST", "/api/correct", &asked("the whistle is called"));
    assert_eq!(late.status, 409, "{late:?}");
    assert!(late.json()["error"].as_str().unwrap().contains("the pistol is cold"));
    assert_eq!(first(&page).1, "the pistol is cold");
    let undo = format!("/api/undo/{}", page.case()["corrected"]["id"]);
    let job = page.ended(&page.send("POST", &undo, &Value::Null).json()["job"]);
    assert_eq!(job["state"], "done", "{job}");
    assert_eq!(first(&page).1, "the bristle is called");
    assert!(page.case()["corrected"].is_null());
    scene.done(&["verify", "case"]);
}

#[test]
fn a_correction_of_nothing_that_is_said_is_refused() {
    let scene = misheard();
    let page = Page::open(&scene, "case");
    let asked = |source: &str, media: f64| {
        let asked = json!({ "source": source, "media": media, "before": "", "text": "x" });
        page.send("POST", "/api/correct", &asked).status
    };
    assert_eq!(asked(&"0".repeat(64), 1.0), 404);
    assert_eq!(asked(page.id("a.wav").as_str(), 1e300), 422);
    assert_eq!(asked(page.id("a.wav").as_str(), 15.0), 422);
}
