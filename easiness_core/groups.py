"""Groups of samples, such as those of one camera: figures of each, against the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._config import EASINESS_FRACTION_BITS
from easiness_core._exact_tests import against_rest, holm
from easiness_core._input.convert import refuse_missing, to_array
from easiness_core._input.numbers import check_vector
from easiness_core.errors import InputTypeError, InputValueError
from easiness_core.intervals import binomial_interval
from easiness_core.level import Level
from easiness_core.scoring import Scores

_UNITS = 1 << EASINESS_FRACTION_BITS


@dataclass(frozen=True, eq=False)
class GroupTable:
    """Counts of each group of samples, in a form that merges exactly.

    Attributes
    ----------
    groups : tuple of str
        The groups by name, sorted.
    count, correct, hard, medium, easy : ndarray of shape (n_groups,), int64
        Samples of each group; how many are predicted as labeled, and how many of each level.
    easiness_sum : tuple of int
        Sum of easiness of each group, in units of 2^-52.
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
            "accuracy" and "hard": two-sided p-values of Fisher's exact test of the accuracy and
            of the share of hard samples, shape (n_groups,), adjusted together by Holm's method
            for all tests of the table; nan where there are no other samples.
        """
        found = holm([against_rest(each, self.count) for each in (self.correct, self.hard)])
        return {"accuracy": found[0], "hard": found[1]}

    def merge(self, other: GroupTable) -> GroupTable:
        """Add the counts of other samples, such as another shard's; neither table is changed.

        Raises
        ------
        TypeError
            If `other` is not a GroupTable.
        """
        if not isinstance(other, GroupTable):
            got = type(other).__name__
            raise InputTypeError(f"expected a GroupTable, got {got}", argument="other")
        groups = tuple(sorted({*self.groups, *other.groups}))
        at = {name: row for row, name in enumerate(groups)}
        counts = np.zeros((5, len(groups)), dtype=np.int64)
        sums = [0] * len(groups)
        for part in (self, other):
            rows = [at[name] for name in part.groups]
            counts[:, rows] += (part.count, part.correct, part.hard, part.medium, part.easy)
            for row, total in zip(rows, part.easiness_sum, strict=True):
                sums[row] += total
        return GroupTable(groups, *counts, tuple(sums))

    def to_dict(self) -> dict[str, Any]:
        """Columns of the table, ready for JSON; p-values that are not defined are None."""
        tests = {f"{name}_p": values for name, values in self.p_values().items()}
        columns = {
            "count": self.count, "correct": self.correct, "hard": self.hard,
            "medium": self.medium, "easy": self.easy, "accuracy": self.accuracy,
            "mean_easiness": self.mean_easiness, **tests,
        }  # fmt: skip
        return {"group": list(self.groups)} | {
            name: [None if value != value else value for value in values.tolist()]
            for name, values in columns.items()
        }


def group_table(scores: Scores, correct: ArrayLike, groups: ArrayLike) -> GroupTable:
    """Count samples, correct predictions and levels in groups of samples.

    Parameters
    ----------
    scores : Scores
        What `score` returned.
    correct : array of shape (n_samples,)
        Whether the predicted class is the label: booleans, or 0 and 1.
    groups : array of shape (n_samples,)
        Group of each sample: text, whole numbers or booleans. Values are compared as text.

    Returns
    -------
    GroupTable
        One entry a group; tables of several parts of the data merge exactly.

    Raises
    ------
    TypeError, ValueError
        If an argument has another length, or values are missing.

    Examples
    --------
    >>> import easiness_core as ec
    >>> scores = ec.score([[0.9, 0.1], [0.2, 0.8], [0.8, 0.2]], [0, 0, 0])
    >>> table = ec.group_table(scores, scores.predicted == 0, ["day", "night", "day"])
    >>> table.groups, table.correct
    (('day', 'night'), array([2, 0]))
    >>> table.merge(table).count
    array([4, 2])
    """
    hits = check_vector(correct, "correct", n_rows=len(scores))
    if not ((hits == 0.0) | (hits == 1.0)).all():
        raise InputValueError("expected booleans, or only 0 and 1", argument="correct")
    names = to_array(groups, "groups")
    refuse_missing(names, "groups")
    if names.shape != (len(scores),):
        problem = f"expected shape ({len(scores)},), one group a sample, got {names.shape}"
        raise InputValueError(problem, argument="groups")
    found, which = np.unique(names, return_inverse=True)
    texts = [str(each) for each in found.tolist()]
    order = tuple(sorted(set(texts)))
    place = {text: at for at, text in enumerate(order)}
    which = np.array([place[text] for text in texts], dtype=np.int64)[which]

    def number(rows: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(which[rows], minlength=len(order)).astype(np.int64, copy=False)

    units = np.floor(scores.easiness * _UNITS + 0.5).astype(np.int64)
    limbs = np.zeros((2, len(order)), dtype=np.int64)  # a sum of thousands leaves 64 bits
    np.add.at(limbs[0], which, units & 0xFFFFFFFF)
    np.add.at(limbs[1], which, units >> 32)
    return GroupTable(
        order,
        number(np.ones(len(which), dtype=bool)),
        number(hits == 1.0),
        *(number(scores.level == level) for level in Level),
        tuple(int(low) + (int(high) << 32) for low, high in limbs.T),
    )
