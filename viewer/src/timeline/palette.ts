// The theme's colours as the canvas needs them: read once a theme from the style sheet, mixed with the ground.
import { COLOURS } from "./lanes";

export type Tone = { wave: number; fill: number; fill_css: string; border_css: string; wave_css: string };

export type Palette = {
  ground: number;
  panel: number;
  ground_css: string;
  text: string;
  muted: string;
  line: string;
  accent: string;
  conflict: string;
  tones: Record<string, Tone>;
};

type Rgb = [number, number, number];

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const ground = rgb(token("ground"));
  const tones: Record<string, Tone> = {};
  for (const name of COLOURS) {
    const full = rgb(token(name));
    tones[name] = {
      wave: pack(mix(full, ground, 0.85)),
      fill: pack(mix(full, ground, 0.22)),
      fill_css: css(mix(full, ground, 0.22)),
      border_css: css(mix(full, ground, 0.6)),
      wave_css: css(full),
    };
  }
  return {
    ground: pack(ground),
    panel: pack(rgb(token("panel"))),
    ground_css: css(ground),
    text: token("text"),
    muted: token("muted"),
    line: token("line"),
    accent: token("accent"),
    conflict: token("conflict"),
    tones,
  };
}

/** `#rrggbb`, or `#rgb` as style sheets are shortened to. */
function rgb(hex: string): Rgb {
  const digits = hex.length === 4 ? hex.slice(1).replace(/./g, "$&$&") : hex.slice(1, 7);
  const value = Number.parseInt(digits, 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function mix(a: Rgb, b: Rgb, share: number): Rgb {
  const part = (x: number, y: number) => Math.round(x * share + y * (1 - share));
  return [part(a[0], b[0]), part(a[1], b[1]), part(a[2], b[2])];
}

/** As a pixel of `ImageData` lies in memory on a little-endian machine, which all browsers' machines are. */
function pack([r, g, b]: Rgb): number {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

function css([r, g, b]: Rgb): string {
  return `rgb(${r} ${g} ${b})`;
}
