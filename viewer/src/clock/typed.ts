// Times that a person types: what is written, and what moment that is.
//
// `193.894`, `3:13.9`, `1:03:13.9` are case time; `00:03:11:19` (four parts) is the source's own time with a frame;
// `14:23:13.9` is the wall clock where the case knows one and the moment lies near it; `+20`, `-5`, `+1:30`, `+10f` are
// relative to now. A leading `case`, `source` or `wall` (or its first letter) settles what is meant.

export type Typed =
  | { kind: "clock"; seconds: number; parts: number; meant: "case" | "source" | "wall" | null; day: string | null }
  | { kind: "frames"; seconds: number; frame: number }
  | { kind: "relative"; seconds: number; frames: number };

const MEANT: Record<string, "case" | "source" | "wall"> = {
  c: "case",
  case: "case",
  s: "source",
  source: "source",
  w: "wall",
  wall: "wall",
};

/** What was written, or `null` if it is no time. */
export function parse(text: string): Typed | null {
  let rest = text.trim().toLowerCase().replaceAll("−", "-").replaceAll(",", ".");
  let meant: "case" | "source" | "wall" | null = null;
  const word = /^([a-z]+)[\s=:]\s*(.*)$/.exec(rest);
  if (word) {
    meant = MEANT[word[1] ?? ""] ?? null;
    if (!meant) return null;
    rest = word[2] ?? "";
  }
  const relative = /^([+-])\s*(.+)$/.exec(rest);
  if (relative && !meant) return parseRelative(relative[1] === "-" ? -1 : 1, relative[2] ?? "");
  let day: string | null = null;
  const dated = /^(\d{4}-\d\d-\d\d)[t\s]\s*(.*?)z?$/.exec(rest);
  if (dated) {
    day = dated[1] ?? null;
    rest = dated[2] ?? "";
    meant ??= "wall";
    if (meant !== "wall") return null;
  }
  const sign = rest.startsWith("-") ? -1 : 1;
  const parts = split(rest.replace(/^-/, ""));
  if (!parts) return null;
  if (parts.length === 4) {
    const [hours = 0, minutes = 0, seconds = 0, frame = 0] = parts;
    if (sign < 0 || minutes >= 60 || seconds >= 60 || !Number.isInteger(seconds) || !Number.isInteger(frame)) return null;
    if (meant === "case" || meant === "wall") return null;
    return { kind: "frames", seconds: hours * 3600 + minutes * 60 + seconds, frame };
  }
  const seconds = total(parts);
  return seconds === null ? null : { kind: "clock", seconds: sign * seconds, parts: parts.length, meant, day };
}

function parseRelative(sign: number, text: string): Typed | null {
  const frames = /^(\d{1,7})\s*f$/.exec(text);
  if (frames) return { kind: "relative", seconds: 0, frames: sign * Number(frames[1]) };
  const parts = split(text.replace(/\s*s$/, "").replace(/\.$/, ""));
  const seconds = parts && parts.length < 4 ? total(parts) : null;
  return seconds === null ? null : { kind: "relative", seconds: sign * seconds, frames: 0 };
}

/** Numbers between colons (or a semicolon, as drop-frame timecode is written); only the last may have a fraction. */
function split(text: string): number[] | null {
  const words = text.split(/[:;]/);
  if (words.length > 4) return null;
  const numbers: number[] = [];
  for (const [index, word] of words.entries()) {
    const last = index === words.length - 1;
    if (!(last ? /^\d{1,9}(\.\d{0,9})?$/ : /^\d{1,6}$/).test(word)) return null;
    numbers.push(Number(word));
  }
  return numbers;
}

function total(parts: readonly number[]): number | null {
  if (parts.slice(1).some((part) => part >= 60)) return null;
  return parts.reduce((sum, part) => sum * 60 + part, 0);
}

/** What a typed time is measured against. */
export type Context = {
  /** Case time now. */
  now: number;
  /** The island's span in case time. */
  span: { start: number; end: number };
  /** Case time to seconds since 1970, if known, and back. */
  wall: { unix: (at: number) => number; at: (unix: number) => number; zone_min: number } | null;
  /** The chosen recording: its own time to case time, and the time of the nth frame after a second began. */
  source: { toCase: (media: number) => number | null; frame: (second: number, n: number) => number; frame_s: number } | null;
};

/** Case time of what was typed; a sentence if it can't be told. */
export function resolve(typed: Typed, context: Context): { at: number } | { why_not: string } {
  if (typed.kind === "relative") {
    const frame_s = context.source?.frame_s ?? 1 / 25;
    return { at: context.now + typed.seconds + typed.frames * frame_s };
  }
  if (typed.kind === "frames") {
    const media = context.source?.frame(typed.seconds, typed.frame);
    return fromSource(media, context);
  }
  if (typed.meant === "source") return fromSource(typed.seconds, context);
  if (typed.meant === "wall") return fromWall(typed, context);
  if (typed.meant === null && typed.parts === 3 && !inSpan(typed.seconds, context.span) && context.wall) {
    return fromWall(typed, context);
  }
  return { at: typed.seconds };
}

function fromSource(media: number | undefined, context: Context): { at: number } | { why_not: string } {
  if (!context.source || media === undefined) return { why_not: "choose a recording first: this is a time of its own clock" };
  const at = context.source.toCase(media);
  return at === null ? { why_not: "the chosen recording is on no clock" } : { at };
}

function fromWall(typed: { seconds: number; day: string | null }, context: Context): { at: number } | { why_not: string } {
  const wall = context.wall;
  if (!wall) return { why_not: "nobody has said yet what the wall clock showed on this clock" };
  const midnight = (unix: number) => Math.floor((unix + wall.zone_min * 60) / 86_400) * 86_400 - wall.zone_min * 60;
  if (typed.day) return { at: wall.at(Date.parse(typed.day + "T00:00:00Z") / 1000 - wall.zone_min * 60 + typed.seconds) };
  // Without a day, the day that brings the moment nearest to the middle of the span.
  const middle = (context.span.start + context.span.end) / 2;
  const today = midnight(wall.unix(middle)) + typed.seconds;
  const nearest = [today - 86_400, today, today + 86_400].map((unix) => wall.at(unix));
  nearest.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
  return { at: nearest[0] ?? middle };
}

function inSpan(at: number, span: { start: number; end: number }): boolean {
  return at >= span.start && at <= span.end;
}
