// What is said: once for all who heard it, word by word, a click from its second.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { close, freshCase, open, press, ready, recount, serve, until } from "./stage.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Of the camera, by somebody who listened; times of the camera. */
const CAMERA = `WEBVTT

00:02:45.700 --> 00:02:47.300
<v Joon Pell>Cold prop, the pistol is cold.

00:02:49.700 --> 00:02:51.900
<v Mara Quill>It has been on the cart since lunch, it is empty.
`;

/** Of the phone, which runs 83.148 s behind it there, by somebody who heard one word otherwise. */
const PHONE = `WEBVTT

00:01:22.552 --> 00:01:24.152
<v Joon Pell>Cold prop, the pistol is called.
`;

/** Of the boom, 163.0 s behind the camera. */
const BOOM = `WEBVTT

00:00:12.500 --> 00:00:13.500
And Ned, when you turn, aim just past the camera.
`;

let folder, server, page, context, troubles;

/** Brings a transcript of a recording to the case. */
function bring(text, of) {
  const file = join(mkdtempSync(join(tmpdir(), "recount-words-")), `${of}.vtt`);
  writeFileSync(file, text);
  const { status, said } = recount("import", folder, file, "--of", of);
  assert.equal(status, 0, said);
}

/** What the clock of the page shows, in seconds. */
async function clock(page) {
  const [minutes, seconds] = (await page.locator(".clock").first().textContent()).match(/(\d+):([\d.]+)/).slice(1);
  return 60 * Number(minutes) + Number(seconds);
}

before(async () => {
  folder = freshCase();
  bring(CAMERA, "C0012.MP4");
  bring(PHONE, "IMG_4127.MOV");
  server = await serve(folder);
});
after(() => close(server));
beforeEach(async () => {
  ({ page, context, troubles } = await open(server.address, { hash: "#t=160" }));
  await ready(page);
  await press(page, "Shift+W");
  await page.locator(".words li").first().waitFor();
});
afterEach(async () => {
  await context.close();
  // A query that can't be understood is answered so, and the browser says that on its console.
  assert.deepEqual(troubles.filter((one) => !one.includes("400")), []);
});

test("two recordings that heard the same are told once, with what each has", async () => {
  const said = page.locator(".words li");
  assert.equal(await said.count(), 2);
  const first = await said.first().textContent();
  assert.match(first, /Joon Pell/);
  assert.match(first, /and 1 more/);
  const disputed = page.locator(".words .word.disputed");
  assert.equal(await disputed.count(), 1);
  assert.match((await disputed.getAttribute("title")) ?? "", /has “(cold|called)\.”/);
});

test("a click on a word goes to its second, keys to what is said next and before", async () => {
  await page.locator(".words .word", { hasText: "pistol" }).click();
  const at = await clock(page);
  assert.ok(at > 165.7 && at < 167.3, `${at}`);
  await press(page, "'");
  assert.ok(Math.abs((await clock(page)) - 169.7) < 0.05);
  assert.equal(await page.locator(".words li[aria-current]").count(), 1);
  assert.match(await page.locator(".words li[aria-current]").textContent(), /Mara Quill/);
  await press(page, '"');
  assert.ok(Math.abs((await clock(page)) - 165.7) < 0.05);
});

test("a transcript that comes while the page is open is shown", async () => {
  bring(BOOM, "34R-T01.WAV");
  await page.locator(".words li").nth(2).waitFor();
  assert.match(await page.locator(".words li").nth(2).textContent(), /34R-T01/);
});

test("who speaks is named from the list, goes to the server, and Undo takes it back", async () => {
  // Here all words were brought; the page is told that a machine wrote them and does not know who speaks.
  await page.route("**/api/said*", async (route) => {
    const answer = await route.fetch();
    const said = await answer.json();
    said.utterances = said.utterances.map(({ speaker: _, ...one }) => ({ ...one, machine: true, voice: 1 }));
    await route.fulfill({ response: answer, json: said });
  });
  await page.reload();
  await ready(page);
  await press(page, "Shift+W");
  const label = page.locator(".words li .speaker").first();
  assert.equal((await label.textContent()).trim(), "Voice 1");
  await label.click();
  const field = page.getByRole("combobox", { name: "who speaks" });
  await field.waitFor();
  assert.ok(await field.evaluate((element) => element === document.activeElement));
  await page.keyboard.press("Escape");
  await field.waitFor({ state: "detached" });
  assert.ok(await label.evaluate((element) => element === document.activeElement));
  await label.click();
  await field.fill("Joon Pell");
  await field.press("Enter");
  const { named } = await until(page, (view) => view.named.length === 1);
  assert.deepEqual([named[0].person, named[0].only], ["Joon Pell", false]);
  await field.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Undo: naming Joon Pell" }).waitFor();
  await press(page, "Control+Z");
  await until(page, (view) => view.named.length === 0);
});

test("while what is said is renewed it stays to be read, and who heard it too", async () => {
  await page.getByRole("button", { name: "and 1 more" }).click();
  await page.locator(".witnesses").waitFor();
  const shown = await page.locator(".words li").count();
  let answer, asked;
  const mayAnswer = new Promise((resolve) => (answer = resolve));
  const isAsked = new Promise((resolve) => (asked = resolve));
  await page.route("**/api/said*", async (route) => {
    asked();
    await mayAnswer;
    await route.continue();
  });
  bring(BOOM.replace("camera", "lens"), "34R-T01.WAV");
  await isAsked;
  assert.equal(await page.locator(".words li").count(), shown);
  assert.ok(await page.locator(".witnesses").isVisible());
  answer();
  await page.locator(".words li", { hasText: "lens" }).waitFor();
  assert.ok(await page.locator(".witnesses").isVisible());
});

test("what was said and written is found while one types, and Enter goes there", async () => {
  await press(page, "/");
  const field = page.locator("#find");
  await field.waitFor();
  assert.ok(await field.evaluate((element) => element === document.activeElement));
  await field.pressSequentially("pistol");
  const results = page.getByRole("list", { name: "Results" }).locator("li");
  await results.first().waitFor();
  assert.match(await results.first().textContent(), /the pistol is/);
  await field.press("Enter");
  const at = await clock(page);
  assert.ok(at > 165.7 && at < 167.3, `${at}`);
  await field.fill("speaker:Quill cart");
  await page.waitForFunction(() => document.querySelectorAll('[aria-label="Results"] li').length === 1);
  await field.fill('before:nonsense "');
  // What was found before stays until the query can be understood.
  await page.waitForFunction(() => !/result/.test(document.querySelector(".words [role=status]")?.textContent ?? "result"));
  assert.match(await page.locator(".words [role=status]").textContent(), /\w+ \w+/);
  await field.press("Escape");
  assert.equal(await field.inputValue(), "");
});

test("everybody who heard it is a click away", async () => {
  await page.getByRole("button", { name: "and 1 more" }).click();
  await page.locator(".witnesses button", { hasText: "IMG_4127" }).click();
  await page.waitForFunction(() => [...document.querySelectorAll("[data-angle]")].some((angle) => angle.textContent.includes("IMG_4127")));
  assert.ok(Math.abs((await clock(page)) - 165.7) < 0.05);
});

test("what is misheard is written anew in its place, and Undo brings it back", async () => {
  const first = page.locator(".words li").first();
  const before = await first.locator(".said").textContent();
  await first.getByRole("button", { name: "correct", exact: true }).click();
  const field = page.getByRole("textbox", { name: /as you hear it/ });
  await field.waitFor();
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`), []);
  assert.equal(await field.inputValue(), before.trim());
  // Given up, nothing is said.
  await field.press("Escape");
  assert.equal(await page.getByRole("form", { name: "Correct what is said" }).count(), 0);
  await page.locator(".words .word", { hasText: "pistol" }).click();
  await press(page, "Shift+E");
  await field.fill("Cold prop, this pistol is cold!");
  await field.press("Enter");
  await first.locator(".said", { hasText: "this pistol is cold!" }).waitFor();
  await field.waitFor({ state: "detached" });
  const { corrected } = await until(page, (view) => view.corrected);
  assert.equal(corrected.text, "Cold prop, this pistol is cold!");
  await page.getByRole("button", { name: "Undo: correcting what is said" }).waitFor();
  await press(page, "Control+Z");
  await until(page, (view) => !view.corrected);
  await first.locator(".said", { hasText: "the pistol" }).waitFor();
  assert.equal(await first.locator(".said").textContent(), before);
});
