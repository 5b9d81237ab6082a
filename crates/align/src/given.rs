//! What is given and not heard: a relation of two recordings that a person, or a clock that a
//! person believes, vouches for.

use evidence::{SourceId, TieKind};

/// Two moments of two recordings that are held to be one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Given {
    /// The recording by which the other is placed.
    pub left: SourceId,
    /// The recording that is placed.
    pub right: SourceId,
    /// The moment, in media time of `left`, seconds.
    pub left_s: f64,
    /// The same moment, in media time of `right`, seconds.
    pub right_s: f64,
    /// One standard deviation of it, seconds; more than zero.
    pub sigma_s: f64,
    /// Whether nothing else may move the two against each other: sound that contradicts it is
    /// not heeded then. Else sound that is sure of itself outweighs it.
    pub is_locked: bool,
    /// [`TieKind::Hand`] or [`TieKind::Clock`].
    pub kind: TieKind,
}
