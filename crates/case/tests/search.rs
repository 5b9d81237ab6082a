//! Search: what is said is found, at the word's own time, in every recording that heard it; and the
//! index survives whatever happens to it.

mod common;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use case::search::{Found, Ground, Hit, Index, Paragraph, Place, Query};
use case::{Case, Error};
use common::{case_with, child, childs_case, id, source, stamp, step};
use evidence::{
    CaseTime, ClockMap, Excerpt, Island, MediaTime, Piece, Placement, Source, SourceKind,
    Stenographer, Transcript, Utterance, Word,
};
use serde_json::json;

const S: i64 = 1_000_000_000;

/// Words a third of a second apart, from `start_s` on.
fn said(voice: u32, start_s: i64, text: &str) -> Utterance {
    let words = text.split(' ').zip(0..).map(|(text, n)| {
        let start = MediaTime(start_s * S + n * S / 3);
        let end = MediaTime(start.0 + S / 4);
        Word { text: text.to_owned(), start, end, confidence: Some(0.8) }
    });
    let (speaker, language) = (None, None);
    Utterance { words: words.collect(), voice: Some(voice), speaker, language }
}

fn recogniser() -> Stenographer {
    let (model, model_sha256) = ("base".to_owned(), "00".repeat(32));
    Stenographer::Recogniser { model, model_sha256, prompt: String::new() }
}

fn put(case: &mut Case, n: u32, by: Stenographer, utterances: Vec<Utterance>) {
    let run = case.begin(&stamp(), &step("transcribe", &[n])).unwrap();
    let transcript = Transcript { source: id(n), by, utterances, unclear: vec![], voices: vec![] };
    case.put_transcript(&stamp(), &run, &transcript).unwrap();
    case.finish(&stamp(), &run, &json!({})).unwrap();
}

#[allow(clippy::unnecessary_wraps, reason = "it is a reader, and they may have nothing to say")]
fn no_documents(_: &Source) -> Option<Result<Vec<Paragraph>, String>> {
    Some(Err("nobody reads here".to_owned()))
}

fn update(index: &mut Index, case: &Case) -> case::search::Counts {
    index.update(case, &(), ("nobody", &mut no_documents), &|| false).unwrap()
}

fn ground(case: &Case) -> Ground {
    let name = |source: Source| (source.id, source.name());
    Ground::of(case, case.sources().unwrap().into_iter().map(name).collect()).unwrap()
}

fn search(case: &Case, query: &str) -> Found {
    let mut index = Index::open(case).unwrap();
    update(&mut index, case);
    index.search(case, &ground(case), &Query::parse(query).unwrap(), 20).unwrap()
}

fn seconds(hit: &Hit) -> f64 {
    match &hit.place {
        Place::Speech { start, .. } => start.seconds(),
        Place::Text { .. } => panic!("this is said, not written: {hit:?}"),
    }
}

/// Recordings 1 and 2 heard the same, 2 began ten seconds later; 3 is on no clock.
fn rehearsal() -> (tempfile::TempDir, Case) {
    let (folder, mut case) = case_with(3);
    let first = vec![
        said(0, 20, "Pistol to me. Cold"),
        said(0, 22, "gun. She called it cold."),
        said(1, 30, "Who put the pistol on the cart?"),
        said(1, 60, "Élodie Kovač was here."),
    ];
    put(&mut case, 1, recogniser(), first);
    put(&mut case, 2, recogniser(), vec![said(0, 20, "Who put the pistol on the cart?")]);
    let last = vec![said(4, 5, "A pistol? I never saw Halyna."), said(5, 90, "手枪在车上")];
    put(&mut case, 3, recogniser(), last);
    let placement = |n, offset_s: i64| Placement {
        source: id(n),
        island: Island(0),
        pieces: vec![Piece {
            start: MediaTime(0),
            end: MediaTime(120 * S),
            map: ClockMap { offset_ns: offset_s * S, drift_ppb: 0 },
            sigma_ns: 2_000_000,
        }],
        doubt: None,
    };
    let run = case.begin(&stamp(), &step("align", &[1, 2])).unwrap();
    let placements = [placement(1, 0), placement(2, 10)];
    case.replace_alignment(&stamp(), &run, &placements, &[], &[], &[]).unwrap();
    (folder, case)
}

#[test]
fn a_phrase_is_found_at_its_own_word_also_across_two_cues() {
    let (_folder, case) = rehearsal();
    let found = search(&case, "\"cold gun\"");
    let [hit] = &found.hits[..] else { panic!("{found:?}") };
    assert_eq!((hit.source, seconds(hit)), (id(1), 21.0));
    assert_eq!(hit.context.before, "Pistol to me.");
    assert_eq!(hit.context.quoted, "Cold gun.");
    assert_eq!(hit.context.after, "She called it cold.");
    let Place::Speech {
        end, case: Some(case), sigma_ns: Some(2_000_000), confidence, speaker, ..
    } = &hit.place
    else {
        panic!("{hit:?}")
    };
    assert_eq!((*end, *case), (MediaTime(22 * S + S / 4), CaseTime(21 * S)));
    assert_eq!((*confidence, speaker.as_str()), (Some(0.8), "Voice 1"));
    assert!(found.is_all && found.is_ranked && found.passages == 1);
}

#[test]
fn what_several_recordings_heard_is_one_result_with_all_of_them() {
    let (_folder, case) = rehearsal();
    let found = search(&case, "pistol cart");
    let [hit] = &found.hits[..] else { panic!("{found:?}") };
    let [also] = &hit.also[..] else { panic!("{hit:?}") };
    assert_eq!((hit.source, also.source), (id(1), id(2)));
    assert_eq!(hit.context.quoted, "pistol on the cart?");
    assert_eq!((found.passages, search(&case, "pistol").hits.len()), (2, 3));
}

#[test]
fn accents_sounds_and_scripts_without_blanks_are_found() {
    let (_folder, case) = rehearsal();
    for (query, quoted) in [
        ("elodie", "Élodie"),
        ("KOVAC", "Kovač"),
        ("~Halina", "Halyna."),
        ("~Covatch", "Kovač"),
        ("手枪", "手枪在车上"),
        ("pist* NEAR/2 cart", "pistol on the cart?"),
        ("revolver OR halyna", "Halyna."),
    ] {
        let found = search(&case, query);
        assert_eq!(found.hits[0].context.quoted, quoted, "{query}");
    }
    for query in ["枪手", "pistol NEAR/1 cart", "\"gun cold\"", "~Otto"] {
        assert_eq!(search(&case, query).hits, [], "{query}");
    }
}

#[test]
fn speaker_source_and_time_narrow() {
    let (_folder, case) = rehearsal();
    let sources = |query: &str| -> Vec<(u32, f64)> {
        let found = search(&case, query);
        let n = |hit: &Hit| u32::from_be_bytes(hit.source.0[..4].try_into().unwrap());
        found.hits.iter().map(|hit| (n(hit), seconds(hit))).collect()
    };
    assert_eq!(sources("pistol speaker:\"voice 5\""), [(3, 5.333_333_333)]);
    assert_eq!(sources("speaker:\"voice 6\""), [(3, 90.0)]);
    assert_eq!(sources("pistol source:\"cam 3\"").len(), 1);
    assert_eq!(sources("pistol source:CAM").len(), 3);
    assert_eq!(sources("pistol after:29"), [(1, 31.0)]);
    assert_eq!(sources("pistol before:0:25"), [(1, 20.0)]);
    assert_eq!(sources("pistol after:20.1 before:30.9"), []);
    let index = Index::open(&case).unwrap();
    let query = Query::parse("pistol source:cam9").unwrap();
    let error = index.search(&case, &ground(&case), &query, 20).unwrap_err();
    assert!(matches!(error, Error::Query(_)));
    assert_eq!(
        error.to_string(),
        "no source of this case has “cam9” in its name (column 8 of the query)"
    );
}

#[test]
fn a_copy_is_told_as_one_and_its_original_stands_first() {
    let (_folder, mut case) = rehearsal();
    let placements = case.placements().unwrap();
    let excerpt = Excerpt {
        copy: id(1),
        start: MediaTime(28 * S),
        end: MediaTime(40 * S),
        source: id(2),
        source_start: MediaTime(18 * S),
        speed: 1.0,
        reason: None,
    };
    let run = case.begin(&stamp(), &step("align 2", &[1, 2])).unwrap();
    case.replace_alignment(&stamp(), &run, &placements, &[], &[], &[excerpt]).unwrap();
    let found = search(&case, "\"the cart\"");
    let [hit] = &found.hits[..] else { panic!("{found:?}") };
    assert_eq!((hit.source, hit.also[0].source), (id(2), id(1)));
    let Place::Speech { copied_from, start, .. } = &hit.also[0].place else { panic!("{hit:?}") };
    assert_eq!(*copied_from, Some((id(2), MediaTime(start.0 - 10 * S))));
}

#[test]
fn the_index_follows_the_case() {
    let (_folder, mut case) = rehearsal();
    let mut index = Index::open(&case).unwrap();
    assert_eq!(update(&mut index, &case).put_in, 3);
    assert_eq!(update(&mut index, &case), case::search::Counts::default());
    put(&mut case, 3, recogniser(), vec![said(4, 5, "A revolver?")]);
    let counts = update(&mut index, &case);
    assert_eq!((counts.put_in, counts.taken_out, counts.words), (1, 1, 2));
    assert_eq!(search(&case, "halyna").hits, []);
    assert_eq!(search(&case, "revolver").hits.len(), 1);
}

#[test]
fn documents_are_found_by_page_and_read_again_by_a_better_reader_only() {
    let (_folder, mut case) = rehearsal();
    let document =
        Source { kind: SourceKind::Document, path: PathBuf::from("/papers/log.pdf"), ..source(7) };
    case.add_source(&stamp(), &document, None).unwrap();
    let mut asked = 0;
    let mut index = Index::open(&case).unwrap();
    for (read_by, times) in [("none", 1), ("none", 1), ("pdftotext", 2), ("pdftotext", 2)] {
        let mut reader = |_: &Source| {
            asked += 1;
            if read_by == "none" {
                return Some(Err("pdftotext is not installed".to_owned()));
            }
            let paragraph =
                |page, text: &str| Paragraph { page: Some(page), text: text.to_owned() };
            Some(Ok(vec![paragraph(1, "Armoury log"), paragraph(2, "Pistol 3 was\nissued cold.")]))
        };
        index.update(&case, &(), (read_by, &mut reader), &|| false).unwrap();
        let unread = index.unread().unwrap();
        assert_eq!(unread.is_empty(), times == 2, "{unread:?}");
        assert_eq!(asked, times);
    }
    let query = Query::parse("\"was issued\" source:log.pdf").unwrap();
    let found = index.search(&case, &ground(&case), &query, 20).unwrap();
    assert_eq!(found.hits[0].place, Place::Text { page: Some(2), paragraph: 2 });
    assert_eq!(found.hits[0].context.before, "Pistol 3");
}

#[test]
fn where_too_much_is_found_the_first_are_shown_in_order() {
    let (_folder, mut case) = case_with(1);
    let all = (0..2000).map(|n| said(0, n * 10, &format!("The pistol number {n}."))).collect();
    put(&mut case, 1, recogniser(), all);
    let found = search(&case, "pistol");
    assert!(!found.is_ranked && !found.is_all && found.hits.len() == 20);
    assert!(found.hits.windows(2).all(|two| seconds(&two[0]) < seconds(&two[1])));
    let found = search(&case, "pistol 1999");
    assert!(found.is_ranked && found.is_all && found.hits.len() == 1);
}

/// The file of the index.
fn file(case: &Case) -> PathBuf {
    case.cache().file_of_case("search-v2.db")
}

#[test]
fn an_index_that_is_gone_damaged_or_of_another_case_is_made_anew() {
    let (_folder, case) = rehearsal();
    assert_eq!(search(&case, "pistol").hits.len(), 3);
    std::fs::remove_dir_all(case.dir().join(case::CACHE)).unwrap();
    assert_eq!(search(&case, "pistol").hits.len(), 3);
    let whole = std::fs::read(file(&case)).unwrap();
    for damaged in [&b"not a database at all"[..], &whole[..5000], &[0; 9000], b""] {
        std::fs::write(file(&case), damaged).unwrap();
        let _ = std::fs::remove_file(file(&case).with_extension("db-wal"));
        assert_eq!(search(&case, "pistol").hits.len(), 3, "{}", damaged.len());
    }
    let (_folder, mut other) = case_with(1);
    put(&mut other, 1, recogniser(), vec![said(0, 1, "Hello.")]);
    let _ = search(&other, "hello");
    std::fs::copy(file(&case), file(&other)).unwrap();
    for beside in ["db-wal", "db-shm"] {
        let _ = std::fs::remove_file(file(&other).with_extension(beside));
    }
    assert_eq!(search(&other, "pistol").hits, []);
    assert_eq!(search(&other, "hello").hits.len(), 1);
}

/// A case with so much to index that it takes a while.
fn much() -> (tempfile::TempDir, Case) {
    let (folder, mut case) = case_with(12);
    for n in 1..=12 {
        let all = (0..3000).map(|i| said(0, i * 10, &format!("pistol {n} number w{i} x{i} y{i}")));
        put(&mut case, n, recogniser(), all.collect());
    }
    (folder, case)
}

#[test]
#[ignore = "runs as a child"]
fn indexes_the_case() {
    let case = Case::open(&childs_case().unwrap(), &stamp()).unwrap();
    let mut index = Index::open(&case).unwrap();
    update(&mut index, &case);
}

fn whole(case: &Case) {
    let query = |n: u32| Query::parse(&format!("\"pistol {n} number w2999\"")).unwrap();
    let mut index = Index::open(case).unwrap();
    update(&mut index, case);
    for n in 1..=12 {
        let found = index.search(case, &ground(case), &query(n), 20).unwrap();
        assert_eq!(found.passages, 1, "{n}");
    }
    assert_eq!(index.words().unwrap(), 12 * 3000 * 6);
}

#[test]
fn killed_at_any_moment_the_index_is_completed_by_the_next() {
    let (_folder, case) = much();
    let begun = Instant::now();
    assert!(child("indexes_the_case", case.dir()).status().unwrap().success());
    let whole_run = begun.elapsed();
    for tenth in 1..8 {
        std::fs::remove_dir_all(case.dir().join(case::CACHE)).unwrap();
        let mut process = child("indexes_the_case", case.dir()).spawn().unwrap();
        std::thread::sleep(whole_run * tenth / 10);
        process.kill().unwrap();
        process.wait().unwrap();
        whole(&case);
    }
}

#[test]
fn processes_that_index_at_once_put_everything_in_once() {
    let (_folder, case) = much();
    let mut processes: Vec<_> =
        (0..3).map(|_| child("indexes_the_case", case.dir()).spawn().unwrap()).collect();
    std::thread::sleep(Duration::from_millis(50));
    whole(&case);
    for process in &mut processes {
        assert!(process.wait().unwrap().success());
    }
    whole(&case);
}

#[test]
fn names_may_be_given_as_lists_show_them() {
    let (_folder, case) = rehearsal();
    let mut index = Index::open(&case).unwrap();
    update(&mut index, &case);
    let names = BTreeMap::from([(id(1), "U14 (2)".to_owned()), (id(3), "U14 (3)".to_owned())]);
    let ground = Ground::of(&case, names).unwrap();
    for (asked, count) in [("source:u14", 2), ("source:\"U14 (3)\"", 1), ("source:00000003", 1)] {
        let query = Query::parse(&format!("pistol {asked}")).unwrap();
        let found = index.search(&case, &ground, &query, 20).unwrap();
        let sources: std::collections::BTreeSet<_> = found.hits.iter().map(|h| h.source).collect();
        assert_eq!(sources.len(), count, "{asked}");
    }
}
