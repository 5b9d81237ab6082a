//! One Rust file, read as lines: which of them are tests, which are only words about the code,
//! and where its functions begin and end.
//!
//! Relies on rustfmt: what is opened at an indentation is closed by a line of the same
//! indentation. Cannot: see through macros, or a brace in a string that stands alone on a line.

/// A Rust file and what the checks need to know of each line.
#[derive(Debug)]
pub struct Source<'a> {
    /// Path from the workspace's folder, with `/`.
    pub path: &'a str,
    /// Its lines.
    pub lines: Vec<Line<'a>>,
}

/// One line.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// As it stands.
    pub text: &'a str,
    /// In a test: a `#[cfg(test)]` item, or a file of tests, benches or examples.
    pub is_test: bool,
}

/// A function by its name, and where it stands.
#[derive(Debug, PartialEq)]
pub struct Function<'a> {
    /// Its name.
    pub name: &'a str,
    /// Number of its first line, from 1.
    pub line: usize,
    /// From its signature to its closing brace.
    pub length: usize,
}

impl<'a> Source<'a> {
    /// Reads a file's text.
    pub fn new(path: &'a str, text: &'a str) -> Self {
        let apart = ["/tests/", "/benches/", "/examples/"].iter().any(|f| path.contains(f))
            || path.ends_with("/tests.rs");
        let mut lines: Vec<Line<'a>> =
            text.lines().map(|text| Line { text, is_test: apart }).collect();
        let mut at = 0;
        while at < lines.len() {
            let end = if lines[at].text.trim_start().starts_with("#[cfg(test)]") {
                end_of_item(&lines, at)
            } else {
                at
            };
            if end > at {
                lines[at..=end].iter_mut().for_each(|line| line.is_test = true);
            }
            at = end + 1;
        }
        Self { path, lines }
    }

    /// The crate it belongs to (`crates/NAME/…`), or the first folder.
    pub fn room(&self) -> &'a str {
        let mut parts = self.path.split('/');
        match parts.next() {
            Some("crates") => parts.next().unwrap_or(""),
            first => first.unwrap_or(""),
        }
    }

    /// Lines that the program is made of, with their numbers: no tests, no comments.
    pub fn code(&self) -> impl Iterator<Item = (usize, &'a str)> + '_ {
        self.lines
            .iter()
            .enumerate()
            .filter(|(_, line)| !line.is_test && !line.text.trim_start().starts_with("//"))
            .map(|(index, line)| (index + 1, line.text))
    }

    /// Its functions, without those in tests.
    pub fn functions(&self) -> Vec<Function<'a>> {
        let mut found = Vec::new();
        for (number, text) in self.code() {
            if let Some(name) = function_name(text) {
                let end = end_of_item(&self.lines, number - 1);
                found.push(Function { name, line: number, length: end + 2 - number });
            }
        }
        found
    }
}

/// The index of the line that closes what begins at `start`: the next closing brace, or
/// statement without a body, of the same indentation.
fn end_of_item(lines: &[Line], start: usize) -> usize {
    let indent = indentation(lines[start].text);
    for (index, line) in lines.iter().enumerate().skip(start) {
        if indentation(line.text) != indent || line.text.trim().is_empty() {
            continue;
        }
        let bare = line.text.trim();
        if bare == "}" || bare.ends_with(';') || (bare.ends_with('}') && bare.contains('{')) {
            return index;
        }
    }
    start
}

fn indentation(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// The name in a line that begins a function.
fn function_name(text: &str) -> Option<&str> {
    let (before, after) = text.split_once("fn ")?;
    let qualifiers = ["const", "async", "unsafe", "extern", "\"C\""];
    let is_signature = before
        .split_whitespace()
        .all(|word| word.starts_with("pub") || word.ends_with(')') || qualifiers.contains(&word));
    let end = after.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    (is_signature && end > 0).then(|| &after[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
//! A room.

pub(crate) fn first(
    a: u8,
) -> u8 {
    // a comment about fn
    a
}

impl X {
    fn second(self) {
        inner();
    }
}

#[cfg(test)]
mod tests {
    fn in_a_test() {
        x();
    }
}

fn third() {}
";

    #[test]
    fn functions_are_measured_from_signature_to_closing_brace() {
        let source = Source::new("crates/align/src/x.rs", TEXT);
        let found: Vec<_> = source.functions().iter().map(|f| (f.name, f.line, f.length)).collect();
        assert_eq!(found, [("first", 3, 6), ("second", 11, 3), ("third", 23, 1)]);
    }

    #[test]
    fn what_stands_in_a_test_is_no_code() {
        let source = Source::new("crates/align/src/x.rs", TEXT);
        assert!(source.code().all(|(_, text)| !text.contains("in_a_test")));
        assert_eq!(Source::new("crates/align/tests/x.rs", TEXT).code().count(), 0);
    }

    #[test]
    fn a_file_knows_its_room() {
        assert_eq!(Source::new("crates/align/src/x.rs", "").room(), "align");
        assert_eq!(Source::new("xtask/src/main.rs", "").room(), "xtask");
    }
}
