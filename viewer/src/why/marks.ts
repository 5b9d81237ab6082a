// The forms by which the partners of a recording are told apart in its plot, without colour: eight of them, then again
// with another colour. Paths around 0, 0; all take up about as much ink.

const FORMS = [
  "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z",
  "M-2.7 -2.7h5.4v5.4h-5.4z",
  "M0 -3.8l3.8 3.8l-3.8 3.8l-3.8 -3.8z",
  "M0 -3.6l3.7 6.4h-7.4z",
  "M0 3.6l3.7 -6.4h-7.4z",
  "M-1.3 -3.7h2.6v2.4h2.4v2.6h-2.4v2.4h-2.6v-2.4h-2.4v-2.6h2.4z",
  "M0 -4.2l1.2 2.7l3 .3l-2.2 2l.6 2.9l-2.6 -1.5l-2.6 1.5l.6 -2.9l-2.2 -2l3 -.3z",
  "M-4 -1.7h8v3.4h-8z",
] as const;

const COLOURS = ["green", "blue", "ochre", "violet", "rose", "grey"] as const;

/** How the partner of that number is drawn: a form, and a colour besides. */
export function markOf(partner: number): { path: string; colour: string } {
  return { path: FORMS[partner % FORMS.length] ?? FORMS[0], colour: COLOURS[partner % COLOURS.length] ?? "green" };
}

/** Each partner's number, in the order in which they are first named. */
export function numbered(partners: readonly string[]): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const id of partners) if (!numbers.has(id)) numbers.set(id, numbers.size);
  return numbers;
}
