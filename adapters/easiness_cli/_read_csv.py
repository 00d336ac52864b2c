"""CSV text: one column a class, and perhaps one of labels. Needs NumPy alone."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_cli._errors import CommandError, reason
from easiness_cli._source import INDEX_NAMES, LABEL_NAMES, Content, Request, Source

# With LABELS given, a column `y` may be a class ("n", "y"); these can hardly be.
_NEVER_CLASSES = ("label", "labels", "target", "targets")


def read_csv(source: Source, request: Request) -> Content:
    """Read class columns, a label column, or both."""
    if request.what == "probs" and request.probs_key:
        raise source.error("--probs-key has no meaning for csv, where each class has a column")
    with _opened(source) as lines:
        if request.what == "labels":
            return _read_labels(lines, request.labels_key)
        return _read_table(lines, request)


def csv_columns(source: Source, names: list[str]) -> dict[str, NDArray[Any]]:
    """Read the named columns of numbers or text."""
    with _opened(source) as lines:
        header = lines.header or []
        for name in names:
            if name not in header:
                raise source.error(
                    f"no column {name!r}; 'easiness score' did not write this. It has the columns "
                    f"{', '.join(map(repr, header[:20])) or '(no header)'}"
                )
        columns = {header.index(name): _Column(lines) for name in names}
        for row in lines:
            for at, column in columns.items():
                column.add(row[at])
        return {header[at]: column.values() for at, column in columns.items()}


@contextmanager
def _opened(source: Source) -> Iterator[_Lines]:
    try:
        with io.TextIOWrapper(source.open(), encoding="utf-8-sig", newline="") as text:
            yield _Lines(source, text)
    except UnicodeDecodeError as error:
        raise source.error("neither npy, npz nor parquet, and not UTF-8 text") from error
    except csv.Error as error:
        raise source.error(f"not readable as csv: {reason(error)}") from error


class _Lines:
    """The rows of a CSV file, all of the first one's width; blank lines are left out."""

    def __init__(self, source: Source, text: io.TextIOWrapper) -> None:
        self.source = source
        start = text.readline()
        text.seek(0)
        delimiter = next((mark for mark in ",\t;" if mark in start), ",")
        self._reader = csv.reader(text, delimiter=delimiter)
        first = next((row for row in self._reader if row), None)
        if first is None:
            raise source.error("it holds no rows")
        self.first = [cell.strip() for cell in first]
        self.header: list[str] | None = self.first if _is_header(self.first) else None

    def __iter__(self) -> Iterator[list[str]]:
        width = len(self.first)
        if self.header is None:
            yield self.first
        for row in self._reader:
            if len(row) != width:
                if not row:
                    continue
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


def _read_table(lines: _Lines, request: Request) -> Content:
    header = lines.header
    left_out = _index_columns(header)
    label_at = None
    if request.with_labels:
        label_at = _label_column(lines, request.labels_key, left_out)
    elif header:
        left_out |= {at for at, name in enumerate(header) if name.lower() in _NEVER_CLASSES}
    if request.ids_key:
        left_out |= {at for at, name in enumerate(header or []) if name == request.ids_key}
    columns = [at for at in range(len(lines.first)) if at != label_at and at not in left_out]
    if len(columns) < 2:
        raise lines.source.error(
            f"expected one column a class, at least 2, got {len(columns)}"
            + (f" (of the columns {', '.join(map(repr, header[:10]))})" if header else "")
        )
    pick = itemgetter(*columns)
    values, labels = array("d"), _Column(lines)
    limit = lines.source.max_bytes // 8
    doubtful = header is None and lines.first == ["0", "1"]
    looks_headed = False
    for row in lines:
        try:
            values.extend(map(float, pick(row)))
        except ValueError:
            raise lines.bad_number(row, columns) from None
        if label_at is not None:
            labels.add(row[label_at])
        if doubtful and not looks_headed:
            looks_headed = not {cell.strip() for cell in row} <= {"0", "1"}
        if len(values) > limit:
            lines.source.check_size(len(values) * 8, "the data read so far")
    probs = np.frombuffer(values, dtype=np.float64).reshape(-1, len(columns))
    return Content(
        probs=probs,
        labels=labels.values() if label_at is not None else None,
        columns=[header[at] for at in columns] if header else None,
        n_columns=len(columns),
        below=Content(probs[1:], None, lines.first, len(columns)) if doubtful else None,
        looks_headed=looks_headed,
    )


def _index_columns(header: list[str] | None) -> set[int]:
    """Find the columns that number the samples: by name, or the first if it has none."""
    names = header or []
    found = {at for at, name in enumerate(names) if name.lower() in INDEX_NAMES}
    return found | ({0} if names and not names[0] else set())


def _label_column(lines: _Lines, key: str | None, left_out: set[int]) -> int:
    names = lines.header or []
    wanted = LABEL_NAMES if key is None else (key,)
    found = [at for at, name in enumerate(names) if (name if key else name.lower()) in wanted]
    if len(found) == 1:
        return found[0]
    remaining = [at for at in range(len(lines.first)) if at not in left_out]
    if not found and key is None and len(remaining) == 1:
        return remaining[0]
    problem = "more than one column of labels" if found else "no column of labels"
    shown = f"the columns {', '.join(map(repr, names[:20]))}" if names else "no header"
    raise lines.source.error(
        f"{problem}: it has {shown}; pass LABELS, or name the column by --labels-key"
    )


def _read_labels(lines: _Lines, key: str | None) -> Content:
    if len(lines.first) == 1:
        name = lines.first[0]
        # Alone, a text cell may be a name or the first label.
        lines.header = lines.first if name == key or name.lower() in LABEL_NAMES else None
    at = _label_column(lines, key, _index_columns(lines.header))
    labels = _Column(lines)
    for row in lines:
        labels.add(row[at])
    doubtful = lines.header is None and lines.first == ["0"]
    below = Content(labels=labels.values(below_first=True)) if doubtful else None
    return Content(labels=labels.values(), below=below)


class _Column:
    """A column of numbers or text; each different text is kept once."""

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines
        self._codes: dict[str, int] = {}
        self._rows = array("q")

    def add(self, cell: str) -> None:
        if cell not in self._codes and not cell.strip():
            raise self._lines.source.error(f"line {self._lines.line}: a cell is empty")
        self._rows.append(self._codes.setdefault(cell, len(self._codes)))

    def values(self, *, below_first: bool = False) -> NDArray[Any]:
        """Give whole numbers where all labels are, else numbers, else text."""
        texts = [text.strip() for text in self._codes]
        rows = np.frombuffer(self._rows, dtype=np.int64)
        if below_first:
            rows = rows[1:]
            if 0 not in rows:
                # A text that is only in the header must not make text of the labels.
                texts, rows = texts[1:], rows - 1
        different: NDArray[Any]
        try:
            different = np.array([int(text) for text in texts], dtype=np.int64)
        except (ValueError, OverflowError):
            try:
                different = np.array([float(text) for text in texts])
            except ValueError:
                different = np.array(texts, dtype=np.str_)
        return different[rows]

    def texts(self) -> NDArray[Any]:
        """Give what is written, numbers or not: `007` and `7` name two samples."""
        different = np.array([text.strip() for text in self._codes], dtype=np.str_)
        return different[np.frombuffer(self._rows, dtype=np.int64)]
