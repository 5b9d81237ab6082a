//! Draws events on standard error: a bar with the time left on a terminal, JSON lines for
//! programs, and plain sentences for what needs attention.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::args::{Progress, Voice};
use crate::event::{Event, Step, Unit};
use crate::report::names::shown_text;

const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();

/// Between two lines of progress: often enough for a person watching a page, rare enough that
/// a day's run writes a small log.
const LINE_EVERY: Duration = Duration::from_millis(500);

/// Whoever is told events instead of a terminal.
pub type Listener = Box<dyn Fn(&Event) + Send + Sync>;

/// Tells events to whoever is looking.
pub struct Teller {
    drawing: Drawing,
    listener: Option<Listener>,
    quiet: bool,
    verbose: bool,
    state: Mutex<State>,
}

impl std::fmt::Debug for Teller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Teller").field("drawing", &self.drawing).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Drawing {
    Bars,
    Lines,
    Nothing,
}

#[derive(Debug, Default)]
struct State {
    bar: Option<ProgressBar>,
    last_line: Option<Instant>,
}

impl Teller {
    /// As asked for on the command line.
    pub fn new(voice: &Voice) -> Self {
        let drawing = match voice.progress {
            Progress::Json => Drawing::Lines,
            Progress::Auto if !voice.quiet && std::io::stderr().is_terminal() => Drawing::Bars,
            Progress::Auto | Progress::Off => Drawing::Nothing,
        };
        let verbose = voice.verbose > 0;
        let state = Mutex::default();
        Self { drawing, listener: None, quiet: voice.quiet, verbose, state }
    }

    /// Tells a listener and prints nothing.
    pub fn heard_by(listener: Listener) -> Self {
        let (drawing, listener, state) = (Drawing::Nothing, Some(listener), Mutex::default());
        Self { drawing, listener, quiet: true, verbose: false, state }
    }

    /// Tells one event.
    pub fn tell(&self, event: &Event) {
        if let Some(hear) = &self.listener {
            return hear(event);
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match self.drawing {
            Drawing::Lines => state.line(event),
            Drawing::Bars => {
                state.draw(event);
                self.say(event, state.bar.as_ref());
            }
            Drawing::Nothing => self.say(event, None),
        }
    }

    /// Says why the run ends without having done what was asked.
    pub fn fail(&self, message: &str, hint: Option<&str>, exit_code: u8) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = state.bar.take() {
            bar.finish_and_clear();
        }
        if self.drawing == Drawing::Lines {
            let line = serde_json::json!({
                "event": "failed", "error": message, "hint": hint, "exit": exit_code,
            });
            write_line(&line.to_string());
            return;
        }
        write_line(&format!("{RED}error{RED:#}: {}", shown_text(message)));
        if let Some(hint) = hint {
            write_line(&format!("{GREEN}hint{GREEN:#}: {hint}"));
        }
    }

    /// The sentences among the events.
    fn say(&self, event: &Event, bar: Option<&ProgressBar>) {
        let line = match event {
            Event::Refused { file, reason, .. } => {
                format!("{YELLOW}skipped{YELLOW:#}: {}: {file}", shown_text(reason))
            }
            Event::Warned { warning } => {
                format!("{YELLOW}warning{YELLOW:#}: {}", shown_text(warning))
            }
            Event::Noted { note, .. } if self.verbose => note.clone(),
            Event::Finished { step, counts } if !self.quiet => {
                let mut line = format!("{GREEN}{:>9}{GREEN:#} ", step.doing());
                let mut separator = "";
                for (name, count) in counts.iter().filter(|(_, count)| **count > 0) {
                    let one = if *count == 1 { name.strip_suffix('s') } else { None };
                    let words = one.unwrap_or(name).replace('_', " ");
                    let _ = write!(line, "{separator}{count} {words}");
                    separator = ", ";
                }
                if separator.is_empty() {
                    line.push_str("nothing to do");
                }
                line
            }
            _ => return,
        };
        match bar {
            Some(bar) => bar.suspend(|| write_line(&line)),
            None => write_line(&line),
        }
    }
}

impl State {
    fn line(&mut self, event: &Event) {
        if let Event::Advanced { done, total, .. } = event {
            let recent = self.last_line.is_some_and(|last| last.elapsed() < LINE_EVERY);
            if recent && done < total {
                return;
            }
            self.last_line = Some(Instant::now());
        }
        if let Ok(line) = serde_json::to_string(event) {
            write_line(&line);
        }
    }

    fn draw(&mut self, event: &Event) {
        match event {
            Event::Started { step, .. } => {
                if let Some(bar) = self.bar.replace(bar(*step)) {
                    bar.finish_and_clear();
                }
            }
            Event::Advanced { unit, done, total, .. } => {
                if let Some(bar) = &self.bar {
                    bar.set_message(amount(*unit, *done, *total));
                    bar.set_length(*total);
                    bar.set_position(*done);
                }
            }
            Event::Finished { .. } => {
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
            }
            Event::Noted { .. } | Event::Refused { .. } | Event::Warned { .. } => {}
        }
    }
}

fn bar(step: Step) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    let style = ProgressStyle::with_template("{prefix:>9} {bar:32} {msg} {left}");
    bar.set_style(
        style
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("left", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let left_s = state.eta().as_secs();
                if state.pos() > 0 && left_s > 0 {
                    let _ = write!(out, "{} left", clock(left_s));
                }
            })
            .progress_chars("━╸ "),
    );
    bar.set_prefix(step.doing());
    bar
}

/// How much of how much, in words of the unit.
fn amount(unit: Unit, done: u64, total: u64) -> String {
    match unit {
        Unit::Files | Unit::Comparisons => format!("{done}/{total}"),
        Unit::Bytes => format!("{} of {}", HumanBytes(done), HumanBytes(total)),
        Unit::Seconds => format!("{} of {}", clock(done), clock(total)),
    }
}

/// Seconds as minutes and seconds, or hours, minutes and seconds.
fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// Standard error may be closed; that is nobody's business.
fn write_line(line: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}
