"""Convert the arguments of `AreaUnderMargin.update` to arrays on the host."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core.validation import is_torch, to_array

Id = int | str


def to_host(values: Any, name: str) -> NDArray[Any]:
    """Convert an array or tensor on any device; tensors are copied to the host once."""
    if is_torch(values):
        values = values.detach().cpu()
    return to_array(values, name)


def to_ids(ids: Any, n_rows: int | None = None) -> list[Id]:
    """Convert ids to Python ints or strings, so that equal ids are equal keys."""
    array = to_host(ids, "ids")
    if array.ndim != 1 or (n_rows is not None and array.size != n_rows):
        size = "n" if n_rows is None else n_rows
        raise ValueError(f"ids: expected shape ({size},), one per row of logits, got {array.shape}")
    if array.size == 0:
        return []
    kind = array.dtype.kind
    if kind == "i":
        return array.tolist()  # type: ignore[no-any-return]
    given = list(ids) if isinstance(ids, (list, tuple)) else array.tolist()
    # Whole numbers may be objects, as in a column of a data frame, or too large for an
    # integer array, so that NumPy has rounded them.
    if all(map(_is_whole, given)):
        numbers = [int(each) for each in given]
        outside = [each for each in numbers if not -(2**63) <= each < 2**63]
        if outside:
            raise ValueError(f"ids: expected numbers from -2**63 to below 2**63, got {outside[0]}")
        return list(numbers)
    if kind in "UOT":
        others = [each for each in given if not isinstance(each, str)]
        if others:
            raise TypeError(
                f"ids: expected whole numbers or strings, all of one kind, got {others[0]!r} of "
                f"type {type(others[0]).__name__} among them; pass ids of one kind, such as row "
                f"numbers"
            )
        return [str(each) for each in given]
    why = "; floating point cannot hold every whole number" if kind == "f" else ""
    raise TypeError(
        f"ids: expected whole numbers or strings, got dtype {array.dtype}{why}; pass them as "
        f"int64 or str all the way"
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def ids_as_array(ids: list[Id]) -> NDArray[Any]:
    """Convert ids to an array of int64 or of strings."""
    return np.array(ids) if ids else np.empty(0, dtype=np.int64)
