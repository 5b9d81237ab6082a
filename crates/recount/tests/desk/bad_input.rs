//! What people hand over by mistake, and what goes wrong on the way: each has a sentence, and
//! nothing else is lost by it.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use crate::scene::{Ran, Scene, incident, noise, pieces, ran, seconds_between, wav};

/// The good recordings of an incident stay where they belong, whatever else lies beside them.
fn the_rest_is_placed(scene: &Scene, case: &str) {
    let exported = scene.exported(case);
    let seconds = seconds_between(&exported, "a.wav", "b.m4a");
    assert!((seconds - 7.25).abs() < 0.02, "{seconds}");
}

/// Adds one bad file to an incident and reconstructs: the file is named, the rest is placed.
fn is_skipped_with(name: &str, bytes: &[u8], words: &str) {
    let scene = Scene::incident();
    fs::write(scene.at("footage").join(name), bytes).unwrap();
    let ran = scene.run(&["reconstruct", "footage"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    ran.says(&format!("skipped: {words}"));
    ran.says(name);
    the_rest_is_placed(&scene, "footage.recount");
}

#[test]
fn a_text_file_named_mp4_is_no_recording() {
    is_skipped_with(
        "notes.mp4",
        b"these are notes\nand no film\n",
        "it is plain text, though its name ends in .mp4",
    );
}

#[test]
fn bytes_without_a_meaning_are_no_recording() {
    let bytes: Vec<u8> = incident(9, 1).iter().flat_map(|s| s.to_le_bytes()).skip(1).collect();
    is_skipped_with("random.bin", &bytes[..9999], "it ");
}

#[test]
fn an_empty_file_is_named() {
    is_skipped_with("empty.mp4", b"", "it is empty (0 bytes)");
}

#[test]
fn a_film_cut_off_before_its_index_is_named() {
    let scene = Scene::new();
    let whole = scene.made("whole.mp4", &["-f", "lavfi", "-i", "sine=d=20", "-c:a", "aac"]);
    let bytes = fs::read(whole).unwrap();
    is_skipped_with("cut.mp4", &bytes[..bytes.len() / 2], "it breaks off before it can be read");
}

#[test]
fn a_film_without_sound_is_kept_and_its_lack_told() {
    let scene = Scene::incident();
    let film = ["-f", "lavfi", "-i", "testsrc=d=5:s=64x48:r=10", "-c:v", "mpeg4"];
    scene.made("footage/mute.mp4", &film);
    scene.done(&["reconstruct", "footage"]);
    assert_eq!(why_not_placed(&scene, "mute.mp4"), "it has no sound");
    the_rest_is_placed(&scene, "footage.recount");
}

#[test]
fn digital_silence_is_on_no_clock() {
    let scene = Scene::incident();
    scene.wav("footage/silent.wav", &vec![0; 16_000 * 20]);
    scene.done(&["reconstruct", "footage"]);
    assert_eq!(why_not_placed(&scene, "silent.wav"), "its sound is silent throughout");
    the_rest_is_placed(&scene, "footage.recount");
}

#[test]
fn even_noise_is_on_no_clock() {
    let scene = Scene::incident();
    scene.wav("footage/noise1.wav", &noise(3, 30));
    scene.wav("footage/noise2.wav", &noise(4, 30));
    scene.done(&["reconstruct", "footage"]);
    for name in ["noise1.wav", "noise2.wav", "stranger.wav"] {
        assert_eq!(pieces(&scene.exported("footage.recount"), name).len(), 0, "{name}");
        assert!(!why_not_placed(&scene, name).is_empty());
    }
    the_rest_is_placed(&scene, "footage.recount");
}

#[test]
fn one_second_is_not_placed_wrongly() {
    let scene = Scene::incident();
    scene.wav("footage/second.wav", &incident(1, 45)[16_000 * 20..16_000 * 21]);
    scene.wav("footage/other.wav", &incident(77, 1));
    scene.done(&["reconstruct", "footage"]);
    let exported = scene.exported("footage.recount");
    assert_eq!(pieces(&exported, "other.wav").len(), 0);
    if !pieces(&exported, "second.wav").is_empty() {
        assert!((seconds_between(&exported, "a.wav", "second.wav") - 20.0).abs() < 0.05);
    }
    the_rest_is_placed(&scene, "footage.recount");
}

#[test]
fn a_folder_without_recordings_makes_no_case() {
    let scene = Scene::new();
    fs::write(scene.at("footage/.DS_Store"), "x").unwrap();
    for arguments in [&["reconstruct", "footage"][..], &["sync", "footage"]] {
        let ran = scene.run(arguments);
        assert_eq!(ran.code, 4);
        ran.says("error: there is no recording here");
        ran.says("hint: ");
    }
    assert!(!scene.at("footage.recount").exists());
    assert_eq!(scene.run(&["reconstruct", "nowhere"]).code, 4);
    fs::write(scene.at("footage/report.txt"), "he said so").unwrap();
    let ran = scene.run(&["reconstruct", "footage"]);
    assert_eq!(ran.code, 4);
    ran.says("there is no recording here");
    let status = scene.done(&["status", "footage.recount", "--json"]).json();
    assert_eq!((&status["recordings"], &status["documents"]), (&0.into(), &1.into()));
}

#[test]
fn without_ffmpeg_the_way_to_get_it_is_told() {
    let scene = Scene::incident();
    let ran = ran(&scene.command(&["reconstruct", "footage"]).env("PATH", "").output().unwrap());
    assert_eq!(ran.code, 4);
    ran.says("ffmpeg");
    ran.says("apt install ffmpeg");
    assert!(!scene.at("footage.recount").exists());
}

#[test]
fn a_case_from_the_future_is_left_alone() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    let database = scene.at("footage.recount/case.db");
    let mut bytes = fs::read(&database).unwrap();
    // SQLite keeps the format number of the application in these four bytes.
    bytes[60..64].copy_from_slice(&9999_u32.to_be_bytes());
    fs::write(&database, &bytes).unwrap();
    let case = "footage.recount";
    for arguments in
        [&["status", case][..], &["sync", case], &["add", case, "footage"], &["verify", case]]
    {
        let ran = scene.run(arguments);
        assert_eq!(ran.code, 4, "{arguments:?}");
        ran.says("newer Recount");
    }
    assert_eq!(fs::read(&database).unwrap(), bytes);
}

#[test]
fn a_folder_that_is_no_case_is_not_taken_for_one() {
    let scene = Scene::incident();
    for arguments in
        [&["status", "footage"][..], &["verify", "footage"], &["add", "nowhere", "footage"]]
    {
        let ran = scene.run(arguments);
        assert_eq!(ran.code, 4, "{arguments:?}");
        ran.says("no case here");
    }
    assert_eq!(scene.run(&["new", "footage"]).code, 4);
    assert_eq!(fs::read_dir(scene.at("footage")).unwrap().count(), 3);
}

#[test]
fn links_pipes_and_what_may_not_be_read_are_named_and_the_rest_is_added() {
    let scene = Scene::incident();
    symlink(scene.at("footage/a.wav"), scene.at("footage/link.wav")).unwrap();
    symlink(scene.root(), scene.at("footage/loop")).unwrap();
    let pipe = Command::new("mkfifo").arg(scene.at("footage/pipe.wav")).status().unwrap();
    assert!(pipe.success());
    scene.done(&["new", "c.recount"]);
    let ran = scene.run(&["add", "c.recount", "footage", "--json"]);
    assert_eq!(ran.code, 1);
    ran.says("it is a symbolic link");
    ran.says("footage/loop");
    ran.says("it is a pipe");
    assert_eq!(ran.json()["counts"]["recordings"], 3);
    assert_eq!(ran.json()["counts"]["skipped"], 3);
}

#[test]
fn a_file_that_may_not_be_read_is_named() {
    let scene = Scene::incident();
    let secret = scene.wav("footage/secret.wav", &incident(5, 2));
    let everyone = |path| {
        let chmod = Command::new("chmod").args(["a+rwX", "-R"]).arg(path).status().unwrap();
        assert!(chmod.success());
    };
    everyone(scene.root());
    let chmod = Command::new("chmod").arg("000").arg(&secret).status().unwrap();
    assert!(chmod.success());
    let mut command = scene.command(&["sync", "footage", "--json"]);
    if fs::read(&secret).is_ok() {
        // The superuser may read everything, so the program runs as nobody; its executable must
        // be where nobody can reach it.
        let program = scene.at("recount");
        fs::copy(env!("CARGO_BIN_EXE_recount"), &program).unwrap();
        everyone(&program);
        let chmod = Command::new("chmod").arg("755").arg(&program).status().unwrap();
        assert!(chmod.success());
        command = Command::new(program);
        command.args(["sync", "footage", "--json"]).current_dir(scene.root());
        command.stdin(Stdio::null()).uid(65534).gid(65534).env("TMPDIR", scene.root());
    }
    let ran = ran(&command.output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.err);
    ran.says("it may not be read (permission denied)");
    assert!((seconds_between(&ran.json(), "a.wav", "b.m4a") - 7.25).abs() < 0.02);
}

#[test]
fn a_hostile_name_means_nothing_to_anybody() {
    let scene = Scene::new();
    let sound = wav(&incident(1, 20));
    let names: [&[u8]; 9] = [
        b"-rf.wav",
        b"line\nbreak.wav",
        b"quote'\"`$(id).wav",
        b"not\xff\xfeutf8.wav",
        "right\u{202e}vaw.left.wav".as_bytes(),
        b"%d%s%n.wav",
        b"concat:a|b.wav",
        b"\x1b[2Jclear.wav",
        "Überwachung 3 – 録音.wav".as_bytes(),
    ];
    for (n, name) in names.iter().enumerate() {
        let mut bytes = sound.clone();
        // Each one another recording, by its last sample.
        *bytes.last_mut().unwrap() = n as u8;
        let name = std::ffi::OsStr::from_bytes(name);
        fs::write(scene.at("footage").join(name), bytes).unwrap();
    }
    let ran = scene.done(&["reconstruct", "footage", "-v", "--jobs", "2"]);
    for text in [&ran.out, &ran.err] {
        assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'), "{text}");
        assert!(!text.contains("line\nbreak"), "{text}");
    }
    let status = scene.done(&["status", "footage.recount", "--json"]).json();
    assert_eq!(status["recordings"], names.len());
    assert!(scene.done(&["verify", "footage.recount"]).out.contains("all 9 files"));
    for format in ["json", "csv", "svg", "otio"] {
        scene.done(&["export", "footage.recount", "--to", format, "out/"]);
    }
}

/// Starts listening to half an hour of sound, does something to the file meanwhile, and returns
/// what came of it.
fn meddle(mut meddling: impl FnMut(&std::path::Path)) -> Ran {
    let scene = Scene::incident();
    let long = scene.wav("footage/long.wav", &noise(8, 1800));
    let mut command =
        scene.command(&["sync", "footage", "--json", "--progress", "json", "--jobs", "1"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("\"started\"") {
        assert!(err.read_line(&mut said).unwrap() > 0, "{said}");
    }
    let rest = std::thread::spawn(move || {
        let mut rest = String::new();
        err.read_to_string(&mut rest).unwrap();
        rest
    });
    // Again and again, so that it happens while the file is being read, whenever that is.
    while child.try_wait().unwrap().is_none() {
        meddling(&long);
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    said += &rest.join().unwrap();
    let mut ran = ran(&child.wait_with_output().unwrap());
    ran.err = said;
    assert!((seconds_between(&ran.json(), "a.wav", "b.m4a") - 7.25).abs() < 0.02);
    ran
}

#[test]
fn a_file_that_vanishes_while_it_is_read_is_named() {
    let ran = meddle(|long| drop(fs::remove_file(long)));
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("not there any more") || ran.err.contains("no such file"));
}

#[test]
fn a_file_that_changes_while_it_is_read_is_named() {
    let ran = meddle(|long| {
        let mut file = OpenOptions::new().append(true).open(long).unwrap();
        file.write_all(&[1; 1000]).unwrap();
    });
    assert_eq!(ran.code, 1, "{}", ran.err);
    ran.says("changed while it was being read");
}

#[test]
fn a_file_that_changed_since_it_was_added_is_not_listened_to() {
    let scene = Scene::incident();
    scene.done(&["new", "c.recount"]);
    scene.done(&["add", "c.recount", "footage"]);
    scene.wav("footage/stranger.wav", &incident(3, 30));
    let ran = scene.run(&["sync", "c.recount"]);
    assert_eq!(ran.code, 1);
    ran.says("it no longer holds what was added");
    the_rest_is_placed(&scene, "c.recount");
    let ran = scene.run(&["add", "c.recount", "footage"]);
    assert_eq!(ran.code, 1);
    ran.says("this file is not what it was when it was added");
}

/// Why a recording is on no clock, from `status --json`.
fn why_not_placed(scene: &Scene, file: &str) -> String {
    let status = scene.done(&["status", "footage.recount", "--json"]).json();
    let unplaced = status["unplaced"].as_array().unwrap().clone();
    let found = unplaced.iter().find(|unplaced| unplaced["file"] == file);
    found.map(|found| found["why"].as_str().unwrap().to_owned()).unwrap_or_default()
}

/// Runs out of room, then has room: the same command ends as if nothing had been.
fn survives_a_full_disk(scene: &Scene, arguments: &[&str], full: &Ran, case: &str) {
    assert_eq!(full.code, 4, "{}{}", full.out, full.err);
    assert!(full.err.contains("disk is full") || full.err.contains("make room"), "{}", full.err);
    scene.done(arguments);
    the_rest_is_placed(scene, case);
    scene.done(&["verify", case]);
}

#[test]
fn a_limit_on_file_size_is_a_full_disk_and_nothing_is_lost() {
    let scene = Scene::incident();
    let arguments = ["reconstruct", "footage"];
    for blocks in [1, 100, 300, 600] {
        let limited = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &limited, env!("CARGO_BIN_EXE_recount")]).args(arguments);
        let full = ran(&command.current_dir(scene.root()).output().unwrap());
        assert_eq!(full.code, 4, "{blocks}: {}{}", full.out, full.err);
        assert!(full.err.contains("disk"), "{blocks}: {}", full.err);
        assert!(full.err.contains("nothing stored before is lost"), "{blocks}: {}", full.err);
    }
    scene.done(&arguments);
    the_rest_is_placed(&scene, "footage.recount");
    scene.done(&["verify", "footage.recount"]);
}

#[test]
fn a_full_disk_loses_nothing() {
    let scene = Scene::incident();
    let small = scene.at("small");
    fs::create_dir(&small).unwrap();
    let mount = |options: &str| {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&small);
        command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    if !mount("size=600k") {
        // Without the right to mount, the limit on file size (the test above) stands for this.
        return a_limit_on_file_size_is_a_full_disk_and_nothing_is_lost();
    }
    let arguments = ["reconstruct", "footage", "--case", "small/c.recount"];
    let full = scene.run(&arguments);
    let again = scene.run(&arguments);
    assert_eq!(again.code, 4, "{}", again.err);
    assert!(mount("remount,size=64m"));
    survives_a_full_disk(&scene, &arguments, &full, "small/c.recount");
    assert!(Command::new("umount").arg(&small).status().unwrap().success());
}
