"""syncstart: plain correlation of the first seconds (20 unless `--take`). It has no confidence; the score is given to it
here: how far the peak of its own correlation stands above the rest, in standard deviations."""
import sys, types
# Its module opens a window toolkit and a video library on import; neither is used for sound.
sys.modules["cv2"] = types.ModuleType("cv2")
import matplotlib
matplotlib.use = lambda *_a, **_k: None
from pairs import pairs, files, say, read_wav, option, RATE
import syncstart

folder, take = sys.argv[1], int(option("--take", "20"))
sound = {f: read_wav(f"{folder}/{f}")[: take * RATE] for f in files(folder)}
for a, b in pairs(folder):
    _, _, size, peak, curve = syncstart.corrabs(sound[a], sound[b])
    lag = peak - size if peak > size // 2 else peak
    say(a, b, lag / RATE, (curve[peak] - curve.mean()) / (curve.std() + 1e-12))
