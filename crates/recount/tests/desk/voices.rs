//! Who speaks: voices known across recordings, and what a person says of them.

use evidence::{Utterance, Voiceprint};
use serde_json::Value;

use crate::scene::Scene;
use crate::words::{hear, said, two_microphones};

/// `b.wav` begins so long after `a.wav`, in seconds.
const LATER_S: f64 = 7.25;

fn print(sounds: usize) -> Voiceprint {
    let mut numbers = [0; Voiceprint::NUMBERS];
    numbers[sounds] = 100;
    Voiceprint(numbers)
}

fn by(voice: u32, said: Utterance) -> Utterance {
    Utterance { voice: Some(voice), ..said }
}

/// Two voices in `a.wav`. The second is in `b.wav` too, where it sounds like nobody; the first is in the stranger.
pub(crate) fn two_voices() -> Scene {
    let scene = two_microphones();
    scene.done(&["reconstruct", "footage", "--case", "case"]);
    let question = "who has checked it today and where is it now";
    let answer = "the pistol is cold and lies there on the cart";
    hear(
        &scene,
        "case",
        &[
            (
                "a.wav",
                vec![by(0, said(10.0, question)), by(1, said(20.0, answer))],
                vec![print(1), print(2)],
            ),
            ("b.wav", vec![by(0, said(20.0 - LATER_S, answer))], vec![print(3)]),
            ("stranger.wav", vec![by(0, said(1.0, "I was not there"))], vec![print(1)]),
        ],
    );
    scene
}

/// What `recount voices` lists: name, and in how many recordings.
fn list(told: &Value) -> Vec<(Option<String>, usize)> {
    let voices = told["voices"].as_array().unwrap();
    let one = |voice: &Value| {
        (voice["name"].as_str().map(str::to_owned), voice["heard_in"].as_array().unwrap().len())
    };
    voices.iter().map(one).collect()
}

#[test]
fn a_voice_is_known_across_recordings_by_its_sound_or_by_its_moments() {
    let scene = two_voices();
    insta::assert_snapshot!(scene.done(&["voices", "case"]).out);
    assert_eq!(list(&scene.done(&["voices", "case", "--json"]).json()), [(None, 2), (None, 2)]);
    let words = scene.done(&["words", "case"]).out;
    assert!(words.contains("Voice 1: ") && words.contains("Voice 2: "), "{words}");
    // Switched off, every recording has its own.
    let apart = scene.done(&["voices", "case", "--no-matching", "--json"]).json();
    assert_eq!(list(&apart), [(None, 1), (None, 1), (None, 1), (None, 1)]);
    let again = scene.done(&["voices", "case", "--matching", "--json"]).json();
    assert_eq!(list(&again).len(), 2);
}

#[test]
fn a_name_holds_wherever_the_voice_is_heard_until_it_is_taken_back() {
    let scene = two_voices();
    let named = ["voices", "case", "stranger.wav", "--at", "1.5", "--is", "Ines Calder"];
    scene.done(&named);
    let words = scene.done(&["words", "case"]).out;
    assert!(words.contains("Ines Calder: who has checked it"), "{words}");
    assert!(words.contains("Ines Calder: I was not there"), "{words}");
    let subtitles = scene.done(&["export", "case", "--to", "txt", "-"]).out;
    assert!(subtitles.contains("Ines Calder"), "{subtitles}");
    let found = scene.done(&["search", "case", "speaker:ines", "checked"]).out;
    assert!(found.contains("Ines Calder"), "{found}");
    let log = std::fs::read_to_string(scene.at("case/custody.jsonl")).unwrap();
    assert!(log.contains("Ines Calder"), "who named whom is not in the log");
    scene.done(&["verify", "case"]);
    scene.done(&["voices", "case", "--undo"]);
    assert!(!scene.done(&["words", "case"]).out.contains("Ines"));
    // The index forgets it too.
    let found = scene.run(&["search", "case", "speaker:ines", "checked"]);
    assert!(!found.out.contains("Ines"), "{}", found.out);
}

#[test]
fn two_names_part_what_sounds_alike_and_one_name_joins_what_does_not() {
    let scene = two_voices();
    scene.done(&["voices", "case", "a.wav", "--at", "11", "--is", "Ines"]);
    let told = scene
        .done(&["voices", "case", "stranger.wav", "--at", "1", "--is", "Mara", "--json"])
        .json();
    let mut names = list(&told);
    names.sort();
    assert_eq!(names, [(None, 2), (Some("Ines".into()), 1), (Some("Mara".into()), 1)]);
    let told =
        scene.done(&["voices", "case", "a.wav", "--at", "21", "--is", "Mara", "--json"]).json();
    let mut names = list(&told);
    names.sort();
    assert_eq!(names, [(Some("Ines".into()), 1), (Some("Mara".into()), 3)]);
}

#[test]
fn a_name_can_be_said_of_one_utterance_alone() {
    let scene = two_voices();
    scene.done(&["voices", "case", "a.wav", "--at", "21", "--is", "Ned", "--only"]);
    let told = scene.done(&["voices", "case", "--json"]).json();
    assert!(list(&told).iter().all(|(name, _)| name.is_none()), "{told}");
    assert_eq!(told["named"][0]["person"], "Ned");
    let text = scene.done(&["export", "case", "--to", "txt", "-"]).out;
    assert_eq!(text.matches("Ned").count(), 1, "{text}");
}

#[test]
fn what_cannot_be_named_is_said_in_a_sentence() {
    let scene = two_voices();
    for (asked, said) in [
        (&["voices", "case", "9", "--is", "Ines"][..], "no voice of this number"),
        (&["voices", "case", "a.wav", "--is", "Ines"], "no voice of this number"),
        (&["voices", "case", "a.wav", "--at", "1", "--is", "Ines"], "nobody is known to speak"),
        (&["voices", "case", "1", "--is", "  "], "a name has letters"),
        (&["voices", "case", "--undo"], "nothing was said"),
        (&["voices", "case", "2"], "say who it is"),
    ] {
        let refused = scene.run(asked);
        assert_ne!(refused.code, 0, "{asked:?}");
        assert!(refused.err.contains(said), "{asked:?}: {}", refused.err);
    }
}
