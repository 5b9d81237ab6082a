//! What a person sees whose browser is not let in: a page that says what to do, instead of JSON.
//!
//! It tells no more than its sentence: neither the case's name nor anything of what is in it. Its
//! own style is allowed by its sum, nothing else is.

use std::sync::LazyLock;

use axum::http::header::{ACCEPT, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{Html, IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest as _, Sha256};

use super::guard::{Refused, goes_there};

/// As the page's own colours, dark or light as the system is: nobody could choose yet.
const STYLE: &str = "
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-content: center; padding: 24px; box-sizing: border-box;
  background: light-dark(#f3f5f6, #14181b); color: light-dark(#1a2024, #d7dde2); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 34em; }
h1 { font-size: 19px; margin: 0 0 12px; }
p { margin: 0 0 10px; }
code { font: 13px ui-monospace, monospace; background: light-dark(#e9edef, #232a2f); padding: 1px 4px; border-radius: 3px; white-space: nowrap; }
";

/// Whether somebody looks at the answer in a browser, rather than a script of the page or a program.
pub fn wants_a_page(method: &Method, headers: &HeaderMap) -> bool {
    let accepts = headers.get(ACCEPT).and_then(|types| types.to_str().ok()).unwrap_or_default();
    *method == Method::GET && (goes_there(headers) || accepts.starts_with("text/html"))
}

/// The page for who is refused.
pub fn closed(refused: Refused) -> Response {
    static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
        let sum = BASE64_STANDARD.encode(Sha256::digest(STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{sum}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        );
        HeaderValue::from_str(&policy).ok()
    });
    let (status, _) = refused.told();
    let (title, words) = words(refused);
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Recount: {title}</title>\n<style>{STYLE}</style>\n\
         <main>\n<h1>{title}</h1>\n{words}</main>\n</html>\n"
    );
    let mut response = (status, Html(page)).into_response();
    if let Some(policy) = &*POLICY {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy.clone());
    }
    response
}

/// What happened, and what to do.
fn words(refused: Refused) -> (&'static str, &'static str) {
    match refused {
        Refused::Unknown => (
            "This browser is not let in yet",
            "<p>Open the address that <code>recount serve</code> printed in its terminal, the one that ends in \
             <code>?token=…</code>, in this browser, once.</p>\n\
             <p>Then this link works: reload it. If the terminal is gone, run <code>recount serve</code> on the case again.</p>\n",
        ),
        Refused::NoPassword => (
            "This case asks for its password",
            "<p>Reload this page and type the password; any user name will do.</p>\n\
             <p>Whoever runs <code>recount serve</code> knows it: it is what their <code>--password-file</code> holds.</p>\n",
        ),
        Refused::Host => (
            "This server answers under another address",
            "<p>Open the address that <code>recount serve</code> printed in its terminal: it begins with \
             <code>http://127.0.0.1:</code> and works on the machine where it runs only.</p>\n\
             <p>For other machines, <code>recount serve --help</code> says how: <code>--listen</code> with a password.</p>\n",
        ),
        Refused::Origin => (
            "Another site's page asked for this",
            "<p>That is not answered. Open the address that <code>recount serve</code> printed in its terminal by yourself.</p>\n",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_gets_a_page_and_a_program_gets_json() {
        let asked = |method: &Method, name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            wants_a_page(method, &headers)
        };
        assert!(asked(&Method::GET, "sec-fetch-mode", "navigate"));
        assert!(asked(&Method::GET, "accept", "text/html,application/xhtml+xml,*/*;q=0.8"));
        assert!(!asked(&Method::GET, "sec-fetch-mode", "cors"));
        assert!(!asked(&Method::GET, "accept", "*/*"));
        assert!(!asked(&Method::POST, "sec-fetch-mode", "navigate"));
    }

    #[test]
    fn the_page_says_what_to_do_and_allows_only_its_own_style() {
        for refused in [Refused::Unknown, Refused::NoPassword, Refused::Host, Refused::Origin] {
            let response = closed(refused);
            assert_eq!(response.status(), refused.told().0);
            let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
            assert!(!policy.contains("script"));
            assert!(words(refused).1.contains("recount serve"));
        }
    }
}
