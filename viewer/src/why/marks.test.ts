import { expect, it } from "vitest";
import { markOf, numbered } from "./marks";

it("eight partners have eight forms, and twenty-four look different", () => {
  const marks = Array.from({ length: 24 }, (_, partner) => markOf(partner));
  expect(new Set(marks.slice(0, 8).map(({ path }) => path)).size).toBe(8);
  expect(new Set(marks.map(({ path, colour }) => path + colour)).size).toBe(24);
});

it("a partner with several ties is one partner", () => {
  expect([...numbered(["b", "a", "b", "c"])]).toEqual([["b", 0], ["a", 1], ["c", 2]]);
});
