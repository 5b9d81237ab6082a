//! Transcripts as the world writes them, whole and broken, and words that were heard.

use proptest::prelude::*;

use super::*;

/// Start and end in seconds, who speaks, and what is said.
type Told = (f64, f64, Option<String>, String);

fn told(ending: &str, text: &str) -> (Vec<Told>, &'static str) {
    let brought = read(ending, text.as_bytes()).unwrap();
    let line = |line: &Line| {
        let words: Vec<&str> = line.words.iter().map(|word| word.text.as_str()).collect();
        (line.start.seconds(), line.end.seconds(), line.speaker.clone(), words.join(" "))
    };
    (brought.lines.iter().map(line).collect(), brought.format)
}

fn line(start: f64, end: f64, who: &str, text: &str) -> Told {
    (start, end, Some(who.to_owned()).filter(|who| !who.is_empty()), text.to_owned())
}

#[test]
fn webvtt_with_voices_notes_names_and_settings() {
    let text = "\u{feff}WEBVTT - of the rehearsal\nKind: captions\n\nNOTE\nnot said\n\nSTYLE\n::cue {}\n\n\
                a name\n00:01.000 --> 00:02.500 align:start\n<v Mara Quill>Cold &amp; <i>safe</i>\ngun.</v>\n\n\
                01:00:03.000 --> 01:00:04.000\n<v.loud Ned>Who <v Ines>Me.\n";
    let (lines, format) = told("txt", text);
    assert_eq!(format, "webvtt");
    assert_eq!(lines[0], line(1.0, 2.5, "Mara Quill", "Cold & safe gun."));
    assert_eq!(lines[1].2.as_deref(), Some("Ned"));
    assert_eq!((lines[2].2.as_deref(), lines[2].1), (Some("Ines"), 3604.0));
    assert!(lines[1].1 <= lines[2].0, "two voices of one cue follow one another");
}

#[test]
fn webvtt_with_times_of_words() {
    let text = "WEBVTT\n\n00:01.000 --> 00:03.000\n<00:01.000>Cold<00:01.300> <00:01.500>gun.<00:02.000>\n";
    let brought = read("vtt", text.as_bytes()).unwrap();
    assert!(brought.has_word_times());
    let words = &brought.utterances()[0].words;
    let times: Vec<_> = words.iter().map(|w| (w.start.seconds(), w.end.seconds())).collect();
    assert_eq!(times, [(1.0, 1.3), (1.5, 2.0)]);
}

#[test]
fn subrip_with_tags_wrong_numbers_and_speakers() {
    let text = "1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>MARA QUILL: Cold</i> {\\an8}gun,\r\n5 < 6.\r\n\r\n\
                1\r\n00:00:05,5 --> 00:00:06,000\r\nNote this: nothing\r\n";
    let (lines, format) = told("srt", text);
    assert_eq!(format, "srt");
    assert_eq!(lines[0], line(1.0, 2.0, "MARA QUILL", "Cold gun, 5 < 6."));
    assert_eq!(lines[1], line(5.5, 6.0, "", "Note this: nothing"));
}

#[test]
fn ttml_with_agents_spans_frames_and_ticks() {
    let text = r#"<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en"
        xmlns:ttm="http://www.w3.org/ns/ttml#metadata" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"
        ttp:frameRate="25" ttp:tickRate="1000"><head><metadata><ttm:agent xml:id="m" type="person">
        <ttm:name type="full">Mara Quill</ttm:name></ttm:agent></metadata></head><body><div>
        <p begin="00:00:01:05" end="2.5s" ttm:agent="m">Cold<br/>gun.</p>
        <p begin="10s" dur="2000t"><span begin="0s" end="0.5s">Who</span> <span begin="1s">was it?</span></p>
        </div></body></tt>"#;
    let (lines, format) = told("ttml", text);
    assert_eq!(format, "ttml");
    assert_eq!(lines[0], line(1.2, 2.5, "Mara Quill", "Cold gun."));
    assert_eq!(lines[1], line(10.0, 12.0, "", "Who was it?"));
    let brought = read("xml", text.as_bytes()).unwrap();
    assert_eq!(brought.lines[1].words[1].times.unwrap().0, MediaTime(11_000_000_000));
    assert_eq!(brought.lines[0].language.as_deref(), Some("en"));
}

#[test]
fn json_of_editors_and_recognisers() {
    let dpe = r#"{"words":[{"id":0,"start":1.0,"end":1.3,"text":"Cold"},{"start":"1.4","end":"1.9",
        "text":"gun."},{"start":5,"end":6,"text":"What?"}],"paragraphs":[{"id":0,"start":1.0,"end":2,
        "speaker":"MARA"},{"start":5.0004,"end":6,"speaker":"NED"}]}"#;
    let (lines, format) = told("json", dpe);
    assert_eq!((format, lines.len()), ("dpe", 2));
    assert_eq!(lines[0], line(1.0, 2.0, "MARA", "Cold gun."));
    assert_eq!(lines[1].2.as_deref(), Some("NED"));
    let whisper = r#"{"text":"…","segments":[{"id":0,"start":1.0,"end":2.0,"text":" Cold gun.",
        "words":[{"word":" Cold","start":1.0,"end":1.3,"probability":0.9},{"word":" gun.","start":1.4,
        "end":2.0,"probability":0.5}]},{"start":3,"end":4,"text":" Yes."}],"language":"en"}"#;
    let brought = read("json", whisper.as_bytes()).unwrap();
    assert_eq!(brought.lines[0].words[1].confidence, Some(0.5));
    assert_eq!(brought.lines[1].language.as_deref(), Some("en"));
    let whisperx = r#"{"segments":[{"start":1.0,"end":3.0,"text":"Cold gun. 12 rounds","speaker":"S0",
        "words":[{"word":"Cold","start":1.0,"end":1.3,"score":0.9,"speaker":"S0"},{"word":"gun.",
        "start":1.4,"end":1.8,"score":0.8,"speaker":"S0"},{"word":"12"},{"word":"rounds","start":2.5,
        "end":3.0,"speaker":"S1"}]}],"word_segments":[]}"#;
    let (lines, format) = told("json", whisperx);
    assert_eq!((format, lines.len()), ("whisper", 2));
    assert_eq!(lines[1], line(2.5, 3.0, "S1", "rounds"));
    let cpp = r#"{"result":{"language":"en"},"transcription":[{"offsets":{"from":1000,"to":2000},
        "text":" Cold gun.","tokens":[{"text":"[_BEG_]","offsets":{"from":0,"to":0},"p":0.9},
        {"text":" Cold","offsets":{"from":1000,"to":1300},"p":0.9},{"text":" gu","offsets":{"from":1400,
        "to":1600},"p":0.8},{"text":"n.","offsets":{"from":1600,"to":2000},"p":0.7}]}]}"#;
    let words = &read("json", cpp.as_bytes()).unwrap().lines[0].words;
    assert_eq!((words.len(), words[1].text.as_str(), words[1].confidence), (2, "gun.", Some(0.7)));
}

#[test]
fn plain_text_with_times() {
    let text = "[00:00:01] Mara Quill: Cold gun.\nShe said it twice.\n\n(0:20) [0:25] Ned: What?\n\
                Ines Calder  0:30\nAll right.\n";
    let (lines, format) = told("txt", text);
    assert_eq!(format, "text");
    assert_eq!(lines[0], line(1.0, 7.0, "Mara Quill", "Cold gun. She said it twice."));
    assert_eq!(lines[1], line(20.0, 21.0, "Ned", "What?"));
    assert_eq!(lines[2], line(30.0, 32.0, "Ines Calder", "All right."));
}

#[test]
fn what_is_not_as_it_must_be_is_named_with_its_line() {
    for (ending, text, sentence) in [
        (
            "vtt",
            "WEBVTT\n\n00:01.000 --> 00:0x\nhi",
            "line 3: here a cue's times should stand, as 00:01.000 --> 00:02.000",
        ),
        ("vtt", "WEBVTT\n\n00:02.000 --> 00:01.000\nhi", "line 3: the cue ends before it begins"),
        (
            "vtt",
            "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:0\n\n00:01.000 --> 00:02.000\nhi",
            "it belongs to a stream (X-TIMESTAMP-MAP), whose clock is not the recording's",
        ),
        (
            "vtt",
            "WEBVTT\n\n00:01.000 --> 00:02.000\n<00:99.000>hi",
            "line 3: in this cue <00:99.000> is no time",
        ),
        (
            "srt",
            "1\n00:00:01,000 --> 00:00:02,000\nhi\n\n2\nnothing\n",
            "line 6: here a subtitle's times should stand, as 00:00:01,000 --> 00:00:02,000",
        ),
        ("json", "{\"segments\": [{\"start\": 1}]}", "segment 1 has no true times"),
        (
            "json",
            "{\n\"words\": [,]}",
            "line 2: the JSON is broken (expected value at line 2 column 11)",
        ),
        (
            "json",
            "{\"a\": 1}",
            "it is JSON of another kind: there are neither words nor segments in it",
        ),
        (
            "ttml",
            "<tt>\n<body><p begin=\"soon\" end=\"1s\">hi</p></body></tt>",
            "line 2: begin=\"soon\" is no time",
        ),
        ("ttml", "<html/>", "it is XML of another kind (<html>)"),
        ("txt", "hello", "there is no time in it"),
        (
            "txt",
            "hello\n0:01 there",
            "line 1: what stands before the first time has none; begin each line with its time",
        ),
        ("vtt", "WEBVTT\n\n", "there is no word in it"),
        ("srt", "a\0b", "it is no text"),
    ] {
        assert_eq!(read(ending, text.as_bytes()).unwrap_err().to_string(), sentence, "{text}");
    }
}

fn heard(text: &str, start_s: i64) -> Vec<Word> {
    let words = text.split(' ').zip(0..);
    let word = |(text, n): (&str, i64)| {
        let start = MediaTime(start_s * 1_000_000_000 + n * 400_000_000);
        Word {
            text: text.to_owned(),
            start,
            end: MediaTime(start.0 + 300_000_000),
            confidence: None,
        }
    };
    words.map(word).collect()
}

#[test]
fn words_take_the_times_at_which_they_were_heard() {
    let srt = "1\n00:00:05,000 --> 00:00:06,000\nShe said: Cold gun!\n\n2\n00:00:06,000 --> 00:00:08,000\n\
               Who put the old pistol on the cart?\n";
    let brought = read("srt", srt.as_bytes()).unwrap();
    let heard = heard("she set cold gun uh who put the pistol on the card", 12);
    let utterances = aligned(&brought, &heard).unwrap();
    let words: Vec<&Word> = utterances.iter().flat_map(|said| &said.words).collect();
    let start = |text: &str| words.iter().find(|word| word.text == text).unwrap().start;
    for (text, at) in
        [("She", 0), ("Cold", 2), ("gun!", 3), ("Who", 5), ("pistol", 8), ("cart?", 11)]
    {
        assert_eq!(start(text), heard[at].start, "{text}");
    }
    // Nobody heard "old"; it lies between its neighbours.
    assert!(start("the") < start("old") && start("old") <= start("pistol"));
    assert!(words.windows(2).all(|two| two[0].start <= two[1].start));
}

#[test]
fn another_recording_gives_no_times() {
    let brought = read("srt", b"1\n00:00:05,000 --> 00:00:06,000\nCold gun on the cart\n").unwrap();
    assert_eq!(aligned(&brought, &heard("nobody was ever here at all", 4)), None);
    assert_eq!(aligned(&brought, &heard("cold gun on the cart", 90)), None);
    assert_eq!(aligned(&brought, &[]), None);
}

proptest! {
    #[test]
    fn any_bytes_give_words_in_order_or_a_sentence(
        ending in prop_oneof![Just("vtt"), Just("srt"), Just("json"), Just("ttml"), Just("txt")],
        text in "(WEBVTT\n\n|1\n|<tt>|\\{\"words\":|)([0-9:.,<> \\->\n\r\tavé\"{}\\[\\]/&;]{0,120})",
    ) {
        if let Ok(brought) = read(ending, text.as_bytes()) {
            for said in brought.utterances() {
                prop_assert!(!said.words.is_empty());
                prop_assert!(said.words.iter().all(|word| word.start <= word.end && !word.text.is_empty()));
                prop_assert!(said.words.windows(2).all(|two| two[0].start <= two[1].start));
            }
        }
    }

    #[test]
    fn alignment_never_loses_a_word_and_never_goes_back(
        ours in "[a-d]( [a-d]){0,30}", theirs in "[a-d]( [a-d]){0,30}", start in 0i64..9,
    ) {
        let srt = format!("1\n00:00:04,000 --> 00:00:09,000\n{ours}\n");
        let brought = read("srt", srt.as_bytes()).unwrap();
        if let Some(said) = aligned(&brought, &heard(&theirs, start)) {
            let words: Vec<&str> = said[0].words.iter().map(|word| word.text.as_str()).collect();
            prop_assert_eq!(words.join(" "), ours);
            prop_assert!(said[0].words.windows(2).all(|two| two[0].start <= two[1].start));
        }
    }
}
