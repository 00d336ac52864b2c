"""Measure the tables of docs/numerics.md on real probability sets. Prints Markdown.

Reads the folder named by EASINESS_DATA (see docs/numerics.md for the sets).

    EASINESS_DATA=folder python examples/evidence/numerics_tables.py
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

import easiness_core as ec
from easiness_core._config import PHI_IS_ONE_FROM

SETS = {
    "CIFAR-10, cross-validated CNN": ("cleanlab_label_errors/cifar10_test_set", None, None),
    "20news, cross-validated text model": ("cleanlab_label_errors/20news_test_set", None, None),
    "CIFAR-100, WideResNet-16-4": (
        "netcal_records/wideresnet-16-4-cifar-100.npz",
        "predictions",
        "ground_truth",
    ),
    "MNIST, one-layer net": ("any_classifier/mnist__1layer_NN.npz", "probs", "labels"),
    "MNIST, random forest": ("any_classifier/mnist__random_forest.npz", "probs", "labels"),
    "MNIST, AdaBoost": ("any_classifier/mnist__AdaBoost.npz", "probs", "labels"),
    "KITTI, XGBoost (2 classes)": ("any_classifier/kitti__XGBoost.npz", "probs", "labels"),
}
MISLABELED = "label_error_detection/cifar-10n-worst__resnet18.npz"


def load(folder: Path, entry: tuple[str, str | None, str | None]) -> tuple[np.ndarray, np.ndarray]:
    path, probs_key, labels_key = entry
    if probs_key is None:
        return (
            np.load(folder / f"{path}_pyx.npy"),
            np.load(folder / f"{path}_original_labels.npy").astype(np.int64),
        )
    with np.load(folder / path, allow_pickle=False) as file:
        return file[probs_key], file[labels_key].astype(np.int64)


def table(title: str, header: list[str], rows: list[list[str]]) -> None:
    print(f"\n{title}\n")
    print("| " + " | ".join(header) + " |")
    print("|" + " --- |" * len(header))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def percent(share: float) -> str:
    return f"{100 * share:.2f}"


def resolution_table(sets: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    rows = []
    for name, (probs, labels) in sets.items():
        row = [name]
        for n in (100, 1000, 10_000):
            closed = ec.score(probs, labels, estimator=ec.ClosedForm(resolution=1 / n)).summary
            counted = ec.score(probs, labels, estimator=ec.MonteCarlo(draws=n)).summary
            row.append(f"{percent(closed.msr)} / {percent(counted.msr)}")
        log_e = ec.score(probs, labels).log_easiness
        easiness = np.exp(log_e)
        row.append(percent(np.mean((easiness > 0) & (easiness < 1))))
        rows.append(row)
    table(
        "MSR in %, closed form at resolution 1/N / Monte Carlo with N draws",
        ["set", "N = 100", "N = 1,000", "N = 10,000", "exact comparison with 0 and 1"],
        rows,
    )


def saturated_table(sets: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    rows = []
    cut = PHI_IS_ONE_FROM * 0.01 * np.sqrt(2.0)
    for name, (probs, labels) in sets.items():
        wide = probs.astype(np.float64)
        own = wide[np.arange(len(labels)), labels]
        by_sum = own - (wide.sum(axis=1) - own) >= cut
        others = wide.copy()
        others[np.arange(len(labels)), labels] = -np.inf
        by_rival = own - others.max(axis=1) >= cut
        rows.append([name, percent(by_sum.mean()), percent(by_rival.mean())])
    table(
        "Rows saturated before any Phi, in % (sigma = 0.01)",
        ["set", "by the row's sum", "by the largest other probability"],
        rows,
    )


def sigma_table(sets: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    grid = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
    rows = []
    for name, (probs, labels) in sets.items():
        fit = ec.fit_sigma(probs, labels, grid=grid)
        pairs = zip(fit.ese_curve, fit.msr_curve, strict=True)
        rows.append([name, *(f"{percent(ese)} / {percent(msr)}" for ese, msr in pairs)])
    table("ESE / MSR in % by sigma", ["set", *(f"{sigma:g}" for sigma in grid)], rows)


def ranking_table(folder: Path) -> None:
    with np.load(folder / MISLABELED, allow_pickle=False) as file:
        probs, noisy, true = file["pred_probs"], file["noisy_labels"], file["true_labels"]
    noisy = noisy.astype(np.int64)
    scores = ec.score(probs, noisy)
    candidates = {
        "log easiness": scores.log_easiness,
        "easiness": scores.easiness,
        "Monte Carlo easiness, 1,000 draws": ec.easiness(probs, noisy, estimator=ec.MonteCarlo()),
        "probability of the label": probs[np.arange(len(noisy)), noisy],
    }
    mislabeled = (noisy != true).astype(np.int64)
    rows = []
    for name, value in candidates.items():
        # A two-column array turns the ranking into a two-class AUROC.
        area = ec.auroc(np.column_stack([value, -np.asarray(value, np.float64)]), mislabeled)
        _, counts = np.unique(value, return_counts=True)
        rows.append([name, f"{area:.3f}", percent(counts[counts > 1].sum() / len(noisy))])
    table(
        f"Ranking {mislabeled.sum():,} wrong labels among {len(noisy):,} (CIFAR-10N worst)",
        ["score", "AUROC", "rows tied with another, in %"],
        rows,
    )


def main() -> int:
    name = os.environ.get("EASINESS_DATA")
    if not name:
        print("EASINESS_DATA is unset: name the folder of probability sets", file=sys.stderr)
        return 1
    folder = Path(name)
    sets = {title: load(folder, entry) for title, entry in SETS.items()}
    print(f"easiness-core {ec.__version__}, NumPy {np.__version__}")
    resolution_table(sets)
    saturated_table(sets)
    sigma_table(sets)
    ranking_table(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
