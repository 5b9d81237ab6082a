//! What sound alone could not decide, in words that need no training.

use std::fmt::Write as _;

use publish::why::Doubtful;

use super::names::shown_text;
use super::status::{BOLD, count};
use super::why::alternative;

/// All of it, as text.
pub fn text(doubtful: &Doubtful) -> String {
    let mut page = String::new();
    let several = doubtful.unplaced.iter().filter(|unplaced| unplaced.fits);
    let _ = writeln!(page, "{BOLD}On no clock, because they fit in several places{BOLD:#}");
    let before = page.len();
    for unplaced in several {
        let why = shown_text(&unplaced.why);
        let _ = writeln!(page, "  {}: {why}", shown_text(&unplaced.file));
        for place in &unplaced.alternatives {
            let _ = writeln!(page, "    {}", alternative(place));
        }
    }
    none(&mut page, before);
    let _ = writeln!(page, "\n{BOLD}On no clock, because they fit nowhere{BOLD:#}");
    let before = page.len();
    for unplaced in doubtful.unplaced.iter().filter(|unplaced| !unplaced.fits) {
        let why = shown_text(&unplaced.why);
        let _ = writeln!(page, "  {}: {why}", shown_text(&unplaced.file));
        if let Some(place) = unplaced.alternatives.first() {
            let _ = writeln!(page, "    nearest: {}", alternative(place));
        }
    }
    none(&mut page, before);
    let _ = writeln!(page, "\n{BOLD}Placed, but one tie alone would not have told where{BOLD:#}");
    let before = page.len();
    for leaning in &doubtful.leaning {
        let sure = match leaning.others {
            0 => "nothing else says which; look at it with `recount why`".to_owned(),
            1 => "sure only because 1 other recording agrees".to_owned(),
            others => {
                format!("sure only because {} agree", count(others, "other recording"))
            }
        };
        let _ = writeln!(
            page,
            "  {}: with {} it would fit {:.3} s after it began, and {:.0} % as well {:.3} s after; {sure}",
            shown_text(&leaning.file),
            shown_text(&leaning.with),
            leaning.lag,
            100.0 * leaning.share,
            leaning.rival_lag,
        );
    }
    none(&mut page, before);
    page
}

/// Says so where nothing was said.
fn none(page: &mut String, before: usize) {
    if page.len() == before {
        page.push_str("  none\n");
    }
}
