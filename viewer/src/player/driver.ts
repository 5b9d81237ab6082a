// Drives one media element along the case's clock: plays it where its recording ran, stops it where it did not, bends
// its speed or seeks by `clock/lockstep.ts`, and learns which frame is shown. It knows nothing of the page.
import { frameAt, insideFrame, keepsPitch, Lead, Readings, SeekCost, shiftOf, steer } from "../clock/lockstep";
import { rateOf, type Where, where } from "../clock/pieces";
import type { PieceView as Piece } from "../api/types";

/** After a bend or a seek an element's time is not to be relied on for so long. */
const SETTLE_MS = 120;

/** Half of the time for which a screen shows a picture: a frame is seen that much late on average. */
const HALF_STEP_S = 0.008;

/** While paused, an element whose frames are unknown is right if it is within this. */
const STILL_S = 0.004;

/** Beyond these browsers refuse or fall silent. */
const RATE_MIN = 0.0625;
const RATE_MAX = 16;

/** One reading that is so far off is no noise. */
const SURE_S = 1;

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
  /** The clock just began to run, and goes to where the first that is heard turns out to be. */
  settles: boolean;
  pieces: readonly Piece[];
  heard: boolean;
  /** Others are heard too. */
  mixed: boolean;
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
  #readings = new Readings();
  #lead = new Lead();
  /** Readings count from here on. */
  #from_ms = 0;
  /** Until when its speed is bent. */
  #bent_until_ms: number | null = null;
  #heard = false;
  /** What is wanted: media time at a moment of the wall, and media seconds a second. */
  #wanted: { media: number; wall_ms: number; speed: number } | null = null;
  #starting = false;
  #stopped = false;
  /** Media time minus the element's: browsers count some containers from another zero than ffmpeg does. */
  #shift_s = 0;

  constructor(readonly element: HTMLMediaElement) {
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

  /** The clock was moved: what was read of the element's distance from it holds no more. */
  readAnew(): void {
    this.#readings.clear();
  }

  /** Called once a picture. While the clock settles: how far it is to be moved for what is heard here, case seconds. */
  drive(wanted: Wanted, wall_ms: number): number | null {
    this.here = where(wanted.pieces, wanted.at);
    if (this.element.readyState < 1 || this.element.error) return null;
    if (this.here.at === "nowhere") {
      this.#hold();
    } else if (this.here.at !== "in") {
      // Rests where it goes on, so that it is ready when the clock comes there.
      this.#hold();
      this.#aim(this.here.media);
    } else if (wanted.runs && !wanted.waits && wanted.rate > 0) {
      const case_rate = rateOf(this.here.piece);
      const read = this.#run(this.here.media, wanted.rate / case_rate, wanted, wall_ms);
      if (read === null || (wanted.settles && !wanted.heard)) return null;
      if (wanted.settles) return read * case_rate;
      this.#steer(read, this.here.media, wanted.rate / case_rate, wanted.heard);
    } else {
      this.#hold();
      this.#aim(this.here.media);
    }
    return null;
  }

  /** Plays on; returns how far the element is from the clock, each time that enough was read to tell. */
  #run(media: number, speed: number, { heard, mixed, settles }: Wanted, wall_ms: number): number | null {
    if (this.#isSeeking()) return null;
    if (this.element.paused) {
      // Playing on from the very end would begin again at the start.
      if (this.#starting || (this.element.ended && media > this.element.duration - 0.3)) return null;
      // A start that is already right needs no seek.
      if (Math.abs(this.#media_s - media) > 0.05) {
        this.#seek(media + this.#cost.cost_s * speed);
        return null;
      }
      this.#setRate(speed);
      this.#starting = true;
      this.element.play().then(
        () => {
          this.#starting = false;
          this.#rest(performance.now());
        },
        () => (this.#starting = false),
      );
      return null;
    }
    this.#aimed_s = NaN;
    const now_ms = performance.now();
    this.#wanted = { media, wall_ms, speed };
    if (heard !== this.#heard) {
      this.#heard = heard;
      this.#lead.forget();
      this.#setRate(speed);
      this.#rest(now_ms);
    }
    if (this.#bent_until_ms !== null) {
      if (now_ms < this.#bent_until_ms) return null;
      this.#setRate(speed);
      this.#rest(now_ms);
    }
    // Elements with nothing to play on stand still, and their time says nothing.
    if (this.element.readyState < 3) this.#rest(now_ms);
    if (now_ms < this.#from_ms) return null;
    // On a busy machine this turn began a while ago.
    const error_s = this.#media_s - this.#wantedAt(now_ms);
    this.#readings.time(error_s, now_ms);
    if (Math.abs(error_s) > SURE_S) {
      this.#seekOn(media, speed);
      return null;
    }
    // The first pictures come as they can.
    const time_s = this.#readings.take(now_ms, settles ? null : this.#lead);
    if (time_s === null) return null;
    // An echo is heard sooner than a frame is missed.
    return (this.error_s = mixed || settles ? time_s : this.#lead.seen(time_s, speed));
  }

  #steer(read: number, media: number, speed: number, heard: boolean): void {
    const step = steer({ error_s: read, speed, heard });
    if (step.do === "seek") this.#seekOn(media, speed);
    else if (step.do === "bend") {
      this.#setRate(step.rate);
      this.#bent_until_ms = performance.now() + step.for_s * 1000;
    } else this.#setRate(speed);
  }

  #wantedAt(wall_ms: number): number {
    if (!this.#wanted) return NaN;
    return this.#wanted.media + ((wall_ms - this.#wanted.wall_ms) / 1000) * this.#wanted.speed;
  }

  /** Seeks to where the clock will be when it is done. */
  #seekOn(media: number, speed: number): void {
    this.#setRate(speed);
    this.#seek(media + this.#cost.cost_s * speed);
  }

  /** Forgets what was read, and reads anew when the element has settled. */
  #rest(now_ms: number): void {
    this.#bent_until_ms = null;
    this.#readings.clear();
    this.#from_ms = now_ms + SETTLE_MS;
  }

  #hold(): void {
    if (!this.element.paused) this.element.pause();
    this.#wanted = null;
    this.#rest(0);
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
    this.#rest(performance.now());
    if (!(this.element instanceof HTMLVideoElement)) this.shown_s = this.#media_s;
  };

  #setRate(rate: number): void {
    const allowed = Math.min(RATE_MAX, Math.max(RATE_MIN, rate));
    const keeps = keepsPitch(allowed, this.#heard);
    if (this.element.preservesPitch !== keeps) this.element.preservesPitch = keeps;
    if (Math.abs(this.element.playbackRate - allowed) > 1e-6) this.element.playbackRate = allowed;
  }

  /** A frame comes on the screen with the first step after its time, half a step late on average. */
  #readFrame({ expectedDisplayTime, mediaTime }: VideoFrameCallbackMetadata): void {
    if (!this.#wanted || this.#bent_until_ms !== null || expectedDisplayTime < this.#from_ms) return;
    this.#readings.frame(mediaTime + this.#shift_s + HALF_STEP_S * this.#wanted.speed - this.#wantedAt(expectedDisplayTime));
  }

  #watchFrames(video: HTMLVideoElement): void {
    if (!("requestVideoFrameCallback" in video)) return;
    const told = (_now: number, frame: VideoFrameCallbackMetadata) => {
      if (this.frames?.length) this.#shift_s = shiftOf(this.frames, frame.mediaTime);
      this.shown_s = frame.mediaTime + this.#shift_s;
      this.#readFrame(frame);
      if (!this.#stopped) video.requestVideoFrameCallback(told);
    };
    video.requestVideoFrameCallback(told);
  }
}
