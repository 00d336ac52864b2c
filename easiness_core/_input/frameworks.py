"""Arrays of torch, pyarrow and polars as NumPy arrays, by their own methods; nothing imported."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_core.errors import InputTypeError, InputValueError

# torch's bfloat16, of which NumPy knows only the bits: the upper half of a float32.
BFLOAT16_BITS = np.dtype([("bfloat16", np.uint16)])


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
    what = "rows hold values that" if within else "values"
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


def from_torch(tensor: Any, name: str) -> Any:
    """Array of a tensor on the CPU, of bfloat16 as its bits."""
    device = tensor.device.type
    if device == "meta":
        raise InputTypeError("expected an array, got a tensor without values", argument=name)
    if device != "cpu":
        raise InputTypeError(
            f"expected an array in host memory, got a tensor on {tensor.device}",
            argument=name,
            hint="pass {argument}.cpu(), or score on the device with easiness_torch",
        )
    dtype = str(tensor.dtype).removeprefix("torch.")
    layout = str(tensor.layout).removeprefix("torch.").lstrip("_")
    for refused, kind, mend in (
        (tensor.is_nested, "nested", "torch.stack({argument}.unbind())"),
        (layout != "strided", layout, "{argument}.to_dense()"),
        (tensor.is_quantized, "quantized", "{argument}.dequantize()"),
        (dtype.startswith("float8"), dtype, "{argument}.float()"),
    ):
        if refused:
            problem = f"expected a dense array, got a {kind} tensor"
            raise InputTypeError(problem, argument=name, hint=f"pass {mend}")
    # Views of a conjugate or a negative: their values are yet to be computed.
    tensor = tensor.detach().resolve_conj().resolve_neg()
    if dtype == "bfloat16":
        return tensor.view(sys.modules["torch"].int16).numpy().view(BFLOAT16_BITS)
    try:
        return tensor.numpy()
    except (TypeError, RuntimeError) as error:
        got = f"a {type(tensor).__name__} of dtype {dtype} cannot be read as an array ({error})"
        raise InputTypeError(got, argument=name) from error


def from_pyarrow(values: Any, name: str) -> Any:
    """Array of an arrow array, chunked array, table, batch or tensor."""
    if hasattr(values, "column_names"):
        if values.num_columns == 1 and _is_nested(values.column(0).type):
            return from_pyarrow(values.column(0), name)
        null = np.zeros(values.num_rows, dtype=bool)
        for column in values.columns:
            null |= np.asarray(column.is_null(), dtype=bool)
        if null.any():
            raise missing(name, null, "null", within=True)
        columns = [from_pyarrow(column, name) for column in values.columns]
        return np.column_stack(columns) if columns else np.empty((values.num_rows, 0))
    if hasattr(values, "combine_chunks"):
        values = values.combine_chunks()
    if not hasattr(values, "null_count"):
        if hasattr(values, "to_tensor"):
            raise InputTypeError(
                f"expected a dense array, got a {type(values).__name__}",
                argument=name,
                hint="pass {argument}.to_tensor()",
            )
        if not hasattr(values, "to_numpy"):
            got = f"a pyarrow {type(values).__name__}"
            raise InputTypeError(f"expected an array, got {got}", argument=name)
        return values.to_numpy()
    if values.null_count:
        raise missing(name, values.is_null().to_numpy(zero_copy_only=False), "null")
    if hasattr(values, "storage"):
        if len(getattr(values.type, "shape", ())) > 1:
            return values.to_numpy_ndarray()
        values = values.storage
    if not hasattr(values, "value_lengths"):
        return values.to_numpy(zero_copy_only=False)
    if len(values) == 0:
        return np.empty((0, values.type.list_size) if hasattr(values.type, "list_size") else 0)
    check_lengths(values.value_lengths().to_numpy(), name)
    flat = values.flatten()
    if flat.null_count:
        null = flat.is_null().to_numpy(zero_copy_only=False).reshape(len(values), -1).any(axis=1)
        raise missing(name, null, "null", within=True)
    return from_pyarrow(flat, name).reshape(len(values), -1)


def _is_nested(kind: Any) -> bool:
    return "list" in str(kind) or "fixed_shape_tensor" in str(kind)


def from_polars(values: Any, name: str) -> Any:
    """Array of a polars Series or DataFrame; a column of lists as a matrix."""
    if hasattr(values, "collect"):
        problem = "expected an array, got a LazyFrame"
        raise InputTypeError(problem, argument=name, hint="pass {argument}.collect()")
    if hasattr(values, "columns"):
        if values.width == 1 and hasattr(values.dtypes[0], "inner"):
            return from_polars(values.to_series(), name)
        null = np.zeros(values.height, dtype=bool)
        for column in values.get_columns():
            null |= column.is_null().to_numpy()
        if null.any():
            raise missing(name, null, "null", within=True)
        return values.to_numpy()
    if values.null_count():
        raise missing(name, values.is_null().to_numpy(), "null")
    is_list = hasattr(values.dtype, "inner") and not hasattr(values.dtype, "shape")
    if not is_list:
        return values.to_numpy()
    if len(values) == 0:
        return np.empty(0)
    lengths = values.list.len().to_numpy()
    check_lengths(lengths, name)
    if lengths[0] == 0:
        return np.empty((len(values), 0))
    flat = values.explode()
    if flat.null_count():
        null = flat.is_null().to_numpy().reshape(len(values), -1).any(axis=1)
        raise missing(name, null, "null", within=True)
    return from_polars(flat, name).reshape(len(values), -1)
