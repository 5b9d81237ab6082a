//! The text of a document, paragraph by paragraph.

mod html;
mod mail;
mod word;

pub(crate) use html::without_entities;

use crate::Error;
use crate::decode::decode;

/// Larger documents are not read: ten thousand pages are some 30 MB.
const BYTES_MAX: usize = 64 << 20;

/// A paragraph is cut after so many words: nothing is near in it any more, and a file without line
/// breaks is not one passage.
const WORDS_MAX: usize = 300;

/// A piece of text that belongs together: a paragraph, a row of a table, a line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paragraph {
    /// Page, from 1; none where the kind of document has no pages.
    pub page: Option<u32>,
    /// Its text; not empty.
    pub text: String,
}

/// The text of a document. `ending` is that of its name (`docx`), in any case of letters.
///
/// # Errors
/// [`Error`], if it is of a kind that is not read here, damaged, locked or without words.
pub fn read(ending: &str, bytes: &[u8]) -> Result<Vec<Paragraph>, Error> {
    if bytes.len() > BYTES_MAX {
        return Err(Error::TooLong(bytes.len() >> 20, BYTES_MAX >> 20));
    }
    let ending = ending.to_ascii_lowercase();
    let texts: Vec<String> = match ending.as_str() {
        "docx" => word::paragraphs(bytes)?,
        "html" | "htm" | "xhtml" | "xml" | "ttml" | "dfxp" | "fdx" | "gpx" | "kml" => {
            html::paragraphs(&decode(bytes))
        }
        "eml" => mail::paragraphs(bytes)?,
        "mbox" => mail::of_many(bytes)?,
        "csv" | "tsv" | "log" | "json" | "yaml" | "yml" | "edl" | "ale" | "ics" | "vcf" => {
            decode(bytes).lines().map(str::to_owned).collect()
        }
        "" | "md" | "markdown" | "txt" | "text" | "srt" | "vtt" | "tex" | "fountain" => {
            by_blank_lines(&decode(bytes))
        }
        _ => return Err(Error::UnknownKind(ending)),
    };
    some(texts.iter().flat_map(|text| cut(text, None)).collect())
}

/// The text of a document with pages, as `pdftotext` writes it: a form feed ends each page.
///
/// # Errors
/// [`Error::Empty`] if there is no word: the pages are pictures.
pub fn of_pages(text: &str) -> Result<Vec<Paragraph>, Error> {
    let pages = text.split('\u{c}').zip(1..);
    let of_page = |(text, page): (&str, u32)| {
        by_blank_lines(text).into_iter().flat_map(move |text| cut(&text, Some(page)))
    };
    some(pages.flat_map(of_page).collect())
}

fn some(paragraphs: Vec<Paragraph>) -> Result<Vec<Paragraph>, Error> {
    if paragraphs.is_empty() { Err(Error::Empty) } else { Ok(paragraphs) }
}

fn by_blank_lines(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in text.lines() {
        if line.trim().is_empty() {
            paragraphs.push(String::new());
        } else if let Some(last) = paragraphs.last_mut() {
            last.push_str(line);
            last.push('\n');
        }
    }
    paragraphs
}

/// A paragraph without superfluous blanks, in pieces of a bearable length; none without a letter or
/// a digit.
fn cut(text: &str, page: Option<u32>) -> Vec<Paragraph> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let pieces = words.chunks(WORDS_MAX).map(|words| words.join(" "));
    let told = pieces.filter(|text| text.contains(char::is_alphanumeric));
    told.map(|text| Paragraph { page, text }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ending: &str, bytes: &[u8]) -> Vec<String> {
        read(ending, bytes).unwrap().into_iter().map(|paragraph| paragraph.text).collect()
    }

    #[test]
    fn a_paragraph_ends_with_an_empty_line_and_a_row_with_its_line() {
        assert_eq!(
            texts("MD", b"# Log\n\nThe pistol\nwas cold.\n \nEnd"),
            ["# Log", "The pistol was cold.", "End"]
        );
        assert_eq!(
            texts("csv", b"time;what\n14:20;pistol out\n;;\n"),
            ["time;what", "14:20;pistol out"]
        );
    }

    #[test]
    fn pages_are_counted() {
        let found = of_pages("one\n\ntwo\n\u{c}\u{c}three\n\u{c}").unwrap();
        let pages: Vec<_> = found.iter().map(|p| (p.page, p.text.as_str())).collect();
        assert_eq!(pages, [(Some(1), "one"), (Some(1), "two"), (Some(3), "three")]);
        assert_eq!(of_pages("\u{c}\u{c} \n").unwrap_err(), Error::Empty);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        assert_eq!(
            read("xlsx", b"PK").unwrap_err().to_string(),
            "this kind of document is not read: .xlsx"
        );
        assert_eq!(read("txt", b" \n--\n").unwrap_err(), Error::Empty);
        assert!(matches!(read("docx", b"PK\x03\x04 no archive").unwrap_err(), Error::Broken(_)));
    }

    #[test]
    fn a_file_without_line_breaks_is_not_one_passage() {
        let found = read("txt", "word ".repeat(1000).as_bytes()).unwrap();
        assert_eq!(found.len(), 4);
    }
}
