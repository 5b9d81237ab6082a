//! What was said and written is found.

use std::fs;

use crate::import::transcribed;

#[test]
fn a_word_is_found_with_its_time_its_speaker_and_its_citation() {
    let scene = transcribed();
    let text = scene.done(&["search", "footage.recount", "\"cold gun\"", "NEAR/3", "cart"]).out;
    assert!(text.starts_with("a.wav  0:00:01.000  case "), "{text}");
    assert!(text.contains("Mara Quill: Cold gun on the cart."), "{text}");
    assert!(text.contains("as the document spreads its words"), "{text}");
    let told = scene.done(&["search", "footage.recount", "gun speaker:mara", "--json"]).json();
    let hit = &told["results"][0];
    assert_eq!((&hit["file"], &hit["speaker"]), (&"a.wav".into(), &"Mara Quill".into()), "{told}");
    assert!(hit["start"].as_f64().unwrap() > 1.2 && hit["case"].is_number(), "{told}");
    let cited = scene.done(&["search", "footage.recount", "who checked", "--cite"]).out;
    assert_eq!(cited, "[\"Who checked\"](a.wav#t=5.000,5.750)\n");
}

#[test]
fn documents_are_found_and_those_without_text_are_told() {
    let scene = transcribed();
    fs::create_dir(scene.at("papers")).unwrap();
    fs::write(scene.at("papers/log (1).csv"), "time;what\n14:20;Pistól issued cold\n").unwrap();
    fs::write(scene.at("papers/call.html"), "<p>The <b>pis</b>tol is cold.<script>x</script>")
        .unwrap();
    fs::write(scene.at("papers/torn.docx"), b"PK\x03\x04torn").unwrap();
    scene.done(&["add", "footage.recount", "papers", "-q"]);
    let told = scene.done(&["search", "footage.recount", "pistol", "--json"]).json();
    assert_eq!(told["results"].as_array().unwrap().len(), 2, "{told}");
    assert_eq!(told["unread"][0]["file"], "torn.docx");
    let text = scene.done(&["search", "footage.recount", "pistol", "source:log"]).out;
    assert!(
        text.contains("log (1).csv  paragraph 2\n  14:20; Pistól issued cold")
            || text.contains("Pistól"),
        "{text}"
    );
    assert!(
        text.contains("not searched: torn.docx (its archive is damaged or cut short)"),
        "{text}"
    );
    let cited = scene.done(&["search", "footage.recount", "pistol source:log", "--cite"]).out;
    assert!(cited.contains("(log%20%281%29.csv)"), "{cited}");
}

#[test]
fn what_cannot_be_meant_says_where_and_searching_changes_nothing() {
    let scene = transcribed();
    let before = fs::read(scene.at("footage.recount/custody.jsonl")).unwrap();
    let ran = scene.run(&["search", "footage.recount", "cold \"gun"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("this quotation mark is not closed (column 6 of the query)"),
        "{}",
        ran.err
    );
    let ran = scene.run(&["search", "footage.recount", "gun source:nobody"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("no source of this case has “nobody” in its name (column 5"),
        "{}",
        ran.err
    );
    let none = scene.done(&["search", "footage.recount", "revolver"]);
    assert_eq!(none.out, "nothing in the case says this\n");
    fs::remove_dir_all(scene.at("footage.recount/cache")).unwrap();
    scene.done(&["search", "footage.recount", "cold"]);
    assert_eq!(fs::read(scene.at("footage.recount/custody.jsonl")).unwrap(), before);
}
