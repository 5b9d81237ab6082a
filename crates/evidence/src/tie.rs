//! A tie: evidence that two recordings heard the same thing at the same time.

use serde::{Deserialize, Serialize};

use crate::{MediaTime, Piece, SourceId};

/// What two recordings heard in common. `right` is mapped onto `left`: the pieces' `map` takes
/// media time of `right` to media time of `left` (read "case" as "left's clock").
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tie {
    /// The recording whose clock is kept.
    pub left: SourceId,
    /// The recording whose clock is mapped; its `SourceId` is the larger of the two.
    pub right: SourceId,
    /// In media time of `right`.
    pub pieces: Vec<Piece>,
    /// Strength: standard deviations by which the agreement exceeds that at lags where the two
    /// cannot agree.
    pub score: f64,
    /// Windows of the overlap in which the sounds agree at this lag.
    pub windows_agree: u32,
    /// Windows with sound in both recordings that do not agree.
    pub windows_disagree: u32,
    /// The best lag elsewhere, if one came near.
    pub runner_up: Option<RunnerUp>,
    /// Whether the solution rests on it; a tie that breaks a cycle is kept but not used, and so
    /// is what came nearest for a recording that is on no clock.
    pub accepted: bool,
    /// What it rests on.
    #[serde(default, skip_serializing_if = "TieKind::is_sound")]
    pub kind: TieKind,
    /// What each window said, in order of time, at most 64; empty where nobody looked so closely,
    /// and in solutions of versions that did not keep it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// By how much the tie, taken alone, would move `right` later on the clock of the case: the
    /// mean over its agreeing windows of what they say minus the solution, in nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residual_ns: Option<i64>,
}

impl Tie {
    /// Whether it is only what came nearest for a recording on no clock: nothing rests on it, and
    /// nobody looked at it closely.
    pub fn is_near_miss(&self) -> bool {
        let looked_at = self.windows_agree + self.windows_disagree > 0;
        self.kind.is_sound() && !self.accepted && !looked_at && self.residual_ns.is_none()
    }
}

/// What one window of the overlap said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its middle on the clock of [`Tie::right`].
    pub at: MediaTime,
    /// The lag at which the two sounds agree best there: `left = right + lag`, nanoseconds.
    pub lag_ns: i64,
    /// Whether they agree beyond chance, near the line of the whole tie.
    pub agrees: bool,
}

/// What a tie rests on.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum TieKind {
    /// Both heard the same.
    #[default]
    Sound,
    /// The light in both pictures changed alike.
    Light,
    /// A person says so; it holds at the one moment where its piece begins and ends.
    Hand,
    /// The clocks of both files say so, and a person asked that they be believed.
    Clock,
}

impl TieKind {
    /// Whether both heard the same: the usual kind, which is not written down.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    pub fn is_sound(&self) -> bool {
        *self == Self::Sound
    }

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Light => "light",
            Self::Hand => "hand",
            Self::Clock => "clock",
        }
    }
}

/// The second-best lag of a pair: what a sceptic would ask about.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunnerUp {
    /// Offset in nanoseconds, in the sense of [`Tie::pieces`].
    pub offset_ns: i64,
    /// Its strength as a share of the winner's, 0 to 1.
    pub share: f64,
}
