//! Evidence is never changed: after everything the program can do, each file and folder is what
//! it was, to the nanosecond.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;

use crate::scene::Scene;

/// Content and every time stamp but that of reading.
type Look = (Vec<u8>, u32, i64, i64, i64, i64);

fn looks(scene: &Scene) -> BTreeMap<PathBuf, Look> {
    let folder = scene.at("footage");
    let entries = fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path());
    entries
        .chain([folder.clone()])
        .map(|path| {
            let m = path.metadata().unwrap();
            let content = if m.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
            (path, (content, m.mode(), m.mtime(), m.mtime_nsec(), m.ctime(), m.ctime_nsec()))
        })
        .collect()
}

#[test]
fn after_everything_the_evidence_is_what_it_was() {
    let scene = Scene::incident();
    fs::write(scene.at("footage/report.txt"), "he said so").unwrap();
    fs::write(scene.at("footage/broken.mp4"), "no film").unwrap();
    fs::set_permissions(scene.at("footage"), fs::Permissions::from_mode(0o555)).unwrap();
    let before = looks(&scene);
    assert_eq!(scene.run(&["reconstruct", "footage"]).code, 1);
    scene.done(&["new", "c.recount"]);
    assert_eq!(scene.run(&["add", "c.recount", "footage", "--copy"]).code, 1);
    scene.done(&["sync", "c.recount"]);
    assert_eq!(scene.run(&["sync", "footage", "--json"]).code, 1);
    scene.done(&["status", "c.recount"]);
    scene.done(&["export", "c.recount", "--to", "csv", "tables"]);
    scene.done(&["verify", "c.recount"]);
    scene.done(&["verify", "footage.recount"]);
    assert_eq!(
        scene.run(&["export", "c.recount", "--to", "json", "footage/a.wav", "--force"]).code,
        4
    );
    assert_eq!(looks(&scene), before);
    fs::set_permissions(scene.at("footage"), fs::Permissions::from_mode(0o755)).unwrap();
}
