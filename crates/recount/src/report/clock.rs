//! The clocks of the devices: how far each is off, and what may explain it.

use std::fmt::Write as _;

use align::clocks::{Clock, Error, OnIsland, Puts, Reference, Survey, length, zone_text};
use evidence::civil::Civil;
use evidence::{Basis, SourceId};
use publish::text::{columns, shorten};
use publish::{Labels, Snapshot, times};
use serde_json::{Value, json};

use super::names::shown_text;
use super::status::{BOLD, count};

/// Longer names leave the figures too far away.
const NAME_COLUMNS_MAX: usize = 34;

/// What is shown: all clocks, or those that are in one recording.
#[derive(Clone, Copy, Debug)]
pub struct Clocks<'a> {
    /// The clocks.
    pub survey: &'a Survey,
    /// The case.
    pub snapshot: &'a Snapshot,
    /// What its recordings are called.
    pub labels: &'a Labels,
    /// Only those of this recording, reading by reading.
    pub only: Option<SourceId>,
}

impl Clocks<'_> {
    fn clocks(&self) -> impl Iterator<Item = &Clock> {
        let is_meant = |clock: &&Clock| {
            self.only.is_none_or(|id| clock.readings.iter().any(|r| r.reading.source == id))
        };
        self.survey.clocks.iter().filter(is_meant)
    }

    /// What a clock is called: its device, or the recording that is all there is of one.
    fn name(&self, clock: &Clock) -> String {
        let mut sources: Vec<SourceId> =
            clock.readings.iter().map(|judged| judged.reading.source).collect();
        sources.dedup();
        let is_file = |id: &SourceId| {
            let of = self.snapshot.recording(*id);
            of.is_some_and(|shown| shown.source.name() == clock.device)
        };
        match sources[..] {
            [id] if is_file(&id) => self.labels.name(id),
            _ => clock.device.clone(),
        }
    }
}

/// All of it, as text.
pub fn text(clocks: &Clocks, hints: &[String]) -> String {
    let mut page = String::new();
    if clocks.clocks().next().is_none() {
        let what = if clocks.only.is_some() { "this file" } else { "any file of this case" };
        let _ = writeln!(page, "neither claims nor the name of {what} tell the time of any clock");
    }
    let islands: Vec<u32> = islands(clocks);
    for island in islands {
        on_island(&mut page, clocks, island);
    }
    on_none(&mut page, clocks);
    if clocks.only.is_some() {
        readings(&mut page, clocks);
    }
    words(&mut page, clocks.snapshot);
    if !hints.is_empty() {
        let _ = writeln!(page, "\n{BOLD}Clocks could place{BOLD:#}");
        for hint in hints {
            let _ = writeln!(page, "  {hint}");
        }
    }
    page.trim_start_matches('\n').to_owned()
}

fn islands(clocks: &Clocks) -> Vec<u32> {
    let mut all: Vec<u32> =
        clocks.clocks().flat_map(|clock| clock.on.iter().map(|on| on.island.0)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn on_island(page: &mut String, clocks: &Clocks, island: u32) {
    let reference = clocks.survey.references.iter().find(|r| r.island.0 == island);
    let _ = writeln!(page, "\n{BOLD}Clocks on island {island}{BOLD:#}");
    let of = |clock: &&Clock| clock.on.iter().any(|on| on.island.0 == island);
    let mut devices: Vec<&str> =
        clocks.survey.clocks.iter().filter(of).map(|clock| clock.device.as_str()).collect();
    devices.dedup();
    let _ = writeln!(page, "  {}", compared_with(reference, devices.len()));
    if let Some((zone_s, devices)) = reference.and_then(|reference| reference.zone) {
        let _ = writeln!(
            page,
            "  local time there was {}, as {} {}",
            zone_text(zone_s),
            count(devices, "device"),
            if devices == 1 { "tells" } else { "tell" },
        );
    }
    let rows: Vec<(String, &Clock, &OnIsland)> = clocks
        .clocks()
        .filter(of)
        .flat_map(|clock| clock.on.iter().map(move |on| (clock, on)))
        .filter(|(_, on)| on.island.0 == island)
        .map(|(clock, on)| (shown_text(&clocks.name(clock)), clock, on))
        .collect();
    let wide = rows.iter().map(|row| columns(&row.0)).max().unwrap_or(0);
    let wide = wide.clamp(6, NAME_COLUMNS_MAX);
    let mut last = String::new();
    let _ = writeln!(
        page,
        "  {BOLD}{:<wide$}  {:<14}  {:<26}  wrong by{BOLD:#}",
        "clock", "told by", "shows at case zero"
    );
    for (name, clock, on) in rows {
        let name = shorten(&name, wide, "…");
        // A device is named once.
        let again = std::mem::replace(&mut last, name.clone()) == name;
        let name = if again { String::new() } else { name };
        let pad = " ".repeat(wide - columns(&name));
        let series = clock.series.words();
        let zero = zero(on);
        let off = on.error.as_ref().map_or_else(|| "unknown".to_owned(), wrong_by);
        let _ = writeln!(page, "  {name}{pad}  {series:<14}  {zero:<26}  {off}");
        for remark in remarks(clock, on, clocks.labels) {
            let _ = writeln!(page, "  {:wide$}    {remark}", "");
        }
    }
}

/// What the clocks of an island are compared with.
fn compared_with(reference: Option<&Reference>, devices: usize) -> String {
    match reference {
        None if devices < 2 => {
            "only one device tells a time, so there is nothing to compare it with".to_owned()
        }
        None => "no two devices agree, so nobody can tell which is wrong; with a moment of UTC \
                 (`recount clock CASE FILE --at TIME --utc UTC`) each of them can be judged"
            .to_owned(),
        Some(reference) if reference.is_utc => {
            "compared with UTC, as the case is anchored".to_owned()
        }
        Some(reference) => {
            let devices = count(reference.of, "device");
            // All of two, or most of several.
            let agree = if reference.devices == reference.of {
                format!("{devices} agree on")
            } else {
                format!("{} of {devices} within a minute agree on", reference.devices)
            };
            let doubt = times::doubt(reference.spread_ns).replace('±', "± ");
            format!("compared with what {agree}, to {doubt}; they may all be wrong alike")
        }
    }
}

fn zero(on: &OnIsland) -> String {
    // Tenths are all that clocks of files tell.
    let tenths = on.zero_ns.saturating_add(50_000_000).div_euclid(100_000_000);
    let ns = tenths.saturating_mul(100_000_000);
    let Civil { year, month, day, hour, minute, second, nanosecond } = Civil::of(ns);
    let time = format!("{hour:02}:{minute:02}:{second:02}.{}", nanosecond / 100_000_000);
    match on.basis {
        Basis::Utc => format!("{year:04}-{month:02}-{day:02} {time} UTC"),
        Basis::Local => format!("{year:04}-{month:02}-{day:02} {time}"),
        Basis::TimeOfDay => time,
    }
}

/// `1 h 0 min 37 s ahead, ± 1 s`.
fn wrong_by(error: &Error) -> String {
    let doubt = times::doubt(error.sigma_ns).replace('±', "± ");
    if error.ns.unsigned_abs() < 50_000_000 {
        return format!("0 s, {doubt}");
    }
    let way = if error.ns > 0 { "ahead" } else { "behind" };
    let zone = if error.has_zone { " (its zone is not known)" } else { "" };
    format!("{} {way}, {doubt}{zone}", length(error.ns))
}

fn remarks(clock: &Clock, on: &OnIsland, labels: &Labels) -> Vec<String> {
    let mut remarks: Vec<String> = Vec::new();
    if on.readings > 1 {
        let spread = times::length(on.spread_ns);
        remarks.push(format!("{} within {spread} of their middle", count(on.readings, "reading")));
    }
    if clock.is_several {
        remarks.push(
            "several devices: two of this model ran at the same time; places nothing".to_owned(),
        );
    }
    if let Some((before, after, by_ns)) = on.set_between {
        remarks.push(format!(
            "was put {} by {} between {} and {}, or these are two devices; places nothing",
            if by_ns > 0 { "forward" } else { "back" },
            length(by_ns),
            shown_text(&labels.name(before)),
            shown_text(&labels.name(after)),
        ));
    }
    if clock.is_open {
        remarks.extend(clock.convention.map(|convention| match convention {
            align::clocks::Convention::End => "notes when recordings end".to_owned(),
            align::clocks::Convention::Start => "notes when recordings begin".to_owned(),
        }));
    }
    let reasons = on.error.iter().flat_map(|error| &error.reasons);
    remarks.extend(reasons.map(ToString::to_string));
    remarks
}

/// Clocks of recordings that lie nowhere.
fn on_none(page: &mut String, clocks: &Clocks) {
    let rows: Vec<(String, &Clock)> = clocks
        .clocks()
        .filter(|clock| clock.on.is_empty())
        .map(|clock| (shown_text(&clocks.name(clock)), clock))
        .collect();
    if rows.is_empty() {
        return;
    }
    let wide = rows.iter().map(|row| columns(&row.0)).max().unwrap_or(0);
    let wide = wide.clamp(6, NAME_COLUMNS_MAX);
    let _ = writeln!(page, "\n{BOLD}Clocks that can be compared with nothing{BOLD:#}");
    for (name, clock) in rows {
        let name = shorten(&name, wide, "…");
        let pad = " ".repeat(wide - columns(&name));
        let Some(first) = clock.readings.first() else { continue };
        let more = match clock.readings.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let series = clock.series.words();
        let text = shown_text(&first.reading.text);
        let _ = writeln!(page, "  {name}{pad}  {series:<14}  {text}{more}");
        if let Some(reason) = &clock.begun_anew {
            let _ = writeln!(page, "  {:wide$}    {reason}", "");
        }
    }
}

/// Reading by reading.
fn readings(page: &mut String, clocks: &Clocks) {
    let _ = writeln!(page, "\n{BOLD}Readings{BOLD:#}");
    for clock in clocks.clocks() {
        for judged in &clock.readings {
            let reading = &judged.reading;
            if clocks.only.is_some_and(|id| id != reading.source) {
                continue;
            }
            let at = match reading.marks {
                align::clocks::Marks::At(time) => format!("at {}", times::clock(time.0, 3)),
                align::clocks::Marks::StartOrEnd => match clock.convention {
                    Some(convention) => format!("{} of it", convention.words()),
                    None => "marks its beginning or its end".to_owned(),
                },
            };
            let _ = writeln!(
                page,
                "  {}: {} ({at}; {})",
                clock.series.words(),
                shown_text(&reading.text),
                shown_text(&reading.found_in),
            );
        }
    }
}

/// What persons said of true time.
fn words(page: &mut String, snapshot: &Snapshot) {
    if snapshot.utc.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n{BOLD}UTC{BOLD:#}");
    for utc in &snapshot.utc {
        let _ = writeln!(page, "  {}", utc.sentence());
        for word in &utc.anchors {
            let holds = if word.contradicts {
                let way = if word.residual_ns > 0 { "later" } else { "earlier" };
                format!("it is {} {way} than the others have it", length(word.residual_ns))
            } else {
                "it holds".to_owned()
            };
            let _ = writeln!(
                page,
                "    {}\n      {holds} ({}, {})",
                shown_text(&word.said),
                shown_text(&word.actor),
                shown_text(&word.at_utc),
            );
        }
    }
}

/// What clocks would place if they were believed, in sentences.
pub fn hints(puts: &Puts, labels: &Labels) -> Vec<String> {
    let mut hints: Vec<String> = puts
        .put
        .iter()
        .map(|put| {
            format!(
                "{}: its clock ({}, {}) would put it at {} {} of island {}",
                shown_text(&labels.name(put.source)),
                shown_text(&put.device),
                put.series.words(),
                times::clock(put.offset_ns, 1),
                times::doubt(put.sigma_ns),
                put.island.0,
            )
        })
        .collect();
    hints.extend(puts.joined.iter().map(|joined| {
        format!(
            "the clock of {} would join island {} to island {}: its zero is case time {} {} there",
            shown_text(&joined.device),
            joined.island.0,
            joined.onto.0,
            times::clock(joined.shift_ns, 1),
            times::doubt(joined.sigma_ns),
        )
    }));
    if !hints.is_empty() {
        hints.push("`recount sync CASE --by-clock` does so, and marks it".to_owned());
    }
    hints
}

/// All of it, for programs.
pub fn as_json(clocks: &Clocks, puts: &Puts) -> Value {
    let reading = |judged: &align::clocks::Judged| reading_as_json(clocks, judged);
    let on = |on: &OnIsland| {
        json!({
            "island": on.island,
            "readings": on.readings,
            "shows_at_case_zero": zero(on),
            "basis": on.basis,
            "spread": seconds(on.spread_ns),
            "ahead": on.error.as_ref().map(|error| seconds(error.ns)),
            "sigma": on.error.as_ref().map(|error| seconds(error.sigma_ns)),
            "zone_unknown": on.error.as_ref().map(|error| error.has_zone),
            "reasons": on.error.iter().flat_map(|error| &error.reasons)
                .map(ToString::to_string).collect::<Vec<_>>(),
            "set_between": on.set_between.map(|(before, after, by_ns)| json!({
                "before": clocks.labels.name(before),
                "after": clocks.labels.name(after),
                "by": seconds(by_ns),
            })),
        })
    };
    let clock = |clock: &Clock| {
        json!({
            "clock": clocks.name(clock),
            "told_by": clock.series.words(),
            "marks": clock.convention.map(align::clocks::Convention::words),
            "several_devices": clock.is_several,
            "begun_anew": clock.begun_anew.map(|reason| reason.to_string()),
            "readings": clock.readings.iter().map(reading).collect::<Vec<_>>(),
            "on": clock.on.iter().map(on).collect::<Vec<_>>(),
        })
    };
    let reference = |reference: &Reference| {
        json!({
            "island": reference.island,
            "by": if reference.is_utc { "utc" } else { "devices" },
            "devices": reference.devices,
            "of": reference.of,
            "spread": seconds(reference.spread_ns),
            "zone": reference.zone.map(|(zone_s, _)| zone_text(zone_s)),
        })
    };
    let put = |put: &align::clocks::Put| put_as_json(clocks, put);
    json!({
        "clocks": clocks.clocks().map(clock).collect::<Vec<_>>(),
        "references": clocks.survey.references.iter().map(reference).collect::<Vec<_>>(),
        "would_place": puts.put.iter().map(put).collect::<Vec<_>>(),
        "utc": clocks.snapshot.utc,
    })
}

fn seconds(ns: i64) -> f64 {
    ns as f64 / 1e9
}

fn reading_as_json(clocks: &Clocks, judged: &align::clocks::Judged) -> Value {
    json!({
        "file": clocks.labels.name(judged.reading.source),
        "sha256": judged.reading.source,
        "text": judged.reading.text,
        "found_in": judged.reading.found_in,
        "resolution": seconds(judged.reading.resolution_ns),
        "sigma": seconds(judged.reading.sigma_ns),
        "island": judged.island,
        "ahead": judged.error_ns.map(seconds),
    })
}

fn put_as_json(clocks: &Clocks, put: &align::clocks::Put) -> Value {
    json!({
        "file": clocks.labels.name(put.source),
        "island": put.island,
        "case": seconds(put.offset_ns),
        "sigma": seconds(put.sigma_ns),
        "clock": put.device,
        "told_by": put.series.words(),
        "with": clocks.labels.name(put.with),
    })
}
