// The part of time the lanes show, as the person moved it. `view.ts` has the arithmetic.
import { page } from "../page.svelte";
import { caseEnd, caseStart } from "../clock/pieces";
import { centre, fit, follow, pan, type View, xOf, zoom } from "./view";

/** How much one press of a key zooms, and what part of the window it pans. */
const ZOOM_KEY = 1.6;
const PAN_KEY = 0.25;

class Lens {
  view = $state.raw<View>({ start: 0, s_per_px: 1, width_px: 1000 });
  /** Whether all is in sight, so that it stays so when the case grows. */
  fitted = true;

  resize(width_px: number): void {
    if (this.fitted) this.fit(width_px);
    else this.view = { ...this.view, width_px };
  }

  fit(width_px = this.view.width_px): void {
    this.view = fit(page.span, width_px);
    this.fitted = true;
  }

  zoomAt(factor: number, x: number): void {
    this.view = zoom(this.view, factor, x, page.span);
    this.fitted = false;
  }

  /** By a key: around the playhead if it is in sight, else the middle. */
  zoomBy(direction: 1 | -1): void {
    const x = xOf(this.view, page.transport.now);
    const seen = x >= 0 && x <= this.view.width_px;
    this.zoomAt(direction > 0 ? ZOOM_KEY : 1 / ZOOM_KEY, seen ? x : this.view.width_px / 2);
  }

  /** To where single frames are wide. */
  zoomToFrames(): void {
    this.zoomAt(this.view.s_per_px / 0.0008, xOf(this.view, page.transport.now));
    this.view = centre(this.view, page.transport.now, page.span);
  }

  panBy(by_px: number): void {
    this.view = pan(this.view, by_px, page.span);
    this.fitted = false;
  }

  panPage(direction: 1 | -1): void {
    this.panBy(direction * this.view.width_px * PAN_KEY);
  }

  centre(at: number): void {
    this.view = centre(this.view, at, page.span);
    this.fitted = false;
  }

  follow(at: number): void {
    const next = follow(this.view, at, page.span);
    if (next !== this.view) this.view = next;
  }

  /** One recording from edge to edge. */
  frame(id: string): void {
    const pieces = page.pieces(id);
    const first = pieces[0];
    const last = pieces.at(-1);
    if (!first || !last) return;
    this.view = fit({ start: caseStart(first), end: caseEnd(last) }, this.view.width_px);
    this.fitted = false;
  }
}

export const lens = new Lens();
