"""Lines, cells and columns of CSV text, in memory that is bounded before it is taken."""

from __future__ import annotations

import csv
import io
import re
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_cli._errors import CommandError, reason
from easiness_cli._source import Source

# A row is a list of cells: of two characters each, some 60 bytes a cell.
_BYTES_A_CHARACTER = 32
_LEAST_LIMIT = 1 << 16
# As Python and pandas write numbers; Python reads more: `1_0`, `+1`, `007`, digits of any script.
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(
    r"-?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)(e[-+]?[0-9]+)?|-?inf|nan", re.IGNORECASE
)


@contextmanager
def opened(source: Source) -> Iterator[Lines]:
    """Open a file as text.

    Raises
    ------
    CommandError
        If it is not UTF-8 text, or becomes unreadable while it is open.
    """
    try:
        with io.TextIOWrapper(source.open(), encoding="utf-8-sig", newline="") as text:
            yield Lines(source, text)
    except UnicodeDecodeError as error:
        raise source.error("neither npy, npz nor parquet, and not UTF-8 text") from error
    except csv.Error as error:
        raise source.error(f"not readable as csv: {reason(error)}") from error


class Lines:
    """The rows of a CSV file, all of the first one's width; blank lines are left out."""

    def __init__(self, source: Source, text: io.TextIOWrapper) -> None:
        self.source = source
        self._limit = max(_LEAST_LIMIT, source.max_bytes // _BYTES_A_CHARACTER)
        self._waiting = 0
        start = text.readline(self._limit)
        text.seek(0)
        delimiter = next((mark for mark in ",\t;" if mark in start), ",")
        self._reader = csv.reader(self._bounded(text), delimiter=delimiter)
        first = next(self._rows(), None)
        if first is None:
            raise source.error("it holds no rows")
        self.first = [cell.strip() for cell in first]
        self.header: list[str] | None = self.first if _is_header(self.first) else None

    def _bounded(self, text: io.TextIOWrapper) -> Iterator[str]:
        """Give lines, or pieces of them, until those of one row are too much for memory."""
        while line := text.readline(self._limit + 1):
            self._waiting += len(line)
            if self._waiting > self._limit:
                self.source.check_size(
                    self._waiting * _BYTES_A_CHARACTER,
                    f"line {self.line + 1}: a row of {self._waiting:,} characters or more",
                )
            yield line

    def _rows(self) -> Iterator[list[str]]:
        for row in self._reader:
            self._waiting = 0
            if row:
                yield row

    def __iter__(self) -> Iterator[list[str]]:
        width = len(self.first)
        if self.header is None:
            yield self.first
        for row in self._rows():
            if len(row) != width:
                raise self.source.error(
                    f"line {self.line} has {len(row)} cells, the first line has {width}"
                )
            yield row

    @property
    def line(self) -> int:
        return self._reader.line_num

    def bad_number(self, row: list[str], columns: list[int]) -> CommandError:
        """Name the cell that is no number."""
        at = next(column for column in columns if not _is_number(row[column]))
        name = f" ({self.header[at]!r})" if self.header else ""
        got = repr(row[at][:40]) if row[at].strip() else "an empty cell"
        return self.source.error(
            f"line {self.line}, column {at + 1}{name}: expected a number, got {got}"
        )


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _is_header(cells: list[str]) -> bool:
    """Names, or pandas' 0, 1, 2, ...; a row with a fraction in it is data, if perhaps bad data."""
    if all(_is_number(cell) for cell in cells):
        # "0" can be a label and "0,1" a row of probabilities, see `_read`; "0,1,2" cannot.
        return len(cells) > 2 and cells == [str(column) for column in range(len(cells))]
    return not any(_is_number(cell) and not cell.isdecimal() for cell in cells)


class Column:
    """A column of numbers or text; each different text is kept once."""

    def __init__(self, lines: Lines, *, empty: bool = False) -> None:
        self._lines, self._empty = lines, empty
        self._codes: dict[str, int] = {}
        self._rows = array("q")
        self._n_characters = 0

    def add(self, cell: str) -> None:
        if cell not in self._codes:
            if not self._empty and not cell.strip():
                raise self._lines.source.error(f"line {self._lines.line}: a cell is empty")
            self._n_characters += len(cell)
            if self._n_characters > self._lines.source.max_bytes:
                self._lines.source.check_size(
                    self._n_characters, f"line {self._lines.line}: the text of a column so far"
                )
        self._rows.append(self._codes.setdefault(cell, len(self._codes)))

    def values(self, *, below_first: bool = False) -> NDArray[Any]:
        """Give whole numbers where all cells are, as one writes them; else numbers, else text."""
        texts = [text.strip() for text in self._codes]
        rows = np.frombuffer(self._rows, dtype=np.int64)
        if below_first:
            rows = rows[1:]
            if 0 not in rows:
                # A text that is only in the header must not make text of the labels.
                texts, rows = texts[1:], rows - 1
        if not all(map(_NUMBER.fullmatch, texts)):
            return self._wide(texts, rows)
        different: NDArray[Any]
        try:
            if not all(map(_WHOLE.fullmatch, texts)):
                raise ValueError
            different = np.array([int(text) for text in texts], dtype=np.int64)
        except (ValueError, OverflowError):  # int refuses to read thousands of digits
            different = np.array([float(text) for text in texts])
        return different[rows]

    def texts(self) -> NDArray[Any]:
        """Give what is written, numbers or not: `007` and `7` name two samples."""
        rows = np.frombuffer(self._rows, dtype=np.int64)
        return self._wide([text.strip() for text in self._codes], rows)

    def _wide(self, texts: list[str], rows: NDArray[np.int64]) -> NDArray[Any]:
        longest = max(map(len, texts), default=1) or 1
        self._lines.source.check_texts(longest, rows.size, f"up to line {self._lines.line}")
        different: NDArray[Any] = np.array(texts, dtype=np.str_)
        return different[rows]
