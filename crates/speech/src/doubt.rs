//! Which words nobody said.
//!
//! In: the words of one window, and where in it somebody speaks. Out: for each word whether it is
//! an invention. A recogniser that was trained on subtitles writes subtitles of noise too: it
//! repeats itself, it thanks for watching, it writes faster than anybody talks. Only what cannot
//! have been said is left out: people in distress do repeat themselves.

use crate::words::Heard;

/// Seconds of a word below which a run of words is faster than speech: the fastest talkers reach
/// about ten words a second.
const WORD_S_MIN: f64 = 0.06;

/// Words of a run that is too fast. Fewer may be a fault of their times.
const FAST_WORDS: usize = 4;

/// How often the same words follow one another before that is a loop of the recogniser, whatever
/// their speed.
const REPEATS_MAX: usize = 12;

/// The longest phrase that is looked for as a loop, in words.
const PHRASE_WORDS_MAX: usize = 12;

/// How sure words must be that lie where no voice is, or in what is likely no speech.
const SURE: f32 = 0.5;

/// The share of a sentence in which there must be a voice. Low: the sense for voices misses who
/// speaks softly behind others, and those words are told as unsure anyway.
const VOICED_MIN: f64 = 0.2;

/// Above this, Whisper itself thinks that nobody speaks; its makers' own bound.
const NO_SPEECH: f32 = 0.6;

/// What subtitles end with, in the languages that Whisper knew most of; small letters, words only.
const CAPTIONS: &[&str] = &[
    "thank you for watching",
    "thanks for watching",
    "thank you very much for watching",
    "thank you so much for watching",
    "please subscribe",
    "please subscribe to my channel",
    "subscribe to my channel",
    "subtitles by the amara org community",
    "subtitles by",
    "transcription by castingwords",
    "untertitel der amara org community",
    "untertitel von stephanie geiges",
    "untertitelung des zdf 2020",
    "vielen dank fürs zuschauen",
    "sous titres réalisés par la communauté d amara org",
    "sous titres réalisés para la communauté d amara org",
    "merci d avoir regardé cette vidéo",
    "ondertiteld door de amara org gemeenschap",
    "ondertitels ingediend door de amara org gemeenschap",
    "bedankt voor het kijken",
    "subtítulos realizados por la comunidad de amara org",
    "gracias por ver el video",
    "sottotitoli creati dalla comunità amara org",
    "sottotitoli e revisione a cura di qtss",
    "legendas pela comunidade amara org",
    "obrigado por assistir",
    "napisy stworzone przez społeczność amara org",
    "titulky vytvořil johnyx",
    "продолжение следует",
    "спасибо за просмотр",
];

/// Where somebody speaks, in seconds of the window, in order.
pub(crate) type Voices = [(f64, f64)];

/// For each word, whether it was invented.
pub(crate) fn invented(words: &[Heard], voices: &Voices, no_speech: f32) -> Vec<bool> {
    let mut invented = vec![false; words.len()];
    for range in sentences(words) {
        let sentence = &words[range.clone()];
        let sure = sentence.iter().map(|word| word.confidence).sum::<f32>() / sentence.len() as f32;
        let is_voiced = share_voiced(sentence, voices) > VOICED_MIN;
        let is_caption = CAPTIONS.contains(&plain(sentence).as_str());
        let is_doubtful = no_speech > NO_SPEECH || !is_voiced;
        if sure < SURE && is_doubtful || is_caption && (is_doubtful || sure < 0.8) {
            invented[range].fill(true);
        }
    }
    mark_too_fast(words, &mut invented);
    mark_loops(words, &mut invented);
    invented
}

/// Stretches of words up to a mark that ends a sentence.
fn sentences(words: &[Heard]) -> Vec<std::ops::Range<usize>> {
    let mut ranges = Vec::new();
    let mut first = 0;
    for (n, word) in words.iter().enumerate() {
        if n + 1 == words.len() || ends_sentence(&word.text) {
            ranges.push(first..n + 1);
            first = n + 1;
        }
    }
    ranges
}

/// Whether a sentence ends with this word.
pub(crate) fn ends_sentence(word: &str) -> bool {
    let bare = word.trim_end_matches(['"', '\'', ')', ']', '\u{201d}', '\u{2019}', '\u{bb}']);
    bare.ends_with(['.', '!', '?', '\u{2026}', '\u{3002}', '\u{ff01}', '\u{ff1f}'])
}

/// The share of the time of words in which there is a voice; all of it for words without length.
fn share_voiced(words: &[Heard], voices: &Voices) -> f64 {
    let length: f64 = words.iter().map(|word| word.end_s - word.start_s).sum();
    let voiced: f64 = words.iter().map(|word| voiced_s(word, voices)).sum();
    if length > 0.0 { voiced / length } else { 1.0 }
}

/// Seconds of a word in which there is a voice.
pub(crate) fn voiced_s(word: &Heard, voices: &Voices) -> f64 {
    voices.iter().map(|(start, end)| (end.min(word.end_s) - start.max(word.start_s)).max(0.0)).sum()
}

/// Letters and figures in small, with single spaces.
fn plain(words: &[Heard]) -> String {
    let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let text = text.join(" ").to_lowercase();
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

fn mark_too_fast(words: &[Heard], invented: &mut [bool]) {
    for (n, run) in words.windows(FAST_WORDS).enumerate() {
        let length_s = run[FAST_WORDS - 1].end_s - run[0].start_s;
        if length_s < WORD_S_MIN * FAST_WORDS as f64 {
            invented[n..n + FAST_WORDS].fill(true);
        }
    }
}

/// Marks what repeats itself beyond belief, but for its first time.
fn mark_loops(words: &[Heard], invented: &mut [bool]) {
    let plain: Vec<String> = words.chunks(1).map(plain).collect();
    for length in 1..=PHRASE_WORDS_MAX.min(plain.len() / REPEATS_MAX) {
        let mut first = 0;
        while first + length <= plain.len() {
            let phrase = &plain[first..first + length];
            let same = plain[first..].chunks(length).take_while(|next| *next == phrase).count();
            if same >= REPEATS_MAX {
                invented[first + length..first + same * length].fill(true);
                first += same * length;
            } else {
                first += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, word_s: f64, confidence: f32) -> Vec<Heard> {
        let word = |(n, text): (usize, &str)| Heard {
            text: text.to_owned(),
            start_s: n as f64 * word_s,
            end_s: (n + 1) as f64 * word_s,
            confidence,
        };
        text.split(' ').enumerate().map(word).collect()
    }

    fn left(words: &[Heard], voices: &Voices, no_speech: f32) -> String {
        let invented = invented(words, voices, no_speech);
        let kept = words.iter().zip(invented).filter(|(_, invented)| !invented);
        kept.map(|(word, _)| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn who_repeats_a_command_is_believed() {
        let words = said("Drop it! Drop it! Drop it! Drop it! Drop it! Drop it!", 0.2, 0.6);
        assert_eq!(left(&words, &[(0.0, 9.0)], 0.1).split(' ').count(), 12);
    }

    #[test]
    fn a_recogniser_that_loops_is_not() {
        let words = said(&["so I said"; 20].join(" "), 0.2, 0.9);
        assert_eq!(left(&words, &[(0.0, 30.0)], 0.1), "so I said");
    }

    #[test]
    fn nobody_talks_at_thirty_words_a_second() {
        let words = said("all of this in a fifth of a second", 0.03, 0.9);
        assert_eq!(left(&words, &[(0.0, 9.0)], 0.1), "");
    }

    #[test]
    fn noise_does_not_thank_for_watching_but_a_person_may() {
        let words = said("Thank you for watching.", 0.3, 0.6);
        assert_eq!(left(&words, &[(0.0, 9.0)], 0.3), "");
        let words = said("Thank you for watching.", 0.3, 0.95);
        assert_eq!(left(&words, &[(0.0, 9.0)], 0.3), "Thank you for watching.");
    }

    #[test]
    fn what_is_unsure_and_lies_where_no_voice_is_was_not_said() {
        let words = said("Oh yeah.", 0.3, 0.3);
        assert_eq!(left(&words, &[(5.0, 9.0)], 0.1), "");
        assert_eq!(left(&words, &[(0.0, 0.5)], 0.1), "Oh yeah.");
    }
}
