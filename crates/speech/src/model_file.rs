//! What kind of model a file holds, and whether it is whole.
//!
//! The recogniser's own loader believes the lengths that a file states and reports little; so
//! the file's outline is followed first, from the head over the words to the last weight, which
//! takes a fraction of a second. The only file that this room opens is the model.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use crate::Error;

/// What a model file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelKind {
    /// `tiny`, `base`, `small`, `medium`, `large`, `large-v3`, `large-v3-turbo`, or `distilled`.
    pub size: &'static str,
    /// Whether it knows English only.
    pub is_english: bool,
    /// How long the file is.
    pub bytes: u64,
    pub(crate) text_layers: i32,
}

/// The first four bytes of a model in ggml's form.
const MAGIC: u32 = 0x6767_6d6c;

/// The longest word of a vocabulary, in bytes. The longest in Whisper's has 128.
const WORD_BYTES_MAX: i32 = 4096;

/// Bytes of a block, and how many numbers it holds, by ggml's number for the type.
const TYPES: &[(i32, u64, u64)] = &[
    (0, 4, 1),
    (1, 2, 1),
    (2, 18, 32),
    (3, 20, 32),
    (6, 22, 32),
    (7, 24, 32),
    (8, 34, 32),
    (10, 84, 256),
    (11, 110, 256),
    (12, 144, 256),
    (13, 176, 256),
    (14, 210, 256),
];

/// Follows the outline of a model file.
///
/// # Errors
/// [`Error::Missing`], [`Error::Unreadable`], [`Error::NotAModel`], [`Error::Truncated`].
pub fn examine(path: &Path) -> Result<ModelKind, Error> {
    let file = open(path)?;
    let bytes = file.metadata().map_err(|source| unreadable(path, source))?.len();
    let mut outline = Outline { file: BufReader::new(file), path, bytes, at: 0 };
    let kind = outline.head()?;
    outline.words()?;
    outline.weights()?;
    Ok(kind)
}

fn open(path: &Path) -> Result<File, Error> {
    let file = File::open(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => Error::Missing { path: path.to_owned() },
        _ => unreadable(path, source),
    })?;
    match file.metadata() {
        Ok(about) if about.is_file() => Ok(file),
        Ok(_) => Err(Error::NotAModel { path: path.to_owned(), why: "it is no file" }),
        Err(source) => Err(unreadable(path, source)),
    }
}

fn unreadable(path: &Path, source: std::io::Error) -> Error {
    Error::Unreadable { path: path.to_owned(), source }
}

struct Outline<'a> {
    file: BufReader<File>,
    path: &'a Path,
    bytes: u64,
    at: u64,
}

impl Outline<'_> {
    fn head(&mut self) -> Result<ModelKind, Error> {
        if self.bytes < 48 || self.number("its head")?.cast_unsigned() != MAGIC {
            return Err(self.other("it begins otherwise"));
        }
        let mut sizes = [0; 11];
        for size in &mut sizes {
            *size = self.number("its head")?;
        }
        let [vocabulary, audio_ctx, width, _, layers, text_ctx, _, _, text_layers, mels, _] = sizes;
        let size = match (layers, text_layers, vocabulary) {
            (4, 4, _) => "tiny",
            (6, 6, _) => "base",
            (12, 12, _) => "small",
            (24, 24, _) => "medium",
            (32, 32, 51_866) => "large-v3",
            (32, 32, _) => "large",
            (32, 4, _) => "large-v3-turbo",
            (_, 2, _) => "distilled",
            _ => return Err(self.other("no Whisper has that many layers")),
        };
        let is_whisper = (51_864..=51_866).contains(&vocabulary)
            && (audio_ctx, text_ctx) == (1500, 448)
            && (384..=1280).contains(&width)
            && (mels == 80 || mels == 128);
        if !is_whisper {
            return Err(self.other("no Whisper has such sizes"));
        }
        let (rows, columns) = (self.number("its filters")?, self.number("its filters")?);
        if (rows, columns) != (mels, 201) {
            return Err(self.other("its filters do not fit"));
        }
        self.skip(rows as u64 * columns as u64 * 4, "its filters")?;
        let is_english = vocabulary == 51_864;
        Ok(ModelKind { size, is_english, bytes: self.bytes, text_layers })
    }

    fn words(&mut self) -> Result<(), Error> {
        let within = "its vocabulary";
        let count = self.number(within)?;
        if !(50_000..=51_866).contains(&count) {
            return Err(self.other("it has too few words, or too many"));
        }
        for _ in 0..count {
            let length = self.number(within)?;
            if !(0..=WORD_BYTES_MAX).contains(&length) {
                return Err(self.other("its vocabulary is damaged"));
            }
            self.skip(length as u64, within)?;
        }
        Ok(())
    }

    fn weights(&mut self) -> Result<(), Error> {
        let damaged = "its weights are damaged";
        while self.at < self.bytes {
            let within = "its weights";
            let (dimensions, length, kind) =
                (self.number(within)?, self.number(within)?, self.number(within)?);
            if !(1..=4).contains(&dimensions) || !(1..=128).contains(&length) {
                return Err(self.other(damaged));
            }
            let mut count: u64 = 1;
            for _ in 0..dimensions {
                let size = u64::try_from(self.number(within)?).unwrap_or(u64::MAX);
                count = count.checked_mul(size).ok_or_else(|| self.other(damaged))?;
            }
            let name = self.name(length as usize)?;
            let Some((_, block, holds)) = TYPES.iter().find(|(number, ..)| *number == kind) else {
                return Err(self.other("its weights are of an unknown form"));
            };
            let size = (count / holds).checked_mul(*block).ok_or_else(|| self.other(damaged))?;
            self.skip(size, &format!("`{name}`"))?;
        }
        Ok(())
    }

    fn name(&mut self, length: usize) -> Result<String, Error> {
        let mut name = vec![0; length];
        self.fill(&mut name, "its weights")?;
        let is_name = name.iter().all(u8::is_ascii_graphic);
        match String::from_utf8(name) {
            Ok(name) if is_name => Ok(name),
            _ => Err(self.other("its weights are damaged")),
        }
    }

    fn number(&mut self, within: &str) -> Result<i32, Error> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes, within)?;
        Ok(i32::from_le_bytes(bytes))
    }

    fn fill(&mut self, bytes: &mut [u8], within: &str) -> Result<(), Error> {
        self.at += bytes.len() as u64;
        if self.at > self.bytes {
            return Err(self.truncated(within));
        }
        self.file.read_exact(bytes).map_err(|source| unreadable(self.path, source))
    }

    fn skip(&mut self, count: u64, within: &str) -> Result<(), Error> {
        match self.at.checked_add(count) {
            Some(at) if at <= self.bytes => self.at = at,
            _ => return Err(self.truncated(within)),
        }
        let far = count > 4096;
        let moved = if far {
            self.file.seek(SeekFrom::Start(self.at)).map(|_| ())
        } else {
            self.file.seek_relative(count as i64)
        };
        moved.map_err(|source| unreadable(self.path, source))
    }

    fn other(&self, why: &'static str) -> Error {
        Error::NotAModel { path: self.path.to_owned(), why }
    }

    fn truncated(&self, within: &str) -> Error {
        let within = within.to_owned();
        Error::Truncated { path: self.path.to_owned(), has_bytes: self.bytes, within }
    }
}
