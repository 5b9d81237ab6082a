// Why here: what the solution rests on, hearing two against each other, and a person's word.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { caseOf, close, freshCase, open, press, ready, serve, until } from "./stage.mjs";

let server, page, context, troubles;

before(async () => (server = await serve(freshCase())));
after(() => close(server));
beforeEach(async () => {
  ({ page, context, troubles } = await open(server.address, { hash: "#t=170" }));
  await ready(page);
});
afterEach(async () => {
  await context.close();
  assert.deepEqual(troubles, []);
});

const panel = () => page.locator("#panel");

async function choose(name) {
  await page.locator("[data-lane]", { hasText: name }).click();
  await page.locator("#panel h2", { hasText: name }).waitFor();
}

test("a click on a lane shows partners, windows, the parts of its doubt", async () => {
  await choose("IMG_4127.MOV");
  await panel().getByText("What it rests on").waitFor();
  assert.ok((await panel().locator(".ties li").count()) >= 2);
  assert.match(await panel().textContent(), /windows agree/);
  assert.match(await panel().textContent(), /own windows ±/);
  assert.match(await panel().textContent(), /it was paused/);
  assert.ok((await panel().locator("svg g").count()) >= 5);
  const why = await page.evaluate(async (name) => {
    const { recordings } = await (await fetch("/api/case")).json();
    return (await fetch(`/api/why/${recordings.find((one) => one.name === name).id}`)).json();
  }, "IMG_4127.MOV");
  assert.equal(await panel().locator("tbody tr:not(.parts)").count(), why.pieces.length);
});

test("a mark in the plot goes to its moment", async () => {
  await choose("C0012.MP4");
  const before_clock = await page.locator(".clock").textContent();
  await panel().locator("svg g").first().click({ force: true });
  await page.waitForTimeout(200);
  assert.notEqual(await page.locator(".clock").textContent(), before_clock);
});

test("each partner has a form of its own in the plot and in the list, and stands out when pointed at", async () => {
  await choose("C0012.MP4");
  await panel().locator("figure svg").waitFor();
  const forms = await panel().locator(".ties li").evaluateAll((all) =>
    all.filter((one) => one.querySelector(":scope > svg path")).map((one) => [one.querySelector(".name").textContent, one.querySelector(":scope > svg path").getAttribute("d")]),
  );
  const partners = new Map(forms);
  assert.ok(partners.size >= 4, `${partners.size} partners`);
  assert.equal(new Set(partners.values()).size, partners.size, "no two partners look alike without colour");
  const marks = await panel().locator("figure g").evaluateAll((all) => all.map((one) => [one.querySelector("title").textContent.split(": ")[0], one.querySelector("path").getAttribute("d")]));
  assert.ok(marks.length > 20);
  for (const [name, form] of marks) assert.equal(form, partners.get(name));
  const [first] = partners.keys();
  await panel().locator(".ties li .name", { hasText: first }).first().hover();
  const dim = await panel().locator("figure g.dim title").evaluateAll((all) => all.map((one) => one.textContent.split(": ")[0]));
  assert.ok(dim.length > 0 && !dim.includes(first));
  // Where the panel fills the page there is more room for the marks; they do not grow.
  const drawn = () => panel().locator("figure svg").evaluate((svg) => [svg.getBoundingClientRect().width, svg.viewBox.baseVal.width]);
  const [narrow] = await drawn();
  await press(page, "b");
  await page.waitForFunction((before) => document.querySelector("#panel figure svg").viewBox.baseVal.width > before + 200, narrow);
  const [wide, units] = await drawn();
  assert.ok(Math.abs(wide / units - 1) < 0.02, `${wide} for ${units}`);
  await press(page, "b");
});

test("two recordings are heard against each other, left and right", async () => {
  // What reaches the ears is what is started: two sources, panned apart, at one sample.
  await page.evaluate(() => {
    window.started = [];
    const start = AudioBufferSourceNode.prototype.start;
    AudioBufferSourceNode.prototype.start = function (when) {
      window.started.push({ when, seconds: this.buffer.duration, loud: Math.max(...this.buffer.getChannelData(0).slice(0, 40_000).map(Math.abs)) });
      start.call(this, when);
    };
    window.pans = [];
    const create = AudioContext.prototype.createStereoPanner;
    AudioContext.prototype.createStereoPanner = function () {
      const pan = create.call(this);
      window.pans.push(pan);
      return pan;
    };
  });
  await choose("C0012.MP4");
  await press(page, "t");
  await page.waitForFunction(() => window.started.length === 2);
  const { started, pans } = await page.evaluate(() => ({ started: window.started, pans: window.pans.map((one) => one.pan.value) }));
  assert.equal(started[0].when, started[1].when);
  assert.deepEqual(pans, [-1, 1]);
  assert.ok(started.every((one) => one.seconds > 5 && one.loud > 0));
  await panel().getByText(/left: C0012.MP4/).waitFor();
  await press(page, "Escape");
});

test("a recording nudged by frames is tried, said, solved again, and taken back", async () => {
  await choose("C0012.MP4");
  const before_case = await caseOf(page);
  await press(page, "Alt+ArrowRight", "Alt+ArrowRight");
  await panel().getByText("+80.0 ms").waitFor();
  await press(page, "Escape");
  assert.equal(await panel().locator("form").count(), 0);
  await press(page, "Alt+ArrowRight");
  await panel().getByLabel(/lock/).check();
  await press(page, "Enter");
  const said = await until(page, (view) => view.words.length === 1 && view.revision !== before_case.revision);
  assert.equal(said.words[0].locked, true);
  // The place changed by about the frame that it was nudged.
  const placed = (view) => view.recordings.find((one) => one.name === "C0012.MP4").pieces[0].offset - view.recordings.find((one) => one.name === "IMG_4127.MOV").pieces[0].offset;
  const after_case = await until(page, (view) => Math.abs(placed(view) - placed(before_case)) > 0.01);
  assert.ok(Math.abs(placed(after_case) - placed(before_case) - 0.04) < 0.03, `${placed(after_case) - placed(before_case)}`);
  await panel().getByText("Said by people").waitFor();
  await press(page, "Control+z");
  await until(page, (view) => view.words.length === 0);
});

test("what can be undone is said beside the button that does it", async () => {
  const undo = page.locator("header").getByRole("button", { name: /^Undo/ });
  assert.equal(await undo.count(), 0, "nothing to undo yet");
  await choose("C0012.MP4");
  await press(page, "Alt+ArrowRight");
  assert.equal(await undo.textContent(), "Undo: trying C0012.MP4");
  assert.match(await undo.getAttribute("title"), /^Puts C0012\.MP4 back where it was before it was tried \+40\.0 ms away \(Ctrl\+Z\)$/);
  await undo.click();
  assert.equal(await panel().locator("form").count(), 0);
  assert.equal(await undo.count(), 0);
  await press(page, "Alt+ArrowRight", "Enter");
  await until(page, (view) => view.words.length === 1);
  await page.waitForFunction(() => /^Undo: placing C0012/.test([...document.querySelectorAll("header button")].find((one) => /^Undo/.test(one.textContent))?.textContent ?? ""));
  assert.match(await undo.getAttribute("title"), /^Takes back what .+ said last: .*C0012\.MP4/);
  await panel().getByRole("button", { name: "Undo what was said last" }).click();
  await until(page, (view) => view.words.length === 0);
  await undo.waitFor({ state: "detached" });
});

test("a bar dragged with Alt is tried there", async () => {
  await choose("C0012.MP4");
  const box = await page.locator(".time .body canvas").boundingBox();
  const row = (await page.locator("[data-lane]").allTextContents()).findIndex((text) => text.includes("C0012.MP4"));
  const y = box.y + row * 38 + 19;
  await page.keyboard.down("Alt");
  await page.mouse.move(box.x + box.width * 0.3, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.3 + 30, y, { steps: 5 });
  await page.mouse.up();
  await page.keyboard.up("Alt");
  await panel().getByText(/^Tried elsewhere/).waitFor();
  await press(page, "Escape");
});

test("what is on no clock can be tried from the playhead", async () => {
  await press(page, "Shift+U");
  await page.locator(".loose").getByRole("button", { name: "Try it from the playhead" }).first().click();
  await panel().getByText(/Tried where nothing tells/).waitFor();
  await press(page, "Escape");
});
