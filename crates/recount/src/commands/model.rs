//! `recount model`: the models that are here, and getting others.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::args::{Model as Asked, ModelCommand};
use crate::desk::Desk;
use crate::error::Error;
use crate::models::{self, KNOWN, Model};
use crate::report::names::{shown, shown_text};
use crate::report::output;

pub(super) fn run(desk: &Desk, asked: &Asked) -> Result<(), Error> {
    match &asked.command {
        ModelCommand::List => list(desk),
        ModelCommand::Get { name } => {
            let known = models::by_name(name).ok_or_else(|| Error::Asked {
                what: format!("`{}` is no model that can be fetched", shown_text(name)),
                hint: "`recount model list` names those that can",
            })?;
            tell(desk, &models::fetch(desk, known)?)
        }
        ModelCommand::Add { file, name } => tell(desk, &models::add(desk, file, name.as_deref())?),
    }
}

/// What was added, with its hash: a model that nobody knows is known by it from now on.
fn tell(desk: &Desk, model: &Model) -> Result<(), Error> {
    if desk.json {
        return output::print_json(&row(model));
    }
    if desk.quiet {
        return Ok(());
    }
    let known = if model.is_known { "as published" } else { "not among those published" };
    output::print(&format!(
        "{}  {}\nSHA-256  {} ({known})\nfile     {}\n",
        model.name,
        size(model.size_bytes),
        model.sha256,
        shown(&model.path)
    ))
}

fn list(desk: &Desk) -> Result<(), Error> {
    let here = models::here(desk)?;
    let published = |model: &Model| models::by_hash(&model.sha256).is_some();
    if desk.json {
        let others: Vec<Value> = KNOWN
            .iter()
            .filter(|known| !here.iter().any(|model| model.sha256 == known.sha256))
            .map(|known| {
                json!({ "name": known.name, "size_bytes": known.size_bytes, "sha256": known.sha256 })
            })
            .collect();
        let here: Vec<Value> = here.iter().map(row).collect();
        let folder = models::folder().map(|folder| shown(&folder));
        return output::print_json(&json!({ "here": here, "published": others, "folder": folder }));
    }
    let mut text = String::new();
    for known in KNOWN {
        let is_here = here.iter().any(|model| model.sha256 == known.sha256);
        let languages = if known.name.contains(".en") { "English" } else { "all" };
        let (mark, size) = (if is_here { "here" } else { "" }, size(known.size_bytes));
        let _ = writeln!(text, "{:<20} {size:>8}  {languages:<8} {mark}", known.name);
    }
    for model in here.iter().filter(|model| !published(model)) {
        let size = size(model.size_bytes);
        let short = &model.sha256[..12];
        let _ = writeln!(
            text,
            "{:<20} {size:>8}  {:<8} here, not among those published: SHA-256 {short}…",
            shown_text(&model.name),
            ""
        );
    }
    if here.is_empty() {
        text.push_str(
            "\nNone is here yet: `recount model get base` fetches one, `recount model add FILE` takes one.\n",
        );
    }
    output::print(&text)
}

fn row(model: &Model) -> Value {
    let mut row = serde_json::to_value(model).unwrap_or(Value::Null);
    row["file"] = json!(shown(&model.path));
    row
}

/// Bytes as megabytes or gigabytes.
fn size(bytes: u64) -> String {
    let mb = bytes as f64 / 1e6;
    if mb < 1000.0 { format!("{mb:.0} MB") } else { format!("{:.1} GB", mb / 1000.0) }
}
