// A thousand recordings out of a few long ones, cut without decoding: for measuring the page with a large case.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { basename, extname, join } from "node:path";

/** Cuts each long recording of `from` into pieces of `seconds`, until there are `count`. */
export function makeCrowd(from, folder, count = 1000, seconds = 360) {
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length >= count) return folder;
  for (const name of readdirSync(from).filter((one) => /\.(mp4|m4a|mov|wav|mp3|mkv)$/i.test(one)).sort()) {
    const stem = basename(name, extname(name));
    execFileSync("nice", ["-n", "12", "ffmpeg", "-v", "error", "-y", "-i", join(from, name), "-c", "copy", "-map", "0", "-f", "segment", "-segment_time", String(seconds), "-reset_timestamps", "1",
      join(folder, `${stem}-%03d${extname(name)}`)], { stdio: "inherit" });
    if (readdirSync(folder).length >= count) break;
  }
  return folder;
}
