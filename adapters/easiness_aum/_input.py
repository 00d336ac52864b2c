"""What `AreaUnderMargin.update` is given, as plain arrays on the host."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core._convert import to_array

Id = int | str


def to_host(values: Any, name: str) -> NDArray[Any]:
    """Any array or tensor on any device as an array; tensors are copied from their device once."""
    if type(values).__module__.partition(".")[0] == "torch" and hasattr(values, "cpu"):
        values = values.detach().cpu()
    return to_array(values, name)


def to_ids(ids: Any, n_rows: int | None = None) -> list[Id]:
    """Ids as Python values, all int or all str: equal ids are one key, whatever held them."""
    array = to_host(ids, "ids")
    if array.ndim != 1 or (n_rows is not None and array.size != n_rows):
        size = "n" if n_rows is None else n_rows
        raise ValueError(f"ids: expected shape ({size},), one a row of logits, got {array.shape}")
    if array.size == 0:
        return []
    kind = array.dtype.kind
    given = list(ids) if isinstance(ids, (list, tuple)) else array.tolist()
    if kind in "UO" or array.dtype.kind == "T":
        other = next((each for each in given if not isinstance(each, str)), None)
        if other is not None:
            raise TypeError(
                f"ids: expected whole numbers or strings, all of one kind, got {other!r} of type "
                f"{type(other).__name__} among them; pass ids of one kind, such as row numbers"
            )
        return [str(each) for each in given]
    if kind not in "iu":
        raise TypeError(
            f"ids: expected whole numbers or strings, got dtype {array.dtype}; floating point "
            f"cannot hold every whole number, so keep ids in int64 all the way"
        )
    if kind == "u" and int(array.max()) > np.iinfo(np.int64).max:
        raise ValueError(f"ids: expected numbers below 2**63, got {int(array.max())}")
    return array.tolist()  # type: ignore[no-any-return]


def ids_as_array(ids: list[Id]) -> NDArray[Any]:
    """Ids as an array of int64 or of strings."""
    return np.array(ids) if ids else np.empty(0, dtype=np.int64)
