// What can be taken back: first a place that is only tried, then a marker that was removed, then what people said.
import { api } from "../api/client";
import type { CorrectedView, Marker, NamedView, WordView } from "../api/types";
import { signed } from "../clock/format";
import { page } from "../page.svelte";

/** What a person said: numbers count on over all kinds, so the highest was said last. */
type Told = WordView | NamedView | CorrectedView;

const isName = (told: Told): told is NamedView => "person" in told;
const isText = (told: Told): told is CorrectedView => "text" in told;
const isPlace = (told: Told): told is WordView => !isName(told) && !isText(told);
/** Numbers of what was said grow, so another last one tells that more was said. */
const count = () => (page.view?.words.length ?? 0) + (page.view?.named.length ?? 0) + (page.view?.corrected?.id ?? 0);

class Undoing {
  /** Being taken back: the server solves again meanwhile. */
  #asked = $state<number | null>(null);

  /** The marker that was removed in this window, and how much had been said of places then: what is said later comes first. */
  #removed = $state.raw<{ marker: Marker; words: number } | null>(null);
  #marker = $derived(this.#removed && count() <= this.#removed.words ? this.#removed.marker : null);

  #last = $derived.by<Told | null>(() => {
    const all: (Told | undefined)[] = [page.view?.words.at(-1), page.view?.named.at(-1), page.view?.corrected];
    return all.filter((told) => told !== undefined).reduce<Told | null>((last, told) => (last && last.id > told.id ? last : told), null);
  });

  /** What would be undone, in a sentence; `null` if there is nothing. */
  what = $derived.by(() => {
    const trial = page.trial;
    if (trial) return `Puts ${this.#name(trial.id)} back where it was before it was tried ${signed(trial.by)} away`;
    if (this.#marker) return `Puts back the marker that was removed: ${this.#marker.note || "without a note"}`;
    return this.#last ? `Takes back what ${this.#last.actor} said last: ${this.#last.said}${isPlace(this.#last) && this.#last.locked ? " (locked)" : ""}` : null;
  });

  /** The same in a word or two. */
  short = $derived(page.trial ? `trying ${this.#name(page.trial.id)}` : this.#marker ? "removing a marker" : !this.#last ? "" : isText(this.#last) ? "correcting what is said" : isName(this.#last) ? `naming ${this.#last.person}` : `placing ${this.#name(this.#last.source)}`);

  busy = $derived(!page.trial && !this.#marker && this.#last !== null && this.#last.id === this.#asked);

  undo(): void {
    if (page.trial) page.trial = null;
    else if (this.#marker) void this.#putBack(this.#marker);
    else if (!this.#last) page.say("nothing was placed, named or corrected by hand");
    else if (!this.busy) void this.takeBack(this.#last);
  }

  async removeMarker(marker: Marker): Promise<void> {
    if (!(await page.tell(api.removeMarker(marker.id), "marker removed"))) return;
    this.#removed = { marker, words: count() };
    await page.load();
  }

  async #putBack(marker: Marker): Promise<void> {
    this.#removed = null;
    if (await page.tell(api.addMarker(marker.at, marker.note), "the marker is back")) await page.load();
    else this.#removed = { marker, words: count() };
  }

  /** Takes back what a person said, whatever was said since. */
  async takeBack(word: Told): Promise<void> {
    this.#asked = word.id;
    if (!(await page.tell(api.undo(word.id), !isPlace(word) ? `taken back: ${word.said}` : `taken back: ${word.said}; the rest is solved again`))) this.#asked = null;
  }

  isAsked(word: Told): boolean {
    return this.#asked === word.id;
  }

  #name(id: string): string {
    return page.recording(id)?.name ?? "a recording";
  }
}

export const undoing = new Undoing();
