// What the server tells unasked: that the case changed, and how jobs go. Comes back by itself when the server does.
import type { Job } from "./types";

export type Told = {
  changed: (revision: number) => void;
  job: (job: Job) => void;
  /** Whether the server is heard. */
  connected: (is: boolean) => void;
};

/** How long to wait before asking a server again that went away; it may be starting. */
const AGAIN_MS = 1500;

/** Listens until the returned function is called. */
export function listen(told: Told): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let stopped = false;
  const open = () => {
    if (stopped) return;
    source = new EventSource("/api/events");
    source.onopen = () => told.connected(true);
    source.addEventListener("case", (event) => {
      const revision = numberIn(event.data, "revision");
      if (revision !== null) told.changed(revision);
    });
    source.addEventListener("job", (event) => {
      const job = jobIn(event.data);
      if (job) told.job(job);
    });
    source.onerror = () => {
      told.connected(false);
      // A browser tries again by itself, except after an answer that is no stream.
      if (source?.readyState !== EventSource.CLOSED) return;
      source.close();
      timer = setTimeout(open, AGAIN_MS);
    };
  };
  open();
  return () => {
    stopped = true;
    if (timer) clearTimeout(timer);
    source?.close();
  };
}

function numberIn(data: unknown, name: string): number | null {
  try {
    const said = JSON.parse(String(data))[name];
    return typeof said === "number" ? said : null;
  } catch {
    return null;
  }
}

function jobIn(data: unknown): Job | null {
  try {
    const said = JSON.parse(String(data));
    return said && typeof said.id === "number" && typeof said.state === "string" ? (said as Job) : null;
  } catch {
    return null;
  }
}
