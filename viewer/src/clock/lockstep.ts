// Keeping one playing element on the case's clock. In: how far its media time is from where the clock wants it. Out:
// leave it, nudge its playback rate, or seek. Pure; the elements are driven by `player/driver.ts`.
//
// Rate changes can be heard (time stretching begins), so an element runs at exactly the asked speed while it is within
// `REST_S`; once beyond, it is nudged until it is within `SETTLED_S`. Drift of tens of ppm needs a nudge every few
// minutes. A seek shows, so it is taken only where nudging would need longer than about a second.

/** Within this an element is left alone: a quarter of a frame at 30 fps, well under what an eye or ear parts. */
export const REST_S = 0.008;

/** A nudge ends here; lower is inside the noise of what elements report (about 1 ms). */
export const SETTLED_S = 0.002;

/** Beyond this a seek is quicker than any nudge that keeps speech natural. */
export const SEEK_S = 0.16;

/** A nudge aims to be there after this long. */
const REACH_S = 0.3;

/** The most that speed is bent where it can be heard; where it can't, three times that. */
const BEND_HEARD = 0.08;
const BEND_MUTE = 0.24;

export type Step = { do: "rate"; rate: number; nudging: boolean } | { do: "seek" };

export type Seen = {
  /** Media time of the element minus the wanted one. */
  error_s: number;
  /** Media seconds a second of the wall that the clock asks for. */
  speed: number;
  /** Whether the last step was a nudge. */
  nudging: boolean;
  heard: boolean;
};

export function steer(seen: Seen): Step {
  const size = Math.abs(seen.error_s);
  // At speed 4 an element covers four times the media in the time that a seek takes.
  if (size > SEEK_S * Math.max(1, seen.speed)) return { do: "seek" };
  const nudging = size > (seen.nudging ? SETTLED_S : REST_S);
  if (!nudging) return { do: "rate", rate: seen.speed, nudging };
  const most = seen.heard ? BEND_HEARD : BEND_MUTE;
  const bend = Math.max(-most, Math.min(most, -seen.error_s / (REACH_S * seen.speed)));
  return { do: "rate", rate: seen.speed * (1 + bend), nudging };
}

/** How long seeks of one element take, so that a seek while playing aims at where the clock will be. */
export class SeekCost {
  #cost_s = 0.05;

  get cost_s(): number {
    return this.#cost_s;
  }

  learn(took_s: number): void {
    // Half of the new, half of what was known: two seeks suffice to follow a disc that woke up.
    this.#cost_s = Math.min(0.6, (this.#cost_s + Math.max(0, took_s)) / 2);
  }
}

/** The index of the frame shown at a media time: the last whose presentation time is not after it. */
export function frameAt(times_s: Float64Array, media: number): number {
  let low = 0;
  let high = times_s.length;
  // Half a microsecond of grace: times come as nanoseconds in one place and as seconds in another.
  const wanted = media + 5e-7;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times_s[middle] ?? Infinity) <= wanted) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/**
 * What to add to the browser's time of a frame to get the container's: frames are where the table says, so the nearest
 * one is meant. It can tell shifts of less than half a frame, which is what containers with a late or early first packet
 * of sound bring about; below half a millisecond it is rounding.
 */
export function shiftOf(times_s: Float64Array, told_s: number): number {
  const index = frameAt(times_s, told_s);
  const [before, after] = [times_s[index] ?? told_s, times_s[index + 1] ?? Infinity];
  const shift = after - told_s < told_s - before ? after - told_s : before - told_s;
  return Math.abs(shift) < 5e-4 || Math.abs(shift) > 0.05 ? 0 : shift;
}

/** Where to seek so that frame `index` is shown: a little inside it, as a seek to the very edge may show its neighbour. */
export function insideFrame(times_s: Float64Array, index: number): number {
  const start = times_s[index] ?? 0;
  const next = times_s[index + 1] ?? start + 0.02;
  return start + Math.min(0.002, (next - start) / 4);
}

/** Frames since the second of `index` began, as timecode counts them. */
export function frameInSecond(times_s: Float64Array, index: number): number {
  const second = Math.floor((times_s[index] ?? 0) + 5e-7);
  return index - firstFrom(times_s, second);
}

/** The first frame whose presentation time is not before `media`. */
export function firstFrom(times_s: Float64Array, media: number): number {
  const index = frameAt(times_s, media);
  return (times_s[index] ?? 0) + 5e-7 >= media ? index : index + 1;
}
