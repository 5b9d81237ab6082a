//! The text that a browser would show of a page, roughly: tags, scripts and styles left out, a new
//! paragraph at everything that begins one. No tree is built and nothing nests, so no page can cost
//! more than its length.

use mail_parser::decoders::html::add_html_token;

/// Elements whose content nobody sees.
const UNSEEN: &[&str] = &["script", "style", "template", "noscript", "svg"];

/// Elements that do not end a paragraph.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "font", "i", "kbd",
    "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr",
    "img",
];

/// The longest name of a character in HTML has 31 letters.
const NAME_BYTES_MAX: usize = 31;

/// The paragraphs of a page.
pub(super) fn paragraphs(html: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        add(&mut paragraphs, &rest[..at]);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let inside = &rest[1..];
        let name_at = usize::from(inside.starts_with('/'));
        let is_tag =
            inside[name_at..].starts_with(|c: char| c.is_ascii_alphabetic() || "!?".contains(c));
        if !is_tag {
            add(&mut paragraphs, "<");
            rest = inside;
            continue;
        }
        let name: String = inside[name_at..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
            .map(|c| c.to_ascii_lowercase())
            .collect();
        rest = after_tag(inside);
        if name_at == 0 && UNSEEN.contains(&name.as_str()) {
            rest = after_end(rest, &name);
        } else if !INLINE.contains(&name.as_str()) {
            paragraphs.push(String::new());
        }
    }
    add(&mut paragraphs, rest);
    paragraphs
}

fn add(paragraphs: &mut [String], text: &str) {
    if let Some(last) = paragraphs.last_mut() {
        last.push_str(&without_entities(text));
    }
}

/// What follows the `>` of a tag; quotation marks may hold another one.
fn after_tag(inside: &str) -> &str {
    let mut open = None;
    for (at, byte) in inside.bytes().enumerate() {
        match (open, byte) {
            (None, b'>') => return &inside[at + 1..],
            (None, b'"' | b'\'') => open = Some(byte),
            (Some(quote), byte) if quote == byte => open = None,
            _ => {}
        }
    }
    // A quotation mark that is never closed is but a mark.
    inside.find('>').map_or("", |at| &inside[at + 1..])
}

/// What follows `</name`; nothing where it never ends.
fn after_end<'a>(rest: &'a str, name: &str) -> &'a str {
    let mut from = 0;
    while let Some(at) = rest[from..].find("</") {
        let end = from + at + 2;
        if rest.get(end..end + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return after_tag(&rest[end..]);
        }
        from = end;
    }
    ""
}

/// `&amp;` and the like as the characters that they stand for, without soft hyphens: they say where a word
/// may be parted, and it is one word.
pub(crate) fn without_entities(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'#';
        let name = rest.bytes().skip(1).take(NAME_BYTES_MAX).take_while(in_name).count();
        let is_ended = rest.as_bytes().get(1 + name) == Some(&b';');
        let (entity, after) = rest.split_at(if is_ended { name + 2 } else { 1 });
        add_html_token(&mut plain, entity.as_bytes(), false);
        rest = after;
    }
    plain.push_str(rest);
    plain.replace(['\u{ad}', '\0'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(html: &str) -> Vec<String> {
        let shown = paragraphs(html).into_iter().map(|p| p.trim().to_owned());
        shown.filter(|paragraph| !paragraph.is_empty()).collect()
    }

    #[test]
    fn a_page_gives_what_a_person_reads() {
        let page = "<!doctype html><head><title>Grain hall</title><style>p > a {}</style>\n\
                    <script>if (a < b) alert('</p>')</SCRIPT></head><p class=\"a>b\">The <b>pis</b>tol \
                    &amp; the cart<br>Caf&eacute; &#8220;M&#xfc;hle&#8221; &unknown; <!-- <p>no -->5 < 6";
        assert_eq!(
            text(page),
            ["Grain hall", "The pistol & the cart", "Café “Mühle” &unknown; 5 < 6"]
        );
    }

    #[test]
    fn letters_may_have_names_or_numbers() {
        let page = "S&aacute;ndor&nbsp;M&#225;rai &Lstrok;&oacute;d&zacute;, Ober&shy;arm Ober&#173;arm \
                    R&D &amp;lt; &#xffffffff; &#; &";
        assert_eq!(text(page), ["Sándor\u{a0}Márai Łódź, Oberarm Oberarm R&D &lt; \u{fffd} &#; &"]);
    }

    #[test]
    fn a_page_that_never_closes_anything_ends() {
        assert_eq!(text("<p>one<script>two"), ["one"]);
        assert_eq!(text("<p>one<!-- two"), ["one"]);
        assert_eq!(text("<p title=\"x>one"), ["one"]);
        assert_eq!(text("<"), ["<"]);
        assert_eq!(text(&"<".repeat(50_000)).len(), 1);
    }
}
