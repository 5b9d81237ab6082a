//! Step `transcribe`: writes down what is said in each recording.
//!
//! Reads the recordings of the case and their files; writes a transcript for each, by itself, so
//! that a run that was stopped continues with the next. What was written down by the same model,
//! told the same, is not written down again. Recordings are heard side by side, each on one
//! thread: two threads for one are slower where others are waiting.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;

use case::{Cache, Case};
use evidence::{CopyReason, MediaTime, Recording, SourceId, Stenographer, Transcript};
use media::Door;
use serde::Serialize;
use serde_json::{Value, json};
use speech::{Expected, Recogniser, Said, Session};

use super::examine::{Unfit, unfit};
use super::listen::confirm;
use super::look::Look;
use super::paths;
use crate::desk::{Counter, Desk, stamp};
use crate::error::Error;
use crate::event::{Event, Step, Unit};
use crate::models::Model;
use crate::pool::each;
use crate::report::names::shown;

/// What to write down, and by what.
pub struct Request<'a> {
    /// The model.
    pub model: &'a Model,
    /// What to expect of the recordings.
    pub expected: Expected,
    /// Recordings that are heard side by side.
    pub jobs: usize,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub struct Outcome {
    /// Recordings that were written down now.
    pub written: Vec<Written>,
    /// Recordings that had been written down before.
    pub before: u64,
    /// Recordings whose sound is another's from end to end; that one is written down.
    pub copies: u64,
    /// Recordings that could not be heard.
    pub skipped: u64,
}

impl Outcome {
    /// For a person.
    pub fn sentence(&self) -> String {
        let words: usize = self.written.iter().map(|written| written.words).sum();
        let unclear: usize = self.written.iter().map(|written| written.unclear).sum();
        match (self.written.len(), self.before) {
            (0, 0) => "no recording with sound".to_owned(),
            (0, before) => format!("those of {before} recordings were written down before"),
            (now, _) => format!("{words} in {now} recordings, {unclear} stretches unclear"),
        }
    }
}

/// One recording that was written down.
#[derive(Debug, Serialize)]
pub struct Written {
    /// The recording.
    pub source: SourceId,
    /// The language, where somebody speaks.
    pub language: Option<String>,
    /// Utterances.
    pub utterances: usize,
    /// Words.
    pub words: usize,
    /// Stretches that a person should listen to.
    pub unclear: usize,
    /// Seconds in which somebody speaks.
    pub voice_s: f64,
    #[serde(skip)]
    name: String,
}

impl Written {
    /// For a person.
    pub fn sentence(&self) -> String {
        let Self { name, words, unclear, .. } = self;
        match (&self.language, words) {
            (None, _) => format!("{name}: nobody speaks"),
            (Some(language), 0) => {
                format!("{name}: no word made out ({language}, {unclear} unclear)")
            }
            (Some(language), 1) => format!("{name}: 1 word ({language}, {unclear} unclear)"),
            (Some(language), _) => format!("{name}: {words} words ({language}, {unclear} unclear)"),
        }
    }
}

/// Writes down every recording of the case that was not written down so yet.
///
/// # Errors
/// If the model cannot be used, the case cannot be written, or somebody asked to stop; what was
/// written down until then stays.
pub fn run(desk: &Desk, case: &mut Case, door: &Door, request: &Request) -> Result<Outcome, Error> {
    let mut outcome = Outcome::default();
    let todo = to_write_down(case, request, &mut outcome)?;
    desk.tell(&Event::Started { step: Step::Transcribe, files: todo.len() });
    if !todo.is_empty() {
        // Loading it takes as long as hearing some recordings.
        let recogniser = Recogniser::load(&request.model.path, &request.model.name)?;
        let expected = &request.expected;
        if let Some(language) = &expected.language {
            recogniser.language(language)?;
        }
        let seconds = |todo: &Todo| todo.recording.duration.seconds().max(0.0) as u64;
        let total = todo.iter().map(seconds).sum();
        let counter = Counter::new(desk, Step::Transcribe, Unit::Seconds, total);
        let cache = case.cache();
        each(
            &todo,
            request.jobs,
            &|| desk.stopped(),
            |todo, stop| {
                let session = Session::new(&recogniser, expected).map_err(all)?;
                write_down(session, door, &cache, todo, stop, &counter)
            },
            |index, result| take(desk, case, request, &todo[index], result, &mut outcome),
        )?;
    }
    desk.stop_if_asked()?;
    let words = outcome.written.iter().map(|written| written.words as u64).sum();
    let counts = BTreeMap::from([
        ("recordings", outcome.written.len() as u64),
        ("words", words),
        ("written_before", outcome.before),
        ("copies", outcome.copies),
        ("skipped", outcome.skipped),
    ]);
    desk.tell(&Event::Finished { step: Step::Transcribe, counts });
    Ok(outcome)
}

/// A recording to write down.
struct Todo {
    id: SourceId,
    path: PathBuf,
    recording: Recording,
}

/// What is still to be written down, the longest first; the rest is counted.
fn to_write_down(
    case: &Case,
    request: &Request,
    outcome: &mut Outcome,
) -> Result<Vec<Todo>, Error> {
    let copies = copies(case)?;
    let mut todo = Vec::new();
    for (source, recording) in case.recordings()? {
        if recording.audio.is_empty() {
            continue;
        }
        if copies.contains(&source.id) {
            outcome.copies += 1;
            continue;
        }
        if case.is_done(&step(request, source.id))? {
            outcome.before += 1;
            continue;
        }
        let path = paths::locate(case, &source)?;
        todo.push(Todo { id: source.id, path, recording });
    }
    let length = |todo: &Todo| todo.recording.duration.max(MediaTime::ZERO);
    todo.sort_by(|a, b| length(b).cmp(&length(a)).then(a.id.cmp(&b.id)));
    Ok(todo)
}

/// Recordings whose sound is that of another from end to end: what is said in them is said there.
fn copies(case: &Case) -> Result<Vec<SourceId>, Error> {
    let same = |excerpt: &evidence::Excerpt| excerpt.reason == Some(CopyReason::SameThroughout);
    Ok(case.excerpts()?.into_iter().filter(same).map(|excerpt| excerpt.copy).collect())
}

/// What identifies writing down one recording.
fn step(request: &Request, id: SourceId) -> case::Step {
    case::Step {
        name: "transcribe".to_owned(),
        version: speech::VERSION,
        params: json!({
            "model_sha256": request.model.sha256,
            "language": request.expected.language,
            "prompt": request.expected.prompt,
        }),
        inputs: vec![id],
    }
}

fn write_down(
    session: Session,
    door: &Door,
    cache: &Cache,
    todo: &Todo,
    stop: &dyn Fn() -> bool,
    counter: &Counter,
) -> Result<Said, Unfit> {
    let look = confirm(cache, &todo.id, &todo.path, stop)?;
    let session = RefCell::new(session);
    let failed = RefCell::new(None);
    let has_failed = Cell::new(false);
    let mut seconds = 0;
    let mut samples: u64 = 0;
    let mut sink = |chunk: &[f32]| {
        if has_failed.get() {
            return;
        }
        if let Err(error) = session.borrow_mut().push(chunk, stop) {
            has_failed.set(true);
            failed.replace(Some(error));
        }
        samples += chunk.len() as u64;
        let whole = samples / u64::from(speech::RATE_HZ);
        if whole > seconds {
            counter.add(whole - seconds);
            seconds = whole;
        }
    };
    let give_up = || has_failed.get() || stop();
    let listened = door.listen(&todo.path, &todo.recording, speech::RATE_HZ, &give_up, &mut sink);
    if let Some(error) = failed.take() {
        return Err(all(error));
    }
    listened.map_err(|error| unfit(error, &todo.path))?;
    // Ctrl-C reaches the reader too, which may then end early and politely.
    if stop() {
        return Err(Unfit::Stopped);
    }
    let said = session.into_inner().finish(stop).map_err(all)?;
    if Look::at(&todo.path).ok() != Some(look) {
        return Err(Unfit::File(
            "it changed while it was being read; wait until it is complete".to_owned(),
        ));
    }
    Ok(said)
}

fn take(
    desk: &Desk,
    case: &mut Case,
    request: &Request,
    todo: &Todo,
    result: Result<Said, Unfit>,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let said = match result {
        Ok(said) => said,
        Err(Unfit::Stopped) => return Err(Error::Stopped),
        Err(Unfit::All(error)) => return Err(*error),
        Err(Unfit::File(reason)) => {
            desk.tell(&Event::refused(Step::Transcribe, &todo.path, &reason));
            outcome.skipped += 1;
            return Ok(());
        }
    };
    let words = said.utterances.iter().map(|utterance| utterance.words.len()).sum();
    let written = Written {
        source: todo.id,
        language: said.language,
        utterances: said.utterances.len(),
        words,
        unclear: said.unclear.len(),
        voice_s: said.voice_s,
        name: shown(todo.path.file_name().unwrap_or(todo.path.as_os_str())),
    };
    let by = Stenographer::Recogniser {
        model: request.model.name.clone(),
        model_sha256: request.model.sha256.clone(),
        prompt: request.expected.prompt.clone(),
    };
    let Said { utterances, unclear, voices, .. } = said;
    let transcript = Transcript { source: todo.id, by, utterances, unclear, voices };
    let run = case.begin(&stamp(), &step(request, todo.id))?;
    case.put_transcript(&stamp(), &run, &transcript)?;
    let counts: Value = json!({ "words": words, "unclear": written.unclear });
    case.finish(&stamp(), &run, &counts)?;
    desk.tell(&Event::Noted { step: Step::Transcribe, note: written.sentence() });
    outcome.written.push(written);
    Ok(())
}

/// No other recording will fare better.
fn all(error: speech::Error) -> Unfit {
    match error {
        speech::Error::Stopped => Unfit::Stopped,
        other => Unfit::All(Box::new(Error::Speech(other))),
    }
}
