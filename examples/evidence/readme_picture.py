"""Make the README's picture, docs/img/easiness.png, from scikit-learn's digits.

Run it from anywhere, with the extra `cli` installed: python examples/evidence/readme_picture.py
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from easiness_cli.pages.figures import (
    EASY,
    HARD,
    MEDIUM,
    MUTED,
    count_axis,
    fixed_style,
    name_level,
)
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import easiness_core as ec

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "img" / "easiness.png"
SHOWN = 6
ROWS = (
    (ec.Level.HARD, "hard", HARD, "another class\nsurely wins"),
    (ec.Level.MEDIUM, "medium", MEDIUM, "a little noise\nmay tip it"),
    (ec.Level.EASY, "easy", EASY, "its own class\nsurely wins"),
)


def main() -> None:
    """Train, score, draw, save."""
    digits = load_digits()
    labels = digits.target
    probs = cross_val_predict(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        digits.data,
        labels,
        cv=StratifiedKFold(5, shuffle=True, random_state=0),
        method="predict_proba",
    )
    scores = ec.score(probs, labels)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    drawn = io.BytesIO()
    with fixed_style():
        draw(digits.images, labels, scores).savefig(drawn, dpi=100)
    # 96 colors look the same and take half the bytes.
    Image.open(drawn).convert("RGB").quantize(96).save(PICTURE, optimize=True)
    print(f"wrote {PICTURE.name}: {PICTURE.stat().st_size / 1000:.0f} kB")


def draw_easiness(axes: Axes, scores: ec.Scores, edges: tuple[str, str]) -> None:
    """Draw the counts by easiness: one bar for hard, one for easy, and twenty in between.

    The `edges` label the hard and the easy bar, such as ``("≤ 0.001", "≥ 0.999")``.
    """
    counts = scores.summary.level_counts
    middle = scores.easiness[scores.level == ec.Level.MEDIUM]
    height, cuts = np.histogram(middle, bins=np.linspace(0.0, 1.0, 21))
    low, high = -0.1, 1.1
    axes.bar(low, counts["hard"], 0.13, color=HARD)
    axes.bar((cuts[:-1] + cuts[1:]) / 2, height, 0.044, color=MEDIUM)
    axes.bar(high, counts["easy"], 0.13, color=EASY)
    count_axis(axes, max(counts.values()))
    for x, name in ((low, "hard"), (0.5, "medium"), (high, "easy")):
        name_level(axes, x, name, counts[name])
    axes.set_xticks([low, 0.25, 0.5, 0.75, high], [edges[0], "0.25", "0.5", "0.75", edges[1]])
    axes.set(xlim=(low - 0.125, high + 0.125), xlabel="easiness")


def chosen(level: ec.Level, labels: NDArray[Any], scores: ec.Scores) -> NDArray[np.int64]:
    """Rows to show: the hardest, various medium ones, and easy ones of six digits."""
    rows = ec.select(scores.level, level)
    rows = rows[np.argsort(scores.log_easiness[rows], kind="stable")]
    if level is ec.Level.HARD:
        return rows[:SHOWN]
    if level is ec.Level.MEDIUM:
        spread = np.linspace(0, rows.size - 1, min(SHOWN, rows.size)).round().astype(int)
        return np.asarray(rows[spread], dtype=np.int64)
    easiest = rows[::-1]
    first = [easiest[labels[easiest] == digit][0] for digit in range(SHOWN)]
    return np.array(first, dtype=np.int64)


def draw(images: NDArray[Any], labels: NDArray[Any], scores: ec.Scores) -> Figure:
    """Draw rows of digits by level on the left, the histogram of easiness on the right."""
    figure = Figure(figsize=(12, 6), facecolor="white")
    figure.text(0.022, 0.925, "Easiness: how surely does the labeled class win?", fontsize=18,
                fontweight="bold")  # fmt: skip
    figure.text(0.022, 0.872, f"{labels.size:,} handwritten digits, each predicted by a logistic "
                "regression that never saw it. “4, seen as 1”: labeled 4, predicted 1. "
                "E: easiness, from 0 to 1", fontsize=11.5, color=MUTED)  # fmt: skip
    for k, (level, name, color, gloss) in enumerate(ROWS):
        bottom = 0.592 - 0.272 * k
        figure.add_artist(Rectangle((0.022, bottom - 0.03), 0.006, 0.232, color=color))
        count = scores.summary.level_counts[name]
        figure.text(0.038, bottom + 0.165, f"{name}: {count:,}", fontsize=14, fontweight="bold")
        figure.text(0.038, bottom + 0.135, gloss, fontsize=11, color=MUTED, va="top",
                    linespacing=1.3)  # fmt: skip
        for column, row in enumerate(chosen(level, labels, scores)):
            axes = figure.add_axes((0.155 + 0.083 * column, bottom + 0.052, 0.074, 0.148))
            axes.imshow(np.pad(images[row], 1), cmap="gray_r", interpolation="bicubic")
            axes.set(xticks=[], yticks=[])
            for spine in axes.spines.values():
                spine.set(visible=True, color=color, linewidth=1.6)
            given, predicted = labels[row], scores.predicted[row]
            text = f"{given}, seen as {predicted}\n{shown(scores.easiness[row])}"
            axes.set_xlabel(text, fontsize=10, labelpad=4, linespacing=1.3)
    axes = figure.add_axes((0.735, 0.12, 0.245, 0.705))
    axes.set_axisbelow(True)
    axes.grid(axis="y", color="#d5dbe1", linewidth=0.7)
    draw_easiness(axes, scores, ("0", "1"))
    for label in axes.texts:
        label.set_fontsize(12)
    axes.tick_params(length=3, labelsize=11)
    axes.xaxis.label.set_fontsize(13)
    axes.yaxis.label.set_fontsize(12)
    return figure


def shown(easiness: float) -> str:
    """Easiness to two decimals, where the medium ones shown do not round to 0 or 1."""
    return f"E = {easiness:.2f}" if 0.001 < easiness < 0.999 else f"E = {easiness:.0f}"


if __name__ == "__main__":
    main()
