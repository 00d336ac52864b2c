"""Scores as parquet, csv or npz: one row a sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

import easiness_core as ec
from easiness_cli._read import Inputs

COLUMNS = ("index", "label", "predicted", "easiness", "log_easiness", "level", "loss")
_LEVEL_NAMES = ["hard", "medium", "easy"]
_CSV_ROWS = 65_536


def write_npz(file: BinaryIO, scores: ec.Scores, inputs: Inputs) -> None:
    """Write named arrays; classes stay numbers, and their names are one more array."""
    arrays: dict[str, Any] = dict(_columns(scores, inputs))
    if inputs.classes is not None:
        arrays["classes"] = np.array(inputs.classes)
    # Without allow_pickle: NumPy 2.0 does not know it and would store it as one more array.
    np.savez(file, **arrays)


def write_parquet(file: BinaryIO, scores: ec.Scores, inputs: Inputs) -> None:
    """Write columns; level and named classes are dictionary-encoded text."""
    import pyarrow.parquet as pq

    pq.write_table(_table(scores, inputs), file)


def write_csv(file: BinaryIO, scores: ec.Scores, inputs: Inputs) -> None:
    """Write text from which every float64 can be read back exactly."""
    file.write((",".join(COLUMNS) + "\n").encode())
    try:
        import pyarrow as pa
        from pyarrow import csv
    except ImportError:
        for lines in _csv_lines(scores, inputs):
            file.write(lines.encode())
        return
    table = _table(scores, inputs)
    for position, name in enumerate(COLUMNS):
        if pa.types.is_dictionary(table.schema.field(name).type):
            table = table.set_column(position, name, table.column(name).cast(pa.string()))
    special = any(_quoted(name) != name for name in inputs.classes or [])
    options = csv.WriteOptions(include_header=False, quoting_style="needed" if special else "none")
    csv.write_csv(table, file, options)


WRITERS: dict[str, Callable[[BinaryIO, ec.Scores, Inputs], None]] = {
    ".parquet": write_parquet,
    ".csv": write_csv,
    ".npz": write_npz,
}


def _columns(scores: ec.Scores, inputs: Inputs) -> dict[str, NDArray[Any]]:
    values = (
        np.arange(len(scores), dtype=np.int64),
        inputs.labels.astype(np.int64),
        scores.predicted,
        scores.easiness,
        scores.log_easiness,
        scores.level,
        scores.loss,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _named(scores: ec.Scores, inputs: Inputs) -> dict[str, tuple[NDArray[Any], list[str] | None]]:
    """Give each column with the names that its numbers stand for, if any."""
    found: dict[str, tuple[NDArray[Any], list[str] | None]] = {}
    for name, values in _columns(scores, inputs).items():
        if name == "level":
            # The flags 1, 2 and 4 as positions 0, 1 and 2.
            found[name] = (values >> 1, _LEVEL_NAMES)
        else:
            found[name] = (values, inputs.classes if name in ("label", "predicted") else None)
    return found


def _table(scores: ec.Scores, inputs: Inputs) -> Any:
    import pyarrow as pa

    columns = {}
    for name, (values, names) in _named(scores, inputs).items():
        column = pa.array(values)
        if names is not None:
            column = pa.DictionaryArray.from_arrays(column.cast(pa.int32()), pa.array(names))
        columns[name] = column
    return pa.table(columns)


def _csv_lines(scores: ec.Scores, inputs: Inputs) -> Iterator[str]:
    """Give the lines without pyarrow, some ten times slower."""
    named = _named(scores, inputs)
    texts = {
        name: [_quoted(text) for text in names]
        for name, (_, names) in named.items()
        if names is not None
    }
    for start in range(0, len(scores), _CSV_ROWS):
        columns = []
        for name, (values, _) in named.items():
            cells = values[start : start + _CSV_ROWS].tolist()
            columns.append(map(texts[name].__getitem__ if name in texts else repr, cells))
        yield "".join(",".join(row) + "\n" for row in zip(*columns, strict=True))


def _quoted(text: str) -> str:
    if any(char in text for char in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
