// The sudden sounds of the clock that is shown, found as soon as the sound of its recordings is here.
import { page } from "../page.svelte";
import { stores } from "../timeline/stores.svelte";
import { type Heard, type Sudden, suddenSounds } from "../timeline/sudden";

/** So many are a list that is read; more are none. */
const COUNT = 8;

/** Of a larger clock only what runs now is looked through, so that its sound need not all be fetched. */
const HOURS_MAX = 8;
const LANES_MAX = 64;

class Suddens {
  /** Whose sound is looked through. */
  ids = $derived.by(() => {
    const lanes = page.all_lanes.filter(({ copy, recording }) => !copy && recording.peaks && recording.audio);
    const hours = lanes.reduce((sum, { recording }) => sum + recording.duration, 0) / 3600;
    return hours <= HOURS_MAX && lanes.length <= LANES_MAX ? lanes.map(({ recording }) => recording.id) : null;
  });

  /** The most striking first; null while sound is still missing, or where there is too much of it. */
  list = $derived.by<Sudden[] | null>(() => {
    void stores.arrivals;
    if (!this.ids) return null;
    const heard: Heard[] = [];
    for (const id of this.ids) {
      const peaks = stores.peaks.get(id);
      if (!peaks) return null;
      heard.push({ id, pieces: page.recording(id)?.pieces ?? [], peaks });
    }
    return suddenSounds(heard, COUNT);
  });

  /** The next in time, or the one before. */
  go(direction: 1 | -1): void {
    if (!this.list?.length) return page.say("no sudden sounds are known on this clock");
    const moments = this.list.map(({ at }) => at).sort((a, b) => a - b);
    const now = page.transport.now;
    const next = direction > 0 ? moments.find((at) => at > now + 1e-3) : moments.findLast((at) => at < now - 1e-3);
    if (next === undefined) page.say(direction > 0 ? "no sudden sound after this" : "no sudden sound before this");
    else page.seek(next);
  }
}

export const suddens = new Suddens();
