"""`ChangeTable`: what changed between two sets of scores, per class or group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core._exact_tests import holm, sign_test
from easiness_core._frames import Table
from easiness_core._level import Level


@dataclass(frozen=True, eq=False, repr=False)
class ChangeTable(Table):
    """Changes per class, or per group; arrays of shape (n_names,).

    Attributes
    ----------
    names : tuple of str
        Classes by the new labels, or groups; sorted, numbers by value.
    count : int64
        Samples in both sets of scores.
    accuracy_old, accuracy_new, mean_easiness_old, mean_easiness_new : float64
        In [0, 1].
    hard_old, hard_new, gained, lost : int64
        Hard samples; wrong ones that became right, and right ones that became wrong.
    p_value : float64
        In [0, 1]: exact McNemar test per class or group, adjusted for their number by Holm's
        method.

    Examples
    --------
    >>> import easiness_core as ec
    >>> old = ec.score([[0.9, 0.1], [0.2, 0.8], [0.2, 0.8]], [0, 0, 1])
    >>> new = ec.score([[0.51, 0.49], [0.8, 0.2], [0.2, 0.8]], [0, 0, 1])
    >>> table = ec.compare(old, new).by_class
    >>> table.names, table.gained, table.lost
    (('0', '1'), array([1, 0]), array([0, 0]))
    >>> table.to_dict()["accuracy_old"]
    [0.5, 1.0]
    """

    names: tuple[str, ...]
    count: NDArray[np.int64]
    accuracy_old: NDArray[np.float64]
    accuracy_new: NDArray[np.float64]
    mean_easiness_old: NDArray[np.float64]
    mean_easiness_new: NDArray[np.float64]
    hard_old: NDArray[np.int64]
    hard_new: NDArray[np.int64]
    gained: NDArray[np.int64]
    lost: NDArray[np.int64]
    p_value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"ChangeTable({len(self)} rows, {int(self.count.sum())} samples)"

    def _columns(self) -> dict[str, Any]:
        figures = {name: values for name, values in vars(self).items() if name != "names"}
        return {"name": np.array(self.names), **figures}

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the columns of the table as lists, ready for JSON.

        Returns
        -------
        dict of str to list
            The columns; `names` is called "name".
        """
        return {name: column.tolist() for name, column in self._columns().items()}


def changes_by(
    samples: dict[str, NDArray[Any]],
    names: NDArray[Any],
    gained: NDArray[np.bool_],
    lost: NDArray[np.bool_],
) -> ChangeTable:
    """Count the changes of each name, given one name per sample."""
    found, which = np.unique(names, return_inverse=True)
    count = np.bincount(which)

    def total(values: NDArray[Any]) -> NDArray[np.int64]:
        return np.bincount(which[values], minlength=len(found)).astype(np.int64, copy=False)

    def mean(values: NDArray[Any]) -> NDArray[np.float64]:
        return np.bincount(which, weights=values, minlength=len(found)) / count

    up, down = total(gained), total(lost)
    pairs = zip(up.tolist(), down.tolist(), strict=True)
    return ChangeTable(
        names=tuple(str(each) for each in found.tolist()),
        count=count.astype(np.int64, copy=False),
        accuracy_old=total(samples["correct_old"]) / count,
        accuracy_new=total(samples["correct_new"]) / count,
        mean_easiness_old=mean(samples["easiness_old"]),
        mean_easiness_new=mean(samples["easiness_new"]),
        hard_old=total(samples["level_old"] == Level.HARD),
        hard_new=total(samples["level_new"] == Level.HARD),
        gained=up,
        lost=down,
        p_value=holm([sign_test(*pair) for pair in pairs]),
    )
