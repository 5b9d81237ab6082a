"""audio-offset-finder: MFCC correlation, 16-ms frames, at its default 8 kHz. Score: its standard score."""
import sys, warnings
from pairs import pairs, files, say, read_wav
from audio_offset_finder.audio_offset_finder import find_offset_between_buffers, InsufficientAudioException

warnings.simplefilter("ignore")
folder = sys.argv[1]
sound = {f: (read_wav(f"{folder}/{f}", 8000) * 32767).astype(float) for f in files(folder)}
for a, b in pairs(folder):
    try:
        found = find_offset_between_buffers(sound[a], sound[b], 8000)
    except InsufficientAudioException:
        continue
    say(a, b, found["time_offset"], found["standard_score"])
