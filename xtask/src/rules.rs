//! What one Rust file may and may not hold.
//!
//! In: a [`Source`]. Out: `path:line: sentence` for everything to mend. Words are looked for
//! as they stand in code; comments and tests may say anything.

use crate::source::Source;

/// A longer file has two subjects.
const FILE_LINES_MAX: usize = 700;
/// A longer function does not fit a screen.
const FUNCTION_LINES_MAX: usize = 70;
/// Lines above an `unsafe` block in which its proof must stand.
const PROOF_LINES: usize = 8;

/// Words that only some rooms may write.
struct Reserved {
    words: &'static [&'static str],
    /// Rooms that may, and single files elsewhere.
    rooms: &'static [&'static str],
    why: &'static str,
}

/// Starts the person's own browser, with an address of ours and nothing else.
const OPENER: &str = "crates/recount/src/serve/opener.rs";

/// Asks the system's own client for a model that a person wants.
const FETCHER: &str = "crates/recount/src/models/fetch.rs";

/// Reads the recogniser's model, and nothing else.
const MODEL_FILE: &str = "crates/speech/src/model_file.rs";

const RESERVED: &[Reserved] = &[
    Reserved {
        words: &[concat!("to", "do!("), concat!("unimple", "mented!("), concat!("db", "g!(")],
        rooms: &[],
        why: "unfinished",
    },
    Reserved {
        words: &["rusqlite", "\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE ", "\"PRAGMA "],
        rooms: &["case", "xtask"],
        why: "only `case` speaks SQL",
    },
    Reserved {
        words: &["Command::new", "process::Command", "execv", "posix_spawn", "libc::fork"],
        rooms: &["media", "xtask", OPENER, FETCHER],
        why: "only `media` starts processes (and `serve --open` the browser, `model get` curl)",
    },
    Reserved {
        words: &["std::net", "TcpStream", "TcpListener", "UdpSocket", "UnixStream", "UnixListener"],
        rooms: &["recount", "xtask"],
        why: "only `recount` opens sockets",
    },
    Reserved {
        words: &["SystemTime::now", "Zoned::now", "Timestamp::now"],
        rooms: &["recount", "xtask"],
        why: "only `recount` reads the wall clock",
    },
    Reserved {
        words: &["env::var", "env::args"],
        rooms: &["recount", "media", "xtask"],
        why: "only `recount` reads the environment (and `media` the PATH)",
    },
    Reserved {
        words: &["println!(", "eprintln!(", "print!("],
        rooms: &["recount", "media", "xtask"],
        why: "this room neither prints nor logs",
    },
    Reserved {
        words: &["std::fs", "fs::File", "File::open"],
        rooms: &["case", "media", "recount", "xtask", MODEL_FILE],
        why: "this room does no input or output",
    },
];

impl Reserved {
    fn spares(&self, source: &Source) -> bool {
        self.rooms.contains(&source.room()) || self.rooms.contains(&source.path)
    }
}

/// Everything to mend in one file.
pub fn broken(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let mut say = |line: usize, what: String| found.push(format!("{}:{line}: {what}", source.path));

    if !source.lines.first().is_some_and(|line| line.text.starts_with("//!")) {
        say(1, "a file opens with `//!` and says what it is for".to_owned());
    }
    if source.lines.len() > FILE_LINES_MAX {
        say(1, format!("{} lines; at most {FILE_LINES_MAX}", source.lines.len()));
    }
    for function in source.functions() {
        if function.length > FUNCTION_LINES_MAX {
            let (name, length) = (function.name, function.length);
            say(
                function.line,
                format!("fn {name} has {length} lines; at most {FUNCTION_LINES_MAX}"),
            );
        }
    }
    for (number, text) in source.code() {
        for set in RESERVED.iter().filter(|set| !set.spares(source)) {
            if let Some(word) = set.words.iter().find(|word| text.contains(**word)) {
                say(number, format!("`{word}`: {}", set.why));
            }
        }
        if opens_unsafe(text) && !is_proved(source, number) {
            say(number, "`unsafe` without a SAFETY comment".to_owned());
        }
    }
    found
}

fn opens_unsafe(text: &str) -> bool {
    ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"].iter().any(|w| text.contains(w))
}

fn is_proved(source: &Source, number: usize) -> bool {
    let from = number.saturating_sub(1 + PROOF_LINES);
    source.lines[from..number]
        .iter()
        .any(|line| line.text.contains("SAFETY") || line.text.contains("# Safety"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, body: &str) -> Vec<String> {
        let text = format!("//! A file.\n{body}");
        broken(&Source::new(path, &text))
    }

    #[test]
    fn a_file_without_a_heading_is_named() {
        let source = Source::new("crates/align/src/a.rs", "fn f() {}\n");
        assert_eq!(broken(&source).len(), 1);
    }

    #[test]
    fn a_long_file_and_a_long_function_are_named() {
        let body = format!("fn f() {{\n{}}}\n", "    x();\n".repeat(70));
        assert_eq!(
            found("crates/align/src/a.rs", &body),
            ["crates/align/src/a.rs:2: fn f has 72 lines; at most 70"]
        );
        assert_eq!(found("crates/align/src/a.rs", &"x\n".repeat(700)).len(), 1);
    }

    #[test]
    fn sql_stands_in_the_case_only() {
        let body = "const Q: &str = \"SELECT * FROM source\";\n";
        assert_eq!(found("crates/publish/src/a.rs", body).len(), 1);
        assert!(found("crates/case/src/a.rs", body).is_empty());
    }

    #[test]
    fn processes_start_in_media_only() {
        let body = "fn f() { std::process::Command::new(\"x\"); }\n";
        assert_eq!(found("crates/recount/src/a.rs", body).len(), 1);
        assert!(found("crates/media/src/a.rs", body).is_empty());
        assert!(found("crates/recount/tests/a.rs", body).is_empty());
    }

    #[test]
    fn unsafe_needs_its_proof() {
        let bare = "fn f() {\n    unsafe { g() }\n}\n";
        let proved = "fn f() {\n    // SAFETY: g is fine.\n    unsafe { g() }\n}\n";
        assert_eq!(found("crates/media/src/a.rs", bare).len(), 1);
        assert!(found("crates/media/src/a.rs", proved).is_empty());
    }
}
