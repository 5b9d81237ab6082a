//! Tests of the picture.

use proptest::prelude::*;

use super::*;
use crate::sample;

#[test]
fn the_sample_case() {
    insta::assert_snapshot!(draw(&sample::rehearsal()));
}

#[test]
fn a_thousand_recordings_stay_a_picture_that_can_be_opened() {
    let text = draw(&sample::crowd(3_000));
    assert!(text.len() < 4_000_000, "{} bytes", text.len());
    assert!(text.contains("2000 more placed recordings not drawn here"));
}

#[test]
fn nothing_in_the_picture_asks_the_network_or_runs() {
    let text = draw(&sample::rehearsal()).replace("http://www.w3.org/2000/svg", "");
    for forbidden in
        ["http:", "https:", "<script", "@import", "@font-face", "<image", "foreignObject"]
    {
        assert!(!text.contains(forbidden), "{forbidden}");
    }
}

/// Relative luminance as WCAG 2 defines it.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = u8::from_str_radix(&colour[at..at + 2], 16).expect("a colour");
        let share = f64::from(value) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_word_and_line_is_legible_in_print() {
    for words in [TEXT, MUTED, DOUBT, link::COPY] {
        assert!(contrast(words, "#ffffff") >= 4.5, "{words}");
    }
    for (fill, line) in lane::paints() {
        assert!(contrast(line, "#ffffff") >= 4.5, "{line} on white");
        assert!(contrast(line, fill) >= 4.5, "{line} on {fill}");
        assert!(contrast(MUTED, fill) >= 4.5, "words on {fill}");
    }
}

proptest! {
    #[test]
    fn the_picture_is_well_formed_whatever_the_names(case in sample::any_snapshot()) {
        let text = draw(&case);
        let read = roxmltree::Document::parse(&text);
        prop_assert!(read.is_ok(), "{:?}\n{}", read.err(), text);
    }

    #[test]
    fn every_recording_is_in_the_picture(case in sample::any_sane_snapshot()) {
        let text = draw(&case);
        let read = roxmltree::Document::parse(&text).expect("well formed");
        let items = read.descendants().filter(|n| n.attribute("role") == Some("listitem")).count();
        prop_assert!(items >= case.recordings.len(), "{items} of {}", case.recordings.len());
    }

    #[test]
    fn the_order_of_the_recordings_changes_no_byte(case in sample::any_snapshot()) {
        let mut turned = case.clone();
        turned.recordings.reverse();
        prop_assert_eq!(draw(&case), draw(&turned));
    }
}
