//! Processes that meet on one case: one works, the others are told or read.

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Child;
use std::sync::mpsc;

use case::custody::Standing;
use case::{Case, Error, Outcome};
use common::{
    align, case_with, child, childs_case, id, new_case, placement, recording, source, stamp, step,
};
use serde_json::json;

/// Waits for a line in which the child says `word`.
fn wait_for(child: &mut Child, word: &str) {
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let heard = lines.by_ref().map_while(Result::ok).any(|line| line.contains(word));
    assert!(heard, "the child never said {word}");
}

#[test]
fn a_second_run_is_told_who_works_and_may_go_on_when_that_one_is_killed() {
    let (_folder, mut case) = new_case();
    let mut worker = child("holds_the_case", case.dir()).spawn().unwrap();
    wait_for(&mut worker, "held");

    let error = case.lock(&stamp()).unwrap_err();
    let Error::Busy { holder, .. } = &error else { panic!("{error}") };
    assert_eq!(holder.pid, Some(worker.id()));
    let told = format!(
        "another run is working on this case (recount 0.1.0, process {}, since \
         2026-03-01T09:30:00Z); wait until it ends: ",
        worker.id()
    );
    assert!(error.to_string().starts_with(&told), "{error}");
    let error = case.add_source(&stamp(), &source(9), None).unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error}");

    // Reading goes on meanwhile.
    let reader = Case::open(case.dir(), &stamp()).unwrap();
    assert_eq!(reader.sources().unwrap(), [source(1)]);
    assert!(reader.verify_custody().unwrap().is_whole());

    worker.kill().unwrap();
    worker.wait().unwrap();
    let lock = case.lock(&stamp()).unwrap();
    case.add_source(&stamp(), &source(9), None).unwrap();
    drop(lock);
    let run = case.begin(&stamp(), &step("listen", &[1])).unwrap();
    case.finish(&stamp(), &run, &json!({})).unwrap();
    let outcomes: Vec<_> = case.runs().unwrap().into_iter().map(|run| run.outcome).collect();
    assert_eq!(outcomes, [Outcome::Interrupted, Outcome::Done]);
}

#[test]
#[ignore = "runs as a child"]
fn holds_the_case() {
    let Some(dir) = childs_case() else { return };
    let mut case = Case::open(&dir, &stamp()).unwrap();
    let _lock = case.lock(&stamp()).unwrap();
    case.add_source(&stamp(), &source(1), Some(&recording(1))).unwrap();
    case.begin(&stamp(), &step("listen", &[1])).unwrap();
    println!("held");
    std::io::stdin().lock().bytes().for_each(drop);
    std::thread::sleep(std::time::Duration::from_secs(60));
}

#[test]
fn two_openings_of_one_case_in_one_process_exclude_each_other_too() {
    let (_folder, first) = new_case();
    let second = Case::open(first.dir(), &stamp()).unwrap();
    let lock = first.lock(&stamp()).unwrap();
    let again = first.lock(&stamp()).unwrap();
    assert!(matches!(second.lock(&stamp()), Err(Error::Busy { .. })));
    drop(lock);
    assert!(matches!(second.lock(&stamp()), Err(Error::Busy { .. })));
    drop(again);
    second.lock(&stamp()).unwrap();
}

#[test]
fn opening_never_keeps_another_from_working() {
    let (_folder, case) = case_with(2);
    let (stop, stopped) = mpsc::channel::<()>();
    let dir = case.dir().to_owned();
    let opening = std::thread::spawn(move || {
        while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
            let reader = Case::open(&dir, &stamp()).unwrap();
            assert!(reader.verify_custody().unwrap().is_whole());
        }
    });
    for _ in 0..100 {
        case.lock(&stamp()).unwrap();
    }
    drop(stop);
    opening.join().unwrap();
}

#[test]
fn a_reader_sees_whole_solutions_and_a_whole_log_while_another_process_writes() {
    let (_folder, case) = case_with(20);
    let mut writer = child("aligns_without_end", case.dir()).spawn().unwrap();
    wait_for(&mut writer, "aligned");
    for _ in 0..40 {
        let opened = Case::open(case.dir(), &stamp()).unwrap();
        assert_eq!(opened.custody_standing(), Standing::Whole);
    }
    let reader = Case::open(case.dir(), &stamp()).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let (placements, run) =
            reader.at_one_moment(|case| Ok((case.placements()?, case.alignment_run()?))).unwrap();
        let count = placements.len() as u64;
        assert_eq!(json!(count), run.unwrap().step.params["placements"]);
        assert_eq!(reader.verify_custody().unwrap().faults, []);
        seen.insert(count);
    }
    writer.kill().unwrap();
    writer.wait().unwrap();
    assert!(seen.len() > 1, "the writer hardly wrote: {seen:?}");
}

#[test]
#[ignore = "runs as a child"]
fn aligns_without_end() {
    let Some(dir) = childs_case() else { return };
    let mut case = Case::open(&dir, &stamp()).unwrap();
    let _lock = case.lock(&stamp()).unwrap();
    for n in (1..=20).cycle() {
        let step = case::Step { params: json!({ "placements": n }), ..step("align", &[1]) };
        let run = case.begin(&stamp(), &step).unwrap();
        let placements: Vec<_> = (1..=n).map(placement).collect();
        align(&mut case, &run, &placements).unwrap();
        case.finish(&stamp(), &run, &json!({})).unwrap();
        println!("aligned");
    }
}

/// How often the writer is killed.
const KILLS: u32 = 25;

#[test]
fn killed_at_any_moment_each_change_is_wholly_there_or_not_at_all() {
    let (_folder, case) = new_case();
    let dir = case.dir().to_owned();
    drop(case);
    let mut completed = 0;
    let mut random = u64::from(std::process::id());
    println!("seed {random}");
    for kill in 1..=KILLS {
        let mut writer = child("writes_until_killed", &dir).spawn().unwrap();
        wait_for(&mut writer, "changed");
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(std::time::Duration::from_micros((random >> 33) % 60_000));
        writer.kill().unwrap();
        let mut said = String::new();
        writer.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        writer.wait().unwrap();
        // wait_for may have read ahead; what is left are later words.
        let promised = said.lines().filter_map(|line| line.strip_prefix("changed ")).next_back();
        let promised: u64 = promised.and_then(|n| n.parse().ok()).unwrap_or(0);

        let case = Case::open(&dir, &stamp()).unwrap();
        match case.custody_standing() {
            Standing::Whole => {}
            Standing::Completed { .. } => completed += 1,
            Standing::Differs => panic!("kill {kill}: {:?}", case.verify_custody().unwrap()),
        }
        let report = case.verify_custody().unwrap();
        assert_eq!(report.faults, [], "kill {kill}");
        assert!(report.records >= promised, "kill {kill}: a promised change is gone");
        assert_eq!(case.check_database().unwrap(), Vec::<String>::new(), "kill {kill}");
        each_change_is_whole(&case);
    }
    println!("{KILLS} kills, {completed} logs completed");
}

/// Rows of one change tell one story.
fn each_change_is_whole(case: &Case) {
    let sources = case.sources().unwrap();
    let recordings = case.recordings().unwrap();
    assert_eq!(sources.len(), recordings.len());
    for (source, recording) in recordings {
        assert_eq!(recording.claims.len() as u64, source.size_bytes / 1000 % 7);
    }
    let run = case.alignment_run().unwrap();
    let placements = case.placements().unwrap();
    let promised = run.map_or(json!(0), |run| run.step.params["placements"].clone());
    assert_eq!(json!(placements.len()), promised);
    assert!(placements.iter().all(|placement| placement.pieces.len() == 2));
}

#[test]
#[ignore = "runs as a child"]
fn writes_until_killed() {
    let Some(dir) = childs_case() else { return };
    let mut case = Case::open(&dir, &stamp()).unwrap();
    let _lock = case.lock(&stamp()).unwrap();
    let first = case.sources().unwrap().len() as u32 + 1;
    for n in first.. {
        case.add_source(&stamp(), &source(n), Some(&recording(n as usize % 7))).unwrap();
        let count = 1 + n % 20;
        let placements: Vec<_> = (1..=n.min(count)).map(placement).collect();
        let params = json!({ "placements": placements.len(), "n": n });
        let step = case::Step { params, ..step("align", &[n]) };
        let run = case.begin(&stamp(), &step).unwrap();
        align(&mut case, &run, &placements).unwrap();
        case.finish(&stamp(), &run, &json!({})).unwrap();
        case.write_cache(&id(n), "heard", |to| to.write_all(&vec![0; 70_000])).unwrap();
        println!("changed {}", case.verify_custody().unwrap().records);
    }
}

#[test]
fn a_cache_file_half_written_by_a_killed_run_is_swept_at_the_next_lock() {
    let (_folder, case) = new_case();
    let cached = case.cache_file(&id(1), "sound.pcm");
    let left = cached.with_file_name("sound.pcm.0-0.part");
    fs::create_dir_all(cached.parent().unwrap()).unwrap();
    fs::write(&left, "half").unwrap();
    let _lock = case.lock(&stamp()).unwrap();
    assert!(!left.exists() && !case.has_cache(&id(1), "sound.pcm"));
}
