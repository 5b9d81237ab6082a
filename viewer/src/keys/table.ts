// Every action of the page and its keys: the one table that dispatches keys and fills the sheet behind `?`.
import { api } from "../api/client";
import { citeHere, linkHere } from "../link/copy";
import { startMarker } from "../panel/marking.svelte";
import { type Page, page, type Part } from "../page.svelte";
import { driverOf } from "../player/angles";
import { frameAt } from "../clock/lockstep";
import { toCase, where } from "../clock/pieces";
import { lens } from "../timeline/lens.svelte";
import { COLOURS, edges, shifted } from "../timeline/lanes";
import { markerMoments } from "../panel/moments";
import { suddens } from "../panel/sudden.svelte";
import { themes } from "../theme/theme.svelte";
import { listener } from "../why/listening.svelte";
import { sayPlace } from "../why/placing.svelte";
import { undoing } from "../why/undo.svelte";
import { correcting } from "../words/correcting.svelte";
import { naming } from "../words/naming.svelte";
import { words } from "../words/words.svelte";

export type Group = "Playing" | "Moments" | "Angles and sound" | "Lanes" | "Placing" | "The page";

export type Action = { id: string; title: string; group: Group; keys: string[]; run: () => void; repeats?: boolean };

const { transport } = page;

export const ACTIONS: readonly Action[] = [
  { id: "play", title: "Play or pause", group: "Playing", keys: ["Space"], run: () => transport.toggle() },
  { id: "stop", title: "Stop", group: "Playing", keys: ["K"], run: () => transport.pause() },
  { id: "shuttle-on", title: "Play on; again: faster", group: "Playing", keys: ["L"], run: () => transport.shuttle(1) },
  { id: "shuttle-back", title: "Play backwards; again: faster", group: "Playing", keys: ["J"], run: () => transport.shuttle(-1) },
  { id: "frame-on", title: "One frame on", group: "Playing", keys: ["ArrowRight", "."], run: () => stepFrame(1), repeats: true },
  { id: "frame-back", title: "One frame back", group: "Playing", keys: ["ArrowLeft", ","], run: () => stepFrame(-1), repeats: true },
  { id: "second-on", title: "One second on", group: "Playing", keys: ["Shift+ArrowRight"], run: () => stepSeconds(1), repeats: true },
  { id: "second-back", title: "One second back", group: "Playing", keys: ["Shift+ArrowLeft"], run: () => stepSeconds(-1), repeats: true },
  { id: "faster", title: "Faster", group: "Playing", keys: [">", "Alt+="], run: () => transport.stepSpeed(1) },
  { id: "slower", title: "Slower", group: "Playing", keys: ["<", "Alt+-"], run: () => transport.stepSpeed(-1) },

  { id: "jump", title: "Type a time to go to", group: "Moments", keys: ["="], run: () => focus("#jump") },
  { id: "edge-on", title: "To the next beginning, end or marker", group: "Moments", keys: ["ArrowDown"], run: () => toEdge(1), repeats: true },
  { id: "edge-back", title: "To the beginning, end or marker before", group: "Moments", keys: ["ArrowUp"], run: () => toEdge(-1), repeats: true },
  { id: "sudden-on", title: "To the next sudden loud sound", group: "Moments", keys: [";"], run: () => suddens.go(1), repeats: true },
  { id: "sudden-back", title: "To the sudden loud sound before", group: "Moments", keys: [":"], run: () => suddens.go(-1), repeats: true },
  { id: "said-on", title: "To what is said next", group: "Moments", keys: ["'"], run: () => words.go(1), repeats: true },
  { id: "said-back", title: "To what was said before", group: "Moments", keys: ['"'], run: () => words.go(-1), repeats: true },
  { id: "who", title: "Say who speaks now", group: "Moments", keys: ["Shift+P"], run: sayWho },
  { id: "correct", title: "Correct what is said now, or say that it is right", group: "Moments", keys: ["Shift+E"], run: correctNow },
  { id: "start", title: "To the beginning", group: "Moments", keys: ["Home"], run: () => page.seek(page.span.start) },
  { id: "end", title: "To the end", group: "Moments", keys: ["End"], run: () => page.seek(page.span.end) },
  { id: "mark-in", title: "Mark in", group: "Moments", keys: ["I"], run: () => transport.markIn() },
  { id: "mark-out", title: "Mark out", group: "Moments", keys: ["O"], run: () => transport.markOut() },
  { id: "go-in", title: "To the mark in", group: "Moments", keys: ["Shift+I"], run: () => goMark(transport.mark_in) },
  { id: "go-out", title: "To the mark out", group: "Moments", keys: ["Shift+O"], run: () => goMark(transport.mark_out) },
  { id: "no-marks", title: "Take both marks away", group: "Moments", keys: ["X"], run: () => (transport.markIn(null), transport.markOut(null)) },
  { id: "loop", title: "Loop between the marks, or not", group: "Moments", keys: ["R"], run: () => (transport.looping = !transport.looping) },
  { id: "mark", title: "Put a marker here", group: "Moments", keys: ["M"], run: () => startMarker(page) },
  { id: "cite", title: "Copy as citation", group: "Moments", keys: ["C"], run: () => void citeHere(page) },
  { id: "link", title: "Copy a link to this moment", group: "Moments", keys: ["Shift+C"], run: () => void linkHere(page) },

  ...[1, 2, 4, 9].map((count) => ({
    id: `angles-${count}`,
    title: count === 1 ? "One angle" : `${count} angles`,
    group: "Angles and sound" as const,
    keys: [`Alt+${count}`],
    run: () => page.setAngleCount(count),
  })),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => ({
    id: `angle-${number}`,
    title: `Choose angle ${number}`,
    group: "Angles and sound" as const,
    keys: [String(number)],
    run: () => page.select(page.angles[number - 1] ?? page.selected),
  })),
  { id: "show", title: "Chosen recording among the angles, or not", group: "Angles and sound", keys: ["A"], run: () => chosen((id) => page.ask(id)) },
  { id: "keep", title: "The chosen one stays among the angles when it ends, or not", group: "Angles and sound", keys: ["Shift+A"], run: () => chosen((id) => page.keepHere(id)) },
  { id: "solo", title: "Only the chosen one sounds", group: "Angles and sound", keys: ["S"], run: () => chosen((id) => page.setSolo(page.solo === id ? null : id)) },
  { id: "mute", title: "The chosen one silent, or not", group: "Angles and sound", keys: ["U"], run: () => chosen((id) => page.toggleMute(id)) },
  { id: "mix", title: "All angles sound together", group: "Angles and sound", keys: ["Shift+S"], run: () => page.setSolo(null) },
  { id: "veil", title: "Veil the chosen one, or unveil it", group: "Angles and sound", keys: ["Q"], run: () => chosen(toggleVeil) },

  { id: "zoom-in", title: "Zoom in (also the wheel, or a pinch)", group: "Lanes", keys: ["+"], run: () => lens.zoomBy(1), repeats: true },
  { id: "zoom-out", title: "Zoom out", group: "Lanes", keys: ["-"], run: () => lens.zoomBy(-1), repeats: true },
  { id: "zoom-all", title: "Show all of it", group: "Lanes", keys: ["\\", "Shift+Z"], run: () => lens.fit() },
  { id: "zoom-frames", title: "Show single frames", group: "Lanes", keys: ["F"], run: () => lens.zoomToFrames() },
  { id: "zoom-lane", title: "Show the chosen recording from edge to edge", group: "Lanes", keys: ["Z"], run: () => chosen((id) => lens.frame(id)) },
  { id: "pan-left", title: "Window to the left", group: "Lanes", keys: ["["], run: () => lens.panPage(-1), repeats: true },
  { id: "pan-right", title: "Window to the right", group: "Lanes", keys: ["]"], run: () => lens.panPage(1), repeats: true },
  { id: "lane-on", title: "Choose the next lane", group: "Lanes", keys: ["N", "Alt+ArrowDown"], run: () => chooseLane(1), repeats: true },
  { id: "lane-back", title: "Choose the lane before", group: "Lanes", keys: ["P", "Alt+ArrowUp"], run: () => chooseLane(-1), repeats: true },
  { id: "lane-down", title: "Move the lane down", group: "Lanes", keys: ["Shift+ArrowDown"], run: () => chosen((id) => page.arrange(shifted(page.lanes, id, 1, page.arrangement))), repeats: true },
  { id: "lane-up", title: "Move the lane up", group: "Lanes", keys: ["Shift+ArrowUp"], run: () => chosen((id) => page.arrange(shifted(page.lanes, id, -1, page.arrangement))), repeats: true },
  { id: "hide", title: "Hide the lane", group: "Lanes", keys: ["H"], run: () => chosen(hideLane) },
  { id: "unhide", title: "Show all lanes", group: "Lanes", keys: ["Shift+H"], run: () => page.arrange({ ...page.arrangement, hidden: [], isolated: [] }) },
  { id: "isolate", title: "Only this lane and those it shares sound with now, or all", group: "Lanes", keys: ["E"], run: () => chosen(isolateLane) },
  { id: "colour", title: "Another colour for the lane", group: "Lanes", keys: ["Y"], run: () => chosen(nextColour) },
  { id: "next-clock", title: "The next island", group: "Lanes", keys: ["Shift+N"], run: nextIsland },

  { id: "nudge-on", title: "Try the chosen one a frame later", group: "Placing", keys: ["Alt+ArrowRight"], run: () => nudgeFrames(1), repeats: true },
  { id: "nudge-back", title: "Try it a frame earlier", group: "Placing", keys: ["Alt+ArrowLeft"], run: () => nudgeFrames(-1), repeats: true },
  { id: "nudge-far-on", title: "Try it ten frames later", group: "Placing", keys: ["Alt+Shift+ArrowRight"], run: () => nudgeFrames(10), repeats: true },
  { id: "nudge-far-back", title: "Try it ten frames earlier", group: "Placing", keys: ["Alt+Shift+ArrowLeft"], run: () => nudgeFrames(-10), repeats: true },
  { id: "place", title: "Say that it lies where it is tried", group: "Placing", keys: ["Enter"], run: () => void sayPlace() },
  { id: "undo", title: "Undo: what is tried, a marker removed, else the last placement, name or correction", group: "Placing", keys: ["Mod+Z"], run: () => undoing.undo() },
  { id: "left-right", title: "Hear two recordings against each other, left and right", group: "Placing", keys: ["T"], run: () => void listener.toggle() },

  { id: "why", title: "Why here?", group: "The page", keys: ["W"], run: () => show("why") },
  { id: "find", title: "Find words", group: "The page", keys: ["/"], run: () => (show("words"), focus("#find")) },
  { id: "words", title: "What is said", group: "The page", keys: ["Shift+W"], run: () => show("words") },
  { id: "markers", title: "Markers", group: "The page", keys: ["Shift+M"], run: () => show("markers") },
  { id: "loose", title: "What is not on this clock", group: "The page", keys: ["Shift+U"], run: () => show("loose") },
  { id: "jobs", title: "Work in the background; adding files", group: "The page", keys: ["Shift+J"], run: () => show("jobs") },
  { id: "fill-angles", title: "Angles fill the page, or not", group: "The page", keys: ["V"], run: () => fillPage("angles") },
  { id: "fill-panel", title: "The panel at the right fills the page, or not", group: "The page", keys: ["B"], run: () => fillPage("panel") },
  { id: "fill-time", title: "The time line fills the page, or not", group: "The page", keys: ["G"], run: () => fillPage("time") },
  { id: "theme", title: "Dark, light, or as the system is", group: "The page", keys: ["D"], run: () => page.say(themes.next()) },
  { id: "add", title: "Add files", group: "The page", keys: ["Mod+O"], run: () => (show("jobs"), focus("#add-files")) },
  { id: "help", title: "This list", group: "The page", keys: ["?"], run: () => (page.sheet = !page.sheet) },
  { id: "escape", title: "Close; give up what is being tried", group: "The page", keys: ["Escape"], run: giveUp },
];

/** Does an action by its name, for buttons. */
export function perform(id: string): void {
  ACTIONS.find((action) => action.id === id)?.run();
}

function chosen(then: (id: string) => void): void {
  const id = page.selected ?? page.angles[0];
  if (id) then(id);
  else page.say("choose a recording first");
}

/** One frame of the chosen angle, by its own frame times; of a recording without pictures, 40 ms. */
function stepFrame(direction: 1 | -1): void {
  transport.pause();
  const id = frameSource();
  const pieces = id ? page.pieces(id) : [];
  const frames = id ? driverOf(id)?.frames : null;
  const here = where(pieces, transport.now);
  if (here.at !== "in" || !frames?.length) return page.seek(transport.now + direction * 0.04);
  const index = Math.min(frames.length - 1, Math.max(0, frameAt(frames, here.media) + direction));
  // A quarter of a millisecond inside the frame: rounding must not fall back over its edge.
  const at = toCase([here.piece], (frames[index] ?? here.media) + 2.5e-4);
  page.seek(at ?? transport.now);
}

/** The recording whose frames are stepped: the chosen one if it shows a picture now, else the first that does. */
function frameSource(): string | null {
  const shows = (id: string | null) => id !== null && !!page.recording(id)?.video && where(page.pieces(id), transport.now).at === "in";
  if (shows(page.selected)) return page.selected;
  return page.angles.find(shows) ?? null;
}

function stepSeconds(by: number): void {
  page.seek(transport.now + by);
}

function toEdge(direction: 1 | -1): void {
  const moments = edges(page.lanes, markerMoments(page).map(({ at }) => at));
  const now = transport.now;
  const next = direction > 0 ? moments.find((at) => at > now + 1e-3) : moments.findLast((at) => at < now - 1e-3);
  if (next !== undefined) page.seek(next);
}

function goMark(at: number | null): void {
  if (at === null) page.say("no mark there yet");
  else page.seek(at);
}

function chooseLane(direction: 1 | -1): void {
  const index = page.lanes.findIndex((lane) => lane.recording.id === page.selected);
  const next = page.lanes[index < 0 ? 0 : Math.min(page.lanes.length - 1, Math.max(0, index + direction))];
  if (next) page.select(next.recording.id);
}

function sayWho(): void {
  show("words");
  const one = words.utterances[words.now];
  if (one) naming.begin(one);
  else page.say("nothing is said before this");
}

function correctNow(): void {
  show("words");
  const one = words.utterances[words.now];
  if (one) correcting.begin(one);
  else page.say("nothing is said before this");
}

function hideLane(id: string): void {
  chooseLane(1);
  page.arrange({ ...page.arrangement, hidden: [...page.arrangement.hidden, id] });
}

function isolateLane(id: string): void {
  const isolated = page.arrangement.isolated.length ? [] : [...new Set([id, ...page.angles])];
  page.arrange({ ...page.arrangement, isolated });
}

function nextColour(id: string): void {
  const now = page.all_lanes.find((lane) => lane.recording.id === id)?.colour ?? COLOURS[0];
  const next = COLOURS[(COLOURS.findIndex((name) => name === now) + 1) % COLOURS.length] ?? COLOURS[0];
  page.arrange({ ...page.arrangement, colours: { ...page.arrangement.colours, [id]: next } });
}

function nextIsland(): void {
  const numbers = page.islands.map(({ number }) => number);
  const next = numbers[(numbers.indexOf(page.island ?? -1) + 1) % numbers.length];
  if (next !== undefined) page.showIsland(next);
}

function nudgeFrames(frames: number): void {
  chosen((id) => {
    page.selected = id;
    page.tab = "why";
    page.nudge(id, frames / (page.recording(id)?.video?.fps ?? 25));
  });
}

function toggleVeil(id: string): void {
  const recording = page.recording(id);
  if (recording) void page.tell(api.veil(id, !recording.veiled), recording.veiled ? "unveiled" : "veiled");
}

function show(tab: Page["tab"]): void {
  page.tab = tab;
  if (page.filled !== null && page.filled !== "panel") page.filled = null;
}

function fillPage(part: Part): void {
  page.filled = page.filled === part ? null : part;
}

function giveUp(): void {
  if (page.sheet) page.sheet = false;
  else if (page.trial) page.trial = null;
  else if (listener.playing) listener.stop();
  else if (page.filled) page.filled = null;
  else page.selected = null;
}

function focus(selector: string): void {
  if (page.filled) page.filled = null;
  // What it names may be about to be shown.
  requestAnimationFrame(() => document.querySelector<HTMLElement>(selector)?.focus());
}
