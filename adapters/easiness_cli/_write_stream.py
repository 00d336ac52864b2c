"""Scores of block after block into one file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, BinaryIO, Protocol

import numpy as np

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
    """Keeps some 50 bytes a row in memory: an archive holds one column after the other."""

    def __init__(self, file: BinaryIO, escape_formulas: bool) -> None:
        self._file = file
        self._blocks: list[tuple[ec.Scores, Inputs]] = []

    def add(self, scores: ec.Scores, inputs: Inputs) -> None:
        # Without the probabilities, which are what takes memory.
        bare = dataclasses.replace(inputs, probs=np.empty((0, 2)))
        self._blocks.append((scores, bare))

    def close(self) -> None:
        parts = [_columns(*block) for block in self._blocks]
        arrays: dict[str, Any] = {
            name: np.concatenate([part[name] for part in parts]) for name in parts[0]
        }
        classes = self._blocks[0][1].classes
        if classes is not None:
            arrays["classes"] = np.array(classes)
        np.savez(self._file, **arrays)


SINKS: dict[str, Callable[[BinaryIO, bool], Sink]] = {
    ".parquet": _Parquet,
    ".csv": _Csv,
    ".npz": _Npz,
}
