//! The desk: the command line of Recount.
//!
//! `args` says what can be asked, `commands` has one file for each command, `steps` one for each
//! step of the pipeline, `report` draws what comes of it. Steps read from the case, compute, and
//! write to the case; none calls another. Only this crate reads the clock and the environment.

mod args;
mod commands;
mod desk;
mod error;
mod event;
mod models;
mod named;
mod pool;
mod report;
mod serve;
mod snapshot;
mod sound;
mod steps;
mod stop;

use std::process::ExitCode;

use clap::Parser as _;

use args::Cli;
use desk::Desk;
use error::Error;
use stop::Stop;

/// Done, and something needs attention.
const EXIT_ATTENTION: u8 = 1;
/// It could not be done.
const EXIT_FAILED: u8 = 4;

fn main() -> ExitCode {
    media::become_child_if_asked();
    let cli = Cli::parse();
    report::output::set_colour(cli.voice.color);
    let stop = match Stop::on_signals() {
        Ok(stop) => stop,
        Err(error) => {
            eprintln!("error: the system will not tell of ctrl-C ({error})");
            return ExitCode::from(EXIT_FAILED);
        }
    };
    let desk = Desk::new(&cli.voice, stop);
    match commands::run(&desk, &cli.command) {
        Ok(()) if desk.has_attention() => ExitCode::from(EXIT_ATTENTION),
        Ok(()) | Err(Error::NoReader) => ExitCode::SUCCESS,
        Err(error) => {
            desk.fail(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
