//! Where a recording lies on the case clock.

use serde::{Deserialize, Serialize};

use crate::{CaseTime, ClockMap, MediaTime, SourceId};

/// Number of an island: recordings connected by accepted ties. Two islands share no clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Island(pub u32);

/// A stretch of a recording that one straight clock fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// First media time the map holds for.
    pub start: MediaTime,
    /// Media time after the last.
    pub end: MediaTime,
    /// Media time to case time.
    pub map: ClockMap,
    /// One standard deviation of the case time, in nanoseconds, at its largest in the piece.
    pub sigma_ns: i64,
}

/// The map from one recording's media time to case time, in pieces ordered by media time that
/// do not overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// Which recording.
    pub source: SourceId,
    /// On which clock.
    pub island: Island,
    /// At least one.
    pub pieces: Vec<Piece>,
    /// What of the pieces' sigma is not its own; none where it was not told apart (a copy, placed
    /// through what it was copied from; solutions of versions that did not keep it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
}

/// The parts of a sigma that all pieces of an island share; with what is a piece's own they add
/// up as squares do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// By how much the ties of the island contradict one another, as far as it is left in a clock
    /// that rests on several; nanoseconds.
    pub contradiction_ns: i64,
    /// What no measurement goes below: sound travels, nanoseconds.
    pub floor_ns: i64,
}

impl Doubt {
    /// What is left of a sigma for the piece's own observations, nanoseconds.
    pub fn own_ns(&self, sigma_ns: i64) -> i64 {
        let squared = |ns: i64| (ns as f64).powi(2);
        let own = squared(sigma_ns) - squared(self.contradiction_ns) - squared(self.floor_ns);
        own.max(0.0).sqrt().round() as i64
    }
}

impl Piece {
    /// Case time of its first moment.
    pub fn case_start(&self) -> CaseTime {
        self.map.to_case(self.start)
    }

    /// Case time of its end.
    pub fn case_end(&self) -> CaseTime {
        self.map.to_case(self.end)
    }

    /// One standard deviation in seconds.
    pub fn sigma_s(&self) -> f64 {
        self.sigma_ns as f64 / 1e9
    }
}

impl Placement {
    /// Case time of a media time, if the recording is placed there.
    pub fn to_case(&self, media: MediaTime) -> Option<CaseTime> {
        let piece = self.pieces.iter().find(|p| p.start <= media && media < p.end)?;
        Some(piece.map.to_case(media))
    }

    /// Case time of a media time by the nearest piece, and its sigma in nanoseconds; none without
    /// pieces.
    pub fn near(&self, media: MediaTime) -> Option<(CaseTime, i64)> {
        let away = |piece: &&Piece| {
            piece.start.0.saturating_sub(media.0).max(media.0.saturating_sub(piece.end.0)).max(0)
        };
        let piece = self.pieces.iter().min_by_key(away)?;
        Some((piece.map.to_case(media), piece.sigma_ns))
    }

    /// Case time of the first moment that is placed.
    pub fn case_start(&self) -> Option<CaseTime> {
        self.pieces.iter().map(Piece::case_start).min()
    }

    /// Case time of the last moment that is placed.
    pub fn case_end(&self) -> Option<CaseTime> {
        self.pieces.iter().map(Piece::case_end).max()
    }

    /// The largest sigma of its pieces, in seconds.
    pub fn sigma_s(&self) -> f64 {
        self.pieces.iter().map(Piece::sigma_s).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_in_the_file_is_a_jump_on_the_case_clock() {
        let piece = |start, end, offset_s| Piece {
            start: MediaTime::from_seconds(start),
            end: MediaTime::from_seconds(end),
            map: ClockMap::from_seconds(offset_s, 0.0),
            sigma_ns: 1_000_000,
        };
        let placement = Placement {
            source: SourceId([0; 32]),
            island: Island(0),
            pieces: vec![piece(0.0, 68.0, 60.0), piece(68.0, 180.0, 85.0)],
            doubt: None,
        };
        let at = |s| placement.to_case(MediaTime::from_seconds(s)).map(CaseTime::seconds);
        assert_eq!(at(67.0), Some(127.0));
        assert_eq!(at(68.0), Some(153.0));
        assert_eq!(at(180.0), None);
    }

    #[test]
    fn the_parts_of_a_doubt_add_up_as_squares_do() {
        let doubt = Doubt { contradiction_ns: 3_000_000, floor_ns: 0 };
        assert_eq!(doubt.own_ns(5_000_000), 4_000_000);
        assert_eq!(doubt.own_ns(2_000_000), 0);
    }
}
