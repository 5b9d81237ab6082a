// Which key does what now: the table's own keys, unless a person chose others.
import { keep, kept } from "../preferences";
import { chordOf, isTyping, written } from "./chord";
import { ACTIONS, type Action } from "./table";

class Keyboard {
  /** Keys that a person chose, by action. */
  chosen = $state.raw<Record<string, string[]>>(kept("keys", {}));
  #of = $derived.by(() => {
    const of = new Map<string, Action>();
    // What a person chose wins over another action's own key.
    for (const action of ACTIONS) if (!this.chosen[action.id]) for (const key of action.keys) of.set(key, action);
    for (const action of ACTIONS) for (const key of this.chosen[action.id] ?? []) of.set(key, action);
    return of;
  });

  keysOf(action: Action): string[] {
    return [...this.#of].filter(([, one]) => one === action).map(([key]) => key);
  }

  choose(id: string, key: string): void {
    this.chosen = { ...this.chosen, [id]: [key] };
    keep("keys", this.chosen);
  }

  reset(): void {
    this.chosen = {};
    keep("keys", {});
  }

  /** Does what a key means; leaves it alone where it belongs to what has the focus. */
  press(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || isTyping(event.target)) return;
    const chord = chordOf(event);
    const action = chord === null ? undefined : this.#of.get(chord);
    if (!action || chord === null) return;
    // Buttons keep the keys that press them.
    const on_button = event.target instanceof Element && event.target.closest("button, a, summary, input, [role=tab]");
    if (on_button && (chord === "Space" || chord === "Enter")) return;
    if (event.repeat && !action.repeats) return;
    event.preventDefault();
    action.run();
  }
}

export const keyboard = new Keyboard();

/** The first key of an action, for tips. */
export function keyOf(id: string): string {
  const action = ACTIONS.find((one) => one.id === id);
  const key = action && keyboard.keysOf(action)[0];
  return key ? written(key) : "no key";
}
