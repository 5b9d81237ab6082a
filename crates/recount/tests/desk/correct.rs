//! What persons say is said, in the place of what a machine wrote down.

use serde_json::Value;

use crate::scene::Scene;
use crate::words::{LATER_S, hear, said, two_microphones};

/// Two recordings that misheard the same.
pub(crate) fn misheard() -> Scene {
    let scene = two_microphones();
    scene.done(&["reconstruct", "footage", "--case", "case"]);
    transcribed(&scene, "the bristle is called?");
    scene
}

/// As a recogniser does it, once more too.
fn transcribed(scene: &Scene, text: &str) {
    let (here, there) = (said(10.0, text), said(10.0 - LATER_S, text.trim_end_matches('?')));
    hear(
        scene,
        "case",
        &[
            ("a.wav", vec![here, said(20.0, "who is there")], Vec::new()),
            ("b.wav", vec![there], Vec::new()),
        ],
    );
}

/// The first utterance on the clock: its text, and its words.
fn first(scene: &Scene) -> (String, Vec<Value>) {
    let told = scene.done(&["words", "case", "--json"]).json();
    let words = told["clocks"][0]["utterances"][0]["words"].as_array().unwrap().clone();
    let text: Vec<&str> = words.iter().map(|word| word["text"].as_str().unwrap()).collect();
    (text.join(" "), words)
}

#[test]
fn what_a_person_wrote_is_shown_found_and_exported_whoever_heard_it_otherwise() {
    let scene = misheard();
    let (_, before) = first(&scene);
    let said = scene.done(&["words", "case", "--at", "10.2", "--text", "the pistol is so cold"]);
    assert!(
        said.out.contains("“the bristle is called” is “the pistol is so cold”"),
        "{}",
        said.out
    );
    let (text, after) = first(&scene);
    assert_eq!(text, "the pistol is so cold");
    for (old, new) in [(0, 0), (1, 1), (2, 2)] {
        assert_eq!(before[old]["start"], after[new]["start"]);
    }
    assert_eq!(before[2]["end"], after[2]["end"]);
    // What the other misheard is not told beside it.
    assert!(!scene.done(&["words", "case"]).out.contains("bristle"));
    let found = scene.done(&["search", "case", "so cold"]).out;
    assert!(found.contains("pistol is so cold"), "{found}");
    // The other recording's transcript still says what its machine heard; that is its own.
    let source = scene.done(&["words", "case", "--corrected", "--json"]).json();
    let of = format!("source:{}", source["corrected"][0]["file"].as_str().unwrap());
    assert!(scene.done(&["search", "case", "called", &of]).out.contains("nothing"));
    let text = scene.done(&["export", "case", "--to", "txt", "-"]).out;
    assert!(text.contains("the pistol is so cold"), "{text}");
    assert_eq!(scene.run(&["verify", "case"]).code, 0);
    scene.done(&["words", "case", "--undo"]);
    assert_eq!(first(&scene).0, "the bristle is called");
    assert!(scene.done(&["search", "case", "pistol"]).out.contains("nothing"));
}

#[test]
fn a_correction_stands_when_the_recording_is_transcribed_again() {
    let scene = misheard();
    scene.done(&["words", "case", "a.wav", "--at", "10.2", "--text", "the pistol is cold"]);
    transcribed(&scene, "a bristle's gold?");
    assert_eq!(first(&scene).0, "the pistol is cold");
    let listed = scene.done(&["words", "case", "--corrected", "--json"]).json();
    let one = &listed["corrected"][0];
    assert_eq!(
        (&one["before"], &one["text"]),
        (&"the bristle is called".into(), &"the pistol is cold".into())
    );
    assert!(one["by"].as_str().unwrap().starts_with("ana"));
    assert_eq!(one["confirmed"], false);
    assert_eq!(scene.run(&["verify", "case"]).code, 0);
}

#[test]
fn what_a_person_found_right_is_not_left_to_listen_to() {
    let scene = misheard();
    scene.done(&["words", "case", "a.wav", "--at", "20", "--text", "who? is there"]);
    let unsure = |scene: &Scene| {
        let left = scene.done(&["words", "case", "--unclear", "--json"]).json();
        let all = left["unclear"].as_array().unwrap().clone();
        all.into_iter().filter(|one| one["reason"] == "unsure").count()
    };
    hear(&scene, "case", &[("a.wav", vec![said(10.0, "nobody? knows?")], Vec::new())]);
    hear(&scene, "case", &[("b.wav", vec![said(1.0, "hm")], Vec::new())]);
    assert_eq!(unsure(&scene), 1);
    scene.done(&["words", "case", "--at", "10", "--confirm"]);
    assert_eq!(unsure(&scene), 0);
    assert!(scene.done(&["words", "case", "--corrected"]).out.contains("“nobody knows” is right"));
}

#[test]
fn a_moment_at_which_nobody_speaks_is_not_corrected() {
    let scene = misheard();
    let silent = scene.run(&["words", "case", "--at", "15", "--text", "boo"]);
    assert_eq!(silent.code, 2);
    silent.says("nobody is known to speak");
    scene.run(&["words", "case", "--at", "10"]).says("--confirm");
    scene.run(&["words", "case", "a.wav"]).says("--at TIME");
    scene.run(&["words", "case", "--undo"]).says("nothing was said");
    let odd = scene.run(&["words", "case", "--at", "10", "--text", "a\u{7}b"]);
    odd.says("control");
    assert!(scene.done(&["words", "case", "--corrected"]).out.contains("nothing was corrected"));
}
