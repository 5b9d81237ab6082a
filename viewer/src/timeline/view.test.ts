import { describe, expect, it } from "vitest";
import { centre, digitsFor, endOf, fit, follow, pan, S_PER_PX_MIN, stack, step, ticks, timeOf, xOf, zoom } from "./view";

const span = { start: 0, end: 100 * 3600 };
const all = fit(span, 1200);

describe("the view", () => {
  it("shows all of it at first, with air at both sides", () => {
    expect(xOf(all, 0)).toBeGreaterThan(10);
    expect(xOf(all, span.end)).toBeLessThan(1190);
  });

  it("zooms from days to single frames around the pointer", () => {
    let view = all;
    const at = timeOf(view, 333);
    for (let n = 0; n < 60; n++) view = zoom(view, 1.5, xOf(view, at), span);
    expect(view.s_per_px).toBe(S_PER_PX_MIN);
    expect(timeOf(view, xOf(view, at))).toBeCloseTo(at, 6);
    expect(at).toBeGreaterThan(view.start);
    expect(at).toBeLessThan(endOf(view));
    for (let n = 0; n < 60; n++) view = zoom(view, 1 / 1.5, 600, span);
    expect(view.s_per_px).toBeCloseTo(all.s_per_px, 9);
    expect(view.start).toBeCloseTo(all.start, 3);
  });

  it("never loses the span", () => {
    const near = zoom(all, 100, 600, span);
    expect(pan(near, 1e9, span).start).toBeLessThan(span.end);
    expect(endOf(pan(near, -1e9, span))).toBeGreaterThan(span.start);
  });

  it("follows a playhead by pages", () => {
    const near = centre(zoom(all, 1000, 600, span), 5000, span);
    expect(follow(near, 5000, span)).toBe(near);
    const next = follow(near, endOf(near) + 1, span);
    expect(xOf(next, endOf(near) + 1)).toBeLessThan(200);
  });
});

describe("the ruler", () => {
  it("has ticks that labels fit between", () => {
    for (const factor of [1, 10, 1000, 1e5, 1e6]) {
      const view = zoom(all, factor, 600, span);
      const seconds = step(view, 90);
      const moments = ticks(view, seconds, 0);
      expect(moments.length).toBeGreaterThan(0);
      expect(moments.length).toBeLessThan(15);
      for (const at of moments) expect(Math.abs(at / seconds - Math.round(at / seconds))).toBeLessThan(1e-6);
    }
  });

  it("writes as many digits as its step needs", () => {
    expect([60, 1, 0.5, 0.02, 0.001].map(digitsFor)).toEqual([0, 0, 1, 2, 3]);
  });

  it("stacks labels so that none touch", () => {
    expect(stack([{ x: 0, width: 50 }, { x: 20, width: 50 }, { x: 30, width: 50 }, { x: 90, width: 10 }], 2)).toEqual([0, 1, -1, 0]);
  });
});
