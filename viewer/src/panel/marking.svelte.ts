// The marker that is being written.
import { api } from "../api/client";
import type { Marker, At } from "../api/types";
import type { Page } from "../page.svelte";

class Marking {
  at = $state.raw<At | null>(null);
  note = $state("");
  /** The marker that is being changed; null for a new one. */
  id = $state<string | null>(null);
}

export const marking = new Marking();

export function startMarker(page: Page): void {
  if (page.island === null) return page.say("there is no clock to put a marker on");
  page.transport.pause();
  marking.id = null;
  marking.at = { case: Math.round(page.transport.now * 1e6) / 1e6, island: page.island };
  marking.note = "";
  page.tab = "markers";
  if (page.filled !== "panel") page.filled = null;
}

export function changeMarker(marker: Marker): void {
  marking.id = marker.id;
  marking.at = marker.at;
  marking.note = marker.note;
}

export async function saveMarker(page: Page): Promise<void> {
  if (!marking.at) return;
  const { id, at, note } = marking;
  const work = id === null ? api.addMarker(at, note) : api.changeMarker(id, at, note);
  if (await page.tell(work, "marker saved")) {
    marking.at = null;
    await page.load();
  }
}
