// Correcting what is said: an utterance of the list, as it is heard. What is written stays here until the server has it.
import { api } from "../api/client";
import type { UtteranceView } from "../api/types";
import { where } from "../clock/pieces";
import { page } from "../page.svelte";

/** Who has typed hears the last words again. */
const ROLL_BACK_S = 1;

class Correcting {
  /** What is corrected, as it was when this began. */
  of = $state.raw<UtteranceView | null>(null);
  text = $state("");
  /** Said, and not yet answered. */
  sent = $state(false);
  #played = false;

  begin(one: UtteranceView): void {
    if (this.of && this.text !== textOf(this.of)) return page.say("save what you are correcting first, or leave it with Escape");
    [this.of, this.text, this.#played] = [one, textOf(one), false];
  }

  /** Nobody types as fast as people talk. */
  typing(): void {
    if (!page.transport.playing) return;
    this.#played = true;
    page.transport.pause();
  }

  end(): void {
    this.of = null;
    if (!this.#played) return;
    this.#played = false;
    page.seek(Math.max(page.span.start, page.transport.now - ROLL_BACK_S));
    page.transport.play();
  }

  /** A correction belongs to a moment of the recording, not of the clock; whoever else corrected it is not overruled unseen. */
  async say(text = this.text): Promise<void> {
    const one = this.of;
    if (!one || this.sent) return;
    const here = where(page.pieces(one.best), one.start);
    if (here.at !== "in") return page.say("this moment is on no recording now");
    this.sent = true;
    const before = textOf(one);
    const said = text.trim() === before ? "said: this is right" : "corrected";
    if (await page.tell(api.correct({ source: one.best, media: here.media, before, text }), said)) this.end();
    this.sent = false;
  }
}

export const textOf = (one: UtteranceView): string => one.words.map(({ text }) => text).join(" ");

export const correcting = new Correcting();
