//! Copies: the copied stretch is marked on its lane, and a dashed line leads to where it was
//! copied from.

use evidence::{CaseTime, Excerpt, MediaTime};

use super::ink::{Anchor, Ink, Words};
use super::layout::{Layout, PLOT_RIGHT_PX, Row, RowKind, Section};
use crate::islands::Lane;
use crate::text::{shorten, tame};
use crate::times;

const COPY: &str = "#65489a";
/// Links drawn on one island; a compilation of hundreds of cuts would be a web.
const LINKS_MAX: usize = 200;

/// Draws every link of an island.
pub fn draw(ink: &mut Ink, section: &Section, layout: &Layout) {
    let mut drawn = 0;
    for row in &section.rows {
        let (lane, excerpts) = match &row.what {
            RowKind::Placed(lane) => (Some(*lane), &lane.copied),
            RowKind::Copy { excerpts, .. } => (None, excerpts),
        };
        for (at, excerpt) in excerpts.iter().enumerate() {
            drawn += 1;
            if drawn > LINKS_MAX {
                return;
            }
            draw_one(ink, section, layout, row, lane, excerpt, at + 1 == excerpts.len());
        }
    }
}

/// The copied stretch on the page: from its own clock, or where it has none, from the source's.
fn span(
    excerpt: &Excerpt,
    own: Option<&Lane>,
    source: Option<&Lane>,
) -> Option<(CaseTime, CaseTime)> {
    if let Some(lane) = own {
        return Some((lane.near(excerpt.start), lane.near(excerpt.end)));
    }
    let source = source?;
    let length_ns = excerpt.end.0.saturating_sub(excerpt.start.0);
    let end = MediaTime(excerpt.source_start.0.saturating_add(length_ns));
    Some((source.near(excerpt.source_start), source.near(end)))
}

fn draw_one(
    ink: &mut Ink,
    section: &Section,
    layout: &Layout,
    row: &Row,
    own: Option<&Lane>,
    excerpt: &Excerpt,
    is_last: bool,
) {
    let source = section.lane_of(excerpt.source);
    let Some((start, end)) = span(excerpt, own, source.map(|(lane, _)| lane)) else { return };
    let (from, to) =
        (section.scale.x(start.0), section.scale.x(end.0).max(section.scale.x(start.0) + 2.5));
    let bar = layout.size.bar_px;
    let fill = if own.is_some() { "none" } else { "#ece5f5" };
    let attributes = format!(
        "rx=\"3\" fill=\"{fill}\" stroke=\"{COPY}\" stroke-width=\"1.6\" stroke-dasharray=\"4 2\""
    );
    ink.rect(from, row.top_px, to - from, bar, &attributes);
    let mut words =
        format!("{} copied", times::length(excerpt.end.0.saturating_sub(excerpt.start.0)));
    if let Some((lane, source_row)) = source {
        let x_source = section.scale.x(lane.near(excerpt.source_start).0);
        let down = source_row.top_px < row.top_px;
        let near = if down { row.top_px } else { row.top_px + bar };
        let far = if down { source_row.top_px + bar } else { source_row.top_px };
        ink.line(
            (x_source, far),
            (from, near),
            &format!("stroke=\"{COPY}\" stroke-width=\"1.3\" stroke-dasharray=\"5 3\""),
        );
        ink.circle(x_source, far, 2.6, &format!("fill=\"{COPY}\""));
        words = format!("{words} from {}", shorten(&tame(lane.name), 30, "…"));
    }
    if is_last && layout.size.has_subtitle {
        beside(ink, &words, (from, to), row.top_px + bar / 2.0 + 3.7);
    }
}

/// The words beside the copy, on the side that has room.
fn beside(ink: &mut Ink, words: &str, (from, to): (f64, f64), y: f64) {
    let room_px = 6.0 * words.chars().count() as f64;
    let set = if to + 8.0 + room_px < PLOT_RIGHT_PX {
        Words::new(to + 8.0, y, 10.5, COPY)
    } else {
        Words::new(from - 8.0, y, 10.5, COPY).anchored(Anchor::End)
    };
    ink.words(&set, words);
}
