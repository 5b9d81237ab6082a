// Saying whose voice is heard: of an utterance in the list, for the whole case or for it alone.
import { api } from "../api/client";
import type { UtteranceView } from "../api/types";
import { where } from "../clock/pieces";
import { page } from "../page.svelte";

class NamingVoice {
  /** What is said by whom a person is about to name. */
  of = $state.raw<UtteranceView | null>(null);
  person = $state("");
  only = $state(false);
  /** Said, and not yet answered. */
  sent = $state(false);

  /** The names that persons have given, each once. */
  known = $derived([...new Set((page.view?.named ?? []).map(({ person }) => person))].sort((a, b) => a.localeCompare(b)));

  begin(one: UtteranceView): void {
    if (!one.machine) return page.say("a transcript that was brought says who speaks here");
    [this.of, this.person, this.only] = [one, one.speaker ?? "", one.voice === undefined];
  }

  end(): void {
    this.of = null;
  }

  /** A name belongs to a moment of the recording, not of the clock: clocks move when the case is solved. */
  async say(): Promise<void> {
    const one = this.of;
    const person = this.person.trim();
    if (!one || this.sent) return;
    if (!person) return page.say("a name has letters");
    const here = where(page.pieces(one.best), one.start);
    if (here.at !== "in") return page.say("this moment is on no recording now");
    this.sent = true;
    const naming = { source: one.best, media: here.media, person, only: this.only };
    if (await page.tell(api.name(naming), `said: this is ${person}`)) this.end();
    this.sent = false;
  }
}

export const naming = new NamingVoice();
