"""The measures that the chapter speaks of, done again from their description with numpy.

Nothing of the program runs here: this is its sound, its constants (read out of the Rust source, so that a changed constant
changes the picture) and the formulas of the chapter. `make.py` holds the results against what the program itself says.
"""
import re
import struct
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "crates" / "align" / "src"


def constant(file, name):
    """The value of a constant of the alignment, as its source states it."""
    found = re.search(rf"const {name}: [^=]+ = ([^;]+);", (SOURCE / file).read_text(encoding="utf-8"))
    if not found or re.search(r"[A-Za-z]{2}", found[1]):
        raise SystemExit(f"{file}: no plain constant {name}")
    return eval(found[1], {"__builtins__": {}})


RATE = constant("listen/mod.rs", "RATE_HZ")
WINDOW = constant("tie/gcc_phat.rs", "WINDOW_SAMPLES")
BAND_HZ = constant("tie/gcc_phat.rs", "BAND_LOW_HZ"), constant("tie/gcc_phat.rs", "BAND_HIGH_HZ")
SURPRISE_MAX = constant("tie/gcc_phat.rs", "SURPRISE_MAX")
REACH = constant("tie/refine.rs", "REACH_SAMPLES")
NEAR = constant("tie/refine.rs", "NEAR_SAMPLES")
BIN = constant("tie/refine.rs", "BIN_SAMPLES")
AGREES_FROM = constant("tie/refine.rs", "AGREES_FROM")
SEEK = constant("tie/copy.rs", "SEEK")
COPY_BAND_HZ = constant("tie/copy.rs", "BAND_HZ")
COPY_FLOOR = constant("tie/copy.rs", "FLOOR")
COPY_FROM = constant("tie/copy.rs", "COPY_FROM")
BLOCK = 4096


def kept_sound(path):
    """The sound that the program decoded and keeps: blocks of scale, checksum and 16-bit samples (sound/format.rs)."""
    data = Path(path).read_bytes()
    body, end = data[:-32], data[-32:]
    samples = struct.unpack("<Q", end[16:24])[0]
    sound, at = [], 0
    while at < len(body):
        count = min(BLOCK, (len(body) - at - 8) // 2)
        scale = struct.unpack("<f", body[at:at + 4])[0]
        sound.append(np.frombuffer(body, "<i2", count, at + 8).astype(np.float32) * scale)
        at += 8 + 2 * count
    sound = np.concatenate(sound) if sound else np.zeros(0, np.float32)
    if end[:8] != b"rcsound1" or len(sound) != samples:
        raise SystemExit(f"{path}: kept in another form than this reads")
    return sound


def cut(sound, start, count):
    """Samples from `start` on; zeros outside."""
    out = np.zeros(count, np.float32)
    first, end = max(start, 0), min(start + count, len(sound))
    if first < end:
        out[first - start:end - start] = sound[first:end]
    return out


def surprise(left, right, reach=REACH):
    """For each lag from -reach to +reach samples the whitened correlation, squared, over its median, with its sign."""
    taper = np.sin(np.pi * (np.arange(WINDOW) + 0.5) / WINDOW)
    a, b = np.fft.rfft(left * taper), np.fft.rfft(right * taper)
    low, high = (round(hz * WINDOW / RATE) for hz in BAND_HZ)
    power = np.abs(a) ** 2 * np.abs(b) ** 2 + 1e-30
    cross = a * np.conj(b) * power ** (1 / 16 - 1 / 2)
    cross[:low] = cross[high:] = 0
    line = np.fft.irfft(cross)
    line = np.concatenate([line[-reach:], line[:reach + 1]])
    square = line * np.abs(line)
    times = np.abs(square) / max(np.median(np.abs(square)), 1e-30)
    held = np.where(times <= SURPRISE_MAX, times, SURPRISE_MAX * (1 + 0.1 * np.log(np.maximum(times, 1e-9) / SURPRISE_MAX)))
    return np.copysign(held, square)


def window_pair(left, right, right_s, lag_s):
    """The window of right around a moment, and that of left which would be the same; and the lag that is exactly between."""
    right_at = round(right_s * RATE)
    left_at = right_at + round(lag_s * RATE)
    half = WINDOW // 2
    return cut(left, left_at - half, WINDOW), cut(right, right_at - half, WINDOW), (left_at - right_at) / RATE


def along_line(surprises, shifts_s):
    """The mean over windows of the most surprising lag of each millisecond, each window moved by its shift; milliseconds."""
    half = REACH // BIN - 1
    total = np.zeros(2 * half + 1)
    for s, shift in zip(surprises, shifts_s):
        bins = np.abs(s[REACH - half * BIN - BIN // 2:][:(2 * half + 1) * BIN]).reshape(-1, BIN).max(1)
        move = round(shift * RATE / BIN)
        moved = np.zeros_like(bins)
        if move >= 0:
            moved[:len(bins) - move] = bins[move:]
        else:
            moved[-move:] = bins[:move]
        total += moved
    total = np.convolve(total / max(len(surprises), 1), np.ones(3) / 3, "same")
    return np.arange(-half, half + 1) * BIN / RATE * 1e3, total


def height(total):
    """How far the highest stands above the median, in standard deviations (from the median deviation)."""
    return (total.max() - np.median(total)) / (1.4826 * np.median(np.abs(total - np.median(total))))


def coherence(left, right, left_s, lag_s, reach=RATE // 4, window=SEEK):
    """The share of phases that agree at the best lag near one; nothing where either is silent."""
    left_at = round(left_s * RATE) - window // 2
    a, b = cut(left, left_at, window), cut(right, left_at - round(lag_s * RATE), window)
    if min(np.mean(a * a), np.mean(b * b)) < 1e-9:
        return None
    taper = np.sin(np.pi * (np.arange(window) + 0.5) / window) ** 2
    a, b = np.fft.rfft(a * taper, 2 * window), np.fft.rfft(b * taper, 2 * window)
    low, high = (int(hz * 2 * window / RATE) for hz in COPY_BAND_HZ)
    powers = np.abs(a) ** 2, np.abs(b) ** 2
    told = np.zeros(len(a), bool)
    told[low:high] = True
    for power in powers:
        told &= power > power[low:high].max() * COPY_FLOOR
    cross = np.where(told, a * np.conj(b) / np.sqrt(np.maximum(powers[0] * powers[1], 1e-300)), 0)
    line = np.abs(np.fft.irfft(cross)) * 2 * window / (2 * max(told.sum(), 1))
    return float(max(line[:reach + 1].max(), line[-reach:].max()))
