// Asking the server, and telling it. Every answer is checked for its status; what went wrong is one sentence.
import type { At, CaseView, Correcting, FoundView, Naming, Placing, SaidView, Why } from "./types";


export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (init.method && init.method !== "GET") headers.set("X-Recount", "1");
  if (typeof init.body === "string") headers.set("Content-Type", "application/json");
  const answer = await fetch(path, { ...init, headers, credentials: "same-origin" });
  if (!answer.ok) throw new Refused(answer.status, await sentence(answer));
  return answer;
}

async function sentence(answer: Response): Promise<string> {
  try {
    const said: unknown = await answer.json();
    if (said && typeof said === "object" && "error" in said && typeof said.error === "string") return said.error;
  } catch {
    // Not JSON: the status has to do.
  }
  return `the server answered ${answer.status}`;
}

const send = (method: string, path: string, body?: unknown) =>
  ask(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });

export const api = {
  case: async (): Promise<CaseView> => (await ask("/api/case")).json(),
  why: async (id: string): Promise<Why> => (await ask(`/api/why/${id}`)).json(),
  said: async (island: number, from: number): Promise<SaidView> => (await ask(`/api/said?island=${island}&from=${from.toFixed(3)}`)).json(),
  search: async (query: string): Promise<FoundView> => (await ask(`/api/search?q=${encodeURIComponent(query)}`)).json(),
  peaks: async (id: string): Promise<ArrayBuffer> => (await ask(`/peaks/${id}`)).arrayBuffer(),
  frames: async (id: string): Promise<ArrayBuffer> => (await ask(`/frames/${id}`)).arrayBuffer(),
  sound: async (id: string, start: number, end: number): Promise<ArrayBuffer> =>
    (await ask(`/sound/${id}?start=${start.toFixed(3)}&end=${end.toFixed(3)}`)).arrayBuffer(),
  makeProxy: (id: string) => send("POST", `/api/proxy/${id}`),
  place: (place: Placing) => send("POST", "/api/place", place),
  name: (named: Naming) => send("POST", "/api/name", named),
  correct: (corrected: Correcting) => send("POST", "/api/correct", corrected),
  undo: (word: number) => send("POST", `/api/undo/${word}`),
  addMarker: (at: At, note: string) => send("POST", "/api/markers", { at, note }),
  changeMarker: (id: string, at: At, note: string) => send("PUT", `/api/markers/${id}`, { at, note }),
  removeMarker: (id: string) => send("DELETE", `/api/markers/${id}`),
  veil: (id: string | null, veiled: boolean) => send("PUT", "/api/veil", { id, veiled }),
  stopJob: (id: number) => send("POST", `/api/jobs/${id}/stop`),
  add: addFile,
};

/** Sends one file; `sent` hears bytes as they go. XMLHttpRequest, because fetch can't tell of progress. */
function addFile(file: File, sent: (bytes: number) => void, stop: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/add?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("X-Recount", "1");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => sent(event.loaded);
    request.onload = () => {
      if (request.status < 300) return done();
      let said = `the server answered ${request.status}`;
      try {
        said = String(JSON.parse(request.responseText).error ?? said);
      } catch {
        // Not JSON: the status has to do.
      }
      failed(new Refused(request.status, said));
    };
    request.onerror = () => failed(new Refused(0, "the server does not answer"));
    request.onabort = () => failed(new Refused(0, "stopped"));
    stop.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
