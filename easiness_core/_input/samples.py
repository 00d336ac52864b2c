"""Check what comes with the probabilities: labels, classes, ids and an index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._input.frames import Names, check_same_index, index_of
from easiness_core._input.labels import check_ids, name_labels
from easiness_core._input.probs import Probs
from easiness_core.errors import InputValueError

# Labels as column numbers, class names, ids, and the pandas index, if any. A plain tuple, because a
# named tuple takes 0.3 of the 16 us of a batch.
Samples = tuple[NDArray[np.int64], Names, NDArray[Any] | None, Any]


def check_samples(
    rows: Probs,
    probs: ArrayLike,
    labels: ArrayLike,
    *,
    classes: Sequence[Any] | None,
    ids: ArrayLike | None = None,
    first_row: int = 0,
) -> Samples:
    """Check the arguments that belong to the rows of `probs`, which are `rows`."""
    if rows.moved and classes is not None:
        raise InputValueError(
            "its columns are numbered but not in numeric order",
            argument="probs",
            hint="put them in that order, and {classes} in the same order",
        )
    given, names = name_labels(
        labels, rows.n_rows, rows.n_classes, classes=classes, columns=rows.names,
        first_row=first_row,
    )  # fmt: skip
    if type(probs) is type(labels) is np.ndarray and ids is None:
        return given, names, None, None
    index = shared_index(probs=probs, labels=labels, ids=ids)
    return given, names, check_ids(ids, rows.n_rows), None if is_default(index) else index


def shared_index(**arguments: Any) -> Any:
    """Index of the pandas arguments, or None; indices that differ are refused."""
    found = [(name, index_of(values)) for name, values in arguments.items()]
    found = [(name, index) for name, index in found if index is not None]
    for name, index in found[1:]:
        check_same_index(index, found[0][1], name, found[0][0], f"{found[0][0]}.index")
    return found[0][1] if found else None


def is_default(index: Any) -> bool:
    """Whether an index just numbers the rows from 0, as Scores do anyway."""
    is_range = type(index).__name__ == "RangeIndex" and index.name is None
    return is_range and (index.start, index.step) == (0, 1)
