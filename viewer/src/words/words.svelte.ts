// What is said around the moment that is shown, from the server; and which of it is being said now.
import { api } from "../api/client";
import type { UtteranceView } from "../api/types";
import { page } from "../page.svelte";

/** Before the end of what is here is reached, more is asked for. */
const AHEAD = 40;

class Words {
  utterances = $state.raw<UtteranceView[]>([]);
  /** How many the clock has in all, and which of them is the first here. */
  count = $state(0);
  first = $state(0);
  /** Whether the server has answered for this clock. */
  known = $state(false);
  refused = $state<string | null>(null);

  /** What is said now, or was last: its number in `utterances`; -1 before the first. */
  now = $derived.by(() => {
    const at = page.transport.now + 1e-6;
    return this.utterances.findLastIndex((one) => one.start <= at);
  });

  /** What the page wants, and of which state of the case what is here is. */
  #wanted = { island: -1, revision: -1, at: 0 };
  #revision = -1;
  #asking = false;

  /** Sees to it that what is said around a moment of the clock is here. While it is renewed, the old stays. */
  follow(island: number | null, revision: number, at: number): void {
    if (island === null) return;
    if (island !== this.#wanted.island) {
      [this.utterances, this.count, this.first, this.refused, this.known] = [[], 0, 0, null, false];
      this.#revision = -1;
    }
    this.#wanted = { island, revision, at };
    // Looked at in any case: an answer is what makes the page ask for what it has come to want meanwhile.
    const isHere = this.#isHere(at);
    if (revision !== this.#revision || !isHere) void this.#ask();
  }

  /** Whether all is here that is said shortly before and after a moment. */
  #isHere(at: number): boolean {
    const behind = this.first > 0 && (this.utterances[Math.min(AHEAD, this.utterances.length - 1)]?.start ?? 0) > at;
    const ahead = this.first + this.utterances.length < this.count && (this.utterances.at(-AHEAD)?.start ?? 0) < at;
    return !behind && !ahead;
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const { island, revision, at } = this.#wanted;
    const isWanted = () => island === this.#wanted.island;
    try {
      const said = await api.said(island, at);
      if (isWanted()) [this.utterances, this.count, this.first, this.refused] = [said.utterances, said.count, said.first, null];
    } catch (error) {
      if (isWanted()) this.refused = error instanceof Error ? error.message : String(error);
    }
    this.#asking = false;
    if (isWanted()) [this.#revision, this.known] = [revision, true];
    else void this.#ask();
  }

  /** To the utterance after this, or before. */
  go(direction: 1 | -1): void {
    if (!this.known) {
      page.tab = "words";
      return;
    }
    const now = page.transport.now;
    const next = direction > 0 ? this.utterances.find(({ start }) => start > now + 1e-3) : this.utterances.findLast(({ start }) => start < now - 0.5);
    if (next) page.seek(next.start);
    else page.say(direction > 0 ? "nothing is said after this" : "nothing is said before this");
  }
}

export const words = new Words();
