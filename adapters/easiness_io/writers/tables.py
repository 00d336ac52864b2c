"""Scores as parquet, csv or npz, block after block: one row a sample."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.lib import format as npy_format
from numpy.typing import NDArray
from pyarrow import csv

import easiness_core as ec
from easiness_io.sample_reader import Samples

LEVELS = ("hard", "medium", "easy")
_ROW_GROUP = 1 << 18
_STEP = 1 << 14
# Where a cell may begin: a spreadsheet whose separator is another than the comma takes the quotes
# for text, and cuts within them. What begins a formula is OWASP's list.
_FORMULA = re.compile(r"(^|[;\t\r\n])(?=\"*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")
_SPECIAL = re.compile(r'[,;"\t\r\n]')


class Sink(Protocol):
    """What takes scored blocks, in order."""

    def add(self, scores: ec.Scores, samples: Samples) -> None:
        """Take the next block."""

    def close(self) -> None:
        """Write what is left, once, after the last block."""


def escaped(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would run as a formula.

    Examples
    --------
    >>> from easiness_io.writers.tables import escaped
    >>> escaped("=1+1"), escaped("cat")
    ("'=1+1", 'cat')
    """
    return _FORMULA.sub(r"\1'", text)


def named(codes: NDArray[Any], names: Sequence[str] | None) -> Any:
    """Give class numbers as a dictionary of the names, where these are known."""
    if names is None:
        return pa.array(codes.astype(np.int64, copy=False))
    indices = pa.array(codes.astype(np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))


def write_csv(table: Any, file: BinaryIO, *, header: bool = True) -> None:
    """Write a table as text from which every float64 can be read back exactly."""
    for at, name in enumerate(table.column_names):
        if pa.types.is_dictionary(table.schema.field(name).type):
            table = table.set_column(at, name, table.column(name).cast(pa.string()))
    texts = [each for each in table.columns if pa.types.is_string(each.type)]
    special = any(_has_special(each) for each in texts) or any(
        map(_SPECIAL.search, table.column_names)
    )
    if header:
        cells = [f'"{n}"' if _SPECIAL.search(n) else n for n in table.column_names]
        file.write((",".join(cells) + "\n").encode())
    options = csv.WriteOptions(include_header=False, quoting_style="needed" if special else "none")
    csv.write_csv(table, file, options)


def _has_special(column: Any) -> bool:
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring_regex(column, _SPECIAL.pattern)).as_py())


def _table(scores: ec.Scores, samples: Samples, classes: Sequence[str] | None) -> Any:
    columns = _columns(scores, samples)
    for name in ("label", "predicted"):
        columns[name] = named(columns[name], classes)
    columns["level"] = named(columns["level"] >> 1, LEVELS)  # the flags 1, 2, 4 as 0, 1, 2
    return pa.table(columns)


def _columns(scores: ec.Scores, samples: Samples) -> dict[str, Any]:
    first = samples.first_row
    ids = {} if samples.ids is None else {"id": samples.ids}
    return {
        "index": np.arange(first, first + len(scores), dtype=np.int64),
        **ids,
        "label": samples.labels,
        "predicted": scores.predicted,
        "easiness": scores.easiness,
        "log_easiness": scores.log_easiness,
        "level": scores.level,
        "loss": scores.loss,
    }


class CsvSink:
    """Lines of text."""

    def __init__(
        self, file: BinaryIO, classes: Sequence[str] | None, *, escape_formulas: bool = False
    ) -> None:
        self._file, self._escape, self._begun = file, escape_formulas, False
        self._classes = list(map(escaped, classes)) if escape_formulas and classes else classes

    def add(self, scores: ec.Scores, samples: Samples) -> None:
        """Write the lines of a block."""
        table = _table(scores, samples, self._classes)
        if self._escape and samples.ids is not None and pa.types.is_string(samples.ids.type):
            ids = [None if each is None else escaped(each) for each in samples.ids.to_pylist()]
            table = table.set_column(1, "id", pa.array(ids, pa.string()))
        write_csv(table, self._file, header=not self._begun)
        self._begun = True

    def close(self) -> None:
        """Do nothing: all is written."""


class ParquetSink:
    """Row groups of 262,144 rows or somewhat more; pages have checksums."""

    def __init__(
        self, file: BinaryIO, classes: Sequence[str] | None, *, escape_formulas: bool = False
    ) -> None:
        self._file, self._classes = file, classes
        self._writer: Any = None
        self._waiting: list[Any] = []
        self._n_waiting = 0

    def add(self, scores: ec.Scores, samples: Samples) -> None:
        """Keep a block until a row group is full."""
        self._waiting.append(_table(scores, samples, self._classes))
        self._n_waiting += len(scores)
        if self._n_waiting >= _ROW_GROUP:
            self._write()

    def _write(self) -> None:
        if self._writer is None:
            schema = self._waiting[0].schema
            self._writer = pq.ParquetWriter(self._file, schema, write_page_checksum=True)
        # Blocks of many classes are short; row groups are not to be.
        self._writer.write_table(pa.concat_tables(self._waiting), max(1, self._n_waiting))
        self._waiting, self._n_waiting = [], 0

    def close(self) -> None:
        """Write the last row group and the footer."""
        if self._waiting:
            self._write()
        if self._writer is not None:
            self._writer.close()


class NpzSink:
    """Keeps 41 bytes a row and its id in memory: an archive holds one column after the other."""

    def __init__(
        self, file: BinaryIO, classes: Sequence[str] | None, *, escape_formulas: bool = False
    ) -> None:
        self._file, self._classes = file, classes
        self._parts: dict[str, list[NDArray[Any]]] = {}

    def add(self, scores: ec.Scores, samples: Samples) -> None:
        """Keep a block; the index is counted again when it is written."""
        columns = _columns(scores, samples)
        columns["index"] = columns["index"][:0]
        for name, part in columns.items():
            if isinstance(part, pa.Array):
                part = part.fill_null("") if pa.types.is_string(part.type) else part
                text = pa.types.is_string(part.type)
                part = part.to_numpy(zero_copy_only=False)
                part = np.asarray(part, np.str_) if text else part
            # A view would keep all that was read.
            self._parts.setdefault(name, []).append(part if part.base is None else part.copy())

    def close(self) -> None:
        """Write the archive as `numpy.savez` does, each column given back once it is written."""
        n_rows = sum(map(len, self._parts["loss"]))
        with zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED) as archive:
            for name, parts in self._parts.items():
                given = _counted(n_rows) if name == "index" else parts
                _write_member(archive, name, n_rows, np.result_type(*parts), given)
                parts.clear()
            if self._classes is not None:
                names = np.array(self._classes, np.str_)
                _write_member(archive, "classes", names.size, names.dtype, [names])


def _counted(n_rows: int) -> Iterator[NDArray[Any]]:
    for start in range(0, n_rows, _STEP):
        yield np.arange(start, min(n_rows, start + _STEP), dtype=np.int64)


def _write_member(
    archive: zipfile.ZipFile,
    name: str,
    n_rows: int,
    dtype: np.dtype[Any],
    parts: Iterable[NDArray[Any]],
) -> None:
    header = {
        "descr": npy_format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": (n_rows,),
    }
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        npy_format.write_array_header_1_0(file, header)
        for part in parts:
            # Of texts, each as wide as the longest of all parts.
            file.write(np.ascontiguousarray(part, dtype).view(np.uint8).data)


SINKS: dict[str, Callable[..., Sink]] = {
    ".parquet": ParquetSink, ".csv": CsvSink, ".npz": NpzSink
}  # fmt: skip
