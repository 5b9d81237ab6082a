//! `recount search`.

use case::search::{Ground, Query};

use super::open;
use crate::args::Search;
use crate::desk::Desk;
use crate::error::Error;
use crate::report::{output, search};
use crate::snapshot;
use crate::steps::{index, voices};

pub(super) fn run(desk: &Desk, asked: &Search) -> Result<(), Error> {
    let text = asked.query.join(" ");
    let odd = |odd: case::search::Odd| Error::Asked {
        what: odd.to_string(),
        hint: "`recount search --help` says what can be asked",
    };
    let query = Query::parse(&text).map_err(odd)?;
    let case = open(desk, &asked.case)?;
    let (index, away) = index::run(&|| desk.stopped(), &case, &voices::of_case(&case)?)?;
    let ground = Ground::of(&case, snapshot::names(&case)?)?;
    let found =
        index.search(&case, &ground, &query, asked.limit as usize).map_err(
            |error| match error {
                case::Error::Query(wrong) => odd(wrong),
                error => error.into(),
            },
        )?;
    let mut unread = index.unread()?;
    unread.extend(away.into_iter().map(|(source, why)| (source.id, why)));
    let told = search::Told { query: &text, found: &found, ground: &ground, unread: &unread };
    if desk.json {
        return output::print_json(&search::rows(&told));
    }
    if asked.cite {
        return output::print(&search::citations(&told));
    }
    output::print(&search::text(&told, desk.quiet))
}
