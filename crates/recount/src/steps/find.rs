//! Where clips are from: hears them, keeps nothing of them, and compares each with every recording
//! of a case.
//!
//! In: clips and a case whose recordings were listened to. Out: an answer for each clip. Writes
//! nothing, neither to the case nor to its cache.

use std::path::PathBuf;

use align::Found;
use case::Case;
use evidence::{Refusal, Source};
use media::Door;

use super::align::{Ready, Watching, as_recording, heard_before};
use super::loose::{self, Clip};
use crate::desk::Desk;
use crate::error::Error;
use crate::event::{Event, Step};

/// What is known of one clip.
#[derive(Debug)]
pub struct Answer {
    /// The clip.
    pub clip: Source,
    /// Where it is from, if it could be heard.
    pub found: Result<Found, Refusal>,
}

/// Hears the clips and looks for them in the case.
///
/// # Errors
/// If there is no clip, none of the case's recordings was heard, ffmpeg cannot be used, or
/// somebody asked to stop.
pub fn run(
    desk: &Desk,
    case: &Case,
    door: &Door,
    clips: &[PathBuf],
    jobs: usize,
) -> Result<Vec<Answer>, Error> {
    let (recordings, unheard) = heard_before(case, door)?;
    if recordings.is_empty() {
        return Err(Error::Asked {
            what: "nothing in this case was listened to yet".to_owned(),
            hint: "run `recount sync CASE` first",
        });
    }
    if unheard > 0 {
        desk.needs_attention();
        desk.tell(&Event::warned(format!(
            "{unheard} of the recordings were not listened to, and nothing is looked for in them; \
             `recount sync CASE` listens to them"
        )));
    }
    let clips = loose::clips(desk, door, clips, jobs)?;
    desk.tell(&Event::Started { step: Step::Align, files: clips.len() });
    let answers = clips.into_iter().map(|clip| answer(desk, clip, &recordings));
    let answers: Vec<Answer> = answers.collect::<Result<_, Error>>()?;
    desk.stop_if_asked()?;
    let counts = [("compared", answers.len() as u64)];
    desk.tell(&Event::Finished { step: Step::Align, counts: counts.into() });
    Ok(answers)
}

fn answer(desk: &Desk, clip: Clip, recordings: &[Ready]) -> Result<Answer, Error> {
    let Clip { source, heard } = clip;
    let found = match heard {
        Err(refusal) => Err(refusal),
        Ok(ready) => {
            let recordings: Vec<_> = recordings.iter().map(as_recording).collect();
            Ok(align::find(&as_recording(&ready), &recordings, &Watching(desk))?)
        }
    };
    Ok(Answer { clip: source, found })
}
