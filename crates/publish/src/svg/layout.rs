//! Where everything stands on the page, before anything is drawn.

use evidence::{Excerpt, SourceId};

use crate::islands::{IslandView, Lane};
use crate::{Shown, Snapshot};

/// Width of the page. At 1280 the picture is sharp at full width on a screen and its 11 px text
/// is 6 pt on A4 across.
pub const WIDTH_PX: f64 = 1280.0;
/// Left margin.
pub const LEFT_PX: f64 = 28.0;
/// Where time begins.
pub const PLOT_LEFT_PX: f64 = 336.0;
/// Where time ends.
pub const PLOT_RIGHT_PX: f64 = WIDTH_PX - 28.0;
/// Columns of a name in 12 px semibold between icon and doubt, at the widest usual letters.
pub const NAME_COLUMNS: usize = 30;
/// Lanes of copies on one island, beside those of its recordings; the list at the end and the
/// table name the others.
const COPY_ROWS_MAX: usize = 40;
/// Height of a row in the list of what is on no clock.
pub const ROW_PX: f64 = 22.0;
/// Lanes drawn at most: a picture of more than this is 15 000 px tall, and nobody reads it.
const LANES_MAX: usize = 1000;
/// Rows of the list of what is on no clock.
pub const ROWS_MAX: usize = 300;
/// An island shorter than this share of the longest is enlarged to the full width: at an eighth
/// of the width two labels of the axis just fit.
const SHARE_MIN: f64 = 0.125;
/// Height of an island's heading with its axis.
const HEAD_PX: f64 = 52.0;

/// The page.
#[derive(Debug)]
pub struct Layout<'a> {
    pub sections: Vec<Section<'a>>,
    pub size: LaneSize,
    pub lanes_left_out: usize,
    pub left_out_y_px: f64,
    pub unplaced_y_px: f64,
    pub legend_y_px: f64,
    pub height_px: f64,
    /// Strokes of sound per lane, so that a thousand lanes stay within a few megabytes.
    pub strokes_max: usize,
}

/// One island on the page.
#[derive(Debug)]
pub struct Section<'a> {
    pub island: &'a IslandView<'a>,
    pub rows: Vec<Row<'a>>,
    pub scale: Scale,
    pub top_px: f64,
    pub bottom_px: f64,
}

/// One lane on the page.
#[derive(Debug)]
pub struct Row<'a> {
    pub what: RowKind<'a>,
    pub top_px: f64,
}

/// What a lane shows.
#[derive(Debug)]
pub enum RowKind<'a> {
    /// A recording that is placed.
    Placed(&'a Lane<'a>),
    /// Stretches of a recording that is not placed itself, where their sources say they are.
    Copy { name: &'a str, shown: &'a Shown, excerpts: Vec<&'a Excerpt> },
}

/// How tall lanes are: comfortable for a report, tight when there are many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaneSize {
    pub pitch_px: f64,
    pub bar_px: f64,
    pub name_px: f64,
    /// Whether a second line says what the recording holds.
    pub has_subtitle: bool,
}

/// Case time to the page.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub start_ns: i64,
    pub end_ns: i64,
    /// Time across the whole plot.
    pub across_ns: i64,
    /// How many times wider a second is than on the longest island.
    pub enlarged: f64,
}

impl<'a> Layout<'a> {
    pub fn of(
        snapshot: &'a Snapshot,
        islands: &'a [IslandView<'a>],
        unplaced: &[(&'a str, &'a Shown)],
    ) -> Self {
        let lanes: usize = islands.iter().map(|island| island.lanes.len()).sum();
        let size = LaneSize::for_lanes(lanes);
        let longest_ns = islands.iter().map(IslandView::length_ns).max().unwrap_or(0);
        let mut room = LANES_MAX;
        let mut y = 78.0;
        let mut sections = Vec::new();
        for island in islands {
            let shown: Vec<&Lane> = island.lanes.iter().take(room).collect();
            room -= shown.len();
            if shown.is_empty() {
                continue;
            }
            let section = Section::at(y, island, &shown, snapshot, unplaced, size, longest_ns);
            y = section.bottom_px + 18.0;
            sections.push(section);
        }
        let lanes_left_out = lanes.saturating_sub(LANES_MAX);
        let left_out_y_px = y + 8.0;
        y += if lanes_left_out > 0 { 28.0 } else { 0.0 };
        let unplaced_y_px = y;
        if !unplaced.is_empty() {
            let rows = unplaced.len().min(ROWS_MAX) + usize::from(unplaced.len() > ROWS_MAX);
            y += 21.0 + ROW_PX * rows as f64 + 16.0;
        }
        let legend_y_px = y + 20.0;
        let height_px = legend_y_px + 40.0;
        let strokes_max = (200_000 / lanes.max(1)).clamp(40, 460);
        Self {
            sections,
            size,
            lanes_left_out,
            left_out_y_px,
            unplaced_y_px,
            legend_y_px,
            height_px,
            strokes_max,
        }
    }
}

impl<'a> Section<'a> {
    fn at(
        top_px: f64,
        island: &'a IslandView<'a>,
        lanes: &[&'a Lane<'a>],
        snapshot: &'a Snapshot,
        unplaced: &[(&'a str, &'a Shown)],
        size: LaneSize,
        longest_ns: i64,
    ) -> Self {
        let mut kinds: Vec<RowKind> = lanes.iter().map(|lane| RowKind::Placed(lane)).collect();
        let is_here = |id: SourceId| lanes.iter().any(|lane| lane.shown.source.id == id);
        for &(name, shown) in unplaced.iter().take(ROWS_MAX) {
            if kinds.len() >= lanes.len() + COPY_ROWS_MAX {
                break;
            }
            let mut excerpts = crate::islands::copied(snapshot, shown);
            excerpts.retain(|excerpt| is_here(excerpt.source));
            if !excerpts.is_empty() {
                kinds.push(RowKind::Copy { name, shown, excerpts });
            }
        }
        let first = top_px + HEAD_PX;
        let row = |(at, what)| Row { what, top_px: first + size.pitch_px * at as f64 };
        let bottom_px = first + size.pitch_px * kinds.len() as f64;
        let rows = kinds.into_iter().enumerate().map(row).collect();
        Self { island, rows, scale: Scale::of(island, longest_ns), top_px, bottom_px }
    }

    /// The placed lane of a recording and the middle of its row.
    pub fn lane_of(&self, id: SourceId) -> Option<(&'a Lane<'a>, &Row<'a>)> {
        self.rows.iter().find_map(|row| match &row.what {
            RowKind::Placed(lane) if lane.shown.source.id == id => Some((*lane, row)),
            _ => None,
        })
    }
}

impl Row<'_> {
    /// Whether it shows something that was copied.
    pub fn has_copy(&self) -> bool {
        match &self.what {
            RowKind::Placed(lane) => !lane.copied.is_empty(),
            RowKind::Copy { .. } => true,
        }
    }
}

impl LaneSize {
    fn for_lanes(lanes: usize) -> Self {
        match lanes {
            0..=36 => Self { pitch_px: 40.0, bar_px: 32.0, name_px: 12.0, has_subtitle: true },
            37..=200 => Self { pitch_px: 22.0, bar_px: 17.0, name_px: 11.0, has_subtitle: false },
            _ => Self { pitch_px: 14.0, bar_px: 10.0, name_px: 9.5, has_subtitle: false },
        }
    }
}

impl Scale {
    /// A second is as wide on every island, so that lengths compare, unless that would leave a
    /// short island too small to read.
    fn of(island: &IslandView, longest_ns: i64) -> Self {
        // A recording of no length still needs an axis.
        let own_ns = island.length_ns().max(1_000_000);
        let share = own_ns as f64 / longest_ns.max(1) as f64;
        let (across_ns, enlarged) =
            if share < SHARE_MIN { (own_ns, 1.0 / share) } else { (longest_ns.max(own_ns), 1.0) };
        let start_ns = island.start.0;
        Self { start_ns, end_ns: start_ns.saturating_add(own_ns), across_ns, enlarged }
    }

    /// Where a case time stands on the page.
    pub fn x(&self, case_ns: i64) -> f64 {
        let since_ns = case_ns as f64 - self.start_ns as f64;
        let x = PLOT_LEFT_PX + since_ns * self.px_per_ns();
        x.clamp(PLOT_LEFT_PX - 10.0, PLOT_RIGHT_PX + 10.0)
    }

    /// How wide a length of time is.
    pub fn width(&self, ns: i64) -> f64 {
        ns as f64 * self.px_per_ns()
    }

    fn px_per_ns(&self) -> f64 {
        (PLOT_RIGHT_PX - PLOT_LEFT_PX) / self.across_ns.max(1) as f64
    }
}
