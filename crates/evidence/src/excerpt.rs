//! An excerpt: a stretch of one recording that was copied out of another.

use serde::{Deserialize, Serialize};

use crate::{MediaTime, SourceId};

/// `copy` from `start` to `end` is `source` from `source_start` on, played `speed` times as fast.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Excerpt {
    /// The recording that holds the copy.
    pub copy: SourceId,
    /// First copied moment, on the copy's clock.
    pub start: MediaTime,
    /// Moment after the last, on the copy's clock.
    pub end: MediaTime,
    /// The recording it was copied from.
    pub source: SourceId,
    /// Where the copied stretch begins on the source's clock.
    pub source_start: MediaTime,
    /// Seconds of the source in one second of the copy: 1 as a rule, 1.04 where a film of 24
    /// frames a second was shown with 25; 0.9 to 1.1.
    #[serde(default = "as_recorded", skip_serializing_if = "is_as_recorded")]
    pub speed: f64,
    /// What tells which of the two is the copy; nothing where an older version did not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<CopyReason>,
}

/// What tells which of two recordings with the same stretch is the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyReason {
    /// Other sound lies over the stretch in it and not in the source.
    LaidOver,
    /// It runs at another speed than those that recorded the same moment; the source does not.
    OtherSpeed,
    /// It runs at another speed with its pitch kept, as no recorder does. Only the rhythm and the
    /// timbre of its sound tell so: its waves are no longer those of the source.
    Stretched,
    /// All of it is in the source, which holds more.
    WhollyInside,
    /// More of it than of the source is the same.
    MoreShared,
    /// The two are the same from end to end. Which was first, their sound does not tell.
    SameThroughout,
    /// It was played from a loudspeaker and recorded by a microphone: shared from its first second
    /// to its last and nowhere around, all of it along one way. Its ends are good to two seconds.
    PlayedAgain,
}

impl Excerpt {
    /// Where the copied stretch ends on the source's clock.
    pub fn source_end(&self) -> MediaTime {
        self.in_source(self.end)
    }

    /// The moment of the source that a moment of the copy shows, as if all of it were copied.
    pub fn in_source(&self, at: MediaTime) -> MediaTime {
        let since_ns = at.0.saturating_sub(self.start.0);
        let stretched_ns = (since_ns as f64 * (self.speed - 1.0)).round() as i64;
        MediaTime(self.source_start.0.saturating_add(since_ns).saturating_add(stretched_ns))
    }

    /// Whether the sound of the file itself is the other's. A microphone that heard the other played
    /// again made a recording of its own, at a time of its own.
    pub fn is_of_the_file(&self) -> bool {
        self.reason != Some(CopyReason::PlayedAgain)
    }

    /// Whether it plays as fast as it was recorded.
    pub fn is_as_recorded(&self) -> bool {
        is_as_recorded(&self.speed)
    }
}

impl CopyReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::LaidOver,
        Self::OtherSpeed,
        Self::Stretched,
        Self::WhollyInside,
        Self::MoreShared,
        Self::SameThroughout,
        Self::PlayedAgain,
    ];

    /// One word for programs and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::LaidOver => "laid-over",
            Self::OtherSpeed => "other-speed",
            Self::Stretched => "stretched",
            Self::WhollyInside => "wholly-inside",
            Self::MoreShared => "more-shared",
            Self::SameThroughout => "same-throughout",
            Self::PlayedAgain => "played-again",
        }
    }

    /// Why the copy is the copy, as a clause about it.
    pub fn clause(self) -> &'static str {
        match self {
            Self::LaidOver => "other sound lies over it",
            Self::OtherSpeed => "it runs at another speed than what was recorded at that moment",
            Self::Stretched => {
                "it was stretched in time, as no recorder does (told by its rhythm and timbre alone)"
            }
            Self::WhollyInside => "all of it is in the other, which holds more",
            Self::MoreShared => "more of it than of the other is the same",
            Self::SameThroughout => "they are the same throughout; which was first is not known",
            Self::PlayedAgain => {
                "it came from a loudspeaker: they share this stretch only, though both hold sound around it"
            }
        }
    }
}

fn as_recorded() -> f64 {
    1.0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands references over")]
fn is_as_recorded(speed: &f64) -> bool {
    (speed - 1.0).abs() < 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_a_copy_that_runs_fast_is_more_than_a_second_of_the_source() {
        let s = MediaTime::from_seconds;
        let excerpt = Excerpt {
            copy: SourceId([1; 32]),
            start: s(4.0),
            end: s(14.0),
            source: SourceId([2; 32]),
            source_start: s(60.0),
            speed: 1.04,
            reason: None,
        };
        assert_eq!(excerpt.source_end(), s(70.4));
        assert_eq!(Excerpt { speed: 1.0, ..excerpt }.source_end(), s(70.0));
    }

    #[test]
    fn what_an_older_version_wrote_is_as_recorded_and_is_written_as_it_was() {
        let id = "00".repeat(32);
        let old =
            format!(r#"{{"copy":"{id}","start":0,"end":5,"source":"{id}","source_start":7}}"#);
        let read: Excerpt = serde_json::from_str(&old).unwrap();
        assert!(read.is_as_recorded() && read.reason.is_none());
        assert_eq!(serde_json::to_string(&read).unwrap(), old);
    }

    #[test]
    fn the_word_of_a_reason_is_what_is_written() {
        for reason in CopyReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.word());
        }
    }
}
