//! Writing down what is said: models, and a real one on the sample case. Those with the real one
//! need `.cache/models/ggml-base.bin`, which `scripts/get-test-model` makes; `make test` says so
//! where it cannot be had.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use evidence::Transcript;
use serde_json::Value;

use crate::scene::{Scene, ffmpeg, incident};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The real model, if it is here.
fn model() -> Option<String> {
    let path = Path::new(ROOT).join(".cache/models/ggml-base.bin");
    path.is_file().then(|| path.to_str().unwrap().to_owned())
}

/// A case with these recordings of the sample.
fn sample(names: &[&str]) -> Scene {
    let scene = Scene::new();
    scene.done(&["new", "case"]);
    for name in names {
        let from = Path::new(ROOT).join("samples/lantern-quay/media").join(name);
        fs::copy(from, scene.at("footage").join(name)).unwrap();
    }
    scene.done(&["add", "case", "footage"]);
    scene
}

/// What was written down, by the name of the file.
fn written(scene: &Scene) -> BTreeMap<String, Transcript> {
    let stamp = case::Stamp { at_utc: String::new(), actor: String::new(), tool: String::new() };
    let case = case::Case::open(&scene.at("case"), &stamp).unwrap();
    let of = |(source, _): (evidence::Source, _)| {
        let transcript = case.transcripts(&source.id).unwrap().into_iter().next()?;
        Some((source.name().clone(), transcript))
    };
    case.recordings().unwrap().into_iter().filter_map(of).collect()
}

/// Words in small letters without marks.
fn plain(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace('\u{2019}', "'");
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
    words.map(|word| word.trim_matches('\'').to_owned()).filter(|word| !word.is_empty()).collect()
}

/// A word and, where it is known, when it begins and ends, in seconds.
type Timed = (String, Option<f64>, Option<f64>);

/// What is said in a recording of the sample; times of utterances only.
fn truth(name: &str) -> Vec<Timed> {
    let path = Path::new(ROOT).join("samples/lantern-quay/truth/words.json");
    let all: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let mut said: Vec<&Value> = all[name].as_array().unwrap().iter().collect();
    said.sort_by(|a, b| a["start"].as_f64().unwrap().total_cmp(&b["start"].as_f64().unwrap()));
    let mut words = Vec::new();
    for said in said {
        let plain = plain(said["text"].as_str().unwrap());
        let last = plain.len() - 1;
        for (n, word) in plain.into_iter().enumerate() {
            let start = (n == 0).then(|| said["start"].as_f64().unwrap());
            let end = (n == last).then(|| said["end"].as_f64().unwrap());
            words.push((word, start, end));
        }
    }
    words
}

fn heard(transcript: &Transcript) -> Vec<Timed> {
    let words = transcript.utterances.iter().flat_map(|utterance| &utterance.words);
    let timed = |word: &evidence::Word| {
        let (start, end) = (word.start.seconds(), word.end.seconds());
        plain(&word.text).into_iter().map(move |text| (text, Some(start), Some(end)))
    };
    words.flat_map(timed).collect()
}

/// Words that are wrong, missing or too many, and the pairs that are the same (Levenshtein).
fn compare(truth: &[Timed], heard: &[Timed]) -> (usize, Vec<(usize, usize)>) {
    let width = heard.len() + 1;
    let mut cost = vec![0; (truth.len() + 1) * width];
    for i in 0..=truth.len() {
        for j in 0..=heard.len() {
            cost[i * width + j] = match (i, j) {
                (0, n) | (n, 0) => n,
                _ => {
                    let other = usize::from(truth[i - 1].0 != heard[j - 1].0);
                    (cost[(i - 1) * width + j - 1] + other)
                        .min(cost[(i - 1) * width + j] + 1)
                        .min(cost[i * width + j - 1] + 1)
                }
            };
        }
    }
    let (mut i, mut j, mut same) = (truth.len(), heard.len(), Vec::new());
    while i > 0 && j > 0 {
        let here = cost[i * width + j];
        let is_same = truth[i - 1].0 == heard[j - 1].0;
        if cost[(i - 1) * width + j - 1] + usize::from(!is_same) == here {
            (i, j) = (i - 1, j - 1);
            if is_same {
                same.push((i, j));
            }
        } else if cost[(i - 1) * width + j] + 1 == here {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    (cost[truth.len() * width + heard.len()], same)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The share of wrong words, and the median errors of beginnings and ends, in seconds.
fn judge(name: &str, transcript: &Transcript) -> (f64, f64, f64) {
    let (truth, heard) = (truth(name), heard(transcript));
    let (wrong, same) = compare(&truth, &heard);
    let off = |side: fn(&Timed) -> Option<f64>| {
        let off = |(i, j): &(usize, usize)| Some((side(&heard[*j])? - side(&truth[*i])?).abs());
        median(same.iter().filter_map(off).collect())
    };
    let rate = wrong as f64 / truth.len() as f64;
    (rate, off(|word| word.1), off(|word| word.2))
}

#[test]
fn without_a_model_one_sentence_says_how_to_get_one() {
    let scene = Scene::incident();
    scene.done(&["new", "case"]);
    scene.done(&["add", "case", "footage"]);
    let ran = scene.run(&["transcribe", "case"]);
    assert_eq!(ran.code, 4);
    ran.says("there is no model to write down speech by");
    ran.says("recount model add FILE");
    let ran = scene.run(&["transcribe", "case", "--model", "huge"]);
    assert_eq!(ran.code, 4);
    ran.says("`huge`");
    assert_eq!(scene.run(&["model", "get", "huge"]).code, 2);
    assert!(scene.done(&["model", "list"]).out.contains("large-v3-turbo"));
}

#[test]
fn a_file_that_is_no_model_is_not_taken() {
    let scene = Scene::new();
    scene.wav("sound.bin", &incident(1, 3));
    let ran = scene.run(&["model", "add", "sound.bin"]);
    assert_eq!(ran.code, 4);
    ran.says("not a Whisper model");
    assert!(!scene.at("data/recount/models/sound.bin").exists());
    scene.done(&["new", "case"]);
    scene.done(&["add", "case", scene.wav("footage/a.wav", &incident(1, 3)).to_str().unwrap()]);
    let ran = scene.run(&["transcribe", "case", "--model", "./sound.bin"]);
    assert_eq!(ran.code, 4);
    ran.says("not a Whisper model");
}

#[test]
fn a_model_is_known_by_its_hash_and_used_by_its_name() {
    let Some(model) = model() else { return };
    let scene = sample(&["REC-0103-mill.m4a"]);
    let added = scene.done(&["model", "add", &model, "--name", "mine", "--json"]).json();
    assert_eq!(added["sha256"].as_str().unwrap().len(), 64);
    let listed = scene.done(&["model", "list", "--json"]).json();
    assert_eq!(listed["here"][0]["name"], "mine");
    let ran = scene.done(&["transcribe", "case", "--json", "--language", "english"]).json();
    assert_eq!(ran["model"]["name"], "mine");
    assert_eq!(ran["transcribed"]["written"][0]["language"], "en");
    // The same again is nothing to do; told otherwise it is.
    let again = scene.done(&["transcribe", "case", "--json", "--language", "english"]).json();
    assert_eq!(again["transcribed"]["before"], 1);
    let ran = scene.run(&["transcribe", "case", "--language", "klingon"]);
    assert_eq!(ran.code, 2);
    ran.says("klingon");
}

/// Of a clean boom, a phone, and a voice note; measured with some to spare.
const BOUNDS: &[(&str, f64)] =
    &[("34R-T01.WAV", 0.15), ("VID-20260210-0007.mp4", 0.35), ("REC-0103-mill.m4a", 0.08)];

#[test]
fn the_sample_is_written_down_with_few_errors_and_good_times() {
    let Some(model) = model() else { return };
    let names: Vec<&str> = BOUNDS.iter().map(|(name, _)| *name).collect();
    let scene = sample(&names);
    scene.done(&["transcribe", "case", "--model", &model]);
    let written = written(&scene);
    for (name, bound) in BOUNDS {
        let (rate, start_s, end_s) = judge(name, &written[*name]);
        println!("{name}: {:.1} % wrong, {start_s:.3} s, {end_s:.3} s", rate * 100.0);
        assert!(rate <= *bound, "{name}: {rate}");
        assert!(start_s <= 0.06, "{name}: {start_s}");
    }
}

#[test]
fn reconstruct_writes_down_too_and_a_copy_only_once() {
    let scene = Scene::new();
    let report = "samples/lantern-quay/media/evening-report-grain-hall.webm";
    let report = Path::new(ROOT).join(report);
    fs::copy(&report, scene.at("footage/report.webm")).unwrap();
    let copy = scene.at("footage/copy.m4a");
    ffmpeg(&["-i", report.to_str().unwrap(), "-vn", "-b:a", "128k", copy.to_str().unwrap()]);
    let ran = scene.done(&["reconstruct", "footage"]);
    assert!(ran.out.contains("recount model get base"), "{}", ran.out);
    let Some(model) = model() else { return };
    let ran = scene.done(&["reconstruct", "footage", "--model", &model, "--json"]).json();
    assert_eq!(ran["transcribed"]["copies"], 1, "{ran}");
    assert_eq!(ran["transcribed"]["written"].as_array().unwrap().len(), 1);
}

#[test]
fn who_stops_it_keeps_what_is_done() {
    let Some(model) = model() else { return };
    let scene = sample(&["REC-0103-mill.m4a", "evening-report-grain-hall.webm"]);
    let arguments = ["transcribe", "case", "--model", &model, "--jobs", "1", "-v"];
    let mut command = scene.command(&arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("words (") {
        line.clear();
        assert!(err.read_line(&mut line).unwrap() > 0, "it ended before one was done");
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert_eq!(written(&scene).len(), 1);
    let ran = scene.done(&arguments);
    ran.says("1 recording");
    ran.says("1 written before");
    assert_eq!(written(&scene).len(), 2);
}

#[test]
fn a_telephone_of_the_eighties_is_understood() {
    let Some(model) = model() else { return };
    let scene = Scene::new();
    let note: PathBuf = Path::new(ROOT).join("samples/lantern-quay/media/REC-0103-mill.m4a");
    let gsm = scene.at("footage/call.wav");
    let (note, gsm) = (note.to_str().unwrap(), gsm.to_str().unwrap());
    // GSM where this ffmpeg can write it, else the same band in eight bits.
    let coded = ["libgsm_ms", "pcm_mulaw"].into_iter().any(|codec| {
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-v", "quiet", "-nostdin", "-y", "-i", note, "-ar", "8000", "-ac", "1"]);
        ffmpeg.args(["-c:a", codec, gsm]).status().unwrap().success()
    });
    assert!(coded);
    scene.done(&["new", "case"]);
    scene.done(&["add", "case", "footage"]);
    scene.done(&["transcribe", "case", "--model", &model]);
    let (rate, ..) = judge("REC-0103-mill.m4a", &written(&scene)["call.wav"]);
    assert!(rate <= 0.12, "{rate}");
}
