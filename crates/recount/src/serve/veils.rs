//! What the page veils: graphic material that nobody should have to see unawares.
//!
//! Kept as text in the case, `veiled.txt`: a line `all` veils whatever is not named otherwise; a
//! line `veiled SHA256 name` or `shown SHA256 name` is about one source. Other lines, and all
//! comments, stay as they are. It is a person's setting, no finding.

use std::fs;
use std::path::{Path, PathBuf};

use evidence::SourceId;

/// The file, in the case folder.
pub const VEILED: &str = "veiled.txt";

const HEAD: &str = "\
# What the page veils. `all` veils whatever is not named; `veiled SHA256` and `shown SHA256` name one source.
";

/// Longest file that is read: a line for each of ten thousand sources.
const BYTES_MAX: u64 = 2 << 20;

/// What is veiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Veils {
    lines: Vec<String>,
}

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    All,
    One(SourceId, bool),
    Nothing,
}

impl Veils {
    /// As kept in the case; what cannot be read veils nothing and is not overwritten.
    pub fn read(case: &Path) -> std::io::Result<Self> {
        let path = file(case);
        match fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
            Ok(status) if status.len() > BYTES_MAX => Err(std::io::ErrorKind::FileTooLarge.into()),
            Ok(_) => {
                let text = fs::read_to_string(path)?;
                Ok(Self { lines: text.lines().map(str::to_owned).collect() })
            }
        }
    }

    /// Whether everything is veiled of which nothing else is said.
    pub fn all(&self) -> bool {
        self.says().any(|says| says == Says::All)
    }

    /// Whether a source is veiled.
    pub fn is_veiled(&self, id: &SourceId) -> bool {
        let of_it = self.says().filter_map(|says| match says {
            Says::One(source, veiled) if source == *id => Some(veiled),
            _ => None,
        });
        of_it.last().unwrap_or_else(|| self.all())
    }

    /// Veils all, or no longer; what is said of single sources stays.
    pub fn set_all(&mut self, veiled: bool) {
        self.lines.retain(|line| says(line) != Says::All);
        if veiled {
            self.add("all".to_owned());
        }
    }

    /// Veils a source, or shows it; `name` is for the reader of the file.
    pub fn set(&mut self, id: &SourceId, name: &str, veiled: bool) {
        self.lines.retain(|line| !matches!(says(line), Says::One(source, _) if source == *id));
        if veiled != self.all() {
            let word = if veiled { "veiled" } else { "shown" };
            self.add(format!("{word} {id} {}", name.replace(char::is_control, " ")));
        }
    }

    /// The file's text.
    pub fn text(&self) -> String {
        self.lines.iter().fold(String::new(), |text, line| text + line + "\n")
    }

    fn add(&mut self, line: String) {
        if self.lines.is_empty() {
            self.lines.extend(HEAD.lines().map(str::to_owned));
        }
        self.lines.push(line);
    }

    fn says(&self) -> impl Iterator<Item = Says> {
        self.lines.iter().map(|line| says(line))
    }
}

/// Where it is kept.
pub fn file(case: &Path) -> PathBuf {
    case.join(VEILED)
}

fn says(line: &str) -> Says {
    let mut words = line.split_whitespace();
    match (words.next(), words.next().and_then(|word| word.parse().ok())) {
        (Some("all"), None) => Says::All,
        (Some("veiled"), Some(id)) => Says::One(id, true),
        (Some("shown"), Some(id)) => Says::One(id, false),
        _ => Says::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: SourceId = SourceId([1; 32]);
    const B: SourceId = SourceId([2; 32]);

    #[test]
    fn one_may_be_shown_though_all_are_veiled() {
        let mut veils = Veils::default();
        veils.set(&A, "a.mp4", true);
        assert!(veils.is_veiled(&A) && !veils.is_veiled(&B) && !veils.all());
        veils.set_all(true);
        veils.set(&B, "b.mp4", false);
        assert!(veils.is_veiled(&A) && !veils.is_veiled(&B) && veils.all());
        veils.set_all(false);
        assert!(veils.is_veiled(&A) && !veils.is_veiled(&B));
        veils.set(&A, "a.mp4", false);
        assert!(!veils.is_veiled(&A));
    }

    #[test]
    fn what_a_person_wrote_beside_it_stays() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Veils::read(folder.path()).unwrap(), Veils::default());
        let by_hand = format!("# the corridor\n\nveiled {A}   the corridor\nsee note 7\n");
        fs::write(file(folder.path()), &by_hand).unwrap();
        let mut veils = Veils::read(folder.path()).unwrap();
        assert!(veils.is_veiled(&A));
        assert_eq!(veils.text(), by_hand);
        veils.set(&B, "b\n.mp4", true);
        assert_eq!(veils.text(), format!("{by_hand}veiled {B} b .mp4\n"));
        veils.set(&A, "", false);
        assert!(veils.text().starts_with("# the corridor\n\nsee note 7\n"));
    }
}
