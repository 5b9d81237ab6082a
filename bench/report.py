"""Draws results.json as tables into README.md, between its markers."""
import math
import os
import statistics

import record

README = os.path.join(record.BENCH, "README.md")
BEGIN, END = "<!-- figures: written by `make bench`, not by hand -->", "<!-- end of figures -->"


def cell(value):
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join(" --- " if i == 0 else " ---: " for i in range(len(head))) + "|"]
    return lines + ["| " + " | ".join(cell(v) for v in row) + " |" for row in rows] + [""]


def measured_on(part):
    m = part["measured_on"]
    return [f"Measured {m['date']} on {m['cores']} cores of {m['cpu']}, {m['memory']}, {m['system']}; {m['ffmpeg']}; "
            f"{m['rust'].split(' (')[0]}; Python {m['python']}; {m['recount']}.", ""]


def percent(share):
    return None if share is None else f"{100 * share:.0f} %"


def ms(seconds):
    return None if seconds is None else round(seconds * 1e3, 2)


def accuracy(part):
    head = ["set", "placeable", "5 ms", "20 ms", "50 ms", "20 ms, no allowance", "false", "drift ppm", "excerpts found",
            "inside 2 sigma", "median sigma ms", "not within 20 ms"]
    line = lambda name, r, sigma, missed: [
        name, r["placeable"], percent(r["within_5ms"]), percent(r["within_20ms"]), percent(r["within_50ms"]),
        percent(r["strict_within_20ms"]), r["false_placements"], r["drift_abs_err_ppm_median"], percent(r["excerpt_recall"]),
        percent(r["calibration_2sigma"]), ms(sigma), missed]
    rows = [line(r["set"], r, r["sigma_median_s"], ", ".join(f"`{f}`" for f in r["missed"]) or "none") for r in part["rows"]]
    rows.insert(-1, line("**all scenes**", part["all"], part["sigma_median_s"], ""))
    out = ["### Accuracy", "", *measured_on(part), *table(head, rows)]
    exact = lambda seconds: None if seconds is None else f"{seconds:.5f}"
    real = [[r["a"], r["b"], exact(r["truth_s"]), exact(r["found_s"])] for r in part["real"]]
    apart = "; ".join(f"`{f}` {'stays apart' if ok else 'is WRONGLY joined'}" for f, ok in part["apart"].items())
    return out + ["Real recordings, offset in seconds:", "", *table(["a", "b", "stated", "found"], real), apart + ".", ""]


def peer_rows(rows):
    head = ["tool", "threshold", "placed", "within 20 ms", "false", "median error ms", "on the same: its, Recount's", "seconds", "peak MiB", "cut short"]
    how = lambda r: "none needed" if r["how"] == "as it comes" else f"{cell(r['threshold'])} ({r['how']})"
    same = lambda r: f"{r['same_error_ms']:g}, {r['same_error_ms_recount']:g}" if r.get("same") else None
    return table(head, [[r["tool"], how(r), f"{r['placed']} of {r['placeable']}", r["within_20ms"], r["false"],
                         r["error_ms_median"], same(r), r["seconds"], r["peak_mib"], r["stopped"] + r["failed"]] for r in rows])


def peers(part):
    return ["### Peers on the same recordings", "", *measured_on(part),
            f"All scenes and the sample case, {part['recordings']} recordings; at most {part['seconds_max']} s a set for a peer.", "",
            *peer_rows(part["rows"])]


def spent(stages):
    return ", ".join(f"{step} {seconds:g} s" for step, seconds in stages.items())


def speed(part):
    head = ["noise", "decoding alone s", "Recount s", "ratio", "times real time", "peak MiB", "within 20 ms", "false", "where the time goes"]
    rows = [[f"{s['snr_db']} dB", s["decode_s"], s["recount_s"], s["ratio"], s["real_time"], s["peak_mib"],
             f"{s['within_20ms']} of {part['recordings']}", s["false"], spent(s["stages"])] for s in part["sets"]]
    return ["### Speed", "", *measured_on(part),
            f"{part['recordings']} recordings of {part['seconds_each']} s; the middle of three runs, taken in turns with decoding alone.",
            "", *table(head, rows), "Sixteen of those at 0 dB, with the peers "
            f"(at most {part['peer_seconds_max']} s each):", "", *peer_rows(part["peers"])]


def scale(part):
    head = ["hours", "devices", "seconds", "seconds an hour", "times real time", "decoding alone s", "peak MiB", "within 20 ms", "false", "where the time goes"]
    rows = [[r["hours"], r["devices"], r["seconds"], round(r["seconds"] / r["hours"], 2), r["real_time"], r["decode_s"], r["peak_mib"],
             f"{r['within_20ms']} of {r['placeable']}", r["false"], spent(r["stages"])] for r in part["rows"]]
    return ["### Scaling", "", *measured_on(part), *table(head, rows)]


def large(part):
    head = ["case", "decoding alone s", "adding s", "synchronising s", "peak MiB", "within 20 ms", "false", "moved beyond doubt",
            "where the time goes"]
    rows = [[r["what"], r["decode_s"], r["add_s"], r["seconds"], r["peak_mib"], f"{r['within_20ms']} of {r['placeable']}", r["false"],
             r["moved"], spent(r["stages"])] for r in part["rows"]]
    return ["### Large cases", "", *measured_on(part), *table(head, rows)]


def drift(part):
    """Recorders that were set down apart from those that were carried: walking ten metres nearer is 29 ms, whatever the clock does."""
    rows = []
    for what, moves in (("set down", False), ("carried", True)):
        off = [abs(r["off_ppm"]) for r in part["rows"] if r["moves"] == moves]
        rows.append([what, len(off), round(statistics.median(off), 2), round(max(off), 2), percent(sum(o <= 2 for o in off) / len(off))])
    return ["### Drift", "", *measured_on(part),
            f"Recordings that overlap another by more than {part['overlap_min_s'] // 60} minutes, in four scenes of seven; "
            f"{part['unplaced']} were not placed.", "",
            *table(["recorder", "recordings", "median ppm off", "at most", "within 2 ppm"], rows)]


def kernels(part):
    head = ["kernel", "calls in the run", "seconds", "share of the run's own work", "of its own bound", "the bound"]
    rows = [[r["kernel"], r["calls"], r["seconds"], percent(r["share"]), percent(r["of_bound"]), r["bound"]] for r in part["rows"]]
    return ["### Kernels", "", *measured_on(part),
            f"Of {part['recordings']} recordings of {part['seconds_each']} s, on one thread, {part['whole_s']} s in all without decoding; "
            "the fastest samples of `cargo bench -p align`. *Of its own bound*: how much of the kernel's time the same transforms, "
            "bytes or multiplications take with nothing around them.", "", *table(head, rows)]


def aims(figures):
    """What was promised beside what was measured."""
    rows = []

    def aim(what, measured, met):
        rows.append([what, measured, "yes" if met else "**no**"])

    if "accuracy" in figures:
        a = figures["accuracy"]
        every, sigma = a["all"], a["sigma_median_s"]
        aim("scenes: no false placement", every["false_placements"], every["false_placements"] == 0)
        aim("scenes: every recording within 20 ms", percent(every["within_20ms"]), every["within_20ms"] == 1)
        aim("scenes: at least 90 % within 5 ms", percent(every["within_5ms"]), every["within_5ms"] >= 0.9)
        aim("scenes: excerpts found, and none that is not there: at least 95 %",
            f"{percent(every['excerpt_recall'])}, {percent(every['excerpt_precision'])}",
            min(every["excerpt_recall"], every["excerpt_precision"]) >= 0.95)
        aim("scenes: at least 90 % inside two sigma", percent(every["calibration_2sigma"]), (every["calibration_2sigma"] or 0) >= 0.9)
        aim("scenes: median sigma below 5 ms", f"{ms(sigma)} ms", sigma is not None and sigma < 0.005)
    for name, key in (("on the scenes", "peers"), ("on sixteen in noise", "speed")):
        part = figures.get(key, {})
        rivals = part.get("rows") or part.get("peers") or []
        ours = next((r for r in rivals if r["tool"] == "Recount"), None)
        others = [r for r in rivals if r["tool"] != "Recount"]
        if ours and others:
            most = max(r["within_20ms"] - r["false"] for r in others)
            right = ours["within_20ms"] - ours["false"]
            aim(f"ahead of every peer {name}, or at all there are: within 20 ms less false", f"{right}, best peer {most}",
                right > most or right == ours["placeable"])
            compared = [r for r in others if r.get("same")]
            nearest = min(compared, key=lambda r: r["same_error_ms"] - r["same_error_ms_recount"], default=None)
            if nearest:
                aim(f"ahead of every peer {name}: median error on the recordings both placed",
                    f"{nearest['same_error_ms_recount']:g} ms, {nearest['tool']} {nearest['same_error_ms']:g} ms",
                    nearest["same_error_ms_recount"] <= nearest["same_error_ms"])
            quick = min(r["seconds"] for r in others)
            aim(f"ahead {name}: seconds", f"{ours['seconds']}, best peer {quick}", ours["seconds"] < quick)
    if "speed" in figures:
        worst = max(s["ratio"] for s in figures["speed"]["sets"])
        aim("64 recordings in at most 1.3 times decoding alone", worst, worst <= 1.3)
    by_hours = {r["hours"]: r for r in figures.get("scale", {}).get("rows", [])}
    for few, many in ((1, 10), (10, 100)):
        if few in by_hours and many in by_hours:
            growth = (by_hours[many]["seconds"] / many) / (by_hours[few]["seconds"] / few)
            aim(f"seconds an hour, {many} h against {few} h: at most 1.2 times", round(growth, 2), growth <= 1.2)
    if 100 in by_hours:
        ratio = by_hours[100]["seconds"] / by_hours[100]["decode_s"]
        aim("100 h in at most 1.3 times decoding alone", round(ratio, 2), ratio <= 1.3)
        aim("100 h in less than 1 GiB", f"{by_hours[100]['peak_mib']} MiB", by_hours[100]["peak_mib"] < 1024)
    if "drift" in figures:
        for what, moves in (("set down", False), ("carried", True)):
            worst = max(abs(r["off_ppm"]) for r in figures["drift"]["rows"] if r["moves"] == moves)
            aim(f"drift of recorders {what}, overlap of more than 3 min: within 2 ppm", f"{worst:.2f} ppm at most", worst <= 2)
    rows_of = figures.get("large", {}).get("rows", [])
    for row in rows_of:
        aim(f"{row['what']}: all within 20 ms, none false", f"{row['within_20ms']} of {row['placeable']}, {row['false']} false",
            row["within_20ms"] == row["placeable"] and row["false"] == 0)
        aim(f"{row['what']}: less than 1 GiB", f"{row['peak_mib']} MiB", row["peak_mib"] < 1024)
    return ["### Aims", "", *table(["aim", "measured", "met"], rows)] if rows else []


def write():
    figures = record.load()
    lines = aims(figures)
    for name, draw in (("accuracy", accuracy), ("peers", peers), ("speed", speed), ("scale", scale), ("large", large), ("drift", drift), ("kernels", kernels)):
        lines += draw(figures[name]) if name in figures else []
    with open(README) as f:
        text = f.read()
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    with open(README, "w") as f:
        f.write(before + BEGIN + "\n\n" + "\n".join(lines) + END + after)
    record.say(f"written: {os.path.relpath(README, record.ROOT)}")
