//! The cache may be deleted or damaged at any time: it is made again, and the result is the same.

use std::fs;
use std::path::PathBuf;

use crate::scene::{Scene, incident};

/// A case, what it exports, and its cache files by the beginning of their names.
fn case() -> (Scene, serde_json::Value) {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    let exported = scene.exported("footage.recount");
    (scene, exported)
}

fn cache_files(scene: &Scene, name: &str) -> Vec<PathBuf> {
    let folders = fs::read_dir(scene.at("footage.recount/cache")).unwrap().flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).unwrap().flatten());
    let named = files.filter(|file| file.file_name().to_string_lossy().starts_with(name));
    named.map(|file| file.path()).collect()
}

/// Adds a recording, so that everything must be aligned again, and compares with a case that
/// never lost anything.
fn aligns_as_if_nothing_had_been(scene: &Scene) {
    scene.wav("later.wav", &incident(1, 45)[16_000 * 15..16_000 * 40]);
    scene.done(&["add", "footage.recount", "later.wav"]);
    scene.done(&["sync", "footage.recount"]);
    let (undisturbed, _) = case();
    undisturbed.wav("later.wav", &incident(1, 45)[16_000 * 15..16_000 * 40]);
    undisturbed.done(&["add", "footage.recount", "later.wav"]);
    undisturbed.done(&["sync", "footage.recount"]);
    assert_eq!(scene.exported("footage.recount"), undisturbed.exported("footage.recount"));
}

#[test]
fn a_deleted_cache_is_made_again() {
    let (scene, exported) = case();
    fs::remove_dir_all(scene.at("footage.recount/cache")).unwrap();
    scene.done(&["sync", "footage.recount"]).says("3 heard");
    assert_eq!(scene.exported("footage.recount"), exported);
    aligns_as_if_nothing_had_been(&scene);
}

#[test]
fn what_was_heard_is_made_again_from_the_sound_alone() {
    let (scene, exported) = case();
    let before: Vec<_> =
        cache_files(&scene, "heard").iter().map(|p| fs::read(p).unwrap()).collect();
    for file in cache_files(&scene, "heard") {
        fs::remove_file(file).unwrap();
    }
    fs::rename(scene.at("footage"), scene.at("away")).unwrap();
    scene.done(&["sync", "footage.recount"]);
    let after: Vec<_> = cache_files(&scene, "heard").iter().map(|p| fs::read(p).unwrap()).collect();
    assert_eq!(before, after);
    fs::rename(scene.at("away"), scene.at("footage")).unwrap();
    assert_eq!(scene.exported("footage.recount"), exported);
}

#[test]
fn a_cache_cut_short_or_altered_is_noticed_and_made_again() {
    let (scene, _) = case();
    for (n, file) in cache_files(&scene, "").into_iter().enumerate() {
        let mut bytes = fs::read(&file).unwrap();
        match n % 3 {
            0 => bytes.truncate(bytes.len() / 2),
            1 => bytes.clear(),
            _ => {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0x55;
            }
        }
        fs::write(&file, bytes).unwrap();
    }
    aligns_as_if_nothing_had_been(&scene);
}

#[test]
fn one_bit_of_kept_sound_never_becomes_a_placement() {
    let (scene, _) = case();
    for file in cache_files(&scene, "sound") {
        let mut bytes = fs::read(&file).unwrap();
        for at in (100..bytes.len() - 100).step_by(8000) {
            bytes[at] ^= 1;
        }
        fs::write(&file, bytes).unwrap();
    }
    aligns_as_if_nothing_had_been(&scene);
}
