#!/usr/bin/env python3
"""Reads exported timelines with the OpenTimelineIO library itself and compares them with the
alignment that was exported beside them.

    pip install opentimelineio
    otio_check.py alignment.json island-0.otio [island-1.otio ...]

Only what the library computes is used for the timeline's side: range_in_parent, source_range and
available_range, and the scalar of the time warp. For moments across every clip, the case time that
the timeline gives to a moment of media must be the alignment's within one frame. Every piece must
be found in every track of its recording, and nothing else. Exit 1 on any difference.
"""
import json
import sys

import opentimelineio as otio


def case_times(track, clip, zero_s):
    """(media time, case time) pairs as the timeline tells them."""
    in_track = clip.range_in_parent()
    media_zero = clip.media_reference.available_range.start_time
    scalar = 1.0
    for effect in clip.effects:
        assert isinstance(effect, otio.schema.LinearTimeWarp), effect
        scalar *= effect.time_scalar
    begin_s = in_track.start_time.to_seconds()
    media_s = (clip.source_range.start_time - media_zero).to_seconds()
    length_s = in_track.duration.to_seconds()
    for step in range(11):
        since_s = length_s * step / 10
        yield media_s + since_s * scalar, zero_s + begin_s + since_s


def main(alignment_path, timeline_paths):
    with open(alignment_path, encoding="utf-8") as file:
        alignment = json.load(file)
    recordings = {r["sha256"]: r for r in alignment["recordings"]}
    wanted = {(sha, k) for sha, r in recordings.items() for k in range(len(r["pieces"]))}
    found, clips, worst, faults = set(), 0, 0.0, []
    for path in timeline_paths:
        timeline = otio.adapters.read_from_file(path)
        meta = timeline.metadata["recount"]
        zero_s = meta["case_time_of_timeline_start_s"]
        for track in timeline.tracks:
            for clip in track:
                if isinstance(clip, otio.schema.Gap):
                    continue
                clips += 1
                assert clip.media_reference.target_url, clip.name
                recording = recordings[clip.metadata["recount"]["sha256"]]
                if recording["island"] != meta["island"]:
                    faults.append(f"{clip.name}: on island {meta['island']}")
                frame_s = 1 / clip.source_range.duration.rate
                best = None
                for number, piece in enumerate(recording["pieces"]):
                    errors = [
                        abs(piece["offset"] + (1 + piece["drift_ppm"] * 1e-6) * media_s - case_s)
                        for media_s, case_s in case_times(track, clip, zero_s)
                        if piece["start"] - frame_s <= media_s <= piece["end"] + frame_s
                    ]
                    if len(errors) == 11 and (best is None or max(errors) < best[0]):
                        best = (max(errors), number)
                if best is None or best[0] > frame_s:
                    faults.append(f"{track.name} ({track.kind}): {clip.name} is off: {best}")
                    continue
                worst = max(worst, best[0] / frame_s)
                found.add((clip.metadata["recount"]["sha256"], best[1]))
    faults += [f"{recordings[s]['file']}: piece {k} is on no track" for s, k in wanted - found]
    for fault in faults:
        print("FAULT", fault)
    print(f"{len(timeline_paths)} timelines, {clips} clips, {len(found)} of {len(wanted)} pieces; "
          f"furthest from the alignment: {worst:.3f} frames")
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
