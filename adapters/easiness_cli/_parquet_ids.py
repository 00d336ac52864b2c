"""Ids of parquet files: dates, decimals and bytes become text, all others stay what they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from easiness_cli._ids import UnusableIds
from easiness_cli._parquet_batches import is_text, plain, texts
from easiness_cli._source import Source


def check_type(field: Any, source: Source) -> None:
    """Refuse a column whose type cannot be whole numbers or text.

    Raises
    ------
    UnusableIds
        If it is one of lists, booleans, durations or the like.
    """
    kind = _storage(field.type)
    if not (_is_number(kind) or is_text(kind) or _becomes_text(kind) or _is_fixed(kind)):
        raise UnusableIds(source, f"expected whole numbers or text, got {plain(field.type)}")


def in_doubt(field: Any) -> bool:
    """Whether only the values tell: some may be null, or no whole number."""
    return bool(field.nullable or pa.types.is_floating(_storage(field.type)))


def id_values(column: Any, source: Source, name: str) -> NDArray[Any]:
    """Give a column without nulls as an array; dates as ISO 8601, bytes in hexadecimal.

    Raises
    ------
    CommandError
        If texts are too wide for `--max-bytes`.
    """
    kind = _storage(column.type)
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], kind)
    elif pa.types.is_dictionary(column.type) and not is_text(kind):
        column = column.cast(kind)
    if is_text(kind):
        return texts(column, source, name)
    if _is_fixed(kind):
        source.check_texts(2 * kind.byte_width, len(column), f"column {name!r}")
        return np.array([each.as_py().hex() for each in column], np.str_)
    if _becomes_text(kind):
        written = pc.replace_substring(column.cast(pa.string()), " ", "T", max_replacements=1)
        return np.asarray(written.to_numpy(), np.str_)
    array: NDArray[Any] = column.to_numpy()
    return array


def _storage(kind: Any) -> Any:
    kind = plain(kind)
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def _is_number(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_fixed(kind: Any) -> bool:
    return bool(pa.types.is_fixed_size_binary(kind) and kind.byte_width)


def _becomes_text(kind: Any) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_decimal(kind))
