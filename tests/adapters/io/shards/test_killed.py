"""Runs that are killed at any moment resume, into the bytes of an undisturbed run."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from easiness_io import merge_summaries, score_shards
from shard_cases import contents, names_in

import easiness_core as ec

# Slow enough to be killed within a shard, between two, and while files are published.
RUN = """
import os, sys, time
from easiness_io import score_shards
from easiness_io.writers import atomic

def slow(call):
    def wrapped(*args, **options):
        time.sleep(float(sys.argv[1]))
        return call(*args, **options)
    return wrapped

atomic.os.replace = slow(os.replace)
atomic.os.fsync = slow(os.fsync)
print("begun", flush=True)
score_shards("in", "out", progress=lambda *_: time.sleep(float(sys.argv[1])))
print("done", flush=True)
"""


@pytest.mark.parametrize("seed", range(2))
def test_it_resumes_after_any_number_of_kills(seed: int) -> None:
    rng = np.random.default_rng(seed)
    Path("in").mkdir()
    probs = rng.dirichlet(np.full(4, 0.2), size=900)
    labels = rng.integers(0, 4, 900)
    for at in range(9):
        rows = slice(100 * at, 100 * at + 100)
        ids = np.arange(900)[rows]
        np.savez(f"in/{at}.npz", probs=probs[rows], labels=labels[rows], id=ids)
    expected = ec.score(probs, labels).summary
    assert score_shards("in", "undisturbed") == expected
    kills = 0
    for _ in range(40):
        argv = [sys.executable, "-c", RUN, "0.01" if kills < 4 else "0"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begun\n"
            if kills < 4:
                time.sleep(rng.uniform(0.02, 0.5))
                process.kill()
                kills += 1
            elif process.stdout.readline() == b"done\n":
                break
        # At any time, what has a final name is complete.
        for name in names_in("out") if Path("out").exists() else ():
            if not name.startswith("."):
                assert Path("out", name).read_bytes() == Path("undisturbed", name).read_bytes()
    assert kills == 4
    found, whole = ("out", "out.easiness"), ("undisturbed", "undisturbed.easiness")
    assert list(contents(*found).values()) == list(contents(*whole).values())
    assert names_in("out") == [f"{at}.parquet" for at in range(9)]
    assert merge_summaries(["out"], verify=True).summary == expected
