import { describe, expect, it } from "vitest";
import { firstFrom, frameAt, frameInSecond, insideFrame, keepsPitch, Lead, Readings, SEEK_S, SeekCost, shiftOf, steer } from "./lockstep";

/** What is odd about an element: its clock, what it says late now and then, and where its pictures are beside its time. */
type Odd = { ppm?: number; start_s?: number; late?: boolean; lead_s?: number; speed?: number; heard?: boolean };

/** Plays an element as the driver does, 60 turns a second; returns its true errors and what was done to it. */
function play(seconds: number, { ppm = 0, start_s = 0, late = false, lead_s = 0, speed = 1, heard = true }: Odd) {
  const [readings, lead] = [new Readings(), new Lead()];
  let [error, rate, bent_until, from, state] = [start_s, speed, NaN, 0, 7];
  const done = { errors: [] as number[], seeks: 0, bends: 0 };
  for (let turn = 0; turn < seconds * 60; turn++) {
    const now_ms = (turn * 1000) / 60;
    error += (rate * (1 + ppm * 1e-6) - speed) / 60;
    done.errors.push(error);
    if (now_ms >= bent_until) [bent_until, rate, from] = [NaN, speed, now_ms + 120];
    if (!Number.isNaN(bent_until) || now_ms < from) continue;
    state = (state * 16807) % 2147483647;
    readings.time(error - (late && state % 3 === 0 ? (state % 40) / 1000 : 0), now_ms);
    if (turn % 2) readings.frame(error + lead_s + ((state % 16) - 8) / 1000);
    const read = readings.take(now_ms, lead);
    if (read === null) continue;
    const next = steer({ error_s: read, speed, heard });
    if (next.do === "seek") [error, rate, done.seeks, from] = [0, speed, done.seeks + 1, now_ms + 120];
    if (next.do === "bend") [rate, bent_until, done.bends] = [next.rate, now_ms + next.for_s * 1000, done.bends + 1];
  }
  return done;
}

const worst = (errors: number[]) => Math.max(...errors.map(Math.abs));

describe("lockstep", () => {
  it("an element that drifts by 60 ppm stays within 6 ms without a seek", () => {
    for (const speed of [0.25, 1, 2, 4]) {
      const played = play(600, { ppm: 60, speed });
      expect(worst(played.errors)).toBeLessThan(0.006);
      expect(played.seeks).toBe(0);
      expect(played.bends).toBeLessThan(20 * Math.max(1, speed));
    }
  });

  it("an element that keeps time is never touched, though it says it late now and then", () => {
    expect(play(60, { start_s: 0.002 }).bends).toBe(0);
    expect(play(60, { start_s: 0.001, late: true, heard: false }).bends).toBe(0);
  });

  it("a late start is caught up with within two seconds", () => {
    for (const start_s of [-0.04, 0.04]) {
      expect(Math.abs(play(2, { start_s }).errors.at(-1) ?? 1)).toBeLessThan(0.006);
      expect(Math.abs(play(6, { start_s: 3 * start_s }).errors.at(-1) ?? 1)).toBeLessThan(0.006);
      expect(Math.abs(play(1.5, { start_s, heard: false, late: true }).errors.at(-1) ?? 1)).toBeLessThan(0.006);
    }
  });

  it("pictures that run ahead of what the element says are brought back, and stay", () => {
    const played = play(30, { lead_s: 0.033 });
    expect(worst(played.errors.slice(600).map((error) => error + 0.033))).toBeLessThan(0.021);
    expect(played.seeks).toBe(0);
    expect(played.bends).toBeLessThan(6);
  });

  it("what the screen's own steps explain is left alone", () => {
    expect(play(60, { lead_s: 0.008, start_s: 0.001 }).bends).toBe(0);
  });

  it("what is far off seeks, and farther off at higher speeds", () => {
    expect(steer({ error_s: SEEK_S + 0.01, speed: 1, heard: true }).do).toBe("seek");
    expect(steer({ error_s: SEEK_S + 0.01, speed: 2, heard: true }).do).toBe("bend");
  });

  it("the pitch is kept where speed changes it, and let go where that can't be heard", () => {
    expect([0.25, 0.95, 1.25, 2, 4].map((rate) => keepsPitch(rate, true))).toEqual([true, true, true, true, true]);
    expect([1, 1.00006, 0.97, 1.03].some((rate) => keepsPitch(rate, true))).toBe(false);
    expect(keepsPitch(2, false)).toBe(false);
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
