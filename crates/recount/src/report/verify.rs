//! What verification found, for a person.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use case::custody::Standing;

use crate::steps::verify::{Difference, Verified};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// The findings as text: each difference on a line, then one sentence for each of the three
/// things checked.
pub fn text(verified: &Verified) -> String {
    let mut page = String::new();
    list(&mut page, "missing", &verified.missing);
    list(&mut page, "changed", &verified.changed);
    list(&mut page, "unreadable", &verified.unreadable);
    for moved in &verified.moved {
        let (path, now_at) = (&moved.path, &moved.now_at);
        let _ = if moved.known {
            writeln!(page, "moved: it lies at {now_at} now, and was at {path}")
        } else {
            writeln!(
                page,
                "{BAD}moved{BAD:#}: it lies at {now_at} now; `recount add CASE` tells the case so: \
                 {path}"
            )
        };
    }
    for path in &verified.added {
        let _ = writeln!(
            page,
            "{BAD}added{BAD:#}: it lies with the evidence and is not in the case: {path}"
        );
    }
    for fault in &verified.custody.faults {
        let _ = writeln!(page, "{BAD}custody{BAD:#}: {fault}");
    }
    for fault in &verified.database {
        let _ = writeln!(page, "{BAD}case.db{BAD:#}: {fault}");
    }
    let all = verified.unchanged;
    let _ = if verified.differences() == 0 {
        writeln!(page, "{GOOD}evidence{GOOD:#}: all {all} files hold what was added")
    } else {
        writeln!(
            page,
            "{BAD}evidence{BAD:#}: {} differ, {all} hold what was added",
            verified.differences()
        )
    };
    let custody = &verified.custody;
    let _ = if custody.is_whole() {
        writeln!(
            page,
            "{GOOD}custody{GOOD:#}: whole, {} records, the last is {}",
            custody.records, custody.head
        )
    } else {
        writeln!(page, "{BAD}custody{BAD:#}: not whole ({} records)", custody.records)
    };
    if let Standing::Completed { line } = custody.standing {
        let _ = writeln!(
            page,
            "custody: a run was cut off before line {line} of the log was whole; it was completed \
             from the case"
        );
    }
    if verified.database.is_empty() {
        let _ = writeln!(page, "{GOOD}case.db{GOOD:#}: sound");
    }
    page
}

fn list(page: &mut String, what: &str, differences: &[Difference]) {
    for difference in differences {
        let why = match (&difference.why, &difference.now) {
            (Some(why), _) => why.clone(),
            (None, Some(now)) => {
                format!("it was {} and is now {}", difference.source.short(), now.short())
            }
            (None, None) => "it is not there any more".to_owned(),
        };
        let _ = writeln!(page, "{BAD}{what}{BAD:#}: {why}: {}", difference.path);
    }
}
