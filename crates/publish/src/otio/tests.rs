//! Tests of the editing timeline. `tests/foreign/otio_check.py` reads it with the library.

use proptest::prelude::*;

use super::*;
use crate::sample;

fn written(snapshot: &Snapshot) -> Vec<(String, String)> {
    write(snapshot)
        .expect("something is placed")
        .into_iter()
        .map(|file| (file.name, String::from_utf8_lossy(&file.bytes).into_owned()))
        .collect()
}

#[test]
fn the_sample_case() {
    let text: Vec<String> = written(&sample::rehearsal())
        .into_iter()
        .map(|(name, text)| format!("// {name}\n{text}"))
        .collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn a_case_without_placements_has_no_timeline() {
    let mut case = sample::rehearsal();
    case.recordings.iter_mut().for_each(|shown| shown.placement = None);
    assert!(matches!(write(&case), Err(Error::NothingPlaced { format: "otio" })));
}

/// Frames of a track before each of its clips, and the clips.
fn clips(track: &Value) -> Vec<(f64, &Value)> {
    let mut at = 0.0;
    let mut clips = Vec::new();
    for child in track["children"].as_array().expect("a list") {
        let frames = child["source_range"]["duration"]["value"].as_f64().expect("a number");
        if child["OTIO_SCHEMA"] == "Clip.1" {
            clips.push((at, child));
        }
        at += frames;
    }
    clips
}

proptest! {
    #[test]
    fn every_clip_stands_within_half_a_frame_of_its_placement(case in sample::any_sane_snapshot()) {
        let Ok(files) = write(&case) else { return Ok(()) };
        for file in files {
            let timeline: Value = serde_json::from_slice(&file.bytes).expect("it is JSON");
            let zero_s = &timeline["metadata"]["recount"]["case_time_of_timeline_start_s"];
            let zero_s = zero_s.as_f64().expect("a number");
            for track in timeline["tracks"]["children"].as_array().expect("a list") {
                for (at, clip) in clips(track) {
                    let exact = &clip["metadata"]["recount"];
                    let s = |field: &str| exact[field].as_f64().expect("a number");
                    let range = &clip["source_range"]["start_time"];
                    let first = &clip["media_reference"]["available_range"]["start_time"]["value"];
                    let rate = range["rate"].as_f64().expect("a number");
                    let media_frame = range["value"].as_f64().expect("a number")
                        - first.as_f64().expect("a number");
                    let case_s = s("offset_s") + (1.0 + s("drift_ppm") * 1e-6) * media_frame / rate;
                    let error_frames = (zero_s + at / rate - case_s).abs() * rate;
                    prop_assert!(error_frames < 0.501 || at == 0.0, "{error_frames} {clip}");
                    prop_assert!(error_frames < 1.001, "{error_frames} {clip}");
                }
            }
        }
    }

    #[test]
    fn no_snapshot_breaks_the_writer(case in sample::any_snapshot()) {
        let _ = write(&case);
    }
}
