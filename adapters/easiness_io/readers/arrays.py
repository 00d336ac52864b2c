"""npy files, and the members of npz archives; every size is checked before anything is loaded."""

import io
import math
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import pyarrow as pa
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from easiness_io.errors import reason
from easiness_io.parameters import Parameters
from easiness_io.readers.base import Block, Field, Kind, Reader, Source, Values

# NumPy writes headers of some hundred bytes, and refuses to parse more than 10,000.
_HEAD_BYTES = 10_012
_KINDS: dict[str, Kind] = {"f": "float", "i": "integer", "u": "integer", "b": "boolean"}
_KINDS |= dict.fromkeys("USM", "text")
PICKLE_HINT = (
    "save plain numbers, as numpy.save('probs.npy', probs.float().cpu().numpy()) does for a "
    "tensor, and numpy.save('probs.npy', probs.astype(float)) for an array"
)
PICKLED = "it holds pickled objects, which can run code when they are loaded"


@dataclass(frozen=True)
class _Array:
    """The header of one array: a file, or the member of an archive."""

    field: Field
    source: Source
    what: str
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    offset: int

    @property
    def n_rows(self) -> int:
        return self.shape[0] if self.shape else 0

    @property
    def n_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def is_scattered(self) -> bool:
        """Whether the values of a row are not adjacent in the file."""
        return self.fortran and len(self.shape) == 2

    def check(self, file_bytes: int) -> None:
        """Refuse data that can run code, is not numeric, or is incomplete."""
        if self.dtype.hasobject:
            raise self.source.error(self.what + PICKLED, hint=PICKLE_HINT)
        if self.dtype.kind not in "fiubcUSM" or not self.dtype.itemsize:
            raise self.source.error(
                f"{self.what}expected plain numbers, got dtype {self.dtype}",
                hint="convert bfloat16 and records before saving, as with probs.astype('float32')",
            )
        if file_bytes < self.offset + self.n_bytes:
            raise self.source.error(
                f"{self.what}cut short: its header promises {self.n_bytes:,} bytes of data, "
                f"{file_bytes - self.offset:,} are there"
            )

    def blocks(self, file: IO[bytes], block_rows: int) -> Iterator[Values]:
        """Read rows from a file that is positioned at the first one.

        They are read, not mapped: if a mapped file shrinks or its disk fails, the process dies.
        """
        row_bytes = math.prod(self.shape[1:]) * self.dtype.itemsize
        size = min(block_rows, max(self.n_rows, 1)) * row_bytes
        self.source.check_size(size, "one block of rows")
        for start in range(0, self.n_rows, block_rows):
            rows = min(block_rows, self.n_rows - start)
            block = np.empty((rows, *self.shape[1:]), self.dtype)
            if self.is_scattered:
                column = np.empty(rows, self.dtype)
                for at in range(self.shape[1]):
                    file.seek(self.offset + (at * self.n_rows + start) * self.dtype.itemsize)
                    self.fill(file, column, f"column {at}")
                    block[:, at] = column
            else:
                self.fill(file, block, f"row {start}")
            yield self.values(block)

    def fill(self, file: IO[bytes], memory: NDArray[Any], where: str) -> None:
        """Read values into contiguous memory."""
        data = memory.reshape(-1).view(np.uint8)
        if file.readinto(data) < data.size:  # type: ignore[attr-defined]
            raise self.source.error(f"{self.what}cut short, in or after {where}")

    def values(self, array: NDArray[Any]) -> Values:
        """Flatten a column to one dimension, and convert text to Arrow."""
        if self.field.kind == "matrix":
            return array
        column = array.reshape(-1)
        if self.field.kind != "text":
            return column
        try:
            if column.dtype.kind == "M":
                column = np.datetime_as_string(column)
            elif column.dtype.kind == "S":
                column = np.char.decode(column, "utf-8")
            return pa.array(column, pa.string())
        except (UnicodeError, pa.ArrowException) as error:
            name = self.field.name
            raise self.source.error(f"{name!r}: it is not text ({reason(error)})") from error


def _read_header(file: IO[bytes], source: Source, name: str, what: str = "") -> _Array:
    """Parse an npy header from a bounded number of bytes."""
    head = io.BytesIO(file.read(_HEAD_BYTES))
    problem = "its header is damaged, cut short, or longer than 10,000 bytes"
    try:
        with warnings.catch_warnings():
            # A header written by Python 2 gives a warning, but is read.
            warnings.simplefilter("ignore")
            major, minor = npy_format.read_magic(head)
            if (major, minor) not in ((1, 0), (2, 0)):
                problem = f"npy version {major}.{minor} is not supported"
            parse = getattr(npy_format, f"read_array_header_{major}_{minor}")
            shape, fortran, dtype = _parsed(parse, head)
    except Exception as error:  # the header is parsed as Python text: anything can go wrong
        raise source.error(f"{what}not a readable npy file: {problem}") from error
    if any(size < 0 for size in shape):
        raise source.error(f"{what}its header gives the impossible shape {shape}")
    width, is_unsigned = shape[1] if len(shape) == 2 else None, dtype.str[1:] == "u8"
    field = Field(name, _kind(shape, dtype), width=width, is_unsigned=is_unsigned)
    return _Array(field, source, what, shape, fortran, dtype, head.tell())


def _parsed(parse: Callable[[IO[bytes]], Any], head: IO[bytes]) -> Any:
    """Parse a header; where another thread disturbs Python's parser, parse it again.

    Python 3.11 can raise a SystemError if two threads parse Python text (python/cpython#106905).
    """
    start = head.tell()
    for _ in range(9):
        with suppress(SystemError):
            return parse(head)
        head.seek(start)
    return parse(head)


def _kind(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Kind:
    if dtype.hasobject or not dtype.itemsize:
        return "other"
    if len(shape) == 1 or (len(shape) == 2 and shape[1] == 1):
        return _KINDS.get(dtype.kind, "other")
    return "matrix" if len(shape) == 2 and dtype.kind in "fiub" else "other"


class NpyReader(Reader):
    """The one array of an npy file, a column named `array`."""

    layout = "arrays"

    def __init__(self, source: Source, options: Parameters) -> None:
        with source.open() as file:
            self._array = _read_header(file, source, "array")
        self._array.check(source.size)
        shape = self._array.shape
        if len(shape) not in (1, 2):
            problem = f"expected an array of one or two dimensions, got shape {shape}"
            raise source.error(problem)
        super().__init__(source, [self._array.field], n_rows=self._array.n_rows)

    def blocks(self, names: Sequence[str], block_rows: int) -> Iterator[Block]:
        """Read the array in blocks of rows."""
        array = self._array
        with self.source.reading("npy"), self.source.open() as file:
            file.seek(array.offset)
            for values in array.blocks(file, block_rows):
                yield {"array": values}


class NpzReader(Reader):
    """The arrays of an npz archive, as columns; arrays of other lengths are ignored."""

    layout = "arrays"

    def __init__(self, source: Source, options: Parameters) -> None:
        self._arrays: dict[str, _Array] = {}
        with _archive(source) as archive:
            for info in archive.infolist():
                name = info.filename.removesuffix(".npy")
                if name != info.filename:
                    with archive.open(info) as file:
                        self._arrays[name] = _read_header(file, source, name, f"array {name!r}: ")
            if not self._arrays:
                if any(name.endswith(".pkl") for name in archive.namelist()):
                    raise source.error(PICKLED, hint=PICKLE_HINT)
                raise source.error("it has no arrays")
        super().__init__(source, [each.field for each in self._arrays.values()])

    def choose(self, names: Sequence[str], as_text: Sequence[str]) -> None:
        """Choose the arrays to read; refuse arrays that differ in their number of rows."""
        counts = {name: self._arrays[name].n_rows for name in names}
        if len(set(counts.values())) > 1:
            shown = ", ".join(f"{name} {count}" for name, count in counts.items())
            raise self.source.error(f"its arrays differ in their number of rows: {shown}")
        self.n_rows = self.estimated_rows = next(iter(counts.values()), 0)

    def blocks(self, names: Sequence[str], block_rows: int) -> Iterator[Block]:
        """Read the arrays in blocks of rows, side by side."""
        with _archive(self.source) as archive:
            members = [self._member(archive, name, block_rows) for name in names]
            for found in zip(*members, strict=True):
                yield dict(zip(names, found, strict=True))

    def _member(self, archive: zipfile.ZipFile, name: str, block_rows: int) -> Iterator[Values]:
        array, info = self._arrays[name], archive.getinfo(name + ".npy")
        array.check(info.file_size)
        with archive.open(info) as file:
            file.read(array.offset)
            if array.is_scattered:  # loads the whole member, which is a stream
                self.source.check_size(array.n_bytes, f"array {name!r}, in Fortran order,")
                columns = np.empty(array.shape[::-1], array.dtype)
                for at, column in enumerate(columns):
                    array.fill(file, column, f"column {at}")
                for start in range(0, array.n_rows, block_rows):
                    block = columns[:, start : start + block_rows].T
                    yield array.values(np.ascontiguousarray(block))
            else:
                yield from array.blocks(file, block_rows)
            file.read(1)  # zipfile compares the checksum at the end of the member


@contextmanager
def _archive(source: Source) -> Iterator[zipfile.ZipFile]:
    with source.reading("npz"), source.open() as file, zipfile.ZipFile(file) as archive:
        yield archive
