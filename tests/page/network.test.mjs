// On a network: refused without a password and TLS, asks for the password, answers nobody else.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { browse, close, freshCase, ready, recount, serve } from "./stage.mjs";

const PASSWORD = "a lantern on the quay";
const folder = mkdtempSync(join(tmpdir(), "recount-tls-"));
const [cert, key, password] = ["cert.pem", "key.pem", "password.txt"].map((name) => join(folder, name));
const with_all = ["--password-file", password, "--tls-cert", cert, "--tls-key", key];
let case_folder, server;

before(async () => {
  case_folder = freshCase();
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert], { stdio: "ignore" });
  writeFileSync(password, PASSWORD + "\n");
  for (const secret of [key, password]) chmodSync(secret, 0o600);
  server = await serve(case_folder, 0, "--listen", "0.0.0.0", ...with_all);
});
after(() => close(server));

test("beyond this machine it does not answer without a password and TLS", () => {
  for (const words of [[], ["--password-file", password], ["--tls-cert", cert, "--tls-key", key]]) {
    const { status, said } = recount("serve", case_folder, "--listen", "0.0.0.0", "--port", "0", ...words);
    assert.equal(status, 2);
    assert.match(said, /it takes --password-file, --tls-cert and --tls-key/);
  }
  chmodSync(password, 0o644);
  const { status, said } = recount("serve", case_folder, "--listen", "0.0.0.0", "--port", "0", ...with_all);
  chmodSync(password, 0o600);
  assert.equal(status, 2);
  assert.match(said, /other users of this machine may read it/);
});

test("the address carries no token, and plain HTTP is not answered", async () => {
  assert.match(server.address, /^https:\/\/localhost:\d+\/$/);
  await assert.rejects(new Promise((done, failed) => get(`http://127.0.0.1:${server.port}/`, done).on("error", failed)));
});

async function enter(httpCredentials) {
  const context = await (await browse()).newContext({ ignoreHTTPSErrors: true, ...(httpCredentials ? { httpCredentials } : {}) });
  const page = await context.newPage();
  const answer = await page.goto(server.address, { timeout: 60_000 });
  return { context, page, status: answer.status() };
}

test("the password lets a browser in, and nothing else does", async () => {
  for (const wrong of [null, { username: "any", password: "guessed it, did you" }]) {
    const { context, page, status } = await enter(wrong).catch((error) => ({ status: /ERR_INVALID_AUTH|ERR_TOO_MANY_RETRIES/.test(String(error)) ? 401 : String(error) }));
    assert.equal(status, 401);
    // What is shown then says what to do; it may not ask for anything itself.
    if (page) assert.match(await page.locator("main").innerText(), /password/);
    if (context) assert.equal((await context.request.get(new URL("/api/case", server.address).href)).status(), 401);
    await context?.close();
  }
  const { context, page } = await enter({ username: "any", password: PASSWORD });
  await ready(page);
  const [cookie] = await context.cookies();
  assert.ok(cookie.secure && cookie.httpOnly && cookie.sameSite === "Strict");
  assert.ok((await page.locator("[data-lane]").count()) > 5);
  await context.close();
});
