"""csv of any delimiter, decimal mark and encoding, plain or compressed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from csv import Error as CsvError
from csv import reader
from functools import partial
from math import isfinite
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from easiness_io.errors import AmbiguousError, UnreadableError, reason
from easiness_io.readers import text
from easiness_io.readers.base import Block, Field, Kind, Reader, ReadOptions, Source

_BLOCK_BYTES = 1 << 20
_WHOLE = re.compile(r"[+-]?[0-9]+[.,]0")
_OPEN = "a quotation mark is never closed"
# What a header may call a column that holds no class.
USUAL_NAMES = frozenset(
    ("id", "sample_id", "index", "label", "labels", "y", "y_true", "true_label", "given_label",
     "target", "class", "")
)  # fmt: skip


class CsvReader(Reader):
    """The columns of a csv file; without a header they are called 0, 1, 2, ..."""

    is_columnar = False

    def __init__(self, source: Source, options: ReadOptions) -> None:
        self._dialect = text.dialect_of(source, options)
        rows, self.guessed_header = self._dialect.rows, options.header is None
        first = rows[0]
        has_header = options.header
        if has_header is None:
            has_header = _is_header(rows, self._dialect, source)
        self._n_header, self._rows = int(has_header), rows[has_header:]
        self._block_bytes = max(_BLOCK_BYTES, 8 * self._dialect.longest_line)
        self._text: set[str] = set()
        self.source = source
        for at, row in enumerate(rows):
            if len(row) != len(first):
                raise self._bad_row(at - self._n_header, len(row))
        names = first if has_header else [str(at) for at in range(len(first))]
        named = [name or f"Unnamed: {at}" for at, name in enumerate(names)]
        cells = list(zip(*self._rows, strict=True)) or [()] * len(first)
        fields = [
            Field(name, _kind(each, self._dialect.number))
            for name, each in zip(named, cells, strict=True)
        ]
        super().__init__(source, fields, n_rows=None)
        self.layout = "table" if has_header else "unnamed"
        self.is_untyped = not self._rows
        self._positions = {name: at for at, name in enumerate(named)}

    def choose(self, names: Sequence[str], as_text: Sequence[str]) -> None:
        """Settle which columns are read as they are written: `007` is no 7."""
        self._text = set(as_text)

    def estimated_rows(self) -> int | None:
        """Estimate the rows from the length of the first lines."""
        if self.source.data is not None or not self._rows or self._dialect.is_compressed:
            return None
        length = sum(len(cell) + 1 for row in self._rows for cell in row) / len(self._rows)
        return round(self.source.size / length)

    def blocks(self, names: Sequence[str], block_rows: int) -> Iterator[Block]:
        """Give the named columns; numbers as float64, text as it is written."""
        n_rows = 0
        if not self._rows:
            return
        try:
            with text.opened(self.source) as stream, self._open(stream, names) as batches:
                for batch in batches:
                    if batch.num_rows:
                        yield dict(zip(names, map(_values, batch.columns), strict=True))
                    n_rows += batch.num_rows
        except UnreadableError as error:
            if not isinstance(error.__cause__, pa.ArrowInvalid):
                raise
            raise self._fault(names) or error from error.__cause__
        self._check_quotes(n_rows)

    def _check_quotes(self, n_rows: int) -> None:
        """Refuse rows that quotation marks swallow: Arrow takes `"a` and all up to the next."""
        n_marks = n_lines = 0
        with text.opened(self.source) as stream:
            while data := stream.read(_BLOCK_BYTES):
                n_marks += data.count(b'"')
                n_lines += data.count(b"\n")
        # Lines that are no rows may belong to a text; Python's parser tells, slowly.
        if n_marks % 2 or (n_marks and n_lines > n_rows + self._n_header):
            fault = self._fault([], strict=True)
            if fault is not None:
                raise fault

    def _open(self, stream: Any, names: Sequence[str]) -> Any:
        dialect = self._dialect
        positions = {name: str(self._positions[name]) for name in names}
        convert = csv.ConvertOptions(
            column_types={at: self._type(name) for name, at in positions.items()},
            include_columns=list(positions.values()), null_values=text.MISSING,
            strings_can_be_null=False, decimal_point=dialect.decimal,
        )  # fmt: skip
        parse = csv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=True)
        read = csv.ReadOptions(
            column_names=[str(at) for at in range(len(self.fields))], block_size=self._block_bytes,
            skip_rows=dialect.blank_lines, skip_rows_after_names=self._n_header,
            encoding=dialect.encoding,
        )  # fmt: skip
        self.source.check_size(self._block_bytes, "a block of text")
        return csv.open_csv(stream, read_options=read, parse_options=parse, convert_options=convert)

    def _fault(self, names: Sequence[str], *, strict: bool = False) -> UnreadableError | None:
        """Find with Python's own parser what Arrow does not locate: the first row it cannot use."""
        dialect, row = self._dialect, -self._n_header
        numbers = {name: self._positions[name] for name in names if self._type(name) != pa.string()}
        encoding = "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
        with text.opened(self.source) as stream:
            lines = io.TextIOWrapper(stream, encoding, newline="")
            pieces = iter(partial(lines.readline, self._block_bytes), "")
            try:
                for cells in filter(
                    None, reader(pieces, delimiter=dialect.delimiter, strict=strict)
                ):
                    if len(cells) != len(self.fields):
                        return self._bad_row(row, len(cells))
                    for name, at in numbers.items() if row >= 0 else ():
                        cell = cells[at].strip()
                        if cell not in text.MISSING and not dialect.number.fullmatch(cell):
                            where = f"row {row}, column {name!r}"
                            return self.source.unreadable(
                                f"{where}: expected a number, got {cell[:80]!r}", row=row
                            )
                    row += 1
            except UnicodeError:
                return self.source.unreadable(
                    f"row {row} or after: not text in {dialect.encoding.upper()}", row=row,
                    hint="name the encoding by {encoding}",
                )  # fmt: skip
            except CsvError as error:
                is_open = "end of data" in str(error) or "field limit" in str(error)
                problem = _OPEN if is_open else reason(error)
                return self.source.unreadable(f"row {row}: {problem}", row=row)
        return None

    def _bad_row(self, row: int, n_cells: int) -> UnreadableError:
        return self.source.unreadable(
            f"row {row} has {n_cells} cells, the first line has {len(self._dialect.rows[0])}",
            hint="name what separates cells by {delimiter}, or repair the file", row=row,
        )  # fmt: skip

    def head(self, names: Sequence[str]) -> Block:
        """Give the named columns of the first rows."""
        found: Block = {}
        for name in names:
            cells = [row[self._positions[name]] for row in self._rows]
            found[name] = pa.array(cells, pa.string())
            if self._type(name) == pa.float64():
                plain = [text.to_float(cell, self._dialect.decimal) for cell in cells]
                found[name] = pa.array(plain, pa.float64()).to_numpy()
        return found

    def _type(self, name: str) -> Any:
        kind = self.field(name).kind
        # Whole numbers with gaps, as pandas writes them, are ids: 1.0 is 1.
        if name in self._text and kind == "float":
            cells = [row[self._positions[name]] for row in self._rows]
            kind = (
                "float" if all(c in text.MISSING or _WHOLE.fullmatch(c) for c in cells) else "text"
            )
        as_text = kind == "text" or (name in self._text and kind != "float")
        return pa.string() if as_text else pa.float64()


def _values(column: Any) -> Any:
    if pa.types.is_string(column.type):
        return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    return column if column.null_count else column.to_numpy()


def _kind(cells: Sequence[str], number: re.Pattern[str]) -> Kind:
    if not cells:
        return "float"  # of no rows, any column may be a class
    filled = [cell for cell in cells if cell not in text.MISSING]
    if not filled or not all(map(number.fullmatch, filled)):
        return "text"
    return "integer" if all(map(text.INTEGER.fullmatch, filled)) else "float"


def _is_header(rows: list[list[str]], dialect: text.Dialect, source: Source) -> bool:
    """Whether the first line holds names; one that may be a sample as well is refused.

    A fraction is never a name, a name never a number; whole numbers may be either.
    """
    first = rows[0]
    values = [text.to_float(c, dialect.decimal) for c in first if dialect.number.fullmatch(c)]
    values = [value for value in values if isfinite(value)]
    usual = {cell.lower() for cell in first} & USUAL_NAMES
    if usual or (any(value % 1 != 0 for value in values)):
        return bool(usual)
    if len(first) == 1:
        # Labels alone: a wrong guess changes their number, which is compared with the other file.
        return not values and first not in rows[1:]
    if not values or (len(values) > 2 and values == list(range(len(values)))):
        return True
    # As a sample it would be certain of one class, beside a label and an id.
    zeros, ones = values.count(0), values.count(1)
    if zeros and ones and len(values) - zeros - 1 <= 2:
        raise AmbiguousError(
            f"its first line, {','.join(first[:10])}, may hold names or values", path=source.path,
            hint="pass {header} or {no_header}",
        )  # fmt: skip
    return True
