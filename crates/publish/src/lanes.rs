//! The synchronised timeline as text, for a terminal.

use crate::Snapshot;

/// How lanes are drawn; the caller knows its terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colour may be used.
    pub colour: Colour,
    /// Which characters may be used.
    pub glyphs: Glyphs,
}

/// Colour on the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    #[default]
    None,
    /// The sixteen ANSI colours.
    Ansi,
}

/// Characters on the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Block and line drawing characters.
    #[default]
    Unicode,
    /// ASCII only.
    Ascii,
}

/// Draws the timeline; no line is wider than `width` columns.
pub fn draw(_snapshot: &Snapshot, _width: usize, _style: Style) -> String {
    String::new()
}
