//! Transcripts as JSON: of transcript editors (DPE: `words`, `paragraphs`), and of recognisers
//! (Whisper: `segments`; whisper.cpp: `transcription`; `WhisperX`: `segments` with words and speakers).

use evidence::MediaTime;
use serde_json::{Map, Value};

use super::{Line, Spoken, times, untimed};
use crate::Error;

pub(super) fn read(text: &str) -> Result<(&'static str, Vec<Line>), Error> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| Error::line(error.line(), format!("the JSON is broken ({error})")))?;
    if let Some(words) = value.get("words").and_then(Value::as_array)
        && value.get("segments").is_none()
    {
        return Ok(("dpe", of_editor(words, list(&value, "paragraphs"))?));
    }
    let language = value.get("language").or_else(|| value.get("result")?.get("language"));
    let language = language.and_then(Value::as_str).map(str::to_owned);
    if value.get("segments").is_some() {
        return Ok(("whisper", of_segments(list(&value, "segments"), language.as_deref())?));
    }
    if value.get("transcription").is_some() {
        return Ok(("whisper", of_offsets(list(&value, "transcription"), language.as_deref())?));
    }
    let what = "it is JSON of another kind: there are neither words nor segments in it";
    Err(Error::Broken(what.to_owned()))
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Words with times, and paragraphs that say who speaks when. Each word belongs to the last paragraph
/// that has begun with it.
fn of_editor(words: &[Value], paragraphs: &[Value]) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    for (n, paragraph) in paragraphs.iter().enumerate() {
        let (start, end) = span(paragraph, "paragraph", n)?;
        let speaker = name(paragraph.get("speaker"));
        lines.push(Line { start, end, speaker, language: None, words: Vec::new() });
    }
    lines.sort_by_key(|line| line.start);
    for (n, word) in words.iter().enumerate() {
        let (start, end) = span(word, "word", n)?;
        let text = word.get("text").or_else(|| word.get("word")).and_then(Value::as_str);
        let text = text.ok_or_else(|| odd("word", n, "has no text"))?;
        if lines.is_empty() {
            lines.push(Line { start, end, speaker: None, language: None, words: Vec::new() });
        }
        // A thousandth of grace: editors round the two in different ways.
        let begun = |line: &Line| line.start.0 <= start.0 + 1_000_000;
        let at = lines.partition_point(begun).saturating_sub(1);
        let line = &mut lines[at];
        line.end = line.end.max(end);
        line.start = line.start.min(start);
        for mut spoken in untimed(text) {
            spoken.times = Some((start, end));
            line.words.push(spoken);
        }
    }
    Ok(lines)
}

/// Segments in seconds, with or without words.
fn of_segments(segments: &[Value], language: Option<&str>) -> Result<Vec<Line>, Error> {
    let mut lines: Vec<Line> = Vec::new();
    for (n, segment) in segments.iter().enumerate() {
        let (start, end) = span(segment, "segment", n)?;
        let text = segment.get("text").and_then(Value::as_str).unwrap_or_default();
        let speaker = name(segment.get("speaker"));
        let language = language.map(str::to_owned);
        let timed = list(segment, "words");
        if timed.is_empty() {
            lines.push(Line { start, end, speaker, language, words: untimed(text) });
            continue;
        }
        let line =
            |speaker| Line { start, end, speaker, language: language.clone(), words: Vec::new() };
        let mut now = line(speaker.clone());
        for (m, word) in timed.iter().enumerate() {
            let own =
                |what: &str| Error::Broken(format!("segment {}, word {} {what}", n + 1, m + 1));
            let text = word.get("word").or_else(|| word.get("text")).and_then(Value::as_str);
            let text = text.ok_or_else(|| own("has no text"))?;
            let who = name(word.get("speaker")).or_else(|| speaker.clone());
            if who != now.speaker && !now.words.is_empty() {
                lines.push(std::mem::replace(&mut now, line(who)));
            } else {
                now.speaker = who;
            }
            let times = match (word.get("start"), word.get("end")) {
                (None | Some(Value::Null), _) | (_, None | Some(Value::Null)) => None,
                (Some(from), Some(to)) => {
                    let times = moment(from).zip(moment(to)).filter(|(from, to)| from <= to);
                    Some(times.ok_or_else(|| own("has no true times"))?)
                }
            };
            let sure = ["probability", "score", "confidence"].iter().find_map(|key| word.get(*key));
            let confidence = sure.and_then(Value::as_f64).map(|sure| sure.clamp(0.0, 1.0) as f32);
            now.words.extend(untimed(text).into_iter().map(|w| Spoken { times, confidence, ..w }));
        }
        if now.words.len() != timed.len() || lines.last().is_some_and(|l| l.start == start) {
            trim(&mut now);
        }
        lines.push(now);
    }
    Ok(lines)
}

/// A line that shares its segment with another lasts as long as its own words.
fn trim(line: &mut Line) {
    let times = line.words.iter().filter_map(|word| word.times);
    let span = times.fold(None, |span: Option<(MediaTime, MediaTime)>, (start, end)| {
        Some(span.map_or((start, end), |(from, to)| (from.min(start), to.max(end))))
    });
    (line.start, line.end) = span.unwrap_or((line.start, line.end));
}

/// Segments in milliseconds, with tokens of which some begin a word with a blank.
fn of_offsets(segments: &[Value], language: Option<&str>) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    for (n, segment) in segments.iter().enumerate() {
        let (start, end) =
            offsets(segment).ok_or_else(|| odd("segment", n, "has no true times"))?;
        let text = segment.get("text").and_then(Value::as_str).unwrap_or_default();
        let words = of_tokens(list(segment, "tokens"), text).unwrap_or_else(|| untimed(text));
        let language = language.map(str::to_owned);
        lines.push(Line { start, end, speaker: None, language, words });
    }
    Ok(lines)
}

/// Words put together of tokens; nothing if they do not make up the text.
fn of_tokens(tokens: &[Value], text: &str) -> Option<Vec<Spoken>> {
    let mut words: Vec<Spoken> = Vec::new();
    for token in tokens {
        let part = token.get("text")?.as_str()?;
        if part.starts_with("[_") || part.starts_with("<|") {
            continue;
        }
        let (start, end) = offsets(token)?;
        let sure = token.get("p").and_then(Value::as_f64).map(|sure| sure.clamp(0.0, 1.0) as f32);
        match words.last_mut().filter(|_| !part.starts_with(' ')) {
            Some(word) => {
                word.text.push_str(part);
                word.times = word.times.map(|(from, to)| (from, to.max(end)));
                word.confidence = word.confidence.zip(sure).map(|(one, other)| one.min(other));
            }
            None => words.push(Spoken {
                text: part.trim_start().to_owned(),
                times: Some((start, end)),
                confidence: sure,
            }),
        }
    }
    words.retain(|word| !word.text.is_empty());
    let told = words.iter().flat_map(|word| word.text.split_whitespace());
    told.eq(text.split_whitespace()).then_some(words)
}

fn offsets(value: &Value) -> Option<(MediaTime, MediaTime)> {
    let offsets = value.get("offsets")?;
    let at = |name| offsets.get(name)?.as_i64()?.checked_mul(1_000_000).map(MediaTime);
    at("from").zip(at("to")).filter(|(from, to)| from <= to)
}

fn span(value: &Value, what: &str, n: usize) -> Result<(MediaTime, MediaTime), Error> {
    let object: Option<&Map<_, _>> = value.as_object();
    let at = |name: &str| object.and_then(|object| object.get(name)).and_then(moment);
    let times = at("start").zip(at("end")).filter(|(start, end)| start <= end);
    times.ok_or_else(|| odd(what, n, "has no true times"))
}

/// Seconds, as a number or as text.
fn moment(value: &Value) -> Option<MediaTime> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    times::seconds(number)
}

fn name(value: Option<&Value>) -> Option<String> {
    let name = match value? {
        Value::String(name) => name.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(name).filter(|name| !name.is_empty())
}

fn odd(what: &str, n: usize, is: &str) -> Error {
    Error::Broken(format!("{what} {} {is}", n + 1))
}
