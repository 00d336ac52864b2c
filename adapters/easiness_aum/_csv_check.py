"""Check that the records of a file are consistent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_aum._faults import check_same_labels
from easiness_aum._input import Id
from easiness_aum._table import Log, Table

# The package aum subtracts in the logits' own precision: bfloat16 keeps 8 bits of a margin, and
# float16 loses more than that only below 6e-8.
_MARGIN_BITS = 2.0**-8
_MARGIN_STEP = 1e-7
# Means are float64 sums, which may have been added in another order.
_MEAN_ERROR = 1e-9


def check_records(path: str, table: Table, ids: list[Id], columns: list[NDArray[Any]]) -> Log:
    """Refuse inconsistent records, naming the first; `columns` are those of the file."""
    given, target, target_value, other, other_value, margin, aum = columns
    for name, classes in (("target_logit", target), ("other_logit", other)):
        _refuse(path, classes < 0, name, classes, "a class, 0 or more")
    _refuse(path, target == other, "other_logit", other, "another class than target_logit")
    difference = target_value - other_value
    off = np.abs(margin - difference) > _MARGIN_BITS * np.abs(difference) + _MARGIN_STEP
    _refuse(path, off, "margin", margin, "target_val - other_val", difference)
    row = table.find(ids)
    check_same_labels(table, ids, row, target)
    log = Log(row, target, target_value, other, other_value, margin)
    number, mean = log.running()
    what = "measurements of a sample numbered 1, 2, ... in the order of the lines, here"
    _refuse(path, given != number, "num_measurements", given, what, number)
    size = np.abs(margin).max(initial=0.0)
    off = np.abs(aum - mean) > _MEAN_ERROR * size
    _refuse(path, off, "aum", aum, "the mean margin so far,", mean)
    return log


def _refuse(
    path: str,
    bad: NDArray[np.bool_],
    name: str,
    got: NDArray[Any],
    what: str,
    expected: NDArray[Any] | None = None,
) -> None:
    if not bad.any():
        return
    first = int(np.flatnonzero(bad)[0])
    value = "" if expected is None else f" {expected[first].item()!r}"
    raise ValueError(
        f"{path}: column {name}: expected {what}{value}, got {got[first].item()!r} in record "
        f"{first + 1} ({int(bad.sum())} of {bad.size} records are off); the file was changed or is "
        f"not whole: write it again with to_csv"
    )
