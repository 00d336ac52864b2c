"""What `method="confusion"` costs beside plain scoring, and beside a pass over the data a class.

python tests/bench/confusion.py

Softmax rows of which 10 % are labeled as the next class; for one thread, taskset -c 0. Counts are
compared with those of a pass a class, entry by entry, before anything is timed.
"""

import time

import numpy as np
from easiness_aum import rank_mislabels

import easiness_core as ec

SIGMA = 0.1
SHAPES = [(50_000, 10), (20_000, 30), (10_000, 100), (4_000, 300), (4_000, 1000)]


def softmax_rows(n_samples, n_classes, rng):
    true = rng.integers(0, n_classes, n_samples)
    logits = rng.normal(size=(n_samples, n_classes))
    logits[np.arange(n_samples), true] += rng.normal(np.log(n_classes) + 3, 2.5, n_samples)
    return ec.softmax(logits), np.where(rng.random(n_samples) < 0.1, (true + 1) % n_classes, true)


def pass_by_pass(rows, labels):
    """The counts as they are defined: easiness of all rows with respect to each class."""
    counts = np.empty((rows.shape[1], rows.shape[1]))
    for j in range(rows.shape[1]):
        column = np.full(len(rows), j)
        wins = ec.easiness(rows, column, estimator=ec.ClosedForm(sigma=SIGMA), n_threads=1)
        counts[j] = np.bincount(labels, weights=wins, minlength=rows.shape[1])
    return counts


def seconds(function, rounds):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def main():
    print("| samples x classes | easiness | confusion | a pass a class | largest difference |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for n_samples, n_classes in SHAPES:
        probs, labels = softmax_rows(n_samples, n_classes, np.random.default_rng(0))
        own = probs[np.arange(n_samples), labels]
        count = np.bincount(labels, minlength=n_classes)
        mean = np.bincount(labels, weights=own, minlength=n_classes) + 20 * own.mean()
        balanced = probs / np.maximum(mean / (count + 20), 1e-3)
        balanced /= balanced.sum(axis=1, keepdims=True)
        start = time.perf_counter()
        counts = pass_by_pass(balanced, labels)
        before = time.perf_counter() - start
        found = ec.confusion(probs, labels)
        np.testing.assert_allclose(found, counts, rtol=1e-11, atol=n_samples * 2.0**-64)
        plain = seconds(lambda p=probs, y=labels: rank_mislabels(p, y), 5)
        now = seconds(lambda p=probs, y=labels: rank_mislabels(p, y, method="confusion"), 5)
        print(
            f"| {n_samples:,} x {n_classes:,} | {plain:.4f} s | {now:.3f} s | {before:.2f} s | "
            f"{np.abs(found - counts).max():.1g} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
