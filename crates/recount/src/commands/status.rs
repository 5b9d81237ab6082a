//! `recount status`.

use std::path::PathBuf;

use case::Case;
use case::custody::Standing;
use evidence::Source;
use publish::Labels;

use super::open;
use super::sync::alignment_json;
use crate::args::Status;
use crate::desk::Desk;
use crate::error::Error;
use crate::report::names::{shown, shown_text};
use crate::report::{clock, doubtful, output, status};
use crate::snapshot;
use crate::steps::clocks::Trust;

pub(super) fn run(desk: &Desk, asked: &Status) -> Result<(), Error> {
    let case = open(desk, &asked.case)?;
    if !asked.ambiguous {
        return print_case(desk, &case);
    }
    let snapshot = snapshot::of_case(&case)?;
    let doubtful = publish::why::doubtful(&snapshot, &Labels::of(&snapshot));
    if desk.json {
        output::print_json(&doubtful)
    } else {
        output::print(&doubtful::text(&doubtful))
    }
}

/// Prints what is known of a case, as text or JSON.
pub(super) fn print_case(desk: &Desk, case: &Case) -> Result<(), Error> {
    let warnings = worth_knowing(case)?;
    if desk.json {
        return output::print_json(&summary(case)?);
    }
    let snapshot = snapshot::of_case(case)?;
    let hints = would_place(case, &snapshot)?;
    output::print(&status::text(&snapshot, &hints, &warnings))
}

/// What is known of a case, for programs.
pub(super) fn summary(case: &Case) -> Result<status::Summary, Error> {
    let snapshot = snapshot::of_case(case)?;
    let alignment = serde_json::from_slice(&alignment_json(&snapshot)?).unwrap_or_default();
    Ok(status::summary(&snapshot, alignment, &worth_knowing(case)?))
}

/// What clocks would place if they were believed, in sentences.
pub(super) fn would_place(case: &Case, snapshot: &publish::Snapshot) -> Result<Vec<String>, Error> {
    let trust = Trust::of(case)?;
    if trust.is_asked() {
        return Ok(Vec::new());
    }
    let labels = Labels::of(snapshot);
    Ok(clock::hints(&trust.puts(snapshot), &labels))
}

/// What was wrong with files while they were listened to, and with the case itself.
fn worth_knowing(case: &Case) -> Result<Vec<String>, Error> {
    let mut warnings = Vec::new();
    for (source, _) in case.recordings()? {
        let listened = case.listened(&source.id)?.map(|l| l.warnings).unwrap_or_default();
        let name = shown_text(&source.name());
        warnings.extend(listened.into_iter().map(|warning| format!("{name}: {warning}")));
    }
    for source in case.sources()? {
        let name = shown_text(&source.name());
        let copies = other_places(case, &source)?;
        warnings.extend(copies.iter().map(|path| {
            format!("{name}: the same bytes lie in another place too: {}", shown(path))
        }));
    }
    warnings.sort();
    match case.custody_standing() {
        Standing::Whole => {}
        Standing::Completed { line } => warnings.push(format!(
            "the last run was cut off; line {line} of the custody log was completed from the case"
        )),
        Standing::Differs => {
            warnings.push("the custody log is not what was written; see `recount verify`".into());
        }
    }
    Ok(warnings)
}

/// Where the same bytes were found besides the place that gives the source its name.
fn other_places(case: &Case, source: &Source) -> Result<Vec<PathBuf>, Error> {
    let mut places = Vec::new();
    for found in case.whereabouts(&source.id)? {
        if found.replaced_by.is_some() {
            continue;
        }
        // A copy in the case is no other place than the file that it was made of.
        let place = found.copied_from.unwrap_or_else(|| case.dir().join(found.path));
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let first = case.dir().join(&source.path);
    let named = places.iter().position(|place| *place == first).unwrap_or(0);
    if !places.is_empty() {
        places.remove(named);
    }
    Ok(places)
}
