//! A clip is asked where it is from.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::scene::{RATE_HZ, Scene, ffmpeg, incident};

fn near(value: &Value, truth: f64, by: f64) {
    let number = value.as_f64().unwrap();
    assert!((number - truth).abs() <= by, "{number} instead of {truth}");
}

/// Everything in a folder and below, byte for byte.
fn contents(dir: &std::path::Path, into: &mut BTreeMap<std::path::PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            contents(&path, into);
        } else {
            into.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}

#[test]
fn a_clip_is_told_from_where_it_is_and_how_fast_and_the_case_is_left_alone() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    let seconds = |from: usize, to: usize| from * RATE_HZ..to * RATE_HZ;
    let sound = incident(1, 45);
    scene.encoded("cut.mp3", &sound[seconds(12, 30)]);
    // Six seconds of another programme, then a stretch of the recording, four in a hundred faster.
    let part = scene.wav("part.wav", &sound[seconds(10, 36)]);
    let fast = scene.at("fast.wav");
    let filter = format!("asetrate={},aresample={RATE_HZ}", RATE_HZ * 104 / 100);
    ffmpeg(&["-i", part.to_str().unwrap(), "-af", &filter, fast.to_str().unwrap()]);
    let studio = scene.wav("studio.wav", &incident(7, 6));
    let shown = scene.at("shown.m4a");
    let both = ["-i", studio.to_str().unwrap(), "-i", fast.to_str().unwrap()];
    let concat = ["-filter_complex", "concat=n=2:v=0:a=1", shown.to_str().unwrap()];
    ffmpeg(&[&both[..], &concat[..]].concat());
    scene.wav("elsewhere.wav", &incident(9, 20));
    fs::copy(scene.at("footage/b.m4a"), scene.at("again.m4a")).unwrap();

    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    contents(&scene.at("footage.recount"), &mut before);
    let clips = ["cut.mp3", "shown.m4a", "elsewhere.wav", "again.m4a"];
    let asked = [&["find"], &clips[..], &["--in", "footage.recount"]].concat();
    let told = scene.done(&[&asked[..], &["--json"]].concat()).json();
    let text = scene.done(&asked).out;
    contents(&scene.at("footage.recount"), &mut after);
    assert_eq!(before, after);

    let [cut, shown, elsewhere, again] = &told["clips"].as_array().unwrap()[..] else {
        panic!("{told}")
    };
    let copy = &cut["copies"][0];
    assert_eq!((&copy["recording"], &copy["copy"]), (&"a.wav".into(), &"clip".into()), "{told}");
    assert_eq!(copy["reason"], "wholly-inside");
    near(&copy["start"], 0.0, 0.1);
    near(&copy["end"], 18.0, 0.1);
    near(&copy["recording_start"], 12.0, 0.1);
    near(&copy["speed"], 1.0, 0.0);

    let copy = &shown["copies"][0];
    assert_eq!(copy["recording"], "a.wav", "{told}");
    near(&copy["start"], 6.0, 0.1);
    near(&copy["end"], 6.0 + 26.0 / 1.04, 0.1);
    near(&copy["recording_start"], 10.0, 0.1);
    near(&copy["speed"], 1.04, 1e-4);

    assert_eq!(elsewhere["copies"].as_array().unwrap().len(), 0, "{told}");
    assert_eq!(elsewhere["heard"].as_array().unwrap().len(), 0, "{told}");
    assert_eq!(again["same_bytes"], "b.m4a");
    for words in ["played 4.00 % faster", "not found", "holds the same bytes as b.m4a"] {
        assert!(text.contains(words), "no `{words}` in\n{text}");
    }
}

#[test]
fn a_case_that_heard_nothing_yet_says_what_to_do_first() {
    let scene = Scene::incident();
    scene.done(&["new", "empty.recount"]);
    scene.done(&["add", "empty.recount", "footage", "-q"]);
    let ran = scene.run(&["find", "footage/b.m4a", "--in", "empty.recount"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    ran.says("nothing in this case was listened to yet");
    ran.says("recount sync CASE");
    let ran = scene.run(&["find", "footage/b.m4a", "--in", "footage"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    ran.says("this is none");
}
