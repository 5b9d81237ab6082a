//! Step `listen`: decodes each recording once and keeps what was heard.
//!
//! Reads the recordings of the case and their files; writes, for each recording by itself, where
//! sound was recorded, and to the cache the sound at 8 kHz and what the ear made of it. What is
//! there already and whole is not made again; what was deleted or damaged is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use align::Heard;
use case::{Cache, Case};
use evidence::{MediaTime, Recording, SourceId, Stretch};
use media::{Door, Listened};
use serde_json::json;

use super::examine::{Unfit, unfit};
use super::hear::{NotHeard, hear, hear_again, sound_tag};
use super::look::{Look, Place};
use super::{gather, paths};
use crate::desk::{Counter, Desk, stamp};
use crate::error::Error;
use crate::event::{Event, Step, Unit};
use crate::pool::each;
use crate::report::names::shown;
use crate::sound::{KeptSound, Spool, checksum, open_sealed, write_sealed};

/// The sound itself.
const SOUND: &str = "sound-v1.pcm";
/// What the ear made of it.
const HEARD: &str = "heard-v1";
/// Its loudness over time.
const OUTLINE: &str = "outline-v1";
/// The outline is a picture for people, and any decoder's will do.
const OUTLINE_TAG: u64 = 1;

/// Counted up when the same file and the same ffmpeg would give other stretches or samples.
const LISTEN_VERSION: u32 = 1;

/// Recordings that could not be listened to, and why.
pub type Unheard = BTreeMap<SourceId, String>;

/// Listens to every recording of the case that was not listened to yet.
///
/// # Errors
/// If the case cannot be written, ffmpeg cannot be used, or somebody asked to stop; what was
/// heard until then stays.
pub fn run(desk: &Desk, case: &mut Case, door: &Door, jobs: usize) -> Result<Unheard, Error> {
    let (todo, known) = to_listen(case, door)?;
    desk.tell(&Event::Started { step: Step::Listen, files: todo.len() });
    let seconds = |recording: &Recording| recording.duration.seconds().max(0.0) as u64;
    let total = todo.iter().map(|todo| seconds(&todo.recording)).sum();
    let counter = Counter::new(desk, Step::Listen, Unit::Seconds, total);
    let cache = case.cache();
    let mut unheard = Unheard::new();
    let mut heard = 0_u64;
    each(
        &todo,
        jobs,
        &|| desk.stopped(),
        |todo, stop| listen_one(door, &cache, todo, stop, &counter),
        |index, result| {
            let todo = &todo[index];
            match result {
                Ok(Some(listened)) => store(desk, case, door, todo, &listened)?,
                Ok(None) => {}
                Err(Unfit::Stopped) => return Err(Error::Stopped),
                Err(Unfit::All(error)) => return Err(*error),
                Err(Unfit::File(reason)) => {
                    desk.tell(&Event::refused(Step::Listen, &todo.path, &reason));
                    unheard.insert(todo.id, reason);
                    return Ok(());
                }
            }
            heard += 1;
            let note = format!("heard {} {}", todo.id.short(), shown(&todo.path));
            desk.tell(&Event::Noted { step: Step::Listen, note });
            Ok(())
        },
    )?;
    desk.stop_if_asked()?;
    if unheard.values().any(|reason| reason == gather::NO_SUCH_FILE) {
        desk.tell(&Event::warned(
            "if the evidence was moved, `recount add CASE FOLDER` tells the case where it is now",
        ));
    }
    let counts = [("heard", heard), ("heard_before", known), ("skipped", unheard.len() as u64)];
    desk.tell(&Event::Finished { step: Step::Listen, counts: counts.into() });
    Ok(unheard)
}

/// A recording to listen to.
#[derive(Debug)]
struct Todo {
    id: SourceId,
    path: PathBuf,
    size_bytes: u64,
    recording: Recording,
    /// What an earlier run found, where only the cache is missing.
    stretches: Option<Vec<Stretch>>,
    tag: u64,
}

/// What is still to be heard, longest work first so that no thread is left with a long
/// recording at the end; and the number of recordings that are done.
fn to_listen(case: &Case, door: &Door) -> Result<(Vec<Todo>, u64), Error> {
    let tag = sound_tag(door.ffmpeg_version());
    let cache = case.cache();
    let mut todo = Vec::new();
    let mut known = 0;
    for (source, recording) in case.recordings()? {
        if recording.audio.is_empty() {
            continue;
        }
        let is_done = case.is_done(&step(door, source.id))?;
        let listened = if is_done { case.listened(&source.id)? } else { None };
        let stretches = listened.map(|listened| listened.stretches);
        let cached = || {
            KeptSound::open(&cache.file(&source.id, SOUND), tag, usize::MAX).is_ok()
                && heard(&cache, &source.id, tag).is_some()
        };
        if stretches.is_some() && cached() {
            known += 1;
            continue;
        }
        let path = paths::locate(case, &source)?;
        let (id, size_bytes) = (source.id, source.size_bytes);
        todo.push(Todo { id, path, size_bytes, recording, stretches, tag });
    }
    let work = |todo: &Todo| (todo.recording.duration.max(MediaTime::ZERO), todo.size_bytes);
    todo.sort_by(|a, b| work(b).cmp(&work(a)).then(a.id.cmp(&b.id)));
    Ok((todo, known))
}

/// What identifies listening to one recording.
fn step(door: &Door, id: SourceId) -> case::Step {
    case::Step {
        name: "listen".to_owned(),
        version: LISTEN_VERSION,
        params: json!({ "rate_hz": align::RATE_HZ, "ffmpeg": door.ffmpeg_version() }),
        inputs: vec![id],
    }
}

/// Makes what is missing; `None` if the evidence did not have to be read for it.
fn listen_one(
    door: &Door,
    cache: &Cache,
    todo: &Todo,
    stop: &dyn Fn() -> bool,
    counter: &Counter,
) -> Result<Option<Listened>, Unfit> {
    if let Some(stretches) = &todo.stretches
        && let Some(heard) = heard_from_kept(cache, todo, stretches)
    {
        write_heard(cache, todo, &heard)?;
        counter.add(todo.recording.duration.seconds() as u64);
        return Ok(None);
    }
    let look = confirm(cache, &todo.id, &todo.path, stop)?;
    let writer = cache.writer(&todo.id, SOUND).map_err(all)?;
    let spool = Spool::to_cache(writer, todo.tag);
    let hearing =
        hear(door, &todo.path, &todo.recording, spool, stop, Some(counter)).map_err(|error| {
            match error {
                NotHeard::Media(error) => unfit(error, &todo.path),
                NotHeard::Kept(error) => all(error),
            }
        })?;
    // The kept sound has its name already; without what was heard of it, it is not used.
    if Look::at(&todo.path).ok() != Some(look) {
        return Err(Unfit::File(
            "it changed while it was being read; wait until it is complete".to_owned(),
        ));
    }
    let outline = write_sealed(cache, (&todo.id, OUTLINE), OUTLINE_TAG, &hearing.outline);
    outline.map_err(all)?;
    write_heard(cache, todo, &hearing.heard)?;
    Ok(Some(hearing.listened))
}

/// Makes sure that the file holds what was added: by its looks, or by its hash.
///
/// # Errors
/// [`Unfit`], when it does not or that cannot be told.
pub fn confirm(
    cache: &Cache,
    added: &SourceId,
    path: &Path,
    stop: &dyn Fn() -> bool,
) -> Result<Look, Unfit> {
    let look = Look::at(path).map_err(|error| Unfit::File(gather::plain_reason(&error)))?;
    if Look::remembered(cache, added, Place::Evidence).as_ref() == Some(&look) {
        return Ok(look);
    }
    let (id, _) = media::hash(path, stop).map_err(|error| unfit(error, path))?;
    if id != *added {
        return Err(Unfit::File("it no longer holds what was added; see `recount verify`".into()));
    }
    look.remember(cache, added, Place::Evidence).map_err(all)?;
    Ok(look)
}

/// Hears the kept sound again, if it is whole.
fn heard_from_kept(cache: &Cache, todo: &Todo, stretches: &[Stretch]) -> Option<Heard> {
    let sound = KeptSound::open(&cache.file(&todo.id, SOUND), todo.tag, usize::MAX).ok()?;
    hear_again(&sound, stretches).ok()
}

fn write_heard(cache: &Cache, todo: &Todo, heard: &Heard) -> Result<(), Unfit> {
    let tag = heard_tag(todo.tag);
    write_sealed(cache, (&todo.id, HEARD), tag, &heard.to_bytes()).map_err(all)
}

/// Stores what was heard, unless it is what the case holds already.
fn store(
    desk: &Desk,
    case: &mut Case,
    door: &Door,
    todo: &Todo,
    listened: &Listened,
) -> Result<(), Error> {
    for warning in &listened.warnings {
        desk.tell(&Event::warned(format!("{warning}: {}", shown(&todo.path))));
    }
    if todo.stretches.as_ref() == Some(&listened.stretches) {
        return Ok(());
    }
    let run = case.begin(&stamp(), &step(door, todo.id))?;
    let (stretches, warnings) = (&listened.stretches, &listened.warnings);
    case.put_listened(&stamp(), &run, &todo.id, stretches, warnings)?;
    case.finish(&stamp(), &run, &json!({ "samples": listened.samples }))?;
    Ok(())
}

fn all(error: impl Into<Error>) -> Unfit {
    Unfit::All(Box::new(error.into()))
}

/// What the ear made of a recording, if that is in the cache and whole.
pub fn heard(cache: &Cache, id: &SourceId, tag: u64) -> Option<Heard> {
    let bytes = open_sealed(&cache.file(id, HEARD), heard_tag(tag)).ok()?;
    Heard::from_bytes(&bytes).ok()
}

/// The kept sound of a recording, if that is in the cache; `nth` as in [`KeptSound::open`].
pub fn sound(cache: &Cache, id: &SourceId, tag: u64, nth: usize) -> Option<KeptSound> {
    KeptSound::open(&cache.file(id, SOUND), tag, nth).ok()
}

/// Whether sound of a recording is kept, whatever made it.
pub fn has_sound(cache: &Cache, id: &SourceId) -> bool {
    cache.has(id, SOUND)
}

/// The kept sound of a recording, whatever made it: good for pictures of it.
pub fn any_sound(cache: &Cache, id: &SourceId) -> Option<KeptSound> {
    KeptSound::open_any(&cache.file(id, SOUND)).ok()
}

/// Throws kept sound away that turned out to be damaged.
pub fn forget_sound(cache: &Cache, id: &SourceId) {
    for what in [SOUND, HEARD] {
        // What cannot be removed will be refused again when it is read.
        let _ = std::fs::remove_file(cache.file(id, what));
    }
}

/// The loudness of a recording over time, if that is in the cache and whole, whatever made it.
pub fn outline(cache: &Cache, id: &SourceId) -> Option<Vec<u8>> {
    open_sealed(&cache.file(id, OUTLINE), OUTLINE_TAG).ok()
}

/// Another ear or other sound gives another tag.
fn heard_tag(sound_tag: u64) -> u64 {
    checksum(format!("heard {} of {sound_tag:016x}", align::HEARD_VERSION).as_bytes())
}
