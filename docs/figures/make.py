#!/usr/bin/env python3
"""Draws the pictures of docs/alignment.md anew: make.py RECOUNT [--work FOLDER] [--only NAME]      (scripts/figures calls it)

Every scene of tests/scenes and the sample case goes through the program (`new`, `add`, `sync`, `export`, `why`); what it
decoded and what it said is then drawn, beside the truth that the scenes ship. Two measures that the program does not print,
the whitened correlation and the coherence, are computed again in ear.py; where the program states the same figure, the two
are held against one another, and the pictures are not drawn if they differ. Recordings shown are chosen by rule, and the
rule stands here. With --work the cases are kept and used again; --only draws one (a function below).
"""
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import ear
from draw import BAND, BLUE, BROWN, EDGE, GREEN, GRID, MUTED, Picture, Plot, signed

ROOT = ear.ROOT
HERE = Path(__file__).resolve().parent
SCENES = ROOT / "tests" / "scenes" / "public"
SAMPLE = ROOT / "samples" / "lantern-quay"
sys.path.insert(0, str(ROOT / "tests" / "scenes"))
SOUND_M_S = 343.0


class Set:
    """A set of recordings, as the program sees it and as it was."""

    def __init__(self, recount, name, files, truth, work):
        self.recount, self.name, self.case = recount, name, work / name
        self.truth = json.loads(truth.read_text(encoding="utf-8"))
        if not self.case.exists():
            self.ask("new", self.case)
            self.ask("add", self.case, *files)
            self.ask("sync", self.case)
        self.result = json.loads(self.ask("export", self.case, "--to", "json", "-"))
        self.true = {r["file"]: r for r in self.truth["recordings"]}
        self.found = {r["file"]: r for r in self.result["recordings"]}
        self.sounds, self.reasons = {}, {}

    def ask(self, *words):
        done = subprocess.run([self.recount, *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        # 1: done, and a file needs attention.
        if done.returncode not in (0, 1):
            raise SystemExit(f"{self.name}: {words[0]} ended with {done.returncode}: {done.stderr.strip()[-400:]}")
        return done.stdout

    def why(self, file):
        if file not in self.reasons:
            self.reasons[file] = json.loads(self.ask("why", self.case, file, "--json"))["why"]
        return self.reasons[file]

    def sound(self, file):
        if file not in self.sounds:
            self.sounds[file] = ear.kept_sound(self.case / "cache" / self.why(file)["sha256"] / "sound-v1.pcm")
        return self.sounds[file]

    def placed(self):
        return [f for f in sorted(self.found) if self.found[f].get("pieces")]


def all_sets(recount, work):
    sets = []
    for folder in sorted(SCENES.iterdir()):
        if (folder / "truth.json").exists():
            files = sorted(f for f in folder.iterdir() if f.name != "truth.json")
            sets.append(Set(recount, folder.name, files, folder / "truth.json", work))
    files = sorted((SAMPLE / "media").iterdir())
    return sets + [Set(recount, SAMPLE.name, files, SAMPLE / "truth" / "placements.json", work)]


# Whitened correlation: one window, and all of a pair, against a stranger.

def ties_seen_from_right(a_set):
    """Accepted ties by sound with the recording whose clock the windows are counted on."""
    for file in a_set.placed():
        why = a_set.why(file)
        for tie in why["ties"]:
            if tie["accepted"] and tie["kind"] == "sound" and tie["with_sha256"] < why["sha256"]:
                yield file, tie


def line_of(surprises, at_s):
    """The line of any drift up to 300 ppm either way on which the windows agree best."""
    at_s = np.array(at_s) - np.mean(at_s)
    lines = math.ceil(300e-6 * np.abs(at_s).max() / 1e-3)
    best = None
    for turn in range(-lines, lines + 1):
        lags_ms, total = ear.along_line(surprises, at_s * 300e-6 * turn / max(lines, 1))
        if best is None or total.max() > best[1].max():
            best = lags_ms, total
    return best


def correlation(sets):
    s01 = next(s for s in sets if s.name == "s01")
    # The tie of middle strength of the first scene; of its agreeing windows that of middle surprise.
    ties = sorted(ties_seen_from_right(s01), key=lambda t: t[1]["strength"])
    right, tie = ties[len(ties) // 2]
    left = tie["with"]
    (piece,), (other,) = s01.found[right]["pieces"], s01.found[left]["pieces"]
    true, at_s, agrees = [], [], []
    for window in tie["windows"]:
        lag_s = tie["lag"] + tie["drift_ppm"] * 1e-6 * window["at"]
        a, b, exact_s = ear.window_pair(s01.sound(left), s01.sound(right), window["at"], lag_s)
        true.append(ear.surprise(a, b))
        at_s.append(window["at"])
        agrees.append(window["agrees"])
        if window["agrees"]:
            near = true[-1][ear.REACH - ear.NEAR:ear.REACH + ear.NEAR + 1]
            ours_s = exact_s + (int(np.argmax(near)) - ear.NEAR) / ear.RATE
            # What the program prints is case(left) - case(right) at the lag that it found.
            case = piece["offset"] + (1 + piece["drift_ppm"] * 1e-6) * window["at"] + window["residual"]
            theirs_s = (case - other["offset"]) / (1 + other["drift_ppm"] * 1e-6) - window["at"]
            if abs(ours_s - theirs_s) > 2.5e-4:
                raise SystemExit(f"{left}, {right} at {window['at']:.1f} s: the program found a lag of {theirs_s} s, ear.py {ours_s}")
    peak = lambda s: s[ear.REACH - ear.NEAR:ear.REACH + ear.NEAR + 1].max()
    order = sorted((k for k in range(len(true)) if agrees[k]), key=lambda k: peak(true[k]))
    shown = order[len(order) // 2]
    # The stranger: the longest recording that shares nothing with any other, from another scene.
    strangers = [(s, f) for s in sets for f, r in s.true.items() if r["expected"] == "unplaced" and s.name != "s01"]
    s, stranger = max(strangers, key=lambda sf: len(sf[0].sound(sf[1])))
    false, false_at_s = [], []
    length_s = len(s.sound(stranger)) / ear.RATE
    for k, at in enumerate(at_s):
        a, _, _ = ear.window_pair(s01.sound(left), s01.sound(right), at, tie["lag"])
        b = ear.cut(s.sound(stranger), round(at % (length_s - 5) * ear.RATE), ear.WINDOW)
        false.append(ear.surprise(a, b))
        false_at_s.append(at)
    draw_correlation(left, right, stranger, (true, at_s, shown), (false, false_at_s), sum(agrees))


def draw_correlation(left, right, stranger, true, false, agree):
    (true, at_s, shown), (false, false_at_s) = true, false
    count = len(true)
    picture = Picture("correlation", "Whitened correlation of a true pair and of a stranger",
                      f"Four plots over lag from minus 250 to plus 250 milliseconds. One window of a true pair has a peak within "
                      f"10 milliseconds of the line; one of a stranger has peaks nowhere in particular. Over all {count} windows "
                      "the peak of the true pair stands far above everything else, and the stranger has none.", 500)
    lags_ms = np.arange(-ear.REACH, ear.REACH + 1) / ear.RATE * 1e3
    totals = [line_of(true, at_s), line_of(false, false_at_s)]
    top = 1.15 * max(t.max() for _, t in totals)
    for column, (heading, one, (x_ms, total)) in enumerate(
            [(("two that were there", f"{left} and {right}"), true[shown], totals[0]),
             (("strangers", f"{left} and {stranger}"), false[shown], totals[1])]):
        x = 66 + column * 362
        picture.text(x, 26, heading[0], 15, bold=True)
        picture.text(x, 46, heading[1], 14)
        upper = Plot(picture, x, 82, 316, 150, (-250, 250), (0, 50))
        picture.rect(upper.at(-10, 0)[0], 82, upper.at(10, 0)[0] - upper.at(-10, 0)[0], 150, BAND)
        upper.y_axis([0, 20, 40], "surprise of one window of 4.1 s")
        upper.frame()
        upper.level(ear.AGREES_FROM, BROWN)
        picture.text(x + 312, upper.at(0, ear.AGREES_FROM)[1] - 5, f"{ear.AGREES_FROM:g}", 14, BROWN, "end", halo=True)
        upper.curve(lags_ms, np.abs(one), GREEN)
        lower = Plot(picture, x, 272, 316, 150, (-250, 250), (0, top))
        lower.y_axis([0, 10, 20] if top > 12 else [0, 5, 10], f"mean of {count} windows along the best line")
        lower.x_axis([-200, -100, 0, 100, 200], "lag beside the line of the pair, ms" if column == 0 else "lag, ms")
        lower.frame()
        lower.curve(x_ms, total, GREEN, 1.6)
        z = ear.height(total)
        picture.text(x + 308, 292, f"{z:.1f} standard deviations", 14, anchor="end", halo=True)
    picture.text(66, 486, f"Tinted: within 10 ms of the line; only there is a window asked whether it agrees ({agree} of {count} do).", 14, MUTED)
    picture.write(HERE)


# What each window said, minus the solution.

def residuals(sets):
    # The accepted tie of a single piece whose share of agreeing windows is nearest to one half, of those with 24 windows
    # or more: neither the best nor the worst.
    def mixed(entry):
        s, file, tie = entry
        share = tie["windows_agree"] / len(tie["windows"])
        return abs(share - 0.5), s.name, file
    every = [(s, f, t) for s in sets for f, t in ties_seen_from_right(s)
             if len(t["windows"]) >= 24 and len(s.found[f]["pieces"]) == len(s.found[t["with"]]["pieces"]) == 1]
    s, file, _ = min(every, key=mixed)
    why = s.why(file)
    ties = [t for t in why["ties"] if t["accepted"] and t["kind"] == "sound" and t["windows"]]
    ties = sorted(ties, key=lambda t: abs(t["windows_agree"] / len(t["windows"]) - 0.5))[:2]
    (piece,) = why["pieces"]
    sigma_ms = piece["sigma"] * 1e3
    used = sorted(abs(w["residual"]) * 1e3 for t in ties for w in t["windows"] if w["agrees"])
    reach_ms = max(1.2 * used[len(used) * 9 // 10], 1.6 * sigma_ms, 2.0)
    picture = Picture("residuals", f"What each window said of {file}, minus the solution",
                      f"For two partners of {file}, a dot for each window of 4.1 s over case time, at its best lag within 10 ms of the "
                      "pair's line, minus the solution. Filled dots agree, hollow ones do not. A tinted band shows one standard deviation.",
                      96 + 158 * len(ties))
    picture.text(24, 28, f"{s.name}/{file}: what each window said, minus the solution", 15, bold=True)
    for nth, tie in enumerate(ties):
        plot = Plot(picture, 76, 66 + 158 * nth, 660, 112, (piece["case_start"], piece["case_end"]), (-reach_ms, reach_ms))
        low, high = plot.at(plot.x0, -sigma_ms)[1], plot.at(plot.x0, sigma_ms)[1]
        picture.rect(plot.left, high, plot.width, low - high, BAND)
        step = 10 if reach_ms > 12 else 5 if reach_ms > 6 else 2
        ticks = [k * step for k in range(-int(reach_ms / step), int(reach_ms / step) + 1)]
        plot.y_axis(ticks, form=lambda v: f"{v:g} ms" if v == 0 else f"{v:+g}")
        plot.frame()
        agree, count = tie["windows_agree"], len(tie["windows"])
        picture.text(76, plot.top - 8, f"against {tie['with']}: strength {tie['strength']:.1f}, {agree} of {count} windows agree", 14)
        for window in tie["windows"]:
            value = window["residual"] * 1e3
            x, y = plot.at(window["case"], max(-reach_ms, min(reach_ms, value)))
            fill = GREEN if window["agrees"] else "#fff"
            if abs(value) <= reach_ms:
                picture.circle(x, y, 4, fill, GREEN, 1.5)
            else:
                tip = -6 if value > 0 else 6
                y += -tip * 0.9
                picture.put(f'<path d="M{x:.1f} {y + tip:.1f}L{x + 4.5:.1f} {y - tip / 2:.1f}H{x - 4.5:.1f}Z" fill="{fill}" '
                            f'stroke="{GREEN}" stroke-width="1.5"/>')
    span = piece["case_end"] - piece["case_start"]
    every_s = next(s for s in (10, 20, 30, 60, 120, 300) if span / s <= 9)
    ticks = range(math.ceil(piece["case_start"] / every_s) * every_s, int(piece["case_end"]) + 1, every_s)
    plot.x_axis(ticks, form=lambda v: f"{v // 60}:{v % 60:02d}", grid=False)
    y = picture.height - 14
    picture.circle(84, y - 5, 4, GREEN, GREEN, 1.5)
    picture.text(96, y, "agrees", 14, MUTED)
    picture.circle(172, y - 5, 4, "#fff", GREEN, 1.5)
    picture.text(184, y, "does not (triangles: off the scale)", 14, MUTED)
    picture.rect(452, y - 13, 16, 15, BAND, EDGE)
    picture.text(476, y, f"\u00b1 one standard deviation, {sigma_ms:.1f} ms", 14, MUTED)
    picture.write(HERE)


# A phone that was paused.

PAUSED, BESIDE = "IMG_4127.MOV", "C0012.MP4"


def pause(sets):
    s = next(s for s in sets if s.name == SAMPLE.name)
    left, right = s.sound(BESIDE), s.sound(PAUSED)
    length = 1 << (len(left) + ear.WINDOW - 1).bit_length()
    low, high = (round(hz * length / ear.RATE) for hz in ear.BAND_HZ)
    whole = np.fft.rfft(left, length)
    taper = np.sin(np.pi * (np.arange(ear.WINDOW) + 0.5) / ear.WINDOW)
    points = []
    for start in range(0, len(right) - ear.WINDOW, 2 * ear.RATE):
        part = right[start:start + ear.WINDOW]
        if np.sqrt(np.mean(part ** 2)) < 1e-5:
            continue
        cross = whole * np.conj(np.fft.rfft(part * taper, length))
        cross *= np.maximum(np.abs(cross), 1e-15) ** (1 / 8 - 1)
        cross[:low] = cross[high:] = 0
        line = np.fft.irfft(cross)[:len(left)]
        points.append((start / ear.RATE + ear.WINDOW / ear.RATE / 2, (int(np.argmax(line)) - start) / ear.RATE))
    (a,) = s.true[BESIDE]["pieces"]
    stated = [(p["start"], p["end"], p["a"] - a["a"]) for p in s.true[PAUSED]["pieces"]]
    (b,) = s.found[BESIDE]["pieces"]
    found = [(p["start"], p["end"], p["offset"] - b["offset"]) for p in s.found[PAUSED]["pieces"]]
    jump_s = found[1][2] - found[0][2]
    off_ms = 1e3 * (jump_s - (stated[1][2] - stated[0][2]))
    picture = Picture("pause", "A phone that was paused",
                      f"Over the phone's own time, the lag at which each window is found in {BESIDE}. Windows before the pause lie "
                      "on one level, those after it on another, nearly 25 seconds higher; a few lie elsewhere.", 372)
    picture.text(24, 28, f"{PAUSED} held against all of {BESIDE}, window by window", 15, bold=True)
    plot = Plot(picture, 76, 62, 660, 226, (0, len(right) / ear.RATE), (40, 105))
    plot.y_axis([40, 60, 80, 100], "lag, s: when the phone began, counted from the camera's beginning")
    plot.x_axis([0, 30, 60, 90, 120, 150, 180], "time in the phone's file, s")
    first, second = found[0][1], found[1][0]
    picture.rect(plot.at(first, 0)[0], plot.top, plot.at(second, 0)[0] - plot.at(first, 0)[0], plot.height, BAND)
    plot.frame()
    for start, end, lag in found:
        picture.line(*plot.at(start, lag), *plot.at(end, lag), BLUE, 7)
    plot.upright(stated[1][0], BROWN)
    inside = [p for p in points if plot.y0 <= p[1] <= plot.y1]
    for x, y in inside:
        picture.circle(*plot.at(x, y), 3.6, "#fff", GREEN, 1.6)
    on = sum(any(abs(y - lag) < 0.1 for _, _, lag in found) for _, y in points)
    picture.lines(plot.at(78, 0)[0], 196, [f"jump found: {jump_s:.3f} s,", signed(f"{off_ms:+.1f} ms from the truth;"),
                                           f"{on} of {len(points)} windows on one of the two"], 14)
    picture.text(plot.at(stated[1][0], 0)[0] - 8, 84, "true pause", 14, BROWN, "end", halo=True)
    y = 358
    picture.circle(84, y - 5, 3.6, "#fff", GREEN, 1.6)
    picture.text(96, y, f"best lag of a window ({len(points) - len(inside)} off the scale)", 14, MUTED)
    picture.line(396, y - 5, 420, y - 5, BLUE, 7)
    picture.text(428, y, "as placed", 14, MUTED)
    picture.rect(520, y - 13, 16, 15, BAND, EDGE)
    picture.text(544, y, f"left off the clock ({second - first:.1f} s)", 14, MUTED)
    picture.write(HERE)


# Errors beside the sigma that was stated.

def errors(a_set):
    """For each recording that can be placed: error beyond the time of sound, error without that allowance, sigma; seconds.

    As score.py has it: a common rate and offset of each island are taken out, and the kinder of two readings counts (what
    was heard, or what was emitted). Checked against score.py's own count."""
    import score
    found, rows, counted = a_set.found, [], 0
    true = a_set.true
    for island in sorted({str(found[f]["island"]) for f in a_set.placed()}):
        files = [f for f in a_set.placed() if str(found[f]["island"]) == island]
        at = {f: score.samples(true[f], found[f]["pieces"]) for f in files}
        own = [str(true[f]["island"]) for f in files if true[f]["expected"] in ("placed", "optional")]
        if len(files) < 2 or not own:
            continue
        main = max(own, key=own.count)
        here = [f for f in files if at[f] and str(true[f]["island"]) == main]
        core = [f for f in here if true[f]["expected"] in ("placed", "optional")]
        long = [f for f in core if at[f]["len"] > 20] or core
        rate = float(np.median([at[f]["dd"] for f in long])) * 1e-6
        middle = np.median([at[f]["T"].mean() for f in core])
        error = {f: at[f]["R"] - at[f]["T"] - rate * (at[f]["T"] - middle) for f in here}
        cover = [at[f]["cov"] for f in core]

        def beyond(allowed):
            gauge = score.consensus([float(np.median(error[f])) - sum(allowed[f]) / 2 for f in core], cover)
            off = {f: error[f] - gauge for f in here}
            return {f: float(np.max(np.maximum(0, np.maximum(allowed[f][0] - off[f], off[f] - allowed[f][1])))) for f in here}

        is_heard = {f: true[f]["kind"] != "video_only" for f in here}
        heard = {f: (-true[f]["prop_s"][1] - true[f].get("multipath_s", 0), -true[f]["prop_s"][0]) if is_heard[f] else (0, 0) for f in here}
        mean = {f: (-sum(q[1] * (q[2] + q[3]) / 2 for q in true[f]["sources"]),) * 2 if is_heard[f] else (0, 0) for f in here}
        none = {f: (0, 0) for f in here}
        rank = lambda e: (sum(e[f] <= 0.02 for f in core), sum(e[f] <= 0.1 for f in core), -sum(min(e[f], 1) for f in core))
        kind = max((beyond(heard), beyond(none)), key=rank)
        strict = min((beyond(mean), beyond(none)), key=lambda e: np.median([e[f] for f in core]))
        for f in here:
            if true[f]["expected"] == "placed" and len(core) > 1:
                rows.append((kind[f], strict[f], at[f]["sigma"], f"{a_set.name}/{f}"))
                counted += kind[f] <= 2 * at[f]["sigma"] + 0.0005
    theirs = score.score(a_set.truth, a_set.result)[0]["_n"]
    if (counted, len(rows)) != (theirs["cal"], theirs["caln"]):
        raise SystemExit(f"{a_set.name}: {counted} of {len(rows)} inside, score.py says {theirs['cal']} of {theirs['caln']}")
    return rows


def honesty(sets):
    rows = [row for s in sets for row in errors(s)]
    scenes = len(sets) - 1
    picture = Picture("honesty", "Errors beside the standard deviation that was stated",
                      "Two histograms of error divided by stated standard deviation. With the time that sound needs from its sources "
                      "allowed for, nearly all lie within two; without that allowance a good part lies beyond, because the stated "
                      "doubt is that of when something was heard.", 430)
    picture.text(24, 28, f"{len(rows)} placements with known truth ({scenes} scenes and the sample): error / stated sigma", 15, bold=True)
    edges = np.arange(0, 8.5, 0.5)
    counts, labels = [], ["largest error beyond the time that sound needed", "largest error with no allowance for sound's way"]
    for column in (0, 1):
        ratio = np.array([row[column] / row[2] for row in rows])
        inside = int(sum(row[column] <= 2 * row[2] + 0.0005 for row in rows))
        counts.append((np.histogram(np.minimum(ratio, 7.9), edges)[0], inside, float(np.median([r[column] for r in rows]))))
    for nth, ((bars, inside, median), label) in enumerate(zip(counts, labels)):
        top = 5 * math.ceil(bars.max() / 5 + 0.2)
        plot = Plot(picture, 62, 66 + 166 * nth, 674, 116, (0, 8), (0, top))
        picture.rect(62, plot.top, plot.at(2, 0)[0] - 62, 116, BAND)
        ticks = [0, top // 2, top] if top < 30 else [0, 20, 40, 60][: top // 20 + 1]
        plot.y_axis(ticks, label, form=lambda v: f"{v:g}")
        plot.frame()
        for k, bar in enumerate(bars):
            if bar:
                (x, y), (end, bottom) = plot.at(edges[k], bar), plot.at(edges[k + 1], 0)
                picture.rect(x + 1.5, y, end - x - 3, bottom - y, GREEN if edges[k + 1] <= 2 else BROWN)
        plot.upright(2, MUTED)
        share = 100 * inside / len(rows)
        picture.lines(plot.at(2.15, 0)[0], plot.top + 22, [f"{inside} of {len(rows)} ({share:.0f} %) within 2 sigma",
                                                           f"median error {1e3 * median:.1f} ms"], 15, halo=True)
    plot.x_axis(range(9), "error in stated standard deviations (the last bar: 7.5 and more)", grid=False,
                form=lambda v: "8+" if v == 8 else f"{v}")
    picture.text(62, 418, "Tinted: two standard deviations; half a millisecond is granted for rounding, as in score.py.", 14, MUTED)
    picture.write(HERE)


# Coherence of copies and of microphones.

def truly(pieces, media_s):
    return next((p["a"] + (1 + p["d"] * 1e-6) * media_s for p in pieces if p["start"] <= media_s < p["end"]), None)


def copied_stretches(s):
    """(copy, source, start, end, lag copy - source, whether something lies over it), as the truth has them."""
    for e in s.truth.get("excerpts", []):
        yield e["file"], e["source"], e["start"], e["end"], e["start"] - e["source_start"], e.get("overlay") != "none"
    for d in s.truth.get("duplicates", []):
        end = min(len(s.sound(d["file"])) / ear.RATE, len(s.sound(d["source"])) / ear.RATE - d["source_start"])
        yield d["file"], d["source"], max(0.0, -d["source_start"]), end, -d["source_start"], False


def coherences(s):
    """Coherence of every second of every copy, and of every pair of microphones at the same moment."""
    copies, covered, microphones = [], [], []
    derived = {c[0] for c in copied_stretches(s)}
    for copy, source, start, end, lag, is_covered in copied_stretches(s):
        for at in np.arange(start + 0.5, end - 0.5, 1.0):
            value = ear.coherence(s.sound(copy), s.sound(source), at, lag)
            if value is not None:
                (covered if is_covered else copies).append(value)
    files = [f for f, r in sorted(s.true.items()) if r["expected"] == "placed" and r["kind"] != "video_only" and f not in derived]
    for i, left in enumerate(files):
        for right in files[i + 1:]:
            if str(s.true[left]["island"]) != str(s.true[right]["island"]):
                continue
            for at in np.arange(0.5, len(s.sound(right)) / ear.RATE - 0.5, 1.0):
                case = truly(s.true[right]["pieces"], at)
                piece = next((p for p in s.true[left]["pieces"] if case is not None
                              and p["start"] <= (case - p["a"]) / (1 + p["d"] * 1e-6) < p["end"]), None)
                if piece is None:
                    continue
                left_s = (case - piece["a"]) / (1 + piece["d"] * 1e-6)
                value = ear.coherence(s.sound(left), s.sound(right), left_s, left_s - at)
                if value is not None:
                    microphones.append((value, f"{s.name}: {left}, {right} at {at:.1f}"))
    return copies, covered, microphones


def copies(sets):
    every = [coherences(s) for s in sets]
    plain, covered = (np.array([v for e in every for v in e[k]]) for k in (0, 1))
    told = sorted((v for e in every for v in e[2]), reverse=True)
    microphones = np.array([v for v, _ in told])
    print("highest coherence of two microphones:", *told[:5], sep="\n  ")
    picture = Picture("coherence", "Coherence of copies and of two microphones at the same moment",
                      "Three histograms of coherence from 0 to 1. Seconds of a copy with nothing over it lie mostly above 0.8. Copies "
                      "under a voice or music are spread out. Seconds of two microphones at one moment nearly all lie below 0.2.", 446)
    picture.text(24, 28, "Share of phases that agree, second by second, over all scenes and the sample", 15, bold=True)
    rows = [("copies, nothing laid over them", plain, GREEN), ("copies under a voice or music", covered, BLUE),
            ("two microphones at one moment", microphones, BROWN)]
    edges = np.arange(0, 1.0001, 0.025)
    for nth, (label, values, paint) in enumerate(rows):
        share = np.histogram(values, edges)[0] / max(len(values), 1)
        plot = Plot(picture, 24, 72 + 116 * nth, 712, 76, (0, 1), (0, 1.1 * share.max()))
        for tick in np.arange(0.2, 1, 0.2):
            picture.line(*plot.at(tick, 0), plot.at(tick, 0)[0], plot.top, GRID)
        plot.frame()
        for k, bar in enumerate(share):
            if bar:
                (x, y), (end, bottom) = plot.at(edges[k], bar), plot.at(edges[k + 1], 0)
                picture.rect(x + 0.5, min(y, bottom - 1), end - x - 1, max(bottom - y, 1), paint)
        plot.upright(ear.COPY_FROM, MUTED)
        above = int((values >= ear.COPY_FROM).sum())
        of = f"{len(values):,}".replace(",", "\u202f")
        picture.text(24, plot.top - 8, f"{label}: {of} s, {above} s of them from {ear.COPY_FROM:g} on; median {np.median(values):.2f}, "
                     f"highest {values.max():.2f}", 14)
    plot.x_axis([0, 0.2, 0.4, 0.6, 0.8, 1], "coherence: 0, no phases agree; 1, all do. Dashed: where a copy begins to be believed",
                grid=False)
    picture.write(HERE)


# The way of sound.

def travel(_sets):
    metre = 11.0
    place = {"A": (250, 122), "B": (560, 96), "P": (190, 226), "Q": (630, 226)}
    metres = lambda a, b: math.dist(place[a], place[b]) / metre
    ms = lambda a, b: 1e3 * metres(a, b) / SOUND_M_S
    late = {talker: ms(talker, "Q") - ms(talker, "P") for talker in "AB"}
    picture = Picture("travel", "Sound takes time: two talkers give two lags",
                      f"Two recorders, P and Q, {metres('P', 'Q'):.0f} metres apart, and two talkers. Talker A is nearer to P and is heard "
                      f"{late['A']:.0f} milliseconds later at Q. Talker B is nearer to Q and is heard {-late['B']:.0f} milliseconds later at P.", 372)
    picture.text(24, 28, "The same two clocks, two talkers, two lags", 15, bold=True)
    ways = [(talker, recorder) for talker in "AB" for recorder in "PQ"]
    paint = {"A": GREEN, "B": BROWN}
    for talker, recorder in ways:
        picture.line(*place[talker], *place[recorder], paint[talker], 2, "7 4" if talker == "B" else None)
    for talker, recorder in ways:
        (x1, y1), (x2, y2) = place[talker], place[recorder]
        is_near = (talker == "A") == (recorder == "P")
        part = 0.5 if is_near else 0.68
        right, down, anchor = (-12, 0, "end") if is_near and talker == "A" else (12, -2, "start") if is_near else (0, -14, "middle")
        picture.text(x1 + (x2 - x1) * part + right, y1 + (y2 - y1) * part + down,
                     f"{metres(talker, recorder):.0f} m, {ms(talker, recorder):.0f} ms", 15, paint[talker], anchor, halo=True)
    for name in "AB":
        x, y = place[name]
        picture.circle(x, y, 13, "#fff", GREEN if name == "A" else BROWN, 2.5)
        picture.text(x, y + 5.5, name, 15, anchor="middle", bold=True)
        picture.text(x + 20, y - 10, f"talker {name}", 15)
    for name in "PQ":
        x, y = place[name]
        picture.rect(x - 14, y - 14, 28, 28, "#fff", "#1b2125", 2)
        picture.text(x, y + 5.5, name, 15, anchor="middle", bold=True)
        picture.text(x, y + 34, f"recorder {name}", 15, anchor="middle")
    picture.lines(24, 292, [f"Windows in which A speaks say that Q heard {late['A']:.0f} ms after P;",
                            f"those in which B speaks, that Q heard {-late['B']:.0f} ms before P. Both are right. One offset cannot",
                            "fit both: it lines up what is heard most, and the rest shows as windows that disagree.",
                            f"The most that a pair can be off by is their distance: here {metres('P', 'Q'):.0f} m, {ms('P', 'Q'):.0f} ms."], 14, 21)
    picture.write(HERE)


def main(arguments):
    recount = str(Path(arguments[0]).resolve())
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(arguments[arguments.index("--work") + 1] if "--work" in arguments else scratch)
        work.mkdir(parents=True, exist_ok=True)
        sets = all_sets(recount, work)
        only = arguments[arguments.index("--only") + 1] if "--only" in arguments else ""
        for draw in (correlation, residuals, pause, honesty, copies, travel):
            if only in ("", draw.__name__):
                draw(sets)
    total = sum(path.stat().st_size for path in HERE.glob("*.svg"))
    print(f"docs/figures: {total / 1e3:.0f} kB")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
