"""Scores of block after block into one file."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

import easiness_core as ec
from easiness_cli._read import Inputs
from easiness_cli._write_scores import (
    _columns,
    _table,
    escaped,
    write_csv,
    write_csv_rows,
)

_ROW_GROUP = 1 << 18
_STEP = 1 << 14


class Sink(Protocol):
    """What takes scored blocks, in order."""

    def add(self, scores: ec.Scores, inputs: Inputs) -> None:
        """Take the next block."""

    def close(self) -> None:
        """Write what is left, once, after the last block."""


class _Csv:
    def __init__(self, file: BinaryIO, escape_formulas: bool) -> None:
        self._file, self._escape, self._write = file, escape_formulas, write_csv

    def add(self, scores: ec.Scores, inputs: Inputs) -> None:
        self._write(self._file, scores, escaped(inputs) if self._escape else inputs)
        self._write = write_csv_rows

    def close(self) -> None:
        pass


class _Parquet:
    def __init__(self, file: BinaryIO, escape_formulas: bool) -> None:
        self._file = file
        self._writer: Any = None
        self._waiting: list[Any] = []
        self._n_waiting = 0

    def add(self, scores: ec.Scores, inputs: Inputs) -> None:
        self._waiting.append(_table(scores, inputs))
        self._n_waiting += len(scores)
        if self._n_waiting >= _ROW_GROUP:
            self._write()

    def _write(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._writer is None:
            schema = self._waiting[0].schema
            self._writer = pq.ParquetWriter(self._file, schema, write_page_checksum=True)
        # Blocks of many classes are short; row groups are not to be.
        self._writer.write_table(pa.concat_tables(self._waiting), max(1, self._n_waiting))
        self._waiting, self._n_waiting = [], 0

    def close(self) -> None:
        if self._waiting:
            self._write()
        if self._writer is not None:
            self._writer.close()


class _Npz:
    """Keeps 41 bytes a row and its id in memory: an archive holds one column after the other."""

    def __init__(self, file: BinaryIO, escape_formulas: bool) -> None:
        self._file = file
        self._parts: dict[str, list[NDArray[Any]]] = {}
        self._classes: list[str] | None = None

    def add(self, scores: ec.Scores, inputs: Inputs) -> None:
        columns = _columns(scores, inputs)
        # Counted again when it is written.
        columns["index"] = columns["index"][:0]
        for name, part in columns.items():
            # A view would keep all that was read.
            owned = part if part.base is None else part.copy()
            self._parts.setdefault(name, []).append(owned)
        self._classes = inputs.classes

    def close(self) -> None:
        n_rows = sum(map(len, self._parts["loss"]))
        # As `np.savez` does, but for columns in parts, each given back once it is written.
        with zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED) as archive:
            for name, parts in self._parts.items():
                given = _counted(n_rows) if name == "index" else parts
                _write_member(archive, name, n_rows, np.result_type(*parts), given)
                parts.clear()
            if self._classes is not None:
                names = np.array(self._classes)
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


SINKS: dict[str, Callable[[BinaryIO, bool], Sink]] = {
    ".parquet": _Parquet,
    ".csv": _Csv,
    ".npz": _Npz,
}
