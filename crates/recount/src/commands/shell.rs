//! `recount completions` and `recount man`.

use clap::CommandFactory as _;

use crate::args::{Cli, Completions, Man};
use crate::error::Error;
use crate::report::output;

pub(super) fn completions(asked: &Completions) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(asked.shell, &mut Cli::command(), "recount", &mut script);
    output::print_bytes(&script)
}

pub(super) fn man(asked: &Man) -> Result<(), Error> {
    let written = std::fs::create_dir_all(&asked.folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), &asked.folder));
    written.map_err(Error::file("write the manual pages", &asked.folder))
}
