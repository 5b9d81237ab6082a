//! Whatever the nouns can hold comes back from the file as it was.

mod common;

use std::cell::RefCell;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use case::{Added, Case};
use common::{id, new_case, stamp, step};
use evidence::{
    AudioTrack, Claim, ClaimKind, ClockMap, CopyReason, Doubt, Excerpt, Island, MediaTime, Piece,
    Placement, Recording, Refusal, RunnerUp, Source, SourceKind, Stretch, Tie, TieKind, VideoTrack,
    Window,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

/// Text as hostile files have it: any characters, NUL and line feeds among them.
fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<char>(), 0..20).prop_map(String::from_iter)
}

fn finite() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("finite", |value| value.is_finite())
}

fn media_time() -> impl Strategy<Value = MediaTime> {
    any::<i64>().prop_map(MediaTime)
}

fn recording() -> impl Strategy<Value = Recording> {
    let audio = (any::<u32>(), text(), any::<u32>(), any::<u32>(), media_time()).prop_map(
        |(stream, codec, rate_hz, channels, start)| AudioTrack {
            stream,
            codec,
            rate_hz,
            channels,
            start,
        },
    );
    let video = (
        any::<u32>(),
        [text(), text()],
        any::<[u32; 2]>(),
        any::<Option<(u32, u32)>>(),
        media_time(),
        any::<u16>(),
    )
        .prop_map(|(stream, [codec, pixels], [width, height], rate, start, turned)| {
            VideoTrack { stream, codec, width, height, rate, start, turned, pixels }
        });
    let kind = proptest::sample::select(vec![
        ClaimKind::CreationTime,
        ClaimKind::Timecode,
        ClaimKind::TimeReference,
        ClaimKind::Make,
        ClaimKind::Model,
        ClaimKind::Location,
        ClaimKind::Software,
    ]);
    let claim =
        (kind, text(), text()).prop_map(|(kind, value, found_in)| Claim { kind, value, found_in });
    (
        text(),
        media_time(),
        proptest::collection::vec(audio, 0..3),
        proptest::collection::vec(video, 0..3),
        proptest::collection::vec(claim, 0..5),
    )
        .prop_map(|(container, duration, audio, video, claims)| Recording {
            container,
            duration,
            audio,
            video,
            claims,
        })
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let piece = any::<[i64; 5]>().prop_map(|[start, end, offset_ns, drift_ppb, sigma_ns]| Piece {
        start: MediaTime(start),
        end: MediaTime(end),
        map: ClockMap { offset_ns, drift_ppb },
        sigma_ns,
    });
    proptest::collection::vec(piece, 0..4)
}

fn doubt() -> impl Strategy<Value = Option<Doubt>> {
    let doubt = any::<[i64; 2]>()
        .prop_map(|[contradiction_ns, floor_ns]| Doubt { contradiction_ns, floor_ns });
    proptest::option::of(doubt)
}

fn tie() -> impl Strategy<Value = Tie> {
    let runner_up = proptest::option::of(
        (any::<i64>(), finite()).prop_map(|(offset_ns, share)| RunnerUp { offset_ns, share }),
    );
    let window = (any::<i64>(), any::<i64>(), any::<bool>())
        .prop_map(|(at, lag_ns, agrees)| Window { at: MediaTime(at), lag_ns, agrees });
    let close = (proptest::collection::vec(window, 0..4), proptest::option::of(any::<i64>()));
    let who = (1..4_u32, 1..4_u32);
    (who, pieces(), finite(), any::<[u32; 2]>(), runner_up, any::<bool>(), close).prop_map(
        |((left, right), pieces, score, counts, runner_up, accepted, close)| Tie {
            left: id(left),
            right: id(right),
            pieces,
            score,
            windows_agree: counts[0],
            windows_disagree: counts[1],
            runner_up,
            accepted,
            kind: TieKind::Sound,
            windows: close.0,
            residual_ns: close.1,
        },
    )
}

fn refusal() -> impl Strategy<Value = Refusal> {
    prop_oneof![
        Just(Refusal::NoAudio),
        Just(Refusal::Silent),
        Just(Refusal::SharesNothing),
        finite().prop_map(|heard_s| Refusal::TooShort { heard_s }),
        (text(), proptest::collection::vec((finite(), finite()), 0..4)).prop_map(
            |(with, alternatives)| {
                let (offsets_s, shares) = alternatives.into_iter().unzip();
                Refusal::Ambiguous { with, offsets_s, shares }
            }
        ),
        (text(), finite(), finite()).prop_map(|(with, start_s, end_s)| Refusal::OneStretch {
            with,
            start_s,
            end_s
        }),
        text().prop_map(|why| Refusal::Unreadable { why }),
    ]
}

fn excerpt() -> impl Strategy<Value = Excerpt> {
    let reason = proptest::option::of(proptest::sample::select(&CopyReason::ALL[..]));
    let how = (prop_oneof![Just(1.0), finite()], reason);
    (1..4_u32, 1..4_u32, any::<[i64; 3]>(), how).prop_map(
        |(copy, source, [start, end, at], (speed, reason))| Excerpt {
            copy: id(copy),
            start: MediaTime(start),
            end: MediaTime(end),
            source: id(source),
            source_start: MediaTime(at),
            speed,
            reason,
        },
    )
}

#[test]
fn any_source_and_what_its_file_says_come_back() {
    let (_folder, case) = new_case();
    let case = RefCell::new(case);
    let path = proptest::collection::vec(any::<u8>(), 1..40);
    let sources = (any::<[u8; 32]>(), path, 0..i64::MAX as u64, recording());
    TestRunner::new(Config::with_cases(200))
        .run(&sources, |(bytes, path, size_bytes, recording)| {
            let mut case = case.borrow_mut();
            let source = Source {
                id: evidence::SourceId(bytes),
                kind: SourceKind::Recording,
                path: PathBuf::from(OsStr::from_bytes(&path)),
                size_bytes,
            };
            let added = case.add_source(&stamp(), &source, Some(&recording)).unwrap();
            let new = matches!(added, Added::New | Added::PathChanged { .. });
            prop_assert!(new);
            prop_assert_eq!(case.recording(&source.id).unwrap(), Some(recording));
            prop_assert_eq!(case.source(&source.id).unwrap(), Some(source));
            Ok(())
        })
        .unwrap();
    assert_eq!(case.borrow().verify_custody().unwrap().faults, []);
}

#[test]
fn any_alignment_comes_back_and_agrees_with_its_record() {
    let (_folder, mut case) = common::case_with(3);
    let run = case.begin(&stamp(), &step("align", &[1, 2, 3])).unwrap();
    let case = RefCell::new(case);
    let alignments = (
        proptest::collection::vec((any::<u32>(), pieces(), doubt()), 0..4),
        proptest::collection::vec(tie(), 0..4),
        proptest::collection::vec((1..4_u32, refusal()), 0..4),
        proptest::collection::vec(excerpt(), 0..4),
    );
    TestRunner::new(Config::with_cases(200))
        .run(&alignments, |(placements, ties, refusals, excerpts)| {
            let mut case = case.borrow_mut();
            let placements: Vec<_> = (1..)
                .zip(placements.into_iter().take(3))
                .map(|(n, (island, pieces, doubt))| Placement {
                    source: id(n),
                    island: Island(island),
                    pieces,
                    doubt,
                })
                .collect();
            let refusals: Vec<_> = refusals.into_iter().map(|(n, r)| (id(n), r)).collect();
            case.replace_alignment(&stamp(), &run, &placements, &ties, &refusals, &excerpts)
                .unwrap();
            prop_assert_eq!(case.placements().unwrap(), placements);
            prop_assert_eq!(case.ties().unwrap(), ties);
            prop_assert_eq!(case.refusals().unwrap(), refusals);
            prop_assert_eq!(case.excerpts().unwrap(), excerpts);
            prop_assert_eq!(case.verify_custody().unwrap().faults, []);
            Ok(())
        })
        .unwrap();
}

#[test]
fn any_stretches_warnings_and_parameters_come_back() {
    let (_folder, case) = common::case_with(1);
    let case = RefCell::new(case);
    let stretch = any::<[i64; 2]>()
        .prop_map(|[start, end]| Stretch { start: MediaTime(start), end: MediaTime(end) });
    let heard = (
        proptest::collection::vec(stretch, 0..5),
        proptest::collection::vec(text(), 0..3),
        text(),
        finite(),
    );
    TestRunner::new(Config::with_cases(100))
        .run(&heard, |(stretches, warnings, word, number)| {
            let mut case = case.borrow_mut();
            let params = json!({ "word": word, "number": number });
            let step = case::Step { params, ..step("listen", &[1]) };
            let run = case.begin(&stamp(), &step).unwrap();
            case.put_listened(&stamp(), &run, &id(1), &stretches, &warnings).unwrap();
            case.finish(&stamp(), &run, &json!({ "word": word })).unwrap();
            let listened = case.listened(&id(1)).unwrap().unwrap();
            prop_assert_eq!((listened.stretches, listened.warnings), (stretches, warnings));
            let kept = case.run(run.id()).unwrap().unwrap();
            prop_assert_eq!((kept.step.key(), &kept.step), (kept.key, &step));
            prop_assert!(case.is_done(&step).unwrap());
            Ok(())
        })
        .unwrap();
    let case = Case::open(case.borrow().dir(), &stamp()).unwrap();
    assert_eq!(case.verify_custody().unwrap().faults, []);
}
