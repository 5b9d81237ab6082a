// What `recount why --json` prints: why a recording lies where it does. Seconds; residuals are what a window says minus
// the solution, and a positive one would move this recording later.

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

export type WhyView = {
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
