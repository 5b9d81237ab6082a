//! The door itself: finds ffmpeg once, and gives each request to a sandboxed child.

use std::path::{Path, PathBuf};
use std::time::Duration;

use evidence::Recording;

use crate::child::{self, Ended, Outputs, Run};
use crate::keeper::Plan;
use crate::listen::{self, Listened};
use crate::source_file::SourceFile;
use crate::{Error, formats, probe};

/// How much a reader may use before it is ended. The defaults are far above what any recording
/// needs and far below what harms the machine.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Address space of the child, bytes. ffmpeg with its two hundred libraries and the index
    /// of a day of footage stays below 1 GiB.
    pub memory_bytes: u64,
    /// Processor time of the child beyond what the recording's length allows for.
    pub cpu: Duration,
    /// Longest sound that is delivered from one recording, silence in gaps included.
    pub sound: Duration,
    /// The executable that is started as keeper; its `main` begins with
    /// [`become_child_if_asked`](crate::become_child_if_asked). `None` is this program itself.
    pub keeper: Option<PathBuf>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 2 << 30,
            cpu: Duration::from_secs(120),
            sound: Duration::from_secs(31 * 86_400),
            keeper: None,
        }
    }
}

/// The only way from a media file into Recount. Cheap to share between threads.
#[derive(Debug)]
pub struct Door {
    pub(crate) limits: Limits,
    pub(crate) keeper: PathBuf,
    ffmpeg: Tool,
    ffprobe: Tool,
    version: String,
    warnings: Vec<String>,
}

/// A program of ffmpeg's, where it is and what it needs.
#[derive(Clone, Debug)]
struct Tool {
    path: PathBuf,
    loader: Option<PathBuf>,
}

/// Which program to become.
#[derive(Clone, Copy)]
pub(crate) enum Program {
    Ffmpeg,
    Ffprobe,
}

/// Reading a description must not take longer than a patient person would wait.
const PROBE_BYTES_MAX: usize = 16 << 20;

impl Door {
    /// Finds ffmpeg and ffprobe on `PATH` and tries them in the sandbox.
    ///
    /// # Errors
    /// [`Error::NoFfmpeg`] when one of them is missing or does not start, [`Error::NoKeeper`]
    /// when this program cannot start itself.
    pub fn open(limits: Limits) -> Result<Self, Error> {
        let keeper = match &limits.keeper {
            Some(path) => path.clone(),
            None => this_program()?,
        };
        let ffmpeg = find("ffmpeg")?;
        let ffprobe = find("ffprobe")?;
        let mut door =
            Self { limits, keeper, ffmpeg, ffprobe, version: String::new(), warnings: Vec::new() };
        door.try_out()?;
        Ok(door)
    }

    /// Sentences about protections that this machine's kernel does not offer; empty where the
    /// sandbox is whole.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }

    /// ffmpeg's version as it states it (`5.1.9-0+deb12u1`).
    pub fn ffmpeg_version(&self) -> &str {
        &self.version
    }

    /// What the file says of itself: tracks, their true times, and claims. `stop` is asked ten
    /// times a second.
    ///
    /// # Errors
    /// [`Error::NotMedia`], [`Error::Truncated`] and those of opening a file; a recording without
    /// sound is no error, its `audio` is empty.
    pub fn probe(&self, path: &Path, stop: &dyn Fn() -> bool) -> Result<Recording, Error> {
        let source = SourceFile::open(path)?;
        let first = self.probe_as(&source, None, stop);
        let recording = match (first, formats::by_ending(path)) {
            (Err(Error::NotMedia { .. }), Some(demuxer)) => {
                self.probe_as(&source, Some(demuxer), stop)
            }
            (result, _) => result,
        }?;
        source.still_the_same()?;
        Ok(recording)
    }

    /// Streams the recording's sound as mono at `rate_hz` on exact presentation time: sample `n`
    /// is media time `n / rate_hz`, counted from the container's start; zeros where the file has
    /// no sound (late start, gaps in its time stamps). It ends where the sound ends, which may be
    /// before or after the pictures do. `recording` is what [`probe`](Self::probe) said.
    ///
    /// All channels of all usable tracks, up to [`CHANNELS_MAX`](crate::CHANNELS_MAX), are looked
    /// at; how they become one is told in [`mix`](crate::Listened).
    ///
    /// # Errors
    /// [`Error::Undecodable`] when there is sound but none of it could be decoded; those of
    /// opening a file; [`Error::Changed`] and [`Error::Vanished`], after which what was delivered
    /// must be thrown away; [`Error::LimitReached`]; [`Error::Stopped`].
    pub fn listen(
        &self,
        path: &Path,
        recording: &Recording,
        rate_hz: u32,
        stop: &dyn Fn() -> bool,
        sink: &mut dyn FnMut(&[f32]),
    ) -> Result<Listened, Error> {
        let source = SourceFile::open(path)?;
        let listened = listen::listen(self, &source, recording, rate_hz, stop, sink)?;
        source.still_the_same()?;
        Ok(listened)
    }

    fn probe_as(
        &self,
        source: &SourceFile,
        demuxer: Option<&str>,
        stop: &dyn Fn() -> bool,
    ) -> Result<Recording, Error> {
        let mut arguments = words("-v repeat+error -of json -show_format -show_streams");
        arguments.extend(input_options(demuxer));
        arguments.push(MEDIA.to_owned());
        let too_much =
            || Error::LimitReached { path: source.path.clone(), what: "description length" };
        let outputs = Outputs::new(1).map_err(|e| unreadable(source, e))?;
        let mut printed = Vec::new();
        let job = Job {
            program: Program::Ffprobe,
            arguments,
            source: Some(source),
            cpu: self.limits.cpu,
            stop,
        };
        let ended = self.run(job, outputs, &mut |_, bytes| {
            printed.extend_from_slice(bytes);
            if printed.len() > PROBE_BYTES_MAX { Err(too_much()) } else { Ok(()) }
        })?;
        let parsed = serde_json::from_slice::<probe::Printed>(&printed);
        match parsed {
            Ok(printed) if ended.status.success() => printed
                .into_recording()
                .map_err(|why| Error::NotMedia { path: source.path.clone(), why }),
            _ => Err(refusal(source, &ended)),
        }
    }

    /// Runs ffmpeg or ffprobe on one file.
    pub(crate) fn run(
        &self,
        job: Job<'_>,
        outputs: Outputs,
        sink: &mut dyn FnMut(usize, &[u8]) -> Result<(), Error>,
    ) -> Result<Ended, Error> {
        let tool = match job.program {
            Program::Ffmpeg => &self.ffmpeg,
            Program::Ffprobe => &self.ffprobe,
        };
        let plan = Plan {
            program: tool.path.clone(),
            loader: tool.loader.clone(),
            libraries: Vec::new(),
            arguments: job.arguments,
            cpu_s: job.cpu.as_secs().max(1),
            memory_bytes: self.limits.memory_bytes,
            parent: 0,
            pipes: Vec::new(),
            report: false,
        };
        let media = job.source.map(|source| &source.file);
        child::run(Run { keeper: &self.keeper, plan, media, stop: job.stop }, outputs, sink)
    }

    fn try_out(&mut self) -> Result<(), Error> {
        let mut printed = Vec::new();
        let outputs = Outputs::new(1)
            .map_err(|source| Error::NoKeeper { keeper: self.keeper.clone(), source })?;
        let job = Job {
            program: Program::Ffmpeg,
            arguments: words("-version"),
            source: None,
            cpu: self.limits.cpu,
            stop: &|| false,
        };
        self.run(job, outputs, &mut |_, bytes| {
            printed.extend_from_slice(bytes);
            Ok(())
        })?;
        let text = String::from_utf8_lossy(&printed);
        let version = text.strip_prefix("ffmpeg version ").and_then(|t| t.split(' ').next());
        let Some(version) = version else {
            let why = format!("at {} did not state its version", self.ffmpeg.path.display());
            return Err(Error::NoFfmpeg { program: "ffmpeg", why });
        };
        self.version = version.to_owned();
        Ok(())
    }
}

/// One run of a program on a file.
pub(crate) struct Job<'a> {
    pub(crate) program: Program,
    pub(crate) arguments: Vec<String>,
    pub(crate) source: Option<&'a SourceFile>,
    pub(crate) cpu: Duration,
    pub(crate) stop: &'a dyn Fn() -> bool,
}

/// The media file as the child knows it. It is given open, as standard input, so that no
/// character of its name can mean anything to ffmpeg; and through this path rather than as a
/// pipe, so that ffmpeg can seek in it.
pub(crate) const MEDIA: &str = "/proc/self/fd/0";

/// Options before `-i` that keep ffmpeg to this one file.
pub(crate) fn input_options(demuxer: Option<&str>) -> Vec<String> {
    let mut options = words("-protocol_whitelist file -format_whitelist");
    options.push(formats::allowed());
    if let Some(demuxer) = demuxer {
        options.extend(["-f".to_owned(), demuxer.to_owned()]);
    }
    options
}

pub(crate) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

pub(crate) fn unreadable(source: &SourceFile, e: std::io::Error) -> Error {
    Error::Unreadable { path: source.path.clone(), source: e }
}

/// Why ffprobe would not describe a file.
fn refusal(source: &SourceFile, ended: &Ended) -> Error {
    let path = source.path.clone();
    let complaints = &ended.complaints;
    if complaints.mention("moov atom not found") {
        let why = "its index, which is written last, is missing".to_owned();
        return Error::Truncated { path, why };
    }
    if complaints.mention("Format not on whitelist") {
        let why = "a playlist or another kind that is never opened".to_owned();
        return Error::NotMedia { path, why };
    }
    if complaints.mention("Invalid data found") || complaints.count == 0 {
        let why = "ffmpeg knows no such format".to_owned();
        return Error::NotMedia { path, why };
    }
    if complaints.mention("End of file") {
        return Error::Truncated { path, why: "it ends within its header".to_owned() };
    }
    Error::NotMedia { path, why: complaints.summary() }
}

fn this_program() -> Result<PathBuf, Error> {
    // The link still leads to this program after an upgrade has replaced the file.
    let link = PathBuf::from("/proc/self/exe");
    if link.exists() {
        return Ok(link);
    }
    std::env::current_exe().map_err(|source| Error::NoKeeper { keeper: link, source })
}

/// The first executable file of that name on `PATH`, with links resolved.
fn find(program: &'static str) -> Result<Tool, Error> {
    use std::os::unix::fs::PermissionsExt;
    let path = std::env::var_os("PATH").unwrap_or_default();
    for folder in std::env::split_paths(&path).filter(|folder| folder.is_absolute()) {
        let Ok(path) = folder.join(program).canonicalize() else { continue };
        let executable = path
            .metadata()
            .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
        if executable {
            return Ok(Tool { path, loader: None });
        }
    }
    Err(Error::NoFfmpeg { program, why: "was not found on PATH".to_owned() })
}
