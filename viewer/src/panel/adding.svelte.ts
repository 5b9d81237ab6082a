// Files that a person gave to the page: sent one after the other, each with its progress, each can be stopped.
import { api } from "../api/client";
import { page, sentence } from "../page.svelte";

export type Sending = { key: number; name: string; size: number; sent: number; state: "waits" | "goes" | "sent" | "failed"; said: string | null };

class Adding {
  files = $state<Sending[]>([]);
  #stops = new Map<number, AbortController>();
  #queue: { key: number; file: File }[] = [];
  #busy = false;
  #keys = 0;

  add(files: Iterable<File>): void {
    for (const file of files) {
      const key = ++this.#keys;
      this.files.push({ key, name: file.name, size: file.size, sent: 0, state: "waits", said: null });
      this.#queue.push({ key, file });
    }
    page.tab = "jobs";
    void this.#work();
  }

  stop(key: number): void {
    this.#queue = this.#queue.filter((one) => one.key !== key);
    this.#stops.get(key)?.abort();
    const sending = this.#of(key);
    if (sending?.state === "waits") Object.assign(sending, { state: "failed", said: "stopped" });
  }

  clear(): void {
    this.files = this.files.filter(({ state }) => state === "waits" || state === "goes");
  }

  #of(key: number): Sending | undefined {
    return this.files.find((one) => one.key === key);
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) await this.#send(next.key, next.file);
    this.#busy = false;
  }

  async #send(key: number, file: File): Promise<void> {
    const sending = this.#of(key);
    if (!sending) return;
    const stop = new AbortController();
    this.#stops.set(key, stop);
    sending.state = "goes";
    try {
      await api.add(file, (bytes) => (sending.sent = bytes), stop.signal);
      Object.assign(sending, { state: "sent", sent: file.size });
    } catch (error) {
      Object.assign(sending, { state: "failed", said: sentence(error) });
      page.say(`${file.name}: ${sentence(error)}`);
    }
    this.#stops.delete(key);
  }
}

export const adding = new Adding();
