"""What every adapter shares: which pairs to ask about, and how to say the answers.

An adapter is started as `python NAME.py WAVS [--option value]`. WAVS is a folder of mono 16-kHz WAV files,
decoded beforehand (once a file: kinder than the tools, most of which decode each file again for every pair).
It prints one JSON object a line, `{"a", "b", "offset", "score"}` and perhaps `"drift_ppm"`, as soon as a pair
is done, so that a tool stopped at its time limit keeps what it had found. `offset` is start(b) - start(a) in seconds;
a larger score means surer.
"""
import itertools
import json
import os
import sys

RATE = 16000


def files(folder):
    return sorted(f for f in os.listdir(folder) if f.endswith(".wav"))


def pairs(folder):
    """Every unordered pair, the longer file first: the tools look for the second inside the first."""
    size = {f: os.path.getsize(os.path.join(folder, f)) for f in files(folder)}
    for a, b in itertools.combinations(sorted(size), 2):
        yield (a, b) if size[a] >= size[b] else (b, a)


def say(a, b, offset, score, drift_ppm=0.0):
    print(json.dumps({"a": a[:-4], "b": b[:-4], "offset": float(offset), "score": float(score),
                      "drift_ppm": float(drift_ppm)}), file=OUT, flush=True)


# Some peers print to standard output; the answers get it to themselves.
OUT = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def read_wav(path, rate=RATE):
    from scipy.io import wavfile
    from scipy.signal import resample_poly
    import numpy as np
    got, x = wavfile.read(path)
    x = x.astype(np.float32) / 32768
    return x if got == rate else resample_poly(x, rate, got).astype(np.float32)


def option(name, default):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default
