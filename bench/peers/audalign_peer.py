"""audalign: waveform correlation (`--method correlation`) or landmarks (`--method fingerprint`), its defaults.
Score: for landmarks its confidence (a count). Its correlation always calls the best lag 1.0, so the score given to it here
is what its own ranking looks at: how far the best lag stands above the second."""
import os, sys
from pairs import pairs, say, option
import audalign

folder, method = sys.argv[1], option("--method", "correlation")


def recognizer():
    made = audalign.CorrelationRecognizer() if method == "correlation" else audalign.FingerprintRecognizer()
    made.config.multiprocessing = False  # a process pool for one pair costs more than the pair
    return made


for a, b in pairs(folder):
    found = audalign.recognize(os.path.join(folder, b), os.path.join(folder, a), recognizer=recognizer())
    for match in (found or {}).get("match_info", {}).values():
        if match["offset_seconds"]:
            sure = match["confidence"]
            if method == "correlation":
                sure = [sure[0] / max(sure[1], 1e-9)] if len(sure) > 1 else [1e9]
            say(a, b, match["offset_seconds"][0], sure[0])
