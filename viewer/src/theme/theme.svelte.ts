// Dark, light, or as the system is: what was chosen is remembered, what is in force follows from it. Dark unless chosen
// otherwise, so that pictures keep their colours.
import { keep, kept } from "../preferences";

export type Theme = "dark" | "light";
export type Choice = Theme | "system";

export const CHOICES: readonly Choice[] = ["dark", "light", "system"];

const system = matchMedia("(prefers-color-scheme: light)");

class Themes {
  choice = $state<Choice>(kept("theme", "dark"));
  system = $state<Theme>(system.matches ? "light" : "dark");
  /** What is in force. */
  now = $state<Theme>("dark");

  constructor() {
    if (!CHOICES.includes(this.choice)) this.choice = "dark";
    system.addEventListener("change", ({ matches }) => {
      this.system = matches ? "light" : "dark";
      this.#apply();
    });
    this.#apply();
  }

  choose(choice: Choice): void {
    this.choice = choice;
    keep("theme", choice);
    this.#apply();
  }

  /** The next choice, for its key; what is in force then, in words. */
  next(): string {
    this.choose(CHOICES[(CHOICES.indexOf(this.choice) + 1) % CHOICES.length] ?? "dark");
    return this.choice === "system" ? `as the system: ${this.now}` : this.now;
  }

  #apply(): void {
    const now = this.choice === "system" ? this.system : this.choice;
    // The style sheet first: what draws on canvases reads its colours when the theme changes.
    document.documentElement.dataset["theme"] = now;
    this.now = now;
  }
}

export const themes = new Themes();
