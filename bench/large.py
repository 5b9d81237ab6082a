"""Large cases: 500 recordings of ten minutes, one more that comes to them, and a file of eight hours with a few short ones.

The recordings are cut out of the hundred hours of `scale` without encoding them again, at whole packets. Eight hours are made
by the same generator, two devices; the short ones are cut out of the second.
"""
import json
import os
import shutil
import subprocess
import sys

import record
import measure
import scale

RECORDINGS, MINUTES = 500, 10
LONG_HOURS = 8
# Begin and length of the short ones, seconds.
SHORT = ((600, 60), (5400, 30), (12000, 180), (19000, 20), (26500, 120))


def cut(source, start_s, length_s, target):
    """Copies a stretch; at multiples of 64 ms, which are packets of what the generator makes, the cut is exact."""
    if not os.path.exists(target):
        part = target + ".part.mp4"
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-ss", str(start_s), "-i", source, "-t", str(length_s), "-map", "0:a",
                        "-c", "copy", "-map_metadata", "-1", part], check=True)
        os.replace(part, target)


def piece_of(row, start_s, length_s, name):
    """What the truth says of a stretch of a recording, which is a recording of its own."""
    begins = row["a"] + start_s * (1 + row["d"] * 1e-6)
    return dict(row, file=name, a=begins, pieces=[{"start": 0.0, "end": float(length_s), "a": begins, "d": row["d"]}])


def many(count):
    """So many recordings and one more; returns their files and truth."""
    files, truth = scale.footage(100)
    folder = os.path.join(record.WORK, "large", "many")
    os.makedirs(folder, exist_ok=True)
    length_s, cuts, rows = MINUTES * 60, [], []
    per_device = -(-(count + 1) // len(files))
    # From the middle, where all devices ran.
    first = max(0, int(truth["recordings"][0]["pieces"][0]["end"] // length_s - per_device) // 2)
    for n in range(per_device):
        for source, row in zip(files, truth["recordings"]):
            if len(cuts) <= count:
                start_s = (first + n) * length_s
                name = f"{os.path.splitext(os.path.basename(source))[0]}_{n:02}.mp4"
                cut(source, start_s, length_s, os.path.join(folder, name))
                cuts.append(os.path.join(folder, name))
                rows.append(piece_of(row, start_s, length_s, name))
    return cuts, dict(truth, recordings=rows)


def sync(case, truth):
    """Synchronises a case and scores what it says."""
    import score
    run = measure.run([record.RECOUNT, "sync", case, "--json", "--progress", "json"], every_s=0.5)
    result = json.loads(run["out"]) if run["code"] in (0, 1) else {}
    found, _ = score.score(truth, result)
    return {"seconds": run["seconds"], "cpu_s": run["cpu_seconds"], "peak_mib": run["peak_mib"], "code": run["code"],
            "stages": measure.stages(run["lines"], run["seconds"]), "placeable": found["placeable"],
            "within_20ms": round((found["within_20ms"] or 0) * found["placeable"]), "false": found["false_placements"],
            "moved": len(result.get("moved", []))}


def timed(*command):
    run = measure.run([record.RECOUNT, *command, "-q"], every_s=0.5)
    if run["code"] not in (0, 1):
        sys.exit(run["err"])
    return run["seconds"]


def grown(count):
    """A case of so many, and one file more."""
    import speed
    files, truth = many(count)
    case = os.path.join(record.WORK, "large", "many.recount")
    shutil.rmtree(case, ignore_errors=True)
    timed("new", case)
    rows, known = [], 0
    for what, added in ((f"{count} recordings of {MINUTES} min", files[:-1]), ("one more of them", files[-1:])):
        add_s = timed("add", case, *added)
        known += len(added)
        rows.append({"what": what, "decode_s": round(speed.decode_only(added), 2), "add_s": add_s,
                     **sync(case, dict(truth, recordings=truth["recordings"][:known]))})
        record.say(rows[-1])
    shutil.rmtree(case, ignore_errors=True)
    return rows


def long_file(hours):
    """A file of so many hours, and short ones of another device."""
    import score
    import speed
    folder = os.path.join(record.WORK, "large", f"long{hours}")
    if not os.path.exists(os.path.join(folder, "truth.json")):
        record.say(f"making {hours} h of two devices ...")
        subprocess.run([sys.executable, os.path.join(scale.bank(), "make_scenes.py"), "scale", "--hours", str(2 * hours), "--devices",
                        "2", folder], check=True, stdout=sys.stderr)
    with open(os.path.join(folder, "truth.json")) as f:
        truth = json.load(f)
    long, other = truth["recordings"]
    files, rows = [os.path.join(folder, long["file"])], [long]
    for start_s, length_s in SHORT:
        # Of a shorter file, as when the bench is tried out, the same shares; at whole packets.
        start_s = start_s * hours // LONG_HOURS // 8 * 8
        name = f"short_{start_s:05}.mp4"
        cut(os.path.join(folder, other["file"]), start_s, length_s, os.path.join(folder, name))
        files.append(os.path.join(folder, name))
        rows.append(piece_of(other, start_s, length_s, name))
    decode_s = speed.decode_only(files)
    run = measure.run([record.RECOUNT, "sync", *files, "--json", "--progress", "json"], every_s=0.25)
    result = json.loads(run["out"]) if run["code"] in (0, 1) else {}
    found, _ = score.score(dict(truth, recordings=rows), result)
    row = {"what": f"one of {hours} h and {len(SHORT)} of {min(s[1] for s in SHORT)} to {max(s[1] for s in SHORT)} s",
           "decode_s": round(decode_s, 2), "add_s": None, "seconds": run["seconds"], "cpu_s": run["cpu_seconds"],
           "peak_mib": run["peak_mib"], "code": run["code"], "stages": measure.stages(run["lines"], run["seconds"]),
           "placeable": found["placeable"], "within_20ms": round((found["within_20ms"] or 0) * found["placeable"]),
           "false": found["false_placements"], "moved": 0}
    record.say(row)
    return row


def measure_all(count=RECORDINGS, hours=LONG_HOURS):
    return {"recordings": count, "minutes": MINUTES, "rows": [*grown(count), long_file(hours)]}
