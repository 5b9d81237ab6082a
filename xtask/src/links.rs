//! What the project's Markdown points at: files that are there, headings that are there, and
//! constants that are what the text says they are.
//!
//! In: a Markdown file's path and text. Out: `path:line: sentence` for everything to mend.
//! A link whose label is `` `NAME = VALUE` `` states a constant of the file that it points at, so
//! that a document cannot go on quoting a threshold that was changed.
//! Cannot: follow links to other machines, or reference links (`[a][b]`), which nobody here writes.

use std::fs;
use std::path::Path;

/// One link of a line.
struct Link<'a> {
    label: &'a str,
    target: &'a str,
    is_picture: bool,
}

/// Everything to mend in one file; `path` is from the workspace's folder `root`.
pub fn broken(root: &Path, path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        for link in links(line) {
            if let Some(what) = wrong(root, path, text, &link) {
                found.push(format!("{path}:{number}: {what}"));
            }
        }
    }
    found
}

/// Lines outside fenced code, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        (!is_code && !is_fence).then_some((index + 1, line))
    })
}

/// The inline links of a line, without those that stand in code.
fn links(line: &str) -> Vec<Link<'_>> {
    let is_in_code = |at: usize| line[..at].matches('`').count() % 2 == 1;
    let ends = line.match_indices("](").filter(|(at, _)| !is_in_code(*at));
    ends.filter_map(|(at, _)| {
        let target = line[at + 2..].split([')', ' ']).next()?;
        let start = line[..at].rfind('[')?;
        let is_picture = line[..start].ends_with('!');
        Some(Link { label: &line[start + 1..at], target, is_picture })
    })
    .collect()
}

fn wrong(root: &Path, path: &str, text: &str, link: &Link) -> Option<String> {
    let Link { label, target, is_picture } = link;
    if *is_picture && label.trim().is_empty() {
        return Some(format!("`{target}` is a picture without words"));
    }
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    let there = root.join(folder).join(file);
    if !file.is_empty() && !there.exists() {
        return Some(format!("`{target}` is not there"));
    }
    let read = || if file.is_empty() { Ok(text.to_owned()) } else { fs::read_to_string(&there) };
    if !heading.is_empty() && !read().is_ok_and(|text| has_heading(&text, heading)) {
        return Some(format!("`{target}`: no heading of that name"));
    }
    let (name, value) = label.strip_prefix('`')?.strip_suffix('`')?.split_once(" = ")?;
    let is_so = read().is_ok_and(|text| stated(&text, name).is_some_and(|v| v == value));
    (!is_so).then(|| format!("`{name}` is not {value} in {file}"))
}

/// The value of a constant, as Rust's source writes it.
fn stated<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let declared = format!("const {name}: ");
    let (_, rest) = text.split_once(&declared)?;
    let (_, value) = rest.split_once(" = ")?;
    Some(value.split_once(';')?.0)
}

/// Whether a heading's anchor, as code hosts make it, is this.
fn has_heading(text: &str, anchor: &str) -> bool {
    let anchor_of = |title: &str| -> String {
        let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    let titles = prose(text).filter(|(_, line)| line.starts_with('#'));
    titles.into_iter().any(|(_, line)| anchor_of(line.trim_start_matches('#')) == anchor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        broken(crate::root(), "docs/a.md", text)
    }

    #[test]
    fn a_link_to_nothing_is_named_and_one_to_a_file_is_not() {
        assert_eq!(found("see [it](nothing.md)"), ["docs/a.md:1: `nothing.md` is not there"]);
        assert!(found("see [it](../README.md), [there](https://example.org/x)").is_empty());
    }

    #[test]
    fn a_link_in_code_is_no_link() {
        assert!(found("`[it](nothing.md)`\n```\n[it](nothing.md)\n```").is_empty());
    }

    #[test]
    fn a_heading_that_is_not_there_is_named() {
        assert_eq!(found("# A thing: its parts\n[it](#a-thing-its-parts) [that](#that)").len(), 1);
        assert_eq!(found("[it](../README.md#no-such-heading)").len(), 1);
    }

    #[test]
    fn a_picture_needs_words() {
        assert_eq!(found("![](lantern-quay.svg)").len(), 1);
    }

    #[test]
    fn a_constant_is_what_the_text_says() {
        let line = |value: &str| {
            format!("| [`Z_STRANGERS = {value}`](../crates/align/src/solve/mod.rs) |")
        };
        let stands = fs::read_to_string(crate::root().join("crates/align/src/solve/mod.rs"));
        let stands = stands.expect("the file is there");
        let value = stated(&stands, "Z_STRANGERS").expect("it states the constant");
        assert!(found(&line(value)).is_empty());
        assert_eq!(found(&line("17")).len(), 1);
    }
}
