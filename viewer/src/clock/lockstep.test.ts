import { describe, expect, it } from "vitest";
import { firstFrom, frameAt, frameInSecond, insideFrame, keepsPitch, Lead, Readings, SEEK_S, SeekCost, shiftOf, steer, STEPS_S } from "./lockstep";

/** What is odd about an element: its clock, what it says late now and then, and where its pictures are beside its time. */
type Odd = { ppm?: number; start_s?: number; late?: boolean; lead_s?: number; speed?: number; heard?: boolean; seen?: boolean; mixed?: boolean };

const FILM_HZ = 25;
const SCREEN_HZ = 60;

/** Plays an element as the driver does, once a picture of the screen; returns its true errors, those of its frames, and what was done to it. */
function play(seconds: number, { ppm = 0, start_s = 0, late = false, lead_s = 0, speed = 1, heard = true, seen = true, mixed = false }: Odd) {
  const [readings, lead] = [new Readings(), new Lead()];
  let [error, rate, bent_until, from, state, shown] = [start_s, speed, NaN, 0, 7, -1];
  const done = { errors: [] as number[], frames: [] as number[], seeks: 0, bends: 0 };
  for (let turn = 0; turn < seconds * SCREEN_HZ; turn++) {
    const now_ms = (turn * 1000) / SCREEN_HZ;
    error += (rate * (1 + ppm * 1e-6) - speed) / SCREEN_HZ;
    done.errors.push(error);
    if (now_ms >= bent_until) [bent_until, rate, from] = [NaN, speed, now_ms + 120];
    // A frame is shown by the first picture of the screen that comes after its time: half a picture late on average.
    const wanted = 1 + (now_ms / 1000) * speed;
    const frame = Math.floor((wanted + error + lead_s) * FILM_HZ);
    const frame_error = frame / FILM_HZ + (0.5 / SCREEN_HZ) * speed - wanted;
    const is_new = frame !== shown;
    shown = frame;
    if (is_new) done.frames.push(frame_error);
    if (!Number.isNaN(bent_until) || now_ms < from) continue;
    state = (state * 16807) % 2147483647;
    readings.time(error - (late && state % 3 === 0 ? (state % 40) / 1000 : 0), now_ms);
    if (seen && is_new) readings.frame(frame_error);
    const time_s = readings.take(now_ms, lead);
    if (time_s === null) continue;
    const read = mixed ? time_s : lead.seen(time_s, speed);
    const next = steer({ error_s: read, speed, heard });
    if (next.do === "seek") [error, rate, done.seeks, from] = [0, speed, done.seeks + 1, now_ms + 120];
    if (next.do === "bend") [rate, bent_until, done.bends] = [next.rate, now_ms + next.for_s * 1000, done.bends + 1];
  }
  return done;
}

const worst = (errors: number[]) => Math.max(...errors.map(Math.abs));
const unseen = { seen: false };

/** A frame of 25 a second on a screen of 60 stands up to half a step beside its time, and is left alone within `STEPS_S`. */
const FRAME_S = 0.5 / SCREEN_HZ + STEPS_S;

describe("lockstep", () => {
  it("what only sounds and drifts by 60 ppm stays within 6 ms without a seek", () => {
    for (const speed of [0.25, 1, 2, 4]) {
      const played = play(600, { ppm: 60, speed, ...unseen });
      expect(worst(played.errors)).toBeLessThan(0.006);
      expect(played.seeks).toBe(0);
      expect(played.bends).toBeLessThan(20 * Math.max(1, speed));
    }
  });

  it("pictures that drift by 60 ppm stay with the clock as near as the screen allows", () => {
    for (const heard of [true, false]) {
      const played = play(600, { ppm: 60, heard });
      expect(worst(played.frames.slice(60))).toBeLessThan(FRAME_S + 0.002);
      expect(played.seeks).toBe(0);
      expect(played.bends).toBeLessThan(20);
    }
  });

  it("an element that keeps time is never touched, though it says it late now and then", () => {
    expect(play(60, { start_s: 0.002 }).bends).toBe(0);
    expect(play(60, { start_s: 0.001, late: true, heard: false }).bends).toBe(0);
    expect(play(60, { start_s: 0.001, late: true, heard: false, ...unseen }).bends).toBe(0);
  });

  it("a late start is caught up with within two seconds", () => {
    for (const start_s of [-0.04, 0.04]) {
      expect(Math.abs(play(2.5, { start_s, ...unseen }).errors.at(-1) ?? 1)).toBeLessThan(0.006);
      expect(worst(play(2.5, { start_s }).frames.slice(-5))).toBeLessThan(FRAME_S);
      expect(worst(play(6, { start_s: 3 * start_s }).frames.slice(-5))).toBeLessThan(FRAME_S);
      expect(worst(play(1.5, { start_s, heard: false, late: true }).frames.slice(-5))).toBeLessThan(FRAME_S);
    }
  });

  it("pictures that run ahead of what the element says are brought back, and stay", () => {
    for (const lead_s of [0.033, 0.09, -0.09]) {
      const played = play(30, { lead_s });
      expect(worst(played.frames.slice(250))).toBeLessThan(FRAME_S);
      expect(played.seeks).toBe(0);
      expect(played.bends).toBeLessThan(4);
    }
  });

  it("where several are heard, their sound counts and not their pictures", () => {
    expect(play(60, { lead_s: 0.05, mixed: true }).bends).toBe(0);
    expect(worst(play(10, { start_s: 0.04, lead_s: 0.05, mixed: true }).errors.slice(300))).toBeLessThan(0.006);
  });

  it("what the screen's own steps explain is left alone", () => {
    for (const lead_s of [0, 0.004, 0.008]) expect(play(60, { lead_s, start_s: -lead_s / 2 }).bends).toBe(0);
  });

  it("where every step of the screen shows another frame, pictures count in full", () => {
    const lead_of = (dense: boolean) => {
      const lead = new Lead();
      lead.learn(0.022, dense);
      return lead.seen(0.001, 2);
    };
    expect(lead_of(false)).toBe(0.001);
    expect(lead_of(true)).toBeCloseTo(0.023, 9);
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
