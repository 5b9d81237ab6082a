//! Stopping politely: ctrl-C, SIGTERM and SIGHUP set a flag that every step asks about at least
//! once a second. The second one ends the process at once; since every write is atomic, that
//! loses nothing but the file being worked on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;

/// Exit code of a run that was stopped and can be continued.
pub const EXIT_STOPPED: i32 = 3;

/// Whether somebody has asked to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens for the signals from now on.
    ///
    /// # Errors
    /// If the kernel refuses the handlers.
    pub fn on_signals() -> std::io::Result<Self> {
        let stop = Self::default();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // In this order: the first signal finds the flag down and only raises it.
            flag::register_conditional_shutdown(signal, EXIT_STOPPED, Arc::clone(&stop.0))?;
            flag::register(signal, Arc::clone(&stop.0))?;
        }
        // A limit on file size is then an error of the write, told like a full disk.
        flag::register(SIGXFSZ, Arc::default())?;
        Ok(stop)
    }

    /// Asks to stop.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has asked to stop.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
