//! Tests of what is said of one recording's place.

use std::collections::BTreeSet;

use evidence::{Island, Refusal, RunnerUp};
use proptest::prelude::*;

use super::*;
use crate::{sample, svg};

fn of(snapshot: &Snapshot, file: &str) -> Why {
    let labels = Labels::of(snapshot);
    let found = labels.sorted(snapshot).into_iter().find(|(name, _)| *name == file);
    why(snapshot, &labels, found.expect("a file").1.source.id).expect("a reason")
}

#[test]
fn the_picture_of_the_sample_case() {
    let case = sample::rehearsal();
    insta::assert_snapshot!(svg::draw_residuals(&of(&case, "34R-T01.WAV"), &case.tool));
}

#[test]
fn the_picture_of_a_paused_file_whose_tie_is_not_used() {
    let case = sample::rehearsal();
    insta::assert_snapshot!(svg::draw_residuals(&of(&case, "IMG_4127.MOV"), &case.tool));
}

#[test]
fn a_tie_is_told_from_both_sides_alike() {
    let case = sample::rehearsal();
    let (right, left) = (of(&case, "34R-T01.WAV"), of(&case, "card a/C0001.MP4"));
    let (seen, turned) = (&right.ties[0], left.ties.iter().find(|tie| tie.accepted).unwrap());
    assert_eq!((seen.with.as_str(), turned.with.as_str()), ("card a/C0001.MP4", "34R-T01.WAV"));
    assert!((seen.lag + turned.lag).abs() < 1e-9);
    assert!((seen.residual.unwrap() + turned.residual.unwrap()).abs() < 1e-12);
    for (a, b) in seen.windows.iter().zip(&turned.windows) {
        assert!((a.residual.unwrap() + b.residual.unwrap()).abs() < 1e-9);
        // The same moment, but for what they disagree by.
        assert!((a.case.unwrap() - b.case.unwrap()).abs() < 0.02, "{a:?} {b:?}");
    }
}

#[test]
fn a_pause_is_a_step_of_its_length_and_parts_of_sigma_add_up() {
    let phone = of(&sample::rehearsal(), "IMG_4127.MOV");
    assert_eq!(phone.steps.len(), 1);
    assert!((phone.steps[0].missing - 24.873).abs() < 1e-6, "{:?}", phone.steps);
    for piece in &phone.pieces {
        let parts = piece.sigma_parts.expect("parts");
        let sum = parts.own.hypot(parts.contradiction).hypot(parts.floor);
        assert!((sum - piece.sigma).abs() < 1e-8);
    }
}

#[test]
fn the_other_side_of_a_pause_is_no_rival() {
    let mut case = sample::rehearsal();
    let mut second = case.ties[0].clone();
    second.pieces[0].map.offset_ns += 24_873_000_000;
    let offset_ns = second.pieces[0].map.offset_ns;
    case.ties[0].runner_up = Some(RunnerUp { offset_ns, share: 0.97 });
    let labels = Labels::of(&case);
    assert_eq!(doubtful(&case, &labels).leaning.len(), 2);
    case.ties.push(second);
    assert!(of(&case, "34R-T01.WAV").ties.iter().any(|t| {
        t.runner_up
            .unwrap_or(RunnerUpWhy { lag: 0.0, share: 0.0, is_other_piece: false })
            .is_other_piece
    }));
    assert!(doubtful(&case, &labels).leaning.is_empty());
}

#[test]
fn every_place_that_fits_is_told_with_its_case_time() {
    let mut case = sample::rehearsal();
    let refusal = Refusal::Ambiguous {
        with: "34R-T01.WAV".to_owned(),
        offsets_s: vec![4.0, 12.0],
        shares: vec![1.0, 0.93],
    };
    let stranger = case.recordings.iter_mut().find(|shown| shown.source.id.0[0] == 8);
    stranger.expect("a stranger").refusal = Some(refusal);
    let labels = Labels::of(&case);
    let unplaced = doubtful(&case, &labels).unplaced;
    let fits: Vec<&Unplaced> = unplaced.iter().filter(|unplaced| unplaced.fits).collect();
    assert_eq!(fits.len(), 1);
    let places: Vec<_> = fits[0].alternatives.iter().map(|a| (a.lag, a.share, a.island)).collect();
    assert_eq!(places, [(4.0, Some(1.0), Some(0)), (12.0, Some(0.93), Some(0))]);
    assert!((fits[0].alternatives[1].case.unwrap() - 177.261).abs() < 1e-3);
}

/// Recordings on one clock, tied as the pairs of numbers say.
fn tied(count: u32, pairs: &[(u32, u32)]) -> Snapshot {
    let mut case = sample::crowd(count);
    let model = sample::rehearsal().ties[0].clone();
    let id = |n: u32| case.recordings[n as usize].source.id;
    let tie = |&(a, b): &(u32, u32)| Tie {
        left: id(a).min(id(b)),
        right: id(a).max(id(b)),
        ..model.clone()
    };
    case.ties = pairs.iter().map(tie).collect();
    case
}

#[test]
fn a_tie_between_two_groups_is_a_bridge_and_one_within_a_ring_is_not() {
    let case = tied(7, &[(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 3), (5, 6)]);
    let found = bridges(&case);
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].lost.len(), found[1].lost.len()), (3, 1));
    assert_eq!(found[1].lost, [case.recordings[6].source.id]);
}

#[test]
fn a_tie_that_is_not_used_backs_nothing_up() {
    let mut case = tied(3, &[(0, 1), (1, 2), (0, 2)]);
    assert!(bridges(&case).is_empty());
    case.ties[2].accepted = false;
    assert_eq!(bridges(&case).len(), 2);
}

/// Without this pair, is all still in one part? By walking, for comparison.
fn parts(count: u32, pairs: &BTreeSet<(u32, u32)>) -> usize {
    let mut part: Vec<u32> = (0..count).collect();
    for _ in 0..count {
        for &(a, b) in pairs {
            let least = part[a as usize].min(part[b as usize]);
            (part[a as usize], part[b as usize]) = (least, least);
        }
    }
    part.into_iter().collect::<BTreeSet<_>>().len()
}

proptest! {
    #[test]
    fn a_bridge_is_what_splits_an_island_when_taken_away(
        pairs in proptest::collection::btree_set((0..9u32, 0..9u32), 0..16),
    ) {
        let pairs: BTreeSet<(u32, u32)> =
            pairs.into_iter().filter(|(a, b)| a < b).collect();
        let case = tied(9, &pairs.iter().copied().collect::<Vec<_>>());
        let found: BTreeSet<_> = bridges(&case).into_iter().map(|b| (b.left, b.right)).collect();
        let id = |n: u32| case.recordings[n as usize].source.id;
        for pair in &pairs {
            let mut without = pairs.clone();
            without.remove(pair);
            let splits = parts(9, &without) > parts(9, &pairs);
            prop_assert_eq!(found.contains(&(id(pair.0), id(pair.1))), splits, "{:?}", pair);
        }
    }

    #[test]
    fn any_case_can_be_asked_why(case in sample::any_snapshot()) {
        let labels = Labels::of(&case);
        for shown in &case.recordings {
            let why = why(&case, &labels, shown.source.id).expect("it is there");
            prop_assert!(svg::draw_residuals(&why, &case.tool).ends_with("</svg>\n"));
            let island = shown.placement.as_ref().map(|p| p.island);
            prop_assert!(why.island.is_none() || island.is_none_or(|i: Island| i.0 < 3));
        }
    }
}
