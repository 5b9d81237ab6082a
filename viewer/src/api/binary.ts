// The two binary answers: peaks of loudness in levels of detail, and the presentation times of frames. Little endian.

/** One level: the loudest moment of each `bucket_s`, companded to a byte. */
export type Level = { bucket_s: number; peaks: Uint8Array };

/** Finest first. */
export type Peaks = { levels: Level[]; bytes: number };

const PEAKS_MAGIC = 0x314b5052; // "RPK1"
const FRAMES_MAGIC = 0x31544652; // "RFT1"
const LEVELS_MAX = 32;

export function readPeaks(buffer: ArrayBuffer): Peaks | null {
  const view = new DataView(buffer);
  if (buffer.byteLength < 8 || view.getUint32(0, true) !== PEAKS_MAGIC) return null;
  const count = view.getUint32(4, true);
  let at = 8 + count * 12;
  if (count > LEVELS_MAX || at > buffer.byteLength) return null;
  const levels: Level[] = [];
  for (let index = 0; index < count; index++) {
    const bucket_s = view.getFloat64(8 + index * 12, true);
    const buckets = view.getUint32(16 + index * 12, true);
    if (!(bucket_s > 0) || at + buckets > buffer.byteLength) return null;
    levels.push({ bucket_s, peaks: new Uint8Array(buffer, at, buckets) });
    at += buckets;
  }
  return { levels, bytes: buffer.byteLength };
}

/** Presentation times in seconds, sorted. */
export function readFrames(buffer: ArrayBuffer): Float64Array | null {
  const view = new DataView(buffer);
  if (buffer.byteLength < 8 || view.getUint32(0, true) !== FRAMES_MAGIC) return null;
  const count = view.getUint32(4, true);
  if (8 + count * 8 > buffer.byteLength) return null;
  const times = new Float64Array(count);
  for (let index = 0; index < count; index++) times[index] = Number(view.getBigInt64(8 + index * 8, true)) / 1e9;
  return times;
}

/** The coarsest level that still has a bucket for each `s_per_column`; the finest, where none has. */
export function levelFor(peaks: Peaks, s_per_column: number): Level | null {
  return peaks.levels.findLast((level) => level.bucket_s <= s_per_column) ?? peaks.levels[0] ?? null;
}

/** The loudest between two media times, 0 to 255. */
export function loudest(level: Level, start: number, end: number): number {
  const first = Math.max(0, Math.floor(start / level.bucket_s));
  const last = Math.min(level.peaks.length, Math.max(first + 1, Math.ceil(end / level.bucket_s)));
  let most = 0;
  for (let index = first; index < last; index++) most = Math.max(most, level.peaks[index] ?? 0);
  return most;
}
