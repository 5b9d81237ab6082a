//! The door itself: finds ffmpeg once, and gives each request to a sandboxed child.

use std::path::{Path, PathBuf};
use std::time::Duration;

use evidence::Recording;

use crate::child::{self, Ended, Outputs, Run, Sink};
use crate::ffmpeg::Tool;
use crate::frame_table::{self, FrameTable};
use crate::keeper::{CANNOT_START, MISSING, Plan};
use crate::listen::{self, Listened};
use crate::proxy::{self, Proxied, Written};
use crate::source_file::SourceFile;
use crate::thumbnails::{self, Thumbnails};
use crate::watch_light::{self, Frame, Watched};
use crate::{Error, at_once, formats, probe};

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
    libraries: Vec<PathBuf>,
    library_path: Option<String>,
    version: String,
    warnings: Vec<String>,
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
        let ffmpeg = Tool::find("ffmpeg")?;
        let ffprobe = Tool::find("ffprobe")?;
        let library_path = std::env::var("LD_LIBRARY_PATH").ok();
        let mut libraries = ffmpeg.library_folders(library_path.as_deref());
        libraries.extend(ffprobe.library_folders(library_path.as_deref()));
        libraries.sort();
        libraries.dedup();
        let (version, warnings) = (String::new(), Vec::new());
        let mut door =
            Self { limits, keeper, ffmpeg, ffprobe, libraries, library_path, version, warnings };
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
    /// All channels of all usable tracks, up to [`CHANNELS_MAX`](crate::CHANNELS_MAX), are heard
    /// and averaged, but for those that are dead (40 dB below the loudest) and with those turned
    /// back that are upside down. One channel passes through untouched. It cannot undo delays
    /// between microphones that stand apart, nor tell a commentary from live sound.
    ///
    /// Must be called from a thread that lives until it returns, as any does that waits for it:
    /// the reader dies with the thread that started it.
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

    /// Whether [`listen_at_once`](Self::listen_at_once) is worth asking, by the file's size and
    /// name; it is not opened.
    pub fn may_listen_at_once(path: &Path) -> bool {
        path.metadata().is_ok_and(|status| at_once::is_worth_trying(path, status.len()))
    }

    /// [`probe`](Self::probe) and [`listen`](Self::listen) in one run of ffmpeg, for a small file
    /// with one sound track: starting ffmpeg takes as long as decoding a minute of sound. `None`
    /// when the file is not of that kind or anything about it was odd; then `probe` and `listen`
    /// are to be asked, and what was delivered must be thrown away.
    ///
    /// Otherwise samples, stretches and warnings are the same as theirs. The recording is poorer,
    /// for ffmpeg tells less than ffprobe: its length is right to 10 ms, its sound begins where
    /// the first stretch does, its pictures, if any, at zero and without a frame rate, and there
    /// are no claims. Good for placing recordings, not for a case to keep.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::NoKeeper`]; what is wrong with the file alone is `None`.
    pub fn listen_at_once(
        &self,
        path: &Path,
        rate_hz: u32,
        stop: &dyn Fn() -> bool,
        sink: &mut dyn FnMut(&[f32]),
    ) -> Result<Option<(Recording, Listened)>, Error> {
        let Ok(source) = SourceFile::open(path) else { return Ok(None) };
        let found = at_once::listen(self, &source, rate_hz, stop, sink)?;
        Ok(found.filter(|_| source.still_the_same().is_ok()))
    }

    /// How bright the pictures are: every frame of the first track of pictures, in order, each with
    /// the time at which it is shown, counted from the container's start. A recording without
    /// pictures gives none. `recording` is what [`probe`](Self::probe) or
    /// [`listen_at_once`](Self::listen_at_once) said; for the thread that calls, see
    /// [`listen`](Self::listen).
    ///
    /// # Errors
    /// [`Error::Undecodable`] when there are pictures but none could be decoded; otherwise those of
    /// [`listen`](Self::listen).
    pub fn watch_light(
        &self,
        path: &Path,
        recording: &Recording,
        stop: &dyn Fn() -> bool,
        sink: &mut dyn FnMut(Frame<'_>),
    ) -> Result<Watched, Error> {
        let source = SourceFile::open(path)?;
        let watched = watch_light::watch(self, &source, recording, stop, sink)?;
        source.still_the_same()?;
        Ok(watched)
    }

    /// When each frame of the first track of pictures is shown, from the container's own time
    /// stamps; empty without pictures. `recording` is what [`probe`](Self::probe) said.
    ///
    /// # Errors
    /// [`Error::Undecodable`] when the frames carry no times; otherwise those of
    /// [`listen`](Self::listen).
    pub fn frame_table(
        &self,
        path: &Path,
        recording: &Recording,
        stop: &dyn Fn() -> bool,
    ) -> Result<FrameTable, Error> {
        let source = SourceFile::open(path)?;
        let table = frame_table::read(self, &source, recording, stop)?;
        source.still_the_same()?;
        Ok(table)
    }

    /// Small pictures at even distances; `sheet` gets JPEGs of [`SHEET_THUMBNAILS`] side by side,
    /// in order, as many as it takes. Returns how many; 0 without pictures.
    ///
    /// [`SHEET_THUMBNAILS`]: crate::SHEET_THUMBNAILS
    ///
    /// # Errors
    /// [`Error::Undecodable`]; otherwise those of [`listen`](Self::listen).
    pub fn thumbnails(
        &self,
        path: &Path,
        recording: &Recording,
        wanted: Thumbnails,
        stop: &dyn Fn() -> bool,
        sheet: &mut dyn FnMut(Vec<u8>),
    ) -> Result<u32, Error> {
        let source = SourceFile::open(path)?;
        let made = thumbnails::make(self, &source, recording, wanted, stop, sheet)?;
        source.still_the_same()?;
        Ok(made)
    }

    /// Writes a copy that every browser plays into `into`, an empty file that is open for reading
    /// and writing: MP4 with H.264 and AAC, every frame at the time at which the original shows it.
    /// `advanced` is told how many seconds are done.
    ///
    /// # Errors
    /// [`Error::Undecodable`] when nothing could be decoded; otherwise those of
    /// [`listen`](Self::listen). What was written is to be thrown away then.
    pub fn proxy(
        &self,
        path: &Path,
        recording: &Recording,
        into: &std::fs::File,
        stop: &dyn Fn() -> bool,
        advanced: &mut dyn FnMut(f64),
    ) -> Result<Proxied, Error> {
        let source = SourceFile::open(path)?;
        let proxied = proxy::make(self, &source, recording, into, stop, advanced)?;
        source.still_the_same()?;
        Ok(proxied)
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
            report: false,
            output: None,
            stop,
        };
        let ended = self.run(job, outputs, &mut |_, bytes, _| {
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
        sink: &mut Sink<'_>,
    ) -> Result<Ended, Error> {
        let tool = match job.program {
            Program::Ffmpeg => &self.ffmpeg,
            Program::Ffprobe => &self.ffprobe,
        };
        let plan = Plan {
            program: tool.path.clone(),
            loader: tool.loader.clone(),
            libraries: self.libraries.clone(),
            library_path: self.library_path.clone(),
            arguments: job.arguments,
            cpu_s: job.cpu.as_secs().max(1),
            memory_bytes: self.limits.memory_bytes,
            parent: 0,
            pipes: Vec::new(),
            output: None,
            report: job.report,
        };
        let media = job.source.map(|source| &source.file);
        let (keeper, output) = (&self.keeper, job.output);
        child::run(Run { keeper, plan, media, output, stop: job.stop }, outputs, sink)
    }

    /// Starts both programs in the sandbox, at once, and reads ffmpeg's version and what the
    /// kernel lacks.
    fn try_out(&mut self) -> Result<(), Error> {
        let (ffprobe, ffmpeg) = std::thread::scope(|scope| {
            let ffprobe = scope.spawn(|| self.try_one(Program::Ffprobe, "ffprobe"));
            let ffmpeg = self.try_one(Program::Ffmpeg, "ffmpeg");
            (ffprobe.join(), ffmpeg)
        });
        // Only a bug of ours can make the thread panic.
        ffprobe.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        (self.version, self.warnings) = ffmpeg?;
        Ok(())
    }

    /// The version that a program states, and the sentences on what the kernel lacks.
    fn try_one(
        &self,
        program: Program,
        name: &'static str,
    ) -> Result<(String, Vec<String>), Error> {
        let mut printed = Vec::new();
        let no_keeper = |source| Error::NoKeeper { keeper: self.keeper.clone(), source };
        let outputs = Outputs::new(1).map_err(no_keeper)?;
        let job = Job {
            program,
            arguments: words("-version"),
            source: None,
            cpu: self.limits.cpu,
            report: true,
            output: None,
            stop: &|| false,
        };
        let ended = self.run(job, outputs, &mut |_, bytes, _| {
            printed.extend_from_slice(&bytes[..bytes.len().min(4096)]);
            Ok(())
        });
        let complaints = match ended {
            Ok(ended) => ended.complaints,
            Err(Error::NoKeeper { source, .. }) if source.to_string().contains(CANNOT_START) => {
                let why = format!("did not start ({source})");
                return Err(Error::NoFfmpeg { program: name, why });
            }
            Err(e) => return Err(e),
        };
        let text = String::from_utf8_lossy(&printed);
        let version = text.split_once(" version ").and_then(|(_, t)| t.split(' ').next());
        let Some(version) = version else {
            let why = format!("did not state its version ({})", complaints.summary());
            return Err(Error::NoFfmpeg { program: name, why });
        };
        let version = version.chars().filter(|c| !c.is_control()).take(80).collect();
        let missing = complaints.first.iter().filter_map(|line| line.strip_prefix(MISSING));
        Ok((version, missing.map(str::to_owned).collect()))
    }
}

/// One run of a program on a file.
pub(crate) struct Job<'a> {
    pub(crate) program: Program,
    pub(crate) arguments: Vec<String>,
    pub(crate) source: Option<&'a SourceFile>,
    pub(crate) cpu: Duration,
    /// Whether the keeper shall say which protections are missing.
    pub(crate) report: bool,
    /// The one file that it may write, if any.
    pub(crate) output: Option<Written<'a>>,
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

/// How this program is started again.
pub(crate) fn this_program() -> Result<PathBuf, Error> {
    // The link still leads to this program after an upgrade has replaced the file.
    let link = PathBuf::from("/proc/self/exe");
    if link.exists() {
        return Ok(link);
    }
    std::env::current_exe().map_err(|source| Error::NoKeeper { keeper: link, source })
}
