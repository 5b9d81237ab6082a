// The page's address: every moment has one. `#t=193.894` is case time (`#t=190,195.5` a stretch, `&island=2` another
// clock than the first); `#source=ID&t=191.76` is a recording's own time, which stays right when the case is solved
// again. `t` is a W3C media fragment in seconds. `&angles=ID,ID` are the angles, by as much of the ids as is needed.

export type Moment = {
  source: string | null;
  island: number | null;
  t: number | null;
  end: number | null;
  angles: string[];
};

const SECONDS = /^-?\d{1,12}(\.\d{1,9})?$/;
const ID = /^[0-9a-f]{8,64}$/;

export function readFragment(hash: string): Moment | null {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const [start, end] = (fields.get("t") ?? "").replace(/^npt:/, "").split(",");
  const t = start && SECONDS.test(start) ? Number(start) : null;
  const until = end && SECONDS.test(end) ? Number(end) : null;
  const source = fields.get("source");
  const island = fields.get("island");
  const angles = (fields.get("angles") ?? "").split(",").filter((id) => ID.test(id));
  const moment: Moment = {
    source: source && ID.test(source) ? source : null,
    island: island && /^\d{1,6}$/.test(island) ? Number(island) : null,
    t,
    end: until !== null && t !== null && until > t ? until : null,
    angles: angles.slice(0, 9),
  };
  return t === null && !moment.source && moment.island === null && !angles.length ? null : moment;
}

export function writeFragment(moment: Moment): string {
  const fields: string[] = [];
  if (moment.source) fields.push(`source=${moment.source}`);
  if (moment.t !== null) fields.push(`t=${seconds(moment.t)}${moment.end === null ? "" : "," + seconds(moment.end)}`);
  if (moment.island) fields.push(`island=${moment.island}`);
  if (moment.angles.length) fields.push(`angles=${moment.angles.map((id) => id.slice(0, 12)).join(",")}`);
  return "#" + fields.join("&");
}

/** A link in Markdown whose target is a media fragment of the source: what the account is made of. */
export function citation(name: string, start: number, end: number | null, words: string): string {
  const target = /[\s()<>\\]/.test(name) ? `<${name.replace(/[<>\\]/g, (c) => "\\" + c)}#t=${range(start, end)}>` : `${name}#t=${range(start, end)}`;
  return `[${words.replace(/[[\]\\]/g, (c) => "\\" + c).replace(/\s+/g, " ")}](${target})`;
}

function range(start: number, end: number | null): string {
  return end === null ? seconds(start) : `${seconds(start)},${seconds(end)}`;
}

/** Milliseconds suffice for a frame and for every placement's doubt. */
function seconds(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
