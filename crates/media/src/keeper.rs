//! The keeper: our own executable, started again, that closes its doors and then becomes ffmpeg.
//!
//! Closing them in a fresh process rather than between fork and exec means that ordinary code may
//! run (the space between is one where nothing may allocate), and that the caller's memory is
//! never copied.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, exit};

use serde::{Deserialize, Serialize};

#[cfg(target_os = "linux")]
use crate::sandbox::close_doors;

/// First argument of a process that is to be a keeper; the plan follows as the second.
const MARK: &str = "--recount-media-keeper-1";

/// Exit code of a keeper that could not become the reader; ffmpeg uses 0, 1, 69 and 255.
pub(crate) const COULD_NOT: i32 = 119;

/// How a line on a missing protection begins, when a keeper was asked to report.
pub(crate) const MISSING: &str = "keeper misses: ";

/// How the line begins that says why ffmpeg did not start.
pub(crate) const CANNOT_START: &str = "cannot start ";

/// What a keeper is to do.
#[derive(Serialize, Deserialize)]
pub(crate) struct Plan {
    /// ffmpeg or ffprobe, absolute.
    pub(crate) program: PathBuf,
    /// Its loader, if it is dynamically linked.
    pub(crate) loader: Option<PathBuf>,
    /// Folders from which libraries are loaded.
    pub(crate) libraries: Vec<PathBuf>,
    /// Value of `LD_LIBRARY_PATH` for it, if the user has set one.
    pub(crate) library_path: Option<String>,
    /// Arguments for it.
    pub(crate) arguments: Vec<String>,
    /// Seconds of processor time after which the kernel ends it.
    pub(crate) cpu_s: u64,
    /// Bytes of address space.
    pub(crate) memory_bytes: u64,
    /// Process to die with.
    pub(crate) parent: u32,
    /// Descriptors beyond the first three that it may keep.
    pub(crate) pipes: Vec<i32>,
    /// The one file that it may write, open for it under this number, and how long it may become.
    pub(crate) output: Option<(i32, u64)>,
    /// Print a line for every protection that is missing.
    pub(crate) report: bool,
}

impl Plan {
    /// Arguments that make our executable follow this plan.
    pub(crate) fn into_arguments(self) -> Result<[String; 2], serde_json::Error> {
        Ok([MARK.to_owned(), serde_json::to_string(&self)?])
    }
}

/// Must be the first thing `main` does in every program that opens a [`Door`](crate::Door): in a
/// process that was started as a keeper it closes the doors, becomes ffmpeg or ffprobe, and never
/// returns. In any other process it does nothing.
pub fn become_child_if_asked() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() != Some(MARK.as_ref()) {
        return;
    }
    let why = match read_plan(arguments.next()) {
        Ok(plan) => follow(&plan),
        Err(why) => why,
    };
    // The parent shows this line to a person.
    eprintln!("keeper: {why}");
    exit(COULD_NOT);
}

fn read_plan(argument: Option<OsString>) -> Result<Plan, String> {
    let text = argument.and_then(|a| a.into_string().ok()).ok_or("it was given no plan")?;
    serde_json::from_str(&text).map_err(|e| format!("it was given a plan it cannot read: {e}"))
}

/// Closes the doors and becomes the program; returns only with the reason why it could not.
fn follow(plan: &Plan) -> String {
    use std::os::unix::process::CommandExt;
    let missing = close_doors(plan);
    // The parent may have been killed before the wish to die with it was known.
    if std::os::unix::process::parent_id() != plan.parent {
        return "its parent is gone".to_owned();
    }
    if plan.report {
        for sentence in missing {
            eprintln!("{MISSING}{sentence}");
        }
    }
    let mut command = Command::new(&plan.program);
    command.args(&plan.arguments).env_clear().env("LC_ALL", "C");
    if let Some(path) = &plan.library_path {
        command.env("LD_LIBRARY_PATH", path);
    }
    let e = command.exec();
    format!("{CANNOT_START}{}: {e}", plan.program.display())
}

#[cfg(not(target_os = "linux"))]
fn close_doors(plan: &Plan) -> Vec<String> {
    use crate::sys::{Resource, limit};
    // Each may fail; the sentence below covers it.
    let _ = limit(Resource::CpuSeconds, plan.cpu_s);
    let _ = limit(Resource::MemoryBytes, plan.memory_bytes);
    let _ = limit(Resource::FileBytes, plan.output.map_or(0, |(_, bytes_max)| bytes_max));
    vec!["this system has no sandbox for the reader; open only files that you trust".to_owned()]
}
