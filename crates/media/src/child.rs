//! Runs one sandboxed ffmpeg or ffprobe: starts it, drains its pipes, watches the clock, the
//! limits and the caller's wish to stop, and always reaps it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, AsRawFd};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::keeper::{COULD_NOT, Plan};
use crate::proxy::Written;
use crate::{Error, sys};

/// The kernel's largest unprivileged pipe. Decoders deliver in pieces of some hundred bytes; a
/// wide pipe lets many gather before we are woken.
const PIPE_BYTES: i32 = 1 << 20;

/// How long to wait for bytes before asking whether to stop.
const PATIENCE: Duration = Duration::from_millis(100);

/// Lines of ffmpeg's complaints that are kept; the others are counted.
const COMPLAINTS_KEPT: usize = 16;

/// Lines that ffmpeg tells of a file; one with more is not an ordinary one.
pub(crate) const TOLD_MAX: usize = 256;

/// One run of a child.
pub(crate) struct Run<'a> {
    pub(crate) keeper: &'a std::path::Path,
    pub(crate) plan: Plan,
    /// Becomes the child's standard input.
    pub(crate) media: Option<&'a File>,
    /// What it may write.
    pub(crate) output: Option<Written<'a>>,
    pub(crate) stop: &'a dyn Fn() -> bool,
}

/// Takes what the child writes: `sink(output, bytes, complaints)`; an error ends the child. What
/// the child complained of before it wrote the bytes is among the complaints.
pub(crate) type Sink<'a> = dyn FnMut(usize, &[u8], &Complaints) -> Result<(), Error> + 'a;

/// How a run ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) complaints: Complaints,
}

/// What ffmpeg wrote on standard error.
#[derive(Default)]
pub(crate) struct Complaints {
    /// The first lines, made safe to print.
    pub(crate) first: Vec<String>,
    /// The last lines, if there were more than `first` holds.
    pub(crate) last: VecDeque<String>,
    /// Number of lines in all.
    pub(crate) count: u64,
    /// What it merely told, where it was asked to (`-v level+info`), up to [`TOLD_MAX`] lines.
    pub(crate) told: Vec<String>,
    line: Vec<u8>,
}

/// Where the child writes: its standard output, or pipes of its own, named in its arguments.
pub(crate) struct Outputs {
    readers: Vec<PipeReader>,
    writers: Vec<io::PipeWriter>,
}

impl Outputs {
    /// Makes `count` pipes; the first becomes the child's standard output.
    pub(crate) fn new(count: usize) -> io::Result<Self> {
        let (mut readers, mut writers) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (reader, writer) = io::pipe()?;
            sys::widen_pipe(reader.as_fd(), PIPE_BYTES);
            readers.push(reader);
            writers.push(writer);
        }
        Ok(Self { readers, writers })
    }

    /// The descriptor under which the child knows an output.
    pub(crate) fn descriptor(&self, output: usize) -> i32 {
        if output == 0 { 1 } else { self.writers[output].as_raw_fd() }
    }
}

/// Ends and reaps the child however the run is left.
struct Reaped(Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        // Both fail only when it has been reaped already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs the child to its end and gives `sink` what it writes, with the number of the output;
/// at the end of each output, an empty slice.
pub(crate) fn run(mut run: Run<'_>, outputs: Outputs, sink: &mut Sink<'_>) -> Result<Ended, Error> {
    let Outputs { readers, mut writers } = outputs;
    let no_keeper = |source| Error::NoKeeper { keeper: run.keeper.to_owned(), source };
    let (complaints_reader, complaints_writer) = io::pipe().map_err(no_keeper)?;
    let mut extra: Vec<i32> = writers.iter().skip(1).map(AsRawFd::as_raw_fd).collect();
    if let Some(written) = run.output {
        extra.push(written.file.as_raw_fd());
        run.plan.output = Some((written.file.as_raw_fd(), written.bytes_max));
    }
    run.plan.pipes.clone_from(&extra);
    run.plan.parent = std::process::id();
    let arguments = run.plan.into_arguments().map_err(|e| no_keeper(e.into()))?;
    let mut command = Command::new(run.keeper);
    command.args(arguments).env_clear().stderr(complaints_writer);
    command.stdin(match run.media {
        Some(media) => Stdio::from(media.try_clone().map_err(no_keeper)?),
        None => Stdio::null(),
    });
    if !extra.is_empty() {
        sys::inherit(&mut command, extra);
    }
    command.stdout(Stdio::from(writers.remove(0)));
    let mut child = Reaped(command.spawn().map_err(no_keeper)?);
    // Our copies of the writing ends must go, or the pipes would never end.
    drop(writers);
    drop(command);
    let complaints = drain(readers, complaints_reader, run.stop, sink)
        .map_err(|e| e.unwrap_or_else(no_keeper))?;
    let status = child.0.wait().map_err(no_keeper)?;
    if status.code() == Some(COULD_NOT) {
        let why = complaints.summary();
        return Err(no_keeper(io::Error::other(why)));
    }
    Ok(Ended { status, complaints })
}

/// Either one of our own errors, or that of a pipe.
type DrainError = Result<Error, io::Error>;

fn drain(
    readers: Vec<PipeReader>,
    complaints_reader: PipeReader,
    stop: &dyn Fn() -> bool,
    sink: &mut Sink<'_>,
) -> Result<Complaints, DrainError> {
    let complaints_at = readers.len();
    let mut heard_out = complaints_reader.try_clone().map_err(Err)?;
    let mut open: Vec<(usize, PipeReader)> =
        readers.into_iter().chain([complaints_reader]).enumerate().collect();
    // First, since hearing out empties it: a second read in the same round would wait for ever.
    open.rotate_right(1);
    let mut complaints = Complaints::default();
    let mut block = vec![0; PIPE_BYTES as usize];
    while !open.is_empty() {
        if stop() {
            return Err(Ok(Error::Stopped));
        }
        let pipes: Vec<_> = open.iter().map(|(_, pipe)| pipe.as_fd()).collect();
        let ready = sys::readable(&pipes, PATIENCE).map_err(Err)?;
        let mut ended = Vec::new();
        for ((number, pipe), _) in open.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
            let read = match pipe.read(&mut block) {
                Ok(read) => read,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(Err(e)),
            };
            if read == 0 {
                ended.push(*number);
                if *number != complaints_at {
                    sink(*number, &[], &complaints).map_err(Ok)?;
                }
            } else if *number == complaints_at {
                complaints.push(&block[..read]);
            } else {
                hear_out(&mut heard_out, &mut complaints).map_err(Err)?;
                sink(*number, &block[..read], &complaints).map_err(Ok)?;
            }
        }
        open.retain(|(number, _)| !ended.contains(number));
    }
    complaints.finish();
    Ok(complaints)
}

/// Takes the complaints that are waiting, without waiting for any.
fn hear_out(pipe: &mut PipeReader, complaints: &mut Complaints) -> io::Result<()> {
    let mut block = [0; 4096];
    // Twice what the pipe holds; bounded, so that a child that never ceases to complain cannot
    // keep us here.
    for _ in 0..32 {
        if sys::readable(&[pipe.as_fd()], Duration::ZERO)? != [true] {
            break;
        }
        match pipe.read(&mut block) {
            Ok(0) => break,
            Ok(read) => complaints.push(&block[..read]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

impl Complaints {
    /// The last line, which is where ffmpeg says why it gave up; or that it said nothing.
    pub(crate) fn summary(&self) -> String {
        let last = self.last.back().or(self.first.last());
        last.cloned().unwrap_or_else(|| "ffmpeg gave no reason".to_owned())
    }

    /// Whether any kept line contains `words`.
    pub(crate) fn mention(&self, words: &str) -> bool {
        self.first.iter().chain(&self.last).any(|line| line.contains(words))
    }

    fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte == b'\n' || byte == b'\r' {
                self.end_line();
            } else if self.line.len() < 300 {
                self.line.push(byte);
            }
        }
    }

    fn finish(&mut self) {
        self.end_line();
    }

    fn end_line(&mut self) {
        let text = plain(&self.line);
        self.line.clear();
        if text.is_empty() {
            return;
        }
        if is_told(&text) || (!self.told.is_empty() && text.starts_with(": ")) {
            if self.told.len() < TOLD_MAX {
                self.told.push(text);
            }
            return;
        }
        self.count += 1;
        if self.first.len() < COMPLAINTS_KEPT {
            self.first.push(text);
        } else {
            if self.last.len() == COMPLAINTS_KEPT {
                self.last.pop_front();
            }
            self.last.push_back(text);
        }
    }
}

/// Whether ffmpeg marks the line as no error: `[info] …`, `[mov] [warning] …`. (The further lines
/// of a text in the file carry no mark but a colon.)
fn is_told(line: &str) -> bool {
    let mut marks = line.splitn(3, "] ").take(2).map(|part| part.strip_prefix('['));
    marks.any(|mark| matches!(mark, Some("info" | "warning")))
}

/// A line without what could deceive a terminal (control characters), and without the memory
/// addresses that ffmpeg prints, which differ from run to run.
fn plain(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut safe: String = text.chars().filter(|c| !c.is_control()).collect();
    while let Some(at) = safe.find(" @ 0x") {
        let end = safe[at + 5..].find(|c: char| !c.is_ascii_hexdigit());
        let end = end.map_or(safe.len(), |e| at + 5 + e);
        safe.replace_range(at..end, "");
    }
    safe.trim().replace("/proc/self/fd/0", "the file")
}
