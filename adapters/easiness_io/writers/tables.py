"""Write scores as parquet, csv or npz, block by block, one row per sample."""

import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.lib import format as npy_format
from numpy.typing import NDArray
from pyarrow import csv

import easiness_core as ec
from easiness_io.sample_block import Samples

_ROW_GROUP = 1 << 18
# Where a cell may begin: a spreadsheet with a separator other than the comma treats quotes as text
# and splits within them. The characters that begin a formula are OWASP's list.
_FORMULA = re.compile(r"(^|[;\t\r\n])(?=\"*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")
_SPECIAL = re.compile(r'[,;"\t\r\n]')


def escaped(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula."""
    return _FORMULA.sub(r"\1'", text)


def named(codes: NDArray[Any], names: Sequence[str] | None) -> Any:
    """Replace class numbers by class names, if these are known."""
    if names is None:
        return pa.array(codes.astype(np.int64, copy=False))
    indices = pa.array(codes.astype(np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))


def write_table(
    table: Any, file: BinaryIO, suffix: str, *, header: bool = True, escape_formulas: bool = False
) -> None:
    """Write a table as parquet, or as csv that keeps every float64 exactly."""
    if suffix == ".parquet":
        pq.write_table(table, file)
        return
    for at, field in enumerate(table.schema):
        is_text = pa.types.is_string(field.type)
        if pa.types.is_dictionary(field.type) or (is_text and escape_formulas):
            found = table.column(at).combine_chunks().dictionary_encode()
            texts = found.dictionary
            if escape_formulas:
                texts = pa.array(
                    [each and escaped(each) for each in texts.to_pylist()], pa.string()
                )
            table = table.set_column(at, field.name, texts.take(found.indices))
    texts = [each for each in table.columns if pa.types.is_string(each.type)]
    texts.append(pa.array(table.column_names))
    special = any(pc.any(pc.match_substring_regex(t, _SPECIAL.pattern)).as_py() for t in texts)
    if header:
        cells = [f'"{n}"' if _SPECIAL.search(n) else n for n in table.column_names]
        file.write((",".join(cells) + "\n").encode())
    options = csv.WriteOptions(include_header=False, quoting_style="needed" if special else "none")
    csv.write_csv(table, file, options)


# Columns of a file of scores.
SCORE_COLUMNS = ("index", "id", "label", "predicted", "easiness", "log_easiness", "level", "loss")


def _table(scores: ec.Scores, samples: Samples, classes: Sequence[str] | None) -> Any:
    table = replace(scores, classes=None if classes is None else tuple(classes)).to_arrow()
    if samples.ids is not None:
        table = table.add_column(1, "id", samples.ids)
    for name, values in samples.kept.items():
        table = table.append_column(name, values)
    return table


class Sink:
    """Base class of writers, which take scored blocks in order and are closed after the last."""

    def __init__(
        self, file: BinaryIO, classes: Sequence[str] | None, *, escape_formulas: bool = False
    ) -> None:
        self._file, self._classes, self._escape = file, classes, escape_formulas
        self._blocks: list[Any] = []

    def add(self, scores: ec.Scores, samples: Samples) -> None:
        """Write the next block, or keep it for later."""
        raise NotImplementedError

    def close(self) -> None:
        """Write the remaining rows."""


class CsvSink(Sink):
    """Write csv."""

    _begun = False

    def add(self, scores: ec.Scores, samples: Samples) -> None:
        """Write the lines of a block."""
        table = _table(scores, samples, self._classes or None)
        is_first = not self._begun
        write_table(table, self._file, ".csv", header=is_first, escape_formulas=self._escape)
        self._begun = True


class ParquetSink(Sink):
    """Write parquet, in row groups of at least 262,144 rows; pages have checksums."""

    _writer: Any = None

    def add(self, scores: ec.Scores, samples: Samples) -> None:
        """Keep a block until a row group is full."""
        table = _table(scores, samples, self._classes)
        used = {"easiness.estimator": repr(scores.summary.estimator)}
        self._blocks.append(table.replace_schema_metadata(used))
        if sum(map(len, self._blocks)) >= _ROW_GROUP:
            self._write()

    def _write(self) -> None:
        # Blocks of many classes are short; row groups should not be.
        table = pa.concat_tables(self._blocks)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, table.schema, write_page_checksum=True)
        self._writer.write_table(table, max(1, len(table)))
        self._blocks.clear()

    def close(self) -> None:
        """Write the last row group and the footer."""
        if self._blocks:
            self._write()
        self._writer.close()


class NpzSink(Sink):
    """Write npz; all columns stay in memory, because an archive stores one after the other."""

    def add(self, scores: ec.Scores, samples: Samples) -> None:
        """Keep a block."""
        ids = {} if samples.ids is None else {"id": samples.ids}
        columns: dict[str, Any] = {"index": scores.rows, **ids, "label": scores.labels}
        for name in ("predicted", "easiness", "log_easiness", "level", "loss"):
            columns[name] = getattr(scores, name)
        columns |= samples.kept
        for name, values in columns.items():
            if isinstance(values, pa.Array) and pa.types.is_string(values.type):
                columns[name] = np.array(values.fill_null("").to_pylist(), np.str_)
        # A view would keep the whole block in memory.
        self._blocks.append({name: np.array(part) for name, part in columns.items()})

    def close(self) -> None:
        """Write the archive as `numpy.savez` does; each column is freed once it is written."""
        if self._classes is not None:
            self._blocks[0]["classes"] = np.array(self._classes, np.str_)
        with zipfile.ZipFile(self._file, "w") as archive:
            for name in list(self._blocks[0]):
                parts = [block.pop(name) for block in self._blocks if name in block]
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    npy_format.write_array(member, np.concatenate(parts))


SINKS: dict[str, type[Sink]] = {".parquet": ParquetSink, ".csv": CsvSink, ".npz": NpzSink}
