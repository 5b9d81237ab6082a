//! A path as a URL (RFC 8089): every byte that is not plainly safe is percent-encoded, so that
//! no name can become a query, a fragment or another host.

use std::fmt::Write as _;
use std::path::{Component, Path};

/// `file:///…` for an absolute path; for a relative one the relative reference.
pub fn file_url(path: &Path) -> String {
    let mut url = String::new();
    if path.is_absolute() {
        url.push_str("file://");
    }
    let mut is_first = !path.is_absolute();
    for part in path.components() {
        match part {
            Component::RootDir | Component::CurDir => continue,
            _ if is_first => is_first = false,
            _ => url.push('/'),
        }
        match part {
            Component::Prefix(prefix) => {
                encode(prefix.as_os_str().as_encoded_bytes(), b":", &mut url);
            }
            _ => encode(part.as_os_str().as_encoded_bytes(), b"", &mut url),
        }
    }
    url
}

fn encode(bytes: &[u8], also_safe: &[u8], url: &mut String) {
    for &byte in bytes {
        let is_safe = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if is_safe || also_safe.contains(&byte) {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_a_name() {
        assert_eq!(file_url(Path::new("/a b/50%#1?é.mp4")), "file:///a%20b/50%25%231%3F%C3%A9.mp4");
        assert_eq!(file_url(Path::new("sources/x.wav")), "sources/x.wav");
    }
}
