// Draws the lanes in sight on a canvas. Bars and sound are written as pixels into one buffer and put down at once, which
// a browser without a graphics card does at hundreds of pictures a second; thumbnails, hatching and words come on top.
// Only lanes and buckets in sight are touched, so the cost does not grow with the case.
import { levelFor, loudest } from "../api/binary";
import type { ExcerptView, PieceView as Piece, VideoView } from "../api/types";
import { caseEnd, caseStart, mediaOf, rateOf, toCase } from "../clock/pieces";
import { length } from "../clock/format";
import type { Lane } from "./lanes";
import type { Palette, Tone } from "./palette";
import type { Stores } from "./stores.svelte";
import { endOf, type View, xOf } from "./view";

/** Height of a lane and of the bar in it, and where thumbnails end and sound begins, in pixels. */
export const LANE_PX = 38;
const BAR_TOP = 2;
const BAR_PX = 34;
const PICTURE_PX = 17;

/** Frames of 25 a second are 8 pixels wide here: time for frames instead of thumbnails; numbers fit a little later. */
const FRAMES_S_PER_PX = 0.005;
const NUMBERS_S_PER_PX = 0.0012;

/** Thumbnails are sent in strips of this many. */
const PER_SHEET = 16;

export type Scene = {
  lanes: readonly Lane[];
  view: View;
  scroll_px: number;
  excerpts: readonly ExcerptView[];
  selected: string | null;
  trial: string | null;
  markers: readonly number[];
  selection: { start: number; end: number } | null;
  isVeiled: (id: string) => boolean;
};

export class Painter {
  #pixels: ImageData | null = null;
  #words: Uint32Array = new Uint32Array(0);

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly stores: Stores,
  ) {}

  paint(scene: Scene, palette: Palette): void {
    const context = this.canvas.getContext("2d", { alpha: false });
    const { width, height } = this.canvas;
    if (!context || !width || !height) return;
    const scale = width / scene.view.width_px;
    const buffer = this.#buffer(context, width, height);
    this.#words.fill(palette.ground);
    const first = Math.max(0, Math.floor(scene.scroll_px / LANE_PX));
    const last = Math.min(scene.lanes.length, Math.ceil((scene.scroll_px + height / scale) / LANE_PX));
    const rows = scene.lanes.slice(first, last).map((lane, index) => ({
      lane,
      top: (first + index) * LANE_PX - scene.scroll_px,
      tone: palette.tones[lane.colour] ?? (palette.tones["grey"] as Tone),
    }));
    for (const row of rows) this.#pixelsOf(row, scene, palette, scale, width, height);
    context.putImageData(buffer, 0, 0);
    context.save();
    context.scale(scale, scale);
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    for (const row of rows) this.#strokesOf(context, row, scene, palette);
    paintMoments(context, scene, palette, height / scale);
    paintExcerpts(context, scene, palette);
    context.restore();
  }

  #buffer(context: CanvasRenderingContext2D, width: number, height: number): ImageData {
    if (this.#pixels?.width !== width || this.#pixels.height !== height) {
      this.#pixels = context.createImageData(width, height);
      this.#words = new Uint32Array(this.#pixels.data.buffer);
    }
    return this.#pixels;
  }

  /** The bar's ground and its sound. */
  #pixelsOf({ lane, top, tone }: Row, scene: Scene, palette: Palette, scale: number, width: number, height: number): void {
    const row_of = (y: number) => Math.max(0, Math.min(height, Math.round(y * scale)));
    if (lane.recording.id === scene.selected) {
      this.#words.fill(palette.panel, row_of(top) * width, row_of(top + LANE_PX) * width);
    }
    const [bar_top, bar_end] = [row_of(top + BAR_TOP), row_of(top + BAR_TOP + BAR_PX)];
    const has_pictures = lane.recording.video !== null;
    const wave_top = has_pictures ? top + BAR_TOP + PICTURE_PX : top + BAR_TOP;
    const peaks = lane.recording.peaks && lane.recording.audio ? this.stores.peaks.get(lane.recording.id) : null;
    const s_per_column = scene.view.s_per_px / scale;
    const level = peaks && levelFor(peaks, s_per_column);
    const middle = ((wave_top + top + BAR_TOP + BAR_PX) / 2) * scale;
    const half = ((top + BAR_TOP + BAR_PX - wave_top) / 2 - 1) * scale;
    for (const piece of lane.pieces) {
      const from = Math.max(0, Math.round(xOf(scene.view, caseStart(piece)) * scale));
      const to = Math.min(width, Math.max(from + 1, Math.round(xOf(scene.view, caseEnd(piece)) * scale)));
      if (from >= to) continue;
      for (let y = bar_top; y < bar_end; y++) this.#words.fill(tone.fill, y * width + from, y * width + to);
      if (!level) continue;
      const per_column = s_per_column / rateOf(piece);
      const heard = hearing(lane, piece);
      for (let x = from; x < to; x++) {
        const media = mediaOf(piece, scene.view.start + x * s_per_column);
        if (!heard(media)) continue;
        const loud = loudest(level, media, media + per_column) / 255;
        const reach = Math.max(loud * half, 0.5);
        const y_end = Math.min(bar_end, Math.round(middle + reach));
        for (let y = Math.max(bar_top, Math.round(middle - reach)); y < y_end; y++) this.#words[y * width + x] = tone.wave;
      }
    }
  }

  /** Thumbnails, edges, gaps and words of one lane. */
  #strokesOf(context: CanvasRenderingContext2D, { lane, top, tone }: Row, scene: Scene, palette: Palette): void {
    const { view } = scene;
    const bar_top = top + BAR_TOP;
    const veiled = scene.isVeiled(lane.recording.id);
    lane.pieces.forEach((piece, index) => {
      const [x, end] = [xOf(view, caseStart(piece)), xOf(view, caseEnd(piece))];
      const before = lane.pieces[index - 1];
      if (before) paintGap(context, xOf(view, caseEnd(before)), x, bar_top, tone, palette);
      if (end < 0 || x > view.width_px) return;
      const by_frames = lane.recording.video !== null && view.s_per_px < FRAMES_S_PER_PX;
      if (by_frames) this.#frames(context, lane, piece, bar_top, view, tone, palette);
      else if (lane.recording.video) {
        if (veiled) paintWord(context, "veiled: no thumbnails", Math.max(x, 0) + 6, end, bar_top + 9, palette.muted);
        else this.#thumbs(context, lane, piece, bar_top, view);
      }
      paintSilence(context, lane, piece, bar_top, view, palette);
      context.strokeStyle = lane.recording.id === scene.selected ? palette.accent : tone.border_css;
      context.lineWidth = lane.recording.id === scene.selected ? 2 : 1;
      if (lane.recording.id === scene.trial) context.setLineDash([6, 3]);
      strokeBar(context, x, end, bar_top, view.width_px);
      context.setLineDash([]);
      paintDoubt(context, x, end, bar_top, piece.sigma / view.s_per_px, tone, palette);
    });
  }

  #thumbs(context: CanvasRenderingContext2D, lane: Lane, piece: Piece, top: number, view: View): void {
    const thumbs = lane.recording.thumbs;
    if (!thumbs || thumbs.count < 1) return;
    // Thumbnails all have one shape, with black beside a portrait picture; only the picture is drawn.
    const video = lane.recording.video;
    const shape = video ? upright(video) : { width: thumbs.width, height: thumbs.height };
    const inner = Math.min(thumbs.width, Math.floor((thumbs.height * shape.width) / shape.height));
    const width = (PICTURE_PX * inner) / thumbs.height;
    const [start, end] = [xOf(view, caseStart(piece)), xOf(view, caseEnd(piece))];
    context.save();
    context.beginPath();
    context.rect(start, top, end - start, PICTURE_PX);
    context.clip();
    // Places for thumbnails hang on the bar, not on the window, so that they don't flicker while panning.
    const skip = Math.max(0, Math.floor(-start / width));
    for (let x = start + skip * width; x < Math.min(end, view.width_px); x += width) {
      const media = mediaOf(piece, view.start + (x + width / 2) * view.s_per_px);
      const index = Math.min(thumbs.count - 1, Math.max(0, Math.round(media / thumbs.every)));
      const sheet = this.stores.sheets.get(`${lane.recording.id}/${Math.floor(index / PER_SHEET)}`);
      if (!sheet) continue;
      const from = (index % PER_SHEET) * thumbs.width + (thumbs.width - inner) / 2;
      context.drawImage(sheet, from, 0, inner, thumbs.height, x, top, width, PICTURE_PX);
    }
    context.restore();
  }

  /** Where each frame begins, once frames are wide enough to be told apart. */
  #frames(context: CanvasRenderingContext2D, lane: Lane, piece: Piece, top: number, view: View, tone: Tone, palette: Palette): void {
    const times = this.stores.frames.get(lane.recording.id);
    if (!times) return;
    const from = Math.max(piece.start, mediaOf(piece, view.start));
    const until = Math.min(piece.end, mediaOf(piece, endOf(view)));
    let index = lowest(times, from);
    context.fillStyle = tone.wave_css;
    for (; index < times.length && (times[index] ?? Infinity) <= until; index++) {
      const at = toCase([piece], times[index] ?? 0);
      if (at === null) continue;
      const x = Math.round(xOf(view, at));
      const numbered = view.s_per_px < NUMBERS_S_PER_PX;
      context.fillRect(x, top, 1, numbered ? PICTURE_PX : 8);
      if (numbered) paintWord(context, String(index), x + 4, x + 60, top + 9, palette.text);
    }
  }
}

/** Width and height as it is shown. */
function upright({ width, height, rotation }: VideoView): { width: number; height: number } {
  return rotation % 180 ? { width: height, height: width } : { width, height };
}

/** Whether sound was recorded at a media time; asked with growing times. */
function hearing(lane: Lane, piece: Piece): (media: number) => boolean {
  const stretches = lane.recording.sound.filter((one) => one.end > piece.start && one.start < piece.end);
  if (!lane.recording.sound.length) return () => true;
  let index = 0;
  return (media) => {
    while (index < stretches.length && (stretches[index]?.end ?? 0) <= media) index++;
    return media >= (stretches[index]?.start ?? Infinity);
  };
}

type Row = { lane: Lane; top: number; tone: Tone };

function strokeBar(context: CanvasRenderingContext2D, x: number, end: number, top: number, width: number): void {
  // Ends far out of sight are drawn just out of sight: canvases lose precision with large numbers.
  const left = Math.max(Math.round(x), -10) + 0.5;
  const right = Math.min(Math.round(end), width + 10) - 0.5;
  context.strokeRect(left, top + 0.5, Math.max(right - left, 1), BAR_PX - 1);
}

/** A recorder that paused: nothing there but a dashed thread that says it is the same recording. */
function paintGap(context: CanvasRenderingContext2D, from: number, to: number, top: number, tone: Tone, palette: Palette): void {
  if (to - from < 1) {
    // Pieces that touch are a cut or a changed clock: a notch.
    context.fillStyle = palette.text;
    context.fillRect(Math.round(from), top - 1, 1, BAR_PX + 2);
    return;
  }
  context.strokeStyle = tone.border_css;
  context.lineWidth = 1;
  context.setLineDash([2, 4]);
  context.beginPath();
  context.moveTo(Math.max(from, -20), top + BAR_PX / 2 + 0.5);
  context.lineTo(Math.min(to, 1e4), top + BAR_PX / 2 + 0.5);
  context.stroke();
  context.setLineDash([]);
  const middle = Math.round((from + to) / 2);
  // The word as long as it goes, then the sign for it.
  if (to - from > 42) paintWord(context, "paused", middle - 19, to + 4, top + BAR_PX / 2 - 8, palette.muted);
  else if (to - from > 12) {
    context.fillStyle = palette.muted;
    for (const x of [middle - 3, middle + 1]) context.fillRect(x, top + BAR_PX / 2 - 12, 2, 8);
  }
}

/** Hatching over the stretch in which the edge may lie, where that is more than a pixel or two. */
function paintDoubt(context: CanvasRenderingContext2D, x: number, end: number, top: number, sigma_px: number, tone: Tone, palette: Palette): void {
  if (sigma_px < 1.5) return;
  const reach = Math.min(sigma_px, 400);
  for (const edge of [x, end]) {
    if (edge < -reach || edge > 1e4) continue;
    context.save();
    context.beginPath();
    context.rect(edge - reach, top - 1, 2 * reach, BAR_PX + 2);
    context.clip();
    context.fillStyle = palette.ground_css;
    context.globalAlpha = 0.55;
    context.fillRect(edge - reach, top - 1, 2 * reach, BAR_PX + 2);
    context.globalAlpha = 1;
    context.strokeStyle = tone.wave_css;
    context.lineWidth = 1;
    context.beginPath();
    for (let from = edge - reach - BAR_PX; from < edge + reach; from += 4) {
      context.moveTo(from, top + BAR_PX);
      context.lineTo(from + BAR_PX, top);
    }
    context.stroke();
    context.restore();
  }
}

/** Where pictures ran and nothing was heard. */
function paintSilence(context: CanvasRenderingContext2D, lane: Lane, piece: Piece, top: number, view: View, palette: Palette): void {
  const { audio, sound } = lane.recording;
  const y = lane.recording.video ? top + PICTURE_PX + 9 : top + BAR_PX / 2;
  let from = piece.start;
  const stretches = audio ? sound.filter((one) => one.end > piece.start && one.start < piece.end) : [];
  if (audio && !sound.length) return;
  for (const stretch of [...stretches, { start: piece.end, end: piece.end }]) {
    const [a, b] = [toCase([piece], from), toCase([piece], Math.max(from, stretch.start))];
    if (a !== null && b !== null) {
      const [x, end] = [Math.max(xOf(view, a), 0), Math.min(xOf(view, b), view.width_px)];
      if (end - x > 53) paintWord(context, "no sound", x + 4, end + 4, y, palette.muted);
    }
    from = Math.max(from, stretch.end);
  }
}

function paintWord(context: CanvasRenderingContext2D, word: string, x: number, end: number, y: number, colour: string): void {
  if (end - x < 12) return;
  context.fillStyle = colour;
  context.fillText(word, x, y, Math.max(end - x - 4, 8));
}

/** The chosen stretch, and a thread down from each marker. */
function paintMoments(context: CanvasRenderingContext2D, scene: Scene, palette: Palette, height: number): void {
  if (scene.selection) {
    const [x, end] = [xOf(scene.view, scene.selection.start), xOf(scene.view, scene.selection.end)];
    context.fillStyle = palette.accent;
    context.globalAlpha = 0.14;
    context.fillRect(Math.max(x, -2), 0, Math.min(end, scene.view.width_px + 2) - Math.max(x, -2), height);
    context.globalAlpha = 1;
    for (const edge of [x, end]) context.fillRect(Math.round(edge), 0, 1, height);
  }
  context.strokeStyle = palette.muted;
  context.lineWidth = 1;
  context.setLineDash([1, 4]);
  context.beginPath();
  for (const at of scene.markers) {
    const x = Math.round(xOf(scene.view, at)) + 0.5;
    if (x < 0 || x > scene.view.width_px) continue;
    context.moveTo(x, 0);
    context.lineTo(x, height);
  }
  context.stroke();
  context.setLineDash([]);
}

/** A dashed line from each copy to where it was copied from, and words beside the copy. */
function paintExcerpts(context: CanvasRenderingContext2D, scene: Scene, palette: Palette): void {
  const index_of = new Map(scene.lanes.map((lane, index) => [lane.recording.id, index]));
  for (const excerpt of scene.excerpts) {
    const [copy, source] = [index_of.get(excerpt.copy), index_of.get(excerpt.source)];
    const lane = copy === undefined ? undefined : scene.lanes[copy];
    if (copy === undefined || !lane) continue;
    const [start, end] = [toCase(lane.pieces, excerpt.start), toCase(lane.pieces, excerpt.end)];
    if (start === null || end === null) continue;
    const [x, x_end] = [xOf(scene.view, start), xOf(scene.view, end)];
    const top = copy * LANE_PX - scene.scroll_px + BAR_TOP;
    const chosen = scene.selected === excerpt.copy || scene.selected === excerpt.source;
    const tone = palette.tones[lane.colour] ?? palette.tones["grey"];
    if (!tone) continue;
    const from_lane = source === undefined ? undefined : scene.lanes[source];
    const name = from_lane?.recording.name ?? "a recording elsewhere";
    const speed = Math.abs(excerpt.speed - 1) > 0.002 ? ` at ${excerpt.speed.toFixed(2)}×` : "";
    if (x_end < scene.view.width_px - 60) {
      paintWord(context, `${length(excerpt.end - excerpt.start)} copied from ${name}${speed}`, Math.max(x_end, 0) + 8, scene.view.width_px, top + BAR_PX / 2, palette.muted);
    }
    const origin = from_lane && toCase(from_lane.pieces, excerpt.source_start);
    if (source === undefined || origin === null || origin === undefined) continue;
    const above = source < copy;
    const y_source = source * LANE_PX - scene.scroll_px + BAR_TOP + (above ? BAR_PX : 0);
    const x_source = xOf(scene.view, origin);
    context.strokeStyle = chosen ? tone.wave_css : tone.border_css;
    context.lineWidth = chosen ? 1.5 : 1;
    context.setLineDash([4, 3]);
    context.beginPath();
    context.moveTo(x_source, y_source);
    context.lineTo(x, above ? top : top + BAR_PX);
    context.stroke();
    context.setLineDash([]);
    if (chosen) {
      // The stretch that was copied, marked on its source.
      context.fillStyle = tone.wave_css;
      const width = (x_end - x) || 1;
      context.fillRect(x_source, above ? y_source - 3 : y_source, width, 3);
    }
  }
}

function lowest(times: Float64Array, from: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? Infinity) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
