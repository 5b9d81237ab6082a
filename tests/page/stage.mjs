// The stage of every test: the sample case, reconstructed once, served by the real `recount serve`, looked at by a real
// browser. RECOUNT names the program (else the release build), CHROMIUM the browser, PAGE_CASE a case that exists.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const MEDIA = join(ROOT, "samples/lantern-quay/media");
const PROGRAM = process.env.RECOUNT ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "release/recount");
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Longest wait for the server's address; a debug build on a busy machine is slow. */
const SERVED_MS_MAX = 30_000;

/** Half a minute of a film with the sample's sound, encoded as wished, and the same sound by itself; false where this ffmpeg can't. */
export function film(folder, name, encoding, turned = 0) {
  mkdirSync(folder, { recursive: true });
  const sound = ["-ss", "150", "-t", "30", "-i", join(MEDIA, "C0012.MP4")];
  const run = (...words) => spawnSync("ffmpeg", ["-v", "error", "-y", ...words], { stdio: "ignore" }).status === 0;
  const plain = join(folder, "..", `plain-${name}`);
  const copy = ["-i", plain, "-map", "0", "-c", "copy"];
  const made = run("-f", "lavfi", "-t", "30", "-i", "testsrc2=s=320x180:r=25", ...sound, "-map", "0:v", "-map", "1:a", ...encoding, "-c:a", "aac", "-ac", "1", plain);
  const path = join(folder, name);
  // How it is turned is written while copying; ffmpeg says so in one way since 6.0 and in another before.
  const copied = made && ((turned && run("-display_rotation:v:0", String(turned), ...copy, path)) || run(...copy, "-metadata:s:v:0", `rotate=${turned}`, path));
  return copied && run(...sound, "-map", "0:a", "-ac", "1", join(folder, "sound.wav"));
}

/** The sample case, made once for all tests of a run: the runner starts a process for each file. */
function sampleCase() {
  if (process.env.PAGE_CASE) return process.env.PAGE_CASE;
  const folder = join(tmpdir(), `recount-page-${process.ppid}.recount`);
  if (existsSync(folder)) return folder;
  // Made beside and moved whole: another test may be making it at the same time.
  const making = `${folder}-${process.pid}.recount`;
  const { status } = spawnSync(PROGRAM, ["reconstruct", MEDIA, "--case", making, "--quiet", "--no-words"], { stdio: ["ignore", "ignore", "inherit"] });
  // 1: done, and something wants attention.
  if (status !== 0 && status !== 1) throw new Error(`${PROGRAM} reconstruct ended with ${status}`);
  try {
    renameSync(making, folder);
  } catch {
    rmSync(making, { recursive: true, force: true });
  }
  return folder;
}

/** A copy of the sample case that a test may change. */
export function freshCase(name = "case") {
  if (process.env.PAGE_ADDRESS) return "";
  const folder = join(mkdtempSync(join(tmpdir(), "recount-page-")), `${name}.recount`);
  cpSync(sampleCase(), folder, { recursive: true });
  return folder;
}

/** Runs `recount` to its end; fails as it does. */
export function recount(...words) {
  const { status, stderr } = spawnSync(PROGRAM, words, { encoding: "utf8" });
  return { status, said: stderr };
}

/** Serves a case; `address` holds the token, unless it asks for a password. */
export async function serve(folder, port = 0, ...more) {
  // While the page is being written, a server that runs already may be named.
  if (process.env.PAGE_ADDRESS) return { address: process.env.PAGE_ADDRESS, port: 0, pid: 0, stop: async () => {} };
  // PAGE_DIST: a page that was built a moment ago, instead of the one inside the program.
  const dist = process.env.PAGE_DIST ? ["--page", process.env.PAGE_DIST] : [];
  const child = spawn(PROGRAM, ["serve", folder, "--port", String(port), ...dist, ...more], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const address = await new Promise((found, failed) => {
    const timer = setTimeout(() => failed(new Error(`no address from recount serve: ${said}`)), SERVED_MS_MAX);
    const hear = (bytes) => {
      said += bytes;
      const address = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+|https:\/\/\S+:\d+\//.exec(said);
      if (!address) return;
      clearTimeout(timer);
      found(address[0]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => failed(new Error(`recount serve ended with ${code}: ${said}`)));
  });
  const stop = (signal = "SIGTERM") =>
    new Promise((ended) => {
      if (child.exitCode !== null || child.signalCode !== null) return ended();
      child.once("exit", ended);
      child.kill(signal);
    });
  return { address, port: Number(new URL(address).port), pid: child.pid, stop };
}

let browser = null;

/** Chromium without a screen; as root its own sandbox can't be had. */
export async function browse(args = []) {
  browser ??= await chromium.launch({
    executablePath: process.env.CHROMIUM ?? BROWSERS.find((path) => existsSync(path)),
    args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio", ...args],
  });
  return browser;
}

/** A window of the page. What the page complains about, and every request that leaves it, is kept. */
export async function open(address, { width = 1440, height = 900, hash = "", colorScheme = "dark", ...more } = {}) {
  const context = await (await browse()).newContext({ viewport: { width, height }, colorScheme, ...more });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  const troubles = [];
  const strangers = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (line) => line.type() === "error" && troubles.push(line.text()));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (!["blob:", "data:"].includes(url.protocol) && url.origin !== new URL(address).origin) strangers.push(request.url());
  });
  await page.goto(address);
  if (hash) await page.evaluate((wanted) => (location.hash = wanted), hash);
  return { page, context, troubles, strangers };
}

/** Waits until the lanes and the angles are there. */
export async function ready(page) {
  await page.locator("[data-lane]").first().waitFor();
  await page.locator("[data-angle]").first().waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll("[data-angle] video:not(.gone)")].every((video) => video.readyState >= 2 && !video.seeking));
}

/** Waits until every picture that is shown has its frame's number: frame tables are made when first asked for. */
export async function numbered(page) {
  await page.waitForFunction(() => [...document.querySelectorAll("[data-angle]:has(video:not(.gone))")].every((angle) => /f \d+/.test(angle.querySelector("footer")?.textContent ?? "")), null, { timeout: 60_000 });
}

/** Asks the server until the case is as `wanted`. */
export async function until(page, wanted, ms = 60_000) {
  const end = Date.now() + ms;
  for (;;) {
    const view = await caseOf(page);
    if (wanted(view)) return view;
    if (Date.now() > end) throw new Error(`the case did not become so: ${wanted}`);
    await page.waitForTimeout(200);
  }
}

export async function close(...servers) {
  await browser?.close();
  browser = null;
  for (const server of servers) await server.stop();
}

/** Presses keys one after the other, away from every field. */
export async function press(page, ...keys) {
  await page.evaluate(() => document.activeElement?.blur?.());
  for (const key of keys) await page.keyboard.press(key);
}

/** The case as the server tells it to this window. */
export function caseOf(page) {
  return page.evaluate(() => fetch("/api/case").then((answer) => answer.json()));
}

/** What a window shows of an angle: time, frame, why. */
export async function faces(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("[data-angle]")].map((angle) => ({
      id: angle.dataset.angle,
      name: angle.querySelector(".name")?.textContent ?? "",
      state: angle.querySelector(".state p")?.textContent?.trim() ?? null,
      foot: [...angle.querySelectorAll("footer span")].map((span) => span.textContent),
      frame: Number(/^f (\d+)$/.exec([...angle.querySelectorAll("footer span")][1]?.textContent ?? "")?.[1] ?? NaN),
      width: angle.querySelector("video")?.videoWidth ?? 0,
      media_s: angle.querySelector("video, audio")?.currentTime ?? null,
      muted: angle.querySelector("video, audio")?.muted ?? null,
    })),
  );
}

/** Remembers every frame that is presented from now on, in `window.frames_seen`: which angle, when (ms), and its time (s). */
export function watchFrames(page) {
  return page.evaluate(() => {
    window.frames_seen = [];
    const watch = (id, video) => {
      const told = (_now, frame) => {
        window.frames_seen.push({ id, at_ms: frame.expectedDisplayTime, media_s: frame.mediaTime });
        video.requestVideoFrameCallback(told);
      };
      video.requestVideoFrameCallback(told);
    };
    for (const angle of document.querySelectorAll("[data-angle]")) {
      const video = angle.querySelector("video");
      if (video) watch(angle.dataset.angle, video);
    }
  });
}

export function forget(folder) {
  rmSync(dirname(folder), { recursive: true, force: true });
}
