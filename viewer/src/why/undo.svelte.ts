// What can be taken back, in the order in which it was done: first a place that is only tried, then what people said.
import { api } from "../api/client";
import type { WordView } from "../api/types";
import { signed } from "../clock/format";
import { page } from "../page.svelte";

class Undoing {
  /** Being taken back: the server solves again meanwhile. */
  #asked = $state<number | null>(null);

  #last = $derived<WordView | null>(page.view?.words.at(-1) ?? null);

  /** What would be undone, in a sentence; `null` if there is nothing. */
  what = $derived.by(() => {
    const trial = page.trial;
    if (trial) return `Puts ${this.#name(trial.id)} back where it was before it was tried ${signed(trial.by)} away`;
    return this.#last ? `Takes back what ${this.#last.actor} said last: ${this.#last.said}${this.#last.locked ? " (locked)" : ""}` : null;
  });

  /** The same in a word or two. */
  short = $derived(page.trial ? `trying ${this.#name(page.trial.id)}` : this.#last ? `placing ${this.#name(this.#last.source)}` : "");

  busy = $derived(!page.trial && this.#last !== null && this.#last.id === this.#asked);

  undo(): void {
    if (page.trial) page.trial = null;
    else if (!this.#last) page.say("nothing was placed by hand");
    else if (!this.busy) void this.takeBack(this.#last);
  }

  /** Takes back what a person said, whatever was said since. */
  async takeBack(word: WordView): Promise<void> {
    this.#asked = word.id;
    if (!(await page.tell(api.undo(word.id), `taken back: ${word.said}; the rest is solved again`))) this.#asked = null;
  }

  isAsked(word: WordView): boolean {
    return this.#asked === word.id;
  }

  #name(id: string): string {
    return page.recording(id)?.name ?? "a recording";
  }
}

export const undoing = new Undoing();
