//! `recount find`.

use publish::Labels;

use super::{open, open_door, use_threads};
use crate::args::Find as Asked;
use crate::desk::Desk;
use crate::error::Error;
use crate::report::names::shown;
use crate::report::{find as report, output};
use crate::snapshot;
use crate::steps::find;
use crate::steps::gather::is_case;

pub(super) fn run(desk: &Desk, asked: &Asked) -> Result<(), Error> {
    if asked.case.exists() && !is_case(&asked.case) {
        return Err(Error::Asked {
            what: format!(
                "`recount find` looks in a case, and this is none: {}",
                shown(&asked.case)
            ),
            hint: "make one with `recount reconstruct FOLDER`, then \
                   `recount find CLIP --in FOLDER.recount`",
        });
    }
    use_threads(asked.work);
    let case = open(desk, &asked.case)?;
    let door = open_door(desk)?;
    let answers = find::run(desk, &case, &door, &asked.clips, asked.work.jobs())?;
    let snapshot = snapshot::of_case(&case)?;
    let labels = Labels::of(&snapshot);
    let rows: Vec<_> = answers.iter().map(|a| report::row(a, &snapshot, &labels)).collect();
    if desk.json {
        return output::print_json(&serde_json::json!({
            "case": shown(&asked.case), "clips": rows,
        }));
    }
    output::print(&report::text(&rows))
}
