"""Figures of each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._input.convert import to_array
from easiness_core._input.labels import check_labels
from easiness_core._input.numbers import check_count
from easiness_core.errors import InputTypeError, InputValueError
from easiness_core.intervals import accuracy_intervals
from easiness_core.level import Level
from easiness_core.scoring import Scores


@dataclass(frozen=True, eq=False)
class ClassTable:
    """Figures of each given class, arrays of shape (n_classes,); nan for a class without rows.

    Attributes
    ----------
    count, hard, medium, easy : int64
        Samples of the class, and of each level among them.
    accuracy, msr, mean_easiness : float64
        In [0, 1].
    mean_log_easiness : float64
        At most 0; -inf if any sample's easiness is 0.
    """

    count: NDArray[np.int64]
    accuracy: NDArray[np.float64]
    hard: NDArray[np.int64]
    medium: NDArray[np.int64]
    easy: NDArray[np.int64]
    msr: NDArray[np.float64]
    mean_easiness: NDArray[np.float64]
    mean_log_easiness: NDArray[np.float64]

    @property
    def accuracy_interval(self) -> NDArray[np.float64]:
        """Exact 95 % interval of each class's accuracy, of shape (n_classes, 2)."""
        return accuracy_intervals(self.accuracy, self.count)


def class_table(
    scores: Scores,
    labels: ArrayLike,
    *,
    n_classes: int,
    classes: Sequence[Any] | None = None,
) -> ClassTable:
    """Figures of each class by given label.

    Parameters
    ----------
    scores : Scores
        What `score` returned.
    labels : array of shape (n_samples,)
        The labels that were scored: class indices, or names with `classes`.
    n_classes : int
        Number of classes, 2 or more.
    classes : sequence of length n_classes, optional
        Class names in the order of the columns.

    Returns
    -------
    ClassTable
        One entry a class.

    Raises
    ------
    TypeError, ValueError
        If the labels do not fit the scores.

    Examples
    --------
    >>> import easiness_core as ec
    >>> probs, labels = [[0.9, 0.1], [0.49, 0.51], [0.2, 0.8]], [0, 0, 1]
    >>> ec.class_table(ec.score(probs, labels), labels, n_classes=2).accuracy
    array([0.5, 1. ])
    """
    n_classes = check_count(n_classes, "n_classes", low=2)
    given = check_labels(labels, scores.level.size, n_classes, classes=classes)

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.zeros(n_classes)
        np.add.at(sums, given, values)
        return sums

    def number(rows: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(given[rows], minlength=n_classes).astype(np.int64, copy=False)

    count = number(np.ones(given.size, dtype=bool))
    medium = number(scores.level == Level.MEDIUM)
    with np.errstate(invalid="ignore"):
        return ClassTable(
            count=count,
            accuracy=number(scores.predicted == given) / count,
            hard=number(scores.level == Level.HARD),
            medium=medium,
            easy=number(scores.level == Level.EASY),
            msr=medium / count,
            mean_easiness=total(scores.easiness) / count,
            mean_log_easiness=total(scores.log_easiness) / count,
        )


def confusion_pairs(labels: ArrayLike, predicted: ArrayLike) -> NDArray[np.int64]:
    """Count which class is taken for which, the most frequent pair first.

    Parameters
    ----------
    labels, predicted : array of shape (n_samples,), integer
        Given and predicted class of each sample.

    Returns
    -------
    ndarray of shape (n_pairs, 3), int64
        Given class, predicted class, number of samples; pairs of equal classes are left out.

    Raises
    ------
    TypeError, ValueError
        If the classes are no integers, or the lengths differ.

    Examples
    --------
    >>> import easiness_core as ec
    >>> ec.confusion_pairs([0, 0, 1, 1, 1], [1, 1, 1, 0, 1])
    array([[0, 1, 2],
           [1, 0, 1]])
    """
    given, found = to_array(labels, "labels"), to_array(predicted, "predicted")
    for array, name in ((given, "labels"), (found, "predicted")):
        if array.dtype.kind not in "iu":
            problem = f"expected integer classes, got dtype {array.dtype}"
            raise InputTypeError(problem, argument=name)
    if given.ndim != 1 or given.shape != found.shape:
        problem = f"expected the shape of labels, {given.shape}, got {found.shape}"
        raise InputValueError(problem, argument="predicted")
    wrong = given != found
    pairs, count = np.unique(
        np.stack([given[wrong], found[wrong]], axis=1), axis=0, return_counts=True
    )
    order = np.argsort(-count, kind="stable")
    return np.column_stack([pairs, count])[order].astype(np.int64)
