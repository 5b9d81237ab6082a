//! A case to which recordings come one after another.

use std::fs;

use serde_json::Value;

use crate::scene::{RATE_HZ, Scene, incident};

const CASE: &str = "grown.recount";

/// Four recorders of one incident and a stranger, as they stand beside the case.
const FILES: [&str; 5] = ["a.wav", "b.wav", "c.wav", "d.wav", "stranger.wav"];

fn files() -> Scene {
    let scene = Scene::new();
    let sound = incident(1, 60);
    for (file, from_s) in FILES.into_iter().zip([0, 5, 11, 18]) {
        scene.wav(file, &sound[from_s * RATE_HZ..(from_s + 40) * RATE_HZ]);
    }
    scene.wav("stranger.wav", &incident(2, 30));
    scene
}

/// A case to which the files came in that order, each time synchronised; `before` is done to the
/// case each time.
fn grown(order: &[usize], before: impl Fn(&Scene)) -> (Scene, Value) {
    let scene = files();
    scene.done(&["new", CASE]);
    for &file in order {
        scene.done(&["add", CASE, FILES[file]]);
        before(&scene);
        scene.done(&["sync", CASE, "-q"]);
    }
    let exported = scene.exported(CASE);
    (scene, exported)
}

fn findings(scene: &Scene) -> std::path::PathBuf {
    scene.at(CASE).join("cache/case/findings-v1")
}

#[test]
fn a_case_grown_in_any_order_with_any_cache_is_the_same_to_the_byte() {
    let scene = files();
    scene.done(&["new", CASE]);
    scene.done(&[&["add", CASE][..], &FILES].concat());
    scene.done(&["sync", CASE, "-q"]);
    let at_once = scene.exported(CASE);
    assert!(findings(&scene).is_file());
    let (_, kept) = grown(&[4, 2, 0, 3, 1], |_| {});
    assert_eq!(kept, at_once);
    let (_, deleted) = grown(&[1, 0, 2, 4, 3], |scene| {
        let _ = fs::remove_file(findings(scene));
    });
    assert_eq!(deleted, at_once);
    let (_, damaged) = grown(&[3, 2, 1, 0, 4], |scene| {
        let Ok(mut bytes) = fs::read(findings(scene)) else { return };
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        fs::write(findings(scene), bytes).unwrap();
    });
    assert_eq!(damaged, at_once);
}

#[test]
fn what_moves_when_a_recording_comes_is_told() {
    // The two hear nothing in common until somebody comes who heard both.
    let scene = Scene::new();
    let sound = incident(1, 90);
    let part = |from_s: usize, to_s: usize| &sound[from_s * RATE_HZ..to_s * RATE_HZ];
    for (file, (from_s, to_s)) in
        [("a.wav", (10, 40)), ("b.wav", (12, 42)), ("c.wav", (50, 80)), ("d.wav", (52, 82))]
    {
        scene.wav(format!("footage/{file}"), part(from_s, to_s));
    }
    let first = scene.done(&["reconstruct", "footage", "--json"]).json();
    assert_eq!(first["moved"], Value::Null, "nothing was placed before");
    scene.wav("footage/long.wav", part(0, 90));
    let then = scene.done(&["reconstruct", "footage", "--json"]).json();
    let moved = then["moved"].as_array().unwrap_or_else(|| panic!("{then}"));
    let what = |file: &str| {
        let of: Vec<&str> = moved
            .iter()
            .filter(|change| change["file"] == file)
            .filter_map(|change| change["what"].as_str())
            .collect();
        of.join(" ")
    };
    // One island joined the other, and the new one began before both.
    assert_eq!(moved.iter().filter(|change| change["what"] == "joined").count(), 2, "{then}");
    assert_eq!(what("long.wav"), "zero", "{then}");
    // The same in words, and nothing when nothing moves.
    let again = Scene::new();
    for file in ["a.wav", "b.wav", "c.wav", "d.wav"] {
        fs::copy(scene.at("footage").join(file), again.at("footage").join(file)).unwrap();
    }
    let quiet = again.done(&["reconstruct", "footage"]).out;
    assert!(!quiet.contains("Moved"), "{quiet}");
    fs::copy(scene.at("footage/long.wav"), again.at("footage/long.wav")).unwrap();
    let told = again.done(&["reconstruct", "footage"]).out;
    assert!(told.contains("Moved by more than its doubt since the last time"), "{told}");
    assert_eq!(told.matches("\njoined ").count(), 2, "{told}");
    let settled = again.done(&["sync", "footage.recount", "--json"]).json();
    assert_eq!(settled["moved"], Value::Null);
}
