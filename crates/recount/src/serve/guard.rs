//! Who may talk to the page's server: the person who started it, and no other page of theirs.
//!
//! In: a request's head. Out: let through, or a refusal. The address that is printed carries a
//! token made anew at each start; whoever brings it gets a cookie that no script can read and that
//! no other site's request carries. `Host` must be our own loopback name (else a foreign name that
//! resolves to this machine could read the case), `Origin` ours wherever it is sent, and what
//! changes anything must carry one of the marks that a foreign page cannot forge.
//!
//! What the cookie holds is kept for the user, outside of the case, so that a page that is open
//! while the server is started anew goes on working.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode, Uri};

use crate::sound::checksum;

/// A header that a page of another site cannot send without asking first, which is refused.
const OWN_MARK: &str = "x-recount";

/// What a browser says of where a request comes from.
const FETCH_SITE: &str = "sec-fetch-site";
const FETCH_MODE: &str = "sec-fetch-mode";

/// For how long a browser keeps the cookie: links of a case are opened again weeks later.
const COOKIE_S: u32 = 30 * 86_400;

/// Bytes of a secret.
const SECRET_BYTES: usize = 32;

/// What every request is held against.
#[derive(Debug)]
pub struct Guard {
    port: u16,
    token: String,
    session: String,
}

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It was sent to a name that is not ours.
    Host,
    /// It comes from another site's page.
    Origin,
    /// It brings no cookie of ours.
    Unknown,
}

impl Refused {
    /// Status and sentence.
    pub fn told(self) -> (StatusCode, &'static str) {
        match self {
            Self::Host => (StatusCode::FORBIDDEN, "this server answers on 127.0.0.1 only"),
            Self::Origin => (StatusCode::FORBIDDEN, "this request comes from another site"),
            Self::Unknown => (
                StatusCode::UNAUTHORIZED,
                "open the address that `recount serve` printed; its token lets this browser in",
            ),
        }
    }
}

impl Guard {
    /// For the case in `dir`, on `port`.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn new(dir: &Path, port: u16, state: Option<&Path>) -> io::Result<Self> {
        let session = match state.map(|state| kept_secret(state, dir)) {
            Some(Ok(kept)) => kept,
            // Without a place to keep it, an open page has to be let in anew after a restart.
            _ => secret()?,
        };
        Ok(Self { port, token: secret()?, session })
    }

    /// The address that lets a browser in.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/?token={}", self.port, self.token)
    }

    /// Whether this is the token of the address.
    pub fn knows(&self, token: &str) -> bool {
        same(token, &self.token)
    }

    /// The cookie that is given for it.
    pub fn cookie(&self) -> String {
        format!(
            "{}={}; HttpOnly; SameSite=Strict; Path=/; Max-Age={COOKIE_S}",
            self.cookie_name(),
            self.session
        )
    }

    /// Looks at where a request goes to and comes from.
    ///
    /// # Errors
    /// [`Refused::Host`], [`Refused::Origin`].
    pub fn place(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refused> {
        let host = one(headers, HOST.as_str()).ok_or(Refused::Host)?;
        let ours = |name: &str| self.names().iter().any(|own| own.eq_ignore_ascii_case(name));
        if !ours(host) || uri.authority().is_some_and(|named| !ours(named.as_str())) {
            return Err(Refused::Host);
        }
        let origin = one(headers, ORIGIN.as_str());
        if origin.is_none() && headers.contains_key(ORIGIN) {
            return Err(Refused::Origin);
        }
        let own_page = format!("http://{host}");
        if origin.is_some_and(|origin| !origin.eq_ignore_ascii_case(&own_page)) {
            return Err(Refused::Origin);
        }
        let site = headers.get(FETCH_SITE).map_or(Some("none"), |site| site.to_str().ok());
        let goes_there = headers.get(FETCH_MODE).is_some_and(|mode| mode == "navigate");
        let from_elsewhere = !matches!(site, Some("none" | "same-origin"));
        let changes = !matches!(*method, Method::GET | Method::HEAD);
        if from_elsewhere && (changes || !goes_there) {
            return Err(Refused::Origin);
        }
        if changes && origin.is_none() && !headers.contains_key(OWN_MARK) {
            return Err(Refused::Origin);
        }
        Ok(())
    }

    /// Whether the request brings the cookie.
    ///
    /// # Errors
    /// [`Refused::Unknown`].
    pub fn person(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|value| value.split(';')).filter_map(|c| c.split_once('='));
        let name = self.cookie_name();
        let known =
            pairs.any(|(key, value)| key.trim() == name && same(value.trim(), &self.session));
        if known { Ok(()) } else { Err(Refused::Unknown) }
    }

    /// Cookies are told apart by host only; two cases on two ports must not take each other's.
    fn cookie_name(&self) -> String {
        format!("recount-{}", self.port)
    }

    fn names(&self) -> [String; 2] {
        ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", self.port))
    }
}

/// A header that stands there once, as text.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// Compared in a time that does not tell where they differ.
fn same(given: &str, known: &str) -> bool {
    let pairs = given.bytes().zip(known.bytes());
    given.len() == known.len() && pairs.fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// Random digits from the kernel.
fn secret() -> io::Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    Ok(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
}

/// The secret of a case that this user keeps under `state`, made if there is none.
fn kept_secret(state: &Path, case: &Path) -> io::Result<String> {
    let name = format!("{:016x}", checksum(case.as_os_str().as_encoded_bytes()));
    let path = state.join("recount").join("page").join(name);
    if let Some(kept) = read_secret(&path) {
        return Ok(kept);
    }
    let made = secret()?;
    let folder = path.parent().unwrap_or(state);
    fs::create_dir_all(folder)?;
    let mut part = tempfile::Builder::new().tempfile_in(folder)?;
    part.write_all(made.as_bytes())?;
    part.persist(&path).map_err(|error| error.error)?;
    Ok(made)
}

/// What a file of ours holds, if it is a secret that nobody else may read.
fn read_secret(path: &Path) -> Option<String> {
    let status = path.symlink_metadata().ok()?;
    if !status.is_file() || status.mode() & 0o077 != 0 {
        return None;
    }
    let mut text = String::new();
    fs::File::open(path).ok()?.take(1024).read_to_string(&mut text).ok()?;
    let whole = text.len() == 2 * SECRET_BYTES && text.bytes().all(|b| b.is_ascii_hexdigit());
    whole.then_some(text)
}

/// Where this user's programs keep what should outlive them.
pub fn state_folder() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local").join("state")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard { port: 7000, token: "t".repeat(64), session: "s".repeat(64) }
    }

    fn head(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (axum::http::HeaderName::from_static(name), value.parse().unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    fn asked(method: &Method, pairs: &[(&'static str, &str)]) -> Result<(), Refused> {
        guard().place(method, &Uri::from_static("/api/case"), &head(pairs))
    }

    #[test]
    fn only_our_own_names_are_answered() {
        for host in ["127.0.0.1:7000", "localhost:7000", "LOCALHOST:7000"] {
            assert_eq!(asked(&Method::GET, &[("host", host)]), Ok(()), "{host}");
        }
        for host in
            ["127.0.0.1", "127.0.0.1:7001", "evil.example:7000", "127.0.0.1:7000.evil.example", ""]
        {
            assert_eq!(asked(&Method::GET, &[("host", host)]), Err(Refused::Host), "{host}");
        }
        assert_eq!(asked(&Method::GET, &[]), Err(Refused::Host));
        let twice = [("host", "127.0.0.1:7000"), ("host", "evil.example")];
        let mut headers = head(&twice[..1]);
        headers.append("host", "evil.example".parse().unwrap());
        assert!(guard().place(&Method::GET, &Uri::from_static("/"), &headers).is_err());
        let elsewhere = Uri::from_static("http://evil.example:7000/");
        assert!(guard().place(&Method::GET, &elsewhere, &head(&twice[..1])).is_err());
    }

    #[test]
    fn another_sites_page_may_neither_read_nor_change() {
        let host = ("host", "127.0.0.1:7000");
        for origin in
            ["http://evil.example", "null", "http://127.0.0.1:8000", "https://127.0.0.1:7000"]
        {
            assert!(asked(&Method::GET, &[host, ("origin", origin)]).is_err(), "{origin}");
            assert!(asked(&Method::POST, &[host, ("origin", origin)]).is_err(), "{origin}");
        }
        for site in ["cross-site", "same-site"] {
            assert!(asked(&Method::GET, &[host, ("sec-fetch-site", site)]).is_err(), "{site}");
            let link = [host, ("sec-fetch-site", site), ("sec-fetch-mode", "navigate")];
            assert_eq!(asked(&Method::GET, &link), Ok(()));
            assert!(asked(&Method::POST, &link).is_err());
        }
        assert!(asked(&Method::POST, &[host]).is_err());
        assert!(asked(&Method::DELETE, &[host]).is_err());
        assert_eq!(asked(&Method::POST, &[host, ("origin", "http://127.0.0.1:7000")]), Ok(()));
        assert_eq!(asked(&Method::POST, &[host, ("x-recount", "1")]), Ok(()));
    }

    #[test]
    fn nobody_gets_in_without_the_cookie_of_this_port() {
        let guard = guard();
        let given = guard.cookie();
        let pair = given.split(';').next().unwrap().to_owned();
        assert_eq!(guard.person(&head(&[("cookie", &pair)])), Ok(()));
        assert_eq!(guard.person(&head(&[("cookie", &format!("a=b; {pair}"))])), Ok(()));
        let short = format!("recount-7000={}", "s".repeat(63));
        let other = format!("recount-7001={}", "s".repeat(64));
        for cookie in ["", "recount-7000=", &short, &other, "recount-7000=x"] {
            assert!(guard.person(&head(&[("cookie", cookie)])).is_err(), "{cookie}");
        }
        assert!(guard.person(&head(&[])).is_err());
        assert!(guard.knows(&"t".repeat(64)) && !guard.knows("t") && !guard.knows(""));
        assert!(given.contains("HttpOnly") && given.contains("SameSite=Strict"));
    }

    #[test]
    fn the_same_case_keeps_its_secret_and_others_have_their_own() {
        let state = tempfile::tempdir().unwrap();
        let session =
            |case: &str| Guard::new(Path::new(case), 1, Some(state.path())).unwrap().session;
        let first = session("/a.recount");
        assert_eq!(session("/a.recount"), first);
        assert_ne!(session("/b.recount"), first);
        let folder = state.path().join("recount/page");
        for file in fs::read_dir(folder).unwrap() {
            use std::os::unix::fs::PermissionsExt as _;
            let path = file.unwrap().path();
            fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
        }
        assert_ne!(session("/a.recount"), first, "one that others could read is not believed");
    }
}
