//! `recount why`.

use std::path::Path;

use case::Case;
use publish::why::Why;
use publish::{Labels, Snapshot, svg};
use serde_json::json;

use super::export::{may_write, write_whole};
use super::open;
use crate::args::Why as Asked;
use crate::desk::Desk;
use crate::error::Error;
use crate::report::names::shown;
use crate::report::{clock, output, why};
use crate::snapshot;
use crate::steps::clocks::Trust;
use crate::steps::gather::is_case;

pub(super) fn run(desk: &Desk, asked: &Asked) -> Result<(), Error> {
    if asked.case.exists() && !is_case(&asked.case) {
        return Err(Error::Asked {
            what: format!("`recount why` needs a case, and this is none: {}", shown(&asked.case)),
            hint: "make one with `recount reconstruct FOLDER`, then `recount why FOLDER.recount FILE`",
        });
    }
    let case = open(desk, &asked.case)?;
    let snapshot = snapshot::of_case(&case)?;
    let labels = Labels::of(&snapshot);
    let found = find(&snapshot, &labels, &asked.file)?;
    if let Some(out) = &asked.svg {
        draw(&case, &found, out, asked.force)?;
    }
    if desk.json {
        return output::print_json(&json!({
            "why": found, "picture": asked.svg.as_ref().map(shown),
        }));
    }
    let mut trust = Trust::of(&case)?.puts(&snapshot);
    trust.put.retain(|put| put.source == found.sha256);
    trust.joined.clear();
    output::print(&why::text(&found, &clock::hints(&trust, &labels)))?;
    match &asked.svg {
        Some(out) if !desk.quiet => output::print(&format!("\nwrote {}\n", shown(out))),
        _ => Ok(()),
    }
}

fn draw(case: &Case, why: &Why, out: &Path, force: bool) -> Result<(), Error> {
    may_write(case, out, force)?;
    write_whole(out, svg::draw_residuals(why, crate::desk::TOOL).as_bytes(), force)
}

/// The recording that is meant: by its name in the case, the end of its path, or the first digits
/// of its hash.
fn find(snapshot: &Snapshot, labels: &Labels, asked: &str) -> Result<Why, Error> {
    let all = labels.sorted(snapshot);
    let mut found: Vec<_> = all.iter().filter(|(name, _)| *name == asked).collect();
    if found.is_empty() {
        let absolute = std::path::absolute(asked).unwrap_or_default();
        let is_meant = |shown: &publish::Shown| {
            let id = shown.source.id.to_string();
            shown.source.path == absolute
                || shown.source.path.ends_with(asked)
                || asked.len() >= 6 && id.starts_with(&asked.to_lowercase())
        };
        found = all.iter().filter(|(_, shown)| is_meant(shown)).collect();
    }
    found.dedup_by_key(|(_, shown)| shown.source.id);
    match found[..] {
        [(_, shown)] => publish::why::why(snapshot, labels, shown.source.id),
        _ => None,
    }
    .ok_or_else(|| {
        let names: Vec<String> = found.iter().map(|(name, _)| shown(name)).collect();
        let what = if names.is_empty() {
            format!("the case holds no recording of this name: {}", shown(asked))
        } else {
            format!("several recordings have this name: {}", names.join(", "))
        };
        Error::Asked { what, hint: "`recount status CASE` shows what each recording is called" }
    })
}
