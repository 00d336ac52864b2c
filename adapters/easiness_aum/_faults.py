"""Messages about a bad update, with the fix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from easiness_aum._input import Id
from easiness_aum._table import Table


def check_kind(table: Table, ids: list[Id]) -> None:
    """Check that ids have the same type as before."""
    known = next(iter(table.index), None)
    if known is not None and ids and type(known) is not type(ids[0]):
        raise TypeError(
            f"ids: expected {type(known).__name__} as before, got {type(ids[0]).__name__} "
            f"{ids[0]!r}"
        )


def check_same_labels(
    table: Table, ids: list[Id], row: NDArray[np.int64], labels: NDArray[np.int64]
) -> None:
    """Check that no sample's label has changed."""
    changed = table.changed_label(ids, row, labels)
    if changed is not None:
        n_changed, first, old, new = changed
        raise ValueError(
            f"labels: changed in {n_changed} row{'s' * (n_changed != 1)}; the first is id "
            f"{first!r}, label {old} before and {new} now; the average over both "
            f"is meaningless: start a new AreaUnderMargin for a run with other labels"
        )


def not_finite(bad: NDArray[np.bool_], ids: list[Id]) -> str:
    """Write the message about non-finite margins."""
    rows = np.flatnonzero(bad).tolist()
    named = ", ".join(repr(ids[row]) for row in rows[:5]) + (", ..." if len(rows) > 5 else "")
    return (
        f"logits: {len(rows)} of {bad.size} rows have no finite margin (NaN, infinity or "
        f"overflow): ids {named}; look for these samples in the data, lower the learning rate, "
        f'or pass on_nan="skip" to leave such rows out'
    )
