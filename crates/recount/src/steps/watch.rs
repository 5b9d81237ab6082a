//! Step `watch`: looks at the brightness of pictures, where sound is not enough.
//!
//! Reads the recordings, what was heard of them, and their files; writes what was seen to the cache
//! and nothing else. Pictures cost far more than sound, so nobody's are looked at unless there is a
//! recording with pictures that has no sound to be placed by, and another with pictures that it
//! might be placed beside. What is in the cache already and whole is not looked at again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use align::{Light, LightMeter};
use case::{Cache, Case};
use evidence::{Recording, SourceId};
use media::Door;

use super::examine::{Unfit, unfit};
use super::hear::sound_tag;
use super::listen::{self, Unheard};
use super::look::Look;
use super::paths;
use crate::desk::{Counter, Desk};
use crate::error::Error;
use crate::event::{Event, Step, Unit};
use crate::pool::each;
use crate::report::names::shown;
use crate::sound::{checksum, open_sealed, write_sealed};

/// What was seen, in the cache.
const LIGHT: &str = "light-v1";

/// What was seen of which recording.
pub type Lights = BTreeMap<SourceId, Light>;

/// What came of the step.
#[derive(Debug, Default)]
pub struct Watched {
    /// What was seen.
    pub lights: Lights,
    /// Recordings that could not be looked at, and why.
    pub unseen: BTreeMap<SourceId, String>,
}

/// A recording as it stands after listening.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Whether it has moving pictures.
    pub has_pictures: bool,
    /// Whether it has enough sound to be placed by.
    pub has_sound: bool,
}

/// Whether light may place anything.
pub fn is_worth_it(candidates: &[Candidate]) -> bool {
    let pictures = || candidates.iter().filter(|candidate| candidate.has_pictures);
    pictures().count() > 1 && pictures().any(|candidate| !candidate.has_sound)
}

/// Looks at the pictures of the recordings of the case, if any recording needs it.
///
/// # Errors
/// If the case or its cache cannot be used, ffmpeg cannot be used, or somebody asked to stop; what
/// was seen until then stays.
pub fn run(
    desk: &Desk,
    case: &Case,
    door: &Door,
    jobs: usize,
    unheard: &Unheard,
) -> Result<Watched, Error> {
    let cache = case.cache();
    let tag = light_tag(door.ffmpeg_version());
    let mut watched = Watched::default();
    let mut todo = Vec::new();
    for (source, recording) in with_pictures(case, door, unheard)? {
        if let Some(light) = seen(&cache, &source.id, tag) {
            watched.lights.insert(source.id, light);
            continue;
        }
        let path = paths::locate(case, &source)?;
        todo.push(Todo { id: source.id, path, recording, look: None });
    }
    if todo.is_empty() {
        return Ok(watched);
    }
    let kept = Kept { cache: &cache, tag };
    let new = watch_all(desk, door, jobs, &mut todo, Some(&kept))?;
    watched.lights.extend(new.lights);
    watched.unseen = new.unseen;
    Ok(watched)
}

/// The recordings whose pictures are to be looked at.
fn with_pictures(
    case: &Case,
    door: &Door,
    unheard: &Unheard,
) -> Result<Vec<(evidence::Source, Recording)>, Error> {
    let tag = sound_tag(door.ffmpeg_version());
    let cache = case.cache();
    let mut recordings = case.recordings()?;
    recordings.retain(|(source, recording)| {
        !recording.video.is_empty() && !unheard.contains_key(&source.id)
    });
    let candidate = |(source, recording): &(evidence::Source, Recording)| Candidate {
        has_pictures: true,
        has_sound: !recording.audio.is_empty()
            && listen::heard(&cache, &source.id, tag).is_none_or(|heard| heard.is_enough()),
    };
    let candidates: Vec<Candidate> = recordings.iter().map(candidate).collect();
    Ok(if is_worth_it(&candidates) { recordings } else { Vec::new() })
}

/// A recording to look at.
#[derive(Debug)]
pub struct Todo {
    /// Which.
    pub id: SourceId,
    /// Where.
    pub path: PathBuf,
    /// What a probe told.
    pub recording: Recording,
    /// How the file looked when it was hashed; without it the cache is asked.
    pub look: Option<Look>,
}

/// Where what was seen is kept.
#[derive(Debug)]
pub struct Kept<'a> {
    cache: &'a Cache,
    tag: u64,
}

/// Looks at pictures, several recordings side by side, the longest first.
///
/// # Errors
/// As [`run`].
pub fn watch_all(
    desk: &Desk,
    door: &Door,
    jobs: usize,
    todo: &mut [Todo],
    kept: Option<&Kept<'_>>,
) -> Result<Watched, Error> {
    desk.tell(&Event::Started { step: Step::Watch, files: todo.len() });
    let seconds = |todo: &Todo| todo.recording.duration.seconds().max(0.0) as u64;
    todo.sort_by(|a, b| seconds(b).cmp(&seconds(a)).then(a.id.cmp(&b.id)));
    let total = todo.iter().map(seconds).sum();
    let counter = Counter::new(desk, Step::Watch, Unit::Seconds, total);
    let mut watched = Watched::default();
    each(
        todo,
        jobs,
        &|| desk.stopped(),
        |todo, stop| watch_one(door, todo, kept, stop, &counter),
        |index, result| {
            let todo = &todo[index];
            match result {
                Ok((light, warnings)) => {
                    for warning in warnings {
                        desk.tell(&Event::warned(format!("{warning}: {}", shown(&todo.path))));
                    }
                    let note = format!("watched {} {}", todo.id.short(), shown(&todo.path));
                    desk.tell(&Event::Noted { step: Step::Watch, note });
                    watched.lights.insert(todo.id, light);
                }
                Err(Unfit::Stopped) => return Err(Error::Stopped),
                Err(Unfit::All(error)) => return Err(*error),
                Err(Unfit::File(reason)) => {
                    desk.tell(&Event::refused(Step::Watch, &todo.path, &reason));
                    watched.unseen.insert(todo.id, reason);
                }
            }
            Ok(())
        },
    )?;
    desk.stop_if_asked()?;
    let (seen, skipped) = (watched.lights.len() as u64, watched.unseen.len() as u64);
    let counts = [("watched", seen), ("skipped", skipped)];
    desk.tell(&Event::Finished { step: Step::Watch, counts: counts.into() });
    Ok(watched)
}

fn watch_one(
    door: &Door,
    todo: &Todo,
    kept: Option<&Kept<'_>>,
    stop: &dyn Fn() -> bool,
    counter: &Counter,
) -> Result<(Light, Vec<String>), Unfit> {
    let look = match (&todo.look, kept) {
        (Some(look), _) => look.clone(),
        (None, Some(kept)) => listen::confirm(kept.cache, &todo.id, &todo.path, stop)?,
        (None, None) => Look::at(&todo.path).map_err(|_| changed())?,
    };
    let (mut meter, mut told_s) = (LightMeter::new(), 0);
    let mut sink = |frame: media::Frame<'_>| {
        let at_s = frame.at.seconds();
        meter.push(at_s, frame.cells);
        if at_s as u64 > told_s {
            counter.add(at_s as u64 - told_s);
            told_s = at_s as u64;
        }
    };
    let watched = door
        .watch_light(&todo.path, &todo.recording, stop, &mut sink)
        .map_err(|error| unfit(error, &todo.path))?;
    // Ctrl-C reaches the reader too, which may then end early and politely.
    if stop() {
        return Err(Unfit::Stopped);
    }
    if Look::at(&todo.path).ok() != Some(look) {
        return Err(changed());
    }
    let light = meter.finish();
    if let Some(kept) = kept {
        write_sealed(kept.cache, (&todo.id, LIGHT), kept.tag, &light.to_bytes())
            .map_err(|error| Unfit::All(Box::new(error)))?;
    }
    Ok((light, watched.warnings))
}

fn changed() -> Unfit {
    Unfit::File("it changed while it was being read; wait until it is complete".to_owned())
}

/// What was seen of a recording, if that is in the cache and whole.
fn seen(cache: &Cache, id: &SourceId, tag: u64) -> Option<Light> {
    Light::from_bytes(&open_sealed(&cache.file(id, LIGHT), tag).ok()?).ok()
}

/// Another decoder or other eyes give another tag.
fn light_tag(ffmpeg_version: &str) -> u64 {
    let made_by = format!("light {} of ffmpeg {ffmpeg_version}", align::LIGHT_VERSION);
    checksum(made_by.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_looked_at_only_where_they_may_place_somebody() {
        let is_worth = |candidates: &[(bool, bool)]| {
            let candidate = |&(has_pictures, has_sound)| Candidate { has_pictures, has_sound };
            is_worth_it(&candidates.iter().map(candidate).collect::<Vec<_>>())
        };
        assert!(is_worth(&[(true, false), (true, true)]));
        assert!(is_worth(&[(true, false), (true, false)]));
        assert!(!is_worth(&[(true, true), (true, true)]));
        assert!(!is_worth(&[(true, false), (false, true)]));
        assert!(!is_worth(&[(true, true), (true, true), (false, false)]));
    }
}
