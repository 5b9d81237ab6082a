//! Whether the case is what its custody log says: the log's file against the database's copy of
//! it, and the findings against the digests that the log took of them when they were stored.
//!
//! The second is what shows a database edited by hand: a source renamed to the hash of a
//! forgery, a path, a claim, a placement. Not covered: which runs the ledger holds.

use std::collections::BTreeMap;

use evidence::SourceId;
use serde_json::{Value, json};

use crate::custody::{self, Entry, Fault, Record, Standing};
use crate::error::Error;
use crate::sources::told;
use crate::{Case, alignment, listened, lock, sources, speech};

impl Case {
    /// Compares `custody.jsonl`, the case's own copy of it, the chain of hashes, and what the
    /// records say was stored with what is.
    ///
    /// # Errors
    /// Only if a file cannot be read; differences are in the report.
    pub fn verify_custody(&self) -> Result<custody::Report, Error> {
        self.verify_custody_at_one_moment(custody::lines(&self.db)?.len())
    }

    /// Another process may be writing. The file, read after `known` records were there and
    /// before those of this moment, is level with one of the records between.
    fn verify_custody_at_one_moment(&self, known: usize) -> Result<custody::Report, Error> {
        let file = custody::read_file(&self.dir)?;
        let busy = self.held.borrow().upgrade().is_none() && lock::is_held(&self.dir);
        self.at_one_moment(|case| {
            let lines = custody::lines(&case.db)?;
            let level = (known..=lines.len()).find_map(|count| {
                let (standing, missing) = custody::compare(&file, &lines[..count]);
                let level = standing == Standing::Whole || busy && standing != Standing::Differs;
                level.then(|| ([&file[..], &missing].concat(), count))
            });
            let (file, count) = level.unwrap_or((file, lines.len()));
            let mut report = custody::verify(&file, &lines[..count], case.custody_standing());
            let mut faults = case.unaccounted(&lines)?;
            faults.append(&mut report.faults);
            report.faults = faults;
            Ok(report)
        })
    }

    /// Records whose findings are not in the case as they were stored.
    fn unaccounted(&self, lines: &[String]) -> Result<Vec<Fault>, Error> {
        let records: BTreeMap<u64, Record> = lines
            .iter()
            .filter_map(|line| Entry::from_line(line))
            .map(|entry| (entry.record.seq, entry.record))
            .collect();
        let mut wrong = self.wrong_sources(&records)?;
        for (seq, digest) in self.digests()? {
            let said = records.get(&seq).and_then(|record| {
                let detail = &record.detail;
                detail["sha256"].as_str().or_else(|| detail["recording"]["sha256"].as_str())
            });
            if said != Some(digest.as_str()) {
                wrong.push(seq);
            }
        }
        wrong.extend(self.wrong_anchors(records.values())?);
        wrong.sort_unstable();
        wrong.dedup();
        Ok(wrong.into_iter().map(|record| Fault::Unaccounted { record }).collect())
    }

    /// Each record of adding is one place where a source was found, and the other way round.
    fn wrong_sources(&self, records: &BTreeMap<u64, Record>) -> Result<Vec<u64>, Error> {
        let mut found: BTreeMap<u64, Value> = BTreeMap::new();
        for source in self.sources()? {
            for (seq, place) in self.found_by_record(&source.id)? {
                let mut said = json!({
                    "source": source.id, "size_bytes": source.size_bytes, "path": told(&place.path),
                });
                if let Some(original) = &place.copied_from {
                    said["copied_from"] = told(original);
                }
                found.insert(seq, said);
            }
        }
        let agrees = |record: &Record, said: &Value| {
            ["source", "size_bytes", "path", "copied_from"]
                .iter()
                .all(|name| record.detail.get(name) == said.get(name))
        };
        let added = records.iter().filter(|(_, record)| record.action == "add");
        let mut wrong: Vec<u64> = added
            .filter(|(seq, record)| !found.get(seq).is_some_and(|said| agrees(record, said)))
            .map(|(seq, _)| *seq)
            .collect();
        let known = |seq: &u64| records.get(seq).is_some_and(|record| record.action == "add");
        wrong.extend(found.into_keys().filter(|seq| !known(seq)));
        Ok(wrong)
    }

    /// The digest of each finding as it is now, with the record under which it was stored.
    fn digests(&self) -> Result<Vec<(u64, String)>, Error> {
        let mut digests = Vec::new();
        for (source, seq) in self.stored_under("SELECT source, custody FROM recording")? {
            if let Some(recording) = self.recording(&source)? {
                digests.push((seq, sources::digest(&recording)));
            }
        }
        for (source, seq) in self.stored_under("SELECT source, custody FROM listened")? {
            if let Some(listened) = self.listened(&source)? {
                digests.push((seq, listened::digest(&listened.stretches)));
            }
        }
        for kept in self.kept_transcripts()? {
            digests.push((kept.record, speech::digest(&self.written(&kept)?)));
        }
        let mut query = self.db.prepare_cached("SELECT custody FROM alignment")?;
        let seqs = query.query_map([], |row| row.get::<_, i64>(0))?;
        for seq in seqs.collect::<Result<Vec<_>, _>>()? {
            let (placements, ties) = (self.placements()?, self.ties()?);
            let (refusals, excerpts) = (self.refusals()?, self.excerpts()?);
            let digest = alignment::digest(&placements, &ties, &refusals, &excerpts);
            digests.push((seq as u64, digest));
        }
        Ok(digests)
    }

    fn stored_under(&self, sql: &str) -> Result<Vec<(SourceId, u64)>, Error> {
        let mut query = self.db.prepare_cached(sql)?;
        let rows = query.query_map([], |row| {
            Ok((crate::ledger::from_text(row, 0)?, row.get::<_, i64>(1)? as u64))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
