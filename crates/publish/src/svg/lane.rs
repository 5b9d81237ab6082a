//! One lane: its name and doubt at the left, its bars, sound and doubt on the axis.

use std::fmt::Write as _;

use evidence::{MediaTime, Piece};

use super::ink::{Anchor, Ink, Words, px};
use super::layout::{
    LEFT_PX, Layout, NAME_COLUMNS, PLOT_LEFT_PX, PLOT_RIGHT_PX, Row, RowKind, Section,
};
use super::{DOUBT, MUTED, TEXT};
use crate::islands::{Holds, Lane};
use crate::text::{shorten, tame};
use crate::{Shown, Waveform, times};

/// Doubt narrower than this is hidden by the bar's own edge.
const HATCH_PX_MIN: f64 = 3.0;
/// A bar that is narrower cannot be seen.
const BAR_PX_MIN: f64 = 2.5;

/// Fill and line of one kind of recording. Lines have at least 4.5:1 on white and on the fill.
struct Paint {
    fill: &'static str,
    line: &'static str,
}

/// The sign of what a recording holds.
pub fn icon(holds: Holds) -> &'static str {
    match holds {
        Holds::PictureAndSound => "camera",
        Holds::Sound => "wave",
        Holds::Picture => "mute",
        Holds::Nothing => "none",
    }
}

fn paint(holds: Holds) -> Paint {
    match holds {
        Holds::PictureAndSound => Paint { fill: "#dcf0eb", line: "#1f6f5f" },
        Holds::Sound => Paint { fill: "#e2e9f7", line: "#3a5aa0" },
        Holds::Picture => Paint { fill: "#f6ead0", line: "#80570f" },
        Holds::Nothing => Paint { fill: "#eceff1", line: "#556069" },
    }
}

/// Fill and line of every kind of recording.
#[cfg(test)]
pub fn paints() -> Vec<(&'static str, &'static str)> {
    [Holds::PictureAndSound, Holds::Sound, Holds::Picture, Holds::Nothing]
        .into_iter()
        .map(|holds| (paint(holds).fill, paint(holds).line))
        .collect()
}

/// Whether any lane of the page shows hatched doubt.
pub fn any_hatched(layout: &Layout) -> bool {
    layout.sections.iter().any(|section| {
        section.rows.iter().any(|row| match &row.what {
            RowKind::Placed(lane) => section.scale.width(lane.sigma_ns()) > HATCH_PX_MIN,
            RowKind::Copy { .. } => false,
        })
    })
}

/// Draws one row of a section.
pub fn draw(ink: &mut Ink, row: &Row, section: &Section, layout: &Layout) {
    match &row.what {
        RowKind::Placed(lane) => {
            ink.open_picture(&tame(&lane.sentence()));
            // Where there is no second line, a star says that sound and light did not place it.
            let star = if lane.mark.is_some() && !layout.size.has_subtitle { "* " } else { "" };
            let doubt = format!("{star}{}", times::doubt(lane.sigma_ns()));
            label(ink, row, layout, (lane.name, lane.shown), &doubt);
            if layout.size.has_subtitle {
                let y = row.top_px + 29.0;
                ink.words(&Words::new(LEFT_PX + 22.0, y, 10.5, MUTED), &subtitle(lane));
            }
            bars(ink, lane, row, section, layout);
        }
        RowKind::Copy { name, shown, excerpts } => {
            let sentence = format!("{}: not placed itself; parts of it are copies", tame(name));
            ink.open_picture(&sentence);
            label(ink, row, layout, (name, shown), "copy");
            if layout.size.has_subtitle {
                let words = "not placed itself; the copied part is shown";
                ink.words(&Words::new(LEFT_PX + 22.0, row.top_px + 29.0, 10.5, MUTED), words);
            }
            let _ = excerpts;
        }
    }
    ink.close_group();
}

fn label(ink: &mut Ink, row: &Row, layout: &Layout, who: (&str, &Shown), doubt: &str) {
    let size = layout.size;
    let baseline = row.top_px + if size.has_subtitle { 14.0 } else { size.bar_px - 3.0 };
    let (name, shown) = who;
    if size.name_px > 10.0 {
        let sign = if row.has_copy() { "copy" } else { icon(shown.holds()) };
        ink.icon(sign, LEFT_PX, baseline - 11.0);
    } else {
        ink.rect(LEFT_PX + 8.0, baseline - 6.5, 6.0, 6.0, &swatch(shown.holds()));
    }
    let columns = (NAME_COLUMNS as f64 * 12.0 / size.name_px) as usize;
    ink.words(
        &Words::new(LEFT_PX + 22.0, baseline, size.name_px, TEXT).bold(),
        &shorten(&tame(name), columns, "…"),
    );
    let words = Words::new(PLOT_LEFT_PX - 14.0, baseline, size.name_px - 0.5, DOUBT);
    ink.words(&words.mono().anchored(Anchor::End), doubt);
}

/// In tight lanes icons would blur: sound is round, pictures are square.
fn swatch(holds: Holds) -> String {
    let radius = if holds == Holds::Sound { 3 } else { 0 };
    format!("rx=\"{radius}\" fill=\"{}\"", paint(holds).line)
}

/// What it holds, how long it is, and how much of it could not be placed.
fn subtitle(lane: &Lane) -> String {
    let duration_ns = lane.shown.recording.duration.0;
    // What is marked has less room for what it holds.
    let holds = match (lane.mark, lane.shown.holds()) {
        (Some(_), Holds::Picture) => "picture only",
        (_, holds) => holds.words(),
    };
    let mut words = format!("{holds}, {}", times::length(duration_ns));
    // Less than a second or a hundredth is the rounding of containers and codecs.
    let missing_ns = lane.not_placed_ns();
    if missing_ns > 1_000_000_000 && missing_ns > duration_ns / 100 {
        let _ = write!(words, ", {} not placed", times::length(missing_ns));
    }
    if let Some(mark) = lane.mark {
        let _ = write!(words, ", {}", mark.words());
    }
    if let Some(first) = lane.twin {
        words = format!("same bytes as {}", shorten(&tame(first), NAME_COLUMNS - 10, "…"));
    }
    words
}

fn bars(ink: &mut Ink, lane: &Lane, row: &Row, section: &Section, layout: &Layout) {
    let paint = paint(lane.shown.holds());
    let mut merged = visible(lane, section);
    merged.sort_by(|a, b| a.from.total_cmp(&b.from));
    gaps(ink, &merged, row, layout, &paint);
    for bar in &merged {
        let (y, height) = (row.top_px, layout.size.bar_px);
        let radius = (height / 8.0).min((bar.to - bar.from) / 3.0);
        ink.rect(
            bar.from,
            y,
            bar.to - bar.from,
            height,
            &format!("rx=\"{}\" fill=\"{}\" stroke=\"{}\"", px(radius), paint.fill, paint.line),
        );
    }
    for piece in lane.pieces {
        sound(ink, lane, piece, row, section, layout);
    }
    for bar in &merged {
        hatch(ink, bar, row, layout);
    }
    beside(ink, lane, &merged, row, layout);
}

/// A stretch of a lane that the eye sees as one.
#[derive(Clone, Copy, Debug)]
struct Bar {
    from: f64,
    to: f64,
    sigma: f64,
    end_ns: i64,
    start_ns: i64,
}

/// Pieces as bars; those that touch on the page are one, so that ten thousand pieces draw no
/// more than the page has pixels.
fn visible(lane: &Lane, section: &Section) -> Vec<Bar> {
    let mut bars: Vec<Bar> = lane
        .pieces
        .iter()
        .map(|piece| {
            let (start_ns, end_ns) = (piece.case_start().0, piece.case_end().0);
            let from = section.scale.x(start_ns).min(PLOT_RIGHT_PX - BAR_PX_MIN);
            let to = section.scale.x(end_ns).max(from + BAR_PX_MIN);
            Bar { from, to, sigma: section.scale.width(piece.sigma_ns), end_ns, start_ns }
        })
        .collect();
    bars.sort_by(|a, b| a.from.total_cmp(&b.from));
    let mut merged: Vec<Bar> = Vec::new();
    for bar in bars {
        match merged.last_mut() {
            Some(last) if bar.from - last.to < 1.0 => {
                if bar.end_ns > last.end_ns {
                    (last.to, last.end_ns) = (bar.to.max(last.to), bar.end_ns);
                }
                last.sigma = last.sigma.max(bar.sigma);
            }
            _ => merged.push(bar),
        }
    }
    merged
}

/// A gap is a gap: only a dotted line says that what follows is the same file.
fn gaps(ink: &mut Ink, bars: &[Bar], row: &Row, layout: &Layout, paint: &Paint) {
    let middle = row.top_px + layout.size.bar_px / 2.0;
    for pair in bars.windows(2) {
        let (from, to) = (pair[0].to, pair[1].from);
        let attributes =
            format!("stroke=\"{}\" stroke-width=\"1.2\" stroke-dasharray=\"1.5 3\"", paint.line);
        ink.line((from, middle), (to, middle), &attributes);
        let length = times::length(pair[1].start_ns.saturating_sub(pair[0].end_ns));
        if layout.size.has_subtitle && to - from > 6.2 * length.len() as f64 {
            let set = |y| Words::new(f64::midpoint(from, to), y, 10.5, MUTED);
            ink.words(&set(middle - 4.5).anchored(Anchor::Middle), "gap");
            ink.words(&set(middle + 12.0).anchored(Anchor::Middle), &length);
        }
    }
}

/// Where a bar may begin and end, when that is wider than its edge.
fn hatch(ink: &mut Ink, bar: &Bar, row: &Row, layout: &Layout) {
    if bar.sigma <= HATCH_PX_MIN {
        return;
    }
    let mut bands = vec![
        (bar.from - bar.sigma, bar.from + bar.sigma),
        (bar.to - bar.sigma, bar.to + bar.sigma),
    ];
    if bands[0].1 >= bands[1].0 {
        bands = vec![(bands[0].0, bands[1].1)];
    }
    for (from, to) in bands {
        let (from, to) = (from.max(PLOT_LEFT_PX - 8.0), to.min(PLOT_RIGHT_PX + 12.0));
        ink.rect(
            from,
            row.top_px,
            to - from,
            layout.size.bar_px,
            "fill=\"url(#recount-hatch)\" stroke=\"#556069\" stroke-width=\"0.7\" stroke-dasharray=\"2 2\"",
        );
    }
}

/// The sound of one piece, and the words `no sound` where there is none.
fn sound(ink: &mut Ink, lane: &Lane, piece: &Piece, row: &Row, section: &Section, layout: &Layout) {
    let paint = paint(lane.shown.holds());
    if let Some(waveform) = &lane.shown.waveform {
        let strokes = waveform_strokes(waveform, piece, row, section, layout);
        if !strokes.is_empty() {
            let attributes = format!(
                "fill=\"none\" stroke=\"{}\" stroke-width=\"1.1\" stroke-opacity=\"0.85\"",
                paint.line
            );
            ink.path(&strokes, &attributes);
        }
    }
    let width_px = section.scale.width(piece.end.0.saturating_sub(piece.start.0));
    if lane.shown.recording.audio.is_empty() || width_px < 4.0 {
        return;
    }
    for (start, end) in lane.shown.without_sound(piece.start, piece.end) {
        let from = section.scale.x(piece.map.to_case(start).0);
        let to = section.scale.x(piece.map.to_case(end).0);
        if to - from < 4.0 {
            continue;
        }
        let (top, height) = (row.top_px + 1.0, layout.size.bar_px - 2.0);
        ink.rect(from + 0.8, top, to - from - 0.8, height, "fill=\"#fff\" fill-opacity=\"0.75\"");
        // The words stand clear of the hatched edge.
        let hatched = section.scale.width(piece.sigma_ns);
        let left =
            if start == piece.start && hatched > HATCH_PX_MIN { from + hatched } else { from };
        if to - left > 48.0 && layout.size.bar_px > 14.0 {
            let y = row.top_px + layout.size.bar_px / 2.0 + 3.7;
            let set = Words::new(f64::midpoint(left, to), y, 10.5, MUTED);
            ink.words(&set.anchored(Anchor::Middle), "no sound");
        }
    }
}

/// One vertical stroke for every two pixels, as tall as the loudest moment under it. The square
/// root of the magnitude is drawn: on a linear scale speech beside a shot is a flat line.
fn waveform_strokes(
    waveform: &Waveform,
    piece: &Piece,
    row: &Row,
    section: &Section,
    layout: &Layout,
) -> String {
    let (from, to) = (section.scale.x(piece.case_start().0), section.scale.x(piece.case_end().0));
    let pitch = (2.0 * ((to - from) / 2.0 / layout.strokes_max as f64).ceil()).max(2.0);
    // Whole pixels, so that strokes do not beat against the screen's raster.
    let origin = from.ceil() + 1.5;
    let strokes = ((to - origin) / pitch).max(0.0) as usize;
    if strokes == 0 {
        return String::new();
    }
    let loudest = waveform.peaks.iter().copied().max().unwrap_or(0);
    if loudest == 0 || waveform.peaks_per_s == 0 {
        return String::new();
    }
    let middle = row.top_px + layout.size.bar_px / 2.0;
    let half = layout.size.bar_px / 2.0 - 2.0;
    let per_ns = f64::from(waveform.peaks_per_s) / 1e9;
    let media_ns = (piece.end.0 as f64 - piece.start.0 as f64) / (to - from).max(1.0);
    let mut commands = String::new();
    for stroke in 0..strokes {
        let x = origin + pitch * stroke as f64;
        let begin = (piece.start.0 as f64 + media_ns * (x - from - pitch / 2.0)) * per_ns;
        let first = begin.max(0.0) as usize;
        let last = ((begin + media_ns * pitch * per_ns).max(0.0) as usize).max(first + 1);
        let last = last.min(waveform.peaks.len());
        let peak = waveform.peaks.get(first..last).and_then(|p| p.iter().max()).copied();
        let share = (f64::from(peak.unwrap_or(0)) / f64::from(loudest)).sqrt();
        let tall = half * share;
        if tall < 0.3 {
            continue;
        }
        let _ = write!(commands, "M{} {}v{}", px(x), px(middle - tall), px(2.0 * tall));
    }
    commands
}

/// Bars too small to be read get their times beside them.
fn beside(ink: &mut Ink, lane: &Lane, bars: &[Bar], row: &Row, layout: &Layout) {
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else { return };
    if last.to - first.from > 24.0 || !layout.size.has_subtitle || !lane.copied.is_empty() {
        return;
    }
    let end = MediaTime(lane.end().0.saturating_sub(lane.start().0));
    let words = format!("{} at {}", times::length(end.0), times::clock(lane.start().0, 1));
    let y = row.top_px + layout.size.bar_px / 2.0 + 3.7;
    let room_px = 6.2 * words.len() as f64;
    let set = if last.to + 8.0 + room_px < PLOT_RIGHT_PX {
        Words::new(last.to + 8.0 + last.sigma.min(60.0), y, 10.5, MUTED)
    } else {
        Words::new(first.from - 8.0, y, 10.5, MUTED).anchored(Anchor::End)
    };
    ink.words(&set, &words);
}
