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
//!
//! On a network a password takes the token's place, and what it opens is another cookie for each
//! password, sent over TLS only. `Host` may then be any name: a foreign name that resolves to this
//! machine meets a certificate that is not its own, and the browser ends it.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest as _, Sha256};

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
    entrance: Entrance,
    session: String,
}

/// What lets somebody in who has no cookie yet.
#[derive(Debug)]
enum Entrance {
    /// The token of the address that was printed, on this machine.
    Token(String),
    /// A password, from anywhere; its SHA-256.
    Password([u8; 32]),
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
    /// It brings neither a cookie nor the password.
    NoPassword,
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
            Self::NoPassword => (
                StatusCode::UNAUTHORIZED,
                "open the front page of this server; it asks for the password (any user name)",
            ),
        }
    }
}

impl Guard {
    /// For the case in `dir`, on `port`; with a password, for people elsewhere.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn new(
        dir: &Path,
        port: u16,
        state: Option<&Path>,
        password: Option<&str>,
    ) -> io::Result<Self> {
        let session = match state.map(|state| kept_secret(state, dir)) {
            Some(Ok(kept)) => kept,
            // Without a place to keep it, an open page has to be let in anew after a restart.
            _ => secret()?,
        };
        let Some(password) = password else {
            return Ok(Self { port, entrance: Entrance::Token(secret()?), session });
        };
        // Whoever knew an older password is not let in any more.
        let of_both = Sha256::new().chain_update(&session).chain_update([0]);
        let session = hex(&of_both.chain_update(password).finalize());
        let entrance = Entrance::Password(Sha256::digest(password).into());
        Ok(Self { port, entrance, session })
    }

    /// What has to be added to the server's own address to be let in.
    pub fn key(&self) -> String {
        match &self.entrance {
            Entrance::Token(token) => format!("?token={token}"),
            Entrance::Password(_) => String::new(),
        }
    }

    /// Whether this is the token of the address.
    pub fn knows(&self, token: &str) -> bool {
        matches!(&self.entrance, Entrance::Token(own) if same(token, own))
    }

    /// Whether this is the password.
    pub fn is_password(&self, given: &[u8]) -> bool {
        // Sums are compared, so that the time it takes tells nothing of either.
        matches!(&self.entrance, Entrance::Password(own) if *own == <[u8; 32]>::from(Sha256::digest(given)))
    }

    /// Whether a password is asked for, and so whether all goes over TLS.
    pub fn asks_password(&self) -> bool {
        matches!(self.entrance, Entrance::Password(_))
    }

    /// The cookie that is given for token or password.
    pub fn cookie(&self) -> String {
        let secure = if self.asks_password() { "; Secure" } else { "" };
        format!(
            "{}={}; HttpOnly; SameSite=Strict; Path=/; Max-Age={COOKIE_S}{secure}",
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
        let ours = |name: &str| match self.entrance {
            Entrance::Token(_) => self.names().iter().any(|own| own.eq_ignore_ascii_case(name)),
            Entrance::Password(_) => name.eq_ignore_ascii_case(host) && !name.is_empty(),
        };
        if !ours(host) || uri.authority().is_some_and(|named| !ours(named.as_str())) {
            return Err(Refused::Host);
        }
        let origin = one(headers, ORIGIN.as_str());
        if origin.is_none() && headers.contains_key(ORIGIN) {
            return Err(Refused::Origin);
        }
        let scheme = if self.asks_password() { "https" } else { "http" };
        let own_page = format!("{scheme}://{host}");
        if origin.is_some_and(|origin| !origin.eq_ignore_ascii_case(&own_page)) {
            return Err(Refused::Origin);
        }
        let site = headers.get(FETCH_SITE).map_or(Some("none"), |site| site.to_str().ok());
        let from_elsewhere = !matches!(site, Some("none" | "same-origin"));
        let changes = !matches!(*method, Method::GET | Method::HEAD);
        if from_elsewhere && (changes || !goes_there(headers)) {
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
        match known {
            true => Ok(()),
            false if self.asks_password() => Err(Refused::NoPassword),
            false => Err(Refused::Unknown),
        }
    }

    /// Cookies are told apart by host only; two cases on two ports must not take each other's.
    fn cookie_name(&self) -> String {
        format!("recount-{}", self.port)
    }

    fn names(&self) -> [String; 3] {
        ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{}", self.port))
    }
}

/// The password that a browser sends after it has asked its person (RFC 7617); any user name.
pub fn password_in(headers: &HeaderMap) -> Option<Vec<u8>> {
    let (scheme, coded) = one(headers, AUTHORIZATION.as_str())?.split_once(' ')?;
    let pair = scheme
        .eq_ignore_ascii_case("basic")
        .then(|| BASE64_STANDARD.decode(coded.trim()).ok())??;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some(pair[colon + 1..].to_vec())
}

/// Whether a link or a file elsewhere leads here. Browsers then keep the cookie back, since it is strict.
pub fn is_led_here(headers: &HeaderMap) -> bool {
    let site = headers.get(FETCH_SITE).and_then(|site| site.to_str().ok());
    goes_there(headers) && matches!(site, Some("cross-site" | "same-site"))
}

/// Whether the window goes to what is asked for, rather than something in it asking.
pub fn goes_there(headers: &HeaderMap) -> bool {
    headers.get(FETCH_MODE).is_some_and(|mode| mode == "navigate")
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
    Ok(hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        let entrance = Entrance::Token("t".repeat(64));
        Guard { port: 7000, entrance, session: "s".repeat(64) }
    }

    fn on_a_network(password: &str) -> Guard {
        let state = tempfile::tempdir().unwrap();
        Guard::new(Path::new("/a.recount"), 7000, Some(state.path()), Some(password)).unwrap()
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
            |case: &str| Guard::new(Path::new(case), 1, Some(state.path()), None).unwrap().session;
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

    #[test]
    fn a_password_opens_what_no_token_and_no_other_password_does() {
        let guard = on_a_network("correct horse battery");
        let basic = |coded: &str| password_in(&head(&[("authorization", coded)]));
        let given = basic("Basic YW55Ym9keTpjb3JyZWN0IGhvcnNlIGJhdHRlcnk=").unwrap();
        assert!(guard.is_password(&given) && !guard.is_password(b"correct horse batter"));
        assert_eq!(basic("basic YTpiOmM=").unwrap(), b"b:c", "a colon may stand in a password");
        for nonsense in ["Basic", "Basic !!!!", "Basic YWJj", "Bearer YTpi", ""] {
            assert!(basic(nonsense).is_none(), "{nonsense}");
        }
        assert!(!guard.knows("") && guard.key().is_empty());
        assert!(guard.cookie().ends_with("; Secure"));
        assert_eq!(guard.person(&head(&[])), Err(Refused::NoPassword));
    }

    #[test]
    fn whoever_knew_the_password_before_has_to_ask_for_the_new_one() {
        let state = tempfile::tempdir().unwrap();
        let session = |password: Option<&str>| {
            Guard::new(Path::new("/a"), 1, Some(state.path()), password).unwrap().session
        };
        assert_eq!(session(Some("one password")), session(Some("one password")));
        assert_ne!(session(Some("one password")), session(Some("another one")));
        assert_ne!(session(Some("one password")), session(None));
    }

    #[test]
    fn on_a_network_only_the_servers_own_page_over_tls_is_answered() {
        let guard = on_a_network("correct horse battery");
        let place = |pairs: &[(&'static str, &str)]| {
            guard.place(&Method::POST, &Uri::from_static("/api/place"), &head(pairs))
        };
        let host = ("host", "cutting-room.example:7462");
        assert_eq!(place(&[host, ("origin", "https://cutting-room.example:7462")]), Ok(()));
        for origin in ["http://cutting-room.example:7462", "https://evil.example", "null"] {
            assert_eq!(place(&[host, ("origin", origin)]), Err(Refused::Origin), "{origin}");
        }
        assert!(place(&[("origin", "https://cutting-room.example:7462")]).is_err());
    }
}
