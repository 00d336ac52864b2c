"""The paper's Figure 1: easiness against confidence of test images, and ankle boots by level.

    EASINESS_DATA=folder python examples/evidence/set/figure_1.py docs

trains the small network in the paper's setting on 8,000 Fashion-MNIST images, writes
docs/set_figure_1.csv, numbers of test images by confidence, easiness, level and correctness, from
which report.py draws and tabulates, and draws docs/img/set_boots.png itself, which needs images.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from easiness_torch import fit
from matplotlib.figure import Figure
from numpy.typing import NDArray

import easiness_core as ec

sys.path.insert(0, str(Path(__file__).parents[1]))
from set import data as set_data
from set.judge import logits_of
from set.networks import network
from set.run import optimizer_of, schedule_of

BINS = 25  # of confidence and of easiness
BOOT, SHOWN = 9, 6
COLUMNS = ("confidence", "easiness", "level", "correct", "count", "confidence_sum", "loss_sum")


def trained(train: Any, size: int, n_epochs: int) -> torch.nn.Module:
    """Train as the suite "paper" trains its "classic" at seed 0."""
    (x, y), _ = set_data.subset(train, size, 0)
    torch.manual_seed(0)
    model = network("small", x.shape[1:], 10)
    fit(model, set_data.Images(x, y), method="classic", n_epochs=n_epochs,
        optimizer=optimizer_of("adam", 1e-3), scheduler=schedule_of("constant"))  # fmt: skip
    return model


def counted(probs: NDArray[np.float64], scores: ec.Scores, y: NDArray[Any]) -> list[Any]:
    """Count samples by cell of confidence and easiness, level and correctness."""
    confidence = probs.max(1)
    counts: Counter[Any] = Counter()
    sums: dict[Any, NDArray[np.float64]] = {}
    for p, e, level, right, loss in zip(
        confidence, scores.easiness, scores.level, scores.predicted == y, scores.loss, strict=True
    ):  # fmt: skip
        cells = (min(int(value * BINS), BINS - 1) for value in (p, e))
        key = (*cells, ec.Level(int(level)).name.lower(), bool(right))
        counts[key] += 1
        sums[key] = sums.get(key, np.zeros(2)) + np.array([p, loss])
    return [
        [(key[0] + 0.5) / BINS, (key[1] + 0.5) / BINS, *key[2:], n, *np.round(sums[key], 4)]
        for key, n in sorted(counts.items())
    ]


def boots(images: NDArray[Any], scores: ec.Scores, y: NDArray[Any]) -> Figure:
    """Draw ankle boots of each level with their easiness, evenly over the level's ranks."""
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    panels = figure.subplots(3, SHOWN)
    for row, level in zip(panels, ec.Level, strict=True):
        rows = np.flatnonzero((y == BOOT) & (scores.level == int(level)))
        rows = rows[np.argsort(scores.log_easiness[rows], kind="stable")]
        chosen = rows[np.unique(np.linspace(0, len(rows) - 1, SHOWN).round().astype(int))]
        for axes in row:
            axes.set_axis_off()
        for axes, k in zip(row, chosen, strict=False):
            axes.imshow(images[k, 0], cmap="gray_r")
            axes.set_title(f"{level.name.lower()}, {scores.easiness[k]:.2g}", fontsize="small")
    return figure


def main() -> None:
    docs = Path(sys.argv[1])
    size, n_epochs = map(int, sys.argv[2:4]) if len(sys.argv) > 3 else (8000, 50)
    torch.set_num_threads(1)
    _, train, (x, y) = set_data.load("fashion")
    model = trained(train, size, n_epochs)
    probs = ec.softmax(logits_of(model, set_data.Images(x, y), "cpu"))
    scores = ec.score(probs, y)
    with (docs / "set_figure_1.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(counted(probs, scores, y))
    (docs / "img").mkdir(exist_ok=True)
    boots(x, scores, y).savefig(docs / "img" / "set_boots.png", dpi=110)
    print(scores.summary)


if __name__ == "__main__":
    main()
