//! What `verify` finds, and what a case says of itself that lost something.

use std::fs;

use crate::scene::Scene;

const CASE: &str = "footage.recount";

#[test]
fn evidence_that_was_moved_is_found_again_and_the_case_told_how() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    fs::rename(scene.at("footage/a.wav"), scene.at("footage/renamed.wav")).unwrap();
    let ran = scene.run(&["verify", CASE]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.out.contains("moved: it lies at ") && ran.out.contains("recount add"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("added: ") && !ran.out.contains("missing: "), "{}", ran.out);
    scene.done(&["add", CASE, "footage"]);
    let ran = scene.done(&["verify", CASE]).out;
    assert!(ran.contains("renamed.wav now, and was at "), "{ran}");
}

#[test]
fn a_case_without_its_database_is_no_folder_of_footage() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    fs::remove_file(scene.at(CASE).join("case.db")).unwrap();
    let ran = scene.run(&["sync", CASE]);
    assert!(ran.code == 2 && ran.err.contains("case.db is missing from this case"), "{}", ran.err);
}
