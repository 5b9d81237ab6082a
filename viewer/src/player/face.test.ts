import { expect, it } from "vitest";
import type { RecordingView } from "../api/types";
import { face } from "./face";

const recording = { name: "U12.mp4", video: { width: 640, height: 360, codec: "h264", fps: 30, rotation: 0 }, refusal: null } as RecordingView;
const piece = { start: 0, end: 250, offset: 232, drift_ppm: 12, sigma: 0.0135 };
const none = { frames: null, frame: null, media: null, trouble: null };

it("an angle that has nothing says why", () => {
  expect(face({ recording, here: { at: "before", begins_in: 37.8, media: 0 }, ...none }).why).toBe("begins in 37.8 s");
  expect(face({ recording, here: { at: "paused", goes_on_in: 25, media: 70 }, ...none }).why).toBe("paused: goes on in 25.0 s");
  expect(face({ recording, here: { at: "after", ended_ago: 75, media: 250 }, ...none }).why).toBe("ended 1 min 15 s ago");
  expect(face({ recording: { ...recording, refusal: "shares no sound" }, here: { at: "nowhere" }, ...none }).why).toBe("shares no sound");
  const sound = { ...recording, video: null };
  expect(face({ recording: sound, here: { at: "in", media: 3, piece }, ...none }).why).toBe("sound only");
});

it("an angle that runs shows its own time, its frame and its doubt", () => {
  const frames = Float64Array.from({ length: 100 }, (_, n) => n / 30);
  const shown = face({ recording, here: { at: "in", media: 2.52, piece }, frames, frame: 75, media: 2.5, trouble: null });
  expect(shown).toMatchObject({ why: null, time: "00:00:02:15", frame: 75, doubt: "±14 ms" });
  expect(face({ recording, here: { at: "in", media: 2.52, piece }, ...none }).time).toBe("0:02.520");
});

it("its own clock is read as its face shows it", () => {
  const at = Date.UTC(2026, 1, 10, 14, 20, 3) / 1000;
  const clock = { zero: at, face: "local" as const, written: "creation time", resolution: 1, open: false };
  const own = (more: object) => face({ recording: { ...recording, clock: { ...clock, ...more } }, here: { at: "in", media: 2.52, piece }, ...none }).device;
  expect(own({})).toBe("14:20:05");
  expect(own({ face: "utc" })).toBe("14:20:05 UTC");
  expect(own({ open: true })).toBe("14:20:05 ?");
  expect(own({ resolution: 0.04 })).toBe("14:20:05.5");
  expect(own({ face: "day", zero: 86399 })).toBe("00:00:01");
});
