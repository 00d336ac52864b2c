"""How near scoring an npy file comes to merely reading it: the table in docs/scaling.md, "Reading".

    OMP_NUM_THREADS=1 python examples/evidence/scaling/read_ahead.py docs/scaling.md

600 MB of float32 rows of 100 classes are written to a temporary folder. They are scored with and
without reading ahead, from storage as it is (forgotten by the page cache before each run) and from
storage that is made slower: reads wait until as many bytes would have come. A sum over the memory
map is the comparison for the first; for the others it is the size divided by the rate, since
waiting is all that it would do. The least of five runs; every summary is compared with that of the
whole array.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from easiness_io import Parameters, open_samples, score_blocks
from easiness_io.readers import arrays
from easiness_io.readers.base import Source

import easiness_core as ec

SEED, N_ROWS, N_CLASSES = 20240917, 1_500_000, 100
REPEATS = 5
RATES = (0.25e9, 0.5e9, 1e9)
BEGIN, END = "<!-- read ahead: begin -->\n", "<!-- read ahead: end -->\n"
PARAMETERS = Parameters()


class _Slow(io.RawIOBase):
    """A file whose bytes come at a given rate."""

    def __init__(self, file: Any, rate: float) -> None:
        self._file, self._rate, self._owed = file, rate, 0.0

    def readinto(self, buffer: Any) -> int:
        begin = time.perf_counter()
        count: int = self._file.readinto(memoryview(buffer)[: 1 << 20])
        self._owed += count / self._rate - (time.perf_counter() - begin)
        if self._owed > 0.002:  # shorter sleeps take longer than they are asked to
            begin = time.perf_counter()
            time.sleep(self._owed)
            self._owed -= time.perf_counter() - begin
        return count

    def read(self, size: int = -1) -> bytes:
        return bytes(self._file.read(size))

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._file.seek(offset, whence))

    def fileno(self) -> int:
        return int(self._file.fileno())

    def close(self) -> None:
        self._file.close()
        super().close()


def write() -> None:
    rng = np.random.default_rng(SEED)
    logits = rng.normal(scale=4.0, size=(N_ROWS // 10, N_CLASSES))
    labels = rng.integers(0, N_CLASSES, N_ROWS // 10)
    logits[np.arange(labels.size), labels] += 4.0 * np.sqrt(2 * np.log(N_CLASSES)) + 4.0
    np.save("probs.npy", np.tile(ec.softmax(logits).astype(np.float32), (10, 1)))
    np.save("labels.npy", np.tile(labels, 10))


def forget() -> None:
    for name in ("probs.npy", "labels.npy"):
        with open(name, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def total() -> None:
    np.load("probs.npy", mmap_mode="r").sum(dtype=np.float64)


def summary(ahead: bool, expected: ec.Summary) -> None:
    arrays._AHEAD_BYTES = 1 << 20 if ahead else 1 << 62
    reader = open_samples("probs.npy", "labels.npy")
    assert score_blocks(reader, PARAMETERS, n_threads=1) == expected


def least(calls: list[Callable[[], None]]) -> list[tuple[float, float]]:
    """Time calls in turn; the least seconds of wall and of processor of each."""
    found: list[list[tuple[float, float]]] = [[] for _ in calls]
    for _ in range(REPEATS):
        for call, times in zip(calls, found, strict=True):
            forget()
            begin, cpu = time.perf_counter(), time.process_time()
            call()
            times.append((time.perf_counter() - begin, time.process_time() - cpu))
    return [(min(t for t, _ in times), min(c for _, c in times)) for times in found]


def table() -> str:
    write()
    probs, labels = np.load("probs.npy", mmap_mode="r"), np.load("labels.npy")
    expected = ec.score(probs, labels, n_threads=1).summary
    del probs  # pages that are mapped stay in the page cache
    both = [lambda: summary(False, expected), lambda: summary(True, expected)]
    lines = [
        "| storage | reading alone, s | in turn, s | read ahead, s | of reading's rate |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    (alone, _), (before, _), (after, core) = least([total, *both])
    told = f"as it is, {os.path.getsize('probs.npy') / alone / 1e9:.1f} GB/s"
    lines.append(f"| {told} | {alone:.2f} | {before:.2f} | {after:.2f} | {alone / after:.2f} |")
    opened = Source.open
    for rate in RATES:
        Source.open = lambda self, rate=rate: _Slow(opened(self), rate)  # type: ignore
        (before, _), (after, _) = least(both)
        alone = os.path.getsize("probs.npy") / rate
        told = f"{rate / 1e9:.2g} GB/s"
        lines.append(f"| {told} | {alone:.2f} | {before:.2f} | {after:.2f} | {alone / after:.2f} |")
    lines += ["", f"Scoring takes {core:.2f} core s of these, reading included.", ""]
    return "\n".join(lines)


def main() -> None:
    target = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    home = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="easiness-read-ahead-") as folder:
        os.chdir(folder)
        text = table()
        os.chdir(home)
    if target is None:
        print(text)
        return
    before, _, rest = target.read_text().partition(BEGIN)
    target.write_text(before + BEGIN + text + END + rest.partition(END)[2])


if __name__ == "__main__":
    main()
