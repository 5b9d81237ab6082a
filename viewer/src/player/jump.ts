// Going to what a person typed: the page as `clock/typed.ts` needs to know it.
import { type Context, parse, resolve } from "../clock/typed";
import { firstFrom } from "../clock/lockstep";
import { toCase } from "../clock/pieces";
import type { Page } from "../page.svelte";
import { stores } from "../timeline/stores.svelte";

/** Goes there; a sentence if it can't. */
export function jump(page: Page, text: string): string | null {
  const typed = parse(text);
  if (!typed) return "not a time: try 3:13.9, 00:03:11:19 for the chosen recording's own, +20, or -5";
  const moment = resolve(typed, contextOf(page));
  if ("why_not" in moment) return moment.why_not;
  const { start, end } = page.span;
  if (moment.at < start - 1 || moment.at > end + 1) return "that moment lies outside this clock's recordings";
  page.seek(moment.at);
  return null;
}

function contextOf(page: Page): Context {
  const utc = page.here?.utc;
  const id = page.selected ?? page.angles[0] ?? null;
  const recording = page.recording(id);
  const frames = id && recording?.video ? stores.frames.get(id) : null;
  const frame_s = 1 / (recording?.video?.fps ?? 25);
  return {
    now: page.transport.now,
    span: page.span,
    wall: utc
      ? { unix: (at) => utc.offset + at * (1 + utc.rate_ppm * 1e-6), at: (unix) => (unix - utc.offset) / (1 + utc.rate_ppm * 1e-6), zone_min: page.zone_min }
      : null,
    source:
      id && recording
        ? {
            toCase: (media) => toCase(page.pieces(id), media),
            frame: (second, n) => (frames ? (frames[firstFrom(frames, second) + n] ?? second) : second + n * frame_s),
            frame_s,
          }
        : null,
  };
}
