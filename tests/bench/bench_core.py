"""Timings behind docs/benchmarks.md: `make bench`. Never part of the tests.

Every implementation here is also compared for equality, in tests/core/test_comparisons.py and
tests/core/test_selection.py.
"""

import os
import subprocess
import sys
from functools import lru_cache
from statistics import median
from time import perf_counter, sleep

import numpy as np
import pytest
from comparisons import BIG, COMPARISONS, REAL_SETS, ROWS, ours
from conftest import softmax_rows

import easiness_core as ec
from easiness_core._blocks import run_blocks

SHAPES = [(50_000, 10), (1_000_000, 10), (200_000, 100), (20_000, 1000)]


@lru_cache(maxsize=1)
def data(rows, n_samples, n_classes, dtype):
    for real_set in REAL_SETS:
        if real_set.name == rows:
            return real_set.rows(n_samples, np.dtype(dtype))
    return ROWS[rows](n_samples, n_classes, np.dtype(dtype))


def time(benchmark, function, *arguments, rounds, group, **info):
    benchmark.group = group
    benchmark.extra_info.update(info)
    return benchmark.pedantic(function, arguments, rounds=rounds, warmup_rounds=rounds > 1)


def cases():
    """Real sets, repeated up to 20 million probabilities; then rows of which none is saturated."""
    timed = [(s.name, min(1_000_000, BIG // s.n_classes), s.n_classes) for s in REAL_SETS]
    timed += [("worst", *shape) for shape in SHAPES]
    for rows, n_samples, n_classes in timed:
        for dtype in ("float64", "float32"):
            group = f"{rows}, {n_samples:,} x {n_classes:,}, {dtype}"
            for threads in (1, 2):
                yield (n_samples, n_classes), rows, dtype, group, f"one reading, {threads} threads"
            for entry in COMPARISONS:
                if n_samples * n_classes <= entry.largest:
                    yield (n_samples, n_classes), rows, dtype, group, entry


def name_of(case):
    return getattr(case[4], "name", case[4])


@pytest.mark.parametrize("case", list(cases()), ids=lambda c: f"{c[3]}: {name_of(c)}")
def test_scoring(benchmark, case):
    (n_samples, n_classes), rows, dtype, group, entry = case
    if not getattr(entry, "available", True):
        pytest.skip(f"{entry.needs} is not installed")
    probs, labels = data(rows, n_samples, n_classes, dtype)
    if isinstance(entry, str):
        threads = int(entry.split()[2])

        def function(probs, labels):
            return sum(
                run_blocks(len(probs), 4096, lambda a, b: probs[a:b].sum(), n_threads=threads)
            )
    else:
        function = entry.make()
    # Peers take seconds, and then vary least.
    rounds = 9 if isinstance(entry, str) or "easiness_core" in entry.name else 3
    if name_of(case).startswith("NumPy counting"):
        probs, labels, rounds = probs[:2000], labels[:2000], 1
    time(
        benchmark, function, probs, labels, rounds=rounds, group=group,
        name=name_of(case), rows=len(probs), classes=n_classes,
    )  # fmt: skip


@pytest.mark.parametrize("draws", [1000, 10_000, 100_000])
@pytest.mark.parametrize("rows", ROWS)
def test_draws(benchmark, rows, draws):
    probs, labels = data(rows, 200_000, 10, "float64")
    function = ours(1, ec.MonteCarlo(draws=draws))()
    time(
        benchmark, function, probs, labels, rounds=7, group=f"Monte Carlo, {rows}",
        name=f"{draws:,} draws", rows=len(probs), classes=10,
    )  # fmt: skip


def test_counting(benchmark):
    probs, labels = data("realistic", 200_000, 10, "float64")
    function = next(e for e in COMPARISONS if e.name.startswith("NumPy counting")).make()
    time(
        benchmark, function, probs[:2000], labels[:2000], rounds=3, group="Monte Carlo, realistic",
        name="NumPy counting, 1,000 draws", rows=2000, classes=10,
    )  # fmt: skip


SELECTIONS = {
    "loss_rank_selection": lambda loss, hard, medium: ec.loss_rank_selection(
        loss, n_hard=hard, n_medium=medium
    ),
    "stable argsort": lambda loss, hard, medium: np.sort(
        np.argsort(-loss, kind="stable")[hard : hard + medium]
    ),
}


@pytest.mark.parametrize("name", SELECTIONS)
def test_selection(benchmark, name):
    probs, labels = data("realistic", 1_000_000, 10, "float64")
    scores = ec.score(probs, labels)
    counts = scores.summary.level_counts
    arguments = (scores.loss, counts["hard"], counts["medium"])
    found = time(
        benchmark, SELECTIONS[name], *arguments, rounds=9, group="loss rank, 1,000,000 rows",
        name=name, rows=len(labels), classes=1,
    )  # fmt: skip
    np.testing.assert_array_equal(found, SELECTIONS["stable argsort"](*arguments))


@pytest.mark.parametrize("name", ["easiness_core", "NumPy + scipy.special.log_ndtr"])
def test_batch(benchmark, name):
    probs, labels = softmax_rows(np.random.default_rng(0), 128, 10)
    log_ndtr = next(e for e in COMPARISONS if e.name == "NumPy + scipy.special.log_ndtr").make()
    function = ec.score if name == "easiness_core" else log_ndtr
    benchmark.group = "one batch, 128 x 10"
    benchmark.extra_info.update(name=name, rows=128, classes=10)
    benchmark.pedantic(function, (probs, labels), rounds=200, iterations=50, warmup_rounds=5)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "probs.npy"
    probs, labels = realistic = ROWS["realistic"](1_000_000, 100, np.dtype(np.float64))
    np.save(path, probs)
    del realistic
    return path, labels


def test_cold_memory_map(benchmark, stored):
    """Score a file that no memory holds; before each round a sum over it, just as cold."""
    path, labels = stored
    sums = []

    def drop():
        # Written back, then dropped; asked for without reading, to see that it is gone.
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            for _ in range(50):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                if not any(in_memory(file, at) for at in range(0, os.path.getsize(path), 1 << 24)):
                    return
                sleep(0.05)
            raise RuntimeError(f"{path} stays in memory")

    def cold():
        drop()
        start = perf_counter()
        np.sum(np.load(path, mmap_mode="r"))
        sums.append(perf_counter() - start)
        drop()

    def scored():
        return ec.score(np.load(path, mmap_mode="r"), labels).summary

    benchmark.group = "memory map, cold, 1,000,000 x 100"
    benchmark.pedantic(scored, setup=cold, rounds=15)
    benchmark.extra_info.update(name="score", rows=len(labels), classes=100)
    benchmark.extra_info["others"] = {"sum": median(sums)}


def in_memory(file, offset):
    try:
        os.preadv(file.fileno(), [bytearray(1)], offset, os.RWF_NOWAIT)
    except BlockingIOError:
        return False
    return True


SNIPPETS = {
    "import easiness_core": "import easiness_core",
    "import and first score, cache warm": "import easiness_core as ec; ec.score([[.5, .5]], [0])",
    "easiness --help": "import sys; sys.argv = ['easiness', '--help']; import contextlib, io\n"
    "from easiness_cli.__main__ import main\n"
    "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main()",
    "python alone": "pass",
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_start(benchmark, name):
    def start():
        subprocess.run([sys.executable, "-c", SNIPPETS[name]], check=True)

    time(benchmark, start, rounds=7, group="start", name=name, rows=1, classes=1)


def test_first_compilation(benchmark, tmp_path):
    """Seconds of the processor's time, in all threads, over what a warm cache takes."""
    code = SNIPPETS["import and first score, cache warm"]

    def processor_seconds(folder):
        before = os.times()
        env = {**os.environ, "NUMBA_CACHE_DIR": str(folder)}
        subprocess.run([sys.executable, "-c", code], check=True, env=env)
        after = os.times()
        used = after.children_user - before.children_user
        return used + after.children_system - before.children_system

    def first():
        spent.append(processor_seconds(tmp_path / f"empty{len(spent)}"))

    spent = []
    name = "import and first score, nothing cached"
    time(benchmark, first, rounds=3, group="start", name=name, rows=1, classes=1)
    benchmark.extra_info["others"] = {f"{name}: processor time": median(spent)}
