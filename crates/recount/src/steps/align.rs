//! Step `align`: places every recording that shares sound with another on the case clock.
//!
//! Reads what `listen` heard; writes placements, ties, refusals and excerpts, all at once. Decides
//! nothing itself. Done already for the same recordings, heard the same way: not done again.

use std::collections::BTreeMap;

use align::{Alignment, Findings, Heard, Light, Sound, Watch};
use case::Case;
use evidence::{Recording, Refusal, Source, SourceId};
use media::Door;
use serde_json::json;

use super::clocks::Trust;
use super::given::{Mute, Word};
use super::hear::sound_tag;
use super::listen::{self, Unheard};
use super::watch::Watched;
use crate::desk::{Desk, stamp};
use crate::error::Error;
use crate::event::{Event, Step, Unit};
use crate::sound::{KeptSound, checksum, open_sealed, write_sealed_of_case};

/// Counted up when the same sound would be placed otherwise.
const ALIGN_VERSION: u32 = 15;

/// What was found between any two recordings.
const FINDINGS: &str = "findings-v1";

/// Of a recording that cannot be heard.
static NO_SOUND: Vec<f32> = Vec::new();

/// A recording as it goes into the alignment.
#[derive(Debug)]
pub struct Ready {
    /// Which.
    pub id: SourceId,
    /// What to call it in a refusal.
    pub name: String,
    /// What the ear made of it.
    pub heard: Heard,
    /// Its sound, if it has any.
    pub sound: Option<KeptSound>,
    /// What was seen of its pictures, where they were looked at.
    pub light: Option<Light>,
}

/// What is done when recordings that were placed cannot be heard any more (the disc is away, and
/// the cache was deleted or another ffmpeg is used).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The placements of before stay: a disc that is away takes no findings with it.
    KeepsPlacements,
    /// The rest is placed anew without them.
    IsLeftOut,
}

/// What came of a run of the step.
#[derive(Debug)]
pub enum Outcome {
    /// The case holds the alignment.
    Done,
    /// Kept sound was missing, or damaged and so thrown away: listen again, then align again.
    ListenAgain,
}

/// What the steps before made of the recordings.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// Those that could not be listened to.
    pub unheard: &'a Unheard,
    /// What was seen, and of which nothing could be.
    pub watched: &'a Watched,
}

/// Aligns the recordings of the case; `missing` says what is done if some that were placed could
/// not be heard or seen now.
///
/// # Errors
/// If the case cannot be written or somebody asked to stop; the alignment before stands then.
pub fn run(
    desk: &Desk,
    case: &mut Case,
    door: &Door,
    taken: Taken<'_>,
    missing: Missing,
) -> Result<Outcome, Error> {
    let Taken { unheard, watched } = taken;
    let recordings = case.recordings()?;
    let word = Word::of(case)?;
    let trust = Trust::of(case)?;
    let step = step(door, &recordings, taken, (&word, &trust));
    if case.is_done(&step)? {
        desk.tell(&Event::Finished { step: Step::Align, counts: BTreeMap::new() });
        return Ok(Outcome::Done);
    }
    let placements = case.placements()?;
    let is_lost = |id| unheard.contains_key(id) || watched.unseen.contains_key(id);
    let lost = placements.iter().filter(|placement| is_lost(&placement.source)).count();
    if lost > 0 && missing == Missing::KeepsPlacements {
        desk.needs_attention();
        desk.tell(&Event::warned(format!(
            "everything stays placed as it was, because {lost} of the recordings placed before \
             cannot be heard now; bring them back and run the same again, or place the rest anew \
             with --without-missing"
        )));
        return Ok(Outcome::Done);
    }
    let Some(ready) = read(case, door, &recordings, taken) else {
        return Ok(Outcome::ListenAgain);
    };
    let mute = word.mute(&recordings, &ready.iter().map(|r| r.id).collect::<Vec<_>>());
    let cache = case.cache();
    let tag = findings_tag(door);
    let findings = open_sealed(&cache.file_of_case(FINDINGS), tag).ok();
    let findings = findings.and_then(|bytes| Findings::from_bytes(&bytes).ok()).unwrap_or_default();
    let alignment = place(desk, &ready, &mute, &word, &findings);
    // Also after a stop: what was found by then need not be found again.
    write_sealed_of_case(&cache, FINDINGS, tag, &findings.to_bytes())?;
    let mut alignment = match alignment {
        Ok(alignment) => alignment,
        Err(error) => return damaged(case, &ready).ok_or(error),
    };
    desk.stop_if_asked()?;
    trust.place(&mut alignment, &recordings);
    let is_placed = |id: SourceId| alignment.placements.iter().any(|p| p.source == id);
    let unplaceable = unplaceable(&recordings, unheard);
    let mut refusals = alignment.refusals;
    // Of a recording without sound it is told that it has none, not that it is silent.
    refusals.retain(|(id, _)| unplaceable.iter().all(|(other, _)| other != id));
    refusals.extend(unplaceable.into_iter().filter(|(id, _)| !is_placed(*id)));
    refusals.sort_by_key(|(id, _)| *id);
    let run = case.begin(&stamp(), &step)?;
    case.replace_alignment(
        &stamp(),
        &run,
        &alignment.placements,
        &alignment.ties,
        &refusals,
        &alignment.excerpts,
    )?;
    let counts = json!({ "placed": alignment.placements.len(), "unplaced": refusals.len() });
    case.finish(&stamp(), &run, &counts)?;
    Ok(Outcome::Done)
}

/// What the case keeps of recordings that were listened to, and how many with sound were not.
///
/// # Errors
/// If the case cannot be read.
pub fn heard_before(case: &Case, door: &Door) -> Result<(Vec<Ready>, usize), Error> {
    let tag = sound_tag(door.ffmpeg_version());
    let cache = case.cache();
    let (mut ready, mut unheard) = (Vec::new(), 0);
    for (source, recording) in case.recordings()? {
        if recording.audio.is_empty() {
            continue;
        }
        let heard = listen::heard(&cache, &source.id, tag);
        let sound = listen::sound(&cache, &source.id, tag, ready.len());
        match heard.zip(sound) {
            Some((heard, sound)) => {
                let (id, name, sound) = (source.id, source.name(), Some(sound));
                ready.push(Ready { id, name, heard, sound, light: None });
            }
            None => unheard += 1,
        }
    }
    Ok((ready, unheard))
}

/// As the alignment takes it.
pub fn as_recording(ready: &Ready) -> align::Recording<'_> {
    align::Recording {
        id: ready.id,
        name: &ready.name,
        heard: &ready.heard,
        sound: ready.sound.as_ref().map_or(&NO_SOUND as &dyn Sound, |sound| sound),
        light: ready.light.as_ref(),
        stood: None,
    }
}

/// Another ear, decoder or alignment finds otherwise.
fn findings_tag(door: &Door) -> u64 {
    let sound = sound_tag(door.ffmpeg_version());
    let (ear, form) = (align::HEARD_VERSION, align::FINDINGS_VERSION);
    checksum(
        format!("findings {form}, align {ALIGN_VERSION}, ear {ear} of {sound:016x}").as_bytes(),
    )
}

/// Puts recordings on one clock and tells what came of it.
///
/// # Errors
/// If kept sound cannot be read or somebody asked to stop.
pub fn place(
    desk: &Desk,
    ready: &[Ready],
    mute: &[Mute],
    word: &Word,
    findings: &Findings,
) -> Result<Alignment, Error> {
    desk.tell(&Event::Started { step: Step::Align, files: ready.len() });
    let ready = ready.iter().map(as_recording);
    let mute = mute.iter().map(|mute| align::Recording {
        id: mute.id,
        name: "",
        heard: &mute.heard,
        sound: &NO_SOUND,
        light: None,
        stood: None,
    });
    let stood = |id| word.stood.iter().rev().find(|stood| stood.source == id).copied();
    let recordings: Vec<_> =
        ready.chain(mute).map(|r| align::Recording { stood: stood(r.id), ..r }).collect();
    let alignment =
        align::synchronise_knowing(&recordings, &word.given(), findings, &Watching(desk))?;
    let islands: std::collections::BTreeSet<_> =
        alignment.placements.iter().map(|placement| placement.island).collect();
    let counts = BTreeMap::from([
        ("placed", alignment.placements.len() as u64),
        ("islands", islands.len() as u64),
        ("not_placed", alignment.refusals.len() as u64),
    ]);
    desk.tell(&Event::Finished { step: Step::Align, counts });
    Ok(alignment)
}

/// Why recordings never came to be compared.
pub fn unplaceable(
    recordings: &[(Source, Recording)],
    unheard: &Unheard,
) -> Vec<(SourceId, Refusal)> {
    let refusal = |(source, recording): &(Source, Recording)| {
        if let Some(why) = unheard.get(&source.id) {
            return Some((source.id, Refusal::Unreadable { why: why.clone() }));
        }
        recording.audio.is_empty().then_some((source.id, Refusal::NoAudio))
    };
    recordings.iter().filter_map(refusal).collect()
}

/// What identifies aligning these recordings.
fn step(
    door: &Door,
    recordings: &[(Source, Recording)],
    taken: Taken<'_>,
    (word, trust): (&Word, &Trust),
) -> case::Step {
    let unheard: BTreeMap<_, _> =
        taken.unheard.iter().map(|(id, why)| (id.to_string(), why)).collect();
    let mut params = json!({
        "ear": align::HEARD_VERSION, "ffmpeg": door.ffmpeg_version(), "unheard": unheard,
    });
    let seen: Vec<_> = taken.watched.lights.keys().map(ToString::to_string).collect();
    if !seen.is_empty() {
        params["seen"] = json!({ "eye": align::LIGHT_VERSION, "of": seen });
    }
    if let Some(given) = word.params() {
        params["given"] = given;
    }
    if let Some(stood) = word.stood_params() {
        params["stood"] = stood;
    }
    if let Some(clocks) = trust.params(recordings) {
        params["by_clock"] = clocks;
    }
    case::Step {
        name: "align".to_owned(),
        version: ALIGN_VERSION,
        params,
        inputs: recordings.iter().map(|(source, _)| source.id).collect(),
    }
}

/// Reads what was heard; `None` if the cache does not hold all of it any more.
fn read(
    case: &Case,
    door: &Door,
    recordings: &[(Source, Recording)],
    taken: Taken<'_>,
) -> Option<Vec<Ready>> {
    let tag = sound_tag(door.ffmpeg_version());
    let cache = case.cache();
    let mut ready = Vec::new();
    for (source, recording) in recordings {
        let (id, name) = (source.id, source.name());
        let light = taken.watched.lights.get(&id).cloned();
        if !recording.audio.is_empty() && !taken.unheard.contains_key(&id) {
            let heard = listen::heard(&cache, &id, tag)?;
            let sound = Some(listen::sound(&cache, &id, tag, ready.len())?);
            ready.push(Ready { id, name, heard, sound, light });
        } else if light.is_some() {
            let heard = Heard::nothing(recording.duration.seconds());
            ready.push(Ready { id, name, heard, sound: None, light });
        }
    }
    Some(ready)
}

/// After an error: whether kept sound is to blame. All of it is looked through then, and what is
/// damaged thrown away.
fn damaged(case: &Case, ready: &[Ready]) -> Option<Outcome> {
    let sounds = || ready.iter().filter_map(|ready| Some((ready.id, ready.sound.as_ref()?)));
    if !sounds().any(|(_, sound)| sound.is_damaged()) {
        return None;
    }
    for (id, sound) in sounds() {
        if sound.play(|_| ()).is_err() {
            listen::forget_sound(&case.cache(), &id);
        }
    }
    Some(Outcome::ListenAgain)
}

/// Passes on what the alignment tells.
pub struct Watching<'a>(pub &'a Desk);

impl Watch for Watching<'_> {
    fn advanced(&self, done: usize, total: usize) {
        let (done, total) = (done as u64, total as u64);
        self.0.tell(&Event::Advanced { step: Step::Align, unit: Unit::Comparisons, done, total });
    }

    fn stopped(&self) -> bool {
        self.0.stopped()
    }
}
