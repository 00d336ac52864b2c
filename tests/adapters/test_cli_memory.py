"""The memory that scoring takes does not grow with the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

SCORE = """
import sys
from pathlib import Path
from easiness_cli.shards import score_shard
*names, warm = sys.argv[1:]

def score(name):
    labels = "y-" + name if Path("y-" + name).exists() else None
    score_shard(name, name + "-scores.parquet", labels=labels, n_threads=1)

score(warm)
for name in names:
    score(name)
    status = Path("/proc/self/status").read_text()
    print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("kind", ["npy", "npz", "parquet"])
def test_peak_memory_is_that_of_a_few_blocks(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # Not all alike, or parquet would hold them in next to nothing.
    probs = np.random.default_rng(0).random((900_000, 100), dtype=np.float32)
    probs /= probs.sum(axis=1, keepdims=True)
    for name, n_rows in (("warm", 9), ("small", 300_000), ("large", 900_000)):
        labels = np.zeros(n_rows, dtype=np.int64)
        if kind == "npy":
            np.save(f"{name}.npy", probs[:n_rows])
            np.save(f"y-{name}.npy", labels)
            continue
        if kind == "npz":
            np.savez(f"{name}.npz", probs=probs[:n_rows], labels=labels)
            continue
        flat = pa.array(probs[:n_rows].reshape(-1))
        lists = pa.FixedSizeListArray.from_arrays(flat, 100)
        table = pa.table({"probs": lists, "label": labels})
        pq.write_table(table, f"{name}.parquet", 20_000)
    del probs
    argv = [sys.executable, "-c", SCORE, f"small.{kind}", f"large.{kind}", f"warm.{kind}"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=True)
    small, large = map(int, done.stdout.split())
    # The larger file has 240 MB more. Both fill a row group of the output, and more.
    assert large - small < 80
