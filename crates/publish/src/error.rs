//! Why a format could not be written.

/// A writer could not finish.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The format draws a clock, and no recording is on one.
    #[error(
        "no recording could be placed, so there is no {format} timeline to write; \
         `json` and `csv` tell why for each recording"
    )]
    NothingPlaced {
        /// Name of the format.
        format: &'static str,
    },
    /// The format holds words, and nobody has written any down.
    #[error(
        "no recording of this case has a transcript, so there is nothing to write as {format}; \
         `recount transcribe` writes one down, `recount import` brings one"
    )]
    NothingSaid {
        /// Name of the format.
        format: &'static str,
    },
    /// The snapshot holds something the format cannot express.
    #[error("the snapshot could not be written as {format}: {source}")]
    Inexpressible {
        /// Name of the format.
        format: &'static str,
        /// What the serialiser said.
        source: serde_json::Error,
    },
    /// The parts of a format could not be packed into one file.
    #[error("the snapshot could not be packed as {format}: {source}")]
    Unpackable {
        /// Name of the format.
        format: &'static str,
        /// What the packer said.
        source: rawzip::Error,
    },
}
