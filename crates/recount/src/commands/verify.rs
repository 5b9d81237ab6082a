//! `recount verify`.

use super::{open, use_threads};
use crate::args::Verify;
use crate::desk::Desk;
use crate::error::Error;
use crate::report;
use crate::report::output;
use crate::steps::verify;

pub(super) fn run(desk: &Desk, asked: &Verify) -> Result<(), Error> {
    use_threads(asked.work);
    let case = open(desk, &asked.case)?;
    let verified = verify::run(desk, &case, asked.work.jobs())?;
    if !verified.whole {
        desk.needs_attention();
    }
    if desk.json {
        return output::print_json(&verified);
    }
    if desk.quiet && verified.whole {
        return Ok(());
    }
    output::print(&report::verify::text(&verified))
}
