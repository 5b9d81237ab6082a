//! Notes of persons at moments, as text in the case: `markers.md`, one line each, which reads in
//! any editor and may be written there.
//!
//! A line is a list item with a citation, as in an account: `- [the bang](#t=193.894)` is a moment
//! of the case, `- [he turns](IMG_4127.MOV#t=12.4)` one of a recording. What the page writes carries
//! attributes after it: a number, whose island or which source, by whom and when. Lines that are
//! none of these stay as they are, and so does the rest of the file when one line is changed.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use evidence::SourceId;

use super::view::{At, Marker};
use crate::report::names::as_target;
use crate::sound::checksum;

/// The file, in the case folder.
pub const MARKERS: &str = "markers.md";

const HEAD: &str = "# Markers\n\n";

/// Longest note, in characters.
pub const NOTE_CHARS_MAX: usize = 2_000;

/// Longest file that is read: some ten thousand markers.
const BYTES_MAX: u64 = 8 << 20;

/// The file's lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Markers {
    text: String,
}

/// Finds the source that a name in a line means, and the name of a source.
pub trait Names {
    /// The source of this name, if there is one.
    fn source(&self, name: &str) -> Option<SourceId>;
    /// What lists call a source.
    fn name(&self, id: &SourceId) -> String;
}

impl Markers {
    /// As kept in the case.
    ///
    /// # Errors
    /// If the file is there and cannot be read as text.
    pub fn read(case: &Path) -> io::Result<Self> {
        let path = case.join(MARKERS);
        match fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
            Ok(status) if status.len() > BYTES_MAX => Err(ErrorKind::FileTooLarge.into()),
            Ok(_) => Ok(Self { text: fs::read_to_string(path)? }),
        }
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, case: &Path) -> io::Result<()> {
        write_text(case, MARKERS, &self.text)
    }

    /// All markers, in the order of the file.
    pub fn list(&self, names: &dyn Names) -> Vec<Marker> {
        self.text.lines().filter_map(|line| parse(line, names)).collect()
    }

    /// Adds a marker and returns it with its id.
    pub fn add(&mut self, mut marker: Marker, names: &dyn Names) -> Marker {
        let taken = self.list(names);
        let digits =
            checksum(format!("{} {:?} {}", marker.at_utc, marker.at, marker.note).as_bytes());
        let candidates = (0..).map(|n| format!("m{:08x}", (digits as u32).wrapping_add(n)));
        let mut free = candidates.filter(|id| taken.iter().all(|known| known.id != *id));
        marker.id = free.next().unwrap_or_default();
        if self.text.is_empty() {
            self.text.push_str(HEAD);
        }
        if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text.push_str(&line(&marker, names));
        self.text.push('\n');
        marker
    }

    /// Puts a marker in the place of the one with its id, or takes that away; false if there is
    /// none.
    pub fn replace(&mut self, id: &str, new: Option<&Marker>, names: &dyn Names) -> bool {
        let mut found = false;
        let mut text = String::with_capacity(self.text.len());
        for part in self.text.split_inclusive('\n') {
            let is_it = !found && parse(part.trim_end(), names).is_some_and(|known| known.id == id);
            if !is_it {
                text.push_str(part);
                continue;
            }
            found = true;
            if let Some(marker) = new {
                text.push_str(&line(marker, names));
                text.push('\n');
            }
        }
        self.text = text;
        found
    }
}

/// Writes a text file of the case, whole or not at all.
///
/// # Errors
/// If it cannot be written.
pub fn write_text(case: &Path, name: &str, text: &str) -> io::Result<()> {
    let mut part = tempfile::Builder::new().prefix(".recount-").tempfile_in(case)?;
    part.write_all(text.as_bytes())?;
    part.as_file().sync_all()?;
    let path = case.join(name);
    let mode = path.metadata().map_or(0o644, |status| status.permissions().mode());
    part.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    part.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn line(marker: &Marker, names: &dyn Names) -> String {
    let mut line = format!("- [{}](", escaped(&marker.note));
    let attributes = match &marker.at {
        At::Case { case, island } => {
            let _ = write!(line, "#t={case:.3}");
            format!("island={island}")
        }
        At::Source { source, media } => {
            let _ = write!(line, "{}#t={media:.3}", as_target(&names.name(source)));
            format!("source={source}")
        }
    };
    let _ = write!(line, ") {{#{} {attributes}", marker.id);
    let by = marker.by.replace(|c: char| c == '"' || c == '\\' || c.is_control(), " ");
    if !by.is_empty() {
        let _ = write!(line, " by=\"{by}\"");
    }
    if !marker.at_utc.is_empty() {
        let _ = write!(line, " at={}", marker.at_utc);
    }
    line.push('}');
    line
}

/// A note on one line, with what would end it escaped.
fn escaped(note: &str) -> String {
    let mut out = String::new();
    for c in note.trim().chars() {
        match c {
            '[' | ']' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// What a target was made of by [`as_target`].
fn untargeted(target: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = target.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|d| std::str::from_utf8(d).ok());
        let escaped = digits.filter(|_| first == b'%').and_then(|d| u8::from_str_radix(d, 16).ok());
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The marker that a line is, if it is one.
fn parse(line: &str, names: &dyn Names) -> Option<Marker> {
    let line = line.trim_end();
    let rest = line.strip_prefix("- [").or_else(|| line.strip_prefix("* ["))?;
    let (note, rest) = until_bracket(rest)?;
    let (link, rest) = rest.strip_prefix('(')?.split_once(')')?;
    let (name, time) = link.split_once("#t=")?;
    let time = time.split(',').next()?;
    let seconds = time.parse::<f64>().ok().filter(|s| s.is_finite())?;
    let said = rest.trim().strip_prefix('{').and_then(|said| said.strip_suffix('}')).unwrap_or("");
    let said = Attributes(said);
    let at = if name.is_empty() {
        let island = said.value("island").and_then(|n| n.parse().ok()).unwrap_or(0);
        At::Case { case: seconds, island }
    } else {
        let known = said.value("source").and_then(|id| id.parse().ok());
        let source = known.or_else(|| names.source(&untargeted(name)))?;
        At::Source { source, media: seconds }
    };
    let id = said.words().iter().find_map(|word| word.strip_prefix('#').map(str::to_owned));
    Some(Marker {
        id: id.unwrap_or_else(|| format!("l{:016x}", checksum(line.as_bytes()))),
        at,
        note,
        by: said.value("by").unwrap_or_default(),
        at_utc: said.value("at").unwrap_or_default(),
    })
}

/// The text up to the bracket that closes it, without escapes, and what follows.
fn until_bracket(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => out.push(chars.next()?.1),
            ']' => return Some((out, &text[at + 1..])),
            c => out.push(c),
        }
    }
    None
}

/// Words in braces: `#id name=value name="several words"`.
struct Attributes<'a>(&'a str);

impl Attributes<'_> {
    fn words(&self) -> Vec<String> {
        let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
        for c in self.0.chars() {
            match c {
                '"' => quoted = !quoted,
                c if c.is_whitespace() && !quoted => words.push(std::mem::take(&mut word)),
                c => word.push(c),
            }
        }
        words.push(word);
        words.retain(|word| !word.is_empty());
        words
    }

    fn value(&self, name: &str) -> Option<String> {
        self.words()
            .iter()
            .find_map(|word| word.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Known;

    impl Names for Known {
        fn source(&self, name: &str) -> Option<SourceId> {
            (name == "a (1).mp4").then_some(SourceId([7; 32]))
        }
        fn name(&self, _: &SourceId) -> String {
            "a (1).mp4".to_owned()
        }
    }

    fn marker(note: &str, at: At) -> Marker {
        let (by, at_utc) = ("ana@desk".to_owned(), "2026-03-01T09:30:00Z".to_owned());
        Marker { id: String::new(), at, note: note.to_owned(), by, at_utc }
    }

    #[test]
    fn a_marker_reads_back_and_the_file_reads_as_text() {
        let mut markers = Markers::default();
        let at = At::Case { case: 193.894, island: 2 };
        let first = markers.add(marker("the [bang]", at), &Known);
        let at = At::Source { source: SourceId([7; 32]), media: 12.4 };
        let second = markers.add(marker("he turns", at), &Known);
        assert_eq!(markers.list(&Known), [first.clone(), second.clone()]);
        assert!(markers.text.starts_with("# Markers\n\n- [the \\[bang\\]](#t=193.894) {#m"));
        assert!(markers.text.contains("- [he turns](a%20%281%29.mp4#t=12.400) {#m"));
        let changed = Marker { note: "the shot".to_owned(), ..first.clone() };
        assert!(markers.replace(&first.id, Some(&changed), &Known));
        assert!(markers.replace(&second.id, None, &Known));
        assert!(!markers.replace("none", None, &Known));
        assert_eq!(markers.list(&Known), [changed]);
    }

    #[test]
    fn what_a_person_wrote_is_read_and_never_reformatted() {
        let by_hand = "My notes\n\n* [the door](#t=3.5,4)  \n-  [not one](#t=1)\n\
                       - [he turns](a (1).mp4#t=9)\n- [he turns](a%20(1%29.mp4#t=9)\n\
                       - [who?](nobody.mp4#t=9)\n- [x](http://a.example)\n\tlast line without end";
        let mut markers = Markers { text: by_hand.to_owned() };
        let found = markers.list(&Known);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!((found[0].note.as_str(), found[0].by.as_str()), ("the door", ""));
        let at = At::Case { case: 1.0, island: 0 };
        let added = markers.add(marker("new", at), &Known);
        assert!(markers.text.starts_with(by_hand));
        assert!(markers.replace(&found[0].id, None, &Known));
        assert!(markers.replace(&added.id, None, &Known));
        assert_eq!(markers.text, by_hand.replace("* [the door](#t=3.5,4)  \n", "") + "\n");
    }

    proptest! {
        #[test]
        fn any_note_comes_back_on_one_line(note in "\\PC{0,60}", case in -1e6..1e6f64) {
            let mut markers = Markers::default();
            let case = (case * 1000.0).round() / 1000.0;
            let added = markers.add(marker(&note, At::Case { case, island: 0 }), &Known);
            prop_assert_eq!(markers.text.lines().count(), 3);
            let found = markers.list(&Known);
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!(&found[0].note, note.trim());
            prop_assert_eq!(&found[0].id, &added.id);
        }

        #[test]
        fn no_line_makes_the_reader_panic(line in "\\PC{0,80}") {
            let _ = parse(&line, &Known);
            let _ = parse(&format!("- [{line}"), &Known);
            let _ = parse(&format!("- [x](#t=1) {{{line}}}"), &Known);
        }
    }
}
