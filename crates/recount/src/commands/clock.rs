//! `recount clock`: how wrong the clocks are, and what a person says of true time.

use align::clocks::{Clock as Shows, Convention, Marks, Reading, Recorded, Series, readings_of};
use case::Case;
use evidence::civil::Civil;
use evidence::{Basis, ClockReading, MediaTime, SourceId, UtcAnchor, UtcTime};
use publish::{Labels, Shown, Snapshot, times};

use super::{Said, open, open_door, open_locked, synchronise, take_back, use_threads};
use crate::args::Clock;
use crate::desk::{Desk, stamp};
use crate::error::Error;
use crate::event::Event;
use crate::report::{clock, output};
use crate::steps::align::Missing;
use crate::steps::clocks::Trust;
use crate::{named, snapshot};

const NS_PER_S: i64 = 1_000_000_000;

pub(super) fn run(desk: &Desk, asked: &Clock) -> Result<(), Error> {
    let says = asked.utc.is_some() || asked.shows.is_some() || asked.utc_from.is_some();
    if !says && !asked.undo {
        let case = open(desk, &asked.case)?;
        let snapshot = snapshot::of_case(&case)?;
        let only = asked.file.as_ref().map(|file| named::recording(&case, &snapshot, file));
        return show(desk, &case, &snapshot, only.transpose()?);
    }
    use_threads(asked.work);
    let (mut case, _lock) = open_locked(desk, &asked.case)?;
    let before = snapshot::of_case(&case)?;
    let file =
        asked.file.as_ref().map(|file| named::recording(&case, &before, file)).transpose()?;
    if asked.undo {
        undo(desk, &mut case, file)?;
    } else {
        say(desk, &mut case, &before, file, asked)?;
    }
    // What a clock showed moves what is placed by clocks.
    if Trust::of(&case)?.is_asked() {
        let door = open_door(desk)?;
        synchronise(desk, &mut case, &door, asked.work, Missing::KeepsPlacements)?;
    }
    let after = snapshot::of_case(&case)?;
    let contradicted =
        after.utc.iter().flat_map(|utc| &utc.anchors).filter(|word| word.contradicts);
    if contradicted.count() > 0 {
        desk.needs_attention();
        desk.tell(&Event::warned(
            "what was said of UTC contradicts itself; --undo takes back what is wrong",
        ));
    }
    if desk.quiet && !desk.json {
        return Ok(());
    }
    show(desk, &case, &after, file)
}

fn show(
    desk: &Desk,
    case: &Case,
    snapshot: &Snapshot,
    only: Option<SourceId>,
) -> Result<(), Error> {
    let trust = Trust::of(case)?;
    let (survey, puts) = (trust.survey(snapshot), trust.puts(snapshot));
    let labels = Labels::of(snapshot);
    let clocks = clock::Clocks { survey: &survey, snapshot, labels: &labels, only };
    if desk.json {
        return output::print_json(&clock::as_json(&clocks, &puts));
    }
    let hints =
        if trust.is_asked() || only.is_some() { Vec::new() } else { clock::hints(&puts, &labels) };
    output::print(&clock::text(&clocks, &hints))
}

/// Keeps what a person says.
fn say(
    desk: &Desk,
    case: &mut Case,
    snapshot: &Snapshot,
    file: Option<SourceId>,
    asked: &Clock,
) -> Result<(), Error> {
    let labels = Labels::of(snapshot);
    if let Some(from) = &asked.utc_from {
        let source = named::recording(case, snapshot, from)?;
        let convention = |reading: &Reading| {
            let clocks = Trust::of(case).ok()?.survey(snapshot).clocks;
            let own = |clock: &&Shows| {
                clock.series == reading.series
                    && clock.readings.iter().any(|judged| judged.reading.source == source)
            };
            clocks.iter().find(own)?.convention
        };
        let (anchor, said) = anchor_from(snapshot, source, asked.sigma, &convention)?;
        case.put_utc_anchor(&stamp(), &anchor, &said)?;
        return Ok(());
    }
    let Some(source) = file else { return Ok(()) };
    let time = MediaTime(asked.at);
    named::holds(snapshot, source, time)?;
    let at = format!("{} at {}", labels.name(source), times::clock(time.0, 3));
    if let Some(utc) = asked.utc {
        let sigma_ns = asked.sigma.unwrap_or_else(|| sigma_ns(utc.0));
        let said = format!("{at} was {utc}, ± {} s", sigma_ns as f64 / 1e9);
        let anchor = UtcAnchor { source, time, utc, sigma_ns };
        case.put_utc_anchor(&stamp(), &anchor, &said)?;
        if snapshot.recording(source).is_some_and(|shown| !shown.is_placed()) {
            desk.tell(&Event::warned(
                "the recording is on no clock, so its UTC tells nothing of others; it is kept \
                 until it has a place",
            ));
        }
    }
    if let Some(written) = asked.shows {
        let basis = match (written.has_date, written.zone_s) {
            (false, _) => Basis::TimeOfDay,
            (true, None) => Basis::Local,
            (true, Some(_)) => Basis::Utc,
        };
        let ahead_ns = i64::from(written.zone_s.unwrap_or(0)) * NS_PER_S;
        let ns = written.shows_ns.saturating_sub(ahead_ns);
        let sigma_ns = asked.sigma.unwrap_or_else(|| sigma_ns(ns));
        let of = asked.name.as_ref().map_or(String::new(), |name| format!(" {name}"));
        let said =
            format!("clock{of} in {at} showed {}, ± {} s", Civil::of(ns), sigma_ns as f64 / 1e9);
        let clock = asked.name.clone();
        let shows = evidence::Shown { ns, basis };
        let reading = ClockReading { source, time, shows, sigma_ns, clock };
        case.put_reading(&stamp(), &reading, &said)?;
    }
    Ok(())
}

/// How far off a time may be that nobody gave a doubt: what its last digit is worth.
fn sigma_ns(ns: i64) -> i64 {
    if ns % NS_PER_S == 0 { NS_PER_S } else { NS_PER_S / 10 }
}

/// UTC as a file tells it of itself, with the doubt of how it is told.
fn anchor_from(
    snapshot: &Snapshot,
    source: SourceId,
    sigma: Option<i64>,
    convention: &dyn Fn(&Reading) -> Option<Convention>,
) -> Result<(UtcAnchor, String), Error> {
    let none = || Error::Asked {
        what: "this file says nothing of UTC; its times are local, and nobody says where"
            .to_owned(),
        hint: "say it yourself: `recount clock CASE FILE --at TIME --utc 2019-10-21T19:46:05Z`",
    };
    let shown: &Shown = snapshot.recording(source).ok_or_else(none)?;
    let name = shown.source.name();
    let recorded =
        Recorded { id: source, name: &name, recording: &shown.recording, placement: None };
    let in_utc = |reading: &Reading| reading.shows.basis == Basis::Utc;
    let mut readings = readings_of(&recorded).into_iter().filter(in_utc);
    let reading = readings.next().ok_or_else(none)?;
    let duration = shown.recording.duration;
    let (time, open_ns) = match (reading.marks, convention(&reading)) {
        (Marks::At(time), _) => (time, 0),
        (_, Some(Convention::Start)) => (MediaTime::ZERO, 0),
        (_, Some(Convention::End)) => (duration, 0),
        _ if reading.series == Series::Name => (MediaTime::ZERO, 0),
        // Beginning or end: the middle, and half the length of doubt.
        _ => (MediaTime(duration.0 / 2), duration.0 / 2),
    };
    let own_ns = (reading.sigma_ns as f64).hypot(open_ns as f64).ceil() as i64;
    let sigma_ns = sigma.unwrap_or(own_ns);
    let utc = UtcTime(reading.shows.ns);
    let labels = Labels::of(snapshot);
    let said = format!(
        "{} at {} was {utc}, ± {:.1} s, as its {} tells ({})",
        labels.name(source),
        times::clock(time.0, 3),
        sigma_ns as f64 / 1e9,
        reading.series.words(),
        reading.text,
    );
    Ok((UtcAnchor { source, time, utc, sigma_ns }, said))
}

/// Takes back what was said last of UTC or a clock, or all that was said of one recording.
fn undo(desk: &Desk, case: &mut Case, file: Option<SourceId>) -> Result<(), Error> {
    let mut told = Said::of(case.utc_anchors()?, |anchor| anchor.source);
    told.extend(Said::of(case.readings()?, |reading| reading.source));
    told.sort_unstable_by_key(|told| told.id);
    take_back(desk, case, &told, file, "`recount clock CASE` shows what was said")
}
