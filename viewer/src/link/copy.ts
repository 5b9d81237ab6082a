// Copying a moment: as a citation for the account, or as an address that opens it again.
import { running } from "../clock/format";
import { where } from "../clock/pieces";
import type { Page } from "../page.svelte";
import { citation, writeFragment } from "./fragment";

/** The recording a citation of now rests on: the chosen one if it ran, else the first angle that did. */
function cited(page: Page): { id: string; name: string; media: number; end: number | null } | null {
  const { now, selection } = page.transport;
  const from = selection?.start ?? now;
  const candidates = [page.selected, ...page.angles].filter((id): id is string => id !== null);
  for (const id of candidates) {
    const here = where(page.pieces(id), from);
    const recording = page.recording(id);
    if (here.at !== "in" || !recording) continue;
    const until = selection && where(page.pieces(id), selection.end);
    return { id, name: recording.name, media: here.media, end: until && until.at !== "nowhere" ? until.media : null };
  }
  return null;
}

export async function citeHere(page: Page): Promise<void> {
  const source = cited(page);
  if (!source) return page.say("no recording ran at this moment: nothing to cite");
  const words = `${source.name} at ${running(source.media)}`;
  await copy(page, citation(source.name, source.media, source.end, words), "citation copied");
}

/** A source's own time where a recording is chosen, as it stays right whatever is solved; else case time. */
export async function linkHere(page: Page): Promise<void> {
  const source = page.selected === null ? null : cited(page);
  const fragment =
    source && source.id === page.selected
      ? writeFragment({ source: source.id, island: null, t: source.media, end: source.end, angles: [] })
      : page.fragment;
  await copy(page, location.origin + location.pathname + fragment, "link copied");
}

async function copy(page: Page, text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    page.say(`${done}: ${text}`);
  } catch {
    // Without leave to use the clipboard the text is at least shown.
    page.say(text);
  }
}
