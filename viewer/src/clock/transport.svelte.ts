// The one clock of the page: what case time it is now, whether it runs, how fast and which way. Everything that shows a
// moment reads it; only this file decides how it advances.

export const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4] as const;

/** Longest wait for the angles to be ready when play begins; a disc that sleeps must not hold the clock for ever. */
const READY_MS_MAX = 700;

/** For so long after a start what is heard may still say where it began. */
const SETTLE_MS_MAX = 800;

/** A clock is not moved farther than this by what is heard. */
const SETTLE_S_MAX = 0.5;

export class Transport {
  /** Case time, seconds; renewed once a picture while the clock runs. */
  now = $state(0);
  playing = $state(false);
  /** 0.25 to 4. */
  speed = $state(1);
  backwards = $state(false);
  mark_in = $state<number | null>(null);
  mark_out = $state<number | null>(null);
  looping = $state(false);
  /** Counts jumps, so that those who follow know that time did not flow. */
  jumps = $state(0);
  /** The island's span; play stops at its end. */
  span = $state.raw({ start: 0, end: 0 });

  /** Whether the angles can begin to play; asked while play is about to begin. */
  ready: () => boolean = () => true;

  #from_case = 0;
  #from_ms = 0;
  #waiting_since_ms: number | null = null;
  #settling_since_ms: number | null = null;

  /** Signed media seconds a second of the wall. */
  get rate(): number {
    return this.backwards ? -this.speed : this.speed;
  }

  /** Play was asked for, and the angles are getting ready. */
  get waiting(): boolean {
    return this.#waiting_since_ms !== null;
  }

  /** Whether the clock just began to run, so that what is heard may still move it. */
  settling(wall_ms: number): boolean {
    return this.#settling_since_ms !== null && wall_ms - this.#settling_since_ms < SETTLE_MS_MAX;
  }

  /**
   * Moves the clock to where the sound is: once after each start, case seconds. Loudspeakers begin some 50 ms after they
   * are asked to, and that can't be caught up with for seconds without being heard; pictures follow the clock in no time.
   */
  settle(by_s: number, wall_ms: number): boolean {
    if (!this.settling(wall_ms)) return false;
    this.#settling_since_ms = null;
    if (Math.abs(by_s) > SETTLE_S_MAX) return false;
    this.#anchor(this.at(wall_ms) + by_s, wall_ms);
    return true;
  }

  /** Case time at a moment of the wall, between two pictures too. */
  at(wall_ms: number): number {
    if (!this.playing || this.#waiting_since_ms !== null) return this.now;
    return this.#from_case + ((wall_ms - this.#from_ms) / 1000) * this.rate;
  }

  /** Called once a picture. */
  tick(wall_ms: number): void {
    if (!this.playing) return;
    if (this.#waiting_since_ms !== null) {
      if (!this.ready() && wall_ms - this.#waiting_since_ms < READY_MS_MAX) return;
      this.#waiting_since_ms = null;
      this.#restart(wall_ms);
    }
    const at = this.at(wall_ms);
    const stop = this.#stopAt();
    const passed = this.backwards ? at <= stop.first : at >= stop.last;
    if (!passed) {
      this.now = at;
    } else if (this.looping && this.selection) {
      this.#jump(this.backwards ? stop.last : stop.first, wall_ms);
    } else {
      this.now = this.backwards ? stop.first : stop.last;
      this.playing = false;
    }
  }

  play(wall_ms = performance.now()): void {
    const stop = this.#stopAt();
    if (!this.backwards && this.now >= stop.last - 1e-3) this.#jump(stop.first, wall_ms);
    this.playing = true;
    this.#waiting_since_ms = wall_ms;
    this.#anchor(this.now, wall_ms);
  }

  pause(wall_ms = performance.now()): void {
    this.now = this.at(wall_ms);
    this.playing = false;
    this.#waiting_since_ms = null;
    this.backwards = false;
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  /** L, again and again: 1, 2, 4; J the same backwards. From the other direction it begins at 1. */
  shuttle(direction: 1 | -1): void {
    const same = this.playing && this.backwards === direction < 0;
    const speed = same ? Math.min(4, Math.max(1, this.speed) * 2) : 1;
    const wall_ms = performance.now();
    this.now = this.at(wall_ms);
    this.speed = speed;
    this.backwards = direction < 0;
    if (this.playing) this.#restart(wall_ms);
    else this.play(wall_ms);
  }

  setSpeed(speed: number): void {
    const wall_ms = performance.now();
    this.now = this.at(wall_ms);
    this.speed = Math.min(4, Math.max(0.25, speed));
    this.#restart(wall_ms);
  }

  /** The next faster or slower of `SPEEDS`. */
  stepSpeed(direction: 1 | -1): void {
    const next = direction > 0 ? SPEEDS.find((speed) => speed > this.speed) : SPEEDS.findLast((speed) => speed < this.speed);
    if (next !== undefined) this.setSpeed(next);
  }

  seek(at: number): void {
    this.#jump(at, performance.now());
    if (this.playing) this.#waiting_since_ms = performance.now();
  }

  markIn(at: number | null = this.now): void {
    this.mark_in = at;
    if (at !== null && this.mark_out !== null && this.mark_out <= at) this.mark_out = null;
  }

  markOut(at: number | null = this.now): void {
    this.mark_out = at;
    if (at !== null && this.mark_in !== null && this.mark_in >= at) this.mark_in = null;
  }

  /** Between the marks, if both are set. */
  get selection(): { start: number; end: number } | null {
    if (this.mark_in === null || this.mark_out === null) return null;
    return { start: this.mark_in, end: this.mark_out };
  }

  #stopAt(): { first: number; last: number } {
    const loop = this.looping ? this.selection : null;
    return loop ? { first: loop.start, last: loop.end } : { first: this.span.start, last: this.span.end };
  }

  #jump(at: number, wall_ms: number): void {
    this.now = at;
    this.jumps++;
    this.#anchor(at, wall_ms);
  }

  #restart(wall_ms: number): void {
    this.#settling_since_ms = wall_ms;
    this.#anchor(this.now, wall_ms);
  }

  #anchor(at: number, wall_ms: number): void {
    this.#from_case = at;
    this.#from_ms = wall_ms;
  }
}
