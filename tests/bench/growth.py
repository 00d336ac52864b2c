"""How cost grows with rows, classes and draws: draws docs/img/growth.png.

python tests/bench/growth.py docs/img/growth.png
"""

import statistics
import sys
import time
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

sys.path.insert(0, str(Path(__file__).parents[1]))
from comparisons import ROWS

import easiness_core as ec

COLORS = {"realistic": "#0072B2", "worst": "#D55E00"}


def median_seconds(function, *arguments, rounds=5, **options):
    function(*arguments, **options)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function(*arguments, **options)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def by_rows(rows):
    sizes = [10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000]
    probs, labels = ROWS[rows](sizes[-1], 10, np.dtype(np.float64))
    return sizes, [median_seconds(ec.score, probs[:n], labels[:n]) / n * 1e9 for n in sizes]


def by_classes(rows):
    sizes = [2, 5, 10, 30, 100, 300, 1000, 3000, 10_000]
    times = []
    for n_classes in sizes:
        n = 10_000_000 // n_classes
        probs, labels = ROWS[rows](n, n_classes, np.dtype(np.float64))
        times.append(median_seconds(ec.score, probs, labels) / probs.size * 1e9)
    return sizes, times


def by_draws(rows):
    sizes = [1000, 3000, 10_000, 30_000, 100_000]
    probs, labels = ROWS[rows](300_000, 10, np.dtype(np.float64))
    times = []
    for draws in sizes:
        estimator = ec.MonteCarlo(draws=draws)
        seconds = median_seconds(ec.score, probs, labels, estimator=estimator)
        times.append(seconds / len(labels) * 1e9)
    return sizes, times


def main(target):
    figure = Figure(figsize=(12, 3.8), layout="constrained")
    panels = zip(
        figure.subplots(1, 3),
        (by_rows, by_classes, by_draws),
        ("rows (10 classes)", "classes (10 million elements)", "draws (Monte Carlo, 10 classes)"),
        ("ns per row", "ns per element", "ns per row"),
        strict=True,
    )
    for axes, measure, x_label, y_label in panels:
        for rows, color in COLORS.items():
            sizes, times = measure(rows)
            label = "realistic rows" if rows == "realistic" else "nothing saturated"
            axes.plot(sizes, times, "o-", color=color, label=label)
            print(measure.__name__, rows, [f"{t:.2f}" for t in times], flush=True)
        axes.set(xscale="log", yscale="log", xlabel=x_label, ylabel=y_label)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.suptitle(
        "Time of score on all cores; a flat line means time in proportion to size", fontsize=11
    )
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
