// Care: veils, themes, keys, names for screen readers, and nothing that leaves the machine.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { caseOf, close, freshCase, numbered, open, press, ready, serve, until } from "./stage.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let server;

before(async () => (server = await serve(freshCase())));
after(() => close(server));

async function window_(options) {
  const opened = await open(server.address, options);
  await ready(opened.page);
  return opened;
}

async function violations(page) {
  // The content policy forbids scripts from elsewhere, so axe is evaluated, not added to the page.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 4).join(", ")}`);
}

test("axe finds nothing, in both themes, in every panel", async () => {
  const { page, context, troubles } = await window_();
  for (const theme of ["dark", "light"]) {
    for (const key of ["w", "Shift+W", "Shift+M", "Shift+U", "Shift+J"]) {
      await press(page, key);
      assert.deepEqual(await violations(page), [], `${theme}, ${key}`);
    }
    await page.locator("[data-lane]").nth(1).click();
    await press(page, "w");
    await page.locator("#panel h2").waitFor();
    await page.waitForTimeout(800);
    assert.deepEqual(await violations(page), [], `${theme}, why`);
    await press(page, "Alt+ArrowRight");
    assert.deepEqual(await violations(page), [], `${theme}, placing`);
    await press(page, "Escape", "?");
    await page.locator("dialog").waitFor();
    assert.deepEqual(await violations(page), [], `${theme}, keys`);
    await page.keyboard.press("Escape");
    await press(page, "d");
  }
  assert.deepEqual(troubles, []);
  await context.close();
});

test("no request leaves the machine", async () => {
  const { page, context, strangers } = await window_();
  await press(page, "Space");
  await page.waitForTimeout(1500);
  assert.deepEqual(strangers, []);
  await context.close();
});

test("a veiled recording is blurred, grey and silent, and has no thumbnails", async () => {
  const { page, context } = await window_({ hash: "#t=150" });
  const { recordings } = await caseOf(page);
  const id = await page.locator("[data-angle]:has(video)").first().getAttribute("data-angle");
  const angle = page.locator(`[data-angle="${id}"]`);
  await page.locator(`[data-lane="${id}"]`).click();
  await press(page, "q");
  await angle.locator("video.veiled").waitFor();
  assert.match(await angle.locator("video").evaluate((video) => getComputedStyle(video).filter), /blur.*grayscale/);
  assert.equal(await angle.locator("video").evaluate((video) => video.muted), true);
  const answer = await page.evaluate((one) => fetch(`/thumbs/${one}/0.jpg`, { cache: "reload" }).then(({ status }) => status), id);
  assert.equal(answer, 404);
  await angle.getByRole("button", { name: /Look and listen/ }).click();
  assert.equal(await angle.locator("video.veiled").count(), 0);
  await press(page, "q");
  await until(page, (view) => !view.recordings.find((one) => one.id === id).veiled);
  await page.getByRole("button", { name: "veil all" }).click();
  await until(page, (view) => view.veil_all);
  // What only sounds is silent too, and says so with the way out.
  const sound = page.locator("[data-angle]:has(audio)", { hasText: "veiled: sound only, silent" }).first();
  await sound.getByRole("button", { name: /Look and listen/ }).waitFor();
  assert.equal(await sound.locator("audio").evaluate((audio) => audio.muted), true);
  await page.getByRole("button", { name: "veil all" }).click();
  await until(page, (view) => !view.veil_all);
  assert.ok(recordings.length);
  await context.close();
});

test("dark by default, light or as the system is by choice, and remembered", async () => {
  const { page, context } = await window_({ colorScheme: "light" });
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  const menu = page.getByLabel("Colours");
  const chosen = () => menu.evaluate((one) => one.selectedOptions[0].textContent);
  assert.equal(await theme(), "dark");
  await press(page, "d");
  assert.equal(await theme(), "light");
  await page.reload();
  await ready(page);
  assert.equal(await theme(), "light");
  await menu.selectOption("dark");
  assert.equal(await theme(), "dark");
  await menu.selectOption("system");
  assert.equal(await theme(), "light");
  assert.equal(await chosen(), "as the system (light)");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
  assert.equal(await chosen(), "as the system (dark)");
  await page.reload();
  await ready(page);
  assert.equal(await chosen(), "as the system (dark)");
  await context.close();
});

test("? lists every key from the table, and a key can be changed", async () => {
  const { page, context } = await window_();
  await press(page, "?");
  await page.locator("dialog dl > div").first().waitFor();
  assert.ok((await page.locator("dialog dl > div").count()) > 50);
  await page.getByRole("button", { name: /Key for Put a marker here/ }).click();
  await page.keyboard.press("F2");
  await page.keyboard.press("Escape");
  await press(page, "F2");
  await page.locator("#note").waitFor();
  await page.locator("#note").press("Escape");
  await press(page, "?");
  await page.getByRole("button", { name: "Keys as they were" }).click();
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await context.close();
});

test("the first Tab offers to skip to the time line", async () => {
  const { page, context } = await window_();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "To the time line");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "time-line");
  await context.close();
});

test("nothing moves by itself where less motion is wished", async () => {
  const { page, context } = await window_({ reducedMotion: "reduce" });
  const moving = await page.evaluate(() => document.getAnimations().length);
  assert.equal(moving, 0);
  await context.close();
});

for (const [width, height] of [[1440, 900], [1280, 720], [1024, 768], [820, 1180]]) {
  test(`nothing is cut off at ${width}×${height}`, async () => {
    const { page, context } = await window_({ width, height });
    const outside = await page.evaluate(() => {
      const [w, h] = [innerWidth, innerHeight];
      return [...document.querySelectorAll("header button, header .clock, .controls button, .controls select, #jump, [role=tab], .corner button, footer button")]
        .filter((one) => one.offsetParent !== null)
        .map((one) => ({ one, box: one.getBoundingClientRect() }))
        .filter(({ one, box }) => !one.closest("article, #panel") && (box.right > w + 1 || box.bottom > h + 1 || box.left < -1))
        .map(({ one }) => one.getAttribute("aria-label") ?? one.textContent);
    });
    assert.deepEqual(outside, []);
    for (const count of [4, 9]) {
      await press(page, `Alt+${count}`);
      await numbered(page);
      const cut = await page.evaluate(() => {
        const told = [];
        for (const angle of document.querySelectorAll("[data-angle]")) {
          const of = angle.getAttribute("aria-label");
          const frame = angle.getBoundingClientRect();
          const header = angle.querySelector("header").getBoundingClientRect();
          for (const part of angle.querySelectorAll("footer, footer > span, .state p, header button")) {
            const box = part.getBoundingClientRect();
            if (!box.width) continue;
            if (box.left < frame.left || box.right > frame.right || box.bottom > frame.bottom) told.push(`${of}: ${part.textContent} is cut off`);
            if (!part.closest("header") && box.top < header.bottom - 1) told.push(`${of}: ${part.textContent} lies over the name`);
          }
          const foot = angle.querySelector("footer");
          if (foot && foot.scrollWidth > foot.clientWidth) told.push(`${of}: ${foot.textContent} is wider than its place`);
        }
        const panel = document.querySelector("[role=tablist]").getBoundingClientRect();
        for (const tab of document.querySelectorAll("[role=tab]")) if (tab.getBoundingClientRect().right > panel.right + 1) told.push(`${tab.textContent} is not in sight`);
        return told;
      });
      assert.deepEqual(cut, [], `${count} angles`);
    }
    await press(page, "Alt+4");
    assert.ok((await page.locator("[data-angle]").first().boundingBox()).height > 90);
    assert.ok((await page.locator(".time .body").boundingBox()).height > 100);
    await context.close();
  });
}

test("on a tablet, fingers choose, scrub, pan and zoom", async () => {
  const { page, context } = await window_({ width: 1024, height: 768, hasTouch: true });
  const client = await context.newCDPSession(page);
  const touch = (type, ...points) => client.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
  const ticks = () => page.locator(".tick").allTextContents();
  const box = await page.locator(".time .body canvas").boundingBox();
  const [x, y] = [box.x + box.width * 0.3, box.y + 60];
  await page.locator("[data-lane]").nth(1).tap();
  assert.equal(await page.locator("[data-lane]").nth(1).getAttribute("aria-current"), "true");
  const before_ticks = await ticks();
  await touch("touchStart", [x, y], [x + 60, y]);
  for (let step = 1; step <= 12; step++) await touch("touchMove", [x - step * 10, y], [x + 60 + step * 10, y]);
  await touch("touchEnd");
  await page.waitForTimeout(150);
  const closer = await ticks();
  assert.notDeepEqual(closer, before_ticks);
  await touch("touchStart", [x, y]);
  for (let step = 1; step <= 12; step++) await touch("touchMove", [x + step * 15, y]);
  await touch("touchEnd");
  await page.waitForTimeout(150);
  assert.notDeepEqual(await ticks(), closer, "one finger pans");
  const clock = page.locator(".clock");
  const before_clock = await clock.textContent();
  await page.touchscreen.tap(x + 100, y);
  await page.waitForTimeout(150);
  assert.notEqual(await clock.textContent(), before_clock);
  await page.locator("button.play").tap();
  await page.waitForTimeout(800);
  assert.equal(await page.locator("button.play").getAttribute("aria-label"), "Pause");
  await context.close();
});
