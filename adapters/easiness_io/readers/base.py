"""The protocol of all formats: named columns, read in blocks of rows."""

import io
import os
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from easiness_io.errors import DataError, reason

# Without rows, a csv column can have any type.
Kind = Literal["float", "integer", "boolean", "text", "matrix", "any", "other"]
# A column's values: numbers as NumPy arrays (a matrix in two dimensions), text as Arrow strings.
Values = Any  # NDArray | pa.Array; pyarrow ships no types
Block = dict[str, Values]

HEAD_ROWS = 1000
# Usual names of columns.
PROBS_NAMES = ("probs", "pred_probs", "probabilities", "predictions")
LOGITS_NAMES = ("logits", "logit")
LABEL_NAMES = ("label", "labels", "y", "y_true", "true_label", "given_label", "target", "class")
ID_NAMES = ("id", "sample_id", "index")


@dataclass(frozen=True)
class Field:
    """One column of a file."""

    name: str
    kind: Kind
    class_names: tuple[str, ...] | None = None
    width: int | None = None
    is_index: bool = False
    is_unsigned: bool = False  # of 64 bits: other whole numbers fit int64

    @property
    def is_number(self) -> bool:
        """Whether it holds one number per row."""
        return self.kind in ("float", "integer", "boolean", "any")

    @property
    def is_single(self) -> bool:
        """Whether it holds one number or text per row."""
        return self.is_number or self.kind == "text"


@dataclass(frozen=True)
class Source:
    """A file on disk, or the bytes of standard input."""

    path: str
    max_bytes: int
    data: bytes | None = field(default=None, repr=False)

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return os.stat(self.path).st_size if self.data is None else len(self.data)

    def open(self) -> BinaryIO:
        """Open for reading, from the start, seekable."""
        return open(self.path, "rb") if self.data is None else io.BytesIO(self.data)

    def open_native(self) -> Any:
        """Open for Arrow, whose threads then read without the interpreter's lock.

        A thread that waits for the lock while Python exits aborts the process.
        """
        if self.data is not None:
            return pa.BufferReader(self.data)
        try:
            return pa.OSFile(self.path)
        except UnicodeEncodeError:  # a name that is not UTF-8
            return pa.PythonFile(self.open(), mode="r")

    def error(self, problem: str, **fields: Any) -> DataError:
        """Build an error about this file."""
        return DataError(problem, path=self.path, **fields)

    def check_size(self, n_bytes: int, what: str) -> None:
        """Refuse more bytes than `max_bytes` allows in memory."""
        if n_bytes > self.max_bytes:
            problem = f"{what} takes {n_bytes:,} bytes in memory, more than the limit of"
            hint = "raise {max_bytes} if you have the memory"
            raise self.error(f"{problem} {self.max_bytes:,}", hint=hint)

    def check_width(self, name: str, expected: int, width: int, row: int) -> None:
        """Refuse a list whose length differs from the previous ones."""
        if width != expected:
            problem = f"lists of different lengths: {expected} and, in row {row}, {width}"
            raise self.error(f"column {name!r}: {problem}", row=row)

    def check_complete(
        self, values: Any, first_row: int, name: str | None = None, *, per_row: int = 1
    ) -> None:
        """Refuse nulls in an Arrow column, or in the labels if no name is given."""
        n_null = values.null_count
        if n_null:
            row = first_row + pc.index(values.is_null(), True).as_py() // per_row
            problem = f"{n_null} values are missing; the first is row {row}"
            if n_null == 1:
                problem = f"1 value is missing, in row {row}"
            hint = "drop or fill these rows"
            if name is None:
                raise self.error(problem, argument="labels", hint=hint, row=row)
            raise self.error(f"column {name!r}: {problem}", hint=hint, row=row)

    @contextmanager
    def reading(self, what: str) -> Iterator[None]:
        """Turn the exception of a library that reads the file into an error about the file."""
        try:
            yield
        except DataError:
            raise
        except pa.ArrowMemoryError as error:
            raise MemoryError(reason(error)) from error
        except (
            pa.ArrowException, OSError, EOFError, ValueError, KeyError, RuntimeError,
            zipfile.BadZipFile, zlib.error,
        ) as error:  # fmt: skip
            raise self.error(f"not a readable {what} file: {reason(error)}") from error


class Reader(ABC):
    """Base class of open files, one subclass for each format; `open_reader` returns one.

    Attributes
    ----------
    source : Source
        The file on disk, or the bytes of standard input.
    fields : dict of str to Field
        The columns by name.
    n_rows, estimated_rows : int or None
        Number of rows, or None if it is unknown until the file has been read; and an estimate.
    """

    layout: Literal["table", "unnamed", "arrays"] = "table"
    guessed_header = False
    is_columnar = True  # so that one column is read without the others

    def __init__(
        self, source: Source, fields: Sequence[Field], *, n_rows: int | None = None
    ) -> None:
        self.source, self.fields = source, {each.name: each for each in fields}
        self.n_rows = self.estimated_rows = n_rows  # None if unknown before the end
        self._head: Block = {}
        for name, count in Counter(each.name for each in fields).items():
            if count > 1:
                no_header = "; if the first line is a row, pass {no_header}"
                hint = "rename them" + no_header * self.guessed_header
                raise source.error(f"{count} columns are named {name!r}", hint=hint)

    @abstractmethod
    def blocks(self, names: Sequence[str], block_rows: int) -> Iterator[Block]:
        """Read the named columns of all rows in order, in blocks of about `block_rows` or fewer."""

    def choose(self, names: Sequence[str], as_text: Sequence[str]) -> None:  # noqa: B027
        """Choose the columns to read, and which of them are labels and ids, not classes."""

    def head(self, names: Sequence[str]) -> Block:
        """Read the named columns of the first rows, at most `HEAD_ROWS`."""
        missing = [name for name in names if name not in self._head]
        if missing:
            # In small blocks: the size of a row is not known yet.
            found = rebatched(self.blocks(missing, HEAD_ROWS // 32), HEAD_ROWS, self.source)
            head = next(found, None) or {name: np.empty(0) for name in missing}
            # Copied, because the batch they come from may be much larger.
            self._head |= {
                name: v.copy() if isinstance(v, np.ndarray) else v.take(pa.array(range(len(v))))
                for name, v in head.items()
            }
        return {name: self._head[name] for name in names}

    def head_values(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Join columns of the first rows as float64, with nulls as NaN."""
        head, parts = self.head(names), []
        for name in names:
            array = np.asarray(head[name]).astype(np.float64)
            parts.append(array.reshape(len(array), -1 if array.size else 1))
        return np.concatenate(parts, axis=1) if parts else np.empty((0, 0))

    def called(self, wanted: Sequence[str]) -> list[str]:
        """Return the columns with a usual name, the most usual first."""
        found = [name for name in self.fields if name.lower() in wanted]
        return sorted(found, key=lambda name: wanted.index(name.lower()))

    def no_column(self, name: str, argument: str) -> DataError:
        """Build the error about a missing column."""
        return self.source.error(
            f"no column {name!r}; it has {show(self.fields)}", argument=argument
        )

    def width(self, name: str) -> int:
        """Count the columns of a matrix; 0 for lists without rows."""
        width = self.fields[name].width
        if width is not None:
            return width
        found = self.head([name])[name]
        if found.ndim == 2 and not found.shape[1]:
            raise self.source.error(f"column {name!r}: its lists are empty")
        return int(found.shape[1]) if found.ndim == 2 else 0


def show(names: Iterable[str]) -> str:
    """List the first few names for a message."""
    shown = [repr(name) for name in names]
    return ", ".join(shown[:20]) + (", ..." if len(shown) > 20 else "") or "none"


def rows_of(block: Mapping[str, Values]) -> int:
    """Count the rows of a block."""
    return len(next(iter(block.values()))) if block else 0


def rebatched(blocks: Iterator[Block], size: int, source: Source) -> Iterator[Block]:
    """Split and join blocks to `size` rows each; the last may be shorter. Only joining copies."""
    waiting: list[Block] = []
    widths: dict[str, int] = {}
    done = n_waiting = n_text = 0
    for block in blocks:
        start, n_rows = 0, rows_of(block)
        for name, values in block.items():
            if n_rows and getattr(values, "ndim", 1) == 2:
                width = values.shape[1]
                source.check_width(name, widths.setdefault(name, width), width, done)
        done += n_rows
        while start < n_rows:
            stop = min(n_rows, start + size - n_waiting)
            part = {name: values[start:stop] for name, values in block.items()}
            n_text += sum(each.nbytes for each in part.values() if isinstance(each, pa.Array))
            source.check_size(n_text, "the text of one block of rows")
            waiting.append(part)
            n_waiting += stop - start
            start = stop
            if n_waiting == size:
                yield {name: _joined([each[name] for each in waiting]) for name in part}
                waiting, n_waiting, n_text = [], 0, 0
    if n_waiting:
        yield {name: _joined([each[name] for each in waiting]) for name in waiting[0]}


def _joined(parts: Sequence[Values]) -> Values:
    if len(parts) == 1:
        return parts[0]
    if any(isinstance(each, pa.Array) for each in parts):  # of numbers, where some are null
        return pa.concat_arrays([pa.array(each) for each in parts])
    return np.concatenate(parts)
