"""Scores as parquet, csv or npz: one row a sample."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

import easiness_core as ec
from easiness_cli._read import Inputs

COLUMNS = ("index", "label", "predicted", "easiness", "log_easiness", "level", "loss")
_LEVEL_NAMES = ["hard", "medium", "easy"]
_CSV_ROWS = 65_536
# Where a cell may begin: a spreadsheet whose separator is another than the comma takes the quotes
# for text, and cuts within them. What begins a formula is OWASP's list.
_FORMULA = re.compile(r"(^|[;\t\r\n])(?=\"*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")


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

    pq.write_table(_table(scores, inputs), file, write_page_checksum=True)


def write_csv(file: BinaryIO, scores: ec.Scores, inputs: Inputs) -> None:
    """Write text from which every float64 can be read back exactly."""
    file.write((",".join(_columns(scores, inputs)) + "\n").encode())
    write_csv_rows(file, scores, inputs)


def write_csv_rows(file: BinaryIO, scores: ec.Scores, inputs: Inputs) -> None:
    """Write the lines of `write_csv` without its header."""
    try:
        import pyarrow as pa
        from pyarrow import csv
    except ImportError:
        for lines in _csv_lines(scores, inputs):
            file.write(lines.encode())
        return
    table = _table(scores, inputs)
    for position, name in enumerate(table.column_names):
        if pa.types.is_dictionary(table.schema.field(name).type):
            table = table.set_column(position, name, table.column(name).cast(pa.string()))
    texts = [*(inputs.classes or []), *_texts(inputs.ids)]
    special = any(_quoted(text) != text for text in texts)
    options = csv.WriteOptions(include_header=False, quoting_style="needed" if special else "none")
    csv.write_csv(table, file, options)


WRITERS: dict[str, Callable[[BinaryIO, ec.Scores, Inputs], None]] = {
    ".parquet": write_parquet,
    ".csv": write_csv,
    ".npz": write_npz,
}


def escaped(inputs: Inputs) -> Inputs:
    """Put an apostrophe before texts that a spreadsheet would run as formulas."""
    classes = None if inputs.classes is None else [escape(name) for name in inputs.classes]
    ids = inputs.ids
    if ids is not None and ids.dtype.kind in "US":
        ids = np.array([escape(text) for text in _texts(ids)])
    return dataclasses.replace(inputs, classes=classes, ids=ids)


def escape(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would run as a formula."""
    return _FORMULA.sub(r"\1'", text)


def _texts(ids: NDArray[Any] | None) -> list[str]:
    if ids is None or ids.dtype.kind not in "US":
        return []
    return [str(text) for text in (np.char.decode(ids) if ids.dtype.kind == "S" else ids)]


def _columns(scores: ec.Scores, inputs: Inputs) -> dict[str, NDArray[Any]]:
    first = inputs.first_row
    values = (
        np.arange(first, first + len(scores), dtype=np.int64),
        inputs.labels.astype(np.int64),
        scores.predicted,
        scores.easiness,
        scores.log_easiness,
        scores.level,
        scores.loss,
    )
    columns: dict[str, NDArray[Any]] = dict(zip(COLUMNS, values, strict=True))
    if inputs.ids is None:
        return columns
    return {"index": columns.pop("index"), "id": inputs.ids, **columns}


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
        text = values.dtype.kind in "US"
        # Of no texts, the type has to be said.
        column = pa.array(_texts(values), pa.string()) if text else pa.array(values)
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
            part = values[start : start + _CSV_ROWS]
            cells: list[Any] = part.tolist()
            show: Callable[[Any], str] = texts[name].__getitem__ if name in texts else repr
            if part.dtype.kind in "US":
                cells, show = _texts(part), _quoted
            columns.append(map(show, cells))
        yield "".join(",".join(row) + "\n" for row in zip(*columns, strict=True))


def _quoted(text: str) -> str:
    if any(char in text for char in ',;"\t\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
