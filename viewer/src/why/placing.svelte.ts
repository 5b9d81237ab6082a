// A person's word about where a recording lies: tried on the page first, then said to the server as two moments of two
// recordings that are one.
import { api } from "../api/client";
import { caseEnd, caseStart, laid, mediaOf } from "../clock/pieces";
import type { PieceView as Piece } from "../api/types";
import { type Page, page } from "../page.svelte";

/** Beyond this the trial is given up on the page; the server goes on and tells when it is done. */
const SOLVED_MS_MAX = 60_000;

class Placing {
  /** Against which recording; null lets the page choose. */
  other = $state<string | null>(null);
  /** One standard deviation of what a person can see and hear, seconds. */
  sigma = $state(0.02);
  lock = $state(false);
  /** Said, and not yet solved. */
  sent = $state(false);
}

export const placing = new Placing();

/** Recordings that run while the tried one does, those that overlap longest first. */
export function partners(of: Page, id: string): string[] {
  const pieces = of.pieces(id);
  return of.all_lanes
    .filter((lane) => lane.recording.id !== id)
    .map((lane) => ({ id: lane.recording.id, overlap: overlap(pieces, lane.pieces)?.length ?? 0 }))
    .sort((a, b) => b.overlap - a.overlap)
    .map((one) => one.id);
}

/** Lays a recording that is on no clock with its beginning at the playhead, to be tried from there. */
export function layHere(id: string): void {
  const recording = page.recording(id);
  if (!recording) return;
  page.selected = id;
  page.tab = "why";
  page.trial = { id, pieces: laid(recording.duration, 0, page.transport.now), by: 0, laid: true };
  if (!page.angles.includes(id)) page.ask(id);
}

export async function sayPlace(): Promise<void> {
  const trial = page.trial;
  if (!trial || placing.sent) return;
  const other = placing.other ?? partners(page, trial.id)[0];
  if (!other) return page.say("there is no other recording on this clock to place it against");
  const both = overlap(trial.pieces, page.pieces(other));
  if (!both) return page.say(`it would not run while ${page.recording(other)?.name ?? "the other"} did: choose another to place it against`);
  const now = page.transport.now;
  const at = now >= both.start && now <= both.end ? now : (both.start + both.end) / 2;
  const media = mediaAt(trial.pieces, at);
  const other_media = mediaAt(page.pieces(other), at);
  if (media === null || other_media === null) return;
  const place = { source: trial.id, media, other, other_media, sigma: placing.sigma, lock: placing.lock };
  const words = page.view?.words.length ?? 0;
  if (!(await page.tell(api.place(place), "said; the rest is solved again"))) return;
  // The bar stays where it was tried until the server knows better, so that it does not jump to and fro.
  placing.sent = true;
  for (const end = Date.now() + SOLVED_MS_MAX; Date.now() < end && (page.view?.words.length ?? 0) === words; ) {
    await new Promise((done) => setTimeout(done, 100));
    if (page.jobs.at(-1)?.state === "failed") break;
  }
  placing.sent = false;
  if (page.trial?.id === trial.id) page.trial = null;
}

function mediaAt(pieces: readonly Piece[], at: number): number | null {
  const piece = pieces.find((one) => at >= caseStart(one) && at <= caseEnd(one));
  return piece ? mediaOf(piece, at) : null;
}

/** The longest stretch in which a piece of each runs. */
function overlap(left: readonly Piece[], right: readonly Piece[]): { start: number; end: number; length: number } | null {
  let best: { start: number; end: number; length: number } | null = null;
  for (const a of left)
    for (const b of right) {
      const start = Math.max(caseStart(a), caseStart(b));
      const end = Math.min(caseEnd(a), caseEnd(b));
      if (end > start && end - start > (best?.length ?? 0)) best = { start, end, length: end - start };
    }
  return best;
}
