//! What several tests of the case need: stamps, sources, steps.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use case::{Case, Run, Stamp, Step};
use evidence::{
    AudioTrack, Claim, ClaimKind, ClockMap, Doubt, Island, MediaTime, Piece, Placement, Recording,
    RunnerUp, Source, SourceId, SourceKind, Tie, TieKind, Window,
};
use serde_json::json;

pub fn stamp() -> Stamp {
    Stamp {
        at_utc: "2026-03-01T09:30:00Z".to_owned(),
        actor: "ana".to_owned(),
        tool: "recount 0.1.0".to_owned(),
    }
}

pub fn id(n: u32) -> SourceId {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    SourceId(bytes)
}

pub fn source(n: u32) -> Source {
    Source {
        id: id(n),
        kind: SourceKind::Recording,
        path: PathBuf::from(format!("/footage/cam {n}.mp4")),
        size_bytes: u64::from(n) * 1000,
    }
}

pub fn recording(claims: usize) -> Recording {
    Recording {
        container: "mov,mp4,m4a,3gp,3g2,mj2".to_owned(),
        duration: MediaTime(120_000_000_001),
        audio: vec![AudioTrack {
            stream: 1,
            codec: "aac".to_owned(),
            rate_hz: 48_000,
            channels: 2,
            start: MediaTime(-21_333_333),
        }],
        video: Vec::new(),
        claims: (0..claims)
            .map(|n| Claim {
                kind: ClaimKind::CreationTime,
                value: format!("2026-02-{n:02}T10:00:00Z"),
                found_in: "format:creation_time".to_owned(),
            })
            .collect(),
    }
}

pub fn step(name: &str, inputs: &[u32]) -> Step {
    Step {
        name: name.to_owned(),
        version: 1,
        params: json!({ "rate_hz": 8000 }),
        inputs: inputs.iter().map(|n| id(*n)).collect(),
    }
}

pub fn piece(n: i64) -> Piece {
    Piece {
        start: MediaTime(n),
        end: MediaTime(n + 1_000_000_000),
        map: ClockMap { offset_ns: -n * 7, drift_ppb: 37_512 },
        sigma_ns: 1_234_567,
    }
}

pub fn placement(n: u32) -> Placement {
    Placement {
        source: id(n),
        island: Island(0),
        pieces: vec![piece(0), piece(2_000_000_000)],
        doubt: Some(Doubt { contradiction_ns: 450_000, floor_ns: 1_000_000 }),
    }
}

pub fn tie(left: u32, right: u32) -> Tie {
    Tie {
        left: id(left),
        right: id(right),
        pieces: vec![piece(5)],
        score: 17.3 / 7.0,
        windows_agree: 40,
        windows_disagree: 2,
        runner_up: Some(RunnerUp { offset_ns: 3, share: 0.1 + 0.2 }),
        accepted: true,
        kind: TieKind::Sound,
        windows: vec![Window { at: MediaTime(7), lag_ns: -12, agrees: true }],
        residual_ns: Some(-1_200_345),
    }
}

/// A new case in a folder that goes away with the first of the two.
pub fn new_case() -> (tempfile::TempDir, Case) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let case = Case::create(&folder.path().join("quay.recount"), &stamp()).expect("a new case");
    (folder, case)
}

/// A case with sources 1 to `n`, each probed.
pub fn case_with(n: u32) -> (tempfile::TempDir, Case) {
    let (folder, mut case) = new_case();
    for n in 1..=n {
        case.add_source(&stamp(), &source(n), Some(&recording(2))).expect("a source");
    }
    (folder, case)
}

/// Stores an alignment of `placements` under `run`.
pub fn align(case: &mut Case, run: &Run, placements: &[Placement]) -> Result<(), case::Error> {
    case.replace_alignment(&stamp(), run, placements, &[], &[], &[])
}

/// Names the case to a test that runs as another process.
const CHILD: &str = "RECOUNT_TEST_CHILD_CASE";

/// Runs the ignored test `name` of this program in a process of its own, on the case in `dir`.
pub fn child(name: &str, dir: &Path) -> Command {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.args([name, "--exact", "--ignored", "--nocapture"]);
    command.env(CHILD, dir).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The case that a child works on; none if it was not started as a child.
pub fn childs_case() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}
