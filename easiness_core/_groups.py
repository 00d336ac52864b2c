"""Groups of samples, such as those of one camera: statistics per group, against the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._config import EASINESS_FRACTION_BITS
from easiness_core._exact_tests import against_rest, holm
from easiness_core._frames import Table
from easiness_core._intervals import binomial_interval
from easiness_core._joined_scores import check_groups
from easiness_core._level import Level
from easiness_core._scores import Scores
from easiness_core._tally import exact_sums
from easiness_core.errors import InputTypeError

_UNITS = 1 << EASINESS_FRACTION_BITS


@dataclass(frozen=True, eq=False, repr=False)
class GroupTable(Table):
    """Counts per group of samples, which can be merged exactly.

    Attributes
    ----------
    groups : tuple of str
        The groups by name, sorted.
    count, correct, hard, medium, easy : ndarray of shape (n_groups,), int64
        Samples in each group; how many are predicted as labeled, and how many have each level.
    easiness_sum : tuple of int
        Sum of easiness of each group, in units of 2^-52.

    Examples
    --------
    >>> import easiness_core as ec
    >>> scores = ec.score([[0.9, 0.1], [0.2, 0.8], [0.8, 0.2]], [0, 0, 0])
    >>> table = ec.group_table(scores, ["day", "night", "day"])
    >>> table
    GroupTable(2 groups, 3 samples)
    >>> table.accuracy, table.mean_easiness
    (array([1., 0.]), array([1., 0.]))
    >>> table.accuracy_interval.round(3)
    array([[0.158, 1.   ],
           [0.   , 0.975]])
    """

    groups: tuple[str, ...]
    count: NDArray[np.int64]
    correct: NDArray[np.int64]
    hard: NDArray[np.int64]
    medium: NDArray[np.int64]
    easy: NDArray[np.int64]
    easiness_sum: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.groups)

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """Accuracy of each group, in [0, 1]; shape (n_groups,)."""
        return self.correct / self.count

    @property
    def accuracy_interval(self) -> NDArray[np.float64]:
        """Exact 95 % interval of each group's accuracy, of shape (n_groups, 2)."""
        return binomial_interval(self.correct, self.count)

    @property
    def mean_easiness(self) -> NDArray[np.float64]:
        """Mean easiness of each group, in [0, 1]; shape (n_groups,)."""
        pairs = zip(self.easiness_sum, self.count.tolist(), strict=True)
        return np.array([total / (n * _UNITS) for total, n in pairs])

    def p_values(self) -> dict[str, NDArray[np.float64]]:
        """Test each group against all other samples together.

        Returns
        -------
        dict
            "accuracy" and "hard": two-sided p-values of Fisher's exact test of the accuracy and of
            the share of hard samples, shape (n_groups,), adjusted by Holm's method for all tests of
            the table together; nan if there are no other samples.

        Examples
        --------
        >>> import easiness_core as ec
        >>> scores = ec.score([[0.9, 0.1]] * 8 + [[0.2, 0.8]] * 4, [0] * 12)
        >>> table = ec.group_table(scores, ["day"] * 8 + ["night"] * 4)
        >>> table.p_values()["accuracy"].round(4)
        array([0.0081, 0.0081])
        """
        found = holm([against_rest(each, self.count) for each in (self.correct, self.hard)])
        return {"accuracy": found[0], "hard": found[1]}

    def merge(self, other: GroupTable) -> GroupTable:
        """Merge two tables, such as those of two shards; neither is changed.

        Parameters
        ----------
        other : GroupTable
            Table of other samples.

        Returns
        -------
        GroupTable
            Table of the samples of both.

        Raises
        ------
        TypeError
            If `other` is not a GroupTable.

        Examples
        --------
        >>> import easiness_core as ec
        >>> scores = ec.score([[0.9, 0.1], [0.2, 0.8]], [0, 0])
        >>> one = ec.group_table(scores, ["day", "day"])
        >>> merged = one.merge(ec.group_table(scores, ["day", "night"]))
        >>> merged.groups, merged.count
        (('day', 'night'), array([3, 1]))
        """
        if not isinstance(other, GroupTable):
            got = type(other).__name__
            raise InputTypeError(f"expected a GroupTable, got {got}", argument="other")
        groups = tuple(sorted({*self.groups, *other.groups}))
        at = {name: row for row, name in enumerate(groups)}
        counts = {name: np.zeros(len(groups), dtype=np.int64) for name in _COUNTS}
        sums = [0] * len(groups)
        for part in (self, other):
            rows = [at[name] for name in part.groups]
            for name, total in counts.items():
                total[rows] += getattr(part, name)
            for row, units in zip(rows, part.easiness_sum, strict=True):
                sums[row] += units
        return GroupTable(groups=groups, easiness_sum=tuple(sums), **counts)

    def _columns(self) -> dict[str, Any]:
        counts = {name: getattr(self, name) for name in _COUNTS}
        tests = {f"{name}_p": values for name, values in self.p_values().items()}
        shares = {"accuracy": self.accuracy, "mean_easiness": self.mean_easiness}
        return {"group": np.array(self.groups), **counts, **shares, **tests}

    def __repr__(self) -> str:
        return f"GroupTable({len(self)} groups, {int(self.count.sum())} samples)"


_COUNTS = ("count", "correct", "hard", "medium", "easy")


def group_table(scores: Scores, groups: ArrayLike) -> GroupTable:
    """Count samples, correct predictions and levels in groups of samples.

    Parameters
    ----------
    scores : Scores
        What `score` returned.
    groups : array of shape (n_samples,)
        Group of each sample: text, whole numbers or booleans. Values are compared as text.

    Returns
    -------
    GroupTable
        One entry per group; tables of several parts of the data merge exactly.

    Raises
    ------
    TypeError, ValueError
        If `scores` is not a `Scores`, or `groups` has another length or missing values.

    Examples
    --------
    >>> import easiness_core as ec
    >>> scores = ec.score([[0.9, 0.1], [0.2, 0.8], [0.8, 0.2]], [0, 0, 0])
    >>> table = ec.group_table(scores, ["day", "night", "day"])
    >>> table.groups, table.correct
    (('day', 'night'), array([2, 0]))
    """
    if not isinstance(scores, Scores):
        raise InputTypeError(f"expected Scores, got {type(scores).__name__}", argument="scores")
    names = check_groups(groups, len(scores), "scores")
    found, which = np.unique(names, return_inverse=True)
    texts = [str(each) for each in found.tolist()]
    order = tuple(sorted(set(texts)))
    place = {text: at for at, text in enumerate(order)}
    which = np.array([place[text] for text in texts], dtype=np.int64)[which]

    def number(rows: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(which[rows], minlength=len(order)).astype(np.int64, copy=False)

    sums = exact_sums(scores.easiness, which, len(order), bits=EASINESS_FRACTION_BITS)
    return GroupTable(
        groups=order,
        count=number(np.ones(len(which), dtype=bool)),
        correct=number(scores.predicted == scores.labels),
        hard=number(scores.level == Level.HARD),
        medium=number(scores.level == Level.MEDIUM),
        easy=number(scores.level == Level.EASY),
        easiness_sum=tuple(sums),
    )
