//! TTML (W3C TTML1/2, EBU-TT, IMSC): paragraphs and spans with times, agents as speakers. Times of a
//! span count from the beginning of its paragraph, as the standard has it.

use std::collections::HashMap;

use evidence::MediaTime;
use roxmltree::{Document, Node, ParsingOptions};

use super::{Line, Spoken, spread, times, untimed};
use crate::Error;

/// What a file says of how it counts.
struct Rates {
    frames: f64,
    ticks: f64,
}

pub(super) fn read(text: &str) -> Result<Vec<Line>, Error> {
    let options = ParsingOptions { nodes_limit: 8_000_000, ..ParsingOptions::default() };
    let tree = Document::parse_with_options(text, options).map_err(|error| {
        Error::line(error.pos().row as usize, format!("the XML is broken ({error})"))
    })?;
    let root = tree.root_element();
    if root.tag_name().name() != "tt" {
        return Err(Error::Broken(format!(
            "it is XML of another kind (<{}>)",
            root.tag_name().name()
        )));
    }
    let number = |name: &str| {
        attribute(&root, name).and_then(|n| n.parse::<f64>().ok()).filter(|n| *n > 0.0)
    };
    let frames =
        number("frameRate").unwrap_or(30.0) * multiplier(attribute(&root, "frameRateMultiplier"));
    let rates = Rates { frames, ticks: number("tickRate").unwrap_or(frames) };
    let agents = agents(&tree);
    let mut lines = Vec::new();
    for paragraph in
        tree.descendants().filter(|node| node.is_element() && node.tag_name().name() == "p")
    {
        lines.extend(line(&paragraph, &rates, &agents)?);
    }
    Ok(lines)
}

fn line(
    paragraph: &Node,
    rates: &Rates,
    agents: &HashMap<String, String>,
) -> Result<Option<Line>, Error> {
    let mut words = Vec::new();
    let begin = begins(paragraph, rates)?;
    let end = ends(paragraph, rates, begin)?;
    gather(paragraph, rates, begin.unwrap_or(MediaTime(0)), end, &mut words)?;
    if words.is_empty() {
        return Ok(None);
    }
    let own = |word: &Spoken| word.times;
    let start = begin.or_else(|| words.iter().filter_map(own).map(|(start, _)| start).min());
    let end = end.or_else(|| words.iter().filter_map(own).map(|(_, end)| end).max());
    let (Some(start), Some(end)) = (start, end) else {
        return Err(Error::line(row(paragraph), "this paragraph has no times"));
    };
    if end < start {
        return Err(Error::line(row(paragraph), "the paragraph ends before it begins"));
    }
    let named = |node: Node| attribute(&node, "agent").map(str::to_owned);
    let agent =
        paragraph.ancestors().find_map(named).or_else(|| paragraph.descendants().find_map(named));
    let speaker = agent.map(|id| agents.get(&id).cloned().unwrap_or(id));
    let language =
        paragraph.ancestors().find_map(|node| attribute(&node, "lang").map(str::to_owned));
    let language = language.filter(|language| !language.is_empty());
    Ok(Some(Line { start, end, speaker, language, words }))
}

/// The words below a node, each with the times of the innermost span that has some.
fn gather(
    node: &Node,
    rates: &Rates,
    from: MediaTime,
    to: Option<MediaTime>,
    words: &mut Vec<Spoken>,
) -> Result<(), Error> {
    for child in node.children() {
        if child.is_text() {
            words.extend(untimed(child.text().unwrap_or_default()));
        } else if child.tag_name().name() == "span" {
            let own = attribute(&child, "begin").is_some();
            let time = |at: Option<MediaTime>| at.map(|at| MediaTime(at.0 + from.0));
            let start = time(begins(&child, rates)?);
            let end = match attribute(&child, "dur") {
                Some(_) => ends(&child, rates, start)?,
                None => time(ends(&child, rates, None)?),
            };
            let at = words.len();
            gather(&child, rates, start.unwrap_or(from), end.or(to), words)?;
            if let (true, Some(start), Some(end)) = (own, start, end.or(to)) {
                if end < start {
                    return Err(Error::line(row(&child), "the span ends before it begins"));
                }
                let inner = &mut words[at..];
                if inner.iter().all(|word| word.times.is_none()) {
                    let mut shared = Vec::new();
                    spread(inner, start, end, &mut shared);
                    for (word, shared) in inner.iter_mut().zip(shared) {
                        word.times = Some((shared.start, shared.end));
                    }
                }
            }
        }
    }
    Ok(())
}

fn begins(node: &Node, rates: &Rates) -> Result<Option<MediaTime>, Error> {
    time(node, "begin", rates)
}

fn ends(node: &Node, rates: &Rates, start: Option<MediaTime>) -> Result<Option<MediaTime>, Error> {
    let lasts = time(node, "dur", rates)?;
    match (start, lasts) {
        (Some(start), Some(lasts)) => Ok(Some(MediaTime(start.0 + lasts.0))),
        _ => time(node, "end", rates),
    }
}

fn time(node: &Node, name: &str, rates: &Rates) -> Result<Option<MediaTime>, Error> {
    let Some(written) = attribute(node, name) else { return Ok(None) };
    let read = expression(written.trim(), rates);
    let what = || Error::line(row(node), format!("{name}=\"{written}\" is no time"));
    read.map(Some).ok_or_else(what)
}

/// `hh:mm:ss.fff`, `hh:mm:ss:frames`, or a number with its unit.
fn expression(text: &str, rates: &Rates) -> Option<MediaTime> {
    if let Some((clock, frames)) = text.rsplit_once(':').filter(|_| text.matches(':').count() == 3)
    {
        let frames: f64 = frames.parse().ok()?;
        let rest = times::seconds(frames / rates.frames)?;
        return times::clock(clock).map(|time| MediaTime(time.0 + rest.0));
    }
    if text.contains(':') {
        return times::clock(text);
    }
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number: f64 = text[..text.len() - unit.len()].parse().ok()?;
    let seconds = match unit {
        "h" => number * 3600.0,
        "m" => number * 60.0,
        "s" => number,
        "ms" => number / 1000.0,
        "f" => number / rates.frames,
        "t" => number / rates.ticks,
        _ => return None,
    };
    times::seconds(seconds)
}

/// Names of the agents in the head, by their ids.
fn agents(tree: &Document) -> HashMap<String, String> {
    let agents = tree.descendants().filter(|node| node.tag_name().name() == "agent");
    let named = agents.filter_map(|agent| {
        let name = agent.descendants().find(|node| node.tag_name().name() == "name")?;
        Some((attribute(&agent, "id")?.to_owned(), name.text()?.trim().to_owned()))
    });
    named.collect()
}

/// `1000 1001` or `1000:1001` as a factor.
fn multiplier(text: Option<&str>) -> f64 {
    let parts = text.and_then(|text| text.split_once([' ', ':']));
    let factor = parts.and_then(|(a, b)| Some(a.parse::<f64>().ok()? / b.parse::<f64>().ok()?));
    factor.filter(|factor| factor.is_finite() && *factor > 0.0).unwrap_or(1.0)
}

/// An attribute by its local name, whatever its name space.
fn attribute<'a>(node: &Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|attribute| attribute.name() == name).map(|attribute| attribute.value())
}

fn row(node: &Node) -> usize {
    node.document().text_pos_at(node.range().start).row as usize
}
