//! Checks of the source itself that no compiler makes: `cargo xtask tidy`.
//!
//! Reads the workspace and prints; changes nothing. The same checks run as a test, so that
//! `cargo test` holds the source to them.

mod arrows;
mod links;
mod rules;
mod source;
mod tidy;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask tidy    check the arrows between crates, file and function sizes, what may stand
                    where, and what the documents point at";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words == ["tidy"] {
        return tell(tidy::untidy(root()));
    }
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

/// The workspace's own folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

fn tell(found: Result<Vec<String>, String>) -> ExitCode {
    match found {
        Ok(found) if found.is_empty() => {
            println!("tidy: nothing to say");
            ExitCode::SUCCESS
        }
        Ok(found) => {
            for line in &found {
                println!("{line}");
            }
            println!("tidy: {} to mend", found.len());
            ExitCode::FAILURE
        }
        Err(why) => {
            eprintln!("tidy: {why}");
            ExitCode::from(4)
        }
    }
}
