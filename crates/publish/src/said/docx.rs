//! A word processor's document (OOXML, ISO/IEC 29500), as little of it as every reader opens: a heading
//! for each recording, a paragraph for each utterance, with its time and who speaks.

use std::fmt::Write as _;
use std::io::Write as _;

use miniz_oxide::deflate::compress_to_vec;
use rawzip::{CompressionMethod, DataDescriptorOutput, ZipArchiveWriter, crc32};

use super::{by, clock, ms, one_line, speaker, told};
use crate::{Error, Named, Snapshot};

const TYPES: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
    r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">"#,
    r#"<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>"#,
    r#"<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-"#,
    r#"officedocument.wordprocessingml.document.main+xml"/></Types>"#
);

const RELATIONS: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
    r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#,
    r#"<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/"#,
    r#"relationships/officeDocument" Target="word/document.xml"/></Relationships>"#
);

const BEGIN: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
    r#"<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>"#
);

const END: &str = "</w:body></w:document>";

/// Writes `transcripts.docx`.
///
/// # Errors
/// [`Error::NothingSaid`]; [`Error::Unpackable`] if they cannot be packed.
pub fn write(snapshot: &Snapshot) -> Result<Vec<Named>, Error> {
    let mut body = String::from(BEGIN);
    for told in told(snapshot, "docx")? {
        let size = r#"<w:b/><w:sz w:val="32"/>"#;
        paragraph(&mut body, &[(size, &one_line(&told.recording))]);
        paragraph(&mut body, &[("<w:i/>", &by(told.transcript))]);
        for said in &told.transcript.utterances {
            let time = format!("[{}] ", clock(ms(said.start().0), '.'));
            let speaker = speaker(said);
            let colon = if speaker.is_empty() { "" } else { ": " };
            let who = format!("{speaker}{colon}");
            let grey = r#"<w:color w:val="666666"/>"#;
            paragraph(&mut body, &[(grey, &time), ("<w:b/>", &who), ("", &one_line(&said.text()))]);
        }
    }
    body.push_str(END);
    let parts = [
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", RELATIONS.as_bytes()),
        ("word/document.xml", body.as_bytes()),
    ];
    let packed = archive(&parts);
    let bytes = packed.map_err(|source| Error::Unpackable { format: "docx", source })?;
    Ok(vec![Named { name: "transcripts.docx".to_owned(), bytes }])
}

/// How hard the text is packed, of 10: what zlib does unless told otherwise.
const LEVEL: u8 = 6;

/// An archive of these parts, without dates, so that the same parts are the same bytes.
fn archive(parts: &[(&str, &[u8])]) -> Result<Vec<u8>, rawzip::Error> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in parts {
        let file = archive.new_file(name).compression_method(CompressionMethod::DEFLATE);
        let (mut entry, _) = file.start()?;
        entry.write_all(&compress_to_vec(bytes, LEVEL))?;
        entry.finish(DataDescriptorOutput::new(crc32(bytes), bytes.len() as u64))?;
    }
    archive.finish()
}

/// A paragraph of runs, each with its look.
fn paragraph(body: &mut String, runs: &[(&str, &str)]) {
    body.push_str("<w:p>");
    for (look, text) in runs.iter().filter(|(_, text)| !text.is_empty()) {
        let look = if look.is_empty() { String::new() } else { format!("<w:rPr>{look}</w:rPr>") };
        let _ =
            write!(body, r#"<w:r>{look}<w:t xml:space="preserve">{}</w:t></w:r>"#, escaped(text));
    }
    body.push_str("</w:p>");
}

/// As XML; what XML cannot hold becomes a sign for that.
fn escaped(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    let text: String = text.chars().map(plain).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_text_is_xml_whatever_was_said() {
        let mut body = String::from(BEGIN);
        paragraph(&mut body, &[("", "<a> & \u{0}\u{fffe}\u{1b}"), ("<w:b/>", "b")]);
        body.push_str(END);
        let tree = roxmltree::Document::parse(&body).unwrap();
        let texts: Vec<_> = tree.descendants().filter_map(|node| node.text()).collect();
        assert_eq!(texts.last(), Some(&"b"));
        for part in [TYPES, RELATIONS] {
            roxmltree::Document::parse(part).unwrap();
        }
    }
}
