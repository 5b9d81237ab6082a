"""The kernels of the alignment by `cargo bench -p align`: what each costs in a run of 64 recordings of two minutes, and how
near it is to what the machine could do at best. Decoding is not among them."""
import json
import os
import re
import subprocess

import record

# Name in the benches, what it does, which count of the run says how often, and what bounds it.
KERNELS = (
    ("listening", "listening to a recording", "recordings", ("bare_ffts",), "its FFTs"),
    ("spectra", "spectra of a recording", "spectra", ("bare_ffts",), "its FFTs"),
    ("all_lags", "all lags of a pair", "pairs", ("bare_ffts", "bare_reading"), "its FFTs and reading both spectra once"),
    ("tie_looked_at", "a closer look at a tie", "looks", ("bare_ffts",), "the FFTs of its windows"),
    ("clocks", "clocks of the island", "islands", ("bare_products",), "the products of one factor"),
)
UNITS = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}


def bench(environment=None, *arguments):
    env = dict(os.environ, **(environment or {}))
    return subprocess.run(["cargo", "bench", "--quiet", "--locked", "-p", "align", "--bench", "kernels", "--", *arguments], cwd=record.ROOT,
                          env=env, check=True, stdout=subprocess.PIPE, text=True).stdout


def fastest(text):
    """Seconds of the fastest sample by (group, name, argument)."""
    found, path = {}, []
    for line in text.splitlines():
        match = re.match(r"^([│ ]*)[├╰]─ (\S+)\s*(?:([\d.]+) (ns|µs|ms|s)\b)?", line)
        if match:
            depth = len(match[1]) // 3
            path = path[:depth] + [match[2]]
            if match[3]:
                found[tuple(path)] = float(match[3]) * UNITS[match[4]]
    return found


def measure_all():
    counts = json.loads(bench({"RECOUNT_COUNTS": "1"}).splitlines()[-1])
    times = fastest(bench())
    whole = times[("run", "a_listening")] + times[("run", "e_synchronise")]
    rows = []
    for name, what, count, bare, bound in KERNELS:
        of = lambda which: times.get((name, which)) or times.get((name, which, str(counts["recordings"])), 0.0)
        own, least = of("kernel"), sum(of(b) for b in bare)
        rows.append({"kernel": what, "calls": counts[count], "seconds": round(own * counts[count], 3),
                     "share": own * counts[count] / whole, "of_bound": least / own, "bound": bound})
    for stage, what in (("c_graph", "islands"), ("d_pieces", "pauses and cuts"), ("f_copies", "what was copied")):
        rows.append({"kernel": what, "calls": 1, "seconds": round(times[("run", stage)], 3), "share": times[("run", stage)] / whole,
                     "of_bound": None, "bound": None})
    rows.sort(key=lambda row: -row["share"])
    return {"rows": rows, "recordings": counts["recordings"], "seconds_each": counts["seconds"], "whole_s": round(whole, 2)}
