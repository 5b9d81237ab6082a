"""polysync: envelope correlation, then windows of 60 s on the waveform, then a line. In its mode for clips that cover only
a part. Score: its coarse correlation."""
import sys
from pairs import pairs, files, say, read_wav
from polysync.sync import compute_sync, SyncError, SR

folder = sys.argv[1]
sound = {f: read_wav(f"{folder}/{f}", SR) for f in files(folder)}
for a, b in pairs(folder):
    x, y = sound[a], sound[b]
    try:
        found = compute_sync(x, y, len(x) / SR, len(y) / SR, sr=SR, partial=True)
    except SyncError:
        continue
    # Its offset holds for the middle of the second file; its slope says how the offset grows along it.
    offset = found.delta_seconds - found.drift_slope * len(y) / SR / 2
    say(a, b, offset, found.coarse_corr, found.drift_slope * 1e6)
