//! `recount voices`: who speaks in a case, and who a person says that is.

use std::fmt::Write as _;

use case::Case;
use evidence::{MediaTime, Named, SourceId};
use publish::{Labels, Snapshot, times};
use serde_json::json;

use super::{Said, open, open_locked, take_back};
use crate::args::Voices;
use crate::desk::Desk;
use crate::error::Error;
use crate::report::names::{shown, shown_text};
use crate::report::output;
use crate::steps::voices::{People, choose, of_case, say};
use crate::{named, snapshot};

pub(super) fn run(desk: &Desk, asked: &Voices) -> Result<(), Error> {
    let matching = match (asked.matching, asked.no_matching) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    if asked.who.is_some() && asked.name.is_none() && !asked.undo {
        return Err(Error::Asked {
            what: "nothing is said of this voice".to_owned(),
            hint: "say who it is with --is NAME; without a voice all of them are shown",
        });
    }
    let changes = asked.undo || asked.name.is_some() || matching.is_some();
    if !changes {
        let case = open(desk, &asked.case)?;
        return show(desk, &case, asked);
    }
    let (mut case, _lock) = open_locked(desk, &asked.case)?;
    choose(&mut case, matching)?;
    let snapshot = snapshot::without_ties(&case)?;
    if asked.undo {
        let told = Said::of(case.named()?, |named| named.source);
        let of =
            asked.who.as_deref().map(|who| named::recording(&case, &snapshot, who)).transpose()?;
        take_back(desk, &mut case, &told, of, "`recount voices CASE` shows who is named")?;
    } else if let Some(person) = &asked.name {
        let said = name(&case, &snapshot, asked, person)?;
        say(&mut case, &said, &Labels::of(&snapshot))?;
    }
    show(desk, &case, asked)
}

/// What a person says of a voice.
fn name(case: &Case, snapshot: &Snapshot, asked: &Voices, person: &str) -> Result<Named, Error> {
    let who = asked.who.as_deref().unwrap_or_default();
    let (source, at) = match asked.at {
        Some(at) => {
            let source = named::recording(case, snapshot, who)?;
            named::holds(snapshot, source, MediaTime(at))?;
            (source, MediaTime(at))
        }
        None => moment_of(&of_case(case)?, who)?,
    };
    Ok(Named { source, at, person: person.to_owned(), is_alone: asked.only })
}

/// Where the voice is heard that the list shows under a number.
fn moment_of(people: &People, who: &str) -> Result<(SourceId, MediaTime), Error> {
    let number = who.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let person = number.and_then(|number| people.persons.get(number));
    let person = person.ok_or_else(|| Error::Asked {
        what: format!("there is no voice of this number: {}", shown_text(who)),
        hint: "give the number that `recount voices CASE` shows, or a recording and --at TIME",
    })?;
    Ok((person.example.source, person.example.at))
}

fn show(desk: &Desk, case: &Case, asked: &Voices) -> Result<(), Error> {
    let people = of_case(case)?;
    let snapshot = snapshot::without_ties(case)?;
    let labels = Labels::of(&snapshot);
    if desk.json {
        let voices: Vec<_> = people.persons.iter().zip(1..).map(|(person, number)| json!({
            "number": number,
            "name": person.name,
            "speaks_s": (person.speaks_s * 1000.0).round() / 1000.0,
            "heard_in": person.heard_in.iter().map(|id| shown_text(&labels.name(*id))).collect::<Vec<_>>(),
            "example": {
                "file": shown_text(&labels.name(person.example.source)),
                "source": person.example.source,
                "at": person.example.at.seconds(),
                "text": person.example.text,
            },
        })).collect();
        let named: Vec<_> = case
            .named()?
            .into_iter()
            .map(|told| {
                json!({
                    "file": shown_text(&labels.name(told.anchor.source)),
                    "at": told.anchor.at.seconds(),
                    "person": told.anchor.person,
                    "only": told.anchor.is_alone,
                    "by": told.actor,
                    "when": told.at_utc,
                })
            })
            .collect();
        return output::print_json(
            &json!({ "case": shown(&asked.case), "voices": voices, "named": named }),
        );
    }
    if desk.quiet && (asked.name.is_some() || asked.undo) {
        return Ok(());
    }
    if people.persons.is_empty() {
        return output::print("no voices are known yet; `recount transcribe` listens for them\n");
    }
    output::print(&text(&people, &labels))
}

fn text(people: &People, labels: &Labels) -> String {
    let mut text = String::new();
    for (person, number) in people.persons.iter().zip(1..) {
        let name = person.name.as_deref().map_or_else(|| "not named".to_owned(), shown_text);
        let example = &person.example;
        let count = match person.heard_in.len() {
            1 => "1 recording".to_owned(),
            more => format!("{more} recordings"),
        };
        let _ = writeln!(
            text,
            "Voice {number:<3} {name}, {} in {count}\n          {} {}  {}",
            length(person.speaks_s),
            shown_text(&labels.name(example.source)),
            times::clock(example.at.0, 1),
            shown_text(&example.text),
        );
    }
    text
}

fn length(s: f64) -> String {
    if s < 60.0 {
        format!("{s:.0} s")
    } else {
        format!("{} min {:02.0} s", (s / 60.0) as u64, s % 60.0)
    }
}
