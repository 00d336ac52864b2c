"""Rows per second by one Dask worker and by several, on the same shards; used by measure.py."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

import easiness_core as ec

N_SHARDS = 8
N_CLASSES = 100


def write_shards(
    folder: Path, piece: Callable[[int, int], tuple[np.ndarray, np.ndarray]], n_elements: int
) -> tuple[list[str], list[str], ec.Summary]:
    """Write shards of different rows; return probabilities, labels, and the summary of all rows."""
    probs, labels = piece(n_elements, N_CLASSES)
    names: dict[str, list[str]] = {"probs": [], "labels": []}
    summaries = []
    for at in range(N_SHARDS):
        # Each starts elsewhere in the part, so that none is a copy of another.
        n_rows = n_elements // N_CLASSES // N_SHARDS
        part = (at * len(labels) // N_SHARDS + np.arange(n_rows)) % len(labels)
        for name, array in (("probs", probs[part]), ("labels", labels[part])):
            names[name].append(str(folder / f"{name}-{at}.npy"))
            np.save(names[name][-1], array)
        summaries.append(ec.score(probs[part], labels[part]).summary)
    return names["probs"], names["labels"], reduce(ec.Summary.merge, summaries)


def warm() -> int:
    """Import, compile or load all that scoring needs, in a worker; return its process id."""
    import easiness_io  # noqa: F401
    import pyarrow
    import pyarrow.parquet

    pyarrow.array(np.zeros(1))
    for dtype in (np.float32, np.float64):
        ec.score(np.full((1, N_CLASSES), 1 / N_CLASSES, dtype), [0])
    return os.getpid()


def measure_workers(
    folder: Path,
    counts: Iterable[int],
    piece: Callable[[int, int], tuple[np.ndarray, np.ndarray]],
    n_elements: int,
    forget: Callable[[list[str]], None],
    repeats: int = 3,
) -> list[dict[str, Any]]:
    """Score the same shards with this number of one-thread workers; return the shortest time."""
    from distributed import Client, LocalCluster
    from easiness_dask import score_shards

    probs, labels, expected = write_shards(folder, piece, n_elements)
    found = []
    for count in counts:
        seconds = []
        with (
            LocalCluster(
                n_workers=count, threads_per_worker=1, dashboard_address=None,
                local_directory=str(folder), memory_limit=0,
            ) as cluster,
            Client(cluster) as client,
        ):  # fmt: skip
            assert len(set(client.run(warm).values())) == count
            for _ in range(repeats):
                forget(probs + labels)
                begin = time.perf_counter()
                summary = score_shards(probs, folder / "out", client=client, labels_path=labels)
                seconds.append(time.perf_counter() - begin)
                # Only equal results are compared.
                assert summary == expected
                shutil.rmtree(folder / "out")
        found.append({"workers": count, "rows": expected.n_samples, "wall_s": min(seconds)})
    return found


def measure_driver(folder: Path, n_rows: int = 10**7) -> str:
    """Measure how fast labels and ids are checked before the first shard; the best of three."""
    from easiness_io.parameters import Parameters
    from easiness_io.shards.compare import check_shards
    from easiness_io.shards.discover import Shard

    rng = np.random.default_rng(0)
    probs, labels = np.full((n_rows, 2), 0.5, np.float32), np.arange(n_rows) % 2
    np.save(folder / "p.npy", probs)
    np.save(folder / "y.npy", labels)
    np.savez(folder / "p.npz", probs=probs, labels=labels, id=rng.permutation(n_rows))
    parameters = Parameters()
    rates = []
    for name, given, check_ids in (
        ("npy", "y.npy", False),
        ("npz", None, False),
        ("npz", None, True),
    ):
        shard = Shard(str(folder / f"p.{name}"), given and str(folder / given))
        seconds = []
        for _ in range(3):
            begin = time.perf_counter()
            check_shards([shard], parameters, check_ids=check_ids)
            seconds.append(time.perf_counter() - begin)
        rates.append(n_rows / min(seconds) / 1e6)
    return (
        f"The driver checks {rates[0]:.0f} million labels per second in npy files, {rates[1]:.0f} "
        f"million in npz files, and {rates[2]:.1f} million rows of npz files with random ids, all "
        f"in the page cache."
    )


def workers_table(found: list[dict[str, Any]]) -> list[str]:
    """Return the lines of a table, with rates as multiples of the first."""
    lines = [
        f"Dask workers, each a process with one thread, on {os.cpu_count()} cores; npy files of "
        f"{N_CLASSES} classes into parquet, from the call of `score_shards` to its summary:",
        "",
        f"| workers | {N_SHARDS} shards, rows | wall s | million rows per s | times the first |",
        "| ---: " * 5 + "|",
    ]
    rates = [row["rows"] / row["wall_s"] / 1e6 for row in found]
    for row, rate in zip(found, rates, strict=True):
        cells = [row["workers"], f"{row['rows']:,}", f"{row['wall_s']:.3g}", f"{rate:.3g}"]
        lines.append(f"| {' | '.join(map(str, cells))} | {rate / rates[0]:.2f} |")
    return lines
