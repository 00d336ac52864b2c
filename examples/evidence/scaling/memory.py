"""Memory that grows with the rows: npz outputs, and ids that are compared; for docs/scaling.md.

    OMP_NUM_THREADS=1 python examples/evidence/scaling/memory.py docs/scaling.md

Every measurement runs in its own process, first on a small file, then on files of 2,000,000 and
6,000,000 rows of two classes. Memory per row is the difference between the two peaks, divided by
the difference in rows. Ids of several shards are interleaved, so that all are in memory together.
Outputs are compared with scores of the array, and a duplicate id must be found. Needs Linux.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from easiness_io import DataError, score_shard
from easiness_io.parameters import Parameters
from easiness_io.shards.compare import check_shards
from easiness_io.shards.discover import Shard

import easiness_core as ec

SEED = 20240917
N_ROWS = (1_000, 2_000_000, 6_000_000)
PARAMETERS = Parameters(max_bytes=64 << 30)
# Operation, input format, kind of ids, and number of shards.
CASES = [
    ("npz output", "npz", "none", 1),
    ("npz output", "npz", "int64", 1),
    ("npz output", "npz", "10 characters", 1),
    ("ids compared", "npz", "int64", 1),
    ("ids compared", "npz", "int64", 4),
    ("ids compared", "npz", "10 characters", 1),
    ("ids compared", "npz", "10 characters", 4),
    ("ids compared", "npz", "uint64", 1),
    ("ids compared", "parquet", "int64", 1),
    ("ids compared", "parquet", "10 characters", 1),
    ("ids compared", "csv", "10 characters", 1),
]
COLUMNS = {"none": 0, "int64": 8, "10 characters": 40, "uint64": 8}
BEGIN, END = "<!-- memory: begin -->\n", "<!-- memory: end -->\n"


def probs_of(n_rows: int) -> np.ndarray:
    first = np.random.default_rng(SEED).random((n_rows, 1), dtype=np.float32)
    return np.hstack([first, 1 - first])


def write(path: str, names: str, at: int, n_shards: int, n_rows: int) -> None:
    ids: Any = np.arange(at, n_rows, n_shards)
    if names == "10 characters":
        ids = np.char.mod("%010d", ids)
    elif names == "uint64":
        ids = ids.astype(np.uint64) + np.uint64(2**63)
    probs = probs_of(n_rows)[at::n_shards]
    labels = np.zeros(len(probs), np.int64)
    if path.endswith("npz"):
        given = {} if names == "none" else {"id": ids}
        np.savez(path, probs=probs, labels=labels, **given)
    elif path.endswith("parquet"):
        columns = {"id": pa.array(ids), "a": probs[:, 0], "b": probs[:, 1], "label": labels}
        pq.write_table(pa.table(columns), path)
    else:
        with open(path, "w") as file:
            file.write("id,a,b,label\n")
            file.writelines(f"{name},.5,.5,0\n" for name in ids)


def peak() -> int:
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024


def work(folder: str, what: str, kind: str, n_shards: int) -> None:
    """Print the peaks of the larger two."""
    for n_rows in N_ROWS:
        paths = [f"{folder}/{n_rows}-{at}.{kind}" for at in range(n_shards)]
        if what == "npz output":
            score_shard(paths[0], f"{paths[0]}-scores.npz", n_threads=1)
        else:
            check_shards([Shard(path) for path in paths], PARAMETERS)
        print(peak(), flush=True)
    check(what, paths)


def check(what: str, paths: list[str]) -> None:
    if what == "npz output":
        with np.load(paths[0]) as given, np.load(f"{paths[0]}-scores.npz") as found:
            expected = ec.score(given["probs"], given["labels"])
            assert np.array_equal(found["loss"], expected.loss)
            assert "id" not in given or np.array_equal(found["id"], given["id"])
        return
    small, told = paths[0].replace(str(N_ROWS[-1]), str(N_ROWS[0])), ""
    try:
        check_shards([Shard(path) for path in (paths[0], small)], PARAMETERS)
    except DataError as error:
        told = str(error)
    assert f"is in {small!r} as well" in told, "the same id in two shards was not found"


def measure(what: str, kind: str, names: str, n_shards: int) -> float:
    with tempfile.TemporaryDirectory(prefix="easiness-memory-") as folder:
        for n_rows in N_ROWS:
            for at in range(n_shards):
                write(f"{folder}/{n_rows}-{at}.{kind}", names, at, n_shards, n_rows)
        argv = [sys.executable, __file__, "--work", folder, what, kind, str(n_shards)]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        _, small, large = map(int, done.stdout.split())
    return (large - small) / (N_ROWS[2] - N_ROWS[1])


def main() -> None:
    if sys.argv[1:2] == ["--work"]:
        folder, what, kind, n_shards = sys.argv[2:]
        work(folder, what, kind, int(n_shards))
        return
    lines = [
        "| what | input | ids | shards | bytes per row | the columns alone |",
        "| --- | --- | --- | ---: | ---: | ---: |",
    ]
    for what, kind, names, n_shards in CASES:
        columns = COLUMNS[names] + (49 if what == "npz output" else 0)
        found = measure(what, kind, names, n_shards)
        lines.append(f"| {what} | {kind} | {names} | {n_shards} | {found:.0f} | {columns} |")
        print(lines[-1], flush=True)
    text = "\n".join(lines) + "\n"
    if len(sys.argv) > 1:
        page = Path(sys.argv[1])
        before, _, rest = page.read_text("utf-8").partition(BEGIN)
        page.write_text(before + BEGIN + text + END + rest.partition(END)[2], "utf-8")


if __name__ == "__main__":
    main()
