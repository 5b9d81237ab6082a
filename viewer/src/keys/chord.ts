// What was pressed, as text: `Space`, `J`, `Shift+ArrowLeft`, `Mod+Z`, `?`. Pure, so that it can be tested.

/** Sentences for a person: `⇧←`. */
const SIGNS: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

export type Pressed = { key: string; shiftKey: boolean; ctrlKey: boolean; altKey: boolean; metaKey: boolean; code?: string };

/** `null` for a modifier alone. */
export function chordOf(pressed: Pressed): string | null {
  let { key } = pressed;
  if (["Shift", "Control", "Alt", "Meta", "AltGraph", "Dead", "Unidentified", "CapsLock"].includes(key)) return null;
  // Alt changes what letters and digits mean on some keyboards; the key's place then says which was meant.
  const place = /^(?:Key([A-Z])|Digit(\d))$/.exec(pressed.code ?? "");
  if (pressed.altKey && place) key = place[1] ?? place[2] ?? key;
  if (key === " ") key = "Space";
  const letter = /^\p{L}$/u.test(key);
  if (letter) key = key.toUpperCase();
  const parts: string[] = [];
  if (pressed.ctrlKey || pressed.metaKey) parts.push("Mod");
  if (pressed.altKey) parts.push("Alt");
  // A sign such as ? already holds the Shift that made it.
  if (pressed.shiftKey && (letter || key.length > 1 || pressed.altKey)) parts.push("Shift");
  parts.push(key);
  return parts.join("+");
}

export function written(chord: string): string {
  return chord
    .split(/\+(?=.)/)
    .map((part) => SIGNS[part] ?? (part === "Mod" ? "Ctrl" : part))
    .join("+");
}

/** Whether letters belong to what has the focus, and not to the page. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range", "color"].includes(target.type);
}
