//! E-mail (RFC 5322, MIME): who, to whom, when, about what, and the text. Of a message in two forms
//! the plain one is read; what is attached is evidence of its own and is not looked into.

use mail_parser::{Addr, Address, MessageParser};

use super::{by_blank_lines, html};
use crate::Error;

pub(super) fn paragraphs(bytes: &[u8]) -> Result<Vec<String>, Error> {
    let message = MessageParser::default()
        .parse(bytes)
        .ok_or_else(|| Error::Broken("it is no e-mail".to_owned()))?;
    let mut head = Vec::new();
    for (what, address) in [("From", message.from()), ("To", message.to()), ("Cc", message.cc())] {
        head.extend(address.map(|address| format!("{what}: {}", people(address))));
    }
    head.extend(message.date().map(|date| format!("Date: {}", date.to_rfc3339())));
    head.extend(message.subject().map(|subject| format!("Subject: {subject}")));
    let mut paragraphs = vec![head.join("; ")];
    for part in 0..message.text_body.len() {
        if let Some(text) = message.body_text(part) {
            paragraphs.extend(by_blank_lines(&text));
        }
    }
    if message.text_body.is_empty() {
        for part in 0..message.html_body.len() {
            if let Some(page) = message.body_html(part) {
                paragraphs.extend(html::paragraphs(&page));
            }
        }
    }
    let names = message.attachments().filter_map(|part| {
        use mail_parser::MimeHeaders;
        part.attachment_name()
    });
    paragraphs.extend(names.map(|name| format!("Attached: {name}")));
    Ok(paragraphs)
}

/// A file of many, each begun by a line `From `.
pub(super) fn of_many(bytes: &[u8]) -> Result<Vec<String>, Error> {
    let mut paragraphs = Vec::new();
    let mut from = 0;
    let mut starts: Vec<usize> = bytes
        .windows(6)
        .enumerate()
        .filter(|(_, six)| six == b"\nFrom ")
        .map(|(at, _)| at + 1)
        .collect();
    starts.push(bytes.len());
    for end in starts {
        let message = &bytes[from..end];
        let body =
            message.iter().position(|byte| *byte == b'\n').map_or(&[][..], |at| &message[at + 1..]);
        paragraphs.extend(self::paragraphs(if message.starts_with(b"From ") {
            body
        } else {
            message
        })?);
        from = end;
    }
    Ok(paragraphs)
}

fn people(address: &Address) -> String {
    let person = |who: &Addr| match (&who.name, &who.address) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (Some(one), None) | (None, Some(one)) => one.to_string(),
        (None, None) => String::new(),
    };
    address.iter().map(person).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: =?utf-8?q?Jos=C3=A9?= <j@example.org>\r\nTo: mara@example.org\r\n\
        Subject: The pistol\r\nDate: Tue, 10 Feb 2026 14:23:32 +0100\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; \
        charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nIt was c=C3=B6ld.\r\n\r\n\
        Second.\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>It was hot.</p>\r\n--x--\r\n";

    #[test]
    fn a_message_gives_its_people_and_its_plain_text() {
        let told = paragraphs(MAIL.as_bytes()).unwrap().join("|");
        for part in [
            "From: José <j@example.org>",
            "Subject: The pistol",
            "2026-02-10T14:23:32",
            "It was cöld.",
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }
        assert!(!told.contains("hot"), "{told}");
    }

    #[test]
    fn a_box_of_messages_is_read_to_its_end() {
        let mails = format!("From a\n{MAIL}\nFrom b\n{}", MAIL.replace("pistol", "cart"));
        let told = of_many(mails.as_bytes()).unwrap().join("|");
        assert!(told.contains("The pistol") && told.contains("The cart"), "{told}");
    }
}
