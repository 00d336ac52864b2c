"""The memory that scoring takes does not grow with the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
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


def write(kind: str, name: str, probs: Any) -> None:
    labels = np.zeros(len(probs), dtype=np.int64)
    if kind == "npy":
        np.save(f"{name}.npy", probs)
        np.save(f"y-{name}.npy", labels)
    elif kind == "npz":
        np.savez(f"{name}.npz", probs=probs, labels=labels)
    elif kind == "zarr":
        zarr = pytest.importorskip("zarr")
        group = zarr.open_group(f"{name}.zarr", mode="w")
        group.create_array("probs", data=probs, chunks=(20_000, probs.shape[1]))
        group.create_array("labels", data=labels, chunks=(20_000,))
    elif kind == "csv":
        columns = {f"c{at}": column for at, column in enumerate(probs.T)}
        pyarrow.csv.write_csv(pa.table({**columns, "label": labels}), f"{name}.csv")
    else:
        lists = pa.FixedSizeListArray.from_arrays(pa.array(probs.reshape(-1)), probs.shape[1])
        pq.write_table(pa.table({"probs": lists, "label": labels}), f"{name}.parquet", 20_000)


def size_of(name: str) -> int:
    files = [path for path in [Path(name), *Path(name).rglob("*")] if path.is_file()]
    return sum(path.stat().st_size for path in files)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("kind", ["npy", "npz", "parquet", "zarr", "csv"])
def test_peak_memory_is_that_of_a_few_blocks(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    n_classes = 10 if kind == "csv" else 100
    # Not all alike, or parquet would hold them in next to nothing.
    probs = np.random.default_rng(0).random((900_000, n_classes), dtype=np.float32)
    probs /= probs.sum(axis=1, keepdims=True)
    for name, n_rows in (("warm", 9), ("small", 300_000), ("large", 900_000)):
        write(kind, name, probs[:n_rows])
    del probs
    more = (size_of(f"large.{kind}") - size_of(f"small.{kind}")) >> 20
    argv = [sys.executable, "-c", SCORE, f"small.{kind}", f"large.{kind}", f"warm.{kind}"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=True)
    small, large = map(int, done.stdout.split())
    # The larger file has 60 MB more at least. Both fill a row group of the output, and more.
    assert more > 60
    assert large - small < more / 3
