import { describe, expect, it } from "vitest";
import { caseOf, laid, mediaOf, moved, pieceAt, span, toCase, where } from "./pieces";

// A phone that was paused at 70 s for 25 s and runs 40 ppm slow.
const phone = [
  { start: 0, end: 70, offset: 60, drift_ppm: 40, sigma: 0.003 },
  { start: 70, end: 180, offset: 85, drift_ppm: 40, sigma: 0.004 },
];

describe("a placement", () => {
  it("leads there and back", () => {
    for (const piece of phone)
      for (let media = piece.start; media <= piece.end; media += 7.3)
        expect(mediaOf(piece, caseOf(piece, media))).toBeCloseTo(media, 9);
  });

  it("takes drift into account", () => {
    expect(toCase(phone, 50)).toBeCloseTo(60 + 50 * 1.00004, 9);
  });

  it("gives a border to the piece that begins there", () => {
    expect(pieceAt(phone, 70)).toBe(phone[1]);
    expect(pieceAt(phone, 69.999)).toBe(phone[0]);
  });

  it("keeps a moment beyond its edges on the nearest piece", () => {
    expect(pieceAt(phone, 500)).toBe(phone[1]);
    expect(pieceAt(phone, -3)).toBe(phone[0]);
    expect(pieceAt([], 3)).toBeNull();
  });

  it("spans from the first moment to the last", () => {
    expect(span(phone)?.start).toBe(60);
    expect(span(phone)?.end).toBeCloseTo(85 + 180 * 1.00004, 9);
    expect(span([])).toBeNull();
  });
});

describe("a recording at a moment", () => {
  it("shows its own time while it ran", () => {
    const here = where(phone, 160);
    expect(here.at === "in" && here.media).toBeCloseTo(75 / 1.00004, 6);
  });

  it("says when it begins, that it was paused, and that it ended", () => {
    expect(where(phone, 22.2)).toMatchObject({ at: "before", begins_in: expect.closeTo(37.8, 6) });
    expect(where(phone, 140)).toMatchObject({ at: "paused", media: 70 });
    expect(where(phone, 300)).toMatchObject({ at: "after", media: 180 });
    expect(where([], 300)).toEqual({ at: "nowhere" });
  });

  it("is tried elsewhere without changing what the server said", () => {
    expect(toCase(moved(phone, -0.12), 50)).toBeCloseTo(60 + 50 * 1.00004 - 0.12, 9);
    expect(phone[0]?.offset).toBe(60);
    expect(toCase(laid(28, 4, 100), 4)).toBe(100);
  });
});
