//! Stopped, killed, or run twice at once: what was finished stays, and the same command ends as
//! an undisturbed run does.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::scene::{Scene, incident, noise, ran};

/// An incident with some long recordings, so that there is time to interrupt.
fn long_incident() -> Scene {
    let scene = Scene::incident();
    for n in 0..4 {
        scene.wav(format!("footage/long{n}.wav"), &noise(20 + 2 * n, 400));
    }
    scene
}

const ARGUMENTS: [&str; 7] = ["reconstruct", "footage", "-v", "--progress", "json", "--jobs", "1"];

/// Starts the program and waits until it has said `words`.
fn started(scene: &Scene, words: &str) -> Child {
    let mut command = scene.command(&ARGUMENTS);
    // A group of its own, so that a signal can be sent to it as a terminal does: to all of it.
    command.process_group(0);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(words) {
        line.clear();
        assert!(err.read_line(&mut line).unwrap() > 0, "it ended before it said {words}");
    }
    // The rest is read by a thread, so that the pipe never fills up.
    std::thread::spawn(move || std::io::copy(&mut err, &mut std::io::sink()));
    child
}

/// The shell's own `kill`: a small system has no program of that name.
fn kill(arguments: &[&str]) {
    let mut shell = Command::new("sh");
    assert!(shell.args(["-c", "kill \"$@\"", "sh"]).args(arguments).status().unwrap().success());
}

/// To the program alone, as `kill` does.
fn signal(child: &Child, name: &str) {
    kill(&[name, &child.id().to_string()]);
}

/// To the program and all its children, as ctrl-C on a terminal does.
fn signal_all(child: &Child, name: &str) {
    let group = format!("-{}", child.id());
    kill(&[name, &group]);
}

/// What an undisturbed run exports.
fn undisturbed() -> serde_json::Value {
    static EXPORTED: OnceLock<serde_json::Value> = OnceLock::new();
    let export = || {
        let scene = long_incident();
        scene.done(&["reconstruct", "footage", "-q"]);
        scene.exported("footage.recount")
    };
    EXPORTED.get_or_init(export).clone()
}

#[test]
fn a_killed_run_continues_and_ends_the_same() {
    let scene = long_incident();
    for words in ["added", "\"listen\"", "heard", "heard"] {
        let mut child = started(&scene, words);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let ran = scene.done(&["reconstruct", "footage"]);
    ran.says("heard before");
    assert_eq!(scene.exported("footage.recount"), undisturbed());
    scene.done(&["verify", "footage.recount"]);
    let parts = walk(&scene.at("footage.recount"));
    assert!(!parts.iter().any(|name| name.contains(".part")), "{parts:?}");
}

#[test]
fn what_a_killed_run_left_out_is_not_taken_for_something_added_since() {
    let scene = long_incident();
    fs::write(scene.at("footage/zz-notes.mp4"), "no film").unwrap();
    let mut child = started(&scene, "added");
    child.kill().unwrap();
    child.wait().unwrap();
    let arguments = ["add", "footage.recount", "footage"];
    assert_eq!(scene.run(&arguments).code, 1);
    scene.done(&["verify", "footage.recount"]);
    let log = fs::read_to_string(scene.at("footage.recount/custody.jsonl")).unwrap();
    assert_eq!(scene.run(&arguments).code, 1);
    assert_eq!(fs::read_to_string(scene.at("footage.recount/custody.jsonl")).unwrap(), log);
}

#[test]
fn ctrl_c_stops_at_once_and_the_same_command_continues() {
    let scene = long_incident();
    let terminal: fn(&Child, &str) = signal_all;
    for (name, send) in [("-INT", terminal), ("-TERM", signal), ("-HUP", terminal)] {
        let mut child = started(&scene, "heard");
        let asked = Instant::now();
        send(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(3), "{name}");
        assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    }
    let ran = scene.done(&["reconstruct", "footage"]);
    ran.says("heard before");
    assert_eq!(scene.exported("footage.recount"), undisturbed());
    scene.done(&["verify", "footage.recount"]);
}

#[test]
fn loose_files_can_be_stopped_too() {
    let scene = long_incident();
    let mut command = scene.command(&["sync", "footage", "-v", "--jobs", "1"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    err.read_line(&mut line).unwrap();
    signal(&child, "-INT");
    let mut rest = String::new();
    while err.read_line(&mut rest).unwrap() > 0 {}
    assert_eq!(child.wait().unwrap().code(), Some(3), "{line}{rest}");
    assert!(rest.contains("error: stopped"), "{rest}");
}

#[test]
fn the_second_of_two_runs_says_so_and_stops() {
    let scene = long_incident();
    let mut child = started(&scene, "heard");
    for arguments in [&["reconstruct", "footage"][..], &["add", "footage.recount", "footage"]] {
        let second = scene.run(arguments);
        assert_eq!(second.code, 4);
        second.says("another run is working on this case");
    }
    let status = scene.done(&["status", "footage.recount", "--json"]).json();
    assert_eq!(status["recordings"], 7);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(scene.exported("footage.recount"), undisturbed());
}

#[test]
fn stopping_while_adding_keeps_what_was_added() {
    let scene = long_incident();
    let child = started(&scene, "added");
    signal(&child, "-INT");
    let stopped = ran(&child.wait_with_output().unwrap());
    assert!(stopped.code == 3 || stopped.code == 0);
    fs::write(scene.at("footage/late.txt"), incident(1, 1).len().to_string()).unwrap();
    let result = scene.done(&["reconstruct", "footage", "--json"]).json();
    assert_eq!((&result["recordings"], &result["documents"]), (&7.into(), &1.into()));
}

fn walk(folder: &std::path::Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            names.extend(walk(&entry.path()));
        }
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names
}
