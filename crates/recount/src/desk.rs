//! What every command has at hand: someone to tell, a way to be stopped, the clock and the
//! name of who is working. Only this file reads the wall clock and the environment.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use case::Stamp;

use crate::args::Voice;
use crate::error::Error;
use crate::event::{Event, Step, Unit};
use crate::report::progress::{Listener, Teller};
use crate::stop::Stop;

/// Program and version, as findings and custody records name it.
pub const TOOL: &str = concat!("recount ", env!("CARGO_PKG_VERSION"));

/// What every command has at hand.
#[derive(Debug)]
pub struct Desk {
    stop: Stop,
    teller: Teller,
    attention: AtomicBool,
    /// Whether the result is to be printed as JSON.
    pub json: bool,
    /// Whether nothing is to be printed that need not be.
    pub quiet: bool,
}

impl Desk {
    /// As asked for on the command line.
    pub fn new(voice: &Voice, stop: Stop) -> Self {
        Self {
            stop,
            teller: Teller::new(voice),
            attention: AtomicBool::new(false),
            json: voice.json,
            quiet: voice.quiet,
        }
    }

    /// For work that no command line asked for: `hear` is told everything, nothing is printed.
    pub fn heard_by(stop: Stop, hear: Listener) -> Self {
        let teller = Teller::heard_by(hear);
        Self { stop, teller, attention: AtomicBool::new(false), json: false, quiet: true }
    }

    /// A flag that is raised when somebody asks to stop, and by which others can be asked.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Tells an event. A refused file makes the run end with exit code 1.
    pub fn tell(&self, event: &Event) {
        if matches!(event, Event::Refused { .. }) {
            self.needs_attention();
        }
        self.teller.tell(event);
    }

    /// Remembers that a person should look at something.
    pub fn needs_attention(&self) {
        self.attention.store(true, Ordering::Relaxed);
    }

    /// Whether a person should look at something.
    pub fn has_attention(&self) -> bool {
        self.attention.load(Ordering::Relaxed)
    }

    /// Says why the run ends without having done what was asked.
    pub fn fail(&self, error: &Error) {
        self.teller.fail(&error.to_string(), error.hint().as_deref(), error.exit_code());
    }

    /// Whether somebody has asked to stop.
    pub fn stopped(&self) -> bool {
        self.stop.asked()
    }

    /// Ends a step between two files.
    ///
    /// # Errors
    /// [`Error::Stopped`] if somebody has asked to stop.
    pub fn stop_if_asked(&self) -> Result<(), Error> {
        if self.stopped() { Err(Error::Stopped) } else { Ok(()) }
    }
}

/// Who does what is done now, when, and with what.
pub fn stamp() -> Stamp {
    Stamp { at_utc: jiff::Timestamp::now().to_string(), actor: actor(), tool: TOOL.to_owned() }
}

/// Where this user's programs keep what they need and cannot make again.
pub fn data_folder() -> Option<PathBuf> {
    user_folder("XDG_DATA_HOME", ".local/share")
}

/// Where this user's programs keep what should outlive them.
pub fn state_folder() -> Option<PathBuf> {
    user_folder("XDG_STATE_HOME", ".local/state")
}

/// A folder as the XDG base directory specification has it: what `name` says, else this one at home.
fn user_folder(name: &str, at_home: &str) -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    folder(name).or_else(|| Some(folder("HOME")?.join(at_home)))
}

/// `name@machine`, as far as the system tells.
fn actor() -> String {
    let from_environment = |names: &[&str]| {
        names.iter().find_map(|name| std::env::var(name).ok()).filter(|n| !n.is_empty())
    };
    let user = from_environment(&["USER", "LOGNAME"]).unwrap_or_else(|| "unknown".to_owned());
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .or_else(|| from_environment(&["HOSTNAME"]))
        .unwrap_or_else(|| "unknown".to_owned());
    format!("{user}@{machine}")
}

/// Counts what several threads have done of one step, and tells it.
#[derive(Debug)]
pub struct Counter<'a> {
    desk: &'a Desk,
    step: Step,
    unit: Unit,
    total: u64,
    done: AtomicU64,
}

impl<'a> Counter<'a> {
    /// Nothing of `total` is done.
    pub fn new(desk: &'a Desk, step: Step, unit: Unit, total: u64) -> Self {
        Self { desk, step, unit, total, done: AtomicU64::new(0) }
    }

    /// So much more is done.
    pub fn add(&self, more: u64) {
        let done = (self.done.fetch_add(more, Ordering::Relaxed) + more).min(self.total);
        let (step, unit, total) = (self.step, self.unit, self.total);
        self.desk.tell(&Event::Advanced { step, unit, done, total });
    }
}
