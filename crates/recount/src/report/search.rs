//! What was found, for people, for programs and as citations.
//!
//! A citation is a Markdown link whose target is a W3C media fragment: `["quoted words"](file#t=from,to)`
//! with seconds of media time, begun and ended at the words themselves; of a document `#page=n`.

use std::fmt::Write as _;

use anstyle::Style;
use case::search::{Found, Ground, Hit, Place};
use evidence::{MediaTime, SourceId, Stenographer};
use publish::times;
use serde_json::{Value, json};

use super::names::{as_target, shown_text};

/// So many documents that were not searched are named.
const UNREAD_SHOWN: usize = 5;

/// What is to be told.
pub struct Told<'a> {
    /// As it was asked.
    pub query: &'a str,
    /// What came of it.
    pub found: &'a Found,
    /// What the sources are called.
    pub ground: &'a Ground,
    /// Documents that could not be searched.
    pub unread: &'a [(SourceId, String)],
}

impl Told<'_> {
    /// What a source is called.
    pub fn name(&self, source: SourceId) -> String {
        self.ground.names.get(&source).cloned().unwrap_or_else(|| source.short())
    }
}

/// For programs: media times and case times in seconds.
pub fn rows(told: &Told) -> Value {
    let hit = |hit: &Hit| {
        let mut row = row(told, hit.source, &hit.place, &hit.context.quoted);
        row["before"] = json!(hit.context.before);
        row["after"] = json!(hit.context.after);
        row["score"] = json!(hit.score);
        let also = hit.also.iter();
        row["also"] = also.map(|also| row_of_also(told, also)).collect::<Vec<_>>().into();
        row
    };
    let unread = told.unread.iter();
    json!({
        "query": told.query,
        "results": told.found.hits.iter().map(hit).collect::<Vec<_>>(),
        "passages": told.found.passages,
        "is_all": told.found.is_all,
        "is_ranked": told.found.is_ranked,
        "unread": unread
            .map(|(id, why)| json!({ "file": told.name(*id), "sha256": id, "why": why }))
            .collect::<Vec<_>>(),
    })
}

fn row_of_also(told: &Told, also: &case::search::Also) -> Value {
    row(told, also.source, &also.place, &also.quoted)
}

fn row(told: &Told, source: SourceId, place: &Place, quoted: &str) -> Value {
    let mut row = json!({
        "file": told.name(source), "sha256": source, "quoted": quoted,
        "citation": citation(told, source, place, quoted),
    });
    match place {
        Place::Speech {
            start,
            end,
            case,
            island,
            sigma_ns,
            speaker,
            by,
            confidence,
            copied_from,
        } => {
            row["start"] = json!(start.seconds());
            row["end"] = json!(end.seconds());
            row["case"] = json!(case.map(evidence::CaseTime::seconds));
            row["island"] = json!(island);
            row["sigma"] = json!(sigma_ns.map(|ns| ns as f64 / 1e9));
            row["speaker"] = json!(Some(speaker).filter(|name| !name.is_empty()));
            row["by"] = json!(by);
            row["confidence"] = json!(confidence);
            row["copied_from"] = json!(copied_from.map(|(source, at)| {
                json!({ "file": told.name(source), "sha256": source, "at": at.seconds() })
            }));
        }
        Place::Text { page, paragraph } => {
            row["page"] = json!(page);
            row["paragraph"] = json!(paragraph);
        }
    }
    row
}

/// Citations, one a line, the best first.
pub fn citations(told: &Told) -> String {
    let mut text = String::new();
    for hit in &told.found.hits {
        let _ = writeln!(text, "{}", citation(told, hit.source, &hit.place, &hit.context.quoted));
    }
    text
}

/// A citation of words that were found.
pub fn citation(told: &Told, source: SourceId, place: &Place, quoted: &str) -> String {
    let quoted: String = quoted
        .chars()
        .flat_map(|c| "[]\\`*_<>".contains(c).then_some('\\').into_iter().chain([c]))
        .collect();
    let target = match place {
        Place::Speech { start, end, .. } => format!("#t={},{}", exact(*start), exact(*end)),
        Place::Text { page: Some(page), .. } => format!("#page={page}"),
        Place::Text { .. } => String::new(),
    };
    format!("[\"{}\"]({}{target})", shown_text(&quoted), as_target(&told.name(source)))
}

/// Media time as a fragment has it: seconds with milliseconds.
fn exact(time: MediaTime) -> String {
    let ms = time.0.div_euclid(1_000_000);
    format!("{}{}.{:03}", if ms < 0 { "-" } else { "" }, ms.abs() / 1000, ms.abs() % 1000)
}

/// For people.
pub fn text(told: &Told, is_quiet: bool) -> String {
    let mut text = String::new();
    for (n, hit) in told.found.hits.iter().enumerate() {
        if n > 0 {
            text.push('\n');
        }
        tell(told, hit, &mut text);
    }
    if !is_quiet {
        text.push_str(&footer(told));
    }
    text
}

fn tell(told: &Told, hit: &Hit, text: &mut String) {
    let bold = Style::new().bold();
    let _ = writeln!(
        text,
        "{bold}{}{bold:#}  {}",
        shown_text(&told.name(hit.source)),
        place(&hit.place)
    );
    let context = &hit.context;
    let parts = [
        shown_text(&context.before),
        format!("{bold}{}{bold:#}", shown_text(&context.quoted)),
        shown_text(&context.after),
    ];
    let line = parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ");
    let who = match &hit.place {
        Place::Speech { speaker, .. } if !speaker.is_empty() => {
            format!("{}: ", shown_text(speaker))
        }
        _ => String::new(),
    };
    let _ = writeln!(text, "  {who}{line}");
    if let Place::Speech { copied_from: Some((source, at)), .. } = &hit.place {
        let name = shown_text(&told.name(*source));
        let _ = writeln!(text, "  copied from {name} {}", times::clock(at.0, 3));
    }
    for also in &hit.also {
        let how = match &also.place {
            _ if also.source == hit.source => "written by another too",
            Place::Speech { copied_from: Some(_), .. } => "copied into",
            _ => "heard too by",
        };
        let name = shown_text(&told.name(also.source));
        let _ = writeln!(text, "  {how} {name} {}", place(&also.place));
    }
}

fn place(place: &Place) -> String {
    match place {
        Place::Speech { start, case, island, sigma_ns, by, .. } => {
            let mut text = times::clock(start.0, 3);
            if let (Some(case), Some(island), Some(sigma_ns)) = (case, island, sigma_ns) {
                let (case, doubt) = (times::clock(case.0, 3), times::doubt(*sigma_ns));
                let _ = write!(text, "  case {case} {doubt} (island {})", island.0);
            }
            if let Stenographer::Document { is_aligned: false, .. } = by {
                text.push_str("  (as the document spreads its words)");
            }
            text
        }
        Place::Text { page: Some(page), .. } => format!("page {page}"),
        Place::Text { paragraph, .. } => format!("paragraph {paragraph}"),
    }
}

fn footer(told: &Told) -> String {
    let Found { hits, passages, is_all, .. } = told.found;
    let mut text = String::new();
    if hits.is_empty() {
        text.push_str("nothing in the case says this\n");
    } else if !is_all {
        let shown = times::count(hits.len(), "result");
        let _ = write!(
            text,
            "\n{shown}, the first of more than 500 passages; narrow the query to rank\n"
        );
    } else {
        let (results, passages) =
            (times::count(hits.len(), "result"), times::count(*passages, "passage"));
        let _ = write!(text, "\n{results}, {passages}\n");
    }
    for (id, why) in told.unread.iter().take(UNREAD_SHOWN) {
        let (name, why) = (shown_text(&told.name(*id)), shown_text(why));
        let _ = writeln!(text, "not searched: {name} ({why})");
    }
    if let Some(more) = told.unread.len().checked_sub(UNREAD_SHOWN).filter(|more| *more > 0) {
        let more = times::count(more, "more document");
        let _ = writeln!(text, "not searched: {more}; --json names them");
    }
    text
}
