"""Scores of what displays are made from: fitted classifiers, or predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import column_or_1d

import easiness_core as ec
from easiness_sklearn._shared import core_estimator, score_fitted, score_labels


def scores_of_estimator(
    estimator: Any, X: Any, y: Any, sigma: float, resolution: float, draws: Any, seed: int,
    normalize: bool,
) -> ec.Scores:  # fmt: skip
    """Score rows by a fitted classifier."""
    return score_fitted(
        estimator, X, y, estimator=core_estimator(sigma, resolution, draws, seed),
        normalize=normalize,
    )  # fmt: skip


def scores_of_predictions(
    y_true: ArrayLike, y_prob: ArrayLike, classes: Any, sigma: float, resolution: float,
    draws: Any, seed: int, normalize: bool,
) -> ec.Scores:  # fmt: skip
    """Score predictions, whose columns are in the order of the sorted labels if left out."""
    labels = column_or_1d(y_true)
    probs: NDArray[Any] = np.asarray(y_prob)
    if classes is None:
        known = np.unique(labels)
        if probs.ndim == 2 and known.size != probs.shape[1]:
            raise ValueError(
                f"classes: y_true holds {known.size} different labels and y_prob has "
                f"{probs.shape[1]} columns; pass classes=, the label of each column, such as a "
                f"classifier's classes_"
            )
    else:
        known = np.asarray(classes)
    return score_labels(
        probs, labels, known, estimator=core_estimator(sigma, resolution, draws, seed),
        normalize=normalize,
    )  # fmt: skip
