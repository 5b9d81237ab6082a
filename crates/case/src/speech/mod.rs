//! What is said in each recording: transcripts as recognisers and documents have them.
//!
//! A recording has one transcript by a recogniser, the last, and one by each document that somebody
//! brought. Each was stored under a custody record with a digest of all of it, and is known by that
//! record's number, which no other transcript ever gets. What persons corrected is put in the place
//! of those words whenever they are read (`correct.rs`); only [`Case::written`] has them as stored.

mod correct;
mod words;

pub use correct::{correct, is_of};
pub use words::Span;

use evidence::{MediaTime, SourceId, Stenographer, Transcript, Unclear, Utterance, Voiceprint};
use rusqlite::{Connection, OptionalExtension, Params, Row};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::canonical::{canonical, sha256};
use crate::error::Error;
use crate::ledger::{Run, from_json, from_text, must_be_open, supersede};
use crate::{Case, Stamp, custody};

/// Where a transcript is kept, without its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The custody record under which it was stored: other words have another number.
    pub record: u64,
    /// The recording.
    pub source: SourceId,
    /// Who or what wrote it down.
    pub by: Stenographer,
    /// The run in the ledger.
    pub run: i64,
}

impl Case {
    /// Stores what was written down of one recording, in place of what a recogniser, or this very
    /// document, said of it before. A step that stores this is begun for each recording by itself.
    ///
    /// # Errors
    /// [`Error::UnknownSource`] if the case does not hold the recording or the document;
    /// [`Error::NotFinite`], [`Error::RunNotOpen`], [`Error::Full`], [`Error::ReadOnly`].
    pub fn put_transcript(
        &mut self,
        stamp: &Stamp,
        run: &Run,
        transcript: &Transcript,
    ) -> Result<(), Error> {
        let source = &transcript.source;
        if self.recording(source)?.is_none() {
            return Err(Error::UnknownSource(*source));
        }
        let document = match &transcript.by {
            Stenographer::Recogniser { .. } => None,
            Stenographer::Document { document, .. } => Some(document),
        };
        if let Some(document) = document {
            self.must_hold(document)?;
        }
        must_be_finite(transcript)?;
        let document = document.map(ToString::to_string);
        let old = self.stored(source, document.as_deref())?;
        let detail = described(transcript, run);
        self.change(stamp, "transcript", &detail, |db| {
            must_be_open(db, run)?;
            supersede(db, old.map(|(_, run)| run), run)?;
            if let Some((record, _)) = old {
                db.prepare_cached("DELETE FROM transcript WHERE custody = ?1")?
                    .execute([record])?;
            }
            let (custody, _) = custody::head(db)?;
            db.prepare_cached(
                "INSERT INTO transcript (custody, source, document, by_whom, run) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((
                custody as i64,
                source.to_string(),
                &document,
                json!(transcript.by).to_string(),
                run.id,
            ))?;
            write(db, custody as i64, transcript)
        })
    }

    /// What was written down of a recording: by a recogniser first, then by documents in the
    /// order in which they were brought.
    ///
    /// # Errors
    /// If the database cannot be read; [`Error::Damaged`].
    pub fn transcripts(&self, source: &SourceId) -> Result<Vec<Transcript>, Error> {
        self.at_one_moment(|case| {
            let kept = case.kept_of(source)?;
            kept.iter().map(|kept| case.transcript_of(kept)).collect()
        })
    }

    /// Which transcripts the case has: in order of the recordings, then as
    /// [`transcripts`](Self::transcripts).
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn kept_transcripts(&self) -> Result<Vec<Kept>, Error> {
        self.kept("ORDER BY source, document IS NOT NULL, custody", [])
    }

    /// The transcript that was stored under a custody record; none if another has taken its place.
    ///
    /// # Errors
    /// If the database cannot be read; [`Error::Damaged`].
    pub fn transcript(&self, record: u64) -> Result<Option<Transcript>, Error> {
        self.at_one_moment(|case| {
            let kept = case.kept("WHERE custody = ?1", [record as i64])?;
            kept.first().map(|kept| case.transcript_of(kept)).transpose()
        })
    }

    /// Which transcripts the case has of a recording, as [`transcripts`](Self::transcripts).
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn kept_of(&self, source: &SourceId) -> Result<Vec<Kept>, Error> {
        let order = "WHERE source = ?1 ORDER BY document IS NOT NULL, custody";
        self.kept(order, [source.to_string()])
    }

    fn kept(&self, which: &str, asked: impl Params) -> Result<Vec<Kept>, Error> {
        let mut query = self.db.prepare_cached(&format!(
            "SELECT custody, source, by_whom, run FROM transcript {which}"
        ))?;
        let kept = query.query_map(asked, read_kept)?.collect::<Result<_, _>>()?;
        Ok(kept)
    }

    /// Utterances `first..=last` of a transcript, counted from 0; fewer where it has not so many.
    /// Those that a person corrected have that person's words.
    ///
    /// # Errors
    /// If the database cannot be read; [`Error::Damaged`].
    pub fn utterances(
        &self,
        record: u64,
        first: usize,
        last: usize,
    ) -> Result<Vec<Utterance>, Error> {
        let corrected = self.corrected()?;
        if !corrected.is_empty() {
            let kept = self.kept("WHERE custody = ?1", [record as i64])?;
            let source = kept.first().map(|kept| kept.source);
            if corrected.iter().any(|told| Some(told.anchor.source) == source) {
                // What it reaches over is told from all of them.
                let all = self.transcript(record)?.map(|said| said.utterances).unwrap_or_default();
                let few = last.saturating_sub(first).saturating_add(1);
                return Ok(all.into_iter().skip(first).take(few).collect());
            }
        }
        self.written_utterances(record, first, last)
    }

    fn written_utterances(
        &self,
        record: u64,
        first: usize,
        last: usize,
    ) -> Result<Vec<Utterance>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT voice, speaker, language, words, times FROM utterance \
             WHERE transcript = ?1 AND n BETWEEN ?2 AND ?3 ORDER BY n",
        )?;
        let mut rows = query.query((record as i64, first as i64, last as i64))?;
        let mut utterances = Vec::new();
        while let Some(row) = rows.next()? {
            utterances.push(self.read_utterance(row)?);
        }
        Ok(utterances)
    }

    /// When each utterance of a transcript is said, and by which of its voices: all that telling
    /// voices apart needs, without a word of text. As it was stored, whatever persons corrected.
    ///
    /// # Errors
    /// If the database cannot be read; [`Error::Damaged`].
    pub fn spans(&self, record: u64) -> Result<Vec<(Span, Option<u32>)>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT voice, times FROM utterance WHERE transcript = ?1 ORDER BY n",
        )?;
        let mut rows = query.query([record as i64])?;
        let mut spans = Vec::new();
        while let Some(row) = rows.next()? {
            let times = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            let span = words::span(times).ok_or_else(|| {
                Error::damaged(
                    "the times of an utterance are not as they are written",
                    &self.path(),
                )
            })?;
            spans.push((span, row.get(0)?));
        }
        Ok(spans)
    }

    /// What the voices of a transcript sound like, as its utterances count them.
    ///
    /// # Errors
    /// If the database cannot be read; [`Error::Damaged`].
    pub fn voices(&self, record: u64) -> Result<Vec<Voiceprint>, Error> {
        let mut query = self
            .db
            .prepare_cached("SELECT n, print FROM voice WHERE transcript = ?1 ORDER BY n")?;
        let mut rows = query.query([record as i64])?;
        let mut voices = Vec::new();
        while let Some(row) = rows.next()? {
            let damaged = || Error::damaged("a voice is not stored as it is written", &self.path());
            let print = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            let print: [u8; Voiceprint::NUMBERS] = print.try_into().map_err(|_| damaged())?;
            if row.get::<_, i64>(0)? != voices.len() as i64 {
                return Err(damaged());
            }
            voices.push(Voiceprint(print.map(|byte| byte as i8)));
        }
        Ok(voices)
    }

    /// The hash of a custody record: no other case and no other time has the same.
    pub(crate) fn record_hash(&self, record: u64) -> Result<String, Error> {
        let mut query = self.db.prepare_cached("SELECT hash FROM custody WHERE seq = ?1")?;
        Ok(query.query_row([record as i64], |row| row.get(0))?)
    }

    /// A transcript with what persons corrected in it.
    fn transcript_of(&self, kept: &Kept) -> Result<Transcript, Error> {
        let mut transcript = self.written(kept)?;
        for told in self.corrected()? {
            if is_of(&told.anchor, &transcript) {
                correct(&mut transcript, &told.anchor);
            }
        }
        Ok(transcript)
    }

    /// A transcript as it was stored, without what persons corrected since.
    ///
    /// # Errors
    /// If the database cannot be read; [`Error::Damaged`].
    pub fn written(&self, kept: &Kept) -> Result<Transcript, Error> {
        let record = kept.record as i64;
        let utterances = self.written_utterances(kept.record, 0, i64::MAX as usize)?;
        let mut query = self.db.prepare_cached(
            "SELECT start_ns, end_ns, reason FROM unclear WHERE transcript = ?1 ORDER BY n",
        )?;
        let unclear = query.query_map([record], read_unclear)?.collect::<Result<_, _>>()?;
        let voices = self.voices(kept.record)?;
        Ok(Transcript { source: kept.source, by: kept.by.clone(), utterances, unclear, voices })
    }

    fn read_utterance(&self, row: &Row<'_>) -> Result<Utterance, Error> {
        let text = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
        let times = row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?;
        let words = words::unpack(text, times).ok_or_else(|| {
            Error::damaged("the times of an utterance are not those of its words", &self.path())
        })?;
        let (voice, speaker, language) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Utterance { words, voice, speaker, language })
    }

    /// Record and run of what stands where a new transcript is to go.
    fn stored(
        &self,
        source: &SourceId,
        document: Option<&str>,
    ) -> Result<Option<(i64, i64)>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT custody, run FROM transcript \
             WHERE source = ?1 AND coalesce(document, '') = coalesce(?2, '')",
        )?;
        let stored = query
            .query_row((source.to_string(), document), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(stored)
    }
}

fn write(db: &Connection, record: i64, transcript: &Transcript) -> Result<(), Error> {
    let mut insert = db.prepare_cached(
        "INSERT INTO utterance (transcript, n, voice, speaker, language, words, times) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (n, utterance) in transcript.utterances.iter().enumerate() {
        let (text, times) = words::pack(&utterance.words);
        let (speaker, language) = (&utterance.speaker, &utterance.language);
        insert.execute((record, n as i64, utterance.voice, speaker, language, text, times))?;
    }
    let mut insert =
        db.prepare_cached("INSERT INTO voice (transcript, n, print) VALUES (?1, ?2, ?3)")?;
    for (n, voice) in transcript.voices.iter().enumerate() {
        insert.execute((record, n as i64, voice.0.map(|number| number as u8)))?;
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO unclear (transcript, n, start_ns, end_ns, reason) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (n, unclear) in transcript.unclear.iter().enumerate() {
        let reason = json!(unclear.reason);
        insert.execute((record, n as i64, unclear.start.0, unclear.end.0, reason.as_str()))?;
    }
    Ok(())
}

/// What custody says of a transcript.
fn described(transcript: &Transcript, run: &Run) -> Value {
    let words: usize = transcript.utterances.iter().map(|said| said.words.len()).sum();
    json!({
        "run": run.id, "source": transcript.source, "by": transcript.by,
        "utterances": transcript.utterances.len(), "words": words,
        "unclear": transcript.unclear.len(), "sha256": digest(transcript),
    })
}

/// SHA-256 of the canonical JSON of the transcript.
pub(crate) fn digest(transcript: &Transcript) -> String {
    sha256(&canonical(&json!(transcript)))
}

fn must_be_finite(transcript: &Transcript) -> Result<(), Error> {
    let mut words = transcript.utterances.iter().flat_map(|said| &said.words);
    let odd = words.find(|word| word.confidence.is_some_and(|sure| !sure.is_finite()));
    odd.map_or(Ok(()), |word| {
        Err(Error::NotFinite { what: format!("the confidence of \u{201c}{}\u{201d}", word.text) })
    })
}

fn read_kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept {
        record: row.get::<_, i64>(0)? as u64,
        source: from_text(row, 1)?,
        by: from_json(row, 2)?,
        run: row.get(3)?,
    })
}

fn read_unclear(row: &Row<'_>) -> rusqlite::Result<Unclear> {
    Ok(Unclear {
        start: MediaTime(row.get(0)?),
        end: MediaTime(row.get(1)?),
        reason: from_text(row, 2)?,
    })
}
