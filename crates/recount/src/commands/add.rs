//! `recount add`.

use serde_json::json;

use super::{open_door, open_locked, use_threads};
use crate::args::Add;
use crate::desk::Desk;
use crate::error::Error;
use crate::report::names::shown;
use crate::report::output;
use crate::steps::add::{self, Keeping, Request};

pub(super) fn run(desk: &Desk, asked: &Add) -> Result<(), Error> {
    use_threads(asked.work);
    let (mut case, _lock) = open_locked(desk, &asked.case)?;
    let door = open_door(desk)?;
    let keeping = if asked.copy { Keeping::Copied } else { Keeping::InPlace };
    let request = Request { paths: &asked.paths, keeping, jobs: asked.work.jobs() };
    let counts = add::run(desk, &mut case, &door, &request)?;
    if desk.json {
        return output::print_json(&json!({ "case": shown(&asked.case), "counts": counts }));
    }
    Ok(())
}
