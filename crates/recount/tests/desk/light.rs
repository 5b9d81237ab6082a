//! Recordings without sound, placed by what they saw.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::scene::{RATE_HZ, Scene, incident, pieces, seconds_between};

/// Flashes of the incident, in seconds after its beginning.
const FLASHES_S: [f64; 9] = [9.31, 11.02, 14.87, 18.2, 19.93, 24.41, 27.7, 29.18, 33.64];

/// What flashes elsewhere.
const ELSEWHERE_S: [f64; 9] = [3.1, 4.7, 9.9, 13.3, 15.2, 20.05, 22.8, 26.9, 31.5];

impl Scene {
    /// A film that begins at a moment of the incident, with its sound or without.
    fn film(
        &self,
        name: &str,
        (from_s, to_s): (usize, usize),
        flashes_s: &[f64],
        sound: Option<&[i16]>,
    ) {
        let fps = if from_s % 2 == 0 { 25.0 } else { 30.0 };
        let frame = |at: &f64| ((at - from_s as f64) * fps).floor();
        let lit: Vec<String> = flashes_s
            .iter()
            .map(frame)
            .filter(|n| *n >= 0.0)
            .map(|n| format!("eq(n,{n})"))
            .collect();
        let length_s = to_s - from_s;
        let picture = format!(
            "color=0x404040:s=64x36:r={fps}:d={length_s},drawbox=c=0xd0d0d0:t=fill:enable='{}'",
            lit.join("+")
        );
        let mut arguments = vec!["-f", "lavfi", "-i", &picture];
        let heard = sound
            .map(|sound| self.wav(format!("{name}.wav"), &sound[from_s * RATE_HZ..to_s * RATE_HZ]));
        if let Some(heard) = &heard {
            arguments.extend(["-i", heard.to_str().unwrap()]);
        }
        arguments.extend(["-c:v", "mpeg4", "-q:v", "3"]);
        self.made(&format!("footage/{name}"), &arguments);
        if let Some(heard) = heard {
            fs::remove_file(heard).unwrap();
        }
    }

    /// Two films with sound, and one without.
    fn seen() -> Self {
        let scene = Self::new();
        let sound = incident(5, 40);
        scene.film("a.mp4", (0, 36), &FLASHES_S, Some(&sound));
        scene.film("b.mp4", (5, 40), &FLASHES_S, Some(&sound));
        scene.film("mute.mp4", (8, 40), &FLASHES_S, None);
        scene
    }
}

fn ties_by_light(exported: &Value) -> Vec<&Value> {
    let ties = exported["ties"].as_array().unwrap().iter();
    ties.filter(|tie| tie["by"] == "light").collect()
}

fn refusal<'a>(exported: &'a Value, file: &str) -> &'a Value {
    let recordings = exported["recordings"].as_array().unwrap();
    &recordings.iter().find(|recording| recording["file"] == file).unwrap()["refusal"]
}

#[test]
fn a_film_without_sound_is_placed_by_its_flashes() {
    let scene = Scene::seen();
    let exported = scene.done(&["sync", "footage", "--json"]).json();
    // A frame either way, and the time that sound takes to those who hear it.
    let off_s = seconds_between(&exported, "a.mp4", "mute.mp4") - 8.0;
    assert!((0.0..0.035).contains(&off_s), "{off_s}");
    let sigma_s = pieces(&exported, "mute.mp4")[0]["sigma"].as_f64().unwrap();
    assert!((0.008..0.03).contains(&sigma_s), "{sigma_s}");
    let ties = ties_by_light(&exported);
    assert_eq!(ties.len(), 2, "{ties:?}");
    assert!(
        ties.iter().all(|tie| tie["accepted"] == true && tie["windows_agree"].as_u64() > Some(5))
    );
    assert_eq!(*refusal(&exported, "mute.mp4"), Value::Null);
}

#[test]
fn films_without_sound_that_share_no_flashes_stay_off_the_clock() {
    let scene = Scene::seen();
    scene.film("other.mp4", (0, 36), &ELSEWHERE_S, None);
    scene.film("dark.mp4", (2, 30), &[60.0], None);
    let exported = scene.done(&["sync", "footage", "--json"]).json();
    for file in ["other.mp4", "dark.mp4"] {
        assert_eq!(pieces(&exported, file).len(), 0, "{file}");
        assert_eq!(refusal(&exported, file)["reason"], "no-audio", "{file}");
    }
    assert_eq!(pieces(&exported, "mute.mp4").len(), 1);
}

#[test]
fn two_films_without_sound_make_an_island_of_their_own() {
    let scene = Scene::new();
    scene.film("early.mp4", (0, 36), &FLASHES_S, None);
    scene.film("late.mp4", (7, 40), &FLASHES_S, None);
    let exported = scene.done(&["sync", "footage", "--json"]).json();
    let off_s = seconds_between(&exported, "early.mp4", "late.mp4") - 7.0;
    assert!(off_s.abs() < 0.015, "{off_s}");
}

#[test]
fn pictures_are_not_looked_at_where_everybody_can_be_heard() {
    let scene = Scene::seen();
    fs::remove_file(scene.at("footage/mute.mp4")).unwrap();
    let ran = scene.done(&["sync", "footage", "--json"]);
    assert!(!ran.err.contains("watching"), "{}", ran.err);
    assert_eq!(ties_by_light(&ran.json()).len(), 0);
}

#[test]
fn a_case_keeps_what_was_seen_and_says_the_same_as_loose_files() {
    let scene = Scene::seen();
    scene.done(&["reconstruct", "footage"]);
    let case = scene.at("footage.recount");
    let exported = scene.exported("footage.recount");
    let off_s = seconds_between(&exported, "a.mp4", "mute.mp4") - 8.0;
    assert!((0.0..0.035).contains(&off_s), "{off_s}");
    assert_eq!(ties_by_light(&exported).len(), 2);
    assert_eq!(cached(&case), 3);
    let again = scene.done(&["sync", "footage.recount"]);
    assert!(!again.err.contains("watching"), "{}", again.err);
    // What was seen is looked at again when the cache is gone, and the findings stay.
    fs::remove_dir_all(case.join("cache")).unwrap();
    scene.done(&["sync", "footage.recount"]);
    assert_eq!(cached(&case), 3);
    assert_eq!(scene.exported("footage.recount"), exported);
}

#[test]
fn a_film_that_is_away_takes_no_placement_with_it() {
    let scene = Scene::seen();
    scene.done(&["reconstruct", "footage"]);
    let exported = scene.exported("footage.recount");
    fs::remove_dir_all(scene.at("footage.recount/cache")).unwrap();
    fs::rename(scene.at("footage/mute.mp4"), scene.at("away.mp4")).unwrap();
    let ran = scene.run(&["sync", "footage.recount"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    ran.says("stays placed as it was");
    assert_eq!(scene.exported("footage.recount"), exported);
    let ran = scene.run(&["sync", "footage.recount", "--without-missing"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert_eq!(pieces(&scene.exported("footage.recount"), "mute.mp4").len(), 0);
}

/// Recordings of which the case keeps what was seen.
fn cached(case: &Path) -> usize {
    let folders = fs::read_dir(case.join("cache")).unwrap();
    folders.filter(|folder| folder.as_ref().unwrap().path().join("light-v1").is_file()).count()
}
