//! Fetches a published model from its own home, only when a person asks for it.
//!
//! The program has no client for any network built in; the one of the system, `curl`, is asked,
//! which knows this machine's proxies and certificates. What was fetched counts only when its
//! SHA-256 is the published one. A transfer that broke off is continued.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{Known, Model, at, target};
use crate::desk::Desk;
use crate::error::Error;
use crate::event::{Event, Step, Unit};

/// Where whisper.cpp's own download script gets them.
const HOME: &str = "https://huggingface.co/ggerganov/whisper.cpp/resolve/main";

/// How often the length of what came is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Fetches a model, unless it is here.
///
/// # Errors
/// [`Error::NotFetched`], if it did not come or is not what was published; [`Error::Stopped`].
pub fn fetch(desk: &Desk, known: &Known) -> Result<Model, Error> {
    let target = target(known.name)?;
    if target.is_file() {
        let here = at(desk, &target)?;
        if here.sha256 == known.sha256 {
            return Ok(here);
        }
    }
    let folder = target.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(Error::file("make the folder of models", folder))?;
    let part = target.with_extension("part");
    desk.tell(&Event::Started { step: Step::Model, files: 1 });
    if part.metadata().map_or(0, |about| about.len()) < known.size_bytes {
        transfer(desk, known, &part)?;
    }
    let sha256 = media::hash(&part, &|| desk.stopped())?.0.to_string();
    if sha256 != known.sha256 {
        // It would be continued from for ever.
        let _ = std::fs::remove_file(&part);
        let why = format!("what came is not what was published: its SHA-256 is {sha256}");
        return Err(not_fetched(known, why));
    }
    desk.tell(&Event::Finished { step: Step::Model, counts: [("fetched", 1)].into() });
    std::fs::rename(&part, &target).map_err(Error::file("keep the model as", &target))?;
    at(desk, &target)
}

fn transfer(desk: &Desk, known: &Known, part: &Path) -> Result<(), Error> {
    let mut curl = Command::new("curl");
    curl.args(["--fail", "--location", "--proto", "=https", "--silent", "--show-error"]);
    curl.args(["--connect-timeout", "30", "--speed-limit", "1000", "--speed-time", "60"]);
    curl.args(["--continue-at", "-", "--output"]).arg(part);
    curl.arg(format!("{HOME}/ggml-{}.bin", known.name));
    curl.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = curl.spawn().map_err(|error| {
        not_fetched(known, format!("`curl`, which fetches it, could not be started ({error})"))
    })?;
    let is_done = watch(desk, known, part, &mut child)?;
    if is_done {
        return Ok(());
    }
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        // If it cannot be read there is less to say.
        let _ = stderr.read_to_string(&mut said);
    }
    let said = said.lines().last().unwrap_or("it did not come").trim_start_matches("curl: ");
    Err(not_fetched(known, said.to_owned()))
}

/// Tells how much has come until it ends; says whether that was well.
fn watch(desk: &Desk, known: &Known, part: &Path, child: &mut Child) -> Result<bool, Error> {
    loop {
        if desk.stopped() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
            return Err(Error::Stopped);
        }
        let ended = child.try_wait().map_err(Error::file("wait for the model", part))?;
        let done = part.metadata().map_or(0, |about| about.len());
        let (step, unit, total) = (Step::Model, Unit::Bytes, known.size_bytes);
        desk.tell(&Event::Advanced { step, unit, done: done.min(total), total });
        if let Some(status) = ended {
            return Ok(status.success());
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn not_fetched(known: &Known, why: String) -> Error {
    Error::NotFetched { name: known.name, why }
}
