//! The paragraphs of a word processor's document (OOXML, ISO/IEC 29500: `word/document.xml`), with
//! notes and comments behind them. A table's cells are paragraphs of their own.

use roxmltree::{Document, Node, ParsingOptions};

use crate::{Error, zip};

/// Of one part, unpacked; a novel has 2 MB.
const PART_BYTES_MAX: usize = 64 << 20;

/// The parts with text, in order; only the first must be there.
const PARTS: [&str; 4] =
    ["word/document.xml", "word/footnotes.xml", "word/endnotes.xml", "word/comments.xml"];

pub(super) fn paragraphs(bytes: &[u8]) -> Result<Vec<String>, Error> {
    let mut paragraphs = Vec::new();
    for (n, name) in PARTS.iter().enumerate() {
        let Some(part) = zip::part(bytes, name, PART_BYTES_MAX)? else {
            if n == 0 {
                return Err(Error::Broken("there is no word/document.xml in it".to_owned()));
            }
            continue;
        };
        let text = String::from_utf8_lossy(&part);
        let options = ParsingOptions { nodes_limit: 4_000_000, ..ParsingOptions::default() };
        let tree = Document::parse_with_options(&text, options)
            .map_err(|error| Error::Broken(format!("{name} in it is no XML ({error})")))?;
        let of_text = tree.descendants().filter(|node| is(node, "p"));
        paragraphs.extend(of_text.map(|paragraph| text_of(&paragraph)));
    }
    Ok(paragraphs)
}

fn text_of(paragraph: &Node) -> String {
    let mut text = String::new();
    for node in paragraph.descendants() {
        // What a person deleted stands in `delText`, and paragraphs in a box have their own turn.
        if is(&node, "t")
            && node.ancestors().find(|above| is(above, "p")).as_ref() == Some(paragraph)
        {
            text.push_str(node.text().unwrap_or_default());
        } else if ["tab", "br", "cr"].iter().any(|name| is(&node, name)) {
            text.push(' ');
        }
    }
    text
}

fn is(node: &Node, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}
