import { expect, it } from "vitest";
import type { Peaks } from "../api/binary";
import { suddenSounds } from "./sudden";

/** A minute of talk: bursts of syllables that swell and fade, and whatever is put into it. */
function talk(seed: number, put: (loud: Uint8Array) => void): Peaks {
  let state = seed;
  const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
  const loud = Uint8Array.from({ length: 6000 }, (_, n) => 110 + 70 * Math.abs(Math.sin(n / 17 + seed)) + 12 * random());
  put(loud);
  return { levels: [{ bucket_s: 0.01, peaks: loud }], bytes: loud.length };
}

const piece = (offset: number) => [{ start: 0, end: 60, offset, drift_ppm: 0, sigma: 0.002 }];
const bang = (at: number) => (loud: Uint8Array) => loud.fill(252, at * 100, at * 100 + 4);

it("a bang that several heard comes before all talk, at its first arrival", () => {
  const found = suddenSounds(
    [
      { id: "near", pieces: piece(0), peaks: talk(3, bang(31)) },
      { id: "far", pieces: piece(10.05), peaks: talk(5, bang(21)) },
      { id: "deaf", pieces: piece(0), peaks: talk(7, () => {}) },
    ],
    8,
  );
  expect(found[0]?.at).toBeCloseTo(31, 1);
  expect(found[0]?.ids.sort()).toEqual(["far", "near"]);
});

it("a knock on one microphone is nobody else's, and is left out", () => {
  const found = suddenSounds([{ id: "a", pieces: piece(0), peaks: talk(3, bang(31)) }, { id: "b", pieces: piece(0), peaks: talk(5, () => {}) }], 8);
  expect(found.every(({ at }) => Math.abs(at - 31) > 0.2)).toBe(true);
  expect(suddenSounds([{ id: "a", pieces: piece(0), peaks: talk(3, bang(31)) }], 8)[0]?.at).toBeCloseTo(31, 1);
});

it("what lies in no piece, and silence, are no moments", () => {
  expect(suddenSounds([{ id: "a", pieces: [], peaks: talk(3, bang(31)) }], 8)).toEqual([]);
  expect(suddenSounds([{ id: "a", pieces: piece(0), peaks: { levels: [{ bucket_s: 0.01, peaks: new Uint8Array(100) }], bytes: 100 } }], 8)).toEqual([]);
});
