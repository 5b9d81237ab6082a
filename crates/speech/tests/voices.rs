//! Who speaks when, on the sample case, against what is known of it. Needs `ffmpeg`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use evidence::MediaTime;
use serde_json::Value;
use speech::RATE_HZ;
use speech::pieces::Cutter;
use speech::voiceprint::Printer;
use speech::voices::{Stretch, Voices, hear, tell_apart};

fn sample(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/lantern-quay").join(part)
}

/// Mono sound from the beginning of the file's time on.
fn sound_of(file: &str) -> Vec<f32> {
    let out = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(sample("media").join(file))
        .args(["-af", "aresample=async=1:first_pts=0", "-ac", "1", "-ar", &RATE_HZ.to_string()])
        .args(["-f", "f32le", "-"])
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    out.stdout.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

fn heard(file: &str) -> (Vec<Stretch>, Voices) {
    let mut cutter = Cutter::new().unwrap();
    let printer = Printer::new().unwrap();
    let mut pieces = cutter.push(&sound_of(file)).unwrap();
    pieces.extend(cutter.finish().unwrap());
    let stretches: Vec<Stretch> =
        pieces.iter().flat_map(|piece| hear(&printer, piece, &|| false).unwrap()).collect();
    let voices = tell_apart(&stretches);
    (stretches, voices)
}

/// Seconds of speech that are clearly heard, and those of them with the wrong voice, where each voice
/// is the speaker that it has most of (at most one voice for a speaker, the largest first).
fn wrong(file: &str) -> (f64, f64) {
    let truth: Value =
        serde_json::from_slice(&std::fs::read(sample("truth/words.json")).unwrap()).unwrap();
    let (stretches, voices) = heard(file);
    let mut shares: BTreeMap<(usize, &str), f64> = BTreeMap::new();
    let mut all_s = 0.0;
    for said in truth[file].as_array().unwrap() {
        let (start, end) = (said["start"].as_f64().unwrap(), said["end"].as_f64().unwrap());
        if said["audible"] != "clear" {
            continue;
        }
        all_s += end - start;
        let middle_s =
            |stretch: &Stretch| f64::midpoint(stretch.start.seconds(), stretch.end.seconds());
        // Every tenth of a second has the voice of the stretch whose middle is nearest.
        let tenths = ((end - start) * 10.0).round() as usize;
        for tenth in 0..tenths {
            let at_s = start + (tenth as f64 + 0.5) / 10.0;
            let near = (0..stretches.len()).min_by(|a, b| {
                let off = |n: &usize| (middle_s(&stretches[*n]) - at_s).abs();
                off(a).total_cmp(&off(b))
            });
            if let Some(near) = near {
                let speaker = said["speaker"].as_str().unwrap();
                *shares.entry((voices.of[near], speaker)).or_default() +=
                    (end - start) / tenths as f64;
            }
        }
    }
    let mut by_size: Vec<_> = shares.into_iter().collect();
    by_size.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (mut taken, mut right_s) = (Vec::new(), 0.0);
    for ((voice, speaker), s) in by_size {
        if taken.iter().all(|(v, who)| *v != voice && *who != speaker) {
            taken.push((voice, speaker));
            right_s += s;
        }
    }
    (all_s, all_s - right_s)
}

#[test]
fn at_most_15_percent_of_the_speech_has_the_wrong_voice() {
    let (mut all_s, mut wrong_s) = (0.0, 0.0);
    for file in ["34R-T01.WAV", "VID-20260210-0007.mp4", "U14_20260210_142559.mp4", "MVI_0231.MP4"]
    {
        let (all, wrong) = wrong(file);
        println!("{file}: {wrong:.1} s of {all:.1} s");
        (all_s, wrong_s) = (all_s + all, wrong_s + wrong);
    }
    println!("{:.1} %", 100.0 * wrong_s / all_s);
    assert!(wrong_s <= 0.15 * all_s, "{wrong_s:.1} s of {all_s:.1} s");
}

#[test]
fn a_stretch_lies_where_it_was_heard() {
    let (stretches, _) = heard("34R-T01.WAV");
    assert!(stretches.len() > 20);
    assert!(stretches.is_sorted_by_key(|stretch| stretch.start));
    // Nobody speaks before the sound is rolling.
    assert!(stretches[0].start > MediaTime::from_seconds(0.5));
}
