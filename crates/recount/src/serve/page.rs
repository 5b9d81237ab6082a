//! The page itself: built from `viewer/` and put into the program, or, while somebody works on it,
//! read from a folder.

use std::borrow::Cow;
use std::path::PathBuf;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

// `FILES`: name and content of every file of the built page; none if it was not built.
include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// What is shown where no page was built in.
const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>Recount: the page is not built</title>
<h1>The page is not built</h1>
<p>This recount was built without its page. In the source folder, <code>scripts/viewer</code> builds the page
(it needs Node.js 20.19 or newer and says how to get it), and <code>cargo build --release</code> puts it into the
program. Then run <code>recount serve</code> again.</p>
<p>The case itself can be read meanwhile: <a href=\"/api/case\">as JSON</a>.</p>
</html>
";

/// The page.
#[derive(Debug)]
pub struct Page {
    /// A folder to read from instead.
    folder: Option<PathBuf>,
}

impl Page {
    /// The built-in page, or what lies in `folder`.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// A file of the page by its path in the address, without the slash in front.
    pub fn answer(&self, path: &str) -> Response {
        let name = if path.is_empty() { "index.html" } else { path };
        match (self.find(name), name) {
            (Some(bytes), _) => file(name, bytes),
            (None, "index.html") => file(name, NOT_BUILT.as_bytes().into()),
            (None, _) => StatusCode::NOT_FOUND.into_response(),
        }
    }

    fn find(&self, name: &str) -> Option<Cow<'static, [u8]>> {
        let Some(folder) = &self.folder else {
            let found = FILES.iter().find(|(known, _)| *known == name);
            return found.map(|(_, bytes)| Cow::Borrowed(*bytes));
        };
        // Only what lies below the folder: no part of the name may lead out of it.
        let plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains('\\');
        if !name.split('/').all(plain) {
            return None;
        }
        std::fs::read(folder.join(name)).ok().map(Cow::Owned)
    }
}

fn file(name: &str, bytes: Cow<'static, [u8]>) -> Response {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let kind = match ending {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "json" | "map" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    // Vite names what lies in `assets` by its content.
    let keep = if name.starts_with("assets/") {
        "private, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let head = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, HeaderValue::from_static(keep)),
    ];
    (head, bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_of_the_pages_folder_can_be_had() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("page")).unwrap();
        std::fs::write(folder.path().join("secret.txt"), "s").unwrap();
        std::fs::write(folder.path().join("page/a.js"), "a").unwrap();
        std::fs::write(folder.path().join("page/.env"), "e").unwrap();
        let page = Page::new(Some(folder.path().join("page")));
        assert_eq!(page.find("a.js").as_deref(), Some(&b"a"[..]));
        for name in
            ["../secret.txt", "..", "x/../a.js", "/a.js", "", ".env", "..\\secret.txt", "a.js/"]
        {
            assert!(page.find(name).is_none(), "{name}");
        }
    }

    #[test]
    fn without_a_page_it_is_said_how_to_build_one() {
        let page = Page::new(Some(PathBuf::from("/nowhere")));
        assert_eq!(page.answer("").status(), StatusCode::OK);
        assert_eq!(page.answer("missing.js").status(), StatusCode::NOT_FOUND);
    }
}
