//! What is played and drawn: originals by stretches, peaks, frame tables, thumbnails, proxies.

use std::fs;

use serde_json::Value;

use super::client::Page;
use crate::scene::{Scene, ffmpeg, incident};

const CASE: &str = "footage.recount";

#[test]
fn an_original_comes_byte_for_byte_and_by_stretches() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    let page = Page::open(&scene, CASE);
    let file = fs::read(scene.at("footage/a.wav")).unwrap();
    let length = file.len();
    let path = format!("/media/{}", page.id("a.wav"));
    let whole = page.get(&path);
    assert_eq!((whole.status, whole.header("content-type")), (200, Some("audio/wav")));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    assert!(whole.body == file);
    for (range, from, to) in [
        ("bytes=0-99", 0, 100),
        ("bytes=1000-1000", 1000, 1001),
        ("bytes=-7", length - 7, length),
        ("bytes=44-", 44, length.min(44 + (4 << 20))),
        ("bytes=5-999999999999999999999999", 5, length),
    ] {
        let part = page.part(&path, range);
        assert_eq!(part.status, 206, "{range}");
        assert_eq!(
            part.header("content-range"),
            Some(&*format!("bytes {from}-{}/{length}", to - 1)),
            "{range}"
        );
        assert!(part.body == file[from..to], "{range}");
    }
    for range in
        ["bytes=", "bytes=9-1", "bytes=x", "bytes=0-1,2-3", "bytes=99999999999-", "bytes=-0"]
    {
        let none = page.part(&path, range);
        assert_eq!(none.status, 416, "{range}");
        assert_eq!(none.header("content-range"), Some(&*format!("bytes */{length}")));
        assert!(none.body.is_empty());
    }
    let other = [("Range", "bytes=0-9"), ("If-Range", "\"other\"")];
    assert_eq!(page.ask("GET", &path, &other, &[]).status, 200);
    let head = page.ask("HEAD", &path, &[], &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some(&*length.to_string()));
}

#[test]
fn a_file_that_is_not_what_was_added_is_not_shown() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    let page = Page::open(&scene, CASE);
    let path = format!("/media/{}", page.id("a.wav"));
    assert_eq!(page.get(&path).status, 200);
    let mut bytes = fs::read(scene.at("footage/a.wav")).unwrap();
    bytes[5000] ^= 1;
    fs::write(scene.at("footage/a.wav"), bytes).unwrap();
    assert_eq!(page.get(&path).status, 410);
    fs::remove_file(scene.at("footage/a.wav")).unwrap();
    assert_eq!(page.get(&path).status, 410);
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

#[test]
fn the_peaks_of_a_sound_are_as_long_as_the_sound() {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    let page = Page::open(&scene, CASE);
    let id = page.id("a.wav");
    let peaks = page.get(&format!("/peaks/{id}"));
    assert_eq!(peaks.status, 200);
    assert_eq!(&peaks.body[..4], b"RPK1");
    let levels = number(&peaks.body, 4) as usize;
    assert_eq!(number(&peaks.body, 16), 4500);
    let buckets: usize = (0..levels).map(|n| number(&peaks.body, 16 + 12 * n) as usize).sum();
    assert_eq!(peaks.body.len(), 8 + 12 * levels + buckets);
    fs::remove_dir_all(scene.at(CASE).join("cache")).unwrap();
    assert_eq!(page.get(&format!("/peaks/{id}")).status, 404);
}

/// Frames that are not evenly spaced, later than the sound, in forms that no browser plays: on the
/// clocks of three containers, one of which does not begin at zero and one of which does not say
/// when frames are shown.
const ODD: &[(&str, &[&str])] = &[
    ("odd.mkv", &["-c:v", "mpeg4", "-c:a", "pcm_s16le"]),
    ("odd.ts", &["-c:v", "libx264", "-bf", "2", "-c:a", "mp2"]),
    ("odd.avi", &["-r", "30000/1001", "-c:v", "mpeg4", "-bf", "2", "-c:a", "pcm_s16le"]),
];

fn odd_film(scene: &Scene, name: &str, codecs: &[&str]) {
    scene.wav("sound.wav", &incident(1, 12));
    let sound = scene.at("sound.wav");
    let film = "testsrc2=duration=10:size=320x180:rate=30000/1001";
    let passed = if codecs.contains(&"-r") { "cfr" } else { "passthrough" };
    let odd = "[0:v]select='not(eq(mod(n,7),3))',setpts=PTS+0.37/TB[v]";
    let head = ["-f", "lavfi", "-i", film, "-i", sound.to_str().unwrap(), "-filter_complex", odd];
    let more = ["-map", "[v]", "-map", "1:a", "-fps_mode", passed, "-q:v", "5"];
    scene.made(&format!("footage/{name}"), &[&head, &more, codecs].concat());
}

/// The nanoseconds of a frame table.
fn times(body: &[u8]) -> Vec<i64> {
    assert_eq!(&body[..4], b"RFT1");
    let times: Vec<i64> =
        body[8..].chunks(8).map(|ns| i64::from_le_bytes(ns.try_into().unwrap())).collect();
    assert_eq!(times.len(), number(body, 4) as usize);
    times
}

/// When the frames of a file come out of ffmpeg, nanoseconds from the container's start.
fn shown(path: &std::path::Path) -> Vec<i64> {
    let printed = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-i", path.to_str().unwrap(), "-map", "0:v", "-fps_mode"])
        .args(["passthrough", "-enc_time_base", "1/1000000000", "-f", "framecrc", "-"])
        // Without it, zero of a transport stream would be where the pictures begin.
        .args(["-map", "0:a", "-f", "null", "-"])
        .output()
        .unwrap();
    let text = String::from_utf8(printed.stdout).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(',').nth(2).unwrap().trim().parse().unwrap()).collect()
}

/// Whether two lists name the same moments; ffmpeg takes the container's start off to a
/// microsecond.
fn is_same(these: &[i64], those: &[i64]) -> bool {
    these.len() == those.len() && these.iter().zip(those).all(|(a, b)| (a - b).abs() <= 1000)
}

#[test]
fn a_proxy_shows_every_frame_when_the_original_does() {
    let scene = Scene::new();
    for (name, codecs) in ODD {
        odd_film(&scene, name, codecs);
    }
    scene.done(&["reconstruct", "footage", "-q"]);
    let page = Page::open(&scene, CASE);
    fs::create_dir(scene.at("both")).unwrap();
    for (name, _) in ODD {
        let recording = page.recording(name);
        assert_eq!((&recording["plays"], &recording["proxy"]), (&"proxy".into(), &"none".into()));
        let id = page.id(name);
        assert_eq!(page.get(&format!("/media/{id}")).status, 415);
        assert_eq!(page.get(&format!("/proxy/{id}")).status, 404);
        assert_eq!(page.send("POST", &format!("/api/proxy/{id}"), &Value::Null).status, 202);
    }
    for (name, _) in ODD {
        page.until("a proxy", |page| {
            let state = page.recording(name)["proxy"].clone();
            assert_ne!(state, "failed", "{}", page.case()["jobs"]);
            (state == "ready").then_some(())
        });
        let id = page.id(name);
        let proxy = page.get(&format!("/proxy/{id}"));
        assert_eq!((proxy.status, proxy.header("content-type")), (200, Some("video/mp4")));
        let part = page.part(&format!("/proxy/{id}"), "bytes=4-7");
        assert_eq!((part.status, &part.body[..]), (206, &b"ftyp"[..]));
        let kept = scene.at("both/proxy.mp4");
        fs::write(&kept, &proxy.body).unwrap();
        let original = scene.at(format!("footage/{name}"));
        let table = times(&page.get(&format!("/frames/{id}")).body);
        let (of_proxy, of_original) = (shown(&kept), shown(&original));
        assert!(table.len() >= 250, "{name} {}", table.len());
        assert!(is_same(&table, &of_original), "{name} {table:?} {of_original:?}");
        assert!(is_same(&of_proxy, &of_original), "{name} {of_proxy:?} {of_original:?}");
        // The sound, too: the same incident at the same time.
        fs::copy(&original, scene.at(format!("both/{name}"))).unwrap();
        let both = scene.done(&["sync", "both", "--json"]).json();
        let apart = crate::scene::seconds_between(&both, name, "proxy.mp4");
        assert!(apart.abs() < 0.0005, "{name} {apart}");
        fs::remove_file(scene.at(format!("both/{name}"))).unwrap();
    }
}

#[test]
fn a_sound_that_browsers_seek_badly_becomes_one_that_they_seek_well() {
    let scene = Scene::new();
    scene.encoded("footage/call.mp3", &incident(3, 20));
    scene.done(&["reconstruct", "footage", "-q"]);
    let page = Page::open(&scene, CASE);
    let id = page.id("call.mp3");
    assert_eq!(page.recording("call.mp3")["plays"], "proxy");
    page.send("POST", &format!("/api/proxy/{id}"), &Value::Null);
    let proxy = page.until("a proxy", |page| {
        let answer = page.get(&format!("/proxy/{id}"));
        (answer.status == 200).then_some(answer)
    });
    assert_eq!(proxy.header("content-type"), Some("audio/mp4"));
    fs::create_dir(scene.at("both")).unwrap();
    fs::write(scene.at("both/proxy.m4a"), &proxy.body).unwrap();
    fs::copy(scene.at("footage/call.mp3"), scene.at("both/call.mp3")).unwrap();
    let both = scene.done(&["sync", "both", "--json"]).json();
    let apart = crate::scene::seconds_between(&both, "call.mp3", "proxy.m4a");
    assert!(apart.abs() < 0.0005, "{apart}");
    // A copy that was damaged since is made again, never given out.
    let kept = scene.at(CASE).join("cache").join(&id).join("proxy-v1.mp4");
    let mut bytes = fs::read(&kept).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(&kept, bytes).unwrap();
    assert_eq!(page.get(&format!("/proxy/{id}")).status, 404);
}

#[test]
fn thumbnails_are_made_in_the_background_and_not_of_what_is_veiled() {
    let scene = Scene::new();
    let film = "color=red:duration=40:size=128x72:rate=5";
    scene.made("footage/film.mp4", &["-f", "lavfi", "-i", film, "-pix_fmt", "yuv420p"]);
    let other = "color=blue:duration=3:size=72x128:rate=5";
    scene.made("footage/other.mp4", &["-f", "lavfi", "-i", other, "-pix_fmt", "yuv420p"]);
    scene.done(&["reconstruct", "footage", "-q"]);
    let page = Page::open(&scene, CASE);
    let (film, other) = (page.id("film.mp4"), page.id("other.mp4"));
    let thumbs = page.until("thumbnails", |page| {
        let thumbs = page.recording("film.mp4")["thumbs"].clone();
        (!thumbs.is_null()).then_some(thumbs)
    });
    assert_eq!((&thumbs["count"], &thumbs["every"]), (&40.into(), &1.0.into()));
    for sheet in 0..3 {
        let answer = page.get(&format!("/thumbs/{film}/{sheet}.jpg"));
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/jpeg")));
        assert!(answer.body.starts_with(&[0xff, 0xd8]));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let picture = scene.at(format!("{sheet}.jpg"));
        fs::write(&picture, &answer.body).unwrap();
        ffmpeg(&["-i", picture.to_str().unwrap(), "-f", "null", "-"]);
    }
    assert_eq!(page.get(&format!("/thumbs/{film}/3.jpg")).status, 404);
    page.until("the other thumbnails", |page| {
        (!page.recording("other.mp4")["thumbs"].is_null()).then_some(())
    });
    let veil = serde_json::json!({ "id": film, "veiled": true });
    assert_eq!(page.send("PUT", "/api/veil", &veil).status, 204);
    assert_eq!(page.get(&format!("/thumbs/{film}/0.jpg")).status, 404);
    assert_eq!(page.recording("film.mp4")["thumbs"], Value::Null);
    assert_eq!(page.get(&format!("/thumbs/{other}/0.jpg")).status, 200);
    assert_eq!(page.get(&format!("/frames/{other}")).body.len(), 8 + 8 * 15);
}
