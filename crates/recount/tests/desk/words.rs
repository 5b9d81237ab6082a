//! What is said in a case: each utterance once, whoever heard it.

use case::{Case, Stamp, Step};
use evidence::{
    MediaTime, SourceId, Stenographer, Transcript, Unclear, UnclearReason, Utterance, Voiceprint,
    Word,
};
use serde_json::json;

use crate::scene::{RATE_HZ, Scene, incident, noise};

/// `b.wav` begins so long after `a.wav`, in seconds.
pub(crate) const LATER_S: f64 = 7.25;

/// A recording, what is said in it, and what its voices sound like.
pub(crate) type Heard<'a> = (&'a str, Vec<Utterance>, Vec<Voiceprint>);

/// Words from a moment on, three a second; of `word?` the recogniser was unsure.
pub(crate) fn said(from_s: f64, text: &str) -> Utterance {
    let word = |(n, text): (usize, &str)| {
        let start_s = from_s + n as f64 / 3.0;
        Word {
            text: text.trim_end_matches('?').to_owned(),
            start: MediaTime::from_seconds(start_s),
            end: MediaTime::from_seconds(start_s + 0.3),
            confidence: Some(if text.ends_with('?') { 0.4 } else { 0.9 }),
        }
    };
    let words = text.split(' ').enumerate().map(word).collect();
    Utterance { words, voice: None, speaker: None, language: None }
}

/// Two that recorded the same, the second from [`LATER_S`] on and in a noise of its own, and one that did not.
pub(crate) fn two_microphones() -> Scene {
    let scene = Scene::new();
    let sound = incident(1, 45);
    let later = (LATER_S * RATE_HZ as f64) as usize;
    let own = noise(7, 45);
    let mixed = sound[later..RATE_HZ * 38].iter().zip(&own).map(|(s, n)| s / 2 + n / 12);
    scene.wav("footage/a.wav", &sound);
    scene.wav("footage/b.wav", &mixed.collect::<Vec<_>>());
    scene.wav("footage/stranger.wav", &incident(2, 30));
    scene
}

/// Keeps transcripts as a recogniser would that does not know voices.
fn write_down(scene: &Scene, dir: &str, transcripts: &[(&str, Vec<Utterance>)]) {
    let heard = transcripts.iter().map(|(name, said)| (*name, said.clone(), Vec::new()));
    hear(scene, dir, &heard.collect::<Vec<_>>());
}

/// Keeps transcripts as a recogniser would.
pub(crate) fn hear(scene: &Scene, dir: &str, heard: &[Heard]) {
    let stamp = Stamp {
        at_utc: "2026-11-24T00:00:00Z".to_owned(),
        actor: "tester".to_owned(),
        tool: "tests".to_owned(),
    };
    let mut case = Case::open(&scene.at(dir), &stamp).unwrap();
    let sources = case.sources().unwrap();
    for (name, utterances, voices) in heard {
        let source: SourceId = sources.iter().find(|source| source.name() == *name).unwrap().id;
        let step = Step {
            name: "transcribe".to_owned(),
            version: 1,
            params: json!({}),
            inputs: vec![source],
        };
        let by = Stenographer::Recogniser {
            model: "by hand".to_owned(),
            model_sha256: "00".repeat(32),
            prompt: String::new(),
        };
        let transcript = Transcript {
            source,
            by,
            utterances: utterances.clone(),
            unclear: not_understood(name),
            voices: voices.clone(),
        };
        let run = case.begin(&stamp, &step).unwrap();
        case.put_transcript(&stamp, &run, &transcript).unwrap();
        case.finish(&stamp, &run, &json!({})).unwrap();
    }
}

/// What the recogniser of a recording could not make out.
fn not_understood(name: &str) -> Vec<Unclear> {
    let stretch = |start_s: f64, end_s, reason| Unclear {
        start: MediaTime::from_seconds(start_s),
        end: MediaTime::from_seconds(end_s),
        reason,
    };
    match name {
        // The first of these the other understood.
        "b.wav" => vec![
            stretch(20.0 - LATER_S, 21.3 - LATER_S, UnclearReason::NotRecognised),
            stretch(30.0 - LATER_S, 32.0 - LATER_S, UnclearReason::NotRecognised),
        ],
        // The same speech as the second of those, and less of it.
        "a.wav" => vec![stretch(30.5, 31.5, UnclearReason::NotRecognised)],
        "stranger.wav" => vec![stretch(5.0, 6.0, UnclearReason::LikelyInvented)],
        _ => Vec::new(),
    }
}

#[test]
fn what_is_left_to_listen_to_is_what_nobody_on_the_clock_understood() {
    let scene = two_microphones();
    scene.done(&["reconstruct", "footage", "--case", "case"]);
    assert!(scene.done(&["words", "case", "--unclear"]).out.contains("recount transcribe"));
    write_down(
        &scene,
        "case",
        &[
            (
                "a.wav",
                vec![said(10.0, "the bristle? is cold"), said(20.0, "nobody else heard me?")],
            ),
            ("b.wav", vec![said(10.0 - LATER_S, "the pistol is gold?")]),
            ("stranger.wav", vec![said(1.0, "another clock")]),
        ],
    );
    insta::assert_snapshot!(scene.done(&["words", "case", "--unclear"]).out);
    let left = scene.done(&["words", "case", "--unclear", "--json"]).json();
    let of = |n: usize, key: &str| left["unclear"][n][key].clone();
    assert_eq!(left["unclear"].as_array().unwrap().len(), 3);
    assert_eq!((of(0, "reason"), of(0, "name")), (json!("unsure"), json!("a.wav")));
    assert_eq!(of(0, "text"), "nobody else heard me(?)");
    assert!((of(0, "media").as_f64().unwrap() - 20.0).abs() < 1e-6);
    assert_eq!((of(1, "reason"), of(1, "name")), (json!("not-recognised"), json!("b.wav")));
    assert!((of(1, "media").as_f64().unwrap() - (30.0 - LATER_S)).abs() < 1e-6);
    assert_eq!((of(2, "reason"), of(2, "island")), (json!("likely-invented"), json!(null)));
}

#[test]
fn what_two_recordings_heard_is_told_once_and_with_both_in_mind() {
    let scene = two_microphones();
    scene.done(&["reconstruct", "footage", "--case", "case"]);
    let before = scene.done(&["words", "case"]);
    assert!(before.out.contains("recount transcribe"), "{}", before.out);
    write_down(
        &scene,
        "case",
        &[
            (
                "a.wav",
                vec![said(10.0, "the bristle? is cold"), said(20.0, "nobody else heard me?")],
            ),
            ("b.wav", vec![said(10.0 - LATER_S, "the pistol is gold?")]),
            ("stranger.wav", vec![said(1.0, "another clock")]),
        ],
    );
    let told = scene.done(&["words", "case"]).out;
    insta::assert_snapshot!(told);
    let told = scene.done(&["words", "case", "--json"]).json();
    let first = &told["clocks"][0]["utterances"][0];
    let words: Vec<&str> =
        first["words"].as_array().unwrap().iter().map(|w| w["text"].as_str().unwrap()).collect();
    assert_eq!(words, ["the", "pistol", "is", "cold"]);
    assert_eq!(first["words"][1]["others"][0]["text"], "bristle");
    assert_eq!(first["witnesses"].as_array().unwrap().len(), 1);
    assert!(first["machine"].as_bool().unwrap());
    let best = first["best"].as_str().unwrap();
    assert!(["a.wav", "b.wav"].contains(&told["recordings"][best].as_str().unwrap()));
}
