import { describe, expect, it } from "vitest";
import type { RecordingView } from "../api/types";
import { arrange, busiest, edges, fill, shifted, UNTOUCHED } from "./lanes";

function recording(id: string, kind: RecordingView["kind"], start: number, length: number, more: Partial<RecordingView> = {}): RecordingView {
  return {
    id, name: `${id}.mp4`, path: `/evidence/${id}.mp4`, size: 1, duration: length, device: null, kind,
    video: kind === "sound" || kind === "radio" ? null : { width: 640, height: 360, codec: "h264", fps: 25, rotation: 0 },
    audio: { codec: "aac", channels: 1 }, plays: "direct", proxy: "none", proxy_progress: null, sound: [],
    pieces: [{ start: 0, end: length, offset: start, drift_ppm: 0, sigma: 0.002 }],
    island: 0, by: "sound", refusal: null, peaks: true, thumbs: null, veiled: false, ...more,
  };
}

const all = [
  recording("radio", "radio", 60, 150),
  recording("phone-2", "phone", 150, 100, { device: "phone of Joon" }),
  recording("camera", "camera", 2, 270),
  recording("phone-1", "phone", 50, 70, { device: "phone of Joon" }),
  recording("phone-x", "phone", 20, 10),
  recording("elsewhere", "camera", 0, 10, { island: 1 }),
  recording("nowhere", "camera", 0, 10, { island: null, pieces: [] }),
];
const ids = (island: number, arrangement = UNTOUCHED) => arrange(all, island, arrangement).map((lane) => lane.recording.id);

describe("lanes", () => {
  it("lie by kind, then by device, then by time, and only those of one clock", () => {
    expect(ids(0)).toEqual(["camera", "phone-x", "phone-1", "phone-2", "radio"]);
    expect(ids(1)).toEqual(["elsewhere"]);
    expect(arrange(all, 0, UNTOUCHED).map((lane) => lane.opens_group)).toEqual([true, true, true, false, true]);
  });

  it("can be hidden, isolated and moved", () => {
    expect(ids(0, { ...UNTOUCHED, hidden: ["camera"] })).not.toContain("camera");
    expect(ids(0, { ...UNTOUCHED, isolated: ["radio"], hidden: ["radio"] })).toEqual(["radio"]);
    const up = shifted(arrange(all, 0, UNTOUCHED), "radio", -1, UNTOUCHED);
    expect(ids(0, up)).toEqual(["camera", "phone-x", "phone-1", "radio", "phone-2"]);
    expect(shifted(arrange(all, 0, UNTOUCHED), "camera", -1, UNTOUCHED)).toBe(UNTOUCHED);
  });

  it("give the angles those that run, pictures first", () => {
    const lanes = arrange(all, 0, UNTOUCHED);
    const nobody = new Set<string>();
    expect(fill(lanes, 100, 2, [], nobody)).toEqual(["camera", "phone-1"]);
    expect(fill(lanes, 200, 4, [], nobody)).toEqual(["camera", "phone-x", "phone-2", "radio"]);
    expect(fill(lanes, 200, 2, ["phone-1", "camera"], nobody)).toEqual(["phone-2", "camera"]);
    expect(fill(lanes, 200, 2, ["phone-1", "camera"], new Set(["phone-1"]))).toEqual(["phone-1", "camera"]);
    expect(fill(lanes, 200, 9, ["radio"], nobody)).toHaveLength(5);
    // Between its two pieces it keeps its place if it goes on at once.
    const torn = arrange([...all, { ...all[0]!, id: "torn", pieces: [{ ...all[0]!.pieces[0]!, start: 0, end: 10, offset: 0 }, { ...all[0]!.pieces[0]!, start: 10, end: 20, offset: 2 }] }], 0, UNTOUCHED);
    expect(fill(torn, 11, 1, ["torn"], nobody)).toEqual(["torn"]);
    expect(fill(torn, 23, 1, ["torn"], nobody)).not.toEqual(["torn"]);
    expect(fill([], 200, 4, ["gone"], nobody)).toEqual([]);
  });

  it("know where most was recorded, and all beginnings and ends", () => {
    expect(busiest(arrange(all, 0, UNTOUCHED))).toBe(60);
    expect(edges(arrange(all, 1, UNTOUCHED), [4])).toEqual([0, 4, 10]);
  });
});
