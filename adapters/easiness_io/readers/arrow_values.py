"""Arrow types and columns as fields and values."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from numpy.typing import NDArray

from easiness_io.readers.base import Field, Kind, Source, Values

_UNNAMED_INDEX = "__index_level_"


TEXTS = (pa.string(), pa.large_string(), pa.string_view())
_BYTES = (pa.binary(), pa.large_binary(), pa.binary_view())


def is_list(kind: Any) -> bool:
    """Whether a type is a list type."""
    return bool(pt.is_list(kind) or pt.is_large_list(kind) or pt.is_fixed_size_list(kind))


def is_text(kind: Any) -> bool:
    """Whether a type holds text or bytes."""
    return kind in TEXTS or kind in _BYTES or bool(pt.is_fixed_size_binary(kind))


def storage(kind: Any) -> Any:
    """Return the type in which an extension or a dictionary stores its values."""
    if isinstance(kind, pa.BaseExtensionType):
        return storage(kind.storage_type)
    return storage(kind.value_type) if pt.is_dictionary(kind) else kind


def _kind(kind: Any) -> Kind:
    kind = storage(kind)
    if pt.is_floating(kind) or pt.is_decimal(kind):
        return "float"
    if pt.is_integer(kind):
        return "integer"
    if pt.is_boolean(kind):
        return "boolean"
    if is_text(kind) or (pt.is_temporal(kind) and not pt.is_duration(kind)):
        return "text"
    if is_list(kind) and _kind(kind.value_type) in ("float", "integer", "boolean"):
        return "matrix"
    return "other"


def fields_of(schema: Any) -> list[Field]:
    """Describe the columns of a schema, except an index without a name."""
    names, index = _class_names(schema), (schema.pandas_metadata or {}).get("index_columns", [])
    return [
        Field(
            each.name,
            _kind(each.type),
            names.get(each.name),
            is_index=each.name in index,
            is_unsigned=storage(each.type) == pa.uint64(),
        )
        for each in schema
        if not each.name.startswith(_UNNAMED_INDEX)
    ]


def _class_names(schema: Any) -> dict[str, tuple[str, ...]]:
    """Read the names that `datasets` keeps for columns of type ClassLabel."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            column: tuple(map(str, feature["names"]))
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (KeyError, TypeError, ValueError):
        return {}


def text_bytes(column: Any) -> int:
    """Count the bytes of a column's text as if each row had its own copy."""
    if not pt.is_dictionary(column.type):
        return int(column.nbytes)
    if not is_text(column.type.value_type):
        return 8 * len(column)
    lengths = pc.binary_length(column.dictionary)
    total = pc.sum(pc.cast(pc.take(lengths, column.indices), pa.int64())).as_py()
    return int(total or 0) + 4 * len(column)


def batch_values(batch: Any, source: Source, first_row: int) -> dict[str, Values]:
    """Return the columns of a batch as values."""
    columns = zip(batch.schema.names, batch.columns, strict=True)
    return {name: values(column, name, source, first_row) for name, column in columns}


def values(column: Any, name: str, source: Source, first_row: int) -> Values:
    """Return one column as values; numbers with nulls, and text, stay Arrow arrays."""
    if str(column.type) == "extension<arrow.uuid>":
        texts = [None if each is None else str(each) for each in column.to_pylist()]
        return pa.array(texts, pa.string())
    while isinstance(column.type, pa.BaseExtensionType):
        column = column.storage
    if pt.is_dictionary(column.type):
        source.check_size(text_bytes(column), f"column {name!r}")
        column = column.dictionary_decode()
        return values(column, name, source, first_row)
    kind = column.type
    if is_list(kind):
        return _matrix(column, name, source, first_row)
    if kind in TEXTS:
        column = column.cast(pa.string())
        column.validate(full=True)  # parquet may hold text that is not UTF-8
        return column
    if is_text(kind):
        texts = [None if each is None else _decoded(each) for each in column.to_pylist()]
        return pa.array(texts, pa.string())
    if pt.is_temporal(kind):
        return pc.replace_substring(column.cast(pa.string()), " ", "T", max_replacements=1)
    if pt.is_decimal(kind):
        column = column.cast(pa.float64())
    return column if column.null_count else column.to_numpy(zero_copy_only=False)


def _decoded(value: bytes) -> str:
    """Decode bytes as UTF-8, or as hexadecimal digits if they are not text."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return text if text.isprintable() else value.hex()


def _matrix(column: Any, name: str, source: Source, first_row: int) -> NDArray[Any]:
    source.check_complete(column, first_row, name)
    if pt.is_fixed_size_list(column.type):
        width = column.type.list_size
    else:
        lengths = column.value_lengths().to_numpy(zero_copy_only=False)
        width = int(lengths[0]) if lengths.size else 0
        for at in np.flatnonzero(lengths != width)[:1]:
            source.check_width(name, width, lengths[at], first_row + int(at))
    entries = column.flatten()
    source.check_complete(entries, first_row, name, per_row=max(1, width))
    flat = entries.to_numpy(zero_copy_only=False)
    return flat.reshape(len(column), width) if width else np.empty((len(column), 0))
