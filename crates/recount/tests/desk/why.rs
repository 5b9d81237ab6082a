//! A case is asked why, and what it could not decide.

use std::fs;

use serde_json::Value;

use crate::scene::{RATE_HZ, Scene, incident, noise};

/// Text with every number as `0`: what is measured may move by a hair, what is said may not.
fn masked(text: &str) -> String {
    let mut out = String::new();
    let mut last = ' ';
    for c in text.chars() {
        let c = if c.is_ascii_digit() || (c == '.' && last == '0') { '0' } else { c };
        if !(c == '0' && last == '0') {
            out.push(c);
        }
        last = c;
    }
    out
}

#[test]
fn a_place_is_explained_by_its_ties_window_by_window() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    insta::assert_snapshot!(masked(&scene.done(&["why", "footage.recount", "b.m4a"]).out));
    let why = scene.done(&["why", "footage.recount", "b.m4a", "--json"]).json()["why"].take();
    let tie = &why["ties"][0];
    assert_eq!((&tie["with"], &tie["accepted"]), (&"a.wav".into(), &true.into()));
    assert!((tie["lag"].as_f64().unwrap() - 7.25).abs() < 0.02, "{tie}");
    let windows = tie["windows"].as_array().unwrap();
    let agree = windows.iter().filter(|window| window["agrees"] == true).count();
    assert_eq!(Some(agree as u64), tie["windows_agree"].as_u64());
    assert!(windows.len() > 5 && windows.iter().all(|window| window["residual"].is_f64()));
    assert!(why["pieces"][0]["sigma_parts"]["own"].as_f64().unwrap() > 0.0);
    // The other sees the same, the other way round.
    let other = scene.done(&["why", "footage.recount", "a.wav", "--json"]).json();
    let turned = other["why"]["ties"][0]["lag"].as_f64().unwrap();
    assert!((turned + tie["lag"].as_f64().unwrap()).abs() < 1e-9);
    // By path and by hash as well; what is exported stays small.
    let hash = why["sha256"].as_str().unwrap();
    for name in ["footage/b.m4a", &hash[..12]] {
        scene.done(&["why", "footage.recount", name]);
    }
    assert!(scene.exported("footage.recount")["ties"][0]["windows"].is_null());
}

#[test]
fn a_recording_on_no_clock_is_told_what_came_nearest_and_what_to_do() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    let text = scene.done(&["why", "footage.recount", "stranger.wav"]).out;
    for words in ["on no clock", "shares no sound", "What could be done", "another recording"] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    let ties = scene.exported("footage.recount")["ties"].take();
    assert_eq!(ties.as_array().unwrap().len(), 1, "a near miss is exported: {ties}");
}

#[test]
fn the_residuals_are_drawn_where_nothing_is_lost_by_it() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    let draw = ["why", "footage.recount", "a.wav", "--svg"];
    let ran = scene.done(&[&draw[..], &["why.svg"]].concat());
    assert!(ran.out.contains("wrote why.svg"), "{}", ran.out);
    let picture = fs::read_to_string(scene.at("why.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains("Why a.wav lies where it does"));
    assert!(picture.matches("<circle").count() > 5, "{picture}");
    assert_eq!(scene.run(&[&draw[..], &["why.svg"]].concat()).code, 4);
    scene.done(&[&draw[..], &["why.svg", "--force"]].concat());
    let before = fs::read(scene.at("footage/a.wav")).unwrap();
    scene.run(&[&draw[..], &["footage/a.wav", "--force"]].concat()).says("this is evidence");
    assert_eq!(fs::read(scene.at("footage/a.wav")).unwrap(), before);
}

#[test]
fn why_needs_a_case_and_a_name_that_is_in_it() {
    let scene = Scene::incident();
    let ran = scene.run(&["why", "footage", "a.wav"]);
    assert_eq!(ran.code, 2);
    ran.says("`recount why` needs a case");
    scene.done(&["reconstruct", "footage", "-q"]);
    let ran = scene.run(&["why", "footage.recount", "nobody.wav"]);
    assert_eq!(ran.code, 2);
    ran.says("the case holds no recording of this name");
}

#[test]
fn an_island_that_hangs_on_one_tie_says_so() {
    let scene = Scene::incident();
    let sound = incident(1, 45);
    scene.wav("footage/c.wav", &sound[RATE_HZ * 3..RATE_HZ * 33]);
    scene.done(&["reconstruct", "footage", "-q"]);
    let text = scene.done(&["status", "footage.recount"]).out;
    assert!(!text.contains("hangs on one tie"), "three back one another up\n{text}");
    fs::remove_file(scene.at("footage/c.wav")).unwrap();
    fs::remove_dir_all(scene.at("footage.recount")).unwrap();
    scene.done(&["reconstruct", "footage", "-q"]);
    let text = scene.done(&["status", "footage.recount"]).out;
    let expected = "Island 0 hangs on one tie, ";
    assert!(text.contains(expected), "{text}");
    let status = scene.done(&["status", "footage.recount", "--json"]).json();
    assert_eq!(status["bridges"].as_array().map(Vec::len), Some(1), "{status}");
}

#[test]
fn what_fits_in_several_places_is_listed_with_all_of_them() {
    let scene = Scene::new();
    let round = incident(3, 8);
    let looped: Vec<i16> = round.iter().copied().cycle().take(90 * RATE_HZ).collect();
    for (name, seed, from) in [("one.wav", 11, 3), ("two.wav", 12, 21)] {
        let hiss = noise(seed, 60);
        let heard = looped[from * RATE_HZ..(from + 60) * RATE_HZ].iter();
        let mixed: Vec<i16> = heard.zip(&hiss).map(|(s, h)| s / 2 + h / 60).collect();
        scene.wav(format!("footage/{name}"), &mixed);
    }
    scene.done(&["reconstruct", "footage", "-q"]);
    let text = scene.done(&["status", "footage.recount", "--ambiguous"]).out;
    assert!(text.contains("as strong as the best"), "{text}");
    let doubtful = scene.done(&["status", "footage.recount", "--ambiguous", "--json"]).json();
    let unplaced = doubtful["unplaced"].as_array().unwrap();
    let fits: Vec<&Value> = unplaced.iter().filter(|one| one["fits"] == true).collect();
    assert!(!fits.is_empty(), "{doubtful}");
    let places = fits[0]["alternatives"].as_array().unwrap();
    assert!(places.len() >= 2 && places[0]["share"] == 1.0, "{doubtful}");
}
