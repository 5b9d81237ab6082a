// What the server says, as JSON. All times are seconds; `case = offset + (1 + drift) * media`.

export type Span = { start: number; end: number };

export type PieceView = { start: number; end: number; offset: number; drift_ppm: number; sigma: number };

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
  sound: Span[];
  pieces: PieceView[];
  island: number | null;
  by: "sound" | "light" | "hand" | "clock" | null;
  refusal: string | null;
  peaks: boolean;
  thumbs: { every: number; width: number; height: number; count: number } | null;
  veiled: boolean;
};

export type UtcView = { offset: number; rate_ppm: number; sigma: number };

export type IslandView = { number: number; recordings: number; start: number; end: number; utc?: UtcView };

export type ExcerptView = {
  copy: string;
  start: number;
  end: number;
  source: string;
  source_start: number;
  speed: number;
  reason: string;
};

export type At = { case: number; island: number } | { source: string; media: number };

export type Marker = { id: string; at: At; note: string; by: string; at_utc: string };

export type WordView = {
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
  words: WordView[];
  veil_all: boolean;
  jobs: Job[];
};

export type SigmaParts = { own: number; contradiction: number; floor: number };

export type PieceWhy = {
  start: number;
  end: number;
  case_start: number;
  case_end: number;
  offset: number;
  drift_ppm: number;
  sigma: number;
  sigma_parts: SigmaParts | null;
};

export type WindowWhy = { at: number; case: number | null; residual: number | null; agrees: boolean };

export type TieWhy = {
  with: string;
  with_sha256: string;
  kind: "sound" | "light" | "hand" | "clock";
  accepted: boolean;
  near_miss: boolean;
  strength: number;
  start: number;
  end: number;
  lag: number;
  drift_ppm: number;
  windows_agree: number;
  windows_disagree: number;
  residual: number | null;
  residual_spread: number | null;
  runner_up: { lag: number; share: number; is_other_piece: boolean } | null;
  windows: WindowWhy[];
};

export type Why = {
  file: string;
  sha256: string;
  duration: number;
  island: number | null;
  refusal?: string;
  pieces: PieceWhy[];
  steps: { at: number; case: number; missing: number }[];
  ties: TieWhy[];
  copied: { start: number; end: number; source: string; source_start: number }[];
  bridges: { left: string; right: string; lost: string[]; concerns_file: boolean }[];
  alternatives: unknown[];
};

export type Placing = { source: string; media: number; other: string; other_media: number; sigma: number; lock: boolean };
