// Which recordings have a lane, in which order. Pure: recordings and a person's arrangement in, lanes out.
import type { ExcerptView, Kind, PieceView as Piece, RecordingView } from "../api/types";
import { caseEnd, caseStart, span } from "../clock/pieces";

/** How a person arranged the lanes; kept by the browser, not by the case. */
export type Arrangement = {
  /** Ids that were moved, in the order they were given. */
  order: string[];
  hidden: string[];
  /** Only these, if there are any. */
  isolated: string[];
  colours: Record<string, string>;
};

export const UNTOUCHED: Arrangement = { order: [], hidden: [], isolated: [], colours: {} };

export type Lane = {
  recording: RecordingView;
  pieces: readonly Piece[];
  colour: string;
  /** Whether it is the first of its device. */
  opens_group: boolean;
  /** Whether most of it was copied out of others. */
  copy: boolean;
};

/** Names of the colours that lanes may have; `theme/tokens.css` says what they are in each theme. */
export const COLOURS = ["green", "blue", "ochre", "violet", "rose", "grey"] as const;

const COLOUR_OF: Record<Kind, string> = {
  camera: "green",
  phone: "green",
  sound: "green",
  radio: "blue",
  body: "ochre",
  other: "violet",
};

const RANK: Record<Kind, number> = { camera: 0, phone: 1, sound: 2, radio: 3, body: 4, other: 5 };

/** Recordings of one device are recordings on one clock and lie together; devices follow each other by kind and time. */
export function arrange(
  recordings: readonly RecordingView[],
  island: number | null,
  arrangement: Arrangement,
  copies: ReadonlySet<string> = new Set(),
): Lane[] {
  const here = recordings.filter((recording) => recording.island === island && recording.pieces.length > 0);
  const start = new Map(here.map((recording) => [recording.id, span(recording.pieces)?.start ?? 0]));
  const first = new Map<string, number>();
  for (const recording of here) {
    const device = deviceOf(recording);
    first.set(device, Math.min(first.get(device) ?? Infinity, start.get(recording.id) ?? 0));
  }
  const own = [...here].sort(
    (a, b) =>
      Number(copies.has(a.id)) - Number(copies.has(b.id)) ||
      RANK[a.kind] - RANK[b.kind] ||
      (first.get(deviceOf(a)) ?? 0) - (first.get(deviceOf(b)) ?? 0) ||
      deviceOf(a).localeCompare(deviceOf(b)) ||
      (start.get(a.id) ?? 0) - (start.get(b.id) ?? 0) ||
      a.name.localeCompare(b.name),
  );
  const ordered = reorder(own, arrangement.order);
  const hidden = new Set(arrangement.hidden);
  const isolated = new Set(arrangement.isolated);
  const shown = ordered.filter(({ id }) => (isolated.size ? isolated.has(id) : !hidden.has(id)));
  return shown.map((recording, index) => {
    const before = shown[index - 1];
    return {
      recording,
      pieces: recording.pieces,
      colour: arrangement.colours[recording.id] ?? (copies.has(recording.id) ? "violet" : COLOUR_OF[recording.kind]),
      copy: copies.has(recording.id),
      opens_group: !before || deviceOf(before) !== deviceOf(recording),
    };
  });
}

/** Recordings of which more than half was copied out of others: they show what is seen elsewhere, and come last. */
export function copiesAmong(recordings: readonly RecordingView[], excerpts: readonly ExcerptView[]): Set<string> {
  const copied = new Map<string, number>();
  for (const excerpt of excerpts) copied.set(excerpt.copy, (copied.get(excerpt.copy) ?? 0) + excerpt.end - excerpt.start);
  return new Set(recordings.filter((one) => (copied.get(one.id) ?? 0) > one.duration / 2).map(({ id }) => id));
}

function deviceOf(recording: RecordingView): string {
  return recording.device ?? recording.id;
}

/** `order` wins for those it names all together; what it doesn't know (files added later) keeps its own place after. */
function reorder(own: RecordingView[], order: readonly string[]): RecordingView[] {
  if (!order.length) return own;
  const place = new Map(order.map((id, index) => [id, index]));
  const known = own.filter(({ id }) => place.has(id)).sort((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0));
  return [...known, ...own.filter(({ id }) => !place.has(id))];
}

/** The arrangement after `id` changed places with its neighbour. */
export function shifted(lanes: readonly Lane[], id: string, by: number, arrangement: Arrangement): Arrangement {
  const from = lanes.findIndex((lane) => lane.recording.id === id);
  const to = Math.min(Math.max(from + by, 0), lanes.length - 1);
  if (from < 0 || from === to) return arrangement;
  const order = lanes.map((lane) => lane.recording.id);
  order.splice(to, 0, ...order.splice(from, 1));
  return { ...arrangement, order };
}

/** The moments at which something begins or ends, sorted: where ↑ and ↓ go. */
export function edges(lanes: readonly Lane[], markers: readonly number[]): number[] {
  const moments = new Set<number>(markers);
  for (const lane of lanes)
    for (const piece of lane.pieces) {
      const ends = span([piece]);
      if (!ends) continue;
      moments.add(ends.start);
      moments.add(ends.end);
    }
  return [...moments].sort((a, b) => a - b);
}

/** A shown recording that goes on so soon keeps its place: pictures that come and go are hard to look at. */
const SOON_S = 3;

/**
 * The recordings that fill `count` angles at a moment. What is shown and runs, or was asked for, stays where it is; the
 * other places go to pictures that run, then to sound that runs, then stay as they were, then to pictures to come.
 */
export function fill(lanes: readonly Lane[], at: number, count: number, shown: readonly string[], asked: ReadonlySet<string>): string[] {
  const lane_of = new Map(lanes.map((lane) => [lane.recording.id, lane]));
  const runs = (lane: Lane) => lane.pieces.some((piece) => at >= caseStart(piece) && at < caseEnd(piece));
  const pauses = (lane: Lane) => lane.pieces.some((piece) => at >= caseEnd(piece)) && lane.pieces.some((piece) => at < caseStart(piece) && caseStart(piece) - at < SOON_S);
  const places: (string | null)[] = Array.from({ length: count }, (_, index) => shown[index] ?? null);
  for (const id of [...shown].slice(count)) if (asked.has(id) && places.includes(null)) places[places.indexOf(null)] = id;
  const stays = places.map((id) => {
    const lane = id === null ? undefined : lane_of.get(id);
    return lane && (asked.has(lane.recording.id) || runs(lane) || pauses(lane)) ? lane.recording.id : null;
  });
  const worth = (lane: Lane) => {
    const pictures = lane.recording.video && lane.recording.plays !== "no";
    return (runs(lane) ? 16 : 0) + (pictures ? 8 : 0) - (lane.copy ? 12 : 0) + (lane.recording.audio ? 2 : 0) + (places.includes(lane.recording.id) ? 1 : 0);
  };
  const rest = lanes.filter((lane) => !stays.includes(lane.recording.id));
  const order = new Map(lanes.map((lane, index) => [lane, index]));
  rest.sort((a, b) => worth(b) - worth(a) || (order.get(a) ?? 0) - (order.get(b) ?? 0));
  const chosen = rest.slice(0, stays.filter((id) => id === null).length).map((lane) => lane.recording.id);
  // Those that were shown keep their places; the others come in the order of the lanes.
  places.forEach((id, index) => {
    const again = id === null ? -1 : chosen.indexOf(id);
    if (stays[index] === null && again >= 0) stays[index] = chosen.splice(again, 1)[0] ?? null;
  });
  chosen.sort((a, b) => lanes.findIndex((lane) => lane.recording.id === a) - lanes.findIndex((lane) => lane.recording.id === b));
  return stays.map((id) => id ?? chosen.shift() ?? "").filter((id) => id !== "");
}

/** The moment at which most recordings with pictures ran, the middle of the longest such stretch: where to open a case. */
export function busiest(lanes: readonly Lane[]): number | null {
  const changes: { at: number; by: number }[] = [];
  for (const lane of lanes)
    for (const piece of lane.pieces) {
      const ends = span([piece]);
      const weight = lane.copy ? 0 : lane.recording.video ? 2 : 1;
      if (ends) changes.push({ at: ends.start, by: weight }, { at: ends.end, by: -weight });
    }
  changes.sort((a, b) => a.at - b.at || a.by - b.by);
  let height = 0;
  let best: { height: number; length: number; at: number } | null = null;
  changes.forEach((change, index) => {
    height += change.by;
    const next = changes[index + 1];
    if (!next) return;
    const length = next.at - change.at;
    if (length <= 0) return;
    if (!best || height > best.height || (height === best.height && length > best.length))
      best = { height, length, at: change.at };
  });
  return (best as { at: number } | null)?.at ?? null;
}
