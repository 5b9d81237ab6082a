//! Answers a query: which passages, which words of them, when and in which recordings.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use evidence::{
    CaseTime, Excerpt, Island, MediaTime, Placement, SourceId, Stenographer, Utterance,
};
use rusqlite::OptionalExtension;
use serde::Serialize;

use super::fold::{tokens, written};
use super::index::{Index, PASSAGE_BITS, first_passage};
use super::matching::{Match, Words};
use super::query::{Odd, Query, Term};
use crate::Case;
use crate::error::Error;

/// So many passages are read and ranked; where there are more, none is.
const RANKED_MAX: usize = 500;

/// Over more parts of the index than this one walk that passes over the rest is faster.
const RANGES_MAX: usize = 64;

/// Words that sound as asked for, at most.
const ALIKE_MAX: usize = 300;

/// No passage is longer: 300 words (passages.rs) with a pause after each.
const PASSAGE_NS_MAX: i64 = 1_200_000_000_000;

/// The same words within this time of one another were heard once, by several: recognisers are no
/// better than that with the time of a word.
const SAME_MOMENT_NS: i64 = 1_000_000_000;

/// Words shown before and after what was found.
const CONTEXT_WORDS: usize = 12;

/// What a case knows that results are told with; read once for many queries.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    /// What each source is called.
    pub names: BTreeMap<SourceId, String>,
    placements: BTreeMap<SourceId, Placement>,
    excerpts: Vec<Excerpt>,
    /// Who wrote the transcript that was stored under a record.
    by: BTreeMap<u64, Stenographer>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Found {
    /// The best first if `is_ranked`; else in the order of the sources and their times.
    pub hits: Vec<Hit>,
    /// Passages that hold what was asked for, at least.
    pub passages: usize,
    /// Whether there are no more than `passages`.
    pub is_all: bool,
    /// Whether they are ranked.
    pub is_ranked: bool,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit {
    /// The recording or document.
    pub source: SourceId,
    /// Where in it.
    pub place: Place,
    /// The words that were meant, and those around them.
    pub context: Context,
    /// The larger, the better it fits; zero where nothing is ranked.
    pub score: f64,
    /// Where else the same words are of the same moment.
    pub also: Vec<Also>,
}

/// Where in a source.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Place {
    /// In what is said.
    Speech {
        /// When the first word that was meant begins, nanoseconds of media time.
        start: MediaTime,
        /// When the last one ends.
        end: MediaTime,
        /// When that is on the case clock, if it is on one.
        case: Option<CaseTime>,
        /// Whose clock that is.
        island: Option<Island>,
        /// One standard deviation of the case time, nanoseconds.
        sigma_ns: Option<i64>,
        /// Who speaks, by name or as a voice; empty where it cannot be told.
        speaker: String,
        /// Who or what wrote it down.
        by: Stenographer,
        /// How sure the recogniser was of its least sure word.
        confidence: Option<f32>,
        /// The recording that this stretch was copied from, and the moment in it.
        copied_from: Option<(SourceId, MediaTime)>,
    },
    /// In what is written.
    Text {
        /// Page, from 1.
        page: Option<u32>,
        /// Paragraph of the document, from 1.
        paragraph: usize,
    },
}

/// Words with what is around them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Context {
    /// Words before; not all, if it begins with `…`.
    pub before: String,
    /// What was meant.
    pub quoted: String,
    /// Words after.
    pub after: String,
}

/// The same words elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Also {
    /// The recording or document.
    pub source: SourceId,
    /// Where in it.
    pub place: Place,
    /// Its words.
    pub quoted: String,
}

/// A passage that the index names.
struct Candidate {
    id: i64,
    source: SourceId,
    record: Option<u64>,
}

/// Where a source's passages are in the index.
struct Origin {
    id: i64,
    source: SourceId,
    record: Option<u64>,
    passages: i64,
}

impl Ground {
    /// Reads it.
    ///
    /// # Errors
    /// If the case cannot be read.
    pub fn of(case: &Case, names: BTreeMap<SourceId, String>) -> Result<Self, Error> {
        case.at_one_moment(|case| {
            let placements = case.placements()?.into_iter();
            let by = case.kept_transcripts()?.into_iter();
            Ok(Self {
                names,
                placements: placements.map(|placement| (placement.source, placement)).collect(),
                excerpts: case.excerpts()?,
                by: by.map(|kept| (kept.record, kept.by)).collect(),
            })
        })
    }

    /// The sources whose name or hash holds a text.
    fn named(&self, part: &str, column: usize) -> Result<BTreeSet<SourceId>, Odd> {
        let asked = tokens(part);
        let holds = |(id, name): &(&SourceId, &String)| {
            let name = tokens(name);
            let is_named = !asked.is_empty()
                && name.windows(asked.len()).any(|run| {
                    let (last, first) = (asked.len() - 1, &asked[..asked.len() - 1]);
                    run[..last] == *first && run[last].starts_with(&asked[last])
                });
            is_named || part.len() >= 6 && id.to_string().starts_with(&part.to_lowercase())
        };
        let plain = part.to_lowercase();
        let named: BTreeSet<SourceId> = self
            .names
            .iter()
            .filter(|(id, name)| name.to_lowercase().contains(&plain) || holds(&(id, name)))
            .map(|(id, _)| *id)
            .collect();
        if named.is_empty() {
            let what = format!("no source of this case has “{part}” in its name");
            return Err(Odd { column, what });
        }
        Ok(named)
    }
}

impl Index {
    /// Searches. At most `limit` results are told, each with the others of its moment.
    ///
    /// # Errors
    /// [`Error::Query`] if the query names a source that there is not; if the case or the index
    /// cannot be read.
    pub fn search(
        &self,
        case: &Case,
        ground: &Ground,
        query: &Query,
        limit: usize,
    ) -> Result<Found, Error> {
        let sources = match &query.source {
            Some((part, column)) => Some(ground.named(part, *column).map_err(Error::Query)?),
            None => None,
        };
        let Some(expression) = self.expression(query)? else {
            return Ok(Found { is_all: true, is_ranked: true, ..Found::default() });
        };
        let origins = self.origins()?;
        let ranges = self.ranges(ground, query, sources.as_ref(), &origins)?;
        let candidates = self.candidates(&expression, &ranges, &origins)?;
        let is_ranked = candidates.len() <= RANKED_MAX;
        let mut hits = Vec::new();
        let mut passages = 0;
        for candidate in &candidates {
            if !is_ranked && hits.len() >= limit {
                break;
            }
            if let Some(hit) = self.look(case, ground, query, candidate)? {
                passages += 1;
                put(&mut hits, hit, is_ranked);
            }
        }
        if is_ranked {
            hits.sort_by(|a, b| b.score.total_cmp(&a.score));
        }
        hits.truncate(limit);
        Ok(Found { hits, passages, is_all: is_ranked, is_ranked })
    }

    /// The query as FTS5 understands it; none if nothing in the index can be meant.
    fn expression(&self, query: &Query) -> Result<Option<String>, Error> {
        let mut parts = Vec::new();
        for clause in &query.all {
            let mut any = Vec::new();
            for term in &clause.0 {
                match term {
                    Term::Phrase { .. } => any.push(phrase(term)),
                    Term::Sounds(key) => any.extend(self.alike(key)?.iter().map(|w| quoted(w))),
                }
            }
            if any.is_empty() {
                return Ok(None);
            }
            parts.push(format!("(words : ({}))", any.join(" OR ")));
        }
        for (left, right, words) in &query.near {
            if let ([one], [other]) = (&query.all[*left].0[..], &query.all[*right].0[..])
                && let (Term::Phrase { .. }, Term::Phrase { .. }) = (one, other)
            {
                parts.push(format!("(words : NEAR({} {}, {words}))", phrase(one), phrase(other)));
            }
        }
        if let Some(speaker) = &query.speaker {
            let name = speaker.iter().map(|token| quoted(token)).collect::<Vec<_>>().join(" + ");
            parts.push(format!("(speaker : ({name}))"));
        }
        Ok(Some(parts.join(" AND ")))
    }

    /// The words that sound so.
    fn alike(&self, sound: &str) -> Result<Vec<String>, Error> {
        let mut query = self
            .db
            .prepare_cached("SELECT word FROM word WHERE sound = ?1 ORDER BY word LIMIT ?2")?;
        let words = query.query_map((sound, ALIKE_MAX as i64), |row| row.get(0))?;
        Ok(words.collect::<Result<_, _>>()?)
    }

    fn origins(&self) -> Result<BTreeMap<i64, Origin>, Error> {
        let mut query = self
            .db
            .prepare_cached("SELECT id, source, record, passages FROM origin WHERE passages > 0")?;
        let origins = query.query_map([], |row| {
            let id = row.get(0)?;
            let record: Option<i64> = row.get(2)?;
            let (source, passages) = (crate::ledger::from_text(row, 1)?, row.get(3)?);
            Ok((id, Origin { id, source, record: record.map(|n| n as u64), passages }))
        })?;
        Ok(origins.collect::<Result<_, _>>()?)
    }

    /// The parts of the index in which the query can be met, in order.
    fn ranges(
        &self,
        ground: &Ground,
        query: &Query,
        sources: Option<&BTreeSet<SourceId>>,
        origins: &BTreeMap<i64, Origin>,
    ) -> Result<Vec<Range<i64>>, Error> {
        if sources.is_none() && !query.is_timed() {
            return Ok(std::iter::once(0..i64::MAX).collect());
        }
        let mut ranges = Vec::new();
        let meant = |origin: &&Origin| sources.is_none_or(|all| all.contains(&origin.source));
        for origin in origins.values().filter(meant) {
            let first = first_passage(origin.id);
            let end = first + origin.passages;
            if !query.is_timed() {
                ranges.push(first..end);
                continue;
            }
            let Some(placement) = ground.placements.get(&origin.source) else { continue };
            if origin.record.is_none() {
                continue;
            }
            for part in in_media(placement, &query.window()) {
                let from = self.first_at(first..end, part.start.saturating_sub(PASSAGE_NS_MAX))?;
                let to = self.first_at(first..end, part.end)?;
                ranges.push(from..to);
            }
        }
        ranges.retain(|range| !range.is_empty());
        ranges.sort_by_key(|range| range.start);
        // Two pieces of a clock may share passages.
        let mut apart: Vec<Range<i64>> = Vec::new();
        for range in ranges {
            match apart.last_mut().filter(|last| range.start <= last.end) {
                Some(last) => last.end = last.end.max(range.end),
                None => apart.push(range),
            }
        }
        Ok(apart)
    }

    /// The first passage that begins at a media time or later.
    fn first_at(&self, passages: Range<i64>, start_ns: i64) -> Result<i64, Error> {
        let mut start = self.db.prepare_cached("SELECT start_ns FROM passage WHERE id = ?1")?;
        let (mut low, mut high) = (passages.start, passages.end);
        while low < high {
            let middle = low + (high - low) / 2;
            let at: i64 =
                start.query_row([middle], |row| row.get(0)).optional()?.unwrap_or(i64::MAX);
            if at < start_ns { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    /// Passages that hold the words, in order; one more than are ranked at most.
    fn candidates(
        &self,
        expression: &str,
        ranges: &[Range<i64>],
        origins: &BTreeMap<i64, Origin>,
    ) -> Result<Vec<Candidate>, Error> {
        let (Some(first), Some(last)) = (ranges.first(), ranges.last()) else {
            return Ok(Vec::new());
        };
        let whole = first.start..last.end;
        let walks = if ranges.len() > RANGES_MAX { std::slice::from_ref(&whole) } else { ranges };
        let mut query = self.db.prepare_cached(
            "SELECT rowid FROM said WHERE said MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid",
        )?;
        let mut found = Vec::new();
        for walk in walks {
            let mut rows = query.query((expression, walk.start, walk.end))?;
            while let Some(row) = rows.next()? {
                let id: i64 = row.get(0)?;
                let at = ranges.partition_point(|range| range.end <= id);
                let is_meant = ranges.get(at).is_some_and(|range| range.contains(&id));
                let Some(origin) = origins.get(&(id >> PASSAGE_BITS)).filter(|_| is_meant) else {
                    continue;
                };
                found.push(Candidate { id, source: origin.source, record: origin.record });
                if found.len() > RANKED_MAX {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    /// Reads a passage and tells whether and where the query is met.
    fn look(
        &self,
        case: &Case,
        ground: &Ground,
        query: &Query,
        candidate: &Candidate,
    ) -> Result<Option<Hit>, Error> {
        let Some(record) = candidate.record else { return self.look_at_text(query, candidate) };
        let range = self
            .db
            .prepare_cached("SELECT first, last, speaker FROM passage WHERE id = ?1")?
            .query_row([candidate.id], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
            })
            .optional()?;
        let Some((first, last, speaker)) = range else { return Ok(None) };
        let said = case.utterances(record, first as usize, last as usize)?;
        Ok(speech(ground, query, candidate, (&said, speaker)))
    }

    fn look_at_text(&self, query: &Query, at: &Candidate) -> Result<Option<Hit>, Error> {
        let row = self
            .db
            .prepare_cached("SELECT page, text FROM paragraph WHERE id = ?1")?
            .query_row([at.id], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))
            .optional()?;
        let Some((page, text)) = row else { return Ok(None) };
        let words = written(&text);
        let found = Words::of(words.iter().copied()).find(query, &|_| true);
        Ok(found.map(|found| Hit {
            source: at.source,
            place: Place::Text { page, paragraph: (at.id & ((1 << PASSAGE_BITS) - 1)) as usize },
            context: context_in(&text, &words, &found),
            score: found.score,
            also: Vec::new(),
        }))
    }
}

/// What of a passage of speech is meant, if anything is; `speaker` is who speaks it.
fn speech(
    ground: &Ground,
    query: &Query,
    at: &Candidate,
    (said, speaker): (&[Utterance], String),
) -> Option<Hit> {
    let words: Vec<_> = said.iter().flat_map(|said| &said.words).collect();
    let placement = ground.placements.get(&at.source);
    let window = query.window();
    let may = |n: usize| {
        !query.is_timed()
            || words.get(n).is_some_and(|word| {
                let time = placement.and_then(|placement| placement.to_case(word.start));
                time.is_some_and(|time| window.start <= time.0 && time.0 <= window.end)
            })
    };
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let found = Words::of(texts.iter().copied()).find(query, &may)?;
    let meant = words.get(found.best.clone())?;
    let start = meant.first()?.start;
    let end = meant.iter().map(|word| word.end).max()?;
    let near = placement.and_then(|placement| Some((placement.near(start)?, placement.island)));
    let copied = |excerpt: &&Excerpt| {
        excerpt.copy == at.source && excerpt.start <= start && start < excerpt.end
    };
    let place = Place::Speech {
        start,
        end,
        case: near.map(|((case, _), _)| case),
        island: near.map(|(_, island)| island),
        sigma_ns: near.map(|((_, sigma_ns), _)| sigma_ns),
        speaker,
        by: ground.by.get(&at.record?)?.clone(),
        confidence: meant.iter().filter_map(|word| word.confidence).min_by(f32::total_cmp),
        copied_from: ground
            .excerpts
            .iter()
            .find(copied)
            .map(|excerpt| (excerpt.source, excerpt.in_source(start))),
    };
    let context = context(&texts, &found);
    Some(Hit { source: at.source, place, context, score: found.score, also: Vec::new() })
}

fn context(words: &[&str], found: &Match) -> Context {
    let Range { start, end } = found.best;
    let from = start.saturating_sub(CONTEXT_WORDS);
    let to = (end + CONTEXT_WORDS).min(words.len());
    let more = |is_more: bool| if is_more { "…" } else { "" };
    Context {
        before: format!("{}{}", more(from > 0), words[from..start].join(" ")),
        quoted: words[start..end].join(" "),
        after: format!("{}{}", words[end..to].join(" "), more(to < words.len())),
    }
}

/// The same for words that lie in a text, with what parts them there.
fn context_in(text: &str, words: &[&str], found: &Match) -> Context {
    let at = |word: usize| {
        words.get(word).map_or(text.len(), |word| word.as_ptr() as usize - text.as_ptr() as usize)
    };
    let ends = |word: usize| at(word) + words.get(word).map_or(0, |word| word.len());
    let Range { start, end } = found.best;
    let from = start.saturating_sub(CONTEXT_WORDS);
    let to = (end + CONTEXT_WORDS).min(words.len());
    let more = |is_more: bool| if is_more { "…" } else { "" };
    let (quoted_from, quoted_to) = (at(start), ends(end.saturating_sub(1)));
    Context {
        before: format!("{}{}", more(from > 0), text[at(from)..quoted_from].trim_end()),
        quoted: text[quoted_from..quoted_to].to_owned(),
        after: format!("{}{}", text[quoted_to..at(to)].trim(), more(to < words.len())),
    }
}

/// Puts a hit among the others, or beside the one that is of the same moment. The better of the two
/// stands for both: where ranking says nothing, what was recorded before what was copied from it.
fn put(hits: &mut Vec<Hit>, hit: Hit, is_ranked: bool) {
    let Some(other) = hits.iter_mut().find(|other| is_same_moment(other, &hit)) else {
        hits.push(hit);
        return;
    };
    let is_copy = |hit: &Hit| matches!(&hit.place, Place::Speech { copied_from: Some(_), .. });
    let is_better = match (is_copy(other), is_copy(&hit)) {
        (true, false) => true,
        (false, true) => false,
        _ => is_ranked && hit.score > other.score,
    };
    let mut less = hit;
    if is_better {
        std::mem::swap(other, &mut less);
        other.also = std::mem::take(&mut less.also);
    }
    other.score = other.score.max(less.score);
    other.also.push(Also { source: less.source, place: less.place, quoted: less.context.quoted });
}

/// Whether two hits are the same words of the same moment: on one clock, or in one recording.
fn is_same_moment(one: &Hit, other: &Hit) -> bool {
    let (Place::Speech { start: a, .. }, Place::Speech { start: b, .. }) =
        (&one.place, &other.place)
    else {
        return false;
    };
    let near_ns = if one.source == other.source {
        a.0.abs_diff(b.0)
    } else {
        match (clock(one), clock(other)) {
            (Some((island, a)), Some((other, b))) if island == other => a.0.abs_diff(b.0),
            _ => return false,
        }
    };
    near_ns <= SAME_MOMENT_NS as u64 && tokens(&one.context.quoted) == tokens(&other.context.quoted)
}

fn clock(hit: &Hit) -> Option<(Island, CaseTime)> {
    match &hit.place {
        Place::Speech { case, island, .. } => island.zip(*case),
        Place::Text { .. } => None,
    }
}

/// The media times that lie within case times.
fn in_media(placement: &Placement, window: &Range<i64>) -> Vec<Range<i64>> {
    let mut inside = Vec::new();
    for piece in &placement.pieces {
        let (first, last) = (piece.case_start().0, piece.case_end().0);
        if first <= window.end && window.start <= last {
            let media = |case: i64| piece.map.to_media(CaseTime(case.clamp(first, last))).0;
            // One more on either side, since rounding may take a moment away.
            inside.push(media(window.start) - 1..media(window.end) + 2);
        }
    }
    inside
}

fn phrase(term: &Term) -> String {
    let Term::Phrase { tokens, is_prefix } = term else { return String::new() };
    let star = if *is_prefix { " *" } else { "" };
    format!("{}{star}", quoted(&tokens.join(" ")))
}

/// Tokens hold letters and digits only; a quotation mark cannot be among them.
fn quoted(tokens: &str) -> String {
    format!("\"{tokens}\"")
}
