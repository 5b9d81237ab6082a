// Adding files by dropping them, work in the background, a second window, a server that goes and comes back.
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { caseOf, close, freshCase, MEDIA, open, press, ready, serve, until } from "./stage.mjs";

let folder, server;

before(async () => {
  folder = freshCase();
  server = await serve(folder);
});
after(() => close(server));

/** Drops a file on the page as a hand would. */
async function drop(page, name, bytes) {
  const transfer = await page.evaluateHandle(
    ({ name, base64 }) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name));
      return transfer;
    },
    { name, base64: bytes.toString("base64") },
  );
  await page.dispatchEvent("body", "dragover", { dataTransfer: transfer });
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
}

test("work in the background shows how far it is, and can be stopped", async () => {
  const { page, context } = await open(server.address);
  await ready(page);
  await press(page, "Shift+J");
  const running = page.getByRole("list", { name: "Running work" });
  const ended = page.getByRole("list", { name: "Ended work" });
  await running.getByText("thumbnails").or(ended.getByText("thumbnails")).waitFor();
  // A machine may be so fast that all is done before anybody could stop it.
  const stop = running.locator("li", { hasText: "thumbnails" }).getByRole("button", { name: "stop" });
  if ((await stop.count()) > 0) await stop.click().catch(() => {});
  await ended.getByText("thumbnails").waitFor();
  const { jobs } = await until(page, (view) => view.jobs.some((job) => job.what === "thumbnails" && job.state !== "running"));
  const { state, done, total } = jobs.find((job) => job.what === "thumbnails");
  assert.ok(state === "stopped" || (state === "done" && done === total), `${state}, ${done} of ${total}`);
  await context.close();
});

test("a dropped file becomes a recording, in every window", { timeout: 120_000 }, async () => {
  const first = await open(server.address);
  const second = await open(server.address);
  await Promise.all([ready(first.page), ready(second.page)]);
  // A few bytes after the end make another source of the same sound.
  const bytes = Buffer.concat([readFileSync(join(MEDIA, "VID-20260210-0007.mp4")), Buffer.alloc(8)]);
  await drop(first.page, "dropped here.mp4", bytes);
  await first.page.getByText("dropped here.mp4").first().waitFor();
  for (const { page } of [first, second]) {
    await page.waitForFunction(() => [...document.querySelectorAll("[data-lane]")].some((head) => head.textContent.includes("dropped here.mp4")), null, { timeout: 90_000 });
  }
  const { recordings } = await caseOf(first.page);
  assert.equal(recordings.filter((one) => one.name.includes("dropped here")).length, 1);
  for (const { context, troubles } of [first, second]) {
    assert.deepEqual(troubles, []);
    await context.close();
  }
});

test("a second window sees a marker at once", async () => {
  const first = await open(server.address);
  const second = await open(server.address);
  await Promise.all([ready(first.page), ready(second.page)]);
  await press(first.page, "m");
  await first.page.locator("#note").fill("seen twice");
  await first.page.locator("#note").press("Control+Enter");
  await second.page.locator(".marker", { hasText: "seen twice" }).waitFor({ timeout: 5000 });
  await first.context.close();
  await second.context.close();
});

test("a server killed and started again under an open page is found again", { timeout: 60_000 }, async () => {
  const { page, context } = await open(server.address);
  await ready(page);
  await server.stop("SIGKILL");
  await page.getByText("the server does not answer").waitFor({ timeout: 15_000 });
  server = await serve(folder, server.port);
  await page.getByText("the server does not answer").waitFor({ state: "detached", timeout: 20_000 });
  await press(page, "m");
  await page.locator("#note").fill("after the crash");
  await page.locator("#note").press("Control+Enter");
  await page.locator(".marker", { hasText: "after the crash" }).waitFor({ timeout: 5000 });
  await context.close();
});

test("--open gives the browser a file that only its user can read, and no token in its words", async () => {
  const bin = mkdtempSync(join(tmpdir(), "recount-open-"));
  const opener = process.platform === "darwin" ? "open" : "xdg-open";
  // Stands for the desktop: notes what it was given, its mode, and what it says.
  writeFileSync(join(bin, opener), `#!/bin/sh\nprintf '%s\\n' "$*" > "${bin}/words"\nstat -c %a "$1" > "${bin}/mode"\ncat "$1" > "${bin}/page.html"\nmv "${bin}/page.html" "${bin}/done.html"\n`);
  chmodSync(join(bin, opener), 0o755);
  const path = process.env.PATH;
  process.env.PATH = `${bin}:${path}`;
  const other = await serve(freshCase(), 0, "--open");
  process.env.PATH = path;
  for (let turn = 0; turn < 100 && !existsSync(join(bin, "done.html")); turn++) await new Promise((done) => setTimeout(done, 100));
  const [words, mode, html] = ["words", "mode", "done.html"].map((name) => readFileSync(join(bin, name), "utf8").trim());
  assert.doesNotMatch(words, /token|http/);
  assert.equal(mode, "600");
  assert.ok(html.includes(other.address));
  const { page, context } = await open("about:blank");
  try {
    await page.goto(`file://${join(bin, "done.html")}`);
    await ready(page);
  } finally {
    await context.close();
    await other.stop();
  }
  assert.ok(!existsSync(words), "the file is gone when the server ends");
});
