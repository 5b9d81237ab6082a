// Figures of the page in a real browser: lockstep, seeking, opening, zooming, memory. Writes JSON, and with --write tables
// into bench/README.md; `scripts/bench-page` builds what it needs and calls it.
//
//   node bench/page/measure.mjs [OUT.json] [--write] [--quick] [--only lockstep,seek,open,zoom,memory] [--size 1280x720]
//                               [--work FOLDER] [--long FOLDER]
//
// Needs what tests/page needs (npm ci there). --work is where films and cases are made and found again. --long names a
// folder with some 100 hours of recordings, as bench-scale makes them; without it, and without a case that was made of
// one before, the large case is left out and said so.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join, resolve } from "node:path";
import { browse, close, open, press, ready, ROOT, serve, watchFrames } from "../../tests/page/stage.mjs";
import { BIT_PX, BITS, makeFilms } from "./films.mjs";
import { makeCrowd } from "./crowd.mjs";
import { writeTables } from "./report.mjs";

const PROGRAM = process.env.RECOUNT ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "release/recount");
const words = process.argv.slice(2);
const option = (name) => (words.includes(name) ? words[words.indexOf(name) + 1] : null);
const WORK = resolve(option("--work") ?? join(ROOT, "bench/work/page"));
const out = words.find((word) => word.endsWith(".json")) ?? join(WORK, "page.json");
const quick = words.includes("--quick");
const only = option("--only")?.split(",") ?? ["lockstep", "seek", "open", "zoom", "memory"];
const figures = existsSync(out) ? JSON.parse(readFileSync(out, "utf8")) : {};

const git = (...args) => execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim();
const p = (values, share) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? null;
const ms = (seconds) => Math.round(seconds * 10_000) / 10;

function say(name, value) {
  figures[name] = value;
  console.log(name, JSON.stringify(value));
  writeFileSync(out, JSON.stringify(figures, null, 1) + "\n");
}

function caseOf(media, name) {
  const folder = join(WORK, `${name}.recount`);
  const known = `${folder}.of`;
  // Made elsewhere and brought here, or stopped while it was made: the case is finished, and told where its recordings lie.
  if (!existsSync(known) || readFileSync(known, "utf8") !== media) {
    const { status } = spawnSync("nice", ["-n", "12", PROGRAM, "reconstruct", media, "--case", folder, "--quiet", "--no-words"], { stdio: ["ignore", "ignore", "inherit"] });
    // 1: done, and something wants attention.
    if (status !== 0 && status !== 1) throw new Error(`${folder} could not be made: ${status}`);
  }
  writeFileSync(known, media);
  return folder;
}

/** Plays or not, whatever it did before. */
async function playing(page, wanted) {
  if ((await page.locator("button.play").getAttribute("aria-label")) === (wanted ? "Play" : "Pause")) await press(page, "Space");
}

/**
 * How far each frame shown is from the one clock that fits all angles best, in seconds. A frame shows what was from its
 * time to the next one's, so its middle is taken.
 */
function apart(seen, recordings, speed, frame_s) {
  const piece_of = new Map(recordings.map((one) => [one.id, one.pieces[0]]));
  const moments = seen.map(({ id, at_ms, media_s }) => {
    const piece = piece_of.get(id);
    return { id, at_ms, at: piece.offset + (1 + piece.drift_ppm * 1e-6) * (media_s + frame_s / 2) - (speed * at_ms) / 1000 };
  });
  const middle = p(moments.map(({ at }) => at), 0.5);
  return moments.map(({ at }) => at - middle);
}

/** Whether nine of ten frames were shown at all. */
async function lockstep(server, label, pixels) {
  const { page, context } = await open(server.address, { hash: "#t=10" });
  await press(page, "Alt+4");
  await ready(page);
  const { recordings } = await page.evaluate(() => fetch("/api/case").then((answer) => answer.json()));
  const play = async (speed, seconds, settle_s = 2) => {
    await playing(page, true);
    await page.waitForTimeout(settle_s * 1000);
    await page.evaluate(() => (window.frames_seen.length = 0));
    await page.waitForTimeout(seconds * 1000);
    const seen = await page.evaluate(() => window.frames_seen.splice(0));
    await playing(page, false);
    if (!seen.length) throw new Error("no frame was shown: are the films where the case says?");
    const errors = apart(seen, recordings, speed, 1 / 30).map(Math.abs);
    return { frames: seen.length, expected: Math.round(4 * 30 * seconds * Math.min(speed, 2)), p50_ms: ms(p(errors, 0.5)), p95_ms: ms(p(errors, 0.95)), max_ms: ms(Math.max(...errors)) };
  };
  await watchFrames(page);
  const result = { pixels, drift_ppm: recordings.map((one) => Math.round(one.pieces[0].drift_ppm * 10) / 10) };
  result.three_minutes_at_1x = await play(1, quick ? 15 : 170);
  const after = [];
  for (const at of [20, 95, 60]) {
    await page.evaluate((t) => (location.hash = `#t=${t}`), at);
    await page.waitForTimeout(600);
    after.push(await play(1, 6));
  }
  const worst = (name) => Math.max(...after.map((one) => one[name]));
  const sum = (name) => after.reduce((all, one) => all + one[name], 0);
  result.after_seeks = { frames: sum("frames"), expected: sum("expected"), p50_ms: worst("p50_ms"), p95_ms: worst("p95_ms"), max_ms: worst("max_ms") };
  await page.evaluate(() => (location.hash = "#t=12"));
  await page.waitForTimeout(600);
  await page.getByLabel("Speed").selectOption("2");
  result.at_2x = await play(2, 30);
  result.dropped_by_browser = await page.evaluate(() => [...document.querySelectorAll("video")].map((video) => video.getVideoPlaybackQuality()).map((q) => `${q.droppedVideoFrames}/${q.totalVideoFrames}`));
  say(`lockstep ${label}`, result);
  await context.close();
  return result.three_minutes_at_1x.frames > 0.9 * result.three_minutes_at_1x.expected;
}

async function seeking(server) {
  const { page, context } = await open(server.address, { hash: "#t=10" });
  await press(page, "Alt+4");
  await ready(page);
  const { recordings } = await page.evaluate(() => fetch("/api/case").then((answer) => answer.json()));
  await page.evaluate(() => {
    window.last = {};
    for (const angle of document.querySelectorAll("[data-angle]")) {
      const video = angle.querySelector("video");
      const told = (now, frame) => {
        window.last[angle.dataset.angle] = { now, media_s: frame.mediaTime };
        video.requestVideoFrameCallback(told);
      };
      video.requestVideoFrameCallback(told);
    }
  });
  const took = [];
  let wrong_bits = 0;
  for (let n = 0; n < (quick ? 12 : 60); n++) {
    const at = 8 + ((n * 61.803398) % 175);
    const wanted = recordings.map(({ id, pieces: [piece] }) => ({ id, media: (at - piece.offset) / (1 + piece.drift_ppm * 1e-6) }));
    const time = await page.evaluate(
      ({ at, wanted }) =>
        new Promise((done) => {
          const begin = performance.now();
          location.hash = `#t=${at}`;
          const look = () => {
            const right = wanted.every(({ id, media }) => {
              const last = window.last[id];
              return last && last.now >= begin && last.media_s <= media + 0.001 && last.media_s > media - 1 / 30 - 0.001;
            });
            if (right) done(Math.max(...wanted.map(({ id }) => window.last[id].now)) - begin);
            else if (performance.now() - begin > 5000) done(null);
            else setTimeout(look, 4);
          };
          look();
        }),
      { at: Math.round(at * 1000) / 1000, wanted },
    );
    took.push(time ?? 5000);
    if (n % 6) continue;
    await page.waitForTimeout(150);
    // The number burnt into the picture says the same as the time that the browser tells.
    const burnt = await page.evaluate(
      ({ bits, bit_px }) =>
        [...document.querySelectorAll("[data-angle]")].map((angle) => {
          const video = angle.querySelector("video");
          const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
          const context = canvas.getContext("2d");
          context.drawImage(video, 0, 0);
          const scale = video.videoWidth / 1280;
          let number = 0;
          for (let bit = 0; bit < bits; bit++) if (context.getImageData((bit + 0.5) * bit_px * scale, (bit_px / 2) * scale, 1, 1).data[0] > 128) number += 2 ** bit;
          return { number, told: Math.round(window.last[angle.dataset.angle].media_s * 30), shown: Number(/^f (\d+)$/.exec([...angle.querySelectorAll("footer span")][1]?.textContent ?? "")?.[1] ?? NaN) };
        }),
      { bits: BITS, bit_px: BIT_PX },
    );
    wrong_bits += burnt.filter(({ number, told, shown }) => number !== told || number !== shown).length;
  }
  say("seek to the right frame in all four angles", { seeks: took.length, p50_ms: Math.round(p(took, 0.5)), p95_ms: Math.round(p(took, 0.95)), max_ms: Math.round(Math.max(...took)), "burnt-in numbers that differ": wrong_bits });
  await context.close();
}

/** Time to a page that can be used, and pictures a second while the wheel turns. */
async function large(server) {
  const times = [];
  for (let n = 0; n < 5; n++) {
    const { page, context } = await open(server.address);
    await page.goto("about:blank");
    const begin = Date.now();
    await page.goto(server.address.replace(/\?.*/, ""), { waitUntil: "commit" });
    await page.locator("[data-lane]").first().waitFor();
    await page.locator(".clock").waitFor();
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    times.push(Date.now() - begin);
    await context.close();
  }
  const { page, context } = await open(server.address);
  await page.locator("[data-lane]").first().waitFor();
  const view = await page.evaluate(() => fetch("/api/case").then((answer) => answer.text()));
  const { recordings } = JSON.parse(view);
  say("open a large case", { recordings: recordings.length, hours: Math.round(recordings.reduce((sum, one) => sum + one.duration, 0) / 3600), case_kB: Math.round(view.length / 1000), times: times.length, usable_p50_ms: p(times, 0.5), usable_max_ms: Math.max(...times) });
  await page.waitForTimeout(4000);
  if (only.includes("zoom")) {
    const zoom = await page.evaluate(
      () =>
        new Promise((done) => {
          const canvas = document.querySelector(".time .body canvas");
          const box = canvas.getBoundingClientRect();
          const gaps = [];
          let last = performance.now();
          const begin = last;
          const turn = (now) => {
            gaps.push(now - last);
            last = now;
            // In for two seconds, out for two, and so on.
            const deltaY = Math.floor((now - begin) / 2000) % 2 ? 30 : -30;
            canvas.dispatchEvent(new WheelEvent("wheel", { deltaY, clientX: box.left + box.width / 3, clientY: box.top + 100, bubbles: true, cancelable: true }));
            if (now - begin < 8000) requestAnimationFrame(turn);
            else done(gaps.slice(1));
          };
          requestAnimationFrame(turn);
        }),
    );
    say("zooming a large case", { pictures_a_second: Math.round((zoom.length / zoom.reduce((sum, gap) => sum + gap, 0)) * 1000), gap_p95_ms: Math.round(p(zoom, 0.95)), gap_max_ms: Math.round(Math.max(...zoom)) });
  }
  if (only.includes("memory")) await memory(page, server);
  await context.close();
}

async function memory(page, server) {
  await press(page, "Space");
  await page.waitForTimeout(8000);
  await press(page, "Space");
  const client = await page.context().newCDPSession(page);
  const { metrics } = await client.send("Performance.enable").then(() => client.send("Performance.getMetrics"));
  const heap = metrics.find(({ name }) => name === "JSHeapUsedSize").value;
  const resident = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  const renderers = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=renderer");
      } catch {
        return false;
      }
    });
  say("memory with a large case", { page_heap_MiB: Math.round(heap / 2 ** 20), renderer_MiB: Math.round(Math.max(...renderers.map(resident))), server_MiB: Math.round(resident(server.pid)) });
}

/** The films of a size, served. */
async function filmed(size) {
  const [width, height] = size.split("x").map(Number);
  makeFilms(join(WORK, `films-${size}`), join(ROOT, "samples/lantern-quay/media/C0012.MP4"), { width, height });
  return serve(caseOf(join(WORK, `films-${size}`), `films-${size}`));
}

mkdirSync(WORK, { recursive: true });
say("machine", { cpus: cpus().length, model: cpus()[0]?.model ?? "", browser: (await browse()).version(), at: new Date().toISOString().slice(0, 10), load: Math.round(loadavg()[0] * 10) / 10, commit: git("rev-parse", "--short", "HEAD") });
if (only.includes("lockstep") || only.includes("seek")) {
  for (const size of option("--size")?.split(",") ?? ["1280x720", "640x360"]) {
    const server = await filmed(size);
    let whole = true;
    if (only.includes("lockstep")) whole = await lockstep(server, size, size);
    if (only.includes("seek") && size === (option("--size")?.split(",")[0] ?? "1280x720")) await seeking(server);
    await server.stop();
    // Fewer pixels only where this machine does not decode four of so many in time.
    if (whole) break;
  }
}
if (["open", "zoom", "memory"].some((part) => only.includes(part))) {
  const scaled = join(ROOT, "bench/work/scale/100h");
  const long = option("--long") ?? (existsSync(scaled) ? scaled : null);
  if (long || existsSync(join(WORK, "crowd.recount", "case.db"))) {
    const made = join(WORK, "crowd.recount");
    const media = join(WORK, "crowd");
    const server = await serve(existsSync(join(made, "case.db")) && !existsSync(media) ? made : caseOf(long ? makeCrowd(long, media) : media, "crowd"));
    await large(server);
    await server.stop();
  } else console.log("no --long FOLDER: the large case is left out");
}
await close();
if (words.includes("--write")) writeTables(figures);
