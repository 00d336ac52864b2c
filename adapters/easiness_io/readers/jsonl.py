"""JSON lines: one object a row, plain or compressed.

Rows are parsed by Python's own parser: pyarrow's takes text for dates, rounds large numbers, and
crashes on deep nesting (`test_damaged_json_lines`).
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import pyarrow as pa

from easiness_io.errors import reason
from easiness_io.readers import arrow_values as arrow
from easiness_io.readers import text
from easiness_io.readers.base import HEAD_ROWS, Block, Field, Kind, Reader, ReadOptions, Source

_CHUNK = 1 << 20
_LONGEST_ROW = 1 << 26
_TYPES = {
    "float": pa.float64(), "integer": pa.int64(), "boolean": pa.bool_(), "text": pa.string(),
    "matrix": pa.list_(pa.float64()),
}  # fmt: skip
_EXPECTED = {
    pa.float64(): "a number", pa.int64(): "a whole number", pa.uint64(): "a whole number",
    pa.bool_(): "true or false", pa.string(): "text",
}  # fmt: skip
_ALLOWED = {
    kind: {*types, type(None)}
    for kind, types in (
        (pa.float64(), (float, int, bool)), (pa.int64(), (int,)), (pa.uint64(), (int,)),
        (pa.bool_(), (bool,)), (pa.string(), (str,)),
    )
}  # fmt: skip


class JsonLinesReader(Reader):
    """The fields of the objects, as columns; their types are those of the first rows."""

    is_columnar = False

    def __init__(self, source: Source, options: ReadOptions) -> None:
        first, encoding, _ = text.head_text(source, options.encoding)
        if encoding.lower() not in ("utf-8", "utf-8-sig", "utf8"):
            raise source.unreadable(f"expected JSON lines in UTF-8, got {encoding}")
        if not first.lstrip("\ufeff \t\r\n").startswith("{"):
            raise source.unreadable(
                "expected JSON lines, one object a line",
                hint="pandas writes them with to_json(path, orient='records', lines=True)",
            )
        self._first = next(_rows(source))[:HEAD_ROWS]
        names = dict.fromkeys(chain.from_iterable(self._first))
        fields = [Field(name, _kind([row.get(name) for row in self._first])) for name in names]
        super().__init__(source, fields, n_rows=None)
        self._types = {each.name: _TYPES.get(each.kind) for each in self.fields}
        for each in self.fields:
            if each.kind == "integer" and self._has_large(each.name):
                self._types[each.name] = pa.uint64()

    def _has_large(self, name: str) -> bool:
        return any((row.get(name) or 0) >= 1 << 63 for row in self._first)

    def choose(self, names: Sequence[str], as_text: Sequence[str]) -> None:
        """Read class columns as float64: a first row of `[0, 1]` has whole numbers."""
        for name in set(names) - set(as_text):
            if self.field(name).is_number:
                self._types[name] = pa.float64()

    def blocks(self, names: Sequence[str], block_rows: int) -> Iterator[Block]:
        """Give the named columns."""
        done = 0
        for rows in _rows(self.source):
            yield self._block(rows, names, done)
            done += len(rows)

    def head(self, names: Sequence[str]) -> Block:
        """Give the named columns of the first rows."""
        return self._block(self._first, names, 0)

    def _block(self, rows: list[Any], names: Sequence[str], first_row: int) -> Block:
        found: Block = {}
        for name in names:
            values = [row.get(name) for row in rows]
            kind = self._types[name]
            allowed = _ALLOWED.get(kind, {list, type(None)})
            try:
                # Arrow would cut 1.5 to 1.
                if not set(map(type, values)) <= allowed:
                    raise TypeError
                column = pa.array(values, kind)
            except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
                at = next(
                    at for at, value in enumerate(values)
                    if type(value) not in allowed or not _fits(value, kind)
                )  # fmt: skip
                expected = _EXPECTED.get(kind, "a list of numbers")
                raise self.source.error(
                    f"column {name!r}: expected {expected}, as in the first rows, got "
                    f"{repr(values[at])[:80]} in row {first_row + at}",
                    row=first_row + at,
                ) from error
            found[name] = arrow.values(column, name, self.source, first_row)
        return found


def _fits(value: Any, kind: Any) -> bool:
    try:
        pa.array([value], kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return False
    return True


def _kind(values: list[Any]) -> Kind:
    found = {type(value) for value in values if value is not None}
    if found == {list}:
        inner = {type(each) for value in values if value is not None for each in value}
        return "matrix" if inner <= {int, float, bool, type(None)} else "other"
    if found <= {str}:
        return "text"
    if found == {bool}:
        return "boolean"
    if found == {int}:
        return "integer"
    return "float" if found <= {int, float} else "other"


def _rows(source: Source) -> Iterator[list[dict[str, Any]]]:
    """Parse the rows of about a MiB of text at a time."""
    decoder, done, tail = codecs.getincrementaldecoder("utf-8-sig")(), 0, ""
    with text.opened(source) as stream:
        while True:
            data = stream.read(_CHUNK)
            *lines, tail = (tail + decoder.decode(data, not data)).split("\n")
            if not data:
                lines.append(tail)
            source.check_size(len(tail), "a row")
            if len(tail) > _LONGEST_ROW:
                raise source.unreadable(f"row {done + len(lines)} is longer than 64 MiB")
            rows: list[dict[str, Any]] = []
            for line in lines:
                if not line or line.isspace():
                    continue
                try:
                    is_first = not done and not rows
                    row = json.loads(line, object_pairs_hook=_unique if is_first else None)
                except (ValueError, RecursionError) as error:
                    raise _bad_row(source, done + len(rows), reason(error)) from error
                if not isinstance(row, dict):
                    raise _bad_row(source, done + len(rows), "it is no object")
                rows.append(row)
            if rows:
                yield rows
            done += len(rows)
            if not data:
                return


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{names.count(twice)} fields are named {twice!r}")
    return found


def _bad_row(source: Source, row: int, why: str) -> Exception:
    return source.unreadable(f"row {row} is not readable as JSON: {why}", row=row)
