// Four films of 720p with one sound, for measuring lockstep: each with its frame number burnt in as a row of bits, each
// begun a little later than the last, and with clocks up to 62.5 ppm apart (whole hertz of 48 kHz).
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

export const FILMS = [
  { name: "north.mp4", rate_hz: 48_003, begins_s: 0 },
  { name: "east.mp4", rate_hz: 47_997, begins_s: 1.3 },
  { name: "south.mp4", rate_hz: 48_001, begins_s: 2.7 },
  { name: "west.mp4", rate_hz: 47_999, begins_s: 4.1 },
];

export const BITS = 14;
export const BIT_PX = 64;

/** Makes the films that are not there yet. */
export function makeFilms(folder, sound, { width = 1280, height = 720, seconds = 200 } = {}) {
  mkdirSync(folder, { recursive: true });
  for (const film of FILMS) {
    const path = join(folder, film.name);
    if (existsSync(path)) continue;
    const bits = Array.from({ length: BITS }, (_, bit) => `drawbox=x=${bit * BIT_PX}:y=0:w=${BIT_PX}:h=${BIT_PX}:color=white:t=fill:enable='eq(mod(floor(n/${2 ** bit}),2),1)'`);
    const picture = [`drawbox=x=0:y=0:w=${BITS * BIT_PX}:h=${BIT_PX}:color=black:t=fill`, ...bits, `scale=${width}:${height}`].join(",");
    execFileSync("nice", ["-n", "12", "ffmpeg", "-v", "error", "-y",
      "-f", "lavfi", "-t", String(seconds), "-i", "testsrc2=s=1280x720:r=30",
      "-ss", String(film.begins_s), "-t", String(seconds), "-i", sound,
      "-vf", picture, "-af", `aresample=48000,asetrate=${film.rate_hz},aresample=48000`, "-ac", "1",
      "-c:v", "libx264", "-preset", "superfast", "-crf", "28", "-g", "30", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k",
      "-map", "0:v", "-map", "1:a", "-shortest", path], { stdio: "inherit" });
  }
  return FILMS.map((film) => join(folder, film.name));
}
