// The angles that are on the page now, driven together: one loop, one clock.
import type { Page } from "../page.svelte";
import type { Driver } from "./driver";

/** One angle as the loop knows it. */
export type Running = { id: string; driver: Driver; refresh: () => void };

/** While the clock runs, words and numbers change this often: faster can't be read. */
const WORDS_EVERY_MS = 100;

const running = new Set<Running>();
let words_ms = 0;

export function join(angle: Running): () => void {
  running.add(angle);
  return () => running.delete(angle);
}

/** The largest distance from the clock among those that play, in seconds; `null` if none does. */
export function spread(): number | null {
  let most: number | null = null;
  for (const { driver } of running)
    if (driver.here.at === "in" && !driver.element.paused) most = Math.max(most ?? 0, Math.abs(driver.error_s));
  return most;
}

export function driverOf(id: string): Driver | null {
  for (const angle of running) if (angle.id === id) return angle.driver;
  return null;
}

/** Runs until the returned function is called. */
export function runClock(page: Page): () => void {
  const { transport } = page;
  transport.ready = () => [...running].every(({ driver }) => driver.ready);
  let asked = requestAnimationFrame(turn);
  function turn(wall_ms: number): void {
    asked = requestAnimationFrame(turn);
    transport.tick(wall_ms);
    const heard = [...running].filter(({ id, driver }) => page.sounds(id) && driver.here.at === "in").length;
    const wanted = {
      at: transport.at(wall_ms),
      rate: transport.rate,
      runs: transport.playing,
      waits: transport.waiting,
      settles: heard > 0 && transport.settling(wall_ms),
      mixed: heard > 1,
    };
    for (const { id, driver } of running) {
      const off_s = driver.drive({ ...wanted, pieces: page.pieces(id), heard: page.sounds(id) }, wall_ms);
      if (off_s === null || !transport.settle(off_s, wall_ms)) continue;
      for (const { driver } of running) driver.readAnew();
      break;
    }
    if (transport.playing && wall_ms - words_ms < WORDS_EVERY_MS) return;
    words_ms = wall_ms;
    if (transport.playing) page.follow();
    for (const angle of running) angle.refresh();
  }
  return () => cancelAnimationFrame(asked);
}
