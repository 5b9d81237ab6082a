//! Hears one recording: decodes it once, keeps its sound, and remembers what was heard.
//!
//! In: a file and what a probe told of it. Out: a [`Hearing`]. The ear is fed with the sound as
//! it was kept, not as it was decoded, so what was heard is a function of what is kept and can
//! be made again from it, byte for byte, without touching the evidence.

use std::io;
use std::path::Path;

use align::{Heard, Listener};
use evidence::{Recording, Stretch};
use media::{Door, Listened};

use crate::desk::Counter;
use crate::error::Error;
use crate::sound::{KeptSound, Spool, checksum};

/// What came of listening to one recording.
#[derive(Debug)]
pub struct Hearing {
    /// Where sound was recorded, and what the reader had to say.
    pub listened: Listened,
    /// What the ear made of it.
    pub heard: Heard,
    /// The sound itself.
    pub sound: KeptSound,
    /// Its loudness over time, [`crate::sound::PEAKS_PER_S`] a second.
    pub outline: Vec<u8>,
}

/// Why a recording was not heard.
#[derive(Debug)]
pub enum NotHeard {
    /// The media could not be read.
    Media(media::Error),
    /// What was heard could not be kept; no other recording will fare better.
    Kept(Error),
}

/// What made the kept sound: another decoder or another form gives another tag.
pub fn sound_tag(ffmpeg_version: &str) -> u64 {
    checksum(format!("sound 1, {} Hz, ffmpeg {ffmpeg_version}", align::RATE_HZ).as_bytes())
}

/// Listens to one recording and keeps its sound in `spool`; `counter` counts seconds of sound.
///
/// # Errors
/// [`NotHeard`]; nothing is kept then.
pub fn hear(
    door: &Door,
    path: &Path,
    recording: &Recording,
    spool: Spool,
    stop: &dyn Fn() -> bool,
    counter: Option<&Counter>,
) -> Result<Hearing, NotHeard> {
    let listen = |stop: &dyn Fn() -> bool, sink: &mut dyn FnMut(&[f32])| {
        door.listen(path, recording, align::RATE_HZ, stop, sink)
    };
    let (listened, kept) = keep(spool, stop, counter, listen)?;
    kept.hearing(listened)
}

/// As [`hear`], but described by the same run of the reader; `None`, and nothing is kept, when
/// the file is not simple enough for that.
///
/// # Errors
/// [`NotHeard`].
pub fn hear_at_once(
    door: &Door,
    path: &Path,
    spool: Spool,
    stop: &dyn Fn() -> bool,
) -> Result<Option<(Recording, Hearing)>, NotHeard> {
    let listen = |stop: &dyn Fn() -> bool, sink: &mut dyn FnMut(&[f32])| {
        door.listen_at_once(path, align::RATE_HZ, stop, sink)
    };
    match keep(spool, stop, None, listen)? {
        (Some((recording, listened)), kept) => Ok(Some((recording, kept.hearing(listened)?))),
        (None, _) => Ok(None),
    }
}

/// Sound that was kept while it was heard.
struct Kept<'a> {
    spool: Spool<'a>,
    listener: Listener,
}

impl Kept<'_> {
    fn hearing(self, listened: Listened) -> Result<Hearing, NotHeard> {
        let Self { spool, mut listener } = self;
        let kept = spool.finish(&mut |kept| listener.push(kept));
        let (sound, outline) = kept.map_err(NotHeard::Kept)?;
        let heard = listener.finish(&listened.stretches);
        Ok(Hearing { listened, heard, sound, outline })
    }
}

/// Keeps and hears what `listen` gives to the sink that it gets.
fn keep<'a, T>(
    mut spool: Spool<'a>,
    stop: &dyn Fn() -> bool,
    counter: Option<&Counter>,
    listen: impl FnOnce(&dyn Fn() -> bool, &mut dyn FnMut(&[f32])) -> Result<T, media::Error>,
) -> Result<(T, Kept<'a>), NotHeard> {
    let mut listener = Listener::new();
    let mut unkept = None;
    let mut seconds = Seconds::default();
    let listened = {
        let full = std::cell::Cell::new(false);
        let mut sink = |samples: &[f32]| {
            if unkept.is_none() {
                unkept = spool.push(samples, &mut |kept| listener.push(kept)).err();
                full.set(unkept.is_some());
            }
            let whole = seconds.whole_after(samples.len());
            if let Some(counter) = counter.filter(|_| whole > 0) {
                counter.add(whole);
            }
        };
        listen(&|| full.get() || stop(), &mut sink)
    };
    if let Some(error) = unkept {
        return Err(NotHeard::Kept(error));
    }
    let listened = listened.map_err(NotHeard::Media)?;
    // Ctrl-C reaches the reader too, which may then end early and politely: not to be believed.
    if stop() {
        return Err(NotHeard::Media(media::Error::Stopped));
    }
    Ok((listened, Kept { spool, listener }))
}

/// Hears kept sound again.
///
/// # Errors
/// If it cannot be read or is damaged.
pub fn hear_again(sound: &KeptSound, stretches: &[Stretch]) -> io::Result<Heard> {
    let mut listener = Listener::new();
    sound.play(|kept| listener.push(kept))?;
    Ok(listener.finish(stretches))
}

/// Counts samples as whole seconds, so that progress is told once a second of sound at most.
#[derive(Debug, Default)]
struct Seconds {
    samples: u64,
}

impl Seconds {
    fn whole_after(&mut self, more: usize) -> u64 {
        let before = self.samples / u64::from(align::RATE_HZ);
        self.samples += more as u64;
        self.samples / u64::from(align::RATE_HZ) - before
    }
}
