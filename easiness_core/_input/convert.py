"""Whatever holds an array, as a NumPy array: recognised by its looks, nothing imported."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core.errors import InputTypeError, InputValueError

# torch's bfloat16, of which NumPy knows only the bits: the upper half of a float32.
_BFLOAT16_BITS = np.dtype([("bfloat16", np.uint16)])


def is_half(dtype: np.dtype[Any]) -> bool:
    """Whether a dtype is float16 or bfloat16 (torch's bits or the type of ml_dtypes)."""
    if dtype.kind != "V":
        return dtype.char == "e"
    return dtype == _BFLOAT16_BITS or dtype.name == "bfloat16"


def widen(rows: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Rows as C-contiguous float32 or float64; a view where they are that already."""
    if rows.dtype == _BFLOAT16_BITS:
        rows = (rows["bfloat16"].astype(np.uint32) << 16).view(np.float32)
    return np.require(rows, dtype, ["C", "A"])


def to_array(values: Any, name: str) -> NDArray[Any]:
    """View values as a plain ndarray, without a copy where the source allows it.

    Parameters
    ----------
    values : array
        NumPy, pandas, pyarrow, a torch tensor on the CPU, or what `np.asarray` reads.
    name : str
        Their name in messages.

    Returns
    -------
    ndarray
        Of the same shape and dtype; bfloat16 of torch as a structured dtype of its bits.

    Raises
    ------
    InputTypeError
        If `values` is sparse, has masked entries, or is not in host memory.
    InputValueError
        If values are missing or rows differ in length.

    Examples
    --------
    >>> from easiness_core.validation import to_array
    >>> to_array([[0.9, 0.1], [0.2, 0.8]], "probs").shape
    (2, 2)
    """
    if type(values) is np.ndarray:
        return values
    module = type(values).__module__.partition(".")[0]
    if is_torch(values):
        values = _from_torch(values, name)
    elif module == "pyarrow":
        values = _from_pyarrow(values, name)
    elif module == "scipy" and hasattr(values, "toarray"):
        raise InputTypeError(
            f"expected a dense array, got a sparse {type(values).__name__}",
            argument=name,
            hint="pass {argument}.toarray()",
        )
    elif isinstance(values, np.ma.MaskedArray):
        masked = int(np.ma.getmaskarray(values).sum())
        if masked:
            raise InputTypeError(
                f"expected an array without masked entries, got {masked} masked",
                argument=name,
                hint="drop those rows or fill them with {argument}.filled(...)",
            )
        values = values.data
    elif module == "pandas" and values.ndim == 1 and _has_missing(values):
        raise _missing(name, np.asarray(values.isna()), "missing")
    elif module == "pandas" and values.ndim == 2 and np.asarray(values).dtype == object:
        missing: NDArray[np.bool_] = np.asarray(values.isna().any(axis=1))
        if missing.any():
            raise _missing(name, missing, "missing", "rows hold values that")
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as error:
        kind = InputTypeError if isinstance(error, TypeError) else InputValueError
        raise kind(f"cannot be read as an array ({error})", argument=name) from error
    if array.dtype == object and module == "pandas":
        return _from_object(array)
    return array


def is_torch(values: Any) -> bool:
    """Whether a value is a tensor of torch, or of a subclass that another package defines.

    Parameters
    ----------
    values : object
        Anything; torch is not imported.

    Returns
    -------
    bool
        True for a tensor.

    Examples
    --------
    >>> import numpy as np
    >>> from easiness_core.validation import is_torch
    >>> is_torch(np.zeros(3))
    False
    """
    return any(each.__module__.partition(".")[0] == "torch" for each in type(values).__mro__)


def _missing(
    name: str, rows: NDArray[np.bool_], word: str, what: str = "values"
) -> InputValueError:
    row = int(np.flatnonzero(rows)[0])
    return InputValueError(
        f"{int(rows.sum())} of {rows.size} {what} are {word}; the first is row {row}",
        argument=name,
        hint="drop or fill those rows",
        row=row,
    )


def _has_missing(series: Any) -> bool:
    # Floats carry NaN, which has its own message.
    return series.dtype.kind != "f" and bool(series.isna().any())


def _from_object(array: NDArray[Any]) -> NDArray[Any]:
    """Nullable pandas columns come as objects; numbers among them as numbers."""
    try:
        narrowed = np.array(array.tolist())
    except ValueError:
        return array
    return narrowed if narrowed.shape == array.shape and narrowed.dtype.kind in "fiub" else array


def _from_torch(tensor: Any, name: str) -> Any:
    if tensor.device.type != "cpu":
        raise InputTypeError(
            f"expected an array in host memory, got a tensor on {tensor.device}",
            argument=name,
            hint="pass {argument}.cpu(), or score on the device with easiness_torch",
        )
    tensor = tensor.detach()
    if str(tensor.dtype) == "torch.bfloat16":
        return tensor.view(sys.modules["torch"].int16).numpy().view(_BFLOAT16_BITS)
    return tensor.numpy()


def _from_pyarrow(values: Any, name: str) -> Any:
    if hasattr(values, "column_names"):
        if values.num_columns == 1 and "list" in str(values.column(0).type):
            return _from_pyarrow(values.column(0), name)
        null = np.zeros(values.num_rows, dtype=bool)
        for column in values.columns:
            null |= np.asarray(column.is_null(), dtype=bool)
        if null.any():
            raise _missing(name, null, "null", "rows hold values that")
        columns = [_from_pyarrow(column, name) for column in values.columns]
        return np.column_stack(columns) if columns else np.empty((values.num_rows, 0))
    if hasattr(values, "combine_chunks"):
        values = values.combine_chunks()
    if values.null_count:
        raise _missing(name, values.is_null().to_numpy(zero_copy_only=False), "null")
    if not hasattr(values, "value_lengths"):
        return values.to_numpy(zero_copy_only=False)
    if len(values) == 0:
        return np.empty((0, values.type.list_size) if hasattr(values.type, "list_size") else 0)
    lengths = np.unique(values.value_lengths().to_numpy())
    if len(lengths) > 1:
        raise InputValueError(
            f"expected lists of one length, got lengths {lengths[0]} to {lengths[-1]}",
            argument=name,
        )
    flat = values.flatten()
    if flat.null_count:
        null = flat.is_null().to_numpy(zero_copy_only=False).reshape(len(values), -1).any(axis=1)
        raise _missing(name, null, "null", "rows hold values that")
    return _from_pyarrow(flat, name).reshape(len(values), -1)
