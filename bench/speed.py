"""Speed: 64 recordings of two minutes, cut from ten minutes of speech, each with pink noise of its own; Recount's time
against that of decoding alone, and the peers on sixteen of them.

The speech is the sample case's (three interviews and the camera behind the scenes). Everything is made with fixed seeds.
"""
import json
import os
import statistics
import subprocess
import time

import record
import measure

RECORDINGS, SECONDS, BED_S, RATE = 64, 120, 600, 48000
SNRS_DB = (10, 0, -5)
RUNS = 3
SOURCES = ["MVI_0231.MP4", "MVI_0232.MP4", "MVI_0233.MP4", "C0012.MP4"]
PEERS_ON = 16


def bed():
    """Ten minutes of speech, mono, at the rate of the recordings."""
    import numpy as np
    folder = os.path.join(record.ROOT, "samples", "lantern-quay", "media")
    parts = []
    for name in SOURCES:
        raw = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", os.path.join(folder, name), "-vn", "-ac", "1", "-ar",
                              str(RATE), "-f", "f32le", "-"], stdout=subprocess.PIPE, check=True).stdout
        part = np.frombuffer(raw, np.float32)
        parts.append(part * (0.1 / part.std()))
    return np.concatenate(parts)[: BED_S * RATE]


def pink(rng, samples):
    """Noise whose power falls by 3 dB an octave, of standard deviation one."""
    import numpy as np
    spectrum = rng.standard_normal(samples // 2 + 1) + 1j * rng.standard_normal(samples // 2 + 1)
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 20 * samples / RATE))
    noise = np.fft.irfft(spectrum, samples).astype(np.float32)
    return noise / noise.std()


def make(folder, snr_db):
    """Makes one set unless it is there; returns its files and its truth."""
    import numpy as np
    truth_path = os.path.join(folder, "truth.json")
    if not os.path.exists(truth_path):
        record.say(f"making {RECORDINGS} recordings at {snr_db} dB ...")
        os.makedirs(folder, exist_ok=True)
        rng, speech, recordings = np.random.default_rng([64, snr_db + 100]), bed(), []
        for i in range(RECORDINGS):
            start = int(rng.integers(0, len(speech) - SECONDS * RATE))
            clean = speech[start:start + SECONDS * RATE]
            mixed = clean + pink(rng, len(clean)) * clean.std() * 10 ** (-snr_db / 20)
            name = f"r{i:02}.m4a"
            subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "f32le", "-ar", str(RATE), "-ac", "1", "-i", "-", "-c:a", "aac",
                            "-b:a", "96k", os.path.join(folder, name)], check=True,
                           input=np.clip(mixed * 0.3 / (mixed.std() * 3), -1, 1).astype("<f4").tobytes())
            recordings.append({"file": name, "kind": "recording", "expected": "placed", "island": 0, "a": start / RATE, "d": 0.0,
                               "prop_s": [0, 0], "sources": [],
                               "pieces": [{"start": 0.0, "end": float(SECONDS), "a": start / RATE, "d": 0.0}]})
        with open(truth_path, "w") as f:
            json.dump({"scene": os.path.basename(folder), "recordings": recordings, "excerpts": [], "duplicates": []}, f)
    with open(truth_path) as f:
        truth = json.load(f)
    return [os.path.join(folder, r["file"]) for r in truth["recordings"]], truth


def decode_only(files):
    """Seconds to decode every file to 8 kHz mono by two ffmpegs at once."""
    began, running = time.monotonic(), []
    for path in files:
        if len(running) >= 2:
            running.pop(0).wait()
        running.append(subprocess.Popen(["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", path, "-vn", "-ac", "1", "-ar", "8000",
                                         "-f", "f32le", "/dev/null"]))
    for child in running:
        child.wait()
    return time.monotonic() - began


def one_set(snr_db):
    import score
    files, truth = make(os.path.join(record.WORK, "speed", f"{snr_db}dB"), snr_db)
    alone, runs = [], []
    command = [record.RECOUNT, "sync", *files, "--json", "--progress", "json"]
    for _ in range(RUNS):  # in turns, so that a busy machine is busy for both; and nobody looks at either
        alone.append(decode_only(files))
        runs.append(measure.run(command, every_s=None))
    run = sorted(runs, key=lambda r: r["seconds"])[RUNS // 2]
    result = json.loads(run["out"]) if run["code"] in (0, 1) else {}
    found, _ = score.score(truth, result)
    decode_s = statistics.median(alone)
    figures = {"snr_db": snr_db, "decode_s": round(decode_s, 2), "recount_s": run["seconds"],
               "ratio": round(run["seconds"] / decode_s, 2), "runs": [[round(a, 2), r["seconds"]] for a, r in zip(alone, runs)],
               "cpu_s": run["cpu_seconds"], "peak_mib": measure.run(command)["peak_mib"], "code": run["code"],
               "real_time": round(RECORDINGS * SECONDS / run["seconds"]), "stages": measure.stages(run["lines"], run["seconds"]),
               "within_20ms": round(found["within_20ms"] * RECORDINGS), "false": found["false_placements"]}
    record.say(figures)
    return figures


def peers_on_some(seconds_max):
    """Recount and the peers on the first sixteen at 0 dB."""
    import score
    import peers
    files, truth = make(os.path.join(record.WORK, "speed", "0dB"), 0)
    truth = dict(truth, recordings=truth["recordings"][:PEERS_ON])
    files = files[:PEERS_ON]
    run = measure.run([record.RECOUNT, "sync", *files, "--json"])
    answers = {"set": dict(run, code=0 if run["code"] == 1 else run["code"])}
    result = json.loads(run["out"]) if run["code"] in (0, 1) else {}
    rows = [{"tool": "Recount", **peers.row(peers.add_up({"set": truth}, {"set": result}), answers, 0.0, float("inf"), "as it comes")}]
    if not os.path.exists(peers.PYTHON):
        return rows
    wavs = os.path.join(record.WORK, "wavs", "speed")
    spans, decoded_s = peers.decode(files, wavs)
    for name, (command, _) in peers.PEERS.items():
        answers = {"set": peers.ask(name, command, wavs, seconds_max)}
        threshold = peers.kindest({"set": truth}, {"set": spans}, answers)
        heard = ({"set": spans}, answers, decoded_s)
        rows.append({**peers.peer_row(name, {"set": truth}, heard, threshold, "kindest", {"set": result}),
                     "pairs": len(answers["set"]["pairs"])})
        record.say(rows[-1])
    return rows


def measure_all(seconds_max=120):
    return {"sets": [one_set(snr) for snr in SNRS_DB], "peers": peers_on_some(seconds_max), "peer_seconds_max": seconds_max,
            "recordings": RECORDINGS, "seconds_each": SECONDS}
