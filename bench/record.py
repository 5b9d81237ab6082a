"""Where things are, the machine's facts, and the record of what was measured."""
import datetime
import json
import os
import platform
import subprocess
import sys

BENCH = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(BENCH)
WORK = os.path.join(BENCH, "work")
RESULTS = os.path.join(BENCH, "results.json")
RECOUNT = os.environ.get("RECOUNT", os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")),
                                                 "release", "recount"))
sys.path.insert(0, os.path.join(ROOT, "tests"))
sys.path.insert(0, os.path.join(ROOT, "tests", "scenes"))


def first_line(*command):
    try:
        out = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20)
        return (out.stdout or out.stderr).strip().splitlines()[0]
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return "not there"


def machine():
    """Facts without which a figure says nothing."""
    model = memory = "unknown"
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), model)
    with open("/proc/meminfo") as f:
        memory = f"{int(f.readline().split()[1]) / 2**20:.0f} GiB"
    version = first_line("ffmpeg", "-version").split(" Copyright")[0]
    commit = first_line("git", "-C", ROOT, "rev-parse", "--short", "HEAD")
    return {"date": datetime.date.today().isoformat(), "cpu": model, "cores": os.cpu_count(), "memory": memory,
            "system": f"{platform.system()} {platform.release().split('-')[0]}", "ffmpeg": version,
            "rust": first_line("rustc", "--version"), "python": platform.python_version(),
            "recount": f"{first_line(RECOUNT, '--version')} at {commit}"}


def load():
    if os.path.exists(RESULTS):
        with open(RESULTS) as f:
            return json.load(f)
    return {}


def keep(part, figures):
    """Stores one part's figures with the machine they were measured on; other parts stay."""
    everything = load()
    everything[part] = {"measured_on": machine(), **figures}
    with open(RESULTS + ".part", "w") as f:
        json.dump(everything, f, indent=1, sort_keys=True)
        f.write("\n")
    os.replace(RESULTS + ".part", RESULTS)


def say(*words):
    print(*words, file=sys.stderr, flush=True)
