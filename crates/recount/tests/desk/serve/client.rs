//! A server that is running, and a plain client that sends exactly what a test says.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::scene::Scene;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server; ended when dropped.
pub struct Page {
    child: Child,
    pub port: u16,
    pub token: String,
    pub cookie: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Page {
    /// Serves a case of a scene and lets this client in.
    pub fn open(scene: &Scene, case: &str) -> Self {
        Self::on_port(scene, case, 0)
    }

    pub fn on_port(scene: &Scene, case: &str, port: u16) -> Self {
        let mut command = scene.command(&["serve", case, "--port", &port.to_string()]);
        command.env("XDG_STATE_HOME", scene.at("state")).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let rest = address.trim().strip_prefix("http://127.0.0.1:").expect("an address");
        let (port, token) = rest.split_once("/?token=").unwrap();
        let (port, token) = (port.parse().unwrap(), token.to_owned());
        let mut page = Self { child, port, token, cookie: String::new() };
        let entered = page.get(&format!("/?token={}", page.token));
        assert_eq!((entered.status, entered.header("location")), (303, Some("/")), "{entered:?}");
        let cookie = entered.header("set-cookie").unwrap();
        cookie.split(';').next().unwrap().clone_into(&mut page.cookie);
        page
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.host()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a head as it stands and a body, and reads until the server ends the connection.
    pub fn raw(&self, head: &str, body: &[u8]) -> Answer {
        let mut stream = self.connect();
        // The server may refuse and hang up before it has read everything.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        Answer::read(&bytes)
    }

    /// As the page asks.
    pub fn ask(&self, method: &str, path: &str, more: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nX-Recount: 1\r\n\
             Content-Length: {}\r\n",
            self.host(),
            body.len()
        );
        if !self.cookie.is_empty() {
            let _ = write!(head, "Cookie: {}\r\n", self.cookie);
        }
        for (name, value) in more {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        self.raw(&(head + "\r\n"), body)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], &[])
    }

    pub fn part(&self, path: &str, range: &str) -> Answer {
        self.ask("GET", path, &[("Range", range)], &[])
    }

    pub fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let json = [("Content-Type", "application/json")];
        self.ask(method, path, &json, body.to_string().as_bytes())
    }

    /// The case as the page is told of it.
    pub fn case(&self) -> Value {
        let answer = self.get("/api/case");
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// A recording by its name.
    pub fn recording(&self, name: &str) -> Value {
        let case = self.case();
        let all = case["recordings"].as_array().unwrap();
        let found = all.iter().find(|recording| recording["name"] == name);
        found.unwrap_or_else(|| panic!("{name} is not in {case}")).clone()
    }

    /// The hash of a recording.
    pub fn id(&self, name: &str) -> String {
        self.recording(name)["id"].as_str().unwrap().to_owned()
    }

    /// Asks again and again until something is so.
    pub fn until<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(began.elapsed() < PATIENCE, "it never came to be: {what}\n{}", self.case());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits for a job to end, and returns it.
    pub fn ended(&self, job: &Value) -> Value {
        self.until("the end of a job", |page| {
            let case = page.case();
            let all = case["jobs"].as_array().unwrap().clone();
            all.into_iter().find(|found| found["id"] == *job && found["state"] != "running")
        })
    }

    /// Ends it as a crash would.
    pub fn kill(mut self) -> u16 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.port
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    pub fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        let mut answer = Self { status, head, body: bytes[end..].to_vec() };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = unchunked(&answer.body);
        }
        answer
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {} {text}", self.head))
    }
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(at) = bytes.windows(2).position(|two| two == b"\r\n") {
        let length = std::str::from_utf8(&bytes[..at]).unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        if length == 0 {
            break;
        }
        whole.extend_from_slice(&bytes[at + 2..at + 2 + length]);
        bytes = &bytes[at + 4 + length..];
    }
    whole
}
