"""Find wrong labels in sets where the truth is known: `find_label_errors` against cleanlab.

    EASINESS_DATA=... python examples/evidence/label_errors/measure.py docs/label_errors.csv

One line for each set and score, or flagging rule; then the time and memory of each. The lines of
the removed method `confusion` and of the noise model's first form are copied from `removed.csv`,
next to this file: they were measured on the same sets, with code that has been removed.
"""

import csv
import statistics
import sys
import time
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from metrics import flag_metrics, ranking_metrics
from sets import tuned_sets
from unseen import BATCHES, made_sets

import easiness_core as ec

METHODS = ("noise_model", "easiness", "self_confidence")
THEIRS = (
    ("self_confidence", False),
    ("self_confidence", True),
    ("normalized_margin", False),
    ("normalized_margin", True),
    ("confidence_weighted_entropy", False),
)
ISSUES = "cleanlab find_label_issues"
FIELDS = ["role", "set", "method", "auroc", "ap", "p_at_n", "p_at_1pct", "f1", "flagged", "tpr",
          "fpr", "wrong", "rate_low", "rate_high", "seconds", "mib"]  # fmt: skip
SHAPES = ((50_000, 10), (4_000, 1_000), (50_000, 1_000))


def theirs(probs, labels, method, adjusted):
    return -get_label_quality_scores(labels, probs, method=method, adjust_pred_probs=adjusted)


def title(method, adjusted):
    return f"cleanlab {method}{', adjusted' if adjusted else ''}"


def measure_set(role, each):
    wrong, judged = each.wrong[each.judged], each.judged
    base = {"role": role, "set": each.name, "wrong": wrong.mean()}
    for method in METHODS:
        found = ec.find_label_errors(each.probs, each.labels, method=method)
        line = base | {"method": method} | ranking_metrics(found.suspicion[judged], wrong)
        line |= flag_metrics(found.flags[judged], wrong)
        # The range is one for the whole set, judged or not.
        if len(judged) == len(each.labels):
            line |= dict(zip(("rate_low", "rate_high"), found.estimated_rate, strict=True))
        yield line
    for method, adjusted in THEIRS:
        suspicion = theirs(each.probs, each.labels, method, adjusted)
        yield base | {"method": title(method, adjusted)} | ranking_metrics(suspicion[judged], wrong)
    flags = find_label_issues(each.labels, each.probs, n_jobs=1)
    yield base | {"method": ISSUES} | flag_metrics(flags[judged], wrong)


def timed(n_samples, n_classes):
    """Seconds (median of 3, of 1 for the largest) and memory beyond the input, by method."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, n_classes, n_samples)
    probs = np.empty((n_samples, n_classes))
    for start in range(0, n_samples, 1000):
        rows = true[start : start + 1000]
        logits = 2 * rng.normal(size=(len(rows), n_classes))
        logits[np.arange(len(rows)), rows] += 4 + 2 * np.sqrt(2 * np.log(n_classes))
        probs[start : start + 1000] = ec.softmax(logits)
    labels = np.where(rng.random(n_samples) < 0.1, (true + 1) % n_classes, true)
    calls = {
        method: lambda method=method: ec.find_label_errors(probs, labels, method=method)
        for method in METHODS
    }
    calls["cleanlab self_confidence"] = lambda: theirs(probs, labels, "self_confidence", False)
    calls[ISSUES] = lambda: find_label_issues(labels, probs, n_jobs=1)
    for method, call in calls.items():
        repeats = 3 if probs.size < 1e7 else 1
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
        tracemalloc.start()
        call()
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        yield {
            "role": "speed", "set": f"{n_samples:,} x {n_classes:,}", "method": method,
            "seconds": f"{statistics.median(seconds):.2f}", "mib": f"{peak:.0f}",
        }  # fmt: skip


def measure_job(job):
    """Lines of the tuned sets, or of the sets of a batch that are made of one data set."""
    role, name = job
    found = []
    for each in tuned_sets() if name is None else made_sets(role, name):
        found += [
            {k: v if isinstance(v, str) else f"{v:.4f}" for k, v in line.items()}
            for line in measure_set(role, each)
        ]
        print(role, each.name, flush=True)
    return found


def measured():
    jobs = [("tuned", None), *((role, name) for role, batch in BATCHES.items() for name in batch)]
    with ProcessPoolExecutor(2) as pool:
        for found in pool.map(measure_job, jobs):
            yield from found
    with open(Path(__file__).with_name("removed.csv"), newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)
    ec.find_label_errors([[0.9, 0.1]] * 2, [0, 0])  # compile or load the kernels
    for shape in SHAPES:
        print("speed", shape, flush=True)
        yield from timed(*shape)


def main():
    with open(sys.argv[1], "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(measured())


if __name__ == "__main__":
    main()
