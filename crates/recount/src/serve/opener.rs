//! Opens the person's browser with the address of the page.
//!
//! The address carries the token, and the words of a command can be read by every user of the
//! machine. So the browser is given a small file instead, which only its user can read and which
//! leads to the address; it is gone when the server ends.

use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use tempfile::TempPath;

use crate::desk::state_folder;

/// What opens a file as the desktop would.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// Has the person's browser open `address`; what it was given stays as long as what is returned.
///
/// # Errors
/// If there is no place for the file, or nothing that opens it.
pub fn open(address: &str) -> io::Result<TempPath> {
    let folder = state_folder().unwrap_or_else(std::env::temp_dir).join("recount");
    std::fs::create_dir_all(&folder)?;
    // Made readable for its user alone.
    let mut file = tempfile::Builder::new().prefix("open-").suffix(".html").tempfile_in(folder)?;
    file.write_all(leading_to(address).as_bytes())?;
    let path = file.into_temp_path();
    let mut command = Command::new(OPENER);
    command.arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    // It may stay as long as the browser does.
    std::thread::spawn(move || child.wait());
    Ok(path)
}

/// A page that does nothing but lead on. An address of ours has no character that means anything.
fn leading_to(address: &str) -> String {
    format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<title>Recount</title>\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta http-equiv=\"refresh\" content=\"0; url={address}\">\n\
         <p><a href=\"{address}\">Open the case</a></p>\n"
    )
}
