//! What a person should listen to: speech that nobody has written down for certain.
//!
//! Reads the case and changes nothing. What one recording could not make out is no work where another on its clock could.

use case::Case;
use evidence::{CaseTime, Island, MediaTime, Placement, SourceId, UnclearReason};
use speech::shared::Told;

use super::said::{SURE, Said, is_copy, of_case};
use crate::error::Error;

/// Where so much of a stretch is told from elsewhere, nothing is left to hear in it.
const TOLD_SHARE: f64 = 0.5;

/// A stretch of speech to listen to.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// On which clock; without one, times are those of the recording.
    pub island: Option<Island>,
    /// The recording to listen to.
    pub source: SourceId,
    /// Where it begins.
    pub start: CaseTime,
    /// Where it ends.
    pub end: CaseTime,
    /// Where it begins on the recording's own clock.
    pub media: MediaTime,
    /// Why.
    pub doubt: Doubt,
}

/// Why a person should listen.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// Something was written down, and of at least one word nobody is sure: the words with how sure each is.
    Unsure(Vec<(String, f32)>),
    /// There is a voice, and nothing was written down, or what is written of noise too and was left out.
    NotUnderstood(UnclearReason),
}

/// A span of case time, nanoseconds.
type Span = (i64, i64);

/// All that is left to listen to, clock by clock as [`of_case`] has them, in order; and whether any words are known at all.
///
/// # Errors
/// If the case cannot be read.
pub fn left(case: &Case) -> Result<(Vec<Stretch>, bool), Error> {
    case.at_one_moment(|case| Ok(left_at_this_moment(case)))?
}

fn left_at_this_moment(case: &Case) -> Result<(Vec<Stretch>, bool), Error> {
    let all = of_case(case)?;
    let placements = case.placements()?;
    let of = |source: SourceId| placements.iter().find(move |p| p.source == source);
    let mut left = Vec::new();
    for said in &all {
        let unsure = said.told.iter().filter_map(|told| unsure(said, told, of));
        left.extend(unsure);
    }
    let mut silent = not_understood(case, &placements)?;
    // The longest first: what lies within it is the same work.
    silent.sort_by_key(|stretch| stretch.start.0 - stretch.end.0);
    let mut kept: Vec<Stretch> = Vec::new();
    for stretch in silent {
        let same = |island, source| match stretch.island {
            Some(_) => island == stretch.island,
            None => source == stretch.source,
        };
        let here = all.iter().filter(|said| said.sources.iter().any(|s| same(said.island, *s)));
        let told = here.flat_map(|said| &said.told).map(span_of);
        let others = kept.iter().filter(|other| same(other.island, other.source));
        let spans: Vec<Span> = told.chain(others.map(|o| (o.start.0, o.end.0))).collect();
        let whole = (stretch.start.0, stretch.end.0);
        if (covered_ns(spans, whole) as f64) < TOLD_SHARE * (whole.1 - whole.0) as f64 {
            kept.push(stretch);
        }
    }
    left.extend(kept);
    // What is on no clock comes last, recording by recording.
    let place =
        |s: &Stretch| (s.island.is_none(), s.island, s.island.is_none().then_some(s.source));
    left.sort_by_key(|stretch| (place(stretch), stretch.start.0, stretch.end.0));
    Ok((left, !all.is_empty()))
}

fn unsure<'a>(
    said: &Said,
    told: &Told,
    of: impl Fn(SourceId) -> Option<&'a Placement>,
) -> Option<Stretch> {
    if told.words.iter().all(|word| word.word.confidence >= SURE) {
        return None;
    }
    let (source, (start, end)) = (said.sources[told.best], span_of(told));
    let media = match of(source).filter(|_| said.island.is_some()) {
        Some(placement) => media_of(placement, CaseTime(start))?,
        None => MediaTime(start),
    };
    let words = told.words.iter().map(|word| (word.word.text.clone(), word.word.confidence));
    Some(Stretch {
        island: said.island,
        source,
        start: CaseTime(start),
        end: CaseTime(end),
        media,
        doubt: Doubt::Unsure(words.collect()),
    })
}

/// What the recognisers say that they could not make out. Where they wrote something, the words say how sure they are.
fn not_understood(case: &Case, placements: &[Placement]) -> Result<Vec<Stretch>, Error> {
    let excerpts = case.excerpts()?;
    let mut found = Vec::new();
    for (source, _) in case.recordings()? {
        let placement = placements.iter().find(|placement| placement.source == source.id);
        if placement.is_some_and(|placement| is_copy(placement, &excerpts)) {
            continue;
        }
        // The last is a document, if there is any.
        let Some(transcript) = case.transcripts(&source.id)?.pop() else { continue };
        for unclear in &transcript.unclear {
            let to_case = |at: MediaTime| match placement {
                Some(placement) => placement.near(at).map(|(at, _)| at),
                None => Some(CaseTime(at.0)),
            };
            let (Some(start), Some(end)) = (to_case(unclear.start), to_case(unclear.end)) else {
                continue;
            };
            if unclear.reason == UnclearReason::LowConfidence || end <= start {
                continue;
            }
            found.push(Stretch {
                island: placement.map(|placement| placement.island),
                source: source.id,
                start,
                end,
                media: unclear.start,
                doubt: Doubt::NotUnderstood(unclear.reason),
            });
        }
    }
    Ok(found)
}

/// The moment of a recording that is heard at a case time; the end of the nearest piece where that lies in a gap.
pub(super) fn media_of(placement: &Placement, at: CaseTime) -> Option<MediaTime> {
    let clamped = placement.pieces.iter().map(|piece| {
        let media = piece.map.to_media(at);
        let inside = media.max(piece.start).min(piece.end);
        ((media.0 - inside.0).abs(), inside)
    });
    clamped.min_by_key(|(off_ns, _)| *off_ns).map(|(_, inside)| inside)
}

fn span_of(told: &Told) -> Span {
    let end = told.words.iter().map(|word| word.word.end.0).max();
    (told.words[0].word.start.0, end.unwrap_or(told.words[0].word.start.0))
}

/// How much of a stretch lies in any of these spans, nanoseconds.
fn covered_ns(mut spans: Vec<Span>, (start, end): Span) -> i64 {
    spans.sort_unstable();
    let (mut covered, mut until) = (0, start);
    for (from, to) in spans {
        let (from, to) = (from.max(until), to.min(end));
        if to > from {
            covered += to - from;
            until = to;
        }
    }
    covered
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_covered_is_what_a_count_moment_by_moment_says(
            spans in proptest::collection::vec((0_i64..60, 0_i64..20), 0..12),
            start in 0_i64..40,
            long in 1_i64..30,
        ) {
            let spans: Vec<Span> = spans.into_iter().map(|(at, long)| (at, at + long)).collect();
            let end = start + long;
            let is_in = |at: &i64| spans.iter().any(|(from, to)| from <= at && at < to);
            let counted = (start..end).filter(is_in).count() as i64;
            prop_assert_eq!(covered_ns(spans, (start, end)), counted);
        }
    }
}
