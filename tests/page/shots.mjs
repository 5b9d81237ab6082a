// Pictures of the page to look at: sizes, themes, panels. `node shots.mjs [FOLDER]` makes them all, `node shots.mjs
// --readme FILE.png` the one that the README shows: the sample case at the moment of the bang.
import { mkdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { close, freshCase, numbered, open, press, ready, serve, until } from "./stage.mjs";

const readme = process.argv[2] === "--readme" ? process.argv[3] : null;
const folder = readme ? dirname(resolve(readme)) : (process.argv[2] ?? "shots");
mkdirSync(folder, { recursive: true });
const given = process.env.PAGE_ADDRESS;
const server = given ? { address: given, stop: async () => {} } : await serve(freshCase("lantern-quay"));

/** As `sudden.ts` finds it: the flash is in two pictures. */
const BANG = Number(process.env.BANG ?? 191.77);

async function shoot(name, options, act) {
  const { page, context, troubles } = await open(server.address, options);
  await ready(page);
  await act?.(page);
  await page.waitForTimeout(1200);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  for (const trouble of troubles) console.log(`${name}: ${trouble}`);
  await context.close();
}

const light = (page) => press(page, "d");
const bang = { hash: `#t=${BANG}` };
if (readme) {
  await shoot(basename(readme, ".png"), bang, async (page) => {
    await until(page, (view) => view.recordings.every((one) => !one.video || one.thumbs));
    await numbered(page);
    await page.locator("[data-lane]").nth(2).click();
    await page.waitForTimeout(2500);
  });
  await close(server);
  process.exit(0);
}
const sizes = { "1440x900": { width: 1440, height: 900 }, "1280x720": { width: 1280, height: 720 }, "1024x768": { width: 1024, height: 768 } };
for (const [size, box] of Object.entries(sizes)) {
  await shoot(`${size}-dark`, { ...box, ...bang });
  await shoot(`${size}-light`, { ...box, ...bang }, light);
}
await shoot("why", { ...bang }, (page) => page.locator("[data-lane]").nth(1).click());
await shoot("why-1280", { ...sizes["1280x720"], ...bang }, (page) => page.locator("[data-lane]").first().click());
await shoot("why-light", { ...bang }, async (page) => {
  await light(page);
  await page.locator("[data-lane]").nth(2).click();
});
await shoot("loose", { ...bang }, (page) => press(page, "Shift+U"));
await shoot("placing", { ...bang }, async (page) => {
  await page.locator("[data-lane]").nth(1).click();
  await press(page, "Alt+ArrowRight", "Alt+ArrowRight");
});
await shoot("keys", { ...bang }, (page) => press(page, "?"));
await shoot("frames", { ...bang }, (page) => press(page, "f"));
await shoot("nine", { ...bang }, (page) => press(page, "Alt+9"));
await shoot("one", { ...bang }, (page) => press(page, "Alt+1"));
await shoot("markers", { ...bang }, async (page) => {
  const notes = { 64.4: "armourer calls the assistant out", 97.5: "“Wait for me”", 165.6: "“Cold prop!”", 173: "hand-over", 191.76: "the bang", 228: "“One spent blank”", 371: "officer 12 arrives" };
  await page.evaluate(async (all) => {
    for (const [at, note] of Object.entries(all)) {
      await fetch("/api/markers", { method: "POST", headers: { "X-Recount": "1", "Content-Type": "application/json" }, body: JSON.stringify({ at: { case: Number(at), island: 0 }, note }) });
    }
  }, notes);
  await page.locator(".marker").nth(6).waitFor();
  await press(page, "Shift+M", "i");
  await page.locator("#jump").fill("+12");
  await page.locator("#jump").press("Enter");
  await press(page, "o");
  await page.waitForTimeout(600);
});
await shoot("veiled", { ...bang }, async (page) => {
  await page.getByRole("button", { name: "veil all" }).click();
  await page.waitForTimeout(500);
});
await close(server);
