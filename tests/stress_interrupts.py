"""Interrupts in the first milliseconds of a first large call: every process must end, and at once.

Run as a script: `python tests/stress_interrupts.py --processes 40 --seed 1`.
"""

import argparse
import random
import subprocess
import sys
import time

SECONDS = 30

CHILD = """
import os, signal, sys, threading, time
import numpy as np
import easiness_core as ec

# A process started in the background by a shell is started deaf to interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
probs = np.broadcast_to(np.full(10, 0.1), (2_000_000, 10))
labels = np.zeros(len(probs), dtype=np.int64)
ec.score(probs[:9], labels[:9])
delays = [float(argument) for argument in sys.argv[1:]]
begin = threading.Event()

def interrupt():
    begin.wait()
    for delay in delays:
        end = time.perf_counter() + delay
        while time.perf_counter() < end:
            pass
        os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt, daemon=True).start()
try:
    begin.set()
    ec.score(probs, labels, n_threads=8)
    print("too late")
except KeyboardInterrupt:
    print("interrupted")
"""


def stress(processes, seed):
    """Counts of what became of them: interrupted, too late, failed, hung."""
    draw = random.Random(seed)
    outcomes = dict.fromkeys(("interrupted", "too late", "failed", "hung"), 0)
    for at in range(processes):
        # Every fourth is interrupted twice.
        delays = [draw.uniform(0, 4e-3), draw.uniform(0, 1e-4)][: 1 + (at % 4 == 3)]
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, *map(str, delays)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        try:
            told = child.communicate(timeout=SECONDS)[0].strip()
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            told = "hung"
        # A second interrupt may fall on the script's last lines.
        twice = len(delays) == 2 and not told and child.returncode in (1, -2, 130)
        outcomes["interrupted" if twice else told if told in outcomes else "failed"] += 1
    return outcomes


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    began = time.perf_counter()
    outcomes = stress(arguments.processes, arguments.seed)
    print(outcomes, f"in {time.perf_counter() - began:.0f} s")
    sys.exit(outcomes["failed"] + outcomes["hung"] > 0)
