// Markers as moments of the clock that is shown: those said in a recording's own time move with it.
import type { Marker } from "../api/types";
import { toCase } from "../clock/pieces";
import type { Page } from "../page.svelte";

export type Moment = { id: string; at: number; note: string; marker: Marker };

export function markerMoments(page: Page): Moment[] {
  const moments: Moment[] = [];
  for (const marker of page.view?.markers ?? []) {
    const at = momentOf(marker, page);
    if (at !== null) moments.push({ id: marker.id, at, note: marker.note, marker });
  }
  return moments.sort((a, b) => a.at - b.at);
}

/** Case time on the clock that is shown; `null` on another. */
function momentOf(marker: Marker, page: Page): number | null {
  if ("case" in marker.at) return marker.at.island === page.island ? marker.at.case : null;
  const recording = page.recording(marker.at.source);
  return recording && recording.island === page.island ? toCase(recording.pieces, marker.at.media) : null;
}
