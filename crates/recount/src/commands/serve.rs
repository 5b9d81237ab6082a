//! `recount serve`.

use serde_json::json;

use super::{open, open_door};
use crate::args::Serve;
use crate::desk::Desk;
use crate::error::Error;
use crate::event::Event;
use crate::report::output;
use crate::serve::{Plan, Wanted, bind, open_browser};

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
    let wanted = Wanted {
        listen: asked.listen,
        port: asked.port,
        password_file: asked.password_file.clone(),
        tls_cert: asked.tls_cert.clone(),
        tls_key: asked.tls_key.clone(),
    };
    let bound = bind(plan, &wanted)?;
    let address = bound.address();
    if desk.json {
        output::print_json(&json!({ "address": address }))?;
    } else {
        let what_next = match (desk.quiet, bound.is_on_a_network()) {
            (true, _) => "",
            (false, false) => "Open this address in a browser on this machine; ctrl-C ends it.\n",
            (false, true) => {
                "Open this address in a browser, or another that the certificate is for; it asks for the password \
                 (any user name). ctrl-C ends it.\n"
            }
        };
        // At once: who reads only the address may be gone before the rest.
        output::print(&format!("{address}\n{what_next}"))?;
    }
    let opened = asked.open.then(|| open_browser(&address));
    if let Some(Err(error)) = &opened {
        desk.tell(&Event::warned(format!(
            "no browser could be opened here ({error}); open the address yourself"
        )));
    }
    bound.serve()
}
