import { describe, expect, it } from "vitest";
import type { SpokenView } from "../api/types";
import { doubts, isDisputed, isUnsure } from "./doubts";

const word = (more: Partial<SpokenView> = {}): SpokenView => ({ text: "cold", start: 1, end: 1.3, confidence: 0.93, ...more });
const name = (id: string) => id.toUpperCase();

describe("what there is to say against a word", () => {
  it("how sure it is, where it is from, what others have", () => {
    expect(doubts(word(), name)).toBe("93 % sure");
    const others = [{ id: "b", text: "called" }, { id: "c" }];
    expect(doubts(word({ from: "a", others }), name)).toBe("93 % sure; from A; B has “called”; C has nothing here");
    expect(doubts(word({ confidence: 1 }), name)).toBe("");
  });

  it("another word disputes it, silence does not", () => {
    expect(isDisputed(word({ others: [{ id: "c" }] }))).toBe(false);
    expect(isDisputed(word({ others: [{ id: "c", text: "gold" }] }))).toBe(true);
  });

  it("below six in ten it is unsure", () => {
    expect([0.59, 0.6].map((confidence) => isUnsure(word({ confidence })))).toEqual([true, false]);
  });
});
