//! `recount words`: what is said in a case, each utterance once.

use std::collections::BTreeMap;

use case::Case;
use evidence::Island;
use publish::Labels;
use serde_json::json;

use super::open;
use crate::args::Words as Asked;
use crate::desk::Desk;
use crate::error::Error;
use crate::report::names::{shown, shown_text};
use crate::report::output;
use crate::report::said::{UtteranceView, text, utterance};
use crate::report::unclear::{StretchView, list, view};
use crate::snapshot;
use crate::steps::said::{Said, of_case};
use crate::steps::unclear;

const NO_WORDS: &str = "no words are known yet; `recount transcribe` writes down what is said\n";

pub(super) fn run(desk: &Desk, asked: &Asked) -> Result<(), Error> {
    let case = open(desk, &asked.case)?;
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
