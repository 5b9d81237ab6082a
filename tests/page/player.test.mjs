// The angles: on one clock, each with its own time and true frame; speed, stepping, marks, typed times, sound.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { caseOf, close, faces, freshCase, numbered, open, press, ready, serve } from "./stage.mjs";

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

test("playing keeps all angles on the clock", async () => {
  const { recordings } = await caseOf(page);
  await go("155");
  await press(page, "Space");
  await page.waitForTimeout(4000);
  const faces_now = await page.evaluate(() =>
    [...document.querySelectorAll("[data-angle]")].map((angle) => {
      const element = angle.querySelector("video, audio");
      return { id: angle.dataset.angle, media: element.currentTime, runs: !element.paused };
    }),
  );
  const moments = faces_now
    .filter(({ runs }) => runs)
    .map(({ id, media }) => {
      const piece = recordings.find((one) => one.id === id).pieces.findLast((one) => media >= one.start);
      return piece.offset + (1 + piece.drift_ppm * 1e-6) * media;
    });
  await press(page, "Space");
  assert.ok(moments.length >= 2);
  assert.ok(Math.max(...moments) - Math.min(...moments) < 0.05, `apart by ${Math.max(...moments) - Math.min(...moments)}`);
  assert.ok((await now()) > 157);
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
  assert.ok(await page.evaluate(() => [...document.querySelectorAll("video, audio")].every((one) => one.preservesPitch)));
  await go("60");
  await press(page, "Space");
  await page.waitForTimeout(2500);
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
