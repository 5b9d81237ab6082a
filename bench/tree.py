"""From a peer's answers about pairs to a result that score.py reads.

The peers know pairs only. Their answers are joined as a person would join them: surest first, leaving out what would close
a circle (a maximum spanning tree), and nothing below the threshold. What is connected is an island.
"""


def join(pairs, durations, threshold):
    """`pairs`: dicts with a, b, offset (start(b) - start(a)), score, drift_ppm. `durations`: file -> (sound starts at, ends at)."""
    offset = {f: 0.0 for f in durations}
    rate = {f: 1.0 for f in durations}
    island = {f: {f} for f in durations}
    for p in sorted(pairs, key=lambda p: -p["score"]):
        a, b = p["a"], p["b"]
        if p["score"] < threshold or a not in island or b not in island or island[a] is island[b]:
            continue
        # case = offset + rate * media; b's clock on a's: media_a = shift + stretch * media_b
        # (the tools count from where the sound begins).
        stretch = 1 + p.get("drift_ppm", 0.0) * 1e-6
        shift = p["offset"] + durations[a][0] - stretch * durations[b][0]
        want_rate, want_offset = rate[a] * stretch, offset[a] + rate[a] * shift
        scale = want_rate / rate[b]
        move = want_offset - scale * offset[b]
        for f in island[b]:
            offset[f], rate[f] = scale * offset[f] + move, scale * rate[f]
        whole = island[a] | island[b]
        for f in whole:
            island[f] = whole
    number = {}
    recordings = []
    for f, (starts, ends) in durations.items():
        if len(island[f]) < 2:
            recordings.append({"file": f, "island": None, "pieces": []})
            continue
        i = number.setdefault(id(island[f]), len(number))
        recordings.append({"file": f, "island": i, "pieces": [
            {"start": 0.0, "end": ends, "offset": offset[f], "drift_ppm": (rate[f] - 1) * 1e6}]})
    return {"recordings": recordings, "excerpts": []}
