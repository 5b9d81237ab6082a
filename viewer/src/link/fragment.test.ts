import { expect, it } from "vitest";
import { citation, readFragment, writeFragment } from "./fragment";

const id = "ab".repeat(32);

it("a moment's address leads back to it", () => {
  for (const hash of ["#t=193.894", "#t=190,195.5", "#t=12&island=2", `#source=${id}&t=12.4`, "#t=-3.5"]) {
    const moment = readFragment(hash);
    expect(moment && writeFragment(moment)).toBe(hash);
  }
});

it("angles are named by as much as is needed", () => {
  const moment = readFragment(`#t=5&angles=${id},0123456789ab`);
  expect(moment?.angles).toEqual([id, "0123456789ab"]);
  expect(moment && writeFragment(moment)).toBe("#t=5&angles=abababababab,0123456789ab");
});

it("nonsense is no moment", () => {
  for (const hash of ["", "#", "#t=abc", "#t=1e9", "#source=../../etc/passwd", "#t=5;drop", "#hello"]) expect(readFragment(hash), hash).toBeNull();
  expect(readFragment("#t=9,3")?.end).toBeNull();
});

it("a citation is an ordinary link, whatever the file is called", () => {
  expect(citation("C0012.MP4", 191.7604, null, "the bang")).toBe("[the bang](C0012.MP4#t=191.76)");
  expect(citation("C0012.MP4", 191.1, 191.6, "one [shot]")).toBe("[one \\[shot\\]](C0012.MP4#t=191.1,191.6)");
  expect(citation("my clip (1).mp4", 1, null, "x")).toBe("[x](<my clip (1).mp4#t=1>)");
});
