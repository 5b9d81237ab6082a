// Links, citations, markers: every moment has an address.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { browse, caseOf, close, faces, freshCase, numbered, open, press, ready, serve } from "./stage.mjs";

let folder, server, page, context, troubles;

before(async () => {
  folder = freshCase();
  server = await serve(folder);
});
after(() => close(server));
beforeEach(async () => {
  ({ page, context, troubles } = await open(server.address));
  await ready(page);
});
afterEach(async () => {
  await context.close();
  assert.deepEqual(troubles, []);
});

const clipboard = () => page.evaluate(() => navigator.clipboard.readText());

async function go(typed) {
  await page.locator("#jump").fill(typed);
  await page.locator("#jump").press("Enter");
  await page.waitForTimeout(900);
}

test("the address of a moment opens it again", async () => {
  await go("150.3");
  assert.match(page.url(), /#t=150\.3$/);
  const other = await open(server.address);
  await other.page.goto(page.url());
  await other.page.reload();
  await ready(other.page);
  await other.page.waitForTimeout(600);
  assert.match(other.page.url(), /#t=150\.3$/);
  await other.context.close();
});

test("a moment of a recording's own time has an address too", async () => {
  const { recordings } = await caseOf(page);
  const camera = recordings.find((one) => one.name === "C0012.MP4");
  await page.evaluate(({ id }) => (location.hash = `#source=${id}&t=148.2`), camera);
  await page.waitForTimeout(600);
  await numbered(page);
  await page.waitForTimeout(300);
  const face = (await faces(page)).find((one) => one.id === camera.id);
  assert.equal(face.foot[0], "00:02:28:05");
});

test("a citation is a link to the source's own time", async () => {
  await page.locator("[data-lane]", { hasText: "C0012.MP4" }).click();
  await go("150.3");
  await press(page, "c");
  assert.match(await clipboard(), /^\[C0012\.MP4 at 2:\d\d\.\d+\]\(C0012\.MP4#t=1\d\d\.\d+\)$/);
  await press(page, "i");
  await go("+2");
  await press(page, "o", "c");
  const cited = /#t=([\d.]+),([\d.]+)\)$/.exec(await clipboard());
  assert.ok(cited && Math.abs(cited[2] - cited[1] - 2) < 0.01);
  await press(page, "Shift+C");
  assert.match(await clipboard(), /^http:\/\/127\.0\.0\.1:\d+\/#source=[0-9a-f]{64}&t=[\d.]+,[\d.]+$/);
});

test("a marker with a note is kept as text in the case, changed, and removed", async () => {
  await go("191.8");
  await press(page, "m");
  await page.locator("#note").fill("the bang");
  await page.locator("#note").press("Control+Enter");
  await page.locator(".marker", { hasText: "the bang" }).waitFor();
  if (folder) assert.match(readFileSync(join(folder, "markers.md"), "utf8"), /the bang/);
  await go("100");
  await page.locator(".marker", { hasText: "the bang" }).click();
  await page.waitForTimeout(700);
  assert.match(page.url(), /#t=191\.8$/);
  await page.getByRole("button", { name: "Change marker: the bang" }).click();
  await page.locator("#note").fill("one shot");
  await page.getByRole("button", { name: /^Save/ }).click();
  await page.locator(".marker", { hasText: "one shot" }).waitFor();
  await page.getByRole("button", { name: "Remove marker: one shot" }).click();
  await page.locator(".marker", { hasText: "one shot" }).waitFor({ state: "detached" });
  // A note is somebody's work: it can be had back.
  const undo = page.locator("header").getByRole("button", { name: /^Undo/ });
  assert.match(await undo.getAttribute("title"), /^Puts back the marker that was removed: one shot/);
  await undo.click();
  await page.locator(".marker", { hasText: "one shot" }).waitFor();
  await page.getByRole("button", { name: "Remove marker: one shot" }).click();
  await page.locator(".marker", { hasText: "one shot" }).waitFor({ state: "detached" });
});

test("letters typed into a note do nothing else", async () => {
  await go("100");
  await press(page, "m");
  await page.locator("#note").pressSequentially("jkl io m?");
  assert.equal(await page.locator("#note").inputValue(), "jkl io m?");
  assert.equal(await page.locator("dialog").count(), 0);
  await page.locator("#note").press("Escape");
});

test("a link from elsewhere opens its moment, though browsers keep the cookie back on such a way", async () => {
  const other = await context.newPage();
  const letter = "data:text/html," + encodeURIComponent(`<a href="${new URL(page.url()).origin}/#t=150.3">the moment</a>`);
  await other.goto(letter);
  await other.getByRole("link").click();
  await ready(other);
  await other.waitForTimeout(700);
  assert.match(other.url(), /#t=150\.3$/);
  await other.close();
});

test("a link opened in a browser that is not let in yet shows a page that says what to do, and works after that", async () => {
  const other = await (await browse()).newContext();
  const stranger = await other.newPage();
  const origin = new URL(page.url()).origin;
  const answer = await stranger.goto(`${origin}/#t=150.3`);
  assert.equal(answer.status(), 401);
  assert.match(answer.headers()["content-type"], /^text\/html/);
  await stranger.getByRole("heading", { name: "This browser is not let in yet" }).waitFor();
  assert.match(await stranger.locator("main").innerText(), /Open the address that recount serve printed/);
  // Its style is allowed, and nothing of the case is told.
  assert.equal(await stranger.evaluate(() => getComputedStyle(document.body).display), "grid");
  assert.doesNotMatch(await stranger.content(), /lantern|C0012/);
  assert.equal((await other.request.get(`${origin}/api/case`)).headers()["content-type"], "application/json");
  if (!process.env.PAGE_ADDRESS) {
    await stranger.goto(server.address);
    await stranger.goto(`${origin}/#t=150.3`);
    await stranger.reload();
    await ready(stranger);
    await stranger.waitForFunction(() => location.hash === "#t=150.3");
  }
  await other.close();
});
