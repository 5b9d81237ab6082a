//! Reads the case for the page: one moment of it, without what the page does not show.

use std::collections::{BTreeMap, BTreeSet};

use case::{Cache, Case, Told};
use evidence::{
    Anchor, Corrected, Excerpt, Island, Named, Piece, Placement, SourceId, SourceKind, TieKind,
};
use publish::{Labels, Shown, Snapshot};

use super::view::{
    AudioView, By, CaseView, CorrectedView, DocumentView, ExcerptView, IslandView, NamedView,
    PieceView, Plays, ProxyState, RecordingView, Span, UtcView, VideoView, WordView, plays,
};
use super::{faces, kinds};
use crate::desk::TOOL;
use crate::error::Error;
use crate::report::names::{shown, shown_text};
use crate::snapshot;
use crate::steps::listen;

/// The case at one moment; what is not in its database (markers, veils, thumbnails, proxies, jobs)
/// is for the caller to fill in.
///
/// # Errors
/// If the case cannot be read.
pub fn case(case: &Case) -> Result<CaseView, Error> {
    let cache = case.cache();
    let (snapshot, words, ties, readings, (names, last)) = case.at_one_moment(|case| {
        let readings = case.readings()?.into_iter().map(|told| told.anchor).collect();
        let (words, ties, names) = (case.anchors()?, case.tie_kinds()?, case.named()?);
        let corrected = case.corrected()?.pop();
        Ok((snapshot::without_ties(case)?, words, ties, readings, (names, corrected)))
    })?;
    let rests_on = rests_on(&ties, &words);
    let mut clocks = faces::of(&snapshot, readings);
    let labels = Labels::of(&snapshot);
    let recordings = labels.sorted(&snapshot).into_iter().map(|(name, shown)| {
        let by = rests_on.get(&shown.source.id).copied();
        let clock = clocks.remove(&shown.source.id);
        RecordingView { clock, ..recording(&cache, &labels, (name, shown), by) }
    });
    let recordings: Vec<RecordingView> = recordings.collect();
    Ok(CaseView {
        revision: 0,
        title: shown_text(&snapshot.title),
        tool: TOOL.to_owned(),
        islands: islands(&snapshot),
        recordings,
        documents: snapshot.documents.iter().map(document).collect(),
        excerpts: snapshot.excerpts.iter().map(excerpt).collect(),
        markers: Vec::new(),
        words: words.into_iter().map(word).collect(),
        named: names.into_iter().map(named).collect(),
        corrected: last.as_ref().map(corrected),
        veil_all: false,
        jobs: Vec::new(),
    })
}

fn recording(
    cache: &Cache,
    labels: &Labels,
    (name, known): (&str, &Shown),
    by: Option<By>,
) -> RecordingView {
    let (source, recording) = (&known.source, &known.recording);
    let placement = known.placement.as_ref().filter(|_| known.is_placed());
    let file_name = source.name();
    RecordingView {
        id: source.id,
        name: shown_text(name),
        path: shown(&source.path),
        size: source.size_bytes,
        duration: recording.duration.seconds(),
        device: kinds::device(recording).map(|device| shown_text(&device)),
        kind: kinds::kind(&file_name, recording),
        video: recording.video.first().map(|track| VideoView {
            width: track.width,
            height: track.height,
            codec: track.codec.clone(),
            fps: track.rate.map(|(frames, seconds)| f64::from(frames) / f64::from(seconds.max(1))),
            rotation: i32::from(track.turned),
        }),
        audio: recording
            .audio
            .first()
            .map(|track| AudioView { codec: track.codec.clone(), channels: track.channels }),
        plays: plays(recording),
        proxy: ProxyState::None,
        proxy_progress: None,
        sound: known
            .stretches
            .iter()
            .map(|stretch| Span { start: stretch.start.seconds(), end: stretch.end.seconds() })
            .collect(),
        pieces: placement.map_or_else(Vec::new, |p| p.pieces.iter().map(piece).collect()),
        island: placement.map(|placement| placement.island.0),
        by: placement.map(|_| by.unwrap_or(By::Sound)),
        refusal: labels.reason(name, known).map(|reason| shown_text(&reason)),
        peaks: listen::has_sound(cache, &source.id),
        thumbs: None,
        veiled: false,
        clock: None,
    }
}

/// Whether the file may be given to a browser.
pub fn is_direct(recording: &evidence::Recording) -> bool {
    plays(recording) == Plays::Direct
}

fn piece(piece: &Piece) -> PieceView {
    PieceView {
        start: piece.start.seconds(),
        end: piece.end.seconds(),
        offset: piece.map.offset_s(),
        drift_ppm: piece.map.drift_ppm(),
        sigma: piece.sigma_s(),
    }
}

fn islands(snapshot: &Snapshot) -> Vec<IslandView> {
    let mut islands: BTreeMap<u32, Vec<&Placement>> = BTreeMap::new();
    let placed = snapshot.recordings.iter().filter(|shown| shown.is_placed());
    for placement in placed.filter_map(|shown| shown.placement.as_ref()) {
        islands.entry(placement.island.0).or_default().push(placement);
    }
    let seconds = |time: evidence::CaseTime| time.seconds();
    let island = |(number, inside): (u32, Vec<&Placement>)| IslandView {
        number,
        recordings: inside.len() as u32,
        start: inside.iter().filter_map(|p| p.case_start()).min().map_or(0.0, seconds),
        end: inside.iter().filter_map(|p| p.case_end()).max().map_or(0.0, seconds),
        utc: utc(snapshot, number),
    };
    islands.into_iter().map(island).collect()
}

/// True time of an island, if somebody has anchored it.
fn utc(snapshot: &Snapshot, island: u32) -> Option<UtcView> {
    let map = snapshot.utc_of(Island(island))?.map;
    let since_zero_s = map.case.seconds() * (1.0 + map.rate_ppm * 1e-6);
    Some(UtcView {
        offset: map.utc.0 as f64 / 1e9 - since_zero_s,
        rate_ppm: map.rate_ppm,
        sigma: map.sigma_ns as f64 / 1e9,
    })
}

/// What the place of each recording rests on: a person's word before all, then what was heard.
fn rests_on(
    ties: &[(SourceId, SourceId, TieKind)],
    words: &[Told<Anchor>],
) -> BTreeMap<SourceId, By> {
    let mut kinds: BTreeMap<SourceId, BTreeSet<TieKind>> = BTreeMap::new();
    for (left, right, kind) in ties {
        kinds.entry(*left).or_default().insert(*kind);
        kinds.entry(*right).or_default().insert(*kind);
    }
    let is_anchored = |id: SourceId| {
        words.iter().filter(|told| told.anchor.source == id).any(|told| {
            let pair = [(id, told.anchor.other), (told.anchor.other, id)];
            ties.iter().any(|(l, r, kind)| *kind == TieKind::Hand && pair.contains(&(*l, *r)))
        })
    };
    let by = |id: SourceId, kinds: &BTreeSet<TieKind>| {
        if is_anchored(id) {
            By::Hand
        } else if kinds.contains(&TieKind::Sound) {
            By::Sound
        } else if kinds.contains(&TieKind::Light) {
            By::Light
        } else if kinds.contains(&TieKind::Clock) {
            By::Clock
        } else {
            By::Hand
        }
    };
    kinds.into_iter().map(|(id, kinds)| (id, by(id, &kinds))).collect()
}

fn document(source: &evidence::Source) -> DocumentView {
    debug_assert_eq!(source.kind, SourceKind::Document);
    DocumentView { id: source.id, name: shown_text(&source.name()), size: source.size_bytes }
}

fn excerpt(excerpt: &Excerpt) -> ExcerptView {
    ExcerptView {
        copy: excerpt.copy,
        start: excerpt.start.seconds(),
        end: excerpt.end.seconds(),
        source: excerpt.source,
        source_start: excerpt.source_start.seconds(),
        speed: excerpt.speed,
        reason: excerpt.reason.map_or("", evidence::CopyReason::clause).to_owned(),
    }
}

fn word(told: Told<Anchor>) -> WordView {
    let Told { id, anchor, said, at_utc, actor } = told;
    WordView {
        id,
        source: anchor.source,
        other: anchor.other,
        said: shown_text(&said),
        actor: shown_text(&actor),
        at_utc,
        locked: anchor.is_locked,
    }
}

fn corrected(told: &Told<Corrected>) -> CorrectedView {
    CorrectedView {
        id: told.id,
        text: shown_text(&told.anchor.text()),
        said: shown_text(&told.said),
        actor: shown_text(&told.actor),
    }
}

fn named(told: Told<Named>) -> NamedView {
    let Told { id, anchor, said, at_utc, actor } = told;
    NamedView {
        id,
        person: shown_text(&anchor.person),
        said: shown_text(&said),
        actor: shown_text(&actor),
        at_utc,
        only: anchor.is_alone,
    }
}
