import { describe, expect, it } from "vitest";
import { type Context, parse, resolve } from "./typed";

const MIDNIGHT = Date.UTC(2026, 1, 10, 5) / 1000; // of 10 February at UTC-05:00
const context: Context = {
  now: 100,
  span: { start: 0, end: 480 },
  wall: { unix: (at) => MIDNIGHT + 14 * 3600 + 20 * 60 + at, at: (unix) => unix - MIDNIGHT - 14 * 3600 - 20 * 60, zone_min: -300 },
  source: { toCase: (media) => media + 2, frame: (second, n) => second + n / 25, frame_s: 0.04 },
};
const at = (text: string, where: Context = context) => {
  const typed = parse(text);
  if (!typed) return null;
  const moment = resolve(typed, where);
  return "at" in moment ? Math.round(moment.at * 1e6) / 1e6 : moment.why_not;
};

describe("a typed time", () => {
  it("is case time unless it says otherwise", () => {
    expect(at("193.894")).toBe(193.894);
    expect(at("3:13.894")).toBe(193.894);
    expect(at("0:03:13.894")).toBe(193.894);
    expect(at("case 12")).toBe(12);
    expect(at("c=-3")).toBe(-3);
  });

  it("with four parts is the source's own, to the frame", () => {
    expect(at("00:03:11:19")).toBeCloseTo(2 + 191 + 19 / 25, 6);
    expect(at("00:03:11;19")).toBeCloseTo(2 + 191 + 19 / 25, 6);
    expect(at("s 3:11.76")).toBeCloseTo(193.76, 6);
    expect(at("00:03:11:19", { ...context, source: null })).toMatch(/choose a recording/);
  });

  it("is the wall clock where only that makes sense", () => {
    expect(at("14:23:13.894")).toBeCloseTo(193.894, 6);
    expect(at("w 14:23")).not.toBeNull();
    expect(at("2026-02-10 14:23:13.894")).toBeCloseTo(193.894, 6);
    expect(at("wall 14:23:13", { ...context, wall: null })).toMatch(/wall clock/);
    expect(at("14:23:13", { ...context, wall: null })).toBe(51793);
  });

  it("may be relative to now", () => {
    expect(at("+20")).toBe(120);
    expect(at("+20.")).toBe(120);
    expect(at("-5")).toBe(95);
    expect(at("−5")).toBe(95);
    expect(at("+1:30")).toBe(190);
    expect(at("+10f")).toBeCloseTo(100.4, 6);
  });

  it("is refused if it is none", () => {
    for (const text of ["", "abc", "1:75", "1:2:3:4:5", "1e9", "12:", "+", "x 12", "00:61:00:00", "1:2.5:3"])
      expect(parse(text), text).toBeNull();
  });
});
