import { describe, expect, it } from "vitest";
import { firstFrom, frameAt, frameInSecond, insideFrame, SEEK_S, SeekCost, shiftOf, steer } from "./lockstep";

/** Plays an element whose own clock is wrong by `ppm`, polled ten times a second; returns its errors. */
function play(ppm: number, start_error_s: number, seconds: number, speed = 1, heard = true) {
  let error = start_error_s;
  let nudging = false;
  let rate = speed;
  const errors: number[] = [];
  let seeks = 0;
  let changes = 0;
  for (let step = 0; step < seconds * 10; step++) {
    error += (rate * (1 + ppm * 1e-6) - speed) * 0.1;
    const next = steer({ error_s: error, speed, nudging, heard });
    if (next.do === "seek") {
      error = 0;
      nudging = false;
      rate = speed;
      seeks++;
    } else {
      if (next.rate !== rate) changes++;
      rate = next.rate;
      nudging = next.nudging;
    }
    errors.push(error);
  }
  return { errors, seeks, changes };
}

describe("lockstep", () => {
  it("an element that drifts by 60 ppm stays within 10 ms without a seek", () => {
    for (const speed of [0.25, 1, 2, 4]) {
      const played = play(60, 0, 600, speed);
      expect(Math.max(...played.errors.map(Math.abs))).toBeLessThan(0.01);
      expect(played.seeks).toBe(0);
    }
  });

  it("an element that keeps time is never touched", () => {
    expect(play(0, 0.003, 60).changes).toBe(0);
  });

  it("a late start is caught up with within two seconds", () => {
    for (const late of [-0.12, 0.12]) {
      expect(Math.abs(play(0, late, 2).errors.at(-1) ?? 1)).toBeLessThan(0.008);
      expect(Math.abs(play(0, late, 1, 1, false).errors.at(-1) ?? 1)).toBeLessThan(0.008);
    }
  });

  it("what is far off seeks, and farther off at higher speeds", () => {
    expect(steer({ error_s: SEEK_S + 0.01, speed: 1, nudging: false, heard: true }).do).toBe("seek");
    expect(steer({ error_s: SEEK_S + 0.01, speed: 2, nudging: false, heard: true }).do).toBe("rate");
  });

  it("learns what a seek costs", () => {
    const cost = new SeekCost();
    for (let n = 0; n < 6; n++) cost.learn(0.2);
    expect(cost.cost_s).toBeGreaterThan(0.18);
    cost.learn(9);
    expect(cost.cost_s).toBeLessThanOrEqual(0.6);
  });
});

describe("frames", () => {
  const times = Float64Array.from([0, 0.04, 0.08, 0.2, 1.0, 1.04, 1.12]); // one pause, one frame lost

  it("the frame shown is the last that has begun", () => {
    expect([-1, 0, 0.039, 0.04, 0.1, 0.2, 99].map((t) => frameAt(times, t))).toEqual([0, 0, 0, 1, 2, 3, 6]);
  });

  it("a seek aims inside its frame", () => {
    for (let index = 0; index < times.length; index++) expect(frameAt(times, insideFrame(times, index))).toBe(index);
  });

  it("a browser that counts from another zero is found out by any frame", () => {
    expect(shiftOf(times, 0.0800004)).toBe(0);
    expect(shiftOf(times, 1.033)).toBeCloseTo(0.007, 9);
    expect(shiftOf(times, 0.207)).toBeCloseTo(-0.007, 9);
    expect(shiftOf(times, 0.6)).toBe(0);
  });

  it("timecode counts the frames that are there", () => {
    expect(frameInSecond(times, 3)).toBe(3);
    expect(frameInSecond(times, 6)).toBe(2);
    expect(firstFrom(times, 1)).toBe(4);
    expect(firstFrom(times, 0.05)).toBe(2);
  });
});
