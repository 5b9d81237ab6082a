// What part of time the lanes show: where it begins and how many seconds a pixel holds. Pure.

export type View = { start: number; s_per_px: number; width_px: number };

/** A frame at 240 fps is still 40 pixels wide. */
export const S_PER_PX_MIN = 0.0001;

/** How much emptiness may be shown beside the span when all of it is in sight. */
const MARGIN = 0.03;

export function xOf(view: View, at: number): number {
  return (at - view.start) / view.s_per_px;
}

export function timeOf(view: View, x: number): number {
  return view.start + x * view.s_per_px;
}

export function endOf(view: View): number {
  return timeOf(view, view.width_px);
}

/** The whole span, with a little air. */
export function fit(span: { start: number; end: number }, width_px: number): View {
  const length = Math.max(span.end - span.start, 1e-3);
  const s_per_px = Math.max((length * (1 + 2 * MARGIN)) / Math.max(width_px, 1), S_PER_PX_MIN);
  return { start: span.start - length * MARGIN, s_per_px, width_px };
}

/** Zooms by `factor` (above 1: closer) with the moment under `x` staying there; never beyond the span or a frame. */
export function zoom(view: View, factor: number, x: number, span: { start: number; end: number }): View {
  const widest = fit(span, view.width_px).s_per_px;
  const s_per_px = Math.min(Math.max(view.s_per_px / factor, S_PER_PX_MIN), Math.max(widest, S_PER_PX_MIN));
  const at = timeOf(view, x);
  return keep({ ...view, s_per_px, start: at - x * s_per_px }, span);
}

export function pan(view: View, by_px: number, span: { start: number; end: number }): View {
  return keep({ ...view, start: view.start + by_px * view.s_per_px }, span);
}

/** Shows `at` without moving more than needed: not at all if it is in sight, else a page onward. */
export function follow(view: View, at: number, span: { start: number; end: number }): View {
  const x = xOf(view, at);
  if (x >= 0 && x <= view.width_px * 0.97) return view;
  return keep({ ...view, start: at - view.width_px * 0.08 * view.s_per_px }, span);
}

export function centre(view: View, at: number, span: { start: number; end: number }): View {
  return keep({ ...view, start: at - (view.width_px / 2) * view.s_per_px }, span);
}

/** The span never leaves sight altogether. */
function keep(view: View, span: { start: number; end: number }): View {
  const shown = view.width_px * view.s_per_px;
  const length = span.end - span.start;
  const air = Math.min(length, shown) * MARGIN;
  if (shown * (1 + 1e-9) >= length + 2 * air) return { ...view, start: (span.start + span.end) / 2 - shown / 2 };
  return { ...view, start: Math.min(Math.max(view.start, span.start - air), span.end + air - shown) };
}

/** Steps that a ruler may take, in seconds. */
const STEPS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
  10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];

/** The closest step whose labels don't touch. */
export function step(view: View, px_min: number): number {
  return STEPS.find((seconds) => seconds / view.s_per_px >= px_min) ?? 604_800;
}

/** Moments of the ruler in sight; `zero` is where counting begins (a day's start, for a wall clock). */
export function ticks(view: View, step_s: number, zero: number): number[] {
  const first = Math.ceil((view.start - zero) / step_s);
  const last = Math.floor((endOf(view) - zero) / step_s);
  const moments: number[] = [];
  for (let index = first; index <= last && moments.length < 500; index++) moments.push(zero + index * step_s);
  return moments;
}

/** Digits after the second that tell two ticks apart. */
export function digitsFor(step_s: number): number {
  return step_s >= 1 ? 0 : step_s >= 0.1 ? 1 : step_s >= 0.01 ? 2 : 3;
}

/** Rows in which labels don't overlap: for each (x, width), its row from 0, or −1 where all rows are taken. */
export function stack(labels: readonly { x: number; width: number }[], rows: number): number[] {
  const free = new Array<number>(rows).fill(-Infinity);
  return labels.map(({ x, width }) => {
    const row = free.findIndex((until) => until <= x);
    if (row >= 0) free[row] = x + width + 8;
    return row;
  });
}
