//! Why one recording lies where it does, as a picture for a report: what every window said,
//! minus the solution, over case time.
//!
//! One plot for each other recording, all on one scale: windows that agree filled, those that do
//! not hollow, what lies beyond the scale as a triangle at its edge; the band is one standard
//! deviation of the placement, dashed lines are the steps between its pieces. Beside each plot
//! stands what the eye cannot read off: strength, counts, mean, runner-up.

use crate::ticks::ticks;
use crate::times;
use crate::why::{TieWhy, Why, WindowWhy};

use super::ink::{Anchor, Ink, Words, px};
use super::layout::{LEFT_PX, NAME_COLUMNS, PLOT_LEFT_PX, PLOT_RIGHT_PX, WIDTH_PX};
use super::{DOUBT, GRID, MUTED, TEXT};
use crate::text::{shorten, tame};

/// Height of one plot, and from one to the next.
const PLOT_PX: f64 = 84.0;
const PITCH_PX: f64 = 104.0;
/// Where the first begins: below the heading and the axis.
const TOP_PX: f64 = 118.0;
/// Plots drawn at most; more partners than this make no recording surer.
const PLOTS_MAX: usize = 40;
/// The scale reaches at least so far, so that a perfect tie does not look torn: 2 ms.
const REACH_S_MIN: f64 = 0.002;
/// Points of windows that agree.
const POINT: &str = "#1f6f5f";
/// Points of ties that the placement does not rest on.
const POINT_UNUSED: &str = "#80570f";

/// The ties of one partner, in one plot.
struct Plot<'a> {
    with: &'a str,
    ties: Vec<&'a TieWhy>,
}

/// Case time and residual to the page.
struct Scale {
    start_s: f64,
    end_s: f64,
    /// Residual at the upper edge of a plot.
    reach_ms: f64,
}

impl Scale {
    fn of(why: &Why) -> Self {
        let bound =
            |f: fn(f64, f64) -> f64, from: f64, all: Vec<f64>| all.into_iter().fold(from, f);
        let start_s =
            bound(f64::min, f64::INFINITY, why.pieces.iter().map(|p| p.case_start).collect());
        let end_s =
            bound(f64::max, f64::NEG_INFINITY, why.pieces.iter().map(|p| p.case_end).collect());
        let (start_s, end_s) = if start_s < end_s { (start_s, end_s) } else { (0.0, 1.0) };
        let used = why.ties.iter().filter(|tie| tie.accepted).flat_map(|tie| &tie.windows);
        let mut sizes: Vec<f64> =
            used.filter(|w| w.agrees).filter_map(|w| w.residual).map(f64::abs).collect();
        sizes.sort_by(f64::total_cmp);
        // One partner far off must not press all others flat: nine in ten are seen in place.
        let most = sizes.get(sizes.len() * 9 / 10).or(sizes.last()).copied().unwrap_or(0.0);
        let sigma_s = why.pieces.iter().map(|piece| piece.sigma).fold(0.0, f64::max);
        let reach_s = (1.2 * most).max(1.6 * sigma_s).clamp(REACH_S_MIN, 3600.0);
        Self { start_s, end_s, reach_ms: 1e3 * reach_s }
    }

    fn x(&self, case_s: f64) -> f64 {
        let share = (case_s - self.start_s) / (self.end_s - self.start_s);
        PLOT_LEFT_PX + share.clamp(0.0, 1.0) * (PLOT_RIGHT_PX - PLOT_LEFT_PX)
    }

    /// Below the middle of a plot; within its edges.
    fn y(&self, residual_s: f64) -> f64 {
        -(1e3 * residual_s / self.reach_ms).clamp(-1.0, 1.0) * (PLOT_PX / 2.0 - 5.0)
    }
}

/// Draws why one recording lies where it does; of one on no clock, a page that says so.
pub fn draw_residuals(why: &Why, tool: &str) -> String {
    let plots = plots(why);
    let shown = plots.len().min(PLOTS_MAX);
    let bottom = TOP_PX + PITCH_PX * shown as f64;
    let height_px = bottom + 62.0;
    let file = tame(&why.file);
    let mut ink = Ink::default();
    ink.root(WIDTH_PX, height_px);
    ink.title("recount-title", &format!("Why {file} lies where it does"));
    ink.description("recount-desc", &tame(&describe(why, &plots)));
    ink.definitions();
    ink.rect(0.0, 0.0, WIDTH_PX, height_px, "fill=\"#fff\"");
    heading(&mut ink, why, &plots, tool);
    if why.island.is_some() {
        let scale = Scale::of(why);
        axis(&mut ink, &scale, bottom);
        ink.open_group("role=\"list\" aria-label=\"Ties\"");
        for (nth, plot) in plots.iter().take(PLOTS_MAX).enumerate() {
            draw_plot(&mut ink, why, plot, &scale, TOP_PX + PITCH_PX * nth as f64);
        }
        ink.close_group();
    }
    legend(&mut ink, why, plots.len() - shown, bottom + 20.0);
    ink.finish()
}

/// Partners in the order of their best ties; near misses have no windows to draw.
fn plots(why: &Why) -> Vec<Plot<'_>> {
    let mut plots: Vec<Plot> = Vec::new();
    for tie in why.ties.iter().filter(|tie| !tie.near_miss) {
        match plots.iter_mut().find(|plot| plot.with == tie.with) {
            Some(plot) => plot.ties.push(tie),
            None => plots.push(Plot { with: &tie.with, ties: vec![tie] }),
        }
    }
    plots
}

fn describe(why: &Why, plots: &[Plot]) -> String {
    let mut sentences = vec![why.refusal.as_ref().map_or_else(
        || format!("{} is placed by {}.", why.file, times::count(plots.len(), "other recording")),
        |reason| format!("{} is on no clock: {reason}.", why.file),
    )];
    for plot in plots.iter().take(PLOTS_MAX) {
        sentences.push(format!("{}: {}.", plot.with, said(plot).join(", ")));
    }
    sentences.join(" ")
}

fn heading(ink: &mut Ink, why: &Why, plots: &[Plot], tool: &str) {
    let title = format!("Why {} lies where it does", shorten(&tame(&why.file), 60, "…"));
    ink.words(&Words::new(LEFT_PX, 38.0, 20.0, TEXT).bold(), &title);
    let about = match (why.island, &why.refusal) {
        (Some(island), _) => {
            let sigma_s = why.pieces.iter().map(|piece| piece.sigma).fold(0.0, f64::max);
            format!(
                "Island {island} · {} · {} · {}",
                times::count(plots.len(), "other recording"),
                times::count(why.pieces.len(), "piece"),
                times::doubt((sigma_s * 1e9).round() as i64),
            )
        }
        (None, Some(reason)) => format!("It is on no clock: {}", shorten(&tame(reason), 120, "…")),
        (None, None) => "It is on no clock".to_owned(),
    };
    ink.words(&Words::new(LEFT_PX, 59.0, 13.0, MUTED), &about);
    let words = Words::new(PLOT_RIGHT_PX, 59.0, 12.0, MUTED).anchored(Anchor::End);
    ink.words(&words, &tame(tool));
}

fn axis(ink: &mut Ink, scale: &Scale, bottom: f64) {
    let ns = |s: f64| (s * 1e9).round() as i64;
    let marks = ticks(ns(scale.start_s), ns(scale.end_s), 9);
    ink.words(
        &Words::new(LEFT_PX, TOP_PX - 18.0, 11.0, MUTED),
        "what each window said, minus the solution",
    );
    for at_ns in marks.at_ns {
        let x = scale.x(at_ns as f64 / 1e9);
        ink.line((x, TOP_PX - 11.0), (x, bottom - 8.0), &format!("stroke=\"{GRID}\""));
        let label = times::clock(at_ns, marks.decimals).replace('-', "\u{2212}");
        let set = Words::new(x, TOP_PX - 18.0, 11.0, MUTED).mono().anchored(Anchor::Middle);
        ink.words(&set, &label);
    }
}

fn draw_plot(ink: &mut Ink, why: &Why, plot: &Plot, scale: &Scale, top: f64) {
    let said = said(plot);
    ink.open_picture(&tame(&format!("{}: {}", plot.with, said.join(", "))));
    let name = shorten(&tame(plot.with), NAME_COLUMNS + 6, "…");
    ink.words(&Words::new(LEFT_PX, top + 14.0, 12.0, TEXT).bold(), &name);
    for (nth, line) in said.iter().take(4).enumerate() {
        let y = top + 31.0 + 15.5 * nth as f64;
        ink.words(&Words::new(LEFT_PX, y, 10.5, MUTED), &shorten(line, 50, "…"));
    }
    let middle = top + PLOT_PX / 2.0;
    for piece in &why.pieces {
        let (from, to) = (scale.x(piece.case_start), scale.x(piece.case_end));
        let (upper, lower) = (scale.y(piece.sigma), scale.y(-piece.sigma));
        let band = "fill=\"#dcf0eb\"";
        ink.rect(from, middle + upper, (to - from).max(0.5), lower - upper, band);
    }
    let frame = "fill=\"none\" stroke=\"#b9c2c8\"";
    ink.rect(PLOT_LEFT_PX, top, PLOT_RIGHT_PX - PLOT_LEFT_PX, PLOT_PX, frame);
    ink.line(
        (PLOT_LEFT_PX, middle),
        (PLOT_RIGHT_PX, middle),
        &format!("stroke=\"{MUTED}\" stroke-width=\"0.8\""),
    );
    edge_labels(ink, scale, top);
    for step in &why.steps {
        let x = scale.x(step.case);
        let dashed = format!("stroke=\"{DOUBT}\" stroke-width=\"1.2\" stroke-dasharray=\"4 3\"");
        ink.line((x, top), (x, top + PLOT_PX), &dashed);
    }
    for tie in &plot.ties {
        let paint = if tie.accepted { POINT } else { POINT_UNUSED };
        for window in &tie.windows {
            point(ink, window, scale, middle, paint);
        }
    }
    ink.close_group();
}

/// The scale of a plot, at its left edge: milliseconds.
fn edge_labels(ink: &mut Ink, scale: &Scale, top: f64) {
    let reach_ms = scale.reach_ms;
    let decimals = usize::from(reach_ms < 10.0);
    for (y, ms) in [(5.0, reach_ms), (PLOT_PX / 2.0, 0.0), (PLOT_PX - 5.0, -reach_ms)] {
        let label = if ms == 0.0 { "0 ms".to_owned() } else { format!("{ms:+.decimals$}") };
        let set = Words::new(PLOT_LEFT_PX - 6.0, top + y + 3.5, 10.0, MUTED).mono();
        ink.words(&set.anchored(Anchor::End), &label.replace('-', "\u{2212}"));
    }
}

fn point(ink: &mut Ink, window: &WindowWhy, scale: &Scale, middle: f64, paint: &str) {
    let (Some(case_s), Some(residual_s)) = (window.case, window.residual) else { return };
    let (x, y) = (scale.x(case_s), middle + scale.y(residual_s));
    let fill = if window.agrees { paint } else { "#fff" };
    let attributes = format!("fill=\"{fill}\" stroke=\"{paint}\" stroke-width=\"1.2\"");
    if 1e3 * residual_s.abs() <= scale.reach_ms {
        ink.circle(x, y, 3.0, &attributes);
        return;
    }
    // Beyond the scale: a triangle that points there.
    let tip = if residual_s > 0.0 { -4.5 } else { 4.5 };
    let commands = format!(
        "M{} {}L{} {}H{}Z",
        px(x),
        px(y + tip),
        px(x + 3.5),
        px(y - tip / 2.0),
        px(x - 3.5)
    );
    ink.path(&commands, &attributes);
}

/// What stands beside a plot, a line each.
fn said(plot: &Plot) -> Vec<String> {
    let best = plot.ties[0];
    let agree: u32 = plot.ties.iter().map(|tie| tie.windows_agree).sum();
    let all: u32 = agree + plot.ties.iter().map(|tie| tie.windows_disagree).sum::<u32>();
    let pieces =
        if plot.ties.len() > 1 { format!(" ({} pieces)", plot.ties.len()) } else { String::new() };
    let mut said = vec![match best.kind {
        "sound" => format!("strength {:.1}, {agree} of {all} windows agree{pieces}", best.strength),
        kind => format!("by {kind}{pieces}"),
    }];
    let mean = |tie: &TieWhy| {
        let spread = tie.residual_spread.map(|s| format!(", spread {}", signless_ms(s)));
        Some(format!("mean {}{}", signed_ms(tie.residual?), spread.unwrap_or_default()))
    };
    said.extend(mean(best));
    let rival = best.runner_up.filter(|second| !second.is_other_piece);
    said.push(rival.map_or_else(
        || "no rival lag".to_owned(),
        |second| {
            format!("runner-up {:.0} %, {:+.1} s away", 100.0 * second.share, second.lag - best.lag)
        },
    ));
    if plot.ties.iter().any(|tie| !tie.accepted) {
        said.push("not used: it contradicts the others".to_owned());
    }
    said
}

/// Milliseconds to a tenth, with sign; seconds where they are many.
fn signed_ms(seconds: f64) -> String {
    let words = if seconds.abs() < 1.0 {
        format!("{:+.1} ms", seconds * 1e3)
    } else {
        format!("{seconds:+.1} s")
    };
    words.replace('-', "\u{2212}")
}

fn signless_ms(seconds: f64) -> String {
    format!("{:.1} ms", seconds * 1e3)
}

fn legend(ink: &mut Ink, why: &Why, left_out: usize, y: f64) {
    if why.island.is_some() {
        let mut x = LEFT_PX;
        let mut sign = |ink: &mut Ink, words: &str, draw: &dyn Fn(&mut Ink, f64)| {
            draw(ink, x);
            ink.words(&Words::new(x + 22.0, y, 11.0, MUTED), words);
            x += 44.0 + 5.7 * words.len() as f64;
        };
        let dot = |fill: &'static str, line: &'static str| {
            move |ink: &mut Ink, x: f64| {
                let attributes = format!("fill=\"{fill}\" stroke=\"{line}\" stroke-width=\"1.2\"");
                ink.circle(x + 8.0, y - 4.0, 3.0, &attributes);
            }
        };
        sign(ink, "a window that agrees", &dot(POINT, POINT));
        sign(ink, "one that does not agree", &dot("#fff", POINT));
        sign(ink, "of a tie that is not used", &dot(POINT_UNUSED, POINT_UNUSED));
        sign(ink, "beyond the scale", &|ink, x| {
            let commands = format!(
                "M{} {}L{} {}H{}Z",
                px(x + 8.0),
                px(y - 8.5),
                px(x + 11.5),
                px(y - 1.8),
                px(x + 4.5)
            );
            ink.path(&commands, &format!("fill=\"{POINT}\" stroke=\"{POINT}\""));
        });
        sign(ink, "± one standard deviation", &|ink, x| {
            ink.rect(x, y - 10.5, 16.0, 13.0, "fill=\"#dcf0eb\" stroke=\"#b9c2c8\"");
        });
        if !why.steps.is_empty() {
            sign(ink, "a step between two pieces", &|ink, x| {
                let dashed =
                    format!("stroke=\"{DOUBT}\" stroke-width=\"1.2\" stroke-dasharray=\"4 3\"");
                ink.line((x + 8.0, y - 11.0), (x + 8.0, y + 3.0), &dashed);
            });
        }
    }
    let mut note = "Above the middle: the window would place this recording later. Times are h:mm:ss on the clock of its island.".to_owned();
    if left_out > 0 {
        note = format!("{} not drawn. {note}", times::count(left_out, "more recording"));
    }
    ink.words(&Words::new(LEFT_PX, y + 20.0, 11.0, MUTED), &note);
}
