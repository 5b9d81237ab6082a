import { expect, it } from "vitest";
import { levelFor, loudest, readFrames, readPeaks } from "./binary";

function peaksOf(levels: [number, number[]][]): ArrayBuffer {
  const size = 8 + levels.length * 12 + levels.reduce((sum, [, peaks]) => sum + peaks.length, 0);
  const view = new DataView(new ArrayBuffer(size));
  view.setUint32(0, 0x314b5052, true);
  view.setUint32(4, levels.length, true);
  let at = 8 + levels.length * 12;
  levels.forEach(([bucket_s, peaks], index) => {
    view.setFloat64(8 + index * 12, bucket_s, true);
    view.setUint32(16 + index * 12, peaks.length, true);
    for (const peak of peaks) view.setUint8(at++, peak);
  });
  return view.buffer as ArrayBuffer;
}

it("peaks come in levels, and the coarsest that suffices is taken", () => {
  const peaks = readPeaks(peaksOf([[0.01, [1, 9, 3, 4]], [0.08, [9]]]));
  expect(peaks?.levels.map((level) => level.bucket_s)).toEqual([0.01, 0.08]);
  expect(peaks && levelFor(peaks, 0.1)?.bucket_s).toBe(0.08);
  expect(peaks && levelFor(peaks, 0.05)?.bucket_s).toBe(0.01);
  expect(peaks && levelFor(peaks, 0.001)?.bucket_s).toBe(0.01);
  const fine = peaks?.levels[0];
  expect(fine && loudest(fine, 0.01, 0.03)).toBe(9);
  expect(fine && loudest(fine, 0.0201, 0.03)).toBe(3);
  expect(fine && loudest(fine, 5, 6)).toBe(0);
});

it("what is cut short or something else is refused", () => {
  expect(readPeaks(peaksOf([[0.01, [1, 2, 3]]]).slice(0, 22))).toBeNull();
  expect(readPeaks(new ArrayBuffer(3))).toBeNull();
  expect(readFrames(new ArrayBuffer(16))).toBeNull();
});

it("frame times are nanoseconds", () => {
  const view = new DataView(new ArrayBuffer(24));
  view.setUint32(0, 0x31544652, true);
  view.setUint32(4, 2, true);
  view.setBigInt64(8, 0n, true);
  view.setBigInt64(16, 33_366_667n, true);
  expect([...(readFrames(view.buffer as ArrayBuffer) ?? [])]).toEqual([0, 0.033366667]);
});
