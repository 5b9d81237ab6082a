import { expect, it } from "vitest";
import { chordOf, written } from "./chord";

const press = (key: string, more = {}) => chordOf({ key, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...more });

it("keys are written as they are said", () => {
  expect(press(" ")).toBe("Space");
  expect(press("j")).toBe("J");
  expect(press("J", { shiftKey: true })).toBe("Shift+J");
  expect(press("?", { shiftKey: true })).toBe("?");
  expect(press("ArrowLeft", { shiftKey: true })).toBe("Shift+ArrowLeft");
  expect(press("z", { metaKey: true })).toBe("Mod+Z");
  expect(press("¡", { altKey: true, code: "Digit1" })).toBe("Alt+1");
  expect(press("Shift", { shiftKey: true })).toBeNull();
  expect(written("Shift+ArrowLeft")).toBe("Shift+←");
  expect(written("Mod+Z")).toBe("Ctrl+Z");
  expect(written("+")).toBe("+");
});
