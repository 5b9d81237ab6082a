//! What four recordings of the sample's stage heard, told together, against each by itself.
//!
//! `stage.json` holds what Whisper's base model wrote of each: text, beginning, end (seconds of case time) and confidence of
//! every word, an array an utterance. The truth is the sample's own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use evidence::CaseTime;
use evidence::speech::bare;
use serde_json::Value;
use speech::shared::{TimedWord, Track, share};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/lantern-quay/truth");

/// Then somebody calls for help elsewhere, which these four heard only by halves.
const UNTIL_S: f64 = 222.0;

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn written() -> BTreeMap<String, Track> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stage.json");
    let at = |s: &Value| CaseTime((s.as_f64().unwrap() * 1e9) as i64);
    let word = |word: &Value| TimedWord {
        text: word[0].as_str().unwrap().to_owned(),
        start: at(&word[1]),
        end: at(&word[2]),
        confidence: word[3].as_f64().unwrap() as f32,
    };
    let utterance = |said: &Value| said.as_array().unwrap().iter().map(word).collect();
    let track = |said: &Value| Track {
        utterances: said.as_array().unwrap().iter().map(utterance).collect(),
    };
    let all = json(&path);
    all.as_object().unwrap().iter().map(|(name, said)| (name.clone(), track(said))).collect()
}

/// Every word that is said on the stage and that any of these heard, in order.
fn truth(names: &[&String]) -> Vec<String> {
    let (words, places) = (
        json(&Path::new(SAMPLE).join("words.json")),
        json(&Path::new(SAMPLE).join("placements.json")),
    );
    let mut said: BTreeMap<String, (f64, String)> = BTreeMap::new();
    for name in names {
        let mut places = places["recordings"].as_array().unwrap().iter();
        let placed = places.find(|one| one["file"] == name.as_str()).unwrap();
        for one in words[name.as_str()].as_array().unwrap() {
            let at = one["start"].as_f64().unwrap();
            let holds = |piece: &&Value| {
                (piece["start"].as_f64().unwrap()..piece["end"].as_f64().unwrap()).contains(&at)
            };
            let Some(piece) = placed["pieces"].as_array().unwrap().iter().find(holds) else {
                continue;
            };
            let number = |of: &str| piece[of].as_f64().unwrap();
            let case_s = number("a") + (1.0 + number("d") * 1e-6) * at;
            if case_s < UNTIL_S {
                let text = one["text"].as_str().unwrap().to_owned();
                said.entry(one["utterance"].as_str().unwrap().to_owned()).or_insert((case_s, text));
            }
        }
    }
    let mut said: Vec<(f64, String)> = said.into_values().collect();
    said.sort_by(|a, b| a.0.total_cmp(&b.0));
    said.iter().flat_map(|(_, text)| plain(text)).collect()
}

fn plain(text: &str) -> Vec<String> {
    text.split([' ', '-']).map(bare).filter(|word| !word.is_empty()).collect()
}

/// Words that are wrong, missing or too many (Levenshtein).
fn errors(truth: &[String], heard: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (i, said) in truth.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, word) in heard.iter().enumerate() {
            let other = diagonal + usize::from(said != word);
            diagonal = row[j + 1];
            row[j + 1] = other.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[heard.len()]
}

#[test]
fn four_recordings_together_err_less_than_four_fifths_of_the_best_of_them() {
    let written = written();
    // The zero of the case is that of the camera, 2.137 s after that of the truth.
    let until = CaseTime(((UNTIL_S - 2.137) * 1e9) as i64);
    let truth = truth(&written.keys().collect::<Vec<_>>());
    let alone = |track: &Track| {
        let words = track.utterances.iter().flatten().filter(|word| word.start < until);
        errors(&truth, &words.flat_map(|word| plain(&word.text)).collect::<Vec<_>>())
    };
    let best = written.values().map(alone).min().unwrap();
    let tracks: Vec<Track> = written.into_values().collect();
    let told = share(&tracks);
    let words = told.iter().flat_map(|told| &told.words).map(|told| &told.word);
    let words = words.filter(|word| word.start < until).flat_map(|word| plain(&word.text));
    let together = errors(&truth, &words.collect::<Vec<_>>());
    println!("of {} words together {together} are wrong, of the best alone {best}", truth.len());
    assert!(5 * together <= 4 * best, "{together} of {best}");
}
