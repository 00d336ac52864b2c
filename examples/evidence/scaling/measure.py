"""Time and memory of scoring files from 10^6 to 10^9 probabilities: the tables of docs/scaling.md.

    OMP_NUM_THREADS=1 python examples/evidence/scaling/measure.py docs/scaling.md

Every measurement runs in its own process with one thread; reported are the shortest of three times
and the highest of three peaks. Inputs are written to a temporary folder (6 GB for the largest),
dropped from the page cache before each run, and removed at the end. One Dask worker and two are
compared by wall time, which is meaningful only on an idle machine.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import easiness_core as ec

sys.path.insert(0, str(Path(__file__).parents[1]))
from scaling.workers import measure_driver, measure_workers, workers_table

SEED = 20240917
# Elements of one part, which larger files repeat.
PIECE = 10_000_000
# Format, number of classes, largest number of probabilities, and what is measured.
CASES = [
    ("npy", 100, 10**9, ("sum", "summary", "shard")),
    ("npy", 1000, 10**8, ("shard",)),
    ("npy", 10, 10**8, ("shard",)),
    ("npz", 100, 10**8, ("shard",)),
    ("parquet", 100, 10**9, ("shard",)),
    ("csv", 10, 10**7, ("shard",)),
]
REPEATS = 3
# Of the shards that one Dask worker and several score.
WORKERS_ELEMENTS = 10**8
FIELDS = [
    "what",
    "format",
    "classes",
    "elements",
    "cpu_s",
    "wall_s",
    "read_mb",
    "written_mb",
    "peak_mb",
]
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"


def piece(n_elements: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(SEED)
    n_rows = min(n_elements, PIECE) // n_classes
    logits = rng.normal(scale=4.0, size=(n_rows, n_classes))
    labels = rng.integers(0, n_classes, n_rows)
    # Usually above the largest of the others: most rows are easy, as with a good classifier.
    boost = 4.0 * np.sqrt(2 * np.log(n_classes)) + 4.0
    logits[np.arange(n_rows), labels] += rng.normal(boost, 4.0, n_rows)
    return ec.softmax(logits).astype(np.float32), labels


def write(folder: Path, kind: str, n_classes: int, n_elements: int) -> list[str]:
    probs, labels = piece(n_elements, n_classes)
    repeats = -(-n_elements // PIECE)
    path = folder / f"probs.{kind}"
    if kind == "npy":
        for name, part in (("probs", probs), ("labels", labels)):
            header = np.lib.format.header_data_from_array_1_0(part)
            header["shape"] = (len(part) * repeats, *part.shape[1:])
            with open(folder / f"{name}.npy", "wb") as file:
                np.lib.format.write_array_header_1_0(file, header)
                for _ in range(repeats):
                    part.tofile(file)
        return [str(path), str(folder / "labels.npy")]
    if kind == "npz":
        np.savez(path, probs=np.tile(probs, (repeats, 1)), labels=np.tile(labels, repeats))
    elif kind == "csv":
        with open(path, "w") as file:
            names = [f"c{at}" for at in range(n_classes)]
            print(*names, "label", sep=",", file=file)
            for row, label in zip(probs.tolist(), labels.tolist(), strict=True):
                print(*row, label, sep=",", file=file)
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        flat = pa.array(probs.reshape(-1))
        lists = pa.FixedSizeListArray.from_arrays(flat, n_classes)
        table = pa.table({"probs": lists, "label": labels})
        with pq.ParquetWriter(path, table.schema, write_page_checksum=True) as writer:
            for _ in range(repeats):
                writer.write_table(table, row_group_size=100_000)
    return [str(path)]


def forget(paths: list[str]) -> None:
    for path in paths:
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def work(what: str, paths: list[str], output: str) -> None:
    """Run one measurement; print processor and wall seconds, and peak memory."""
    import pyarrow
    import pyarrow.parquet
    from easiness_io import open_samples, score_shard
    from easiness_io.parameters import Parameters
    from easiness_io.samples import score_blocks

    pyarrow.array(np.zeros(1))  # imports pandas, where it is installed
    for dtype in (np.float32, np.float64):  # compiled, or loaded from the disk cache
        ec.score(np.full((1, 100), 0.01, dtype), [0])
    labels = paths[1] if len(paths) > 1 else None
    begin, cpu = time.perf_counter(), time.process_time()
    if what == "sum":
        np.load(paths[0], mmap_mode="r").sum(dtype=np.float64)
    elif what == "summary":
        score_blocks(open_samples(paths[0], labels), Parameters(), n_threads=1)
    else:
        score_shard(paths[0], output, labels_path=labels, n_threads=1)
    cpu, seconds = time.process_time() - cpu, time.perf_counter() - begin
    # Not ru_maxrss, which starts at the peak of the parent process.
    status = Path("/proc/self/status").read_text()
    print(cpu, seconds, 1024 * int(status.partition("VmHWM:")[2].split()[0]))


def measure(
    kind: str, n_classes: int, n_elements: int, whats: tuple[str, ...]
) -> Iterator[dict[str, object]]:
    with tempfile.TemporaryDirectory(prefix="easiness-scaling-") as name:
        paths = write(Path(name), kind, n_classes, n_elements)
        n_bytes = sum(os.path.getsize(path) for path in paths)
        for what in whats:
            found = []
            for repeat in range(REPEATS):
                forget(paths)
                argv = ["--work", what, *paths, f"{name}/{what}-{repeat}.parquet"]
                done = subprocess.run(
                    [sys.executable, __file__, *argv], capture_output=True, text=True, check=True
                )
                found.append([*map(float, done.stdout.split())])
            cpu, wall, peak = zip(*found, strict=True)
            written = Path(f"{name}/{what}-0.parquet")
            yield {
                "what": what,
                "format": kind,
                "classes": n_classes,
                "elements": n_elements,
                "cpu_s": round(min(cpu), 3),
                "wall_s": round(min(wall), 3),
                "read_mb": round(n_bytes / 1e6, 1),
                "written_mb": round(written.stat().st_size / 1e6, 1) if written.exists() else 0,
                "peak_mb": round(max(peak) / 1e6),
            }


def small_shards(n_shards: int = 200) -> float:
    """Return the fixed cost of a shard, in seconds."""
    from easiness_dask import score_shards

    with tempfile.TemporaryDirectory(prefix="easiness-scaling-") as name:
        probs, labels = piece(1000, 10)
        os.mkdir(f"{name}/in")
        for at in range(n_shards):
            np.savez(f"{name}/in/{at:04}.npz", probs=probs, labels=labels)
        begin = time.perf_counter()
        score_shards(f"{name}/in", f"{name}/out")
        return (time.perf_counter() - begin) / n_shards


def shown_rate(rate: float) -> str:
    return f"{rate:.0f} GB/s" if rate >= 100 else f"{rate:.2g} GB/s"


def tables(
    rows: list[dict[str, str]], shard_s: float, compared: list[dict[str, Any]], driver: str
) -> str:
    import pyarrow

    heads = ["what", "format", "classes", "elements", "core s", "wall s", "MB read", "MB written"]
    heads += ["peak MB", "million rows per core s"]
    lines = ["| " + " | ".join(heads) + " |", "| --- | --- |" + " ---: |" * 8]
    for row in rows:
        n_rows = float(row["elements"]) / float(row["classes"])
        cells = [row[name] for name in FIELDS]
        cells[3] = f"10^{round(np.log10(float(row['elements'])))}"
        cells.append(f"{n_rows / max(float(row['cpu_s']), 1e-3) / 1e6:.3g}")
        lines.append("| " + " | ".join(cells) + " |")
    shards = [row for row in rows if row["what"] == "shard" and row["format"] == "npy"]
    lines += ["", "| classes | workers | 10^12 elements take | read | write |", "| ---: " * 5 + "|"]
    for n_classes in ("10", "100", "1000"):
        best = [row for row in shards if row["classes"] == n_classes][-1]
        for workers in (1, 64, 1024):
            seconds = 1e12 / float(best["elements"]) * float(best["cpu_s"]) / workers
            shown = f"{seconds / 3600:.2g} h" if seconds >= 3600 else f"{seconds / 60:.2g} min"
            rates = [
                shown_rate(float(best[name]) * 1e-3 * 1e12 / float(best["elements"]) / seconds)
                for name in ("read_mb", "written_mb")
            ]
            lines.append(f"| {n_classes} | {workers:,} | {shown} | {' | '.join(rates)} |")
    if compared:
        lines += ["", *workers_table(compared)]
    versions = (
        f"easiness_core {ec.__version__}, NumPy {np.__version__}, pyarrow {pyarrow.__version__}, "
        f"Python {platform.python_version()}"
    )
    lines += [
        "",
        f"Each shard has a fixed cost of {1000 * shard_s:.1f} ms. {driver} {versions}.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", nargs="?", help="the page whose tables to replace")
    parser.add_argument("--most", type=float, default=1e9, help="probabilities of the largest file")
    parser.add_argument(
        "--workers", type=int, nargs="*", default=[1, 2], help="numbers of Dask workers to compare"
    )
    parser.add_argument("--work", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        what, *paths, output = args.work
        work(what, paths, output)
        return
    rows = []
    for kind, n_classes, most, whats in CASES:
        for power in range(6, 10):
            if 10**power > min(most, args.most):
                continue
            for found in measure(kind, n_classes, 10**power, whats):
                rows.append({name: str(value) for name, value in found.items()})
                print(*found.values(), sep=",", flush=True)
    workers = []
    if args.workers:
        n_elements = int(min(WORKERS_ELEMENTS, args.most))
        with tempfile.TemporaryDirectory(prefix="easiness-scaling-") as name:
            workers = measure_workers(Path(name), args.workers, piece, n_elements, forget, REPEATS)
    with tempfile.TemporaryDirectory(prefix="easiness-scaling-") as name:
        driver = measure_driver(Path(name))
    text = tables(rows, small_shards(), workers, driver)
    if args.page is None:
        print(text)
        return
    page = Path(args.page)
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    page.write_text(before + BEGIN + text + END + rest.partition(END)[2], "utf-8")
    with open(page.with_suffix(".csv"), "w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
