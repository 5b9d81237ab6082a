//! The synchronised timeline as a picture for a report.
//!
//! One lane per recording at its true length, islands apart on axes of their own, a gap left as
//! a gap, doubt hatched where it is wider than a line, copies linked to what they were copied
//! from, and what is on no clock listed with the reason. Light, so that it prints; no scripts,
//! fonts or links, so that it can be attached anywhere; every lane carries its own sentence for
//! a screen reader and for the pointer.
//!
//! Cost: linear in recordings and pieces. The picture is bounded: beyond `LANES_MAX` lanes,
//! and `ROWS_MAX` unplaced recordings, it says how many more there are and where to find them.

mod ink;
mod lane;
mod layout;
mod link;
mod residuals;

use std::fmt::Write as _;

use crate::islands::{Holds, IslandView, islands, unplaced, why_unplaced};
use crate::text::{shorten, tame};
use crate::ticks::ticks;
use crate::{Error, Labels, Named, Shown, Snapshot, times};
use ink::{Anchor, Ink, Words};
use layout::{LEFT_PX, Layout, PLOT_LEFT_PX, PLOT_RIGHT_PX, Row, Scale, Section, WIDTH_PX};
pub use residuals::draw_residuals;

/// Text. On white: 16.1:1.
const TEXT: &str = "#1b2125";
/// Second text. On white 6.4:1, on the lane tints at least 5:1.
const MUTED: &str = "#556069";
/// Lines of the grid; they carry no meaning that the ticks' labels do not.
const GRID: &str = "#e3e8eb";
/// Doubt. On white: 5.6:1.
const DOUBT: &str = "#1d6b5c";

/// Writes `timeline.svg`.
///
/// # Errors
/// None: a case in which nothing is placed is drawn as a list of reasons.
pub fn write(snapshot: &Snapshot) -> Result<Vec<Named>, Error> {
    let bytes = draw(snapshot).into_bytes();
    Ok(vec![Named { name: "timeline.svg".to_owned(), bytes }])
}

fn draw(snapshot: &Snapshot) -> String {
    let labels = Labels::of(snapshot);
    let islands = islands(snapshot, &labels);
    let unplaced = unplaced(snapshot, &labels);
    let layout = Layout::of(snapshot, &islands, &unplaced);
    let mut ink = Ink::default();
    ink.root(WIDTH_PX, layout.height_px);
    let title = format!("Synchronised timeline of {}", tame(&snapshot.title));
    ink.title("recount-title", &title);
    let sentences = describe(snapshot, &labels, &islands, &unplaced);
    ink.description("recount-desc", &tame(&sentences));
    ink.definitions();
    ink.rect(0.0, 0.0, WIDTH_PX, layout.height_px, "fill=\"#fff\"");
    heading(&mut ink, snapshot, &islands, unplaced.len());
    for section in &layout.sections {
        draw_section(&mut ink, snapshot, section, &layout);
    }
    if layout.lanes_left_out > 0 {
        let left_out = times::count(layout.lanes_left_out, "more placed recording");
        let note = format!("{left_out} not drawn here; the table (csv) holds all of them.");
        ink.words(&Words::new(LEFT_PX, layout.left_out_y_px, 12.0, TEXT), &note);
    }
    list_unplaced(&mut ink, snapshot, &labels, &unplaced, &layout);
    legend(&mut ink, snapshot, &islands, &layout);
    ink.finish()
}

/// The whole picture in sentences, for whoever cannot see it.
fn describe(
    snapshot: &Snapshot,
    labels: &Labels,
    islands: &[IslandView],
    unplaced: &[(&str, &Shown)],
) -> String {
    /// Beyond this many a listener wants the table.
    const SPOKEN_MAX: usize = 40;
    let mut sentences = vec![format!("{}.", summary(snapshot, islands, unplaced.len()))];
    for island in islands {
        sentences.push(format!(
            "Island {}: {}, from {} to {}.",
            island.number,
            times::count(island.lanes.len(), "recording"),
            times::clock(island.start.0, 3),
            times::clock(island.end.0, 3),
        ));
    }
    for (name, shown) in unplaced.iter().take(SPOKEN_MAX) {
        let why = why_unplaced(snapshot, labels, name, shown);
        sentences.push(format!("{name} is on no clock: {why}."));
    }
    if unplaced.len() > SPOKEN_MAX {
        sentences.push(format!("{} more are on no clock.", unplaced.len() - SPOKEN_MAX));
    }
    sentences.join(" ")
}

fn summary(snapshot: &Snapshot, islands: &[IslandView], unplaced: usize) -> String {
    let mut parts = vec![times::count(snapshot.recordings.len(), "recording")];
    parts.push(match islands.len() {
        0 => "none on a clock".to_owned(),
        1 => "one island".to_owned(),
        n => format!("{n} islands"),
    });
    if unplaced > 0 && !islands.is_empty() {
        parts.push(format!("{unplaced} on no clock"));
    }
    if !snapshot.documents.is_empty() {
        parts.push(times::count(snapshot.documents.len(), "document"));
    }
    parts.join(" · ")
}

fn heading(ink: &mut Ink, snapshot: &Snapshot, islands: &[IslandView], unplaced: usize) {
    let title = shorten(&tame(&snapshot.title), 90, "…");
    ink.words(&Words::new(LEFT_PX, 38.0, 20.0, TEXT).bold(), &title);
    ink.words(&Words::new(LEFT_PX, 59.0, 13.0, MUTED), &summary(snapshot, islands, unplaced));
    let words = Words::new(PLOT_RIGHT_PX, 59.0, 12.0, MUTED).anchored(Anchor::End);
    ink.words(&words, &tame(&snapshot.tool));
}

/// One island: its heading, axis and lanes, then the links between lanes.
fn draw_section(ink: &mut Ink, snapshot: &Snapshot, section: &Section, layout: &Layout) {
    let top = section.top_px;
    let island = section.island;
    ink.open_group(&format!("role=\"list\" aria-label=\"Island {}\"", island.number));
    ink.rect(LEFT_PX, top, PLOT_RIGHT_PX - LEFT_PX, 1.0, "fill=\"#b9c2c8\"");
    let name = format!("Island {}", island.number);
    ink.words(&Words::new(LEFT_PX, top + 21.0, 13.0, TEXT).bold(), &name);
    let span = times::length(island.length_ns());
    let mut about = format!("{} · {span}", times::count(island.lanes.len(), "recording"));
    if section.scale.enlarged > 1.0 {
        let _ = write!(about, " · drawn {:.0}× larger", section.scale.enlarged);
    }
    ink.words(&Words::new(LEFT_PX, top + 37.0, 11.0, MUTED), &about);
    if let Some(utc) = snapshot.utc_of(evidence::Island(island.number)) {
        let words = Words::new(PLOT_RIGHT_PX, top + 17.0, 11.0, MUTED).anchored(Anchor::End);
        let (zero, sigma_ns) = utc.moment(evidence::CaseTime(0), 0);
        let doubt = times::doubt(sigma_ns);
        ink.words(&words, &format!("0:00:00 is {} {doubt}", zero.text(sigma_ns)));
    }
    axis(ink, section, &section.scale);
    for row in &section.rows {
        lane::draw(ink, row, section, layout);
    }
    link::draw(ink, section, layout);
    ink.close_group();
}

/// Tick labels above, grid lines through all lanes of the island.
fn axis(ink: &mut Ink, section: &Section, scale: &Scale) {
    /// One label of `0:00:00` takes about 50 px; twice that reads calmly.
    const LABEL_PX: f64 = 92.0;
    let length_ns = scale.end_ns.saturating_sub(scale.start_ns);
    let marks = ticks(scale.start_ns, scale.end_ns, (scale.width(length_ns) / LABEL_PX) as usize);
    let (label_y, from) = (section.top_px + 35.0, section.top_px + 42.0);
    for &at_ns in &marks.at_ns {
        let x = scale.x(at_ns);
        ink.line((x, from), (x, section.bottom_px), &format!("stroke=\"{GRID}\""));
        let label = times::clock(at_ns, marks.decimals).replace('-', "\u{2212}");
        ink.words(&Words::new(x, label_y, 11.0, MUTED).mono().anchored(Anchor::Middle), &label);
    }
}

fn list_unplaced(
    ink: &mut Ink,
    snapshot: &Snapshot,
    labels: &Labels,
    unplaced: &[(&str, &Shown)],
    layout: &Layout,
) {
    if unplaced.is_empty() {
        return;
    }
    let mut y = layout.unplaced_y_px;
    ink.open_group("role=\"list\" aria-label=\"On no clock\"");
    ink.rect(LEFT_PX, y, PLOT_RIGHT_PX - LEFT_PX, 1.0, "fill=\"#b9c2c8\"");
    y += 21.0;
    ink.words(&Words::new(LEFT_PX, y, 13.0, TEXT).bold(), "On no clock");
    for (name, shown) in unplaced.iter().take(layout::ROWS_MAX) {
        y += layout::ROW_PX;
        ink.open_group("role=\"listitem\"");
        ink.icon(lane::icon(shown.holds()), LEFT_PX, y - 10.5);
        ink.words(
            &Words::new(LEFT_PX + 22.0, y, 12.0, TEXT).bold(),
            &shorten(&tame(name), layout::NAME_COLUMNS, "…"),
        );
        let length = times::length(shown.recording.duration.0);
        let words = Words::new(PLOT_LEFT_PX - 12.0, y, 11.0, MUTED).mono().anchored(Anchor::End);
        ink.words(&words, &length);
        let reason = tame(&why_unplaced(snapshot, labels, name, shown));
        ink.words(&Words::new(PLOT_LEFT_PX, y, 12.0, TEXT), &shorten(&reason, 130, "…"));
        ink.close_group();
    }
    if unplaced.len() > layout::ROWS_MAX {
        let more = format!(
            "and {} more, listed in the table (csv) with their reasons",
            unplaced.len() - layout::ROWS_MAX
        );
        ink.words(&Words::new(LEFT_PX + 22.0, y + layout::ROW_PX, 12.0, MUTED), &more);
    }
    ink.close_group();
}

/// What the signs mean; only those that occur.
fn legend(ink: &mut Ink, snapshot: &Snapshot, islands: &[IslandView], layout: &Layout) {
    let mut x = LEFT_PX;
    let y = layout.legend_y_px;
    for kind in [Holds::PictureAndSound, Holds::Sound, Holds::Picture, Holds::Nothing] {
        if snapshot.recordings.iter().any(|shown| shown.holds() == kind) {
            ink.icon(lane::icon(kind), x, y - 10.5);
            ink.words(&Words::new(x + 20.0, y, 11.0, MUTED), kind.words());
            x += 40.0 + 5.8 * kind.words().len() as f64;
        }
    }
    let copies = layout.sections.iter().any(|s| s.rows.iter().any(Row::has_copy));
    if copies {
        ink.icon("copy", x, y - 10.5);
        ink.words(&Words::new(x + 20.0, y, 11.0, MUTED), "copied from another recording");
        x += 208.0;
    }
    if lane::any_hatched(layout) {
        ink.rect(x, y - 10.5, 16.0, 13.0, "fill=\"url(#recount-hatch)\" stroke=\"#556069\"");
        ink.words(&Words::new(x + 22.0, y, 11.0, MUTED), "begins or ends somewhere here");
    }
    let mut notes = Vec::new();
    if !layout.size.has_subtitle && islands.iter().flat_map(|i| &i.lanes).any(|l| l.mark.is_some())
    {
        notes.push("* placed by hand or by clock.");
    }
    if !islands.is_empty() {
        notes.push("± is one standard deviation. Times are h:mm:ss after an arbitrary zero");
        notes.push(match islands.len() {
            1 => "of this clock.",
            _ => "of each island; times of two islands cannot be compared.",
        });
    }
    ink.words(&Words::new(LEFT_PX, y + 20.0, 11.0, MUTED), &notes.join(" "));
}

#[cfg(test)]
mod tests;
