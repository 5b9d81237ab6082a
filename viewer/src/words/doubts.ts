// What there is to say against a word that was written down: in words, for those who point at it and those who hear the page.
import type { SpokenView } from "../api/types";

/** A recogniser that is less sure of a word than this is wrong about it often enough to look. */
export const SURE = 0.6;

export function isUnsure(word: SpokenView): boolean {
  return word.confidence < SURE;
}

/** Other words that recordings have in its place. A recording that wrote nothing contradicts nobody. */
export function isDisputed(word: SpokenView): boolean {
  return (word.others ?? []).some(({ text }) => text !== undefined);
}

/** One sentence; empty where nothing is to be said. */
export function doubts(word: SpokenView, name: (id: string) => string): string {
  const parts: string[] = [];
  if (word.confidence < 0.995) parts.push(`${Math.round(word.confidence * 100)} % sure`);
  if (word.from) parts.push(`from ${name(word.from)}`);
  for (const { id, text } of word.others ?? []) parts.push(text === undefined ? `${name(id)} has nothing here` : `${name(id)} has “${text}”`);
  return parts.join("; ");
}
