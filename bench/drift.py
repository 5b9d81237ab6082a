"""Drift: what clocks do, from recordings that overlap by more than three minutes, set down and carried.

The scenes are made by tests/scenes/make_scenes.py, set `long`; what a clock does is known there to the last digit.
"""
import json
import os
import statistics
import subprocess
import sys

import measure
import record
import scale

SCENES = ("l1", "l2", "l3", "l4")
OVERLAP_MIN_S = 180


def scene(name):
    """Files and truth of a scene, made if it is not there."""
    folder = os.path.join(record.WORK, "long", name)
    if not os.path.exists(os.path.join(folder, "truth.json")):
        record.say(f"making the long scene {name} ...")
        subprocess.run([sys.executable, os.path.join(scale.bank(), "make_scenes.py"), "long", "--only", name, os.path.dirname(folder)],
                       check=True, stdout=sys.stderr)
    with open(os.path.join(folder, "truth.json")) as f:
        truth = json.load(f)
    return [os.path.join(folder, r["file"]) for r in truth["recordings"]], truth


def span(row):
    return row["a"], row["a"] + row["pieces"][-1]["end"]


def overlap_s(row, others):
    """The longest time that a recording ran together with one other."""
    begin, end = span(row)
    return max(min(end, span(o)[1]) - max(begin, span(o)[0]) for o in others if o is not row)


def errors(truth, result):
    """Of each recording: how far its drift is from the truth, ppm, and whether its recorder moved. What all of them share
    is the clock's own rate, which sound can't tell; so it is that of the recorders that stood still."""
    said = {r["file"]: r["pieces"] for r in result.get("recordings", []) if r.get("island") is not None and r["pieces"]}
    off = []
    for row in truth["recordings"]:
        pieces = said.get(row["file"])
        if pieces is None or overlap_s(row, truth["recordings"]) < OVERLAP_MIN_S:
            continue
        length = sum(p["end"] - p["start"] for p in pieces)
        drift = sum(p["drift_ppm"] * (p["end"] - p["start"]) for p in pieces) / length
        off.append({"file": row["file"], "moves": len(row["positions"]) > 1, "off_ppm": drift - row["d"], "snr_db": row["snr_db"]})
    shared = statistics.median(o["off_ppm"] for o in off if not o["moves"])
    return [dict(o, off_ppm=round(o["off_ppm"] - shared, 3)) for o in off], len(truth["recordings"]) - len(off)


def measure_all():
    rows, unplaced = [], 0
    for name in SCENES:
        files, truth = scene(name)
        run = measure.run([record.RECOUNT, "sync", *files, "--json"], every_s=None)
        found, missing = errors(truth, json.loads(run["out"]))
        rows += [dict(o, scene=name) for o in found]
        unplaced += missing
        record.say(name, found)
    return {"rows": rows, "unplaced": unplaced, "overlap_min_s": OVERLAP_MIN_S}
