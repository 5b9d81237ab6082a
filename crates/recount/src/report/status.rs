//! What is known of a case, for a person: sources, the lanes of each island, a table of
//! placements with their doubt, what was copied, and what could not be placed and why.

use std::fmt::Write as _;

use evidence::{Placement, SourceKind};
use publish::lanes::{self, Colour, Glyphs, Style};
use publish::text::{columns, shorten};
use publish::times;
use publish::why::{Bridge, bridges};
use publish::{Labels, Marks, Shown, Snapshot};
use serde::Serialize;

use super::moved;
use super::names::shown_text;
use super::output::has_colour;
use super::why::names;

pub(super) const BOLD: anstyle::Style = anstyle::Style::new().bold();

/// Columns where nobody says how wide the page is.
const WIDTH_UNKNOWN: usize = 100;

/// The table of placements but for the names: all of it, and the least that is of use.
const FIGURES_COLUMNS: usize = 60;
const FIGURES_COLUMNS_FEW: usize = 35;
/// Shorter names could not be told apart; longer ones leave the figures too far away.
const NAME_COLUMNS_MIN: usize = 15;
const NAME_COLUMNS_MAX: usize = 44;

/// A case in numbers, for programs.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// Name of the case.
    pub title: String,
    /// Recordings.
    pub recordings: usize,
    /// Documents.
    pub documents: usize,
    /// Seconds of recording.
    pub duration_s: f64,
    /// Islands: groups of recordings on one clock.
    pub islands: Vec<IslandSummary>,
    /// Recordings on no clock.
    pub unplaced: Vec<Unplaced>,
    /// Ties whose loss would split an island.
    pub bridges: Vec<Hanging>,
    /// The alignment, as `export --to json` writes it.
    pub alignment: serde_json::Value,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// One island.
#[derive(Debug, Serialize)]
pub struct IslandSummary {
    /// Its number.
    pub island: u32,
    /// How many recordings are on it.
    pub recordings: usize,
    /// From the first moment to the last, in seconds.
    pub span_s: f64,
}

/// One recording that is on no clock.
#[derive(Debug, Serialize)]
pub struct Unplaced {
    /// Its name.
    pub file: String,
    /// Why.
    pub why: String,
}

/// A tie whose loss would split an island.
#[derive(Debug, Serialize)]
pub struct Hanging {
    /// The island.
    pub island: u32,
    /// One end.
    pub left: String,
    /// The other.
    pub right: String,
    /// Who would be parted from the rest.
    pub lost: Vec<String>,
}

impl Hanging {
    fn of(bridge: &Bridge, labels: &Labels) -> Self {
        Self {
            island: bridge.island,
            left: labels.name(bridge.left),
            right: labels.name(bridge.right),
            lost: bridge.lost.iter().map(|id| labels.name(*id)).collect(),
        }
    }
}

/// A snapshot in numbers.
pub fn summary(snapshot: &Snapshot, alignment: serde_json::Value, warnings: &[String]) -> Summary {
    let labels = Labels::of(snapshot);
    let mut unplaced = Vec::new();
    for (name, shown) in labels.sorted(snapshot) {
        unplaced
            .extend(labels.reason(name, shown).map(|why| Unplaced { file: name.to_owned(), why }));
    }
    Summary {
        title: snapshot.title.clone(),
        recordings: snapshot.recordings.len(),
        documents: snapshot.documents.len(),
        duration_s: duration_s(snapshot),
        islands: islands(snapshot),
        unplaced,
        bridges: bridges(snapshot).iter().map(|bridge| Hanging::of(bridge, &labels)).collect(),
        alignment,
        warnings: warnings.to_vec(),
    }
}

/// A snapshot as text. `hints`, what clocks would place, and `warnings` are told at the end.
pub fn text(snapshot: &Snapshot, hints: &[String], warnings: &[String]) -> String {
    let mut page = String::new();
    let islands = islands(snapshot).len();
    let placed = snapshot.recordings.iter().filter(|shown| shown.is_placed()).count();
    let _ = writeln!(
        page,
        "{BOLD}{}{BOLD:#}: {} ({}), {}; {placed} placed on {}\n",
        shown_text(&snapshot.title),
        count(snapshot.recordings.len(), "recording"),
        length(duration_s(snapshot)),
        count(snapshot.documents.len(), "document"),
        count(islands, "island"),
    );
    let colour = if has_colour() { Colour::Ansi } else { Colour::None };
    let style = Style { colour, glyphs: Glyphs::Unicode };
    page.push_str(&lanes::draw(snapshot, width().unwrap_or(WIDTH_UNKNOWN), style));
    placements(&mut page, snapshot, width().unwrap_or(usize::MAX));
    true_time(&mut page, snapshot);
    hanging(&mut page, snapshot);
    if !hints.is_empty() {
        let _ = writeln!(page, "\n{BOLD}Clocks could place{BOLD:#}");
        for hint in hints {
            let _ = writeln!(page, "  {hint}");
        }
    }
    documents(&mut page, snapshot);
    if !warnings.is_empty() {
        let _ = writeln!(page, "\n{BOLD}Worth knowing{BOLD:#}");
        for warning in warnings {
            let _ = writeln!(page, "  {warning}");
        }
    }
    page
}

/// A table of what the lanes show, in figures; on a narrow page without drift and length.
fn placements(page: &mut String, snapshot: &Snapshot, width: usize) {
    let labels = Labels::of(snapshot);
    let mut rows: Vec<(u32, f64, &str, &Placement)> =
        labels.sorted(snapshot).into_iter().filter_map(|(name, shown)| row(name, shown)).collect();
    if rows.is_empty() {
        return;
    }
    page.push('\n');
    rows.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let marks = Marks::of(snapshot);
    let mark = |placement: &Placement| {
        marks.get(placement.source).map_or(String::new(), |mark| format!(" ({})", mark.words()))
    };
    let names: Vec<String> = rows.iter().map(|row| shown_text(row.2) + &mark(row.3)).collect();
    let has_room = width >= FIGURES_COLUMNS + NAME_COLUMNS_MIN;
    let figures = if has_room { FIGURES_COLUMNS } else { FIGURES_COLUMNS_FEW };
    let room = width.saturating_sub(figures).clamp(NAME_COLUMNS_MIN, NAME_COLUMNS_MAX);
    let wide = names.iter().map(|name| columns(name)).max().unwrap_or(0).clamp(4, room);
    let mut row = |style: anstyle::Style, cells: [&str; 6]| {
        let [island, name, begins, doubt, drift, length] = cells;
        let name = shorten(name, wide, "…");
        let pad = " ".repeat(wide - columns(&name));
        let _ = write!(page, "{style}{island:>6}  {name}{pad}  {begins:>13}  {doubt:>10}");
        if has_room {
            let _ = write!(page, "  {drift:>11}  {length:>10}");
        }
        let _ = writeln!(page, "{style:#}");
    };
    row(BOLD, ["island", "file", "begins (s)", "± (ms)", "drift (ppm)", "placed (s)"]);
    for ((island, _, _, placement), name) in rows.iter().zip(&names) {
        for (nth, piece) in placement.pieces.iter().enumerate() {
            let (start_s, end_s) = (piece.case_start().seconds(), piece.case_end().seconds());
            let cells: [&str; 6] = [
                &island.to_string(),
                if nth == 0 { name.as_str() } else { "  then" },
                &format!("{start_s:.3}"),
                &doubt_ms(piece.sigma_s()),
                &format!("{:.1}", piece.map.drift_ppm()),
                &format!("{:.1}", end_s - start_s),
            ];
            row(anstyle::Style::new(), cells);
        }
    }
    if !snapshot.words.is_empty() {
        let _ = writeln!(page, "\n{BOLD}Placed by hand{BOLD:#}");
        for line in moved::words(snapshot).lines() {
            let _ = writeln!(page, "  {line}");
        }
    }
}

/// True time, island by island, and when each recording began in it.
fn true_time(page: &mut String, snapshot: &Snapshot) {
    if snapshot.utc.is_empty() {
        return;
    }
    let labels = Labels::of(snapshot);
    let _ = writeln!(page, "\n{BOLD}UTC{BOLD:#}");
    for utc in &snapshot.utc {
        let _ = writeln!(page, "  {}", utc.sentence());
        for word in utc.anchors.iter().filter(|word| word.contradicts) {
            let _ = writeln!(
                page,
                "    contradicted by {}: {} off",
                shown_text(&word.said),
                times::length(word.residual_ns),
            );
        }
        let mut rows: Vec<(evidence::UtcTime, String)> = labels
            .sorted(snapshot)
            .into_iter()
            .filter_map(|(name, shown)| {
                let placement = shown.placement.as_ref().filter(|p| p.island == utc.island)?;
                let (moment, sigma_ns) = utc.begins(placement)?;
                let doubt = times::doubt(sigma_ns);
                Some((moment, format!("{}  {doubt}  {}", moment.text(sigma_ns), shown_text(name))))
            })
            .collect();
        rows.sort();
        for (_, row) in rows {
            let _ = writeln!(page, "    {row}");
        }
    }
}

/// A line for each island that hangs on a tie, or on several.
fn hanging(page: &mut String, snapshot: &Snapshot) {
    let labels = Labels::of(snapshot);
    let all = bridges(snapshot);
    let mut told = None;
    for bridge in &all {
        if told.replace(bridge.island) == Some(bridge.island) {
            continue;
        }
        if told == Some(all[0].island) && bridge == &all[0] {
            page.push('\n');
        }
        let hanging = Hanging::of(bridge, &labels);
        let more = all.iter().filter(|other| other.island == bridge.island).count() - 1;
        let and =
            if more > 0 { format!(", and on {more} more in the same way") } else { String::new() };
        let tie = format!("{} – {}", shown_text(&hanging.left), shown_text(&hanging.right));
        let lost = match bridge.together {
            2 => String::new(),
            _ => format!(": without it {} would be parted from the rest", names(&hanging.lost)),
        };
        let _ = writeln!(page, "Island {} hangs on one tie, {tie}{lost}{and}", bridge.island);
    }
}

fn row<'a>(name: &'a str, shown: &'a Shown) -> Option<(u32, f64, &'a str, &'a Placement)> {
    let placement = shown.placement.as_ref()?;
    Some((placement.island.0, placement.case_start()?.seconds(), name, placement))
}

/// One standard deviation in milliseconds, rounded up: doubt is never understated.
pub(super) fn doubt_ms(sigma_s: f64) -> String {
    format!("±{:.1}", (sigma_s * 1e4).ceil() / 10.0)
}

fn documents(page: &mut String, snapshot: &Snapshot) {
    let documents = snapshot.documents.iter().filter(|s| s.kind == SourceKind::Document);
    let mut names: Vec<String> = documents.map(|source| shown_text(&source.name())).collect();
    names.sort();
    if !names.is_empty() {
        let _ = writeln!(page, "\n{BOLD}Documents{BOLD:#}\n  {}", names.join("\n  "));
    }
}

fn islands(snapshot: &Snapshot) -> Vec<IslandSummary> {
    let mut found: std::collections::BTreeMap<u32, (usize, f64, f64)> =
        std::collections::BTreeMap::new();
    for placement in snapshot.recordings.iter().filter_map(|shown| shown.placement.as_ref()) {
        let (Some(start), Some(end)) = (placement.case_start(), placement.case_end()) else {
            continue;
        };
        let island = found.entry(placement.island.0).or_insert((0, f64::MAX, f64::MIN));
        *island = (island.0 + 1, island.1.min(start.seconds()), island.2.max(end.seconds()));
    }
    let summary = |(island, (recordings, start_s, end_s)): (u32, (usize, f64, f64))| {
        IslandSummary { island, recordings, span_s: end_s - start_s }
    };
    found.into_iter().map(summary).collect()
}

fn duration_s(snapshot: &Snapshot) -> f64 {
    // Not `sum`, which begins with -0.0 and would say so of an empty case.
    let seconds = snapshot.recordings.iter().map(|shown| shown.recording.duration.seconds());
    seconds.fold(0.0, |all, one| all + one)
}

fn length(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round() as u64;
    match minutes {
        0 => format!("{seconds:.0} s"),
        1..60 => format!("{minutes} min"),
        _ => format!("{} h {:02} min", minutes / 60, minutes % 60),
    }
}

pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// As `COLUMNS` says, or else the terminal.
fn width() -> Option<usize> {
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size().map(|(columns, _)| usize::from(columns.0));
    asked.filter(|columns| *columns > 0).or_else(terminal)
}
