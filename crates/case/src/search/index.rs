//! The index as a file, and how it comes level with the case.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use evidence::{Source, SourceId, SourceKind, Stenographer, Transcript};
use rusqlite::{Connection, ErrorCode, Params, Transaction, TransactionBehavior};

use super::fold::tokens;
use super::passages::passages;
use super::sounds;
use crate::error::Error;
use crate::{Case, Kept};

/// Its file under `cache/case/`; another form of index has another name.
const FILE: &str = "search-v2.db";

const SCHEMA: &str = include_str!("schema.sql");

/// Passages of an origin are numbered within so many bits.
pub(super) const PASSAGE_BITS: u32 = 24;

/// So many words are put in with one transaction: enough that flushing costs nothing beside it, and
/// few enough that another process waits for seconds only.
const WORDS_AT_ONCE: usize = 1_000_000;

/// How long one process waits for another that puts words in.
const BUSY_WAIT: Duration = Duration::from_secs(60);

/// An index of a case. Whatever is wrong with its file, it is made anew.
#[derive(Debug)]
pub struct Index {
    pub(super) db: Connection,
    path: Option<PathBuf>,
    /// Words whose sound is known to be in the index.
    heard: HashSet<String>,
}

/// A piece of a document's text: a paragraph, a row of a table, the part of an e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paragraph {
    /// Page, from 1; none where there are no pages.
    pub page: Option<u32>,
    /// Its text.
    pub text: String,
}

/// Reads the text of a document, or says as a clause why there is none; nothing if that cannot be
/// told now, and the next update is to ask again.
pub type Reader<'a> = dyn FnMut(&Source) -> Option<Result<Vec<Paragraph>, String>> + 'a;

/// Who speaks, beyond what transcripts say of it.
pub trait Speakers {
    /// Tells what is said of the speakers of a recording from what was said of them before.
    fn mark(&self, source: &SourceId) -> String;
    /// Names the voices of a transcript. Its utterances stay what and how many they are.
    fn apply(&self, transcript: &mut Transcript);
}

/// Nobody says more of speakers than transcripts do.
impl Speakers for () {
    fn mark(&self, _: &SourceId) -> String {
        String::new()
    }

    fn apply(&self, _: &mut Transcript) {}
}

/// What an update did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Transcripts and documents that were put in.
    pub put_in: u64,
    /// … and taken out, as they are not in the case any more, or otherwise.
    pub taken_out: u64,
    /// Words that were put in.
    pub words: u64,
}

/// What the case holds that can be searched.
enum Wanted {
    Said(Kept),
    Written(Source),
}

impl Index {
    /// Opens the index of a case, or makes an empty one; in memory where none can be written.
    ///
    /// # Errors
    /// If the system gives not even memory for it.
    pub fn open(case: &Case) -> Result<Self, Error> {
        let path = case.cache().file_of_case(FILE);
        let made = path.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok());
        let opened = if made { open_file(&path) } else { Err(rusqlite::Error::InvalidQuery) };
        if let Ok(db) = opened {
            return Ok(Self { db, path: Some(path), heard: HashSet::new() });
        }
        let mut db = Connection::open_in_memory()?;
        make(&mut db)?;
        Ok(Self { db, path: None, heard: HashSet::new() })
    }

    /// Brings the index level with the case, speakers named by `speakers`. `reader` is asked for the text of documents that are not
    /// in it; `read_by` says which reader that is, and another one reads all of them again. `stop` is
    /// asked after every transcript and document; what was put in until then stays.
    ///
    /// # Errors
    /// If the case or the index cannot be read or written.
    pub fn update(
        &mut self,
        case: &Case,
        speakers: &dyn Speakers,
        (read_by, reader): (&str, &mut Reader<'_>),
        stop: &dyn Fn() -> bool,
    ) -> Result<Counts, Error> {
        match self.try_update(case, speakers, (read_by, reader), stop) {
            Err(Error::Database(error)) if is_broken(&error) => self.make_anew(),
            Err(Error::Damaged { path, .. }) if path == Path::new(crate::DATABASE) => {
                // Whose damage it is, the case's or the index's, tells a fresh index.
                self.make_anew()
            }
            done => return done,
        }?;
        self.try_update(case, speakers, (read_by, reader), stop)
    }

    /// Words in the index.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn words(&self) -> Result<u64, Error> {
        let sum = self.db.query_row("SELECT coalesce(sum(words), 0) FROM origin", [], |row| {
            row.get::<_, i64>(0)
        })?;
        Ok(sum as u64)
    }

    /// Documents without text, with the reason.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn unread(&self) -> Result<Vec<(SourceId, String)>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT source, why FROM origin WHERE why IS NOT NULL ORDER BY source",
        )?;
        let unread =
            query.query_map([], |row| Ok((crate::ledger::from_text(row, 0)?, row.get(1)?)))?;
        Ok(unread.collect::<Result<_, _>>()?)
    }

    fn make_anew(&mut self) -> Result<(), Error> {
        self.heard.clear();
        self.db = Connection::open_in_memory()?;
        if let Some(path) = &self.path {
            remove(path);
            self.db = open_file(path)?;
        } else {
            make(&mut self.db)?;
        }
        Ok(())
    }

    fn try_update(
        &mut self,
        case: &Case,
        speakers: &dyn Speakers,
        (read_by, reader): (&str, &mut Reader<'_>),
        stop: &dyn Fn() -> bool,
    ) -> Result<Counts, Error> {
        let wanted = case.at_one_moment(|case| wanted(case, speakers, read_by))?;
        let there: BTreeSet<String> = self.keys()?;
        let mut counts = Counts::default();
        let keys: BTreeSet<&String> = wanted.iter().map(|(key, _)| key).collect();
        let gone: Vec<&String> = there.iter().filter(|key| !keys.contains(key)).collect();
        if !gone.is_empty() {
            let change = Transaction::new(&mut self.db, TransactionBehavior::Immediate)?;
            for key in gone {
                counts.taken_out += u64::from(take_out(&change, key)?);
            }
            change.commit()?;
        }
        let mut new = wanted.iter().filter(|(key, _)| !there.contains(key)).peekable();
        while new.peek().is_some() && !stop() {
            let mut change = Putting {
                db: Transaction::new(&mut self.db, TransactionBehavior::Immediate)?,
                heard: &mut self.heard,
                words: 0,
            };
            while change.words < WORDS_AT_ONCE && !stop() {
                let Some((key, wanted)) = new.next() else { break };
                // Another process may have put it in while we waited for it.
                if change.holds(key)? {
                    continue;
                }
                match wanted {
                    // None: it has been replaced since we looked, and the next update takes that.
                    Wanted::Said(kept) => match case.transcript(kept.record)? {
                        Some(mut transcript) => {
                            speakers.apply(&mut transcript);
                            change.put_said(key, kept, &transcript)?;
                        }
                        None => continue,
                    },
                    Wanted::Written(source) => {
                        if let Some(text) = reader(source) {
                            change.put_written(key, source, &text)?;
                            counts.put_in += 1;
                        }
                        // A document may take long to read; nobody is to wait for the next one.
                        break;
                    }
                }
                counts.put_in += 1;
            }
            counts.words += change.words as u64;
            change.db.commit()?;
        }
        Ok(counts)
    }

    fn keys(&self) -> Result<BTreeSet<String>, Error> {
        let mut query = self.db.prepare_cached("SELECT key FROM origin")?;
        let keys = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(keys)
    }
}

/// What can be searched, each with a key that other contents do not have: transcripts in the order in
/// which their recordings begin, those on no clock last, then documents by their names.
fn wanted(
    case: &Case,
    speakers: &dyn Speakers,
    read_by: &str,
) -> Result<Vec<(String, Wanted)>, Error> {
    let placements = case.placements()?.into_iter();
    let begins: BTreeMap<SourceId, _> = placements
        .map(|placement| (placement.source, (placement.island, placement.case_start())))
        .collect();
    let mut corrected: BTreeMap<SourceId, String> = BTreeMap::new();
    for told in case.corrected()? {
        let of = corrected.entry(told.anchor.source).or_default();
        *of = format!("{of} {}", told.id);
    }
    let mut wanted = Vec::new();
    let mut is_transcript = BTreeSet::new();
    let mut transcripts = case.kept_transcripts()?;
    transcripts.sort_by_key(|kept| {
        let begins = begins.get(&kept.source);
        (begins.is_none(), begins.copied(), kept.source)
    });
    for kept in transcripts {
        if let Stenographer::Document { document, .. } = &kept.by {
            is_transcript.insert(*document);
        }
        let corrected = corrected.get(&kept.source).map_or("", |ids| ids);
        let mark = speakers.mark(&kept.source);
        let key = format!("{} {mark}{corrected}", case.record_hash(kept.record)?);
        wanted.push((key, Wanted::Said(kept)));
    }
    let mut sources = case.sources()?;
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    for source in sources {
        // Its words are searched with their times.
        if source.kind == SourceKind::Document && !is_transcript.contains(&source.id) {
            wanted.push((format!("{} {read_by}", source.id), Wanted::Written(source)));
        }
    }
    Ok(wanted)
}

/// A transaction that puts words in.
struct Putting<'a> {
    db: Transaction<'a>,
    heard: &'a mut HashSet<String>,
    words: usize,
}

impl Putting<'_> {
    fn holds(&self, key: &str) -> Result<bool, Error> {
        Ok(self.db.prepare_cached("SELECT 1 FROM origin WHERE key = ?1")?.exists([key])?)
    }

    fn put_said(&mut self, key: &str, kept: &Kept, said: &Transcript) -> Result<(), Error> {
        let passages = passages(said);
        let origin = self.next_origin()?;
        let before = self.words;
        for (id, passage) in (first_passage(origin)..).zip(&passages) {
            let utterances = &said.utterances[passage.first..=passage.last];
            let words = utterances.iter().flat_map(|said| &said.words).map(|word| &*word.text);
            let speaker = utterances[0].who().unwrap_or_default();
            self.put_tokens(id, words, &speaker)?;
            self.put(
                "INSERT INTO passage (id, first, last, start_ns, speaker) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                (id, passage.first as i64, passage.last as i64, passage.start.0, &speaker),
            )?;
        }
        let record = kept.record as i64;
        let (passages, words) = (passages.len() as i64, (self.words - before) as i64);
        self.put(
            "INSERT INTO origin (id, key, source, record, passages, words) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (origin, key, kept.source.to_string(), record, passages, words),
        )
    }

    fn put_written(
        &mut self,
        key: &str,
        source: &Source,
        text: &Result<Vec<Paragraph>, String>,
    ) -> Result<(), Error> {
        let (paragraphs, why) = match text {
            Ok(paragraphs) => (&paragraphs[..], None),
            Err(why) => (&[][..], Some(why.as_str())),
        };
        let origin = self.next_origin()?;
        let before = self.words;
        for (id, paragraph) in (first_passage(origin)..).zip(paragraphs) {
            self.put_tokens(id, paragraph.text.split_whitespace(), "")?;
            self.put(
                "INSERT INTO paragraph (id, page, text) VALUES (?1, ?2, ?3)",
                (id, paragraph.page, &paragraph.text),
            )?;
        }
        let (passages, words) = (paragraphs.len() as i64, (self.words - before) as i64);
        self.put(
            "INSERT INTO origin (id, key, source, passages, words, why) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (origin, key, source.id.to_string(), passages, words, why),
        )
    }

    /// The number for what comes next.
    fn next_origin(&self) -> Result<i64, Error> {
        let next = "SELECT coalesce(max(id), 0) + 1 FROM origin";
        Ok(self.db.prepare_cached(next)?.query_row([], |row| row.get(0))?)
    }

    fn put(&self, row: &str, values: impl Params) -> Result<(), Error> {
        self.db.prepare_cached(row)?.execute(values)?;
        Ok(())
    }

    fn put_tokens<'a>(
        &mut self,
        id: i64,
        words: impl Iterator<Item = &'a str>,
        speaker: &str,
    ) -> Result<(), Error> {
        let mut text = String::new();
        for word in words {
            self.words += 1;
            for token in tokens(word) {
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(&token);
                if !self.heard.contains(&token) {
                    if let Some(sound) = sounds::key(&token) {
                        let row = "INSERT OR IGNORE INTO word (word, sound) VALUES (?1, ?2)";
                        self.put(row, (&token, sound))?;
                    }
                    self.heard.insert(token);
                }
            }
        }
        let row = "INSERT INTO said (rowid, words, speaker) VALUES (?1, ?2, ?3)";
        self.put(row, (id, text, tokens(speaker).join(" ")))
    }
}

/// The number of an origin's first passage.
pub(super) fn first_passage(origin: i64) -> i64 {
    (origin << PASSAGE_BITS) + 1
}

fn take_out(db: &Connection, key: &str) -> Result<bool, Error> {
    let mut query =
        db.prepare_cached("DELETE FROM origin WHERE key = ?1 RETURNING id, passages")?;
    let mut rows = query.query([key])?;
    let Some(row) = rows.next()? else { return Ok(false) };
    let (first, passages): (i64, i64) = (first_passage(row.get(0)?), row.get(1)?);
    drop(rows);
    for table in ["said WHERE rowid", "passage WHERE id", "paragraph WHERE id"] {
        db.prepare_cached(&format!("DELETE FROM {table} BETWEEN ?1 AND ?2"))?
            .execute((first, first + passages - 1))?;
    }
    Ok(true)
}

fn open_file(path: &Path) -> rusqlite::Result<Connection> {
    let open = || -> rusqlite::Result<Connection> {
        let mut db = Connection::open(path)?;
        db.busy_timeout(BUSY_WAIT)?;
        db.pragma_update(None, "journal_mode", "wal")?;
        // A power cut may cost the last transactions, which are then made again.
        db.pragma_update(None, "synchronous", "normal")?;
        db.pragma_update(None, "cache_size", -32_000)?;
        make(&mut db)?;
        Ok(db)
    };
    match open() {
        Err(error) if is_broken(&error) => {
            remove(path);
            open()
        }
        opened => opened,
    }
}

/// Makes the tables unless they are there; what is there is ours if it has our number.
fn make(db: &mut Connection) -> rusqlite::Result<()> {
    let change = Transaction::new(db, TransactionBehavior::Immediate)?;
    let number: i64 = change.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if number == 0 {
        change.execute_batch(SCHEMA)?;
        change.pragma_update(None, "user_version", 1)?;
    }
    change.commit()
}

fn is_broken(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown)
    )
}

fn remove(path: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        // What cannot be removed is told by whoever opens it next.
        let _ = fs::remove_file(name);
    }
}
