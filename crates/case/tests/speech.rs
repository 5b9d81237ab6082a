//! Transcripts: what is written down comes back word for word, is replaced by the same hand only,
//! and cannot be altered unseen.

mod common;

use std::cell::RefCell;

use case::{Case, Error, Run};
use common::{case_with, id, source, stamp, step};
use evidence::{
    MediaTime, Source, SourceKind, Stenographer, Transcript, Unclear, UnclearReason, Utterance,
    Voiceprint, Word,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

fn word(text: &str, start_ms: i64, confidence: Option<f32>) -> Word {
    let start = MediaTime(start_ms * 1_000_000);
    let end = MediaTime(start.0 + 250_000_000);
    Word { text: text.to_owned(), start, end, confidence }
}

fn said(text: &str, start_ms: i64) -> Utterance {
    let words = text.split(' ').zip(0..).map(|(text, n)| word(text, start_ms + n * 300, Some(0.9)));
    Utterance { words: words.collect(), voice: Some(1), speaker: None, language: Some("en".into()) }
}

fn recogniser(model: &str) -> Stenographer {
    let (model, model_sha256) = (model.to_owned(), "00".repeat(32));
    Stenographer::Recogniser { model, model_sha256, prompt: String::new() }
}

fn document(n: u32) -> Stenographer {
    Stenographer::Document { document: id(n), format: "webvtt".to_owned(), is_aligned: false }
}

fn transcript(n: u32, by: Stenographer, text: &str) -> Transcript {
    let (start, end) = (MediaTime(8_000_000_000), MediaTime(9_000_000_001));
    let unclear = vec![Unclear { start, end, reason: UnclearReason::LikelyInvented }];
    Transcript { source: id(n), by, utterances: vec![said(text, 1000)], unclear, voices: vec![] }
}

/// A case with recordings 1 and 2, and a document 3.
fn case_with_a_document() -> (tempfile::TempDir, Case) {
    let (folder, mut case) = case_with(2);
    let document = Source { kind: SourceKind::Document, ..source(3) };
    case.add_source(&stamp(), &document, None).unwrap();
    (folder, case)
}

fn put(case: &mut Case, name: &str, transcript: &Transcript) -> Run {
    let run = case.begin(&stamp(), &step(name, &[1])).unwrap();
    case.put_transcript(&stamp(), &run, transcript).unwrap();
    case.finish(&stamp(), &run, &json!({})).unwrap();
    run
}

#[test]
fn a_better_recogniser_takes_the_place_of_the_last_and_of_nobody_elses_transcript() {
    let (_folder, mut case) = case_with_a_document();
    let by_hand = transcript(1, document(3), "Cold gun. She called it.");
    let other = transcript(2, recogniser("tiny"), "Cord gum.");
    put(&mut case, "import", &by_hand);
    put(&mut case, "transcribe", &transcript(1, recogniser("tiny"), "Cold gum."));
    put(&mut case, "transcribe 2", &other);
    assert!(case.is_done(&step("transcribe", &[1])).unwrap());
    let better = transcript(1, recogniser("base"), "Cold gun.");
    put(&mut case, "transcribe anew", &better);

    assert_eq!(case.transcripts(&id(1)).unwrap(), [better, by_hand.clone()]);
    assert_eq!(case.transcripts(&id(2)).unwrap(), [other]);
    assert!(!case.is_done(&step("transcribe", &[1])).unwrap(), "its words are gone");
    assert!(case.is_done(&step("import", &[1])).unwrap());

    // The same document again, read better.
    let by_hand = transcript(1, document(3), "Cold gun, she called it.");
    put(&mut case, "import anew", &by_hand);
    assert_eq!(case.transcripts(&id(1)).unwrap()[1..], [by_hand]);
    assert!(case.verify_custody().unwrap().is_whole());
    assert_eq!(case.check_database().unwrap(), Vec::<String>::new());
}

#[test]
fn other_words_have_another_number() {
    let (_folder, mut case) = case_with_a_document();
    let first = transcript(1, recogniser("tiny"), "Cold gum.");
    put(&mut case, "transcribe", &first);
    let [kept] = &case.kept_transcripts().unwrap()[..] else { panic!("one is kept") };
    assert_eq!(case.transcript(kept.record).unwrap(), Some(first));
    put(&mut case, "transcribe anew", &transcript(1, recogniser("tiny"), "Cold gun."));
    let [anew] = &case.kept_transcripts().unwrap()[..] else { panic!("one is kept") };
    assert!(anew.record > kept.record);
    assert_eq!(case.transcript(kept.record).unwrap(), None);
}

#[test]
fn nothing_is_written_down_of_what_is_no_recording_of_the_case() {
    let (_folder, mut case) = case_with_a_document();
    let run = case.begin(&stamp(), &step("transcribe", &[1])).unwrap();
    for n in [3, 9] {
        let of_none = transcript(n, recogniser("tiny"), "Hello.");
        let error = case.put_transcript(&stamp(), &run, &of_none).unwrap_err();
        assert!(matches!(error, Error::UnknownSource(other) if other == id(n)), "{error}");
    }
    let by_none = transcript(1, document(9), "Hello.");
    let error = case.put_transcript(&stamp(), &run, &by_none).unwrap_err();
    assert!(matches!(error, Error::UnknownSource(other) if other == id(9)), "{error}");
    let mut unsure = transcript(1, recogniser("tiny"), "Hello.");
    unsure.utterances[0].words[0].confidence = Some(f32::NAN);
    let error = case.put_transcript(&stamp(), &run, &unsure).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the confidence of \u{201c}Hello.\u{201d} is not a finite number, so it cannot be stored"
    );
    assert_eq!(case.kept_transcripts().unwrap(), []);
}

#[test]
fn a_word_altered_past_the_door_does_not_pass_custody() {
    for (sql, is_read) in [
        ("UPDATE utterance SET words = replace(words, 'gun', 'bun')", true),
        ("UPDATE utterance SET words = replace(words, 'gun', 'pistol')", false),
        ("UPDATE utterance SET speaker = 'the armourer'", true),
        ("UPDATE transcript SET by_whom = replace(by_whom, 'tiny', 'large')", true),
        ("DELETE FROM unclear", true),
    ] {
        let (_folder, mut case) = case_with_a_document();
        put(&mut case, "transcribe", &transcript(1, recogniser("tiny"), "Cold gun."));
        let dir = case.dir().to_owned();
        drop(case);
        let db = rusqlite::Connection::open(dir.join(case::DATABASE)).unwrap();
        assert_eq!(db.execute(sql, []).unwrap(), 1, "{sql}");
        drop(db);
        let case = Case::open(&dir, &stamp()).unwrap();
        if is_read {
            assert!(!case.verify_custody().unwrap().is_whole(), "{sql}");
        } else {
            let error = case.transcripts(&id(1)).unwrap_err();
            assert!(matches!(error, Error::Damaged { .. }), "{error}");
        }
    }
}

/// Text as hostile files have it: any characters, NUL and line feeds among them.
fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..8).prop_map(String::from_iter)
}

fn any_utterance() -> impl Strategy<Value = Utterance> {
    let word = (text(), any::<[i64; 2]>(), proptest::option::of(-1e9_f32..1e9)).prop_map(
        |(text, [start, end], confidence)| {
            let (start, end) = (MediaTime(start), MediaTime(end));
            Word { text, start, end, confidence }
        },
    );
    let maybe = || proptest::option::of(text());
    (vec(word, 0..6), proptest::option::of(any::<u32>()), maybe(), maybe())
        .prop_map(|(words, voice, speaker, language)| Utterance { words, voice, speaker, language })
}

#[test]
fn any_transcript_comes_back_and_agrees_with_its_record() {
    let (_folder, case) = case_with_a_document();
    let case = RefCell::new(case);
    let reasons = prop_oneof![
        Just(UnclearReason::NotRecognised),
        Just(UnclearReason::LowConfidence),
        Just(UnclearReason::LikelyInvented),
    ];
    let unclear = (any::<[i64; 2]>(), reasons).prop_map(|([start, end], reason)| Unclear {
        start: MediaTime(start),
        end: MediaTime(end),
        reason,
    });
    let by = prop_oneof![
        [text(), text(), text()].prop_map(|[model, model_sha256, prompt]| {
            Stenographer::Recogniser { model, model_sha256, prompt }
        }),
        (text(), any::<bool>()).prop_map(|(format, is_aligned)| Stenographer::Document {
            document: id(3),
            format,
            is_aligned
        }),
    ];
    let print = vec(any::<i8>(), Voiceprint::NUMBERS)
        .prop_map(|numbers| Voiceprint(numbers.try_into().unwrap()));
    let transcripts = (by, vec(any_utterance(), 0..5), vec(unclear, 0..3), vec(print, 0..3));
    TestRunner::new(Config::with_cases(150))
        .run(&transcripts, |(by, utterances, unclear, voices)| {
            let mut case = case.borrow_mut();
            let transcript = Transcript { source: id(1), by, utterances, unclear, voices };
            let run = case.begin(&stamp(), &step("import", &[1])).unwrap();
            case.put_transcript(&stamp(), &run, &transcript).unwrap();
            case.finish(&stamp(), &run, &json!({})).unwrap();
            prop_assert!(case.transcripts(&id(1)).unwrap().contains(&transcript));
            Ok(())
        })
        .unwrap();
    assert_eq!(case.borrow().verify_custody().unwrap().faults, []);
}
