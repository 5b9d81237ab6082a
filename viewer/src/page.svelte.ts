// What the page knows at this moment: what the server sent, what the person chose, and what follows from both. It holds
// no fact of its own; a choice that should outlive the window is in the address or in the browser's preferences.
import { api, Refused } from "./api/client";
import { listen } from "./api/events";
import type { CaseView, IslandView, Job, PieceView as Piece, RecordingView } from "./api/types";
import { moved, span, toCase, where } from "./clock/pieces";
import { Transport } from "./clock/transport.svelte";
import { type Moment, readFragment, writeFragment } from "./link/fragment";
import { keep, kept } from "./preferences";
import { type Arrangement, arrange, busiest, copiesAmong, edges, fill, type Lane, UNTOUCHED } from "./timeline/lanes";

export type Tab = "why" | "words" | "markers" | "loose" | "jobs";
/** What the page says stands so long: time to read two lines, and to look back at them once. */
const SAID_MS = 15_000;

export type Part = "angles" | "panel" | "time";

/** A place that a person tries for a recording before saying it. */
export type Trial = { id: string; pieces: Piece[]; by: number; laid: boolean };

const COUNTS = [1, 2, 4, 9] as const;

export class Page {
  view = $state.raw<CaseView | null>(null);
  jobs = $state.raw<Job[]>([]);
  connected = $state(true);
  /** What the server said when it would not show the case. */
  refused = $state<string | null>(null);
  /** One line for the person, read aloud by screen readers. */
  said = $state("");

  transport = new Transport();
  island = $state<number | null>(null);
  selected = $state<string | null>(null);
  tab = $state<Tab>("why");
  filled = $state<Part | null>(null);
  sheet = $state(false);
  trial = $state.raw<Trial | null>(null);

  angle_count = $state<number>(kept("angles", 4));
  angles = $state.raw<string[]>([]);
  asked = $state.raw<ReadonlySet<string>>(new Set());
  /** Those that a person took from the angles: they come back when asked for, not by themselves. */
  away = $state.raw<ReadonlySet<string>>(new Set());
  /** The only one that sounds, or null for the mix of all that are not muted. */
  solo = $state<string | null>(null);
  muted = $state.raw<ReadonlySet<string>>(new Set());
  volumes = $state.raw<Record<string, number>>({});
  /** Veiled recordings that this window was asked to show all the same. */
  unveiled = $state.raw<ReadonlySet<string>>(new Set());
  /** Recordings whose original this browser could not show. */
  fails = $state.raw<ReadonlySet<string>>(new Set());

  arrangement = $state.raw<Arrangement>(UNTOUCHED);
  /** Minutes east of Greenwich in which wall-clock times are shown. */
  zone_min = $state<number>(kept("zone_min", 0));

  recordings = $derived(new Map((this.view?.recordings ?? []).map((recording) => [recording.id, recording])));
  islands = $derived(this.view?.islands ?? []);
  here = $derived<IslandView | null>(this.islands.find(({ number }) => number === this.island) ?? null);
  copies = $derived(copiesAmong(this.view?.recordings ?? [], this.view?.excerpts ?? []));
  all_lanes = $derived(arrange(this.#tried(), this.island, { ...this.arrangement, hidden: [], isolated: [] }, this.copies));
  lanes = $derived<Lane[]>(arrange(this.#tried(), this.island, this.arrangement, this.copies));
  loose = $derived((this.view?.recordings ?? []).filter((recording) => recording.island === null));
  span = $derived.by(() => {
    let start = Infinity;
    let end = -Infinity;
    for (const lane of this.all_lanes) {
      const ends = span(lane.pieces);
      if (!ends) continue;
      start = Math.min(start, ends.start);
      end = Math.max(end, ends.end);
    }
    return start < end ? { start, end } : { start: 0, end: 1 };
  });
  running = $derived(this.jobs.filter((job) => job.state === "running"));

  /** Whether a person chose what sounds. */
  #sound_chosen = false;
  #edges = $derived(edges(this.lanes, []));
  /** How many beginnings and ends the running clock has passed. */
  #passed = -1;

  #loading: Promise<void> | null = null;
  #again = false;
  #saying: ReturnType<typeof setTimeout> | undefined;

  #tried(): RecordingView[] {
    const trial = this.trial;
    const all = this.view?.recordings ?? [];
    if (!trial) return all;
    return all.map((one) => (one.id === trial.id ? { ...one, pieces: trial.pieces, island: one.island ?? this.island } : one));
  }

  recording(id: string | null): RecordingView | null {
    return id === null ? null : (this.recordings.get(id) ?? null);
  }

  /** Where a recording lies, as it is tried or as the server says. */
  pieces(id: string): readonly Piece[] {
    return this.trial?.id === id ? this.trial.pieces : (this.recordings.get(id)?.pieces ?? []);
  }

  isVeiled(id: string): boolean {
    const recording = this.recordings.get(id);
    return !!recording && (recording.veiled || !!this.view?.veil_all) && !this.unveiled.has(id);
  }

  sounds(id: string): boolean {
    if (this.isVeiled(id)) return false;
    return this.solo === null ? !this.muted.has(id) : this.solo === id;
  }

  /** Loads the case and listens for changes; returns how to stop. */
  begin(): () => void {
    void this.load();
    return listen({
      changed: (revision) => {
        if (revision !== this.view?.revision) void this.load();
      },
      job: (job) => this.#hear(job),
      connected: (is) => {
        if (is && !this.connected) void this.load();
        this.connected = is;
      },
    });
  }

  /** Asks for the case; when asked while asking, once more after. */
  load(): Promise<void> {
    if (this.#loading) {
      this.#again = true;
      return this.#loading;
    }
    this.#loading = this.#load().finally(() => {
      this.#loading = null;
      if (this.#again) {
        this.#again = false;
        void this.load();
      }
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    try {
      const view = await api.case();
      const first = this.view === null;
      const held = this.#held();
      this.view = view;
      this.jobs = view.jobs;
      this.refused = null;
      if (first) this.#open();
      else this.#keepUp(held);
    } catch (error) {
      this.refused = sentence(error);
    }
  }

  #open(): void {
    this.arrangement = kept(this.#key(), UNTOUCHED);
    if (!this.goTo(readFragment(location.hash))) this.showIsland(this.#largest());
  }

  /** The moment that is shown, as a recording's own time: clocks get other numbers and zeros when the case is solved. */
  #held(): { id: string; media: number } | null {
    for (const id of [...this.angles, ...this.lanes.map((lane) => lane.recording.id)]) {
      const here = where(this.recordings.get(id)?.pieces ?? [], this.transport.now);
      if (here.at === "in") return { id, media: here.media };
    }
    return null;
  }

  /** After the case changed: what was chosen stays, and so does the moment, unless they are gone. */
  #keepUp(held: { id: string; media: number } | null): void {
    if (this.selected && !this.recordings.has(this.selected)) this.selected = null;
    const recording = held && this.recording(held.id);
    const at = held && recording ? toCase(recording.pieces, held.media) : null;
    if (recording && at !== null) {
      this.island = recording.island;
      this.transport.span = this.span;
      if (Math.abs(at - this.transport.now) > 1e-4) this.transport.seek(at);
    } else if (!this.islands.some(({ number }) => number === this.island)) {
      this.showIsland(this.#largest());
    }
    this.transport.span = this.span;
    this.fillAngles();
  }

  #largest(): number | null {
    return [...this.islands].sort((a, b) => b.recordings - a.recordings)[0]?.number ?? null;
  }

  #hear(job: Job): void {
    const others = this.jobs.filter(({ id }) => id !== job.id);
    this.jobs = [...others, job].sort((a, b) => a.id - b.id);
    if (job.state === "failed") this.say(job.said ?? `${job.what} failed`);
    else if (job.state === "done") this.say(job.said ?? `${job.what}: done`);
  }

  /** Said for a while; then it is over. */
  say(text: string): void {
    this.said = text;
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => (this.said = ""), SAID_MS);
  }

  /** Does what may fail at the server, and says so if it does. */
  async tell(work: Promise<unknown>, done?: string): Promise<boolean> {
    try {
      await work;
      if (done) this.say(done);
      return true;
    } catch (error) {
      this.say(sentence(error));
      return false;
    }
  }

  showIsland(number: number | null, at: number | null = null): void {
    if (number !== this.island) this.trial = null;
    this.island = number;
    this.transport.pause();
    this.transport.span = this.span;
    this.transport.mark_in = null;
    this.transport.mark_out = null;
    this.transport.seek(at ?? busiest(this.all_lanes) ?? this.span.start);
    this.asked = new Set();
    this.away = new Set();
    this.angles = [];
    this.fillAngles();
  }

  select(id: string | null): void {
    this.selected = id;
    if (this.trial && this.trial.id !== id) this.trial = null;
    if (id !== null && this.angles.includes(id) && this.solo !== null && this.recording(id)?.audio) this.setSolo(id);
  }

  /** Goes to a moment of case time. */
  seek(at: number): void {
    this.transport.seek(Math.min(Math.max(at, this.span.start), this.span.end));
    this.fillAngles();
  }

  /** Goes to a moment of a recording's own time, on whatever clock it lies. */
  seekSource(id: string, media: number): boolean {
    const recording = this.recording(id);
    const at = recording && toCase(recording.pieces, media);
    if (!recording || at === null) return false;
    if (recording.island !== this.island) this.showIsland(recording.island, at);
    this.selected = id;
    this.seek(at);
    if (!this.angles.includes(id)) this.ask(id);
    return true;
  }

  /** What an address says; false if it says nothing that this case knows. */
  goTo(moment: Moment | null): boolean {
    if (!moment) return false;
    const angles = moment.angles.map((start) => [...this.recordings.keys()].find((id) => id.startsWith(start)));
    if (moment.source) {
      const id = [...this.recordings.keys()].find((one) => one.startsWith(moment.source ?? " "));
      if (!id) {
        this.say("the address names a recording that is not in this case");
        return false;
      }
      if (!this.seekSource(id, moment.t ?? 0)) {
        this.showIsland(this.#largest());
        this.selected = id;
        this.tab = "why";
      }
      const end = moment.end === null ? null : toCase(this.pieces(id), moment.end);
      this.#mark(end);
    } else {
      const island = moment.island ?? this.islands.find(({ number }) => number === 0)?.number ?? this.#largest();
      if (island !== this.island) this.showIsland(island, moment.t);
      if (moment.t !== null) this.seek(moment.t);
      this.#mark(moment.end);
    }
    const known = angles.filter((id): id is string => id !== undefined);
    if (known.length) {
      this.angle_count = COUNTS.find((count) => count >= known.length) ?? 9;
      this.asked = new Set(known);
      this.angles = known;
      this.fillAngles();
    }
    return true;
  }

  #mark(end: number | null): void {
    if (end === null) return;
    this.transport.mark_in = this.transport.now;
    this.transport.mark_out = end;
  }

  /** The address of this moment. */
  get fragment(): string {
    const selection = this.transport.selection;
    return writeFragment({
      source: null,
      island: this.island,
      t: selection?.start ?? this.transport.now,
      end: selection?.end ?? null,
      angles: [...this.asked].length ? this.angles : [],
    });
  }

  fillAngles(): void {
    const lanes = this.lanes.filter((lane) => !this.away.has(lane.recording.id));
    this.angles = fill(lanes, this.transport.now, this.angle_count, this.angles, this.asked);
    const heard = (id: string) => !!this.recording(id)?.audio && where(this.pieces(id), this.transport.now).at === "in";
    const shown = this.solo !== null && this.angles.includes(this.solo) ? this.solo : null;
    if (this.#sound_chosen && (this.solo === null || shown !== null)) return;
    this.#sound_chosen = false;
    if (shown !== null && heard(shown)) return;
    this.solo = this.angles.find(heard) ?? shown ?? this.angles.find((id) => this.recording(id)?.audio) ?? null;
  }

  /** While the clock runs: where something begins or ends, angles that nobody asked for go to what runs then. */
  follow(): void {
    const now = this.transport.now;
    const next = this.#edges.findIndex((at) => at > now);
    if (next === this.#passed) return;
    this.#passed = next;
    const before = this.angles;
    this.fillAngles();
    const came = this.angles.filter((id) => !before.includes(id)).map((id) => this.recording(id)?.name ?? "");
    if (came.length) this.say(`runs from here: ${came.join(", ")}`);
  }

  setAngleCount(count: number): void {
    this.angle_count = count;
    keep("angles", count);
    this.fillAngles();
  }

  /** Shows a recording among the angles, in the place of the last that nobody asked for; or takes it away. */
  ask(id: string): void {
    if (this.angles.includes(id)) {
      this.asked = new Set([...this.asked].filter((one) => one !== id));
      this.angles = this.angles.filter((one) => one !== id);
      this.away = new Set([...this.away, id]);
      if (this.solo === id) [this.solo, this.#sound_chosen] = [null, false];
      return;
    }
    this.away = new Set([...this.away].filter((one) => one !== id));
    const free = this.angles.length < this.angle_count ? -1 : this.angles.findLastIndex((one) => !this.asked.has(one));
    if (this.angles.length < this.angle_count) this.angles = [...this.angles, id];
    else this.angles = this.angles.with(free < 0 ? this.angles.length - 1 : free, id);
    this.asked = new Set([...this.asked, id].filter((one) => this.angles.includes(one)));
  }

  /** An angle that is kept stays when it ends; others go to what runs. */
  keepHere(id: string): void {
    if (!this.angles.includes(id)) return this.ask(id);
    const asked = new Set(this.asked);
    if (!asked.delete(id)) asked.add(id);
    this.asked = asked;
  }

  setSolo(id: string | null): void {
    this.solo = id;
    this.#sound_chosen = true;
  }

  toggleMute(id: string): void {
    const muted = new Set(this.muted);
    if (this.solo !== null) {
      // Leaving solo: all others stay silent, this one changes.
      for (const one of this.angles) if (one !== this.solo) muted.add(one);
      this.setSolo(null);
    }
    if (!muted.delete(id)) muted.add(id);
    this.muted = muted;
  }

  setZone(zone_min: number): void {
    this.zone_min = zone_min;
    keep("zone_min", zone_min);
  }

  arrange(arrangement: Arrangement): void {
    this.arrangement = arrangement;
    keep(this.#key(), arrangement);
    this.fillAngles();
  }

  #key(): string {
    return `lanes of ${this.view?.title ?? ""}`;
  }

  /** Moves the recording that a person is placing by seconds of case time. */
  nudge(id: string, by: number): void {
    const recording = this.recording(id);
    if (!recording) return;
    const before = this.trial?.id === id ? this.trial : { id, pieces: [...recording.pieces], by: 0, laid: false };
    if (!before.pieces.length) return;
    this.trial = { ...before, pieces: moved(before.pieces, by), by: before.by + by };
  }
}

export function sentence(error: unknown): string {
  if (error instanceof Refused && error.status === 401) return "this window may not look any more: open the address that recount serve prints";
  if (error instanceof Refused) return error.message;
  if (error instanceof TypeError) return "the server does not answer";
  return String(error);
}

export const page = new Page();
