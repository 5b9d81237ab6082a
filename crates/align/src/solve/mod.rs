//! From ties to clocks: which recordings belong together, where each begins, how fast it ran.

pub(crate) mod by_light;
pub(crate) mod clock;
pub(crate) mod copies;
pub(crate) mod elsewhere;
pub(crate) mod graph;
pub(crate) mod hand;
pub(crate) mod least_squares;
pub(crate) mod loose;
pub(crate) mod lost;
pub(crate) mod pauses;
pub(crate) mod pieces;
pub(crate) mod played;
pub(crate) mod second_look;
pub(crate) mod untangle;
pub(crate) mod weigh;

/// The largest strength that recordings of different incidents reached by chance, in standard
/// deviations; measured, and what the strengths that are believed begin above.
pub const Z_STRANGERS: f64 = 6.5;
