"""Peers on the same recordings: each answers about pairs, the answers are joined (tree.py) and judged by the same scorer.

Kind to the peers: files are decoded for them once; a sound track that starts late is put right for them; where a tool
says no threshold, or a bad one, the one threshold over all scenes is taken that gives it the most recordings within 20 ms
less false placements, found with the truth in hand, which no user of it has.
"""
import json
import os
import statistics
import subprocess
import sys
import time

import record
import measure
import tree

PYTHON = os.path.join(record.ROOT, ".cache", "peers", "bin", "python")
FFCINE = os.path.join(record.WORK, "peers-target", "release", "ffcine-peer")
ADAPTERS = os.path.join(record.BENCH, "peers")


def adapter(name, *options):
    return lambda wavs: [PYTHON, os.path.join(ADAPTERS, name), wavs, *options]


# name -> (command, threshold that the tool's own documents state)
PEERS = {
    "audio-offset-finder 0.5.5": (adapter("audio_offset_finder_peer.py"), 10.0),
    "audalign 1.3.1, correlation": (adapter("audalign_peer.py", "--method", "correlation"), None),
    "audalign 1.3.1, fingerprint": (adapter("audalign_peer.py", "--method", "fingerprint"), None),
    "syncstart 1.1.1": (adapter("syncstart_peer.py"), None),
    "syncstart 1.1.1, whole files": (adapter("syncstart_peer.py", "--take", "100000"), None),
    "polysync 0.3.0": (adapter("polysync_peer.py"), 0.3),
    "ffcine-audio 0.3.0": (lambda wavs: [FFCINE, wavs], 0.15),
}


def sound_span(path):
    """When a file's first sound track begins and when the file ends, on its own clock; nothing without sound."""
    probe = json.loads(subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "format=start_time,duration:stream=codec_type,start_time", "-of", "json",
         path], capture_output=True, text=True, check=True).stdout)
    number = lambda text: 0.0 if text in (None, "N/A") else float(text)
    sounds = [s for s in probe["streams"] if s.get("codec_type") == "audio"]
    if not sounds:
        return None
    start = number(probe["format"].get("start_time"))
    return max(0.0, number(sounds[0].get("start_time")) - start), number(probe["format"].get("duration"))


def decode(files, folder):
    """Mono 16-kHz WAV of every file with sound, two decoders at once; returns the spans and the seconds it took."""
    os.makedirs(folder, exist_ok=True)
    spans = {os.path.basename(f): sound_span(f) for f in files}
    began, running = time.monotonic(), []
    for path in files:
        name = os.path.basename(path)
        if spans[name] is None:
            continue
        if len(running) >= 2:
            running.pop(0).wait()
        running.append(subprocess.Popen(
            ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", path, "-vn", "-map", "0:a:0", "-ac", "1", "-ar", "16000",
             "-c:a", "pcm_s16le", "-map_metadata", "-1", "-bitexact", os.path.join(folder, name + ".wav")]))
    for child in running:
        child.wait()
    return {f: s for f, s in spans.items() if s}, round(time.monotonic() - began, 2)


def ask(name, command, wavs, seconds_max):
    """Runs one peer over one folder; what it had said when its time was up counts, and stays beside the folder."""
    log = f"{wavs}.{''.join(c if c.isalnum() else '-' for c in name)}.pairs"
    with open(log, "wb") as f:
        figures = measure.run(command(wavs), seconds_max=seconds_max, stdout=f)
    with open(log) as f:
        pairs = [json.loads(line) for line in f if line.startswith("{") and line.rstrip().endswith("}")]
    return {"pairs": pairs, **{k: figures[k] for k in ("seconds", "peak_mib", "stopped", "code")}, "err": figures["err"][-300:]}


def add_up(truths, results):
    """Totals over all scenes. Errors are those of the scorer without any allowance for the travel of sound."""
    import score
    total = {"placeable": 0, "placed": 0, "within_20ms": 0, "false": 0, "errors_ms": []}
    for scene, truth in truths.items():
        found, _ = score.score(truth, results[scene])
        total["placeable"] += found["placeable"]
        total["placed"] += found["placed"]
        total["within_20ms"] += sum(e is not None and e <= 0.02 for e in found["_n"]["err"])
        total["false"] += found["false_placements"]
        total["errors_ms"] += [e * 1e3 for e in found["_n"]["strict"]]
    return total


def joined(truths, spans, answers, threshold):
    """What a peer's answers amount to at one threshold, scene by scene."""
    return {s: tree.join(answers[s]["pairs"], spans[s], threshold) for s in truths}


def judged(truths, spans, answers, threshold):
    """Totals over all scenes at one threshold."""
    return add_up(truths, joined(truths, spans, answers, threshold))


def kindest(truths, spans, answers):
    """The threshold, in the peer's own scores, that serves it best."""
    scores = sorted({p["score"] for a in answers.values() for p in a["pairs"]})
    tries = scores if len(scores) <= 60 else [scores[i * (len(scores) - 1) // 59] for i in range(60)]
    best = None
    for threshold in tries + [float("inf")]:
        total = judged(truths, spans, answers, threshold)
        gain = (total["within_20ms"] - total["false"], -total["false"], threshold)
        if best is None or gain > best[0]:
            best = (gain, threshold)
    return best[1]


def on_the_same(truths, theirs, ours):
    """Median errors of a peer and of Recount over the recordings that both placed: what one of them dared and the other
    did not is left out, so that neither looks exact by answering only what is easy."""
    placed = lambda result: {r["file"] for r in result.get("recordings", []) if r["pieces"] and r["island"] is not None}
    both = {scene: placed(theirs[scene]) & placed(ours[scene]) for scene in truths}
    only = lambda results: {s: {**results[s], "recordings": [r for r in results[s]["recordings"] if r["file"] in both[s]]}
                            if both[s] else {} for s in truths}
    errors = [add_up(truths, only(results))["errors_ms"] for results in (theirs, ours)]
    middle = lambda ms: round(statistics.median(ms), 2) if ms else None
    return {"same": len(errors[0]), "same_error_ms": middle(errors[0]), "same_error_ms_recount": middle(errors[1])}


def row(total, answers, decoded_s, threshold, how):
    return {"threshold": None if threshold == float("inf") else round(threshold, 4), "how": how,
            "placeable": total["placeable"], "placed": total["placed"], "within_20ms": total["within_20ms"],
            "false": total["false"],
            "error_ms_median": round(statistics.median(total["errors_ms"]), 2) if total["errors_ms"] else None,
            "seconds": round(sum(a["seconds"] for a in answers.values()) + decoded_s, 1),
            "peak_mib": max(a["peak_mib"] for a in answers.values()),
            "stopped": sum(a["stopped"] for a in answers.values()),
            "failed": sum(a["code"] != 0 and not a["stopped"] for a in answers.values())}


def on_recount(truths, sets):
    """Recount on the same files: nothing decoded for it, no threshold."""
    answers, results = {}, {}
    for scene in truths:
        run = measure.run([record.RECOUNT, "sync", *sets[scene], "--json"])
        run["code"] = 0 if run["code"] == 1 else run["code"]  # 1: a file without sound was named
        results[scene] = json.loads(run["out"]) if run["code"] == 0 else {}
        answers[scene] = run
    return row(add_up(truths, results), answers, 0.0, float("inf"), "as it comes"), results


def peer_row(name, truths, heard, threshold, how, ours):
    """A peer's figures at a threshold, beside Recount's on the same recordings."""
    spans, answers, decoded_s = heard
    total = judged(truths, spans, answers, threshold)
    same = on_the_same(truths, joined(truths, spans, answers, threshold), ours) if ours else {}
    return {"tool": name, **row(total, answers, decoded_s, threshold, how), **same}


def measure_all(seconds_max=60, only=None):
    import scores
    sets = {s: scores.media_in(os.path.join(scores.SCENES, s)) for s in scores.scenes()}
    truths = {}
    for scene in sets:
        with open(os.path.join(scores.SCENES, scene, "truth.json")) as f:
            truths[scene] = json.load(f)
    sets["lantern-quay"] = scores.media_in(os.path.join(scores.SAMPLE, "media"))
    with open(os.path.join(scores.SAMPLE, "truth", "placements.json")) as f:
        truths["lantern-quay"] = json.load(f)
    rows, ours = [], None
    if os.path.exists(record.RECOUNT):
        record.say("recount ...")
        figures, ours = on_recount(truths, sets)
        rows.append({"tool": "Recount", **figures})
    spans, decoded_s = {}, 0.0
    for scene, files in sets.items():
        spans[scene], seconds = decode(files, os.path.join(record.WORK, "wavs", scene))
        decoded_s += seconds
    for name, (command, documented) in PEERS.items():
        if only and only not in name:
            continue
        answers = {}
        for scene in sets:
            answers[scene] = ask(name, command, os.path.join(record.WORK, "wavs", scene), seconds_max)
            a = answers[scene]
            record.say(f"{name}, {scene}: {a['seconds']} s, {len(a['pairs'])} pairs"
                       + (", stopped" if a["stopped"] else "") + (f", code {a['code']}: {a['err']}" if a["code"] else ""))
        heard = (spans, answers, decoded_s)
        if documented is not None:
            rows.append(peer_row(name, truths, heard, documented, "its documents", ours))
        rows.append(peer_row(name, truths, heard, kindest(truths, spans, answers), "kindest", ours))
        print(json.dumps(rows[-1]), flush=True)
        if not only:  # half an hour in all, so each is kept as soon as it is measured
            record.keep("peers", {"rows": rows, "seconds_max": seconds_max, "recordings": sum(len(f) for f in sets.values())})
    return {"rows": rows, "seconds_max": seconds_max, "recordings": sum(len(f) for f in sets.values())}


if __name__ == "__main__":
    figures = measure_all(only=sys.argv[1] if len(sys.argv) > 1 else None)
    print(json.dumps(figures, indent=1))
