//! Copies: the copied stretch is marked on its lane, and a dashed line leads to where it was
//! copied from.

use evidence::{CaseTime, Excerpt};

use super::ink::{Anchor, Ink, Words};
use super::layout::{Layout, PLOT_LEFT_PX, PLOT_RIGHT_PX, Row, RowKind, Section};
use crate::islands::{Lane, played};
use crate::text::{columns, shorten, tame};
use crate::times;

/// Copies. On white: 7.0:1.
pub const COPY: &str = "#65489a";
/// Links drawn on one island; a compilation of hundreds of cuts would be a web.
const LINKS_MAX: usize = 200;
/// Width of a letter at the size of the words beside a copy, on the large side.
const LETTER_PX: f64 = 6.0;

/// One copied stretch on the page.
struct Link<'a> {
    excerpt: &'a Excerpt,
    source: Option<(&'a Lane<'a>, &'a Row<'a>)>,
    from: f64,
    to: f64,
}

/// Draws every link of an island.
pub fn draw(ink: &mut Ink, section: &Section, layout: &Layout) {
    let mut room = LINKS_MAX;
    for row in &section.rows {
        let (own, excerpts) = match &row.what {
            RowKind::Placed(lane) => (Some(*lane), &lane.copied),
            RowKind::Copy { excerpts, .. } => (None, excerpts),
        };
        let links: Vec<Link> =
            excerpts.iter().take(room).filter_map(|e| link(e, own, section)).collect();
        room -= links.len();
        for (at, link) in links.iter().enumerate() {
            let fill = if own.is_some() { "none" } else { "#ece5f5" };
            mark(ink, link, row, section, layout, fill);
            if layout.size.has_subtitle {
                let left = if at == 0 { PLOT_LEFT_PX } else { links[at - 1].to };
                let right = links.get(at + 1).map_or(PLOT_RIGHT_PX, |next| next.from);
                beside(ink, link, (left, right), row.top_px + layout.size.bar_px / 2.0 + 3.7);
            }
        }
    }
}

/// Where the copied stretch stands: by its own clock, or where it has none, by the source's.
fn link<'a>(
    excerpt: &'a Excerpt,
    own: Option<&Lane>,
    section: &'a Section<'a>,
) -> Option<Link<'a>> {
    let source = section.lane_of(excerpt.source);
    let (start, end): (CaseTime, CaseTime) = match (own, source) {
        (Some(lane), _) => (lane.near(excerpt.start), lane.near(excerpt.end)),
        (None, Some((lane, _))) => {
            (lane.near(excerpt.source_start), lane.near(excerpt.source_end()))
        }
        (None, None) => return None,
    };
    let from = section.scale.x(start.0);
    Some(Link { excerpt, source, from, to: section.scale.x(end.0).max(from + 2.5) })
}

/// The stretch, and the dashed line to its source.
fn mark(ink: &mut Ink, link: &Link, row: &Row, section: &Section, layout: &Layout, fill: &str) {
    let bar = layout.size.bar_px;
    let attributes = format!(
        "rx=\"3\" fill=\"{fill}\" stroke=\"{COPY}\" stroke-width=\"1.6\" stroke-dasharray=\"4 2\""
    );
    ink.rect(link.from, row.top_px, link.to - link.from, bar, &attributes);
    let Some((lane, source_row)) = link.source else { return };
    let x_source = section.scale.x(lane.near(link.excerpt.source_start).0);
    let is_above = source_row.top_px < row.top_px;
    let near = if is_above { row.top_px } else { row.top_px + bar };
    let far = if is_above { source_row.top_px + bar } else { source_row.top_px };
    let attributes = format!("stroke=\"{COPY}\" stroke-width=\"1.3\" stroke-dasharray=\"5 3\"");
    ink.line((x_source, far), (link.from, near), &attributes);
    ink.circle(x_source, far, 2.6, &format!("fill=\"{COPY}\""));
}

/// The words beside the copy, as many as fit between its neighbours.
fn beside(ink: &mut Ink, link: &Link, (left, right): (f64, f64), y: f64) {
    let length_ns = link.excerpt.end.0.saturating_sub(link.excerpt.start.0);
    let short = format!("{} copied", times::length(length_ns));
    let played = played(link.excerpt);
    let long = link.source.map_or_else(
        || format!("{short} from elsewhere{played}"),
        |(lane, _)| format!("{short} from {}{played}", shorten(&tame(lane.name), 30, "…")),
    );
    for words in [long, short] {
        let room_px = LETTER_PX * columns(&words) as f64 + 12.0;
        if link.to + room_px < right {
            ink.words(&Words::new(link.to + 8.0, y, 10.5, COPY), &words);
            return;
        }
        if link.from - room_px > left {
            let set = Words::new(link.from - 8.0, y, 10.5, COPY).anchored(Anchor::End);
            ink.words(&set, &words);
            return;
        }
    }
}
