//! Results, on standard output. A reader that has seen enough (`| head`) is no error.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::args::Colour;
use crate::error::Error;

/// Obeys `--color` for everything printed from now on.
pub fn set_colour(colour: Colour) {
    match colour {
        Colour::Auto => {}
        Colour::Always => anstream::ColorChoice::Always.write_global(),
        Colour::Never => anstream::ColorChoice::Never.write_global(),
    }
}

/// Whether standard output shows colours.
pub fn has_colour() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// Prints text; colours in it are shown or dropped as the reader can bear.
///
/// # Errors
/// If it cannot be written.
pub fn print(text: &str) -> Result<(), Error> {
    let mut out = anstream::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Prints bytes as they are.
///
/// # Errors
/// If they cannot be written.
pub fn print_bytes(bytes: &[u8]) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    written(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Prints one JSON object on a line of its own.
///
/// # Errors
/// If it cannot be written.
pub fn print_json(value: &impl Serialize) -> Result<(), Error> {
    let mut line = serde_json::to_vec(value).map_err(io::Error::from).map_err(Error::Output)?;
    line.push(b'\n');
    print_bytes(&line)
}

fn written(result: io::Result<()>) -> Result<(), Error> {
    match result {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Error::NoReader),
        Err(error) => Err(Error::Output(error)),
    }
}
