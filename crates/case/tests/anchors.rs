//! What a person says of time is kept with who said it, is never altered, and can be taken back.

mod common;

use case::{Case, Choice};
use common::{case_with, id, stamp};
use evidence::{
    Anchor, AnchoredBy, Basis, ClockReading, MediaTime, Shown, Stood, UtcAnchor, UtcTime,
};

fn anchor() -> Anchor {
    Anchor {
        source: id(1),
        time: MediaTime(5),
        other: id(2),
        other_time: MediaTime(-7),
        sigma_ns: 100_000_000,
        is_locked: true,
        by: AnchoredBy::Hand,
    }
}

fn utc() -> UtcAnchor {
    let utc = UtcTime(1_770_751_393_900_000_000);
    UtcAnchor { source: id(2), time: MediaTime(9), utc, sigma_ns: 50_000_000 }
}

#[test]
fn what_was_said_is_there_again_with_who_said_it() {
    let (_folder, mut case) = case_with(2);
    case.put_anchor(&stamp(), &anchor(), "1 is 2").unwrap();
    case.put_utc_anchor(&stamp(), &utc(), "the tower struck").unwrap();
    let dir = case.dir().to_owned();
    drop(case);
    let case = Case::open(&dir, &stamp()).unwrap();
    let told = case.anchors().unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].anchor, told[0].said.as_str()), (anchor(), "1 is 2"));
    assert_eq!((told[0].actor.as_str(), &told[0].at_utc), ("ana", &stamp().at_utc));
    assert_eq!(case.utc_anchors().unwrap()[0].anchor, utc());
    assert!(case.verify_custody().unwrap().is_whole());
}

#[test]
fn what_a_clock_showed_and_what_was_chosen_are_kept_and_taken_back_alike() {
    let (_folder, mut case) = case_with(2);
    let reading = ClockReading {
        source: id(2),
        time: MediaTime(9),
        shows: Shown { ns: 49_565_000_000_000, basis: Basis::TimeOfDay },
        sigma_ns: 1_000_000_000,
        clock: Some("lobby".to_owned()),
    };
    case.put_reading(&stamp(), &reading, "lobby showed 13:46:05").unwrap();
    let stood = Stood { source: id(1), at_mm: [4_500, -12_000, 0], within_mm: 1_500 };
    let walked = case.put_stood(&stamp(), &stood, "by the door").unwrap();
    assert_eq!(case.stood().unwrap()[0].anchor, stood);
    case.undo_anchor(&stamp(), walked).unwrap();
    assert_eq!(case.stood().unwrap(), []);
    let choice = case.put_choice(&stamp(), Choice::ByClock, "--by-clock").unwrap();
    assert_eq!(case.readings().unwrap()[0].anchor, reading);
    assert_eq!(case.choices().unwrap()[0].anchor, Choice::ByClock);
    assert_eq!((case.anchors().unwrap(), case.utc_anchors().unwrap()), (vec![], vec![]));
    case.undo_anchor(&stamp(), choice).unwrap();
    assert_eq!(case.choices().unwrap(), []);
    assert_eq!(case.readings().unwrap().len(), 1);
    assert!(case.verify_custody().unwrap().is_whole());
    let stranger = ClockReading { source: id(9), ..reading };
    let error = case.put_reading(&stamp(), &stranger, "").unwrap_err();
    assert!(matches!(error, case::Error::UnknownSource(_)), "{error}");
}

#[test]
fn what_is_taken_back_is_gone_from_the_case_and_stays_in_custody() {
    let (_folder, mut case) = case_with(2);
    let first = case.put_anchor(&stamp(), &anchor(), "1 is 2").unwrap();
    let second = case.put_anchor(&stamp(), &Anchor { is_locked: false, ..anchor() }, "").unwrap();
    let before = case.custody().unwrap().len();
    case.undo_anchor(&stamp(), first).unwrap();
    case.undo_anchor(&stamp(), first).unwrap();
    assert_eq!(case.custody().unwrap().len(), before + 1);
    let left = case.anchors().unwrap();
    assert_eq!(left.iter().map(|told| told.id).collect::<Vec<_>>(), [second]);
    assert!(case.verify_custody().unwrap().is_whole());
}

#[test]
fn a_word_about_a_stranger_is_refused() {
    let (_folder, mut case) = case_with(1);
    let error = case.put_anchor(&stamp(), &anchor(), "").unwrap_err();
    assert!(matches!(error, case::Error::UnknownSource(_)), "{error}");
}

#[test]
fn a_word_altered_past_the_door_is_found() {
    for sql in [
        "UPDATE anchor SET anchor = replace(anchor, '5', '6')",
        "UPDATE anchor SET said = 'other'",
        "UPDATE anchor SET actor = 'eve'",
        "UPDATE anchor SET undone = 1",
        "UPDATE anchor SET undone = NULL",
        "DELETE FROM anchor WHERE id = 1",
        "INSERT INTO anchor SELECT 9, kind, source, other, anchor, said, at_utc, actor, custody, \
         undone FROM anchor WHERE id = 1",
    ] {
        let (_folder, mut case) = case_with(2);
        case.put_anchor(&stamp(), &anchor(), "1 is 2").unwrap();
        let second = case.put_anchor(&stamp(), &anchor(), "again").unwrap();
        case.undo_anchor(&stamp(), second).unwrap();
        let dir = case.dir().to_owned();
        drop(case);
        let db = rusqlite::Connection::open(dir.join("case.db")).unwrap();
        db.execute_batch(sql).unwrap();
        drop(db);
        let case = Case::open(&dir, &stamp()).unwrap();
        assert!(!case.verify_custody().unwrap().is_whole(), "{sql}");
    }
}
