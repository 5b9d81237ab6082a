//! Which recording a person means: by its name as lists show it, its path, or the first digits
//! of its hash.

use std::path::Path;

use case::Case;
use evidence::{MediaTime, SourceId};
use publish::{Labels, Snapshot};

use crate::error::Error;
use crate::report::names::shown_text;

/// So many digits of a hash name a recording, if they are the only ones.
const DIGITS_MIN: usize = 6;

/// The recording that `text` names.
///
/// # Errors
/// [`Error::Asked`] if it names none, or several.
pub fn recording(case: &Case, snapshot: &Snapshot, text: &str) -> Result<SourceId, Error> {
    let labels = Labels::of(snapshot);
    let all = labels.sorted(snapshot);
    let path = Path::new(text).canonicalize().ok();
    let exact = all.iter().filter(|(label, shown)| {
        let place = case.dir().join(&shown.source.path);
        *label == text || Some(&place) == path.as_ref() || shown.source.path == Path::new(text)
    });
    let mut found: Vec<SourceId> = exact.map(|(_, shown)| shown.source.id).collect();
    if found.is_empty() {
        let of_name = all.iter().filter(|(_, shown)| shown.source.name() == text);
        found.extend(of_name.map(|(_, shown)| shown.source.id));
    }
    if found.is_empty() && text.len() >= DIGITS_MIN {
        let of_hash = all.iter().filter(|(_, shown)| shown.source.id.to_string().starts_with(text));
        found.extend(of_hash.map(|(_, shown)| shown.source.id));
    }
    found.sort_unstable();
    found.dedup();
    match found[..] {
        [one] => Ok(one),
        [] => Err(Error::Asked {
            what: format!("no recording of this case has this name: {}", shown_text(text)),
            hint: "`recount status CASE` lists them; six or more digits of a hash name one too",
        }),
        _ => Err(Error::Asked {
            what: format!("several recordings of this case have this name: {}", shown_text(text)),
            hint: "write it as `recount status CASE` shows it, or the first six digits of its hash",
        }),
    }
}

/// That a recording is so long.
///
/// # Errors
/// [`Error::Asked`] if it is not.
pub fn holds(snapshot: &Snapshot, source: SourceId, time: MediaTime) -> Result<(), Error> {
    let Some(shown) = snapshot.recording(source) else { return Ok(()) };
    if time.0 <= shown.recording.duration.0 {
        return Ok(());
    }
    Err(Error::Asked {
        what: format!(
            "{:.3} s is after the end of the recording, which is {:.3} s long: {}",
            time.seconds(),
            shown.recording.duration.seconds(),
            shown_text(&shown.source.name())
        ),
        hint: "name a time in the recording itself, counted from its beginning",
    })
}
