"""The memory that scoring takes does not grow with the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCORE = """
import sys
from pathlib import Path
from easiness_cli.shards import score_shard
score_shard("warm.npz", "warm.parquet", n_threads=1)
for name in sys.argv[1:]:
    score_shard(name, name + ".parquet", n_threads=1)
    status = Path("/proc/self/status").read_text()
    print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_peak_memory_is_that_of_a_few_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    probs = np.full((400_000, 250), 1 / 250, dtype=np.float32)
    for name, n_rows in (("warm", 9), ("small", 100_000), ("large", 400_000)):
        labels = np.zeros(n_rows, dtype=np.int64)
        np.savez(f"{name}.npz", probs=probs[:n_rows], labels=labels)
    del probs
    argv = [sys.executable, "-c", SCORE, "small.npz", "large.npz"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=True)
    small, large = map(int, done.stdout.split())
    # The larger file has 300 MiB more.
    assert large - small < 60
