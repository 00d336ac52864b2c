"""Read csv with any delimiter, decimal mark and encoding, plain or compressed."""

import io
import re
from collections.abc import Iterator, Sequence
from csv import Error as CsvError
from csv import reader
from functools import partial
from math import isfinite
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from easiness_io.errors import DataError, reason
from easiness_io.parameters import Parameters
from easiness_io.readers import text
from easiness_io.readers.base import (
    ID_NAMES,
    LABEL_NAMES,
    Block,
    Field,
    Kind,
    Reader,
    Source,
)

_BLOCK_BYTES = 1 << 20
_WHOLE = re.compile(r"[+-]?[0-9]+[.,]0")


class CsvReader(Reader):
    """The columns of a csv file; without a header they are called 0, 1, 2, ..."""

    is_columnar = False

    def __init__(self, source: Source, options: Parameters) -> None:
        self._dialect = dialect = text.dialect_of(source, options)
        self.source, self.guessed_header = source, options.header is None
        rows, first = dialect.rows, dialect.rows[0]
        has_header = _is_header(dialect, source) if options.header is None else options.header
        self._n_header, self._rows = int(has_header), rows[has_header:]
        self._block_bytes = max(_BLOCK_BYTES, 8 * dialect.longest_line)
        self._as_text: set[str] = set()
        for at, row in enumerate(rows):
            if len(row) != len(first):
                raise self._bad_row(at - self._n_header, len(row))
        named = [
            (name or f"Unnamed: {at}") if has_header else str(at) for at, name in enumerate(first)
        ]
        self._positions = {name: at for at, name in enumerate(named)}
        columns = list(zip(*self._rows, strict=True)) or [()] * len(first)
        kinds = [_kind(cells, dialect) for cells in columns]
        super().__init__(source, list(map(Field, named, kinds)))
        self.layout = "table" if has_header else "unnamed"
        with source.open() as file:
            if self._rows and text.compression_of(file.read(4)) is None:
                n_chars = sum(len(cell) + 1 for row in self._rows for cell in row)
                self.estimated_rows = round(source.size * len(self._rows) / n_chars)

    def choose(self, names: Sequence[str], as_text: Sequence[str]) -> None:
        """Choose the columns that are read as text: `007` is not 7."""
        self._as_text = set(as_text)
        for name in as_text:
            # Whole numbers with gaps, as pandas writes them, are ids: 1.0 is 1.
            gaps = (cell in text.MISSING or _WHOLE.fullmatch(cell) for cell in self._cells(name))
            if self.fields[name].kind == "float" and all(gaps):
                self._as_text.remove(name)

    def blocks(self, names: Sequence[str], block_rows: int) -> Iterator[Block]:
        """Read the named columns: numbers as float64, text as it is written."""
        n_rows = 0
        if not self._rows:
            return
        try:
            with text.opened(self.source) as stream, self._open(stream, names) as batches:
                for batch in batches:
                    if batch.num_rows:
                        yield dict(zip(names, map(_values, batch.columns), strict=True))
                    n_rows += batch.num_rows
        except DataError as error:
            if isinstance(error.__cause__, pa.ArrowInvalid):
                self._refuse_row(names)
            raise
        # Arrow reads `"a` and everything up to the next quotation mark as one cell.
        n_marks = n_lines = 0
        with text.opened(self.source) as stream:
            while data := stream.read(_BLOCK_BYTES):
                n_marks += data.count(b'"')
                n_lines += data.count(b"\n")
        # Invalid lines may be part of quoted text; Python's parser finds out, slowly.
        if n_marks % 2 or (n_marks and n_lines > n_rows + self._n_header):
            self._refuse_row([], strict=True)

    def _open(self, stream: Any, names: Sequence[str]) -> Any:
        dialect = self._dialect
        positions = [str(self._positions[name]) for name in names]
        types = [pa.string() if self._is_text(name) else pa.float64() for name in names]
        convert = csv.ConvertOptions(
            column_types=dict(zip(positions, types, strict=True)), include_columns=positions,
            null_values=text.MISSING, strings_can_be_null=False, decimal_point=dialect.decimal,
        )  # fmt: skip
        parse = csv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=True)
        read = csv.ReadOptions(
            column_names=[str(at) for at in range(len(self.fields))], block_size=self._block_bytes,
            skip_rows=dialect.blank_lines, skip_rows_after_names=self._n_header,
            encoding=dialect.encoding,
        )  # fmt: skip
        self.source.check_size(self._block_bytes, "a block of text")
        return csv.open_csv(stream, read_options=read, parse_options=parse, convert_options=convert)

    def _refuse_row(self, names: Sequence[str], *, strict: bool = False) -> None:
        """Find the first bad row with Python's parser: Arrow does not say where it is."""
        dialect, row = self._dialect, -self._n_header
        numbers = {name: self._positions[name] for name in names if not self._is_text(name)}
        encoding = "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
        hint = None
        with text.opened(self.source) as stream:
            lines = io.TextIOWrapper(stream, encoding, newline="")
            pieces = iter(partial(lines.readline, self._block_bytes), "")
            try:
                rows = reader(pieces, delimiter=dialect.delimiter, strict=strict)
                for cells in filter(None, rows):
                    if len(cells) != len(self.fields):
                        raise self._bad_row(row, len(cells))
                    for name, at in numbers.items() if row >= 0 else ():
                        cell = cells[at].strip()
                        if cell not in text.MISSING and not dialect.is_number(cell):
                            problem = f", column {name!r}: expected a number, got {cell[:80]!r}"
                            raise self.source.error(f"row {row}{problem}", row=row)
                    row += 1
                return
            except UnicodeDecodeError:
                problem = f" or after: not text in {dialect.encoding.upper()}"
                hint = "pass {encoding}"
            except CsvError as error:
                is_open = "end of data" in str(error) or "field limit" in str(error)
                problem = ": a quotation mark is never closed" if is_open else f": {reason(error)}"
        raise self.source.error(f"row {row}{problem}", hint=hint, row=row)

    def _bad_row(self, row: int, n_cells: int) -> DataError:
        return self.source.error(
            f"row {row} has {n_cells} cells, the first line has {len(self._dialect.rows[0])}",
            hint="pass {delimiter}, or repair the file", row=row,
        )  # fmt: skip

    def head(self, names: Sequence[str]) -> Block:
        """Read the named columns of the first rows."""
        found: Block = {}
        for name in names:
            cells = self._cells(name)
            if self._is_text(name):
                found[name] = pa.array(cells, pa.string())
            else:
                found[name] = np.array(list(map(self._dialect.to_float, cells)), np.float64)
        return found

    def _cells(self, name: str) -> list[str]:
        at = self._positions[name]
        return [row[at] for row in self._rows]

    def _is_text(self, name: str) -> bool:
        return name in self._as_text or self.fields[name].kind == "text"


def _values(column: Any) -> Any:
    if pa.types.is_string(column.type):
        return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    return column if column.null_count else column.to_numpy()


def _kind(cells: Sequence[str], dialect: text.Dialect) -> Kind:
    if not cells:
        return "any"
    filled = [cell for cell in cells if cell not in text.MISSING]
    if not filled or not all(map(dialect.is_number, filled)):
        return "text"
    return "integer" if all(map(text.INTEGER.fullmatch, filled)) else "float"


def _is_header(dialect: text.Dialect, source: Source) -> bool:
    """Tell whether the first line holds names; refuse one that may also be a sample.

    A fraction is never a name, a name never a number; whole numbers may be either.
    """
    first, *others = dialect.rows
    values = [dialect.to_float(cell) for cell in first if dialect.is_number(cell)]
    values = [value for value in values if isfinite(value)]
    fraction = any(value % 1 != 0 for value in values)
    for at, cell in enumerate(first):
        # Usual header names of columns that are not classes. Next to fractions, such as classes
        # named 0.5 and 1.5, they count unless they are values of that column, like a label `y`.
        if cell.lower() in (*LABEL_NAMES, *ID_NAMES) and (
            not fraction or all(row[at : at + 1] != [cell] for row in others)
        ):
            return True
    if fraction or "" in first:
        return not fraction
    if len(first) == 1:
        # Only labels: a wrong guess changes their number, which is compared with the other file.
        return not values and first not in others
    # As a sample it would have all probability in one class, next to a label and an id.
    zeros, ones = values.count(0), values.count(1)
    is_count = len(values) > 2 and values == list(range(len(values)))
    if zeros and ones and len(values) - zeros - 1 <= 2 and not is_count:
        raise source.error(
            f"cannot tell whether its first line, {','.join(first[:10])}, holds names or values",
            hint="pass {header} or {no_header}",
        )
    return True
