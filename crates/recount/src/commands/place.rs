//! `recount place`: a person says where a recording lies, and everything is placed anew.

use case::Case;
use evidence::{Anchor, AnchoredBy, CaseTime, MediaTime, Piece, SourceId, Stood};
use publish::{Labels, Snapshot};
use serde_json::json;

use super::{Said, open, open_door, open_locked, synchronise, take_back, use_threads};
use crate::args::Place;
use crate::desk::{Desk, stamp};
use crate::error::Error;
use crate::event::Event;
use crate::report::names::shown_text;
use crate::report::{moved, output};
use crate::steps::align::Missing;
use crate::steps::given;
use crate::{named, snapshot};

pub(super) fn run(desk: &Desk, asked: &Place) -> Result<(), Error> {
    if asked.list {
        let snapshot = snapshot::of_case(&open(desk, &asked.case)?)?;
        if desk.json {
            return output::print_json(&moved::words_json(&snapshot));
        }
        return output::print(&moved::words(&snapshot));
    }
    use_threads(asked.work);
    let (mut case, _lock) = open_locked(desk, &asked.case)?;
    let before = snapshot::of_case(&case)?;
    let placed = case.placements()?;
    let said = if asked.undo {
        undo(desk, &mut case, &before, asked)?;
        None
    } else if let Some(at_mm) = asked.stood {
        let source = named::recording(&case, &before, asked.file.as_deref().unwrap_or_default())?;
        let stood = Stood { source, at_mm, within_mm: asked.within };
        case.put_stood(&stamp(), &stood, &moved::stood_sentence(&stood, &Labels::of(&before)))?;
        None
    } else {
        let anchor = anchor(&case, &before, asked)?;
        let sentence = moved::sentence(&anchor, &Labels::of(&before));
        for said in given::say(&mut case, &anchor, &sentence)? {
            desk.tell(&Event::warned(format!("this takes the place of: {}", shown_text(&said))));
        }
        Some(anchor)
    };
    let door = open_door(desk)?;
    synchronise(desk, &mut case, &door, asked.work, Missing::KeepsPlacements)?;
    let after = snapshot::of_case(&case)?;
    let changes = moved::changes(&placed, &after);
    let tie = said.and_then(|anchor| after.tie_of(&anchor));
    if let Some(sentence) = said.and_then(|anchor| contradicted(&after, &anchor)) {
        desk.needs_attention();
        let what_next = "--lock would hold it against that, --undo takes it back";
        desk.tell(&Event::warned(format!("{sentence}; {what_next}")));
    }
    if desk.json {
        let accepted = said.map(|_| tie.is_some_and(|tie| tie.accepted));
        return output::print_json(&json!({ "accepted": accepted, "changes": changes }));
    }
    if desk.quiet { Ok(()) } else { output::print(&moved::text(&changes)) }
}

/// That a person's word does not hold in the solution, as a sentence; nothing if it does.
pub(crate) fn contradicted(after: &Snapshot, anchor: &Anchor) -> Option<String> {
    let tie = after.tie_of(anchor);
    if tie.is_some_and(|tie| tie.accepted) {
        return None;
    }
    let far_s = tie.and_then(|tie| tie.residual_ns).unwrap_or(0).unsigned_abs() as f64 / 1e9;
    Some(format!(
        "this place is kept, but not used: what was heard, or else was said, contradicts it by \
         {far_s:.3} s; locked, it would hold"
    ))
}

/// What was asked for, as a relation between two recordings.
fn anchor(case: &Case, snapshot: &Snapshot, asked: &Place) -> Result<Anchor, Error> {
    let source = named::recording(case, snapshot, asked.file.as_deref().unwrap_or_default())?;
    named::holds(snapshot, source, MediaTime(asked.media))?;
    let (other, other_time) = match (&asked.with, asked.at) {
        (Some(other), _) => (named::recording(case, snapshot, other)?, MediaTime(asked.other_at)),
        (None, at) => running(snapshot, source, asked.island, CaseTime(at.unwrap_or_default()))?,
    };
    if source == other {
        return Err(Error::Asked {
            what: "a recording cannot be placed by itself".to_owned(),
            hint: "name another recording with --with",
        });
    }
    Ok(Anchor {
        source,
        time: MediaTime(asked.media),
        other,
        other_time,
        sigma_ns: asked.sigma,
        is_locked: asked.lock,
        by: AnchoredBy::Hand,
    })
}

/// The recording of an island that was running at a case time and whose place is surest, with its
/// own time; if none was running, the one that ran nearest.
fn running(
    snapshot: &Snapshot,
    but: SourceId,
    island: u32,
    at: CaseTime,
) -> Result<(SourceId, MediaTime), Error> {
    let placements = snapshot.recordings.iter().filter_map(|shown| shown.placement.as_ref());
    let there = placements.filter(|p| p.island.0 == island && p.source != but);
    let pieces = there.flat_map(|p| p.pieces.iter().map(|piece| (p.source, piece)));
    let away_ns = |piece: &Piece| {
        let (start, end) = (piece.case_start().0, piece.case_end().0);
        start.saturating_sub(at.0).max(at.0.saturating_sub(end)).max(0)
    };
    let nearest = pieces.min_by_key(|(source, piece)| (away_ns(piece), piece.sigma_ns, *source));
    let (other, piece) = nearest.ok_or_else(|| Error::Asked {
        what: format!("there is no other recording on island {island}"),
        hint: "name a recording with --with and its time with --other-at",
    })?;
    Ok((other, piece.map.to_media(at)))
}

/// Takes back what was said last, or all that was said of one recording.
fn undo(desk: &Desk, case: &mut Case, snapshot: &Snapshot, asked: &Place) -> Result<(), Error> {
    let mut told = Said::of(case.anchors()?, |anchor| anchor.source);
    told.extend(Said::of(case.stood()?, |stood| stood.source));
    told.sort_unstable_by_key(|told| told.id);
    let file =
        asked.file.as_ref().map(|file| named::recording(case, snapshot, file)).transpose()?;
    take_back(desk, case, &told, file, "`recount place CASE --list` shows what was said")
}
