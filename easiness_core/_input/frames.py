"""Convert data frames and columns to NumPy arrays: pandas by its own methods, others by Arrow.

pyarrow reads anything with the Arrow PyCapsule interface (pyarrow, polars, ...) without a copy;
columns of `datasets` are Arrow already. Only packages that the caller has imported are used.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core._input.extra_columns import only_classes, quoted, refuse_whole_among_fractions
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
    """Error about rows that are missing or contain missing values."""
    row = first_row + int(np.flatnonzero(rows)[0])
    what = "rows contain values that" if within else "values"
    return InputValueError(
        f"{int(rows.sum())} of {rows.size} {what} are {word}; the first is row {row}",
        argument=name,
        hint="drop or fill those rows",
        row=row,
    )


def check_lengths(lengths: NDArray[Any], name: str) -> None:
    """Refuse rows of different lengths."""
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
    """Whether a value's class, or one of its base classes, belongs to a library."""
    return any(each.__module__.partition(".")[0] == library for each in type(values).__mro__)


def read_frame(values: Any, name: str) -> tuple[Any, Names] | None:
    """Array of a data frame or column, and any column names; None for other values."""
    if comes_from(values, "pandas"):
        return _from_pandas(values, name)
    if comes_from(values, "datasets"):
        refuse_streams(values, name)
        values = _table_of(values, name)
        is_arrow = hasattr(values, "__arrow_c_stream__")
        return _from_arrow(values, name) if is_arrow else None if values is None else (values, None)
    if hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__"):
        return _from_arrow(values, name)
    return None


def like_frame(array: NDArray[Any], values: Any) -> Any:
    """Convert an array back to the type of the data frame it came from, if it came from one."""
    if type(values) is np.ndarray:
        return array
    if comes_from(values, "pandas") and values.ndim == 2:
        pd = sys.modules["pandas"]
        return pd.DataFrame(array, index=values.index, columns=values.columns)
    if comes_from(values, "polars") and hasattr(values, "columns"):
        return sys.modules["polars"].DataFrame(array, schema=values.columns)
    frame = read_frame(values, "logits")
    if frame is None or frame[1] is None or len(frame[1]) != array.shape[1]:
        return array
    import pyarrow as pa

    return pa.Table.from_arrays([pa.array(each) for each in array.T], names=list(frame[1]))


def index_of(values: Any) -> Any:
    """Index of a pandas data frame or series, or None."""
    return values.index if hasattr(values, "iloc") and comes_from(values, "pandas") else None


def check_same_index(index: Any, other: Any, name: str, other_name: str, other_index: str) -> None:
    """Refuse two pandas indices that differ; `other_index` is code for the other one."""
    if index is None or other is None or index.equals(other) or len(index) != len(other):
        return  # a wrong number of rows has its own message
    # Value by value: Int64 and int64 may be equal, and missing values never are.
    pairs = enumerate(zip(index.tolist(), other.tolist(), strict=True))
    row, (one, two) = next((each for each in pairs if not _are_same(*each[1])), (-1, ("", "")))
    if row < 0:
        return
    are_unique = index.is_unique and other.is_unique
    to_array = "pass {argument}.to_numpy() if the rows already match"
    if not are_unique or not index.isin(other).all():
        hint = f"select the same samples in both, or {to_array}"
    else:
        hint = f"align them, as {{argument}}.loc[{other_index}] does, or {to_array}"
    raise InputValueError(
        f"its index differs from that of {other_name} at row {row}: {one!r} and {two!r}",
        argument=name,
        hint=hint,
        row=row,
    )


def is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, or the pandas equivalent."""
    if isinstance(value, (float, np.floating)):
        return bool(value != value)
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _are_same(one: Any, two: Any) -> bool:
    if is_missing(one) or is_missing(two):
        return is_missing(one) and is_missing(two)
    if isinstance(one, tuple) and isinstance(two, tuple) and len(one) == len(two):
        return all(map(_are_same, one, two))
    return bool(one == two)


def _from_pandas(values: Any, name: str) -> tuple[Any, Names]:
    if values.ndim == 1:
        return _series(values, name), None
    names = tuple(values.columns)
    kinds = list(values.dtypes)
    if values.columns.nlevels > 1 and name in ("probs", "logits"):
        group = values.columns[0][0]
        raise InputTypeError(
            f"expected columns of one level, got {values.columns.nlevels}",
            argument=name,
            hint=f"pass one group of them, such as {{argument}}[{quoted(group)}]",
        )
    if all(isinstance(kind, np.dtype) and kind.kind in "fiubc" for kind in kinds):
        if name == "probs" and len(set(kinds)) > 1:
            columns = [values.iloc[:, at].to_numpy() for at in range(len(names))]
            refuse_whole_among_fractions(columns, names)
        return values.to_numpy(), names
    if len(names) != 1:
        null = np.asarray(values.isna().any(axis=1))
        if null.any():
            raise missing(name, null, within=True)
    columns = [_series(values.iloc[:, at], name) for at in range(len(names))]
    hint = only_classes(names, [kind.kind for kind in kinds])
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


def refuse_streams(values: Any, name: str) -> None:
    """Refuse a dictionary of splits, and a stream of `datasets`."""
    source = values.source if hasattr(values, "column_name") else values
    if isinstance(source, dict):
        first = quoted(next(iter(source), "train"))
        hint = f"pass one split, such as {{argument}}[{first}]"
    elif hasattr(source, "select_columns") and not hasattr(source, "__len__"):
        is_column = source is not values
        hint = "read it first: pass " + (
            "list({argument})" if is_column else "datasets.Dataset.from_list(list({argument}))"
        )
    else:
        return
    raise InputTypeError(
        f"expected an array, got {type(values).__name__}", argument=name, hint=hint
    )


def _table_of(values: Any, name: str) -> Any:
    """Arrow table of a `datasets.Dataset`, or one of its columns; a list if a transform made it."""
    is_column = hasattr(values, "column_name")
    source = values.source if is_column else values
    # Streams and dictionaries of splits are refused before.
    if not hasattr(source, "select_columns") or not hasattr(source, "__len__"):
        return None
    if isinstance(source, dict):
        return None
    if source.format["type"] == "custom":  # with_transform: Arrow holds its input, not its output
        if is_column:
            return values[:]
        raise InputTypeError(
            "expected a data set without a transform",
            argument=name,
            hint="pass a column, such as ds['probs'], or ds.with_format(None)",
        )
    table = source.select_columns([values.column_name]) if is_column else source
    table = table.with_format("arrow")[:]
    return table.column(0) if is_column else table


def names_of_codes(values: Any) -> Names:
    """Names of the numbers in a ClassLabel column of `datasets`."""
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
    """Convert a chunked array to an array; lists become a matrix."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.null_count:
        raise missing(name, column.is_null().to_numpy(), "null")
    if pa.types.is_dictionary(column.type):
        # With NumPy, because Arrow cannot decode dictionaries of string views, as polars has them.
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
    # Without rows, the length of the lists is unknown.
    return values.reshape(len(array), width) if width or len(array) else values


def _joined(
    columns: Sequence[Any],
    names: tuple[Any, ...],
    argument: str,
    n_rows: int = 0,
    hint: str = "pass only the columns of the classes",
) -> tuple[Any, Names]:
    """Stack columns side by side; refuse a mix of numbers and other types."""
    if not columns:
        return np.empty((n_rows, 0)), names
    if len(columns) == 1:
        return (columns[0] if columns[0].ndim > 1 else columns[0][:, None]), names
    are_numbers = [each.ndim == 1 and each.dtype.kind in "fiub" for each in columns]
    if any(are_numbers) and not all(are_numbers):
        at = are_numbers.index(False)
        got = "lists" if columns[at].ndim > 1 else f"dtype {columns[at].dtype}"
        if argument not in ("probs", "logits"):
            one = argument if argument in names else names[0]
            hint = f"pass one column, such as {{argument}}[{quoted(one)}]"
        raise InputTypeError(
            f"expected columns of one kind, got numbers and {got} in column {names[at]!r}",
            argument=argument,
            hint=hint,
        )
    if argument == "probs":
        refuse_whole_among_fractions(columns, names)
    return np.column_stack(columns), names
