// Keeping one playing element on the case's clock. In: what the element says of its time, and which frames it showed
// when. Out: leave it, bend its speed for a while, or seek. Pure; the elements are driven by `player/driver.ts`.
//
// What an element says of its time is late now and then, by tens of milliseconds where its sound is not heard (browsers
// then advance it by a timer), and never early. So a quarter of a second of it is taken together and the upper quartile
// believed. Nor need the pictures be where the time is: browsers show frames in a rhythm of the screen, and those of an
// element that is heard by what they think its loudspeakers take. So where frames are shown, they are what counts, unless
// they stand no farther off than the screen's own steps can explain. Only where several are heard at once does the time
// count: an echo is heard sooner than a frame is missed.
//
// Speed is bent for as long as the error needs and then left alone at exactly the asked speed: an error is never measured
// while it is being mended, so noise does not feed on itself. A seek shows, so it is taken only where bending would need
// longer than some seconds.
//
// Browsers keep the pitch by cutting and overlapping. That takes about 20 ms away when it begins, and does nothing at all
// within a thousandth of speed 1 (measured in Chromium 156). So near speed 1, and wherever nothing is heard, the pitch is
// let go: then speed is what is asked for, to the ppm. A bend of 5 ms lets the pitch slide by a twelfth of a semitone for
// a second; drift of a clock, by a thousandth of one.

/** Within this an element is left alone. Where a bend can be heard (time stretching begins), somewhat more. */
export const REST_MUTE_S = 0.003;
export const REST_HEARD_S = 0.005;

/** Beyond this a seek is quicker than any bend that keeps speech natural. */
export const SEEK_S = 0.16;

/** A bend aims to last so long. */
const REACH_HEARD_S = 1;
const REACH_MUTE_S = 0.3;

/** The most that speed is bent: half a semitone where it can be heard. */
const BEND_HEARD = 0.03;
const BEND_MUTE = 0.24;

/** Whether a player is to keep the pitch at a rate. */
export function keepsPitch(rate: number, heard: boolean): boolean {
  return heard && Math.abs(rate - 1) > BEND_HEARD + 1e-3;
}

export type Step = { do: "rest" } | { do: "bend"; rate: number; for_s: number } | { do: "seek" };

export type Seen = {
  /** Media time of the element minus the wanted one. */
  error_s: number;
  /** Media seconds a second of the wall that the clock asks for. */
  speed: number;
  heard: boolean;
};

export function steer({ error_s, speed, heard }: Seen): Step {
  const size = Math.abs(error_s);
  // At speed 4 an element covers four times the media in the time that a seek takes.
  if (size > SEEK_S * Math.max(1, speed)) return { do: "seek" };
  if (size <= (heard ? REST_HEARD_S : REST_MUTE_S)) return { do: "rest" };
  const most = heard ? BEND_HEARD : BEND_MUTE;
  const reach_s = heard ? REACH_HEARD_S : REACH_MUTE_S;
  const bend = Math.max(-most, Math.min(most, -error_s / (reach_s * speed)));
  return { do: "bend", rate: speed * (1 + bend), for_s: -error_s / (speed * bend) };
}

/** So many readings, over at least so long, make one that is believed. */
const READINGS_MIN = 10;
const READINGS_S_MIN = 0.25;

/** So many frames tell where the pictures are. */
const FRAMES_MIN = 3;

/** So much of each reading's word on where pictures stand is believed: frames on the edge of a step of the screen flap. */
const LEAD_SHARE = 0.3;

/**
 * A screen shows pictures at steps of a sixtieth, so a sixtieth lies between the places where frames can stand, and one of
 * them is within half of that; the rest is for noise.
 */
export const STEPS_S = 0.01;

/** So many frames a second are nearly as many as a screen shows. */
const DENSE_HZ = 40;

/** A lead below this may be a step of the screen, and noise. */
const LEAD_MIN_S = 0.012;

/** Where the pictures of one element stand beside what it says of its time: what its way to screen or loudspeaker takes. */
export class Lead {
  #lead_s: number | null = null;
  #dense = false;

  /** `dense`: frames come nearly as fast as the screen shows any. */
  learn(lead_s: number, dense: boolean): void {
    this.#dense = dense;
    this.#lead_s = this.#lead_s === null ? lead_s : this.#lead_s + LEAD_SHARE * (lead_s - this.#lead_s);
  }

  /**
   * The distance of the pictures, of the time's; nothing where the screen's own steps explain it. Where pictures stand
   * with the time but for such a step, the time says more exactly where they are, unless every step shows another frame.
   */
  seen(time_s: number, speed: number): number {
    if (this.#lead_s === null || (!this.#dense && Math.abs(this.#lead_s) <= LEAD_MIN_S * speed)) return time_s;
    const seen_s = time_s + this.#lead_s;
    return Math.abs(seen_s) > STEPS_S * speed ? seen_s : 0;
  }

  forget(): void {
    this.#lead_s = null;
  }
}

/** Readings of one element since it was last left alone. */
export class Readings {
  #times: number[] = [];
  #frames: number[] = [];
  #since_ms: number | null = null;

  clear(): void {
    this.#times.length = 0;
    this.#frames.length = 0;
    this.#since_ms = null;
  }

  /** The element's time minus the wanted one. */
  time(error_s: number, wall_ms: number): void {
    this.#since_ms ??= wall_ms;
    this.#times.push(error_s);
  }

  /** The time of a frame minus the one wanted when it is seen. */
  frame(error_s: number): void {
    this.#frames.push(error_s);
  }

  /** The distance of the time from the clock, once there are enough readings; then they are forgotten. `lead` learns. */
  take(wall_ms: number, lead: Lead | null): number | null {
    if (this.#since_ms === null || this.#times.length < READINGS_MIN || wall_ms - this.#since_ms < READINGS_S_MIN * 1000) return null;
    const time_s = quantile(this.#times, 0.75);
    if (this.#frames.length >= FRAMES_MIN) lead?.learn(quantile(this.#frames, 0.5) - time_s, (this.#frames.length / (wall_ms - this.#since_ms)) * 1000 > DENSE_HZ);
    this.clear();
    return time_s;
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
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
