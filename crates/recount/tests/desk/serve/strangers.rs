//! Those who should not be let in, and those who ask for too much.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use super::client::{Answer, Page};
use crate::scene::Scene;

const CASE: &str = "footage.recount";

fn served() -> (Scene, Page) {
    let scene = Scene::incident();
    scene.done(&["reconstruct", "footage", "-q"]);
    let page = Page::open(&scene, CASE);
    (scene, page)
}

#[test]
fn nobody_is_let_in_without_the_token_or_by_another_name() {
    let (_scene, page) = served();
    let id = page.id("a.wav");
    let host = page.host();
    let media = format!("/media/{id}");
    for path in ["/", "/api/case", "/api/events", "/favicon.ico", &media, "/?token=", "/?token=0"] {
        let bare = page
            .raw(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"), b"");
        assert_eq!(bare.status, 401, "{path} {bare:?}");
        assert!(!String::from_utf8_lossy(&bare.body).contains("a.wav"));
    }
    let cookie = format!("Cookie: {}\r\nConnection: close\r\n", page.cookie);
    for foreign in ["evil.example", "127.0.0.1", "127.0.0.1:1", "evil.example:80", "[::1]:1", ""] {
        let asked = format!("GET /api/case HTTP/1.1\r\nHost: {foreign}\r\n{cookie}\r\n");
        assert!([400, 403].contains(&page.raw(&asked, b"").status), "{foreign}");
    }
    let nameless = format!("GET /api/case HTTP/1.1\r\n{cookie}\r\n");
    assert!([400, 403].contains(&page.raw(&nameless, b"").status));
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1"] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = page.ask(method, "/api/markers/m1", &[("Origin", origin)], b"");
            assert_eq!(answer.status, 403, "{method} {origin}");
        }
    }
    let forged =
        format!("POST /api/undo/1 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n{cookie}\r\n");
    assert_eq!(page.raw(&forged, b"").status, 403);
    let embedded = page.ask(
        "GET",
        &media,
        &[("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "no-cors")],
        b"",
    );
    assert_eq!(embedded.status, 403);
    assert_eq!(page.get("/api/case").status, 200);
}

#[test]
fn a_browser_is_told_to_keep_to_this_server() {
    let (_scene, page) = served();
    for path in ["/", "/api/case", "/nothing.js", "/api/why/x"] {
        let answer = page.get(path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
        assert!(answer.header("access-control-allow-origin").is_none(), "{path}");
    }
    let cookie = page.get(&format!("/?token={}", page.token));
    let cookie = cookie.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
}

#[test]
fn no_path_leads_out_and_no_name_is_a_source() {
    let (scene, page) = served();
    std::fs::write(scene.at("secret.txt"), "secret").unwrap();
    let id = page.id("a.wav");
    for path in [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/media/a.wav",
        "/media/..%2f..%2fsecret.txt",
        "/media/%00",
        &format!("/media/{}", &id[..63]),
        &format!("/media/{}0", &id[..63].replace(&id[..1], "f")),
        &format!("/media/{id}/../../secret.txt"),
        "/thumbs/x/../../0.jpg",
        &format!("/thumbs/{id}/..%2f0.jpg"),
        &format!("/thumbs/{id}/99999999999999999999.jpg"),
        "/proxy/..",
        "/peaks/..%5c",
    ] {
        let answer = page.get(path);
        assert!([400, 404].contains(&answer.status), "{path} {answer:?}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret\n"), "{path}");
    }
    let elsewhere = format!(
        "GET http://evil.example/ HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nConnection: close\r\n\r\n",
        page.host(),
        page.cookie
    );
    assert_eq!(page.raw(&elsewhere, b"").status, 403);
}

#[test]
fn ten_thousand_requests_are_answered_and_leave_nothing_open() {
    let (_scene, page) = served();
    let id = page.id("a.wav");
    let open = || std::fs::read_dir(format!("/proc/{}/fd", page.pid())).map_or(0, Iterator::count);
    let before = open();
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let (page, id) = (&page, &id);
            scope.spawn(move || {
                let mut stream = page.connect();
                let path =
                    if worker % 2 == 0 { "/api/case".to_owned() } else { format!("/media/{id}") };
                let asked = format!(
                    "GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nRange: bytes=0-99\r\n\r\n",
                    page.host(),
                    page.cookie
                );
                for _ in 0..1250 {
                    stream.write_all(asked.as_bytes()).unwrap();
                    let status = one_answer(&mut stream);
                    assert!([200, 206].contains(&status), "{status}");
                }
            });
        }
    });
    assert!(open() <= before + 16, "{} descriptors, {before} before", open());
}

/// Reads one answer of a kept connection; returns its status.
fn one_answer(stream: &mut std::net::TcpStream) -> u16 {
    let mut bytes = Vec::new();
    let mut block = [0; 16 << 10];
    loop {
        let read = stream.read(&mut block).unwrap();
        assert!(read > 0, "the server hung up");
        bytes.extend_from_slice(&block[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = Answer::read(&bytes[..end + 4]);
        let length: usize = head.header("content-length").unwrap().parse().unwrap();
        if bytes.len() >= end + 4 + length {
            return head.status;
        }
    }
}

#[test]
fn clients_that_are_slow_or_talk_nonsense_keep_nobody_waiting() {
    let (_scene, page) = served();
    let mut idle: Vec<_> = (0..100).map(|_| page.connect()).collect();
    for (n, stream) in idle.iter_mut().enumerate() {
        let _ = stream.write_all(match n % 4 {
            0 => b"",
            1 => b"GET /api/case HTTP/1.1\r\nHost: 127",
            2 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
            _ => b"POST /api/markers HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        });
    }
    // One that asks for a recording and never reads it.
    let id = page.id("a.wav");
    let mut deaf = page.connect();
    let asked = format!(
        "GET /media/{id} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\r\n",
        page.host(),
        page.cookie
    );
    deaf.write_all(asked.as_bytes()).unwrap();
    let began = std::time::Instant::now();
    assert_eq!(page.get("/api/case").status, 200);
    assert!(began.elapsed() < Duration::from_secs(5));
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(1 << 20));
    assert!([0, 400, 414, 431].contains(&page.raw(&long, b"").status));
    let many: Vec<String> = (0..5000).map(|n| format!("X-{n}: 1\r\n")).collect();
    let many = many.concat();
    let many = format!("GET / HTTP/1.1\r\nHost: {}\r\n{many}\r\n", page.host());
    assert!([0, 400, 431].contains(&page.raw(&many, b"").status));
    let large = "x".repeat(5 << 20);
    let answer = page.send("POST", "/api/markers", &serde_json::json!({ "note": large }));
    assert!([0, 413, 422].contains(&answer.status), "{}", answer.status);
    assert_eq!(page.get("/api/case").status, 200);
}
