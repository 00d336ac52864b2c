"""Write scores as parquet, csv or npz, block by block, one row per sample."""

from __future__ import annotations

import re
import zipfile
from abc import ABC, abstractmethod
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
from easiness_io.sample_reader import Samples

_ROW_GROUP = 1 << 18
# Where a cell may begin: a spreadsheet whose separator is another than the comma takes the quotes
# for text, and cuts within them. What begins a formula is OWASP's list.
_FORMULA = re.compile(r"(^|[;\t\r\n])(?=\"*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")
_SPECIAL = re.compile(r'[,;"\t\r\n]')


def escaped(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula.

    Parameters
    ----------
    text : str
        A name or an id.

    Returns
    -------
    str
        The text, with an apostrophe wherever a formula may begin.

    Examples
    --------
    >>> from easiness_io import escaped
    >>> escaped("=1+1"), escaped("cat")
    ("'=1+1", 'cat')
    """
    return _FORMULA.sub(r"\1'", text)


def named(codes: NDArray[Any], names: Sequence[str] | None) -> Any:
    """Replace class numbers by class names, if these are known.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,)
        Class numbers.
    names : sequence of str, or None
        The name of each class.

    Returns
    -------
    pyarrow.Array
        A dictionary array of the names, or int64 without names.

    Examples
    --------
    >>> import numpy as np
    >>> from easiness_io import named
    >>> named(np.array([1, 0]), ["cat", "dog"]).to_pylist()
    ['dog', 'cat']
    """
    if names is None:
        return pa.array(codes.astype(np.int64, copy=False))
    indices = pa.array(codes.astype(np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))


def write_csv(table: Any, file: BinaryIO, *, header: bool = True) -> None:
    """Write a table as csv from which every float64 can be read back exactly.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of numbers, text or names.
    file : binary file
        The file to write to.
    header : bool, default True
        Whether to write the names of the columns first.

    Examples
    --------
    >>> import io
    >>> import pyarrow as pa
    >>> from easiness_io import write_csv
    >>> file = io.BytesIO()
    >>> write_csv(pa.table({"id": ["a"], "easiness": [0.1]}), file)
    >>> print(file.getvalue().decode(), end="")
    id,easiness
    a,0.1
    """
    for at, name in enumerate(table.column_names):
        if pa.types.is_dictionary(table.schema.field(name).type):
            table = table.set_column(at, name, table.column(name).cast(pa.string()))
    texts = [each for each in table.columns if pa.types.is_string(each.type)]
    texts.append(pa.array(table.column_names))
    special = any(pc.any(pc.match_substring_regex(t, _SPECIAL.pattern)).as_py() for t in texts)
    if header:
        cells = [f'"{n}"' if _SPECIAL.search(n) else n for n in table.column_names]
        file.write((",".join(cells) + "\n").encode())
    options = csv.WriteOptions(include_header=False, quoting_style="needed" if special else "none")
    csv.write_csv(table, file, options)


# What every file of scores may hold.
SCORE_COLUMNS = ("index", "id", "label", "predicted", "easiness", "log_easiness", "level", "loss")


def _table(scores: ec.Scores, samples: Samples, classes: Sequence[str] | None) -> Any:
    table = replace(scores, classes=None if classes is None else tuple(classes)).to_arrow()
    if samples.ids is not None:
        table = table.add_column(1, "id", samples.ids)
    for name, values in samples.kept.items():
        table = table.append_column(name, values)
    return table


class Sink(ABC):
    """Base class of writers, which take scored blocks in order and are closed after the last.

    Parameters
    ----------
    file : binary file
        The file to write to.
    classes : sequence of str, or None
        Class names.
    escape_formulas : bool, default False
        Whether to escape names in csv that a spreadsheet would run as formulas.
    """

    def __init__(
        self, file: BinaryIO, classes: Sequence[str] | None, *, escape_formulas: bool = False
    ) -> None:
        self._file, self._classes, self._escape = file, classes, escape_formulas
        self._blocks: list[Any] = []

    @abstractmethod
    def add(self, scores: ec.Scores, samples: Samples) -> None:
        """Write the next block, or keep it for later."""

    def close(self) -> None:  # noqa: B027 - not every sink keeps something
        """Write what is left."""


class CsvSink(Sink):
    """Write csv."""

    _begun = False

    def add(self, scores: ec.Scores, samples: Samples) -> None:
        """Write the lines of a block."""
        classes = list(map(escaped, self._classes or ())) if self._escape else self._classes
        table = _table(scores, samples, classes or None)
        for name in ("id", *samples.kept) if self._escape else ():
            at = table.schema.get_field_index(name)
            if at >= 0 and pa.types.is_string(table.schema.field(at).type):
                cells = [each and escaped(each) for each in table.column(at).to_pylist()]
                table = table.set_column(at, name, pa.array(cells, pa.string()))
        write_csv(table, self._file, header=not self._begun)
        self._begun = True


class ParquetSink(Sink):
    """Write parquet, in row groups of at least 262,144 rows; pages have checksums.

    The metadata `easiness.estimator` names the estimator.

    Parameters
    ----------
    file : binary file
        The file to write to.
    classes : sequence of str, or None
        Class names; labels and predictions are written as names if given.
    escape_formulas : bool, default False
        Has no effect: parquet has no formulas.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> import pyarrow.parquet as pq
    >>> import easiness_core as ec
    >>> from easiness_io import ParquetSink, Samples
    >>> probs, labels, file = np.array([[0.9, 0.1]]), np.array([1]), io.BytesIO()
    >>> sink = ParquetSink(file, ["cat", "dog"])
    >>> sink.add(ec.score(probs, labels), Samples(probs, labels, None, 0))
    >>> sink.close()
    >>> pq.read_table(file)["predicted"].to_pylist()
    ['cat']
    """

    _writer: Any = None

    def add(self, scores: ec.Scores, samples: Samples) -> None:
        """Keep a block until a row group is full."""
        table = _table(scores, samples, self._classes)
        used = {"easiness.estimator": repr(scores.summary.estimator)}
        self._blocks.append(table.replace_schema_metadata(used))
        if sum(map(len, self._blocks)) >= _ROW_GROUP:
            self._write()

    def _write(self) -> None:
        # Blocks of many classes are short; row groups are not to be.
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
    """Write npz; all columns are kept in memory, since an archive stores one after the other."""

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
        # A view would keep all that was read.
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
