"""Parquet files: a list column of probabilities, or one column a class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from easiness_cli._parquet_batches import (
    batch_bytes,
    batches,
    is_list,
    is_text,
    opened,
    plain,
    texts,
)
from easiness_cli._source import INDEX_NAMES, LABEL_NAMES, PROBS_NAMES, Content, Request, Source

_NEVER_CLASSES = ("label", "labels", "target", "targets")
_INDEX = "__index_level_"


def read_parquet(source: Source, request: Request) -> Content:
    """Read the columns that are needed, and no others."""
    with opened(source) as file:
        return _read(file, source, request)


def parquet_columns(source: Source, names: list[str]) -> dict[str, NDArray[Any]]:
    """Read the named columns of numbers or text."""
    with opened(source) as file:
        for name in names:
            if name not in file.schema_arrow.names:
                raise source.error(
                    f"no column {name!r}; 'easiness score' did not write this. It has the columns "
                    f"{_show(file.schema_arrow.names)}"
                )
        table = _load(file, source, names)
        return {name: _labels(table.column(name), source, name) for name in names}


def _read(file: Any, source: Source, request: Request) -> Content:
    schema = file.schema_arrow
    names = [name for name in schema.names if not name.startswith(_INDEX)]
    if len(set(names)) < len(names):
        raise source.error("two columns have the same name")
    label = _label_column(source, names, request) if request.with_labels else None
    columns: list[str] = []
    if request.what == "probs":
        others = [name for name in names if not request.ids_key or name != request.ids_key]
        columns = _probs_columns(source, schema, others, label, request)
    table = _load(file, source, columns + ([label] if label is not None else []))
    labels = None if label is None else _labels(table.column(label), source, label)
    if not columns:
        return Content(labels=labels)
    if len(columns) == 1:
        return Content(_matrix(table.column(columns[0]), source, columns[0]), labels)
    probs = np.column_stack([table.column(name).to_numpy() for name in columns])
    return Content(probs, labels, columns, len(columns))


def _label_column(source: Source, names: list[str], request: Request) -> str:
    wanted = LABEL_NAMES if request.labels_key is None else (request.labels_key,)
    found = [name for name in names if (name if request.labels_key else name.lower()) in wanted]
    if not found and len(names) == 1 and request.what == "labels" and request.labels_key is None:
        found = names
    if len(found) == 1:
        return found[0]
    problem = "more than one column of labels" if found else "no column of labels"
    raise source.error(
        f"{problem}: it has the columns {_show(names)}; pass LABELS, or name the column by "
        f"--labels-key"
    )


def _show(names: list[str]) -> str:
    return ", ".join(map(repr, names[:20])) + (", ..." if len(names) > 20 else "")


def _is_number(kind: Any) -> bool:
    return bool(
        pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)
    )


def _probs_columns(
    source: Source, schema: Any, names: list[str], label: str | None, request: Request
) -> list[str]:
    if request.probs_key is not None:
        if request.probs_key not in names:
            raise source.error(
                f"no column {request.probs_key!r}; it has the columns {_show(names)}"
            )
        if not is_list(schema.field(request.probs_key).type):
            raise source.error(f"column {request.probs_key!r} holds no lists")
        return [request.probs_key]
    lists = [name for name in names if name != label and is_list(schema.field(name).type)]
    known = ("logits",) if request.logits and "logits" in lists else PROBS_NAMES
    found = [name for name in known if name in lists] or lists
    if len(found) == 1:
        if found == ["logits"] and not request.logits:
            raise source.error("it holds 'logits' and no probabilities: pass --logits")
        return found
    if found:
        raise source.error(
            f"more than one list column could be the probs: {_show(found)}; pass --probs-key"
        )
    columns = [
        name
        for name in names
        if name != label
        and name.lower() not in INDEX_NAMES
        and not (label is None and name.lower() in _NEVER_CLASSES)
    ]
    for name in columns:
        if not _is_number(schema.field(name).type):
            raise source.error(
                f"column {name!r}: expected numbers, one column a class, got "
                f"{plain(schema.field(name).type)}; drop it, or name the labels by --labels-key"
            )
    if len(columns) < 2:
        raise source.error(f"expected one column a class, at least 2, got {_show(columns) or 0}")
    return columns


def _load(file: Any, source: Source, names: list[str]) -> Any:
    """Read columns batch by batch, so that run lengths cannot hide very many values; refuse nulls.

    The sizes of column chunks in the metadata would tell beforehand, but to look at damaged ones
    aborts the process (pyarrow 26; `test_a_damaged_footer_never_aborts`).
    """
    schema = pa.schema([file.schema_arrow.field(name) for name in names])
    n_plain = sum(not is_list(field.type) for field in schema)
    source.check_size(8 * n_plain * file.metadata.num_rows, "the data")
    read, n_bytes = [], 0
    # Any number of rows: what bounds a batch is the bytes that it takes.
    for batch in batches(file, source, names, 1 << 20):
        n_bytes += batch_bytes(batch)
        source.check_size(n_bytes, "the data read so far")
        read.append(batch)
    table = pa.Table.from_batches(read, schema)
    for name in names:
        nulls = table.column(name).null_count
        if nulls:
            raise source.error(
                f"column {name!r}: {nulls} of {table.num_rows} rows are null; drop or fill them"
            )
    return table


def _matrix(column: Any, source: Source, name: str) -> NDArray[Any]:
    """Turn lists into rows; all must have one length."""
    if not _is_number(column.type.value_type):
        raise source.error(
            f"column {name!r}: expected lists of numbers, got {column.type.value_type}"
        )
    parts, width, first_row = [], None, 0
    for chunk in column.chunks:
        if not len(chunk):
            continue
        values = chunk.flatten()
        if values.null_count:
            raise source.error(f"column {name!r}: {values.null_count} list entries are null")
        lengths = _lengths(chunk)
        width = int(lengths[0]) if width is None else width
        other = np.flatnonzero(lengths != width)
        if other.size:
            raise source.error(
                f"column {name!r}: lists of different lengths: row 0 has {width} entries, "
                f"row {first_row + other[0]} has {lengths[other[0]]}"
            )
        parts.append(values.to_numpy(zero_copy_only=False).reshape(-1, width))
        first_row += len(chunk)
    if not parts:
        return np.empty((0, 2))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _lengths(chunk: Any) -> NDArray[Any]:
    if pa.types.is_fixed_size_list(chunk.type):
        return np.full(len(chunk), chunk.type.list_size)
    lengths: NDArray[Any] = chunk.value_lengths().to_numpy()
    return lengths


def _labels(column: Any, source: Source, name: str) -> NDArray[Any]:
    kind = plain(column.type)
    if pa.types.is_dictionary(column.type) and not is_text(kind):
        column = column.cast(kind)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return texts(column, source, name)
    if not _is_number(kind):
        raise source.error(f"column {name!r}: expected whole numbers or text, got {kind}")
    array: NDArray[Any] = column.to_numpy()
    return array
