//! How fast a case with many hours of speech is indexed and searched: `scripts/bench search [HOURS]`.
//!
//! The transcripts are made: 9,000 words an hour, from 60,000 words with the frequencies of Zipf's law
//! (the n-th commonest word is n times as rare as the commonest), said by four voices in utterances of
//! 5 to 15 words with pauses. Queries are words that were really said somewhere, so that each is found.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use case::search::{Ground, Index, Query};
use case::{Case, Stamp, Step};
use evidence::{
    ClockMap, Island, MediaTime, Piece, Placement, Recording, Source, SourceId, SourceKind,
    Stenographer, Transcript, Utterance, Word,
};
use serde_json::json;

const WORDS_PER_HOUR: usize = 9_000;
const VOCABULARY: usize = 60_000;
const QUERIES: u64 = 1_000;

/// A generator of numbers (xorshift64*, Vigna 2016): the same seed, the same case.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, end: usize) -> usize {
        (self.unit() * end as f64) as usize
    }

    /// A word by Zipf's law: the logarithm of its rank is evenly spread.
    fn word(&mut self) -> usize {
        ((VOCABULARY as f64).powf(self.unit()) - 1.0) as usize
    }
}

/// A pronounceable word for a rank.
fn spelt(mut rank: usize) -> String {
    const SYLLABLES: [&str; 20] = [
        "ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "da", "fe", "gi", "ho", "pu", "ja",
        "ler", "nin", "tor", "sha", "wes",
    ];
    let mut word = String::new();
    loop {
        word.push_str(SYLLABLES[rank % 20]);
        rank /= 20;
        if rank == 0 {
            return word;
        }
        rank -= 1;
    }
}

fn id(n: usize) -> SourceId {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
    SourceId(bytes)
}

/// An hour of speech; the same for the same number.
fn hour(n: usize) -> Transcript {
    let mut dice = Dice::new(n as u64 + 1);
    let mut utterances = Vec::new();
    let (mut words, mut now_ms) = (0, 0_i64);
    while words < WORDS_PER_HOUR {
        let length = 5 + dice.below(11);
        let said = (0..length).map(|_| {
            let start = MediaTime(now_ms * 1_000_000);
            now_ms += 300;
            let end = MediaTime((now_ms - 40) * 1_000_000);
            Word { text: spelt(dice.word()), start, end, confidence: Some(0.9) }
        });
        let said = said.collect();
        words += length;
        let voice = Some(dice.below(4) as u32);
        now_ms += 400 + dice.below(1200) as i64;
        utterances.push(Utterance { words: said, voice, speaker: None, language: None });
    }
    let (model, model_sha256) = ("made".to_owned(), "00".repeat(32));
    let by = Stenographer::Recogniser { model, model_sha256, prompt: String::new() };
    Transcript { source: id(n), by, utterances, unclear: Vec::new(), voices: Vec::new() }
}

fn stamp() -> Stamp {
    let text = |text: &str| text.to_owned();
    Stamp { at_utc: text("2026-03-01T09:30:00Z"), actor: text("bench"), tool: text("bench") }
}

fn made(case: &mut Case, hours: usize) {
    let length = MediaTime(3_900_000_000_000);
    let mut placements = Vec::with_capacity(hours);
    for n in 0..hours {
        let path = PathBuf::from(format!("/footage/camera {n:04}.mp4"));
        let source = Source { id: id(n), kind: SourceKind::Recording, path, size_bytes: 1 };
        let recording = Recording {
            container: "mov".to_owned(),
            duration: length,
            audio: Vec::new(),
            video: Vec::new(),
            claims: Vec::new(),
        };
        case.add_source(&stamp(), &source, Some(&recording)).expect("a source");
        let map = ClockMap { offset_ns: n as i64 * 3_600_000_000_000, drift_ppb: 0 };
        let piece = Piece { start: MediaTime(0), end: length, map, sigma_ns: 1_000_000 };
        let island = Island(0);
        placements.push(Placement { source: id(n), island, pieces: vec![piece], doubt: None });
    }
    let step =
        |name: &str, inputs| Step { name: name.to_owned(), version: 1, params: json!({}), inputs };
    let run = case.begin(&stamp(), &step("align", vec![])).expect("a run");
    case.replace_alignment(&stamp(), &run, &placements, &[], &[], &[]).expect("an alignment");
    for n in 0..hours {
        let run = case.begin(&stamp(), &step("transcribe", vec![id(n)])).expect("a run");
        case.put_transcript(&stamp(), &run, &hour(n)).expect("a transcript");
        case.finish(&stamp(), &run, &json!({})).expect("the end");
    }
}

/// Some words that follow one another somewhere, with the hour and the second of the first.
fn said(dice: &mut Dice, hours: usize, count: usize) -> (String, usize, i64) {
    let n = dice.below(hours);
    let transcript = hour(n);
    let long: Vec<_> =
        transcript.utterances.iter().filter(|said| said.words.len() >= count).collect();
    let utterance = long[dice.below(long.len())];
    let from = dice.below(utterance.words.len() - count + 1);
    let words: Vec<&str> =
        utterance.words[from..from + count].iter().map(|w| w.text.as_str()).collect();
    let second = utterance.words[from].start.0 / 1_000_000_000;
    (words.join(" "), n, second)
}

fn queries(hours: usize) -> BTreeMap<&'static str, Vec<String>> {
    let mut dice = Dice::new(99);
    let mut all: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for _ in 0..QUERIES / 5 {
        let (two, n, second) = said(&mut dice, hours, 2);
        let (three, ..) = said(&mut dice, hours, 3);
        let (one, m, _) = said(&mut dice, hours, 1);
        let case_s = n as i64 * 3600 + second;
        let mut put = |kind, query| all.entry(kind).or_default().push(query);
        put("phrase of two words", format!("\"{two}\""));
        put("phrase of three words", format!("\"{three}\""));
        put("word in a source", format!("{one} source:\"camera {m:04}\""));
        put("words by a speaker", format!("{two} speaker:\"voice 2\""));
        put("words in an hour", format!("{two} after:{} before:{}", case_s - 1800, case_s + 1800));
        put("word alone", one);
    }
    all
}

/// The most memory that this process ever had, MB; none where the system does not tell.
fn memory_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

fn main() {
    let asked = std::env::args().skip(1).find_map(|word| word.parse::<usize>().ok());
    // `cargo test` builds and runs this too; it is to take no time then.
    let is_bench = std::env::args().any(|word| word == "--bench");
    let hours = asked.unwrap_or(if is_bench { 10_000 } else { 2 });
    let folder = tempfile::tempdir().expect("a folder");
    let mut case = Case::create(&folder.path().join("made.recount"), &stamp()).expect("a case");
    let begun = Instant::now();
    made(&mut case, hours);
    let making_s = begun.elapsed().as_secs_f64();
    let memory_before = memory_mb();
    let begun = Instant::now();
    let mut index = Index::open(&case).expect("an index");
    let mut nobody = |_: &Source| None;
    let counts = index.update(&case, &(), ("nobody", &mut nobody), &|| false).expect("an update");
    let seconds = begun.elapsed().as_secs_f64();
    let size = |path: PathBuf| path.metadata().map_or(0, |status| status.len());
    let index_mb = size(case.cache().file_of_case("search-v2.db")) as f64 / 1e6;
    let case_mb = size(case.dir().join(case::DATABASE)) as f64 / 1e6;
    let words = counts.words as f64;
    println!("{hours} h, {words} words; made in {making_s:.0} s; case.db {case_mb:.0} MB");
    println!("indexed in {seconds:.1} s: {:.0} words/s; {index_mb:.0} MB", words / seconds);
    let begun = Instant::now();
    let names = (0..hours).map(|n| (id(n), format!("camera {n:04}.mp4"))).collect();
    let ground = Ground::of(&case, names).expect("what is known");
    println!("ground read in {:.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    for (kind, queries) in queries(hours) {
        let mut took = Vec::with_capacity(queries.len());
        let mut found = 0;
        for text in &queries {
            let begun = Instant::now();
            let query = Query::parse(text).expect("a query");
            let answer = index.search(&case, &ground, &query, 20).expect("an answer");
            took.push(begun.elapsed());
            found += usize::from(!answer.hits.is_empty());
        }
        took.sort_unstable();
        let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "{kind}: p50 {:.2} ms, p99 {:.2} ms, worst {:.2} ms; {found} of {} found",
            ms(at(0.5)),
            ms(at(0.99)),
            ms(at(1.0)),
            took.len()
        );
    }
    println!("memory at most {:?} MB; while making {memory_before:?} MB", memory_mb());
}
