// Looking for words in the whole case: what is asked for, what came of it, which result is chosen.
import { api } from "../api/client";
import type { FoundView, HitView } from "../api/types";
import { page } from "../page.svelte";

/** Typing rests so long before it is asked: faster than a person waits for, slower than one types. */
const REST_MS = 120;

class Finding {
  query = $state("");
  found = $state.raw<FoundView | null>(null);
  /** Why the query could not be understood. */
  wrong = $state<string | null>(null);
  /** Number of the result that was gone to last; -1 before. */
  at = $state(-1);

  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  typed(): void {
    clearTimeout(this.#timer);
    if (this.query.trim() === "") {
      this.#asked++;
      [this.found, this.wrong, this.at] = [null, null, -1];
    } else this.#timer = setTimeout(() => void this.ask(), REST_MS);
  }

  async ask(): Promise<void> {
    clearTimeout(this.#timer);
    const asked = ++this.#asked;
    try {
      const found = await api.search(this.query);
      // Whoever types on has asked for something else meanwhile.
      if (asked === this.#asked) [this.found, this.wrong, this.at] = [found, null, -1];
    } catch (error) {
      if (asked === this.#asked) this.wrong = error instanceof Error ? error.message : String(error);
    }
  }

  clear(): void {
    this.query = "";
    this.typed();
  }

  /** To the second of a result, with all angles. */
  goTo(hit: HitView, index: number): void {
    this.at = index;
    if (hit.start === undefined) page.say(`${hit.name} is a document${hit.page === undefined ? "" : `: page ${hit.page}`}`);
    else if (!page.seekSource(hit.id, hit.start)) {
      page.select(hit.id);
      page.say(`${hit.name} is on no clock`);
    }
  }

  /** To the next result, or the one before. */
  step(direction: 1 | -1): void {
    const hits = this.found?.hits ?? [];
    const index = Math.min(hits.length - 1, Math.max(0, this.at + direction));
    const hit = hits[index];
    if (hit) this.goTo(hit, index);
  }

  async cite(hit: HitView): Promise<void> {
    await navigator.clipboard.writeText(hit.citation).then(
      () => page.say("citation copied"),
      () => page.say("the browser does not let this page copy"),
    );
  }
}

export const finding = new Finding();
