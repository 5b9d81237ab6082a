//! The synchronised timeline as text, for a terminal.
//!
//! A lane per recording: the upper half of a character is picture, the lower half sound, so a
//! camera whose sound starts late shows it. A gap is dotted, doubt wider than a character is
//! shaded, and the ± stands at the right. Each island has an axis of its own; what is on no
//! clock is listed with its reason.
//!
//! Pure text: the caller says how wide the terminal is and what it can show.

use evidence::{MediaTime, Piece};

use crate::islands::{
    Holds, IslandView, Lane, copies, islands, same_bytes, unplaced, why_unplaced,
};
use crate::text::{columns, shorten, tame};
use crate::ticks::ticks;
use crate::{Labels, Shown, Snapshot, times};

/// How lanes are drawn; the caller knows its terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colour may be used.
    pub colour: Colour,
    /// Which characters may be used.
    pub glyphs: Glyphs,
}

/// Colour on the terminal. Nothing is said by colour alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    #[default]
    None,
    /// The sixteen ANSI colours, bold and dim.
    Ansi,
}

/// Characters on the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Block characters; names as they are, with control characters made visible.
    #[default]
    Unicode,
    /// ASCII only, names included.
    Ascii,
}

/// Below this the plot would be too small to place anything; times are written instead.
const WIDTH_WITH_PLOT_MIN: usize = 32;
/// Names get at most this share of the width.
const NAME_SHARE: usize = 3;
/// A longer name column leaves the plot apart from the names it belongs to.
const NAME_COLUMNS_MAX: usize = 32;
/// Lines longer than this are hard to follow back, also on a wide terminal.
const WIDTH_MAX: usize = 200;

/// Draws the timeline; no line is wider than `width` columns. Ends with a line break.
pub fn draw(snapshot: &Snapshot, width: usize, style: Style) -> String {
    let labels = Labels::of(snapshot);
    let islands = islands(snapshot, &labels);
    let unplaced = unplaced(snapshot, &labels);
    let mut page = Page { style, width: width.clamp(1, WIDTH_MAX), text: String::new() };
    for island in &islands {
        page.island(island, &labels);
        page.end_line();
    }
    if !unplaced.is_empty() {
        page.unplaced(snapshot, &labels, &unplaced);
        page.end_line();
    }
    if !islands.is_empty() {
        page.legend();
    }
    page.text
}

/// What a part of a line is, for colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Plain,
    Heading,
    Quiet,
    Bar(Holds),
}

/// Text in the making.
struct Page {
    style: Style,
    width: usize,
    text: String,
}

/// Columns of the parts of a line.
#[derive(Clone, Copy, Debug)]
struct Columns {
    name: usize,
    plot: usize,
    doubt: usize,
}

impl Page {
    fn island(&mut self, island: &IslandView, labels: &Labels) {
        let recordings = times::count(island.lanes.len(), "recording");
        let span = times::length(island.length_ns());
        let about = format!("{recordings}, {span}");
        let name = format!("Island {}", island.number);
        if columns(&name) + 2 + columns(&about) <= self.width {
            self.line(&[(Role::Heading, name), (Role::Quiet, format!("  {about}"))]);
        } else {
            self.line(&[(Role::Heading, name)]);
            self.wrapped(&about, 2);
        }
        if self.width < WIDTH_WITH_PLOT_MIN {
            for lane in &island.lanes {
                self.lane_in_words(lane);
            }
            self.twins(island);
            return;
        }
        let columns = self.columns_for(island);
        self.axis(island, columns);
        for lane in &island.lanes {
            self.lane(lane, island, columns);
        }
        for lane in island.lanes.iter().filter(|lane| !lane.copied.is_empty()) {
            let copies = copies(&lane.copied, labels);
            self.wrapped(&self.legible(&format!("{}: {copies}", lane.name)), 0);
        }
        self.twins(island);
    }

    fn twins(&mut self, island: &IslandView) {
        for lane in &island.lanes {
            if let Some(first) = lane.twin {
                let words = format!("{}: {}", lane.name, same_bytes(first));
                self.wrapped(&self.legible(&words), 0);
            }
        }
    }

    fn columns_for(&self, island: &IslandView) -> Columns {
        let widest = |texts: &mut dyn Iterator<Item = String>| {
            texts.map(|text| self::columns(&text)).max().unwrap_or(0)
        };
        let doubt = widest(&mut island.lanes.iter().map(|lane| self.doubt(lane))).max(6);
        let name_max = (self.width / NAME_SHARE).min(NAME_COLUMNS_MAX);
        let name = widest(&mut island.lanes.iter().map(|lane| self.marked(lane, name_max)));
        let plot = self.width.saturating_sub(name + doubt + 3).max(1);
        Columns { name, plot, doubt }
    }

    /// Marks with their times; a mark whose label has no room is left out.
    fn axis(&mut self, island: &IslandView, columns: Columns) {
        /// A mark, `0:00:00`, and two blanks.
        const LABEL_COLUMNS: usize = 10;
        let end_ns = island.end.0.max(island.start.0.saturating_add(1));
        let marks = ticks(island.start.0, end_ns, (columns.plot / LABEL_COLUMNS).max(2));
        let mut line = " ".repeat(columns.name + 1);
        let left = columns.name + 1;
        for at_ns in marks.at_ns {
            let at = left + position(at_ns, island, columns.plot).min(columns.plot - 1);
            let label = format!("{}{}", self.sign("|", "╷"), times::clock(at_ns, marks.decimals));
            let used = self::columns(&line);
            let is_free = used == left || at > used;
            if at >= used && is_free && at + self::columns(&label) <= self.width {
                line.push_str(&" ".repeat(at - used));
                line.push_str(&label);
            }
        }
        self.line(&[(Role::Quiet, line)]);
    }

    fn lane(&mut self, lane: &Lane, island: &IslandView, columns: Columns) {
        let name = self.marked(lane, columns.name);
        let doubt = self.doubt(lane);
        let pad = |text: &str, to: usize| " ".repeat(to.saturating_sub(self::columns(text)));
        let name_pad = pad(&name, columns.name);
        let doubt_pad = pad(&doubt, columns.doubt);
        let bars = self.bars(lane, island, columns.plot);
        self.line(&[
            (Role::Plain, format!("{name}{name_pad} ")),
            (Role::Bar(lane.shown.holds()), bars),
            (Role::Plain, format!(" {doubt_pad}{doubt}")),
        ]);
    }

    fn bars(&self, lane: &Lane, island: &IslandView, plot: usize) -> String {
        let mut row = vec![Half::default(); plot * 2];
        for piece in lane.pieces {
            mark_piece(&mut row, lane.shown, piece, island);
        }
        mark_gaps(&mut row);
        for piece in lane.pieces {
            mark_doubt(&mut row, piece, island);
        }
        row.chunks_exact(2).map(|pair| self.cell(pair[0], pair[1])).collect()
    }

    /// One character for two half columns.
    fn cell(&self, left: Half, right: Half) -> char {
        /// By bits: upper left 1, upper right 2, lower left 4, lower right 8.
        const QUADRANTS: [char; 16] =
            [' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█'];
        let both = |get: fn(Half) -> bool| get(left) || get(right);
        let ascii = self.style.glyphs == Glyphs::Ascii;
        if both(|half| half.doubt) {
            return if ascii { '?' } else { '░' };
        }
        if !both(|half| half.picture || half.sound) {
            let gap = if ascii { '.' } else { '·' };
            return if both(|half| half.gap) { gap } else { ' ' };
        }
        if ascii {
            return match (both(|half| half.picture), both(|half| half.sound)) {
                (true, true) => '#',
                (true, false) => '"',
                _ => '=',
            };
        }
        let bit = |set: bool, bit: usize| if set { bit } else { 0 };
        QUADRANTS[bit(left.picture, 1)
            + bit(right.picture, 2)
            + bit(left.sound, 4)
            + bit(right.sound, 8)]
    }

    /// For terminals too narrow for a plot.
    fn lane_in_words(&mut self, lane: &Lane) {
        let name = self.marked(lane, self.width);
        let from = times::clock(lane.start().0, 1);
        let to = times::clock(lane.end().0, 1);
        let doubt = self.doubt(lane);
        self.line(&[(Role::Plain, name)]);
        self.wrapped(&format!("{from} to {to} {doubt}"), 2);
    }

    fn unplaced(&mut self, snapshot: &Snapshot, labels: &Labels, unplaced: &[(&str, &Shown)]) {
        self.line(&[(Role::Heading, "On no clock".to_owned())]);
        let name_max = (self.width / NAME_SHARE).clamp(1, NAME_COLUMNS_MAX);
        let names: Vec<String> =
            unplaced.iter().map(|(name, _)| self.name(name, name_max)).collect();
        let column = names.iter().map(|name| columns(name)).max().unwrap_or(0);
        for (name, (label, shown)) in names.iter().zip(unplaced) {
            let reason = self.legible(&why_unplaced(snapshot, labels, label, shown));
            if column + 2 + columns(&reason) <= self.width {
                let pad = " ".repeat(column + 2 - columns(name));
                self.line(&[(Role::Plain, format!("{name}{pad}{reason}"))]);
            } else {
                self.line(&[(Role::Plain, name.clone())]);
                self.wrapped(&reason, 2);
            }
        }
    }

    fn legend(&mut self) {
        let words = match self.style.glyphs {
            Glyphs::Unicode => {
                "▀ picture  ▄ sound  █ both  · gap  ░ begins or ends somewhere here  \
                 ± one standard deviation"
            }
            Glyphs::Ascii => {
                "\" picture  = sound  # both  . gap  ? begins or ends somewhere here  \
                 +- one standard deviation"
            }
        };
        self.wrapped(words, 0);
    }

    fn doubt(&self, lane: &Lane) -> String {
        times::doubt(lane.sigma_ns()).replace('±', self.sign("+-", "±"))
    }

    /// The name of a lane, with what its place rests on if neither on sound nor on light.
    fn marked(&self, lane: &Lane, columns_max: usize) -> String {
        match lane.mark {
            Some(mark) => self.name(&format!("{} ({})", lane.name, mark.words()), columns_max),
            None => self.name(lane.name, columns_max),
        }
    }

    fn name(&self, name: &str, columns_max: usize) -> String {
        shorten(&self.legible(name), columns_max, self.sign("..", "…"))
    }

    /// Words from outside, safe to show here.
    fn legible(&self, words: &str) -> String {
        let tamed = tame(words);
        match self.style.glyphs {
            Glyphs::Unicode => tamed,
            Glyphs::Ascii => tamed.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect(),
        }
    }

    fn sign(&self, ascii: &'static str, unicode: &'static str) -> &'static str {
        match self.style.glyphs {
            Glyphs::Ascii => ascii,
            Glyphs::Unicode => unicode,
        }
    }

    /// Words broken between lines, each indented; a word longer than a line is shortened.
    fn wrapped(&mut self, words: &str, indent: usize) {
        let indent = indent.min(self.width - 1);
        let room = self.width - indent;
        let mut line = String::new();
        for word in words.split(' ') {
            let word = shorten(word, room, self.sign("..", "…"));
            if !line.is_empty() && columns(&line) + 1 + columns(&word) > room {
                self.line(&[(Role::Quiet, format!("{}{}", " ".repeat(indent), line.trim_end()))]);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        self.line(&[(Role::Quiet, format!("{}{line}", " ".repeat(indent)))]);
    }

    /// One line of parts, cut at the width.
    fn line(&mut self, parts: &[(Role, String)]) {
        let mut room = self.width;
        let mut line = String::new();
        for (role, text) in parts {
            let mut part = String::new();
            for c in text.chars() {
                part.push(c);
                if columns(&part) > room {
                    part.pop();
                    break;
                }
            }
            room -= columns(&part);
            line.push_str(&self.coloured(*role, &part));
        }
        self.text.push_str(line.trim_end());
        self.end_line();
    }

    fn coloured(&self, role: Role, text: &str) -> String {
        let code = match role {
            Role::Plain => return text.to_owned(),
            Role::Heading => "1",
            Role::Quiet => "2",
            Role::Bar(Holds::PictureAndSound) => "32",
            Role::Bar(Holds::Sound) => "34",
            Role::Bar(Holds::Picture) => "33",
            Role::Bar(Holds::Nothing) => "0",
        };
        match self.style.colour {
            Colour::None => text.to_owned(),
            Colour::Ansi => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }

    fn end_line(&mut self) {
        self.text.push('\n');
    }
}

/// Half a column of a lane.
#[expect(clippy::struct_excessive_bools, reason = "four independent marks on one spot")]
#[derive(Clone, Copy, Debug, Default)]
struct Half {
    picture: bool,
    sound: bool,
    doubt: bool,
    gap: bool,
}

/// Which of `parts` equal parts of the island a case time falls in; `parts` at its end.
fn position(case_ns: i64, island: &IslandView, parts: usize) -> usize {
    let since = i128::from(case_ns) - i128::from(island.start.0);
    let length = i128::from(island.length_ns()).max(1);
    (since * parts as i128).div_euclid(length).clamp(0, parts as i128) as usize
}

fn mark_piece(row: &mut [Half], shown: &Shown, piece: &Piece, island: &IslandView) {
    let span = |start: MediaTime, end: MediaTime| {
        let from = position(piece.map.to_case(start).0, island, row.len()).min(row.len() - 1);
        let to = position(piece.map.to_case(end).0, island, row.len());
        from..to.max(from + 1)
    };
    let all = span(piece.start, piece.end);
    // A piece within one half has no room to show where its sound is missing.
    let silent = match all.len() {
        0 | 1 => Vec::new(),
        _ => shown.without_sound(piece.start, piece.end),
    };
    let silent: Vec<_> = silent
        .into_iter()
        .map(|(start, end)| span(start, end))
        .filter(|range| range.len() > 1)
        .collect();
    let holds = shown.holds();
    for at in all {
        let half = &mut row[at];
        half.picture |= matches!(holds, Holds::PictureAndSound | Holds::Picture);
        // A piece always shows, even one of a recording that nobody could look into.
        half.sound |= match holds {
            Holds::Picture => false,
            Holds::Nothing => true,
            Holds::Sound | Holds::PictureAndSound => {
                !silent.iter().any(|range| range.contains(&at))
            }
        };
    }
}

/// Empty halves between two that are not.
fn mark_gaps(row: &mut [Half]) {
    let is_marked = |half: &Half| half.picture || half.sound;
    let Some(first) = row.iter().position(is_marked) else { return };
    let Some(last) = row.iter().rposition(is_marked) else { return };
    for half in &mut row[first..=last] {
        half.gap = true;
    }
}

/// Halves in which the piece may begin or end; only where that is more than a character.
fn mark_doubt(row: &mut [Half], piece: &Piece, island: &IslandView) {
    let sigma_ns = piece.sigma_ns.max(0);
    let character_ns = i128::from(island.length_ns()) * 2 / row.len() as i128;
    if i128::from(sigma_ns) <= character_ns {
        return;
    }
    for edge in [piece.case_start().0, piece.case_end().0] {
        let from = position(edge.saturating_sub(sigma_ns), island, row.len());
        let to = position(edge.saturating_add(sigma_ns), island, row.len());
        for half in &mut row[from..to] {
            half.doubt = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sample;

    const ASCII: Style = Style { colour: Colour::None, glyphs: Glyphs::Ascii };

    #[test]
    fn the_sample_at_a_hundred_columns() {
        insta::assert_snapshot!(draw(&sample::rehearsal(), 100, Style::default()));
    }

    #[test]
    fn the_sample_at_forty_columns_without_unicode() {
        let text = draw(&sample::rehearsal(), 40, ASCII);
        assert!(text.is_ascii());
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_terminal_too_narrow_for_a_plot_gets_times() {
        insta::assert_snapshot!(draw(&sample::rehearsal(), 24, Style::default()));
    }

    #[test]
    fn two_files_with_the_same_bytes_say_so_placed_or_not() {
        let mut case = sample::rehearsal();
        for shown in case.recordings.clone() {
            let mut twin = shown;
            twin.source.path =
                twin.source.path.with_file_name(format!("zz-{}", twin.source.name()));
            case.recordings.push(twin);
        }
        for width in [28, 200] {
            let text = draw(&case, width, Style::default());
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            for words in [
                "zz-IMG_4127.MOV: it holds the same bytes as IMG_4127.MOV",
                "it holds the same bytes as REC-0103-mill.m4a, which is on no clock",
            ] {
                assert!(text.contains(words), "{words}\n{text}");
            }
        }
        let mut turned = case.clone();
        turned.recordings.reverse();
        assert_eq!(draw(&case, 100, Style::default()), draw(&turned, 100, Style::default()));
    }

    #[test]
    fn a_hostile_name_reaches_the_terminal_harmless() {
        let mut case = sample::rehearsal();
        case.recordings[0].source.path = "/x/\u{1b}]0;owned\u{7}\u{202e}4pm.exe".into();
        let text = draw(&case, 80, Style::default());
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
        assert!(!text.contains('\u{202e}'));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(
            case in sample::any_snapshot(), width in 1..130usize, is_ascii: bool,
        ) {
            let style = if is_ascii { ASCII } else { Style::default() };
            let plain = draw(&case, width, style);
            for line in plain.lines() {
                prop_assert!(columns(line) <= width, "{width}: {line:?}");
            }
            let coloured = draw(&case, width, Style { colour: Colour::Ansi, ..style });
            prop_assert_eq!(coloured.lines().count(), plain.lines().count());
        }
    }
}
