//! Snapshots for tests: a small case with everything in it, and arbitrary ones.

use std::path::PathBuf;

use evidence::{
    AudioTrack, Claim, ClaimKind, ClockMap, CopyReason, Doubt, Excerpt, Island, MediaTime, Piece,
    Placement, Recording, Refusal, RunnerUp, Source, SourceId, SourceKind, Stretch, Tie, TieKind,
    VideoTrack, Window,
};
use proptest::prelude::*;

use crate::{Shown, Snapshot, Waveform};

const fn id(number: u8) -> SourceId {
    SourceId([number; 32])
}

fn at(s: f64) -> MediaTime {
    MediaTime::from_seconds(s)
}

fn file(number: u8, path: &str, duration_s: f64) -> Shown {
    Shown {
        source: Source {
            id: id(number),
            kind: SourceKind::Recording,
            path: PathBuf::from(path),
            size_bytes: 1_000 + u64::from(number),
        },
        recording: Recording {
            container: "mov".to_owned(),
            duration: at(duration_s),
            ..Recording::default()
        },
        placement: None,
        stretches: Vec::new(),
        refusal: None,
        waveform: None,
    }
}

impl Shown {
    fn with_pictures(mut self, rate: (u32, u32)) -> Self {
        self.recording.video.push(VideoTrack {
            stream: 0,
            codec: "h264".to_owned(),
            width: 640,
            height: 360,
            rate: Some(rate),
            start: MediaTime::ZERO,
            ..VideoTrack::default()
        });
        self
    }

    fn with_sound(mut self, rate_hz: u32, start_s: f64) -> Self {
        let track = AudioTrack {
            stream: 1,
            codec: "aac".to_owned(),
            rate_hz,
            channels: 1,
            start: at(start_s),
        };
        self.stretches.push(Stretch { start: track.start, end: self.recording.duration });
        self.recording.audio.push(track);
        self
    }

    fn claiming(mut self, kind: ClaimKind, value: &str) -> Self {
        let found_in = "stream 0:tag".to_owned();
        self.recording.claims.push(Claim { kind, value: value.to_owned(), found_in });
        self
    }

    /// Pieces as (start, end, offset) in seconds.
    fn placed(
        mut self,
        island: u32,
        drift_ppm: f64,
        sigma_ms: i64,
        pieces: &[(f64, f64, f64)],
    ) -> Self {
        let piece = |&(start, end, offset_s): &(f64, f64, f64)| Piece {
            start: at(start),
            end: at(end),
            map: ClockMap::from_seconds(offset_s, drift_ppm),
            sigma_ns: sigma_ms * 1_000_000,
        };
        let pieces = pieces.iter().map(piece).collect();
        self.placement = Some(Placement {
            source: self.source.id,
            island: Island(island),
            pieces,
            doubt: Some(Doubt { contradiction_ns: 600_000, floor_ns: 800_000 }),
        });
        self
    }

    fn refused(mut self, refusal: Refusal) -> Self {
        self.refusal = Some(refusal);
        self
    }
}

/// A tie over the length of the production sound.
fn tie(left: u8, right: u8, offset_s: f64, accepted: bool) -> Tie {
    Tie {
        left: id(left),
        right: id(right),
        pieces: vec![Piece {
            start: at(0.0),
            end: at(64.7),
            map: ClockMap::from_seconds(offset_s, 26.5),
            sigma_ns: 1_200_000,
        }],
        score: 41.5,
        windows_agree: 30,
        windows_disagree: 2,
        runner_up: (!accepted).then_some(RunnerUp { offset_ns: 208_500_000_000, share: 0.84 }),
        accepted,
        kind: TieKind::Sound,
        windows: windows(offset_s),
        residual_ns: Some(if accepted { 450_000 } else { -208_475_000_000 }),
    }
}

/// Thirty-two windows about a lag, two of which do not agree.
fn windows(offset_s: f64) -> Vec<Window> {
    (0..32)
        .map(|n| {
            let at_s = 1.0 + 2.0 * f64::from(n);
            let agrees = n % 13 != 7;
            let off_s = 0.0007 * f64::from(n * 7 % 5 - 2) + if agrees { 0.0 } else { 0.006 };
            let lag_s = offset_s + 26.5e-6 * at_s + off_s;
            Window { at: at(at_s), lag_ns: (lag_s * 1e9).round() as i64, agrees }
        })
        .collect()
}

/// A rehearsal: a camera with a timecode, a phone that was paused, production sound with a time
/// reference, a body camera whose sound starts late and whose place is doubtful, a press clip
/// copied from the phone, an interview on a clock of its own, a stranger and a silent film, two
/// files of one name.
pub fn rehearsal() -> Snapshot {
    let mut camera = file(1, "/case/card a/C0001.MP4", 270.0)
        .with_pictures((25, 1))
        .with_sound(48_000, 0.0)
        .claiming(ClaimKind::Timecode, "14:20:09:01")
        .placed(0, -23.4, 2, &[(0.0, 270.0, 2.137)]);
    camera.waveform = Some(Waveform { peaks_per_s: 1, peaks: (0..270).map(|s| s as u8).collect() });
    let recordings = vec![
        camera,
        file(2, "/case/phone/IMG_4127.MOV", 180.0)
            .with_pictures((30_000, 1_001))
            .with_sound(48_000, 0.0)
            .placed(0, 41.7, 3, &[(0.0, 68.0, 60.412), (68.0, 180.0, 85.285)]),
        file(3, "/case/sound/34R-T01.WAV", 64.7)
            .with_sound(48_000, 0.0)
            .claiming(ClaimKind::TimeReference, "2484617328")
            .placed(0, 3.1, 1, &[(0.0, 64.7, 165.261)]),
        file(4, "/case/police/=U12, \"first\".mp4", 250.0)
            .with_pictures((30, 1))
            .with_sound(16_000, 29.936)
            .placed(0, 17.5, 9_000, &[(0.0, 250.0, 231.644)]),
        file(5, "/case/web/report.webm", 27.0)
            .with_pictures((24, 1))
            .with_sound(48_000, 0.0)
            .refused(Refusal::SharesNothing),
        file(6, "/case/card b/C0001.MP4", 106.0)
            .with_pictures((25, 1))
            .with_sound(48_000, 0.0)
            .placed(1, 28.3, 4, &[(0.0, 106.0, -3.271)]),
        file(7, "/case/dictaphone/260212.MP3", 111.8).with_sound(44_100, 0.0).placed(
            1,
            -12.1,
            4,
            &[(0.0, 111.8, -7.915)],
        ),
        file(8, "/case/REC-0103-mill.m4a", 28.0)
            .with_sound(44_100, 0.0)
            .refused(Refusal::SharesNothing),
        file(9, "/case/roof.avi", 95.5).with_pictures((15, 1)).refused(Refusal::NoAudio),
    ];
    Snapshot {
        title: "The rehearsal <17>".to_owned(),
        recordings,
        ties: vec![tie(1, 3, 163.124, true), tie(1, 2, -150.2, false)],
        excerpts: vec![Excerpt {
            copy: id(5),
            start: at(6.0),
            end: at(20.0),
            source: id(2),
            source_start: at(100.0),
            speed: 1.0,
            reason: Some(CopyReason::LaidOver),
        }],
        documents: vec![Source {
            id: id(99),
            kind: SourceKind::Document,
            path: PathBuf::from("/case/docs/call sheet.pdf"),
            size_bytes: 2_918,
        }],
        words: Vec::new(),
        stood: Vec::new(),
        utc: Vec::new(),
        transcripts: Vec::new(),
        tool: "recount 0.0.0".to_owned(),
    }
}

/// So many recordings on one clock.
pub fn crowd(count: u32) -> Snapshot {
    let recordings = (0..count)
        .map(|n| {
            let offset_s = f64::from(n % 977) * 7.0;
            let mut shown = file(0, &format!("/c/R{n:05}.mp4"), 60.0)
                .with_pictures((30, 1))
                .with_sound(48_000, 0.0);
            shown.source.id.0[..4].copy_from_slice(&n.to_be_bytes());
            shown.waveform = Some(Waveform { peaks_per_s: 10, peaks: vec![200; 600] });
            shown.placed(0, 0.0, 3, &[(0.0, 60.0, offset_s)])
        })
        .collect();
    Snapshot { recordings, ..Snapshot::default() }
}

/// Any snapshot, hostile ones included: any text, any number.
pub fn any_snapshot() -> impl Strategy<Value = Snapshot> {
    snapshots(any::<i64>().boxed(), any::<i64>().boxed())
}

/// Snapshots such as evidence gives: times within days, clocks within ±300 ppm.
pub fn any_sane_snapshot() -> impl Strategy<Value = Snapshot> {
    snapshots((0..100_000_000_000_000_i64).boxed(), (-300_000..300_000_i64).boxed())
}

fn snapshots(
    times_ns: BoxedStrategy<i64>,
    drifts_ppb: BoxedStrategy<i64>,
) -> impl Strategy<Value = Snapshot> {
    let name = prop_oneof![".{0,40}", "[ab]{1,2}", "[<>&\"'=+\\x00-\\x1f]{1,9}"];
    let folder = prop_oneof![Just("/a".to_owned()), Just("b".to_owned()), ".{0,8}"];
    let piece = (times_ns.clone(), times_ns.clone(), times_ns.clone(), drifts_ppb).prop_map(
        |(start, end, offset_ns, drift_ppb)| Piece {
            start: MediaTime(start.min(end)),
            end: MediaTime(end.max(start)),
            map: ClockMap { offset_ns, drift_ppb },
            sigma_ns: (start ^ end) & 0x0003_ffff_ffff,
        },
    );
    let pieces = proptest::collection::vec(piece, 0..4);
    let shown = (folder, name, pieces, 0..3_u32, 0..4_u8, times_ns.clone()).prop_map(
        |(folder, name, pieces, island, tracks, duration_ns)| {
            let mut shown = file(0, &format!("{folder}/{name}"), 0.0);
            shown.recording.duration = MediaTime(duration_ns);
            if tracks & 1 > 0 {
                shown = shown.with_sound(48_000, 0.0);
                shown.waveform = Some(Waveform { peaks_per_s: 2, peaks: vec![7, 255, 0, 31] });
            }
            if tracks & 2 > 0 {
                shown = shown.with_pictures((30_000, 1_001)).claiming(ClaimKind::Timecode, &name);
            }
            if !pieces.is_empty() {
                let (source, island) = (shown.source.id, Island(island));
                shown.placement = Some(Placement { source, island, pieces, doubt: None });
            }
            shown
        },
    );
    let excerpt = (0..8_u8, 0..8_u8, times_ns.clone(), times_ns.clone(), times_ns);
    let excerpts = proptest::collection::vec(excerpt, 0..4);
    (".{0,30}", proptest::collection::vec(shown, 0..8), excerpts).prop_map(
        |(title, mut recordings, excerpts)| {
            for (number, shown) in recordings.iter_mut().enumerate() {
                // Now and then two files hold the same bytes.
                let number = if number == 5 { 2 } else { number };
                shown.source.id = id(number as u8);
                if let Some(placement) = &mut shown.placement {
                    placement.source = shown.source.id;
                }
            }
            let excerpts = excerpts
                .into_iter()
                .map(|(copy, source, start, end, source_start)| Excerpt {
                    copy: id(copy),
                    start: MediaTime(start.min(end)),
                    end: MediaTime(end.max(start)),
                    source: id(source),
                    source_start: MediaTime(source_start),
                    speed: 1.0 + (f64::from(copy) - 4.0) / 80.0,
                    reason: CopyReason::ALL.get(usize::from(source)).copied(),
                })
                .collect();
            Snapshot { title, recordings, excerpts, ..Snapshot::default() }
        },
    )
}
