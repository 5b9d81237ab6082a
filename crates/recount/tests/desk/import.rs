//! Transcripts that somebody brings.

use std::fs;

use crate::scene::Scene;

const VTT: &str = "WEBVTT\n\n00:01.000 --> 00:03.000\n<v Mara Quill>Cold gun on the cart.\n\n\
                   00:05.000 --> 00:06.000\n<v Ned>Who checked it?\n";

/// A case with what two microphones heard, and a transcript of one.
pub fn transcribed() -> Scene {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    fs::write(scene.at("said.vtt"), VTT).unwrap();
    scene.done(&["import", "footage.recount", "said.vtt", "--of", "a.wav", "-q"]);
    scene
}

#[test]
fn a_transcript_is_kept_with_its_file_and_twice_is_once() {
    let scene = transcribed();
    let before = fs::read(scene.at("footage.recount/custody.jsonl")).unwrap();
    let again = ["import", "footage.recount", "said.vtt", "--of", "a.wav"];
    assert_eq!(
        scene.done(&again).out,
        "in the case already: 8 words of a.wav, spread over the times of their lines (webvtt)\n"
    );
    assert_eq!(fs::read(scene.at("footage.recount/custody.jsonl")).unwrap(), before);
    let told = scene.done(&[&again[..], &["--json"]].concat()).json();
    assert_eq!((&told["words"], &told["times"]), (&8.into(), &"spread".into()), "{told}");
    assert_eq!(scene.run(&["verify", "footage.recount"]).code, 0);
    assert_eq!(fs::read_to_string(scene.at("said.vtt")).unwrap(), VTT);
}

#[test]
fn what_is_no_whole_transcript_leaves_the_case_as_it_was() {
    let scene = transcribed();
    let before = fs::read(scene.at("footage.recount/custody.jsonl")).unwrap();
    fs::write(scene.at("torn.srt"), "1\n00:00:01,000 --> 00:00:02,000\nhi\n\n2\n00:0").unwrap();
    let ran = scene.run(&["import", "footage.recount", "torn.srt", "--of", "a.wav"]);
    assert_eq!(ran.code, 4);
    assert!(ran.err.contains("line 6: here a subtitle's times should stand"), "{}", ran.err);
    let ran = scene.run(&["import", "footage.recount", "said.vtt", "--of", "nobody.wav"]);
    assert_eq!(ran.code, 2);
    assert_eq!(fs::read(scene.at("footage.recount/custody.jsonl")).unwrap(), before);
}

#[test]
fn words_after_the_end_are_told() {
    let scene = transcribed();
    fs::write(scene.at("late.srt"), "1\n05:00:01,000 --> 05:00:02,000\nhi there\n").unwrap();
    let ran = scene.run(&["import", "footage.recount", "late.srt", "--of", "a.wav"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("2 words of this transcript are after the end"), "{}", ran.err);
}

#[test]
fn what_was_brought_leaves_in_every_format_and_word_processors_read_it() {
    let scene = transcribed();
    scene.done(&["export", "footage.recount", "--to", "docx", "said.docx", "-q"]);
    let document = fs::read(scene.at("said.docx")).unwrap();
    let texts: Vec<String> =
        documents::text::read("docx", &document).unwrap().into_iter().map(|p| p.text).collect();
    assert_eq!(texts[0], "a.wav");
    assert_eq!(texts[2], "[00:00:01.000] Mara Quill: Cold gun on the cart.");
    let vtt = scene.done(&["export", "footage.recount", "--to", "vtt", "-"]).out;
    assert!(vtt.contains("00:00:01.000 --> 00:00:03.000\n<v Mara Quill>Cold <00:00:01."), "{vtt}");
    scene.done(&["export", "footage.recount", "--to", "words-csv", "words.csv", "-q"]);
    let rows = fs::read_to_string(scene.at("words.csv")).unwrap();
    assert_eq!(rows.lines().count(), 9);
    let ran = scene.run(&["export", "footage.recount", "--to", "srt", "-"]);
    assert!(
        ran.out.starts_with("1\n00:00:01,000 --> 00:00:03,000\nMara Quill: Cold gun"),
        "{}",
        ran.out
    );
}
