"""Convert anything that holds an array to NumPy, by duck typing: nothing is imported."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core._input.frames import (
    Names,
    check_lengths,
    comes_from,
    is_missing,
    missing,
    read_frame,
)
from easiness_core._input.tensors import BFLOAT16_BITS, from_torch
from easiness_core.errors import InputTypeError, InputValueError


def is_half(dtype: np.dtype[Any]) -> bool:
    """Whether a dtype is float16 or bfloat16 (torch's bits or the type of ml_dtypes)."""
    if dtype.kind != "V":
        return dtype.char == "e"
    return dtype == BFLOAT16_BITS or dtype.name == "bfloat16"


def widen(rows: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Rows as C-contiguous float32 or float64; a view if they already are."""
    if rows.dtype == BFLOAT16_BITS:
        rows = (rows["bfloat16"].astype(np.uint32) << 16).view(np.float32)
    return np.require(rows, dtype, ["C", "A"])


def to_array(values: Any, name: str) -> NDArray[Any]:
    """Convert anything that holds an array to an ndarray, without a copy if possible.

    Parameters
    ----------
    values : array
        NumPy, a torch tensor on the CPU, pandas, polars, pyarrow, a column of `datasets`, anything
        with the Arrow PyCapsule interface, or anything that `np.asarray` reads. A column of rows,
        such as a Series of arrays, becomes a matrix.
    name : str
        Name of the argument in messages.

    Returns
    -------
    ndarray
        Same shape and dtype; bfloat16 becomes a structured dtype with its bits.

    Raises
    ------
    InputTypeError
        If `values` is sparse, nested or quantized, has masked entries, or is not in host memory.
    InputValueError
        If values are missing or rows differ in length.
    ImportError
        If pyarrow is needed to read them, and is not installed.

    Examples
    --------
    >>> from easiness_core.validation import to_array
    >>> to_array([[0.9, 0.1], [0.2, 0.8]], "probs").shape
    (2, 2)
    """
    return to_named_array(values, name)[0]


def to_named_array(values: Any, name: str) -> tuple[NDArray[Any], Names]:
    """As `to_array`, with the column names, if any."""
    if type(values) is np.ndarray and values.dtype.kind != "O":
        return values, None
    names: Names = None
    frame = read_frame(values, name)
    if frame is not None:
        values, names = frame
    elif is_torch(values):
        values = from_torch(values, name)
    elif isinstance(values, np.ma.MaskedArray):
        masked = int(np.ma.getmaskarray(values).sum())
        if masked:
            raise InputTypeError(
                f"expected an array without masked entries, got {masked} masked",
                argument=name,
                hint="drop those rows or fill them with {argument}.filled(...)",
            )
        values = values.data
    else:
        for method in ("toarray", "to_tensor", "collect"):
            if hasattr(values, method) and not hasattr(values, "__array__"):
                problem = f"expected a dense array, got a {type(values).__name__}"
                hint = f"pass {{argument}}.{method}()"
                raise InputTypeError(problem, argument=name, hint=hint)
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as error:
        kind = InputTypeError if isinstance(error, TypeError) else InputValueError
        raise kind(f"cannot be read as an array ({error})", argument=name) from error
    if array.dtype == object and array.size:
        first = array.flat[0]
        if isinstance(first, (list, tuple)) or getattr(first, "ndim", 0) > 0:
            return _stacked(array, name), None
        if frame is not None and not isinstance(array.flat[0], str):
            return _from_object(array), names
    return array, names if array.ndim == 2 and names and len(names) == array.shape[1] else None


def is_torch(values: Any) -> bool:
    """Tell whether a value is a torch tensor, without importing torch.

    Parameters
    ----------
    values : object
        Anything.

    Returns
    -------
    bool
        True for a tensor, and for a subclass that another package defines.

    Examples
    --------
    >>> import numpy as np
    >>> from easiness_core.validation import is_torch
    >>> is_torch(np.zeros(3))
    False
    """
    # Excludes data sets and models.
    return hasattr(values, "device") and comes_from(values, "torch")


def _from_object(array: NDArray[Any]) -> NDArray[Any]:
    """Convert nullable pandas columns, which arrive as objects, back to numbers."""
    try:
        narrowed = np.array(array.tolist())
    except ValueError:
        return array
    return narrowed if narrowed.shape == array.shape and narrowed.dtype.kind in "fiub" else array


def _stacked(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Convert one column of rows to a matrix."""
    rows = array.ravel()
    if rows.size != array.shape[0]:
        return array
    none = np.array([row is None for row in rows])
    if none.any():
        raise missing(name, none)
    parts = [np.asarray(row) for row in rows]
    check_lengths(np.array([part.size for part in parts]), name)
    return np.array(parts)


def refuse_missing(array: NDArray[Any], name: str, first_row: int = 0) -> None:
    """Refuse an array of objects that is one only because values are missing."""
    if array.dtype == object and array.ndim in (1, 2):
        each = np.array([is_missing(value) for value in array.flat], dtype=bool)
        if each.any():
            rows: NDArray[np.bool_] = np.asarray(each.reshape(len(array), -1).any(axis=1))
            raise missing(name, rows, within=array.ndim == 2, first_row=first_row)
