"""Scores for displays, from fitted classifiers or from predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import column_or_1d

import easiness_core as ec
from easiness_core.validation import check_probs
from easiness_sklearn._shared import core_estimator, indexed, score_fitted, score_labels


def scores_of_estimator(
    estimator: Any, X: Any, y: Any, sigma: float, resolution: float, draws: Any, seed: int,
    normalize: bool,
) -> ec.Scores:  # fmt: skip
    """Score rows with a fitted classifier."""
    return score_fitted(
        estimator, X, y, estimator=core_estimator(sigma, resolution, draws, seed),
        normalize=normalize,
    )  # fmt: skip


def scores_of_predictions(
    y_true: Any, y_prob: ArrayLike, classes: Any, sigma: float, resolution: float,
    draws: Any, seed: int, normalize: bool,
) -> ec.Scores:  # fmt: skip
    """Score predictions: columns of a data frame by name, of an array by sorted labels."""
    labels = column_or_1d(y_true)
    index = y_true.index if hasattr(y_true, "iloc") else None
    options: dict[str, Any] = {
        "estimator": core_estimator(sigma, resolution, draws, seed), "normalize": normalize,
    }  # fmt: skip
    rows = check_probs(y_prob)
    if classes is None and rows.names is not None:
        return ec.score(y_prob, indexed(labels, index), **options)
    known = np.unique(labels) if classes is None else np.asarray(classes)
    if classes is None and known.size != rows.n_classes:
        raise ValueError(
            f"classes: y_true holds {known.size} different labels and y_prob has "
            f"{rows.n_classes} columns; pass classes=, the label of each column, such as a "
            f"classifier's classes_"
        )
    return score_labels(y_prob, labels, known, index=index, **options)
