//! `recount serve`.

use serde_json::json;

use super::{open, open_door};
use crate::args::Serve;
use crate::desk::Desk;
use crate::error::Error;
use crate::event::Event;
use crate::report::output;
use crate::serve::{Plan, bind};

pub(super) fn run(desk: &Desk, asked: &Serve) -> Result<(), Error> {
    let case = open(desk, &asked.case)?;
    let door = match open_door(desk) {
        Ok(door) => Some(door),
        Err(error @ Error::Media(media::Error::NoFfmpeg { .. })) => {
            let without = "nothing can be made for the page, only what is there is shown";
            desk.tell(&Event::warned(format!("{error}; {without}")));
            None
        }
        Err(error) => return Err(error),
    };
    let plan = Plan { case, door, page: asked.page.clone(), stop: desk.stop() };
    let bound = bind(plan, asked.port)?;
    let address = bound.address();
    if desk.json {
        output::print_json(&json!({ "address": address }))?;
    } else {
        let what_next = "Open this address in a browser on this machine; ctrl-C ends it.\n";
        let what_next = if desk.quiet { "" } else { what_next };
        // At once: who reads only the address may be gone before the rest.
        output::print(&format!("{address}\n{what_next}"))?;
    }
    bound.serve()
}
