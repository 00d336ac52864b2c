"""Statistics per class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core._frames import Table, class_words
from easiness_core._intervals import accuracy_intervals
from easiness_core._level import Level
from easiness_core._scores import Scores
from easiness_core._tally import count_pairs
from easiness_core.errors import InputTypeError


@dataclass(frozen=True, eq=False, repr=False)
class ClassTable(Table):
    """Statistics per given class: arrays of shape (n_classes,), nan for classes without rows.

    Attributes
    ----------
    count, hard, medium, easy : int64
        Number of samples of the class, and of each level among them.
    accuracy, msr, mean_easiness : float64
        In [0, 1].
    mean_log_easiness : float64
        At most 0; -inf if any sample's easiness is 0.
    classes : tuple or None
        Class names in column order; None if classes are numbers from 0.

    Examples
    --------
    >>> import easiness_core as ec
    >>> table = ec.class_table(ec.score([[0.9, 0.1], [0.49, 0.51], [0.2, 0.8]], [0, 0, 1]))
    >>> table
    ClassTable(2 classes, 3 samples)
    >>> table.medium
    array([1, 0])
    >>> table.accuracy_interval.round(3)  # of two samples, and of one
    array([[0.013, 0.987],
           [0.025, 1.   ]])
    """

    count: NDArray[np.int64]
    accuracy: NDArray[np.float64]
    hard: NDArray[np.int64]
    medium: NDArray[np.int64]
    easy: NDArray[np.int64]
    msr: NDArray[np.float64]
    mean_easiness: NDArray[np.float64]
    mean_log_easiness: NDArray[np.float64]
    classes: tuple[Any, ...] | None = None

    def _columns(self) -> dict[str, Any]:
        figures = {name: getattr(self, name) for name in _FIGURES}
        low, high = self.accuracy_interval.T
        return {
            "class": class_words(np.arange(len(self)), self.classes), **figures,
            "accuracy_low": low, "accuracy_high": high,
        }  # fmt: skip

    def __len__(self) -> int:
        return int(self.count.size)

    def __repr__(self) -> str:
        return f"ClassTable({len(self)} classes, {int(self.count.sum())} samples)"

    def _repr_html_(self) -> str:
        from easiness_core._html import class_table_html

        return class_table_html(self)

    @property
    def accuracy_interval(self) -> NDArray[np.float64]:
        """Exact 95 % interval of each class's accuracy, of shape (n_classes, 2)."""
        return accuracy_intervals(self.accuracy, self.count)


_FIGURES = (
    "count", "hard", "medium", "easy", "accuracy", "msr", "mean_easiness", "mean_log_easiness",
)  # fmt: skip


def class_table(scores: Scores) -> ClassTable:
    """Compute statistics per given class.

    Parameters
    ----------
    scores : Scores
        What `score` returned.

    Returns
    -------
    ClassTable
        One entry per class.

    Raises
    ------
    TypeError
        If `scores` is not a `Scores`.

    Examples
    --------
    >>> import easiness_core as ec
    >>> scores = ec.score([[0.9, 0.1], [0.49, 0.51], [0.2, 0.8]], [0, 0, 1])
    >>> ec.class_table(scores).accuracy
    array([0.5, 1. ])
    """
    if not isinstance(scores, Scores):
        raise InputTypeError(f"expected Scores, got {type(scores).__name__}", argument="scores")
    given, n_classes = scores.labels, scores.n_classes

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
            classes=scores.classes,
        )


def confusion_pairs(scores: Scores) -> NDArray[np.int64]:
    """Count the pairs of given and predicted class, most frequent first.

    Parameters
    ----------
    scores : Scores
        What `score` returned.

    Returns
    -------
    ndarray of shape (n_pairs, 3), int64
        Given class, predicted class, number of samples; correct predictions are left out.

    Raises
    ------
    TypeError
        If `scores` is not a `Scores`.

    Examples
    --------
    >>> import easiness_core as ec
    >>> probs = [[0.1, 0.9], [0.1, 0.9], [0.9, 0.1], [0.1, 0.9]]
    >>> ec.confusion_pairs(ec.score(probs, [0, 0, 1, 1]))
    array([[0, 1, 2],
           [1, 0, 1]])
    """
    if not isinstance(scores, Scores):
        raise InputTypeError(f"expected Scores, got {type(scores).__name__}", argument="scores")
    wrong = scores.predicted != scores.labels
    return count_pairs(scores.labels[wrong], scores.predicted[wrong])
