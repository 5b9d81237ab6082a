// What an angle says of itself at a moment, in words. Pure.
import type { ClockView, RecordingView } from "../api/types";
import { frameInSecond } from "../clock/lockstep";
import { doubt, length, running, timecode, wall } from "../clock/format";
import type { Where } from "../clock/pieces";

export type Face = {
  /** Over the picture, when there is none; `null` while it shows. */
  why: string | null;
  /** Its own running time, `hh:mm:ss:ff` where frames are known. */
  time: string;
  frame: number | null;
  doubt: string;
  /** What its own clock showed, as far as that was written down; a question mark where it may be of the file's end. */
  device: string | null;
};

export type Source = {
  recording: RecordingView;
  here: Where;
  frames: Float64Array | null;
  frame: number | null;
  /** Media time that is shown. */
  media: number | null;
  /** A sentence if its pictures can't be had now. */
  trouble: string | null;
};

export function face({ recording, here, frames, frame, media, trouble }: Source): Face {
  const shown = here.at === "in" ? (media ?? here.media) : null;
  const time = shown === null ? "" : frames && frame !== null ? timecode(frames[frame] ?? shown, frameInSecond(frames, frame)) : running(shown);
  return {
    why: why(recording, here, trouble),
    time,
    frame: here.at === "in" ? frame : null,
    doubt: here.at === "in" ? doubt(here.piece.sigma) : "",
    device: shown === null ? null : ownClock(recording.clock, shown),
  };
}

function ownClock(clock: ClockView | undefined, media: number): string | null {
  if (!clock) return null;
  const digits = clock.resolution < 0.5 ? 1 : 0;
  // Whole seconds that have begun: a clock shows 12:59 until it is 13:00.
  const shown = digits ? clock.zero + media : Math.floor(clock.zero + media + 1e-6);
  return `${wall(shown, 0, digits)}${clock.face === "utc" ? " UTC" : ""}${clock.open ? " ?" : ""}`;
}

function why(recording: RecordingView, here: Where, trouble: string | null): string | null {
  switch (here.at) {
    case "before":
      return `begins in ${length(here.begins_in)}`;
    case "paused":
      return `paused: goes on in ${length(here.goes_on_in)}`;
    case "after":
      return `ended ${length(here.ended_ago)} ago`;
    case "nowhere":
      return recording.refusal ?? "on no clock";
    case "in":
      if (trouble) return trouble;
      return recording.video ? null : "sound only";
  }
}
