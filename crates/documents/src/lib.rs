//! The reader: bytes of a document in, its text, or the words of a transcript, out.
//!
//! Pure: nothing here opens a file, starts a process or prints. Everything that is read comes from
//! strangers; whatever the bytes are, there is a result or a sentence that says why not, with a line
//! where there are lines, and never more memory than some times the size of what was given. No code
//! but safe Rust reads the bytes; what cannot be read so (PDF) is read by a program in the sandbox of
//! `media`, which hands its text on.

mod decode;
mod error;
pub mod text;
pub mod transcript;

pub use error::Error;
