"""Frames and columns as NumPy arrays: pandas by its own methods, all others by Arrow.

What has the Arrow PyCapsule interface (pyarrow, polars, ...) is read by pyarrow without a
copy; columns of `datasets` are Arrow already. Nothing is imported that the caller has not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core.errors import InputTypeError, InputValueError

Names = tuple[Any, ...] | None


def missing(
    name: str,
    rows: NDArray[np.bool_],
    word: str = "missing",
    *,
    within: bool = False,
    first_row: int = 0,
) -> InputValueError:
    """Error about the rows that are missing, or hold missing values within."""
    row = first_row + int(np.flatnonzero(rows)[0])
    what = "rows contain values that" if within else "values"
    return InputValueError(
        f"{int(rows.sum())} of {rows.size} {what} are {word}; the first is row {row}",
        argument=name,
        hint="drop or fill those rows",
        row=row,
    )


def check_lengths(lengths: NDArray[Any], name: str) -> None:
    """Refuse rows of several lengths."""
    low, high = int(lengths.min()), int(lengths.max())
    if low != high:
        row = int(np.flatnonzero(lengths != lengths[0])[0])
        raise InputValueError(
            f"expected lists of one length, got lengths {low} to {high}; "
            f"row {row} is the first that differs",
            argument=name,
            row=row,
        )


def comes_from(values: Any, library: str) -> bool:
    """Whether a value's class, or one that it derives from, is of a library."""
    return any(each.__module__.partition(".")[0] == library for each in type(values).__mro__)


def read_frame(values: Any, name: str) -> tuple[Any, Names] | None:
    """Array of a frame or a column, and the names of a frame's columns; None of anything else."""
    if comes_from(values, "pandas"):
        return _from_pandas(values, name)
    if comes_from(values, "datasets"):
        values = _table_of(values)
        return None if values is None else _from_arrow(values, name)
    if hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__"):
        return _from_arrow(values, name)
    return None


def index_of(values: Any) -> Any:
    """Index of a frame or series of pandas, or None."""
    return values.index if hasattr(values, "iloc") and comes_from(values, "pandas") else None


def check_same_index(index: Any, other: Any, name: str, other_name: str) -> None:
    """Refuse two indices of pandas that differ."""
    if index is None or other is None or index.equals(other) or len(index) != len(other):
        return  # another number of rows has its own message
    pairs = zip(index.tolist(), other.tolist(), strict=True)
    row, (one, two) = next(
        ((row, pair) for row, pair in enumerate(pairs) if pair[0] != pair[1]), (0, ("", ""))
    )
    raise InputValueError(
        f"its index differs from that of {other_name} at row {row}: {one!r} and {two!r}",
        argument=name,
        hint=f"align them, as {{argument}}.loc[{other_name}.index] does, or pass "
        "{argument}.to_numpy() if their rows belong together as they stand",
        row=row,
    )


def _from_pandas(values: Any, name: str) -> tuple[Any, Names]:
    if values.ndim == 1:
        return _series(values, name), None
    names = tuple(values.columns)
    if all(isinstance(kind, np.dtype) and kind.kind != "O" for kind in values.dtypes):
        return values.to_numpy(), names
    if len(names) != 1:
        null = np.asarray(values.isna().any(axis=1))
        if null.any():
            raise missing(name, null, within=True)
    columns = [_series(values.iloc[:, at], name) for at in range(len(names))]
    hint = "if the other columns are not classes, pass {argument}.select_dtypes('number')"
    return _joined(columns, names, name, hint=hint)


def _series(values: Any, name: str) -> Any:
    kind = values.dtype
    if not isinstance(kind, np.dtype) or kind.kind == "O":
        # NaN among floats has its own message.
        null = np.asarray(values.isna()) & (kind.kind != "f")
        if null.any():
            raise missing(name, null)
    if hasattr(kind, "pyarrow_dtype"):
        return _from_arrow(values, name)[0]
    if isinstance(getattr(kind, "numpy_dtype", None), np.dtype):
        filled = {"na_value": np.nan} if kind.kind == "f" else {}
        return values.to_numpy(dtype=kind.numpy_dtype, **filled)
    return np.asarray(values)


def _table_of(values: Any) -> Any:
    """Arrow table of a `datasets.Dataset`, or one of its columns."""
    if hasattr(values, "column_name") and hasattr(values.source, "select_columns"):
        return _table_of(values.source.select_columns([values.column_name])).column(0)
    # Neither a stream nor a dictionary of splits.
    is_whole = hasattr(values, "with_format") and hasattr(values, "__len__")
    if not is_whole or isinstance(values, dict):
        return None
    return values.with_format("arrow")[:]


def names_of_codes(values: Any) -> Names:
    """Names that a column of `datasets` of type ClassLabel has for its numbers."""
    if not comes_from(values, "datasets") or not hasattr(values, "column_name"):
        return None
    names = getattr(values.features, "names", None)
    return None if names is None else tuple(names)


def _from_arrow(values: Any, name: str) -> tuple[Any, Names]:
    try:
        import pyarrow as pa
    except ImportError as error:
        kind = f"{type(values).__module__.partition('.')[0]} {type(values).__name__}"
        raise ImportError(f"{name}: reading a {kind} needs pyarrow: pip install pyarrow") from error
    has_stream = hasattr(values, "__arrow_c_stream__")
    column = pa.chunked_array(values if has_stream else [pa.array(values)])
    if not pa.types.is_struct(column.type):
        return _column(column, name), None
    columns, names = column.flatten(), tuple(field.name for field in column.type)
    if len(columns) == 1:
        array = _column(columns[0], name)
        return (array if array.ndim > 1 else array[:, None]), names
    null = np.zeros(len(column), dtype=bool)
    for each in columns:
        null |= each.is_null().to_numpy()
    if null.any():
        raise missing(name, null, "null", within=True)
    return _joined([_column(each, name) for each in columns], names, name, len(column))


def _column(column: Any, name: str) -> Any:
    """Array of a chunked array, of lists a matrix."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.null_count:
        raise missing(name, column.is_null().to_numpy(), "null")
    if pa.types.is_dictionary(column.type):
        # By NumPy: Arrow decodes no dictionary of string views, such as those of polars.
        parts = [
            each.dictionary.to_numpy(zero_copy_only=False)[each.indices.to_numpy()]
            for each in column.chunks
        ]
        return np.concatenate(parts) if parts else np.empty(0)
    array = column.combine_chunks()
    while isinstance(array.type, pa.BaseExtensionType):
        if len(getattr(array.type, "shape", ())) > 1:
            return array.to_numpy_ndarray()
        array = array.storage
    kind = array.type
    if pa.types.is_decimal(kind):
        return array.cast(pa.float64()).to_numpy(zero_copy_only=False)
    if not hasattr(kind, "value_field"):
        return array.to_numpy(zero_copy_only=False)
    width = getattr(kind, "list_size", 0)
    if len(array):
        lengths = pc.list_value_length(array).to_numpy(zero_copy_only=False)
        check_lengths(lengths, name)
        width = int(lengths[0])
    flat = pc.list_flatten(array)
    if flat.null_count:
        null = flat.is_null().to_numpy(zero_copy_only=False).reshape(len(array), -1)
        raise missing(name, null.any(axis=1), "null", within=True)
    values = _column(pa.chunked_array([flat]), name)
    # Without rows, the length of lists is not known.
    return values.reshape(len(array), width) if width or len(array) else values


def _joined(
    columns: Sequence[Any],
    names: tuple[Any, ...],
    argument: str,
    n_rows: int = 0,
    hint: str = "pass only the columns of the classes",
) -> tuple[Any, Names]:
    """Columns side by side; refused where some hold numbers, others something else."""
    if not columns:
        return np.empty((n_rows, 0)), names
    if len(columns) == 1:
        return (columns[0] if columns[0].ndim > 1 else columns[0][:, None]), names
    are_numbers = [each.ndim == 1 and each.dtype.kind in "fiub" for each in columns]
    if any(are_numbers) and not all(are_numbers):
        at = are_numbers.index(False)
        got = "lists" if columns[at].ndim > 1 else f"dtype {columns[at].dtype}"
        if argument not in ("probs", "logits"):
            hint = f"pass one column, such as {{argument}}[{names[0]!r}]"
        raise InputTypeError(
            f"expected columns of one kind, got numbers and {got} in column {names[at]!r}",
            argument=argument,
            hint=hint,
        )
    return np.column_stack(columns), names
