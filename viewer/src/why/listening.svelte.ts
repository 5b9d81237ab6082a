// Two recordings against each other, one in each ear, so that a person hears whether they are together. The server sends
// both as plain samples and they start at the same sample, so what is heard apart is apart.
import { api } from "../api/client";
import { mediaOf, rateOf, where } from "../clock/pieces";
import { levelFor, loudest } from "../api/binary";
import { page, sentence } from "../page.svelte";
import { stores } from "../timeline/stores.svelte";
import { partners } from "./placing.svelte";

/** How much is fetched and played at once: long enough to judge, short enough to come at once. */
const SECONDS = 12;

/** Of 255, as peaks are companded: well above a recorder's own noise. */
const LOUD = 60;

class Listener {
  left = $state<string | null>(null);
  right = $state<string | null>(null);
  playing = $state(false);
  /** Case time of where it began. */
  from = $state(0);

  #context: AudioContext | null = null;
  #sources: AudioBufferSourceNode[] = [];
  #turn = 0;

  async toggle(): Promise<void> {
    if (this.playing) this.stop();
    else await this.start();
  }

  /** From the playhead on, the chosen recording left and its partner right. */
  async start(): Promise<void> {
    const left = page.selected ?? page.angles[0] ?? null;
    if (!left) return page.say("choose a recording first");
    const right = this.right !== null && this.right !== left ? this.right : this.#partner(left);
    if (!right) return page.say("no other recording ran at this moment");
    this.stop();
    page.transport.pause();
    this.left = left;
    this.right = right;
    this.playing = true;
    this.from = page.transport.now;
    const turn = ++this.#turn;
    try {
      this.#context ??= new AudioContext();
      await this.#context.resume();
      const [a, b] = await Promise.all([this.#load(left), this.#load(right)]);
      if (turn === this.#turn) this.#play(a, b);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.playing = false;
      page.say(error instanceof DOMException ? "this sound could not be read" : sentence(error));
    }
  }

  stop(): void {
    this.#turn++;
    for (const source of this.#sources) {
      source.onended = null;
      source.stop();
    }
    this.#sources = [];
    this.playing = false;
  }

  #partner(left: string): string | null {
    const running = partners(page, left).filter((id) => page.recording(id)?.audio && where(page.pieces(id), page.transport.now).at === "in");
    return running.find(isHeard) ?? running[0] ?? null;
  }

  async #load(id: string): Promise<{ buffer: AudioBuffer; rate: number }> {
    const here = where(page.pieces(id), this.from);
    if (here.at !== "in") throw new Error(`${page.recording(id)?.name ?? "it"} did not run at this moment`);
    const media = mediaOf(here.piece, this.from);
    const wav = await api.sound(id, media, media + SECONDS);
    if (!this.#context) throw new Error("no sound device");
    return { buffer: await this.#context.decodeAudioData(wav), rate: 1 / rateOf(here.piece) };
  }

  #play(left: { buffer: AudioBuffer; rate: number }, right: { buffer: AudioBuffer; rate: number }): void {
    const context = this.#context;
    if (!context) return;
    const begin = context.currentTime + 0.05;
    this.#sources = [left, right].map(({ buffer, rate }, index) => {
      const source = context.createBufferSource();
      source.buffer = buffer;
      source.playbackRate.value = rate;
      const pan = context.createStereoPanner();
      pan.pan.value = index === 0 ? -1 : 1;
      source.connect(pan).connect(context.destination);
      source.start(begin);
      return source;
    });
    const last = this.#sources.at(-1);
    if (last) last.onended = () => this.stop();
  }
}

/** Whether anything is to be heard of it now: a radio log may be silent for minutes. Unknown counts as yes. */
function isHeard(id: string): boolean {
  const here = where(page.pieces(id), page.transport.now);
  const peaks = stores.peaks.get(id);
  const level = peaks && levelFor(peaks, 1);
  return here.at === "in" && (!level || loudest(level, here.media, here.media + SECONDS / 3) > LOUD);
}

export const listener = new Listener();
