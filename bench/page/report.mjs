// Draws the figures of the page as tables into bench/README.md, between its markers.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../tests/page/stage.mjs";

const README = join(ROOT, "bench/README.md");
const BEGIN = "<!-- figures of the page: written by `make bench-page`, not by hand -->";
const END = "<!-- end of the page's figures -->";

const table = (head, rows) => [`| ${head.join(" | ")} |`, `| --- |${" ---: |".repeat(head.length - 1)}`, ...rows.map((row) => `| ${row.join(" | ")} |`), ""];
const met = (is) => (is ? "yes" : "**no**");

export function writeTables(figures) {
  const text = readFileSync(README, "utf8");
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${README} has no place for the page's figures`);
  writeFileSync(README, `${before}${BEGIN}\n\n${lines(figures).join("\n")}${END}${after}`);
  console.log(`written: ${README}`);
}

function lines(figures) {
  const { machine } = figures;
  const said = `Measured ${machine.at} on ${machine.cpus} cores${machine.model ? ` of ${machine.model}` : ""}, no graphics card; Chromium ${machine.browser}, headless; recount at ${machine.commit}; load when it began: ${machine.load}.`;
  return [said, "", ...aims(figures), ...locksteps(figures)];
}

function aims(figures) {
  const rows = [];
  for (const [name, one] of locksteps_of(figures)) {
    rows.push([`four angles of ${name}, drift ±60 ppm, three minutes at 1×: p95 at most 20 ms`, `${one.three_minutes_at_1x.p95_ms} ms`, met(one.three_minutes_at_1x.p95_ms <= 20)]);
    rows.push([`${name}: after seeks`, `${one.after_seeks.p95_ms} ms`, met(one.after_seeks.p95_ms <= 20)]);
    rows.push([`${name}: at 2×`, `${one.at_2x.p95_ms} ms`, met(one.at_2x.p95_ms <= 20)]);
  }
  const seek = figures["seek to the right frame in all four angles"];
  if (seek) {
    rows.push([`seek to the first right frame in all four angles, ${seek.seeks} seeks: p95 at most 300 ms`, `${seek.p95_ms} ms`, met(seek.p95_ms <= 300)]);
    rows.push(["numbers burnt into the pictures that differ from the frame's number that is told", String(seek["burnt-in numbers that differ"]), met(seek["burnt-in numbers that differ"] === 0)]);
  }
  const open = figures["open a large case"];
  if (open) rows.push([`${open.recordings} recordings, ${open.hours} h: usable in at most 1 s`, `${open.usable_p50_ms} ms (slowest of ${open.times} ${open.usable_max_ms})`, met(open.usable_p50_ms <= 1000)]);
  const zoom = figures["zooming a large case"];
  if (zoom) rows.push(["the same while zooming: at least 50 pictures a second", `${zoom.pictures_a_second} (19 of 20 within ${zoom.gap_p95_ms} ms)`, met(zoom.pictures_a_second >= 50)]);
  const memory = figures["memory with a large case"];
  if (memory) rows.push(["the same: memory of the page's process, of its heap, of the server", `${memory.renderer_MiB}, ${memory.page_heap_MiB}, ${memory.server_MiB} MiB`, "–"]);
  return rows.length ? table(["aim", "measured", "met"], rows) : [];
}

function locksteps_of(figures) {
  return Object.entries(figures).filter(([name]) => name.startsWith("lockstep ")).map(([name, one]) => [name.replace("lockstep ", "").replace("x", "×"), one]);
}

function locksteps(figures) {
  const all = locksteps_of(figures);
  if (!all.length) return [];
  const row = (name, what, one) => [`${name}, ${what}`, `${one.frames} of ${one.expected}`, one.p50_ms, one.p95_ms, one.max_ms];
  const rows = all.flatMap(([name, one]) => [row(name, "1×", one.three_minutes_at_1x), row(name, "after seeks", one.after_seeks), row(name, "2×", one.at_2x)]);
  return table(["lockstep", "frames shown", "p50 ms", "p95 ms", "max ms"], rows);
}
