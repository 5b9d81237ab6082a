"""Draws results.json as tables into README.md, between its markers."""
import math
import os

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
            f"{m['rust']}; Python {m['python']}; {m['recount']}.", ""]


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
    real = [[r["a"], r["b"], r["truth_s"], r["found_s"] and round(r["found_s"], 5)] for r in part["real"]]
    apart = "; ".join(f"`{f}` {'stays apart' if ok else 'is WRONGLY joined'}" for f, ok in part["apart"].items())
    return out + ["Real recordings, offset in seconds:", "", *table(["a", "b", "stated", "found"], real), apart + ".", ""]


def peer_rows(rows):
    head = ["tool", "threshold", "placed", "within 20 ms", "false", "median error ms", "seconds", "peak MiB", "cut short"]
    how = lambda r: "none needed" if r["how"] == "as it comes" else f"{cell(r['threshold'])} ({r['how']})"
    return table(head, [[r["tool"], how(r), f"{r['placed']} of {r['placeable']}", r["within_20ms"], r["false"],
                         r["error_ms_median"], r["seconds"], r["peak_mib"], r["stopped"] + r["failed"]] for r in rows])


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


def write():
    figures = record.load()
    lines = []
    for name, draw in (("accuracy", accuracy), ("peers", peers), ("speed", speed), ("scale", scale)):
        lines += draw(figures[name]) if name in figures else []
    with open(README) as f:
        text = f.read()
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    with open(README, "w") as f:
        f.write(before + BEGIN + "\n\n" + "\n".join(lines) + END + after)
    record.say(f"written: {os.path.relpath(README, record.ROOT)}")
