//! Tables for a spreadsheet, as RFC 4180 writes them: UTF-8, commas, CRLF, quotes doubled.
//!
//! Four files: `placements.csv` (a row for each piece of a placed recording), `unplaced.csv`
//! (why the others are on no clock), `ties.csv` (what speaks for and against) and
//! `excerpts.csv`. Every case time stands twice, in exact seconds to compute with and as
//! `hh:mm:ss.mmm` to read, with its sigma beside it. No byte order mark: programs that read
//! tables trip over it.
//!
//! A text from outside that a spreadsheet would run as a formula gets an apostrophe in front,
//! which spreadsheets hide and which makes it text.

use evidence::{CaseTime, MediaTime, Piece, SourceId, Tie};

use crate::islands::{islands, unplaced};
use crate::{Error, Labels, Mark, Marks, Named, Snapshot, times};

/// Writes `placements.csv`, `unplaced.csv`, `ties.csv` and `excerpts.csv`.
///
/// # Errors
/// None at present.
pub fn write(snapshot: &Snapshot) -> Result<Vec<Named>, Error> {
    let labels = Labels::of(snapshot);
    let file =
        |name: &str, table: Table| Named { name: format!("{name}.csv"), bytes: table.into_bytes() };
    Ok(vec![
        file("placements", placements(snapshot, &labels)),
        file("unplaced", refusals(snapshot, &labels)),
        file("ties", ties(snapshot, &labels)),
        file("excerpts", excerpts(snapshot, &labels)),
    ])
}

/// One value of a row.
pub(crate) enum Cell<'a> {
    /// From outside: guarded.
    Text(&'a str),
    /// Made here: a number, a time, a hash.
    Own(String),
    /// Not known.
    Empty,
}

/// A table in the making.
pub(crate) struct Table {
    text: String,
}

impl Table {
    pub(crate) fn with_columns(names: &[&str]) -> Self {
        let mut table = Self { text: String::new() };
        table.row(&names.iter().map(|name| Cell::Own((*name).to_owned())).collect::<Vec<_>>());
        table
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    pub(crate) fn row(&mut self, cells: &[Cell]) {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            match cell {
                Cell::Text(text) => self.text.push_str(&quoted(&guarded(text))),
                Cell::Own(text) => self.text.push_str(&quoted(text)),
                Cell::Empty => {}
            }
        }
        self.text.push_str("\r\n");
    }
}

/// Text that no spreadsheet takes for a formula, full-width signs included.
fn guarded(text: &str) -> String {
    let is_formula = text.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

fn quoted(text: &str) -> String {
    let needs = text.contains([',', '"', '\r', '\n', ';', '\t'])
        || text.starts_with(' ')
        || text.ends_with(' ');
    if needs { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

fn placements(snapshot: &Snapshot, labels: &Labels) -> Table {
    let mut table = Table::with_columns(&[
        "file",
        "island",
        "piece",
        "holds",
        "case_start_s",
        "case_start",
        "case_start_sigma_s",
        "case_end_s",
        "case_end",
        "case_end_sigma_s",
        "media_start_s",
        "media_start",
        "media_end_s",
        "media_end",
        "offset_s",
        "drift_ppm",
        "placed_by_hand",
        "placed_by_clock",
        "utc_start",
        "utc_start_sigma_s",
        "duration_s",
        "size_bytes",
        "sha256",
    ]);
    let marks = Marks::of(snapshot);
    for island in islands(snapshot, labels) {
        let utc = snapshot.utc_of(evidence::Island(island.number));
        for lane in &island.lanes {
            for (at, piece) in lane.pieces.iter().enumerate() {
                let mut row = vec![
                    Cell::Text(lane.name),
                    Cell::Own(island.number.to_string()),
                    Cell::Own((at + 1).to_string()),
                    Cell::Own(lane.shown.holds().words().to_owned()),
                ];
                row.extend(case_time(piece.case_start(), piece));
                row.extend(case_time(piece.case_end(), piece));
                row.extend(media_time(piece.start));
                row.extend(media_time(piece.end));
                row.push(Cell::Own(seconds(piece.map.offset_ns)));
                row.push(Cell::Own(thousandths(piece.map.drift_ppb)));
                let mark = marks.get(lane.shown.source.id);
                row.push(yes_or_no(mark == Some(Mark::Hand)));
                row.push(yes_or_no(mark == Some(Mark::Clock)));
                let begins = utc.map(|utc| utc.moment(piece.case_start(), piece.sigma_ns));
                row.extend(begins.map_or([Cell::Empty, Cell::Empty], |(utc, sigma_ns)| {
                    [Cell::Own(utc.to_string()), Cell::Own(seconds(sigma_ns))]
                }));
                row.push(Cell::Own(seconds(lane.shown.recording.duration.0)));
                row.push(Cell::Own(lane.shown.source.size_bytes.to_string()));
                row.push(Cell::Own(lane.shown.source.id.to_string()));
                table.row(&row);
            }
        }
    }
    table
}

fn refusals(snapshot: &Snapshot, labels: &Labels) -> Table {
    let mut table =
        Table::with_columns(&["file", "reason", "holds", "duration_s", "size_bytes", "sha256"]);
    for (name, shown) in unplaced(snapshot, labels) {
        table.row(&[
            Cell::Text(name),
            Cell::Text(&labels.reason(name, shown).unwrap_or_default()),
            Cell::Own(shown.holds().words().to_owned()),
            Cell::Own(seconds(shown.recording.duration.0)),
            Cell::Own(shown.source.size_bytes.to_string()),
            Cell::Own(shown.source.id.to_string()),
        ]);
    }
    table
}

fn yes_or_no<'a>(is_so: bool) -> Cell<'a> {
    Cell::Own(if is_so { "yes" } else { "no" }.to_owned())
}

/// One row per piece of a tie: `left = offset + (1 + drift)·right` from `right_start` on.
fn ties(snapshot: &Snapshot, labels: &Labels) -> Table {
    let mut table = Table::with_columns(&[
        "left",
        "right",
        "accepted",
        "by",
        "score",
        "windows_agree",
        "windows_disagree",
        "right_start_s",
        "right_end_s",
        "offset_s",
        "offset_sigma_s",
        "drift_ppm",
        "runner_up_offset_s",
        "runner_up_share",
        "left_sha256",
        "right_sha256",
    ]);
    let mut all: Vec<(String, String, &Tie)> = snapshot
        .ties
        .iter()
        .filter(|tie| !tie.is_near_miss())
        .map(|tie| (labels.name(tie.left), labels.name(tie.right), tie))
        .collect();
    all.sort_by(|a, b| (&a.0, &a.1, a.2.left, a.2.right).cmp(&(&b.0, &b.1, b.2.left, b.2.right)));
    for (left, right, tie) in &all {
        for piece in &tie.pieces {
            table.row(&[
                Cell::Text(left),
                Cell::Text(right),
                yes_or_no(tie.accepted),
                Cell::Own(tie.kind.word().to_owned()),
                number(tie.score),
                Cell::Own(tie.windows_agree.to_string()),
                Cell::Own(tie.windows_disagree.to_string()),
                Cell::Own(seconds(piece.start.0)),
                Cell::Own(seconds(piece.end.0)),
                Cell::Own(seconds(piece.map.offset_ns)),
                Cell::Own(seconds(piece.sigma_ns)),
                Cell::Own(thousandths(piece.map.drift_ppb)),
                tie.runner_up.map_or(Cell::Empty, |second| Cell::Own(seconds(second.offset_ns))),
                tie.runner_up.map_or(Cell::Empty, |second| number(second.share)),
                Cell::Own(tie.left.to_string()),
                Cell::Own(tie.right.to_string()),
            ]);
        }
    }
    table
}

fn excerpts(snapshot: &Snapshot, labels: &Labels) -> Table {
    let mut table = Table::with_columns(&[
        "copy",
        "copy_start_s",
        "copy_start",
        "copy_end_s",
        "copy_end",
        "source",
        "source_start_s",
        "source_start",
        "speed",
        "reason",
        "copy_sha256",
        "source_sha256",
    ]);
    let name = |id: SourceId| labels.name(id);
    let mut all: Vec<_> = snapshot.excerpts.iter().collect();
    all.sort_by_key(|e| (name(e.copy), e.start, name(e.source), e.source_start));
    for excerpt in all {
        let (copy, source) = (name(excerpt.copy), name(excerpt.source));
        let mut row = vec![Cell::Text(&copy)];
        row.extend(media_time(excerpt.start));
        row.extend(media_time(excerpt.end));
        row.push(Cell::Text(&source));
        row.extend(media_time(excerpt.source_start));
        row.push(number(excerpt.speed));
        row.push(excerpt.reason.map_or(Cell::Empty, |reason| Cell::Own(reason.word().to_owned())));
        row.push(Cell::Own(excerpt.copy.to_string()));
        row.push(Cell::Own(excerpt.source.to_string()));
        table.row(&row);
    }
    table
}

fn case_time(case: CaseTime, piece: &Piece) -> [Cell<'static>; 3] {
    [Cell::Own(seconds(case.0)), Cell::Own(clock(case.0)), Cell::Own(seconds(piece.sigma_ns))]
}

fn media_time(media: MediaTime) -> [Cell<'static>; 2] {
    [Cell::Own(seconds(media.0)), Cell::Own(clock(media.0))]
}

/// `hh:mm:ss.mmm`, two digits for the hour as ISO 8601 has it.
fn clock(ns: i64) -> String {
    let text = times::clock(ns, 3);
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    format!("{sign}{digits:0>12}")
}

/// Exact decimal seconds, without trailing zeros.
pub(crate) fn seconds(ns: i64) -> String {
    decimal(ns, 9)
}

/// Parts per billion as exact parts per million.
fn thousandths(ppb: i64) -> String {
    decimal(ppb, 3)
}

fn decimal(value: i64, places: usize) -> String {
    let unit = 10_u64.pow(places as u32);
    let (whole, part) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    let sign = if value < 0 { "-" } else { "" };
    if part == 0 {
        return format!("{sign}{whole}");
    }
    let part = format!("{part:0places$}");
    format!("{sign}{whole}.{}", part.trim_end_matches('0'))
}

/// A number without a unit; what is none stays empty.
fn number(value: f64) -> Cell<'static> {
    if value.is_finite() { Cell::Own(value.to_string()) } else { Cell::Empty }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_named_like_a_formula_is_not_run_by_a_spreadsheet() {
        let mut table = Table::with_columns(&["file"]);
        table.row(&[Cell::Text("=HYPERLINK(\"http://x\",\"y\").mp4")]);
        table.row(&[Cell::Text("@sum.wav")]);
        table.row(&[Cell::Text("a, \"b\".wav")]);
        assert_eq!(
            table.text,
            "file\r\n\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\").mp4\"\r\n'@sum.wav\r\n\
             \"a, \"\"b\"\".wav\"\r\n"
        );
    }

    #[test]
    fn the_sample_case() {
        let files = write(&crate::sample::rehearsal()).expect("tables can say every snapshot");
        let text: Vec<String> = files
            .iter()
            .map(|file| format!("{}\n{}", file.name, String::from_utf8_lossy(&file.bytes)))
            .collect();
        insta::assert_snapshot!(text.join("\n").replace("\r\n", "\n"));
    }

    #[test]
    fn seconds_are_exact_to_the_nanosecond() {
        assert_eq!(seconds(-3_271_000_000), "-3.271");
        assert_eq!(seconds(i64::MIN), "-9223372036.854775808");
        assert_eq!(thousandths(-23_400), "-23.4");
        assert_eq!(clock(83_723_456_000_000), "23:15:23.456");
        assert_eq!(clock(-3_271_000_000), "-00:00:03.271");
    }
}
