//! Elements of SVG as text. Everything that enters as words is escaped here and nowhere else.

use std::fmt::Write as _;

const SANS: &str = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif";
const MONO: &str =
    "ui-monospace,'SF Mono',Menlo,Consolas,'Noto Sans Mono','DejaVu Sans Mono',monospace";

/// An SVG in the making.
#[derive(Debug, Default)]
pub struct Ink(String);

/// Where a text hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text is set.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    x_px: f64,
    y_px: f64,
    size_px: f64,
    fill: &'a str,
    class: &'a str,
    anchor: Anchor,
}

impl<'a> Words<'a> {
    /// In the sans face, from `x_px` on, on the baseline `y_px`.
    pub fn new(x_px: f64, y_px: f64, size_px: f64, fill: &'a str) -> Self {
        Self { x_px, y_px, size_px, fill, class: "", anchor: Anchor::Start }
    }

    pub fn bold(self) -> Self {
        Self { class: " class=\"b\"", ..self }
    }

    /// Digits of one width, for times.
    pub fn mono(self) -> Self {
        Self { class: " class=\"m\"", ..self }
    }

    pub fn anchored(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }
}

impl Ink {
    fn put(&mut self, args: std::fmt::Arguments) {
        // Writing to a String cannot fail.
        let _ = self.0.write_fmt(args);
    }

    pub fn root(&mut self, width_px: f64, height_px: f64) {
        let (w, h) = (px(width_px), px(height_px));
        self.put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" \
             viewBox=\"0 0 {w} {h}\" role=\"graphics-document document\" \
             aria-labelledby=\"recount-title recount-desc\" font-family=\"{SANS}\">\n"
        ));
    }

    pub fn title(&mut self, id: &str, words: &str) {
        self.put(format_args!("<title id=\"{id}\">{}</title>\n", escape(words)));
    }

    pub fn description(&mut self, id: &str, words: &str) {
        self.put(format_args!("<desc id=\"{id}\">{}</desc>\n", escape(words)));
    }

    /// Shapes that are used many times.
    pub fn definitions(&mut self) {
        self.put(format_args!(
            "<style>.b{{font-weight:600}}.m{{font-family:{MONO};font-variant-numeric:tabular-nums}}\
             .h{{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}}</style>\n{DEFINITIONS}"
        ));
    }

    pub fn open_group(&mut self, attributes: &str) {
        self.put(format_args!("<g {attributes}>\n"));
    }

    /// A group that a reader of the screen reads as one picture with this sentence.
    pub fn open_picture(&mut self, sentence: &str) {
        self.put(format_args!("<g role=\"listitem\"><title>{}</title>\n", escape(sentence)));
    }

    pub fn close_group(&mut self) {
        self.0.push_str("</g>\n");
    }

    pub fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, attributes: &str) {
        let (x, y, w, h) = (px(x), px(y), px(width), px(height));
        self.put(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" {attributes}/>\n"
        ));
    }

    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), attributes: &str) {
        let (x1, y1, x2, y2) = (px(from.0), px(from.1), px(to.0), px(to.1));
        self.put(format_args!(
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" {attributes}/>\n"
        ));
    }

    pub fn circle(&mut self, x: f64, y: f64, radius: f64, attributes: &str) {
        let (x, y, r) = (px(x), px(y), px(radius));
        self.put(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" {attributes}/>\n"));
    }

    pub fn path(&mut self, commands: &str, attributes: &str) {
        self.put(format_args!("<path d=\"{commands}\" {attributes}/>\n"));
    }

    /// One of the shapes in `definitions`, 16 px square.
    pub fn icon(&mut self, name: &str, x: f64, y: f64) {
        let (x, y) = (px(x), px(y));
        self.put(format_args!("<use href=\"#recount-{name}\" x=\"{x}\" y=\"{y}\"/>\n"));
    }

    pub fn words(&mut self, set: &Words, words: &str) {
        let (x, y, size) = (px(set.x_px), px(set.y_px), px(set.size_px));
        let anchor = match set.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let (fill, class) = (set.fill, set.class);
        self.put(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{fill}\"{class}{anchor}>{}</text>\n",
            escape(words)
        ));
    }

    pub fn finish(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }
}

/// A length on the page: a tenth of a pixel is finer than any screen shows.
pub fn px(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
    if tenths % 10 == 0 {
        (tenths / 10).to_string()
    } else {
        format!("{}{}.{}", if tenths < 0 { "-" } else { "" }, tenths.abs() / 10, tenths.abs() % 10)
    }
}

/// Text as XML holds it. What XML cannot hold at all is expected to be tamed before.
fn escape(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Hatching for doubt and the signs of what a recording holds: a camera for pictures, a wave
/// for sound, the camera struck through where there is no sound, two sheets for a copy.
const DEFINITIONS: &str = r##"<defs>
<pattern id="recount-hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5" fill="#fff" fill-opacity="0.55"/><line x1="0.8" y1="0" x2="0.8" y2="5" stroke="#3a444b" stroke-width="1.3"/></pattern>
<g id="recount-camera" fill="none" stroke="#1f6f5f" stroke-width="1.4" stroke-linejoin="round"><rect x="0.7" y="3" width="9.6" height="8" rx="1.6"/><path d="M10.3 6.2 14.6 4v6.2l-4.3-2"/></g>
<g id="recount-wave" fill="none" stroke="#3a5aa0" stroke-width="1.6" stroke-linecap="round"><path d="M1.5 6v2M4.5 3.5v7M7.5 1.5v11M10.5 4v6M13.5 5.8v2.4"/></g>
<g id="recount-mute" fill="none" stroke="#80570f" stroke-width="1.4" stroke-linejoin="round"><rect x="0.7" y="3" width="9.6" height="8" rx="1.6"/><path d="M10.3 6.2 14.6 4v6.2l-4.3-2M1 13.5 13.5 1"/></g>
<g id="recount-none" fill="none" stroke="#556069" stroke-width="1.4"><circle cx="7.5" cy="7" r="5.6"/><path d="M3.6 11 11.4 3"/></g>
<g id="recount-copy" fill="none" stroke="#65489a" stroke-width="1.4" stroke-linejoin="round"><rect x="4.8" y="1.2" width="8.6" height="8.6" rx="1.4"/><path d="M4.8 4.6H2.6A1.4 1.4 0 0 0 1.2 6v5.4a1.4 1.4 0 0 0 1.4 1.4H8a1.4 1.4 0 0 0 1.4-1.4V9.8"/></g>
</defs>
"##;
