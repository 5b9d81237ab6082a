// Drives one media element along the case's clock: plays it where its recording ran, stops it where it did not, nudges
// or seeks by `clock/lockstep.ts`, and learns which frame is shown. It knows nothing of the page.
import { frameAt, insideFrame, SeekCost, shiftOf, steer } from "../clock/lockstep";
import { rateOf, type Where, where } from "../clock/pieces";
import type { PieceView as Piece } from "../api/types";

/** How far apart two decisions are while playing; elements report their time to about a millisecond. */
const EVERY_MS = 60;

/** While paused, an element whose frames are unknown is right if it is within this. */
const STILL_S = 0.004;

/** Beyond these browsers refuse or fall silent. */
const RATE_MIN = 0.0625;
const RATE_MAX = 16;

/** A seek that has not ended after this long is taken for lost. */
const SEEK_LOST_MS = 4000;

export type Wanted = {
  /** Case time. */
  at: number;
  /** Signed case seconds a second of the wall. */
  rate: number;
  /** Whether the clock runs. */
  runs: boolean;
  /** Play was asked for, and the clock waits for the angles. */
  waits: boolean;
  pieces: readonly Piece[];
  heard: boolean;
};

export class Driver {
  /** Presentation times of the recording's frames, when they have come. */
  frames: Float64Array | null = null;
  /** Media time of the frame that is shown, from the browser. */
  shown_s: number | null = null;
  /** Where the recording is now. */
  here: Where = { at: "nowhere" };
  /** Last measured distance from the clock, media seconds. */
  error_s = 0;
  seeks = 0;

  #cost = new SeekCost();
  #seeking_since_ms: number | null = null;
  #aimed_s = NaN;
  #nudging = false;
  #next_ms = 0;
  #starting = false;
  #stopped = false;
  /** Media time minus the element's: browsers count some containers from another zero than ffmpeg does. */
  #shift_s = 0;

  constructor(readonly element: HTMLMediaElement) {
    element.preservesPitch = true;
    element.addEventListener("seeked", this.#seeked);
    if (element instanceof HTMLVideoElement) this.#watchFrames(element);
  }

  close(): void {
    this.#stopped = true;
    this.element.removeEventListener("seeked", this.#seeked);
    this.element.pause();
    this.element.removeAttribute("src");
    this.element.load();
  }

  /** Whether play may begin: the frame of the moment is there, or nothing has to be. */
  get ready(): boolean {
    if (this.here.at !== "in") return true;
    return this.element.readyState >= 3 && !this.#isSeeking();
  }

  /** Media time of the element. */
  get #media_s(): number {
    return this.element.currentTime + this.#shift_s;
  }

  /** Number of the frame that is shown, from 0. */
  get frame(): number | null {
    if (!this.frames?.length || this.shown_s === null) return null;
    return frameAt(this.frames, this.shown_s);
  }

  /** Called once a picture. */
  drive(wanted: Wanted, wall_ms: number): void {
    this.here = where(wanted.pieces, wanted.at);
    if (this.element.readyState < 1 || this.element.error) return;
    if (this.here.at === "nowhere") {
      this.#hold();
    } else if (this.here.at !== "in") {
      // Rests where it goes on, so that it is ready when the clock comes there.
      this.#hold();
      this.#aim(this.here.media);
    } else if (wanted.runs && !wanted.waits && wanted.rate > 0) {
      this.#run(this.here.media, wanted.rate / rateOf(this.here.piece), wanted.heard, wall_ms);
    } else {
      this.#hold();
      this.#aim(this.here.media);
    }
  }

  #run(media: number, speed: number, heard: boolean, wall_ms: number): void {
    if (this.#isSeeking()) return;
    if (this.element.paused) {
      // Playing on from the very end would begin again at the start.
      if (this.#starting || (this.element.ended && media > this.element.duration - 0.3)) return;
      // A start that is already right needs no seek.
      if (Math.abs(this.#media_s - media) > 0.05) {
        this.#seek(media + this.#cost.cost_s * speed);
        return;
      }
      this.#setRate(speed);
      this.#starting = true;
      this.element.play().then(
        () => (this.#starting = false),
        () => (this.#starting = false),
      );
      return;
    }
    this.#aimed_s = NaN;
    if (wall_ms < this.#next_ms) return;
    this.#next_ms = wall_ms + EVERY_MS;
    if (this.element.readyState < 3) return;
    // `media` is what was wanted when this picture's turn began; on a busy machine that is a while ago.
    this.error_s = this.#media_s - (media + ((performance.now() - wall_ms) / 1000) * speed);
    const step = steer({ error_s: this.error_s, speed, nudging: this.#nudging, heard });
    if (step.do === "seek") {
      this.#nudging = false;
      this.#setRate(speed);
      this.#seek(media + this.#cost.cost_s * speed);
    } else {
      this.#nudging = step.nudging;
      this.#setRate(step.rate);
    }
  }

  #hold(): void {
    if (!this.element.paused) this.element.pause();
    this.#nudging = false;
  }

  /** While the clock stands or goes backwards: shows the frame of the moment. */
  #aim(media: number): void {
    if (this.#isSeeking()) return;
    let target = Math.min(media, this.element.duration || media);
    if (this.frames?.length) {
      const index = frameAt(this.frames, media);
      target = insideFrame(this.frames, index);
      if (this.shown_s !== null && frameAt(this.frames, this.shown_s) === index && frameAt(this.frames, this.#media_s) === index) return;
    }
    if (Math.abs(this.#media_s - target) < STILL_S || Math.abs(this.#aimed_s - target) < 1e-6) return;
    this.#aimed_s = target;
    this.#seek(target);
  }

  #seek(media: number): void {
    this.seeks++;
    this.#seeking_since_ms = performance.now();
    this.element.currentTime = Math.max(0, media - this.#shift_s);
  }

  #isSeeking(): boolean {
    if (this.#seeking_since_ms === null) return false;
    if (performance.now() - this.#seeking_since_ms < SEEK_LOST_MS) return true;
    this.#seeking_since_ms = null;
    return false;
  }

  #seeked = (): void => {
    if (this.#seeking_since_ms !== null) this.#cost.learn((performance.now() - this.#seeking_since_ms) / 1000);
    this.#seeking_since_ms = null;
    this.#next_ms = 0;
    if (!(this.element instanceof HTMLVideoElement)) this.shown_s = this.#media_s;
  };

  #setRate(rate: number): void {
    const allowed = Math.min(RATE_MAX, Math.max(RATE_MIN, rate));
    if (Math.abs(this.element.playbackRate - allowed) > 1e-4) this.element.playbackRate = allowed;
  }

  #watchFrames(video: HTMLVideoElement): void {
    if (!("requestVideoFrameCallback" in video)) return;
    const told = (_now: number, frame: VideoFrameCallbackMetadata) => {
      if (this.frames?.length) this.#shift_s = shiftOf(this.frames, frame.mediaTime);
      this.shown_s = frame.mediaTime + this.#shift_s;
      if (!this.#stopped) video.requestVideoFrameCallback(told);
    };
    video.requestVideoFrameCallback(told);
  }
}
