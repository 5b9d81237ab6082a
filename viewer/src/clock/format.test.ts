import { expect, it } from "vitest";
import { bytes, day, doubt, length, running, signed, timecode, wall, zone } from "./format";

it("a running time has no more parts than it needs", () => {
  expect(running(193.894)).toBe("3:13.894");
  expect(running(3793.894)).toBe("1:03:13.894");
  expect(running(2 * 86400 + 3793.8)).toBe("2d 01:03:13.800");
  expect(running(-4.5, 1)).toBe("−0:04.5");
  expect(running(-0.0001)).toBe("0:00.000");
  expect(running(59.9996)).toBe("1:00.000");
});

it("doubt is never understated", () => {
  expect(doubt(0)).toBe("±0 ms");
  expect(doubt(0.000012)).toBe("±0.1 ms");
  expect(doubt(0.00095)).toBe("±1 ms");
  expect(doubt(0.0021)).toBe("±3 ms");
  expect(doubt(0.9995)).toBe("±1.0 s");
  expect(doubt(90)).toBe("±2 min");
  expect(doubt(0.002)).toBe("±2 ms");
});

it("lengths are said as people say them", () => {
  expect(length(37.8)).toBe("37.8 s");
  expect(length(252)).toBe("4 min 12 s");
  expect(length(11100)).toBe("3 h 5 min");
  expect(length(3 * 86400)).toBe("3 d 0 h");
});

it("a wall clock knows its zone and its day", () => {
  const bang = Date.UTC(2026, 1, 10, 19, 23, 13, 894) / 1000;
  expect(wall(bang, 0)).toBe("19:23:13.894");
  expect(wall(bang, -300)).toBe("14:23:13.894");
  expect(day(bang, -300)).toBe("2026-02-10");
  expect(wall(-0.5, 0)).toBe("23:59:59.500");
  expect(zone(-300)).toBe("UTC−05:00");
});

it("small things are written small", () => {
  expect(signed(0.0124)).toBe("+12.4 ms");
  expect(signed(-1.2034)).toBe("−1.203 s");
  expect(timecode(191.76, 19)).toBe("00:03:11:19");
  expect(bytes(27_900_000)).toBe("27.9 MB");
});
