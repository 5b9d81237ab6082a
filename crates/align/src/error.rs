//! Why an alignment could not be finished.

use std::io;

/// Why an alignment could not be finished. What the evidence will not bear is no error but a
/// refusal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody asked to stop.
    #[error("stopped")]
    Stopped,
    /// The sound of a recording could not be read again from where it was kept.
    #[error("the kept sound of a recording could not be read")]
    Sound {
        /// What the reader said.
        source: io::Error,
    },
    /// The ties of an island do not determine its clocks; a defect of the program.
    #[error("the clocks of an island could not be determined from its ties")]
    Unsolved,
}
