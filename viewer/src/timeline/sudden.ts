// Where sound set in suddenly and loud, in several recordings at once: a shot, a crash, a clap, a shout. A hint where to
// look, never a finding. In: the finest peaks and the pieces of each recording. Out: moments of case time, the most
// striking first. Pure.
//
// In each recording a bucket counts that is about as loud as its loudest hundredth and louder than the 0.3 s before. How
// much louder and how loud add up, over the recordings that heard it within the time that sound takes across a square.
import { levelFor, type Peaks } from "../api/binary";
import { caseOf } from "../clock/pieces";
import type { PieceView as Piece } from "../api/types";

export type Heard = { id: string; pieces: readonly Piece[]; peaks: Peaks };

export type Sudden = { at: number; ids: string[]; strength: number };

/** Peaks are companded to 255 steps of about 0.19 dB where it is not quiet; steps below the loudest hundredth that count. */
const BELOW_LOUD = 10;

/** Steps above what was before: 2 dB at least, and more than 11 only says that it was quiet before. */
const RISE_MIN = 12;
const RISE_MAX = 60;

/** What was before: from 0.3 s to 0.03 s ago, so that an onset is not held against itself. */
const BEFORE_FROM_S = 0.3;
const BEFORE_TO_S = 0.03;

/** One onset in so long, and so many of one recording. */
const APART_S = 0.5;
const OF_ONE_MAX = 40;

/** Sound takes this long for 40 m. */
const TOGETHER_S = 0.12;

type Onset = { id: string; at: number; strength: number };

export function suddenSounds(all: readonly Heard[], count: number): Sudden[] {
  const onsets = all.flatMap(onsetsOf).sort((a, b) => a.at - b.at);
  const groups: Onset[][] = [];
  for (const onset of onsets) {
    const last = groups.at(-1);
    if (last?.[0] && onset.at - last[0].at < TOGETHER_S) last.push(onset);
    else groups.push([onset]);
  }
  const found = groups.map((group) => {
    const best = new Map<string, number>();
    for (const { id, strength } of group) best.set(id, Math.max(best.get(id) ?? 0, strength));
    const strength = [...best.values()].reduce((sum, one) => sum + one, 0);
    return { at: group[0]?.at ?? 0, ids: [...best.keys()], strength };
  });
  // What one alone heard may be a hand on its microphone.
  const several = found.filter(({ ids }) => ids.length > 1 || all.length === 1);
  return several.sort((a, b) => b.strength - a.strength).slice(0, count);
}

function onsetsOf({ id, pieces, peaks }: Heard): Onset[] {
  const level = levelFor(peaks, 0);
  if (!level) return [];
  const { peaks: loud, bucket_s } = level;
  const enough = loudestHundredth(loud);
  const [from, to] = [Math.round(BEFORE_FROM_S / bucket_s), Math.round(BEFORE_TO_S / bucket_s)];
  const found: { index: number; strength: number }[] = [];
  for (let index = from; index < loud.length; index++) {
    const now = loud[index] ?? 0;
    if (now <= enough - BELOW_LOUD) continue;
    let before = 0;
    for (let past = index - from; past < index - to; past++) before = Math.max(before, loud[past] ?? 0);
    if (now - before > RISE_MIN) found.push({ index, strength: Math.min(now - before, RISE_MAX) + now - enough });
  }
  found.sort((a, b) => b.strength - a.strength);
  const kept: { index: number; strength: number }[] = [];
  for (const one of found) {
    if (kept.length >= OF_ONE_MAX) break;
    if (kept.every(({ index }) => Math.abs(index - one.index) * bucket_s > APART_S)) kept.push(one);
  }
  return kept.flatMap(({ index, strength }) => {
    const media = index * bucket_s;
    const piece = pieces.find((one) => media >= one.start && media < one.end);
    return piece ? [{ id, at: caseOf(piece, media), strength }] : [];
  });
}

/** What ninety-nine of a hundred buckets do not exceed. */
function loudestHundredth(loud: Uint8Array): number {
  const counts = new Uint32Array(256);
  for (const one of loud) counts[one] = (counts[one] ?? 0) + 1;
  let left = loud.length / 100;
  for (let value = 255; value > 0; value--) {
    left -= counts[value] ?? 0;
    if (left < 0) return value;
  }
  return 0;
}
