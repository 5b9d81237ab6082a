// What the lanes draw from: peaks, thumbnails and frame times, asked for when first in sight, kept while there is room.
import { type Peaks, readFrames, readPeaks } from "../api/binary";
import { api, Refused } from "../api/client";

/** Things by name, the least recently asked for dropped first when they weigh too much together. */
export class Kept<T> {
  #held = new Map<string, { thing: T; weight: number }>();
  #asked = new Set<string>();
  #queue: string[] = [];
  #loading = 0;
  #weight = 0;

  constructor(
    private readonly weight_max: number,
    private readonly at_once: number,
    private readonly load: (name: string) => Promise<{ thing: T; weight: number } | null>,
    private readonly arrived: () => void,
    private readonly dropped: (thing: T) => void = () => {},
  ) {}

  /** The thing if it is here; else it is asked for, and `arrived` is called when it has come. */
  get(name: string): T | null {
    const held = this.#held.get(name);
    if (held) {
      this.#held.delete(name);
      this.#held.set(name, held);
      return held.thing;
    }
    if (!this.#asked.has(name)) {
      this.#asked.add(name);
      this.#queue.push(name);
      this.#next();
    }
    return null;
  }

  /** Forgets that something could not be had, so that it is asked for again. */
  forget(): void {
    for (const name of this.#asked) if (!this.#held.has(name) && !this.#queue.includes(name)) this.#asked.delete(name);
  }

  /** Drops one thing, because it changed or must not be shown any more. */
  drop(starts_with: string): void {
    for (const [name, held] of this.#held) {
      if (!name.startsWith(starts_with)) continue;
      this.#held.delete(name);
      this.#asked.delete(name);
      this.#weight -= held.weight;
      this.dropped(held.thing);
    }
  }

  #next(): void {
    // The newest wish first: what was scrolled past can wait.
    while (this.#loading < this.at_once && this.#queue.length) {
      const name = this.#queue.pop() as string;
      this.#loading++;
      this.load(name)
        .catch(() => null)
        .then((got) => {
          this.#loading--;
          if (got) this.#hold(name, got);
          this.#next();
        });
    }
  }

  #hold(name: string, got: { thing: T; weight: number }): void {
    this.#held.set(name, got);
    this.#weight += got.weight;
    for (const [old, held] of this.#held) {
      if (this.#weight <= this.weight_max || old === name) break;
      this.#held.delete(old);
      this.#asked.delete(old);
      this.#weight -= held.weight;
      this.dropped(held.thing);
    }
    this.arrived();
  }
}

/** 32 MB of peaks are 80 hours; sheets weigh what they take as pixels, not as JPEG. */
const PEAKS_BYTES_MAX = 32e6;
const SHEETS_BYTES_MAX = 96e6;
const FRAMES_BYTES_MAX = 32e6;

export class Stores {
  /** Counts what has come, so that those who draw know to draw again. */
  arrivals = $state(0);

  readonly peaks = new Kept<Peaks>(PEAKS_BYTES_MAX, 4, async (id) => {
    const peaks = readPeaks(await api.peaks(id));
    return peaks && { thing: peaks, weight: peaks.bytes };
  }, () => this.arrivals++);

  /** A sheet's name is `id/number`. */
  readonly sheets = new Kept<ImageBitmap>(SHEETS_BYTES_MAX, 3, async (name) => {
    const answer = await fetch(`/thumbs/${name}.jpg`, { credentials: "same-origin" });
    if (!answer.ok) throw new Refused(answer.status, "no thumbnails");
    const sheet = await createImageBitmap(await answer.blob());
    return { thing: sheet, weight: sheet.width * sheet.height * 4 };
  }, () => this.arrivals++, (sheet) => sheet.close());

  readonly frames = new Kept<Float64Array>(FRAMES_BYTES_MAX, 2, async (id) => {
    const frames = readFrames(await api.frames(id));
    return frames && { thing: frames, weight: frames.byteLength };
  }, () => this.arrivals++);

  /** What could not be had is asked for again. */
  again(): void {
    this.peaks.forget();
    this.sheets.forget();
    this.frames.forget();
    this.arrivals++;
  }
}

export const stores = new Stores();
