//! The paragraphs of a word processor's document (OOXML, ISO/IEC 29500: `word/document.xml`), with
//! notes and comments behind them. A table's cells are paragraphs of their own.

use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};
use rawzip::{CompressionMethod, ZipArchive, ZipSliceArchive, ZipVerification};
use roxmltree::{Document, Node, ParsingOptions};

use crate::Error;

/// Of one part, unpacked; a novel has 2 MB.
const PART_BYTES_MAX: usize = 64 << 20;

/// The parts with text, in order; only the first must be there.
const PARTS: [&str; 4] =
    ["word/document.xml", "word/footnotes.xml", "word/endnotes.xml", "word/comments.xml"];

pub(super) fn paragraphs(bytes: &[u8]) -> Result<Vec<String>, Error> {
    let archive = ZipArchive::from_slice(bytes).map_err(|_| damaged())?;
    let mut paragraphs = Vec::new();
    for (n, name) in PARTS.iter().enumerate() {
        let Some(part) = part(&archive, name)? else {
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

/// The part of that name, if there is one. What it claims to unpack to is not believed, and checked.
fn part(archive: &ZipSliceArchive<&[u8]>, name: &str) -> Result<Option<Vec<u8>>, Error> {
    for head in archive.entries() {
        let head = head.map_err(|_| damaged())?;
        if head.file_path().as_bytes() != name.as_bytes() {
            continue;
        }
        if head.flags().is_encrypted() {
            return Err(Error::Locked);
        }
        let packed = archive.get_entry(head.wayfinder()).map_err(|_| damaged())?;
        let part = unpacked(packed.data(), head.compression_method())?;
        let found =
            ZipVerification { crc: rawzip::crc32(&part), uncompressed_size: part.len() as u64 };
        let is_whole = packed.claim_verifier().valid(found);
        return is_whole.map(|()| Some(part)).map_err(|_| damaged());
    }
    Ok(None)
}

fn unpacked(packed: &[u8], method: CompressionMethod) -> Result<Vec<u8>, Error> {
    let too_much = || Error::Broken("it unpacks to more than a person wrote".to_owned());
    match method {
        CompressionMethod::STORE if packed.len() > PART_BYTES_MAX => Err(too_much()),
        CompressionMethod::STORE => Ok(packed.to_vec()),
        CompressionMethod::DEFLATE => {
            decompress_to_vec_with_limit(packed, PART_BYTES_MAX).map_err(|error| {
                match error.status {
                    TINFLStatus::HasMoreOutput => too_much(),
                    _ => Error::Broken("a part of it cannot be unpacked".to_owned()),
                }
            })
        }
        _ => Err(Error::Broken("it is packed in an unusual way".to_owned())),
    }
}

fn damaged() -> Error {
    Error::Broken("its archive is damaged or cut short".to_owned())
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

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::compress_to_vec;
    use proptest::prelude::*;
    use rawzip::ZipArchiveWriter;

    use super::*;

    /// A document whose text is `body`, packed; what it says of itself is of `claimed`.
    fn packed_as(claimed: &[u8], body: &[u8]) -> Vec<u8> {
        let mut archive = ZipArchiveWriter::new(Vec::new());
        let file = archive.new_file("word/document.xml");
        let (mut entry, _) = file.compression_method(CompressionMethod::DEFLATE).start().unwrap();
        std::io::Write::write_all(&mut entry, &compress_to_vec(body, 1)).unwrap();
        let (crc, length) = (rawzip::crc32(claimed), claimed.len() as u64);
        entry.finish(rawzip::DataDescriptorOutput::new(crc, length)).unwrap();
        archive.finish().unwrap()
    }

    fn packed(body: &[u8]) -> Vec<u8> {
        packed_as(body, body)
    }

    fn letter() -> Vec<u8> {
        packed(b"<w:document xmlns:w='x'><w:p><w:t>cold</w:t><w:tab/><w:t>gun</w:t></w:p></w:document>")
    }

    /// Where a run of bytes is for the last time.
    fn last(bytes: &[u8], run: &[u8]) -> usize {
        bytes.windows(run.len()).rposition(|window| window == run).unwrap()
    }

    #[test]
    fn what_was_packed_is_read() {
        assert_eq!(paragraphs(&letter()).unwrap(), ["cold gun"]);
    }

    #[test]
    fn what_unpacks_without_end_is_not_unpacked() {
        let blanks = vec![b' '; PART_BYTES_MAX + 1];
        for bomb in [packed(&blanks), packed_as(b"small", &blanks)] {
            assert!(bomb.len() < 1 << 20);
            let told = paragraphs(&bomb).unwrap_err().to_string();
            assert_eq!(told, "it unpacks to more than a person wrote");
        }
    }

    #[test]
    fn what_is_not_what_was_packed_is_not_read() {
        let told = paragraphs(&packed_as(b"cold", b"gold")).unwrap_err();
        assert_eq!(told, damaged());
    }

    #[test]
    fn absurd_numbers_are_not_believed() {
        let end = last(&letter(), b"PK\x05\x06");
        for (at, bytes) in [(8, 4), (12, 4), (16, 4), (8, 12)] {
            let mut absurd = letter();
            absurd[end + at..end + at + bytes].fill(0xff);
            match paragraphs(&absurd) {
                Ok(text) => assert_eq!(text, ["cold gun"], "{bytes} bytes at {at}"),
                Err(error) => assert_eq!(error, damaged(), "{bytes} bytes at {at}"),
            }
        }
    }

    #[test]
    fn a_locked_document_says_so() {
        let mut locked = letter();
        let central = last(&locked, b"PK\x01\x02");
        locked[central + 8] |= 1;
        locked[6] |= 1;
        assert_eq!(paragraphs(&locked).unwrap_err(), Error::Locked);
    }

    proptest! {
        #[test]
        fn no_damage_makes_the_reader_panic(at in any::<prop::sample::Index>(), byte: u8, cut in any::<prop::sample::Index>()) {
            let mut bytes = letter();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = paragraphs(&bytes);
            bytes.truncate(cut.index(bytes.len()));
            let _ = paragraphs(&bytes);
        }
    }
}
