// The angles: on one clock, each with its own time and true frame; speed, stepping, marks, typed times, sound.
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { caseOf, close, faces, film as makeFilm, freshCase, numbered, open, press, ready, recount, serve, watchFrames } from "./stage.mjs";

let server, page, context, troubles;

before(async () => (server = await serve(freshCase())));
after(() => close(server));
beforeEach(async () => {
  ({ page, context, troubles } = await open(server.address));
  await ready(page);
  await numbered(page);
});
afterEach(async () => {
  await context.close();
  assert.deepEqual(troubles, []);
});

async function rested() {
  await page.waitForTimeout(150);
  await page.waitForFunction(() => [...document.querySelectorAll("[data-angle] video:not(.gone)")].every((video) => !video.seeking && video.readyState >= 2));
  await page.waitForTimeout(250);
}

/** A case of a film encoded as wished, beside the sound of another that it shares; null where it can't be made. */
function film(name, ...encoding) {
  const folder = mkdtempSync(join(tmpdir(), "recount-film-"));
  const turned = Number(encoding.at(-1)) ? encoding.pop() : 0;
  if (!makeFilm(join(folder, "films"), name, encoding, turned)) return null;
  const made = recount("reconstruct", join(folder, "films"), "--case", join(folder, "case.recount"), "--quiet");
  assert.ok(made.status <= 1, made.said);
  return join(folder, "case.recount");
}

/** Case time by the address, which follows at rest. */
async function now() {
  await page.waitForTimeout(700);
  return Number(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("t").split(",")[0]);
}

async function go(typed) {
  await page.locator("#jump").fill(typed);
  await page.locator("#jump").press("Enter");
  await rested();
}

/** Media time by the pieces that the server sent. */
function mediaAt(recording, at) {
  for (const piece of recording.pieces) {
    const media = (at - piece.offset) / (1 + piece.drift_ppm * 1e-6);
    if (media >= piece.start && media < piece.end) return media;
  }
  return null;
}

test("one, two, four or nine angles", async () => {
  for (const count of [1, 2, 4, 9]) {
    await press(page, `Alt+${count}`);
    assert.equal(await page.locator(".grid > *").count(), count);
  }
});

test("every angle shows the frame of the moment, numbered by the container", async () => {
  const { recordings } = await caseOf(page);
  await press(page, "Alt+4");
  for (const at of ["150.3", "193.2", "60.77"]) {
    await go(at);
    await numbered(page);
    const moment = await now();
    let shown = 0;
    for (const face of await faces(page)) {
      const recording = recordings.find(({ id }) => id === face.id);
      const media = mediaAt(recording, moment);
      if (!recording.video || media === null) continue;
      const times = await page.evaluate(async (id) => {
        const buffer = await (await fetch(`/frames/${id}`)).arrayBuffer();
        const view = new DataView(buffer);
        return Array.from({ length: view.getUint32(4, true) }, (_, n) => Number(view.getBigInt64(8 + n * 8, true)) / 1e9);
      }, face.id);
      const expected = times.findLastIndex((time) => time <= media + 1e-6);
      assert.equal(face.frame, expected, `${face.name} at ${at}`);
      shown++;
    }
    assert.ok(shown >= 1);
  }
});

test("an angle that does not run says why", async () => {
  await press(page, "Alt+9");
  await go("150");
  const said = (await faces(page)).map((face) => face.state).filter((state) => state !== null);
  assert.ok(said.some((state) => /begins in [\d.]+ (s|min)/.test(state)), said.join("; "));
  assert.ok(said.every((state) => /begins in|paused|ended|sound only|copy for the browser/.test(state)), said.join("; "));
});

/**
 * Where each angle's pictures stand on one clock, seconds: the middle of what one and a half second shows. Pictures are what
 * is looked at; what an element says of its own time differs from them by its way to loudspeaker or screen.
 */
async function pictures(recordings) {
  await page.evaluate(() => (window.frames_seen.length = 0));
  await page.waitForTimeout(1500);
  const seen = await page.evaluate(() => window.frames_seen.splice(0));
  const shown = recordings.filter(({ id }) => seen.some((frame) => frame.id === id));
  return shown.map(({ id, pieces }) => {
    const moments = seen.filter((frame) => frame.id === id).map(({ at_ms, media_s }) => {
      const piece = pieces.findLast((one) => media_s >= one.start);
      return piece.offset + (1 + piece.drift_ppm * 1e-6) * media_s - at_ms / 1000;
    });
    return moments.sort((a, b) => a - b)[Math.floor(moments.length / 2)];
  });
}

test("playing brings all angles onto the clock", async () => {
  const { recordings } = await caseOf(page);
  await go("155");
  await watchFrames(page);
  await press(page, "Space");
  // A frame stands at a step of the screen, so two can be a step farther apart than the angles are. How soon they come
  // there is the machine's affair; that they do is ours.
  const near_s = 0.02 + 1 / 60;
  let apart = [];
  for (let look = 0; look < 12 && !(apart.at(-1) < near_s); look++) {
    const stand = await pictures(recordings);
    apart.push(stand.length >= 2 ? Math.max(...stand) - Math.min(...stand) : Infinity);
  }
  await press(page, "Space");
  assert.ok(apart.at(-1) < near_s, `apart by ${apart}`);
  assert.ok((await now()) > 156);
});

test("when what is shown ends, the angles go to what runs then, but not where a person chose", async () => {
  const { recordings } = await caseOf(page);
  const case_time = (piece, media) => piece.offset + (1 + piece.drift_ppm * 1e-6) * media;
  const runs = (one, at) => one.pieces.some((piece) => at >= case_time(piece, piece.start) && at < case_time(piece, piece.end));
  const camera = recordings.find((one) => one.name === "C0012.MP4");
  const end = Math.max(...camera.pieces.map((piece) => case_time(piece, piece.end)));
  const angle = page.locator("[data-angle]").first();
  await press(page, "Alt+1");
  await go((end - 0.4).toFixed(2));
  assert.equal(await angle.getAttribute("data-angle"), camera.id, "shown by itself");
  await press(page, "Space");
  await page.waitForFunction((id) => document.querySelector("[data-angle]").dataset.angle !== id, camera.id);
  await press(page, "Space");
  const shown = await angle.getAttribute("data-angle");
  assert.ok(runs(recordings.find(({ id }) => id === shown), end), "what is shown now ran when the other ended");
  assert.equal(await angle.locator("video, audio").evaluate((one) => one.muted), false, "and is heard");
  // Kept by a person, it stays and says that it ended.
  await go("20");
  assert.equal(await angle.getAttribute("data-angle"), camera.id);
  await page.getByRole("button", { name: "keep C0012.MP4 here" }).click();
  assert.equal(await page.getByRole("button", { name: "keep C0012.MP4 here" }).getAttribute("aria-pressed"), "true");
  await go((end - 0.4).toFixed(2));
  await press(page, "Space");
  await angle.getByText(/ended/).waitFor();
  await press(page, "Space");
  assert.equal(await angle.getAttribute("data-angle"), camera.id);
});

test("speed from a quarter to four times, with the pitch kept", async () => {
  const speed = page.getByLabel("Speed");
  for (const [key, expected] of [["Alt+=", "1.25"], ["Alt+=", "1.5"], ["Alt+-", "1.25"]]) {
    await press(page, key);
    assert.equal(await speed.inputValue(), expected);
  }
  for (let n = 0; n < 12; n++) await press(page, "Alt+-");
  assert.equal(await speed.inputValue(), "0.25");
  for (let n = 0; n < 12; n++) await press(page, "Alt+=");
  assert.equal(await speed.inputValue(), "4");
  await go("60");
  await press(page, "Space");
  await page.waitForTimeout(2500);
  // Of those that are heard; what is silent has no pitch.
  const heard = await page.evaluate(() => [...document.querySelectorAll("video, audio")].filter((one) => !one.paused && !one.muted).map((one) => one.preservesPitch));
  assert.deepEqual(heard, [true]);
  await press(page, "Space");
  const passed = (await now()) - 60;
  assert.ok(passed > 5, `four times as fast, ${passed} s in 2.5 s`);
});

test("J, K and L shuttle", async () => {
  await go("100");
  await press(page, "l", "l");
  await page.waitForTimeout(1500);
  await press(page, "k");
  const on = await now();
  assert.ok(on > 101.5, `${on}`);
  await press(page, "j");
  await page.waitForTimeout(1500);
  await press(page, "k");
  const back = await now();
  assert.ok(back < on - 0.8, `${back} from ${on}`);
});

test("a step is exactly one frame", async () => {
  await press(page, "1");
  await go("60.5");
  const first = (await faces(page))[0].frame;
  for (const [key, expected] of [["ArrowRight", first + 1], ["ArrowRight", first + 2], [",", first + 1], [".", first + 2], ["ArrowLeft", first + 1]]) {
    await press(page, key);
    await rested();
    assert.equal((await faces(page))[0].frame, expected, key);
  }
});

test("marks in and out, and a loop between them", async () => {
  await go("100");
  await press(page, "i");
  await go("101");
  await press(page, "o");
  assert.match(page.url(), /#/);
  await press(page, "r", "Shift+I", "Space");
  for (let n = 0; n < 8; n++) {
    await page.waitForTimeout(400);
    const [minutes, seconds] = (await page.locator(".other, .clock").allTextContents()).join(" ").match(/(?:case )?1:4\d\.\d+/)?.[0].replace("case ", "").split(":") ?? [];
    const at = Number(minutes) * 60 + Number(seconds);
    assert.ok(at >= 99.9 && at <= 101.2, `${at} outside the loop`);
  }
  await press(page, "Space");
  const marks = page.getByRole("button", { name: /^Take the marks away/ });
  assert.equal(await marks.textContent(), "1:40.0–1:41.0 ×");
  await marks.click();
  assert.equal(await marks.count(), 0);
});

test("typed times: case, own, relative", async () => {
  await go("1:40.5");
  assert.ok(Math.abs((await now()) - 100.5) < 0.001);
  await go("+20");
  assert.ok(Math.abs((await now()) - 120.5) < 0.001);
  await go("-5");
  assert.ok(Math.abs((await now()) - 115.5) < 0.001);
  await press(page, "1");
  await go("00:01:10:05");
  assert.match((await faces(page))[0].foot[0], /^00:01:10:0[45]$/);
  await page.locator("#jump").fill("25:99");
  await page.locator("#jump").press("Enter");
  assert.match(await page.locator("#jump-why").textContent(), /not a time/);
});

test("one sounds, or a mix; each can be silent", async () => {
  await go("170");
  const heard = async () => (await faces(page)).filter((face) => face.muted === false).length;
  assert.equal(await heard(), 1);
  await press(page, "Shift+S");
  assert.ok((await heard()) >= 3);
  await go("172");
  assert.ok((await heard()) >= 3, "a mix stays a mix elsewhere");
  await press(page, "2", "u");
  assert.equal((await faces(page))[1].muted, true);
  await press(page, "3", "s");
  assert.equal(await heard(), 1);
  assert.equal((await faces(page))[2].muted, false);
});

test("what the browser can't play gets a copy made for it", async () => {
  const { recordings } = await caseOf(page);
  const foreign = recordings.find((one) => one.plays === "proxy" && one.island !== null);
  assert.ok(foreign, "the sample case has a recording in a codec that browsers lack");
  await page.evaluate(({ id }) => (location.hash = `#source=${id}&t=20`), foreign);
  const angle = page.locator(`[data-angle="${foreign.id}"]`);
  await angle.waitFor();
  await page.waitForFunction((id) => (document.querySelector(`[data-angle="${id}"] audio, [data-angle="${id}"] video`)?.readyState ?? 0) >= 2, foreign.id, { timeout: 60_000 });
});

test("HEVC that shows nothing, without an error, is played from a copy", { timeout: 240_000 }, async (t) => {
  const folder = film("hevc.mp4", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-tag:v", "hvc1");
  if (!folder) return t.skip("this ffmpeg makes no HEVC");
  const other = await serve(folder);
  // As a browser is served that claims to play everything: the file itself, which this one shows nothing of.
  const { page: window_, context: window_context } = await open("about:blank");
  await window_.route("**/api/case", async (route) => {
    const answer = await route.fetch();
    const view = await answer.json();
    for (const one of view.recordings) if (one.name === "hevc.mp4") one.plays = "direct";
    await route.fulfill({ response: answer, json: view });
  });
  await window_.route("**/media/*", (route) => route.fulfill({ path: join(folder, "../films/hevc.mp4"), contentType: "video/mp4" }));
  await window_.goto(other.address);
  const angle = window_.locator("[data-angle]:has(.name:text('hevc.mp4'))");
  await angle.locator("video[src^='/proxy/']").waitFor({ timeout: 90_000 });
  await window_.waitForFunction(() => [...document.querySelectorAll("video")].some((video) => video.src.includes("/proxy/") && video.videoWidth > 0), null, { timeout: 30_000 });
  await window_context.close();
  await other.stop();
});

test("10-bit H.264, which some browsers don't play, is never given as it is", { timeout: 240_000 }, async (t) => {
  const folder = film("deep.mp4", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le");
  if (!folder) return t.skip("this ffmpeg makes no 10-bit H.264");
  const other = await serve(folder);
  const { page: window_, context: window_context } = await open(other.address);
  await ready(window_);
  const { recordings } = await caseOf(window_);
  assert.equal(recordings.find(({ name }) => name === "deep.mp4").plays, "proxy");
  await window_.waitForFunction(() => [...document.querySelectorAll("video")].some((video) => video.src.includes("/proxy/") && video.videoWidth > 0), null, { timeout: 90_000 });
  await window_context.close();
  await other.stop();
});

test("a picture that its device turned stands upright, in the angle and among the thumbnails", { timeout: 240_000 }, async () => {
  const folder = film("turned.mp4", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", 90);
  assert.ok(folder);
  const other = await serve(folder);
  const { page: window_, context: window_context } = await open(other.address);
  await ready(window_);
  const { video } = (await caseOf(window_)).recordings.find(({ name }) => name === "turned.mp4");
  assert.ok([90, 270].includes(video.rotation), `turned by ${video.rotation}`);
  const shape = await window_.locator("[data-angle]:has(.name:text('turned.mp4')) video").evaluate((one) => [one.videoWidth, one.videoHeight]);
  assert.deepEqual(shape, [video.height, video.width]);
  await window_.locator("[data-lane]", { hasText: "turned.mp4" }).click();
  await window_.locator("#panel").getByText(`turned by ${video.rotation}°`).waitFor();
  await window_context.close();
  await other.stop();
});

test("every angle tells what its own clock showed", async () => {
  const { recordings } = await caseOf(page);
  const told = recordings.filter(({ clock }) => clock);
  assert.ok(told.length >= 5, `${told.length} recordings whose clock is written down`);
  await go("170");
  const faces_now = await faces(page);
  for (const face of faces_now) {
    const recording = recordings.find(({ id }) => id === face.id);
    const media = mediaAt(recording, 170);
    if (!recording.clock || media === null || !face.foot.length) continue;
    const second = new Date(Math.floor(recording.clock.zero + media + 0.001) * 1000).toISOString().slice(11, 19);
    assert.ok(face.foot.some((words) => words.startsWith(`its clock ${second.slice(0, 7)}`)), `${face.name}: ${face.foot.join(" | ")}, not ${second}`);
  }
  assert.ok(faces_now.some((face) => face.foot.some((words) => words.startsWith("its clock"))));
});

test("on an anchored case the wall clock is shown, typed and counted on the ruler", { timeout: 120_000 }, async () => {
  const folder = freshCase();
  const { status, said } = recount("clock", folder, "C0012.MP4", "--at", "1:00", "--utc", "2026-02-10T14:21:00Z", "--sigma", "0.5");
  assert.equal(status, 0, said);
  const other = await serve(folder);
  const { page: window_, context: window_context } = await open(other.address);
  await ready(window_);
  const camera = (await caseOf(window_)).recordings.find(({ name }) => name === "C0012.MP4");
  await window_.evaluate(({ id }) => (location.hash = `#source=${id}&t=60`), camera);
  const clock = window_.getByRole("timer", { name: "Wall clock" });
  await window_.waitForFunction(() => /^14:2[01]:/.test(document.querySelector("[role=timer]")?.textContent ?? ""));
  assert.match(await clock.textContent(), /^14:2(1:00\.0|0:59\.9)/);
  // Each clock has its own ± beside it: the anchor's half second is the wall clock's, not the case's.
  assert.match(await window_.locator("header .plus-minus").textContent(), /^±5\d\d ms$/);
  assert.match(await window_.locator("header .other").textContent(), /case [\d:.]+\s±\d+ ms · 2026-02-10/);
  assert.ok((await window_.locator(".tick").allTextContents()).every((label) => /^14:\d\d:\d\d$/.test(label)));
  await window_.getByLabel("Time zone").selectOption("-420");
  assert.match(await clock.textContent(), /^07:2/);
  await window_.locator("#jump").fill("7:21:10");
  await window_.locator("#jump").press("Enter");
  await window_.waitForFunction(() => /^07:21:10/.test(document.querySelector("[role=timer]")?.textContent ?? ""));
  await window_context.close();
  await other.stop();
});

test("the bang is the first of the sudden sounds, a click away, in all angles that ran", async () => {
  await page.getByRole("heading", { name: "Sudden loud sounds" }).waitFor();
  const first = page.locator("section[aria-labelledby=sudden-head] li").first();
  assert.match(await first.textContent(), /in 3: /);
  await first.getByRole("button").click();
  await rested();
  await numbered(page);
  assert.ok(Math.abs((await now()) - 191.77) < 0.03, `${await now()}`);
  const { recordings } = await caseOf(page);
  const ran = recordings.filter((one) => one.island === 0 && one.video && mediaAt(one, 191.77) !== null);
  const shown = await faces(page);
  for (const camera of ran.filter(({ name }) => /^(C0012|IMG_4127)/.test(name))) {
    const face = shown.find(({ id }) => id === camera.id);
    assert.ok(face && face.state === null && face.frame > 0, `${camera.name} shows it`);
  }
  await press(page, ":");
  await page.waitForTimeout(100);
  assert.ok((await now()) < 191);
  await press(page, ";");
  assert.ok(Math.abs((await now()) - 191.77) < 0.03);
});
