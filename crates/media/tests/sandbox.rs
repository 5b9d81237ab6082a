//! What a hostile file, or an ffmpeg that a hostile file has taken over, can reach: nothing.

mod made;

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use made::{Bench, ON, door, hear, hiss};
use media::Error;

/// Words that only the other file holds.
const SECRET: &str = "the-other-file";

#[test]
fn this_kernel_closes_every_door() {
    // On an older kernel the warnings say what is missing; then these tests prove less.
    for warning in door().warnings() {
        eprintln!("this kernel: {warning}");
    }
}

#[test]
fn playlists_and_scripts_in_disguise_open_nothing() {
    let (bench, door) = (Bench::new(), door());
    let other = bench.wav("other.wav", 8000, &[hiss(80_000)]);
    let other = other.to_str().unwrap();
    let disguises = [
        ("m3u8.mp4", format!("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{other}\n")),
        ("concat.mp4", format!("ffconcat version 1.0\nfile '{other}'\n")),
        (
            "stream.sdp",
            "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n\
                        m=audio 5004 RTP/AVP 0\n"
                .to_owned(),
        ),
        (
            "dash.mp4",
            format!(
                "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" \
             type=\"static\" profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\">\
             <Period><AdaptationSet mimeType=\"audio/wav\"><Representation id=\"1\">\
             <BaseURL>file://{other}</BaseURL></Representation></AdaptationSet></Period></MPD>"
            ),
        ),
        ("reference.mov", format!("[Reference]\nRef1=file://{other}\n")),
        ("list.m3u", format!("{other}\n")),
    ];
    for (name, text) in disguises {
        let path = bench.write(name, text);
        let e = door.probe(&path, ON).expect_err(name);
        assert!(matches!(e, Error::NotMedia { .. }), "{name}: {e}");
    }
}

#[test]
fn names_that_mean_something_to_ffmpeg_mean_nothing() {
    let (bench, door) = (Bench::new(), door());
    let made = bench.wav("in.wav", 8000, &[hiss(8000)]);
    for name in [
        "-i.wav",
        "-",
        "pipe:0",
        "concat:a|b.wav",
        "http:",
        "%d.wav",
        "img%03d.png",
        "line\nbreak.wav",
        "tele\u{1b}[2Jtype.wav",
        "quo'te\".wav",
        "*.wav",
        "a,b;c.wav",
        "data:audio/wav;base64,AAAA",
        "\u{202e}vaw.mp4",
    ] {
        let Some(path) = Some(bench.path(name)).filter(|path| fs::copy(&made, path).is_ok()) else {
            // A name with a slash cannot be made.
            continue;
        };
        let heard = hear(&door, &path).unwrap_or_else(|e| panic!("{name:?}: {e}"));
        assert_eq!(heard.samples.len(), 8000, "{name:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_has_been_taken_over_reaches_nothing() {
    // A shell takes ffmpeg's place, with the same doors closed, and tries each of them.
    let bench = Bench::new();
    let media = bench.write("media", "the one file");
    let other = bench.write("other", SECRET);
    let (media, other) = (media.display().to_string(), other.display().to_string());
    let written = bench.path("written").display().to_string();
    let tries = [
        ("read the one file by its name", format!("read line < {media}; echo got $line"), true),
        ("read another file", format!("read line < {other} && echo got $line"), false),
        ("read the account list", "read line < /etc/passwd && echo got $line".to_owned(), false),
        (
            "list a folder",
            format!(
                "for f in {}/*; do case $f in *other) echo got $f; esac; done",
                bench.folder.path().display()
            ),
            false,
        ),
        ("write a new file", format!("echo x > {written} && echo got it"), false),
        ("write to the one file", format!("echo x >> {media} && echo got it"), false),
        ("start a program", "/bin/true && echo got it".to_owned(), false),
        ("become another program", "exec /usr/bin/printf got".to_owned(), false),
        ("start another process", "(echo got it)".to_owned(), false),
        ("signal its parent", "kill -0 $PPID && echo got it".to_owned(), false),
        ("see a network", "read a < /proc/net/dev && echo got it".to_owned(), false),
    ];
    for (what, script, allowed) in tries {
        let said = taken_over("/bin/sh", &media, &["-c", &script]);
        assert_eq!(said.contains("got"), allowed, "{what}: {said}");
        assert!(!said.contains(SECRET), "{what}: {said}");
    }
    assert_eq!(fs::read_to_string(&media).unwrap(), "the one file");
    assert!(fs::metadata(&written).is_err());
}

/// Runs a program as the keeper would run ffmpeg and returns all it printed.
#[cfg(target_os = "linux")]
fn taken_over(program: &str, media: &str, arguments: &[&str]) -> String {
    let loaders = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
    let loader = loaders.iter().find(|path| fs::metadata(path).is_ok());
    let plan = serde_json::json!({
        "program": fs::canonicalize(program).unwrap(),
        "loader": loader,
        "libraries": ["/usr/lib", "/lib", "/lib64", "/usr/local/lib"],
        "library_path": null,
        "arguments": arguments,
        "cpu_s": 5,
        "memory_bytes": 1u64 << 30,
        "parent": std::process::id(),
        "pipes": [],
        "report": false,
    });
    let ended = Command::new(made::keeper())
        .args(["--recount-media-keeper-1", &plan.to_string()])
        .stdin(fs::File::open(media).unwrap())
        .output()
        .unwrap();
    let bytes = [ended.stdout, ended.stderr].concat();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(target_os = "linux")]
#[test]
fn a_socket_is_refused() {
    // Where Python is, it asks the kernel directly; its own start needs nothing but libraries.
    if fs::metadata("/usr/bin/python3").is_err() {
        eprintln!("skipped: no python3 to ask with");
        return;
    }
    let bench = Bench::new();
    let media = bench.write("media", "the one file");
    let script = "import os, socket\n\
        for what, ask in [('socket', lambda: socket.socket()), ('fork', os.fork), \
        ('chmod', lambda: os.chmod(0, 0o777)), ('touch', lambda: os.utime(0)), \
        ('signal', lambda: os.kill(os.getppid(), 0)), ('memory', lambda: bytearray(2 << 30))]:\n\
        \x20   try:\n        ask(); print('got', what)\n\
        \x20   except (OSError, MemoryError) as e: print('refused', what)\n";
    let said = taken_over("/usr/bin/python3", media.to_str().unwrap(), &["-I", "-S", "-c", script]);
    assert_eq!(said.matches("refused").count(), 6, "{said}");
    assert!(!said.contains("got"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_reader_dies_with_the_program_and_leaves_no_zombie() {
    let bench = Bench::new();
    bench.make("-f lavfi -i anullsrc=r=96000:cl=7.1 -t 1500 -c:a flac -frame_size 65535 long.flac");
    let mut program = Command::new(made::keeper())
        .arg(bench.path("long.flac"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let reader = wait_for(|| children(program.id()).into_iter().find(|(_, name)| name == "ffmpeg"));
    // Trying out and probing come first; wait for the reader that stays.
    std::thread::sleep(Duration::from_millis(700));
    let reader = children(program.id()).first().cloned().unwrap_or(reader);
    program.kill().unwrap();
    program.wait().unwrap();
    wait_for(|| {
        let state = fs::read_to_string(format!("/proc/{}/stat", reader.0)).unwrap_or_default();
        (!state.contains("(ffmpeg)") || state.contains(") Z")).then_some(())
    });
}

#[cfg(target_os = "linux")]
fn children(of: u32) -> Vec<(u32, String)> {
    let list = fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
    let name = |pid: u32| {
        let comm = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        (pid, comm.trim().to_owned())
    };
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).map(name).collect()
}

#[cfg(target_os = "linux")]
fn wait_for<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "it did not happen in 10 s");
        std::thread::sleep(Duration::from_millis(5));
    }
}
