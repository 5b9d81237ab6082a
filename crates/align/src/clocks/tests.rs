//! Clocks as devices keep them, with their usual lies.

use std::collections::BTreeMap;

use evidence::{
    AudioTrack, Basis, CaseTime, Claim, ClaimKind, ClockMap, ClockReading, Island, MediaTime,
    Piece, Placement, Recording, Shown, SourceId, UtcMap, UtcTime, VideoTrack, civil,
};
use proptest::prelude::*;

use super::*;
use crate::Alignment;

const S: i64 = 1_000_000_000;

/// A recording of a test, with what is needed to make it a [`Recorded`].
struct File {
    id: SourceId,
    name: String,
    recording: Recording,
    placement: Option<Placement>,
}

/// A file of so many seconds.
fn file(number: u8, name: &str, seconds: i64) -> File {
    let recording = Recording {
        container: "mov,mp4,m4a,3gp,3g2,mj2".to_owned(),
        duration: MediaTime(seconds * S),
        audio: vec![AudioTrack {
            stream: 1,
            codec: "aac".to_owned(),
            rate_hz: 48_000,
            channels: 1,
            start: MediaTime::ZERO,
        }],
        video: vec![VideoTrack {
            stream: 0,
            codec: "h264".to_owned(),
            width: 64,
            height: 64,
            rate: Some((25, 1)),
            start: MediaTime::ZERO,
            ..VideoTrack::default()
        }],
        claims: Vec::new(),
    };
    File { id: SourceId([number; 32]), name: name.to_owned(), recording, placement: None }
}

impl File {
    fn claiming(mut self, kind: ClaimKind, tag: &str, value: &str) -> Self {
        self.recording.claims.push(Claim {
            kind,
            value: value.to_owned(),
            found_in: format!("format:{tag}"),
        });
        self
    }

    fn created(self, at: &str) -> Self {
        self.claiming(ClaimKind::CreationTime, "creation_time", at)
    }

    fn by(self, model: &str) -> Self {
        self.claiming(ClaimKind::Model, "model", model)
    }

    /// From so many seconds of case time on.
    fn at(self, case_s: f64) -> Self {
        self.on(0, case_s)
    }

    fn on(mut self, island: u32, case_s: f64) -> Self {
        self.placement = Some(Placement {
            source: self.id,
            island: Island(island),
            pieces: vec![Piece {
                start: MediaTime::ZERO,
                end: self.recording.duration,
                map: ClockMap::from_seconds(case_s, 0.0),
                sigma_ns: 2_000_000,
            }],
            doubt: None,
        });
        self
    }
}

fn recorded(files: &[File]) -> Vec<Recorded<'_>> {
    fn one(file: &File) -> Recorded<'_> {
        let File { id, name, recording, placement } = file;
        Recorded { id: *id, name, recording, placement: placement.as_ref() }
    }
    files.iter().map(one).collect()
}

fn survey_of(files: &[File]) -> Survey {
    survey(&recorded(files), &[], &BTreeMap::new())
}

fn clock<'a>(survey: &'a Survey, device: &str, series: Series) -> &'a Clock {
    let found = survey.clocks.iter().find(|c| c.device == device && c.series == series);
    found.unwrap_or_else(|| panic!("no {series:?} of {device} in {survey:?}"))
}

fn error(clock: &Clock) -> &Error {
    clock.on[0].error.as_ref().unwrap_or_else(|| panic!("no error in {clock:?}"))
}

fn sentences(clock: &Clock) -> Vec<String> {
    error(clock).reasons.iter().map(ToString::to_string).collect()
}

/// Two phones that agree, so that the others can be told wrong; case zero is at 11:46:00 UTC.
fn two_phones() -> Vec<File> {
    vec![
        file(1, "a.mp4", 60).created("2019-10-21T11:46:01.000000Z").by("A").at(1.2),
        file(2, "b.mp4", 60).created("2019-10-21T11:46:20.000000Z").by("B").at(19.0),
    ]
}

fn with(other: File) -> Vec<File> {
    let mut files = two_phones();
    files.push(other);
    files
}

#[test]
fn a_clock_that_is_wrong_by_an_hour_and_37_seconds_is_told_so_with_what_may_explain_it() {
    let survey = survey_of(&with(
        file(3, "c.mp4", 30).created("2019-10-21T12:47:07.000000Z").by("C").at(30.0),
    ));
    let wrong = clock(&survey, "C", Series::Creation);
    assert_eq!(length(error(wrong).ns), "1 h 0 min 37 s");
    assert_eq!(
        sentences(wrong),
        ["summer or winter time mistaken, or the next time zone? then it is wrong by 36.6 s"]
    );
    assert!(error(clock(&survey, "A", Series::Creation)).reasons.is_empty());
    assert_eq!((survey.references[0].devices, survey.references[0].of), (2, 2));
}

#[test]
fn the_zone_of_a_local_time_is_a_candidate_and_never_taken_off_silently() {
    let survey = survey_of(&with(file(3, "VID_20191021_134707.mp4", 30).by("C").at(30.0)));
    let local = clock(&survey, "C", Series::Name);
    assert!(error(local).has_zone);
    assert_eq!(length(error(local).ns), "2 h 0 min 37 s");
    assert_eq!(sentences(local), ["if it shows the local time of UTC+2, it is wrong by 36.6 s"]);
}

#[test]
fn a_zone_that_one_device_states_tells_how_wrong_the_local_times_of_others_are() {
    let mut files = two_phones();
    files.push(
        file(3, "IMG_1.MOV", 30)
            .claiming(
                ClaimKind::CreationTime,
                "com.apple.quicktime.creationdate",
                "2019-10-21T13:46:10+0200",
            )
            .by("iPhone")
            .at(10.0),
    );
    files.push(file(4, "VID_20191021_134707.mp4", 30).by("C").at(30.0));
    let survey = survey_of(&files);
    assert_eq!(survey.references[0].zone, Some((7200, 1)));
    let local = error(clock(&survey, "C", Series::Name));
    assert!(!local.has_zone);
    assert_eq!(length(local.ns), "37.0 s");
}

#[test]
fn a_clock_that_began_anew_is_recognised_by_its_date() {
    for (date, expected) in [
        ("2015-01-01T00:03:12Z", "2015-01-01"),
        ("2000-01-02T10:00:00Z", "2000-01-01"),
        ("1980-01-05T00:00:00Z", "1980-01-01"),
    ] {
        let survey = survey_of(&with(file(3, "c.mp4", 30).created(date).by("C").at(30.0)));
        let all = sentences(clock(&survey, "C", Series::Creation));
        assert!(all[0].contains(&format!("begun anew at {expected}")), "{date} {all:?}");
    }
    let alone = survey_of(&[file(3, "c.mp4", 30).created("1970-01-01T00:00:30Z").by("C")]);
    assert!(alone.clocks[0].begun_anew.is_some());
}

#[test]
fn a_wrong_date_a_wrong_half_of_the_day_and_local_time_called_utc_are_candidates() {
    for (created, words) in [
        ("2019-10-23T11:46:31Z", "the date is wrong by 2 days"),
        ("2019-10-21T23:46:31Z", "morning and afternoon mistaken"),
        ("2019-10-21T06:46:31Z", "another time zone"),
        ("2019-10-21T17:31:31Z", "another time zone"),
    ] {
        let survey = survey_of(&with(file(3, "c.mp4", 30).created(created).by("C").at(30.0)));
        let all = sentences(clock(&survey, "C", Series::Creation));
        assert!(all.iter().any(|s| s.contains(words)), "{created}: {all:?}");
    }
    // The zone is known from another device that writes both.
    let mut files = two_phones();
    files[0].name = "VID_20191021_064601.mp4".to_owned();
    files.push(file(3, "c.mp4", 30).created("2019-10-21T06:46:31Z").by("C").at(30.0));
    let survey = survey_of(&files);
    let all = sentences(clock(&survey, "C", Series::Creation));
    assert!(all[0].starts_with("it may show local time (UTC−5) and call it UTC"), "{all:?}");
}

#[test]
fn whether_the_end_is_noted_is_decided_by_recordings_of_different_lengths() {
    // True beginnings are 0, 100 and 400 s; the clock notes ends.
    let mut files = two_phones();
    for (number, begins, seconds) in [(3, 0, 20), (4, 100, 80), (5, 400, 50)] {
        let ended = UtcTime(civil::read("2019-10-21T11:46:00Z").unwrap().shows_ns)
            .0
            .saturating_add((begins + seconds) * S);
        let name = format!("{number}.mp4");
        let one = file(number, &name, seconds).created(&UtcTime(ended).to_string()).by("C");
        files.push(one.at(begins as f64));
    }
    let survey = survey_of(&files);
    let noted = clock(&survey, "C", Series::Creation);
    assert_eq!(noted.convention, Some(Convention::End));
    assert!(error(noted).ns.abs() < S, "{noted:?}");
    // One alone leaves it open, and says so.
    let one =
        survey_of(&with(file(3, "c.mp4", 80).created("2019-10-21T11:49:00Z").by("C").at(100.0)));
    let open = clock(&one, "C", Series::Creation);
    assert_eq!((open.convention, open.is_open), (None, true));
    assert!(sentences(open)[0].starts_with("it may note the end"), "{open:?}");
}

#[test]
fn the_name_given_at_the_beginning_tells_that_the_container_notes_the_end() {
    let survey = survey_of(&[file(1, "VID_20191021_134601.mp4", 33)
        .created("2019-10-21T11:46:35Z")
        .by("A")
        .at(0.0)]);
    assert_eq!(clock(&survey, "A", Series::Creation).convention, Some(Convention::End));
}

#[test]
fn where_no_two_clocks_agree_nobody_is_called_wrong() {
    let survey = survey_of(&[
        file(1, "a.mp4", 60).created("2019-10-21T11:46:01Z").by("A").at(0.0),
        file(2, "b.mp4", 60).created("2019-10-21T11:56:01Z").by("B").at(0.0),
    ]);
    assert!(survey.references.is_empty());
    assert!(survey.clocks.iter().all(|clock| clock.on[0].error.is_none()));
}

#[test]
fn once_the_island_is_anchored_in_utc_even_a_clock_alone_is_told_wrong() {
    let files = [file(1, "a.mp4", 60).created("2019-10-21T11:46:10Z").by("A").at(0.0)];
    let map = UtcMap {
        case: CaseTime(0),
        utc: civil::read("2019-10-21T11:46:00Z").unwrap().utc().unwrap(),
        rate_ppm: 0.0,
        sigma_ns: S / 10,
        rate_sigma_ppm: 100.0,
    };
    let survey = survey(&recorded(&files), &[], &BTreeMap::from([(Island(0), map)]));
    assert_eq!(error(&survey.clocks[0]).ns, 10 * S);
    assert!(survey.references[0].is_utc);
}

#[test]
fn a_clock_that_was_set_between_two_recordings_is_found_and_places_nothing() {
    let mut files = two_phones();
    files.push(file(3, "c1.mp4", 30).created("2019-10-21T11:46:30Z").by("C").at(30.0));
    files.push(file(4, "c2.mp4", 30).created("2019-10-21T10:48:30Z").by("C").at(150.0));
    files.push(file(5, "c3.mp4", 30).created("2019-10-21T10:50:00Z").by("C"));
    let survey = survey_of(&files);
    let torn = clock(&survey, "C", Series::Creation);
    let (before, after, by_ns) = torn.on[0].set_between.unwrap();
    assert_eq!((before, after, by_ns), (SourceId([3; 32]), SourceId([4; 32]), -3600 * S));
    assert_eq!(puts(&recorded(&files), &[], &[]).put, []);
}

#[test]
fn two_devices_of_one_model_are_not_one_clock() {
    let files = [
        file(1, "a.mp4", 60).created("2019-10-21T11:46:00Z").by("A").at(0.0),
        file(2, "b.mp4", 60).created("2019-10-21T11:46:20Z").by("A").at(20.0),
        file(3, "c.mp4", 60).created("2019-10-21T11:50:00Z").by("A"),
    ];
    assert!(survey_of(&files).clocks[0].is_several);
    assert_eq!(puts(&recorded(&files), &[], &[]).put, []);
}

#[test]
fn a_recording_is_put_where_the_clock_of_its_device_says_however_wrong_that_is() {
    // The clock is 19 years off; that does not matter.
    let files = [
        file(1, "a1.mp4", 60).created("2000-01-01T00:10:00Z").by("A").at(5.0),
        file(2, "a2.mp4", 60).created("2000-01-01T00:20:00Z").by("A"),
    ];
    let puts = puts(&recorded(&files), &[], &[]);
    let [put] = &puts.put[..] else { panic!("{puts:?}") };
    assert_eq!((put.source, put.island, put.with), (files[1].id, Island(0), files[0].id));
    assert_eq!(put.offset_ns, 605 * S);
    // Two readings of whole seconds, and 100 ppm of ten minutes.
    assert!((1_414_000_000..1_420_000_000).contains(&put.sigma_ns), "{put:?}");
}

#[test]
fn timecodes_that_ran_on_make_the_place_good_to_a_frame() {
    let one = |number, name: &str, created: &str, timecode: &str| {
        file(number, name, 60).created(created).by("A").claiming(
            ClaimKind::Timecode,
            "timecode",
            timecode,
        )
    };
    let first = || one(1, "a1.mov", "2019-10-21T11:46:00Z", "13:46:00:05").at(5.0);
    let ran = [first(), one(2, "a2.mov", "2019-10-21T11:50:01Z", "13:50:00:15")];
    let put = &puts(&recorded(&ran), &[], &[]).put[0];
    assert_eq!((put.series, put.offset_ns), (Series::Timecode, 245_400_000_000));
    assert!((40_000_000..80_000_000).contains(&put.sigma_ns), "{put:?}");
    // A counter that stood still between the recordings is not believed.
    let stood = [first(), one(2, "a2.mov", "2019-10-21T11:50:01Z", "13:47:00:05")];
    let put = &puts(&recorded(&stood), &[], &[]).put[0];
    assert_eq!((put.series, put.offset_ns), (Series::Creation, 246 * S));
}

#[test]
fn an_open_end_widens_the_doubt_by_half_of_what_the_lengths_differ() {
    let files = [
        file(1, "a1.mp4", 60).created("2019-10-21T11:46:00Z").by("A").at(0.0),
        file(2, "a2.mp4", 100).created("2019-10-21T11:56:00Z").by("A"),
    ];
    let puts = puts(&recorded(&files), &[], &[]);
    // As a beginning 600 s, as an end 560 s.
    assert_eq!(puts.put[0].offset_ns, 580 * S);
    assert!((20 * S..21 * S).contains(&puts.put[0].sigma_ns), "{puts:?}");
}

#[test]
fn what_the_clocks_cannot_mean_is_put_nowhere() {
    let placed = || file(1, "a1.mp4", 60).created("2019-10-21T11:46:00Z").by("A").at(0.0);
    for (other, why) in [
        (file(2, "a2.mp4", 60).created("2019-10-21T11:46:20Z").by("A"), "twice at once"),
        (file(2, "a2.mp4", 60).created("2019-10-24T11:46:00Z").by("A"), "three days later"),
        (file(2, "a2.mp4", 60).created("2019-10-21T11:56:00Z").by("B"), "another device"),
        (file(2, "VID_20191021_135600.mp4", 60).by("A"), "another series"),
        (file(2, "a2.mp4", 60).created("2019-10-21T11:56:00Z"), "no device"),
        (file(2, "a2.mp4", 60).created("9999-12-31T23:59:59Z").by("A"), "no year"),
    ] {
        assert_eq!(puts(&recorded(&[placed(), other]), &[], &[]).put, [], "{why}");
    }
    let copy = file(2, "a2.mp4", 60).created("2019-10-21T11:56:00Z").by("A");
    let copies = [copy.id];
    assert_eq!(puts(&recorded(&[placed(), copy]), &[], &copies).put, []);
}

#[test]
fn a_clock_brings_two_islands_together() {
    let files = [
        file(1, "a1.mp4", 60).created("2019-10-21T11:46:00Z").by("A").on(0, 0.0),
        file(2, "b1.mp4", 60).on(0, 3.0),
        file(3, "a2.mp4", 60).created("2019-10-21T12:46:00Z").by("A").on(1, 10.0),
        file(4, "c1.mp4", 60).on(1, 0.0),
        file(5, "a3.mp4", 60).created("2019-10-21T13:46:00Z").by("A"),
    ];
    let recorded = recorded(&files);
    let puts = puts(&recorded, &[], &[]);
    assert_eq!(puts.joined.len(), 1, "{puts:?}");
    let placements = files.iter().filter_map(|file| file.placement.clone()).collect();
    let mut alignment = Alignment { placements, ..Alignment::default() };
    apply(&mut alignment, &recorded, &puts);
    let start_s = |file: usize| {
        let placement = alignment.placements.iter().find(|p| p.source == files[file].id).unwrap();
        assert_eq!(placement.island, Island(0));
        (placement.case_start().unwrap().seconds(), placement.sigma_s())
    };
    let starts = [0, 1, 2, 3].map(|file| start_s(file).0.round() as i64);
    assert_eq!(starts, [0, 3, 3600, 3590]);
    assert!((7199.0..7201.0).contains(&start_s(4).0));
    assert!(start_s(1).1 < 0.01 && start_s(3).1 > 1.4, "{alignment:?}");
    let by_clock: Vec<_> = alignment.ties.iter().filter(|tie| tie.accepted).collect();
    assert_eq!(by_clock.len(), 2, "{by_clock:?}");
}

#[test]
fn a_clock_on_the_wall_ties_every_recording_in_which_it_was_read() {
    let files = [file(1, "a.mp4", 60).at(0.0), file(2, "b.mp4", 60)];
    let read = |number: u8, time_s: i64, text: &str| ClockReading {
        source: SourceId([number; 32]),
        time: MediaTime(time_s * S),
        shows: Shown { ns: civil::read(text).unwrap().shows_ns, basis: Basis::Local },
        sigma_ns: S,
        clock: Some("lobby".to_owned()),
    };
    let told = [read(1, 10, "2019-10-21 13:46:05"), read(2, 30, "2019-10-21 13:46:50")];
    let puts = puts(&recorded(&files), &told, &[]);
    assert_eq!(puts.put[0].offset_ns, 25 * S, "{puts:?}");
}

#[test]
fn samples_since_midnight_and_timecodes_are_read_with_the_day_where_it_is_told() {
    let mut bwf = file(1, "34R-T01.WAV", 60)
        .claiming(ClaimKind::CreationTime, "date", "2026-02-10")
        .claiming(ClaimKind::CreationTime, "creation_time", "14:22:42")
        .claiming(ClaimKind::TimeReference, "time_reference", "2484617328")
        .claiming(ClaimKind::Timecode, "timecode", "14:20:09:01");
    bwf.recording.container = "wav".to_owned();
    let files = [bwf];
    let readings = readings_of(&recorded(&files)[0]);
    let told: Vec<(Series, String)> =
        readings.iter().map(|r| (r.series, read::text_of(r.shows))).collect();
    assert_eq!(
        told,
        [
            (Series::TimeReference, "2026-02-10 14:22:42.861".to_owned()),
            (Series::Date, "2026-02-10 14:22:42".to_owned()),
            (Series::Timecode, "14:20:09.04".to_owned()),
        ]
    );
}

/// Claims as hostile files carry them.
fn any_claim() -> impl Strategy<Value = (ClaimKind, String, String)> {
    let kind = prop_oneof![
        Just(ClaimKind::CreationTime),
        Just(ClaimKind::Timecode),
        Just(ClaimKind::TimeReference),
        Just(ClaimKind::Make),
        Just(ClaimKind::Model),
        Just(ClaimKind::Serial),
        Just(ClaimKind::Software),
    ];
    let value = prop_oneof![
        "\\PC{0,30}",
        "[0-9]{0,25}",
        "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z",
        "[0-2][0-9]:[0-5][0-9]:[0-5][0-9][:;][0-2][0-9]",
        Just("9999-12-31T23:59:59Z".to_owned()),
        Just("0000-00-00T00:00:00Z".to_owned()),
        Just("-9223372036854775808".to_owned()),
        Just("A".to_owned()),
    ];
    (kind, "(format|stream 0):(creation_time|date|encoded_by|gps_time|timecode)", value)
}

proptest! {
    #[test]
    fn hostile_claims_and_names_do_not_panic_and_place_nothing_twice(
        all in prop::collection::vec(
            (prop::collection::vec(any_claim(), 0..5), "\\PC{0,20}", any::<i64>(),
             prop::option::of((0..3_u32, any::<i64>()))),
            0..6,
        ),
    ) {
        let files: Vec<File> = all.into_iter().zip(0_u8..).map(|((claims, name, length, at), n)| {
            let mut one = file(n, &name, 10);
            one.recording.duration = MediaTime(length);
            one.recording.container = if n % 2 == 0 { "wav" } else { "mov" }.to_owned();
            one.recording.claims = claims
                .into_iter()
                .map(|(kind, found_in, value)| Claim { kind, value, found_in })
                .collect();
            match at {
                Some((island, ns)) => {
                    let mut one = one.on(island, 0.0);
                    if let Some(placement) = &mut one.placement {
                        placement.pieces[0].map.offset_ns = ns;
                    }
                    one
                }
                None => one,
            }
        }).collect();
        let recorded = recorded(&files);
        let survey = survey(&recorded, &[], &BTreeMap::new());
        for clock in &survey.clocks {
            for on in &clock.on {
                let reasons = on.error.iter().flat_map(|error| &error.reasons);
                prop_assert!(reasons.map(ToString::to_string).all(|s| !s.is_empty()));
            }
        }
        let puts = puts(&recorded, &[], &[]);
        let placements: Vec<Placement> =
            files.iter().filter_map(|file| file.placement.clone()).collect();
        let placed = placements.len();
        let mut alignment = Alignment { placements, ..Alignment::default() };
        apply(&mut alignment, &recorded, &puts);
        let mut ids: Vec<SourceId> = alignment.placements.iter().map(|p| p.source).collect();
        ids.dedup();
        prop_assert_eq!(ids.len(), alignment.placements.len());
        prop_assert!(alignment.placements.len() >= placed);
    }

    #[test]
    fn a_shift_of_all_clocks_moves_no_place(shift_s in -400_000_000..400_000_000_i64) {
        let zero = civil::read("2019-10-21T11:46:00Z").unwrap().shows_ns;
        let files = |shift_s: i64| -> Vec<File> {
            [(1, 0, Some(3.0)), (2, 90, None), (3, 200, Some(203.2))]
                .map(|(number, at_s, placed)| {
                    let shown = UtcTime(zero + (shift_s + at_s) * S).to_string();
                    let one = file(number, &format!("{number}.mp4"), 30).created(&shown).by("A");
                    match placed {
                        Some(case_s) => one.at(case_s),
                        None => one,
                    }
                })
                .into()
        };
        let (here, there) = (files(0), files(shift_s));
        prop_assert_eq!(
            puts(&recorded(&here), &[], &[]), puts(&recorded(&there), &[], &[])
        );
    }
}
