#!/usr/bin/env python3
"""Measures and writes the figures: run.py [accuracy] [peers] [speed] [scale [--hours 1,10]] [large [--recordings 50] [--long 1]]
[drift] [kernels] [report].

Each part keeps its figures in results.json with the machine they were measured on; the report is drawn from that file.
"""
import json
import os
import statistics
import sys

import record


def accuracy():
    import score
    import scores
    out = os.path.join(record.WORK, "scores")
    os.makedirs(out, exist_ok=True)
    results = scores.run_all(record.RECOUNT, out)
    rows, spread = [], []
    for name in scores.scenes() + ["lantern-quay"]:
        path = (os.path.join(scores.SAMPLE, "truth", "placements.json") if name == "lantern-quay"
                else os.path.join(scores.SCENES, name, "truth.json"))
        with open(path) as f:
            found, table = score.score(json.load(f), results[name])
        missed = [row[0] for row in table if row[2] == "placed" and (row[5].strip() == "-" or float(row[5]) > 20)]
        rows.append({**{k: v for k, v in found.items() if not k.startswith("_")}, "set": name, "missed": missed,
                     "sigma_median_s": statistics.median(scores.sigmas(results[name]) or [float("nan")])})
        spread += scores.sigmas(results[name]) if name != "lantern-quay" else []
    suite = scores.print_suite(out)
    suite.pop("per_scene")
    real = [{"a": a, "b": b, "truth_s": truth, "found_s": scores.offset_between(results[folder], a, b)}
            for folder, a, b, truth, _ in scores.REAL_OFFSETS]
    apart = {name: scores.is_apart(results["bbc"], name) for name in scores.REAL_STRANGERS}
    record.keep("accuracy", {"rows": rows, "all": suite, "real": real, "apart": apart,
                             "sigma_median_s": statistics.median(spread) if spread else None})


def option(parts, name):
    """The numbers after an option, and the rest."""
    if name not in parts:
        return None, parts
    at = parts.index(name)
    return tuple(int(n) for n in parts[at + 1].split(",")), parts[:at] + parts[at + 2:]


def main(parts):
    if not os.path.exists(record.RECOUNT) and parts != ["report"]:
        sys.exit(f"Recount is not built: {record.RECOUNT} (scripts/bench builds it)")
    os.makedirs(record.WORK, exist_ok=True)
    hours, parts = option(parts, "--hours")
    recordings, parts = option(parts, "--recordings")
    long, parts = option(parts, "--long")
    for part in parts or ["accuracy", "peers", "speed"]:
        if part == "accuracy":
            accuracy()
        elif part == "peers":
            import peers
            record.keep("peers", peers.measure_all())
        elif part == "speed":
            import speed
            record.keep("speed", speed.measure_all())
        elif part == "scale":
            import scale
            scale.measure_all(*([hours] if hours else []))
        elif part == "large":
            import large
            record.keep("large", large.measure_all(*(recordings or (large.RECORDINGS,)), *(long or (large.LONG_HOURS,))))
        elif part == "drift":
            import drift
            record.keep("drift", drift.measure_all())
        elif part == "kernels":
            import kernels
            record.keep("kernels", kernels.measure_all())
        elif part != "report":
            sys.exit(__doc__)
    import report
    report.write()


if __name__ == "__main__":
    main(sys.argv[1:])
