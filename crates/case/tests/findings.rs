//! What is stored comes back as it was, in a stable order, once, and from a run that is known.

mod common;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use case::{Added, Case, Error, Outcome};
use common::{align, case_with, id, new_case, placement, recording, source, stamp, step, tie};
use evidence::{CopyReason, Excerpt, MediaTime, Refusal, Source, Stretch};
use serde_json::json;

#[test]
fn a_new_case_is_a_folder_with_four_things_in_it() {
    let (_folder, case) = new_case();
    let account = std::fs::read_to_string(case.account_path()).unwrap();
    assert_eq!(account, "# quay\n");
    for name in [case::DATABASE, case::CUSTODY, case::CACHE, case::LOCK] {
        assert!(case.dir().join(name).exists(), "{name}");
    }
    let entries = case.custody().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].record.action, "create");
    assert!(case.verify_custody().unwrap().is_whole());
    assert_eq!(case.check_database().unwrap(), Vec::<String>::new());
}

#[test]
fn an_account_that_is_there_already_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("account.md"), "mine").unwrap();
    let case = Case::create(folder.path(), &stamp()).unwrap();
    assert_eq!(std::fs::read_to_string(case.account_path()).unwrap(), "mine");
}

#[test]
fn a_case_is_not_made_among_other_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("IMG_1.mp4"), "").unwrap();
    let error = Case::create(folder.path(), &stamp()).unwrap_err();
    assert!(matches!(error, Error::NotEmpty { .. }), "{error}");
    let (_folder, case) = new_case();
    let error = Case::create(case.dir(), &stamp()).unwrap_err();
    assert!(matches!(error, Error::AlreadyACase { .. }), "{error}");
}

#[test]
fn adding_twice_changes_nothing() {
    let (_folder, mut case) = new_case();
    let recording = recording(3);
    assert_eq!(case.add_source(&stamp(), &source(1), Some(&recording)).unwrap(), Added::New);
    let before = case.custody().unwrap();
    let again = case.add_source(&stamp(), &source(1), Some(&recording)).unwrap();
    assert_eq!(again, Added::Unchanged);
    assert_eq!(case.custody().unwrap(), before);
    assert_eq!(case.recordings().unwrap(), [(source(1), recording)]);
}

#[test]
fn the_same_content_elsewhere_is_a_duplicate_and_both_paths_are_kept() {
    let (_folder, mut case) = case_with(1);
    let copy = Source { path: PathBuf::from("/backup/cam 1.mp4"), ..source(1) };
    let added = case.add_source(&stamp(), &copy, None).unwrap();
    assert_eq!(added, Added::AlreadyThere { first_path: source(1).path });
    assert_eq!(case.add_source(&stamp(), &copy, None).unwrap(), Added::Unchanged);
    assert_eq!(case.sources().unwrap(), [source(1)]);
    let paths: Vec<_> = case.whereabouts(&id(1)).unwrap().into_iter().map(|w| w.path).collect();
    assert_eq!(paths, [source(1).path, copy.path]);
}

#[test]
fn other_content_under_a_known_path_is_told_and_both_remain() {
    let (_folder, mut case) = case_with(1);
    let edited = Source { path: source(1).path, ..source(2) };
    let added = case.add_source(&stamp(), &edited, None).unwrap();
    assert_eq!(added, Added::PathChanged { before: id(1), known_from: None });
    assert_eq!(case.sources().unwrap().len(), 2);
    assert_eq!(case.whereabouts(&id(1)).unwrap()[0].replaced_by, Some(id(2)));
    assert_eq!(case.source_at(&source(1).path).unwrap(), Some(id(2)));

    // And when the first comes back, that is told as well.
    let added = case.add_source(&stamp(), &source(1), None).unwrap();
    let known_from = Some(source(1).path);
    assert_eq!(added, Added::PathChanged { before: id(2), known_from });
    assert_eq!(case.add_source(&stamp(), &source(1), None).unwrap(), Added::Unchanged);
}

#[test]
fn a_source_whose_first_place_was_taken_is_read_from_its_other_place() {
    let (_folder, mut case) = case_with(1);
    let backup = Source { path: PathBuf::from("/backup/cam 1.mp4"), ..source(1) };
    case.add_source(&stamp(), &backup, None).unwrap();
    let edited = Source { path: source(1).path, ..source(2) };
    case.add_source(&stamp(), &edited, None).unwrap();
    assert_eq!(case.source(&id(1)).unwrap().unwrap().path, backup.path);
}

#[test]
fn a_copy_is_known_by_where_its_original_was() {
    let (_folder, mut case) = new_case();
    let copied = Source { path: PathBuf::from("sources/cam 1.mp4"), ..source(1) };
    let original = Path::new("/card/cam 1.mp4");
    assert_eq!(case.add_copy(&stamp(), &copied, original, None).unwrap(), Added::New);
    assert_eq!(case.add_copy(&stamp(), &copied, original, None).unwrap(), Added::Unchanged);
    assert_eq!(case.source_at(original).unwrap(), Some(id(1)));
    let whereabouts = case.whereabouts(&id(1)).unwrap();
    assert_eq!(whereabouts[0].copied_from.as_deref(), Some(original));
    let other = Source { path: PathBuf::from("sources/cam 1 (2).mp4"), ..source(2) };
    let added = case.add_copy(&stamp(), &other, original, None).unwrap();
    assert_eq!(added, Added::PathChanged { before: id(1), known_from: None });
}

#[test]
fn a_path_that_is_no_text_comes_back_byte_for_byte() {
    let (_folder, mut case) = new_case();
    let path = PathBuf::from(OsStr::from_bytes(b"/card/\xff\xfe\n\"IMG.mp4"));
    let odd = Source { path: path.clone(), ..source(1) };
    case.add_source(&stamp(), &odd, None).unwrap();
    assert_eq!(case.sources().unwrap()[0].path, path);
    let detail = &case.custody().unwrap()[1].record.detail;
    assert_eq!(detail["path"]["bytes"], "2f636172642ffffe0a22494d472e6d7034");
    assert!(case.verify_custody().unwrap().is_whole());
}

#[test]
fn a_probe_that_comes_later_makes_a_source_a_recording() {
    let (_folder, mut case) = new_case();
    let document = Source { kind: evidence::SourceKind::Document, ..source(1) };
    case.add_source(&stamp(), &document, None).unwrap();
    assert!(case.recordings().unwrap().is_empty());
    let run = case.begin(&stamp(), &step("probe", &[1])).unwrap();
    for claims in [3, 1] {
        case.put_recording(&stamp(), &run, &id(1), &recording(claims)).unwrap();
    }
    assert_eq!(case.recordings().unwrap(), [(source(1), recording(1))]);
}

#[test]
fn an_alignment_comes_back_to_the_last_bit() {
    let (_folder, mut case) = case_with(4);
    let placements = [placement(1), placement(2)];
    let ties = [tie(1, 2), tie(1, 3)];
    let refusals = [
        (id(3), Refusal::SharesNothing),
        (
            id(4),
            Refusal::Ambiguous {
                with: "cam 1".into(),
                offsets_s: vec![0.1 + 0.2, -1e300, 5e-324],
                shares: vec![1.0, 0.9, 0.1 + 0.7],
            },
        ),
    ];
    let excerpts = [Excerpt {
        copy: id(2),
        start: MediaTime(3),
        end: MediaTime(i64::MAX),
        source: id(1),
        source_start: MediaTime(i64::MIN),
        speed: 25.0 / 24.0,
        reason: Some(CopyReason::LaidOver),
    }];
    let run = case.begin(&stamp(), &step("align", &[1, 2, 3, 4])).unwrap();
    case.replace_alignment(&stamp(), &run, &placements, &ties, &refusals, &excerpts).unwrap();
    case.finish(&stamp(), &run, &json!({ "placed": 2 })).unwrap();
    let case = Case::open(case.dir(), &stamp()).unwrap();
    assert_eq!(case.placements().unwrap(), placements);
    assert_eq!(case.ties().unwrap(), ties);
    assert_eq!(case.refusals().unwrap(), refusals);
    assert_eq!(case.excerpts().unwrap(), excerpts);
    let made_by = case.alignment_run().unwrap().unwrap();
    assert_eq!((made_by.id, made_by.outcome), (run.id(), Outcome::Done));
    assert_eq!(made_by.counts, Some(json!({ "placed": 2 })));
    assert_eq!(made_by.step, step("align", &[1, 2, 3, 4]));
}

#[test]
fn the_same_solution_has_the_same_digest_in_custody() {
    let (_folder, mut case) = case_with(2);
    let mut digests = Vec::new();
    for version in [1, 2] {
        let step = case::Step { version, ..step("align", &[1, 2]) };
        let run = case.begin(&stamp(), &step).unwrap();
        align(&mut case, &run, &[placement(1)]).unwrap();
        case.finish(&stamp(), &run, &json!({})).unwrap();
        let entries = case.custody().unwrap();
        let aligned = entries.iter().rfind(|e| e.record.action == "align").unwrap();
        digests.push(aligned.record.detail["sha256"].clone());
    }
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn a_refused_alignment_leaves_the_one_before() {
    let (_folder, mut case) = case_with(2);
    let run = case.begin(&stamp(), &step("align", &[1, 2])).unwrap();
    align(&mut case, &run, &[placement(1)]).unwrap();
    let records = case.custody().unwrap().len();

    let error = align(&mut case, &run, &[placement(9)]).unwrap_err();
    assert!(matches!(error, Error::UnknownSource(unknown) if unknown == id(9)), "{error}");
    // Placed twice: the database itself refuses.
    align(&mut case, &run, &[placement(2), placement(2)]).unwrap_err();
    let mut nan = tie(1, 2);
    nan.score = f64::NAN;
    let error = case.replace_alignment(&stamp(), &run, &[], &[nan], &[], &[]).unwrap_err();
    assert!(matches!(error, Error::NotFinite { .. }), "{error}");

    assert_eq!(case.placements().unwrap(), [placement(1)]);
    assert_eq!(case.custody().unwrap().len(), records);
    assert!(case.verify_custody().unwrap().is_whole());
}

#[test]
fn what_was_heard_is_kept_for_each_recording_by_itself() {
    let (_folder, mut case) = case_with(2);
    let stretches = [
        Stretch { start: MediaTime(-5), end: MediaTime(7) },
        Stretch { start: MediaTime(9), end: MediaTime(10) },
    ];
    for n in [1, 2] {
        let run = case.begin(&stamp(), &step("listen", &[n])).unwrap();
        let warnings = [format!("track {n} is silent")];
        case.put_listened(&stamp(), &run, &id(n), &stretches[..n as usize], &warnings).unwrap();
        case.finish(&stamp(), &run, &json!(null)).unwrap();
    }
    assert!(case.is_done(&step("listen", &[1])).unwrap());

    // Listening to the second again in another way replaces that one only.
    let other = case::Step { version: 2, ..step("listen", &[2]) };
    let run = case.begin(&stamp(), &other).unwrap();
    case.put_listened(&stamp(), &run, &id(2), &[], &[]).unwrap();
    case.finish(&stamp(), &run, &json!({})).unwrap();
    let heard = case.all_listened().unwrap();
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[0].1.stretches, stretches[..1]);
    assert_eq!(heard[0].1.warnings, ["track 1 is silent"]);
    assert_eq!((heard[1].1.run, heard[1].1.stretches.len()), (run.id(), 0));
    assert!(case.is_done(&step("listen", &[1])).unwrap());
    assert!(case.is_done(&other).unwrap());
    assert!(!case.is_done(&step("listen", &[2])).unwrap(), "its rows are gone");
}

#[test]
fn a_step_is_done_only_if_name_version_parameters_and_inputs_are_the_same() {
    let (_folder, mut case) = case_with(3);
    let done = step("align", &[1, 2]);
    assert!(!case.is_done(&done).unwrap());
    let run = case.begin(&stamp(), &done).unwrap();
    assert!(!case.is_done(&done).unwrap());
    case.finish(&stamp(), &run, &json!({})).unwrap();
    assert!(case.is_done(&done).unwrap());
    assert!(case.is_done(&step("align", &[2, 1, 2])).unwrap(), "a set has no order");
    for other in [
        step("listen", &[1, 2]),
        step("align", &[1, 2, 3]),
        case::Step { version: 2, ..done.clone() },
        case::Step { params: json!({ "rate_hz": 8001 }), ..done.clone() },
    ] {
        assert!(!case.is_done(&other).unwrap(), "{other:?}");
    }
}

#[test]
fn a_run_that_was_killed_is_marked_and_done_again() {
    let (_folder, mut case) = case_with(2);
    let (first, second) = (step("listen", &[1]), step("listen", &[2]));
    let killed = case.begin(&stamp(), &first).unwrap();
    let dir = case.dir().to_owned();
    drop(case);

    let mut case = Case::open(&dir, &stamp()).unwrap();
    assert!(!case.is_done(&first).unwrap());
    let again = case.begin(&stamp(), &first).unwrap();
    let beside = case.begin(&stamp(), &second).unwrap();
    let outcomes: Vec<_> = case.runs().unwrap().into_iter().map(|run| run.outcome).collect();
    assert_eq!(outcomes, [Outcome::Interrupted, Outcome::Running, Outcome::Running]);

    let error = case.finish(&stamp(), &killed, &json!({})).unwrap_err();
    assert!(matches!(error, Error::RunNotOpen { .. }), "{error}");
    let error = case.put_listened(&stamp(), &killed, &id(1), &[], &[]).unwrap_err();
    assert!(matches!(error, Error::RunNotOpen { .. }), "{error}");
    case.finish(&stamp(), &again, &json!({})).unwrap();
    case.abandon(&stamp(), &beside, "stopped").unwrap();
    assert!(case.is_done(&first).unwrap() && !case.is_done(&second).unwrap());
    assert_eq!(case.run(beside.id()).unwrap().unwrap().why.as_deref(), Some("stopped"));
}

#[test]
fn nothing_is_begun_on_a_source_that_the_case_does_not_hold() {
    let (_folder, mut case) = case_with(1);
    let error = case.begin(&stamp(), &step("align", &[1, 2])).unwrap_err();
    assert!(matches!(error, Error::UnknownSource(_)), "{error}");
}
