//! `recount new`.

use case::Case;
use serde_json::json;

use crate::args::New;
use crate::desk::{Desk, stamp};
use crate::error::Error;
use crate::report::names::shown;
use crate::report::output;

pub(super) fn run(desk: &Desk, asked: &New) -> Result<(), Error> {
    Case::create(&asked.case, &stamp())?;
    if desk.json {
        return output::print_json(&json!({ "case": shown(&asked.case) }));
    }
    if desk.quiet {
        return Ok(());
    }
    output::print(&format!("made {0}; next: recount add {0} PATH...\n", shown(&asked.case)))
}
