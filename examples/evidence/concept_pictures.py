"""Draw the pictures of docs/concepts.md from scikit-learn's digits.

Run it from anywhere, with the extra `cli` installed: python examples/evidence/concept_pictures.py
"""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

import easiness_core as ec

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "img"
STYLE = {
    "font.family": "DejaVu Sans", "font.size": 10, "axes.spines.top": False,
    "axes.spines.right": False, "figure.facecolor": "white",
}  # fmt: skip
COLORS = {"hard": "#c0392b", "medium": "#d68910", "easy": "#1e8449"}
CLASSIFIERS = {
    "logistic regression": (LogisticRegression(max_iter=1000), "#2e5f9e"),
    "random forest": (RandomForestClassifier(100, random_state=0), "#1e8449"),
    "AdaBoost": (AdaBoostClassifier(n_estimators=100, random_state=0), "#c0392b"),
}
Floats = NDArray[np.float64]


def main() -> None:
    digits = load_digits()
    y = digits.target
    probs = {
        name: cross_val_predict(model, digits.data / 16, y, cv=5, method="predict_proba")
        for name, (model, _) in CLASSIFIERS.items()
    }
    linear = probs["logistic regression"]
    with matplotlib.rc_context(STYLE):
        save(draw_samples(digits.images, y, linear), "concepts_samples.png")
        save(draw_scatter(y, linear), "concepts_scatter.png")
        save(draw_sigma(y, probs), "concepts_sigma.png")


def alike(value: Floats, easiness: Floats, rows: NDArray[np.bool_]) -> list[int]:
    """Find a hard, a medium and an easy sample whose values are as close as can be."""
    groups = (easiness <= 1e-3, (easiness > 0.2) & (easiness < 0.8), easiness >= 1 - 1e-3)
    hard, medium, easy = (np.flatnonzero(group & rows) for group in groups)
    nearest = [
        group[np.abs(value[group] - value[medium][:, None]).argmin(axis=1)]
        for group in (hard, easy)
    ]
    best = sum(np.abs(value[each] - value[medium]) for each in nearest).argmin()
    return [int(nearest[0][best]), int(medium[best]), int(nearest[1][best])]


def draw_samples(images: Floats, y: NDArray[np.int64], probs: Floats) -> Figure:
    """Draw two rows of three digits: of equal loss, and of equal confidence."""
    scores = ec.score(probs, y)
    confidence = probs.max(axis=1)
    figure = Figure(figsize=(10.5, 5.2))
    rows = (
        ("The same loss", scores.loss, scores.loss < 1.3),
        ("The same confidence", confidence, confidence > 0.0),
    )
    for k, (title, value, among) in enumerate(rows):
        top = 0.95 - 0.49 * k
        figure.text(0.02, top, title, fontsize=14, fontweight="bold", va="top")
        for column, row in enumerate(alike(value, scores.easiness, among)):
            left = 0.02 + 0.33 * column
            level = ec.Level(int(scores.level[row])).name
            assert level is not None
            color = COLORS[level.lower()]
            picture = figure.add_axes((left, top - 0.36, 0.09, 0.18))
            picture.imshow(images[row], cmap="gray_r")
            picture.set(xticks=[], yticks=[])
            bars = figure.add_axes((left + 0.115, top - 0.36, 0.19, 0.18))
            given, shown = int(y[row]), np.full(10, "#b8c4cf", dtype=object)
            shown[given] = color
            bars.bar(np.arange(10), probs[row], color=list(shown), width=0.75)
            bars.set(xticks=range(10), yticks=[], ylim=(0, 0.66))
            bars.tick_params(length=0)
            bars.spines["left"].set_visible(False)
            figure.text(left, top - 0.155, f"easiness {scores.easiness[row]:.2f}", fontsize=13,
                        color=color, fontweight="bold")  # fmt: skip
            what = f"loss {scores.loss[row]:.2f}, confidence {confidence[row]:.2f}, label {given}"
            figure.text(left, top - 0.105, what, color="#444444")
    return figure


def draw_scatter(y: NDArray[np.int64], probs: Floats) -> Figure:
    """Draw easiness against loss and against confidence, one dot per sample."""
    scores = ec.score(probs, y)
    figure = Figure(figsize=(10.5, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, value, name in (
        (left, scores.loss, "loss"), (right, probs.max(axis=1), "confidence (largest probability)"),
    ):  # fmt: skip
        for level, color in COLORS.items():
            rows = ec.select(scores.level, ec.Level[level.upper()])
            axes.scatter(
                value[rows], scores.easiness[rows], s=14, color=color, alpha=0.6, lw=0, label=level
            )
        axes.set_xlabel(name)
    left.set(ylabel="easiness", xlim=(-0.05, 4))
    left.axvspan(0.7, 1.25, color="#dfe6ec", zorder=0)
    left.text(1.4, 0.5, "loss 0.7 to 1.25:\nall three levels", va="center")
    right.legend(loc="center right", frameon=False)
    return figure


def draw_sigma(y: NDArray[np.int64], probs: dict[str, Floats]) -> Figure:
    """Draw easiness by lead, and MSR and ESE of three classifiers by sigma."""
    figure = Figure(figsize=(10.5, 3.4), layout="constrained")
    by_lead, msr, ese = figure.subplots(1, 3)
    lead = np.linspace(-0.5, 0.5, 401)
    two = np.stack([(1 + lead) / 2, (1 - lead) / 2], axis=1)
    for sigma, color in ((0.01, "#2e5f9e"), (0.1, "#7f9fc4"), (0.3, "#b5c7dc")):
        easiness = ec.easiness(two, np.zeros(401, int), estimator=ec.ClosedForm(sigma=sigma))
        by_lead.plot(lead, easiness, color=color, label=f"sigma {sigma:g}", lw=2)
    by_lead.set(xlabel="lead of the label, two classes", ylabel="easiness")
    by_lead.legend(frameon=False, fontsize=9)
    for name, (_, color) in CLASSIFIERS.items():
        fit = ec.fit_sigma(probs[name], y)
        msr.semilogx(fit.grid, fit.msr_curve, color=color, label=name, lw=2)
        ese.semilogx(fit.grid, fit.ese_curve, color=color, lw=2)
    for axes, name in ((msr, "MSR"), (ese, "ESE")):
        axes.axvline(0.01, color="#999999", lw=1, ls=":")
        axes.set(xlabel="sigma", ylabel=name, ylim=(-0.02, 1.02))
    msr.legend(frameon=False, fontsize=9)
    return figure


def save(figure: Figure, name: str) -> None:
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=110)
    # 64 colors look the same and take half the bytes.
    Image.open(drawn).convert("RGB").quantize(64).save(FOLDER / name, optimize=True)
    print(f"wrote {name}: {(FOLDER / name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
