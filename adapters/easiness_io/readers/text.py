"""Decompress text files, and detect how csv is written."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow as pa

from easiness_io.errors import reason
from easiness_io.parameters import Parameters
from easiness_io.readers.base import HEAD_ROWS, Source

COMPRESSIONS = ((b"\x1f\x8b", "gzip"), (b"BZh", "bz2"), (b"\x28\xb5\x2f\xfd", "zstd"))
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_HEAD_BYTES = 1 << 20
INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = "[+-]?([0-9]+([{0}][0-9]*)?|[{0}][0-9]+)(e[-+]?[0-9]+)?|[+-]?(inf|infinity|nan)"
_NUMBERS = {mark: re.compile(_NUMBER.format(mark), re.IGNORECASE) for mark in ".,"}
# Text that means a missing number, as in pandas.
MISSING = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "null", "NULL", "None")


def compression_of(first: bytes) -> str | None:
    """Return the name of the compression that the first bytes of a file show, if any."""
    return next((name for magic, name in COMPRESSIONS if first.startswith(magic)), None)


@contextmanager
def opened(source: Source) -> Iterator[Any]:
    """Open a file as an Arrow stream of its decompressed bytes."""
    with source.reading("text"), source.open_native() as stream:
        compression = compression_of(stream.read(4))
        stream.seek(0)
        yield stream if compression is None else pa.CompressedInputStream(stream, compression)


def head_text(source: Source, encoding: str | None) -> tuple[str, str, bool]:
    """Decode the first lines."""
    with opened(source) as stream:
        data = stream.read(_HEAD_BYTES)
        is_all = not stream.read(1)
    if not data:
        raise source.error("it is empty (0 bytes)")
    found = next((name for mark, name in _BOMS if data.startswith(mark)), "utf-8")
    try:
        text = codecs.getincrementaldecoder(encoding or found)().decode(data, is_all)
        if "\0" in text:
            raise ValueError("it contains zero bytes")
    except (ValueError, LookupError) as error:
        raise source.error(
            f"not text in {encoding or 'UTF-8'} ({reason(error)}), and not in any known format",
            hint="if it is text in another encoding, pass {encoding}",
        ) from error
    return text, encoding or found, is_all


@dataclass(frozen=True)
class Dialect:
    """How a csv file is written."""

    delimiter: str
    decimal: str
    encoding: str
    rows: list[list[str]]
    blank_lines: int
    longest_line: int

    def is_number(self, cell: str) -> bool:
        """Whether a cell looks like a number, infinity or NaN."""
        return bool(_NUMBERS["," if self.decimal == "," else "."].fullmatch(cell))

    def to_float(self, cell: str) -> float:
        """Parse a cell that looks like a number or a missing value."""
        return float("nan") if cell in MISSING else float(cell.replace(self.decimal, "."))


def dialect_of(source: Source, options: Parameters) -> Dialect:
    """Detect how a csv file is written, from its first lines and the options."""
    text, encoding, is_all = head_text(source, options.encoding)
    lines = re.split(r"\r\n|\r|\n", text.rstrip("\r\n"))
    if not is_all:
        if len(lines) < 2:
            raise source.error(f"its first line is longer than {_HEAD_BYTES:,} bytes")
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
    delimiter = options.delimiter or _delimiter(text)
    try:
        rows = [list(map(str.strip, row)) for row in _rows(text, delimiter, HEAD_ROWS + 1)]
    except csv.Error as error:
        raise source.error(f"not readable as csv: {reason(error)}") from error
    if not is_all and len(rows) <= HEAD_ROWS:
        del rows[-1:]  # it may end within quotation marks
    if not rows:
        raise source.error("it has no rows")
    decimal = options.decimal or _decimal(rows, delimiter, source)
    blank = next(at for at, line in enumerate(lines) if line)
    # Arrow itself drops a UTF-8 byte order mark, and faster.
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    longest = max(map(len, lines[:-1] or lines))
    return Dialect(delimiter, decimal, encoding, rows, blank, longest)


def _rows(text: str, delimiter: str, most: int) -> list[list[str]]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return list(islice(filter(None, rows), most))


def _decimal(rows: list[list[str]], delimiter: str, source: Source) -> str:
    if delimiter == ",":
        return "."
    fractions = {
        mark for row in rows for cell in row for mark in ".,"
        if mark in cell and _NUMBERS[mark].fullmatch(cell)
    }  # fmt: skip
    if len(fractions) == 2:
        problem = "some numbers have decimal points, others decimal commas"
        raise source.error(problem, hint="pass {decimal}")
    return "," if "," in fractions else "."


def _delimiter(text: str) -> str:
    """Find the delimiter that splits the first two rows into equal numbers of cells, 2 or more."""
    for mark in "\t;|,":
        with suppress(csv.Error):
            widths = list(map(len, _rows(text, mark, 3)))
            if widths and widths[0] > 1 and len(set(widths[:2])) == 1:
                return mark
    return ","
