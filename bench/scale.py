"""Scaling: 1, 10 and 100 hours of footage from twenty devices; time, memory and where the time goes.

The footage is made by tests/scenes/make_scenes.py from Debian's packages of free speech and music (unpacked, not installed).
"""
import json
import os
import shutil
import subprocess
import sys

import record
import measure

HOURS = (1, 10, 100)
DEVICES = 20
GENERATOR = ("make_scenes.py", "scenes_def.py", "build_bank.py", "get_material.sh")


def bank():
    """The decoded pools that the generator draws from, made in bench/work; returns the generator's folder."""
    folder = os.path.join(record.WORK, "generator")
    os.makedirs(folder, exist_ok=True)
    for name in GENERATOR:
        shutil.copy(os.path.join(record.ROOT, "tests", "scenes", name), folder)
    pools = [os.path.join(folder, "bank", p + ".npy") for p in ("sp_en", "sp_es", "sp_fr", "mu_pub", "am_pub")]
    if not all(os.path.exists(p) for p in pools):
        subprocess.run(["bash", os.path.join(folder, "get_material.sh")], check=True)
        subprocess.run([sys.executable, os.path.join(folder, "build_bank.py")], check=True)
    missing = [os.path.basename(p) for p in pools if not os.path.exists(p)]
    if missing:
        sys.exit(f"The footage cannot be made: Debian's packages of speech and music did not give {', '.join(missing)}.")
    return folder


def footage(hours):
    folder = os.path.join(record.WORK, "scale", f"{hours}h")
    if not os.path.exists(os.path.join(folder, "truth.json")):
        record.say(f"making {hours} h of footage ...")
        subprocess.run([sys.executable, os.path.join(bank(), "make_scenes.py"), "scale", "--hours", str(hours), "--devices",
                        str(DEVICES), folder], check=True, stdout=sys.stderr)
    with open(os.path.join(folder, "truth.json")) as f:
        truth = json.load(f)
    return [os.path.join(folder, r["file"]) for r in truth["recordings"]], truth


def one(hours):
    import score
    import speed
    files, truth = footage(hours)
    decode_s = speed.decode_only(files)
    command = [record.RECOUNT, "sync", *files, "--json", "--progress", "json"]
    run = measure.run(command, every_s=None)
    result = json.loads(run["out"]) if run["code"] in (0, 1) else {}
    found, _ = score.score(truth, result)
    figures = {"hours": hours, "devices": DEVICES, "seconds": run["seconds"], "cpu_s": run["cpu_seconds"],
               "decode_s": round(decode_s, 1), "peak_mib": measure.run(command, every_s=0.25)["peak_mib"], "code": run["code"],
               "real_time": round(hours * 3600 / run["seconds"]), "stages": measure.stages(run["lines"], run["seconds"]),
               "within_20ms": round((found["within_20ms"] or 0) * found["placeable"]), "placeable": found["placeable"],
               "false": found["false_placements"]}
    record.say(figures)
    return figures


def measure_all(hours=HOURS):
    """Each size is kept as soon as it is measured: the largest takes long."""
    kept = {row["hours"]: row for row in record.load().get("scale", {}).get("rows", [])}
    for h in hours:
        kept[h] = one(h)
        record.keep("scale", {"rows": [kept[k] for k in sorted(kept)]})
    return {"rows": [kept[k] for k in sorted(kept)]}
