// What the server says, as JSON. All times are seconds; `case = offset + (1 + drift) * media`.

export type Stretch = { start: number; end: number };

export type Piece = { start: number; end: number; offset: number; drift_ppm: number; sigma: number };

export type Kind = "camera" | "phone" | "sound" | "radio" | "body" | "other";

export type RecordingView = {
  id: string;
  name: string;
  path: string;
  size: number;
  duration: number;
  device: string | null;
  kind: Kind;
  video: { width: number; height: number; codec: string; fps: number | null; rotation: number } | null;
  audio: { codec: string; channels: number } | null;
  plays: "direct" | "proxy" | "no";
  proxy: "none" | "making" | "ready" | "failed";
  proxy_progress: number | null;
  sound: Stretch[];
  pieces: Piece[];
  island: number | null;
  by: "sound" | "light" | "hand" | "clock" | null;
  refusal: string | null;
  peaks: boolean;
  thumbs: { every: number; width: number; height: number; count: number } | null;
  /** Seconds since 1970 of media time zero, as the file claims; absent where it claims nothing. */
  claimed_start?: number;
  veiled: boolean;
};

export type Utc = { offset: number; rate_ppm: number; sigma: number };

export type IslandView = { number: number; recordings: number; start: number; end: number; utc?: Utc };

export type ExcerptView = {
  copy: string;
  start: number;
  end: number;
  source: string;
  source_start: number;
  speed: number;
  reason: string;
};

export type MarkerAt = { case: number; island: number } | { source: string; media: number };

export type Marker = { id: string; at: MarkerAt; note: string; by: string; at_utc: string };

export type Word = {
  id: number;
  source: string;
  other: string;
  said: string;
  actor: string;
  at_utc: string;
  locked: boolean;
};

export type Job = {
  id: number;
  what: string;
  done: number;
  total: number;
  unit: string;
  left_s: number | null;
  state: "running" | "done" | "failed" | "stopped";
  said: string | null;
};

export type DocumentView = { id: string; name: string; size: number };

export type CaseView = {
  revision: number;
  title: string;
  tool: string;
  islands: IslandView[];
  recordings: RecordingView[];
  documents: DocumentView[];
  excerpts: ExcerptView[];
  markers: Marker[];
  words: Word[];
  veil_all: boolean;
  jobs: Job[];
};
