// Media time and case time of one recording, by the pieces of its placement: `case = offset + (1 + drift) * media`.
// The sign is defined by the server (`evidence::clock_map`) and only repeated here. All times are seconds.
import type { PieceView as Piece } from "../api/types";

/** Where a recording is at a moment of case time. */
export type Where =
  | { at: "in"; media: number; piece: Piece }
  | { at: "before"; begins_in: number; media: number }
  | { at: "paused"; goes_on_in: number; media: number }
  | { at: "after"; ended_ago: number; media: number }
  | { at: "nowhere" };

export function rateOf(piece: Piece): number {
  return 1 + piece.drift_ppm * 1e-6;
}

export function caseOf(piece: Piece, media: number): number {
  return piece.offset + rateOf(piece) * media;
}

export function mediaOf(piece: Piece, at: number): number {
  return (at - piece.offset) / rateOf(piece);
}

export function caseStart(piece: Piece): number {
  return caseOf(piece, piece.start);
}

export function caseEnd(piece: Piece): number {
  return caseOf(piece, piece.end);
}

/** The piece that holds a media time; beyond all of them the nearest, so that a moment never gets lost at an edge. */
export function pieceAt(pieces: readonly Piece[], media: number): Piece | null {
  let nearest: Piece | null = null;
  let away = Infinity;
  for (const piece of pieces) {
    const distance = Math.max(piece.start - media, media - piece.end, 0);
    // At a border the later piece wins: a piece holds its first moment and not its end.
    if (distance < away || (distance === 0 && media === piece.start)) {
      nearest = piece;
      away = distance;
    }
  }
  return nearest;
}

export function toCase(pieces: readonly Piece[], media: number): number | null {
  const piece = pieceAt(pieces, media);
  return piece && caseOf(piece, media);
}

/** From the first moment to the last; `null` on no clock. */
export function span(pieces: readonly Piece[]): { start: number; end: number } | null {
  let start = Infinity;
  let end = -Infinity;
  for (const piece of pieces) {
    start = Math.min(start, caseStart(piece));
    end = Math.max(end, caseEnd(piece));
  }
  return pieces.length ? { start, end } : null;
}

/** What a recording shows at a moment of case time, or why it shows nothing. */
export function where(pieces: readonly Piece[], at: number): Where {
  let last: Piece | null = null;
  let next: Piece | null = null;
  for (const piece of pieces) {
    const start = caseStart(piece);
    if (at >= start && at < caseEnd(piece)) return { at: "in", media: mediaOf(piece, at), piece };
    if (at < start) {
      if (!next || start < caseStart(next)) next = piece;
    } else if (!last || caseEnd(piece) > caseEnd(last)) {
      last = piece;
    }
  }
  if (next && last) return { at: "paused", goes_on_in: caseStart(next) - at, media: next.start };
  if (next) return { at: "before", begins_in: caseStart(next) - at, media: next.start };
  if (last) return { at: "after", ended_ago: at - caseEnd(last), media: last.end };
  return { at: "nowhere" };
}

/** The same placement moved by seconds of case time: what a person's nudge looks like before it is said. */
export function moved(pieces: readonly Piece[], by: number): Piece[] {
  return pieces.map((piece) => ({ ...piece, offset: piece.offset + by }));
}

/** A recording on no clock, laid with its media time `media` at case time `at`, for a person to try. */
export function laid(duration: number, media: number, at: number): Piece[] {
  return [{ start: 0, end: duration, offset: at - media, drift_ppm: 0, sigma: 0 }];
}
