//! Why something could not be told. A refusal is a finding: stored, shown and citable.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a recording is not on any clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Refusal {
    /// The file has pictures only.
    NoAudio,
    /// Its sound is digital silence, or so faint that nothing can be heard in it.
    Silent,
    /// Too little sound for any comparison.
    TooShort {
        /// Seconds of sound.
        heard_s: f64,
    },
    /// It was compared with all others and shares no sound with any.
    SharesNothing,
    /// It fits in more than one place and its sound cannot tell which (a loop, a siren).
    Ambiguous {
        /// Name of the recording it may belong with.
        with: String,
        /// The offsets in seconds that fit about equally well, best first.
        offsets_s: Vec<f64>,
        /// How strongly each is borne out beside the best, 0 to 1, one for each offset; empty in
        /// solutions of versions that did not keep it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        shares: Vec<f64>,
    },
    /// It shares one stretch with another and nothing around it, all of it along one way, as when
    /// one of the two is played from a loudspeaker and recorded again. Which is the earlier, sound
    /// does not tell, so neither is put on the other's clock.
    OneStretch {
        /// Name of the other recording.
        with: String,
        /// Where the stretch begins in this recording, seconds; good to two.
        start_s: f64,
        /// Where it ends.
        end_s: f64,
    },
    /// The media could not be read at all.
    Unreadable {
        /// What the reader said.
        why: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAudio => write!(f, "it has no sound"),
            Self::Silent => write!(f, "its sound is silent throughout"),
            Self::TooShort { heard_s } => {
                write!(f, "it holds only {heard_s:.1} s of sound, too little to compare")
            }
            Self::SharesNothing => write!(f, "it shares no sound with any other recording"),
            Self::Ambiguous { with, offsets_s, .. } => {
                let places = offsets_s.len();
                write!(f, "it fits {with} in {places} places equally well (repeating sound)")
            }
            Self::OneStretch { with, start_s, end_s } => {
                write!(
                    f,
                    "it shares {start_s:.0} s to {end_s:.0} s with {with} and nothing around that, as \
                     when one is played from a loudspeaker and recorded again"
                )
            }
            Self::Unreadable { why } => write!(f, "it could not be read: {why}"),
        }
    }
}
