"""npy files, and the members of npz archives; every size is checked before anything is loaded."""

from __future__ import annotations

import io
import math
import os
import warnings
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import pyarrow as pa
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from easiness_io.errors import DataError, reason
from easiness_io.readers.ahead import Buffers, ahead
from easiness_io.readers.base import (
    HEAD_ROWS,
    Block,
    Field,
    Kind,
    Reader,
    ReadOptions,
    Source,
    Values,
)

# NumPy writes headers of some hundred bytes, and refuses to parse more than 10,000.
_HEAD_BYTES = 10_012
_AHEAD_BYTES = 1 << 20
_KINDS: dict[str, Kind] = {
    "f": "float", "i": "integer", "u": "integer", "b": "boolean", "U": "text", "S": "text",
    "M": "text",
}  # fmt: skip
PICKLE_HINT = (
    "save plain numbers, as numpy.save('probs.npy', probs.float().cpu().numpy()) does for a "
    "tensor, and numpy.save('probs.npy', probs.astype(float)) for an array"
)
PICKLED = "it holds pickled objects, which can run code when they are loaded"


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    offset: int

    @property
    def row_bytes(self) -> int:
        return math.prod(self.shape[1:]) * self.dtype.itemsize

    @property
    def n_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def is_scattered(self) -> bool:
        """Whether a row's values lie apart."""
        return self.fortran and len(self.shape) == 2

    def field(self, name: str) -> Field:
        is_column = len(self.shape) == 1 or (len(self.shape) == 2 and self.shape[1] == 1)
        if self.dtype.hasobject or not self.dtype.itemsize:
            return Field(name, "other")
        if is_column:
            return Field(name, _KINDS.get(self.dtype.kind, "other"))
        is_matrix = len(self.shape) == 2 and self.dtype.kind in "fiub"
        return Field(name, "matrix" if is_matrix else "other")


def _read_header(file: IO[bytes], source: Source, what: str = "") -> _Header:
    """Parse an npy header from a bounded number of bytes."""
    head = io.BytesIO(file.read(_HEAD_BYTES))
    try:
        with warnings.catch_warnings():
            # A header written by Python 2 brings a warning, and is read all the same.
            warnings.simplefilter("ignore")
            version = npy_format.read_magic(head)
            if version == (1, 0):
                shape, fortran, dtype = npy_format.read_array_header_1_0(head)
            elif version == (2, 0):
                shape, fortran, dtype = npy_format.read_array_header_2_0(head)
            else:
                raise ValueError(f"npy version {version[0]}.{version[1]} is not for plain numbers")
    except Exception as error:  # the header is parsed as Python text: anything can go wrong
        text = "its header is damaged, cut short, or longer than 10,000 bytes"
        if "npy version" in str(error):
            text = str(error)
        raise source.unreadable(f"{what}not a readable npy file: {text}") from error
    if any(size < 0 for size in shape):
        raise source.unreadable(f"{what}its header gives the impossible shape {shape}")
    return _Header(shape, fortran, dtype, head.tell())


def _refuse_objects(header: _Header, source: Source, what: str = "") -> None:
    if header.dtype.hasobject:
        raise source.unreadable(what + PICKLED, hint=PICKLE_HINT)
    if header.dtype.kind not in "fiubcUSM" or not header.dtype.itemsize:
        raise source.unreadable(
            f"{what}expected plain numbers, got dtype {header.dtype}",
            hint="convert bfloat16 and records before saving, as with probs.astype('float32')",
        )


def _read_blocks(
    file: IO[bytes], source: Source, header: _Header, block_rows: int, what: str = ""
) -> Generator[NDArray[Any], None, None]:
    """Read rows stored one after the other.

    They are read, not mapped: where a mapped file shrinks or its disk fails, the process dies.
    """
    n_rows, row_bytes = header.shape[0], header.row_bytes
    size = min(block_rows, max(n_rows, 1)) * row_bytes
    source.check_size(size, "one block of rows")
    buffers = Buffers(size)
    for start in range(0, n_rows, block_rows):
        rows = min(block_rows, n_rows - start)
        data: Any = buffers.lend(rows * row_bytes)
        view, at = memoryview(data), 0
        while at < data.size:
            got = file.readinto(view[at:])  # type: ignore[attr-defined]
            if not got:
                raise source.unreadable(f"{what}cut short at row {start + at // row_bytes}")
            at += got
        array = data.view(header.dtype).reshape(rows, *header.shape[1:])
        del data, view
        yield array
        del array


def _values(array: NDArray[Any], field: Field, source: Source) -> Values:
    """Give a column its one dimension, and text as Arrow has it."""
    if field.kind == "matrix":
        return array
    column = array.reshape(-1)
    if field.kind != "text":
        return column
    try:
        if column.dtype.kind == "M":
            column = np.datetime_as_string(column)
        elif column.dtype.kind == "S":
            column = np.char.decode(column, "utf-8")
        return pa.array(column, pa.string())
    except (UnicodeError, pa.ArrowException) as error:
        raise source.error(f"{field.name!r}: it is no text ({reason(error)})") from error


class NpyReader(Reader):
    """The one array of an npy file, a column named `array`."""

    layout = "arrays"

    def __init__(self, source: Source, options: ReadOptions) -> None:
        with source.open() as file:
            self._header = _read_header(file, source)
        header = self._header
        _refuse_objects(header, source)
        if source.size < header.offset + header.n_bytes:
            raise source.unreadable(
                f"cut short: its header promises {header.n_bytes:,} bytes of data, "
                f"{source.size - header.offset:,} are there"
            )
        if not header.shape:
            raise source.unreadable("it holds one number, not an array")
        super().__init__(source, [header.field("array")], n_rows=header.shape[0])

    def blocks(self, names: Sequence[str], block_rows: int) -> Iterator[Block]:
        """Give the array in blocks of rows; large ones are read ahead by a second thread."""
        n_bytes = min(block_rows, self._header.shape[0]) * self._header.row_bytes
        arrays = (
            self._scattered(block_rows) if self._header.is_scattered else self._rows(block_rows)
        )
        # With small blocks the thread would cost more than it saves.
        for array in ahead(arrays) if n_bytes >= _AHEAD_BYTES else arrays:
            yield {"array": _values(array, self.fields[0], self.source)}

    def width(self, name: str) -> int:
        """Count the columns of the array."""
        return self._header.shape[1] if len(self._header.shape) == 2 else 0

    def _rows(self, block_rows: int) -> Generator[NDArray[Any], None, None]:
        with self.source.open() as file:
            file.seek(self._header.offset)
            if self.source.data is None and hasattr(os, "posix_fadvise"):
                # The system then reads twice as far ahead.
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
            yield from _read_blocks(file, self.source, self._header, block_rows)

    def _scattered(self, block_rows: int) -> Generator[NDArray[Any], None, None]:
        """Give rows of an array in Fortran order: of each column, a stretch."""
        header, itemsize = self._header, self._header.dtype.itemsize
        n_rows, width = header.shape
        with self.source.open() as file:
            for start in range(0, n_rows, block_rows):
                rows = min(block_rows, n_rows - start)
                block = np.empty((rows, width), header.dtype)
                for at in range(width):
                    file.seek(header.offset + (at * n_rows + start) * itemsize)
                    data = file.read(rows * itemsize)
                    if len(data) < rows * itemsize:
                        raise self.source.unreadable(f"cut short in column {at}")
                    block[:, at] = np.frombuffer(data, header.dtype)
                yield block


class NpzReader(Reader):
    """The arrays of an npz archive, as columns; those of other lengths are of no use here."""

    layout = "arrays"

    def __init__(self, source: Source, options: ReadOptions) -> None:
        self._headers: dict[str, _Header] = {}
        with self._archive(source) as archive:
            for info in archive.infolist():
                name, is_array = info.filename.removesuffix(".npy"), info.filename.endswith(".npy")
                if is_array:
                    with archive.open(info) as member:
                        self._headers[name] = _read_header(member, source, f"array {name!r}: ")
            if not self._headers:
                if any(name.endswith(".pkl") for name in archive.namelist()):
                    raise source.unreadable(PICKLED, hint=PICKLE_HINT)
                raise source.unreadable("it holds no arrays")
        fields = [header.field(name) for name, header in self._headers.items()]
        super().__init__(source, fields, n_rows=None)

    @staticmethod
    @contextmanager
    def _archive(source: Source) -> Iterator[zipfile.ZipFile]:
        try:
            with source.open() as file, zipfile.ZipFile(file) as archive:
                yield archive
        except DataError:
            raise
        except (
            OSError, EOFError, ValueError, RuntimeError, NotImplementedError,
            zipfile.BadZipFile, zlib.error,
        ) as error:  # fmt: skip
            raise source.unreadable(f"not a readable npz file: {reason(error)}") from error

    def count(self, name: str) -> int:
        """Count the rows of one array."""
        shape = self._headers[name].shape
        return shape[0] if shape else 0

    def width(self, name: str) -> int:
        """Count the columns of an array."""
        shape = self._headers[name].shape
        return shape[1] if len(shape) == 2 else 0

    def choose(self, names: Sequence[str], as_text: Sequence[str]) -> None:
        """Settle which arrays are read; refuse those that differ in their number of rows."""
        counts = {name: self.count(name) for name in names}
        if len(set(counts.values())) > 1:
            shown = ", ".join(f"{name} {count}" for name, count in counts.items())
            raise self.source.error(f"its arrays differ in their number of rows: {shown}")
        self.n_rows = next(iter(counts.values()), 0)

    def blocks(self, names: Sequence[str], block_rows: int) -> Iterator[Block]:
        """Give the arrays in blocks of rows, side by side."""
        with self._archive(self.source) as archive:
            arrays = [self._array(archive, name, block_rows) for name in names]
            for found in zip(*arrays, strict=True):
                yield dict(zip(names, found, strict=True))

    def _array(self, archive: zipfile.ZipFile, name: str, block_rows: int) -> Iterator[Values]:
        header, what = self._headers[name], f"array {name!r}: "
        _refuse_objects(header, self.source, what)
        info = archive.getinfo(name + ".npy")
        if header.offset + header.n_bytes != info.file_size:
            raise self.source.unreadable(
                f"{what}its header promises {header.n_bytes:,} bytes of data, the archive holds "
                f"{info.file_size - header.offset:,}"
            )
        field = self.field(name)
        with archive.open(info) as file:
            if header.is_scattered:
                # Rows are scattered over all of the member, which is a stream.
                self.source.check_size(header.n_bytes, f"array {name!r}, in Fortran order,")
                whole = npy_format.read_array(file, allow_pickle=False)
                for start in range(0, len(whole), block_rows):
                    yield np.ascontiguousarray(whole[start : start + block_rows])
                return
            file.read(header.offset)
            for array in _read_blocks(file, self.source, header, block_rows, what):
                yield _values(array, field, self.source)
            file.read(1)  # the end of the member is where its checksum is compared

    def head(self, names: Sequence[str]) -> Block:
        """Give the first rows of each array, which need not be equally long yet."""
        with self._archive(self.source) as archive:
            return {
                name: next(self._array(archive, name, HEAD_ROWS), np.empty(0)) for name in names
            }
