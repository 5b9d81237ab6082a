// The time line: lanes, sound, gaps, doubt, copies, what is on no clock; zoom, order, minimap.
import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { caseOf, close, freshCase, open, press, ready, serve, until } from "./stage.mjs";

let server, page, context, troubles;

before(async () => (server = await serve(freshCase())));
after(() => close(server));
beforeEach(async () => {
  ({ page, context, troubles } = await open(server.address));
  await ready(page);
});
afterEach(async () => {
  await context.close();
  assert.deepEqual(troubles, []);
});

const lanes = () => page.locator("[data-lane]").evaluateAll((heads) => heads.map((head) => head.dataset.lane));
const ticks = () => page.locator(".tick").allTextContents();
const canvas = () => page.locator(".time canvas").first();

/** How many pixels of a lane's row are not of the ground's colour. */
function inked(row) {
  return page.evaluate((index) => {
    const canvas = document.querySelector(".time .body canvas");
    const scale = canvas.width / canvas.clientWidth;
    const pixels = canvas.getContext("2d").getImageData(0, index * 38 * scale, canvas.width, 38 * scale).data;
    const ground = getComputedStyle(document.documentElement).getPropertyValue("--ground").trim();
    const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(ground.slice(at, at + 2), 16));
    let count = 0;
    for (let at = 0; at < pixels.length; at += 4) if (pixels[at] !== r || pixels[at + 1] !== g || pixels[at + 2] !== b) count++;
    return count;
  }, row);
}

test("every recording on the clock has a lane with its name and its ±", async () => {
  const { recordings, islands } = await caseOf(page);
  const largest = islands.toSorted((a, b) => b.recordings - a.recordings)[0];
  assert.equal((await lanes()).length, largest.recordings);
  for (const recording of recordings.filter((one) => one.island === largest.number)) {
    const head = page.locator(`li:has([data-lane="${recording.id}"])`);
    assert.match(await head.textContent(), /±\d/);
    assert.ok((await head.textContent()).includes(recording.name));
  }
});

test("lanes show sound and thumbnails, made by the server", async () => {
  await until(page, (view) => view.recordings.some((one) => one.name === "C0012.MP4" && one.thumbs));
  await page.waitForTimeout(3000);
  for (let row = 0; row < 4; row++) assert.ok((await inked(row)) > 2000, `lane ${row} is empty`);
  const colours = await page.evaluate(() => {
    const canvas = document.querySelector(".time .body canvas");
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, Math.round(19 * (canvas.width / canvas.clientWidth))).data;
    const seen = new Set();
    for (let at = 0; at < pixels.length; at += 4) seen.add((pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2]);
    return seen.size;
  });
  assert.ok(colours > 100, `only ${colours} colours in the first lane: no thumbnails`);
});

test("it zooms by wheel, pinch and keys from all of it to single frames", async () => {
  const box = await canvas().boundingBox();
  const before_ticks = await ticks();
  await page.mouse.move(box.x + box.width / 2, box.y + 60);
  await page.mouse.wheel(0, -600);
  await page.waitForTimeout(100);
  assert.notDeepEqual(await ticks(), before_ticks);
  await press(page, "\\");
  await page.waitForTimeout(100);
  assert.deepEqual(await ticks(), before_ticks);
  await press(page, "+", "+");
  await page.waitForTimeout(100);
  assert.notDeepEqual(await ticks(), before_ticks);
  await press(page, "f");
  await page.waitForTimeout(300);
  const fine = await ticks();
  assert.ok(fine.every((label) => /\.\d/.test(label)), `frames need fractions of seconds: ${fine}`);
  await press(page, "\\");
  // A pinch on a touchpad is a wheel with Ctrl.
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -40);
  await page.keyboard.up("Control");
  await page.waitForTimeout(100);
  assert.notDeepEqual(await ticks(), before_ticks);
});

test("two fingers zoom", async () => {
  const before_ticks = await ticks();
  await page.evaluate(() => {
    const canvas = document.querySelector(".time .body canvas");
    canvas.setPointerCapture = () => {};
    const box = canvas.getBoundingClientRect();
    const point = (type, id, x) =>
      canvas.dispatchEvent(new PointerEvent(type, { pointerId: id, pointerType: "touch", clientX: box.left + x, clientY: box.top + 50, bubbles: true, isPrimary: id === 1 }));
    point("pointerdown", 1, 300);
    point("pointerdown", 2, 400);
    for (let step = 1; step <= 10; step++) {
      point("pointermove", 1, 300 - step * 12);
      point("pointermove", 2, 400 + step * 12);
    }
    point("pointerup", 1, 180);
    point("pointerup", 2, 520);
  });
  await page.waitForTimeout(100);
  assert.notDeepEqual(await ticks(), before_ticks);
});

test("a click goes to that moment and chooses the recording", async () => {
  const box = await canvas().boundingBox();
  const clock = page.locator(".clock");
  const before_clock = await clock.textContent();
  await page.mouse.click(box.x + box.width * 0.3, box.y + 19);
  await page.waitForTimeout(200);
  assert.notEqual(await clock.textContent(), before_clock);
  assert.equal(await page.locator('[data-lane][aria-current="true"]').count(), 1);
});

test("lanes can be hidden, isolated, moved and coloured, by keys", async () => {
  const all = await lanes();
  await page.locator("[data-lane]").nth(1).click();
  await press(page, "Shift+ArrowUp");
  assert.deepEqual((await lanes()).slice(0, 2), [all[1], all[0]]);
  await press(page, "Shift+ArrowDown");
  assert.deepEqual(await lanes(), all);
  await press(page, "h");
  assert.deepEqual(await lanes(), all.filter((id) => id !== all[1]));
  await press(page, "Shift+H");
  assert.deepEqual(await lanes(), all);
  await page.locator("[data-lane]").nth(1).click();
  await press(page, "e");
  assert.ok((await lanes()).length < all.length && (await lanes()).includes(all[1]));
  await press(page, "e");
  assert.deepEqual(await lanes(), all);
  const colour = () => page.locator("li:has([aria-current]) .colour").getAttribute("style");
  const first = await colour();
  await press(page, "y");
  assert.notEqual(await colour(), first);
});

test("a head can be dragged to another place", async () => {
  const all = await lanes();
  const box = await page.locator("[data-lane]").first().boundingBox();
  await page.mouse.move(box.x + 40, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + 40, box.y + 10 + 38, { steps: 4 });
  await page.mouse.up();
  assert.deepEqual((await lanes()).slice(0, 2), [all[1], all[0]]);
});

test("what is on no clock is in sight, with the reason", async () => {
  const { recordings } = await caseOf(page);
  const loose = recordings.filter((one) => one.island === null);
  assert.ok(loose.length > 0);
  await page.getByRole("button", { name: /^Not on this clock/ }).click();
  for (const one of loose) {
    await page.locator(".loose").getByText(one.name).waitFor();
    await page.locator(".loose").getByText(one.refusal).waitFor();
  }
});

test("other islands are a click away, under their numbers", async () => {
  await press(page, "Shift+U");
  await page.getByRole("button", { name: /^Show island/ }).first().click();
  const { islands } = await caseOf(page);
  const sizes = islands.map((island) => island.recordings);
  assert.ok(sizes.includes((await lanes()).length) && (await lanes()).length < Math.max(...sizes));
});

test("the minimap shows what part is in sight and moves it", async () => {
  const frame = page.locator(".map .frame");
  const whole = await frame.boundingBox();
  await press(page, "+", "+", "+");
  const part = await frame.boundingBox();
  assert.ok(part.width < whole.width / 2);
  const map = await page.locator(".map").boundingBox();
  await page.mouse.click(map.x + map.width * 0.1, map.y + 10);
  assert.ok((await frame.boundingBox()).x < part.x);
});
