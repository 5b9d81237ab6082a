"""Runs a command and measures it: seconds, processor seconds, and the largest memory of the whole process tree at once."""
import os
import signal
import subprocess
import threading
import time

PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024


def children(root):
    """The process and everything below it, from one reading of /proc."""
    parent = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as f:
                    parent[int(entry)] = int(f.read().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError, ValueError):
                continue
    found, grew = {root}, True
    while grew:
        more = {p for p, q in parent.items() if q in found} - found
        found |= more
        grew = bool(more)
    return found


def resident_kib(pid):
    """Memory that would be freed if it ended (its share of what it shares), or the resident set where that is hidden."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            for line in f:
                if line.startswith("Pss:"):
                    return int(line.split()[1])
    except OSError:
        pass
    try:
        with open(f"/proc/{pid}/statm") as f:
            return int(f.read().split()[1]) * PAGE_KIB
    except (OSError, IndexError):
        return 0


def run(command, seconds_max=None, stdout=None, env=None, every_s=0.1):
    """Returns a dict: code, seconds, cpu_seconds, peak_mib, stopped, out (text, when stdout is None)."""
    before = os.times()
    started = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout or subprocess.PIPE,
                             stderr=subprocess.PIPE, start_new_session=True, env=env)
    peak, over = [0], threading.Event()

    def watch():
        while not over.wait(every_s):
            peak[0] = max(peak[0], sum(resident_kib(p) for p in children(child.pid)))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    stopped = False
    try:
        out, err = child.communicate(timeout=seconds_max)
    except subprocess.TimeoutExpired:
        stopped = True
        os.killpg(child.pid, signal.SIGKILL)  # the session started above, nothing else
        out, err = child.communicate()
    seconds = time.monotonic() - started
    over.set()
    watcher.join()
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"code": child.returncode, "seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2),
            "peak_mib": round(peak[0] / 1024, 1), "stopped": stopped,
            "out": (out or b"").decode(errors="replace"), "err": (err or b"").decode(errors="replace")}
