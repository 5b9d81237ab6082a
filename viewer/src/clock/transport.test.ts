import { describe, expect, it } from "vitest";
import { Transport } from "./transport.svelte";

function started(): Transport {
  const transport = new Transport();
  transport.span = { start: 0, end: 100 };
  transport.play(1000);
  transport.tick(1016);
  return transport;
}

describe("the clock", () => {
  it("goes back to where the sound began, once", () => {
    const transport = started();
    expect(transport.settle(-0.05, 1416)).toBe(true);
    expect(transport.at(1416)).toBeCloseTo(0.35, 9);
    expect(transport.settle(-0.05, 1500)).toBe(false);
    expect(transport.at(2416)).toBeCloseTo(1.35, 9);
  });

  it("is not moved far, nor long after it began, and again after a change of speed", () => {
    expect(started().settle(-0.8, 1416)).toBe(false);
    const transport = started();
    expect(transport.settle(0.05, 3016)).toBe(false);
    expect(transport.at(3016)).toBeCloseTo(2, 9);
    transport.setSpeed(2);
    expect(transport.settling(performance.now() + 100)).toBe(true);
  });

  it("waits for the angles before it begins", () => {
    const transport = new Transport();
    transport.span = { start: 0, end: 100 };
    transport.ready = () => false;
    transport.play(1000);
    transport.tick(1300);
    expect([transport.waiting, transport.now, transport.settling(1300)]).toEqual([true, 0, false]);
    transport.tick(1800);
    expect([transport.waiting, transport.settling(1800)]).toEqual([false, true]);
  });
});
