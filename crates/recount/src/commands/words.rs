//! `recount words`: what is said in a case, each utterance once.

use std::collections::BTreeMap;

use case::Case;
use evidence::Island;
use publish::Labels;
use serde_json::json;

use super::{Said as Spoken, open, open_locked, take_back};
use crate::args::Words as Asked;
use crate::desk::Desk;
use crate::error::Error;
use crate::report::names::{shown, shown_text};
use crate::report::output;
use crate::report::said::{UtteranceView, text, utterance};
use crate::report::unclear::{StretchView, list, view};
use crate::steps::said::{Said, of_case};
use crate::steps::{correct, unclear};
use crate::{named, snapshot};

const NO_WORDS: &str = "no words are known yet; `recount transcribe` writes down what is said\n";

pub(super) fn run(desk: &Desk, asked: &Asked) -> Result<(), Error> {
    if asked.at.is_some() || asked.undo {
        return change(desk, asked);
    }
    if asked.who.is_some() {
        return Err(Error::Asked {
            what: "nothing is said of this recording".to_owned(),
            hint: "give --at TIME and --text TEXT or --confirm, or --undo; without it all is shown",
        });
    }
    let case = open(desk, &asked.case)?;
    if asked.corrected {
        return corrected(desk, asked, &case);
    }
    if asked.unclear {
        return unclear(desk, asked, &case);
    }
    let all = of_case(&case)?;
    let snapshot = snapshot::without_ties(&case)?;
    let labels = Labels::of(&snapshot);
    if desk.json {
        let recordings: BTreeMap<String, String> = all
            .iter()
            .flat_map(|said| &said.sources)
            .map(|id| (id.to_string(), shown_text(&labels.name(*id))))
            .collect();
        let clocks: Vec<_> = all.iter().map(clock).collect();
        let case = shown(&asked.case);
        return output::print_json(
            &json!({ "case": case, "recordings": recordings, "clocks": clocks }),
        );
    }
    if all.is_empty() {
        return output::print(NO_WORDS);
    }
    let texts: Vec<String> = all.iter().map(|said| text(said, &labels)).collect();
    output::print(&texts.join("\n"))
}

/// Corrects or confirms an utterance, or takes that back.
fn change(desk: &Desk, asked: &Asked) -> Result<(), Error> {
    let (mut case, _lock) = open_locked(desk, &asked.case)?;
    let snapshot = snapshot::without_ties(&case)?;
    let labels = Labels::of(&snapshot);
    let who = asked.who.as_deref();
    let source = who.map(|who| named::recording(&case, &snapshot, who)).transpose()?;
    if let Some(at) = asked.at {
        if asked.text.is_none() && !asked.confirm {
            return Err(Error::Asked {
                what: "nothing is said of this utterance".to_owned(),
                hint: "write what is said with --text TEXT, or that it is right with --confirm",
            });
        }
        let shown = correct::shown(&case, source, at)?;
        let text = asked.text.clone().unwrap_or_else(|| shown.text());
        correct::say(&mut case, &shown, &text, &labels)?;
        if !desk.json && !desk.quiet {
            let told = case.corrected()?.pop().map(|told| shown_text(&told.said));
            output::print(&format!("{}\n", told.unwrap_or_default()))?;
        }
    } else {
        let told = Spoken::of(case.corrected()?, |corrected| corrected.source);
        let hint = "`recount words CASE --corrected` shows what was corrected";
        take_back(desk, &mut case, &told, source, hint)?;
    }
    if desk.json { corrected(desk, asked, &case) } else { Ok(()) }
}

/// What persons corrected and confirmed.
fn corrected(desk: &Desk, asked: &Asked, case: &Case) -> Result<(), Error> {
    let snapshot = snapshot::without_ties(case)?;
    let labels = Labels::of(&snapshot);
    let all = case.corrected()?;
    if desk.json {
        let rows: Vec<_> = all
            .iter()
            .map(|told| {
                json!({
                    "file": shown_text(&labels.name(told.anchor.source)),
                    "source": told.anchor.source,
                    "start": told.anchor.start.seconds(),
                    "end": told.anchor.end.seconds(),
                    "before": told.anchor.before,
                    "text": told.anchor.text(),
                    "confirmed": told.anchor.is_confirmed(),
                    "by": told.actor,
                    "when": told.at_utc,
                })
            })
            .collect();
        return output::print_json(&json!({ "case": shown(&asked.case), "corrected": rows }));
    }
    if all.is_empty() {
        return output::print("nothing was corrected or confirmed\n");
    }
    let line = |told: &case::Told<evidence::Corrected>| {
        let (by, said) = (shown_text(&told.actor), shown_text(&told.said));
        format!("{}  {by}  {said}\n", told.at_utc)
    };
    output::print(&all.iter().map(line).collect::<String>())
}

/// What a person should listen to.
fn unclear(desk: &Desk, asked: &Asked, case: &Case) -> Result<(), Error> {
    let (left, are_words_known) = unclear::left(case)?;
    let snapshot = snapshot::without_ties(case)?;
    let labels = Labels::of(&snapshot);
    if desk.json {
        let stretches: Vec<StretchView> =
            left.iter().map(|stretch| view(stretch, &labels)).collect();
        return output::print_json(&json!({ "case": shown(&asked.case), "unclear": stretches }));
    }
    if left.is_empty() && !are_words_known {
        return output::print(NO_WORDS);
    }
    output::print(&list(&left, &labels))
}

fn clock(said: &Said) -> serde_json::Value {
    let utterances: Vec<UtteranceView> =
        said.told.iter().map(|told| utterance(said, told)).collect();
    json!({ "island": said.island.map(|Island(number)| number), "utterances": utterances })
}
