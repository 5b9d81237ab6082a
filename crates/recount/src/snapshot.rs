//! The case as `publish` wants it: everything at one moment.

use std::collections::BTreeMap;

use case::search::Speakers as _;
use case::{Case, Told};
use evidence::utc::{self, Known};
use evidence::{Island, SourceId, SourceKind, UtcAnchor, Utterance};
use publish::{Labels, Shown, Snapshot, StoodWord, UtcOfIsland, UtcWord, Waveform, Word};

use crate::desk::TOOL;
use crate::error::Error;
use crate::sound::PEAKS_PER_S;
use crate::steps::{listen, voices};

/// Everything the case holds, read at one moment.
///
/// # Errors
/// If the case cannot be read.
pub fn of_case(case: &Case) -> Result<Snapshot, Error> {
    let cache = case.cache();
    let snapshot = case.at_one_moment(|case| {
        let mut snapshot = without_ties(case)?;
        for shown in &mut snapshot.recordings {
            shown.waveform = listen::outline(&cache, &shown.source.id).and_then(waveform);
        }
        snapshot.ties = case.ties()?;
        snapshot.words = words(case)?;
        snapshot.stood = stood(case)?;
        Ok(snapshot)
    })?;
    Ok(snapshot)
}

/// As [`of_case`], with every word that is said.
///
/// # Errors
/// If the case cannot be read.
pub fn with_words(case: &Case) -> Result<Snapshot, Error> {
    let mut snapshot = of_case(case)?;
    for kept in case.kept_transcripts()? {
        snapshot.transcripts.extend(case.transcript(kept.record)?);
    }
    let people = voices::of_case(case)?;
    for transcript in &mut snapshot.transcripts {
        people.apply(transcript);
        // Corrections leave some without words, and add some at the end.
        transcript.utterances.retain(|said| !said.words.is_empty());
        transcript.utterances.sort_by_key(Utterance::start);
    }
    Ok(snapshot)
}

/// What lists need: everything but ties, words and waveforms, read at one moment.
///
/// # Errors
/// If the case cannot be read.
pub fn without_ties(case: &Case) -> Result<Snapshot, case::Error> {
    case.at_one_moment(|case| {
        let mut placements: BTreeMap<_, _> =
            case.placements()?.into_iter().map(|placement| (placement.source, placement)).collect();
        let mut refusals: BTreeMap<_, _> = case.refusals()?.into_iter().collect();
        let mut listened: BTreeMap<_, _> = case.all_listened()?.into_iter().collect();
        let recordings = case.recordings()?.into_iter().map(|(source, recording)| Shown {
            placement: placements.remove(&source.id),
            stretches: listened.remove(&source.id).map(|l| l.stretches).unwrap_or_default(),
            refusal: refusals.remove(&source.id),
            waveform: None,
            source,
            recording,
        });
        let recordings = recordings.collect();
        let documents = case.sources()?.into_iter();
        let documents = documents.filter(|source| source.kind == SourceKind::Document).collect();
        let snapshot = Snapshot {
            title: title(case),
            recordings,
            ties: Vec::new(),
            excerpts: case.excerpts()?,
            documents,
            words: Vec::new(),
            stood: Vec::new(),
            utc: Vec::new(),
            transcripts: Vec::new(),
            tool: TOOL.to_owned(),
        };
        let utc = utc(case, &snapshot)?;
        Ok(Snapshot { utc, ..snapshot })
    })
}

/// What every source of a case is called: recordings as lists show them, documents by their names.
///
/// # Errors
/// If the case cannot be read.
pub fn names(case: &Case) -> Result<BTreeMap<SourceId, String>, Error> {
    let snapshot = without_ties(case)?;
    let labels = Labels::of(&snapshot);
    let recordings = snapshot.recordings.iter().map(|shown| shown.source.id);
    let mut names: BTreeMap<_, _> = recordings.map(|id| (id, labels.name(id))).collect();
    names.extend(snapshot.documents.iter().map(|source| (source.id, source.name())));
    Ok(names)
}

/// True time of the islands that somebody anchored.
fn utc(case: &Case, snapshot: &Snapshot) -> Result<Vec<UtcOfIsland>, case::Error> {
    let mut by_island: BTreeMap<Island, Vec<(Told<UtcAnchor>, Known)>> = BTreeMap::new();
    for told in case.utc_anchors()? {
        let UtcAnchor { source, time, utc, sigma_ns } = told.anchor;
        let placement = snapshot.recording(source).and_then(|shown| shown.placement.as_ref());
        let near = placement.and_then(|p| Some((p.island, p.near(time)?)));
        if let Some((island, (case, own_ns))) = near {
            let sigma_ns = (sigma_ns as f64).hypot(own_ns as f64).ceil() as i64;
            by_island.entry(island).or_default().push((told, Known { case, utc, sigma_ns }));
        }
    }
    let of_island = |(island, told): (Island, Vec<(Told<UtcAnchor>, Known)>)| {
        let known: Vec<Known> = told.iter().map(|(_, known)| *known).collect();
        let fit = utc::fit(&known)?;
        let word = |((told, _), said): ((Told<UtcAnchor>, Known), &utc::Said)| UtcWord {
            anchor: told.anchor,
            said: told.said,
            at_utc: told.at_utc,
            actor: told.actor,
            residual_ns: said.residual_ns,
            contradicts: said.contradicts,
        };
        let anchors = told.into_iter().zip(&fit.said).map(word).collect();
        Some(UtcOfIsland { island, map: fit.map, anchors })
    };
    Ok(by_island.into_iter().filter_map(of_island).collect())
}

/// What persons have said of where recordings lie.
fn words(case: &Case) -> Result<Vec<Word>, case::Error> {
    let word = |told: Told<_>| {
        let Told { anchor, said, at_utc, actor, .. } = told;
        Word { anchor, said, at_utc, actor }
    };
    Ok(case.anchors()?.into_iter().map(word).collect())
}

/// Where persons say that recorders stood.
fn stood(case: &Case) -> Result<Vec<StoodWord>, case::Error> {
    let word = |told: Told<_>| {
        let Told { anchor: stood, said, at_utc, actor, .. } = told;
        StoodWord { stood, said, at_utc, actor }
    };
    Ok(case.stood()?.into_iter().map(word).collect())
}

/// An outline as a waveform, if there is any of it.
pub fn waveform(peaks: Vec<u8>) -> Option<Waveform> {
    (!peaks.is_empty()).then_some(Waveform { peaks_per_s: PEAKS_PER_S, peaks })
}

/// The name of the case's folder without its ending.
fn title(case: &Case) -> String {
    let dir = case.dir().canonicalize().unwrap_or_else(|_| case.dir().to_owned());
    dir.file_stem().map_or_else(|| "case".to_owned(), |stem| stem.to_string_lossy().into_owned())
}
