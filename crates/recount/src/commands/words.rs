//! `recount words`: what is said in a case, each utterance once.

use std::collections::BTreeMap;

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
use crate::snapshot;
use crate::steps::said::{Said, of_case};

pub(super) fn run(desk: &Desk, asked: &Asked) -> Result<(), Error> {
    let case = open(desk, &asked.case)?;
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
        let hint = "no words are known yet; `recount transcribe` writes down what is said";
        return output::print(&format!("{hint}\n"));
    }
    let texts: Vec<String> = all.iter().map(|said| text(said, &labels)).collect();
    output::print(&texts.join("\n"))
}

fn clock(said: &Said) -> serde_json::Value {
    let utterances: Vec<UtteranceView> =
        said.told.iter().map(|told| utterance(said, told)).collect();
    json!({ "island": said.island.map(|Island(number)| number), "utterances": utterances })
}
