//! Why a recording lies where it does, or on no clock, in words that need no training.

use std::fmt::Write as _;

use publish::times;
use publish::why::{Alternative, NamedBridge, PieceWhy, Step, TieWhy, Why};

use super::names::shown_text;
use super::status::{BOLD, count, doubt_ms};

/// Recordings named in a sentence; of more it says how many.
const NAMED_MAX: usize = 4;

/// A tie further off than so many standard deviations of the place is remarked on.
const FAR_SIGMAS: f64 = 3.0;

/// All of it, as text.
/// `clock` says where its device's clock would put it.
pub fn text(why: &Why, clock: &[String]) -> String {
    let mut page = String::new();
    head(&mut page, why);
    pieces(&mut page, why);
    ties(&mut page, why);
    bridges(&mut page, why);
    if why.island.is_none() {
        unplaced(&mut page, why);
        for hint in clock {
            let _ = writeln!(page, "  {hint}");
        }
    }
    page
}

fn head(page: &mut String, why: &Why) {
    let name = shown_text(&why.file);
    let used = why.ties.iter().filter(|tie| tie.accepted);
    let mut partners: Vec<&str> = used.map(|tie| tie.with.as_str()).collect();
    partners.sort_unstable();
    partners.dedup();
    let verdict = match (why.island, &why.refusal) {
        (Some(island), _) if partners.is_empty() => {
            format!("is on island {island}, placed by what was copied into it")
        }
        (Some(island), _) if why.placed_by == Some("hand") => {
            format!("is on island {island}, placed by a person's word alone")
        }
        (Some(island), _) if why.placed_by == Some("clock") => {
            format!("is on island {island}, placed by nothing but the clocks of devices")
        }
        (Some(island), _) => format!(
            "is on island {island}, placed by what it has in common with {}",
            count(partners.len(), "other recording")
        ),
        (None, Some(reason)) => format!("is on no clock: {}", shown_text(reason)),
        (None, None) => "is on no clock".to_owned(),
    };
    let _ = writeln!(page, "{BOLD}{name}{BOLD:#} {verdict}");
    if let Some(utc) = &why.utc {
        let doubt = times::doubt((utc.sigma * 1e9) as i64);
        let _ = writeln!(page, "  it began at {} {doubt} in UTC:", utc.begins);
        for said in &utc.said {
            let _ = writeln!(page, "    {}", shown_text(said));
        }
    }
    for copied in &why.copied {
        let _ = writeln!(
            page,
            "  {:.1} to {:.1} s of it is a copy of {} from {:.1} s on",
            copied.start,
            copied.end,
            shown_text(&copied.source),
            copied.source_start
        );
    }
}

fn pieces(page: &mut String, why: &Why) {
    if why.pieces.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n{BOLD}Where it lies{BOLD:#}");
    for (nth, piece) in why.pieces.iter().enumerate() {
        if let Some(step) = nth.checked_sub(1).and_then(|before| why.steps.get(before)) {
            let _ = writeln!(page, "  {}", step_sentence(&why.pieces[nth - 1], step));
        }
        let _ = writeln!(
            page,
            "  {:.3} to {:.3} s of the file is case time {:.3} to {:.3} s, {} ms; its clock runs \
             {:.1} ppm {}",
            piece.start,
            piece.end,
            piece.case_start,
            piece.case_end,
            doubt_ms(piece.sigma),
            piece.drift_ppm.abs(),
            if piece.drift_ppm < 0.0 { "fast" } else { "slow" },
        );
        let _ = writeln!(page, "    {}", sigma(why, piece));
    }
}

/// Where the clock jumps, and by how much.
fn step_sentence(before: &PieceWhy, step: &Step) -> String {
    let place = if before.end < step.at {
        format!("between {:.3} and {:.3} s of the file", before.end, step.at)
    } else {
        format!("at {:.3} s of the file", step.at)
    };
    if step.missing < 0.0 {
        return format!("{place} a step: {:.3} s are told twice", -step.missing);
    }
    format!("{place} a step: the file lacks {:.3} s of what went on", step.missing)
}

/// What a sigma is made of; its parts add up as squares do.
fn sigma(why: &Why, piece: &PieceWhy) -> String {
    let Some(parts) = piece.sigma_parts else {
        if why.placed_by == Some("clock") {
            return format!(
                "{} ms is: the last digit of the clocks, what their readings leave open, 100 ppm of \
                 the time between them",
                doubt_ms(piece.sigma)
            );
        }
        if !why.copied.is_empty() {
            let ms = doubt_ms(piece.sigma);
            return format!("{ms} ms is that of the recording it was copied from");
        }
        return format!("{} ms, its parts were not kept", doubt_ms(piece.sigma));
    };
    if why.placed_by == Some("hand") {
        return format!(
            "{} ms is: what the person gave, and the place it was given by",
            doubt_ms(piece.sigma)
        );
    }
    format!(
        "{} ms is: its own windows {}, ties that contradict one another {}, sound's way through \
         the air {} (they add up as squares do)",
        doubt_ms(piece.sigma),
        doubt_ms(parts.own),
        doubt_ms(parts.contradiction),
        doubt_ms(parts.floor),
    )
}

fn ties(page: &mut String, why: &Why) {
    let looked_at: Vec<&TieWhy> = why.ties.iter().filter(|tie| !tie.near_miss).collect();
    if looked_at.is_empty() {
        return;
    }
    let sigma_s = why.pieces.iter().map(|piece| piece.sigma).fold(0.0, f64::max);
    let _ = writeln!(page, "\n{BOLD}What it has in common with others{BOLD:#}");
    for tie in looked_at {
        let (start, end) = (tie.start.max(0.0), tie.end);
        let common = match tie.kind {
            "sound" | "light" => format!(
                "; {:.1} s in common ({start:.1} to {end:.1} s of this file)",
                (end - start).max(0.0)
            ),
            _ => String::new(),
        };
        let _ = writeln!(
            page,
            "  {}: began {:.3} s {} it{common}",
            shown_text(&tie.with),
            tie.lag.abs(),
            if tie.lag < 0.0 { "before" } else { "after" },
        );
        let _ = writeln!(page, "    {}", evidence(tie));
        if let Some(residual) = tie.residual {
            let spread = tie.residual_spread.map(|s| format!(", spread {:.1} ms", s * 1e3));
            let _ = writeln!(
                page,
                "    alone it would place this file {:.1} ms {}{}{}",
                residual.abs() * 1e3,
                if residual < 0.0 { "earlier" } else { "later" },
                spread.unwrap_or_default(),
                if residual.abs() > FAR_SIGMAS * sigma_s {
                    "; that is far from the solution"
                } else {
                    ""
                }
            );
        }
        if let Some(sooner_s) = tie.sooner {
            let _ = writeln!(
                page,
                "    their recorders stood {:.1} m apart at most: one can have heard a sound {:.1} ms \
                 before the other",
                sooner_s * evidence::SOUND_M_PER_S,
                sooner_s * 1e3
            );
        }
        let _ = writeln!(page, "    {}{}", rival(tie), disagreeing(tie));
        if !tie.accepted {
            let _ = writeln!(page, "    not used: it contradicts the other ties");
        }
    }
}

/// How strongly a tie speaks.
fn evidence(tie: &TieWhy) -> String {
    match tie.kind {
        "sound" => format!(
            "strength {:.1} (strangers reach {:.1}); {} of {} windows agree",
            tie.strength,
            align::Z_STRANGERS,
            tie.windows_agree,
            tie.windows_agree + tie.windows_disagree
        ),
        "light" => {
            format!("the light in both pictures changed alike, strength {:.1}", tie.strength)
        }
        "hand" => "a person says so".to_owned(),
        _ => "the clocks of both files say so, and a person asked that they be believed".to_owned(),
    }
}

fn rival(tie: &TieWhy) -> String {
    match tie.runner_up {
        None => "no other lag came near".to_owned(),
        Some(second) if second.is_other_piece => {
            format!("the next best lag, {:.3} s, is the other side of a pause", second.lag)
        }
        Some(second) => format!(
            "the next best lag, {:.3} s, is {:.0} % as strong",
            second.lag,
            100.0 * second.share
        ),
    }
}

/// When the windows that do not agree are, in seconds of the file.
fn disagreeing(tie: &TieWhy) -> String {
    let at: Vec<String> =
        tie.windows.iter().filter(|w| !w.agrees).map(|w| format!("{:.0}", w.at)).collect();
    if at.is_empty() {
        return String::new();
    }
    let more = if at.len() > 2 * NAMED_MAX { " …" } else { "" };
    let at = at[..at.len().min(2 * NAMED_MAX)].join(", ");
    format!("; windows that do not agree at {at}{more} s")
}

fn bridges(page: &mut String, why: &Why) {
    let own: Vec<&NamedBridge> = why.bridges.iter().filter(|b| b.concerns_file).collect();
    if why.island.is_none() || why.ties.iter().all(|tie| !tie.accepted) {
        return;
    }
    let _ = writeln!(page, "\n{BOLD}What hangs on a single tie{BOLD:#}");
    if own.is_empty() {
        let _ = writeln!(page, "  nothing: without any one tie this file stays on its clock");
    }
    for bridge in own {
        let _ = writeln!(
            page,
            "  {} – {}: without it {} would be parted from the rest",
            shown_text(&bridge.left),
            shown_text(&bridge.right),
            names(&bridge.lost)
        );
    }
    let others = why.bridges.iter().filter(|bridge| !bridge.concerns_file).count();
    if others > 0 {
        let _ = writeln!(page, "  and {} elsewhere on the island", count(others, "such tie"));
    }
}

/// Some names, and how many more.
pub fn names(all: &[String]) -> String {
    let named: Vec<String> = all.iter().take(NAMED_MAX).map(|name| shown_text(name)).collect();
    let more = all.len().saturating_sub(NAMED_MAX);
    let named = named.join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

fn unplaced(page: &mut String, why: &Why) {
    if !why.alternatives.is_empty() {
        let fits = why.alternatives.iter().any(|a| a.share.is_some());
        let what = if fits { "Where it would fit" } else { "What came nearest" };
        let _ = writeln!(page, "\n{BOLD}{what}{BOLD:#}");
        for place in &why.alternatives {
            let _ = writeln!(page, "  {}", alternative(place));
        }
    }
    let _ = writeln!(
        page,
        "\n{BOLD}What could be done{BOLD:#}\n  add another recording that heard both this and the \
         others, and run `recount sync` again\n  or place it by hand, if something else says when \
         it began: `recount place CASE FILE --at TIME`"
    );
}

/// A place in a sentence.
pub fn alternative(place: &Alternative) -> String {
    let mut sentence = format!(
        "{:.3} s {} {} began",
        place.lag.abs(),
        if place.lag < 0.0 { "before" } else { "after" },
        shown_text(&place.with)
    );
    match (place.island, place.case) {
        (Some(island), Some(case)) => {
            let _ = write!(sentence, ", case time {case:.3} s on island {island}");
        }
        _ => sentence.push_str(", which is on no clock itself"),
    }
    if let Some(share) = place.share {
        let _ = write!(sentence, "; {:.0} % as strong as the best", 100.0 * share);
    }
    if let Some(strength) = place.strength {
        let chance = align::Z_STRANGERS;
        let _ = write!(
            sentence,
            "; strength {strength:.1}, {} chance gives (up to {chance:.1})",
            if strength <= chance { "no more than" } else { "too little beyond what" }
        );
    }
    sentence
}
