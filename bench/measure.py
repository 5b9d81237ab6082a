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
    """Returns a dict: code, seconds, cpu_seconds, peak_mib, stopped, out (text, when stdout is None), err, and
    lines: what it said on standard error as (seconds since the start, line). Looking at memory takes a few
    hundredths of a processor from what is measured; with `every_s` None nobody looks, and peak_mib is 0."""
    before = os.times()
    started = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout or subprocess.PIPE,
                             stderr=subprocess.PIPE, start_new_session=True, env=env)
    peak, over, lines, out = [0], threading.Event(), [], []

    def watch():
        while not over.wait(every_s):
            peak[0] = max(peak[0], sum(resident_kib(p) for p in children(child.pid)))

    def listen():
        for line in child.stderr:
            lines.append((time.monotonic() - started, line.decode(errors="replace").rstrip()))

    helpers = [threading.Thread(target=f, daemon=True) for f in ((watch, listen) if every_s else (listen,))]
    if stdout is None:
        helpers.append(threading.Thread(target=lambda: out.append(child.stdout.read()), daemon=True))
    for helper in helpers:
        helper.start()
    stopped = False
    try:
        child.wait(timeout=seconds_max)
    except subprocess.TimeoutExpired:
        stopped = True
        os.killpg(child.pid, signal.SIGKILL)  # the session started above, nothing else
        child.wait()
    seconds = time.monotonic() - started
    over.set()
    for helper in helpers:
        helper.join()
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"code": child.returncode, "seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2),
            "peak_mib": round(peak[0] / 1024, 1), "stopped": stopped, "lines": lines,
            "out": b"".join(out).decode(errors="replace"), "err": "\n".join(line for _, line in lines)}


def stages(lines, seconds):
    """Where the time went: step -> seconds, from Recount's own events (`--progress json`) as they came."""
    import json
    begun, spent = {}, {}
    for at, line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        step = event.get("step")
        if event.get("event") == "started":
            begun[step] = at
        elif event.get("event") == "finished" and step in begun:
            spent[step] = round(spent.get(step, 0) + at - begun.pop(step), 2)
    spent["other"] = round(seconds - sum(spent.values()), 2)
    return spent
