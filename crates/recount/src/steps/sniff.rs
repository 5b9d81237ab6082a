//! Whether a file is a document, by its name and its first bytes together.
//!
//! A name alone is a claim and the bytes alone are ambiguous (a CSV is any text), so a file is a
//! document only when both agree. Everything else goes to ffmpeg, which decides by content. No
//! document is parsed here: a fixed number of bytes is compared with known signatures.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// How much of the file is looked at.
const HEAD_BYTES: u64 = 4096;

/// What the beginning of a file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniffed {
    /// A document of the kind its name says.
    Document,
    /// Plain text that is not named as a document.
    Text,
    /// Anything else; perhaps a recording.
    Other,
}

/// Signatures that the names of documents promise.
#[derive(Clone, Copy, Debug)]
enum Promise {
    Text,
    /// One of these at the beginning.
    Magic(&'static [&'static [u8]]),
    /// The four bytes after the first four.
    Brand(&'static [&'static [u8]]),
    /// This within the first 1,024 bytes, as readers of PDF allow.
    Pdf,
}

const ZIP: &[&[u8]] = &[b"PK\x03\x04"];
const OLE: &[&[u8]] = &[b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"];
const TIFF: &[&[u8]] = &[b"II*\0", b"MM\0*"];

/// Looks at the beginning of a file.
///
/// # Errors
/// If it cannot be read.
pub fn sniff(path: &Path) -> io::Result<Sniffed> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD_BYTES).read_to_end(&mut head)?;
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
    Ok(match promise(&extension) {
        Some(promise) if promise.is_kept_by(&head) => Sniffed::Document,
        _ if is_text(&head) => Sniffed::Text,
        _ => Sniffed::Other,
    })
}

fn promise(extension: &str) -> Option<Promise> {
    Some(match extension {
        "pdf" => Promise::Pdf,
        "docx" | "xlsx" | "pptx" | "odt" | "ods" | "odp" | "epub" => Promise::Magic(ZIP),
        "doc" | "xls" | "ppt" | "msg" => Promise::Magic(OLE),
        "rtf" => Promise::Magic(&[b"{\\rtf"]),
        // The first, no ending at all, promises nothing, and text cannot belie it.
        "" | "html" | "htm" | "xhtml" | "mhtml" | "md" | "markdown" | "txt" | "text" | "log"
        | "csv" | "tsv" | "json" | "xml" | "yaml" | "yml" | "eml" | "mbox" | "ics" | "vcf"
        | "srt" | "vtt" | "ttml" | "dfxp" | "fdx" | "fountain" | "tex" | "edl" | "ale" | "gpx"
        | "kml" => Promise::Text,
        "png" => Promise::Magic(&[b"\x89PNG\r\n\x1a\n"]),
        "jpg" | "jpeg" => Promise::Magic(&[b"\xff\xd8\xff"]),
        "tif" | "tiff" | "dng" | "nef" | "cr2" | "arw" => Promise::Magic(TIFF),
        "bmp" => Promise::Magic(&[b"BM"]),
        "heic" | "heif" | "avif" => Promise::Brand(&[b"ftyp"]),
        _ => return None,
    })
}

impl Promise {
    fn is_kept_by(self, head: &[u8]) -> bool {
        match self {
            Self::Text => is_text(head),
            Self::Magic(signatures) => signatures.iter().any(|magic| head.starts_with(magic)),
            Self::Brand(brands) => brands.iter().any(|brand| head.get(4..8) == Some(*brand)),
            Self::Pdf => head[..head.len().min(1024)].windows(5).any(|five| five == b"%PDF-"),
        }
    }
}

/// Text in UTF-8, UTF-16 with a byte order mark, or an older one-byte alphabet: no control
/// characters but those of text.
fn is_text(head: &[u8]) -> bool {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        // MP3 frames begin with FF FE too, but in UTF-16 text some other byte is plain ASCII
        // beside a zero throughout.
        let pairs = head[2..].chunks_exact(2);
        let ascii = pairs.clone().filter(|pair| pair[0] == 0 || pair[1] == 0).count();
        return pairs.len() > 0 && ascii * 2 > pairs.len();
    }
    let control = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    if head.is_empty() || head.iter().any(|byte| control(*byte)) {
        return false;
    }
    // High bytes that are not UTF-8: an old alphabet if most bytes are still ASCII.
    let high = head.iter().filter(|byte| **byte >= 0x80).count();
    let invalid = head.utf8_chunks().map(|chunk| chunk.invalid().len()).sum::<usize>();
    invalid <= 3 || high * 2 < head.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniffed(name: &str, bytes: &[u8]) -> Sniffed {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        sniff(&path).unwrap()
    }

    #[test]
    fn a_document_is_one_by_name_and_by_content() {
        for (name, bytes) in [
            ("call-sheet.PDF", &b"%PDF-1.7\n\x00\x01\x02"[..]),
            ("report.docx", b"PK\x03\x04\x14\x00"),
            ("log.csv", "time;wo\n14:20;Bühne\n".as_bytes()),
            ("latin.txt", b"Stra\xdfe und Geb\xe4ude, gro\xdf"),
            ("wide.txt", b"\xff\xfeh\x00i\x00"),
            ("mail.eml", b"From: a@b\r\n\r\nhello"),
            ("README", b"read me"),
            ("photo.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF"),
        ] {
            assert_eq!(sniffed(name, bytes), Sniffed::Document, "{name}");
        }
    }

    #[test]
    fn a_name_that_its_content_belies_makes_no_document() {
        assert_eq!(sniffed("movie.mp4", b"this is text\n"), Sniffed::Text);
        assert_eq!(sniffed("sheet.pdf", b"this is text\n"), Sniffed::Text);
        assert_eq!(sniffed("notes.txt", b"RIFF\x24\x00\x00\x00WAVEfmt "), Sniffed::Other);
        assert_eq!(sniffed("a.mp3", b"\xff\xfe\x90\xc4\x01\x02\x03\x04"), Sniffed::Other);
        assert_eq!(sniffed("noise", &[0x93; 64]), Sniffed::Other);
    }
}
